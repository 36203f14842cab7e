/* SPDX-License-Identifier: GPL-2.0 */
/* Private to the CXL backend. Prototypes are grouped by object. */
#ifndef _FABRIC_CXL_H
#define _FABRIC_CXL_H

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <fabric/backend.h>
#include "../compat/compat.h"

/**
 * DOC: locking
 *
 * In this order; all but the last may be held while sleeping:
 *
 *   locks of devices        held by whoever raises a notification of the bus,
 *                           and that of regionN by region_take
 *   cxl_region->lock        take, give and departure of one region
 *   inventory_lock          ports and memory devices (memdev.c, port.c)
 *   lock of a domain        the core's, inside its functions
 *   regions_lock            list of the regions; nothing is called with it
 *   fence->lock             claims of one region in the resource tree
 *   ranges_lock             ranges that are system RAM; a spinlock
 *
 * The ops of slices take fence->lock and locks of the DAX bus and of memory
 * hotplug, never a lock of a CXL or PCI device nor one above fence->lock. So a
 * departure, which runs under locks of CXL devices, may wait for them.
 *
 * region_give takes cxl_region->lock only if nobody has it: a departure that
 * holds it may be waiting for the slices.
 */

/* The bus of the CXL core. The symbol is exported, its header is not. */
extern const struct bus_type cxl_bus_type;

extern struct fabric_domain *fabric_cxl_domain;

/* attr.c */
int fabric_cxl_attr_read(struct device *dev, const char *group, const char *name, char *buf);
int fabric_cxl_attr_u64(struct device *dev, const char *group, const char *name, u64 *value);
bool fabric_cxl_links_to(struct device *dev, const char *name, const struct device *target);
bool fabric_cxl_is_type(const struct device *dev, const char *type);

/* fence.c */

/**
 * struct fabric_cxl_fence - claim of an address range
 * @lock: protects @runs
 * @marker: covers the range, not busy; NULL when there is no claim
 * @runs: struct fence_run by address; busy, disjoint, cover what is not handed over
 * @marker_name: in the resource tree
 * @run_name: in the resource tree
 */
struct fabric_cxl_fence {
	struct mutex lock; /* runs */
	struct resource *marker;
	struct list_head runs;
	char marker_name[FABRIC_NAME_MAX_LEN + 1];
	char run_name[FABRIC_NAME_MAX_LEN + 1];
};

int fabric_cxl_fence_add(struct fabric_cxl_fence *fence, const char *name, u64 start, u64 size);
void fabric_cxl_fence_del(struct fabric_cxl_fence *fence);
int fabric_cxl_fence_open(struct fabric_cxl_fence *fence, u64 start, u64 size);
int fabric_cxl_fence_close(struct fabric_cxl_fence *fence, u64 start, u64 size);

/* region.c */

/**
 * struct fabric_cxl_region - a region that was taken over
 * @ref: keeps the memory
 * @claims: one while it is in the inventory, one per slice; the claim of the
 *	range goes with the last
 * @node: in the list of regions, taken or departed
 * @lock: see DOC: locking; protects @device
 * @device: in the inventory, or NULL
 * @dev: regionN
 * @base: physical address
 * @size: in bytes
 * @nid: NUMA node
 * @dead: it leaves or has left, the memory is not touched any more
 * @fence: claim of the range
 * @clean: one bit per granule: it holds zeroes
 * @nr_members: length of @members
 * @members: memory devices by position
 */
struct fabric_cxl_region {
	struct kref ref;
	refcount_t claims;
	struct list_head node;
	struct mutex lock; /* see DOC: locking */
	struct fabric_device *device;
	struct device *dev;
	u64 base;
	u64 size;
	int nid;
	bool dead;
	struct fabric_cxl_fence fence;
	unsigned long *clean;
	unsigned int nr_members;
	struct fabric_cxl_member {
		struct device *endpoint;
		struct device *memdev;
	} members[] __counted_by(nr_members);
};

#define FABRIC_CXL_GRANULE	PMD_SIZE

