// SPDX-License-Identifier: GPL-2.0
/*
 * What has to hold, whatever was asked. Nothing here knows how the broker finds
 * capacity or victims; it judges what came of it.
 *
 *   1  each unit of a resource is in one place      nothing_is_granted_twice()
 *   2  free + reserved + granted + quarantined is
 *      the total, the slices are what the counters
 *      say, the switches have the same slices, and
 *      so have quotas and bandwidth                 nothing_is_lost(),
 *                                                   switches_agree(),
 *                                                   quotas_are_exact(),
 *                                                   bandwidth_is_exact()
 *   4  a grant has what it was asked for or what it
 *      allowed to be left with; what was refused or
 *      released has nothing                         grants_are_whole(),
 *                                                   judge_grant()
 *   5  nobody gives way to an equal, or more than it
 *      allows; who takes, gets; who is refused could
 *      not have been served                         judge_event(),
 *                                                   judge_refusal()
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define MEMORY		FABRIC_KIND_MEMORY
#define DEVICE_UNITS	256

pthread_mutex_t story_lock = PTHREAD_MUTEX_INITIALIZER;
static struct story stories[IDS];
/* when events were lost last, and when somebody of each priority asked last */
static atomic_ullong lost_at;
atomic_ullong asked_at[FABRIC_PRIORITY_MAX + 1];
atomic_ullong disturbed_at;
atomic_uint nr_disturbing;

static char complaint[512];

static const char *complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(complaint, sizeof(complaint), fmt, args);
	va_end(args);
	return complaint;
}

static __u64 sum_of(const struct told_grant *told)
{
	unsigned int i;
	__u64 sum = 0;

	for (i = 0; i < told->nr_pieces; i++)
		sum += told->pieces[i].length;
	return sum;
}

/* Stories */

/* By story_lock. */
struct story *story_of(__u32 id)
{
	struct story *story = &stories[id % IDS];

	if (story->id != id) {
		memset(story, 0, sizeof(*story));
		story->id = id;
	}
	return story;
}

static void learn_devices(struct story *story, const struct told_grant *told)
{
	unsigned int i;

	for (i = 0; i < told->nr_pieces; i++) {
		int number = device_number(told->pieces[i].device);

		if (number < 0)
			story->elsewhere = true;
		else
			story->devices |= 1ULL << number;
	}
}

/* Some device that it was on was torn out, or nobody can say where it was. */
static bool lost_its_device(const struct entry *entry)
{
	const struct story *story = &stories[entry->id % IDS];
	unsigned int i;

	if (story->id != entry->id || story->elsewhere || lost_at > entry->born)
		return true;
	for (i = 0; i < nr_devices; i++) {
		if (story->devices & 1ULL << i && devices[i].removed > entry->born)
			return true;
	}
	return false;
}

static bool may_be_gone(const struct entry *entry)
{
	return entry->leaving || entry->shared || entry->ends || entry->reclaimable ||
	       lost_its_device(entry);
}

/* A request for its entry was answered with: there is no such grant. */
void judge_absence(const struct entry *entry)
{
	/* Where it was may be told by events that nobody has looked at yet. */
	drain_events();
	if (!may_be_gone(entry))
		wrong("grant %u of %llu is gone", entry->id, entry->size);
}

/* Replies */

bool comes_from_below(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fault_errors); i++) {
		if (err == fault_errors[i])
			return true;
	}
	return err == ENODEV;
}

static bool matches(const struct device *device, const struct want *want)
{
	return device->there && !device->closed && device->link_up && device->bound &&
	       (!want->domain || device->domain == want->domain) &&
	       (!want->device || device->id == want->device) &&
	       (!want->port || device->port == want->port) &&
	       (!want->label || device->labelled) &&
	       (!want->numa_node || device->node == (want->numa_node == ZERO ? 0 :
						     (int)want->numa_node));
}

