// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "fabric_cxl.h"

/* Large enough for huge page tables, small enough for the space of ioremap */
#define SCRUB_CHUNK	SZ_128M
#define SCRUB_STEP	SZ_2M

/* Fill an extent with zeroes. Nobody else has it mapped, and no struct page describes it. */
int fabric_cxl_scrub(struct fabric_cxl_region *region, u64 start, u64 length)
{
	u64 addr = region->base + start;
	u64 end = addr + length;

	while (addr < end) {
		size_t chunk = min_t(u64, SCRUB_CHUNK - addr % SCRUB_CHUNK, end - addr);
		size_t done;
		u64 *mem;

		mem = memremap(addr, chunk, MEMREMAP_WB);
		if (!mem)
			return -ENOMEM;
		for (done = 0; done < chunk; done += SCRUB_STEP) {
			/* Reads of a device that went away give ones, writes go nowhere */
			if (READ_ONCE(region->dead))
				break;
			/* Whole words: an emulator of interleaved memory sees every store */
			memset64(mem + done / sizeof(*mem), 0,
				 min_t(size_t, SCRUB_STEP, chunk - done) / sizeof(*mem));
			cond_resched();
		}
		memunmap(mem);
		if (READ_ONCE(region->dead))
			return -ENODEV;
		addr += chunk;
	}
	return 0;
}

/*
 * Different slices change bits of the same word at the same time, hence the
 * atomic bit operations; those of one slice do not overlap.
 */
void fabric_cxl_set_clean(struct fabric_cxl_region *region, u64 start, u64 length, bool clean)
{
	unsigned long bit = start / FABRIC_CXL_GRANULE;
	unsigned long last = (start + length) / FABRIC_CXL_GRANULE;

	for (; bit < last; bit++)
		assign_bit(bit, region->clean, clean);
}

bool fabric_cxl_is_clean(struct fabric_cxl_region *region, u64 start, u64 length)
{
	unsigned long last = (start + length) / FABRIC_CXL_GRANULE;

	return find_next_zero_bit(region->clean, last, start / FABRIC_CXL_GRANULE) >= last;
}
