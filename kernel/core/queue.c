// SPDX-License-Identifier: GPL-2.0
/*
 * The queue: requests that wait, what they wait for, and what happens at which
 * time.
 *
 * A request is served by priority, then by age. Nobody takes capacity that an
 * earlier request in the queue could use, so that it adds up until it suffices:
 * a big request is not starved by small ones behind it. Only one that could not
 * use a resource at all (another kind, device, label, ...), or that is certain
 * of its capacity already (it has a plan, see reclaim.c), does not keep others
 * from it.
 *
 * All of it runs in one work item, which is kicked when capacity becomes free
 * or usable and when a deadline is over. Nothing in it waits for a backend.
 */
#include <kunit/visibility.h>
#include <linux/hashtable.h>
#include <linux/hrtimer.h>
#include <linux/moduleparam.h>
#include <linux/stringhash.h>
#include <linux/timerqueue.h>
#include <linux/workqueue.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

DEFINE_MUTEX(fabric_engine); /* see DOC: locking */
EXPORT_SYMBOL_IF_KUNIT(fabric_engine);

static unsigned int queue_max = 4096;
module_param(queue_max, uint, 0644);
MODULE_PARM_DESC(queue_max, "Most requests that wait at a time");

static unsigned int tenant_queue_max = 256;
module_param(tenant_queue_max, uint, 0644);
MODULE_PARM_DESC(tenant_queue_max, "Most requests of a tenant that wait at a time");

/* By fabric_engine: struct fabric_grant, in the order in which they are served. */
static LIST_HEAD(queue);
static u32 queue_length;

/* By fabric_engine: struct fabric_grant that something was taken from, by priority. */
static LIST_HEAD(shrunken);

/* Requests and grants that capacity matters to. */
static atomic_t nr_waiting = ATOMIC_INIT(0);

/* By fabric_engine: struct fabric_grant by token. */
static DEFINE_HASHTABLE(tokens, 10);

static DEFINE_SPINLOCK(deadlines_lock);
static struct timerqueue_head deadlines;
static struct hrtimer deadline_timer;

static struct workqueue_struct *engine_wq;
static struct work_struct engine_work;

/* How often capacity became free. From 1, as 0 is nobody's. */
static atomic64_t freed = ATOMIC64_INIT(1);

/*
 * Called before capacity becomes free. Who is looked for capacity after a more important one
 * must not find what that one would have had.
 */
void fabric_queue_freeing(void)
{
	atomic64_inc(&freed);
}

u64 fabric_queue_freed(void)
{
	return atomic64_read(&freed);
}

/* Capacity became free or usable. Called under any lock. */
void fabric_queue_kick(void)
{
	if (atomic_read(&nr_waiting))
		queue_work(engine_wq, &engine_work);
}

/* Tokens */

static u32 token_hash(const struct fabric_grant_req *req)
{
	return full_name_hash(req->tenant, req->token, strlen(req->token));
}

/* The live grant of the same tenant with the same token, referenced. */
struct fabric_grant *fabric_token_find(const struct fabric_grant_req *req)
{
	struct fabric_grant *grant;

	lockdep_assert_held(&fabric_engine);
	hash_for_each_possible(tokens, grant, token_node, token_hash(req)) {
		if (grant->req->tenant == req->tenant && !strcmp(grant->req->token, req->token)) {
			fabric_grant_hold(grant);
			return grant;
		}
	}
	return NULL;
}

void fabric_token_add(struct fabric_grant *grant)
{
	lockdep_assert_held(&fabric_engine);
	if (grant->req->token)
		hash_add(tokens, &grant->token_node, token_hash(grant->req));
}

void fabric_token_del(struct fabric_grant *grant)
{
	lockdep_assert_held(&fabric_engine);
	if (!hlist_unhashed(&grant->token_node))
		hash_del(&grant->token_node);
}

/* Deadlines */

static void arm_timer(void)
{
	struct timerqueue_node *next = timerqueue_getnext(&deadlines);

	lockdep_assert_held(&deadlines_lock);
	if (next)
		hrtimer_start(&deadline_timer, next->expires, HRTIMER_MODE_ABS);
}

static enum hrtimer_restart deadline_passed(struct hrtimer *timer)
{
	queue_work(engine_wq, &engine_work);
	return HRTIMER_NORESTART;
}

