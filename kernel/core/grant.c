// SPDX-License-Identifier: GPL-2.0
/*
 * Grants: reserve, prepare, commit; revoke, release.
 *
 * Ops of the backend run without locks. Who may run them is said by the state:
 *
 *   preparing              the request that made the grant, or the work item of
 *                          the grant when it comes out of the queue
 *   active, shrinking,     whoever set @owned: a request that changes or deletes
 *   revoking, quarantined  the grant, or its work item. The work item goes on
 *                          taking it back, with growing delay, until nothing is
 *                          left.
 *
 * Everybody else who wants the grant to go says so and leaves: @doomed while it
 * is being prepared, fabric_grant_revoke_async() otherwise. A queued request has
 * nothing that ops were run on; it belongs to the queue.
 */
#include <kunit/visibility.h>
#include <linux/cred.h>
#include <linux/etherdevice.h>
#include <linux/hashtable.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

#define BACKOFF_MIN	(HZ / 50)
#define BACKOFF_MAX	(HZ / 2)

struct fabric_registry fabric_grants = FABRIC_REGISTRY_INIT(fabric_grants.xa);

static struct workqueue_struct *grant_wq;

/* Grants bound to sockets, by port id. */
static DEFINE_HASHTABLE(sockets, 8);
static DEFINE_SPINLOCK(sockets_lock);

struct fabric_grant *fabric_grant_get(u32 id)
{
	struct fabric_object *obj = fabric_object_get(&fabric_grants, id);

	return obj ? container_of(obj, struct fabric_grant, obj) : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(fabric_grant_get);

void fabric_grant_hold(struct fabric_grant *grant)
{
	fabric_object_hold(&grant->obj);
}

void fabric_grant_put(struct fabric_grant *grant)
{
	if (grant)
		fabric_object_put(&grant->obj);
}
EXPORT_SYMBOL_IF_KUNIT(fabric_grant_put);

static void fabric_grant_free(struct fabric_object *obj)
{
	struct fabric_grant *grant = container_of(obj, struct fabric_grant, obj);
	struct fabric_grant_slice *slice, *next;

	list_for_each_entry_safe(slice, next, &grant->slices, siblings)
		fabric_slice_free(slice);
	WARN_ON(!list_empty(&grant->files) || !list_empty(&grant->queue_node) ||
		!list_empty(&grant->shrunken_node) || !hlist_unhashed(&grant->token_node) ||
		!hlist_unhashed(&grant->socket_node) || !RB_EMPTY_NODE(&grant->deadline.node));
	pr_debug("grant %u: destroyed\n", obj->id);
	if (grant->req->tenant)
		atomic_dec(&grant->req->tenant->nr_grants);
	fabric_req_free(grant->req);
	kfree(grant->notice);
	kfree(grant->history);
	mutex_destroy(&grant->lock);
	kfree_rcu(grant, obj.rcu);
}

/* Whether nothing of it is left. */
bool fabric_grant_ended(const struct fabric_grant *grant)
{
	return grant->state == FABRIC_GRANT_STATE_RELEASED ||
	       grant->state == FABRIC_GRANT_STATE_FAILED ||
	       grant->state == FABRIC_GRANT_STATE_EXPIRED;
}

static u64 ms_left(u64 deadline)
{
	u64 now = ktime_get_boottime_ns();

	return deadline > now ? div_u64(deadline - now, NSEC_PER_MSEC) : 0;
}

static u64 ms_since(u64 time)
{
	return div_u64(ktime_get_boottime_ns() - time, NSEC_PER_MSEC);
}

static int fill_slices(struct sk_buff *skb, const struct fabric_grant *grant)
{
	const struct fabric_grant_slice *slice;
	unsigned int index = 0;

	/* What a queued request has is a part of what it waits for. */
	if (grant->state == FABRIC_GRANT_STATE_QUEUED)
		return 0;
	list_for_each_entry(slice, &grant->slices, siblings) {
		struct nlattr *nest;

		if (!slice->resource)
			continue;
		nest = nla_nest_start(skb, FABRIC_A_GRANT_SLICE);
		if (!nest || fabric_slice_put_attrs(skb, slice, index++))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int fill_network(struct sk_buff *skb, const struct fabric_grant_req *req)
{
	char mac[3 * ETH_ALEN];

	snprintf(mac, sizeof(mac), "%pM", req->mac);
	if ((!is_zero_ether_addr(req->mac) && nla_put_string(skb, FABRIC_A_GRANT_MAC, mac)) ||
	    (req->vlan && nla_put_u32(skb, FABRIC_A_GRANT_VLAN, req->vlan)))
		return -EMSGSIZE;
	return 0;
}

static int fill_request(struct sk_buff *skb, const struct fabric_grant_req *req)
{
	if ((req->capability &&
	     nla_put_string(skb, FABRIC_A_GRANT_CAPABILITY, req->capability)) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_KIND, req->kind) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_HOLDER, req->holder) ||
	    (req->tenant && nla_put_string(skb, FABRIC_A_GRANT_TENANT, req->tenant->name)) ||
	    (req->token && nla_put_string(skb, FABRIC_A_GRANT_TOKEN, req->token)) ||
	    (req->driver && nla_put_string(skb, FABRIC_A_GRANT_DRIVER, req->driver)) ||
	    (req->group && nla_put_flag(skb, FABRIC_A_GRANT_GROUP)) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_PRIORITY, req->priority) ||
	    (req->min && nla_put_uint(skb, FABRIC_A_GRANT_MIN, req->min)) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_RECLAIMABLE, req->reclaimable) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_GRACE, req->grace) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_PIECES, req->pieces) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_PLACEMENT, req->placement) ||
	    (req->lease && nla_put_uint(skb, FABRIC_A_GRANT_LEASE, req->lease)) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_RESTORE, req->restore) ||
	    (req->bandwidth_min &&
	     nla_put_u32(skb, FABRIC_A_GRANT_BANDWIDTH_MIN, req->bandwidth_min)) ||
	    (req->bandwidth_max &&
	     nla_put_u32(skb, FABRIC_A_GRANT_BANDWIDTH_MAX, req->bandwidth_max)))
		return -EMSGSIZE;
	return fill_network(skb, req);
}

