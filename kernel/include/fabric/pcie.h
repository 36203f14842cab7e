/* SPDX-License-Identifier: GPL-2.0 */
/* What the backends that have PCIe ports read of them. */
#ifndef _FABRIC_PCIE_H
#define _FABRIC_PCIE_H

#include <linux/bitfield.h>
#include <linux/pci.h>
#include <uapi/linux/fabric.h>

/* 0 for a function that is no port */
static inline enum fabric_port_type fabric_pcie_port_type(struct pci_dev *pdev)
{
	if (!pci_is_pcie(pdev))
		return 0;
	switch (pci_pcie_type(pdev)) {
	case PCI_EXP_TYPE_ROOT_PORT:
		return FABRIC_PORT_TYPE_ROOT;
	case PCI_EXP_TYPE_UPSTREAM:
		return FABRIC_PORT_TYPE_UPSTREAM;
	case PCI_EXP_TYPE_DOWNSTREAM:
		return FABRIC_PORT_TYPE_DOWNSTREAM;
	default:
		return 0;
	}
}

/* PCIe 6.0, section 7.5.3.8, Link Status: Current Link Speed, in MT/s */
static inline u32 fabric_pcie_link_speed(u32 code)
{
	static const u32 speeds[] = { 0, 2500, 5000, 8000, 16000, 32000, 64000 };

	return code < ARRAY_SIZE(speeds) ? speeds[code] : 0;
}

static inline bool fabric_pcie_slot_is_taken(struct pci_dev *pdev)
{
	u16 sta;

	return !pcie_capability_read_word(pdev, PCI_EXP_SLTSTA, &sta) && sta & PCI_EXP_SLTSTA_PDS;
}

static inline bool fabric_pcie_link_is_up(struct pci_dev *pdev, u16 lnksta)
{
	bool upstream = pci_pcie_type(pdev) == PCI_EXP_TYPE_UPSTREAM;
	u32 cap;

	/* PCIe 6.0, section 7.5.3.6: who can tell of the data link layer has the last word */
	if (!upstream && !pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP, &cap) &&
	    cap & PCI_EXP_LNKCAP_DLLLARC)
		return lnksta & PCI_EXP_LNKSTA_DLLLA;
	/* Or else a link is taken for up where there is something to have one with */
	if (!upstream && pcie_caps_reg(pdev) & PCI_EXP_FLAGS_SLOT)
		return fabric_pcie_slot_is_taken(pdev);
	return lnksta & PCI_EXP_LNKSTA_NLW;
}

/* The link of a port; @speed and @width are 0 while it is down. */
static inline enum fabric_link fabric_pcie_link(struct pci_dev *pdev, u32 *speed, u32 *width)
{
	u16 sta;

	*speed = 0;
	*width = 0;
	if (pcie_capability_read_word(pdev, PCI_EXP_LNKSTA, &sta) || PCI_POSSIBLE_ERROR(sta) ||
	    !fabric_pcie_link_is_up(pdev, sta))
		return FABRIC_LINK_DOWN;
	*speed = fabric_pcie_link_speed(FIELD_GET(PCI_EXP_LNKSTA_CLS, sta));
	*width = FIELD_GET(PCI_EXP_LNKSTA_NLW, sta);
	return FABRIC_LINK_UP;
}

#endif /* _FABRIC_PCIE_H */
