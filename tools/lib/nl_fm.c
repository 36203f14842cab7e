// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

enum {
	LIST_ACTIVE_PORTS,
	LIST_ACTIVE_VCSS,
};

static const struct field fields[] = {
	FIELD(struct fabric_fm, domain_id, FABRIC_A_FM_DOMAIN_ID),
	FIELD(struct fabric_fm, vendor, FABRIC_A_FM_VENDOR),
	FIELD(struct fabric_fm, device, FABRIC_A_FM_DEVICE),
	FIELD(struct fabric_fm, subsystem_vendor, FABRIC_A_FM_SUBSYSTEM_VENDOR),
	FIELD(struct fabric_fm, subsystem, FABRIC_A_FM_SUBSYSTEM),
	FIELD(struct fabric_fm, serial, FABRIC_A_FM_SERIAL),
	FIELD(struct fabric_fm, message_max, FABRIC_A_FM_MESSAGE_MAX),
	FIELD(struct fabric_fm, component, FABRIC_A_FM_COMPONENT, .string = true),
	FIELD(struct fabric_fm, port, FABRIC_A_FM_PORT, .or_max = true),
	FIELD(struct fabric_fm, ingress_port, FABRIC_A_FM_INGRESS_PORT),
	FIELD(struct fabric_fm, ports, FABRIC_A_FM_PORTS),
	FIELD(struct fabric_fm, vcss, FABRIC_A_FM_VCSS),
	FIELD(struct fabric_fm, vppbs, FABRIC_A_FM_VPPBS),
	FIELD(struct fabric_fm, bound_vppbs, FABRIC_A_FM_BOUND_VPPBS),
	FIELD(struct fabric_fm, hdm_decoders, FABRIC_A_FM_HDM_DECODERS),
	FIELD(struct fabric_fm, background_opcode, FABRIC_A_FM_BACKGROUND_OPCODE),
	FIELD(struct fabric_fm, background_running, FABRIC_A_FM_BACKGROUND_RUNNING),
	FIELD(struct fabric_fm, background_percent, FABRIC_A_FM_BACKGROUND_PERCENT),
	FIELD(struct fabric_fm, background_name, FABRIC_A_FM_BACKGROUND_NAME, .string = true),
	FIELD(struct fabric_fm, background_result, FABRIC_A_FM_BACKGROUND_RESULT, .string = true),
};

static int parse_fm(const struct nlmsghdr *nlh, struct box *box)
{
	struct fabric_fm *fm = &box->fm;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, fields, ARRAY_SIZE(fields), fm);
	err = get_numbers(&attrs, FABRIC_A_FM_ACTIVE_PORT, &box->lists[LIST_ACTIVE_PORTS],
			  &fm->nr_active_ports);
	if (!err)
		err = get_numbers(&attrs, FABRIC_A_FM_ACTIVE_VCS, &box->lists[LIST_ACTIVE_VCSS],
				  &fm->nr_active_vcss);
	fm->active_ports = (const uint32_t *)box->lists[LIST_ACTIVE_PORTS].items;
	fm->active_vcss = (const uint32_t *)box->lists[LIST_ACTIVE_VCSS].items;
	return err;
}

FABRIC_API int fabric_fm_get(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t port,
			     const struct fabric_fm **fm)
{
	struct box *box = &ctx->nl->objects.fm;

	request_start(ctx, FABRIC_CMD_FM_GET, 0);
	put_u32(ctx, FABRIC_A_FM_DOMAIN_ID, domain_id);
	if (port != FABRIC_FM_NO_PORT)
		put_u32(ctx, FABRIC_A_FM_PORT, port);
	*fm = &box->fm;
	return talk_object(ctx, parse_fm, box);
}

