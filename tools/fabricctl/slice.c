// SPDX-License-Identifier: GPL-2.0
#include "fabricctl.h"

/* What a slice has both by itself and inside its grant */
void slice_fields_out(struct out *out, const struct fabric_slice *slice)
{
	out_id(out, "index", slice->index);
	out_u32(out, "domain-id", slice->domain_id);
	out_u32(out, "device-id", slice->device_id);
	out_u32(out, "resource-id", slice->resource_id);
	out_size(out, "start", slice->start);
	out_size(out, "length", slice->length);
	out_enum(out, "state", FABRIC_ENUM_SLICE_STATE, slice->state);
	out_address(out, "address", slice->address);
	out_node(out, "node", slice->node);
	out_opt_string(out, "function", slice->function);
	out_opt_u32(out, "numa-node", slice->numa_node, FABRIC_NO_NODE);
	if (slice->offset != FABRIC_UNSET64)
		out_amount_if(out, "offset", FABRIC_KIND_MEMORY, slice->offset, slice->offset);
}

static void slice_out(struct out *out, const struct fabric_slice *slice)
{
	out_item_begin(out, "slice %u of grant %u", slice->index, slice->grant_id);
	out_id(out, "grant-id", slice->grant_id);
	slice_fields_out(out, slice);
	out_item_end(out);
}

enum {
	SHOW_GRANT,
	SHOW_RESOURCE,
};

static const struct arg show_args[] = {
	[SHOW_GRANT] = { "grant", ARG_ID, .value = "ID", .help = "of this grant only" },
	[SHOW_RESOURCE] = { "resource", ARG_ID, .value = "ID", .help = "of this resource only" },
};

static int show_cb(const struct fabric_slice *slice, void *data)
{
	slice_out(data, slice);
	return 0;
}

static int slice_show(struct ctl *ctl, const struct args *args)
{
	int err;

	out_begin(ctl->out);
	out_list_begin(ctl->out, "slices");
	err = fabric_slice_list(ctl->ctx, args->value[SHOW_GRANT].number,
				args->value[SHOW_RESOURCE].number, show_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show slices", show_args, ARRAY_SIZE(show_args), .run = slice_show },
};

const struct object slice_object = {
	"slice", "extents of resources that are in grants", cmds, ARRAY_SIZE(cmds),
};