static int fill_queued(struct sk_buff *skb, const struct fabric_grant *grant)
{
	if (grant->queued_ns &&
	    nla_put_uint(skb, FABRIC_A_GRANT_QUEUE_TIME, div_u64(grant->queued_ns, NSEC_PER_MSEC)))
		return -EMSGSIZE;
	if (grant->state != FABRIC_GRANT_STATE_QUEUED)
		return 0;
	if (nla_put_u32(skb, FABRIC_A_GRANT_POSITION, READ_ONCE(grant->position)) ||
	    (grant->wait_end &&
	     nla_put_uint(skb, FABRIC_A_GRANT_WAIT_LEFT, ms_left(grant->wait_end))))
		return -EMSGSIZE;
	return 0;
}

static int fill_notice(struct sk_buff *skb, const struct fabric_notice *notice)
{
	struct nlattr *nest;

	if (!notice)
		return 0;
	nest = nla_nest_start(skb, FABRIC_A_GRANT_NOTICE);
	if (!nest || nla_put_string(skb, FABRIC_A_NOTICE_REASON, notice->reason) ||
	    (notice->by && (nla_put_u32(skb, FABRIC_A_NOTICE_BY, notice->by) ||
			    nla_put_u32(skb, FABRIC_A_NOTICE_PRIORITY, notice->priority))) ||
	    nla_put_uint(skb, FABRIC_A_NOTICE_TARGET, notice->target) ||
	    nla_put_uint(skb, FABRIC_A_NOTICE_LEFT, ms_left(notice->deadline)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_taken(struct sk_buff *skb, const struct fabric_taken *taken)
{
	struct nlattr *nest = nla_nest_start(skb, FABRIC_A_GRANT_TAKEN);

	if (!nest || nla_put_u32(skb, FABRIC_A_TAKEN_BY, taken->by) ||
	    nla_put_u32(skb, FABRIC_A_TAKEN_PRIORITY, taken->priority) ||
	    nla_put_uint(skb, FABRIC_A_TAKEN_SIZE, taken->size) ||
	    nla_put_uint(skb, FABRIC_A_TAKEN_AGE, ms_since(taken->time)) ||
	    (*taken->tenant && nla_put_string(skb, FABRIC_A_TAKEN_TENANT, taken->tenant)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_history(struct sk_buff *skb, const struct fabric_grant *grant)
{
	unsigned int i;

	if (fill_notice(skb, grant->notice) ||
	    (grant->full_size && nla_put_uint(skb, FABRIC_A_GRANT_FULL_SIZE, grant->full_size)) ||
	    (grant->restorable && nla_put_u32(skb, FABRIC_A_GRANT_RESTORABLE, 1)) ||
	    (grant->lease_end &&
	     nla_put_uint(skb, FABRIC_A_GRANT_LEASE_LEFT, ms_left(grant->lease_end))) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_RECLAIMS, grant->reclaims) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_RESIZES, grant->resizes) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_RENEWALS, grant->renewals))
		return -EMSGSIZE;
	for (i = 0; grant->history && i < grant->history->nr; i++) {
		if (fill_taken(skb, &grant->history->taken[i]))
			return -EMSGSIZE;
	}
	return 0;
}

int fabric_grant_fill_fd(struct sk_buff *skb, const struct genl_info *info,
			 const struct fabric_grant *grant, int fd)
{
	bool queued = grant->state == FABRIC_GRANT_STATE_QUEUED;
	enum fabric_mode mode = grant->mode ?: grant->req->mode;
	void *hdr;

	lockdep_assert_held(&grant->lock);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_GRANT_ID, grant->obj.id) ||
	    nla_put_uint(skb, FABRIC_A_GRANT_SIZE, queued ? grant->req->size : grant->size) ||
	    (mode && nla_put_u32(skb, FABRIC_A_GRANT_MODE, mode)) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_STATE, grant->state) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_PID, grant->pid) ||
	    nla_put_string(skb, FABRIC_A_GRANT_COMM, grant->comm) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_UID, from_kuid(&init_user_ns, grant->uid)) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_GID, from_kgid(&init_user_ns, grant->gid)) ||
	    nla_put_uint(skb, FABRIC_A_GRANT_AGE, ms_since(grant->created)) ||
	    (*grant->reason && nla_put_string(skb, FABRIC_A_GRANT_REASON, grant->reason)) ||
	    (grant->error && nla_put_u32(skb, FABRIC_A_GRANT_ERROR, -grant->error)) ||
	    (fd >= 0 && nla_put_u32(skb, FABRIC_A_GRANT_FD, fd)) ||
	    fill_request(skb, grant->req) || fill_queued(skb, grant) ||
	    fill_history(skb, grant) || fill_slices(skb, grant)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int fabric_grant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_grant_fill_fd(skb, info, obj, -1);
}

