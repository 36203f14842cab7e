// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <fabric/pcie.h>

#include "fabric_pci.h"

/* What a function says settles some time after it or its driver came or went */
#define SETTLE_DELAY	(HZ / 2)

#define VFS_RETRY_MS	5

static unsigned int poll_ms = 1000;
module_param(poll_ms, uint, 0644);
MODULE_PARM_DESC(poll_ms, "Milliseconds after which links, errors and power states are looked at again, 0 for never");

/* Functions, what is known of them, their bridges */
DEFINE_MUTEX(fabric_pci_inventory_lock);

/* What can be granted of a function: itself, or virtual ones. Their @priv is this. */
struct fabric_pci_offer {
	struct fabric_pci_function *function;
	struct fabric_resource *resource;	/* NULL if it is not offered */
	unsigned int nr;
};

/* Exactly one of @port and @device is not NULL. */
struct fabric_pci_function {
	struct list_head node;
	struct pci_dev *pdev;
	struct fabric_pci_bridge *bridge;
	struct fabric_port *port;
	struct fabric_device *device;
	struct fabric_pci_offer itself;
	struct fabric_pci_offer vfs;
	bool granted;			/* what uses it is no business of the host */
	struct mutex create_lock;	/* @creator, who makes virtual functions of it */
	struct task_struct *creator;
	struct fabric_pci_info info;
};

/* Parents first; by fabric_pci_inventory_lock */
static LIST_HEAD(functions);

/* Removed, but there are slices of them, which may even be prepared yet */
static LIST_HEAD(departed);

static struct fabric_pci_function *function_find(const struct pci_dev *pdev)
{
	struct fabric_pci_function *function;

	lockdep_assert_held(&fabric_pci_inventory_lock);
	list_for_each_entry(function, &functions, node) {
		if (function->pdev == pdev)
			return function;
	}
	return NULL;
}

bool fabric_pci_function_is_known(const struct pci_dev *pdev)
{
	bool known;

	mutex_lock(&fabric_pci_inventory_lock);
	known = function_find(pdev);
	mutex_unlock(&fabric_pci_inventory_lock);
	return known;
}

/* Whether functions are below @port, which is in an op; @address of the first. */
bool fabric_pci_function_below(struct pci_dev *port, char address[FABRIC_PCI_ADDRESS_LEN])
{
	const struct fabric_pci_function *function;
	bool found = false;

	mutex_lock(&fabric_pci_inventory_lock);
	list_for_each_entry(function, &functions, node) {
		found = pci_upstream_bridge(function->pdev) == port;
		if (!found)
			continue;
		strscpy(address, function->info.address, FABRIC_PCI_ADDRESS_LEN);
		break;
	}
	mutex_unlock(&fabric_pci_inventory_lock);
	return found;
}

/* The bridge above a function that is known, if it has one, with a reference. */
struct pci_dev *fabric_pci_upstream_get(struct pci_dev *pdev)
{
	struct pci_dev *bridge = NULL;

	mutex_lock(&fabric_pci_inventory_lock);
	if (function_find(pdev))
		bridge = pci_dev_get(pci_upstream_bridge(pdev));
	mutex_unlock(&fabric_pci_inventory_lock);
	return bridge;
}

/* The nearest port above a function, or NULL. */
static struct fabric_port *port_above(struct pci_dev *pdev)
{
	struct fabric_pci_function *function;

	while ((pdev = pci_upstream_bridge(pdev))) {
		function = function_find(pdev);
		if (function && function->port)
			return function->port;
	}
	return NULL;
}

/* Cut, for the use is the host's to look up. */
static void text_of_use(char text[NETLINK_MAX_FMTMSG_LEN], const struct fabric_pci_info *info)
{
	snprintf(text, NETLINK_MAX_FMTMSG_LEN, "Host uses %s: %.28s, end that or use force",
		 info->address, info->host_use);
}

static bool is_vf_of(const struct fabric_pci_function *vf,
		     const struct fabric_pci_function *function)
{
	return vf->pdev->is_virtfn && pci_physfn(vf->pdev) == function->pdev;
}

