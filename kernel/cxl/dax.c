// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: a slice as device DAX instance
 *
 * The instance is made by the kernel's DAX bus, so that everything that uses
 * device DAX can use it. Its parent, a platform device per slice, carries a DAX
 * region of exactly the slice; it needs a driver, since what the DAX bus makes
 * for a parent goes with the parent's driver.
 *
 * The region is static: user space can disable the instance and bind it to
 * another driver, but not resize or delete it. So @dev_dax is valid as long as
 * the parent is registered.
 *
 * Taking it back is more than removing the device. The DAX bus frees the struct
 * pages without a look at who refers to them, so a page that is pinned (by an
 * RDMA registration, by io_uring, by a device assigned to a VM) would become a
 * use after free. So:
 *
 *   1. kill_dev_dax(): page faults fail and all mappings are zapped, hence
 *      nobody gets a new reference
 *   2. every folio has one reference, that of the DAX driver, or the slice stays
 *      as it is, in quarantine, until the next try
 *   3. unregister the parent
 *
 * Somebody who disables the instance by sysfs skips step 2; a notifier of the
 * DAX bus makes him wait for it. That wait can't be interrupted, since the
 * driver core would go on.
 *
 * device_dax can't give up a part: its struct pages come and go for the whole
 * instance. So to shrink means to put a shorter instance in its place, and
 * whoever touched the part that stays meanwhile would get SIGBUS for it. Nothing
 * that is exported tells whether an instance is open or mapped, so only one that
 * was disabled is replaced: it has no mappings, step 2 was waited for, and its
 * holder said so.
 *
 * The node below /dev is root's. udev gives it to whom the slice is for, by an
 * event that says who that is, and may do so late. X of daxX.0 is not used again,
 * or the node of another slice by that name could be given away. It is counted
 * from where the numbers of the kernel, which reuses them, do not get to.
 */
#include <linux/atomic.h>
#include <linux/kmod.h>
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "../compat/dax_bus.h"
#include "fabric_cxl.h"

#define PARENT_NAME	"fabric_slice"
#define DRIVER_NAME	"device_dax"

#define FIRST_ID	1000

static struct platform_driver parent_driver = {
	.driver = {
		.name = PARENT_NAME,
		.suppress_bind_attrs = true,
	},
};

static bool is_device_dax(const struct device *dev)
{
	return dev->driver && !strcmp(dev->driver->name, DRIVER_NAME);
}

/* The lock of the instance is held, and device_dax is bound: there are struct pages. */
static bool is_pinned(const struct fabric_cxl_dax *dax)
{
	unsigned long pfn = PHYS_PFN(dax->start);
	unsigned long end = PHYS_PFN(dax->start + dax->length);

	device_lock_assert(dax->dev);
	while (pfn < end) {
		struct folio *folio = page_folio(pfn_to_page(pfn));

		if (folio_ref_count(folio) != 1 || folio_maybe_dma_pinned(folio))
			return true;
		pfn += folio_nr_pages(folio);
		cond_resched();
	}
	return false;
}

static void wait_for_pins(struct fabric_cxl_dax *dax)
{
	kill_dev_dax(dax->dev_dax);
	if (!is_pinned(dax))
		return;
	dev_warn(dax->dev, "pages are pinned, waiting for their release\n");
	WRITE_ONCE(dax->waiting, true);
	while (is_pinned(dax))
		schedule_timeout_idle(HZ / 10);
	WRITE_ONCE(dax->waiting, false);
}

/* The lock of the device is held. */
static int dax_bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;
	struct fabric_cxl_dax *dax;

	if (!is_device_dax(dev) || dev->parent->driver != &parent_driver.driver)
		return NOTIFY_DONE;
	dax = *(struct fabric_cxl_dax **)dev_get_platdata(dev->parent);
	if (action == BUS_NOTIFY_BIND_DRIVER)
		dax->unused = false;
	else if (action == BUS_NOTIFY_UNBIND_DRIVER && dax->dev && !dax->unused)
		wait_for_pins(dax);
	return NOTIFY_DONE;
}

static struct notifier_block dax_bus_nb = { .notifier_call = dax_bus_event };

/* The DAX bus itself is not exported, so it is known from its first device on. */
static DEFINE_MUTEX(dax_bus_lock);
static const struct bus_type *dax_bus;