static const struct field port_fields[] = {
	FIELD(struct fabric_fm_port, domain_id, FABRIC_A_FM_PORT_DOMAIN_ID),
	FIELD(struct fabric_fm_port, number, FABRIC_A_FM_PORT_NUMBER),
	FIELD(struct fabric_fm_port, port_id, FABRIC_A_FM_PORT_PORT_ID),
	FIELD(struct fabric_fm_port, state, FABRIC_A_FM_PORT_STATE),
	FIELD(struct fabric_fm_port, device_mode, FABRIC_A_FM_PORT_DEVICE_MODE),
	FIELD(struct fabric_fm_port, device_type, FABRIC_A_FM_PORT_DEVICE_TYPE),
	FIELD(struct fabric_fm_port, modes, FABRIC_A_FM_PORT_MODES),
	FIELD(struct fabric_fm_port, width_max, FABRIC_A_FM_PORT_WIDTH_MAX),
	FIELD(struct fabric_fm_port, width, FABRIC_A_FM_PORT_WIDTH),
	FIELD(struct fabric_fm_port, speed_max, FABRIC_A_FM_PORT_SPEED_MAX),
	FIELD(struct fabric_fm_port, speed, FABRIC_A_FM_PORT_SPEED),
	FIELD(struct fabric_fm_port, ltssm, FABRIC_A_FM_PORT_LTSSM),
	FIELD(struct fabric_fm_port, first_lane, FABRIC_A_FM_PORT_FIRST_LANE),
	FIELD(struct fabric_fm_port, lanes_reversed, FABRIC_A_FM_PORT_LANES_REVERSED),
	FIELD(struct fabric_fm_port, perst, FABRIC_A_FM_PORT_PERST),
	FIELD(struct fabric_fm_port, present, FABRIC_A_FM_PORT_PRESENT),
	FIELD(struct fabric_fm_port, power_off, FABRIC_A_FM_PORT_POWER_OFF),
	FIELD(struct fabric_fm_port, lds, FABRIC_A_FM_PORT_LDS),
};

static int parse_fm_port(const struct nlmsghdr *nlh, struct box *box)
{
	struct fabric_fm_port *port = &box->fm_port;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, port_fields, ARRAY_SIZE(port_fields), port);
	err = get_numbers(&attrs, FABRIC_A_FM_PORT_SPEEDS, &box->lists[0], &port->nr_speeds);
	port->speeds = (const uint32_t *)box->lists[0].items;
	return err;
}

FABRIC_API int fabric_fm_port_get(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t number,
				  const struct fabric_fm_port **port)
{
	struct box *box = &ctx->nl->objects.fm_port;

	request_start(ctx, FABRIC_CMD_FM_PORT_GET, 0);
	put_u32(ctx, FABRIC_A_FM_PORT_DOMAIN_ID, domain_id);
	put_u32(ctx, FABRIC_A_FM_PORT_NUMBER, number);
	*port = &box->fm_port;
	return talk_object(ctx, parse_fm_port, box);
}

static int call_port(struct list *list)
{
	return list->cb.fm_port(&list->box.fm_port, list->data);
}

FABRIC_API int fabric_fm_port_list(struct fabric_ctx *ctx, uint32_t domain_id,
				   fabric_fm_port_cb cb, void *data)
{
	struct list list = {
		.parse = parse_fm_port, .call = call_port, .cb.fm_port = cb, .data = data
	};

	request_start(ctx, FABRIC_CMD_FM_PORT_GET, NLM_F_DUMP);
	put_u32(ctx, FABRIC_A_FM_PORT_DOMAIN_ID, domain_id);
	return dump(ctx, &list);
}

FABRIC_API int fabric_fm_port_control(struct fabric_ctx *ctx, uint32_t domain_id,
				      uint32_t number, enum fabric_fm_port_op op, bool force)
{
	request_start(ctx, FABRIC_CMD_FM_PORT_CONTROL, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_FM_PORT_DOMAIN_ID, domain_id);
	put_u32(ctx, FABRIC_A_FM_PORT_NUMBER, number);
	put_u32(ctx, FABRIC_A_FM_PORT_OPERATION, op);
	if (force)
		put_flag(ctx, FABRIC_A_FM_PORT_FORCE);
	return talk(ctx, NULL);
}

static const struct field vcs_fields[] = {
	FIELD(struct fabric_fm_vcs, domain_id, FABRIC_A_FM_VCS_DOMAIN_ID),
	FIELD(struct fabric_fm_vcs, vcs, FABRIC_A_FM_VCS_VCS),
	FIELD(struct fabric_fm_vcs, state, FABRIC_A_FM_VCS_STATE),
	FIELD(struct fabric_fm_vcs, upstream_port, FABRIC_A_FM_VCS_UPSTREAM_PORT),
	FIELD(struct fabric_fm_vcs, host, FABRIC_A_FM_VCS_HOST, .string = true),
};

