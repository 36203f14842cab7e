// SPDX-License-Identifier: GPL-2.0
#include <kunit/visibility.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

struct fabric_registry fabric_resources = FABRIC_REGISTRY_INIT(fabric_resources.xa);

/**
 * struct withheld - a granule that cannot be had
 * @node: in resource->withheld
 * @extent: of it, in no slice
 * @reason: why, and what to do, for people
 * @forcible: a request can have it by force
 */
struct withheld {
	struct list_head node;
	struct fabric_extent *extent;
	char reason[NETLINK_MAX_FMTMSG_LEN];
	bool forcible;
};

struct fabric_resource *fabric_resource_get(u32 id)
{
	struct fabric_object *obj = fabric_object_get(&fabric_resources, id);

	return obj ? container_of(obj, struct fabric_resource, obj) : NULL;
}

void fabric_resource_put(struct fabric_resource *resource)
{
	if (resource)
		fabric_object_put(&resource->obj);
}

static void fabric_resource_free(struct fabric_object *obj)
{
	struct fabric_resource *resource = container_of(obj, struct fabric_resource, obj);
	struct withheld *withheld, *next;

	WARN_ON(!list_empty(&resource->slices));
	WARN_ON(resource->reserved || resource->granted || resource->quarantined);
	pr_debug("resource %u: destroyed\n", obj->id);
	list_for_each_entry_safe(withheld, next, &resource->withheld, node) {
		fabric_extents_give(&resource->extents, withheld->extent);
		kfree(withheld);
	}
	if (resource->device)
		fabric_extents_destroy(&resource->extents);
	fabric_device_put(resource->device);
	fabric_domain_put(resource->domain);
	kfree_rcu(resource, obj.rcu);
}

static u64 free_capacity(const struct fabric_resource *resource)
{
	if (resource->device)
		return resource->extents.free;
	/* A link can come up slower than it was when its bandwidth was guaranteed. */
	return resource->info.total - min(resource->info.total, resource->granted);
}

static u64 largest_free(const struct fabric_resource *resource)
{
	return resource->device ? fabric_extents_largest(&resource->extents) :
				  free_capacity(resource);
}

static u32 fragmentation(const struct fabric_resource *resource)
{
	u64 free = free_capacity(resource);

	return free ? 100 - mul_u64_u64_div_u64(100, largest_free(resource), free) : 0;
}

static int put_counters(struct sk_buff *skb, const struct fabric_resource *resource)
{
	if (nla_put_uint(skb, FABRIC_A_RESOURCE_ALLOCATIONS, resource->allocations) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_REFUSALS, resource->refusals) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_RECLAIMS, resource->reclaims) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_HIGH_WATER, resource->high_water) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_FRAGMENTATION, fragmentation(resource)))
		return -EMSGSIZE;
	return 0;
}

int fabric_resource_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	const struct fabric_resource *resource = obj;
	const struct fabric_resource_info *is = &resource->info;
	void *hdr;

	lockdep_assert_held(&resource->domain->lock);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_RESOURCE_ID, resource->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_DOMAIN_ID, resource->domain->obj.id) ||
	    (resource->device &&
	     nla_put_u32(skb, FABRIC_A_RESOURCE_DEVICE_ID, resource->device->obj.id)) ||
	    (resource->port &&
	     nla_put_u32(skb, FABRIC_A_RESOURCE_PORT_ID, resource->port->obj.id)) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_KIND, is->kind) ||
	    nla_put_string(skb, FABRIC_A_RESOURCE_CAPABILITY, is->capability) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_MODES, is->modes) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_TOTAL, is->total) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_FREE, free_capacity(resource)) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_RESERVED, resource->reserved) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_GRANTED, resource->granted) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_QUARANTINED, resource->quarantined) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_LARGEST_FREE, largest_free(resource)) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_GRANULE, is->granule) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_SLICES, resource->nr_slices) ||
	    (is->address != FABRIC_NO_ADDRESS &&
	     nla_put_uint(skb, FABRIC_A_RESOURCE_ADDRESS, is->address)) ||
	    (is->numa_node != NUMA_NO_NODE &&
	     nla_put_u32(skb, FABRIC_A_RESOURCE_NUMA_NODE, is->numa_node)) ||
	    (resource->nr_withheld &&
	     nla_put_uint(skb, FABRIC_A_RESOURCE_WITHHELD, resource->nr_withheld)) ||
	    put_counters(skb, resource)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* What start and length of a slice in @mode are multiples of. */