/* A reply that grants tells of the grant as it is by then, which may be less. */
void judge_grant(const struct wish *wish, const struct told_grant *told)
{
	const struct want *want = &wish->want;
	__u32 priority = want->priority == ZERO ? 0 : want->priority;
	unsigned int i, j;

	if (wish->never)
		wrong("never right: %llu, min %llu, priority %u, kind %u, mode %u, %u Mb/s, %s",
		      want->size, want->min, priority, want->kind, want->mode,
		      want->bandwidth_min, want->tenant ?: "no tenant");
	if (strcmp(told->tenant, want->tenant ?: ""))
		wrong("asked for tenant %s, got '%s'", want->tenant ?: "none", told->tenant);
	/* What a token repeats has the place, priority and min of the first request. */
	if (want->token)
		return;
	if (want->priority && told->priority != priority)
		wrong("asked for priority %u, got %u", priority, told->priority);
	if (told->state != FABRIC_GRANT_STATE_ACTIVE || told->reclaims)
		return;
	if (told->size != want->size || sum_of(told) != want->size)
		wrong("asked for %llu, got %llu in slices of %llu", want->size, told->size,
		      sum_of(told));
	if (told->bandwidth_min != want->bandwidth_min)
		wrong("asked for %u Mb/s, got %u", want->bandwidth_min, told->bandwidth_min);
	if (!told->nr_pieces || told->nr_pieces > (want->pieces ?: 1))
		wrong("asked for %u pieces, got %u", want->pieces ?: 1, told->nr_pieces);
	for (i = 0; i < told->nr_pieces; i++) {
		const struct piece *piece = &told->pieces[i];
		int number = device_number(piece->device);

		if (want->granularity && piece->length % want->granularity)
			wrong("a slice of %llu is no multiple of %llu", piece->length,
			      want->granularity);
		if (want->domain && piece->domain != want->domain)
			wrong("asked for domain %u, got %u", want->domain, piece->domain);
		if (want->device && piece->device != want->device)
			wrong("asked for device %u, got %u", want->device, piece->device);
		for (j = 0; j < i; j++) {
			if (told->pieces[j].device == piece->device)
				wrong("two slices on device %u", piece->device);
		}
		/* The others change the world while this one reads the reply. */
		if (alone() && (number < 0 || !matches(&devices[number], want)))
			wrong("a slice on device %u, which is not what was asked for",
			      piece->device);
	}
}

/* The same for a new size. What was taken for another since then, counts. */
void judge_resize(const struct entry *entry, __u64 size, const struct told_grant *told)
{
	if (told->state != FABRIC_GRANT_STATE_ACTIVE || entry->shared)
		return;
	if (told->size == size && sum_of(told) == size)
		return;
	if (told->reclaims > entry->reclaims && entry->min && told->size >= entry->min &&
	    told->size == sum_of(told))
		return;
	wrong("grant %u was set to %llu and has %llu in slices of %llu", entry->id, size,
	      told->size, sum_of(told));
}

/*
 * Which units of a device somebody of @priority could have: those that nobody
 * has, and those of less important grants that may be revoked.
 */
static bool map_device(const struct view *view, const struct device *device, __u32 priority,
		       bool *can_have, unsigned int *nr_units, __u64 *granule)
{
	unsigned int i, unit;

	for (i = 0; i < view->nr_resources && view->resources[i].id != device->resource; i++)
		;
	if (i == view->nr_resources)
		return false;
	*nr_units = view->resources[i].total / UNIT;
	*granule = view->resources[i].granule;
	if (*nr_units > DEVICE_UNITS)
		return false;
	for (unit = 0; unit < *nr_units; unit++)
		can_have[unit] = true;
	for (i = 0; i < view->nr_slices; i++) {
		const struct slice *s = &view->slices[i];
		const struct told_grant *told;

		if (s->resource != device->resource)
			continue;
		told = view_grant(view, s->grant);
		for (unit = s->start / UNIT; unit < (s->start + s->length) / UNIT; unit++)
			can_have[unit] = told && told->state == FABRIC_GRANT_STATE_ACTIVE &&
					 told->reclaimable && told->priority < priority;
	}
	return true;
}