/* Whether a function can't be granted because of its virtual ones: force does not help. */
static bool is_divided(const struct fabric_pci_function *function,
		       char text[NETLINK_MAX_FMTMSG_LEN])
{
	const struct fabric_pci_function *vf;
	unsigned int nr = 0;

	list_for_each_entry(vf, &functions, node) {
		if (!is_vf_of(vf, function))
			continue;
		if (vf->granted) {
			nr++;
		} else if (*vf->info.driver && strcmp(vf->info.driver, KBUILD_MODNAME)) {
			snprintf(text, NETLINK_MAX_FMTMSG_LEN,
				 "Host has virtual functions of %s, write 0 to sriov_numvfs",
				 function->info.address);
			return true;
		}
	}
	if (nr)
		snprintf(text, NETLINK_MAX_FMTMSG_LEN,
			 "Virtual functions of %s granted: %u, release them first",
			 function->info.address, nr);
	return nr;
}

static void text_of_few(char text[NETLINK_MAX_FMTMSG_LEN], struct pci_dev *physfn)
{
	snprintf(text, NETLINK_MAX_FMTMSG_LEN,
		 "%s has %d virtual functions, write 0 to sriov_numvfs", pci_name(physfn),
		 pci_num_vf(physfn));
}

/* They go one after another, before their physical one. */
static void text_of_none(char text[NETLINK_MAX_FMTMSG_LEN],
			 const struct fabric_pci_function *physfn, u64 index)
{
	if (function_find(physfn->pdev) && index >= pci_num_vf(physfn->pdev))
		text_of_few(text, physfn->pdev);
	else
		snprintf(text, NETLINK_MAX_FMTMSG_LEN, "Virtual function %llu of %s was removed",
			 index, physfn->info.address);
}

static void text_of_whole(char text[NETLINK_MAX_FMTMSG_LEN],
			  const struct fabric_pci_function *function)
{
	snprintf(text, NETLINK_MAX_FMTMSG_LEN, "%s is granted whole, release that first",
		 function->info.address);
}

/* Of one that a holder has, or had, while what it offers is in no slice. */
static void text_of_group(char text[NETLINK_MAX_FMTMSG_LEN],
			  const struct fabric_pci_function *function)
{
	snprintf(text, NETLINK_MAX_FMTMSG_LEN,
		 "%s is taken by the grant of its IOMMU group, or on its way back",
		 function->info.address);
}

/*
 * Those of a function that is granted, and those that can't be made because others were. The
 * rest is told by each of those that exist; none does while the function is granted.
 */
static void tell_vfs(const struct fabric_pci_function *function)
{
	unsigned int i, nr = pci_num_vf(function->pdev);
	char text[NETLINK_MAX_FMTMSG_LEN];

	if (!function->vfs.resource)
		return;
	if (function->granted)
		text_of_whole(text, function);
	else
		text_of_few(text, function->pdev);
	for (i = function->granted ? 0 : nr; i < function->vfs.nr; i++)
		fabric_resource_withhold(function->vfs.resource, i,
					 function->granted || nr ? text : NULL, false);
}

static void tell_vf(const struct fabric_pci_function *vf)
{
	const struct fabric_pci_function *physfn = function_find(pci_physfn(vf->pdev));
	char text[NETLINK_MAX_FMTMSG_LEN];

	if (!physfn || !physfn->vfs.resource)
		return;
	if (vf->granted)
		text_of_group(text, vf);
	else
		text_of_use(text, &vf->info);
	fabric_resource_withhold(physfn->vfs.resource, vf->info.vf_index,
				 vf->granted || *vf->info.host_use ? text : NULL, !vf->granted);
}

static void tell_itself(const struct fabric_pci_function *function)
{
	char text[NETLINK_MAX_FMTMSG_LEN];
	bool firm;

	if (!function->itself.resource)
		return;
	text_of_use(text, &function->info);
	firm = is_divided(function, text);
	if (function->granted) {
		text_of_group(text, function);
		firm = true;
	}
	fabric_resource_withhold(function->itself.resource, 0,
				 firm || *function->info.host_use ? text : NULL, !firm);
}

