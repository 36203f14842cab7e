// SPDX-License-Identifier: GPL-2.0
/*
 * Changing a grant that is active: it grows by slices, and shrinks by slices
 * and by the tails of slices.
 *
 * What comes and what goes is a part: a grant of its own that nobody is told
 * about. A part that comes is made like any grant, and then its slices move
 * to the grant; if it can't be made, it is undone like any grant. Slices that go
 * move to a part, which is released like any grant: if one of them can't be
 * proven clean, the part stays, in quarantine, and is listed from then on.
 */
#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

/* After something could not be taken from a grant or given to it, nobody tries for that long. */
#define AVOID_NS	(10 * NSEC_PER_SEC)

/* A grant without slices for a part of @grant. */
static struct fabric_grant *part_alloc(struct fabric_grant *grant, u64 size)
{
	struct fabric_grant_req *req = fabric_req_copy(grant->req);
	struct fabric_grant *part;

	if (!req)
		return NULL;
	req->size = size;
	req->mode = grant->mode;
	/* That was asked for once */
	req->force = false;
	part = fabric_grant_alloc(req);
	if (!part)
		return NULL;
	part->pid = grant->pid;
	part->uid = grant->uid;
	part->gid = grant->gid;
	memcpy(part->comm, grant->comm, sizeof(part->comm));
	part->size = size;
	if (fabric_object_add(&part->obj, &fabric_grants)) {
		fabric_grant_put(part);
		return NULL;
	}
	return part;
}

/* Returns whether the grant that had it was told that the device leaves. */
static bool set_grant(struct fabric_grant_slice *slice, struct fabric_grant *grant)
{
	struct fabric_domain *domain = slice->resource->domain;
	bool told;

	mutex_lock(&domain->lock);
	slice->grant = grant;
	/* The same name, which lives as long as the grant */
	slice->pub.driver = grant->req->driver;
	told = slice->told;
	mutex_unlock(&domain->lock);
	return told;
}

/*
 * Slices of @part become the last of @grant, which is locked, like the part.
 * Returns whether the grant has to go, since the part was asked to.
 */
static bool merge(struct fabric_grant *grant, struct fabric_grant *part)
{
	struct fabric_grant_slice *slice, *next;
	bool told = false;

	lockdep_assert_held(&grant->lock);
	lockdep_assert_held(&part->lock);
	list_for_each_entry_safe(slice, next, &part->slices, siblings) {
		fabric_resource_slice_state(slice, FABRIC_SLICE_STATE_GRANTED);
		told |= set_grant(slice, grant);
		down_write(&grant->map_lock);
		list_move_tail(&slice->siblings, &grant->slices);
		slice->offset = grant->map_size;
		grant->map_size += slice->pub.length;
		up_write(&grant->map_lock);
		grant->size += slice->pub.length;
	}
	fabric_grant_set_state(part, FABRIC_GRANT_STATE_RELEASED);
	fabric_victims_sort(grant);
	return told;
}

/* Prepare what @grant grows by and add it. The grant is owned, and is not afterwards. */
static int grow(struct fabric_grant *grant, struct fabric_grant *part,
		struct netlink_ext_ack *extack)
{
	struct fabric_grant_slice *slice;
	bool told = false;
	int ret;

	list_for_each_entry(slice, &part->slices, siblings)
		slice->pub.grant_id = grant->obj.id;
	ret = fabric_grant_prepare(part, extack);

	mutex_lock(&grant->lock);
	mutex_lock_nested(&part->lock, SINGLE_DEPTH_NESTING);
	if (!ret && (part->doomed || grant->state != FABRIC_GRANT_STATE_ACTIVE)) {
		NL_SET_ERR_MSG_FMT(extack, "%s", part->doomed ?: grant->reason);
		ret = -ENODEV;
	}
	if (!ret)
		told = merge(grant, part);
	mutex_unlock(&part->lock);
	grant->owned = false;
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE)
		fabric_grant_kick(grant, 0);
	mutex_unlock(&grant->lock);

	if (ret)
		fabric_grant_release_part(part, "It could not be added to its grant");
	else
		fabric_grant_put(part);
	if (told)
		fabric_grant_revoke_async(grant, "A device that it grew on leaves");
	return ret;
}

