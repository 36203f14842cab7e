// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

struct fabric_registry fabric_ports = FABRIC_REGISTRY_INIT(fabric_ports.xa);

struct fabric_port *fabric_port_get(u32 id)
{
	struct fabric_object *obj = fabric_object_get(&fabric_ports, id);

	return obj ? container_of(obj, struct fabric_port, obj) : NULL;
}

void fabric_port_put(struct fabric_port *port)
{
	if (port)
		fabric_object_put(&port->obj);
}

/* By its physical number; a reference. */
struct fabric_port *fabric_port_find(struct fabric_domain *domain, u8 number)
{
	struct fabric_port *port, *found = NULL;

	mutex_lock(&domain->lock);
	list_for_each_entry(port, &domain->ports, node) {
		if (port->number == number) {
			fabric_object_hold(&port->obj);
			found = port;
			break;
		}
	}
	mutex_unlock(&domain->lock);
	return found;
}

static void fabric_port_free(struct fabric_object *obj)
{
	struct fabric_port *port = container_of(obj, struct fabric_port, obj);

	pr_debug("port %u: destroyed\n", obj->id);
	fabric_labels_free(&port->labels);
	fabric_resource_put(port->bandwidth);
	fabric_port_put(port->parent);
	fabric_domain_put(port->domain);
	kfree(port->pci);
	kfree(port->name);
	kfree_rcu(port, obj.rcu);
}

/*
 * Whether what is below @port can be used: all links up, bound where it can be. A
 * device without a port, NULL, hangs on nothing. By the domain's lock.
 */
bool fabric_port_usable(const struct fabric_port *port)
{
	for (; port; port = port->parent) {
		if (port->link != FABRIC_LINK_UP)
			return false;
		if (port->bindable && port->binding != FABRIC_BINDING_BOUND)
			return false;
	}
	return true;
}

/* Whether @port is @top or below it. */
bool fabric_port_below(const struct fabric_port *port, const struct fabric_port *top)
{
	for (; port; port = port->parent) {
		if (port == top)
			return true;
	}
	return false;
}

static int put_power(struct sk_buff *skb, const struct fabric_port_power *power)
{
	if (power->speed_limit &&
	    nla_put_u32(skb, FABRIC_A_PORT_SPEED_LIMIT, power->speed_limit))
		return -EMSGSIZE;
	if (power->idle && (nla_put_u32(skb, FABRIC_A_PORT_IDLE, power->idle) ||
			    nla_put_uint(skb, FABRIC_A_PORT_RESTED, power->rested)))
		return -EMSGSIZE;
	return 0;
}

int fabric_port_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	const struct fabric_port *port = obj;
	bool up = port->link == FABRIC_LINK_UP;
	void *hdr;

	lockdep_assert_held(&port->domain->lock);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_PORT_ID, port->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_PORT_DOMAIN_ID, port->domain->obj.id) ||
	    (port->parent && nla_put_u32(skb, FABRIC_A_PORT_PARENT_ID, port->parent->obj.id)) ||
	    nla_put_string(skb, FABRIC_A_PORT_NAME, port->name) ||
	    nla_put_u32(skb, FABRIC_A_PORT_TYPE, port->type) ||
	    nla_put_u32(skb, FABRIC_A_PORT_LINK, port->link) ||
	    (up && port->speed && nla_put_u32(skb, FABRIC_A_PORT_SPEED, port->speed)) ||
	    (up && port->width && nla_put_u32(skb, FABRIC_A_PORT_WIDTH, port->width)) ||
	    (port->bindable && nla_put_u32(skb, FABRIC_A_PORT_BINDING, port->binding)) ||
	    (*port->host && nla_put_string(skb, FABRIC_A_PORT_HOST, port->host)) ||
	    fabric_labels_fill(skb, FABRIC_A_PORT_LABEL, &port->labels) ||
	    fabric_pci_fill(skb, FABRIC_A_PORT_PCI, port->pci) || put_power(skb, &port->power)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void port_changed(struct fabric_port *port)
{
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_PORT_CHANGE_NTF, FABRIC_NLGRP_INVENTORY, fabric_port_fill,
			 port);
	/* What is below may have become usable. */
	fabric_queue_kick();
}

