// SPDX-License-Identifier: GPL-2.0
/* What ports and devices are as PCI functions; names by libpci. */

#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabricctl.h"

__attribute__((noreturn, format(printf, 1, 2)))
static void names_failed(char *format, ...)
{
	(void)format;
	fputs("fabricctl: The names of PCI devices can't be read\n", stderr);
	exit(EXIT_FAILED);
}

__attribute__((format(printf, 1, 2)))
static void names_message(char *format, ...)
{
	(void)format;
}

/* Only the list of names: pci_init() would look for hardware, and set these. */
static struct pci_access *names_open(void)
{
	struct pci_access *access = pci_alloc();

	access->error = names_failed;
	access->warning = names_message;
	access->debug = names_message;
	return access;
}

/* Not out_string(): what the list of names does not know is absent */
static void name_out(struct out *out, const char *key, int flags, int a, int b)
{
	static struct pci_access *access;
	char buf[256], *name;

	if (!access)
		access = names_open();
	name = pci_lookup_name(access, buf, sizeof(buf), flags | PCI_LOOKUP_NO_NUMBERS, a, b);
	if (name)
		out_string(out, key, name);
}

static void ids_out(struct out *out, const struct fabric_pci *pci)
{
	out_id_string(out, "address", pci->address);
	name_out(out, "class-name", PCI_LOOKUP_CLASS, pci->class_code >> 8, 0);
	name_out(out, "vendor-name", PCI_LOOKUP_VENDOR, pci->vendor, 0);
	name_out(out, "device-name", PCI_LOOKUP_DEVICE, pci->vendor, pci->device);
	out_hex(out, "vendor", pci->vendor, 4);
	out_hex(out, "device", pci->device, 4);
	if (pci->subsystem_vendor) {
		out_hex(out, "subsystem-vendor", pci->subsystem_vendor, 4);
		out_hex(out, "subsystem-device", pci->subsystem_device, 4);
	}
	out_hex(out, "class", pci->class_code, 6);
	out_hex(out, "revision", pci->revision, 2);
	if (pci->serial)
		out_u64(out, "serial", pci->serial);
	out_opt_u32(out, "numa-node", pci->numa_node, FABRIC_NO_NODE);
	out_opt_u32(out, "slot", pci->slot, FABRIC_UNSET);
}

static void link_out(struct out *out, const struct fabric_pci *pci)
{
	out_speed(out, "speed", pci->speed);
	out_speed(out, "speed-max", pci->speed_max);
	out_opt_u32(out, "width", pci->width, 0);
	out_opt_u32(out, "width-max", pci->width_max, 0);
	if (!pci->payload_max)
		return;
	out_size(out, "payload", pci->payload);
	out_size(out, "payload-max", pci->payload_max);
	out_size(out, "read-request", pci->read_request);
}

static void isolation_out(struct out *out, const struct fabric_pci *pci)
{
	if (pci->acs != FABRIC_UNSET) {
		out_flags(out, "acs", FABRIC_ENUM_PCI_ACS, pci->acs);
		out_flags(out, "acs-enabled", FABRIC_ENUM_PCI_ACS, pci->acs_enabled);
	}
	if (pci->iommu_group != FABRIC_UNSET) {
		out_u32(out, "iommu-group", pci->iommu_group);
		out_strings(out, "group-member", pci->group_members, pci->nr_group_members);
	}
	out_opt_string(out, "reset", pci->reset);
	if (pci->obstacles != FABRIC_UNSET)
		out_flags(out, "obstacle", FABRIC_ENUM_PCI_OBSTACLE, pci->obstacles);
	out_opt_string(out, "acs-missing", pci->acs_missing);
}

static void bars_out(struct out *out, const struct fabric_pci *pci)
{
	const struct fabric_pci_bar *bar;

	out_list_begin(out, "bar");
	for (bar = pci->bars; bar; bar = bar->next) {
		out_item_begin(out, "bar %u", bar->index);
		out_id(out, "index", bar->index);
		out_size(out, "size", bar->size);
		if (bar->sizes)
			out_hex(out, "sizes", bar->sizes, 1);
		out_item_end(out);
	}
	out_list_end(out);
}