/* The core is told what can't be had, and why. */
static void tell_use(const struct fabric_pci_function *function)
{
	if (function->pdev->is_virtfn) {
		tell_vf(function);
	} else {
		tell_itself(function);
		tell_vfs(function);
	}
}

static void update(struct fabric_pci_function *function)
{
	struct fabric_pci_info *info = &function->info;
	struct fabric_port_power power = {};
	enum fabric_link link;
	u32 speed, width;

	fabric_pci_facts_update(function->pdev, info);
	if (function->device) {
		if (function->granted)
			memset(info->host_use, 0, sizeof(info->host_use));
		else
			fabric_pci_use(function->pdev, info);
		fabric_device_pci_event(function->device, info);
		tell_use(function);
		return;
	}
	link = fabric_pcie_link(function->pdev, &speed, &width);
	fabric_port_link_event(function->port, link, speed, width);
	fabric_port_pci_event(function->port, &function->info);
	fabric_pci_power(function->pdev, &power);
	fabric_port_power_event(function->port, &power);
}

/* Of one domain, or of all without one. */
void fabric_pci_refresh(void *domain_priv)
{
	struct fabric_pci_function *function;

	mutex_lock(&fabric_pci_inventory_lock);
	list_for_each_entry(function, &functions, node) {
		if (!domain_priv || function->bridge == domain_priv)
			update(function);
	}
	mutex_unlock(&fabric_pci_inventory_lock);
}

/* In an op of the port, which waits for that before it goes. */
struct pci_dev *fabric_pci_port_dev(struct fabric_port *port)
{
	struct fabric_pci_function *function = fabric_port_priv(port);

	return function->pdev;
}

static void poll(struct work_struct *work);
static DECLARE_DELAYED_WORK(poll_work, poll);

static void poll(struct work_struct *work)
{
	fabric_pci_refresh(NULL);
	if (poll_ms)
		schedule_delayed_work(&poll_work, msecs_to_jiffies(poll_ms));
}

static void poll_soon(void)
{
	cancel_delayed_work(&poll_work);
	schedule_delayed_work(&poll_work, SETTLE_DELAY);
}

static int add_port(struct fabric_pci_function *function)
{
	struct fabric_port_info info = {
		.parent = port_above(function->pdev),
		.name = pci_name(function->pdev),
		.type = fabric_pcie_port_type(function->pdev),
		.pci = &function->info,
	};

	info.link = fabric_pcie_link(function->pdev, &info.speed, &info.width);
	fabric_pci_power(function->pdev, &info.power);
	function->port = fabric_port_add(function->bridge->domain, &info, function);
	return PTR_ERR_OR_ZERO(function->port);
}

static int add_device(struct fabric_pci_function *function)
{
	const struct fabric_device_info info = {
		.port = port_above(function->pdev),
		.name = pci_name(function->pdev),
		.type = FABRIC_DEVICE_TYPE_FUNCTION,
		.serial = function->info.serial,
		.numa_node = function->info.numa_node,
		.pci = &function->info,
	};

	function->device = fabric_device_add(function->bridge->domain, &info, function);
	return PTR_ERR_OR_ZERO(function->device);
}

static void offer(struct fabric_pci_function *function, struct fabric_pci_offer *offer,
		  unsigned int nr, bool whole)
{
	char capability[FABRIC_NAME_MAX_LEN + 1];
	const struct fabric_resource_info info = {
		.kind = FABRIC_KIND_FUNCTION,
		.capability = capability,
		.by_name = whole,
		.total = nr,
		.granule = 1,
		.modes = FABRIC_MODE_BIT(FABRIC_MODE_VFIO) | FABRIC_MODE_BIT(FABRIC_MODE_DRIVER) |
			 FABRIC_MODE_BIT(FABRIC_MODE_BARE),
		.address = FABRIC_NO_ADDRESS,
		.numa_node = dev_to_node(&function->pdev->dev),
	};
	struct fabric_resource *resource;

	if (offer->resource || !function->device || !nr)
		return;
	fabric_pci_capability(function->pdev, whole, capability);
	offer->function = function;
	offer->nr = nr;
	resource = fabric_resource_add(function->device, &info, offer);
	if (IS_ERR(resource))
		pci_warn(function->pdev, "%s is not offered: %pe\n", capability, resource);
	else
		offer->resource = resource;
}