static bool is_to_be_had(const struct view *view, const struct want *want, __u32 priority)
{
	unsigned int i, unit, run, nr_units;
	bool can_have[DEVICE_UNITS];
	__u64 granule;

	for (i = 0; i < nr_devices; i++) {
		if (!matches(&devices[i], want) ||
		    !map_device(view, &devices[i], priority, can_have, &nr_units, &granule) ||
		    want->size % granule)
			continue;
		for (unit = 0, run = 0; unit < nr_units; unit++) {
			/* a run begins where a slice may */
			if (!can_have[unit])
				run = 0;
			else if (run || !(unit * UNIT % granule))
				run++;
			if (run * UNIT >= want->size)
				return true;
		}
	}
	return false;
}

static bool is_calm(const struct view *view)
{
	unsigned int i;

	for (i = 0; i < view->nr_grants; i++) {
		if (view->grants[i].state != FABRIC_GRANT_STATE_ACTIVE ||
		    view->grants[i].notice.given)
			return false;
	}
	return true;
}

/*
 * Of one thread, when nothing else goes on: a simple request is refused for want
 * of capacity only if there is none for it, and for its quota only if that is used.
 */
void judge_refusal(struct genl *genl, const struct wish *wish, int err)
{
	const struct want *want = &wish->want;
	__u32 priority = want->priority == ZERO ? 0 : want->priority ?: FABRIC_PRIORITY_DEFAULT;
	struct view view;
	unsigned int i;

	if (!alone() || wish->never || nr_disturbing || want->bandwidth_min || want->token)
		return;
	if (err == EDQUOT) {
		for (i = 0; i < TENANTS; i++) {
			if (want->tenant && !strcmp(tenants[i].name, want->tenant) &&
			    view_tenant_used(genl, &tenants[i]) + want->size <= tenants[i].limit)
				wrong("tenant %s may have %llu more", want->tenant, want->size);
		}
		atomic_fetch_add(&nr_fair_refusals, 1);
	}
	if (err != ENOSPC || want->granularity || want->tenant || (want->pieces ?: 1) > 1 ||
	    !view_read(genl, &view))
		return;
	if (is_calm(&view)) {
		if (is_to_be_had(&view, want, priority))
			wrong("%llu of priority %u were refused and can be had", want->size,
			      priority);
		atomic_fetch_add(&nr_fair_refusals, 1);
	}
	view_free(&view);
}

/* Events */

static bool more_important_asked(const struct story *story)
{
	unsigned int priority;

	for (priority = story->asked_priority; priority <= FABRIC_PRIORITY_MAX; priority++) {
		if (asked_at[priority] > story->born)
			return true;
	}
	return false;
}

/* Something failed, or was made to, or was not heard of, since it was asked for. */
static bool is_disturbed(const struct story *story)
{
	return nr_disturbing || disturbed_at > story->born || lost_at > story->born ||
	       more_important_asked(story);
}

static void judge_notice(const struct told_grant *told, struct story *story)
{
	const struct story *by = &stories[told->notice.by % IDS];

	atomic_fetch_add(&nr_notices, 1);
	if (told->notice.priority <= told->priority)
		wrong("grant %u of priority %u is to give way to request %u of %u", told->id,
		      told->priority, told->notice.by, told->notice.priority);
	if (!told->notice.target && !told->reclaimable)
		wrong("grant %u is to be revoked and is not reclaimable", told->id);
	if (told->notice.target && (!told->min || told->notice.target < told->min ||
				    told->notice.target >= told->size))
		wrong("grant %u of %llu, min %llu, is to shrink to %llu", told->id, told->size,
		      told->min, told->notice.target);
	if (by->id == told->notice.by && by->asked_priority &&
	    by->asked_priority - 1 != told->notice.priority)
		wrong("request %u has priority %u, the notice to %u says %u", told->notice.by,
		      by->asked_priority - 1, told->id, told->notice.priority);
	story->by = told->notice.by;
	story->target = told->notice.target;
}

/*
 * Force cuts nothing off beyond the size of the request that it is for. What a
 * holder gives by itself may be more.
 */
