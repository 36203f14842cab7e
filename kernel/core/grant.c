// SPDX-License-Identifier: GPL-2.0
/*
 * Grants: reserve, prepare, commit; revoke, release.
 *
 * Ops of the backend run without locks. Who may run them is said by the state:
 *
 *   preparing              the request that made the grant
 *   revoking, quarantined  whoever set @owned: the request that deletes the
 *                          grant, or its work item. The work item tries again,
 *                          with growing delay, until nothing is left.
 *
 * Everybody else who wants the grant to go says so and leaves: @doomed while it
 * is being prepared, fabric_grant_revoke_async() otherwise.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
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

void fabric_grant_hold(struct fabric_grant *grant)
{
	fabric_object_hold(&grant->obj);
}

void fabric_grant_put(struct fabric_grant *grant)
{
	if (grant)
		fabric_object_put(&grant->obj);
}

static void fabric_grant_free(struct fabric_object *obj)
{
	struct fabric_grant *grant = container_of(obj, struct fabric_grant, obj);
	unsigned int i;

	for (i = 0; i < grant->nr_slices; i++)
		WARN_ON(grant->slices[i].resource);
	WARN_ON(!list_empty(&grant->files));
	pr_debug("grant %u: destroyed\n", obj->id);
	mutex_destroy(&grant->lock);
	kfree_rcu(grant, obj.rcu);
}

static int slice_put_attrs(struct sk_buff *skb, const struct fabric_grant_slice *slice)
{
	const struct fabric_resource *resource = slice->resource;
	const struct fabric_resource_info *is = &resource->info;

	if (nla_put_u32(skb, FABRIC_A_SLICE_INDEX, slice - slice->grant->slices) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_DOMAIN_ID, resource->domain->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_DEVICE_ID, resource->device->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_RESOURCE_ID, resource->obj.id) ||
	    nla_put_uint(skb, FABRIC_A_SLICE_START, slice->pub.start) ||
	    nla_put_uint(skb, FABRIC_A_SLICE_LENGTH, slice->pub.length) ||
	    nla_put_u32(skb, FABRIC_A_SLICE_STATE, slice->state) ||
	    (is->address != FABRIC_NO_ADDRESS &&
	     nla_put_uint(skb, FABRIC_A_SLICE_ADDRESS, is->address + slice->pub.start)) ||
	    (is->numa_node != NUMA_NO_NODE &&
	     nla_put_u32(skb, FABRIC_A_SLICE_NUMA_NODE, is->numa_node)))
		return -EMSGSIZE;
	/* The backend writes the name while it prepares and erases it as it likes later. */
	if (slice->grant->state == FABRIC_GRANT_STATE_ACTIVE && *slice->pub.node)
		return nla_put_string(skb, FABRIC_A_SLICE_NODE, slice->pub.node);
	return 0;
}

int fabric_grant_slice_fill(struct sk_buff *skb, const struct fabric_grant_slice *slice)
{
	lockdep_assert_held(&slice->grant->lock);
	if (nla_put_u32(skb, FABRIC_A_SLICE_GRANT_ID, slice->grant->obj.id))
		return -EMSGSIZE;
	return slice_put_attrs(skb, slice);
}

