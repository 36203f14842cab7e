// SPDX-License-Identifier: GPL-2.0
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

struct fabric_registry fabric_devices = FABRIC_REGISTRY_INIT(fabric_devices.xa);

struct fabric_device *fabric_device_get(u32 id)
{
	struct fabric_object *obj = fabric_object_get(&fabric_devices, id);

	return obj ? container_of(obj, struct fabric_device, obj) : NULL;
}

void fabric_device_put(struct fabric_device *device)
{
	if (device)
		fabric_object_put(&device->obj);
}

static void fabric_device_free(struct fabric_object *obj)
{
	struct fabric_device *device = container_of(obj, struct fabric_device, obj);
	unsigned int i;

	WARN_ON(device->nr_slices || !list_empty(&device->resources));
	pr_debug("device %u: destroyed\n", obj->id);
	fabric_labels_free(&device->labels);
	for (i = 0; i < device->nr_members; i++)
		fabric_device_put(device->members[i]);
	fabric_port_put(device->port);
	fabric_domain_put(device->domain);
	kfree(device->pci);
	kfree(device->name);
	kfree_rcu(device, obj.rcu);
}

/* Whether new slices can be granted of it: it is there, and its ports let it be reached. */
bool fabric_device_usable(const struct fabric_device *device)
{
	unsigned int i;

	lockdep_assert_held(&device->domain->lock);
	if (device->health != FABRIC_HEALTH_OK)
		return false;
	for (i = 0; i < device->nr_members; i++) {
		if (!fabric_device_usable(device->members[i]))
			return false;
	}
	return fabric_port_usable(device->port);
}

/* Whether the device, or one that it is made of, is below @port. */
bool fabric_device_below(const struct fabric_device *device, const struct fabric_port *port)
{
	unsigned int i;

	for (i = 0; i < device->nr_members; i++) {
		if (fabric_device_below(device->members[i], port))
			return true;
	}
	return fabric_port_below(device->port, port);
}

/* Its own, or of a port above; a region has those that all of its members have too. */
bool fabric_device_has_label(const struct fabric_device *device, const char *label)
{
	const struct fabric_port *port;
	unsigned int i;

	lockdep_assert_held(&device->domain->lock);
	if (fabric_labels_have(&device->labels, label))
		return true;
	for (port = device->port; port; port = port->parent) {
		if (fabric_labels_have(&port->labels, label))
			return true;
	}
	for (i = 0; i < device->nr_members; i++) {
		if (!fabric_device_has_label(device->members[i], label))
			return false;
	}
	return device->nr_members;
}

/*
 * What every port between the device, or all that it is made of, and the root carries,
 * or what of it can still be guaranteed.
 */
u64 fabric_device_bandwidth(const struct fabric_device *device, bool free)
{
	u64 least = fabric_port_bandwidth(device->port, free);
	unsigned int i;

	for (i = 0; i < device->nr_members; i++)
		least = min(least, fabric_device_bandwidth(device->members[i], free));
	return least;
}

void fabric_device_bandwidth_use(const struct fabric_device *device, s64 change)
{
	unsigned int i;

	if (!change)
		return;
	fabric_port_bandwidth_use(device->port, change);
	for (i = 0; i < device->nr_members; i++)
		fabric_device_bandwidth_use(device->members[i], change);
}

/* Slices on devices below @port, and on regions that need one of them. */
u32 fabric_device_slices_below(struct fabric_port *port)
{
	const struct fabric_device *device;
	u32 nr = 0;

	lockdep_assert_held(&port->domain->lock);
	list_for_each_entry(device, &port->domain->devices, node) {
		if (device->nr_slices && fabric_device_below(device, port))
			nr += device->nr_slices;
	}
	return nr;
}

/* What of its resources is in grants, or on the way there or back. */
static u64 in_use(const struct fabric_device *device)
{
	const struct fabric_resource *resource;
	u64 sum = 0;

	list_for_each_entry(resource, &device->resources, node)
		sum += resource->info.total - resource->extents.free - resource->nr_withheld;
	return sum;
}

static bool has_vfs(const struct fabric_device *device)
{
	return device->pci && device->pci->vfs_max;
}