static void offer_itself(struct fabric_pci_function *function)
{
	if (!function->pdev->is_virtfn &&
	    !(function->info.obstacles & BIT(FABRIC_PCI_OBSTACLE_BRIDGE)))
		offer(function, &function->itself, 1, true);
}

static void function_add(struct pci_dev *pdev)
{
	struct fabric_pci_function *function, *physfn = NULL;
	struct fabric_pci_bridge *last = NULL;
	int ret;

	mutex_lock(&fabric_pci_inventory_lock);
	if (function_find(pdev))
		goto out;
	if (pdev->is_virtfn) {
		physfn = function_find(pci_physfn(pdev));
		/* Early: fabric_pci_function_init() will find it, and its ports then */
		if (!physfn)
			goto out;
	}
	ret = -ENOMEM;
	function = kzalloc_obj(*function);
	if (!function)
		goto err_warn;
	function->bridge = fabric_pci_bridge_get(pdev);
	if (IS_ERR(function->bridge)) {
		ret = PTR_ERR(function->bridge);
		goto err_free;
	}
	function->pdev = pdev;
	mutex_init(&function->create_lock);
	/* Before a driver of the host sees it */
	if (physfn && READ_ONCE(physfn->creator) == current)
		fabric_pci_park_reserve(pdev);
	fabric_pci_facts_init(pdev, &function->info);
	fabric_pci_facts_update(pdev, &function->info);
	ret = fabric_pcie_port_type(pdev) ? add_port(function) : add_device(function);
	if (ret)
		goto err_put_bridge;
	pci_dev_get(pdev);
	list_add_tail(&function->node, &functions);
	offer_itself(function);
out:
	mutex_unlock(&fabric_pci_inventory_lock);
	return;

err_put_bridge:
	last = fabric_pci_bridge_put(function->bridge);
err_free:
	kfree(function);
err_warn:
	mutex_unlock(&fabric_pci_inventory_lock);
	fabric_pci_bridge_end(last);
	pci_warn(pdev, "not in the inventory: %pe\n", ERR_PTR(ret));
}

static void function_remove(struct pci_dev *pdev)
{
	struct fabric_pci_function *function;
	struct fabric_pci_bridge *last;

	mutex_lock(&fabric_pci_inventory_lock);
	function = function_find(pdev);
	if (!function) {
		mutex_unlock(&fabric_pci_inventory_lock);
		return;
	}
	list_del(&function->node);
	if (function->pdev->is_virtfn) {
		memset(function->info.host_use, 0, sizeof(function->info.host_use));
		function->granted = false;
		tell_use(function);
	}
	mutex_unlock(&fabric_pci_inventory_lock);

	if (function->port)
		fabric_port_remove(function->port);
	else if (fabric_device_remove(function->device, "The function is removed", 0))
		goto depart;

	mutex_lock(&fabric_pci_inventory_lock);
	last = fabric_pci_bridge_put(function->bridge);
	mutex_unlock(&fabric_pci_inventory_lock);
	fabric_pci_bridge_end(last);
	pci_dev_put(function->pdev);
	kfree(function);
	return;

depart:
	mutex_lock(&fabric_pci_inventory_lock);
	list_add_tail(&function->node, &departed);
	mutex_unlock(&fabric_pci_inventory_lock);
}

/* The driver has said how many it can make. */
static void offer_vfs(struct fabric_pci_function *function)
{
	offer(function, &function->vfs, pci_sriov_get_totalvfs(function->pdev), false);
}

/* The lock of the device is held, so that its driver stays what it is. */
static void driver_changed(struct pci_dev *pdev, const struct device_driver *driver)
{
	struct fabric_pci_function *function;

	mutex_lock(&fabric_pci_inventory_lock);
	function = function_find(pdev);
	if (function) {
		memset(function->info.driver, 0, sizeof(function->info.driver));
		if (driver)
			strscpy(function->info.driver, driver->name);
		if (driver && to_pci_driver(driver)->sriov_configure)
			offer_vfs(function);
		update(function);
	}
	mutex_unlock(&fabric_pci_inventory_lock);
}