/* The holder of @grant reaches nothing of @slice any more; @part has it. */
static void move(struct fabric_grant *grant, struct fabric_grant *part,
		 struct fabric_grant_slice *slice)
{
	down_write(&grant->map_lock);
	list_move_tail(&slice->siblings, &part->slices);
	up_write(&grant->map_lock);
	fabric_grant_zap_range(grant, slice->offset, slice->pub.length);
	set_grant(slice, part);
}

/* The slices that @grant, which is locked, can do without to come down to @target, in @part. */
static u64 split(struct fabric_grant *grant, struct fabric_grant *part, u64 target)
{
	struct fabric_grant_slice *slice, *next;
	u64 moved = 0;

	lockdep_assert_held(&grant->lock);
	mutex_lock_nested(&part->lock, SINGLE_DEPTH_NESTING);
	/* What others have a claim on goes first. */
	list_for_each_entry_safe(slice, next, &grant->slices, siblings) {
		if (fabric_slice_keeps(slice) || grant->size - moved - slice->pub.length < target)
			continue;
		moved += slice->pub.length;
		move(grant, part, slice);
	}
	list_for_each_entry_safe_reverse(slice, next, &grant->slices, siblings) {
		if (grant->size - moved < target + slice->pub.length)
			break;
		moved += slice->pub.length;
		move(grant, part, slice);
	}
	part->was_active = moved;
	part->size = moved;
	mutex_unlock(&part->lock);
	grant->size -= moved;
	fabric_victims_sort(grant);
	return moved;
}

/* Cut the tail off a slice of a grant that is owned. */
static int cut(struct fabric_grant *grant, struct fabric_grant_slice *slice, u64 length)
{
	const struct fabric_backend_ops *ops = slice->resource->domain->ops;
	struct fabric_domain *domain = slice->resource->domain;
	u64 less = slice->pub.length - length;
	struct fabric_extent *tail;
	int ret;

	*slice->pub.reason = '\0';
	if (!ops->slice_shrink) {
		strscpy(slice->pub.reason, "Its backend gives back whole slices only");
		return -EOPNOTSUPP;
	}
	tail = kzalloc_obj(*tail);
	if (!tail)
		return -ENOMEM;
	/* Page faults on the tail fail from here on. */
	down_write(&grant->map_lock);
	slice->map_length = length;
	up_write(&grant->map_lock);
	fabric_grant_zap_range(grant, slice->offset + length, less);
	ret = ops->slice_shrink(&slice->pub, length);
	trace_fabric_op("slice_shrink", grant->obj.id, ret);
	if (ret) {
		down_write(&grant->map_lock);
		slice->map_length = slice->pub.length;
		up_write(&grant->map_lock);
		kfree(tail);
		return ret;
	}
	mutex_lock(&grant->lock);
	fabric_queue_freeing();
	mutex_lock(&domain->lock);
	fabric_resource_trim_locked(slice, length, tail);
	mutex_unlock(&domain->lock);
	grant->size -= less;
	fabric_victims_sort(grant);
	mutex_unlock(&grant->lock);
	fabric_queue_kick();
	return 0;
}

/* Cut off what claims are on. */
static int cut_claimed(struct fabric_grant *grant, u64 target, const char **reason)
{
	struct fabric_grant_slice *slice;
	int ret = 0;

	list_for_each_entry(slice, &grant->slices, siblings) {
		u64 keep = fabric_slice_keeps(slice);

		if (ret || !keep || keep == slice->pub.length ||
		    grant->size - (slice->pub.length - keep) < target)
			continue;
		ret = cut(grant, slice, keep);
		*reason = slice->pub.reason;
	}
	return ret;
}

/* The slice whose tail has to go when whole slices have gone, and how much of it stays. */
static struct fabric_grant_slice *slice_to_cut(const struct fabric_grant *grant, u64 target,
					       u64 *length)
{
	struct fabric_grant_slice *slice;
	u64 size = grant->size;

	list_for_each_entry(slice, &grant->slices, siblings) {
		if (!fabric_slice_keeps(slice) && size - slice->pub.length >= target)
			size -= slice->pub.length;
	}
	list_for_each_entry_reverse(slice, &grant->slices, siblings) {
		if (size == target)
			return NULL;
		if (!fabric_slice_keeps(slice) && grant->size - slice->pub.length >= target)
			continue;
		if (size < target + slice->pub.length) {
			*length = slice->pub.length - (size - target);
			return slice;
		}
		size -= slice->pub.length;
	}
	return NULL;
}