int fabric_device_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	const struct fabric_device *device = obj;
	unsigned int i;
	void *hdr;

	lockdep_assert_held(&device->domain->lock);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_DEVICE_ID, device->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_DEVICE_DOMAIN_ID, device->domain->obj.id) ||
	    (device->port && nla_put_u32(skb, FABRIC_A_DEVICE_PORT_ID, device->port->obj.id)) ||
	    nla_put_string(skb, FABRIC_A_DEVICE_NAME, device->name) ||
	    nla_put_u32(skb, FABRIC_A_DEVICE_TYPE, device->type) ||
	    nla_put_u32(skb, FABRIC_A_DEVICE_HEALTH, device->health) ||
	    (device->serial != FABRIC_NO_SERIAL &&
	     nla_put_uint(skb, FABRIC_A_DEVICE_SERIAL, device->serial)) ||
	    (device->capacity &&
	     nla_put_uint(skb, FABRIC_A_DEVICE_CAPACITY, device->capacity)) ||
	    nla_put_u32(skb, FABRIC_A_DEVICE_ADMIN_STATE, device->admin_state) ||
	    nla_put_u32(skb, FABRIC_A_DEVICE_SLICES, device->nr_slices) ||
	    nla_put_uint(skb, FABRIC_A_DEVICE_IN_USE, in_use(device)) ||
	    fabric_labels_fill(skb, FABRIC_A_DEVICE_LABEL, &device->labels) ||
	    (device->numa_node != NUMA_NO_NODE &&
	     nla_put_u32(skb, FABRIC_A_DEVICE_NUMA_NODE, device->numa_node)) ||
	    (has_vfs(device) &&
	     nla_put_u32(skb, FABRIC_A_DEVICE_IDLE_VFS, device->idle_vfs)) ||
	    fabric_pci_fill(skb, FABRIC_A_DEVICE_PCI, device->pci))
		goto err_cancel;
	for (i = 0; i < device->nr_members; i++) {
		if (nla_put_u32(skb, FABRIC_A_DEVICE_MEMBER_ID, device->members[i]->obj.id))
			goto err_cancel;
	}
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

static void device_changed(struct fabric_device *device)
{
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_DEVICE_CHANGE_NTF, FABRIC_NLGRP_INVENTORY, fabric_device_fill,
			 device);
}

static void set_health(struct fabric_device *device, enum fabric_health health)
{
	lockdep_assert_held(&device->domain->lock);
	trace_fabric_device_health(device->obj.id, device->health, health);
	device->health = health;
	device_changed(device);
	/* Who counted on it has to look for something else. */
	fabric_queue_kick();
}

/* All or nothing. */
int fabric_device_set(struct fabric_device *device, const struct fabric_device_change *change,
		      struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = device->domain;
	struct fabric_labels labels = {};
	enum fabric_admin_state state;
	enum fabric_idle_vfs idle_vfs;
	bool changed;
	int ret = 0;

	mutex_lock(&domain->lock);
	state = change->state ?: device->admin_state;
	idle_vfs = change->idle_vfs ?: device->idle_vfs;
	if (!device->obj.registered) {
		NL_SET_ERR_MSG(extack, "The device is gone");
		ret = -ENODEV;
	} else if (state == FABRIC_ADMIN_STATE_DISABLED && device->nr_slices) {
		NL_SET_ERR_MSG_FMT(extack, "The device has %u slices, drain it first",
				   device->nr_slices);
		ret = -EBUSY;
	} else if (change->idle_vfs && !has_vfs(device)) {
		NL_SET_ERR_MSG(extack, "The device can't have virtual functions");
		ret = -EOPNOTSUPP;
	} else {
		ret = fabric_labels_changed(&labels, &device->labels, &change->labels, extack);
	}
	if (!ret) {
		changed = state != device->admin_state || idle_vfs != device->idle_vfs ||
			  !fabric_labels_same(&labels, &device->labels);
		device->admin_state = state;
		device->idle_vfs = idle_vfs;
		swap(device->labels, labels);
		if (changed)
			device_changed(device);
	}
	mutex_unlock(&domain->lock);
	fabric_labels_free(&labels);
	if (!ret)
		fabric_queue_kick();
	return ret;
}

