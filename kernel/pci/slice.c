// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: functions in the hands of holders
 *
 * A slice has one function: a physical one, or number N of its virtual ones at position
 * N. The first of these that is wanted makes all of them, since the number of those that
 * exist can't be changed.
 *
 * prepare takes the function from the driver that the host has on it, parks and resets
 * it, commit gives it the driver of the mode, revoke takes that away and parks it,
 * release resets it again and gives it back to the driver of the host, if it had one. A
 * driver is taken away by a work item: vfio-pci lets go only when its last user has
 * closed its files, which can be never.
 *
 * A driver that is unbound by others, or a function that goes away, is lost to
 * the holder: the grant is revoked.
 */
#include <linux/completion.h>
#include <linux/kmod.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "fabric_pci.h"

/* For a driver to let go; the core tries again later */
#define UNBIND_TIMEOUT	(5 * HZ)

/* For one of the host, which is not tried again */
#define HOST_TIMEOUT	(15 * HZ)

/**
 * struct pci_slice - the backend's part of a slice
 * @node: in the list of slices
 * @slice: the core's
 * @pdev: the function
 * @driven: it has, or is about to have, the driver of the mode
 * @unbinding: its driver is being taken away by @unbind
 * @abandoned: nobody waits for that any more, @unbind gives it back and frees this
 * @unbind: takes its driver away
 * @unbound: by @unbind
 * @host_driver: name of the driver of the host that had it, or ""
 * @host_override: that was the override of the function
 */
struct pci_slice {
	struct list_head node;
	struct fabric_slice *slice;
	struct pci_dev *pdev;
	bool driven;
	bool unbinding;
	bool abandoned;
	struct work_struct unbind;
	struct completion unbound;
	char host_driver[FABRIC_NAME_MAX_LEN + 1];
	bool host_override;
};

/* Slices, and what of each is not constant */
static DEFINE_MUTEX(slices_lock);
static LIST_HEAD(slices);
static struct workqueue_struct *unbind_wq;

static bool is_gone(struct pci_dev *pdev)
{
	return !device_is_registered(&pdev->dev);
}

/* No holder has it, and none is to get it now. */
static void return_to_host(struct pci_slice *pslice)
{
	const char *override = pslice->host_override ? pslice->host_driver : "";
	bool had_driver = *pslice->host_driver;
	struct device *dev = &pslice->pdev->dev;

	/* Virtual functions without a driver are the broker's, and stay parked */
	if (!had_driver && (pslice->pdev->is_virtfn || !fabric_pci_is_parked(pslice->pdev)))
		return;
	if (is_gone(pslice->pdev))
		return;
	if (device_set_driver_override(dev, override))
		goto warn;
	if (fabric_pci_is_parked(pslice->pdev))
		device_release_driver(dev);
	if (!had_driver || device_attach(dev) == 1 || is_gone(pslice->pdev))
		return;
warn:
	pci_warn(pslice->pdev, "%s did not take it back\n",
		 had_driver ? pslice->host_driver : "its host");
}

static void pci_slice_free(struct pci_slice *pslice)
{
	fabric_pci_function_put(pslice->pdev);
	kfree(pslice);
}

static void unbind(struct work_struct *work)
{
	struct pci_slice *pslice = container_of(work, struct pci_slice, unbind);
	bool abandoned;

	device_release_driver(&pslice->pdev->dev);
	mutex_lock(&slices_lock);
	abandoned = pslice->abandoned;
	complete_all(&pslice->unbound);
	mutex_unlock(&slices_lock);
	if (!abandoned)
		return;
	return_to_host(pslice);
	pci_slice_free(pslice);
}

/* With slices_lock. */
static void start_unbind(struct pci_slice *pslice)
{
	pslice->unbinding = true;
	reinit_completion(&pslice->unbound);
	queue_work(unbind_wq, &pslice->unbind);
}