/* Listeners are told, and the readers of its files. */
void fabric_grant_notify(struct fabric_grant *grant, u8 cmd)
{
	lockdep_assert_held(&grant->lock);
	fabric_grants_changed();
	atomic_inc(&grant->version);
	wake_up_all(&grant->wait);
	fabric_nl_notify(cmd, FABRIC_NLGRP_GRANTS, fabric_grant_fill, grant);
}

void fabric_grant_set_state(struct fabric_grant *grant, enum fabric_grant_state state)
{
	lockdep_assert_held(&grant->lock);
	trace_fabric_grant_state(grant->obj.id, grant->state, state, grant->size, grant->reason);
	grant->state = state;
	/* What it can be asked for changes. */
	if (state == FABRIC_GRANT_STATE_ACTIVE || state == FABRIC_GRANT_STATE_REVOKING)
		fabric_victims_sort(grant);
}

static void socket_bind(struct fabric_grant *grant)
{
	grant->net = grant->req->net;
	grant->portid = grant->req->portid;
	spin_lock(&sockets_lock);
	hash_add(sockets, &grant->socket_node, grant->portid);
	spin_unlock(&sockets_lock);
}

static void socket_unbind(struct fabric_grant *grant)
{
	spin_lock(&sockets_lock);
	if (!hlist_unhashed(&grant->socket_node))
		hash_del(&grant->socket_node);
	spin_unlock(&sockets_lock);
}

/* A request ends that got nothing. The caller puts its reference. */
void fabric_grant_end(struct fabric_grant *grant, enum fabric_grant_state state)
{
	lockdep_assert_held(&grant->lock);
	socket_unbind(grant);
	fabric_grant_set_state(grant, state);
	grant->obj.registered = false;
	fabric_grant_notify(grant, FABRIC_CMD_GRANT_DEL_NTF);
}

void fabric_grant_kick(struct fabric_grant *grant, unsigned long delay)
{
	/* A pending work item has a reference already. */
	fabric_grant_hold(grant);
	if (mod_delayed_work(grant_wq, &grant->work, delay))
		fabric_grant_put(grant);
}

/* When something has to happen to it by itself. For one in the queue it is its wait_end. */
u64 fabric_grant_next_deadline(const struct fabric_grant *grant)
{
	lockdep_assert_held(&grant->lock);
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE)
		return 0;
	if (grant->notice)
		return grant->notice->forced ? 0 : grant->notice->deadline;
	if (grant->lease_end && grant->avoid_until)
		return min(grant->lease_end, grant->avoid_until);
	return grant->lease_end ?: grant->avoid_until;
}

void fabric_grant_drop_notice(struct fabric_grant *grant)
{
	lockdep_assert_held(&fabric_engine);
	lockdep_assert_held(&grant->lock);
	kfree(grant->notice);
	grant->notice = NULL;
	fabric_deadline_set(grant, fabric_grant_next_deadline(grant));
}

/* @size was taken from the grant by who gave notice. */
void fabric_grant_taken(struct fabric_grant *grant, u64 size)
{
	const struct fabric_notice *notice = grant->notice;
	struct fabric_history *history = grant->history;
	struct fabric_taken *taken;

	lockdep_assert_held(&grant->lock);
	grant->reclaims++;
	fabric_record(FABRIC_EVENT_RECLAIM, grant, size, notice->by, notice->reason);
	/* The history is for people; without memory for it, the record has it. */
	if (!history)
		history = kzalloc_obj(*history);
	if (!history)
		return;
	grant->history = history;
	if (history->nr == FABRIC_TAKEN_MAX) {
		memmove(&history->taken[0], &history->taken[1],
			(FABRIC_TAKEN_MAX - 1) * sizeof(*taken));
		history->nr--;
	}
	taken = &history->taken[history->nr++];
	taken->by = notice->by;
	taken->priority = notice->priority;
	taken->size = size;
	taken->time = ktime_get_boottime_ns();
	strscpy(taken->tenant, notice->tenant);
}

