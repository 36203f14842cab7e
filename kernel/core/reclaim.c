// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: from whom a request gets what is not free.
 *
 * A plan is a window [start, end) of one resource, or of several: what is free
 * in it is reserved at once, and on what others have the request gets a claim.
 * Whoever frees something that is claimed frees it for the claimant. So nobody
 * else gets it, and nobody loses anything unless all that is missing was found.
 *
 * Victims are of lower priority than the request. Among the windows, first those
 * that only shrink grants down to their min; then the lowest victims (the
 * highest priority among them counts), the fewest grants, the least loss.
 *
 * A domain has its slices that could be victims in the order of the least that
 * each costs, for each way to take them: domain->victims. A window is looked
 * for around one after the other, until the next costs no less than the best
 * window found so far. So a plan does not look at all slices, as long as the
 * best victims suffice. What a slice costs is at most more than it says there:
 * a grant that shrinks is sorted in anew, one that grows need not be.
 */
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

/**
 * struct item - a run of units of a resource that can be had
 * @start: first unit
 * @end: first unit behind it
 * @victim: who has it, NULL if nobody has, or no longer
 * @level: priority of @victim, or 0
 * @slice: what @victim loses unless only the end of the item is taken and it @cuts
 * @spare: what @victim can lose in all and go on
 * @all: what it loses if it has to go instead, or 0 if it can't be made to
 * @cuts: @victim can give the end and keep the rest
 * @tail_only: @victim can give the end only
 */
struct item {
	u64 start;
	u64 end;
	struct fabric_grant *victim;
	u32 level;
	u64 slice;
	u64 spare;
	u64 all;
	bool cuts;
	bool tail_only;
};

struct items {
	struct item *list;
	u32 nr;
	u32 room;
};

/* What a window costs the others, in the order of importance. */
struct cost {
	u32 level;
	u32 grants;
	u64 loss;
};

/**
 * struct window - units of a resource that a request is to get
 * @resource: referenced
 * @start: first unit
 * @length: number of units
 * @run: longest window that the resource could give
 * @free: longest one that takes nothing from anybody
 * @cost: what it costs the others
 */
struct window {
	struct fabric_resource *resource;
	u64 start;
	u64 length;
	u64 run;
	u64 free;
	struct cost cost;
};

struct windows {
	struct window *list;
	u32 nr;
	u32 room;
};

static const struct cost cost_infinite = { U32_MAX, U32_MAX, U64_MAX };

static bool cheaper(const struct cost *a, const struct cost *b)
{
	if (a->level != b->level)
		return a->level < b->level;
	if (a->grants != b->grants)
		return a->grants < b->grants;
	return a->loss < b->loss;
}

static bool costs_less(const struct fabric_grant_slice *a, const struct fabric_grant_slice *b)
{
	if (a->level != b->level)
		return a->level < b->level;
	if (a->price != b->price)
		return a->price < b->price;
	if (a->resource != b->resource)
		return a->resource->obj.id < b->resource->obj.id;
	return a->pub.start < b->pub.start;
}

static bool shrinks_less(struct rb_node *a, const struct rb_node *b)
{
	return costs_less(rb_entry(a, struct fabric_grant_slice, victim[FABRIC_TAKE_SHRINK]),
			  rb_entry(b, struct fabric_grant_slice, victim[FABRIC_TAKE_SHRINK]));
}

static bool revokes_less(struct rb_node *a, const struct rb_node *b)
{
	return costs_less(rb_entry(a, struct fabric_grant_slice, victim[FABRIC_TAKE_REVOKE]),
			  rb_entry(b, struct fabric_grant_slice, victim[FABRIC_TAKE_REVOKE]));
}

/* Nothing more can be taken of the slice. */
void fabric_victim_del(struct fabric_grant_slice *slice)
{
	const struct fabric_resource *resource = slice->resource;
	struct rb_root *victims = resource->domain->victims[resource->info.kind];
	enum fabric_take take;

	lockdep_assert_held(&resource->domain->lock);
	for (take = 0; take < FABRIC_TAKE_MAX; take++) {
		if (RB_EMPTY_NODE(&slice->victim[take]))
			continue;
		rb_erase(&slice->victim[take], &victims[take]);
		RB_CLEAR_NODE(&slice->victim[take]);
	}
}