static void set_driven(struct pci_slice *pslice, bool driven)
{
	mutex_lock(&slices_lock);
	pslice->driven = driven;
	mutex_unlock(&slices_lock);
}

/* Of a function in use, its driver. A driver on its way out can have the lock for ever. */
static void name_user(struct pci_dev *pdev, struct netlink_ext_ack *extack)
{
	if (!device_trylock(&pdev->dev)) {
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s is changing, try again",
				   pci_name(pdev));
		return;
	}
	if (pdev->dev.driver)
		NL_SET_ERR_MSG_FMT(extack, "%s is used by its host, unbind %.32s first",
				   pci_name(pdev), pdev->dev.driver->name);
	else
		NL_SET_ERR_MSG_FMT(extack, "%s was used by its host, try again", pci_name(pdev));
	device_unlock(&pdev->dev);
}

/*
 * Take it from its driver, which is the host's. After -ETIMEDOUT the slice is not the
 * caller's any more: it ends when the driver has let go.
 */
static int take_from_host(struct pci_slice *pslice, struct netlink_ext_ack *extack)
{
	struct device *dev = &pslice->pdev->dev;
	int ret = 0;

	if (!device_trylock(dev)) {
		name_user(pslice->pdev, extack);
		return -EBUSY;
	}
	if (dev->driver && !fabric_pci_is_parked(pslice->pdev)) {
		strscpy(pslice->host_driver, dev->driver->name);
		pslice->host_override = device_has_driver_override(dev);
	}
	device_unlock(dev);
	if (!*pslice->host_driver)
		return 0;

	mutex_lock(&slices_lock);
	start_unbind(pslice);
	mutex_unlock(&slices_lock);
	wait_for_completion_timeout(&pslice->unbound, HOST_TIMEOUT);
	mutex_lock(&slices_lock);
	if (completion_done(&pslice->unbound)) {
		pslice->unbinding = false;
	} else {
		NL_SET_ERR_MSG_FMT(extack, "Driver %.20s does not let go of %s, it still may",
				   pslice->host_driver, pci_name(pslice->pdev));
		pslice->abandoned = true;
		ret = -ETIMEDOUT;
	}
	mutex_unlock(&slices_lock);
	return ret;
}

/* A reset gives back what the configuration was, and whoever had it bare may have left it on. */
static int reset(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	return pci_reset_function(pdev);
}

static int park_and_reset(struct pci_dev *pdev, struct netlink_ext_ack *extack)
{
	int ret;

	ret = fabric_pci_park(pdev);
	if (ret) {
		if (ret == -EBUSY)
			name_user(pdev, extack);
		return ret;
	}
	ret = reset(pdev);
	if (ret)
		NL_SET_ERR_MSG_FMT(extack, "%s can't be reset", pci_name(pdev));
	return ret;
}

/* Whoever removes the function from now on finds the slice. */
static int list_slice(struct pci_slice *pslice, struct netlink_ext_ack *extack)
{
	mutex_lock(&slices_lock);
	list_add_tail(&pslice->node, &slices);
	mutex_unlock(&slices_lock);
	if (fabric_pci_function_is_known(pslice->pdev))
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "%s was removed", pci_name(pslice->pdev));
	mutex_lock(&slices_lock);
	list_del(&pslice->node);
	mutex_unlock(&slices_lock);
	return -ENODEV;
}

