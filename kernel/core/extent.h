/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FABRIC_EXTENT_H
#define _FABRIC_EXTENT_H

#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct fabric_extent - a run of units, all free or all in one slice
 * @by_start: in the tree of all extents
 * @by_length: in the tree of the free ones
 * @start: first unit
 * @length: number of units
 * @free: in both trees
 * @owner: whose it is, NULL while it is free
 */
struct fabric_extent {
	struct rb_node by_start;
	struct rb_node by_length;
	u64 start;
	u64 length;
	bool free;
	void *owner;
};

/**
 * struct fabric_extents - the extents of a resource, without gap or overlap
 * @by_start: all, by start
 * @by_length: the free ones, by length, then by start
 * @free: sum of the lengths of the free ones
 */
struct fabric_extents {
	struct rb_root by_start;
	struct rb_root by_length;
	u64 free;
};

/**
 * struct fabric_fit - a place for a slice
 * @start: first unit
 * @room: length of the free extent that it would be cut from
 */
struct fabric_fit {
	u64 start;
	u64 room;
};

int fabric_extents_init(struct fabric_extents *extents, u64 total);
void fabric_extents_destroy(struct fabric_extents *extents);
u64 fabric_extents_largest(const struct fabric_extents *extents);
bool fabric_extents_fit(const struct fabric_extents *extents, u64 length, u64 align,
			struct fabric_fit *fit);
struct fabric_extent *fabric_extents_take_range(struct fabric_extents *extents, u64 start,
						u64 length);
struct fabric_extent *fabric_extents_at(const struct fabric_extents *extents, u64 start);
struct fabric_extent *fabric_extents_next(const struct fabric_extent *extent);
u64 fabric_extents_run(const struct fabric_extents *extents, u64 align);
void fabric_extents_join(struct fabric_extents *extents, struct fabric_extent *extent);
void fabric_extents_trim(struct fabric_extents *extents, struct fabric_extent *extent, u64 length,
			 struct fabric_extent *tail);
void fabric_extents_give(struct fabric_extents *extents, struct fabric_extent *extent);

#endif /* _FABRIC_EXTENT_H */