/* A device that left stays listed while slices refer to it, and keeps its name. */
static bool name_is_taken(const struct fabric_domain *domain, const char *name)
{
	const struct fabric_device *device;

	list_for_each_entry(device, &domain->devices, node) {
		if (device->health != FABRIC_HEALTH_GONE && !strcmp(device->name, name))
			return true;
	}
	return false;
}

/**
 * fabric_device_add() - add a device to a domain
 * @domain: the domain
 * @info: what it is; copied
 * @priv: the backend's
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 * Return: the device, or -EEXIST, -EINVAL, -ENODEV, -ENOMEM as an error pointer.
 */
struct fabric_device *fabric_device_add(struct fabric_domain *domain,
					const struct fabric_device_info *info, void *priv)
{
	struct fabric_device *device;
	unsigned int i;
	int ret;

	if (!*info->name || strlen(info->name) > FABRIC_NAME_MAX_LEN)
		return ERR_PTR(-EINVAL);
	device = kzalloc(struct_size(device, members, info->nr_members), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	fabric_object_init(&device->obj, fabric_device_free);
	device->domain = domain;
	fabric_object_hold(&domain->obj);
	device->priv = priv;
	device->type = info->type;
	device->serial = info->serial;
	device->capacity = info->capacity;
	device->numa_node = info->numa_node;
	device->health = FABRIC_HEALTH_OK;
	device->admin_state = FABRIC_ADMIN_STATE_ENABLED;
	device->idle_vfs = FABRIC_IDLE_VFS_KEEP;
	INIT_LIST_HEAD(&device->resources);
	if (info->port) {
		device->port = info->port;
		fabric_object_hold(&info->port->obj);
	}
	device->nr_members = info->nr_members;
	for (i = 0; i < info->nr_members; i++) {
		device->members[i] = info->members[i];
		fabric_object_hold(&info->members[i]->obj);
	}
	device->name = kstrdup(info->name, GFP_KERNEL);
	ret = fabric_pci_copy(&device->pci, info->pci);

	mutex_lock(&domain->lock);
	if (!ret && !domain->obj.registered)
		ret = -ENODEV;
	if (!ret && !device->name)
		ret = -ENOMEM;
	if (!ret && name_is_taken(domain, info->name))
		ret = -EEXIST;
	pr_debug("device %s: created\n", info->name);
	if (!ret)
		ret = fabric_object_add(&device->obj, &fabric_devices);
	if (ret) {
		mutex_unlock(&domain->lock);
		fabric_device_put(device);
		return ERR_PTR(ret);
	}
	list_add_tail(&device->node, &domain->devices);
	domain->nr_devices++;
	device->obj.registered = true;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_DEVICE_ADD_NTF, FABRIC_NLGRP_INVENTORY, fabric_device_fill,
			 device);
	mutex_unlock(&domain->lock);
	return device;
}
EXPORT_SYMBOL_FABRIC(fabric_device_add);

/**
 * fabric_device_pci_event() - what is known of a device as a PCI function may have changed
 * @device: the device, which was added with such knowledge
 * @pci: what is known now; copied
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 */
void fabric_device_pci_event(struct fabric_device *device, const struct fabric_pci_info *pci)
{
	mutex_lock(&device->domain->lock);
	if (fabric_pci_update(device->pci, pci))
		device_changed(device);
	mutex_unlock(&device->domain->lock);
}
EXPORT_SYMBOL_FABRIC(fabric_device_pci_event);

/**
 * fabric_device_removes_vfs() - whether virtual functions are to go when none is granted
 * @device: the device, which was added with what is known of it as a PCI function
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 */
bool fabric_device_removes_vfs(struct fabric_device *device)
{
	bool removes;

	mutex_lock(&device->domain->lock);
	removes = device->idle_vfs == FABRIC_IDLE_VFS_REMOVE;
	mutex_unlock(&device->domain->lock);
	return removes;
}
EXPORT_SYMBOL_FABRIC(fabric_device_removes_vfs);

