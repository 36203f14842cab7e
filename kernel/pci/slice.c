// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: virtual functions in the hands of holders
 *
 * The resource of a physical function counts the virtual ones that it can have;
 * position N is number N of them, and a slice has one. The first that is wanted
 * makes all of them, since the number of those that exist can't be changed.
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
 * struct vf_slice - the backend's part of a slice
 * @node: in the list of slices
 * @slice: the core's
 * @vf: the virtual function
 * @driven: it has, or is about to have, the driver of the mode
 * @unbinding: its driver is being taken away by @unbind
 * @abandoned: nobody waits for that any more, @unbind gives it back and frees this
 * @unbind: takes its driver away
 * @unbound: by @unbind
 * @host_driver: name of the driver of the host that had it, or ""
 * @host_override: that was the override of the function
 */
struct vf_slice {
	struct list_head node;
	struct fabric_slice *slice;
	struct pci_dev *vf;
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

static bool is_gone(struct pci_dev *vf)
{
	return !device_is_registered(&vf->dev);
}

/* Nobody but the host has it. */
static void return_to_host(struct vf_slice *vslice)
{
	struct device *dev = &vslice->vf->dev;

	if (!*vslice->host_driver || is_gone(vslice->vf))
		return;
	if (device_set_driver_override(dev, vslice->host_override ? vslice->host_driver : ""))
		goto warn;
	device_release_driver(dev);
	if (device_attach(dev) == 1 || is_gone(vslice->vf))
		return;
warn:
	pci_warn(vslice->vf, "%s did not take it back\n", vslice->host_driver);
}

static void vf_slice_free(struct vf_slice *vslice)
{
	fabric_pci_vf_put(vslice->vf);
	kfree(vslice);
}

static void unbind(struct work_struct *work)
{
	struct vf_slice *vslice = container_of(work, struct vf_slice, unbind);
	bool abandoned;

	device_release_driver(&vslice->vf->dev);
	mutex_lock(&slices_lock);
	abandoned = vslice->abandoned;
	complete_all(&vslice->unbound);
	mutex_unlock(&slices_lock);
	if (!abandoned)
		return;
	return_to_host(vslice);
	vf_slice_free(vslice);
}

/* With slices_lock. */
static void start_unbind(struct vf_slice *vslice)
{
	vslice->unbinding = true;
	reinit_completion(&vslice->unbound);
	queue_work(unbind_wq, &vslice->unbind);
}

static void set_driven(struct vf_slice *vslice, bool driven)
{
	mutex_lock(&slices_lock);
	vslice->driven = driven;
	mutex_unlock(&slices_lock);
}

/* Of a function in use, its driver. A driver on its way out can have the lock for ever. */
static void name_user(struct pci_dev *vf, struct netlink_ext_ack *extack)
{
	if (!device_trylock(&vf->dev)) {
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s is changing, try again",
				   pci_name(vf));
		return;
	}
	if (vf->dev.driver)
		NL_SET_ERR_MSG_FMT(extack, "%s is used by its host, unbind %.32s first",
				   pci_name(vf), vf->dev.driver->name);
	else
		NL_SET_ERR_MSG_FMT(extack, "%s was used by its host, try again", pci_name(vf));
	device_unlock(&vf->dev);
}

/*
 * Take it from its driver, which is the host's. After -ETIMEDOUT the slice is not the
 * caller's any more: it ends when the driver has let go.
 */
static int take_from_host(struct vf_slice *vslice, struct netlink_ext_ack *extack)
{
	struct device *dev = &vslice->vf->dev;
	int ret = 0;

	if (!device_trylock(dev)) {
		name_user(vslice->vf, extack);
		return -EBUSY;
	}
	if (dev->driver && !fabric_pci_is_parked(vslice->vf)) {
		strscpy(vslice->host_driver, dev->driver->name);
		vslice->host_override = device_has_driver_override(dev);
	}
	device_unlock(dev);
	if (!*vslice->host_driver)
		return 0;

	mutex_lock(&slices_lock);
	start_unbind(vslice);
	mutex_unlock(&slices_lock);
	wait_for_completion_timeout(&vslice->unbound, HOST_TIMEOUT);
	mutex_lock(&slices_lock);
	if (completion_done(&vslice->unbound)) {
		vslice->unbinding = false;
	} else {
		NL_SET_ERR_MSG_FMT(extack, "Driver %.20s does not let go of %s, it still may",
				   vslice->host_driver, pci_name(vslice->vf));
		vslice->abandoned = true;
		ret = -ETIMEDOUT;
	}
	mutex_unlock(&slices_lock);
	return ret;
}

