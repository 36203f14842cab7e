// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: links
 *
 * A link is disabled and trained by the registers of the port at its upper end (PCIe
 * 6.0, sections 7.5.3.7 and 7.5.3.19). Not all ports have those bits: what a port does
 * not remember it does not do, and is refused.
 *
 * What is below a disabled link has lost its configuration when that comes back, and
 * nothing tells the kernel. So the functions are removed before, and found afterwards,
 * by whoever disables it. A port with a hot-plug slot has a driver that does all this
 * with the slot's power, and that takes a link without one for a card to switch on again.
 */
#include <linux/delay.h>
#include <linux/pm_runtime.h>

#include <fabric/pcie.h>

#include "fabric_pci.h"

/* PCIe 6.0, section 6.6.1: what comes up may take a second to answer */
#define LINK_TIMEOUT_MS		1000
#define LINK_POLL_MS		10

static u8 speed_code(u32 speed)
{
	u8 code;

	for (code = 1; fabric_pcie_link_speed(code); code++) {
		if (fabric_pcie_link_speed(code) == speed)
			return code;
	}
	return 0;
}

static bool is_upper_end(struct pci_dev *pdev)
{
	enum fabric_port_type type = fabric_pcie_port_type(pdev);

	return type == FABRIC_PORT_TYPE_ROOT || type == FABRIC_PORT_TYPE_DOWNSTREAM;
}

/* MT/s, 0 where the port does not say. */
u32 fabric_pci_link_limit(struct pci_dev *pdev)
{
	u16 ctl2;

	if (!is_upper_end(pdev) ||
	    pcie_capability_read_word(pdev, PCI_EXP_LNKCTL2, &ctl2) || PCI_POSSIBLE_ERROR(ctl2))
		return 0;
	return fabric_pcie_link_speed(FIELD_GET(PCI_EXP_LNKCTL2_TLS, ctl2));
}

static bool bits_are(struct pci_dev *pdev, int reg, u16 mask, u16 bits)
{
	u16 now;

	return !pcie_capability_read_word(pdev, reg, &now) && !PCI_POSSIBLE_ERROR(now) &&
	       (now & mask) == bits;
}

/* As it was, if the port does not remember the bits. */
static int write_bits(struct pci_dev *pdev, int reg, u16 mask, u16 bits)
{
	u16 old;

	if (pcie_capability_read_word(pdev, reg, &old))
		return -EIO;
	pcie_capability_clear_and_set_word(pdev, reg, mask, bits);
	if (bits_are(pdev, reg, mask, bits))
		return 0;
	pcie_capability_clear_and_set_word(pdev, reg, mask, old & mask);
	return -EOPNOTSUPP;
}

static bool link_is(struct pci_dev *pdev, enum fabric_link link)
{
	u32 speed, width;

	return fabric_pcie_link(pdev, &speed, &width) == link;
}

static int wait_for_link(struct pci_dev *pdev, enum fabric_link link)
{
	int waited;

	for (waited = 0; !link_is(pdev, link); waited += LINK_POLL_MS) {
		if (waited >= LINK_TIMEOUT_MS)
			return -ETIMEDOUT;
		msleep(LINK_POLL_MS);
	}
	return 0;
}

static int refuse_down(struct pci_dev *pdev, struct netlink_ext_ack *extack)
{
	char below[FABRIC_PCI_ADDRESS_LEN];

	if (pdev->is_hotplug_bridge) {
		NL_SET_ERR_MSG_FMT(extack,
				   "The hot-plug driver of %s would undo it, take its slot's power",
				   pci_name(pdev));
		return -EOPNOTSUPP;
	}
	if (fabric_pci_function_below(pdev, below)) {
		NL_SET_ERR_MSG_FMT(extack, "Below %s is %s, write 1 to its remove in sysfs first",
				   pci_name(pdev), below);
		return -EBUSY;
	}
	return 0;
}

