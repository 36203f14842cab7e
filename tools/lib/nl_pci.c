// SPDX-License-Identifier: LGPL-2.1-or-later
/* What ports and devices are as PCI functions. */
#include "nl.h"

static const struct field fields[] = {
	FIELD(struct fabric_pci, vendor, FABRIC_A_PCI_VENDOR),
	FIELD(struct fabric_pci, device, FABRIC_A_PCI_DEVICE),
	FIELD(struct fabric_pci, subsystem_vendor, FABRIC_A_PCI_SUBSYSTEM_VENDOR),
	FIELD(struct fabric_pci, subsystem_device, FABRIC_A_PCI_SUBSYSTEM_DEVICE),
	FIELD(struct fabric_pci, class_code, FABRIC_A_PCI_CLASS),
	FIELD(struct fabric_pci, revision, FABRIC_A_PCI_REVISION),
	FIELD(struct fabric_pci, serial, FABRIC_A_PCI_SERIAL),
	FIELD(struct fabric_pci, numa_node, FABRIC_A_PCI_NUMA_NODE, .or_max = true),
	FIELD(struct fabric_pci, slot, FABRIC_A_PCI_SLOT, .or_max = true),
	FIELD(struct fabric_pci, speed, FABRIC_A_PCI_SPEED),
	FIELD(struct fabric_pci, width, FABRIC_A_PCI_WIDTH),
	FIELD(struct fabric_pci, speed_max, FABRIC_A_PCI_SPEED_MAX),
	FIELD(struct fabric_pci, width_max, FABRIC_A_PCI_WIDTH_MAX),
	FIELD(struct fabric_pci, payload, FABRIC_A_PCI_PAYLOAD),
	FIELD(struct fabric_pci, payload_max, FABRIC_A_PCI_PAYLOAD_MAX),
	FIELD(struct fabric_pci, read_request, FABRIC_A_PCI_READ_REQUEST),
	FIELD(struct fabric_pci, acs, FABRIC_A_PCI_ACS, .or_max = true),
	FIELD(struct fabric_pci, acs_enabled, FABRIC_A_PCI_ACS_ENABLED, .or_max = true),
	FIELD(struct fabric_pci, iommu_group, FABRIC_A_PCI_IOMMU_GROUP, .or_max = true),
	FIELD(struct fabric_pci, aer_correctable, FABRIC_A_PCI_AER_CORRECTABLE, .or_max = true),
	FIELD(struct fabric_pci, aer_nonfatal, FABRIC_A_PCI_AER_NONFATAL, .or_max = true),
	FIELD(struct fabric_pci, aer_fatal, FABRIC_A_PCI_AER_FATAL, .or_max = true),
	FIELD(struct fabric_pci, power, FABRIC_A_PCI_POWER),
	FIELD(struct fabric_pci, vfs, FABRIC_A_PCI_VFS),
	FIELD(struct fabric_pci, vfs_max, FABRIC_A_PCI_VFS_MAX),
	FIELD(struct fabric_pci, vf_index, FABRIC_A_PCI_VF_INDEX, .or_max = true),
	FIELD(struct fabric_pci, obstacles, FABRIC_A_PCI_OBSTACLE, .or_max = true),
	FIELD(struct fabric_pci, address, FABRIC_A_PCI_ADDRESS, .string = true),
	FIELD(struct fabric_pci, driver, FABRIC_A_PCI_DRIVER, .string = true),
	FIELD(struct fabric_pci, physfn, FABRIC_A_PCI_PHYSFN, .string = true),
	FIELD(struct fabric_pci, reset, FABRIC_A_PCI_RESET, .string = true),
	FIELD(struct fabric_pci, acs_missing, FABRIC_A_PCI_ACS_MISSING, .string = true),
	FIELD(struct fabric_pci, host_use, FABRIC_A_PCI_HOST_USE, .string = true),
};

static const struct field bar_fields[] = {
	FIELD(struct fabric_pci_bar, index, FABRIC_A_PCI_BAR_INDEX),
	FIELD(struct fabric_pci_bar, size, FABRIC_A_PCI_BAR_SIZE),
	FIELD(struct fabric_pci_bar, sizes, FABRIC_A_PCI_BAR_SIZES),
};

/* *pci is NULL without the attribute. */
int parse_pci(const struct nlattr *nest, struct box *box, const struct fabric_pci **pci)
{
	static const struct nests bars = {
		FABRIC_A_PCI_BAR, bar_fields, ARRAY_SIZE(bar_fields),
		sizeof(struct fabric_pci_bar),
	};
	struct fabric_pci *to = &box->pci;
	struct attrs attrs;
	int err;

	*pci = NULL;
	if (!nest)
		return 0;
	parse_attrs(&attrs, attr_data(nest), attr_len(nest));
	fill(&attrs, fields, ARRAY_SIZE(fields), to);
	to->bars = NULL;
	err = get_nests(&attrs, &bars, &box->lists[LIST_PCI_BARS], &to->nr_bars);
	if (!err)
		err = get_strings(&attrs, FABRIC_A_PCI_GROUP_MEMBER,
				  &box->lists[LIST_PCI_MEMBERS],
				  &box->lists[LIST_PCI_MEMBER_TEXT], &to->nr_group_members);
	if (err)
		return err;
	if (to->nr_bars)
		to->bars = (const struct fabric_pci_bar *)box->lists[LIST_PCI_BARS].items;
	to->group_members = (const char *const *)box->lists[LIST_PCI_MEMBERS].items;
	*pci = to;
	return 0;
}
