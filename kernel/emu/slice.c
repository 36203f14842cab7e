// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "emu.h"

#define EMU_SLICE_COMMITTED	XA_MARK_0
#define EMU_SLICE_REVOKED	XA_MARK_1

/*
 * More memory can be emulated than the machine has. Who touches too much of it
 * is to fail alone: without these flags, the OOM killer would look for a victim
 * elsewhere.
 */
#define EMU_GFP_OR_FAIL		(__GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct emu_content - what a slice holds, from its first touch to its release
 * @pages: struct page by the offset in the slice, in pages
 * @count: number of pages
 * @copied: bytes copied from and to it
 * @bucket: see throttle.c; absent if the slice is not throttled
 */
struct emu_content {
	struct xarray pages;
	atomic_long_t count;
	atomic64_t copied;
	atomic64_t bucket[];
};

struct emu_memory *emu_memory_alloc(struct emu_device *device)
{
	struct emu_memory *memory;
	int ret;

	memory = kzalloc_obj(*memory, GFP_KERNEL);
	if (!memory)
		return ERR_PTR(-ENOMEM);
	memory->sw = device->sw;
	memory->device = device;
	memory->granule_shift = ilog2(device->granule);
	xa_init_flags(&memory->slices, 0);
	ret = xa_alloc(&device->sw->memories, &memory->id, memory,
		       XA_LIMIT(1, EMU_MEMORY_ID_MAX), GFP_KERNEL);
	if (ret) {
		kfree(memory);
		return ERR_PTR(ret);
	}
	return memory;
}

void emu_memories_free(struct emu_switch *sw)
{
	struct emu_memory *memory;
	unsigned long id;

	xa_for_each(&sw->memories, id, memory) {
		WARN_ON(!xa_empty(&memory->slices));
		xa_erase(&sw->memories, id);
		kfree(memory);
	}
}

static unsigned long first_granule(const struct emu_memory *memory,
				   const struct fabric_slice *slice)
{
	return slice->start >> memory->granule_shift;
}

/* Report the first slice from @granule on, which becomes its first granule. */
bool emu_memory_next_slice(struct emu_memory *memory, unsigned long *granule,
			   struct emu_slice_state *state)
{
	struct xarray *slices = &memory->slices;
	struct emu_content *content;
	struct fabric_slice *slice;

	/* With the lock, the slice is not released, and its content stays. */
	xa_lock(slices);
	slice = xa_find(slices, granule, ULONG_MAX, XA_PRESENT);
	if (slice) {
		content = READ_ONCE(slice->priv);
		state->device = config_item_name(&memory->device->item);
		state->grant_id = slice->grant_id;
		state->start = slice->start;
		state->length = READ_ONCE(slice->length);
		state->pages = content ? atomic_long_read(&content->count) : 0;
		state->copied = content ? atomic64_read(&content->copied) : 0;
		if (xa_get_mark(slices, *granule, EMU_SLICE_REVOKED))
			state->state = "revoked";
		else if (xa_get_mark(slices, *granule, EMU_SLICE_COMMITTED))
			state->state = "committed";
		else
			state->state = "prepared";
	}
	xa_unlock(slices);
	return slice;
}

/*
 * Nothing is allocated for the slice itself, so that very many of them fit.
 * There is nothing to scrub either: the pages of an earlier holder are gone.
 */
int emu_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct emu_memory *memory = slice->resource_priv;
	unsigned long granule = first_granule(memory, slice);
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_PREPARE, NULL, extack);
	if (ret)
		return ret;

	/* A slice that starts here already would mean that the extent is granted twice. */
	ret = xa_insert(&memory->slices, granule, slice, GFP_KERNEL);
	WARN_ON_ONCE(ret == -EBUSY);
	return ret;
}

int emu_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct emu_memory *memory = slice->resource_priv;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_COMMIT, NULL, extack);
	if (ret)
		return ret;
	xa_set_mark(&memory->slices, first_granule(memory, slice), EMU_SLICE_COMMITTED);
	return 0;
}

/* The core has ended the mappings, which are the only way to the pages. */
int emu_slice_revoke(struct fabric_slice *slice)
{
	struct emu_memory *memory = slice->resource_priv;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_REVOKE, slice->reason, NULL);
	if (ret)
		return ret;
	xa_set_mark(&memory->slices, first_granule(memory, slice), EMU_SLICE_REVOKED);
	return 0;
}

/*
 * A page that is still pinned, for a device's DMA say, lives on until it is
 * unpinned and then goes back to the page allocator. It never goes to the next
 * holder of the extent, who gets new pages that are zeroed. So there is
 * nothing here that would have to be quarantined.
 */
static void free_pages_from(struct emu_content *content, unsigned long first)
{
	unsigned long index;
	struct page *page;

	xa_for_each_start(&content->pages, index, page, first) {
		xa_erase(&content->pages, index);
		atomic_long_dec(&content->count);
		put_page(page);
		cond_resched();
	}
}