/* Something has to happen to the grant at @deadline, boot time in ns; 0 for never. */
void fabric_deadline_set(struct fabric_grant *grant, u64 deadline)
{
	spin_lock(&deadlines_lock);
	if (!RB_EMPTY_NODE(&grant->deadline.node))
		timerqueue_del(&deadlines, &grant->deadline);
	if (deadline) {
		grant->deadline.expires = deadline;
		timerqueue_add(&deadlines, &grant->deadline);
	}
	arm_timer();
	spin_unlock(&deadlines_lock);
}

void fabric_deadline_clear(struct fabric_grant *grant)
{
	/* Most grants have none. */
	if (!RB_EMPTY_NODE(&grant->deadline.node))
		fabric_deadline_set(grant, 0);
}

/* A grant whose deadline is over, referenced. It has none any more. */
static struct fabric_grant *next_due(u64 now)
{
	struct timerqueue_node *next;
	struct fabric_grant *grant = NULL;

	spin_lock(&deadlines_lock);
	next = timerqueue_getnext(&deadlines);
	if (next && next->expires <= now) {
		grant = container_of(next, struct fabric_grant, deadline);
		timerqueue_del(&deadlines, next);
		fabric_grant_hold(grant);
	}
	arm_timer();
	spin_unlock(&deadlines_lock);
	return grant;
}

/* The holder had the grant for as long as it may. Returns whether force is due. */
static bool end_lease(struct fabric_grant *grant, u64 now)
{
	bool force = false;

	mutex_lock(&grant->lock);
	if (grant->state == FABRIC_GRANT_STATE_ACTIVE && grant->notice) {
		force = grant->notice->deadline <= now;
		if (grant->lease_end && grant->lease_end <= now)
			grant->notice->target = 0;
	} else if (grant->state == FABRIC_GRANT_STATE_ACTIVE && grant->lease_end &&
		   grant->lease_end <= now) {
		atomic64_inc(&fabric_stats.lease_expiries);
		fabric_record(FABRIC_EVENT_EXPIRY, grant, grant->size, 0, "Its lease is over");
		if (fabric_reclaim_notice(grant, NULL, 0, "Its lease is over"))
			fabric_deadline_set(grant, now + FABRIC_DEADLINE_AGAIN_NS);
	}
	/* What failed is tried again: the queue and who wants to grow back are served next. */
	if (!force && grant->avoid_until && grant->avoid_until <= now) {
		grant->avoid_until = 0;
		fabric_deadline_set(grant, fabric_grant_next_deadline(grant));
	}
	mutex_unlock(&grant->lock);
	return force;
}

/*
 * The time of a request is over, unless it is certain of its capacity: others
 * would have given it for nothing.
 */
static bool end_wait(struct fabric_grant *grant, u64 now)
{
	if (!grant->wait_end || grant->wait_end > now || grant->plan)
		return false;
	atomic64_inc(&fabric_stats.wait_expiries);
	fabric_queue_cancel(grant, FABRIC_GRANT_STATE_EXPIRED, "No capacity became free in time");
	return true;
}

static void expire(u64 now)
{
	struct fabric_grant *grant;

	while ((grant = next_due(now))) {
		if (!list_empty(&grant->queue_node))
			end_wait(grant, now);
		else if (end_lease(grant, now))
			fabric_reclaim_force(grant);
		fabric_grant_put(grant);
	}
}

/* The queue */

static struct fabric_want want_of(const struct fabric_grant *grant)
{
	return (struct fabric_want){
		.req = grant->req,
		.size = grant->req->size,
		.pieces = grant->req->pieces,
		.before = list_empty(&grant->queue_node) ? NULL : grant,
		.priority = grant->req->priority,
	};
}

/* One that takes all from one resource does not wait for a smaller one. */
static bool is_large_enough(const struct fabric_resource *resource,
			    const struct fabric_grant_req *req)
{
	return req->pieces > 1 || resource->info.total >= req->size;
}

/* Whether an earlier request could use the resource. */
bool fabric_queue_keeps(struct fabric_resource *resource, const struct fabric_want *want)
{
	const struct fabric_grant *grant;

	lockdep_assert_held(&fabric_engine);
	list_for_each_entry(grant, &queue, queue_node) {
		if (grant == want->before || grant->req->priority < want->priority)
			return false;
		if (!grant->plan && is_large_enough(resource, grant->req) &&
		    fabric_place_matches(resource, grant->req, NULL))
			return true;
	}
	return false;
}