static int dax_bus_watch(const struct bus_type *bus)
{
	int ret = 0;

	mutex_lock(&dax_bus_lock);
	if (!dax_bus) {
		ret = bus_register_notifier(bus, &dax_bus_nb);
		if (!ret)
			dax_bus = bus;
	}
	mutex_unlock(&dax_bus_lock);
	return ret;
}

static int first_child(struct device *dev, void *data)
{
	struct device **child = data;

	if (!dev->bus || strcmp(dev->bus->name, "dax"))
		return 0;
	*child = get_device(dev);
	return 1;
}

static int next_id(void)
{
	static atomic_t count = ATOMIC_INIT(0);

	return FIRST_ID + (unsigned int)atomic_fetch_inc(&count) % (INT_MAX - FIRST_ID);
}

static int parent_add(struct fabric_cxl_dax *dax, int nid)
{
	int ret;

	dax->parent = platform_device_alloc(PARENT_NAME, dax->region_id);
	if (!dax->parent)
		return -ENOMEM;
	/* The instance inherits it, and its struct pages need a node that has memory */
	set_dev_node(&dax->parent->dev, numa_map_to_online_node(nid));
	ret = platform_device_add_data(dax->parent, &dax, sizeof(dax));
	if (!ret)
		ret = platform_device_add(dax->parent);
	if (!ret)
		return 0;
	platform_device_put(dax->parent);
	dax->parent = NULL;
	return ret;
}

static void parent_del(struct fabric_cxl_dax *dax)
{
	platform_device_unregister(dax->parent);
	dax->parent = NULL;
}

static struct dev_dax *instance_add(struct fabric_cxl_dax *dax, int nid)
{
	struct device *parent = &dax->parent->dev;
	struct range range = { .start = dax->start, .end = dax->start + dax->length - 1 };
	struct dev_pagemap pgmap = { .range = range, .nr_range = 1 };
	struct dev_dax_data data = { .pgmap = &pgmap, .size = dax->length };

	if (!parent->driver)
		return ERR_PTR(-ENXIO);
	data.dax_region = alloc_dax_region(parent, dax->region_id, &range, nid,
					   FABRIC_CXL_GRANULE, IORESOURCE_DAX_STATIC);
	if (!data.dax_region)
		return ERR_PTR(-EBUSY);
	return devm_create_dev_dax(&data);
}

static int instance_create(struct fabric_cxl_dax *dax, int nid, struct netlink_ext_ack *extack)
{
	struct dev_dax *dev_dax;
	struct device *dev = NULL;
	int ret;

	ret = parent_add(dax, nid);
	if (ret)
		return ret;
	dev_dax = instance_add(dax, nid);
	if (IS_ERR(dev_dax)) {
		NL_SET_ERR_MSG(extack, "The DAX bus refuses the range, see the kernel log");
		ret = PTR_ERR(dev_dax);
		goto err_parent;
	}
	device_for_each_child(&dax->parent->dev, &dev, first_child);
	if (!dev) {
		ret = -ENXIO;
		goto err_parent;
	}
	ret = dax_bus_watch(dev->bus);
	if (ret)
		goto err_put;
	/* Unlike modprobe, insmod does not care for dependencies */
	if (!dev->driver)
		request_module(DRIVER_NAME);
	device_lock(dev);
	if (is_device_dax(dev)) {
		dax->dev_dax = dev_dax;
		dax->dev = dev;
	}
	device_unlock(dev);
	if (!dax->dev) {
		NL_SET_ERR_MSG(extack, "Driver device_dax did not accept the range, is it loaded?");
		ret = -ENXIO;
		goto err_put;
	}
	return 0;

err_put:
	put_device(dev);
err_parent:
	parent_del(dax);
	return ret;
}

static void instance_destroy(struct fabric_cxl_dax *dax)
{
	struct device *dev = dax->dev;

	parent_del(dax);
	dax->dev = NULL;
	put_device(dev);
}