/* What was behind the last slice in the file of the grant is not part of it any more. */
static void trim_map(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;

	down_write(&grant->map_lock);
	grant->map_size = 0;
	list_for_each_entry(slice, &grant->slices, siblings)
		grant->map_size = max(grant->map_size, slice->offset + slice->map_length);
	up_write(&grant->map_lock);
}

/*
 * Bring a grant that is owned down to @target. What can fail comes first: the
 * tails. Whole slices always go.
 */
static int shrink(struct fabric_grant *grant, u64 target, const char **reason)
{
	struct fabric_grant_slice *slice;
	struct fabric_grant *part;
	u64 length, moved = 0;
	int ret;

	part = part_alloc(grant, grant->size - target);
	if (!part)
		return -ENOMEM;
	fabric_grant_stop_copies(grant);
	ret = cut_claimed(grant, target, reason);
	if (!ret) {
		slice = slice_to_cut(grant, target, &length);
		if (slice) {
			ret = cut(grant, slice, length);
			*reason = slice->pub.reason;
		}
	}
	if (!ret) {
		mutex_lock(&grant->lock);
		moved = grant->size > target ? split(grant, part, target) : 0;
		mutex_unlock(&grant->lock);
	}
	trim_map(grant);
	fabric_grant_resume_copies(grant);
	if (moved) {
		fabric_grant_hold(part);
		fabric_grant_release_part(part, "Given back by its grant");
	}
	fabric_grant_put(part);
	return ret;
}

/* Whether somebody is to get more of the grant. */
static bool is_claimed(const struct fabric_grant *grant)
{
	const struct fabric_grant_slice *slice;
	bool claimed = false;

	list_for_each_entry(slice, &grant->slices, siblings) {
		struct fabric_domain *domain = slice->resource->domain;

		mutex_lock(&domain->lock);
		claimed |= !list_empty(&slice->claims);
		mutex_unlock(&domain->lock);
	}
	return claimed;
}

/* Whoever counted on the grant has to look for something else. */
static void break_claims(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;
	struct fabric_claim *claim;

	lockdep_assert_held(&grant->lock);
	list_for_each_entry(slice, &grant->slices, siblings) {
		struct fabric_domain *domain = slice->resource->domain;

		mutex_lock(&domain->lock);
		list_for_each_entry(claim, &slice->claims, node)
			claim->to->broken = true;
		mutex_unlock(&domain->lock);
	}
	fabric_queue_kick();
}

/* Another request has something of the grant, which can have it back some day. */
static void note_loss(struct fabric_grant *grant, u64 from)
{
	if (grant->size >= from)
		return;
	fabric_grant_taken(grant, from - grant->size);
	grant->full_size = max(grant->full_size, from);
	grant->restorable = false;
	fabric_shrunken_add(grant);
}

/*
 * What was asked of the grant is done with, if it is small enough or nobody
 * waits for more of it. Engine and grant are locked.
 */
static void shrunk(struct fabric_grant *grant, u64 from)
{
	const struct fabric_notice *notice = grant->notice;

	lockdep_assert_held(&fabric_engine);
	lockdep_assert_held(&grant->lock);
	if (!notice) {
		/* It was the holder's own wish. */
		grant->full_size = 0;
		grant->restorable = false;
		fabric_shrunken_del(grant);
		return;
	}
	if (!notice->by)
		return;
	note_loss(grant, from);
	if (is_claimed(grant) && (!notice->target || grant->size > notice->target))
		return;
	atomic64_inc(&fabric_stats.shrinks);
	fabric_grant_drop_notice(grant);
	break_claims(grant);
}

