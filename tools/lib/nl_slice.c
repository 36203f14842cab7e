// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

const struct field slice_fields[] = {
	FIELD(struct fabric_slice, grant_id, FABRIC_A_SLICE_GRANT_ID),
	FIELD(struct fabric_slice, index, FABRIC_A_SLICE_INDEX),
	FIELD(struct fabric_slice, domain_id, FABRIC_A_SLICE_DOMAIN_ID),
	FIELD(struct fabric_slice, device_id, FABRIC_A_SLICE_DEVICE_ID),
	FIELD(struct fabric_slice, resource_id, FABRIC_A_SLICE_RESOURCE_ID),
	FIELD(struct fabric_slice, state, FABRIC_A_SLICE_STATE),
	FIELD(struct fabric_slice, numa_node, FABRIC_A_SLICE_NUMA_NODE, .or_max = true),
	FIELD(struct fabric_slice, start, FABRIC_A_SLICE_START),
	FIELD(struct fabric_slice, length, FABRIC_A_SLICE_LENGTH),
	FIELD(struct fabric_slice, address, FABRIC_A_SLICE_ADDRESS, .or_max = true),
	FIELD(struct fabric_slice, node, FABRIC_A_SLICE_NODE, .string = true),
	FIELD(struct fabric_slice, function, FABRIC_A_SLICE_FUNCTION, .string = true),
	FIELD(struct fabric_slice, offset, FABRIC_A_SLICE_OFFSET, .or_max = true),
};

const size_t nr_slice_fields = ARRAY_SIZE(slice_fields);

static int parse_slice(const struct nlmsghdr *nlh, struct box *box)
{
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, slice_fields, nr_slice_fields, &box->slice);
	box->slice.next = NULL;
	return 0;
}

static int call(struct list *list)
{
	return list->cb.slice(&list->box.slice, list->data);
}

FABRIC_API int fabric_slice_list(struct fabric_ctx *ctx, uint32_t grant_id, uint32_t resource_id,
				 fabric_slice_cb cb, void *data)
{
	struct list list = { .parse = parse_slice, .call = call, .cb.slice = cb, .data = data };

	request_start(ctx, FABRIC_CMD_SLICE_GET, NLM_F_DUMP);
	put_id(ctx, FABRIC_A_SLICE_GRANT_ID, grant_id);
	put_id(ctx, FABRIC_A_SLICE_RESOURCE_ID, resource_id);
	return dump(ctx, &list);
}
