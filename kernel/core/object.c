// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "fabric_internal.h"

/*
 * A dump reads the generation of what it shows; when it changed between two
 * messages of a dump, the reader is told by NLM_F_DUMP_INTR. Zero means "not
 * known" to netlink and is never used.
 */
static atomic_t inventory_generation = ATOMIC_INIT(1);
static atomic_t grants_generation = ATOMIC_INIT(1);

u32 fabric_inventory_generation(void)
{
	return atomic_read(&inventory_generation) ?: 1;
}

/* Free capacity changes with the grants, and grants name what is in the inventory. */
u32 fabric_grants_generation(void)
{
	return (atomic_read(&grants_generation) + atomic_read(&inventory_generation)) ?: 1;
}

void fabric_inventory_changed(void)
{
	atomic_inc(&inventory_generation);
}

void fabric_grants_changed(void)
{
	atomic_inc(&grants_generation);
}

void fabric_object_init(struct fabric_object *obj, void (*free)(struct fabric_object *obj))
{
	obj->free = free;
	refcount_set(&obj->ref, 1);
}

/* Give the object an id. It is found from here on; what @registered says counts. */
int fabric_object_add(struct fabric_object *obj, struct fabric_registry *registry)
{
	int ret;

	ret = xa_alloc_cyclic(&registry->xa, &obj->id, obj, XA_LIMIT(1, INT_MAX),
			      &registry->next, GFP_KERNEL);
	if (ret < 0)
		return ret;
	obj->registry = registry;
	return 0;
}

static bool tryget(struct fabric_object *obj)
{
	return obj && refcount_inc_not_zero(&obj->ref);
}

struct fabric_object *fabric_object_get(struct fabric_registry *registry, u32 id)
{
	struct fabric_object *obj;

	rcu_read_lock();
	obj = xa_load(&registry->xa, id);
	if (!tryget(obj))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

/* The first object with an id not below @id, which becomes its id. */
struct fabric_object *fabric_object_next(struct fabric_registry *registry, unsigned long *id)
{
	struct fabric_object *obj;

	rcu_read_lock();
	xa_for_each_start(&registry->xa, *id, obj, *id) {
		if (tryget(obj))
			break;
	}
	rcu_read_unlock();
	return obj;
}

void fabric_object_hold(struct fabric_object *obj)
{
	refcount_inc(&obj->ref);
}

void fabric_object_put(struct fabric_object *obj)
{
	if (!obj || !refcount_dec_and_test(&obj->ref))
		return;
	if (obj->registry)
		xa_erase(&obj->registry->xa, obj->id);
	obj->free(obj);
}
