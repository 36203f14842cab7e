// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu.h"

#define EMU_DEVICE_GRANULE	SZ_2M

/*
 * How long a device that goes waits for its slices. Whatever they need beyond
 * that, they do without the device.
 */
#define EMU_REMOVE_TIMEOUT	(10 * HZ)

static struct emu_device *to_emu_device(struct config_item *item)
{
	return container_of(item, struct emu_device, item);
}

/* memparse() accepts nonsense and numbers that overflow, so it is not used. */
static int size_parse(const char *page, u64 *result)
{
	static const char suffixes[] = "kmgtpe";
	size_t len = strspn(page, "0123456789");
	const char *suffix;
	char digits[24];
	u64 size;
	int ret;

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, page, len);
	digits[len] = 0;
	ret = kstrtou64(digits, 10, &size);
	if (ret)
		return ret;

	page += len;
	suffix = *page ? strchr(suffixes, tolower(*page)) : NULL;
	if (suffix) {
		if (check_shl_overflow(size, 10 * (suffix - suffixes + 1), &size))
			return -ERANGE;
		page++;
	}
	if (!sysfs_streq(page, ""))
		return -EINVAL;
	*result = size;
	return 0;
}

/* State in debugfs */

void emu_device_state(struct emu_device *device, struct seq_file *m)
{
	seq_printf(m, "device %s port %s size %llu state %s\n", config_item_name(&device->item),
		   device->port, device->size, READ_ONCE(device->device) ? "plugged" : "unplugged");
}

/*
 * The files stay when the device goes, since removing a file waits for the end
 * of a write to it, and a write is what makes the device go.
 */
static ssize_t write_one(const char __user *buf, size_t count)
{
	bool on;
	int ret;

	ret = kstrtobool_from_user(buf, count, &on);
	if (ret)
		return ret;
	return on ? count : -EINVAL;
}

static ssize_t surprise_remove_write(struct file *file, const char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct emu_device *device = file->private_data;
	ssize_t ret = write_one(buf, count);

	if (ret <= 0)
		return ret;
	guard(rwsem_read)(&device->sw->events);
	if (!device->sw->domain)
		return -ENODEV;
	return emu_device_unplug(device, "Device was removed by surprise") ?: ret;
}

static const struct file_operations surprise_remove_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= surprise_remove_write,
};

static ssize_t plug_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	struct emu_device *device = file->private_data;
	ssize_t ret = write_one(buf, count);

	if (ret <= 0)
		return ret;
	guard(rwsem_read)(&device->sw->events);
	if (!device->sw->domain)
		return -ENODEV;
	return emu_device_plug(device) ?: ret;
}

static const struct file_operations plug_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= plug_write,
};

void emu_device_debugfs(struct emu_device *device, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir(config_item_name(&device->item), parent);

	debugfs_create_file("surprise_remove", 0200, dir, device, &surprise_remove_fops);
	debugfs_create_file("plug", 0200, dir, device, &plug_fops);
}

/* Configuration */

static ssize_t emu_device_port_show(struct config_item *item, char *page)
{
	struct emu_device *device = to_emu_device(item);

	guard(mutex)(&device->sw->lock);
	return sysfs_emit(page, "%s\n", device->port);
}

static ssize_t emu_device_port_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_device *device = to_emu_device(item);
	int ret;

	guard(mutex)(&device->sw->lock);
	if (emu_switch_live(device->sw))
		return -EBUSY;
	ret = emu_name_parse(device->port, page);
	return ret ?: count;
}

CONFIGFS_ATTR(emu_device_, port);

static ssize_t emu_device_size_show(struct config_item *item, char *page)
{
	struct emu_device *device = to_emu_device(item);

	guard(mutex)(&device->sw->lock);
	return sysfs_emit(page, "%llu\n", device->size);
}