u64 fabric_resource_align(const struct fabric_resource *resource, enum fabric_mode mode)
{
	return resource->info.mode_align[mode - 1] ?: resource->info.granule;
}

enum fabric_mode fabric_resource_default_mode(const struct fabric_resource *resource)
{
	return __ffs(resource->info.modes);
}

static bool info_is_sound(const struct fabric_resource_info *info)
{
	unsigned int i;

	if (!info->capability || !*info->capability ||
	    strlen(info->capability) > FABRIC_NAME_MAX_LEN)
		return false;
	if (!info->modes || info->modes & ~GENMASK(FABRIC_MODE_MAX, 1))
		return false;
	if (!is_power_of_2(info->granule) || !info->total ||
	    !IS_ALIGNED(info->total, info->granule))
		return false;
	for (i = 0; i < FABRIC_MODE_MAX; i++) {
		if (info->mode_align[i] && (!is_power_of_2(info->mode_align[i]) ||
					    info->mode_align[i] < info->granule))
			return false;
	}
	return true;
}

static struct fabric_resource *resource_alloc(struct fabric_domain *domain,
					      const struct fabric_resource_info *info)
{
	struct fabric_resource *resource = kzalloc_obj(*resource);

	if (!resource)
		return NULL;
	fabric_object_init(&resource->obj, fabric_resource_free);
	resource->domain = domain;
	fabric_object_hold(&domain->obj);
	resource->info = *info;
	strscpy(resource->capability, info->capability);
	resource->info.capability = resource->capability;
	INIT_LIST_HEAD(&resource->slices);
	INIT_LIST_HEAD(&resource->withheld);
	pr_debug("resource of domain %u: created\n", domain->obj.id);
	return resource;
}

static int resource_register(struct fabric_resource *resource)
{
	struct fabric_domain *domain = resource->domain;
	int ret;

	lockdep_assert_held(&domain->lock);
	ret = fabric_object_add(&resource->obj, &fabric_resources);
	if (ret)
		return ret;
	if (resource->device) {
		list_add_tail(&resource->node, &resource->device->resources);
		fabric_extents_join_all(&resource->extents, &domain->free[resource->info.kind],
					resource->obj.id);
	}
	domain->nr_resources++;
	resource->obj.registered = true;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_RESOURCE_ADD_NTF, FABRIC_NLGRP_INVENTORY,
			 fabric_resource_fill, resource);
	return 0;
}

/**
 * fabric_resource_add() - add a capacity to a device
 * @device: the device
 * @info: what it is; copied
 * @priv: &fabric_slice.resource_priv of its slices
 *
 * It goes with the device.
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 * Return: the resource, or -EINVAL, -ENODEV, -ENOMEM as an error pointer.
 */
struct fabric_resource *fabric_resource_add(struct fabric_device *device,
					    const struct fabric_resource_info *info, void *priv)
{
	struct fabric_domain *domain = device->domain;
	struct fabric_resource *resource;
	int ret;

	if (!info_is_sound(info) || WARN_ON(!domain->ops->slice_prepare) ||
	    WARN_ON(info->modes & FABRIC_MODE_BIT(FABRIC_MODE_MAP) && !domain->ops->slice_page))
		return ERR_PTR(-EINVAL);
	resource = resource_alloc(domain, info);
	if (!resource)
		return ERR_PTR(-ENOMEM);
	resource->device = device;
	fabric_object_hold(&device->obj);
	resource->priv = priv;
	ret = fabric_extents_init(&resource->extents, info->total);

	mutex_lock(&domain->lock);
	if (!ret && (!device->obj.registered || device->health != FABRIC_HEALTH_OK))
		ret = -ENODEV;
	if (!ret)
		ret = resource_register(resource);
	mutex_unlock(&domain->lock);
	if (ret) {
		fabric_resource_put(resource);
		return ERR_PTR(ret);
	}
	fabric_queue_kick();
	return resource;
}
EXPORT_SYMBOL_FABRIC(fabric_resource_add);

