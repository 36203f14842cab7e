// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: fence
 *
 * What keeps dax_cxl, kmem, device_dax and everybody else out of a range is the
 * kernel's resource tree: all of them request their range there before they
 * touch it, and a range below a busy resource is refused.
 *
 *   CXL Window 0
 *     region0
 *       region0 (fabric)          marker, not busy
 *         free (fabric)           run, busy
 *         dax1.0                  slice, busy, requested by device_dax
 *         free (fabric)
 *         System RAM (fabric)     slice, busy, requested by add_memory
 *
 * The marker must not be busy, or nothing could be requested below it, and the
 * removal of system RAM would take it for the resource to be split. It tells
 * people whose range it is.
 *
 * A run covers what is not handed over. To hand an extent over the run is
 * shrunk around it, and to take it back a neighbour is grown over it; both are
 * single steps under the lock of the resource tree. Only splitting and joining
 * runs takes two steps. Between those, and between open and the request of the
 * slice's driver, somebody else could get in. That does not go unnoticed: the
 * second step fails, a slice whose extent can't be taken back is quarantined,
 * and an extent of which a part is not covered by a run is never opened.
 */
#include <linux/slab.h>

#include "fabric_cxl.h"

struct fence_run {
	struct list_head node;
	struct resource *res;
};

static struct fence_run *run_add(struct fabric_cxl_fence *fence, struct list_head *prev,
				 u64 start, u64 size)
{
	struct fence_run *run = kmalloc(sizeof(*run), GFP_KERNEL);

	lockdep_assert_held(&fence->lock);
	if (!run)
		return NULL;
	run->res = request_mem_region(start, size, fence->run_name);
	if (!run->res) {
		kfree(run);
		return NULL;
	}
	list_add(&run->node, prev);
	return run;
}

static void run_del(struct fence_run *run)
{
	release_mem_region(run->res->start, resource_size(run->res));
	list_del(&run->node);
	kfree(run);
}

/* Claim the whole range. It fails if any of it is in use. */
int fabric_cxl_fence_add(struct fabric_cxl_fence *fence, const char *name, u64 start, u64 size)
{
	int ret = -EBUSY;

	mutex_init(&fence->lock);
	INIT_LIST_HEAD(&fence->runs);
	snprintf(fence->marker_name, sizeof(fence->marker_name), "%s (fabric)", name);
	strscpy(fence->run_name, "free (fabric)");

	fence->marker = request_mem_region(start, size, fence->marker_name);
	if (!fence->marker)
		return -EBUSY;
	fence->marker->flags &= ~IORESOURCE_BUSY;
	mutex_lock(&fence->lock);
	if (run_add(fence, &fence->runs, start, size))
		ret = 0;
	mutex_unlock(&fence->lock);
	if (ret)
		fabric_cxl_fence_del(fence);
	return ret;
}

void fabric_cxl_fence_del(struct fabric_cxl_fence *fence)
{
	struct fence_run *run, *next;

	if (!fence->marker)
		return;
	list_for_each_entry_safe(run, next, &fence->runs, node)
		run_del(run);
	/* Not being busy, it is none that release_mem_region() would find */
	remove_resource(fence->marker);
	kfree(fence->marker);
	fence->marker = NULL;
	mutex_destroy(&fence->lock);
}

static bool is_covered(const struct fabric_cxl_fence *fence, u64 start, u64 end)
{
	const struct fence_run *run;

	list_for_each_entry(run, &fence->runs, node) {
		if (run->res->end < start)
			continue;
		if (run->res->start > start)
			return false;
		if (run->res->end >= end)
			return true;
		start = run->res->end + 1;
	}
	return false;
}

/* Cut [start, end] out of the middle of @run. */
static int run_split(struct fabric_cxl_fence *fence, struct fence_run *run, u64 start, u64 end)
{
	u64 first = run->res->start, last = run->res->end;
	int ret;

	ret = adjust_resource(run->res, first, start - first);
	if (ret)
		return ret;
	if (run_add(fence, &run->node, end + 1, last - end))
		return 0;
	/* If the old end is lost to somebody, the run stays short and the loss is noticed later */
	adjust_resource(run->res, first, last - first + 1);
	return -EBUSY;
}

/* Hand over an extent: afterwards the driver of the slice can request it. */
int fabric_cxl_fence_open(struct fabric_cxl_fence *fence, u64 start, u64 size)
{
	struct fence_run *run, *next;
	u64 end = start + size - 1;
	int ret = 0;

	mutex_lock(&fence->lock);
	if (!is_covered(fence, start, end)) {
		mutex_unlock(&fence->lock);
		return -EBUSY;
	}
	list_for_each_entry_safe(run, next, &fence->runs, node) {
		struct resource *res = run->res;

		if (res->end < start)
			continue;
		if (res->start > end)
			break;
		if (res->start >= start && res->end <= end)
			run_del(run);
		else if (res->start < start && res->end > end)
			ret = run_split(fence, run, start, end);
		else if (res->start < start)
			ret = adjust_resource(res, res->start, start - res->start);
		else
			ret = adjust_resource(res, end + 1, res->end - end);
		if (ret)
			break;
	}
	mutex_unlock(&fence->lock);
	return ret;
}

/* Take an extent back. It fails while anybody has a part of it. */
int fabric_cxl_fence_close(struct fabric_cxl_fence *fence, u64 start, u64 size)
{
	struct fence_run *run, *left = NULL, *right = NULL;
	struct list_head *prev = &fence->runs;
	u64 joined;
	int ret;

	mutex_lock(&fence->lock);
	list_for_each_entry(run, &fence->runs, node) {
		if (run->res->end < start) {
			prev = &run->node;
			if (run->res->end + 1 == start)
				left = run;
		} else {
			if (run->res->start == start + size)
				right = run;
			break;
		}
	}
	if (left)
		ret = adjust_resource(left->res, left->res->start,
				      resource_size(left->res) + size);
	else if (right)
		ret = adjust_resource(right->res, start, resource_size(right->res) + size);
	else
		ret = run_add(fence, prev, start, size) ? 0 : -EBUSY;
	if (!ret && left && right) {
		joined = right->res->end - left->res->start + 1;
		run_del(right);
		adjust_resource(left->res, left->res->start, joined);
	}
	mutex_unlock(&fence->lock);
	return ret;
}
