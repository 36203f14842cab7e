// SPDX-License-Identifier: GPL-2.0
/*
 * The extent allocator of the kernel module against a map of its units.
 *
 * The first byte says how large a unit is, so that the same operations happen
 * with small and with very large numbers; then four bytes are an operation. After
 * each one all that the allocator says is compared with what the map says.
 */
#include <stdio.h>
#include <string.h>

#include "kernel/core/extent.c"

#define UNITS		512
#define SHIFT_MAX	54
#define FREE		0

/* How many allocations have memory. */
static unsigned int memory;

void *fuzz_alloc(size_t size)
{
	return memory && memory-- ? calloc(1, size) : NULL;
}

/* Who has the unit; owners are numbers that never come twice. */
static unsigned int map[UNITS];
static unsigned int last_owner;
static unsigned int shift;
static struct fabric_extents extents;
/* The free extents of all resources, of which this is the only one. */
static struct rb_root all;

#define check(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "extent.c:%d: %s\n", __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

static unsigned int run_at(unsigned int start)
{
	unsigned int end = start;

	while (end < UNITS && map[end] == map[start])
		end++;
	return end - start;
}

static unsigned int align_up(unsigned int unit, unsigned int align)
{
	return (unit + align - 1) / align * align;
}

/* Extents follow each other as the runs of the map do, and add up. */
static void compare_all(void)
{
	struct fabric_extent *extent = fabric_extents_at(&extents, 0);
	unsigned int unit, largest = 0, nr = 0;
	u64 sum = 0;

	for (unit = 0; unit < UNITS; unit += run_at(unit)) {
		unsigned int run = run_at(unit);

		check(extent);
		check(extent->start == (u64)unit << shift);
		check(extent->length == (u64)run << shift);
		check(extent->free == (map[unit] == FREE));
		if (extent->free) {
			sum += extent->length;
			nr++;
			largest = max(largest, run);
		}
		extent = fabric_extents_next(extent);
	}
	check(!extent);
	check(extents.free == sum);
	check(fabric_extents_largest(&extents) == (u64)largest << shift);
	sum = 0;
	for (extent = fabric_extents_smallest(&all, 0); extent;
	     extent = fabric_extents_next_longer(extent), nr--) {
		check(extent->free && extent->length >= sum);
		sum = extent->length;
	}
	check(!nr);
}

static void compare_run(unsigned int align)
{
	unsigned int unit, longest = 0;

	for (unit = 0; unit < UNITS; unit += run_at(unit)) {
		unsigned int end = unit + run_at(unit), start = align_up(unit, align);

		if (map[unit] == FREE && start < end)
			longest = max(longest, (end - start) / align * align);
	}
	check(fabric_extents_run(&extents, (u64)align << shift) == (u64)longest << shift);
}

/* The shortest run that holds it, the first one of several. */
static bool best_fit(unsigned int length, unsigned int align, struct fabric_fit *fit)
{
	unsigned int unit, best = UNITS + 1;

	for (unit = 0; unit < UNITS; unit += run_at(unit)) {
		unsigned int run = run_at(unit), start = align_up(unit, align);

		if (map[unit] == FREE && run < best && start + length <= unit + run) {
			best = run;
			*fit = (struct fabric_fit){ (u64)start << shift, (u64)run << shift };
		}
	}
	return best <= UNITS;
}

static void take(unsigned int start, unsigned int length)
{
	struct fabric_extent *extent;
	unsigned int unit;
	bool possible = map[start] == FREE && start + length <= UNITS;

	for (unit = start; possible && unit < start + length; unit++)
		possible = map[unit] == FREE;
	extent = fabric_extents_take_range(&extents, (u64)start << shift, (u64)length << shift);
	if (IS_ERR(extent)) {
		check(PTR_ERR(extent) == (possible ? -ENOMEM : -ENOSPC));
		check(!possible || !memory);
		return;
	}
	check(possible);
	last_owner++;
	for (unit = start; unit < start + length; unit++)
		map[unit] = last_owner;
}

static void take_best(unsigned int length, unsigned int align)
{
	struct fabric_fit is = {}, should = {};
	struct fabric_extent *extent;
	bool fits = best_fit(length, align, &should);

	check(fabric_extents_fit(&extents, (u64)length << shift, (u64)align << shift, &is) == fits);
	for (extent = fabric_extents_smallest(&all, (u64)length << shift);
	     extent && !fabric_extent_holds(extent, (u64)length << shift, (u64)align << shift);
	     extent = fabric_extents_next_longer(extent))
		;
	check(extent ? fits && extent->length == should.room : !fits);
	if (!fits)
		return;
	check(is.start == should.start && is.room == should.room);
	take(is.start >> shift, length);
}

/* The run that the unit is in; its extent if it is taken. */
static struct fabric_extent *taken_at(unsigned int *unit, unsigned int *length)
{
	while (*unit > 0 && map[*unit - 1] == map[*unit])
		(*unit)--;
	*length = run_at(*unit);
	return map[*unit] == FREE ? NULL : fabric_extents_at(&extents, (u64)*unit << shift);
}

static void give(unsigned int unit)
{
	unsigned int length;
	struct fabric_extent *extent = taken_at(&unit, &length);

	if (!extent)
		return;
	fabric_extents_give(&extents, extent);
	while (length)
		map[unit + --length] = FREE;
}

static void trim(unsigned int unit, unsigned int keep)
{
	unsigned int length;
	struct fabric_extent *extent = taken_at(&unit, &length), *tail;

	if (!extent || length < 2)
		return;
	keep = 1 + keep % (length - 1);
	tail = calloc(1, sizeof(*tail));
	fabric_extents_trim(&extents, extent, (u64)keep << shift, tail);
	while (length > keep)
		map[unit + --length] = FREE;
}

static void join(unsigned int unit)
{
	unsigned int length, next;
	struct fabric_extent *extent = taken_at(&unit, &length);

	next = unit + length;
	if (!extent || next >= UNITS || map[next] == FREE)
		return;
	length = run_at(next);
	fabric_extents_join(&extents, extent);
	while (length)
		map[next + --length] = map[unit];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int unit;

	if (!size)
		return 0;
	memory = UNITS;
	last_owner = FREE;
	memset(map, 0, sizeof(map));
	shift = *data++ % (SHIFT_MAX + 1);
	all.rb_node = NULL;
	check(!fabric_extents_init(&extents, (u64)UNITS << shift));
	fabric_extents_join_all(&extents, &all, 1);
	for (size--; size >= 4; data += 4, size -= 4) {
		unsigned int where = (data[1] | data[2] << 8) % UNITS;
		unsigned int length = 1 + data[3] % 96;
		unsigned int align = 1 << data[2] % 6;

		memory = data[0] & 0x80 ? data[0] >> 6 & 1 : UNITS;
		switch (data[0] % 8) {
		case 0:
		case 1:
			take_best(length, align);
			break;
		case 2:
			take(where, length);
			break;
		case 3:
		case 4:
			give(where);
			break;
		case 5:
			trim(where, data[3]);
			break;
		case 6:
			join(where);
			break;
		case 7:
			compare_run(align);
			break;
		}
		compare_all();
	}
	for (unit = 0; unit < UNITS; unit += run_at(unit))
		give(unit);
	compare_all();
	fabric_extents_leave_all(&extents);
	check(!all.rb_node);
	fabric_extents_destroy(&extents);
	return 0;
}