void pci_out(struct out *out, const struct fabric_pci *pci)
{
	if (!pci)
		return;
	out_object_begin(out, "pci");
	ids_out(out, pci);
	link_out(out, pci);
	isolation_out(out, pci);
	if (pci->aer_correctable != FABRIC_UNSET64) {
		out_u64_usually(out, "aer-correctable", pci->aer_correctable, 0);
		out_u64_usually(out, "aer-nonfatal", pci->aer_nonfatal, 0);
		out_u64_usually(out, "aer-fatal", pci->aer_fatal, 0);
	}
	out_opt_string(out, "driver", pci->driver);
	out_opt_string(out, "host-use", pci->host_use);
	out_enum(out, "power", FABRIC_ENUM_PCI_POWER, pci->power);
	if (pci->vfs_max) {
		out_u32(out, "vfs", pci->vfs);
		out_u32(out, "vfs-max", pci->vfs_max);
	}
	out_opt_string(out, "physfn", pci->physfn);
	out_opt_u32(out, "vf-index", pci->vf_index, FABRIC_UNSET);
	bars_out(out, pci);
	out_object_end(out);
}

/* Whether a function can be handed to a holder, in short */
void function_out(struct out *out, const struct fabric_device *device)
{
	const struct fabric_pci *pci = device->pci;

	out_item_begin(out, "function %s", device->name);
	out_id_string(out, "name", device->name);
	out_u32(out, "device-id", device->id);
	out_bool(out, "grantable", !pci->obstacles);
	out_flags(out, "obstacle", FABRIC_ENUM_PCI_OBSTACLE, pci->obstacles);
	out_opt_string(out, "acs-missing", pci->acs_missing);
	out_opt_u32(out, "iommu-group", pci->iommu_group, FABRIC_UNSET);
	out_strings(out, "group-member", pci->group_members, pci->nr_group_members);
	out_opt_string(out, "host-use", pci->host_use);
	out_item_end(out);
}

/* For a line of a drawing */
void pci_draw(const struct fabric_pci *pci)
{
	const char *separator = ": ";
	unsigned int bit;

	if (pci->vfs_max)
		printf("  %u of %u VFs", pci->vfs, pci->vfs_max);
	if (*pci->physfn)
		printf("  VF %u of %s", pci->vf_index, pci->physfn);
	if (*pci->driver)
		printf("  driver %s", pci->driver);
	if (*pci->host_use)
		printf("  (%s)", pci->host_use);
	if (pci->obstacles == FABRIC_UNSET)
		return;
	printf("  %sgrantable", pci->obstacles ? "not " : "");
	for (bit = 1; bit < 32; bit++) {
		if (!(pci->obstacles & 1u << bit))
			continue;
		printf("%s%s", separator,
		       fabric_enum_name(FABRIC_ENUM_PCI_OBSTACLE, bit) ?: "?");
		separator = ", ";
	}
}

/* Of nothing, nothing; without memory, too */
struct fabric_pci *pci_copy(const struct fabric_pci *pci)
{
	struct fabric_pci_bar *bars;
	struct fabric_pci *copy;
	const char *const *members;
	uint32_t i;

	if (!pci)
		return NULL;
	copy = malloc(sizeof(*copy) + pci->nr_bars * sizeof(*bars));
	members = labels_copy(pci->group_members, pci->nr_group_members);
	if (!copy || !members) {
		free(copy);
		free((void *)members);
		return NULL;
	}
	*copy = *pci;
	copy->group_members = members;
	bars = (struct fabric_pci_bar *)(copy + 1);
	for (i = 0; i < pci->nr_bars; i++) {
		bars[i] = i ? *bars[i - 1].next : *pci->bars;
		if (i)
			bars[i - 1].next = &bars[i];
	}
	copy->bars = pci->nr_bars ? bars : NULL;
	return copy;
}

void pci_free(const struct fabric_pci *pci)
{
	if (pci)
		free((void *)pci->group_members);
	free((void *)pci);
}