static ssize_t emu_device_size_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_device *device = to_emu_device(item);
	u64 size;
	int ret;

	ret = size_parse(page, &size);
	if (ret)
		return ret;
	if (!size)
		return -EINVAL;

	guard(mutex)(&device->sw->lock);
	if (emu_switch_live(device->sw))
		return -EBUSY;
	device->size = size;
	return count;
}

CONFIGFS_ATTR(emu_device_, size);

static ssize_t emu_device_granule_show(struct config_item *item, char *page)
{
	struct emu_device *device = to_emu_device(item);

	guard(mutex)(&device->sw->lock);
	return sysfs_emit(page, "%llu\n", device->granule);
}

static ssize_t emu_device_granule_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_device *device = to_emu_device(item);
	u64 granule;
	int ret;

	ret = size_parse(page, &granule);
	if (ret)
		return ret;
	if (!is_power_of_2(granule) || granule < PAGE_SIZE)
		return -EINVAL;

	guard(mutex)(&device->sw->lock);
	if (emu_switch_live(device->sw))
		return -EBUSY;
	device->granule = granule;
	return count;
}

CONFIGFS_ATTR(emu_device_, granule);

static ssize_t emu_device_serial_show(struct config_item *item, char *page)
{
	struct emu_device *device = to_emu_device(item);

	guard(mutex)(&device->sw->lock);
	return sysfs_emit(page, "%#llx\n", device->serial);
}

static ssize_t emu_device_serial_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_device *device = to_emu_device(item);
	u64 serial;
	int ret;

	ret = kstrtou64(page, 0, &serial);
	if (ret)
		return ret;

	guard(mutex)(&device->sw->lock);
	if (emu_switch_live(device->sw))
		return -EBUSY;
	device->serial = serial;
	return count;
}

CONFIGFS_ATTR(emu_device_, serial);

static ssize_t emu_device_numa_node_show(struct config_item *item, char *page)
{
	struct emu_device *device = to_emu_device(item);

	guard(mutex)(&device->sw->lock);
	return sysfs_emit(page, "%d\n", device->numa_node);
}

static ssize_t emu_device_numa_node_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_device *device = to_emu_device(item);
	int node;
	int ret;

	ret = kstrtoint(page, 0, &node);
	if (ret)
		return ret;
	if (node != NUMA_NO_NODE && (node < 0 || node >= MAX_NUMNODES))
		return -EINVAL;

	guard(mutex)(&device->sw->lock);
	if (emu_switch_live(device->sw))
		return -EBUSY;
	device->numa_node = node;
	return count;
}

CONFIGFS_ATTR(emu_device_, numa_node);

static struct configfs_attribute *emu_device_attrs[] = {
	&emu_device_attr_port,
	&emu_device_attr_size,
	&emu_device_attr_granule,
	&emu_device_attr_serial,
	&emu_device_attr_numa_node,
	NULL
};

/* Check what one attribute alone does not tell. */
int emu_device_check(struct emu_device *device)
{
	const char *name = config_item_name(&device->item);
	struct emu_switch *sw = device->sw;
	struct emu_device *other;

	lockdep_assert_held(&sw->lock);

	if (!*device->port)
		return emu_switch_error(sw, -ENXIO, "Device %s has no port", name);
	if (!emu_port_find(&sw->ports, device->port))
		return emu_switch_error(sw, -ENOENT, "Port %s of device %s does not exist",
					device->port, name);
	list_for_each_entry(other, &sw->devices, node) {
		if (other == device)
			break;
		if (!strcmp(other->port, device->port))
			return emu_switch_error(sw, -EEXIST, "Devices %s and %s are at one port",
						config_item_name(&other->item), name);
	}
	if (!device->size)
		return emu_switch_error(sw, -ENXIO, "Device %s has no size", name);
	if (device->size & (device->granule - 1))
		return emu_switch_error(sw, -EINVAL,
					"Size of device %s is no multiple of its granule %llu",
					name, device->granule);
	if (device->size >> ilog2(device->granule) >= BIT_ULL(EMU_MEMORY_GRANULE_BITS))
		return emu_switch_error(sw, -EINVAL,
					"Device %s has too many granules, make them larger", name);
	if (device->numa_node != NUMA_NO_NODE && !node_online(device->numa_node))
		return emu_switch_error(sw, -ENXIO, "NUMA node %d of device %s is not online",
					device->numa_node, name);
	return 0;
}

