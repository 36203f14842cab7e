// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: what the host uses a function for
 *
 * The devices that a driver made of a function tell: interfaces that are up, block
 * devices that are open. Who has only idle ones of these can be without the function.
 * What a driver that made none of them does with it is not known, so that is use.
 *
 * This is looked at, not locked: a file system can be mounted in the moment in which
 * its disk is granted, as in the moment in which that is pulled.
 */
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/netdevice.h>
#include <linux/string.h>

#include "fabric_pci.h"

/**
 * struct use - what was found
 * @wanted: class of the devices by which a function of this kind is judged, or NULL
 * @judged: there is one
 * @text: what uses it, or ""
 * @size: of @text
 */
struct use {
	const char *wanted;
	bool judged;
	char *text;
	size_t size;
};

static int look(struct device *dev, void *data);

static void look_at_net(const struct net_device *netdev, struct use *use)
{
	if (READ_ONCE(netdev->flags) & IFF_UP)
		snprintf(use->text, use->size, "%.15s is up", netdev->name);
}

static void look_at_block(struct block_device *bdev, struct use *use)
{
	const struct super_block *sb;

	mutex_lock(&bdev->bd_holder_lock);
	/* Its holder is there as long as the lock is held, see bdev_super_lock() */
	sb = bdev->bd_holder_ops == &fs_holder_ops ? bdev->bd_holder : NULL;
	if (sb)
		snprintf(use->text, use->size, "%s is mounted (%.16s)", dev_name(&bdev->bd_device),
			 sb->s_type->name);
	mutex_unlock(&bdev->bd_holder_lock);
	if (!sb && atomic_read(&bdev->bd_openers))
		snprintf(use->text, use->size, "%s is open", dev_name(&bdev->bd_device));
}

/*
 * A path of NVMe is hidden, and never open: the disk of all paths is. It is no child of
 * the function, but its name tells.
 */
static void look_at_paths(struct device *dev, struct use *use)
{
	unsigned int subsystem, controller, namespace;
	char name[DISK_NAME_LEN];
	struct device *disk;

	if (sscanf(dev_name(dev), "nvme%uc%un%u", &subsystem, &controller, &namespace) != 3)
		return;
	snprintf(name, sizeof(name), "nvme%un%u", subsystem, namespace);
	disk = class_find_device_by_name(dev->class, name);
	if (!disk)
		return;
	look(disk, use);
	put_device(disk);
}

/* Deepest first: the file system of a partition says more than that its disk is open. */
static int look(struct device *dev, void *data)
{
	const char *class = dev->class ? dev->class->name : "";
	struct use *use = data;

	if (use->wanted && !strcmp(class, use->wanted))
		use->judged = true;
	if (device_for_each_child(dev, use, look))
		return 1;
	if (!strcmp(class, "net")) {
		look_at_net(to_net_dev(dev), use);
	} else if (!strcmp(class, "block")) {
		look_at_block(dev_to_bdev(dev), use);
		if (!*use->text && dev_to_disk(dev)->flags & GENHD_FL_HIDDEN)
			look_at_paths(dev, use);
	}
	return *use->text;
}

/* Say in @info what the host does with a function that no holder has. */
void fabric_pci_use(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	struct use use = { .text = info->host_use, .size = sizeof(info->host_use) };

	memset(info->host_use, 0, sizeof(info->host_use));
	if (info->is_port || !*info->driver || !strcmp(info->driver, KBUILD_MODNAME))
		return;
	if (pdev->class >> 16 == PCI_BASE_CLASS_NETWORK)
		use.wanted = "net";
	else if (pdev->class >> 16 == PCI_BASE_CLASS_STORAGE)
		use.wanted = "block";
	device_for_each_child(&pdev->dev, &use, look);
	if (!*info->host_use && !use.judged)
		snprintf(info->host_use, sizeof(info->host_use), "driver %.40s has it",
			 info->driver);
}