/* Sort the slice in by what its grant says now. */
void fabric_victim_sort(struct fabric_grant_slice *slice)
{
	const struct fabric_resource *resource = slice->resource;
	struct rb_root *victims = resource->domain->victims[resource->info.kind];
	const struct fabric_grant *grant = slice->grant;
	bool goes = grant->plan || grant->state == FABRIC_GRANT_STATE_REVOKING;

	fabric_victim_del(slice);
	slice->level = goes ? 0 : grant->req->priority + 1;
	/* How little a grant loses that can be shrunk depends on the window. */
	slice->price = goes || grant->req->min ? 0 : grant->size;
	if (goes || grant->req->min)
		rb_add(&slice->victim[FABRIC_TAKE_SHRINK], &victims[FABRIC_TAKE_SHRINK],
		       shrinks_less);
	if (!goes && grant->req->reclaimable)
		rb_add(&slice->victim[FABRIC_TAKE_REVOKE], &victims[FABRIC_TAKE_REVOKE],
		       revokes_less);
}

void fabric_victims_sort(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;

	lockdep_assert_held(&grant->lock);
	list_for_each_entry(slice, &grant->slices, siblings) {
		struct fabric_domain *domain;

		if (!slice->resource)
			continue;
		domain = slice->resource->domain;
		mutex_lock(&domain->lock);
		fabric_victim_sort(slice);
		mutex_unlock(&domain->lock);
	}
}

static enum fabric_mode mode_of(const struct fabric_resource *resource,
				const struct fabric_want *want)
{
	return want->req->mode ?: fabric_resource_default_mode(resource);
}

/* The request can take from the grant at all. */
static bool is_victim(const struct fabric_grant *grant, const struct fabric_want *want)
{
	const struct fabric_notice *notice = grant->notice;

	if (notice && !(want->over_plans && notice->by && notice->priority < want->priority))
		return false;
	return READ_ONCE(grant->state) == FABRIC_GRANT_STATE_ACTIVE &&
	       !READ_ONCE(grant->owned) && grant->req->priority < want->priority &&
	       ktime_get_boottime_ns() >= grant->avoid_until;
}

/* Somebody else is to get a part of @slice, and keeps that. */
static bool is_promised(const struct fabric_grant_slice *slice, const struct fabric_want *want)
{
	const struct fabric_claim *claim;

	list_for_each_entry(claim, &slice->claims, node) {
		if (!want->over_plans || claim->to->grant->req->priority >= want->priority)
			return true;
	}
	return false;
}

/* The plan that is being made, by number. What an earlier one would have taken does not count. */
static u64 plan_number;

static void plan_to_take(struct fabric_grant *grant, s64 change)
{
	if (grant->plan_number != plan_number)
		grant->planned = 0;
	grant->plan_number = plan_number;
	grant->planned += change;
}

/* How much the grant can lose and go on. */
static u64 spare(struct fabric_grant *grant)
{
	u64 planned = grant->plan_number == plan_number ? grant->planned : 0;
	u64 keep = grant->req->min + planned;
	u64 size = READ_ONCE(grant->size);

	return grant->req->min && size > keep ? size - keep : 0;
}

/* What a taken extent could give for the request; none has length 0. */
static struct item item_of_extent(const struct fabric_extent *extent,
				  const struct fabric_want *want, enum fabric_take take)
{
	const struct fabric_grant_slice *slice = extent->owner;
	const struct fabric_resource *resource = slice->resource;
	struct fabric_grant *grant = slice->grant;
	u64 align = fabric_resource_align(resource, slice->pub.mode);
	struct item item = {
		.start = extent->start,
		.end = extent->start + extent->length,
		.victim = grant,
	};
	u64 less;

	item.level = grant->req->priority;
	/* It is only set aside for another request. */
	if (grant->plan && want->over_plans && grant->req->priority < want->priority) {
		item.victim = NULL;
		item.level = 0;
		return item;
	}
	if (slice->error || slice->missing || is_promised(slice, want))
		goto none;
	if (READ_ONCE(grant->state) == FABRIC_GRANT_STATE_REVOKING) {
		item.victim = NULL;
		item.level = 0;
		return item;
	}
	if (!is_victim(grant, want))
		goto none;
	less = spare(grant);
	item.slice = slice->pub.length;
	item.spare = less;
	item.all = take == FABRIC_TAKE_REVOKE && grant->req->reclaimable ?
		   READ_ONCE(grant->size) : 0;
	item.cuts = resource->domain->ops->slice_shrink;
	if (less >= slice->pub.length)
		return item;
	if (item.all) {
		item.cuts = false;
		return item;
	}
	less = ALIGN_DOWN(less, align);
	if (!less || !item.cuts)
		goto none;
	item.start = item.end - less;
	item.tail_only = true;
	return item;

none:
	item.end = item.start;
	return item;
}