/* The slice, which has its extent, is the last of the grant. */
void fabric_grant_append(struct fabric_grant *grant, struct fabric_grant_slice *slice)
{
	mutex_lock(&grant->lock);
	down_write(&grant->map_lock);
	slice->offset = grant->map_size;
	slice->map_length = slice->pub.length;
	grant->map_size += slice->pub.length;
	list_add_tail(&slice->siblings, &grant->slices);
	up_write(&grant->map_lock);
	grant->mode = slice->pub.mode;
	mutex_unlock(&grant->lock);
}

/*
 * Give back the last slice, on which no op was run. Whoever undoes what it has
 * just reserved wakes nobody: what was free before is free again.
 */
void fabric_grant_drop_last(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;

	mutex_lock(&grant->lock);
	down_write(&grant->map_lock);
	slice = list_last_entry(&grant->slices, struct fabric_grant_slice, siblings);
	list_del(&slice->siblings);
	grant->map_size = slice->offset;
	up_write(&grant->map_lock);
	mutex_unlock(&grant->lock);
	fabric_slice_give(slice, NULL);
	fabric_slice_free(slice);
}

/* Still in the grant because the host uses it, as opposed to quarantined. */
static bool stays(const struct fabric_grant_slice *slice)
{
	return slice->error == -EAGAIN && slice->step == FABRIC_SLICE_STEP_COMMITTED;
}

static void record_end(struct fabric_grant *grant)
{
	/* A part of a grant that nobody knows of goes with the change of that grant. */
	if (!grant->was_active || !grant->announced)
		return;
	/* One that did not come back at once has become known without ever being granted. */
	if (grant->counted)
		atomic64_inc(&fabric_stats.releases);
	if (grant->notice && grant->notice->by) {
		atomic64_inc(&fabric_stats.revokes);
		fabric_record(FABRIC_EVENT_RECLAIM, grant, grant->size, grant->notice->by,
			      grant->reason);
	} else {
		fabric_record(FABRIC_EVENT_RELEASE, grant, grant->size, 0, grant->reason);
	}
}

/* Record the outcome of an attempt whose slices all came back. */
static void settle_released(struct fabric_grant *grant, unsigned int left)
{
	struct fabric_grant_slice *slice;

	record_end(grant);
	/* Bound in the queue, it can have failed before it was active. */
	socket_unbind(grant);
	fabric_grant_set_state(grant, grant->was_active ? FABRIC_GRANT_STATE_RELEASED :
							  FABRIC_GRANT_STATE_FAILED);
	grant->error = 0;
	grant->obj.registered = false;
	fabric_queue_freeing();
	list_for_each_entry_reverse(slice, &grant->slices, siblings) {
		if (slice->resource)
			fabric_slice_give(slice, --left == 0 && grant->announced ? grant : NULL);
	}
	fabric_queue_kick();
	wake_up_all(&grant->wait);
}