static void judge_taken(const struct told_grant *told, bool forced)
{
	struct story *taker;

	if (!told->nr_taken)
		wrong("grant %u does not say who took something from it", told->id);
	taker = story_of(told->taken[told->nr_taken - 1].by);
	taker->took = true;
	atomic_fetch_add(&nr_shrunk, 1);
	if (!forced)
		return;
	taker->shrinks_for_it += told->taken[told->nr_taken - 1].size;
	if (taker->asked_priority && !is_disturbed(taker) &&
	    taker->shrinks_for_it > taker->asked_size)
		wrong("request %u for %llu took %llu", taker->id, taker->asked_size,
		      taker->shrinks_for_it);
}

/*
 * What was given up for a request reaches that request: it does not end without,
 * unless whoever made it gave it up, or something failed below, or somebody more
 * important came.
 */
static void judge_end(const struct told_grant *told, const struct story *story)
{
	if (!story->took || story->got || story->withdrawn || !story->asked_priority ||
	    is_disturbed(story))
		return;
	wrong("request %u of priority %u took from others and ends without: %s", told->id,
	      told->priority, told->reason);
}

void judge_event(const struct told_grant *told)
{
	struct story *story;
	bool by_request = told->notice.given && told->notice.by;

	atomic_fetch_add(&nr_events, 1);
	pthread_mutex_lock(&story_lock);
	story = story_of(told->id);
	learn_devices(story, told);
	if ((told->state == FABRIC_GRANT_STATE_ACTIVE ||
	     told->state == FABRIC_GRANT_STATE_SHRINKING) && sum_of(told) != told->size)
		wrong("grant %u says %llu, its slices %llu", told->id, told->size, sum_of(told));
	if (by_request && (!story->seen || story->by != told->notice.by))
		judge_notice(told, story);
	if (story->seen && told->reclaims > story->reclaims)
		judge_taken(told, story->forced);
	/* Its holder may give more than it was asked for, force takes what was said. */
	if (story->seen && story->forced && told->state == FABRIC_GRANT_STATE_ACTIVE &&
	    told->size < story->target)
		wrong("grant %u was to shrink to %llu and has %llu", told->id, story->target,
		      told->size);
	if (told->state == FABRIC_GRANT_STATE_RELEASED && by_request) {
		story_of(told->notice.by)->took = true;
		atomic_fetch_add(&nr_revoked, 1);
	}
	if (told->state == FABRIC_GRANT_STATE_FAILED || told->state == FABRIC_GRANT_STATE_EXPIRED)
		judge_end(told, story);
	story->got |= told->state == FABRIC_GRANT_STATE_ACTIVE;
	if (!by_request)
		story->by = 0;
	story->seen = true;
	story->forced = told->state == FABRIC_GRANT_STATE_SHRINKING;
	story->reclaims = told->reclaims;
	pthread_mutex_unlock(&story_lock);
}

void events_lost(void)
{
	unsigned int i;

	atomic_fetch_add(&nr_lost, 1);
	lost_at = tick();
	pthread_mutex_lock(&story_lock);
	for (i = 0; i < IDS; i++)
		stories[i].seen = false;
	pthread_mutex_unlock(&story_lock);
}

/* All that there is */

static const char *nothing_is_granted_twice(const struct view *view)
{
	unsigned int i;

	for (i = 1; i < view->nr_slices; i++) {
		const struct slice *a = &view->slices[i - 1], *b = a + 1;

		if (a->resource == b->resource && a->start + a->length > b->start)
			return complain("resource %u: grants %u and %u have %llu+%llu, %llu+%llu",
					a->resource, a->grant, b->grant, a->start, a->length,
					b->start, b->length);
	}
	return NULL;
}