/* The bandwidth of the link of a port, which counts and has no slices. */
struct fabric_resource *fabric_resource_add_bandwidth(struct fabric_port *port, u64 total)
{
	const struct fabric_resource_info info = {
		.kind = FABRIC_KIND_BANDWIDTH,
		.capability = "link",
		.total = total,
		.granule = 1,
		.address = FABRIC_NO_ADDRESS,
		.numa_node = NUMA_NO_NODE,
	};
	struct fabric_resource *resource;
	int ret;

	lockdep_assert_held(&port->domain->lock);
	resource = resource_alloc(port->domain, &info);
	if (!resource)
		return ERR_PTR(-ENOMEM);
	resource->port = port;
	ret = resource_register(resource);
	if (ret) {
		fabric_resource_put(resource);
		return ERR_PTR(ret);
	}
	return resource;
}

void fabric_resource_remove_locked(struct fabric_resource *resource)
{
	lockdep_assert_held(&resource->domain->lock);
	resource->obj.registered = false;
	if (resource->device) {
		list_del(&resource->node);
		fabric_extents_leave_all(&resource->extents);
	}
	resource->domain->nr_resources--;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_RESOURCE_DEL_NTF, FABRIC_NLGRP_INVENTORY,
			 fabric_resource_fill, resource);
	fabric_resource_put(resource);
}

static u64 *counter(struct fabric_resource *resource, enum fabric_slice_state state)
{
	switch (state) {
	case FABRIC_SLICE_STATE_RESERVED:
		return &resource->reserved;
	case FABRIC_SLICE_STATE_GRANTED:
		return &resource->granted;
	default:
		return &resource->quarantined;
	}
}

static void used_more(struct fabric_resource *resource)
{
	resource->high_water = max(resource->high_water,
				   resource->info.total - free_capacity(resource));
}

/* When nothing is missing any more, the slice has one extent. */
static void join(struct fabric_resource *resource, struct fabric_grant_slice *slice)
{
	if (slice->missing)
		return;
	slice->extent = fabric_extents_at(&resource->extents, slice->pub.start);
	while (slice->extent->length < slice->pub.length)
		fabric_extents_join(&resource->extents, slice->extent);
	if (slice->grant->plan)
		fabric_queue_kick();
}

/* Take free units for @slice. */
static int obtain(struct fabric_resource *resource, struct fabric_grant_slice *slice, u64 start,
		  u64 end)
{
	struct fabric_extent *extent;

	extent = fabric_extents_take_range(&resource->extents, start, end - start);
	if (IS_ERR(extent))
		return PTR_ERR(extent);
	extent->owner = slice;
	resource->reserved += end - start;
	used_more(resource);
	return 0;
}

/* Give back what the slice has, whole or in parts, and what it wants of others. */
static void give_up(struct fabric_resource *resource, struct fabric_grant_slice *slice)
{
	u64 pos = slice->pub.start, end = pos + slice->pub.length;

	fabric_slice_drop_wants(slice);
	while (pos < end) {
		struct fabric_extent *extent = fabric_extents_at(&resource->extents, pos);

		pos = extent->start + extent->length;
		if (extent->owner != slice)
			continue;
		*counter(resource, slice->state) -= extent->length;
		fabric_extents_give(&resource->extents, extent);
	}
	slice->extent = NULL;
}

/*
 * Take [@start, @start + @length) for @slice, which belongs to a grant and says
 * its mode. What is free is taken now, what others have is claimed.
 */
