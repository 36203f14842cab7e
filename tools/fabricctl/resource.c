// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "fabricctl.h"

void resource_out(struct out *out, const struct fabric_resource *resource)
{
	out_item_begin(out, "resource %u", resource->id);
	out_id(out, "id", resource->id);
	out_u32(out, "domain-id", resource->domain_id);
	out_opt_u32(out, "device-id", resource->device_id, 0);
	out_opt_u32(out, "port-id", resource->port_id, 0);
	out_enum(out, "kind", FABRIC_ENUM_KIND, resource->kind);
	out_string(out, "capability", resource->capability);
	out_flags(out, "modes", FABRIC_ENUM_MODE, resource->modes);
	out_amount(out, "total", resource->kind, resource->total);
	out_amount(out, "free", resource->kind, resource->free);
	out_amount(out, "reserved", resource->kind, resource->reserved);
	out_amount(out, "granted", resource->kind, resource->granted);
	out_amount(out, "quarantined", resource->kind, resource->quarantined);
	out_amount_if(out, "withheld", resource->kind, resource->withheld, resource->withheld);
	out_amount(out, "largest-free", resource->kind, resource->largest_free);
	out_amount(out, "granule", resource->kind, resource->granule);
	out_u32(out, "slices", resource->slices);
	out_address(out, "address", resource->address);
	out_opt_u32(out, "numa-node", resource->numa_node, FABRIC_NO_NODE);
	out_u64_usually(out, "allocations", resource->allocations, 0);
	out_u64_usually(out, "refusals", resource->refusals, 0);
	out_u64_usually(out, "reclaims", resource->reclaims, 0);
	out_amount_if(out, "high-water", resource->kind, resource->high_water,
		      resource->high_water);
	out_percent(out, "fragmentation", resource->fragmentation);
	out_item_end(out);
}

enum {
	SHOW_ID,
	SHOW_DOMAIN,
	SHOW_DEVICE,
};

static const struct arg show_args[] = {
	[SHOW_ID] = { "ID", ARG_ID, POSITIONAL, .help = "only the one with this id" },
	[SHOW_DOMAIN] = { "domain", ARG_REF, .value = "DOMAIN",
			  .help = "of this domain only, by id or name" },
	[SHOW_DEVICE] = { "device", ARG_REF, .value = "DEVICE",
			  .help = "of this device only, by id or name" },
};

static int show_cb(const struct fabric_resource *resource, void *data)
{
	resource_out(data, resource);
	return 0;
}

static int show_one(struct ctl *ctl, uint32_t id, uint32_t domain_id, uint32_t device_id)
{
	const struct fabric_resource *resource;
	int err;

	err = fabric_resource_get(ctl->ctx, id, &resource);
	if (err)
		return err;
	if ((domain_id && resource->domain_id != domain_id) ||
	    (device_id && resource->device_id != device_id))
		return ctl_fail(ctl, -ENOENT, "Resource %u is somewhere else", id);
	resource_out(ctl->out, resource);
	return 0;
}

static int resource_show(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id = 0, device_id = 0;
	int err = 0;

	if (HAS(args, SHOW_DOMAIN))
		err = domain_resolve(ctl, args->value[SHOW_DOMAIN].text, &domain_id);
	if (!err && HAS(args, SHOW_DEVICE))
		err = device_resolve(ctl, args->value[SHOW_DEVICE].text, domain_id, &device_id);
	if (err)
		return err;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "resources");
	if (HAS(args, SHOW_ID))
		err = show_one(ctl, args->value[SHOW_ID].number, domain_id, device_id);
	else
		err = fabric_resource_list(ctl->ctx, domain_id, device_id, show_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show resources and what is free of them", show_args,
	  ARRAY_SIZE(show_args), .run = resource_show },
};

const struct object resource_object = {
	"resource", "capacities of devices and ports", cmds, ARRAY_SIZE(cmds),
};