static const char *nothing_is_lost(const struct view *view, bool quiet)
{
	unsigned int i, j = 0;

	for (i = 0; i < view->nr_resources; i++) {
		__u64 sums[FABRIC_SLICE_STATE_MAX + 1] = {};
		const struct resource *r = &view->resources[i];

		if (r->kind != MEMORY)
			continue;
		while (j < view->nr_slices && view->slices[j].resource < r->id)
			j++;
		for (; j < view->nr_slices && view->slices[j].resource == r->id; j++) {
			const struct slice *s = &view->slices[j];

			if (!s->length || s->start + s->length > r->total)
				return complain("resource %u of %llu has %llu+%llu", r->id,
						r->total, s->start, s->length);
			sums[s->state] += s->length;
		}
		/* What a request in the queue has got so far is not listed. */
		if (sums[FABRIC_SLICE_STATE_RESERVED] > r->reserved ||
		    sums[FABRIC_SLICE_STATE_GRANTED] > r->granted ||
		    sums[FABRIC_SLICE_STATE_QUARANTINED] > r->quarantined)
			return complain("resource %u has more slices than counted", r->id);
		if (quiet && (sums[FABRIC_SLICE_STATE_GRANTED] != r->granted ||
			      sums[FABRIC_SLICE_STATE_QUARANTINED] != r->quarantined))
			return complain("resource %u: %llu + %llu taken, slices of %llu + %llu",
					r->id, r->granted, r->quarantined,
					sums[FABRIC_SLICE_STATE_GRANTED],
					sums[FABRIC_SLICE_STATE_QUARANTINED]);
	}
	return NULL;
}

static bool has_queue(const struct view *view)
{
	unsigned int i;

	for (i = 0; i < view->nr_grants; i++) {
		if (view->grants[i].state == FABRIC_GRANT_STATE_QUEUED)
			return true;
	}
	return false;
}

/* Under the limit always; exact when no request in the queue holds a part. */
static const char *quotas_are_exact(struct genl *genl, const struct view *view, bool quiet)
{
	unsigned int t, i, j;

	for (t = 0; t < TENANTS; t++) {
		__u64 used = view_tenant_used(genl, &tenants[t]), sum = 0;

		if (used > tenants[t].limit)
			return complain("tenant %s has %llu of %llu", tenants[t].name, used,
					tenants[t].limit);
		if (!quiet)
			continue;
		for (i = 0; i < view->nr_grants; i++) {
			if (strcmp(view->grants[i].tenant, tenants[t].name))
				continue;
			for (j = 0; j < view->grants[i].nr_pieces; j++)
				sum += view->grants[i].pieces[j].length;
		}
		if (has_queue(view) ? used < sum : used != sum)
			return complain("tenant %s has %llu, %llu are counted", tenants[t].name,
					sum, used);
	}
	return NULL;
}

static const char *bandwidth_is_exact(const struct view *view)
{
	unsigned int i, j, k;

	for (i = 0; i < view->nr_resources; i++) {
		const struct resource *r = &view->resources[i];
		const struct device *device = NULL;
		__u64 sum = 0;

		for (j = 0; r->kind == FABRIC_KIND_BANDWIDTH && j < nr_devices; j++) {
			if (devices[j].there && devices[j].port == r->port)
				device = &devices[j];
		}
		if (!device)
			continue;
		for (j = 0; j < view->nr_grants; j++) {
			const struct told_grant *told = &view->grants[j];

			for (k = 0; k < told->nr_pieces; k++) {
				if (told->pieces[k].device == device->id)
					sum += told->bandwidth_min;
			}
		}
		if (has_queue(view) ? r->granted < sum : r->granted != sum)
			return complain("port of %s: %llu Mb/s are granted, %llu counted",
					device->name, sum, r->granted);
	}
	return NULL;
}

static bool is_known(const struct told_grant *told)
{
	const struct story *story = &stories[told->id % IDS];

	return story->id == told->id && story->asked_priority && !story->released;
}

