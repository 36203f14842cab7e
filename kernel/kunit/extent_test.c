// SPDX-License-Identifier: GPL-2.0
/* The extent allocator, which is compiled once more here. */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "../core/extent.c"

#define TOTAL	1024
#define STEPS	4000

static struct fabric_extent *take(struct kunit *test, struct fabric_extents *extents, u64 length,
				  u64 align)
{
	struct fabric_extent *extent;
	struct fabric_fit fit;

	KUNIT_ASSERT_TRUE(test, fabric_extents_fit(extents, length, align, &fit));
	extent = fabric_extents_take_range(extents, fit.start, length);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, extent);
	return extent;
}

static void what_is_given_back_is_one_extent_again(struct kunit *test)
{
	struct fabric_extent *extent[4];
	struct fabric_extents extents;
	int i;

	KUNIT_ASSERT_EQ(test, fabric_extents_init(&extents, TOTAL), 0);
	for (i = 0; i < ARRAY_SIZE(extent); i++)
		extent[i] = take(test, &extents, TOTAL / 4, 1);
	KUNIT_EXPECT_EQ(test, extents.free, 0);
	KUNIT_EXPECT_EQ(test, fabric_extents_largest(&extents), 0);
	/* without a neighbour, with one before, with one behind, with both */
	fabric_extents_give(&extents, extent[0]);
	fabric_extents_give(&extents, extent[1]);
	KUNIT_EXPECT_EQ(test, fabric_extents_largest(&extents), TOTAL / 2);
	fabric_extents_give(&extents, extent[3]);
	KUNIT_EXPECT_EQ(test, fabric_extents_largest(&extents), TOTAL / 2);
	fabric_extents_give(&extents, extent[2]);
	KUNIT_EXPECT_EQ(test, fabric_extents_largest(&extents), TOTAL);
	KUNIT_EXPECT_PTR_EQ(test, fabric_extents_next(fabric_extents_at(&extents, 0)), NULL);
	fabric_extents_destroy(&extents);
}

static void the_smallest_that_suffices_is_taken(struct kunit *test)
{
	struct fabric_extent *wall[2], *hole[2];
	struct fabric_extents extents;
	struct fabric_fit fit;

	KUNIT_ASSERT_EQ(test, fabric_extents_init(&extents, TOTAL), 0);
	hole[0] = take(test, &extents, 100, 1);
	wall[0] = take(test, &extents, 1, 1);
	hole[1] = take(test, &extents, 50, 1);
	wall[1] = take(test, &extents, 1, 1);
	fabric_extents_give(&extents, hole[0]);
	fabric_extents_give(&extents, hole[1]);
	KUNIT_ASSERT_TRUE(test, fabric_extents_fit(&extents, 40, 1, &fit));
	KUNIT_EXPECT_EQ(test, fit.start, 101);
	KUNIT_EXPECT_EQ(test, fit.room, 50);
	KUNIT_ASSERT_TRUE(test, fabric_extents_fit(&extents, 51, 1, &fit));
	KUNIT_EXPECT_EQ(test, fit.start, 0);
	/* [101, 151) holds no 40 units from a multiple of 64 on */
	KUNIT_ASSERT_TRUE(test, fabric_extents_fit(&extents, 40, 64, &fit));
	KUNIT_EXPECT_EQ(test, fit.start, 0);
	KUNIT_EXPECT_FALSE(test, fabric_extents_fit(&extents, TOTAL, 1, &fit));
	fabric_extents_give(&extents, wall[0]);
	fabric_extents_give(&extents, wall[1]);
	fabric_extents_destroy(&extents);
}

