// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: what the CXL core tells
 *
 * The structures of the CXL core are private to it, and their layout changes
 * from kernel to kernel. What other modules may rely on is what user space
 * relies on: the names of the devices on the CXL bus and their attributes in
 * sysfs. So these are read here, by the public struct device_type and struct
 * device_attribute, and by the links that the driver core shows.
 */
#include <linux/gfp.h>
#include <linux/kernfs.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "fabric_cxl.h"

bool fabric_cxl_is_type(const struct device *dev, const char *type)
{
	return dev->type && dev->type->name && !strcmp(dev->type->name, type);
}

static struct device_attribute *attr_find(struct device *dev, const char *group, const char *name)
{
	const struct attribute_group *const *groups = dev->type ? dev->type->groups : NULL;
	struct attribute **attr;

	for (; groups && *groups; groups++) {
		if (group && (!(*groups)->name || strcmp((*groups)->name, group)))
			continue;
		for (attr = (*groups)->attrs; attr && *attr; attr++) {
			if (!strcmp((*attr)->name, name))
				return container_of(*attr, struct device_attribute, attr);
		}
	}
	return NULL;
}

/* Read an attribute into @buf of PAGE_SIZE, without the final newline. */
int fabric_cxl_attr_read(struct device *dev, const char *group, const char *name, char *buf)
{
	struct device_attribute *attr = attr_find(dev, group, name);
	ssize_t len;

	if (!attr || !attr->show)
		return -ENOENT;
	len = attr->show(dev, attr, buf);
	if (len < 0)
		return len;
	buf[min_t(ssize_t, len, PAGE_SIZE - 1)] = '\0';
	strim(buf);
	return 0;
}

int fabric_cxl_attr_u64(struct device *dev, const char *group, const char *name, u64 *value)
{
	/* sysfs_emit() wants the page that sysfs gives it */
	char *buf = (char *)get_zeroed_page(GFP_KERNEL);
	int ret;

	if (!buf)
		return -ENOMEM;
	ret = fabric_cxl_attr_read(dev, group, name, buf);
	if (!ret)
		ret = kstrtou64(buf, 0, value);
	free_page((unsigned long)buf);
	return ret;
}

/* Whether link @name in the directory of @dev, which is registered, points to @target. */
bool fabric_cxl_links_to(struct device *dev, const char *name, const struct device *target)
{
	struct kernfs_node *kn = sysfs_get_dirent(dev->kobj.sd, name);
	bool same;

	if (!kn)
		return false;
	same = kernfs_type(kn) == KERNFS_LINK && kn->symlink.target_kn == target->kobj.sd;
	kernfs_put(kn);
	return same;
}
