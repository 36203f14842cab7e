// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

struct fabric_registry fabric_domains = FABRIC_REGISTRY_INIT(fabric_domains.xa);

/* Makes the check that a name is free and its registration one step. */
static DEFINE_MUTEX(names_lock);

static struct lock_class_key ops_key;

struct fabric_domain *fabric_domain_get(u32 id)
{
	struct fabric_object *obj = fabric_object_get(&fabric_domains, id);

	return obj ? container_of(obj, struct fabric_domain, obj) : NULL;
}

void fabric_domain_put(struct fabric_domain *domain)
{
	if (domain)
		fabric_object_put(&domain->obj);
}

static void fabric_domain_free(struct fabric_object *obj)
{
	struct fabric_domain *domain = container_of(obj, struct fabric_domain, obj);

	WARN_ON(!list_empty(&domain->ports));
	WARN_ON(!list_empty(&domain->devices));
	WARN_ON(domain->nr_resources);
	pr_debug("domain %u: destroyed\n", obj->id);
	mutex_destroy(&domain->lock);
	mutex_destroy(&domain->fm_lock);
	kfree(domain->name);
	kfree_rcu(domain, obj.rcu);
}

int fabric_domain_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	const struct fabric_domain *domain = obj;
	void *hdr;

	lockdep_assert_held(&domain->lock);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_DOMAIN_ID, domain->obj.id) ||
	    nla_put_string(skb, FABRIC_A_DOMAIN_NAME, domain->name) ||
	    nla_put_string(skb, FABRIC_A_DOMAIN_BACKEND, domain->ops->name) ||
	    nla_put_u32(skb, FABRIC_A_DOMAIN_PORTS, domain->nr_ports) ||
	    nla_put_u32(skb, FABRIC_A_DOMAIN_DEVICES, domain->nr_devices) ||
	    nla_put_u32(skb, FABRIC_A_DOMAIN_RESOURCES, domain->nr_resources)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static bool name_is_taken(const char *name)
{
	struct fabric_object *obj;
	unsigned long id = 0;
	bool taken = false;

	while (!taken && (obj = fabric_object_next(&fabric_domains, &id))) {
		struct fabric_domain *domain = container_of(obj, struct fabric_domain, obj);

		taken = READ_ONCE(obj->registered) && !strcmp(domain->name, name);
		fabric_domain_put(domain);
		id++;
	}
	return taken;
}

static bool ops_are_complete(const struct fabric_backend_ops *ops)
{
	bool slices = ops->slice_prepare && ops->slice_commit && ops->slice_revoke &&
		      ops->slice_release;
	bool no_slices = !ops->slice_prepare && !ops->slice_commit && !ops->slice_revoke &&
			 !ops->slice_release;

	return ops->owner && ops->name && (slices || no_slices) &&
	       !ops->port_bind == !ops->port_unbind && !ops->region_take == !ops->region_give;
}

/**
 * fabric_domain_register() - make a domain
 * @name: its name, unique, at most FABRIC_NAME_MAX_LEN bytes
 * @ops: what the backend can do, constant while the module is loaded
 * @priv: passed to the ops of regions and to refresh
 *
 * Context: Process context, may sleep.
 * Return: the domain, or -EEXIST, -EINVAL, -ENOMEM as an error pointer.
 */
struct fabric_domain *fabric_domain_register(const char *name,
					     const struct fabric_backend_ops *ops, void *priv)
{
	struct fabric_domain *domain;
	int ret;

	if (WARN_ON(!ops_are_complete(ops)) || !*name || strlen(name) > FABRIC_NAME_MAX_LEN)
		return ERR_PTR(-EINVAL);
	domain = kzalloc_obj(*domain);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	fabric_object_init(&domain->obj, fabric_domain_free);
	domain->ops = ops;
	domain->priv = priv;
	mutex_init(&domain->lock);
	mutex_init(&domain->fm_lock);
	INIT_LIST_HEAD(&domain->ports);
	INIT_LIST_HEAD(&domain->devices);
	init_waitqueue_head(&domain->wait);
	lockdep_init_map(&domain->ops_map, "fabric_domain_ops", &ops_key, 0);
	domain->name = kstrdup(name, GFP_KERNEL);
	pr_debug("domain %s: created\n", name);

	mutex_lock(&names_lock);
	ret = name_is_taken(name) ? -EEXIST : 0;
	if (!ret && !domain->name)
		ret = -ENOMEM;
	if (!ret)
		ret = fabric_object_add(&domain->obj, &fabric_domains);
	if (ret) {
		mutex_unlock(&names_lock);
		fabric_domain_put(domain);
		return ERR_PTR(ret);
	}
	mutex_lock(&domain->lock);
	WRITE_ONCE(domain->obj.registered, true);
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_DOMAIN_ADD_NTF, FABRIC_NLGRP_INVENTORY, fabric_domain_fill,
			 domain);
	mutex_unlock(&domain->lock);
	mutex_unlock(&names_lock);
	return domain;
}
EXPORT_SYMBOL_FABRIC(fabric_domain_register);

