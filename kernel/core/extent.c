// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation engine: best fit over extents.
 *
 * All extents of a resource are in one tree by start, so that neighbours are
 * found for merging, and the free ones also in one by length, so that the
 * smallest that suffices is found; both in O(log n). Another tree has the free
 * extents of many resources by length: the best fit over all of them is found
 * without a look at each. Two free extents are never neighbours. The caller locks.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "extent.h"

static struct fabric_extent *by_start(struct rb_node *node)
{
	return rb_entry_safe(node, struct fabric_extent, by_start);
}

static struct fabric_extent *by_length(struct rb_node *node)
{
	return rb_entry_safe(node, struct fabric_extent, by_length);
}

static bool start_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct fabric_extent, by_start)->start <
	       rb_entry(b, struct fabric_extent, by_start)->start;
}

static bool length_less(struct rb_node *a, const struct rb_node *b)
{
	const struct fabric_extent *x = rb_entry(a, struct fabric_extent, by_length);
	const struct fabric_extent *y = rb_entry(b, struct fabric_extent, by_length);

	return x->length < y->length || (x->length == y->length && x->start < y->start);
}

static struct fabric_extent *among_all(struct rb_node *node)
{
	return rb_entry_safe(node, struct fabric_extent, among_all);
}

static bool among_all_less(struct rb_node *a, const struct rb_node *b)
{
	const struct fabric_extent *x = rb_entry(a, struct fabric_extent, among_all);
	const struct fabric_extent *y = rb_entry(b, struct fabric_extent, among_all);
	const struct fabric_extents *of_x = x->owner, *of_y = y->owner;

	if (x->length != y->length)
		return x->length < y->length;
	return of_x->order < of_y->order || (of_x == of_y && x->start < y->start);
}

static void mark_free(struct fabric_extents *extents, struct fabric_extent *extent)
{
	extent->free = true;
	extent->owner = extents;
	extents->free += extent->length;
	rb_add(&extent->by_length, &extents->by_length, length_less);
	if (extents->all)
		rb_add(&extent->among_all, extents->all, among_all_less);
}

static void mark_taken(struct fabric_extents *extents, struct fabric_extent *extent)
{
	if (extents->all)
		rb_erase(&extent->among_all, extents->all);
	rb_erase(&extent->by_length, &extents->by_length);
	extents->free -= extent->length;
	extent->free = false;
}

static u64 waste(const struct fabric_extent *extent, u64 align)
{
	return ALIGN(extent->start, align) - extent->start;
}

/*
 * The smallest free extent that holds @length aligned units. The loop passes
 * over extents that are long enough but lie badly; each of them is shorter than
 * @length + @align, and with @align equal to the granule there is none.
 */
static struct fabric_extent *find(const struct fabric_extents *extents, u64 length, u64 align)
{
	struct rb_node *node = extents->by_length.rb_node;
	struct fabric_extent *found = NULL;