/* A reset gives back what the configuration was, and whoever had it bare may have left it on. */
static int reset(struct pci_dev *vf)
{
	pci_clear_master(vf);
	return pci_reset_function(vf);
}

static int park_and_reset(struct pci_dev *vf, struct netlink_ext_ack *extack)
{
	int ret;

	ret = fabric_pci_park(vf);
	if (ret) {
		if (ret == -EBUSY)
			name_user(vf, extack);
		return ret;
	}
	ret = reset(vf);
	if (ret)
		NL_SET_ERR_MSG_FMT(extack, "%s can't be reset", pci_name(vf));
	return ret;
}

/* Whoever removes the function from now on finds the slice. */
static int list_slice(struct vf_slice *vslice, struct netlink_ext_ack *extack)
{
	mutex_lock(&slices_lock);
	list_add_tail(&vslice->node, &slices);
	mutex_unlock(&slices_lock);
	if (fabric_pci_function_is_known(vslice->vf))
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "%s was removed", pci_name(vslice->vf));
	mutex_lock(&slices_lock);
	list_del(&vslice->node);
	mutex_unlock(&slices_lock);
	return -ENODEV;
}

int fabric_pci_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct vf_slice *vslice;
	struct pci_dev *vf;
	int ret;

	if (slice->length != 1) {
		NL_SET_ERR_MSG(extack, "A slice is one function, ask for size 1");
		return -EINVAL;
	}
	vf = fabric_pci_vf_get(slice->resource_priv, slice->start, slice->force, extack);
	if (IS_ERR(vf))
		return PTR_ERR(vf);
	/* Now, since it can fail and take long */
	if (slice->mode == FABRIC_MODE_VFIO)
		request_module("vfio-pci");
	vslice = kzalloc_obj(*vslice);
	if (!vslice) {
		fabric_pci_vf_put(vf);
		return -ENOMEM;
	}
	vslice->slice = slice;
	vslice->vf = vf;
	INIT_WORK(&vslice->unbind, unbind);
	init_completion(&vslice->unbound);
	ret = take_from_host(vslice, extack);
	if (ret == -ETIMEDOUT)
		return ret;
	if (!ret)
		ret = park_and_reset(vf, extack);
	if (!ret)
		ret = list_slice(vslice, extack);
	if (ret) {
		return_to_host(vslice);
		cancel_work_sync(&vslice->unbind);
		vf_slice_free(vslice);
		return ret;
	}
	slice->priv = vslice;
	return 0;
}

/* Let udev give the node to its holder, see scripts/udev/60-fabric.rules. */
static int announce(const struct vf_slice *vslice)
{
	const struct fabric_slice *slice = vslice->slice;
	char uid[32], gid[32], node[48];
	char *env[4] = { uid, gid, node, NULL };

	if (uid_eq(slice->uid, GLOBAL_ROOT_UID) && gid_eq(slice->gid, GLOBAL_ROOT_GID))
		return 0;
	snprintf(uid, sizeof(uid), "FABRIC_UID=%u", from_kuid(&init_user_ns, slice->uid));
	snprintf(gid, sizeof(gid), "FABRIC_GID=%u", from_kgid(&init_user_ns, slice->gid));
	snprintf(node, sizeof(node), "FABRIC_NODE=%s", slice->node);
	return kobject_uevent_env(&vslice->vf->dev.kobj, KOBJ_CHANGE, env);
}

static int set_node(struct vf_slice *vslice)
{
	struct fabric_slice *slice = vslice->slice;
	struct iommu_group *group = iommu_group_get(&vslice->vf->dev);

	if (!group)
		return -ENODEV;
	snprintf(slice->node, sizeof(slice->node), "vfio/%d", iommu_group_id(group));
	iommu_group_put(group);
	return announce(vslice);
}

