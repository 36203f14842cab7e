// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: properties of virtual functions of a network
 *
 * MAC, VLAN and rate limit of a virtual function are kept by the driver of its physical
 * one, where no reset of the function reaches them. They are set by the operations that
 * rtnetlink uses, from here and not from user space: they have to go with the grant, also
 * when nobody is left to say so.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/etherdevice.h>
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "../compat/netdev.h"
#include "fabric_pci.h"

/* For a link to come up again */
#define LINK_TIMEOUT	(5 * HZ)

static bool has_properties(const struct fabric_slice *slice)
{
	return !is_zero_ether_addr(slice->mac) || slice->vlan || slice->bandwidth_max;
}

static int find_netdev(struct device *dev, void *data)
{
	struct net_device **netdev = data;

	if (!dev->class || strcmp(dev->class->name, "net"))
		return 0;
	get_device(dev);
	*netdev = to_net_dev(dev);
	return 1;
}

static bool lacks_link(struct pci_dev *physfn)
{
	struct net_device *netdev = NULL;
	bool lacks = false;

	device_lock(&physfn->dev);
	device_for_each_child(&physfn->dev, &netdev, find_netdev);
	if (netdev) {
		lacks = netif_running(netdev) && !netif_carrier_ok(netdev);
		put_device(&netdev->dev);
	}
	device_unlock(&physfn->dev);
	return lacks;
}

/* A driver that has just made virtual functions can have started anew, igb has. */
static void wait_for_link(struct pci_dev *physfn)
{
	unsigned long deadline = jiffies + LINK_TIMEOUT;

	while (lacks_link(physfn) && time_before(jiffies, deadline))
		msleep(50);
}

/* What the slice has is set, or cleared. @what was tried last. */
static int apply(struct net_device *netdev, int vf, const struct fabric_slice *slice, bool clear,
		 const char **what)
{
	const struct net_device_ops *ops = netdev->netdev_ops;
	u8 mac[ETH_ALEN] __aligned(2) = {};
	int ret = 0;

	if (!clear)
		ether_addr_copy(mac, slice->mac);
	if (!is_zero_ether_addr(slice->mac)) {
		*what = "MAC";
		ret = ops->ndo_set_vf_mac ? ops->ndo_set_vf_mac(netdev, vf, mac) : -EOPNOTSUPP;
	}
	if (!ret && slice->vlan) {
		*what = "VLAN";
		ret = ops->ndo_set_vf_vlan ?
		      ops->ndo_set_vf_vlan(netdev, vf, clear ? 0 : slice->vlan, 0,
					   htons(ETH_P_8021Q)) : -EOPNOTSUPP;
	}
	if (!ret && slice->bandwidth_max) {
		*what = "rate limit";
		ret = ops->ndo_set_vf_rate ?
		      ops->ndo_set_vf_rate(netdev, vf, 0, clear ? 0 : slice->bandwidth_max) :
		      -EOPNOTSUPP;
	}
	return ret;
}

/*
 * The same for a virtual function. The lock of the physical one keeps its driver.
 *
 * Return: -ENODEV if that has no interface, so that nothing is set, or what the driver said.
 */
static int apply_to(struct pci_dev *vf, const struct fabric_slice *slice, bool clear,
		    const char **what)
{
	struct pci_dev *physfn = pci_physfn(vf);
	struct net_device *netdev = NULL;
	int ret = -ENODEV;

	device_lock(&physfn->dev);
	device_for_each_child(&physfn->dev, &netdev, find_netdev);
	if (netdev) {
		rtnl_lock();
		netdev_lock_ops(netdev);
		if (netdev->reg_state == NETREG_REGISTERED)
			ret = apply(netdev, pci_iov_vf_id(vf), slice, clear, what);
		netdev_unlock_ops(netdev);
		rtnl_unlock();
		put_device(&netdev->dev);
	}
	device_unlock(&physfn->dev);
	return ret;
}

/* After an error, nothing is set. */
int fabric_pci_net_set(struct pci_dev *pdev, const struct fabric_slice *slice,
		       struct netlink_ext_ack *extack)
{
	const char *what = "", *last;
	int ret;

	if (!has_properties(slice))
		return 0;
	if (!pdev->is_virtfn) {
		NL_SET_ERR_MSG(extack, "Whole functions have no mac, vlan and bandwidth-max");
		return -EOPNOTSUPP;
	}
	/* Limits are parts of the speed of the link */
	if (slice->bandwidth_max)
		wait_for_link(pci_physfn(pdev));
	ret = apply_to(pdev, slice, false, &what);
	if (!ret)
		return 0;
	if (ret == -ENODEV) {
		NL_SET_ERR_MSG_FMT(extack, "%s has no interface to set mac or vlan by",
				   pci_name(pci_physfn(pdev)));
		return -EOPNOTSUPP;
	}
	if (ret == -EOPNOTSUPP)
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s sets no %s of virtual functions",
				   pci_name(pci_physfn(pdev)), what);
	else
		NL_SET_ERR_MSG_FMT(extack, "The driver of %s did not set the %s, is its link up?",
				   pci_name(pci_physfn(pdev)), what);
	apply_to(pdev, slice, true, &last);
	return ret;
}

/* Of a slice whose function is there. */
int fabric_pci_net_clear(struct pci_dev *pdev, struct fabric_slice *slice)
{
	const char *what = "";
	int ret;

	if (!has_properties(slice))
		return 0;
	ret = apply_to(pdev, slice, true, &what);
	/* With the driver of the physical function, its virtual ones were forgotten */
	if (!ret || ret == -ENODEV)
		return 0;
	snprintf(slice->reason, sizeof(slice->reason), "%s keeps its %s", pci_name(pdev), what);
	return ret;
}
