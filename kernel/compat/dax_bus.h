/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the kernel's private drivers/dax/bus.h that makes device DAX
 * instances. The functions are exported to every module, but nothing at run
 * time compares these declarations with the kernel's, so they are limited to
 * the kernels where they were compared: drivers/dax/bus.h and the users of
 * struct dev_dax_data in drivers/dax/bus.c are the same from 6.8, which added
 * memmap_on_memory, to 7.2.
 */
#ifndef _FABRIC_COMPAT_DAX_BUS_H
#define _FABRIC_COMPAT_DAX_BUS_H

#include <linux/bits.h>
#include <linux/range.h>
#include <linux/types.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0) || LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#error "Compare this kernel's drivers/dax/bus.h with the declarations below, then widen the range"
#endif

struct dax_region;
struct dev_dax;
struct dev_pagemap;
struct device;

/* The instances of the region are made by its driver and cannot be resized or deleted. */
#define IORESOURCE_DAX_STATIC BIT(0)

struct dev_dax_data {
	struct dax_region *dax_region;
	struct dev_pagemap *pgmap;
	resource_size_t size;
	int id;
	bool memmap_on_memory;
};

struct dax_region *alloc_dax_region(struct device *parent, int region_id, struct range *range,
				    int target_node, unsigned int align, unsigned long flags);
struct dev_dax *devm_create_dev_dax(struct dev_dax_data *data);
void kill_dev_dax(struct dev_dax *dev_dax);

#endif /* _FABRIC_COMPAT_DAX_BUS_H */