/* A notification of the PCI bus; what is below a port comes after it and goes before it. */
void fabric_pci_function_event(struct pci_dev *pdev, unsigned long action)
{
	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		function_add(pdev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		function_remove(pdev);
		fabric_pci_slice_remove_event(pdev);
		break;
	case BUS_NOTIFY_UNBIND_DRIVER:
		fabric_pci_slice_unbind_event(pdev);
		return;
	case BUS_NOTIFY_BOUND_DRIVER:
		driver_changed(pdev, pdev->dev.driver);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		driver_changed(pdev, NULL);
		break;
	default:
		return;
	}
	poll_soon();
}

/* Virtual functions come and go with the lock of their physical one held. */
static void virtual_functions_add(struct pci_dev *physfn)
{
	struct pci_dev *pdev = NULL;

	if (!pci_num_vf(physfn))
		return;
	for_each_pci_dev(pdev) {
		if (pdev->is_virtfn && pci_physfn(pdev) == physfn)
			function_add(pdev);
	}
}

/* The lock of rescan and remove is held. Parents are found before children. */
void fabric_pci_function_add_present(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (!pdev->is_virtfn)
			function_add(pdev);
	}
}

/* What needs locks of devices: they come before the lock of rescan and remove. */
void fabric_pci_function_init(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		device_lock(&pdev->dev);
		virtual_functions_add(pdev);
		if (pdev->dev.driver)
			driver_changed(pdev, pdev->dev.driver);
		device_unlock(&pdev->dev);
	}
	poll_soon();
}

/*
 * As a write to sriov_numvfs, which takes the lock of the function first and so can stand
 * still, for ever, with a removal that takes it second. Those who write keep their order.
 */
static int lock_for_vfs(struct pci_dev *pdev)
{
	for (;;) {
		pci_lock_rescan_remove();
		if (device_trylock(&pdev->dev))
			return 0;
		pci_unlock_rescan_remove();
		if (fatal_signal_pending(current))
			return -EINTR;
		msleep(VFS_RETRY_MS);
	}
}

/*
 * A driver may leave its virtual functions when it goes, as nvme does. Those of a physical
 * function that is removed then would stay as well, with nothing that answers for them.
 */
static void vfs_end(struct device *dev, void *res)
{
	if (pci_num_vf(to_pci_dev(dev)))
		pci_disable_sriov(to_pci_dev(dev));
}

/* With the lock of the device. The driver core calls it after the driver, once. */
static int vfs_end_with_driver(struct pci_dev *pdev)
{
	void *res = devres_alloc(vfs_end, 1, GFP_KERNEL);

	if (!res)
		return -ENOMEM;
	/* Or it has one, of virtual functions that the host removed */
	devres_get(&pdev->dev, res, NULL, NULL);
	return 0;
}

static void vfs_have_ended(struct pci_dev *pdev)
{
	devres_destroy(&pdev->dev, vfs_end, NULL, NULL);
}

static int set_vfs(struct pci_dev *pdev, int nr)
{
	int ret;

	ret = lock_for_vfs(pdev);
	if (ret)
		return ret;
	ret = -ENODEV;
	/* Those that somebody else has made meanwhile are as good */
	if (nr && pci_num_vf(pdev)) {
		ret = 0;
	} else if (pdev->driver && pdev->driver->sriov_configure) {
		ret = nr ? vfs_end_with_driver(pdev) : 0;
		if (!ret)
			ret = pdev->driver->sriov_configure(pdev, nr);
		if (!pci_num_vf(pdev))
			vfs_have_ended(pdev);
	}
	device_unlock(&pdev->dev);
	pci_unlock_rescan_remove();
	return min(ret, 0);
}

/* With the create_lock. */
static int create_vfs(struct fabric_pci_function *physfn, struct netlink_ext_ack *extack)
{
	char text[NETLINK_MAX_FMTMSG_LEN];
	int ret;

	if (READ_ONCE(physfn->granted)) {
		text_of_whole(text, physfn);
		NL_SET_ERR_MSG_FMT(extack, "%s", text);
		return -EBUSY;
	}
	if (pci_num_vf(physfn->pdev))
		return 0;
	WRITE_ONCE(physfn->creator, current);
	ret = set_vfs(physfn->pdev, pci_sriov_get_totalvfs(physfn->pdev));
	WRITE_ONCE(physfn->creator, NULL);
	if (ret == -ENODEV)
		NL_SET_ERR_MSG_FMT(extack, "%s has no driver that makes virtual functions",
				   pci_name(physfn->pdev));
	else if (ret)
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s makes no virtual functions",
				   pci_name(physfn->pdev));
	return ret;
}

