// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "fabric_cxl.h"

/**
 * struct fabric_cxl_slice - the backend's part of a slice
 * @region: where it is
 * @opened: the fence is open for it
 * @used: somebody may have written to it
 * @dax: in mode devdax
 * @ram: in mode system-ram
 */
struct fabric_cxl_slice {
	struct fabric_cxl_region *region;
	bool opened;
	bool used;
	struct fabric_cxl_dax dax;
	struct fabric_cxl_ram ram;
};

int fabric_cxl_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct fabric_cxl_region *region = slice->resource_priv;
	struct fabric_cxl_slice *cslice;
	int ret;

	ret = fabric_cxl_region_claim(region);
	if (ret) {
		NL_SET_ERR_MSG(extack, "The region is being removed");
		return ret;
	}
	cslice = kzalloc_obj(*cslice);
	if (!cslice) {
		ret = -ENOMEM;
		goto err_unclaim;
	}
	if (!fabric_cxl_is_clean(region, slice->start, slice->length)) {
		ret = fabric_cxl_scrub(region, slice->start, slice->length);
		if (ret) {
			NL_SET_ERR_MSG(extack, "The memory could not be cleared");
			goto err_free;
		}
		fabric_cxl_set_clean(region, slice->start, slice->length, true);
	}
	cslice->region = region;
	slice->priv = cslice;
	return 0;

err_free:
	kfree(cslice);
err_unclaim:
	fabric_cxl_region_unclaim(region);
	return ret;
}

static int slice_open(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct fabric_cxl_slice *cslice = slice->priv;
	int ret;

	ret = fabric_cxl_fence_open(&cslice->region->fence, cslice->region->base + slice->start,
				    slice->length);
	if (ret)
		NL_SET_ERR_MSG(extack, "The range was taken by another driver, see /proc/iomem");
	else
		cslice->opened = true;
	return ret;
}

static int slice_close(struct fabric_slice *slice)
{
	struct fabric_cxl_slice *cslice = slice->priv;
	int ret;

	if (!cslice->opened)
		return 0;
	ret = fabric_cxl_fence_close(&cslice->region->fence, cslice->region->base + slice->start,
				     slice->length);
	if (ret)
		strscpy(slice->reason, "The range is held by another driver, see /proc/iomem");
	else
		cslice->opened = false;
	return ret;
}

/* Take it from whoever has it in its mode; nothing is left to undo afterwards. */
static int slice_take_back(struct fabric_slice *slice)
{
	struct fabric_cxl_slice *cslice = slice->priv;
	int ret;

	if (slice->mode == FABRIC_MODE_DEVDAX)
		ret = fabric_cxl_dax_destroy(&cslice->dax, slice->reason, sizeof(slice->reason));
	else
		ret = fabric_cxl_ram_remove(&cslice->ram, slice->reason, sizeof(slice->reason));
	return ret ?: slice_close(slice);
}

int fabric_cxl_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct fabric_cxl_slice *cslice = slice->priv;
	struct fabric_cxl_region *region = cslice->region;
	u64 start = region->base + slice->start;
	int ret;

	if (READ_ONCE(region->dead)) {
		NL_SET_ERR_MSG(extack, "The region is being removed");
		return -ENODEV;
	}
	ret = slice_open(slice, extack);
	if (ret)
		return ret;
	fabric_cxl_set_clean(region, slice->start, slice->length, false);
	cslice->used = true;
	if (slice->mode == FABRIC_MODE_DEVDAX) {
		cslice->dax.slice = slice;
		cslice->dax.start = start;
		cslice->dax.length = slice->length;
		ret = fabric_cxl_dax_create(&cslice->dax, region->nid, extack);
		if (!ret)
			strscpy(slice->node, dev_name(cslice->dax.dev));
	} else {
		cslice->ram.start = start;
		cslice->ram.length = slice->length;
		ret = fabric_cxl_ram_add(&cslice->ram, region->nid, region->dev, extack);
	}
	/* What can't be undone now is undone by slice_release() */
	return ret;
}

int fabric_cxl_slice_revoke(struct fabric_slice *slice)
{
	return slice_take_back(slice);
}

/* Nobody gets memory of a dead region; after a new take it counts as used. */
static int slice_scrub(struct fabric_cxl_region *region, u64 start, u64 length)
{
	int ret;

	if (READ_ONCE(region->dead))
		return 0;
	ret = fabric_cxl_scrub(region, start, length);
	if (!ret)
		fabric_cxl_set_clean(region, start, length, true);
	return READ_ONCE(region->dead) ? 0 : ret;
}

/*
 * When somebody else took the tail in the moment between the last two steps,
 * the holder has lost it already. It stays in the slice then, so that nobody
 * gets it, and the next attempt or the release goes on from there.
 */
int fabric_cxl_slice_shrink(struct fabric_slice *slice, u64 length)
{
	struct fabric_cxl_slice *cslice = slice->priv;
	struct fabric_cxl_region *region = cslice->region;
	u64 tail = slice->start + length;
	u64 tail_length = slice->length - length;
	int ret;

	if (READ_ONCE(region->dead)) {
		strscpy(slice->reason, "The region is being removed");
		return -ENODEV;
	}
	if (slice->mode == FABRIC_MODE_DEVDAX)
		ret = fabric_cxl_dax_shrink(&cslice->dax, length, region->nid, slice->reason,
					    sizeof(slice->reason));
	else
		ret = fabric_cxl_ram_shrink(&cslice->ram, length, slice->reason,
					    sizeof(slice->reason));
	if (ret)
		return ret;
	ret = fabric_cxl_fence_close(&region->fence, region->base + tail, tail_length);
	if (ret) {
		strscpy(slice->reason, "The range is held by another driver, see /proc/iomem");
		return ret;
	}
	/* If this fails, whoever gets the tail next finds it unclean and clears it first */
	slice_scrub(region, tail, tail_length);
	return 0;
}

int fabric_cxl_slice_release(struct fabric_slice *slice)
{
	struct fabric_cxl_slice *cslice = slice->priv;
	struct fabric_cxl_region *region = cslice->region;
	int ret;

	/* After a commit that failed */
	ret = slice_take_back(slice);
	if (ret)
		return ret;
	if (cslice->used) {
		ret = slice_scrub(region, slice->start, slice->length);
		if (ret) {
			strscpy(slice->reason, "The memory could not be cleared");
			return ret;
		}
	}
	slice->priv = NULL;
	kfree(cslice);
	fabric_cxl_region_unclaim(region);
	return 0;
}