/* Let udev give the node to its holder, see scripts/udev/60-fabric.rules. */
static int announce(const struct fabric_cxl_dax *dax)
{
	const struct fabric_slice *slice = dax->slice;
	char uid[32], gid[32], grant[32];
	char *env[4] = { uid, gid, grant, NULL };

	if (uid_eq(slice->uid, GLOBAL_ROOT_UID) && gid_eq(slice->gid, GLOBAL_ROOT_GID))
		return 0;
	snprintf(uid, sizeof(uid), "FABRIC_UID=%u", from_kuid(&init_user_ns, slice->uid));
	snprintf(gid, sizeof(gid), "FABRIC_GID=%u", from_kgid(&init_user_ns, slice->gid));
	snprintf(grant, sizeof(grant), "FABRIC_GRANT=%u", slice->grant_id);
	return kobject_uevent_env(&dax->dev->kobj, KOBJ_CHANGE, env);
}

/* After an error there may be an instance; destroy it. */
int fabric_cxl_dax_create(struct fabric_cxl_dax *dax, int nid, struct netlink_ext_ack *extack)
{
	dax->region_id = next_id();
	return instance_create(dax, nid, extack) ?: announce(dax);
}

/* Afterwards there is no instance any more, or an error says why it has to stay. */
int fabric_cxl_dax_destroy(struct fabric_cxl_dax *dax, char *reason, size_t size)
{
	static const char pinned[] = "Pages are pinned, free when they are released";
	struct device *dev = dax->dev;
	int ret = 0;

	if (!dev)
		return 0;
	kill_dev_dax(dax->dev_dax);
	/* Who disables the instance holds the lock, for as long as pages are pinned */
	if (!device_trylock(dev)) {
		if (READ_ONCE(dax->waiting)) {
			strscpy(reason, pinned, size);
			return -EBUSY;
		}
		strscpy(reason, "The DAX device is being reconfigured", size);
		return -EAGAIN;
	}
	if (!dev->driver) {
		/* It was disabled, and nothing was pinned then */
	} else if (!is_device_dax(dev)) {
		snprintf(reason, size, "The DAX device is bound to %s, unbind it first",
			 dev->driver->name);
		ret = -EAGAIN;
	} else if (is_pinned(dax)) {
		strscpy(reason, pinned, size);
		ret = -EBUSY;
	} else {
		dax->unused = true;
	}
	device_unlock(dev);
	if (!ret)
		instance_destroy(dax);
	return ret;
}

static int dax_is_disabled(struct fabric_cxl_dax *dax, char *reason, size_t size)
{
	int ret = -EBUSY;

	/* An attempt before this one may have lost it */
	if (!dax->dev)
		return 0;
	if (!device_trylock(dax->dev)) {
		strscpy(reason, "The DAX device is being reconfigured", size);
		return ret;
	}
	if (dax->dev->driver)
		strscpy(reason, "A devdax slice shrinks while it is disabled, see daxctl", size);
	else
		ret = 0;
	device_unlock(dax->dev);
	return ret;
}

/* See DOC: why. Who enables it from now on gets it taken away again, pins are waited for. */
int fabric_cxl_dax_shrink(struct fabric_cxl_dax *dax, u64 length, int nid, char *reason,
			  size_t size)
{
	u64 length_before = dax->length;
	int ret;

	/* An attempt before this one may have failed later */
	if (length >= dax->length)
		return 0;
	ret = dax_is_disabled(dax, reason, size);
	if (ret)
		return ret;
	if (dax->dev)
		instance_destroy(dax);
	dax->length = length;
	ret = instance_create(dax, nid, NULL);
	if (ret) {
		strscpy(reason, "The DAX bus refuses a shorter device, see the kernel log", size);
		dax->length = length_before;
		if (instance_create(dax, nid, NULL)) {
			strscpy(reason, "The DAX device is lost, release the grant", size);
			return ret;
		}
	}
	if (announce(dax))
		dev_warn(dax->dev, "no memory to tell udev whose it is\n");
	return ret;
}

int fabric_cxl_dax_init(void)
{
	/* insmod does not look at the softdep. Without the driver, grants are refused later. */
	request_module(DRIVER_NAME);
	return platform_driver_register(&parent_driver);
}

/* There are no slices any more. */
void fabric_cxl_dax_exit(void)
{
	if (dax_bus)
		bus_unregister_notifier(dax_bus, &dax_bus_nb);
	platform_driver_unregister(&parent_driver);
}