/*
 * Mb/s that a link carries after its encoding (PCIe Base Specification 6.0,
 * section 4.2): 8b/10b up to 5 GT/s, 128b/130b up to 32 GT/s, above in flits of
 * 256 bytes of which 236 are transaction layer packets (section 4.2.3.4).
 */
static u64 link_bandwidth(u32 speed, u32 width)
{
	u64 raw = (u64)speed * width;

	if (speed <= 5000)
		return div_u64(raw * 8, 10);
	if (speed <= 32000)
		return div_u64(raw * 128, 130);
	return div_u64(raw * 236, 256);
}

/* The port counts what is guaranteed of its link as soon as that is known. */
static int count_bandwidth(struct fabric_port *port)
{
	u64 total = link_bandwidth(port->speed, port->width);
	struct fabric_resource *resource;

	lockdep_assert_held(&port->domain->lock);
	if (!total)
		return 0;
	if (port->bandwidth) {
		port->bandwidth->info.total = total;
		return 0;
	}
	resource = fabric_resource_add_bandwidth(port, total);
	if (IS_ERR(resource))
		return PTR_ERR(resource);
	/* The port can outlive its place in the domain; it needs the counter then too. */
	fabric_object_hold(&resource->obj);
	port->bandwidth = resource;
	return 0;
}

/* What the ports from @port upwards carry, or what of it can still be guaranteed. */
u64 fabric_port_bandwidth(const struct fabric_port *port, bool free)
{
	u64 least = U64_MAX;

	for (; port; port = port->parent) {
		const struct fabric_resource *resource = port->bandwidth;
		u64 used;

		if (!resource)
			continue;
		used = free ? min(resource->info.total, resource->granted) : 0;
		least = min(least, resource->info.total - used);
	}
	return least;
}

void fabric_port_bandwidth_use(const struct fabric_port *port, s64 change)
{
	for (; port; port = port->parent) {
		struct fabric_resource *resource = port->bandwidth;

		lockdep_assert_held(&port->domain->lock);
		if (!resource)
			continue;
		resource->granted += change;
		resource->high_water = max(resource->high_water, resource->granted);
		if (change > 0)
			resource->allocations++;
	}
}

static void set_binding(struct fabric_port *port, enum fabric_binding binding)
{
	lockdep_assert_held(&port->domain->lock);
	trace_fabric_port_binding(port->obj.id, port->binding, binding);
	port->binding = binding;
	if (binding == FABRIC_BINDING_UNBOUND)
		*port->host = '\0';
	port_changed(port);
}

static void set_link(struct fabric_port *port, enum fabric_link link)
{
	lockdep_assert_held(&port->domain->lock);
	trace_fabric_port_link(port->obj.id, port->link, link);
	port->link = link;
	port_changed(port);
}

/* An op that says so left the hardware in a state that nobody knows. */
static bool state_unknown(int ret)
{
	return ret == -EIO || ret == -ETIMEDOUT;
}

static int refuse_slices_below(struct fabric_port *port, struct netlink_ext_ack *extack)
{
	u32 slices = fabric_device_slices_below(port);

	if (!slices)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "Below the port are %u slices, release their grants first",
			   slices);
	return -EBUSY;
}

static int refuse_transition(const struct fabric_port *port, struct netlink_ext_ack *extack)
{
	if (!port->obj.registered) {
		NL_SET_ERR_MSG(extack, "The port is gone");
		return -ENODEV;
	}
	if (port->link_busy || port->binding == FABRIC_BINDING_BINDING ||
	    port->binding == FABRIC_BINDING_UNBINDING) {
		NL_SET_ERR_MSG(extack, "Another operation on the port is running, try again");
		return -EBUSY;
	}
	return 0;
}

