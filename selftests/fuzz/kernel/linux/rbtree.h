/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's interface to red-black trees over a tree that nobody balances: what
 * is fuzzed is who uses it, and its trees are small.
 */
#ifndef _FUZZ_LINUX_RBTREE_H
#define _FUZZ_LINUX_RBTREE_H

#include <linux/types.h>

struct rb_node {
	struct rb_node *parent, *rb_left, *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define rb_entry(pointer, type, member)					\
	((type *)((char *)(pointer) - offsetof(type, member)))
#define rb_entry_safe(pointer, type, member) ({				\
	typeof(pointer) _p = (pointer);					\
	_p ? rb_entry(_p, type, member) : NULL;				\
})

static inline struct rb_node *rb_leftmost(struct rb_node *node)
{
	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

static inline struct rb_node *rb_rightmost(struct rb_node *node)
{
	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	return rb_leftmost(root->rb_node);
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	return rb_rightmost(root->rb_node);
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	if (node->rb_right)
		return rb_leftmost(node->rb_right);
	while (node->parent && node == node->parent->rb_right)
		node = node->parent;
	return node->parent;
}

static inline struct rb_node *rb_prev(const struct rb_node *node)
{
	if (node->rb_left)
		return rb_rightmost(node->rb_left);
	while (node->parent && node == node->parent->rb_left)
		node = node->parent;
	return node->parent;
}

static inline void rb_add(struct rb_node *node, struct rb_root *root,
			  bool (*less)(struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = less(node, parent) ? &parent->rb_left : &parent->rb_right;
	}
	*node = (struct rb_node){ .parent = parent };
	*link = node;
}

static inline void rb_replace(struct rb_root *root, struct rb_node *old, struct rb_node *new)
{
	if (!old->parent)
		root->rb_node = new;
	else if (old == old->parent->rb_left)
		old->parent->rb_left = new;
	else
		old->parent->rb_right = new;
	if (new)
		new->parent = old->parent;
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *next;

	if (!node->rb_left || !node->rb_right) {
		rb_replace(root, node, node->rb_left ? node->rb_left : node->rb_right);
		return;
	}
	next = rb_leftmost(node->rb_right);
	if (next != node->rb_right) {
		rb_replace(root, next, next->rb_right);
		next->rb_right = node->rb_right;
		next->rb_right->parent = next;
	}
	rb_replace(root, node, next);
	next->rb_left = node->rb_left;
	next->rb_left->parent = next;
}

/* Children before their parent, which may be freed when it is seen. */
static inline struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && (node->rb_left || node->rb_right))
		node = node->rb_left ? node->rb_left : node->rb_right;
	return node;
}

static inline struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *parent = node->parent;

	if (!parent || node == parent->rb_right || !parent->rb_right)
		return parent;
	return rb_first_postorder(&(struct rb_root){ parent->rb_right });
}

#define rbtree_postorder_for_each_entry_safe(pos, n, root, field)			\
	for (pos = rb_entry_safe(rb_first_postorder(root), typeof(*pos), field);	\
	     pos && ({ n = rb_entry_safe(rb_next_postorder(&pos->field),		\
					 typeof(*pos), field); 1; });			\
	     pos = n)

#endif /* _FUZZ_LINUX_RBTREE_H */
