// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include <fabric/pcie.h>

#include "fabric_pci.h"

static int slot_number(struct pci_dev *pdev)
{
	u32 cap;

	if (!fabric_pcie_port_type(pdev))
		pdev = pci_upstream_bridge(pdev);
	if (!pdev || !pci_is_pcie(pdev) || !(pcie_caps_reg(pdev) & PCI_EXP_FLAGS_SLOT) ||
	    pcie_capability_read_dword(pdev, PCI_EXP_SLTCAP, &cap))
		return -1;
	return FIELD_GET(PCI_EXP_SLTCAP_PSN, cap);
}

/* PCIe 6.0, section 7.8.6, Resizable BAR Extended Capability */
static void rebar_sizes(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	u16 pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_REBAR);
	unsigned int nr, i, bar;
	u32 cap, ctrl;

	if (!pos || pci_read_config_dword(pdev, pos + PCI_REBAR_CTRL, &ctrl))
		return;
	nr = FIELD_GET(PCI_REBAR_CTRL_NBAR_MASK, ctrl);
	for (i = 0; i < nr; i++, pos += 8) {
		if (pci_read_config_dword(pdev, pos + PCI_REBAR_CAP, &cap) ||
		    pci_read_config_dword(pdev, pos + PCI_REBAR_CTRL, &ctrl))
			return;
		bar = FIELD_GET(PCI_REBAR_CTRL_BAR_IDX, ctrl);
		if (bar < FABRIC_PCI_BARS)
			info->bars[bar].sizes = FIELD_GET(PCI_REBAR_CAP_SIZES, cap);
	}
}

/* What stays as it is while the function is there. */
void fabric_pci_facts_init(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	u32 cap;

	strscpy(info->address, pci_name(pdev));
	info->vendor = pdev->vendor;
	info->device = pdev->device;
	info->subsystem_vendor = pdev->subsystem_vendor;
	info->subsystem_device = pdev->subsystem_device;
	info->class = pdev->class;
	info->revision = pdev->revision;
	info->serial = pci_get_dsn(pdev) ?: FABRIC_NO_SERIAL;
	info->slot = slot_number(pdev);
	info->is_port = fabric_pcie_port_type(pdev);
	info->has_aer = pdev->aer_cap;
	info->has_acs = pdev->acs_cap;
	if (pdev->is_virtfn) {
		strscpy(info->physfn, pci_name(pci_physfn(pdev)));
		info->vf_index = pci_iov_vf_id(pdev);
	} else if (pci_is_pcie(pdev)) {
		/* Link and payload of a virtual function are those of its physical one */
		pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP, &cap);
		info->speed_max = fabric_pcie_link_speed(FIELD_GET(PCI_EXP_LNKCAP_SLS, cap));
		info->width_max = FIELD_GET(PCI_EXP_LNKCAP_MLW, cap);
		info->payload_max = 128 << pdev->pcie_mpss;
	}
	rebar_sizes(pdev, info);
}

static void update_link(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	u16 ctl, sta;

	if (!info->payload_max || pcie_capability_read_word(pdev, PCI_EXP_DEVCTL, &ctl) ||
	    pcie_capability_read_word(pdev, PCI_EXP_LNKSTA, &sta) ||
	    PCI_POSSIBLE_ERROR(ctl) || PCI_POSSIBLE_ERROR(sta))
		return;
	info->payload = 128 << FIELD_GET(PCI_EXP_DEVCTL_PAYLOAD, ctl);
	info->read_request = 128 << FIELD_GET(PCI_EXP_DEVCTL_READRQ, ctl);
	info->speed = fabric_pcie_link_speed(FIELD_GET(PCI_EXP_LNKSTA_CLS, sta));
	info->width = FIELD_GET(PCI_EXP_LNKSTA_NLW, sta);
}

static void update_acs(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	u16 cap, ctl;

	if (!info->has_acs || pci_read_config_word(pdev, pdev->acs_cap + PCI_ACS_CAP, &cap) ||
	    pci_read_config_word(pdev, pdev->acs_cap + PCI_ACS_CTRL, &ctl) ||
	    PCI_POSSIBLE_ERROR(cap) || PCI_POSSIBLE_ERROR(ctl))
		return;
	/* The bits above say how many ports there are for egress control */
	info->acs = cap & (BIT(FABRIC_PCI_ACS_MAX + 1) - 1);
	info->acs_enabled = ctl & info->acs;
}

/* A line for each error there is; the last has the total. */
static u64 aer_total(struct pci_dev *pdev, const char *name, char *buf, u64 known)
{
	const char *last;
	u64 total;

	if (fabric_pci_attr_read(&pdev->dev, name, buf))
		return known;
	last = strrchr(buf, ' ');
	return last && !kstrtou64(last + 1, 10, &total) ? total : known;
}

static void update_attrs(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	/* What shows them wants the page that sysfs gives it */
	char *buf = (char *)get_zeroed_page(GFP_KERNEL);

	if (!buf)
		return;
	if (info->has_aer) {
		info->aer_correctable = aer_total(pdev, "aer_dev_correctable", buf,
						  info->aer_correctable);
		info->aer_nonfatal = aer_total(pdev, "aer_dev_nonfatal", buf, info->aer_nonfatal);
		info->aer_fatal = aer_total(pdev, "aer_dev_fatal", buf, info->aer_fatal);
	}
	memset(info->reset, 0, sizeof(info->reset));
	if (!fabric_pci_attr_read(&pdev->dev, "reset_method", buf))
		strscpy(info->reset, buf);
	free_page((unsigned long)buf);
}

/* What can change; what cannot be read stays as it was. */
void fabric_pci_facts_update(struct pci_dev *pdev, struct fabric_pci_info *info)
{
	int power = (__force int)pdev->current_state;
	unsigned int i;

	/* A function that has no power or is gone has nothing to say */
	if (!pci_dev_is_disconnected(pdev) && pdev->current_state != PCI_D3cold) {
		update_link(pdev, info);
		update_acs(pdev, info);
	}
	update_attrs(pdev, info);
	info->numa_node = dev_to_node(&pdev->dev);
	/* D0 is 0 to the kernel, and what comes behind D3cold is unknown */
	info->power = power < FABRIC_PCI_POWER_MAX ? FABRIC_PCI_POWER_D0 + power : 0;
	info->vfs = pci_num_vf(pdev);
	info->vfs_max = pci_sriov_get_totalvfs(pdev);
	for (i = 0; i < FABRIC_PCI_BARS; i++)
		info->bars[i].size = pci_resource_len(pdev, i);
	fabric_pci_isolation(pdev, info);
}