static int bind_precheck(const struct fabric_port *port, struct netlink_ext_ack *extack)
{
	const struct fabric_backend_ops *ops = port->domain->ops;
	int ret = refuse_transition(port, extack);

	if (ret)
		return ret;
	if (!port->bindable || (!ops->port_bind && !ops->cci)) {
		NL_SET_ERR_MSG(extack, "This port cannot be bound to hosts");
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * @vppb says where in the virtual switch of the host, and then the mailbox of the
 * switch is asked. NULL leaves both to the backend.
 */
int fabric_port_bind(struct fabric_port *port, const struct fabric_port_bind_req *req,
		     const struct fabric_vppb *vppb, struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = port->domain;
	int ret;

	mutex_lock(&domain->lock);
	ret = bind_precheck(port, extack);
	if (ret)
		goto out;
	if (port->binding == FABRIC_BINDING_BOUND) {
		if (vppb || strcmp(port->host, req->host)) {
			NL_SET_ERR_MSG_FMT(extack, "The port is bound to %s, unbind it first",
					   port->host);
			ret = -EBUSY;
		}
		goto out;
	}
	if (port->binding == FABRIC_BINDING_ERROR) {
		NL_SET_ERR_MSG(extack, "The last operation failed half way, unbind the port first");
		ret = -ENXIO;
		goto out;
	}
	ret = fabric_domain_op_begin(domain, extack);
	if (ret)
		goto out;
	strscpy(port->host, req->host);
	set_binding(port, FABRIC_BINDING_BINDING);
	mutex_unlock(&domain->lock);

	if (vppb || !domain->ops->port_bind)
		ret = fabric_fm_bind_port(port, req->host, vppb, extack);
	else
		ret = domain->ops->port_bind(port, req, extack);
	trace_fabric_op("port_bind", port->obj.id, ret);

	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	if (!ret)
		set_binding(port, FABRIC_BINDING_BOUND);
	else if (state_unknown(ret))
		set_binding(port, FABRIC_BINDING_ERROR);
	else
		set_binding(port, FABRIC_BINDING_UNBOUND);
out:
	mutex_unlock(&domain->lock);
	return ret;
}

/* @vppb as for fabric_port_bind(). */
int fabric_port_unbind(struct fabric_port *port, const struct fabric_vppb *vppb,
		       struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = port->domain;
	enum fabric_binding old;
	int ret;

	mutex_lock(&domain->lock);
	ret = bind_precheck(port, extack);
	if (ret || port->binding == FABRIC_BINDING_UNBOUND)
		goto out;
	ret = refuse_slices_below(port, extack);
	if (ret)
		goto out;
	ret = fabric_domain_op_begin(domain, extack);
	if (ret)
		goto out;
	old = port->binding;
	set_binding(port, FABRIC_BINDING_UNBINDING);
	mutex_unlock(&domain->lock);

	if (vppb || !domain->ops->port_unbind)
		ret = fabric_fm_unbind_port(port, vppb, extack);
	else
		ret = domain->ops->port_unbind(port, extack);
	trace_fabric_op("port_unbind", port->obj.id, ret);

	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	if (!ret)
		set_binding(port, FABRIC_BINDING_UNBOUND);
	else if (state_unknown(ret))
		set_binding(port, FABRIC_BINDING_ERROR);
	else
		set_binding(port, old);
out:
	mutex_unlock(&domain->lock);
	return ret;
}

/*
 * Nothing below is granted from here on, until fabric_port_reset_end(). The
 * domain stays meanwhile.
 */
int fabric_port_reset_begin(struct fabric_port *port, bool force, enum fabric_link *was,
			    struct netlink_ext_ack *extack)
{
	int ret;

	mutex_lock(&port->domain->lock);
	ret = refuse_transition(port, extack);
	if (!ret && !force)
		ret = refuse_slices_below(port, extack);
	if (!ret)
		ret = fabric_domain_op_begin(port->domain, extack);
	if (!ret) {
		*was = port->link;
		port->link_observed = port->link;
		port->link = FABRIC_LINK_DOWN;
		port->link_busy = true;
	}
	mutex_unlock(&port->domain->lock);
	return ret;
}

void fabric_port_reset_end(struct fabric_port *port, enum fabric_link was)
{
	mutex_lock(&port->domain->lock);
	fabric_domain_op_end(port->domain);
	port->link_busy = false;
	port->link = was;
	if (port->link_observed != was)
		set_link(port, port->link_observed);
	mutex_unlock(&port->domain->lock);
}

/* Whether the backend can do it. */
static int refuse_impossible(const struct fabric_port *port,
			     const struct fabric_port_change *change,
			     struct netlink_ext_ack *extack)
{
	const struct fabric_backend_ops *ops = port->domain->ops;

	if (change->link && !ops->port_set_link)
		NL_SET_ERR_MSG(extack, "The link of this port cannot be set");
	else if (change->speed_limit && !ops->port_set_speed)
		NL_SET_ERR_MSG(extack, "The speed of this port cannot be limited");
	else if (change->idle && !ops->port_set_idle)
		NL_SET_ERR_MSG(extack, "This port has no choice while idle");
	else
		return 0;
	return -EOPNOTSUPP;
}

static bool is_so(const struct fabric_port *port, const struct fabric_port_change *change)
{
	if (change->link)
		return port->link == change->link;
	if (change->speed_limit)
		return port->power.speed_limit == change->speed_limit;
	return port->power.idle == change->idle;
}

/* The width of a link that is down is not known, nor what it will carry. */
static int refuse_guaranteed(const struct fabric_port *port, u32 speed,
			     struct netlink_ext_ack *extack)
{
	u64 total = link_bandwidth(speed, port->width);

	if (!port->width || !port->bandwidth || total >= port->bandwidth->granted)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "Grants are guaranteed %llu Mb/s, at that speed it has %llu",
			   port->bandwidth->granted, total);
	return -EBUSY;
}

static int call_op(struct fabric_port *port, const struct fabric_port_change *change,
		   struct netlink_ext_ack *extack)
{
	const struct fabric_backend_ops *ops = port->domain->ops;
	const char *name;
	int ret;

	if (change->link) {
		name = "port_set_link";
		ret = ops->port_set_link(port, change->link, extack);
	} else if (change->speed_limit) {
		name = "port_set_speed";
		ret = ops->port_set_speed(port, change->speed_limit, extack);
	} else {
		name = "port_set_idle";
		ret = ops->port_set_idle(port, change->idle, extack);
	}
	trace_fabric_op(name, port->obj.id, ret);
	return ret;
}

static void record(struct fabric_port *port, const struct fabric_port_change *change)
{
	if (change->link) {
		set_link(port, change->link);
		return;
	}
	port->power.speed_limit = change->speed_limit ?: port->power.speed_limit;
	port->power.idle = change->idle ?: port->power.idle;
	port_changed(port);
}

/* All of @change but the labels; the lock is not held while the operation runs. */
static int set_by_op(struct fabric_port *port, const struct fabric_port_change *change,
		     struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = port->domain;
	int ret;

	lockdep_assert_held(&domain->lock);
	ret = refuse_impossible(port, change, extack);
	if (ret || is_so(port, change))
		return ret;
	if (change->link == FABRIC_LINK_DOWN)
		ret = refuse_slices_below(port, extack);
	else if (change->speed_limit)
		ret = refuse_guaranteed(port, change->speed_limit, extack);
	if (!ret)
		ret = fabric_domain_op_begin(domain, extack);
	if (ret)
		return ret;
	/* Down until the op is done: nothing below is granted, or guaranteed, meanwhile. */
	port->link_observed = port->link;
	port->link = FABRIC_LINK_DOWN;
	port->link_busy = true;
	mutex_unlock(&domain->lock);

	ret = call_op(port, change, extack);

	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	port->link_busy = false;
	port->link = port->link_observed;
	if (!ret)
		record(port, change);
	return ret;
}

/*
 * The labels last, when nothing can fail any more. Until then nobody else changes them:
 * the lock is held, but for an operation, during which others are refused.
 */
int fabric_port_set(struct fabric_port *port, const struct fabric_port_change *change,
		    struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = port->domain;
	struct fabric_labels labels = {};
	int ret;

	mutex_lock(&domain->lock);
	ret = refuse_transition(port, extack);
	if (!ret)
		ret = fabric_labels_changed(&labels, &port->labels, &change->labels, extack);
	if (!ret && (change->link || change->speed_limit || change->idle))
		ret = set_by_op(port, change, extack);
	if (!ret && !fabric_labels_same(&port->labels, &labels)) {
		swap(port->labels, labels);
		port_changed(port);
	}
	mutex_unlock(&domain->lock);
	fabric_labels_free(&labels);
	return ret;
}

static bool name_is_taken(const struct fabric_domain *domain, const char *name)
{
	const struct fabric_port *port;

	list_for_each_entry(port, &domain->ports, node) {
		if (!strcmp(port->name, name))
			return true;
	}
	return false;
}

/**
 * fabric_port_add() - add a port to a domain
 * @domain: the domain
 * @info: what it is; copied
 * @priv: for fabric_port_priv()
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 * Return: the port, or -EEXIST, -EINVAL, -ENODEV, -ENOMEM as an error pointer.
 */
struct fabric_port *fabric_port_add(struct fabric_domain *domain,
				    const struct fabric_port_info *info, void *priv)
{
	struct fabric_port *port;
	int ret;

	if (!*info->name || strlen(info->name) > FABRIC_NAME_MAX_LEN ||
	    (info->host && strlen(info->host) > FABRIC_NAME_MAX_LEN))
		return ERR_PTR(-EINVAL);
	port = kzalloc_obj(*port);
	if (!port)
		return ERR_PTR(-ENOMEM);
	fabric_object_init(&port->obj, fabric_port_free);
	port->domain = domain;
	fabric_object_hold(&domain->obj);
	port->priv = priv;
	port->type = info->type;
	port->link = info->link;
	port->speed = info->speed;
	port->width = info->width;
	port->number = info->number;
	port->bindable = info->bindable;
	port->power = info->power;
	port->binding = FABRIC_BINDING_UNBOUND;
	if (info->host) {
		port->binding = FABRIC_BINDING_BOUND;
		strscpy(port->host, info->host);
	}
	if (info->parent) {
		port->parent = info->parent;
		fabric_object_hold(&info->parent->obj);
	}
	port->name = kstrdup(info->name, GFP_KERNEL);
	ret = fabric_pci_copy(&port->pci, info->pci);

	mutex_lock(&domain->lock);
	if (!ret && !domain->obj.registered)
		ret = -ENODEV;
	if (!ret && !port->name)
		ret = -ENOMEM;
	if (!ret && name_is_taken(domain, info->name))
		ret = -EEXIST;
	pr_debug("port %s: created\n", info->name);
	if (!ret)
		ret = fabric_object_add(&port->obj, &fabric_ports);
	if (ret) {
		mutex_unlock(&domain->lock);
		fabric_port_put(port);
		return ERR_PTR(ret);
	}
	list_add_tail(&port->node, &domain->ports);
	domain->nr_ports++;
	port->obj.registered = true;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_PORT_ADD_NTF, FABRIC_NLGRP_INVENTORY, fabric_port_fill, port);
	ret = count_bandwidth(port);
	if (ret)
		fabric_port_remove_locked(port);
	mutex_unlock(&domain->lock);
	return ret ? ERR_PTR(ret) : port;
}
EXPORT_SYMBOL_FABRIC(fabric_port_add);