static void a_range_that_is_not_free_is_refused(struct kunit *test)
{
	struct fabric_extents extents;
	struct fabric_extent *extent;

	KUNIT_ASSERT_EQ(test, fabric_extents_init(&extents, TOTAL), 0);
	extent = fabric_extents_take_range(&extents, 100, 10);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, extent);
	KUNIT_EXPECT_EQ(test, PTR_ERR(fabric_extents_take_range(&extents, 100, 10)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, PTR_ERR(fabric_extents_take_range(&extents, 109, 1)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, PTR_ERR(fabric_extents_take_range(&extents, 91, 10)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, extents.free, TOTAL - 10);
	fabric_extents_give(&extents, extent);
	fabric_extents_destroy(&extents);
}

static void a_tail_that_is_trimmed_is_free(struct kunit *test)
{
	struct fabric_extent *extent, *next, *tail;
	struct fabric_extents extents;

	KUNIT_ASSERT_EQ(test, fabric_extents_init(&extents, TOTAL), 0);
	extent = take(test, &extents, 100, 1);
	next = take(test, &extents, 28, 1);
	fabric_extents_join(&extents, extent);
	KUNIT_EXPECT_EQ(test, extent->length, 128);
	tail = kzalloc_obj(*tail);
	KUNIT_ASSERT_NOT_NULL(test, tail);
	fabric_extents_trim(&extents, extent, 64, tail);
	KUNIT_EXPECT_EQ(test, extent->length, 64);
	KUNIT_EXPECT_EQ(test, extents.free, TOTAL - 64);
	KUNIT_EXPECT_EQ(test, fabric_extents_largest(&extents), TOTAL - 64);
	KUNIT_EXPECT_EQ(test, fabric_extents_run(&extents, 128), TOTAL - 128);
	fabric_extents_give(&extents, extent);
	fabric_extents_destroy(&extents);
}

/* All that is free is as the map says. */
static void compare(struct kunit *test, const struct fabric_extents *extents,
		    const unsigned long *taken)
{
	const struct fabric_extent *extent = fabric_extents_at(extents, 0);
	unsigned long end = 0;

	for (; extent; extent = fabric_extents_next(extent)) {
		KUNIT_ASSERT_EQ(test, extent->start, end);
		end += extent->length;
		if (extent->free)
			KUNIT_ASSERT_GE(test, find_next_bit(taken, TOTAL, extent->start), end);
		else
			KUNIT_ASSERT_GE(test, find_next_zero_bit(taken, TOTAL, extent->start),
					end);
	}
	KUNIT_ASSERT_EQ(test, end, TOTAL);
	KUNIT_ASSERT_EQ(test, extents->free, TOTAL - bitmap_weight(taken, TOTAL));
}

static void random_steps_agree_with_a_map(struct kunit *test)
{
	DECLARE_BITMAP(taken, TOTAL) = {};
	struct fabric_extents extents;
	struct rnd_state random;
	int i;

	prandom_seed_state(&random, 20240601);
	KUNIT_ASSERT_EQ(test, fabric_extents_init(&extents, TOTAL), 0);
	for (i = 0; i < STEPS; i++) {
		u32 length = 1 + prandom_u32_state(&random) % 64;
		struct fabric_extent *extent;
		struct fabric_fit fit;

		if (prandom_u32_state(&random) % 2 &&
		    fabric_extents_fit(&extents, length, 1 << length % 5, &fit)) {
			KUNIT_ASSERT_GE(test, find_next_bit(taken, TOTAL, fit.start),
					fit.start + length);
			extent = fabric_extents_take_range(&extents, fit.start, length);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, extent);
			bitmap_set(taken, fit.start, length);
		} else {
			extent = fabric_extents_at(&extents, prandom_u32_state(&random) % TOTAL);
			if (extent->free)
				continue;
			bitmap_clear(taken, extent->start, extent->length);
			fabric_extents_give(&extents, extent);
		}
		compare(test, &extents, taken);
	}
	for (i = 0; i < TOTAL; i++) {
		struct fabric_extent *extent = fabric_extents_at(&extents, i);

		if (!extent->free)
			fabric_extents_give(&extents, extent);
	}
	KUNIT_EXPECT_EQ(test, fabric_extents_largest(&extents), TOTAL);
	fabric_extents_destroy(&extents);
}

static struct kunit_case extent_cases[] = {
	KUNIT_CASE(what_is_given_back_is_one_extent_again),
	KUNIT_CASE(the_smallest_that_suffices_is_taken),
	KUNIT_CASE(a_range_that_is_not_free_is_refused),
	KUNIT_CASE(a_tail_that_is_trimmed_is_free),
	KUNIT_CASE(random_steps_agree_with_a_map),
	{}
};

static struct kunit_suite extent_suite = {
	.name = "fabric_extent",
	.test_cases = extent_cases,
};

kunit_test_suite(extent_suite);

MODULE_DESCRIPTION("KUnit suites of the fabric broker");
MODULE_LICENSE("GPL");
