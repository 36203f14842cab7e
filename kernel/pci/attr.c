// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: what the PCI core tells
 *
 * How a function can be reset and what errors it reported are in structures
 * that are private to the PCI core. So they are read where user space reads
 * them, by the attributes that the core shows in sysfs.
 */
#include <linux/device.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "fabric_pci.h"

static struct attribute *attr_find(struct device *dev, const struct attribute_group *const *groups,
				   const char *name)
{
	const struct attribute_group *group;
	int i;

	for (; groups && *groups; groups++) {
		group = *groups;
		for (i = 0; group->attrs && group->attrs[i]; i++) {
			if (strcmp(group->attrs[i]->name, name))
				continue;
			/* One that is not visible may rely on what is not there */
			if (group->is_visible &&
			    !group->is_visible(&dev->kobj, group->attrs[i], i))
				return NULL;
			return group->attrs[i];
		}
	}
	return NULL;
}

static struct device_attribute *device_attr_find(struct device *dev, const char *name)
{
	struct attribute *found = attr_find(dev, dev->bus->dev_groups, name);

	if (!found && dev->type)
		found = attr_find(dev, dev->type->groups, name);
	return found ? container_of(found, struct device_attribute, attr) : NULL;
}

/* Read an attribute into @buf of PAGE_SIZE, page aligned, without the final newline. */
int fabric_pci_attr_read(struct device *dev, const char *name, char *buf)
{
	struct device_attribute *attr = device_attr_find(dev, name);
	ssize_t len;

	if (!attr)
		return -ENOENT;
	len = attr->show(dev, attr, buf);
	if (len < 0)
		return len;
	buf[min_t(ssize_t, len, PAGE_SIZE - 1)] = '\0';
	strim(buf);
	return 0;
}
