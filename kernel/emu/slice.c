// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

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
 * struct emu_pages - pages of a slice, from its first page fault to its release
 * @pages: struct page by the offset in the slice, in pages
 * @count: number of pages
 */
struct emu_pages {
	struct xarray pages;
	atomic_long_t count;
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
	struct emu_pages *pages;
	struct fabric_slice *slice;

	/* With the lock, the slice is not released, and its pages stay. */
	xa_lock(slices);
	slice = xa_find(slices, granule, ULONG_MAX, XA_PRESENT);
	if (slice) {
		pages = READ_ONCE(slice->priv);
		state->device = config_item_name(&memory->device->item);
		state->grant_id = slice->grant_id;
		state->start = slice->start;
		state->length = slice->length;
		state->pages = pages ? atomic_long_read(&pages->count) : 0;
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

static void free_pages_of(struct emu_pages *pages)
{
	unsigned long index;
	struct page *page;

	xa_for_each(&pages->pages, index, page) {
		put_page(page);
		cond_resched();
	}
	xa_destroy(&pages->pages);
	kfree(pages);
}

/*
 * A page that is still pinned, for a device's DMA say, lives on until it is
 * unpinned and then goes back to the page allocator. It never goes to the next
 * holder of the extent, who gets new pages that are zeroed. So there is
 * nothing here that would have to be quarantined.
 */
int emu_slice_release(struct fabric_slice *slice)
{
	struct emu_memory *memory = slice->resource_priv;
	struct emu_pages *pages = slice->priv;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_RELEASE, slice->reason, NULL);
	if (ret)
		return ret;

	/* Nobody finds the pages in the state after this. */
	xa_erase(&memory->slices, first_granule(memory, slice));
	slice->priv = NULL;
	if (pages)
		free_pages_of(pages);
	return 0;
}

static struct emu_pages *get_pages_of(struct fabric_slice *slice)
{
	struct emu_pages *pages, *first;

	pages = READ_ONCE(slice->priv);
	if (pages)
		return pages;

	pages = kzalloc_obj(*pages, GFP_KERNEL_ACCOUNT);
	if (!pages)
		return NULL;
	xa_init_flags(&pages->pages, XA_FLAGS_ACCOUNT);

	/* Another thread may fault for the first time too. */
	first = cmpxchg(&slice->priv, NULL, pages);
	if (!first)
		return pages;
	kfree(pages);
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

/*
 * Out of memory is -ENOSPC here: -ENOMEM would make the page fault wait for the
 * OOM killer, which was not called.
 */
int emu_slice_page(struct fabric_slice *slice, pgoff_t index, struct page **result)
{
	struct emu_memory *memory = slice->resource_priv;
	struct emu_pages *pages;
	struct page *page, *old;
	int ret;

	ret = emu_fault(memory->sw, EMU_OP_SLICE_PAGE, NULL, NULL);
	if (ret)
		return ret;
	if (index >= slice->length >> PAGE_SHIFT)
		return -EINVAL;
	pages = get_pages_of(slice);
	if (!pages)
		return -ENOSPC;

	/* Pages leave only with the slice, which is not before revoke. */
	page = xa_load(&pages->pages, index);
	if (!page) {
		page = alloc_page_of(memory->device);
		if (!page)
			return -ENOSPC;
		old = xa_cmpxchg(&pages->pages, index, NULL, page, GFP_KERNEL | EMU_GFP_OR_FAIL);
		if (xa_is_err(old)) {
			__free_page(page);
			return -ENOSPC;
		}
		if (old) {
			__free_page(page);
			page = old;
		} else {
			atomic_long_inc(&pages->count);
		}
	}
	get_page(page);
	*result = page;
	return 0;
}