/* Record the outcome of an attempt that left slices behind, and plan the next. */
static void settle_stuck(struct fabric_grant *grant)
{
	enum fabric_grant_state state = FABRIC_GRANT_STATE_QUARANTINED;
	const struct fabric_grant_slice *stuck = NULL;
	struct fabric_grant_slice *slice;
	bool changed;

	fabric_queue_freeing();
	list_for_each_entry_reverse(slice, &grant->slices, siblings) {
		if (!slice->resource)
			continue;
		if (!slice->error) {
			fabric_slice_give(slice, NULL);
			continue;
		}
		if (stays(slice)) {
			state = FABRIC_GRANT_STATE_REVOKING;
			fabric_resource_slice_state(slice, FABRIC_SLICE_STATE_GRANTED);
		} else {
			fabric_resource_slice_state(slice, FABRIC_SLICE_STATE_QUARANTINED);
		}
		if (!stuck || stays(slice))
			stuck = slice;
	}
	changed = grant->state != state || grant->error != stuck->error ||
		  (*stuck->pub.reason && strcmp(grant->reason, stuck->pub.reason));
	if (*stuck->pub.reason)
		strscpy(grant->reason, stuck->pub.reason);
	grant->error = stuck->error;
	if (changed) {
		if (state == FABRIC_GRANT_STATE_QUARANTINED)
			fabric_record(FABRIC_EVENT_QUARANTINE, grant, grant->size, 0,
				      grant->reason);
		fabric_grant_set_state(grant, state);
		grant->announced = true;
		grant->obj.registered = true;
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	fabric_grant_kick(grant, grant->backoff);
	grant->backoff = min(2 * grant->backoff, (unsigned long)BACKOFF_MAX);
	/* Somebody may have counted on what is stuck. */
	fabric_queue_kick();
}

/* What the engine knows of the grant ends before the grant does. */
static void leave_engine(struct fabric_grant *grant)
{
	if (hlist_unhashed(&grant->token_node) && list_empty(&grant->shrunken_node))
		return;
	mutex_lock(&fabric_engine);
	fabric_token_del(grant);
	fabric_shrunken_del(grant);
	mutex_unlock(&fabric_engine);
}

/* Take back what is left of the grant. The caller set @owned. */
bool fabric_grant_undo(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;
	unsigned int left = 0, stuck = 0;

	leave_engine(grant);
	fabric_grant_zap(grant);
	/* Nobody else changes the list while the grant is owned and not active. */
	list_for_each_entry_reverse(slice, &grant->slices, siblings) {
		if (!slice->resource)
			continue;
		left++;
		WRITE_ONCE(slice->error, fabric_slice_undo(slice));
		if (slice->error)
			stuck++;
	}

	mutex_lock(&grant->lock);
	grant->owned = false;
	if (stuck)
		settle_stuck(grant);
	else
		settle_released(grant, left);
	mutex_unlock(&grant->lock);

	if (stuck)
		return false;
	/* Nothing wants it back any more: drop the reference of its work, and its own. */
	if (cancel_delayed_work(&grant->work))
		fabric_grant_put(grant);
	fabric_grant_put(grant);
	return true;
}

/* Everything worked: the holder has it from here on. */
static void grant_activate(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;

	lockdep_assert_held(&grant->lock);
	list_for_each_entry(slice, &grant->slices, siblings) {
		fabric_resource_slice_state(slice, FABRIC_SLICE_STATE_GRANTED);
		grant->size += slice->pub.length;
	}
	if (grant->req->holder == FABRIC_HOLDER_SOCKET && hlist_unhashed(&grant->socket_node))
		socket_bind(grant);
	down_write(&grant->map_lock);
	grant->mappable = grant->mode == FABRIC_MODE_MAP;
	up_write(&grant->map_lock);
	grant->was_active = true;
	*grant->reason = '\0';
	fabric_grant_set_state(grant, FABRIC_GRANT_STATE_ACTIVE);
	if (grant->req->lease) {
		grant->lease_end = ktime_get_boottime_ns() + grant->req->lease * NSEC_PER_MSEC;
		fabric_deadline_set(grant, grant->lease_end);
	}
	grant->announced = true;
	grant->counted = true;
	atomic64_inc(&fabric_stats.grants);
	fabric_record_wait(grant->queued_ns);
	fabric_record(FABRIC_EVENT_GRANT, grant, grant->size, 0, NULL);
	fabric_grant_notify(grant, FABRIC_CMD_GRANT_NEW_NTF);
}

int fabric_grant_prepare(struct fabric_grant *grant, struct netlink_ext_ack *extack)
{
	struct fabric_grant_slice *slice;
	int ret;

	list_for_each_entry(slice, &grant->slices, siblings) {
		ret = fabric_slice_prepare(slice, extack);
		if (ret)
			return ret;
	}
	list_for_each_entry(slice, &grant->slices, siblings) {
		ret = fabric_slice_commit(slice, extack);
		if (ret)
			return ret;
	}
	return 0;
}

/* Run the ops of a grant that has its extents. After an error it is undone. */
static int grant_make(struct fabric_grant *grant, struct netlink_ext_ack *extack)
{
	int ret;

	ret = fabric_grant_prepare(grant, extack);
	mutex_lock(&grant->lock);
	if (!ret && grant->doomed) {
		NL_SET_ERR_MSG_FMT(extack, "%s", grant->doomed);
		ret = -ENODEV;
	}
	if (ret) {
		strscpy(grant->reason, extack->_msg ?: "It could not be prepared");
		fabric_grant_set_state(grant, FABRIC_GRANT_STATE_REVOKING);
		grant->owned = true;
		mutex_unlock(&grant->lock);
		fabric_grant_undo(grant);
		return ret;
	}
	grant_activate(grant);
	mutex_unlock(&grant->lock);
	return 0;
}

/* A request leaves the queue with all the capacity that it wants. */
void fabric_grant_start(struct fabric_grant *grant)
{
	lockdep_assert_held(&fabric_engine);
	fabric_queue_del(grant);
	grant->plan = false;
	mutex_lock(&grant->lock);
	grant->queued_ns = ktime_get_boottime_ns() - grant->created;
	*grant->reason = '\0';
	fabric_grant_set_state(grant, FABRIC_GRANT_STATE_PREPARING);
	fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	fabric_grant_kick(grant, 0);
	mutex_unlock(&grant->lock);
}

static void grant_work(struct work_struct *work)
{
	struct fabric_grant *grant = container_of(to_delayed_work(work), struct fabric_grant, work);
	struct netlink_ext_ack ack = {};
	enum fabric_grant_state state;
	bool incoming, mine = false;

	mutex_lock(&grant->lock);
	state = grant->state;
	incoming = grant->incoming;
	if (!grant->owned && (state == FABRIC_GRANT_STATE_REVOKING ||
			      state == FABRIC_GRANT_STATE_QUARANTINED ||
			      state == FABRIC_GRANT_STATE_SHRINKING)) {
		grant->owned = true;
		mine = true;
	}
	mutex_unlock(&grant->lock);
	/* What it was to grow by is here for this work item alone. */
	if (incoming)
		fabric_resize_incoming(grant);
	else if (state == FABRIC_GRANT_STATE_PREPARING)
		grant_make(grant, &ack);
	else if (mine && state == FABRIC_GRANT_STATE_SHRINKING)
		fabric_resize_forced(grant);
	else if (mine)
		fabric_grant_undo(grant);
	fabric_grant_put(grant);
}

static void begin_revoke(struct fabric_grant *grant, const char *reason)
{
	lockdep_assert_held(&grant->lock);
	strscpy(grant->reason, reason);
	fabric_grant_set_state(grant, FABRIC_GRANT_STATE_REVOKING);
	socket_unbind(grant);
	fabric_deadline_clear(grant);
	fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
}

/*
 * Give back what a part has that no grant wants: whole slices that another
 * grant gave up, or that it could not grow by.
 */
void fabric_grant_release_part(struct fabric_grant *part, const char *reason)
{
	mutex_lock(&part->lock);
	strscpy(part->reason, reason);
	fabric_grant_set_state(part, FABRIC_GRANT_STATE_REVOKING);
	part->owned = true;
	mutex_unlock(&part->lock);
	fabric_grant_undo(part);
}

/*
 * The grant has to go; its holder, or what it is made of, does. Returns at
 * once. A queued request only looks for something else.
 */
void fabric_grant_revoke_async(struct fabric_grant *grant, const char *reason)
{
	mutex_lock(&grant->lock);
	switch (grant->state) {
	case FABRIC_GRANT_STATE_QUEUED:
		fabric_queue_kick();
		break;
	case FABRIC_GRANT_STATE_PREPARING:
		grant->doomed = reason;
		break;
	case FABRIC_GRANT_STATE_ACTIVE:
	case FABRIC_GRANT_STATE_SHRINKING:
		begin_revoke(grant, reason);
		fallthrough;
	case FABRIC_GRANT_STATE_REVOKING:
	case FABRIC_GRANT_STATE_QUARANTINED:
		fabric_grant_kick(grant, 0);
		break;
	default:
		break;
	}
	mutex_unlock(&grant->lock);
}
EXPORT_SYMBOL_IF_KUNIT(fabric_grant_revoke_async);

/* Nobody waits for the request or holds the grant any more. */
void fabric_grant_abandon(struct fabric_grant *grant, const char *reason)
{
	bool queued;

	/* It never becomes queued again. */
	if (READ_ONCE(grant->state) == FABRIC_GRANT_STATE_QUEUED) {
		mutex_lock(&fabric_engine);
		queued = !list_empty(&grant->queue_node);
		if (queued)
			fabric_queue_cancel(grant, FABRIC_GRANT_STATE_FAILED, reason);
		mutex_unlock(&fabric_engine);
		if (queued)
			return;
	}
	fabric_grant_revoke_async(grant, reason);
}

/* Nobody waits for a request any more, whose grant lives on without if it is there already. */
void fabric_grant_stop_waiting(struct fabric_grant *grant, const char *reason)
{
	switch (READ_ONCE(grant->state)) {
	case FABRIC_GRANT_STATE_QUEUED:
	case FABRIC_GRANT_STATE_PREPARING:
		fabric_grant_abandon(grant, reason);
		break;
	default:
		break;
	}
}

void fabric_grant_socket_closed(const struct net *net, u32 portid)
{
	struct fabric_grant *grant, *found;

	do {
		found = NULL;
		spin_lock(&sockets_lock);
		hash_for_each_possible(sockets, grant, socket_node, portid) {
			if (grant->portid == portid && grant->net == net) {
				found = grant;
				hash_del(&grant->socket_node);
				fabric_grant_hold(grant);
				break;
			}
		}
		spin_unlock(&sockets_lock);
		if (found) {
			fabric_grant_abandon(found, "The socket of its holder was closed");
			fabric_grant_put(found);
		}
	} while (found);
}

bool fabric_grant_held_by_other(const struct fabric_grant *grant, const struct net *net,
				u32 portid)
{
	switch (grant->req->holder) {
	case FABRIC_HOLDER_FILE:
		return grant->pid != task_tgid_nr(current);
	case FABRIC_HOLDER_SOCKET:
		return grant->net != net || grant->portid != portid;
	default:
		return false;
	}
}

static int refuse_del(const struct fabric_grant *grant, bool force, const struct net *net,
		      u32 portid, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&grant->lock);
	switch (grant->state) {
	case FABRIC_GRANT_STATE_PREPARING:
		NL_SET_ERR_MSG(extack, "The grant is being prepared, try again");
		return -EBUSY;
	case FABRIC_GRANT_STATE_ACTIVE:
	case FABRIC_GRANT_STATE_QUEUED:
		break;
	case FABRIC_GRANT_STATE_SHRINKING:
		NL_SET_ERR_MSG(extack, "The grant is being shrunk, try again");
		return -EBUSY;
	case FABRIC_GRANT_STATE_REVOKING:
	case FABRIC_GRANT_STATE_QUARANTINED:
		NL_SET_ERR_MSG_FMT(extack, "Being released: %s", grant->reason);
		return -EINPROGRESS;
	default:
		NL_SET_ERR_MSG(extack, "No such grant");
		return -ENOENT;
	}
	if (grant->owned) {
		NL_SET_ERR_MSG(extack, "The grant is being resized, try again");
		return -EBUSY;
	}
	if (!force && fabric_grant_held_by_other(grant, net, portid)) {
		NL_SET_ERR_MSG_FMT(extack, "Held by process %d (%s), end it or use force",
				   grant->pid, grant->comm);
		return -EBUSY;
	}
	return 0;
}

