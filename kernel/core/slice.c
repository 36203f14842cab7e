// SPDX-License-Identifier: GPL-2.0
/* Slices of grants, and claims of one slice on what another has. */
#include <kunit/visibility.h>
#include <linux/slab.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

struct fabric_grant_slice *fabric_slice_alloc(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice = kzalloc_obj(*slice);

	if (!slice)
		return NULL;
	slice->grant = grant;
	slice->pub.grant_id = grant->obj.id;
	slice->pub.uid = grant->uid;
	slice->pub.gid = grant->gid;
	slice->pub.bandwidth_max = grant->req->bandwidth_max;
	memcpy(slice->pub.mac, grant->req->mac, ETH_ALEN);
	slice->pub.vlan = grant->req->vlan;
	slice->pub.force = grant->req->force;
	slice->pub.driver = grant->req->driver;
	slice->pub.group = grant->req->group;
	slice->bandwidth_min = grant->req->bandwidth_min;
	INIT_LIST_HEAD(&slice->claims);
	INIT_LIST_HEAD(&slice->wants);
	RB_CLEAR_NODE(&slice->victim[FABRIC_TAKE_SHRINK]);
	RB_CLEAR_NODE(&slice->victim[FABRIC_TAKE_REVOKE]);
	return slice;
}
EXPORT_SYMBOL_IF_KUNIT(fabric_slice_alloc);

void fabric_slice_free(struct fabric_grant_slice *slice)
{
	WARN_ON(slice->resource || !list_empty(&slice->claims) || !list_empty(&slice->wants));
	kfree(slice);
}
EXPORT_SYMBOL_IF_KUNIT(fabric_slice_free);

/* [@start, @end) of @from is @to's when it becomes free. */
int fabric_slice_claim(struct fabric_grant_slice *from, struct fabric_grant_slice *to, u64 start,
		       u64 end)
{
	struct fabric_claim *claim;

	lockdep_assert_held(&from->resource->domain->lock);
	list_for_each_entry(claim, &from->claims, node) {
		if (claim->start < end && start < claim->end)
			return -EBUSY;
	}
	claim = kzalloc_obj(*claim);
	if (!claim)
		return -ENOMEM;
	claim->from = from;
	claim->to = to;
	claim->start = start;
	claim->end = end;
	list_add_tail(&claim->node, &from->claims);
	list_add_tail(&claim->want, &to->wants);
	to->missing += end - start;
	return 0;
}

/*
 * What is left of the slice when the claims on it are met: nothing, if they
 * are not on its tail, or if the backend can't cut that off.
 */
u64 fabric_slice_keeps(const struct fabric_grant_slice *slice)
{
	const struct fabric_resource *resource = slice->resource;
	u64 end = slice->pub.start + slice->pub.length, keep;
	const struct fabric_claim *claim;

	mutex_lock(&resource->domain->lock);
	claim = list_first_entry(&slice->claims, struct fabric_claim, node);
	if (list_empty(&slice->claims))
		keep = slice->pub.length;
	else if (claim->end != end || !resource->domain->ops->slice_shrink)
		keep = 0;
	else
		keep = ALIGN_DOWN(claim->start - slice->pub.start,
				  fabric_resource_align(resource, slice->pub.mode));
	mutex_unlock(&resource->domain->lock);
	return keep;
}

void fabric_slice_drop_wants(struct fabric_grant_slice *slice)
{
	struct fabric_claim *claim, *next;

	list_for_each_entry_safe(claim, next, &slice->wants, want) {
		list_del(&claim->node);
		list_del(&claim->want);
		kfree(claim);
	}
	slice->missing = 0;
}