/* The holder did not shrink the grant in time; its work item does, which owns it. */
void fabric_resize_forced(struct fabric_grant *grant)
{
	u64 from = grant->size, target = grant->notice->target;
	const char *reason = "";
	int ret = 0;

	if (target < from)
		ret = shrink(grant, target, &reason);
	mutex_lock(&fabric_engine);
	mutex_lock(&grant->lock);
	grant->owned = false;
	if (ret) {
		grant->avoid_until = ktime_get_boottime_ns() + AVOID_NS;
		grant->error = ret;
		note_loss(grant, from);
		break_claims(grant);
		fabric_grant_drop_notice(grant);
	} else {
		grant->error = 0;
		shrunk(grant, from);
	}
	if (grant->state == FABRIC_GRANT_STATE_SHRINKING) {
		strscpy(grant->reason, reason);
		fabric_grant_set_state(grant, FABRIC_GRANT_STATE_ACTIVE);
		fabric_deadline_set(grant, fabric_grant_next_deadline(grant));
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	} else {
		fabric_grant_kick(grant, 0);
	}
	mutex_unlock(&grant->lock);
	mutex_unlock(&fabric_engine);
}

/*
 * Reserve what @grant grows by. The engine is locked, the grant is owned. @freed as in
 * struct fabric_want.
 */
static struct fabric_grant *reserve(struct fabric_grant *grant, u64 size, u32 pieces, u64 freed,
				    struct netlink_ext_ack *extack)
{
	struct fabric_want want = { .size = size, .freed = freed };
	struct fabric_search search;
	struct fabric_grant *part;
	int ret;

	lockdep_assert_held(&fabric_engine);
	/* The list does not change, since the grant is owned. */
	pieces = min_t(u32, pieces, FABRIC_SLICES_MAX - list_count_nodes(&grant->slices));
	if (!pieces) {
		NL_SET_ERR_MSG_FMT(extack, "The grant has %u slices, the most that there can be",
				   FABRIC_SLICES_MAX);
		return ERR_PTR(-ENOSPC);
	}
	part = part_alloc(grant, size);
	if (!part)
		return ERR_PTR(-ENOMEM);
	want.pieces = pieces;
	part->req->pieces = pieces;
	want.req = part->req;
	want.priority = part->req->priority;
	ret = fabric_place(part, &want, &search);
	if (ret) {
		if (ret == -ENOSPC)
			ret = fabric_place_refuse(&search, &want, extack);
		fabric_grant_put(part);
		return ERR_PTR(ret);
	}
	/* The reference is the one that the part keeps until it is released. */
	return part;
}