int fabric_cxl_region_take(void *domain_priv, const struct fabric_region_req *req,
			   struct netlink_ext_ack *extack);
int fabric_cxl_region_give(void *domain_priv, const struct fabric_region_req *req,
			   struct netlink_ext_ack *extack);
int fabric_cxl_region_claim(struct fabric_cxl_region *region);
void fabric_cxl_region_unclaim(struct fabric_cxl_region *region);
void fabric_cxl_region_event(struct device *dev, unsigned long action);
void fabric_cxl_region_exit(void);

/* memdev.c */
extern struct mutex fabric_cxl_inventory_lock;

void fabric_cxl_memdev_event(struct device *dev, unsigned long action);
struct fabric_device *fabric_cxl_memdev_device(struct device *dev);
struct device *fabric_cxl_memdev_of(struct device *endpoint);
void fabric_cxl_memdev_init(void);
void fabric_cxl_memdev_exit(void);

/* port.c */
void fabric_cxl_port_event(struct device *dev, unsigned long action);
struct fabric_port *fabric_cxl_port_above(struct device *dev);
void fabric_cxl_port_init(void);
void fabric_cxl_port_exit(void);

/* scrub.c */
int fabric_cxl_scrub(struct fabric_cxl_region *region, u64 start, u64 length);
bool fabric_cxl_is_clean(struct fabric_cxl_region *region, u64 start, u64 length);
void fabric_cxl_set_clean(struct fabric_cxl_region *region, u64 start, u64 length, bool clean);

/* dax.c */

/**
 * struct fabric_cxl_dax - a slice as a device DAX instance
 * @slice: the slice
 * @start: physical address
 * @length: in bytes
 * @region_id: X of daxX.0
 * @parent: what the instance is made by and goes with, NULL without an instance
 * @dev_dax: the instance, the DAX bus' view
 * @dev: the instance, the driver core's view
 * @unused: since the driver was bound last, all mappings were zapped and no page
 *	was pinned then; by the lock of @dev
 * @waiting: it is being disabled, and that waits for pinned pages
 */
struct fabric_cxl_dax {
	const struct fabric_slice *slice;
	u64 start;
	u64 length;
	int region_id;
	struct platform_device *parent;
	struct dev_dax *dev_dax;
	struct device *dev;
	bool unused;
	bool waiting;
};

int fabric_cxl_dax_create(struct fabric_cxl_dax *dax, int nid, struct netlink_ext_ack *extack);
int fabric_cxl_dax_shrink(struct fabric_cxl_dax *dax, u64 length, int nid, char *reason,
			  size_t size);
int fabric_cxl_dax_destroy(struct fabric_cxl_dax *dax, char *reason, size_t size);
int fabric_cxl_dax_init(void);
void fabric_cxl_dax_exit(void);

/* ram.c */

/**
 * struct fabric_cxl_ram - a slice as system RAM
 * @node: in the list of ranges
 * @start: physical address
 * @length: in bytes
 * @nid: NUMA node
 * @mgid: group of its memory blocks
 * @type: memory tier of the node
 * @added: it is known to the kernel's memory management
 */
struct fabric_cxl_ram {
	struct list_head node;
	u64 start;
	u64 length;
	int nid;
	int mgid;
	struct memory_dev_type *type;
	bool added;
};

int fabric_cxl_ram_add(struct fabric_cxl_ram *ram, int nid, struct device *any,
		       struct netlink_ext_ack *extack);
int fabric_cxl_ram_shrink(struct fabric_cxl_ram *ram, u64 length, char *reason, size_t size);
int fabric_cxl_ram_remove(struct fabric_cxl_ram *ram, char *reason, size_t size);
int fabric_cxl_ram_init(void);
void fabric_cxl_ram_exit(void);

/* slice.c */
int fabric_cxl_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack);
int fabric_cxl_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack);
int fabric_cxl_slice_revoke(struct fabric_slice *slice);
int fabric_cxl_slice_shrink(struct fabric_slice *slice, u64 length);
int fabric_cxl_slice_release(struct fabric_slice *slice);

#endif /* _FABRIC_CXL_H */
