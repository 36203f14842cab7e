// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: life of a region
 *
 * region_take puts the region into the list first and looks at it again
 * afterwards: what happened before is seen then, and what happens later is
 * notified to the region in the list, where it waits for the take to end.
 *
 * A region departs before anything that it needs does: its driver or device,
 * the driver or device of one of its memory devices, of their endpoints, or of
 * the port above one of those. The first such notification removes the device
 * from the inventory and waits for the slices; others, and later steps of the
 * same removal, wait for the first.
 *
 * Slices that could not be revoked in time keep the claim of the range, so that
 * nobody gets it, until the last of them is released. The core may even call
 * slice_prepare() for the first time after the departure. So the structure
 * stays until the module exits then; without slices it is freed at once.
 */
#include <linux/bitmap.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "fabric_cxl.h"

/* CXL 3.1, section 8.2.4.20.7: field IW of the HDM Decoder Control Register */
#define WAYS_MAX	16

static unsigned int revoke_timeout_ms = 10000;
module_param(revoke_timeout_ms, uint, 0644);
MODULE_PARM_DESC(revoke_timeout_ms,
		 "How long the removal of a region or memory device waits for its slices (default: 10000)");

static DEFINE_MUTEX(regions_lock);
static LIST_HEAD(regions);
static LIST_HEAD(departed);

static void region_free(struct kref *ref)
{
	struct fabric_cxl_region *region = container_of(ref, struct fabric_cxl_region, ref);
	unsigned int i;

	for (i = 0; i < region->nr_members; i++) {
		put_device(region->members[i].endpoint);
		put_device(region->members[i].memdev);
	}
	put_device(region->dev);
	bitmap_free(region->clean);
	mutex_destroy(&region->lock);
	kfree(region);
}

static void region_put(struct fabric_cxl_region *region)
{
	kref_put(&region->ref, region_free);
}

/* For a slice. Fails when the region has left. */
int fabric_cxl_region_claim(struct fabric_cxl_region *region)
{
	if (READ_ONCE(region->dead) || !refcount_inc_not_zero(&region->claims))
		return -ENODEV;
	return 0;
}

void fabric_cxl_region_unclaim(struct fabric_cxl_region *region)
{
	if (refcount_dec_and_test(&region->claims))
		fabric_cxl_fence_del(&region->fence);
}

static int region_attr_is(struct device *dev, const char *name, const char *value)
{
	char *buf = (char *)get_zeroed_page(GFP_KERNEL);
	int ret;

	if (!buf)
		return -ENOMEM;
	ret = fabric_cxl_attr_read(dev, NULL, name, buf);
	if (!ret)
		ret = !strcmp(buf, value);
	free_page((unsigned long)buf);
	return ret;
}

/* The endpoint whose decoder is at a position of the region, with a reference, or NULL. */
static struct device *region_endpoint(struct device *dev, unsigned int pos)
{
	struct device *decoder, *endpoint = NULL;
	char name[32];
	char *buf;

	buf = (char *)get_zeroed_page(GFP_KERNEL);
	if (!buf)
		return NULL;
	snprintf(name, sizeof(name), "target%u", pos);
	if (!fabric_cxl_attr_read(dev, NULL, name, buf) && *buf) {
		decoder = bus_find_device_by_name(&cxl_bus_type, NULL, buf);
		if (decoder)
			endpoint = get_device(decoder->parent);
		put_device(decoder);
	}
	free_page((unsigned long)buf);
	return endpoint;
}

static int region_find_members(struct fabric_cxl_region *region)
{
	struct fabric_cxl_member *member;
	struct device *endpoint, *host;
	unsigned int i;

	for (i = 0; i < region->nr_members; i++) {
		member = &region->members[i];
		endpoint = region_endpoint(region->dev, i);
		if (!endpoint)
			return -ENXIO;
		member->endpoint = endpoint;
		host = endpoint->parent;
		/* The port above an endpoint removes it, and the link, under its own lock */
		device_lock(host);
		if (device_is_registered(endpoint))
			member->memdev = fabric_cxl_memdev_of(endpoint);
		device_unlock(host);
		if (!member->memdev)
			return -ENXIO;
	}
	return 0;
}

static struct fabric_cxl_region *region_alloc(struct device *dev, struct netlink_ext_ack *extack)
{
	struct fabric_cxl_region *region;
	u64 ways, base, size;
	int ret;

