// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: functions in the hands of holders
 *
 * A slice has one function: a physical one, or number N of its virtual ones at position
 * N. The first of these that is wanted makes all of them, since the number of those that
 * exist can't be changed. All others of the IOMMU group come with it if that is asked for.
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
#include <linux/delay.h>
#include <linux/jiffies.h>
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
 * struct member - a function of a slice
 * @node: in the list of all members
 * @sibling: in the list of those of the slice
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
struct member {
	struct list_head node;
	struct list_head sibling;
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

/* The backend's part of a slice: its function, and those that come with it */
struct pci_slice {
	struct list_head members;
};

/* All members, and what of each is not constant */
static DEFINE_MUTEX(slices_lock);
static LIST_HEAD(all_members);
static struct workqueue_struct *unbind_wq;

/* Removed, or about to be: the bus has said so */
static bool is_gone(const struct pci_dev *pdev)
{
	return !fabric_pci_function_is_known(pdev);
}

/* No holder has it, and none is to get it now. */
static void return_to_host(struct member *member)
{
	const char *override = member->host_override ? member->host_driver : "";
	bool had_driver = *member->host_driver;
	struct device *dev = &member->pdev->dev;

	/* Virtual functions without a driver are the broker's, and stay parked */
	if (!had_driver && (member->pdev->is_virtfn || !fabric_pci_is_parked(member->pdev)))
		return;
	if (is_gone(member->pdev))
		return;
	if (device_set_driver_override(dev, override))
		goto warn;
	if (fabric_pci_is_parked(member->pdev))
		device_release_driver(dev);
	if (!had_driver || device_attach(dev) == 1 || is_gone(member->pdev))
		return;
warn:
	pci_warn(member->pdev, "%s did not take it back\n",
		 had_driver ? member->host_driver : "its host");
}

static void member_free(struct member *member)
{
	fabric_pci_let_rest(member->pdev);
	fabric_pci_function_put(member->pdev);
	kfree(member);
}

static void unbind(struct work_struct *work)
{
	struct member *member = container_of(work, struct member, unbind);
	bool abandoned;

	device_release_driver(&member->pdev->dev);
	mutex_lock(&slices_lock);
	abandoned = member->abandoned;
	complete_all(&member->unbound);
	mutex_unlock(&slices_lock);
	if (!abandoned)
		return;
	return_to_host(member);
	member_free(member);
}

/* With slices_lock. */
static void start_unbind(struct member *member)
{
	member->unbinding = true;
	reinit_completion(&member->unbound);
	queue_work(unbind_wq, &member->unbind);
}

static void set_driven(struct member *member, bool driven)
{
	mutex_lock(&slices_lock);
	member->driven = driven;
	mutex_unlock(&slices_lock);
}

/* A driver on its way out can have the lock for ever, all others have it for a moment. */
static bool lock_soon(struct device *dev)
{
	unsigned long deadline = jiffies + UNBIND_TIMEOUT;

	while (!device_trylock(dev)) {
		if (time_after(jiffies, deadline))
			return false;
		msleep(20);
	}
	return true;
}

/* Of a function in use, its driver. */
static void name_user(struct pci_dev *pdev, struct netlink_ext_ack *extack)
{
	if (!lock_soon(&pdev->dev)) {
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
 * Take it from its driver, which is the host's. After -ETIMEDOUT the member is not one of
 * the slice any more: it ends when the driver has let go.
 */
static int take_from_host(struct member *member, struct netlink_ext_ack *extack)
{
	struct device *dev = &member->pdev->dev;
	int ret = 0;

	if (!lock_soon(dev)) {
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s is changing, try again",
				   pci_name(member->pdev));
		return -EBUSY;
	}
	if (dev->driver && !fabric_pci_is_parked(member->pdev)) {
		strscpy(member->host_driver, dev->driver->name);
		member->host_override = device_has_driver_override(dev);
	}
	device_unlock(dev);
	if (!*member->host_driver)
		return 0;

	mutex_lock(&slices_lock);
	start_unbind(member);
	mutex_unlock(&slices_lock);
	wait_for_completion_timeout(&member->unbound, HOST_TIMEOUT);
	mutex_lock(&slices_lock);
	if (completion_done(&member->unbound)) {
		member->unbinding = false;
	} else {
		NL_SET_ERR_MSG_FMT(extack, "Driver %.20s does not let go of %s, it still may",
				   member->host_driver, pci_name(member->pdev));
		list_del(&member->sibling);
		member->abandoned = true;
		ret = -ETIMEDOUT;
	}
	mutex_unlock(&slices_lock);
	return ret;
}

/*
 * As pci_reset_function(), but not of one that was removed while this waited for the locks: a
 * reset of what does not answer takes a minute, during which others wait. A reset gives back what
 * the configuration was, and whoever had it bare may have left it on.
 */
static int reset(struct pci_dev *pdev)
{
	struct pci_dev *bridge = fabric_pci_upstream_get(pdev);
	int ret = -ENODEV;

	if (bridge)
		pci_dev_lock(bridge);
	pci_dev_lock(pdev);
	if (!is_gone(pdev)) {
		pci_clear_master(pdev);
		ret = pci_reset_function_locked(pdev);
	}
	pci_dev_unlock(pdev);
	if (bridge)
		pci_dev_unlock(bridge);
	pci_dev_put(bridge);
	return ret;
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

/* Whatever failed, of a function that went meanwhile that is the reason. */
static int check_gone(const struct pci_slice *pslice, int ret, struct netlink_ext_ack *extack)
{
	const struct member *member;

	list_for_each_entry(member, &pslice->members, sibling) {
		if (!is_gone(member->pdev))
			continue;
		NL_SET_ERR_MSG_FMT(extack, "%s was removed", pci_name(member->pdev));
		return -ENODEV;
	}
	return ret;
}

/* Whoever removes a function from now on finds the slice. */
static int list_members(struct pci_slice *pslice, struct netlink_ext_ack *extack)
{
	struct member *member;

	mutex_lock(&slices_lock);
	list_for_each_entry(member, &pslice->members, sibling)
		list_add_tail(&member->node, &all_members);
	mutex_unlock(&slices_lock);
	return check_gone(pslice, 0, extack);
}

/* Nobody has its functions any more. */
static void drop(struct pci_slice *pslice)
{
	struct member *member, *next;

	mutex_lock(&slices_lock);
	list_for_each_entry(member, &pslice->members, sibling)
		list_del_init(&member->node);
	mutex_unlock(&slices_lock);
	list_for_each_entry_safe(member, next, &pslice->members, sibling) {
		return_to_host(member);
		/* It completes before it is done. A flush would need a queue that frees memory */
		cancel_work_sync(&member->unbind);
		list_del(&member->sibling);
		member_free(member);
	}
	kfree(pslice);
}

/* The function, which is claimed, belongs to the slice; or to nobody after an error. */
static int add_member(struct pci_slice *pslice, struct fabric_slice *slice, struct pci_dev *pdev,
		      struct netlink_ext_ack *extack)
{
	struct member *member = kzalloc_obj(*member);
	int ret = -ENOMEM;

	if (!member)
		goto err_put;
	ret = fabric_pci_wake(pdev);
	if (ret) {
		NL_SET_ERR_MSG_FMT(extack, "%s does not wake", pci_name(pdev));
		goto err_free;
	}
	member->slice = slice;
	member->pdev = pdev;
	INIT_LIST_HEAD(&member->node);
	INIT_WORK(&member->unbind, unbind);
	init_completion(&member->unbound);
	list_add_tail(&member->sibling, &pslice->members);
	return 0;

err_free:
	kfree(member);
err_put:
	fabric_pci_function_put(pdev);
	return ret;
}

static int add_group(struct pci_slice *pslice, struct fabric_slice *slice, struct pci_dev *pdev,
		     struct netlink_ext_ack *extack)
{
	struct pci_dev *others[FABRIC_PCI_GROUP_MEMBERS];
	int nr, i, ret = 0;

	nr = fabric_pci_group_get(pdev, slice->force, others, extack);
	for (i = 0; i < nr; i++)
		ret = add_member(pslice, slice, others[i], extack) ?: ret;
	return nr < 0 ? nr : ret;
}

static int take(struct pci_slice *pslice, struct netlink_ext_ack *extack)
{
	struct member *member, *next;
	int ret;

	list_for_each_entry_safe(member, next, &pslice->members, sibling) {
		ret = take_from_host(member, extack);
		if (!ret)
			ret = park_and_reset(member->pdev, extack);
		if (ret)
			return ret;
	}
	return 0;
}

static int check(const struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	if (slice->length != 1) {
		NL_SET_ERR_MSG(extack, "A slice is one function, ask for size 1");
		return -EINVAL;
	}
	/* Nobody is to lose a function for a slip of the pen */
	if (slice->driver && !driver_find(slice->driver, &pci_bus_type)) {
		NL_SET_ERR_MSG_FMT(extack, "PCI has no driver %.24s, load its module",
				   slice->driver);
		return -ENOENT;
	}
	return 0;
}

int fabric_pci_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct pci_slice *pslice;
	struct pci_dev *pdev;
	int ret;

	ret = check(slice, extack);
	if (ret)
		return ret;
	pslice = kzalloc_obj(*pslice);
	if (!pslice)
		return -ENOMEM;
	INIT_LIST_HEAD(&pslice->members);
	/* Now, since it can fail and take long */
	if (slice->mode == FABRIC_MODE_VFIO)
		request_module("vfio-pci");
	pdev = fabric_pci_function_get(slice, extack);
	if (IS_ERR(pdev)) {
		ret = PTR_ERR(pdev);
		goto err_drop;
	}
	ret = add_member(pslice, slice, pdev, extack);
	if (!ret && slice->group)
		ret = add_group(pslice, slice, pdev, extack);
	if (!ret)
		ret = take(pslice, extack);
	if (!ret)
		ret = fabric_pci_net_set(pdev, slice, extack);
	if (ret) {
		ret = check_gone(pslice, ret, extack);
		goto err_drop;
	}
	ret = list_members(pslice, extack);
	if (ret)
		goto err_clear;
	slice->priv = pslice;
	strscpy(slice->function, pci_name(pdev));
	return 0;

err_clear:
	fabric_pci_net_clear(pdev, slice);
err_drop:
	drop(pslice);
	fabric_pci_offer_returned(slice->resource_priv);
	return ret;
}

/* Let udev give the node to its holder, see scripts/udev/60-fabric.rules. */
static int announce(const struct member *member)
{
	const struct fabric_slice *slice = member->slice;
	char uid[32], gid[32], node[48];
	char *env[4] = { uid, gid, node, NULL };

	if (uid_eq(slice->uid, GLOBAL_ROOT_UID) && gid_eq(slice->gid, GLOBAL_ROOT_GID))
		return 0;
	snprintf(uid, sizeof(uid), "FABRIC_UID=%u", from_kuid(&init_user_ns, slice->uid));
	snprintf(gid, sizeof(gid), "FABRIC_GID=%u", from_kgid(&init_user_ns, slice->gid));
	snprintf(node, sizeof(node), "FABRIC_NODE=%s", slice->node);
	return kobject_uevent_env(&member->pdev->dev.kobj, KOBJ_CHANGE, env);
}

static int set_node(struct member *member)
{
	struct fabric_slice *slice = member->slice;
	struct iommu_group *group = iommu_group_get(&member->pdev->dev);

	if (!group)
		return -ENODEV;
	snprintf(slice->node, sizeof(slice->node), "vfio/%d", iommu_group_id(group));
	iommu_group_put(group);
	return announce(member);
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

static int bind_member(struct member *member, struct netlink_ext_ack *extack)
{
	const struct fabric_slice *slice = member->slice;
	int ret = 0;

	set_driven(member, slice->mode != FABRIC_MODE_BARE);
	switch (slice->mode) {
	case FABRIC_MODE_VFIO:
		ret = bind(member->pdev, "vfio-pci");
		break;
	case FABRIC_MODE_DRIVER:
		ret = bind(member->pdev, slice->driver ?: "");
		break;
	default:
		device_release_driver(&member->pdev->dev);
		break;
	}
	if (ret && slice->driver)
		NL_SET_ERR_MSG_FMT(extack, "Driver %.32s does not take %s", slice->driver,
				   pci_name(member->pdev));
	else if (ret)
		NL_SET_ERR_MSG_FMT(extack, "%s was bound to no driver for this mode",
				   pci_name(member->pdev));
	return ret;
}

/* What can't be undone now is undone by slice_release() */
int fabric_pci_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	struct pci_slice *pslice = slice->priv;
	struct member *member;
	int ret;

	list_for_each_entry(member, &pslice->members, sibling) {
		ret = bind_member(member, extack);
		if (ret)
			return check_gone(pslice, ret, extack);
	}
	if (slice->mode != FABRIC_MODE_VFIO)
		return 0;
	/* All of a group have one node, and udev is told by the first */
	return set_node(list_first_entry(&pslice->members, struct member, sibling));
}

/* Take it from whoever has it; it is parked afterwards, or gone. */
static int take_back(struct member *member)
{
	struct fabric_slice *slice = member->slice;
	int ret;

	mutex_lock(&slices_lock);
	if (!member->unbinding && !fabric_pci_is_parked(member->pdev))
		start_unbind(member);
	mutex_unlock(&slices_lock);
	if (member->unbinding &&
	    !wait_for_completion_timeout(&member->unbound, UNBIND_TIMEOUT)) {
		snprintf(slice->reason, sizeof(slice->reason),
			 slice->mode == FABRIC_MODE_VFIO ?
			 "A process still has %s open by VFIO" :
			 "The driver of %s does not let go of it", pci_name(member->pdev));
		return -EAGAIN;
	}
	mutex_lock(&slices_lock);
	member->unbinding = false;
	member->driven = false;
	mutex_unlock(&slices_lock);
	*slice->node = '\0';
	ret = fabric_pci_park(member->pdev);
	if (!ret || is_gone(member->pdev))
		return 0;
	snprintf(slice->reason, sizeof(slice->reason), "%s was bound to another driver",
		 pci_name(member->pdev));
	return ret == -EBUSY ? -EAGAIN : ret;
}

int fabric_pci_slice_revoke(struct fabric_slice *slice)
{
	struct pci_slice *pslice = slice->priv;
	struct member *member;
	int ret;

	list_for_each_entry(member, &pslice->members, sibling) {
		ret = take_back(member);
		if (ret)
			return ret;
	}
	return 0;
}

/* One that is gone comes back as new. */
static int clean(struct member *member)
{
	struct fabric_slice *slice = member->slice;
	int ret;

	if (is_gone(member->pdev))
		return 0;
	ret = reset(member->pdev);
	if (!ret || is_gone(member->pdev))
		return 0;
	snprintf(slice->reason, sizeof(slice->reason), "%s can't be reset",
		 pci_name(member->pdev));
	return ret;
}

int fabric_pci_slice_release(struct fabric_slice *slice)
{
	struct pci_slice *pslice = slice->priv;
	struct member *member;
	int ret;

	/* After a commit that failed */
	ret = fabric_pci_slice_revoke(slice);
	if (ret)
		return ret;
	member = list_first_entry(&pslice->members, struct member, sibling);
	if (!is_gone(member->pdev)) {
		ret = fabric_pci_net_clear(member->pdev, slice);
		if (ret)
			return ret;
	}
	list_for_each_entry(member, &pslice->members, sibling) {
		ret = clean(member);
		if (ret)
			return ret;
	}
	slice->priv = NULL;
	drop(pslice);
	fabric_pci_offer_returned(slice->resource_priv);
	return 0;
}

/* Its driver is about to be unbound. Whether by us is what matters. */
void fabric_pci_slice_unbind_event(struct pci_dev *pdev)
{
	struct member *member;

	mutex_lock(&slices_lock);
	list_for_each_entry(member, &all_members, node) {
		if (member->pdev == pdev && member->driven && !member->unbinding &&
		    !fabric_pci_is_parked(pdev))
			fabric_slice_lost(member->slice, "Its driver was unbound");
	}
	mutex_unlock(&slices_lock);
}

void fabric_pci_slice_remove_event(struct pci_dev *pdev)
{
	struct member *member;

	mutex_lock(&slices_lock);
	list_for_each_entry(member, &all_members, node) {
		if (member->pdev == pdev)
			fabric_slice_lost(member->slice, "The function is removed");
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