static int set_link(struct pci_dev *pdev, enum fabric_link link, struct netlink_ext_ack *extack)
{
	int ret = 0;

	if (link == FABRIC_LINK_DOWN)
		ret = refuse_down(pdev, extack);
	if (ret)
		return ret;
	ret = write_bits(pdev, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD,
			 link == FABRIC_LINK_DOWN ? PCI_EXP_LNKCTL_LD : 0);
	if (ret) {
		NL_SET_ERR_MSG_FMT(extack, "%s can't disable its link", pci_name(pdev));
		return ret;
	}
	ret = wait_for_link(pdev, link);
	if (!ret)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "The link of %s was told, and is not %s", pci_name(pdev),
			   link == FABRIC_LINK_UP ? "up" : "down");
	/* Or it would go later, when nobody expects it. One told to come may. */
	if (link == FABRIC_LINK_DOWN)
		write_bits(pdev, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD, 0);
	return ret;
}

static int wait_for_training(struct pci_dev *pdev)
{
	int waited;

	for (waited = 0; !bits_are(pdev, PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_LT, 0);
	     waited += LINK_POLL_MS) {
		if (waited >= LINK_TIMEOUT_MS)
			return -ETIMEDOUT;
		msleep(LINK_POLL_MS);
	}
	return 0;
}

/* One that trains already might not see the new speed (PCIe 6.0, section 7.5.3.7). */
static int retrain(struct pci_dev *pdev)
{
	int ret = wait_for_training(pdev);

	if (ret)
		return ret;
	pcie_capability_set_word(pdev, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_RL);
	/* Erratum of some ports, which the kernel knows */
	if (pdev->clear_retrain_link)
		pcie_capability_clear_word(pdev, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_RL);
	return wait_for_training(pdev);
}

static int set_speed(struct fabric_port *port, struct pci_dev *pdev, u32 limit,
		     struct netlink_ext_ack *extack)
{
	enum fabric_link link;
	u32 speed, width, cap;
	int ret;

	ret = pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP, &cap);
	if (ret)
		return pcibios_err_to_errno(ret);
	if (!speed_code(limit) || speed_code(limit) > FIELD_GET(PCI_EXP_LNKCAP_SLS, cap)) {
		NL_SET_ERR_MSG_FMT(extack, "%s has no such speed, it does %u MT/s at most",
				   pci_name(pdev),
				   fabric_pcie_link_speed(FIELD_GET(PCI_EXP_LNKCAP_SLS, cap)));
		return -EINVAL;
	}
	ret = write_bits(pdev, PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS,
			 FIELD_PREP(PCI_EXP_LNKCTL2_TLS, speed_code(limit)));
	if (ret) {
		NL_SET_ERR_MSG_FMT(extack, "%s can't limit the speed of its link", pci_name(pdev));
		return ret;
	}
	if (link_is(pdev, FABRIC_LINK_UP))
		ret = retrain(pdev);
	if (ret)
		NL_SET_ERR_MSG_FMT(extack, "The link of %s trains and does not end",
				   pci_name(pdev));
	link = fabric_pcie_link(pdev, &speed, &width);
	fabric_port_link_event(port, link, speed, width);
	return ret;
}

/* One that sleeps would not take it. */
static int begin(struct pci_dev *pdev, struct netlink_ext_ack *extack)
{
	int ret;

	if (!is_upper_end(pdev)) {
		NL_SET_ERR_MSG_FMT(extack, "The link of %s is set at the port above",
				   pci_name(pdev));
		return -EOPNOTSUPP;
	}
	ret = pm_runtime_resume_and_get(&pdev->dev);
	if (ret)
		NL_SET_ERR_MSG_FMT(extack, "%s does not wake", pci_name(pdev));
	return ret;
}

int fabric_pci_port_set_link(struct fabric_port *port, enum fabric_link link,
			     struct netlink_ext_ack *extack)
{
	struct pci_dev *pdev = fabric_pci_port_dev(port);
	int ret;

	ret = begin(pdev, extack);
	if (ret)
		return ret;
	ret = set_link(pdev, link, extack);
	pm_runtime_put(&pdev->dev);
	return ret;
}

int fabric_pci_port_set_speed(struct fabric_port *port, u32 speed, struct netlink_ext_ack *extack)
{
	struct pci_dev *pdev = fabric_pci_port_dev(port);
	int ret;

	ret = begin(pdev, extack);
	if (ret)
		return ret;
	ret = set_speed(port, pdev, speed, extack);
	pm_runtime_put(&pdev->dev);
	return ret;
}