void fabric_port_remove_locked(struct fabric_port *port)
{
	lockdep_assert_held(&port->domain->lock);
	if (port->bandwidth)
		fabric_resource_remove_locked(port->bandwidth);
	port->obj.registered = false;
	list_del(&port->node);
	port->domain->nr_ports--;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_PORT_DEL_NTF, FABRIC_NLGRP_INVENTORY, fabric_port_fill, port);
	fabric_port_put(port);
}

/**
 * fabric_port_remove() - take a port away
 * @port: the port, not to be used afterwards
 *
 * Waits for a running op of the domain. Its child ports and devices were
 * removed before; a device whose slices could not be proven clean may still
 * name it.
 *
 * Context: Process context, may sleep, takes the lock of the domain. No lock is
 * held that an op of the domain takes.
 */
void fabric_port_remove(struct fabric_port *port)
{
	struct fabric_domain *domain = port->domain;

	mutex_lock(&domain->lock);
	/* No op begins on it any more; those that run still use its priv. */
	port->obj.registered = false;
	do {
		mutex_unlock(&domain->lock);
		fabric_domain_ops_wait(domain);
		mutex_lock(&domain->lock);
	} while (domain->nr_ops);
	/* The port may hold the last reference to the domain. */
	fabric_object_hold(&domain->obj);
	fabric_port_remove_locked(port);
	mutex_unlock(&domain->lock);
	fabric_domain_put(domain);
}
EXPORT_SYMBOL_FABRIC(fabric_port_remove);