int emu_device_plug(struct emu_device *device)
{
	struct emu_port *port = emu_port_find(&device->sw->ports, device->port);
	struct fabric_device_info info = {
		.port = port->port,
		.name = config_item_name(&device->item),
		.type = FABRIC_DEVICE_TYPE_MEMORY,
		.serial = device->serial ?: FABRIC_NO_SERIAL,
		.capacity = device->size,
		.numa_node = device->numa_node,
	};
	struct fabric_resource_info resource_info = {
		.kind = FABRIC_KIND_MEMORY,
		.capability = "ram",
		.total = device->size,
		.granule = device->granule,
		.modes = FABRIC_MODE_BIT(FABRIC_MODE_MAP),
		.address = FABRIC_NO_ADDRESS,
		.numa_node = device->numa_node,
	};
	struct fabric_resource *resource;
	struct fabric_device *handle;
	struct emu_memory *memory;

	guard(mutex)(&device->plug_lock);
	if (device->device)
		return -EEXIST;
	memory = emu_memory_alloc(device);
	if (IS_ERR(memory))
		return PTR_ERR(memory);
	handle = fabric_device_add(device->sw->domain, &info, device);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	resource = fabric_resource_add(handle, &resource_info, memory);
	if (IS_ERR(resource)) {
		fabric_device_remove(handle, "Device could not be added", EMU_REMOVE_TIMEOUT);
		return PTR_ERR(resource);
	}
	WRITE_ONCE(device->device, handle);
	return 0;
}

int emu_device_unplug(struct emu_device *device, const char *reason)
{
	struct fabric_device *handle;

	guard(mutex)(&device->plug_lock);
	handle = device->device;
	if (!handle)
		return -ENODEV;
	WRITE_ONCE(device->device, NULL);

	/* Slices that do not go in time are not in the way: it is gone. */
	fabric_device_remove(handle, reason, EMU_REMOVE_TIMEOUT);
	return 0;
}

static void emu_device_release(struct config_item *item)
{
	struct emu_device *device = to_emu_device(item);

	mutex_destroy(&device->plug_lock);
	kfree(device);
}

static struct configfs_item_operations emu_device_item_ops = {
	.release	= emu_device_release,
};

static const struct config_item_type emu_device_type = {
	.ct_item_ops	= &emu_device_item_ops,
	.ct_attrs	= emu_device_attrs,
	.ct_owner	= THIS_MODULE,
};

static struct config_item *make_device_item(struct config_group *group, const char *name)
{
	struct emu_switch *sw = container_of(group, struct emu_switch, devices_group);
	struct emu_device *device;
	int ret;

	ret = emu_name_check(name);
	if (ret)
		return ERR_PTR(ret);

	guard(mutex)(&sw->lock);
	if (emu_switch_live(sw))
		return ERR_PTR(-EBUSY);
	device = kzalloc_obj(*device, GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->sw = sw;
	device->granule = EMU_DEVICE_GRANULE;
	device->numa_node = NUMA_NO_NODE;
	mutex_init(&device->plug_lock);
	config_item_init_type_name(&device->item, name, &emu_device_type);
	list_add_tail(&device->node, &sw->devices);
	return &device->item;
}

static void drop_device_item(struct config_group *group, struct config_item *item)
{
	struct emu_device *device = to_emu_device(item);

	scoped_guard(mutex, &device->sw->lock)
		list_del(&device->node);
	config_item_put(item);
}

static struct configfs_group_operations emu_devices_group_ops = {
	.make_item	= make_device_item,
	.drop_item	= drop_device_item,
};

const struct config_item_type emu_devices_type = {
	.ct_group_ops	= &emu_devices_group_ops,
	.ct_owner	= THIS_MODULE,
};