	while (node) {
		struct fabric_extent *extent = by_length(node);

		if (extent->length >= length) {
			found = extent;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	while (found && !fabric_extent_holds(found, length, align))
		found = by_length(rb_next(&found->by_length));
	return found;
}

int fabric_extents_init(struct fabric_extents *extents, u64 total)
{
	struct fabric_extent *extent = kzalloc_obj(*extent);

	*extents = (struct fabric_extents){};
	if (!extent)
		return -ENOMEM;
	extent->length = total;
	rb_add(&extent->by_start, &extents->by_start, start_less);
	mark_free(extents, extent);
	return 0;
}

void fabric_extents_destroy(struct fabric_extents *extents)
{
	struct fabric_extent *extent, *next;

	rbtree_postorder_for_each_entry_safe(extent, next, &extents->by_start, by_start) {
		WARN_ON(!extent->free);
		kfree(extent);
	}
}

/* From here on, requests find the free extents in @all. */
void fabric_extents_join_all(struct fabric_extents *extents, struct rb_root *all, u32 order)
{
	struct rb_node *node;

	extents->all = all;
	extents->order = order;
	for (node = rb_first(&extents->by_length); node; node = rb_next(node))
		rb_add(&by_length(node)->among_all, all, among_all_less);
}

void fabric_extents_leave_all(struct fabric_extents *extents)
{
	struct rb_node *node;

	for (node = rb_first(&extents->by_length); node; node = rb_next(node))
		rb_erase(&by_length(node)->among_all, extents->all);
	extents->all = NULL;
}

/* The smallest free extent of all resources that is not shorter than @length. */
struct fabric_extent *fabric_extents_smallest(const struct rb_root *all, u64 length)
{
	struct rb_node *node = all->rb_node;
	struct fabric_extent *found = NULL;

	while (node) {
		struct fabric_extent *extent = among_all(node);

		if (extent->length >= length) {
			found = extent;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

struct fabric_extent *fabric_extents_next_longer(const struct fabric_extent *extent)
{
	return among_all(rb_next(&extent->among_all));
}

/* Whether @length aligned units lie in the extent, which is not shorter. */
bool fabric_extent_holds(const struct fabric_extent *extent, u64 length, u64 align)
{
	return extent->length - length >= waste(extent, align);
}

u64 fabric_extents_largest(const struct fabric_extents *extents)
{
	struct rb_node *last = rb_last(&extents->by_length);

	return last ? by_length(last)->length : 0;
}

/* Longest run of aligned units of @align in one free extent. */
u64 fabric_extents_run(const struct fabric_extents *extents, u64 align)
{
	struct rb_node *node;
	u64 run = 0;

	for (node = rb_last(&extents->by_length); node; node = rb_prev(node)) {
		const struct fabric_extent *extent = by_length(node);
		u64 skip = waste(extent, align);

		if (extent->length <= run)
			break;
		if (extent->length > skip)
			run = max(run, ALIGN_DOWN(extent->length - skip, align));
	}
	return run;
}

/* Where the best fit is: its first aligned unit, and the length of the free extent. */
bool fabric_extents_fit(const struct fabric_extents *extents, u64 length, u64 align,
			struct fabric_fit *fit)
{
	struct fabric_extent *extent = find(extents, length, align);

	if (!extent)
		return false;
	fit->start = extent->start + waste(extent, align);
	fit->room = extent->length;
	return true;
}

/* Cut [@start, @start + @length) out of the free extent that holds it. */
static struct fabric_extent *cut(struct fabric_extents *extents, struct fabric_extent *extent,
				 u64 start, u64 length)
{
	struct fabric_extent *head = NULL, *tail = NULL;
	u64 skip = start - extent->start;

	if (skip) {
		head = kzalloc_obj(*head);
		if (!head)
			return ERR_PTR(-ENOMEM);
	}
	if (extent->length > skip + length) {
		tail = kzalloc_obj(*tail);
		if (!tail) {
			kfree(head);
			return ERR_PTR(-ENOMEM);
		}
	}

	mark_taken(extents, extent);
	if (head) {
		head->start = extent->start;
		head->length = skip;
		extent->start += skip;
		extent->length -= skip;
		rb_add(&head->by_start, &extents->by_start, start_less);
		mark_free(extents, head);
	}
	if (tail) {
		tail->start = extent->start + length;
		tail->length = extent->length - length;
		extent->length = length;
		rb_add(&tail->by_start, &extents->by_start, start_less);
		mark_free(extents, tail);
	}
	return extent;
}

/* The extent that @start is in; the last one if it lies behind all. */
struct fabric_extent *fabric_extents_at(const struct fabric_extents *extents, u64 start)
{
	struct rb_node *node = extents->by_start.rb_node;
	struct fabric_extent *found = NULL;

	while (node) {
		struct fabric_extent *extent = by_start(node);

		if (extent->start <= start) {
			found = extent;
			node = node->rb_right;
		} else {
			node = node->rb_left;
		}
	}
	return found;
}

struct fabric_extent *fabric_extents_next(const struct fabric_extent *extent)
{
	return by_start(rb_next(&extent->by_start));
}

/* Take a range that lies in one free extent. */
struct fabric_extent *fabric_extents_take_range(struct fabric_extents *extents, u64 start,
						u64 length)
{
	struct fabric_extent *extent = fabric_extents_at(extents, start);

	if (!extent->free || extent->start + extent->length - start < length)
		return ERR_PTR(-ENOSPC);
	return cut(extents, extent, start, length);
}

/* Make one extent of a taken one and the taken one behind it. */
void fabric_extents_join(struct fabric_extents *extents, struct fabric_extent *extent)
{
	struct fabric_extent *next = fabric_extents_next(extent);

	rb_erase(&next->by_start, &extents->by_start);
	extent->length += next->length;
	kfree(next);
}

/* Shorten a taken extent; the tail, whose memory @tail is, becomes free. */
void fabric_extents_trim(struct fabric_extents *extents, struct fabric_extent *extent, u64 length,
			 struct fabric_extent *tail)
{
	tail->start = extent->start + length;
	tail->length = extent->length - length;
	extent->length = length;
	rb_add(&tail->by_start, &extents->by_start, start_less);
	fabric_extents_give(extents, tail);
}

/* Never fails: what can be merged is merged, nothing is allocated. */
void fabric_extents_give(struct fabric_extents *extents, struct fabric_extent *extent)
{
	struct fabric_extent *prev = by_start(rb_prev(&extent->by_start));
	struct fabric_extent *next = by_start(rb_next(&extent->by_start));

	if (next && next->free) {
		mark_taken(extents, next);
		rb_erase(&next->by_start, &extents->by_start);
		extent->length += next->length;
		kfree(next);
	}
	if (prev && prev->free) {
		mark_taken(extents, prev);
		rb_erase(&extent->by_start, &extents->by_start);
		prev->length += extent->length;
		kfree(extent);
		extent = prev;
	}
	mark_free(extents, extent);
}
