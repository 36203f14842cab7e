// SPDX-License-Identifier: GPL-2.0
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

struct fabric_registry fabric_resources = FABRIC_REGISTRY_INIT(fabric_resources.xa);

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

	WARN_ON(!list_empty(&resource->slices));
	WARN_ON(resource->reserved || resource->granted || resource->quarantined);
	pr_debug("resource %u: destroyed\n", obj->id);
	fabric_extents_destroy(&resource->extents);
	fabric_device_put(resource->device);
	fabric_domain_put(resource->domain);
	kfree_rcu(resource, obj.rcu);
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
	    nla_put_u32(skb, FABRIC_A_RESOURCE_DEVICE_ID, resource->device->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_KIND, is->kind) ||
	    nla_put_string(skb, FABRIC_A_RESOURCE_CAPABILITY, is->capability) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_MODES, is->modes) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_TOTAL, is->total) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_FREE, resource->extents.free) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_RESERVED, resource->reserved) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_GRANTED, resource->granted) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_QUARANTINED, resource->quarantined) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_LARGEST_FREE,
			 fabric_extents_largest(&resource->extents)) ||
	    nla_put_uint(skb, FABRIC_A_RESOURCE_GRANULE, is->granule) ||
	    nla_put_u32(skb, FABRIC_A_RESOURCE_SLICES, resource->nr_slices) ||
	    (is->address != FABRIC_NO_ADDRESS &&
	     nla_put_uint(skb, FABRIC_A_RESOURCE_ADDRESS, is->address)) ||
	    (is->numa_node != NUMA_NO_NODE &&
	     nla_put_u32(skb, FABRIC_A_RESOURCE_NUMA_NODE, is->numa_node))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static u64 mode_align(const struct fabric_resource *resource, enum fabric_mode mode)
{
	return resource->info.mode_align[mode - 1] ?: resource->info.granule;
}

static enum fabric_mode default_mode(const struct fabric_resource *resource)
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

	if (!info_is_sound(info) ||
	    WARN_ON(info->modes & FABRIC_MODE_BIT(FABRIC_MODE_MAP) && !domain->ops->slice_page))
		return ERR_PTR(-EINVAL);
	resource = kzalloc_obj(*resource);
	if (!resource)
		return ERR_PTR(-ENOMEM);
	fabric_object_init(&resource->obj, fabric_resource_free);
	resource->domain = domain;
	fabric_object_hold(&domain->obj);
	resource->device = device;
	fabric_object_hold(&device->obj);
	resource->priv = priv;
	resource->info = *info;
	strscpy(resource->capability, info->capability);
	resource->info.capability = resource->capability;
	INIT_LIST_HEAD(&resource->slices);
	pr_debug("resource of device %u: created\n", device->obj.id);
	ret = fabric_extents_init(&resource->extents, info->total);

	mutex_lock(&domain->lock);
	if (!ret && (!device->obj.registered || device->health != FABRIC_HEALTH_OK))
		ret = -ENODEV;
	if (!ret)
		ret = fabric_object_add(&resource->obj, &fabric_resources);
	if (ret) {
		mutex_unlock(&domain->lock);
		fabric_resource_put(resource);
		return ERR_PTR(ret);
	}
	list_add_tail(&resource->node, &domain->resources);
	domain->nr_resources++;
	resource->obj.registered = true;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_RESOURCE_ADD_NTF, FABRIC_NLGRP_INVENTORY,
			 fabric_resource_fill, resource);
	mutex_unlock(&domain->lock);
	return resource;
}
EXPORT_SYMBOL_FABRIC(fabric_resource_add);

void fabric_resource_remove_locked(struct fabric_resource *resource)
{
	lockdep_assert_held(&resource->domain->lock);
	resource->obj.registered = false;
	list_del(&resource->node);
	resource->domain->nr_resources--;
	fabric_inventory_changed();
	fabric_nl_notify(FABRIC_CMD_RESOURCE_DEL_NTF, FABRIC_NLGRP_INVENTORY,
			 fabric_resource_fill, resource);
	fabric_resource_put(resource);
}

/*
 * What the search met on its way. The better a resource fitted before it was
 * passed over, the more its reason helps.
 */
struct fabric_search {
	enum {
		FABRIC_MISS_ALL,	/* kind, capability, place */
		FABRIC_MISS_MODE,
		FABRIC_MISS_SIZE,	/* not a multiple */
		FABRIC_MISS_DEVICE,	/* leaving, unbound, link down */
		FABRIC_MISS_SPACE,
	} miss;
	u64 align;
	u64 largest;
	u64 best;			/* length of the extent found, 0 for none */
	struct fabric_domain *domain;	/* where it is, held */
};

static void missed(struct fabric_search *search, int miss)
{
	if (search->miss < miss)
		search->miss = miss;
}

static bool matches(const struct fabric_resource *resource, const struct fabric_grant_req *req,
		    struct fabric_search *search)
{
	const struct fabric_resource_info *is = &resource->info;
	enum fabric_mode mode = req->mode ?: default_mode(resource);
	u64 align = mode_align(resource, mode);

	if (is->kind != req->kind || (req->capability && strcmp(is->capability, req->capability)))
		return false;
	if ((req->domain_id && req->domain_id != resource->domain->obj.id) ||
	    (req->device_id && req->device_id != resource->device->obj.id) ||
	    (req->numa_node != NUMA_NO_NODE && req->numa_node != is->numa_node))
		return false;
	if (!(is->modes & FABRIC_MODE_BIT(mode))) {
		missed(search, FABRIC_MISS_MODE);
		return false;
	}
	if (!IS_ALIGNED(req->size, align)) {
		missed(search, FABRIC_MISS_SIZE);
		search->align = align;
		return false;
	}
	if (!fabric_device_usable(resource->device)) {
		missed(search, FABRIC_MISS_DEVICE);
		return false;
	}
	return true;
}