int fabric_pci_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct pci_slice *pslice;
	struct pci_dev *pdev;
	int ret;

	if (slice->length != 1) {
		NL_SET_ERR_MSG(extack, "A slice is one function, ask for size 1");
		return -EINVAL;
	}
	/* Nobody is to lose a function for a slip of the pen */
	if (slice->driver && !driver_find(slice->driver, &pci_bus_type)) {
		NL_SET_ERR_MSG_FMT(extack, "PCI has no driver %.24s, load its module", slice->driver);
		return -ENOENT;
	}
	pdev = fabric_pci_function_get(slice->resource_priv, slice->start, slice->force, extack);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	/* Now, since it can fail and take long */
	if (slice->mode == FABRIC_MODE_VFIO)
		request_module("vfio-pci");
	pslice = kzalloc_obj(*pslice);
	if (!pslice) {
		fabric_pci_function_put(pdev);
		return -ENOMEM;
	}
	pslice->slice = slice;
	pslice->pdev = pdev;
	INIT_WORK(&pslice->unbind, unbind);
	init_completion(&pslice->unbound);
	ret = take_from_host(pslice, extack);
	if (ret == -ETIMEDOUT)
		return ret;
	if (!ret)
		ret = park_and_reset(pdev, extack);
	if (!ret)
		ret = fabric_pci_net_set(pdev, slice, extack);
	if (!ret) {
		ret = list_slice(pslice, extack);
		if (ret)
			fabric_pci_net_clear(pdev, slice);
	}
	if (ret) {
		return_to_host(pslice);
		cancel_work_sync(&pslice->unbind);
		pci_slice_free(pslice);
		fabric_pci_offer_returned(slice->resource_priv);
		return ret;
	}
	slice->priv = pslice;
	return 0;
}

/* Let udev give the node to its holder, see scripts/udev/60-fabric.rules. */
static int announce(const struct pci_slice *pslice)
{
	const struct fabric_slice *slice = pslice->slice;
	char uid[32], gid[32], node[48];
	char *env[4] = { uid, gid, node, NULL };

	if (uid_eq(slice->uid, GLOBAL_ROOT_UID) && gid_eq(slice->gid, GLOBAL_ROOT_GID))
		return 0;
	snprintf(uid, sizeof(uid), "FABRIC_UID=%u", from_kuid(&init_user_ns, slice->uid));
	snprintf(gid, sizeof(gid), "FABRIC_GID=%u", from_kgid(&init_user_ns, slice->gid));
	snprintf(node, sizeof(node), "FABRIC_NODE=%s", slice->node);
	return kobject_uevent_env(&pslice->pdev->dev.kobj, KOBJ_CHANGE, env);
}

static int set_node(struct pci_slice *pslice)
{
	struct fabric_slice *slice = pslice->slice;
	struct iommu_group *group = iommu_group_get(&pslice->pdev->dev);

	if (!group)
		return -ENODEV;
	snprintf(slice->node, sizeof(slice->node), "vfio/%d", iommu_group_id(group));
	iommu_group_put(group);
	return announce(pslice);
}

/* The one with this name, or with "" the driver of the host that suits. */
static int bind(struct pci_dev *pdev, const char *name)
{
	bool bound;
	int ret;

	ret = device_set_driver_override(&pdev->dev, name);
	if (ret)
		return ret;
	device_release_driver(&pdev->dev);
	ret = device_attach(&pdev->dev);
	if (ret < 0)
		return ret;
	device_lock(&pdev->dev);
	bound = pdev->dev.driver && (*name ? !strcmp(pdev->dev.driver->name, name) :
				   !fabric_pci_is_parked(pdev));
	device_unlock(&pdev->dev);
	return bound ? 0 : -ENXIO;
}

int fabric_pci_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct pci_slice *pslice = slice->priv;
	int ret = 0;

	set_driven(pslice, slice->mode != FABRIC_MODE_BARE);
	switch (slice->mode) {
	case FABRIC_MODE_VFIO:
		ret = bind(pslice->pdev, "vfio-pci") ?: set_node(pslice);
		break;
	case FABRIC_MODE_DRIVER:
		ret = bind(pslice->pdev, slice->driver ?: "");
		break;
	default:
		device_release_driver(&pslice->pdev->dev);
		break;
	}
	/* What can't be undone now is undone by slice_release() */
	if (ret && slice->driver)
		NL_SET_ERR_MSG_FMT(extack, "Driver %.32s does not take %s", slice->driver,
				   pci_name(pslice->pdev));
	else if (ret)
		NL_SET_ERR_MSG_FMT(extack, "%s was bound to no driver for this mode",
				   pci_name(pslice->pdev));
	return ret;
}