/* Which nobody has. With the create_lock. */
static int remove_vfs(struct fabric_pci_function *physfn)
{
	return pci_num_vf(physfn->pdev) ? set_vfs(physfn->pdev, 0) : 0;
}

static struct fabric_pci_function *vf_find(const struct fabric_pci_function *physfn, u64 index)
{
	struct fabric_pci_function *function;

	lockdep_assert_held(&fabric_pci_inventory_lock);
	list_for_each_entry(function, &functions, node) {
		if (is_vf_of(function, physfn) && function->info.vf_index == index)
			return function;
	}
	return NULL;
}

/* From here on a function and its virtual ones exclude each other. */
static int claim(struct fabric_pci_function *function, bool force, bool group,
		 struct netlink_ext_ack *extack)
{
	const struct fabric_pci_function *physfn = NULL;
	char text[NETLINK_MAX_FMTMSG_LEN];
	int ret;

	lockdep_assert_held(&fabric_pci_inventory_lock);
	update(function);
	ret = fabric_pci_isolation_check(&function->info, group, extack);
	if (ret)
		return ret;
	if (function->pdev->is_virtfn)
		physfn = function_find(pci_physfn(function->pdev));
	if (physfn && physfn->granted) {
		text_of_whole(text, physfn);
	} else if (*function->info.host_use && !force) {
		text_of_use(text, &function->info);
	} else if (!is_divided(function, text)) {
		function->granted = true;
		tell_use(function);
		pci_dev_get(function->pdev);
		return 0;
	}
	NL_SET_ERR_MSG_FMT(extack, "%s", text);
	return -EBUSY;
}

static struct pci_dev *get_vf(struct fabric_pci_function *physfn,
			      const struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	char text[NETLINK_MAX_FMTMSG_LEN];
	struct fabric_pci_function *vf;
	struct pci_dev *pdev = NULL;
	int ret;

	mutex_lock(&physfn->create_lock);
	ret = create_vfs(physfn, extack);
	if (ret)
		goto out;
	mutex_lock(&fabric_pci_inventory_lock);
	vf = vf_find(physfn, slice->start);
	if (vf) {
		ret = claim(vf, slice->force, slice->group, extack);
		pdev = vf->pdev;
	} else {
		text_of_none(text, physfn, slice->start);
		NL_SET_ERR_MSG_FMT(extack, "%s", text);
		ret = -ENODEV;
	}
	mutex_unlock(&fabric_pci_inventory_lock);
out:
	mutex_unlock(&physfn->create_lock);
	return ret ? ERR_PTR(ret) : pdev;
}

static struct pci_dev *get_itself(struct fabric_pci_function *function,
				  const struct fabric_slice *slice,
				  struct netlink_ext_ack *extack)
{
	struct pci_dev *pdev = function->pdev;
	int ret;

	mutex_lock(&fabric_pci_inventory_lock);
	if (function_find(pdev)) {
		ret = claim(function, slice->force, slice->group, extack);
	} else {
		NL_SET_ERR_MSG_FMT(extack, "%s was removed", pci_name(pdev));
		ret = -ENODEV;
	}
	mutex_unlock(&fabric_pci_inventory_lock);
	if (ret)
		return ERR_PTR(ret);
	mutex_lock(&function->create_lock);
	ret = remove_vfs(function);
	mutex_unlock(&function->create_lock);
	if (ret) {
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s keeps its virtual functions",
				   pci_name(pdev));
		fabric_pci_function_put(pdev);
		return ERR_PTR(ret);
	}
	/* Each of those that went has said of itself that it can be had */
	mutex_lock(&fabric_pci_inventory_lock);
	if (function_find(pdev))
		tell_vfs(function);
	mutex_unlock(&fabric_pci_inventory_lock);
	return pdev;
}

