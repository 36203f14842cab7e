// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

enum {
	LIST_MEMBERS,
	LIST_LABELS,
	LIST_LABEL_TEXT,
};

static const struct field fields[] = {
	FIELD(struct fabric_device, id, FABRIC_A_DEVICE_ID),
	FIELD(struct fabric_device, domain_id, FABRIC_A_DEVICE_DOMAIN_ID),
	FIELD(struct fabric_device, port_id, FABRIC_A_DEVICE_PORT_ID),
	FIELD(struct fabric_device, type, FABRIC_A_DEVICE_TYPE),
	FIELD(struct fabric_device, health, FABRIC_A_DEVICE_HEALTH),
	FIELD(struct fabric_device, numa_node, FABRIC_A_DEVICE_NUMA_NODE, .or_max = true),
	FIELD(struct fabric_device, serial, FABRIC_A_DEVICE_SERIAL),
	FIELD(struct fabric_device, capacity, FABRIC_A_DEVICE_CAPACITY),
	FIELD(struct fabric_device, name, FABRIC_A_DEVICE_NAME, .string = true),
	FIELD(struct fabric_device, admin_state, FABRIC_A_DEVICE_ADMIN_STATE),
	FIELD(struct fabric_device, slices, FABRIC_A_DEVICE_SLICES),
	FIELD(struct fabric_device, in_use, FABRIC_A_DEVICE_IN_USE),
	FIELD(struct fabric_device, idle_vfs, FABRIC_A_DEVICE_IDLE_VFS),
};

int parse_device(const struct nlmsghdr *nlh, struct box *box)
{
	struct fabric_device *device = &box->device;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, fields, ARRAY_SIZE(fields), device);
	err = get_numbers(&attrs, FABRIC_A_DEVICE_MEMBER_ID, &box->lists[LIST_MEMBERS],
			  &device->nr_members);
	device->members = (const uint32_t *)box->lists[LIST_MEMBERS].items;
	if (!err)
		err = get_strings(&attrs, FABRIC_A_DEVICE_LABEL, &box->lists[LIST_LABELS],
				  &box->lists[LIST_LABEL_TEXT], &device->nr_labels);
	device->labels = (const char *const *)box->lists[LIST_LABELS].items;
	if (!err)
		err = parse_pci(attrs.tb[FABRIC_A_DEVICE_PCI], box, &device->pci);
	return err;
}

static int device_talk(struct fabric_ctx *ctx, const struct fabric_device **device)
{
	struct box *box = &ctx->nl->objects.device;

	if (device)
		*device = &box->device;
	return talk_object(ctx, parse_device, box);
}

FABRIC_API int fabric_device_get(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_device **device)
{
	request_start(ctx, FABRIC_CMD_DEVICE_GET, 0);
	put_u32(ctx, FABRIC_A_DEVICE_ID, id);
	return device_talk(ctx, device);
}

static int call(struct list *list)
{
	return list->cb.device(&list->box.device, list->data);
}

FABRIC_API int fabric_device_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_device_cb cb,
				  void *data)
{
	struct list list = { .parse = parse_device, .call = call, .cb.device = cb, .data = data };

	request_start(ctx, FABRIC_CMD_DEVICE_GET, NLM_F_DUMP);
	put_id(ctx, FABRIC_A_DEVICE_DOMAIN_ID, domain_id);
	return dump(ctx, &list);
}

FABRIC_API int fabric_device_set(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_device_set_req *req,
				 const struct fabric_device **device)
{
	struct fabric_device_set_req copy;

	fabric_device_set_req_init(&copy);
	request_start(ctx, FABRIC_CMD_DEVICE_SET, NLM_F_ACK);
	request_fail(ctx, ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size));
	put_u32(ctx, FABRIC_A_DEVICE_ID, id);
	put_id(ctx, FABRIC_A_DEVICE_ADMIN_STATE, copy.admin_state);
	put_names(ctx, FABRIC_A_DEVICE_LABEL, copy.labels, copy.nr_labels);
	put_names(ctx, FABRIC_A_DEVICE_UNLABEL, copy.unlabels, copy.nr_unlabels);
	put_id(ctx, FABRIC_A_DEVICE_IDLE_VFS, copy.idle_vfs);
	return device_talk(ctx, device);
}

FABRIC_API int fabric_region_take(struct fabric_ctx *ctx, uint32_t domain_id, const char *name,
				  const struct fabric_device **device)
{
	request_start(ctx, FABRIC_CMD_REGION_TAKE, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_DEVICE_DOMAIN_ID, domain_id);
	put_name(ctx, FABRIC_A_DEVICE_NAME, name);
	return device_talk(ctx, device);
}

FABRIC_API int fabric_region_give(struct fabric_ctx *ctx, uint32_t device_id)
{
	request_start(ctx, FABRIC_CMD_REGION_GIVE, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_DEVICE_ID, device_id);
	return talk(ctx, NULL);
}