/**
 * fabric_port_link_event() - the link of a port changed by itself
 * @port: the port
 * @link: state of the link now
 * @speed: MT/s per lane now, 0 if unknown
 * @width: lanes now, 0 if unknown
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 */
void fabric_port_link_event(struct fabric_port *port, enum fabric_link link, u32 speed, u32 width)
{
	mutex_lock(&port->domain->lock);
	if (port->link_busy) {
		port->link_observed = link;
		port->speed = speed;
		port->width = width;
		count_bandwidth(port);
	} else if (port->link != link || port->speed != speed || port->width != width) {
		port->speed = speed;
		port->width = width;
		count_bandwidth(port);
		set_link(port, link);
	}
	mutex_unlock(&port->domain->lock);
}
EXPORT_SYMBOL_FABRIC(fabric_port_link_event);

/**
 * fabric_port_power_event() - what a port does to save power may have changed by itself
 * @port: the port
 * @power: what it does now; copied
 *
 * While an op of the port runs, it is the op that counts.
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 */
void fabric_port_power_event(struct fabric_port *port, const struct fabric_port_power *power)
{
	bool changed;

	mutex_lock(&port->domain->lock);
	if (!port->link_busy) {
		changed = port->power.speed_limit != power->speed_limit ||
			  port->power.idle != power->idle;
		port->power = *power;
		if (changed)
			port_changed(port);
	}
	mutex_unlock(&port->domain->lock);
}
EXPORT_SYMBOL_FABRIC(fabric_port_power_event);

/**
 * fabric_port_pci_event() - what is known of a port as a PCI function may have changed
 * @port: the port, which was added with such knowledge
 * @pci: what is known now; copied
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 */
void fabric_port_pci_event(struct fabric_port *port, const struct fabric_pci_info *pci)
{
	mutex_lock(&port->domain->lock);
	if (fabric_pci_update(port->pci, pci))
		port_changed(port);
	mutex_unlock(&port->domain->lock);
}
EXPORT_SYMBOL_FABRIC(fabric_port_pci_event);

/**
 * fabric_port_priv() - the backend's part of a port
 * @port: the port
 *
 * Context: Any.
 * Return: what was passed to fabric_port_add().
 */
void *fabric_port_priv(struct fabric_port *port)
{
	return port->priv;
}
EXPORT_SYMBOL_FABRIC(fabric_port_priv);