static void renumber(void)
{
	struct fabric_grant *grant;
	u32 position = 0;

	list_for_each_entry(grant, &queue, queue_node) {
		if (grant->position != position) {
			WRITE_ONCE(grant->position, position);
			atomic_inc(&grant->version);
			wake_up_all(&grant->wait);
		}
		position++;
	}
	WRITE_ONCE(queue_length, position);
}

u32 fabric_queue_length(void)
{
	return READ_ONCE(queue_length);
}

int fabric_queue_add(struct fabric_grant *grant, struct netlink_ext_ack *extack)
{
	struct fabric_tenant *tenant = grant->req->tenant;
	struct fabric_grant *other;
	struct list_head *pos = &queue;

	lockdep_assert_held(&fabric_engine);
	if (tenant && tenant->nr_queued >= READ_ONCE(tenant_queue_max)) {
		NL_SET_ERR_MSG_FMT(extack, "Of this tenant, %u requests wait already",
				   tenant->nr_queued);
		return -EBUSY;
	}
	if (queue_length >= READ_ONCE(queue_max)) {
		NL_SET_ERR_MSG_FMT(extack, "The queue is full, %u requests wait", queue_length);
		return -EBUSY;
	}
	list_for_each_entry(other, &queue, queue_node) {
		if (other->req->priority < grant->req->priority) {
			pos = &other->queue_node;
			break;
		}
	}
	list_add_tail(&grant->queue_node, pos);
	if (tenant)
		tenant->nr_queued++;
	atomic_inc(&nr_waiting);
	renumber();
	return 0;
}

void fabric_queue_del(struct fabric_grant *grant)
{
	lockdep_assert_held(&fabric_engine);
	list_del_init(&grant->queue_node);
	if (grant->req->tenant)
		grant->req->tenant->nr_queued--;
	atomic_dec(&nr_waiting);
	fabric_deadline_clear(grant);
	renumber();
}

/* A queued request ends without what it asked for. */
void fabric_queue_cancel(struct fabric_grant *grant, enum fabric_grant_state state,
			 const char *reason)
{
	lockdep_assert_held(&fabric_engine);
	fabric_queue_del(grant);
	fabric_reclaim_withdraw(grant);
	fabric_token_del(grant);
	mutex_lock(&grant->lock);
	strscpy(grant->reason, reason);
	fabric_record(state == FABRIC_GRANT_STATE_EXPIRED ? FABRIC_EVENT_EXPIRY :
		      FABRIC_EVENT_CANCEL, grant, grant->req->size, 0, reason);
	fabric_grant_end(grant, state);
	mutex_unlock(&grant->lock);
	fabric_grant_put(grant);
	/* Those behind it may go on. */
	fabric_queue_kick();
}

/*
 * Find capacity for a request: free, or taken from the less important, or from
 * the plan of a less important request. Return: 0 when the request has all it
 * wants, -EINPROGRESS when it will, else why not.
 */
int fabric_queue_find(struct fabric_grant *grant, struct fabric_search *search)
{
	struct fabric_want want = want_of(grant);
	int ret;

	lockdep_assert_held(&fabric_engine);
	want.hasty = true;
	do {
		ret = fabric_place(grant, &want, search);
		if (ret == -ENOSPC && search->miss == FABRIC_MISS_SPACE) {
			ret = fabric_reclaim(grant, &want);
			if (!ret)
				return -EINPROGRESS;
		}
	} while (ret == -ENOSPC && search->miss == FABRIC_MISS_SPACE &&
		 fabric_reclaim_displace(&want));
	if (ret == -ENOSPC) {
		want.hasty = false;
		want.counts = !grant->announced;
		ret = fabric_place(grant, &want, search);
	}
	return ret;
}

enum plan_state { PLAN_WAITS, PLAN_COMPLETE, PLAN_BROKEN };

static enum plan_state slice_plan(const struct fabric_grant_slice *slice)
{
	struct fabric_domain *domain = slice->resource->domain;
	enum plan_state state = PLAN_COMPLETE;
	const struct fabric_claim *claim;

	mutex_lock(&domain->lock);
	if (slice->missing)
		state = PLAN_WAITS;
	if (slice->broken || !fabric_device_usable(slice->resource->device))
		state = PLAN_BROKEN;
	list_for_each_entry(claim, &slice->wants, want) {
		if (claim->from->error)
			state = PLAN_BROKEN;
	}
	mutex_unlock(&domain->lock);
	return state;
}