static int add_item(struct items *items, const struct item *item)
{
	if (items->nr == items->room) {
		u32 room = 2 * items->room ?: 256;
		struct item *more;

		more = kvrealloc(items->list, array_size(room, sizeof(*more)), GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		items->list = more;
		items->room = room;
	}
	items->list[items->nr++] = *item;
	return 0;
}

/*
 * All that can be had of the extents of a resource between @from and @to, in
 * the order of its units. Returns how many extents these are, or -ENOMEM.
 */
static int collect(struct items *items, const struct fabric_resource *resource,
		   const struct fabric_want *want, enum fabric_take take, u64 from, u64 to)
{
	struct fabric_extent *extent;
	int nr = 0;

	lockdep_assert_held(&resource->domain->lock);
	items->nr = 0;
	for (extent = fabric_extents_at(&resource->extents, from); extent && extent->start < to;
	     extent = fabric_extents_next(extent)) {
		struct item item = {
			.start = extent->start,
			.end = extent->start + extent->length,
		};

		nr++;
		/* What is withheld is nobody's to give */
		if (!extent->free && !extent->owner)
			continue;
		if (!extent->free)
			item = item_of_extent(extent, want, take);
		if (item.start != item.end && add_item(items, &item))
			return -ENOMEM;
	}
	return nr;
}

/* The window that is being looked at, by number. */
static u64 window_number;

/*
 * What the victim of the item loses to the window, besides what that has taken
 * of its other slices, if the window needs @length of this one. False if it can't.
 */
static bool take_item(const struct item *item, u64 length, struct cost *cost)
{
	struct fabric_grant *victim = item->victim;
	u64 had, lost;

	if (victim->window_number != window_number) {
		victim->window_number = window_number;
		victim->window_takes = 0;
		cost->level = max(cost->level, item->level + 1);
		cost->grants++;
	}
	had = victim->window_takes;
	lost = had + length;
	if (lost > item->spare) {
		if (!item->all)
			return false;
		lost = max(item->all, had);
	}
	victim->window_takes = lost;
	cost->loss += lost - had;
	return true;
}

/* What [@start, @end) costs, which begins in item @first; or as soon as it is above @limit. */
static struct cost cost_of(const struct items *items, u32 first, u64 start, u64 end,
			   const struct cost *limit)
{
	const struct item *item = &items->list[first];
	const struct item *last = &items->list[items->nr - 1];
	struct cost cost = {};

	window_number++;
	for (;; item++) {
		if (item->victim) {
			if (item->tail_only && item->end > end)
				return cost_infinite;
			if (!take_item(item, item->cuts && item->end <= end ?
				       item->end - max(item->start, start) : item->slice, &cost))
				return cost_infinite;
			if (cost.level > limit->level ||
			    (cost.level == limit->level && cost.grants > limit->grants))
				return cost_infinite;
		}
		if (item->end >= end)
			return cost;
		if (item == last || item[1].start != item->end)
			return cost_infinite;
	}
}

static bool consider(const struct items *items, u32 first, u64 start, u64 length,
		     struct window *best)
{
	struct cost cost = cost_of(items, first, start, start + length, &best->cost);

	if (!cheaper(&cost, &best->cost))
		return false;
	best->cost = cost;
	best->start = start;
	best->length = length;
	return true;
}

/*
 * Whether there is a cheaper window of @length than @best, which it is then: one
 * that ends where an item does, or begins where one does. Of equal ones the first
 * kind: a victim that has to go whole can offer its tail instead.
 */
static bool find_window(const struct items *items, u64 length, u64 align, struct window *best)
{
	bool found = false;
	u32 i, first;

	for (i = 0; i < items->nr; i++) {
		const struct item *item = &items->list[i];
		u64 start = ALIGN_DOWN(item->end - min(item->end, length), align);

		for (first = i; items->list[first].start > start; first--) {
			if (!first || items->list[first - 1].end != items->list[first].start)
				break;
		}
		if (item->end >= length && items->list[first].start <= start)
			found |= consider(items, first, start, length, best);
		start = ALIGN(item->start, align);
		if (start < item->end)
			found |= consider(items, i, start, length, best);
	}
	return found;
}

/* The longest window that there is, and the longest that costs nothing. */
static void measure(const struct items *items, u64 align, struct window *window)
{
	u64 begin = 0, begin_free = 0, end = U64_MAX;
	struct cost cost = {};
	bool all_free = false;
	u32 i;

	window->run = 0;
	window->free = 0;
	for (i = 0; i < items->nr; i++) {
		const struct item *item = &items->list[i];
		bool begins = item->start != end;

		/* A victim can have given what it can before; then this is the other way. */
		if (!begins && item->victim && !take_item(item, item->end - item->start, &cost))
			begins = true;
		if (begins) {
			begin = ALIGN(item->start, align);
			window_number++;
			if (item->victim)
				take_item(item, item->end - item->start, &cost);
		}
		if (begins || !all_free)
			begin_free = ALIGN(item->start, align);
		all_free = !item->victim;
		end = item->end;
		if (end > begin)
			window->run = max(window->run, ALIGN_DOWN(end - begin, align));
		if (all_free && end > begin_free)
			window->free = max(window->free, ALIGN_DOWN(end - begin_free, align));
	}
}

/* Lock the resource and see what it could give; with @length, where. */
static int look(struct window *window, const struct fabric_want *want, u64 length,
		enum fabric_take take, struct items *items)
{
	struct fabric_resource *resource = window->resource;
	struct fabric_domain *domain = resource->domain;
	int ret = -EAGAIN;
	u64 align;

	mutex_lock(&domain->lock);
	align = fabric_resource_align(resource, mode_of(resource, want));
	if (resource->obj.registered)
		ret = collect(items, resource, want, take, 0, U64_MAX);
	/* No victim goes before the lock is given up. */
	if (ret >= 0 && length) {
		window->cost = cost_infinite;
		window->length = 0;
		find_window(items, length, align, window);
	} else if (ret >= 0) {
		measure(items, align, window);
	}
	mutex_unlock(&domain->lock);
	if (ret < 0)
		return ret;
	return window->length % (want->req->granularity ?: 1) ? -ENOSPC : 0;
}

static int add_window(struct windows *windows, const struct window *window)
{
	if (windows->nr == windows->room) {
		u32 room = 2 * windows->room ?: 64;
		struct window *more;

		more = kvrealloc(windows->list, array_size(room, sizeof(*more)), GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		windows->list = more;
		windows->room = room;
	}
	fabric_object_hold(&window->resource->obj);
	windows->list[windows->nr++] = *window;
	return 0;
}

/* Another resource that the request could be met from if nobody had anything of it. */
static int add_resource(struct fabric_resource *resource, const struct fabric_want *want,
			struct fabric_search *search, void *data)
{
	return add_window(data, &(struct window){ .resource = resource });
}

static void forget(struct windows *windows)
{
	u32 i;

	for (i = 0; i < windows->nr; i++)
		fabric_resource_put(windows->list[i].resource);
	kvfree(windows->list);
	*windows = (struct windows){};
}

static struct fabric_grant_slice *first_victim(struct rb_root *victims, enum fabric_take take)
{
	return rb_entry_safe(rb_first(victims), struct fabric_grant_slice, victim[take]);
}

static struct fabric_grant_slice *next_victim(struct fabric_grant_slice *slice,
					      enum fabric_take take)
{
	return rb_entry_safe(rb_next(&slice->victim[take]), struct fabric_grant_slice,
			     victim[take]);
}

/* Whether a window around the slice can do for the request. */
static bool is_candidate(const struct fabric_grant_slice *slice, const struct fabric_want *want)
{
	struct fabric_resource *resource = slice->resource;

	if (resource->plan_number != plan_number) {
		resource->plan_number = plan_number;
		resource->plan_open = fabric_place_suits(resource, want, NULL);
		resource->plan_looked = 0;
	}
	if (!resource->plan_open)
		return false;
	if (!slice->level)
		return !slice->grant->plan || want->over_plans;
	return is_victim(slice->grant, want);
}

/*
 * See whether there is a cheaper window around the slice. When looks around its
 * neighbours have cost as much as one at the whole resource, do that, once.
 */
static int look_around(const struct fabric_grant_slice *slice, const struct fabric_want *want,
		       enum fabric_take take, struct items *items, struct window *best)
{
	struct fabric_resource *resource = slice->resource;
	u64 align = fabric_resource_align(resource, mode_of(resource, want));
	u64 reach = want->size + align, from = 0, to = U64_MAX;
	int ret;

	if (resource->plan_looked < 2 * resource->nr_slices) {
		from = slice->pub.start - min(slice->pub.start, reach);
		to = slice->pub.start + slice->pub.length + reach;
	} else {
		resource->plan_open = false;
	}
	ret = collect(items, resource, want, take, from, to);
	if (ret < 0)
		return ret;
	resource->plan_looked += ret;
	if (find_window(items, want->size, align, best)) {
		fabric_resource_put(best->resource);
		fabric_object_hold(&resource->obj);
		best->resource = resource;
	}
	return 0;
}

/* Make @best a cheaper window if the domain has one; @found says whether it has victims at all. */
static int look_in_domain(struct fabric_domain *domain, const struct fabric_want *want,
			  enum fabric_take take, struct items *items, struct window *best,
			  bool *found)
{
	struct rb_root *victims = domain->victims[want->req->kind];
	struct fabric_grant_slice *slice = first_victim(&victims[FABRIC_TAKE_SHRINK],
							FABRIC_TAKE_SHRINK);
	u64 floor = 0;
	int ret = 0;

	lockdep_assert_held(&domain->lock);
	if (!domain->obj.registered)
		return 0;
	/* Where nothing is free, and nothing becomes so anyway, they lose all of the window. */
	if (RB_EMPTY_ROOT(&domain->free[want->req->kind]) && !(slice && !slice->level))
		floor = want->size;
	for (slice = first_victim(&victims[take], take); !ret && slice;
	     slice = next_victim(slice, take)) {
		const struct cost least = {
			.level = slice->level,
			.grants = !!slice->level,
			.loss = slice->level ? max(floor, slice->price) : 0,
		};

		if (slice->level > want->priority)
			break;
		*found = true;
		if (!cheaper(&least, &best->cost))
			break;
		if (is_candidate(slice, want))
			ret = look_around(slice, want, take, items, best);
		cond_resched();
	}
	return ret;
}

/*
 * The cheapest single window of all resources, which becomes the only one in
 * the list. -ENOENT says that there is nobody to take anything from.
 */
static int plan_single(struct windows *windows, const struct fabric_want *want,
		       enum fabric_take take, struct items *items)
{
	struct window best = { .cost = cost_infinite };
	struct fabric_object *obj;
	bool found = false;
	unsigned long id;
	int ret = 0;

	for (id = 0; !ret && (obj = fabric_object_next(&fabric_domains, &id)); id++) {
		struct fabric_domain *domain = container_of(obj, struct fabric_domain, obj);

		mutex_lock(&domain->lock);
		if (!want->req->domain_id || want->req->domain_id == obj->id)
			ret = look_in_domain(domain, want, take, items, &best, &found);
		mutex_unlock(&domain->lock);
		fabric_domain_put(domain);
	}
	if (!ret && best.resource)
		ret = add_window(windows, &best);
	fabric_resource_put(best.resource);
	if (ret)
		return ret;
	if (best.resource)
		return 1;
	return found ? -ENOSPC : -ENOENT;
}

static int by_free(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return cmp_int(y->free, x->free) ?: cmp_int(y->run, x->run);
}

static int by_run(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return cmp_int(y->run, x->run);
}

/* What the holder of @slice loses if the window [@start, @end) is taken. */
static u64 loss_of(const struct fabric_grant_slice *slice, u64 start, u64 end)
{
	const struct fabric_resource *resource = slice->resource;
	u64 slice_end = slice->pub.start + slice->pub.length;

	if (start <= slice->pub.start || end < slice_end || !resource->domain->ops->slice_shrink)
		return slice->pub.length;
	return slice->pub.length - ALIGN_DOWN(start - slice->pub.start,
					      fabric_resource_align(resource, slice->pub.mode));
}

static void plan_window(struct window *window, s64 sign)
{
	struct fabric_domain *domain = window->resource->domain;
	u64 end = window->start + window->length;
	struct fabric_extent *extent;

	if (!window->length)
		return;
	mutex_lock(&domain->lock);
	for (extent = fabric_extents_at(&window->resource->extents, window->start);
	     extent && extent->start < end; extent = fabric_extents_next(extent)) {
		struct fabric_grant_slice *slice = extent->owner;

		if (!extent->free)
			plan_to_take(slice->grant, sign * (s64)loss_of(slice, window->start, end));
	}
	mutex_unlock(&domain->lock);
}

/*
 * Windows of the first resources in the list, each of another device: what they
 * have free, and then as much more as is missing, where that is cheapest.
 */
static int plan_first(struct windows *windows, const struct fabric_want *want,
		      enum fabric_take take, struct items *items)
{
	u64 granularity = want->req->granularity ?: 1;
	u32 nr = 0, i, j;
	u64 left = want->size;
	int ret = 0;

	for (i = 0; i < windows->nr && nr < want->pieces; i++) {
		for (j = 0; j < nr; j++) {
			if (windows->list[j].resource->device == windows->list[i].resource->device)
				break;
		}
		if (j < nr || windows->list[i].run < granularity)
			continue;
		swap(windows->list[nr], windows->list[i]);
		nr++;
	}
	for (i = 0; i < nr && left; i++) {
		struct window *window = &windows->list[i];
		u64 length = min(window->free, left);

		window->length = 0;
		length -= length % granularity;
		if (!length)
			continue;
		ret = look(window, want, length, take, items);
		if (ret)
			return ret;
		left -= window->length;
	}
	while (left && !ret) {
		struct window best = { .cost = cost_infinite };
		u64 gain = 0;

		for (i = 0; i < nr && !ret; i++) {
			struct window next = windows->list[i];
			u64 had = next.length;
			u64 length = min(next.run, had + left);

			length -= length % granularity;
			if (length <= had)
				continue;
			plan_window(&windows->list[i], -1);
			ret = look(&next, want, length, take, items);
			plan_window(&windows->list[i], 1);
			if (!ret && next.length && cheaper(&next.cost, &best.cost)) {
				best = next;
				gain = next.length - had;
				j = i;
			}
		}
		if (ret || !gain)
			break;
		plan_window(&windows->list[j], -1);
		windows->list[j] = best;
		plan_window(&windows->list[j], 1);
		left -= gain;
	}
	for (i = 0; i < nr; i++)
		plan_window(&windows->list[i], -1);
	if (ret || left)
		return ret == -ENOMEM ? ret : -ENOSPC;
	for (i = 0, j = 0; i < nr; i++) {
		if (!windows->list[i].length)
			continue;
		swap(windows->list[j], windows->list[i]);
		j++;
	}
	return j;
}

static int plan_many(struct windows *windows, const struct fabric_want *want,
		     enum fabric_take take, struct items *items)
{
	int ret;
	u32 i;

	ret = fabric_place_visit(want, NULL, add_resource, windows);
	for (i = 0; !ret && i < windows->nr; i++) {
		ret = look(&windows->list[i], want, 0, take, items);
		if (ret == -ENOMEM)
			return ret;
		cond_resched();
	}
	/* More free capacity is less to take; but the longest windows may be needed. */
	sort(windows->list, windows->nr, sizeof(*windows->list), by_free, NULL);
	ret = plan_first(windows, want, take, items);
	if (ret != -ENOSPC)
		return ret;
	sort(windows->list, windows->nr, sizeof(*windows->list), by_run, NULL);
	return plan_first(windows, want, take, items);
}

/* Find windows, at the front of the list. Returns their number, or an error. */
static int plan(struct windows *windows, const struct fabric_want *want)
{
	struct items items = {};
	enum fabric_take take;
	int ret = 0;

	for (take = 0; take < FABRIC_TAKE_MAX && !ret; take++) {
		plan_number++;
		ret = plan_single(windows, want, take, &items);
		if (ret == -ENOSPC && want->pieces > 1)
			ret = plan_many(windows, want, take, &items);
		if (ret < 0 && ret != -ENOMEM) {
			forget(windows);
			ret = 0;
		}
	}
	kvfree(items.list);
	return ret ?: -ENOSPC;
}

/* Reserve a window: from here on it is the request's, whenever it becomes free. */
static int reserve(struct fabric_grant *grant, const struct fabric_want *want,
		   const struct window *window)
{
	struct fabric_resource *resource = window->resource;
	struct fabric_grant_slice *slice = fabric_slice_alloc(grant);
	int ret = -EAGAIN;

	if (!slice)
		return -ENOMEM;
	slice->pub.mode = mode_of(resource, want);
	mutex_lock(&resource->domain->lock);
	if (resource->obj.registered && fabric_place_fits(resource, want->req, NULL))
		ret = fabric_resource_reserve(resource, slice, window->start, window->length);
	if (!ret)
		fabric_victim_sort(slice);
	mutex_unlock(&resource->domain->lock);
	if (ret) {
		fabric_slice_free(slice);
		return ret;
	}
	fabric_grant_append(grant, slice);
	return 0;
}

/* Somebody who has what @slice wants and whose claim has @told; it changes. Referenced. */
static struct fabric_grant *next_holder(const struct fabric_grant_slice *slice, bool told)
{
	struct fabric_domain *domain = slice->resource->domain;
	struct fabric_grant *found = NULL;
	struct fabric_claim *claim;

	mutex_lock(&domain->lock);
	list_for_each_entry(claim, &slice->wants, want) {
		if (claim->told != told)
			continue;
		claim->told = !told;
		found = claim->from->grant;
		fabric_grant_hold(found);
		break;
	}
	mutex_unlock(&domain->lock);
	return found;
}

/* What the victim loses by the claims on it: tails where they can be cut off, else whole slices. */
static u64 loss(const struct fabric_grant *victim)
{
	struct fabric_grant_slice *slice;
	u64 sum = 0;

	lockdep_assert_held(&victim->lock);
	list_for_each_entry(slice, &victim->slices, siblings) {
		if (slice->resource)
			sum += slice->pub.length - fabric_slice_keeps(slice);
	}
	return sum;
}

/**
 * fabric_reclaim_notice() - ask a holder to give capacity back
 * @victim: its grant, locked
 * @by: the request that wants it, or NULL
 * @target: size that it has to come down to
 * @reason: why, for people
 *
 * The clock of its grace starts.
 *
 * Return: 0 or -ENOMEM.
 */
int fabric_reclaim_notice(struct fabric_grant *victim, const struct fabric_grant *by, u64 target,
			  const char *reason)
{
	struct fabric_notice *notice;

	lockdep_assert_held(&fabric_engine);
	lockdep_assert_held(&victim->lock);
	notice = kzalloc_obj(*notice);
	if (!notice)
		return -ENOMEM;
	if (by) {
		notice->by = by->obj.id;
		notice->priority = by->req->priority;
		if (by->req->tenant)
			strscpy(notice->tenant, by->req->tenant->name);
	}
	notice->target = target;
	strscpy(notice->reason, reason);
	notice->deadline = ktime_get_boottime_ns() + (u64)victim->req->grace * NSEC_PER_MSEC;
	victim->notice = notice;
	fabric_deadline_set(victim, fabric_grant_next_deadline(victim));
	atomic64_inc(&fabric_stats.notices);
	fabric_record(FABRIC_EVENT_NOTICE, victim, victim->size - target, notice->by, reason);
	fabric_grant_notify(victim, FABRIC_CMD_GRANT_CHANGE_NTF);
	return 0;
}

static int give_notice(struct fabric_grant *victim, const struct fabric_grant *by,
		       const struct fabric_want *want)
{
	u64 target, lost;
	int ret = 0;

	mutex_lock(&victim->lock);
	if (victim->notice && victim->notice->by == by->obj.id)
		goto out_unlock;
	if (fabric_grant_ended(victim) || victim->state == FABRIC_GRANT_STATE_REVOKING)
		goto out_unlock;
	ret = -EAGAIN;
	if (!is_victim(victim, want))
		goto out_unlock;
	lost = loss(victim);
	target = victim->size - lost;
	if (!victim->req->min || target < victim->req->min)
		target = 0;
	if (target || victim->req->reclaimable)
		ret = fabric_reclaim_notice(victim, by, target,
					    "A more important request needs it");
out_unlock:
	mutex_unlock(&victim->lock);
	return ret;
}

static int tell_victims(struct fabric_grant *grant, const struct fabric_want *want)
{
	struct fabric_grant_slice *slice;
	int ret = 0;

	list_for_each_entry(slice, &grant->slices, siblings) {
		struct fabric_grant *victim;

		while (!ret && (victim = next_holder(slice, false))) {
			ret = give_notice(victim, grant, want);
			fabric_grant_put(victim);
		}
	}
	return ret;
}

static void withdraw_notice(struct fabric_grant *victim, const struct fabric_grant *by)
{
	mutex_lock(&victim->lock);
	if (victim->notice && victim->notice->by == by->obj.id && !victim->notice->forced) {
		fabric_grant_drop_notice(victim);
		fabric_grant_notify(victim, FABRIC_CMD_GRANT_CHANGE_NTF);
	}
	mutex_unlock(&victim->lock);
}

/*
 * The plan of @grant is given up: what it has is free again, and its victims
 * keep what they have not given yet.
 */
void fabric_reclaim_withdraw(struct fabric_grant *grant)
{
	struct fabric_grant_slice *slice;

	lockdep_assert_held(&fabric_engine);
	grant->plan = false;
	list_for_each_entry(slice, &grant->slices, siblings) {
		struct fabric_grant *victim;

		while ((victim = next_holder(slice, true))) {
			withdraw_notice(victim, grant);
			fabric_grant_put(victim);
		}
	}
	while (!list_empty(&grant->slices))
		fabric_grant_drop_last(grant);
}

/**
 * fabric_reclaim() - let others make room for a request
 * @grant: the request, in the queue
 * @want: what it wants
 *
 * Return: 0 when all that it wants will be its own, -ENOSPC when that can't be,
 * and nobody was told anything then, or -ENOMEM.
 */
int fabric_reclaim(struct fabric_grant *grant, const struct fabric_want *want)
{
	struct windows windows = {};
	int nr, i, ret = 0;

	lockdep_assert_held(&fabric_engine);
	nr = plan(&windows, want);
	if (nr < 0) {
		forget(&windows);
		return nr;
	}
	grant->plan = true;
	for (i = 0; i < nr && !ret; i++)
		ret = reserve(grant, want, &windows.list[i]);
	forget(&windows);
	if (!ret)
		ret = tell_victims(grant, want);
	if (ret) {
		fabric_reclaim_withdraw(grant);
		return ret == -ENOMEM ? ret : -ENOSPC;
	}
	return 0;
}

/* A request whose plan is in the way of another window, referenced. */
static struct fabric_grant *in_the_way(const struct window *window)
{
	struct fabric_domain *domain = window->resource->domain;
	u64 end = window->start + window->length;
	struct fabric_grant *found = NULL;
	struct fabric_extent *extent;

	mutex_lock(&domain->lock);
	for (extent = fabric_extents_at(&window->resource->extents, window->start);
	     !found && extent && extent->start < end; extent = fabric_extents_next(extent)) {
		struct fabric_grant_slice *slice = extent->owner;
		const struct fabric_claim *claim;

		if (extent->free)
			continue;
		claim = list_first_entry_or_null(&slice->claims, struct fabric_claim, node);
		if (slice->grant->plan || claim) {
			found = claim ? claim->to->grant : slice->grant;
			fabric_grant_hold(found);
		} else if (slice->grant->notice && slice->grant->notice->by) {
			found = fabric_grant_get(slice->grant->notice->by);
		}
		if (found && !found->plan) {
			fabric_grant_put(found);
			found = NULL;
		}
	}
	mutex_unlock(&domain->lock);
	return found;
}

/**
 * fabric_reclaim_displace() - give up plans of less important requests
 * @want: what a request wants, which can't be had beside them
 *
 * Only those that are in the way of what it can have instead.
 *
 * Return: whether there were any. If not, nothing has changed.
 */
bool fabric_reclaim_displace(const struct fabric_want *want)
{
	struct fabric_want over_plans = *want;
	struct windows windows = {};
	struct fabric_grant *other;
	bool displaced = false;
	int nr, i;

	lockdep_assert_held(&fabric_engine);
	/* Who wants it waits too. */
	if (fabric_queue_length() < 2)
		return false;
	over_plans.over_plans = true;
	nr = plan(&windows, &over_plans);
	for (i = 0; i < nr; i++) {
		while ((other = in_the_way(&windows.list[i]))) {
			fabric_reclaim_withdraw(other);
			fabric_grant_put(other);
			displaced = true;
		}
	}
	forget(&windows);
	/* They make other plans, or wait. */
	if (displaced)
		fabric_queue_kick();
	return displaced;
}

/* The grace of @victim is over. */
void fabric_reclaim_force(struct fabric_grant *victim)
{
	const char *reason = NULL;
	struct fabric_notice *notice;

	lockdep_assert_held(&fabric_engine);
	mutex_lock(&victim->lock);
	notice = victim->notice;
	if (victim->state != FABRIC_GRANT_STATE_ACTIVE || !notice || notice->forced) {
		mutex_unlock(&victim->lock);
		return;
	}
	/* The holder is about to change it: see what becomes of that. */
	if (victim->owned) {
		fabric_deadline_set(victim, ktime_get_boottime_ns() + FABRIC_DEADLINE_AGAIN_NS);
		mutex_unlock(&victim->lock);
		return;
	}
	notice->forced = true;
	atomic64_inc(&fabric_stats.forced);
	if (!notice->target) {
		reason = notice->by ? "Taken for a more important request" : "Its lease is over";
	} else {
		strscpy(victim->reason, notice->reason);
		fabric_grant_set_state(victim, FABRIC_GRANT_STATE_SHRINKING);
		fabric_grant_notify(victim, FABRIC_CMD_GRANT_CHANGE_NTF);
		fabric_grant_kick(victim, 0);
	}
	mutex_unlock(&victim->lock);
	if (reason)
		fabric_grant_revoke_async(victim, reason);
}
