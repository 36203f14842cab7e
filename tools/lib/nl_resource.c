// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

static const struct field fields[] = {
	FIELD(struct fabric_resource, id, FABRIC_A_RESOURCE_ID),
	FIELD(struct fabric_resource, domain_id, FABRIC_A_RESOURCE_DOMAIN_ID),
	FIELD(struct fabric_resource, device_id, FABRIC_A_RESOURCE_DEVICE_ID),
	FIELD(struct fabric_resource, kind, FABRIC_A_RESOURCE_KIND),
	FIELD(struct fabric_resource, modes, FABRIC_A_RESOURCE_MODES),
	FIELD(struct fabric_resource, slices, FABRIC_A_RESOURCE_SLICES),
	FIELD(struct fabric_resource, numa_node, FABRIC_A_RESOURCE_NUMA_NODE, .or_max = true),
	FIELD(struct fabric_resource, total, FABRIC_A_RESOURCE_TOTAL),
	FIELD(struct fabric_resource, free, FABRIC_A_RESOURCE_FREE),
	FIELD(struct fabric_resource, reserved, FABRIC_A_RESOURCE_RESERVED),
	FIELD(struct fabric_resource, granted, FABRIC_A_RESOURCE_GRANTED),
	FIELD(struct fabric_resource, quarantined, FABRIC_A_RESOURCE_QUARANTINED),
	FIELD(struct fabric_resource, largest_free, FABRIC_A_RESOURCE_LARGEST_FREE),
	FIELD(struct fabric_resource, granule, FABRIC_A_RESOURCE_GRANULE),
	FIELD(struct fabric_resource, address, FABRIC_A_RESOURCE_ADDRESS, .or_max = true),
	FIELD(struct fabric_resource, capability, FABRIC_A_RESOURCE_CAPABILITY, .string = true),
	FIELD(struct fabric_resource, port_id, FABRIC_A_RESOURCE_PORT_ID),
	FIELD(struct fabric_resource, fragmentation, FABRIC_A_RESOURCE_FRAGMENTATION),
	FIELD(struct fabric_resource, allocations, FABRIC_A_RESOURCE_ALLOCATIONS),
	FIELD(struct fabric_resource, refusals, FABRIC_A_RESOURCE_REFUSALS),
	FIELD(struct fabric_resource, reclaims, FABRIC_A_RESOURCE_RECLAIMS),
	FIELD(struct fabric_resource, high_water, FABRIC_A_RESOURCE_HIGH_WATER),
	FIELD(struct fabric_resource, withheld, FABRIC_A_RESOURCE_WITHHELD),
};

int parse_resource(const struct nlmsghdr *nlh, struct box *box)
{
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (!err)
		fill(&attrs, fields, ARRAY_SIZE(fields), &box->resource);
	return err;
}

FABRIC_API int fabric_resource_get(struct fabric_ctx *ctx, uint32_t id,
				   const struct fabric_resource **resource)
{
	struct box *box = &ctx->nl->objects.resource;

	request_start(ctx, FABRIC_CMD_RESOURCE_GET, 0);
	put_u32(ctx, FABRIC_A_RESOURCE_ID, id);
	*resource = &box->resource;
	return talk_object(ctx, parse_resource, box);
}

static int call(struct list *list)
{
	return list->cb.resource(&list->box.resource, list->data);
}

FABRIC_API int fabric_resource_list(struct fabric_ctx *ctx, uint32_t domain_id,
				    uint32_t device_id, fabric_resource_cb cb, void *data)
{
	struct list list = {
		.parse = parse_resource, .call = call, .cb.resource = cb, .data = data,
	};

	request_start(ctx, FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP);
	put_id(ctx, FABRIC_A_RESOURCE_DOMAIN_ID, domain_id);
	put_id(ctx, FABRIC_A_RESOURCE_DEVICE_ID, device_id);
	return dump(ctx, &list);
}