static enum plan_state plan_state(const struct fabric_grant *grant)
{
	const struct fabric_grant_slice *slice;
	enum plan_state state = PLAN_COMPLETE;

	list_for_each_entry(slice, &grant->slices, siblings) {
		switch (slice_plan(slice)) {
		case PLAN_BROKEN:
			return PLAN_BROKEN;
		case PLAN_WAITS:
			state = PLAN_WAITS;
			break;
		case PLAN_COMPLETE:
			break;
		}
	}
	return state;
}

static void set_reason(struct fabric_grant *grant, const char *reason)
{
	mutex_lock(&grant->lock);
	if (strcmp(grant->reason, reason)) {
		strscpy(grant->reason, reason);
		fabric_grant_notify(grant, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	mutex_unlock(&grant->lock);
}

static void serve(struct fabric_grant *grant)
{
	struct netlink_ext_ack ack = {};
	struct fabric_search search;
	struct fabric_want want;
	int ret;

	if (grant->plan) {
		switch (plan_state(grant)) {
		case PLAN_WAITS:
			return;
		case PLAN_COMPLETE:
			fabric_grant_start(grant);
			return;
		case PLAN_BROKEN:
			fabric_reclaim_withdraw(grant);
			fabric_queue_kick();
			break;
		}
	}
	if (end_wait(grant, ktime_get_boottime_ns()))
		return;
	ret = fabric_queue_find(grant, &search);
	if (!ret) {
		fabric_grant_start(grant);
	} else if (ret == -EINPROGRESS) {
		set_reason(grant, "Others are giving it capacity");
		fabric_queue_kick();
	} else if (!grant->req->wait) {
		fabric_queue_cancel(grant, FABRIC_GRANT_STATE_FAILED,
				    "What it was to get could not be taken back");
	} else if (ret == -ENOSPC) {
		want = want_of(grant);
		fabric_place_refuse(&search, &want, &ack);
		set_reason(grant, search.miss == FABRIC_MISS_QUEUE ?
			   "Earlier requests come first" : ack._msg);
	}
}

/* Grants that something was taken from, by priority, then by age. */
void fabric_shrunken_add(struct fabric_grant *grant)
{
	struct fabric_grant *other;
	struct list_head *pos = &shrunken;

	lockdep_assert_held(&fabric_engine);
	if (!list_empty(&grant->shrunken_node))
		return;
	list_for_each_entry(other, &shrunken, shrunken_node) {
		if (other->req->priority < grant->req->priority) {
			pos = &other->shrunken_node;
			break;
		}
	}
	list_add_tail(&grant->shrunken_node, pos);
	atomic_inc(&nr_waiting);
}

void fabric_shrunken_del(struct fabric_grant *grant)
{
	lockdep_assert_held(&fabric_engine);
	if (list_empty(&grant->shrunken_node))
		return;
	list_del_init(&grant->shrunken_node);
	atomic_dec(&nr_waiting);
}

static void engine_run(struct work_struct *work)
{
	struct fabric_grant *grant, *next;
	u64 before;

	mutex_lock(&fabric_engine);
	expire(ktime_get_boottime_ns());
	list_for_each_entry_safe(grant, next, &queue, queue_node)
		serve(grant);
	before = fabric_queue_freed();
	list_for_each_entry_safe(grant, next, &shrunken, shrunken_node)
		fabric_resize_restore(grant, before);
	mutex_unlock(&fabric_engine);
}

int fabric_queue_init(void)
{
	engine_wq = alloc_workqueue("fabric_engine", WQ_UNBOUND | WQ_MEM_RECLAIM, 1);
	if (!engine_wq)
		return -ENOMEM;
	INIT_WORK(&engine_work, engine_run);
	timerqueue_init_head(&deadlines);
	hrtimer_setup(&deadline_timer, deadline_passed, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	return 0;
}

/* No grant is left. */
void fabric_queue_exit(void)
{
	hrtimer_cancel(&deadline_timer);
	destroy_workqueue(engine_wq);
	WARN_ON(!list_empty(&queue) || !list_empty(&shrunken) || !hash_empty(tokens));
	WARN_ON(atomic_read(&nr_waiting));
	WARN_ON(timerqueue_getnext(&deadlines));
}