/* The device has no slices. Its resources go first. */
void fabric_device_remove_locked(struct fabric_device *device)
{
	struct fabric_domain *domain = device->domain;
	struct fabric_resource *resource, *next;

	lockdep_assert_held(&domain->lock);
	list_for_each_entry_safe(resource, next, &device->resources, node)
		fabric_resource_remove_locked(resource);
	device->obj.registered = false;
	list_del(&device->node);
	domain->nr_devices--;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_DEVICE_DEL_NTF, FABRIC_NLGRP_INVENTORY, fabric_device_fill,
			 device);
	fabric_device_put(device);
}

/* A slice of the device became free. */
void fabric_device_slice_gone(struct fabric_device *device)
{
	struct fabric_domain *domain = device->domain;

	lockdep_assert_held(&domain->lock);
	device->nr_slices--;
	if (device->admin_state == FABRIC_ADMIN_STATE_DRAINING)
		device_changed(device);
	if (device->nr_slices)
		return;
	wake_up_all(&domain->wait);
	if (device->health == FABRIC_HEALTH_GONE)
		fabric_device_remove_locked(device);
}

/**
 * fabric_device_withdraw() - take a device away if nobody uses it
 * @device: the device; after success not to be used any more
 * @extack: says why not
 *
 * Its resources go with it.
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 * Return: 0, or -EBUSY and nothing changed when it has slices.
 */
int fabric_device_withdraw(struct fabric_device *device, struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = device->domain;
	int ret = 0;

	fabric_object_hold(&domain->obj);
	mutex_lock(&domain->lock);
	if (device->nr_slices) {
		NL_SET_ERR_MSG_FMT(extack, "The device has %u slices, release their grants first",
				   device->nr_slices);
		ret = -EBUSY;
	} else {
		fabric_device_remove_locked(device);
	}
	mutex_unlock(&domain->lock);
	fabric_domain_put(domain);
	return ret;
}
EXPORT_SYMBOL_FABRIC(fabric_device_withdraw);

/* The next slice of @device that was not told that it leaves; its grant is held. */
static struct fabric_grant *next_to_tell(struct fabric_device *device)
{
	struct fabric_grant_slice *slice;
	struct fabric_resource *resource;

	lockdep_assert_held(&device->domain->lock);
	list_for_each_entry(resource, &device->resources, node) {
		list_for_each_entry(slice, &resource->slices, node) {
			if (slice->told)
				continue;
			slice->told = true;
			fabric_grant_hold(slice->grant);
			return slice->grant;
		}
	}
	return NULL;
}

/**
 * fabric_device_remove() - take a device away, used or not
 * @device: the device, not to be used afterwards
 * @reason: what holders are told, a constant
 * @timeout: how long to wait for its slices, in jiffies
 *
 * No new slice is granted of it, and all grants that have one are revoked.
 * What is not free at the end of @timeout stays in quarantine (or revoking) and
 * is tried again; the device is listed as gone until then.
 *
 * Context: Process context, may sleep, takes the lock of the domain. Runs no op
 * itself but waits for those that revoke the slices: the caller holds no lock
 * that they need.
 * Return: 0, or -EBUSY when slices are left.
 */
int fabric_device_remove(struct fabric_device *device, const char *reason, unsigned long timeout)
{
	struct fabric_domain *domain = device->domain;
	struct fabric_grant *grant;
	int ret = 0;

	fabric_object_hold(&domain->obj);
	fabric_object_hold(&device->obj);
	mutex_lock(&domain->lock);
	set_health(device, FABRIC_HEALTH_REMOVING);
	while ((grant = next_to_tell(device))) {
		mutex_unlock(&domain->lock);
		fabric_grant_revoke_async(grant, reason);
		fabric_grant_put(grant);
		mutex_lock(&domain->lock);
	}
	mutex_unlock(&domain->lock);

	wait_event_timeout(domain->wait, !READ_ONCE(device->nr_slices), timeout);

	mutex_lock(&domain->lock);
	if (device->nr_slices) {
		set_health(device, FABRIC_HEALTH_GONE);
		ret = -EBUSY;
	} else {
		fabric_device_remove_locked(device);
	}
	mutex_unlock(&domain->lock);
	fabric_device_put(device);
	fabric_domain_put(domain);
	return ret;
}
EXPORT_SYMBOL_FABRIC(fabric_device_remove);