/* The function of a slice, for its holder, with a reference. A virtual one is made if need be. */
struct pci_dev *fabric_pci_function_get(const struct fabric_slice *slice,
					struct netlink_ext_ack *extack)
{
	struct fabric_pci_offer *offer = slice->resource_priv;
	struct fabric_pci_function *function = offer->function;

	if (offer == &function->itself)
		return get_itself(function, slice, extack);
	return get_vf(function, slice, extack);
}

static int claim_with_group(struct fabric_pci_function *function, bool force,
			    struct netlink_ext_ack *extack)
{
	if (!pci_num_vf(function->pdev))
		return claim(function, force, true, extack);
	NL_SET_ERR_MSG_FMT(extack, "%s of its group has virtual functions, remove them first",
			   function->info.address);
	return -EBUSY;
}

/*
 * All others of the IOMMU group of a function that a holder has, with references, or none
 * of them. Return: how many.
 */
int fabric_pci_group_get(struct pci_dev *pdev, bool force,
			 struct pci_dev *others[FABRIC_PCI_GROUP_MEMBERS],
			 struct netlink_ext_ack *extack)
{
	struct fabric_pci_function *first, *function;
	int nr = 0, ret = 0;

	mutex_lock(&fabric_pci_inventory_lock);
	first = function_find(pdev);
	list_for_each_entry(function, &functions, node) {
		if (!first || function == first || function->port ||
		    function->pdev->hdr_type != PCI_HEADER_TYPE_NORMAL ||
		    function->info.iommu_group != first->info.iommu_group)
			continue;
		if (nr == FABRIC_PCI_GROUP_MEMBERS) {
			NL_SET_ERR_MSG_FMT(extack, "The group of %s has too many functions",
					   pci_name(pdev));
			ret = -E2BIG;
		} else {
			ret = claim_with_group(function, force, extack);
		}
		if (ret)
			break;
		others[nr++] = function->pdev;
	}
	mutex_unlock(&fabric_pci_inventory_lock);
	if (!ret)
		return nr;
	while (nr)
		fabric_pci_function_put(others[--nr]);
	return ret;
}

/* No holder has it any more. */
void fabric_pci_function_put(struct pci_dev *pdev)
{
	struct fabric_pci_function *function;

	mutex_lock(&fabric_pci_inventory_lock);
	function = function_find(pdev);
	if (function) {
		function->granted = false;
		tell_use(function);
	}
	mutex_unlock(&fabric_pci_inventory_lock);
	pci_dev_put(pdev);
}

/*
 * A slice of the offer, which there is still, has lost its function. With the create_lock, no
 * virtual function goes to a holder between the look and the removal.
 */
void fabric_pci_offer_returned(struct fabric_pci_offer *offer)
{
	struct fabric_pci_function *physfn = offer->function;
	char text[NETLINK_MAX_FMTMSG_LEN];
	bool idle;

	if (offer != &physfn->vfs || !fabric_device_removes_vfs(physfn->device))
		return;
	mutex_lock(&physfn->create_lock);
	mutex_lock(&fabric_pci_inventory_lock);
	idle = function_find(physfn->pdev) && !physfn->granted && !is_divided(physfn, text);
	mutex_unlock(&fabric_pci_inventory_lock);
	if (idle)
		remove_vfs(physfn);
	mutex_unlock(&physfn->create_lock);
}

/* Notifications have ended. What the core has of the functions goes with the domains. */
void fabric_pci_function_exit(void)
{
	struct fabric_pci_function *function, *next;
	LIST_HEAD(all);

	cancel_delayed_work_sync(&poll_work);
	mutex_lock(&fabric_pci_inventory_lock);
	list_splice_init(&departed, &all);
	list_splice_init(&functions, &all);
	mutex_unlock(&fabric_pci_inventory_lock);
	/* The lock of a device comes before that of the inventory */
	list_for_each_entry_safe(function, next, &all, node) {
		device_lock(&function->pdev->dev);
		vfs_have_ended(function->pdev);
		device_unlock(&function->pdev->dev);
		pci_dev_put(function->pdev);
		kfree(function);
	}
}