	ret = region_attr_is(dev, "mode", "ram");
	if (ret <= 0) {
		NL_SET_ERR_MSG(extack, "The region is not of volatile memory");
		return ERR_PTR(ret ?: -EOPNOTSUPP);
	}
	ret = fabric_cxl_attr_u64(dev, NULL, "interleave_ways", &ways) ?:
	      fabric_cxl_attr_u64(dev, NULL, "resource", &base) ?:
	      fabric_cxl_attr_u64(dev, NULL, "size", &size);
	if (ret)
		return ERR_PTR(ret);
	if (!size || !ways || ways > WAYS_MAX) {
		NL_SET_ERR_MSG(extack, "The region has no address range, commit it first");
		return ERR_PTR(-ENXIO);
	}
	if (!IS_ALIGNED(base | size, FABRIC_CXL_GRANULE)) {
		NL_SET_ERR_MSG(extack, "The region is not aligned to 2 MiB");
		return ERR_PTR(-EINVAL);
	}
	region = kzalloc_flex(*region, members, ways);
	if (!region)
		return ERR_PTR(-ENOMEM);
	region->nr_members = ways;
	region->dev = get_device(dev);
	region->base = base;
	region->size = size;
	mutex_init(&region->lock);
	kref_init(&region->ref);
	refcount_set(&region->claims, 1);
	region->nid = phys_to_target_node(base);
	if (region->nid == NUMA_NO_NODE)
		region->nid = memory_add_physaddr_to_nid(base);
	/* What the memory holds is not known, so no granule is clean */
	region->clean = bitmap_zalloc(size / FABRIC_CXL_GRANULE, GFP_KERNEL);
	ret = region->clean ? region_find_members(region) : -ENOMEM;
	if (ret) {
		if (ret == -ENXIO)
			NL_SET_ERR_MSG(extack, "The region lacks a memory device");
		region_put(region);
		return ERR_PTR(ret);
	}
	return region;
}

/* See DOC: is the region in the list still what region_alloc() has read? */
static int region_revalidate(struct fabric_cxl_region *region, struct netlink_ext_ack *extack)
{
	struct device *endpoint;
	unsigned int i;
	u64 base, size;
	bool same;
	int ret;

	/* Without a driver, a reset of the region would not be notified */
	if (!region->dev->driver) {
		NL_SET_ERR_MSG(extack, "The region is disabled, enable it first");
		return -ENXIO;
	}
	ret = region_attr_is(region->dev, "commit", "1");
	if (ret <= 0) {
		NL_SET_ERR_MSG(extack, "The region is not committed, commit it first");
		return ret ?: -ENXIO;
	}
	ret = fabric_cxl_attr_u64(region->dev, NULL, "resource", &base) ?:
	      fabric_cxl_attr_u64(region->dev, NULL, "size", &size);
	if (ret)
		return ret;
	same = base == region->base && size == region->size;
	for (i = 0; same && i < region->nr_members; i++) {
		endpoint = region_endpoint(region->dev, i);
		same = endpoint == region->members[i].endpoint;
		put_device(endpoint);
	}
	if (!same) {
		NL_SET_ERR_MSG(extack, "The region is being changed, try again");
		return -EBUSY;
	}
	return 0;
}

static int name_bound_device(struct device *dev, void *data)
{
	char *name = data;

	if (dev->driver && !strncmp(dev_name(dev), "dax", 3) &&
	    !fabric_cxl_is_type(dev, "cxl_dax_region"))
		strscpy(name, dev_name(dev), FABRIC_NAME_MAX_LEN);
	else
		device_for_each_child(dev, name, name_bound_device);
	return *name;
}

static int region_claim_range(struct fabric_cxl_region *region, struct netlink_ext_ack *extack)
{
	char user[FABRIC_NAME_MAX_LEN + 1] = "";
	int ret;

	if (region_intersects(region->base, region->size, IORESOURCE_MEM, IORES_DESC_CXL) ==
	    REGION_DISJOINT) {
		NL_SET_ERR_MSG(extack, "The range of the region is not in a CXL window");
		return -ENXIO;
	}
	if (region_intersects(region->base, region->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) == REGION_DISJOINT)
		ret = fabric_cxl_fence_add(&region->fence, dev_name(region->dev), region->base,
					   region->size);
	else
		ret = -EBUSY;
	if (ret) {
		device_for_each_child(region->dev, user, name_bound_device);
		if (*user)
			NL_SET_ERR_MSG_FMT(extack, "Range is used by %s, disable it with daxctl",
					   user);
		else
			NL_SET_ERR_MSG(extack, "Range is in use, see /proc/iomem by whom");
	}
	return ret;
}

/*
 * dax_cxl makes device DAX instances of the whole region. They can't get the
 * range any more, but while dax_cxl has the region, the DAX bus of kernel 7.2
 * refuses other instances in this range. It can't be unbound by user space.
 */
static int evict_dax_region(struct device *dev, void *data)
{
	if (fabric_cxl_is_type(dev, "cxl_dax_region"))
		device_release_driver(dev);
	return 0;
}