static const char *check_entry(const struct entry *entry, const struct view *view)
{
	const struct told_grant *told = view_grant(view, entry->id);

	if (!told)
		return may_be_gone(entry) ? NULL : complain("grant %u is gone", entry->id);
	if (told->state == FABRIC_GRANT_STATE_QUEUED)
		return told->nr_pieces ? complain("request %u has slices", entry->id) : NULL;
	if (told->state != FABRIC_GRANT_STATE_ACTIVE)
		return NULL;
	if (sum_of(told) != told->size)
		return complain("grant %u of %llu has %llu", told->id, told->size, sum_of(told));
	if (entry->shared || told->size == entry->size)
		return NULL;
	if (told->size < entry->size && told->reclaims && entry->min && told->size >= entry->min)
		return NULL;
	/* grown back to more than it was set to since */
	if (told->size > entry->size && told->reclaims && entry->restore)
		return NULL;
	return complain("grant %u was to have %llu, at least %llu, and has %llu", entry->id,
			entry->size, entry->min ?: entry->size, told->size);
}

static const char *grants_are_whole(const struct view *view)
{
	unsigned int i, j, t;
	const char *bad;

	for (i = 0; i < view->nr_grants; i++) {
		const struct told_grant *told = &view->grants[i];

		/* else a part that a grant gave up, or that could not be prepared, and can't go */
		if (!is_known(told) && told->state != FABRIC_GRANT_STATE_REVOKING &&
		    told->state != FABRIC_GRANT_STATE_QUARANTINED)
			return complain("grant %u in state %u was refused or released",
					told->id, told->state);
		for (j = 0; j < i; j++) {
			if (*told->token && !strcmp(told->token, view->grants[j].token) &&
			    !strcmp(told->tenant, view->grants[j].tenant) && is_known(told) &&
			    told->state == FABRIC_GRANT_STATE_ACTIVE &&
			    view->grants[j].state == FABRIC_GRANT_STATE_ACTIVE)
				return complain("grants %u and %u are of one token", told->id,
						view->grants[j].id);
		}
	}
	for (t = 0; t < nr_threads; t++) {
		for (i = 0; i < ENTRIES; i++) {
			bad = workers[t].entries[i].id ?
			      check_entry(&workers[t].entries[i], view) : NULL;
			if (bad)
				return bad;
		}
	}
	return NULL;
}

struct comparison {
	const struct view *view;
	const char *bad;
	const struct device *last;
	__u64 last_end;
	unsigned int nr_granted;
};

static void compare_slice(const struct device *device, __u64 start, __u64 length, void *data)
{
	struct comparison *with = data;
	unsigned int i;

	if (device == with->last && start < with->last_end)
		with->bad = complain("%s has two slices at %llu", device->name, start);
	with->last = device;
	with->last_end = start + length;
	for (i = 0; i < with->view->nr_slices; i++) {
		const struct slice *s = &with->view->slices[i];

		if (s->resource != device->resource || s->start != start)
			continue;
		if (s->length != length)
			with->bad = complain("%s has %llu+%llu, the broker %llu", device->name,
					     start, length, s->length);
		with->nr_granted += s->state == FABRIC_SLICE_STATE_GRANTED;
		return;
	}
	with->bad = complain("%s has %llu+%llu, the broker nothing", device->name, start, length);
}

/* The switches have the slices that the broker says, and no others. */
static const char *switches_agree(const struct view *view)
{
	struct comparison with = { .view = view };
	unsigned int i, granted = 0;

	for (i = 0; i < view->nr_slices; i++)
		granted += view->slices[i].state == FABRIC_SLICE_STATE_GRANTED &&
			   view->slices[i].device != probe_device;
	for (i = 0; i < nr_switches && !with.bad; i++)
		switch_slices(i, compare_slice, &with);
	if (!with.bad && with.nr_granted != granted)
		return complain("%u slices are granted, the switches have %u", granted,
				with.nr_granted);
	return with.bad;
}

const char *judge_view(struct genl *genl, struct view *view, bool quiet)
{
	const char *bad = nothing_is_granted_twice(view);

	if (!bad)
		bad = nothing_is_lost(view, quiet);
	if (!bad)
		bad = quotas_are_exact(genl, view, quiet);
	if (!bad && quiet)
		bad = bandwidth_is_exact(view);
	if (!bad && quiet)
		bad = grants_are_whole(view);
	if (!bad && quiet)
		bad = switches_agree(view);
	return bad;
}