/* Withdraw a queued request. Returns -EAGAIN when it left the queue meanwhile. */
static int cancel(struct fabric_grant *grant)
{
	int ret = -EAGAIN;

	mutex_lock(&fabric_engine);
	if (!list_empty(&grant->queue_node)) {
		fabric_queue_cancel(grant, FABRIC_GRANT_STATE_FAILED, "Withdrawn on request");
		ret = 0;
	}
	mutex_unlock(&fabric_engine);
	return ret;
}

int fabric_grant_del(struct fabric_grant *grant, bool force, const struct net *net, u32 portid,
		     struct netlink_ext_ack *extack)
{
	int ret;

	mutex_lock(&grant->lock);
	ret = refuse_del(grant, force, net, portid, extack);
	if (ret) {
		mutex_unlock(&grant->lock);
		return ret;
	}
	if (grant->state == FABRIC_GRANT_STATE_QUEUED) {
		mutex_unlock(&grant->lock);
		ret = cancel(grant);
		if (ret == -EAGAIN)
			NL_SET_ERR_MSG(extack, "The grant is being prepared, try again");
		return ret == -EAGAIN ? -EBUSY : ret;
	}
	begin_revoke(grant, "Deleted on request");
	grant->owned = true;
	mutex_unlock(&grant->lock);

