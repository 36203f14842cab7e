// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: whether a function can be handed to a holder
 *
 * The truth is the IOMMU group: functions in one group reach each other, and
 * whoever has one of them reaches the others. What is missing on the path is
 * told as the reason why a group is shared, never as an obstacle of its own:
 * the kernel knows of hardware that isolates without saying so.
 */
#include <linux/iommu.h>
#include <linux/string.h>

#include <fabric/pcie.h>

#include "fabric_pci.h"

/* What keeps requests of one function from others: those that the IOMMU core asks for. */
#define ACS_WANTED	(PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF)

struct group_walk {
	struct pci_dev *pdev;
	struct fabric_pci_info *info;
	bool shared;
};

static int add_member(struct device *dev, void *data)
{
	struct group_walk *walk = data;
	struct fabric_pci_info *info = walk->info;

	if (!dev_is_pci(dev) || dev == &walk->pdev->dev)
		return 0;
	/* A bridge has no requests of its own: it may stay when the others go */
	if (to_pci_dev(dev)->hdr_type == PCI_HEADER_TYPE_NORMAL)
		walk->shared = true;
	if (info->nr_group_members < FABRIC_PCI_GROUP_MEMBERS)
		strscpy(info->group_members[info->nr_group_members++], dev_name(dev));
	return 0;
}

static bool has_acs(struct pci_dev *pdev)
{
	u16 cap, ctl;

	if (!pdev->acs_cap || pci_read_config_word(pdev, pdev->acs_cap + PCI_ACS_CAP, &cap) ||
	    pci_read_config_word(pdev, pdev->acs_cap + PCI_ACS_CTRL, &ctl))
		return false;
	/* What it cannot do is hardwired: it need not be enabled (PCIe 6.0, section 6.12.1) */
	if (fabric_pcie_port_type(pdev))
		return (ctl & ACS_WANTED) == ACS_WANTED;
	return (ctl & ACS_WANTED) == (cap & ACS_WANTED);
}

/* Whether requests can turn round at @pdev before they reach the IOMMU. */
static bool turns_requests(struct pci_dev *pdev)
{
	if (!pci_is_pcie(pdev))
		return true;
	switch (fabric_pcie_port_type(pdev)) {
	case FABRIC_PORT_TYPE_UPSTREAM:
		return false;
	case FABRIC_PORT_TYPE_ROOT:
	case FABRIC_PORT_TYPE_DOWNSTREAM:
		return !has_acs(pdev);
	default:
		return pdev->hdr_type == PCI_HEADER_TYPE_NORMAL ?
		       pdev->multifunction && !pdev->is_virtfn && !has_acs(pdev) : true;
	}
}

static void find_missing_acs(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	for (; pdev; pdev = pci_upstream_bridge(pdev)) {
		if (!turns_requests(pdev))
			continue;
		info->obstacles |= BIT(FABRIC_PCI_OBSTACLE_NO_ACS);
		strscpy(info->acs_missing, pci_name(pdev));
		return;
	}
}

/* Fill in the IOMMU group and the obstacles. */
void fabric_pci_isolation(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	struct group_walk walk = { .pdev = pdev, .info = info };
	struct iommu_group *group = iommu_group_get(&pdev->dev);

	info->iommu_group = -1;
	info->nr_group_members = 0;
	info->obstacles = 0;
	memset(info->group_members, 0, sizeof(info->group_members));
	memset(info->acs_missing, 0, sizeof(info->acs_missing));
	if (group) {
		info->iommu_group = iommu_group_id(group);
		iommu_group_for_each_dev(group, &walk, add_member);
		iommu_group_put(group);
	}
	if (info->is_port)
		return;
	if (pdev->class >> 16 == PCI_BASE_CLASS_BRIDGE || pdev->hdr_type != PCI_HEADER_TYPE_NORMAL)
		info->obstacles |= BIT(FABRIC_PCI_OBSTACLE_BRIDGE);
	if (!group)
		info->obstacles |= BIT(FABRIC_PCI_OBSTACLE_NO_IOMMU);
	if (!*info->reset)
		info->obstacles |= BIT(FABRIC_PCI_OBSTACLE_NO_RESET);
	if (walk.shared) {
		info->obstacles |= BIT(FABRIC_PCI_OBSTACLE_SHARED_GROUP);
		find_missing_acs(pdev, info);
	}
}

/* Whether it can go to a holder, alone or as one of a @group; refusals fit into one message. */
int fabric_pci_isolation_check(const struct fabric_pci_info *info, bool group,
			       struct netlink_ext_ack *extack)
{
	unsigned int i, len = 0, nr = info->nr_group_members, shown = nr > 3 ? 2 : nr;
	char others[3 * FABRIC_PCI_ADDRESS_LEN] = "";

	if (info->obstacles & BIT(FABRIC_PCI_OBSTACLE_NO_IOMMU)) {
		NL_SET_ERR_MSG_FMT(extack, "No IOMMU keeps %s from the memory of others",
				   info->address);
		return -EPERM;
	}
	if (info->obstacles & BIT(FABRIC_PCI_OBSTACLE_BRIDGE)) {
		NL_SET_ERR_MSG_FMT(extack, "%s is a bridge, which is the host's", info->address);
		return -EPERM;
	}
	if (info->obstacles & BIT(FABRIC_PCI_OBSTACLE_SHARED_GROUP) && !group) {
		for (i = 0; i < shown; i++)
			len += scnprintf(others + len, sizeof(others) - len, " %s",
					 info->group_members[i]);
		if (shown < nr)
			scnprintf(others + len, sizeof(others) - len, " and %u more", nr - shown);
		NL_SET_ERR_MSG_FMT(extack, "%s shares its IOMMU group with%s", info->address,
				   others);
		return -EPERM;
	}
	if (info->obstacles & BIT(FABRIC_PCI_OBSTACLE_NO_RESET)) {
		NL_SET_ERR_MSG_FMT(extack, "Nothing can reset %s between two holders",
				   info->address);
		return -EOPNOTSUPP;
	}
	return 0;
}