/* The work item of the grant adds what fabric_resize_restore() reserved. */
void fabric_resize_incoming(struct fabric_grant *grant)
{
	struct fabric_grant *part = grant->incoming;
	struct netlink_ext_ack ack = {};
	u64 size = part->size;
	int ret;

	grant->incoming = NULL;
	ret = grow(grant, part, &ack);
	mutex_lock(&fabric_engine);
	mutex_lock(&grant->lock);
	if (ret) {
		grant->avoid_until = ktime_get_boottime_ns() + AVOID_NS;
		fabric_deadline_set(grant, fabric_grant_next_deadline(grant));
	} else if (grant->state == FABRIC_GRANT_STATE_ACTIVE) {
		grant->full_size = 0;
		grant->restorable = false;
		fabric_shrunken_del(grant);
		atomic64_inc(&fabric_stats.restores);
		fabric_record(FABRIC_EVENT_RESIZE, grant, size, 0, "Grown back");
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	mutex_unlock(&grant->lock);
	mutex_unlock(&fabric_engine);
}

/* Tell once whether there is room for what was taken from the grant, which is locked. */
static void tell_restorable(struct fabric_grant *grant, u64 size)
{
	struct fabric_grant_req req = *grant->req;
	const struct fabric_want want = {
		.req = &req,
		.size = size,
		.pieces = req.pieces,
		.priority = req.priority,
	};
	struct fabric_search search;
	bool restorable;

	lockdep_assert_held(&grant->lock);
	req.size = size;
	req.mode = grant->mode;
	restorable = !fabric_place(NULL, &want, &search);
	if (restorable && !grant->restorable) {
		grant->restorable = true;
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	grant->restorable = restorable;
}

/*
 * A grant that something was taken from: grow it back, or tell that it could. What became
 * free since @freed was read is for more important ones, too; whoever frees it comes again.
 */
void fabric_resize_restore(struct fabric_grant *grant, u64 freed)
{
	struct fabric_grant *part;
	u64 size;

	lockdep_assert_held(&fabric_engine);
	if (ktime_get_boottime_ns() < grant->avoid_until)
		return;
	mutex_lock(&grant->lock);
	/* Its holder can have grown it since, and not have said so yet. */
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE || grant->owned || grant->notice ||
	    grant->size >= grant->full_size) {
		mutex_unlock(&grant->lock);
		return;
	}
	size = grant->full_size - grant->size;
	if (!grant->req->restore) {
		tell_restorable(grant, size);
		mutex_unlock(&grant->lock);
		return;
	}
	grant->owned = true;
	mutex_unlock(&grant->lock);

	part = reserve(grant, size, grant->req->pieces, freed, NULL);

	mutex_lock(&grant->lock);
	if (IS_ERR(part)) {
		grant->owned = false;
		if (grant->state != FABRIC_GRANT_STATE_ACTIVE)
			fabric_grant_kick(grant, 0);
	} else {
		/* If the grant has to go meanwhile, the work item undoes the part too. */
		grant->incoming = part;
		fabric_grant_kick(grant, 0);
	}
	mutex_unlock(&grant->lock);
}

/* Whether the grant can be changed like that. Engine and grant are locked. */
static int check(struct fabric_grant *grant, const struct fabric_grant_change *change,
		 const struct net *net, u32 portid, struct netlink_ext_ack *extack)
{
	u64 size = change->has & BIT_ULL(FABRIC_A_GRANT_SIZE) ? change->size : grant->size;
	u64 min = change->has & BIT_ULL(FABRIC_A_GRANT_MIN) ? change->min : grant->req->min;

	if (!grant->obj.registered) {
		NL_SET_ERR_MSG(extack, "The grant is gone");
		return -ENOENT;
	}
	if (grant->owned) {
		NL_SET_ERR_MSG(extack, "The grant is being changed, try again");
		return -EBUSY;
	}
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE) {
		NL_SET_ERR_MSG(extack, "The grant is not active");
		return -ENXIO;
	}
	if (!change->force && fabric_grant_held_by_other(grant, net, portid)) {
		NL_SET_ERR_MSG_FMT(extack, "Held by process %d (%s), use force", grant->pid,
				   grant->comm);
		return -EBUSY;
	}
	if (size > grant->size && !is_zero_ether_addr(grant->req->mac)) {
		NL_SET_ERR_MSG(extack, "The MAC of the grant is one of a single function");
		return -EINVAL;
	}
	if (min > size) {
		NL_SET_ERR_MSG_FMT(extack, "Min is %llu, more than the size %llu", min, size);
		return -EINVAL;
	}
	if (change->has & BIT_ULL(FABRIC_A_GRANT_SIZE) && grant->req->granularity &&
	    size % grant->req->granularity) {
		NL_SET_ERR_MSG(extack, "Size is no multiple of the granularity");
		return -EINVAL;
	}
	if (change->has & BIT_ULL(FABRIC_A_GRANT_PRIORITY))
		return fabric_req_check_priority(grant->req->tenant, change->priority, NULL,
						 extack);
	return 0;
}

/* Sizes are multiples of what the slices are multiples of. */
static int check_align(struct fabric_grant *grant, u64 size, struct netlink_ext_ack *extack)
{
	struct fabric_grant_slice *slice;
	u64 align = 1;

	list_for_each_entry(slice, &grant->slices, siblings)
		align = max(align, fabric_resource_align(slice->resource, slice->pub.mode));
	if (IS_ALIGNED(size, align))
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "Size must be a multiple of %llu", align);
	return -EINVAL;
}

static bool apply_properties(struct fabric_grant *grant, const struct fabric_grant_change *change)
{
	struct fabric_grant_req *req = grant->req;
	bool changed = false;

	if (change->has & BIT_ULL(FABRIC_A_GRANT_PRIORITY)) {
		changed |= req->priority != change->priority;
		req->priority = change->priority;
	}
	if (change->has & BIT_ULL(FABRIC_A_GRANT_MIN)) {
		changed |= req->min != change->min;
		req->min = change->min;
	}
	if (change->has & BIT_ULL(FABRIC_A_GRANT_RECLAIMABLE)) {
		changed |= req->reclaimable != change->reclaimable;
		req->reclaimable = change->reclaimable;
	}
	if (change->has & BIT_ULL(FABRIC_A_GRANT_GRACE)) {
		changed |= req->grace != change->grace;
		req->grace = change->grace;
	}
	if (change->has & BIT_ULL(FABRIC_A_GRANT_RESTORE)) {
		changed |= req->restore != change->restore;
		req->restore = change->restore;
	}
	if (changed)
		fabric_victims_sort(grant);
	return changed;
}