	if (fabric_grant_undo(grant))
		return 0;
	mutex_lock(&grant->lock);
	NL_SET_ERR_MSG_FMT(extack, "Being released: %s", grant->reason);
	mutex_unlock(&grant->lock);
	return -EINPROGRESS;
}
EXPORT_SYMBOL_IF_KUNIT(fabric_grant_del);

/* Takes over @req, also with an error. */
struct fabric_grant *fabric_grant_alloc(struct fabric_grant_req *req)
{
	struct fabric_grant *grant = kzalloc_obj(*grant);

	if (!grant) {
		fabric_req_free(req);
		return NULL;
	}
	pr_debug("grant of %llu: created\n", req->size);
	fabric_object_init(&grant->obj, fabric_grant_free);
	mutex_init(&grant->lock);
	grant->state = FABRIC_GRANT_STATE_PREPARING;
	grant->req = req;
	if (req->tenant)
		atomic_inc(&req->tenant->nr_grants);
	grant->pid = task_tgid_nr(current);
	grant->uid = current_euid();
	grant->gid = current_egid();
	get_task_comm(grant->comm, current);
	grant->created = ktime_get_boottime_ns();
	init_rwsem(&grant->map_lock);
	INIT_LIST_HEAD(&grant->files);
	INIT_LIST_HEAD(&grant->slices);
	INIT_LIST_HEAD(&grant->queue_node);
	INIT_LIST_HEAD(&grant->shrunken_node);
	RB_CLEAR_NODE(&grant->deadline.node);
	init_waitqueue_head(&grant->wait);
	INIT_DELAYED_WORK(&grant->work, grant_work);
	grant->backoff = BACKOFF_MIN;
	return grant;
}

/* The grant is listed from here on, and lives until it is released. */
static int grant_register(struct fabric_grant *grant, enum fabric_grant_state state)
{
	struct fabric_grant_slice *slice;
	int ret;

	lockdep_assert_held(&fabric_engine);
	ret = fabric_object_add(&grant->obj, &fabric_grants);
	if (ret)
		return ret;
	fabric_grant_hold(grant);
	mutex_lock(&grant->lock);
	list_for_each_entry(slice, &grant->slices, siblings)
		slice->pub.grant_id = grant->obj.id;
	grant->state = state;
	grant->obj.registered = true;
	mutex_unlock(&grant->lock);
	fabric_token_add(grant);
	return 0;
}

/* Whether waiting can help. */
static bool can_wait(const struct fabric_grant_req *req, const struct fabric_search *search,
		     struct netlink_ext_ack *extack)
{
	if (search->miss < FABRIC_MISS_ADMIN || search->miss == FABRIC_MISS_QUOTA)
		return false;
	if (req->size <= search->total && req->size <= search->most * req->pieces)
		return true;
	NL_SET_ERR_MSG_FMT(extack, "All that matches has %llu, the largest device %llu",
			   search->total, search->most);
	return false;
}