static int region_add(struct fabric_cxl_region *region)
{
	unsigned long block = memory_block_size_bytes();
	struct fabric_resource_info res_info = {
		.kind = FABRIC_KIND_MEMORY,
		.capability = "ram",
		.total = region->size,
		.granule = FABRIC_CXL_GRANULE,
		.modes = FABRIC_MODE_BIT(FABRIC_MODE_DEVDAX),
		.address = region->base,
		.numa_node = region->nid,
	};
	struct fabric_device_info info = {
		.name = dev_name(region->dev),
		.type = FABRIC_DEVICE_TYPE_REGION,
		.serial = FABRIC_NO_SERIAL,
		.capacity = region->size,
		.numa_node = region->nid,
		.nr_members = region->nr_members,
	};
	struct fabric_device *members[WAYS_MAX];
	struct fabric_resource *resource;
	struct fabric_device *device;
	unsigned int i;

	/* Memory is added in whole blocks */
	if (IS_ALIGNED(region->base, block) && region->size >= block) {
		res_info.modes |= FABRIC_MODE_BIT(FABRIC_MODE_SYSTEM_RAM);
		res_info.mode_align[FABRIC_MODE_SYSTEM_RAM - 1] = block;
	}
	info.members = members;
	mutex_lock(&fabric_cxl_inventory_lock);
	for (i = 0; i < region->nr_members; i++) {
		members[i] = fabric_cxl_memdev_device(region->members[i].memdev);
		if (!members[i]) {
			mutex_unlock(&fabric_cxl_inventory_lock);
			return -ENODEV;
		}
	}
	device = fabric_device_add(fabric_cxl_domain, &info, region);
	mutex_unlock(&fabric_cxl_inventory_lock);
	if (IS_ERR(device))
		return PTR_ERR(device);
	resource = fabric_resource_add(device, &res_info, region);
	if (IS_ERR(resource)) {
		fabric_device_remove(device, "The region could not be taken over", 0);
		return PTR_ERR(resource);
	}
	region->device = device;
	return 0;
}

/* Enter the region into the list, where departures find it. */
static int region_enlist(struct fabric_cxl_region *region)
{
	struct fabric_cxl_region *other;
	int ret = 0;

	mutex_lock(&regions_lock);
	list_for_each_entry(other, &regions, node) {
		if (other->dev == region->dev)
			ret = -EEXIST;
	}
	if (!ret)
		list_add_tail(&region->node, &regions);
	mutex_unlock(&regions_lock);
	return ret;
}

static void region_delist(struct fabric_cxl_region *region)
{
	mutex_lock(&regions_lock);
	list_del(&region->node);
	mutex_unlock(&regions_lock);
}

static int region_take_dev(struct device *dev, struct netlink_ext_ack *extack)
{
	struct fabric_cxl_region *region;
	int ret;

	region = region_alloc(dev, extack);
	if (IS_ERR(region))
		return PTR_ERR(region);

	/* While its lock is held, the driver of the region is neither bound nor unbound */
	device_lock(dev);
	mutex_lock(&region->lock);
	ret = region_enlist(region);
	if (ret) {
		NL_SET_ERR_MSG(extack, "The region is taken over already");
		goto err_unlock;
	}
	ret = region_revalidate(region, extack);
	if (ret)
		goto err_delist;
	ret = region_claim_range(region, extack);
	if (ret)
		goto err_delist;
	/* Unbinding raises notifications, which may want the lock of any region */
	mutex_unlock(&region->lock);
	device_for_each_child(dev, NULL, evict_dax_region);
	mutex_lock(&region->lock);
	ret = READ_ONCE(region->dead) ? -ENODEV : region_add(region);
	if (ret)
		goto err_unclaim;
	mutex_unlock(&region->lock);
	device_unlock(dev);
	return 0;

err_unclaim:
	fabric_cxl_region_unclaim(region);
err_delist:
	region_delist(region);
err_unlock:
	mutex_unlock(&region->lock);
	device_unlock(dev);
	region_put(region);
	return ret;
}

int fabric_cxl_region_take(void *domain_priv, const struct fabric_region_req *req,
			   struct netlink_ext_ack *extack)
{
	struct device *dev;
	int ret;

	dev = bus_find_device_by_name(&cxl_bus_type, NULL, req->name);
	if (!dev || !fabric_cxl_is_type(dev, "cxl_region")) {
		NL_SET_ERR_MSG(extack, "There is no CXL region of this name");
		ret = -ENOENT;
	} else {
		ret = region_take_dev(dev, extack);
	}
	put_device(dev);
	return ret;
}

static struct fabric_cxl_region *region_get_by_name(const char *name)
{
	struct fabric_cxl_region *region;

	mutex_lock(&regions_lock);
	list_for_each_entry(region, &regions, node) {
		if (!strcmp(dev_name(region->dev), name)) {
			kref_get(&region->ref);
			mutex_unlock(&regions_lock);
			return region;
		}
	}
	mutex_unlock(&regions_lock);
	return NULL;
}