static const struct field vppb_fields[] = {
	FIELD(struct fabric_fm_vppb, number, FABRIC_A_FM_VPPB_NUMBER),
	FIELD(struct fabric_fm_vppb, state, FABRIC_A_FM_VPPB_STATE),
	FIELD(struct fabric_fm_vppb, port, FABRIC_A_FM_VPPB_PORT, .or_max = true),
	FIELD(struct fabric_fm_vppb, port_id, FABRIC_A_FM_VPPB_PORT_ID),
	FIELD(struct fabric_fm_vppb, ld, FABRIC_A_FM_VPPB_LD, .or_max = true),
};

static int parse_fm_vcs(const struct nlmsghdr *nlh, struct box *box)
{
	static const struct nests vppbs = {
		FABRIC_A_FM_VCS_VPPB, vppb_fields, ARRAY_SIZE(vppb_fields),
		sizeof(struct fabric_fm_vppb),
	};
	struct fabric_fm_vcs *vcs = &box->fm_vcs;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, vcs_fields, ARRAY_SIZE(vcs_fields), vcs);
	vcs->vppbs = NULL;
	err = get_nests(&attrs, &vppbs, &box->lists[0], &vcs->nr_vppbs);
	if (!err && vcs->nr_vppbs)
		vcs->vppbs = (const struct fabric_fm_vppb *)box->lists[0].items;
	return err;
}

static int call_vcs(struct list *list)
{
	return list->cb.fm_vcs(&list->box.fm_vcs, list->data);
}

FABRIC_API int fabric_fm_vcs_list(struct fabric_ctx *ctx, uint32_t domain_id,
				  fabric_fm_vcs_cb cb, void *data)
{
	struct list list = {
		.parse = parse_fm_vcs, .call = call_vcs, .cb.fm_vcs = cb, .data = data
	};

	request_start(ctx, FABRIC_CMD_FM_VCS_GET, NLM_F_DUMP);
	put_u32(ctx, FABRIC_A_FM_VCS_DOMAIN_ID, domain_id);
	return dump(ctx, &list);
}

FABRIC_API int fabric_fm_bind(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t vcs,
			      uint32_t vppb, uint32_t port)
{
	request_start(ctx, FABRIC_CMD_FM_BIND, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_FM_VCS_DOMAIN_ID, domain_id);
	put_u32(ctx, FABRIC_A_FM_VCS_VCS, vcs);
	put_u32(ctx, FABRIC_A_FM_VCS_NUMBER, vppb);
	put_u32(ctx, FABRIC_A_FM_VCS_PORT, port);
	return talk(ctx, NULL);
}

FABRIC_API int fabric_fm_unbind(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t vcs,
				uint32_t vppb, enum fabric_fm_unbind option)
{
	request_start(ctx, FABRIC_CMD_FM_UNBIND, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_FM_VCS_DOMAIN_ID, domain_id);
	put_u32(ctx, FABRIC_A_FM_VCS_VCS, vcs);
	put_u32(ctx, FABRIC_A_FM_VCS_NUMBER, vppb);
	put_id(ctx, FABRIC_A_FM_VCS_OPTION, option);
	return talk(ctx, NULL);
}

static const struct field command_fields[] = {
	FIELD(struct fabric_fm_command, domain_id, FABRIC_A_FM_COMMAND_DOMAIN_ID),
	FIELD(struct fabric_fm_command, opcode, FABRIC_A_FM_COMMAND_OPCODE),
	FIELD(struct fabric_fm_command, supported, FABRIC_A_FM_COMMAND_SUPPORTED),
	FIELD(struct fabric_fm_command, effects, FABRIC_A_FM_COMMAND_EFFECTS),
	FIELD(struct fabric_fm_command, name, FABRIC_A_FM_COMMAND_NAME, .string = true),
};

static int parse_fm_command(const struct nlmsghdr *nlh, struct box *box)
{
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (!err)
		fill(&attrs, command_fields, ARRAY_SIZE(command_fields), &box->fm_command);
	return err;
}

static int call_command(struct list *list)
{
	return list->cb.fm_command(&list->box.fm_command, list->data);
}

FABRIC_API int fabric_fm_command_list(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t port,
				      fabric_fm_command_cb cb, void *data)
{
	struct list list = {
		.parse = parse_fm_command, .call = call_command, .cb.fm_command = cb, .data = data
	};

	request_start(ctx, FABRIC_CMD_FM_COMMAND_GET, NLM_F_DUMP);
	put_u32(ctx, FABRIC_A_FM_COMMAND_DOMAIN_ID, domain_id);
	if (port != FABRIC_FM_NO_PORT)
		put_u32(ctx, FABRIC_A_FM_COMMAND_PORT, port);
	return dump(ctx, &list);
}
