// SPDX-License-Identifier: GPL-2.0
/* What ports and devices are as PCI functions: told by the backend, kept, shown. */
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

/* Of nothing, nothing. */
int fabric_pci_copy(struct fabric_pci_info **copy, const struct fabric_pci_info *pci)
{
	*copy = pci ? kmemdup(pci, sizeof(*pci), GFP_KERNEL) : NULL;
	return pci && !*copy ? -ENOMEM : 0;
}

/* Return: whether it changed. */
bool fabric_pci_update(struct fabric_pci_info *known, const struct fabric_pci_info *pci)
{
	if (!memcmp(known, pci, sizeof(*pci)))
		return false;
	*known = *pci;
	return true;
}

/* A number that is absent if it is 0 */
static int put_opt_u32(struct sk_buff *skb, int attr, u32 value)
{
	return value ? nla_put_u32(skb, attr, value) : 0;
}

static int put_opt_string(struct sk_buff *skb, int attr, const char *string)
{
	return *string ? nla_put_string(skb, attr, string) : 0;
}

static int put_ids(struct sk_buff *skb, const struct fabric_pci_info *pci)
{
	if (nla_put_string(skb, FABRIC_A_PCI_ADDRESS, pci->address) ||
	    nla_put_u32(skb, FABRIC_A_PCI_VENDOR, pci->vendor) ||
	    nla_put_u32(skb, FABRIC_A_PCI_DEVICE, pci->device) ||
	    put_opt_u32(skb, FABRIC_A_PCI_SUBSYSTEM_VENDOR, pci->subsystem_vendor) ||
	    put_opt_u32(skb, FABRIC_A_PCI_SUBSYSTEM_DEVICE, pci->subsystem_device) ||
	    nla_put_u32(skb, FABRIC_A_PCI_CLASS, pci->class) ||
	    nla_put_u32(skb, FABRIC_A_PCI_REVISION, pci->revision) ||
	    (pci->serial != FABRIC_NO_SERIAL &&
	     nla_put_uint(skb, FABRIC_A_PCI_SERIAL, pci->serial)) ||
	    (pci->numa_node != NUMA_NO_NODE &&
	     nla_put_u32(skb, FABRIC_A_PCI_NUMA_NODE, pci->numa_node)) ||
	    (pci->slot >= 0 && nla_put_u32(skb, FABRIC_A_PCI_SLOT, pci->slot)))
		return -EMSGSIZE;
	return 0;
}

static int put_link(struct sk_buff *skb, const struct fabric_pci_info *pci)
{
	if (put_opt_u32(skb, FABRIC_A_PCI_SPEED, pci->speed) ||
	    put_opt_u32(skb, FABRIC_A_PCI_WIDTH, pci->width) ||
	    put_opt_u32(skb, FABRIC_A_PCI_SPEED_MAX, pci->speed_max) ||
	    put_opt_u32(skb, FABRIC_A_PCI_WIDTH_MAX, pci->width_max) ||
	    put_opt_u32(skb, FABRIC_A_PCI_PAYLOAD, pci->payload) ||
	    put_opt_u32(skb, FABRIC_A_PCI_PAYLOAD_MAX, pci->payload_max) ||
	    put_opt_u32(skb, FABRIC_A_PCI_READ_REQUEST, pci->read_request))
		return -EMSGSIZE;
	return 0;
}

static int put_isolation(struct sk_buff *skb, const struct fabric_pci_info *pci)
{
	unsigned int i;

	if (pci->has_acs && (nla_put_u32(skb, FABRIC_A_PCI_ACS, pci->acs) ||
			     nla_put_u32(skb, FABRIC_A_PCI_ACS_ENABLED, pci->acs_enabled)))
		return -EMSGSIZE;
	if (pci->iommu_group >= 0 &&
	    nla_put_u32(skb, FABRIC_A_PCI_IOMMU_GROUP, pci->iommu_group))
		return -EMSGSIZE;
	for (i = 0; i < pci->nr_group_members; i++) {
		if (nla_put_string(skb, FABRIC_A_PCI_GROUP_MEMBER, pci->group_members[i]))
			return -EMSGSIZE;
	}
	if (put_opt_string(skb, FABRIC_A_PCI_RESET, pci->reset) ||
	    (!pci->is_port && nla_put_u32(skb, FABRIC_A_PCI_OBSTACLE, pci->obstacles)) ||
	    put_opt_string(skb, FABRIC_A_PCI_ACS_MISSING, pci->acs_missing) ||
	    put_opt_string(skb, FABRIC_A_PCI_HOST_USE, pci->host_use))
		return -EMSGSIZE;
	return 0;
}

static int put_errors(struct sk_buff *skb, const struct fabric_pci_info *pci)
{
	if (!pci->has_aer)
		return 0;
	if (nla_put_uint(skb, FABRIC_A_PCI_AER_CORRECTABLE, pci->aer_correctable) ||
	    nla_put_uint(skb, FABRIC_A_PCI_AER_NONFATAL, pci->aer_nonfatal) ||
	    nla_put_uint(skb, FABRIC_A_PCI_AER_FATAL, pci->aer_fatal))
		return -EMSGSIZE;
	return 0;
}

static int put_sriov(struct sk_buff *skb, const struct fabric_pci_info *pci)
{
	if (pci->vfs_max && (nla_put_u32(skb, FABRIC_A_PCI_VFS, pci->vfs) ||
			     nla_put_u32(skb, FABRIC_A_PCI_VFS_MAX, pci->vfs_max)))
		return -EMSGSIZE;
	if (*pci->physfn && (nla_put_string(skb, FABRIC_A_PCI_PHYSFN, pci->physfn) ||
			     nla_put_u32(skb, FABRIC_A_PCI_VF_INDEX, pci->vf_index)))
		return -EMSGSIZE;
	return 0;
}

static int put_bars(struct sk_buff *skb, const struct fabric_pci_info *pci)
{
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; i < FABRIC_PCI_BARS; i++) {
		if (!pci->bars[i].size)
			continue;
		nest = nla_nest_start(skb, FABRIC_A_PCI_BAR);
		if (!nest || nla_put_u32(skb, FABRIC_A_PCI_BAR_INDEX, i) ||
		    nla_put_uint(skb, FABRIC_A_PCI_BAR_SIZE, pci->bars[i].size) ||
		    (pci->bars[i].sizes &&
		     nla_put_uint(skb, FABRIC_A_PCI_BAR_SIZES, pci->bars[i].sizes)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/* The caller cancels the whole message after an error. */
int fabric_pci_fill(struct sk_buff *skb, int attr, const struct fabric_pci_info *pci)
{
	struct nlattr *nest;

	if (!pci)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest || put_ids(skb, pci) || put_link(skb, pci) || put_isolation(skb, pci) ||
	    put_errors(skb, pci) || put_opt_string(skb, FABRIC_A_PCI_DRIVER, pci->driver) ||
	    put_opt_u32(skb, FABRIC_A_PCI_POWER, pci->power) || put_sriov(skb, pci) ||
	    put_bars(skb, pci))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
