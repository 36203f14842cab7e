/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FABRIC_EXTENT_H
#define _FABRIC_EXTENT_H

#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct fabric_extent - a run of units, all free, or all in one slice, or all withheld
 * @by_start: in the tree of all extents
 * @by_length: in the tree of the free ones
 * @among_all: in the tree of the free ones of all resources
 * @start: first unit
 * @length: number of units
 * @free: in all trees
 * @owner: the slice, NULL if it is withheld; the struct fabric_extents that it is in while
 *	it is free
 */
struct fabric_extent {
	struct rb_node by_start;
	struct rb_node by_length;
	struct rb_node among_all;
	u64 start;
	u64 length;
	bool free;
	void *owner;
};

/**
 * struct fabric_extents - the extents of a resource, without gap or overlap
 * @by_start: all, by start
 * @by_length: the free ones, by length, then by start
 * @all: the free ones of all resources that a request may choose from, by
 *	length, then by resource and start; NULL if this is not one of them
 * @order: of the resource
 * @free: sum of the lengths of the free ones
 */
struct fabric_extents {
	struct rb_root by_start;
	struct rb_root by_length;
	struct rb_root *all;
	u32 order;
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
void fabric_extents_join_all(struct fabric_extents *extents, struct rb_root *all, u32 order);
void fabric_extents_leave_all(struct fabric_extents *extents);
struct fabric_extent *fabric_extents_smallest(const struct rb_root *all, u64 length);
struct fabric_extent *fabric_extents_next_longer(const struct fabric_extent *extent);
bool fabric_extent_holds(const struct fabric_extent *extent, u64 length, u64 align);
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