/* The one with this name, or with "" the driver of the host that suits. */
static int bind(struct pci_dev *vf, const char *name)
{
	bool bound;
	int ret;

	ret = device_set_driver_override(&vf->dev, name);
	if (ret)
		return ret;
	device_release_driver(&vf->dev);
	ret = device_attach(&vf->dev);
	if (ret < 0)
		return ret;
	device_lock(&vf->dev);
	bound = vf->dev.driver && (*name ? !strcmp(vf->dev.driver->name, name) :
				   !fabric_pci_is_parked(vf));
	device_unlock(&vf->dev);
	return bound ? 0 : -ENXIO;
}

int fabric_pci_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct vf_slice *vslice = slice->priv;
	int ret = 0;

	set_driven(vslice, slice->mode != FABRIC_MODE_BARE);
	switch (slice->mode) {
	case FABRIC_MODE_VFIO:
		ret = bind(vslice->vf, "vfio-pci") ?: set_node(vslice);
		break;
	case FABRIC_MODE_DRIVER:
		ret = bind(vslice->vf, "");
		break;
	default:
		device_release_driver(&vslice->vf->dev);
		break;
	}
	/* What can't be undone now is undone by slice_release() */
	if (ret)
		NL_SET_ERR_MSG_FMT(extack, "%s was bound to no driver for this mode",
				   pci_name(vslice->vf));
	return ret;
}

/* Take it from whoever has it; it is parked afterwards, or gone. */
static int take_back(struct vf_slice *vslice)
{
	struct fabric_slice *slice = vslice->slice;
	int ret;

	mutex_lock(&slices_lock);
	if (!vslice->unbinding && !fabric_pci_is_parked(vslice->vf))
		start_unbind(vslice);
	mutex_unlock(&slices_lock);
	if (vslice->unbinding &&
	    !wait_for_completion_timeout(&vslice->unbound, UNBIND_TIMEOUT)) {
		snprintf(slice->reason, sizeof(slice->reason),
			 slice->mode == FABRIC_MODE_VFIO ?
			 "A process still has %s open by VFIO" :
			 "The driver of %s does not let go of it", pci_name(vslice->vf));
		return -EAGAIN;
	}
	mutex_lock(&slices_lock);
	vslice->unbinding = false;
	vslice->driven = false;
	mutex_unlock(&slices_lock);
	*slice->node = '\0';
	ret = fabric_pci_park(vslice->vf);
	if (!ret || is_gone(vslice->vf))
		return 0;
	snprintf(slice->reason, sizeof(slice->reason), "%s was bound to another driver",
		 pci_name(vslice->vf));
	return ret == -EBUSY ? -EAGAIN : ret;
}

int fabric_pci_slice_revoke(struct fabric_slice *slice)
{
	return take_back(slice->priv);
}

int fabric_pci_slice_release(struct fabric_slice *slice)
{
	struct vf_slice *vslice = slice->priv;
	int ret;

	/* After a commit that failed */
	ret = take_back(vslice);
	if (ret)
		return ret;
	/* One that is gone comes back as new */
	if (!is_gone(vslice->vf)) {
		ret = reset(vslice->vf);
		if (ret && !is_gone(vslice->vf)) {
			snprintf(slice->reason, sizeof(slice->reason), "%s can't be reset",
				 pci_name(vslice->vf));
			return ret;
		}
	}
	mutex_lock(&slices_lock);
	list_del(&vslice->node);
	mutex_unlock(&slices_lock);
	slice->priv = NULL;
	return_to_host(vslice);
	/* It completes before it is done. Not flushed: that is for queues that free memory */
	cancel_work_sync(&vslice->unbind);
	vf_slice_free(vslice);
	return 0;
}

/* Its driver is about to be unbound. Whether by us is what matters. */
void fabric_pci_slice_unbind_event(struct pci_dev *pdev)
{
	struct vf_slice *vslice;

	mutex_lock(&slices_lock);
	list_for_each_entry(vslice, &slices, node) {
		if (vslice->vf == pdev && vslice->driven && !vslice->unbinding &&
		    !fabric_pci_is_parked(pdev))
			fabric_slice_lost(vslice->slice, "Its driver was unbound");
	}
	mutex_unlock(&slices_lock);
}

void fabric_pci_slice_remove_event(struct pci_dev *pdev)
{
	struct vf_slice *vslice;

	mutex_lock(&slices_lock);
	list_for_each_entry(vslice, &slices, node) {
		if (vslice->vf == pdev)
			fabric_slice_lost(vslice->slice, "The function is removed");
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