static u32 domain_nr_slices(const struct fabric_domain *domain)
{
	const struct fabric_device *device;
	u32 nr = 0;

	list_for_each_entry(device, &domain->devices, node)
		nr += device->nr_slices;
	return nr;
}

/**
 * fabric_domain_unregister() - end a domain
 * @domain: the domain, not to be used afterwards
 *
 * Waits for running ops. The ports, devices and resources that are still there
 * go with it. Afterwards no op is called any more.
 *
 * Context: Process context, may sleep, not from an op.
 * Return: 0, or -EBUSY and nothing changed when there are slices. There are
 * none when the module of the backend exits.
 */
int fabric_domain_unregister(struct fabric_domain *domain)
{
	struct fabric_device *device, *next_device;
	struct fabric_port *port, *next_port;

	mutex_lock(&domain->lock);
	if (domain_nr_slices(domain)) {
		mutex_unlock(&domain->lock);
		return -EBUSY;
	}
	WRITE_ONCE(domain->obj.registered, false);
	mutex_unlock(&domain->lock);
	/* No op begins any more, and without a registered domain no slice is made. */
	fabric_domain_ops_wait(domain);

	mutex_lock(&domain->lock);
	/* Last first: regions come after their members, ports after their parents. */
	list_for_each_entry_safe_reverse(device, next_device, &domain->devices, node)
		fabric_device_remove_locked(device);
	list_for_each_entry_safe_reverse(port, next_port, &domain->ports, node)
		fabric_port_remove_locked(port);
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_DOMAIN_DEL_NTF, FABRIC_NLGRP_INVENTORY, fabric_domain_fill,
			 domain);
	mutex_unlock(&domain->lock);
	fabric_domain_put(domain);
	return 0;
}
EXPORT_SYMBOL_FABRIC(fabric_domain_unregister);

/* Caller holds a reference. Until the end, the backend does not go. */
int fabric_domain_op_begin(struct fabric_domain *domain, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&domain->lock);
	if (!domain->obj.registered) {
		NL_SET_ERR_MSG(extack, "The domain is gone");
		return -ENODEV;
	}
	domain->nr_ops++;
	/* Only tried, as the lock of the domain is held, which an op takes, too */
	lock_acquire_shared_recursive(&domain->ops_map, 0, 1, NULL, _THIS_IP_);
	return 0;
}

void fabric_domain_op_end(struct fabric_domain *domain)
{
	lockdep_assert_held(&domain->lock);
	lock_map_release(&domain->ops_map);
	if (!--domain->nr_ops)
		wake_up_all(&domain->wait);
}

/* For those that run now. No lock that an op takes is held. */
void fabric_domain_ops_wait(struct fabric_domain *domain)
{
	lock_map_acquire(&domain->ops_map);
	lock_map_release(&domain->ops_map);
	wait_event(domain->wait, !READ_ONCE(domain->nr_ops));
}

/* Before ports and devices are shown. */
void fabric_domain_refresh(struct fabric_domain *domain)
{
	int ret;

	mutex_lock(&domain->lock);
	ret = fabric_domain_op_begin(domain, NULL);
	mutex_unlock(&domain->lock);
	if (ret)
		return;
	if (domain->ops->refresh)
		domain->ops->refresh(domain->priv);
	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	mutex_unlock(&domain->lock);
}

/* The one with this id, or all with id 0. */
void fabric_domain_refresh_all(u32 id)
{
	struct fabric_domain *domain;
	struct fabric_object *obj;
	unsigned long next = id;

	for (; (obj = fabric_object_next(&fabric_domains, &next)); next++) {
		domain = container_of(obj, struct fabric_domain, obj);
		if (!id || id == obj->id)
			fabric_domain_refresh(domain);
		fabric_domain_put(domain);
		if (id)
			break;
	}
}

/* What all ops of a region share: the domain stays while the op runs unlocked. */
static int region_op(struct fabric_domain *domain,
		     int (*op)(void *domain_priv, const struct fabric_region_req *req,
			       struct netlink_ext_ack *extack),
		     const struct fabric_region_req *req, struct netlink_ext_ack *extack)
{
	int ret;

	if (!op) {
		NL_SET_ERR_MSG(extack, "This domain has no regions");
		return -EOPNOTSUPP;
	}
	mutex_lock(&domain->lock);
	ret = fabric_domain_op_begin(domain, extack);
	mutex_unlock(&domain->lock);
	if (ret)
		return ret;
	ret = op(domain->priv, req, extack);
	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	mutex_unlock(&domain->lock);
	return ret;
}

int fabric_region_take(struct fabric_domain *domain, const struct fabric_region_req *req,
		       struct netlink_ext_ack *extack)
{
	return region_op(domain, domain->ops->region_take, req, extack);
}

int fabric_region_give(struct fabric_device *device, struct netlink_ext_ack *extack)
{
	const struct fabric_region_req req = { .name = device->name };

	if (device->type != FABRIC_DEVICE_TYPE_REGION) {
		NL_SET_ERR_MSG(extack, "The device is not a region");
		return -EOPNOTSUPP;
	}
	return region_op(device->domain, device->domain->ops->region_give, &req, extack);
}