/* Nobody faults or copies behind @length any more, but may well before it. */
int emu_slice_shrink(struct fabric_slice *slice, u64 length)
{
	struct emu_memory *memory = slice->resource_priv;
	struct emu_content *content = slice->priv;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_SHRINK, slice->reason, NULL);
	if (ret)
		return ret;
	if (content)
		free_pages_from(content, length >> PAGE_SHIFT);
	return 0;
}

int emu_slice_release(struct fabric_slice *slice)
{
	struct emu_memory *memory = slice->resource_priv;
	struct emu_content *content = slice->priv;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_RELEASE, slice->reason, NULL);
	if (ret)
		return ret;

	/* Nobody finds the content in the state after this. */
	xa_erase(&memory->slices, first_granule(memory, slice));
	slice->priv = NULL;
	if (content) {
		free_pages_from(content, 0);
		kfree(content);
	}
	return 0;
}

static struct emu_content *get_content_of(struct fabric_slice *slice)
{
	struct emu_content *content, *first;

	content = READ_ONCE(slice->priv);
	if (content)
		return content;

	content = kzalloc_flex(*content, bucket, slice->bandwidth_max ? 1 : 0, GFP_KERNEL_ACCOUNT);
	if (!content)
		return NULL;
	xa_init_flags(&content->pages, XA_FLAGS_ACCOUNT);

	/* Another thread may touch it for the first time too. */
	first = cmpxchg(&slice->priv, NULL, content);
	if (!first)
		return content;
	kfree(content);
	return first;
}

static struct page *alloc_page_of(const struct emu_device *device)
{
	int node = device->numa_node;

	/* The node can have gone since the switch became live. */
	if (node != NUMA_NO_NODE && !node_online(node))
		node = NUMA_NO_NODE;
	return alloc_pages_node(node, GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT | EMU_GFP_OR_FAIL,
				0);
}

/* The page at @index, which is allocated if there is none yet, or NULL. */
static struct page *touch_page(const struct emu_device *device, struct emu_content *content,
			       pgoff_t index)
{
	struct page *page, *old;

	/* Pages leave only when nobody touches them any more, see shrink and release. */
	page = xa_load(&content->pages, index);
	if (page)
		return page;
	page = alloc_page_of(device);
	if (!page)
		return NULL;
	old = xa_cmpxchg(&content->pages, index, NULL, page, GFP_KERNEL | EMU_GFP_OR_FAIL);
	if (!old) {
		atomic_long_inc(&content->count);
		return page;
	}
	__free_page(page);
	return xa_is_err(old) ? NULL : old;
}

/*
 * Out of memory is -ENOSPC here: -ENOMEM would make the page fault wait for the
 * OOM killer, which was not called.
 */
int emu_slice_page(struct fabric_slice *slice, pgoff_t index, struct page **result)
{
	struct emu_memory *memory = slice->resource_priv;
	struct emu_content *content;
	struct page *page;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_PAGE, NULL, NULL);
	if (ret)
		return ret;
	if (index >= slice->length >> PAGE_SHIFT)
		return -EINVAL;
	content = get_content_of(slice);
	if (!content)
		return -ENOSPC;
	page = touch_page(memory->device, content, index);
	if (!page)
		return -ENOSPC;
	get_page(page);
	*result = page;
	return 0;
}

static ssize_t copy_content(const struct emu_device *device, struct emu_content *content,
			    u64 offset, size_t length, struct iov_iter *iter, bool to_slice)
{
	size_t done = 0;

	while (done < length) {
		pgoff_t index = (offset + done) >> PAGE_SHIFT;
		size_t start = offset_in_page(offset + done);
		size_t wanted = min(length - done, PAGE_SIZE - start);
		struct page *page;
		size_t copied;

		if (to_slice)
			page = touch_page(device, content, index);
		else
			page = xa_load(&content->pages, index) ?: ZERO_PAGE(0);
		if (!page)
			return done ?: -ENOSPC;
		if (to_slice)
			copied = copy_page_from_iter(page, start, wanted, iter);
		else
			copied = copy_page_to_iter(page, start, wanted, iter);
		done += copied;
		if (copied < wanted)
			break;
		cond_resched();
	}
	return done ?: -EFAULT;
}

ssize_t emu_slice_copy(struct fabric_slice *slice, u64 offset, struct iov_iter *iter, bool to_slice)
{
	struct emu_memory *memory = slice->resource_priv;
	u32 rate = slice->bandwidth_max;
	struct emu_content *content;
	size_t length;
	ssize_t ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_COPY, NULL, NULL);
	if (ret)
		return ret;
	if (offset >= slice->length || !iov_iter_count(iter))
		return -EINVAL;
	content = get_content_of(slice);
	if (!content)
		return -ENOSPC;

	length = min3(slice->length - offset, (u64)iov_iter_count(iter), (u64)FABRIC_COPY_MAX);
	if (rate) {
		ret = emu_throttle(content->bucket, rate, length);
		if (ret < 0)
			return ret;
		length = ret;
	}
	ret = copy_content(memory->device, content, offset, length, iter, to_slice);
	if (ret > 0)
		atomic64_add(ret, &content->copied);
	return ret;
}