int fabric_resource_reserve(struct fabric_resource *resource, struct fabric_grant_slice *slice,
			    u64 start, u64 length)
{
	const struct fabric_backend_ops *ops = resource->domain->ops;
	const struct fabric_grant *grant = slice->grant;
	u64 pos = start, end = start + length;
	int ret;

	lockdep_assert_held(&fabric_engine);
	lockdep_assert_held(&resource->domain->lock);
	/* It may have been found before its domain began to go. */
	if (!resource->domain->obj.registered || !try_module_get(ops->owner))
		return -ENODEV;
	slice->pub.start = start;
	slice->pub.length = length;
	slice->state = FABRIC_SLICE_STATE_RESERVED;
	ret = fabric_tenant_charge(grant->req->tenant, resource->info.kind,
				   resource->capability, length);
	if (ret) {
		module_put(ops->owner);
		return ret;
	}
	while (!ret && pos < end) {
		struct fabric_extent *extent = fabric_extents_at(&resource->extents, pos);
		u64 stop = min(end, extent->start + extent->length);

		if (extent->free)
			ret = obtain(resource, slice, pos, stop);
		else
			ret = fabric_slice_claim(extent->owner, slice, pos, stop);
		pos = stop;
	}
	if (ret) {
		give_up(resource, slice);
		fabric_tenant_uncharge(grant->req->tenant, resource->info.kind,
				       resource->capability, length);
		module_put(ops->owner);
		return ret;
	}
	slice->pub.resource_priv = resource->priv;
	slice->resource = resource;
	fabric_object_hold(&resource->obj);
	list_add_tail(&slice->node, &resource->slices);
	resource->nr_slices++;
	resource->allocations++;
	resource->device->nr_slices++;
	fabric_device_bandwidth_use(resource->device, slice->bandwidth_min);
	join(resource, slice);
	fabric_grants_changed();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(fabric_resource_reserve);

void fabric_resource_slice_state(struct fabric_grant_slice *slice, enum fabric_slice_state state)
{
	struct fabric_resource *resource = slice->resource;

	lockdep_assert_held(&slice->grant->lock);
	if (slice->state == state)
		return;
	mutex_lock(&resource->domain->lock);
	trace_fabric_slice_state(slice->grant->obj.id, resource->obj.id, slice->pub.start,
				 slice->pub.length, slice->state, state);
	*counter(resource, slice->state) -= slice->pub.length;
	*counter(resource, state) += slice->pub.length;
	slice->state = state;
	fabric_grants_changed();
	mutex_unlock(&resource->domain->lock);
}

/* Those who wait for units of @slice get what is free now, from @start on. */
static void fulfil_claims(struct fabric_resource *resource, struct fabric_grant_slice *slice,
			  u64 start)
{
	struct fabric_claim *claim, *next;

	list_for_each_entry_safe(claim, next, &slice->claims, node) {
		struct fabric_grant_slice *to = claim->to;
		u64 from = max(claim->start, start);

		if (from >= claim->end)
			continue;
		/* Without memory to say so, the units are free for all. */
		if (obtain(resource, to, from, claim->end))
			to->broken = true;
		else
			to->missing -= claim->end - from;
		resource->reclaims++;
		claim->end = from;
		if (claim->start < claim->end)
			continue;
		list_del(&claim->node);
		list_del(&claim->want);
		kfree(claim);
		join(resource, to);
	}
}

/* The slice ends at @length; what is behind, whose memory @tail is, is free. */
void fabric_resource_trim_locked(struct fabric_grant_slice *slice, u64 length,
				 struct fabric_extent *tail)
{
	struct fabric_resource *resource = slice->resource;
	u64 less = slice->pub.length - length;

	lockdep_assert_held(&resource->domain->lock);
	fabric_extents_trim(&resource->extents, slice->extent, length, tail);
	*counter(resource, slice->state) -= less;
	slice->pub.length = length;
	fabric_tenant_uncharge(slice->grant->req->tenant, resource->info.kind,
			       resource->capability, less);
	fabric_grants_changed();
	fulfil_claims(resource, slice, slice->pub.start + length);
}

/* The extent is free again. The caller puts the resource and the module. */
void fabric_resource_unreserve_locked(struct fabric_grant_slice *slice)
{
	struct fabric_resource *resource = slice->resource;

	lockdep_assert_held(&resource->domain->lock);
	trace_fabric_slice_state(slice->grant->obj.id, resource->obj.id, slice->pub.start,
				 slice->pub.length, slice->state, 0);
	fabric_victim_del(slice);
	give_up(resource, slice);
	fulfil_claims(resource, slice, slice->pub.start);
	list_del(&slice->node);
	resource->nr_slices--;
	fabric_device_bandwidth_use(resource->device, -(s64)slice->bandwidth_min);
	fabric_tenant_uncharge(slice->grant->req->tenant, resource->info.kind,
			       resource->capability, slice->pub.length);
	fabric_grants_changed();
	fabric_device_slice_gone(resource->device);
}

static struct withheld *withheld_at(const struct fabric_resource *resource, u64 start)
{
	struct withheld *withheld;

	list_for_each_entry(withheld, &resource->withheld, node) {
		if (withheld->extent->start == start)
			return withheld;
	}
	return NULL;
}

static struct withheld *withheld_forcible(const struct fabric_resource *resource)
{
	struct withheld *withheld;

	lockdep_assert_held(&resource->domain->lock);
	list_for_each_entry(withheld, &resource->withheld, node) {
		if (withheld->forcible)
			return withheld;
	}
	return NULL;
}

/* Why something is withheld, rather of what can be had by force; or NULL. */
const char *fabric_resource_withheld_reason(struct fabric_resource *resource)
{
	const struct withheld *withheld = withheld_forcible(resource) ?:
		list_first_entry_or_null(&resource->withheld, struct withheld, node);

	return withheld ? withheld->reason : NULL;
}

bool fabric_resource_can_force(const struct fabric_resource *resource)
{
	return withheld_forcible(resource);
}

static void release_withheld(struct fabric_resource *resource, struct withheld *withheld)
{
	list_del(&withheld->node);
	resource->nr_withheld -= withheld->extent->length;
	fabric_extents_give(&resource->extents, withheld->extent);
	kfree(withheld);
	fabric_grants_changed();
}

/* Something that can be had by force, which there is, is free. Return: where it starts. */
u64 fabric_resource_force(struct fabric_resource *resource)
{
	struct withheld *withheld = withheld_forcible(resource);
	u64 start = withheld->extent->start;

	lockdep_assert_held(&fabric_engine);
	release_withheld(resource, withheld);
	return start;
}

/* Nothing happens to what is in a slice; without memory, the unit stays free. */
static void withhold(struct fabric_resource *resource, u64 start, const char *reason,
		     bool forcible)
{
	struct withheld *withheld = kzalloc_obj(*withheld);

	if (!withheld)
		return;
	withheld->extent = fabric_extents_take_range(&resource->extents, start,
						     resource->info.granule);
	if (IS_ERR(withheld->extent)) {
		kfree(withheld);
		return;
	}
	withheld->extent->owner = NULL;
	strscpy(withheld->reason, reason);
	withheld->forcible = forcible;
	list_add_tail(&withheld->node, &resource->withheld);
	resource->nr_withheld += withheld->extent->length;
	fabric_grants_changed();
}

/**
 * fabric_resource_withhold() - something of a resource can't be had, or can again
 * @resource: the resource, whose device was not removed
 * @start: first unit of that, which is one granule
 * @reason: what a request for it is told, or NULL if it can be had
 * @forcible: the host uses it, and a request can have it by force
 *
 * What is withheld is not free. What is in a slice is not withheld. A backend can say the
 * same again.
 *
 * Context: Process context, may sleep, takes the lock of the engine and that of the domain.
 */
void fabric_resource_withhold(struct fabric_resource *resource, u64 start, const char *reason,
			      bool forcible)
{
	struct fabric_domain *domain = resource->domain;
	struct withheld *withheld;
	bool settled;

	/* Mostly nothing is new, and no decision has to wait for that */
	mutex_lock(&domain->lock);
	withheld = withheld_at(resource, start);
	if (withheld && reason) {
		strscpy(withheld->reason, reason);
		withheld->forcible = forcible;
	}
	settled = withheld ? !!reason :
		  !reason || !fabric_extents_at(&resource->extents, start)->free;
	mutex_unlock(&domain->lock);
	if (settled)
		return;

	mutex_lock(&fabric_engine);
	mutex_lock(&domain->lock);
	withheld = withheld_at(resource, start);
	if (withheld && !reason)
		release_withheld(resource, withheld);
	else if (!withheld && reason)
		withhold(resource, start, reason, forcible);
	mutex_unlock(&domain->lock);
	mutex_unlock(&fabric_engine);
	if (!reason)
		fabric_queue_kick();
}
EXPORT_SYMBOL_FABRIC(fabric_resource_withhold);