static int fill_slices(struct sk_buff *skb, const struct fabric_grant *grant)
{
	unsigned int i;

	for (i = 0; i < grant->nr_slices; i++) {
		struct nlattr *nest;

		if (!grant->slices[i].resource)
			continue;
		nest = nla_nest_start(skb, FABRIC_A_GRANT_SLICE);
		if (!nest || slice_put_attrs(skb, &grant->slices[i]))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

int fabric_grant_fill_fd(struct sk_buff *skb, const struct genl_info *info,
			 const struct fabric_grant *grant, int fd)
{
	u64 age = ktime_get_boottime_ns() - grant->created;
	void *hdr;

	lockdep_assert_held(&grant->lock);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_GRANT_ID, grant->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_KIND, grant->kind) ||
	    (*grant->capability &&
	     nla_put_string(skb, FABRIC_A_GRANT_CAPABILITY, grant->capability)) ||
	    nla_put_uint(skb, FABRIC_A_GRANT_SIZE, grant->size) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_MODE, grant->mode) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_STATE, grant->state) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_HOLDER, grant->holder) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_PID, grant->pid) ||
	    nla_put_string(skb, FABRIC_A_GRANT_COMM, grant->comm) ||
	    nla_put_u32(skb, FABRIC_A_GRANT_UID, from_kuid(&init_user_ns, grant->uid)) ||
	    nla_put_uint(skb, FABRIC_A_GRANT_AGE, div_u64(age, NSEC_PER_MSEC)) ||
	    (*grant->reason && nla_put_string(skb, FABRIC_A_GRANT_REASON, grant->reason)) ||
	    (grant->error && nla_put_u32(skb, FABRIC_A_GRANT_ERROR, -grant->error)) ||
	    (fd >= 0 && nla_put_u32(skb, FABRIC_A_GRANT_FD, fd)) ||
	    fill_slices(skb, grant)) {
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

static void notify(struct fabric_grant *grant, u8 cmd)
{
	lockdep_assert_held(&grant->lock);
	fabric_grants_changed();
	fabric_nl_notify(cmd, FABRIC_NLGRP_GRANTS, fabric_grant_fill, grant);
}

static void set_state(struct fabric_grant *grant, enum fabric_grant_state state)
{
	lockdep_assert_held(&grant->lock);
	trace_fabric_grant_state(grant->obj.id, grant->state, state, grant->size, grant->reason);
	grant->state = state;
}

static void kick(struct fabric_grant *grant, unsigned long delay)
{
	/* A pending work item has a reference already. */
	fabric_grant_hold(grant);
	if (mod_delayed_work(grant_wq, &grant->work, delay))
		fabric_grant_put(grant);
}

static void socket_bind(struct fabric_grant *grant, const struct fabric_grant_req *req)
{
	grant->net = req->net;
	grant->portid = req->portid;
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

/* Undo what the backend did, from the holder towards the device. */
static int slice_undo(struct fabric_grant_slice *slice)
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

/* Still in the grant because the host uses it, as opposed to quarantined. */
static bool stays(const struct fabric_grant_slice *slice)
{
	return slice->error == -EAGAIN && slice->step == FABRIC_SLICE_STEP_COMMITTED;
}

/* Free the extent; where @last, tell that the grant is released. */
static void slice_free(struct fabric_grant_slice *slice, bool last)
{
	struct fabric_resource *resource = slice->resource;
	struct fabric_grant *grant = slice->grant;
	struct module *owner = resource->domain->ops->owner;
	struct fabric_domain *domain = resource->domain;

	lockdep_assert_held(&grant->lock);
	mutex_lock(&domain->lock);
	fabric_resource_unreserve_locked(slice);
	if (last && grant->announced)
		notify(grant, FABRIC_CMD_GRANT_DEL_NTF);
	mutex_unlock(&domain->lock);
	slice->resource = NULL;
	fabric_resource_put(resource);
	module_put(owner);
}

/* Record the outcome of an attempt whose slices all came back. */
static void settle_released(struct fabric_grant *grant, unsigned int left)
{
	unsigned int i;

	set_state(grant, FABRIC_GRANT_STATE_RELEASED);
	grant->error = 0;
	grant->obj.registered = false;
	for (i = grant->nr_slices; i-- > 0;) {
		if (grant->slices[i].resource)
			slice_free(&grant->slices[i], --left == 0);
	}
}

/* Record the outcome of an attempt that left slices behind, and plan the next. */
static void settle_stuck(struct fabric_grant *grant)
{
	enum fabric_grant_state state = FABRIC_GRANT_STATE_QUARANTINED;
	const struct fabric_grant_slice *stuck = NULL;
	bool changed;
	unsigned int i;

	for (i = grant->nr_slices; i-- > 0;) {
		struct fabric_grant_slice *slice = &grant->slices[i];

		if (!slice->resource)
			continue;
		if (!slice->error) {
			slice_free(slice, false);
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
		set_state(grant, state);
		grant->announced = true;
		notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	kick(grant, grant->backoff);
	grant->backoff = min(2 * grant->backoff, (unsigned long)BACKOFF_MAX);
}

/* Take back what is left of the grant. The caller set @owned. */
static bool grant_undo(struct fabric_grant *grant)
{
	unsigned int left = 0, stuck = 0, i;

	fabric_grant_zap(grant);
	for (i = grant->nr_slices; i-- > 0;) {
		struct fabric_grant_slice *slice = &grant->slices[i];

		if (!slice->resource)
			continue;
		left++;
		slice->error = slice_undo(slice);
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

static void grant_work(struct work_struct *work)
{
	struct fabric_grant *grant = container_of(to_delayed_work(work), struct fabric_grant, work);
	bool mine;

	mutex_lock(&grant->lock);
	mine = !grant->owned && (grant->state == FABRIC_GRANT_STATE_REVOKING ||
				 grant->state == FABRIC_GRANT_STATE_QUARANTINED);
	if (mine)
		grant->owned = true;
	mutex_unlock(&grant->lock);
	if (mine)
		grant_undo(grant);
	fabric_grant_put(grant);
}

static void begin_revoke(struct fabric_grant *grant, const char *reason)
{
	lockdep_assert_held(&grant->lock);
	strscpy(grant->reason, reason);
	set_state(grant, FABRIC_GRANT_STATE_REVOKING);
	socket_unbind(grant);
	notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
}

/* The grant has to go; its holder, or what it is made of, does. Returns at once. */
void fabric_grant_revoke_async(struct fabric_grant *grant, const char *reason)
{
	mutex_lock(&grant->lock);
	switch (grant->state) {
	case FABRIC_GRANT_STATE_PREPARING:
		grant->doomed = reason;
		break;
	case FABRIC_GRANT_STATE_ACTIVE:
		begin_revoke(grant, reason);
		fallthrough;
	case FABRIC_GRANT_STATE_REVOKING:
	case FABRIC_GRANT_STATE_QUARANTINED:
		kick(grant, 0);
		break;
	case FABRIC_GRANT_STATE_RELEASED:
	default:
		break;
	}
	mutex_unlock(&grant->lock);
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
			fabric_grant_revoke_async(found, "The socket of its holder was closed");
			fabric_grant_put(found);
		}
	} while (found);
}

static bool held_by_other(const struct fabric_grant *grant, const struct net *net, u32 portid)
{
	switch (grant->holder) {
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
		break;
	case FABRIC_GRANT_STATE_REVOKING:
	case FABRIC_GRANT_STATE_QUARANTINED:
		NL_SET_ERR_MSG_FMT(extack, "Being released: %s", grant->reason);
		return -EINPROGRESS;
	default:
		NL_SET_ERR_MSG(extack, "No such grant");
		return -ENOENT;
	}
	if (!force && held_by_other(grant, net, portid)) {
		NL_SET_ERR_MSG_FMT(extack, "Held by process %d (%s), end it or use force",
				   grant->pid, grant->comm);
		return -EBUSY;
	}
	return 0;
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
	begin_revoke(grant, "Deleted on request");
	grant->owned = true;
	mutex_unlock(&grant->lock);

	if (grant_undo(grant))
		return 0;
	mutex_lock(&grant->lock);
	NL_SET_ERR_MSG_FMT(extack, "Being released: %s", grant->reason);
	mutex_unlock(&grant->lock);
	return -EINPROGRESS;
}

/* The grant has its extents; it is listed from here on. */
static int grant_register(struct fabric_grant *grant)
{
	unsigned int i;
	int ret;

	ret = fabric_object_add(&grant->obj, &fabric_grants);
	if (ret)
		return ret;
	for (i = 0; i < grant->nr_slices; i++)
		grant->slices[i].pub.grant_id = grant->obj.id;
	mutex_lock(&grant->lock);
	grant->mode = grant->slices[0].pub.mode;
	grant->obj.registered = true;
	mutex_unlock(&grant->lock);
	return 0;
}

static int grant_prepare(struct fabric_grant *grant, struct netlink_ext_ack *extack)
{
	struct fabric_grant_slice *slice;
	unsigned int i;
	int ret;

	for (i = 0; i < grant->nr_slices; i++) {
		slice = &grant->slices[i];
		ret = slice->resource->domain->ops->slice_prepare(&slice->pub, extack);
		trace_fabric_op("slice_prepare", grant->obj.id, ret);
		if (ret)
			return ret;
		slice->step = FABRIC_SLICE_STEP_PREPARED;
	}
	for (i = 0; i < grant->nr_slices; i++) {
		slice = &grant->slices[i];
		ret = slice->resource->domain->ops->slice_commit(&slice->pub, extack);
		trace_fabric_op("slice_commit", grant->obj.id, ret);
		if (ret)
			return ret;
		slice->step = FABRIC_SLICE_STEP_COMMITTED;
	}
	return 0;
}

static struct fabric_grant *grant_alloc(const struct fabric_grant_req *req)
{
	const unsigned int nr_slices = 1;
	struct fabric_grant *grant;
	unsigned int i;

	grant = kzalloc(struct_size(grant, slices, nr_slices), GFP_KERNEL);
	if (!grant)
		return NULL;
	pr_debug("grant of %llu: created\n", req->size);
	fabric_object_init(&grant->obj, fabric_grant_free);
	mutex_init(&grant->lock);
	grant->state = FABRIC_GRANT_STATE_PREPARING;
	grant->kind = req->kind;
	grant->size = req->size;
	grant->mode = req->mode;
	grant->holder = req->holder;
	if (req->capability)
		strscpy(grant->capability, req->capability);
	grant->pid = task_tgid_nr(current);
	grant->uid = current_uid();
	get_task_comm(grant->comm, current);
	grant->created = ktime_get_boottime_ns();
	init_rwsem(&grant->map_lock);
	INIT_LIST_HEAD(&grant->files);
	init_waitqueue_head(&grant->wait);
	INIT_DELAYED_WORK(&grant->work, grant_work);
	grant->backoff = BACKOFF_MIN;
	grant->nr_slices = nr_slices;
	for (i = 0; i < nr_slices; i++)
		grant->slices[i].grant = grant;
	return grant;
}

/* Everything worked: the holder has it from here on. */
static void grant_activate(struct fabric_grant *grant, const struct fabric_grant_req *req)
{
	unsigned int i;

	lockdep_assert_held(&grant->lock);
	for (i = 0; i < grant->nr_slices; i++)
		fabric_resource_slice_state(&grant->slices[i], FABRIC_SLICE_STATE_GRANTED);
	if (grant->holder == FABRIC_HOLDER_SOCKET)
		socket_bind(grant, req);
	down_write(&grant->map_lock);
	grant->mappable = grant->mode == FABRIC_MODE_MAP;
	up_write(&grant->map_lock);
	set_state(grant, FABRIC_GRANT_STATE_ACTIVE);
	grant->announced = true;
	notify(grant, FABRIC_CMD_GRANT_NEW_NTF);
}

/* Returns an active grant with a reference for the caller. */
struct fabric_grant *fabric_grant_new(const struct fabric_grant_req *req,
				      struct netlink_ext_ack *extack)
{
	struct fabric_grant *grant = grant_alloc(req);
	int ret;

	if (!grant)
		return ERR_PTR(-ENOMEM);
	ret = fabric_resource_reserve(&grant->slices[0], req, extack);
	if (ret)
		goto err_put;
	/* From here on a reference of its own keeps the grant until it is released. */
	fabric_grant_hold(grant);
	ret = grant_register(grant);
	if (!ret)
		ret = grant_prepare(grant, extack);

	mutex_lock(&grant->lock);
	if (!ret && grant->doomed) {
		NL_SET_ERR_MSG_FMT(extack, "%s", grant->doomed);
		ret = -ENODEV;
	}
	if (ret) {
		strscpy(grant->reason, "It could not be prepared");
		set_state(grant, FABRIC_GRANT_STATE_REVOKING);
		grant->owned = true;
		mutex_unlock(&grant->lock);
		grant_undo(grant);
		goto err_put;
	}
	grant_activate(grant, req);
	mutex_unlock(&grant->lock);
	return grant;

err_put:
	fabric_grant_put(grant);
	return ERR_PTR(ret);
}

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