/* Take it from whoever has it; it is parked afterwards, or gone. */
static int take_back(struct pci_slice *pslice)
{
	struct fabric_slice *slice = pslice->slice;
	int ret;

	mutex_lock(&slices_lock);
	if (!pslice->unbinding && !fabric_pci_is_parked(pslice->pdev))
		start_unbind(pslice);
	mutex_unlock(&slices_lock);
	if (pslice->unbinding &&
	    !wait_for_completion_timeout(&pslice->unbound, UNBIND_TIMEOUT)) {
		snprintf(slice->reason, sizeof(slice->reason),
			 slice->mode == FABRIC_MODE_VFIO ?
			 "A process still has %s open by VFIO" :
			 "The driver of %s does not let go of it", pci_name(pslice->pdev));
		return -EAGAIN;
	}
	mutex_lock(&slices_lock);
	pslice->unbinding = false;
	pslice->driven = false;
	mutex_unlock(&slices_lock);
	*slice->node = '\0';
	ret = fabric_pci_park(pslice->pdev);
	if (!ret || is_gone(pslice->pdev))
		return 0;
	snprintf(slice->reason, sizeof(slice->reason), "%s was bound to another driver",
		 pci_name(pslice->pdev));
	return ret == -EBUSY ? -EAGAIN : ret;
}

int fabric_pci_slice_revoke(struct fabric_slice *slice)
{
	return take_back(slice->priv);
}

int fabric_pci_slice_release(struct fabric_slice *slice)
{
	struct pci_slice *pslice = slice->priv;
	int ret;

	/* After a commit that failed */
	ret = take_back(pslice);
	if (ret)
		return ret;
	/* One that is gone comes back as new */
	if (!is_gone(pslice->pdev)) {
		ret = fabric_pci_net_clear(pslice->pdev, slice);
		if (ret)
			return ret;
		ret = reset(pslice->pdev);
		if (ret && !is_gone(pslice->pdev)) {
			snprintf(slice->reason, sizeof(slice->reason), "%s can't be reset",
				 pci_name(pslice->pdev));
			return ret;
		}
	}
	mutex_lock(&slices_lock);
	list_del(&pslice->node);
	mutex_unlock(&slices_lock);
	slice->priv = NULL;
	return_to_host(pslice);
	/* It completes before it is done. Not flushed: that is for queues that free memory */
	cancel_work_sync(&pslice->unbind);
	pci_slice_free(pslice);
	fabric_pci_offer_returned(slice->resource_priv);
	return 0;
}

/* Its driver is about to be unbound. Whether by us is what matters. */
void fabric_pci_slice_unbind_event(struct pci_dev *pdev)
{
	struct pci_slice *pslice;

	mutex_lock(&slices_lock);
	list_for_each_entry(pslice, &slices, node) {
		if (pslice->pdev == pdev && pslice->driven && !pslice->unbinding &&
		    !fabric_pci_is_parked(pdev))
			fabric_slice_lost(pslice->slice, "Its driver was unbound");
	}
	mutex_unlock(&slices_lock);
}

void fabric_pci_slice_remove_event(struct pci_dev *pdev)
{
	struct pci_slice *pslice;

	mutex_lock(&slices_lock);
	list_for_each_entry(pslice, &slices, node) {
		if (pslice->pdev == pdev)
			fabric_slice_lost(pslice->slice, "The function is removed");
	}
	mutex_unlock(&slices_lock);
}

int fabric_pci_slice_init(void)
{
	unbind_wq = alloc_workqueue("fabric_pci", WQ_UNBOUND, 0);
	return unbind_wq ? 0 : -ENOMEM;
}

void fabric_pci_slice_exit(void)
{
	destroy_workqueue(unbind_wq);
}