static u64 fit(const struct fabric_resource *resource, const struct fabric_grant_req *req,
	       struct fabric_search *search)
{
	u64 length = fabric_extents_fit(&resource->extents, req->size,
					mode_align(resource, req->mode ?: default_mode(resource)));

	if (!length) {
		missed(search, FABRIC_MISS_SPACE);
		search->largest = max(search->largest, fabric_extents_largest(&resource->extents));
	}
	return length;
}

static int refuse(const struct fabric_search *search, struct netlink_ext_ack *extack)
{
	switch (search->miss) {
	case FABRIC_MISS_ALL:
		NL_SET_ERR_MSG(extack, "No resource has this kind, capability and place");
		return -ENOENT;
	case FABRIC_MISS_MODE:
		NL_SET_ERR_MSG(extack, "No matching resource offers this mode");
		return -EOPNOTSUPP;
	case FABRIC_MISS_SIZE:
		NL_SET_ERR_MSG_FMT(extack, "Size must be a multiple of %llu", search->align);
		return -EINVAL;
	case FABRIC_MISS_DEVICE:
		NL_SET_ERR_MSG(extack, "No matching device is healthy, with links up, and bound");
		return -ENXIO;
	case FABRIC_MISS_SPACE:
		break;
	}
	NL_SET_ERR_MSG_FMT(extack, "Largest free extent is %llu, release a grant or ask for less",
			   search->largest);
	return -ENOSPC;
}

static struct fabric_resource *search_domain(struct fabric_domain *domain,
					     const struct fabric_grant_req *req,
					     struct fabric_search *search)
{
	struct fabric_resource *resource, *found = NULL;
	u64 length;

	lockdep_assert_held(&domain->lock);
	if (!domain->obj.registered)
		return NULL;
	list_for_each_entry(resource, &domain->resources, node) {
		if (!matches(resource, req, search))
			continue;
		length = fit(resource, req, search);
		if (length && (!search->best || length < search->best)) {
			search->best = length;
			found = resource;
		}
	}
	return found;
}

static void search_all(const struct fabric_grant_req *req, struct fabric_search *search)
{
	struct fabric_object *obj;
	unsigned long id;

	*search = (struct fabric_search){};
	for (id = 0; (obj = fabric_object_next(&fabric_domains, &id)); id++) {
		struct fabric_domain *domain = container_of(obj, struct fabric_domain, obj);

		mutex_lock(&domain->lock);
		if (search_domain(domain, req, search)) {
			mutex_unlock(&domain->lock);
			fabric_domain_put(search->domain);
			search->domain = domain;
			continue;
		}
		mutex_unlock(&domain->lock);
		fabric_domain_put(domain);
	}
}

static int take(struct fabric_grant_slice *slice, struct fabric_resource *resource,
		const struct fabric_grant_req *req, struct netlink_ext_ack *extack)
{
	enum fabric_mode mode = req->mode ?: default_mode(resource);
	const struct fabric_backend_ops *ops = resource->domain->ops;
	struct fabric_extent *extent;

	lockdep_assert_held(&resource->domain->lock);
	if (!try_module_get(ops->owner)) {
		NL_SET_ERR_MSG(extack, "The backend is being unloaded");
		return -ENODEV;
	}
	extent = fabric_extents_take(&resource->extents, req->size, mode_align(resource, mode));
	if (IS_ERR(extent)) {
		module_put(ops->owner);
		return PTR_ERR(extent);
	}
	slice->extent = extent;
	slice->pub.resource_priv = resource->priv;
	slice->pub.start = extent->start;
	slice->pub.length = extent->length;
	slice->pub.mode = mode;
	slice->resource = resource;
	fabric_object_hold(&resource->obj);
	slice->state = FABRIC_SLICE_STATE_RESERVED;
	resource->reserved += extent->length;
	list_add_tail(&slice->node, &resource->slices);
	resource->nr_slices++;
	resource->device->nr_slices++;
	fabric_grants_changed();
	return 0;
}

/*
 * Find the best fit over all domains and take it. The domains are locked one
 * after the other; what was found can be gone when its domain is locked again,
 * then somebody else got it, and the search starts again.
 */
int fabric_resource_reserve(struct fabric_grant_slice *slice, const struct fabric_grant_req *req,
			    struct netlink_ext_ack *extack)
{
	struct fabric_resource *resource;
	struct fabric_search search;
	int ret = -EAGAIN;

	while (ret == -EAGAIN) {
		struct fabric_search again = {};

		search_all(req, &search);
		if (!search.domain)
			return refuse(&search, extack);
		mutex_lock(&search.domain->lock);
		resource = search_domain(search.domain, req, &again);
		if (resource)
			ret = take(slice, resource, req, extack);
		mutex_unlock(&search.domain->lock);
		fabric_domain_put(search.domain);
	}
	return ret;
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

/* The extent is free again. The caller puts the resource and the module. */
void fabric_resource_unreserve_locked(struct fabric_grant_slice *slice)
{
	struct fabric_resource *resource = slice->resource;

	lockdep_assert_held(&resource->domain->lock);
	trace_fabric_slice_state(slice->grant->obj.id, resource->obj.id, slice->pub.start,
				 slice->pub.length, slice->state, 0);
	*counter(resource, slice->state) -= slice->pub.length;
	fabric_extents_give(&resource->extents, slice->extent);
	slice->extent = NULL;
	list_del(&slice->node);
	resource->nr_slices--;
	fabric_grants_changed();
	fabric_device_slice_gone(resource->device);
}
