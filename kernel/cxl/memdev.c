// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "fabric_cxl.h"

/* Lists of memory devices and of ports, and what the core has of them */
DEFINE_MUTEX(fabric_cxl_inventory_lock);

struct fabric_cxl_memdev {
	struct list_head node;
	struct device *dev;
	struct fabric_device *device;
};

/* By fabric_cxl_inventory_lock */
static LIST_HEAD(memdevs);

static struct fabric_cxl_memdev *memdev_find(const struct device *dev)
{
	struct fabric_cxl_memdev *memdev;

	lockdep_assert_held(&fabric_cxl_inventory_lock);
	list_for_each_entry(memdev, &memdevs, node) {
		if (memdev->dev == dev)
			return memdev;
	}
	return NULL;
}

/* What the inventory has for memN, or NULL. */
struct fabric_device *fabric_cxl_memdev_device(struct device *dev)
{
	struct fabric_cxl_memdev *memdev = memdev_find(dev);

	return memdev ? memdev->device : NULL;
}

/* The memory device of a registered endpoint, with a reference, or NULL. */
struct device *fabric_cxl_memdev_of(struct device *endpoint)
{
	struct fabric_cxl_memdev *memdev;
	struct device *dev = NULL;

	mutex_lock(&fabric_cxl_inventory_lock);
	list_for_each_entry(memdev, &memdevs, node) {
		if (fabric_cxl_links_to(endpoint, "uport", memdev->dev)) {
			dev = get_device(memdev->dev);
			break;
		}
	}
	mutex_unlock(&fabric_cxl_inventory_lock);
	return dev;
}

static void memdev_add(struct device *dev)
{
	struct fabric_device_info info = {
		.name = dev_name(dev),
		.type = FABRIC_DEVICE_TYPE_MEMORY,
		.serial = FABRIC_NO_SERIAL,
		.numa_node = dev_to_node(dev),
	};
	struct fabric_cxl_memdev *memdev;
	u64 size;

	/* What cannot be read is unknown, the device is there all the same */
	if (fabric_cxl_attr_u64(dev, NULL, "serial", &info.serial))
		info.serial = FABRIC_NO_SERIAL;
	if (!fabric_cxl_attr_u64(dev, "ram", "size", &size))
		info.capacity += size;
	if (!fabric_cxl_attr_u64(dev, "pmem", "size", &size))
		info.capacity += size;

	mutex_lock(&fabric_cxl_inventory_lock);
	if (memdev_find(dev))
		goto out;
	memdev = kzalloc_obj(*memdev);
	if (!memdev)
		goto out;
	info.port = fabric_cxl_port_above(dev->parent);
	memdev->device = fabric_device_add(fabric_cxl_domain, &info, memdev);
	if (IS_ERR(memdev->device)) {
		dev_warn(dev, "not in the inventory: %pe\n", memdev->device);
		kfree(memdev);
		goto out;
	}
	memdev->dev = get_device(dev);
	list_add_tail(&memdev->node, &memdevs);
out:
	mutex_unlock(&fabric_cxl_inventory_lock);
}

/* A notification of the CXL bus. Regions that need the device have left before. */
void fabric_cxl_memdev_event(struct device *dev, unsigned long action)
{
	struct fabric_cxl_memdev *memdev;

	if (!fabric_cxl_is_type(dev, "cxl_memdev"))
		return;
	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		memdev_add(dev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		mutex_lock(&fabric_cxl_inventory_lock);
		memdev = memdev_find(dev);
		if (memdev) {
			fabric_device_remove(memdev->device, "The device is removed", 0);
			list_del(&memdev->node);
			put_device(memdev->dev);
			kfree(memdev);
		}
		mutex_unlock(&fabric_cxl_inventory_lock);
		break;
	}
}

static int memdev_add_present(struct device *dev, void *data)
{
	if (!fabric_cxl_is_type(dev, "cxl_memdev"))
		return 0;
	/* memN goes when the driver of its PCI function is unbound, which takes this lock */
	device_lock(dev->parent);
	if (dev->parent->driver)
		memdev_add(dev);
	device_unlock(dev->parent);
	return 0;
}

void fabric_cxl_memdev_init(void)
{
	bus_for_each_dev(&cxl_bus_type, NULL, NULL, memdev_add_present);
}

/* What the core has of them goes with the domain. */
void fabric_cxl_memdev_exit(void)
{
	struct fabric_cxl_memdev *memdev, *next;

	mutex_lock(&fabric_cxl_inventory_lock);
	list_for_each_entry_safe(memdev, next, &memdevs, node) {
		list_del(&memdev->node);
		put_device(memdev->dev);
		kfree(memdev);
	}
	mutex_unlock(&fabric_cxl_inventory_lock);
}