int fabric_cxl_region_give(void *domain_priv, const struct fabric_region_req *req,
			   struct netlink_ext_ack *extack)
{
	struct fabric_cxl_region *region;
	int ret = -ENOENT;

	region = region_get_by_name(req->name);
	if (!region) {
		NL_SET_ERR_MSG(extack, "The region is not taken over any more");
		return -ENOENT;
	}
	if (!mutex_trylock(&region->lock)) {
		NL_SET_ERR_MSG(extack, "The region is being taken over or removed");
		region_put(region);
		return -EBUSY;
	}
	if (region->device)
		ret = fabric_device_withdraw(region->device, extack);
	if (!ret) {
		region->device = NULL;
		region_delist(region);
	}
	mutex_unlock(&region->lock);
	if (!ret) {
		fabric_cxl_region_unclaim(region);
		region_put(region);
	}
	region_put(region);
	return ret;
}

static void region_depart(struct fabric_cxl_region *region, const char *reason)
{
	struct fabric_device *device;
	int ret;

	/* A scrub that is under way ends */
	WRITE_ONCE(region->dead, true);
	mutex_lock(&region->lock);
	device = region->device;
	if (!device) {
		/* Not taken yet, or somebody else was first */
		mutex_unlock(&region->lock);
		return;
	}
	ret = fabric_device_remove(device, reason, msecs_to_jiffies(revoke_timeout_ms));
	region->device = NULL;
	mutex_lock(&regions_lock);
	list_del(&region->node);
	if (ret)
		list_add_tail(&region->node, &departed);
	mutex_unlock(&regions_lock);
	mutex_unlock(&region->lock);
	fabric_cxl_region_unclaim(region);
	if (ret)
		dev_warn(region->dev, "removed while in use, what is left stays quarantined\n");
	else
		region_put(region);
}

static bool region_needs(const struct fabric_cxl_region *region, const struct device *dev)
{
	unsigned int i;

	if (dev == region->dev)
		return true;
	for (i = 0; i < region->nr_members; i++) {
		if (dev == region->members[i].memdev || dev == region->members[i].endpoint ||
		    dev == region->members[i].endpoint->parent)
			return true;
	}
	return false;
}

/* A region that needs @dev, with a reference. */
static struct fabric_cxl_region *region_get_by_need(const struct device *dev)
{
	struct fabric_cxl_region *region;

	mutex_lock(&regions_lock);
	list_for_each_entry(region, &regions, node) {
		if (region_needs(region, dev)) {
			kref_get(&region->ref);
			mutex_unlock(&regions_lock);
			return region;
		}
	}
	mutex_unlock(&regions_lock);
	return NULL;
}

static int get_bound_dax_region(struct device *dev, void *data)
{
	struct device **found = data;

	if (!dev->driver || !fabric_cxl_is_type(dev, "cxl_dax_region"))
		return 0;
	*found = get_device(dev);
	return 1;
}

static struct device *next_to_evict(void)
{
	struct fabric_cxl_region *region;
	struct device *dev = NULL;

	mutex_lock(&regions_lock);
	list_for_each_entry(region, &regions, node) {
		if (device_for_each_child(region->dev, &dev, get_bound_dax_region))
			break;
	}
	mutex_unlock(&regions_lock);
	return dev;
}

static void evict_from_regions(struct work_struct *work)
{
	struct device *dev;

	while ((dev = next_to_evict())) {
		device_release_driver(dev);
		put_device(dev);
	}
}

static DECLARE_WORK(evict_work, evict_from_regions);

/* A notification of the CXL bus. */
void fabric_cxl_region_event(struct device *dev, unsigned long action)
{
	struct fabric_cxl_region *region;

	switch (action) {
	case BUS_NOTIFY_BOUND_DRIVER:
		/* The lock of the device is held, so not now */
		if (fabric_cxl_is_type(dev, "cxl_dax_region"))
			schedule_work(&evict_work);
		break;
	case BUS_NOTIFY_UNBIND_DRIVER:
	case BUS_NOTIFY_DEL_DEVICE:
		while ((region = region_get_by_need(dev))) {
			region_depart(region, fabric_cxl_is_type(dev, "cxl_region") ?
				      "The region is removed" : "The memory device is removed");
			region_put(region);
		}
		break;
	}
}

/* No notifications come any more, and the domain is gone with all slices. */
void fabric_cxl_region_exit(void)
{
	struct fabric_cxl_region *region, *next;

	cancel_work_sync(&evict_work);
	list_for_each_entry_safe(region, next, &regions, node) {
		fabric_cxl_region_unclaim(region);
		region_put(region);
	}
	list_for_each_entry_safe(region, next, &departed, node)
		region_put(region);
}