/* The grant is owned; the engine is locked, and is not afterwards. */
static int resize(struct fabric_grant *grant, const struct fabric_grant_change *change,
		  struct netlink_ext_ack *extack)
{
	struct fabric_grant *part = NULL;
	u64 from = grant->size;
	const char *reason = "";
	int ret = 0;

	if (change->size > from) {
		part = reserve(grant, change->size - from, change->pieces, 0, extack);
		if (IS_ERR(part))
			ret = PTR_ERR(part);
	}
	mutex_unlock(&fabric_engine);
	if (!ret && part)
		return grow(grant, part, extack);
	if (!ret) {
		ret = shrink(grant, change->size, &reason);
		if (ret)
			NL_SET_ERR_MSG_FMT(extack, "%s", *reason ? reason : "It can't be shrunk");
	}
	mutex_lock(&fabric_engine);
	mutex_lock(&grant->lock);
	grant->owned = false;
	if (!ret)
		shrunk(grant, from);
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE)
		fabric_grant_kick(grant, 0);
	mutex_unlock(&grant->lock);
	mutex_unlock(&fabric_engine);
	return ret;
}

int fabric_grant_set(struct fabric_grant *grant, const struct fabric_grant_change *change,
		     const struct net *net, u32 portid, struct netlink_ext_ack *extack)
{
	bool resizes, changed;
	int ret;

	if (change->size && grant->req->kind == FABRIC_KIND_FUNCTION)
		fabric_domain_refresh_all(grant->req->domain_id);
	mutex_lock(&fabric_engine);
	mutex_lock(&grant->lock);
	ret = check(grant, change, net, portid, extack);
	resizes = !ret && change->has & BIT_ULL(FABRIC_A_GRANT_SIZE) &&
		  change->size != grant->size;
	if (resizes)
		ret = check_align(grant, change->size, extack);
	if (!ret && resizes)
		grant->owned = true;
	mutex_unlock(&grant->lock);
	if (ret) {
		mutex_unlock(&fabric_engine);
		return ret;
	}
	if (resizes) {
		ret = resize(grant, change, extack);
		if (ret)
			return ret;
		mutex_lock(&fabric_engine);
	}
	mutex_lock(&grant->lock);
	changed = apply_properties(grant, change);
	if (resizes && grant->size >= grant->full_size) {
		grant->full_size = 0;
		grant->restorable = false;
		fabric_shrunken_del(grant);
	}
	if (resizes) {
		grant->resizes++;
		fabric_record(FABRIC_EVENT_RESIZE, grant, grant->size, 0, "Changed on request");
	}
	if (changed || resizes)
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	mutex_unlock(&grant->lock);
	mutex_unlock(&fabric_engine);
	fabric_queue_kick();
	return 0;
}

/* The lease starts anew, with @lease if @has_lease. */
int fabric_grant_renew(struct fabric_grant *grant, bool has_lease, u64 lease,
		       struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&fabric_engine);
	mutex_lock(&grant->lock);
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE) {
		NL_SET_ERR_MSG(extack, "The grant is not active");
		ret = -ENXIO;
	} else if (!has_lease && !grant->req->lease) {
		NL_SET_ERR_MSG(extack, "The grant has no lease, say how long it is to be");
		ret = -EINVAL;
	} else {
		if (has_lease)
			grant->req->lease = lease;
		grant->lease_end = grant->req->lease ? ktime_get_boottime_ns() +
				   grant->req->lease * NSEC_PER_MSEC : 0;
		grant->renewals++;
		/* A notice that only the lease was the reason of is done with. */
		if (grant->notice && !grant->notice->by && !grant->notice->forced)
			fabric_grant_drop_notice(grant);
		fabric_deadline_set(grant, fabric_grant_next_deadline(grant));
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	mutex_unlock(&grant->lock);
	mutex_unlock(&fabric_engine);
	return ret;
}