int fabric_slice_put_attrs(struct sk_buff *skb, const struct fabric_grant_slice *slice,
			   unsigned int index)
{
	const struct fabric_resource *resource = slice->resource;
	const struct fabric_resource_info *is = &resource->info;

	if (nla_put_u32(skb, FABRIC_A_SLICE_INDEX, index) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_DOMAIN_ID, resource->domain->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_DEVICE_ID, resource->device->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_RESOURCE_ID, resource->obj.id) ||
	    nla_put_uint(skb, FABRIC_A_SLICE_START, slice->pub.start) ||
	    nla_put_uint(skb, FABRIC_A_SLICE_LENGTH, slice->pub.length) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_STATE, slice->state) ||
	    (is->address != FABRIC_NO_ADDRESS &&
	     nla_put_uint(skb, FABRIC_A_SLICE_ADDRESS, is->address + slice->pub.start)) ||
	    (is->numa_node != NUMA_NO_NODE &&
	     nla_put_u32(skb, FABRIC_A_SLICE_NUMA_NODE, is->numa_node)) ||
	    (slice->pub.mode == FABRIC_MODE_MAP &&
	     nla_put_uint(skb, FABRIC_A_SLICE_OFFSET, slice->offset)))
		return -EMSGSIZE;
	/* The backend writes the names while it prepares and erases them as it likes later. */
	if (slice->grant->state != FABRIC_GRANT_STATE_ACTIVE &&
	    slice->grant->state != FABRIC_GRANT_STATE_SHRINKING)
		return 0;
	if ((*slice->pub.node && nla_put_string(skb, FABRIC_A_SLICE_NODE, slice->pub.node)) ||
	    (*slice->pub.function &&
	     nla_put_string(skb, FABRIC_A_SLICE_FUNCTION, slice->pub.function)))
		return -EMSGSIZE;
	return 0;
}

int fabric_slice_prepare(struct fabric_grant_slice *slice, struct netlink_ext_ack *extack)
{
	int ret;

	ret = slice->resource->domain->ops->slice_prepare(&slice->pub, extack);
	trace_fabric_op("slice_prepare", slice->grant->obj.id, ret);
	if (!ret)
		slice->step = FABRIC_SLICE_STEP_PREPARED;
	return ret;
}

int fabric_slice_commit(struct fabric_grant_slice *slice, struct netlink_ext_ack *extack)
{
	int ret;

	ret = slice->resource->domain->ops->slice_commit(&slice->pub, extack);
	trace_fabric_op("slice_commit", slice->grant->obj.id, ret);
	if (!ret)
		slice->step = FABRIC_SLICE_STEP_COMMITTED;
	return ret;
}

/* Undo what the backend did, from the holder towards the device. */
int fabric_slice_undo(struct fabric_grant_slice *slice)
{
	const struct fabric_backend_ops *ops = slice->resource->domain->ops;
	int ret;

	*slice->pub.reason = '\0';
	if (slice->step == FABRIC_SLICE_STEP_COMMITTED) {
		ret = ops->slice_revoke(&slice->pub);
		trace_fabric_op("slice_revoke", slice->grant->obj.id, ret);
		if (ret)
			return ret;
		slice->step = FABRIC_SLICE_STEP_PREPARED;
	}
	if (slice->step == FABRIC_SLICE_STEP_PREPARED) {
		ret = ops->slice_release(&slice->pub);
		trace_fabric_op("slice_release", slice->grant->obj.id, ret);
		if (ret)
			return ret;
		slice->step = FABRIC_SLICE_STEP_NONE;
	}
	return 0;
}

/*
 * Its capacity is free, or of who claimed it. If it was the last of @released,
 * tell. The slice stays in the list of its grant.
 */
void fabric_slice_give(struct fabric_grant_slice *slice, struct fabric_grant *released)
{
	struct fabric_resource *resource = slice->resource;
	struct fabric_domain *domain = resource->domain;
	struct module *owner = domain->ops->owner;

	mutex_lock(&domain->lock);
	fabric_resource_unreserve_locked(slice);
	if (released)
		fabric_grant_notify(released, FABRIC_CMD_GRANT_DEL_NTF);
	mutex_unlock(&domain->lock);
	slice->resource = NULL;
	fabric_resource_put(resource);
	module_put(owner);
}

/**
 * fabric_slice_lost() - what a slice is made of is lost to its holder
 * @slice: the slice
 * @reason: what the holder is told, a constant
 *
 * The grant is revoked. Nothing happens if it is on its way out already.
 *
 * Context: Process context, may sleep, between the begin of prepare and the end of
 * release. Runs no op.
 */
void fabric_slice_lost(struct fabric_slice *slice, const char *reason)
{
	fabric_grant_revoke_async(container_of(slice, struct fabric_grant_slice, pub)->grant,
				  reason);
}
EXPORT_SYMBOL_FABRIC(fabric_slice_lost);