/* Put the request into the queue, if others can give what is missing or it is willing to wait. */
static int enqueue(struct fabric_grant *grant, struct netlink_ext_ack *extack)
{
	const struct fabric_want want = { .req = grant->req };
	struct fabric_search search;
	int ret;

	ret = grant_register(grant, FABRIC_GRANT_STATE_QUEUED);
	if (ret)
		return ret;
	ret = fabric_queue_add(grant, extack);
	if (ret)
		goto err_unregister;
	if (grant->req->wait) {
		grant->wait_end = grant->created + grant->req->wait * NSEC_PER_MSEC;
		fabric_deadline_set(grant, grant->wait_end);
	}
	ret = fabric_queue_find(grant, &search);
	if (ret == -ENOSPC && !(can_wait(grant->req, &search, extack) && grant->req->wait)) {
		fabric_queue_del(grant);
		if (!extack->_msg)
			ret = fabric_place_refuse(&search, &want, extack);
		goto err_unregister;
	}
	if (ret && ret != -ENOSPC && ret != -EINPROGRESS && !grant->req->wait) {
		fabric_queue_del(grant);
		goto err_unregister;
	}
	mutex_lock(&grant->lock);
	strscpy(grant->reason, ret == -EINPROGRESS ? "Others are giving it capacity" :
						     "Waits for capacity");
	if (grant->req->holder == FABRIC_HOLDER_SOCKET)
		socket_bind(grant);
	grant->announced = true;
	fabric_record(FABRIC_EVENT_REQUEST, grant, grant->req->size, 0, grant->reason);
	fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	mutex_unlock(&grant->lock);
	if (!ret)
		fabric_grant_start(grant);
	return 0;

err_unregister:
	fabric_token_del(grant);
	mutex_lock(&grant->lock);
	grant->obj.registered = false;
	grant->state = FABRIC_GRANT_STATE_FAILED;
	mutex_unlock(&grant->lock);
	fabric_grant_put(grant);
	return ret;
}

/* The same request came before: what became of it is the answer. */
static struct fabric_grant *repeat(struct fabric_grant *first, const struct fabric_grant_req *req,
				   struct netlink_ext_ack *extack)
{
	int ret = 0;

	if (!fabric_req_same(first->req, req)) {
		NL_SET_ERR_MSG_FMT(extack, "The token belongs to grant %u, which is different",
				   first->obj.id);
		ret = -EEXIST;
	} else {
		/* The backend is as slow for this request as for the first. */
		ret = wait_event_killable(first->wait, READ_ONCE(first->state) !=
					  FABRIC_GRANT_STATE_PREPARING);
	}
	if (!ret && fabric_grant_ended(first)) {
		NL_SET_ERR_MSG(extack, "The request with the same token failed, try again");
		ret = -EAGAIN;
	}
	if (ret) {
		fabric_grant_put(first);
		return ERR_PTR(ret);
	}
	return first;
}

/*
 * Takes over @req. Returns a grant that is active or queued, or whose turn has come
 * since, with a reference for the caller.
 */
struct fabric_grant *fabric_grant_new(struct fabric_grant_req *req,
				      struct netlink_ext_ack *extack)
{
	struct fabric_grant *grant = fabric_grant_alloc(req), *first;
	struct fabric_search search;
	struct fabric_want want = {
		.req = req,
		.hasty = true,
	};
	bool queued = false;
	int ret;

	if (!grant)
		return ERR_PTR(-ENOMEM);
	want.size = req->size;
	want.pieces = req->pieces;
	want.priority = req->priority;
	/* What the host uses of them changes without a word */
	if (req->kind == FABRIC_KIND_FUNCTION)
		fabric_domain_refresh_all(req->domain_id);

	mutex_lock(&fabric_engine);
	first = req->token ? fabric_token_find(req) : NULL;
	if (first) {
		mutex_unlock(&fabric_engine);
		first = repeat(first, req, extack);
		if (IS_ERR(first))
			fabric_record_refusal(req, 0, req->size, PTR_ERR(first), extack);
		fabric_grant_put(grant);
		return first;
	}
	ret = fabric_tenant_admit(req->tenant, extack);
	if (!ret)
		ret = fabric_place(grant, &want, &search);
	if (ret == -ENOSPC && req->force)
		ret = fabric_place_forced(grant, &want, &search);
	if (!ret) {
		ret = grant_register(grant, FABRIC_GRANT_STATE_PREPARING);
		while (ret && !list_empty(&grant->slices))
			fabric_grant_drop_last(grant);
	} else if (ret == -ENOSPC) {
		ret = enqueue(grant, extack);
		queued = !ret;
	}
	mutex_unlock(&fabric_engine);

	if (!ret && !queued)
		ret = grant_make(grant, extack);
	if (ret) {
		fabric_record_refusal(req, grant->obj.id, req->size, ret, extack);
		fabric_grant_put(grant);
		return ERR_PTR(ret);
	}
	return grant;
}
EXPORT_SYMBOL_IF_KUNIT(fabric_grant_new);

int fabric_grant_init(void)
{
	grant_wq = alloc_workqueue("fabric", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return grant_wq ? 0 : -ENOMEM;
}

void fabric_grant_exit(void)
{
	destroy_workqueue(grant_wq);
	WARN_ON(!hash_empty(sockets));
}
