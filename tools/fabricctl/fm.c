// SPDX-License-Identifier: GPL-2.0
/* The fabric manager's view of a CXL switch, through its mailbox. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "fabricctl.h"

#define NUMBER_MAX	255

static void background_out(struct out *out, const struct fabric_fm *fm)
{
	if (!fm->background_opcode)
		return;
	out_address(out, "background-opcode", fm->background_opcode);
	out_opt_string(out, "background-name", fm->background_name);
	out_if(out, "background-running", fm->background_running);
	out_percent(out, "background-percent", fm->background_percent);
	out_opt_string(out, "background-result", fm->background_result);
}

static void fm_out(struct out *out, const struct fabric_fm *fm)
{
	if (fm->port == FABRIC_FM_NO_PORT)
		out_item_begin(out, "domain %u", fm->domain_id);
	else
		out_item_begin(out, "domain %u port %u", fm->domain_id, fm->port);
	out_id(out, "domain-id", fm->domain_id);
	if (fm->port != FABRIC_FM_NO_PORT)
		out_id(out, "port", fm->port);
	out_string(out, "component", fm->component);
	out_address(out, "vendor", fm->vendor);
	out_address(out, "device", fm->device);
	out_address(out, "subsystem-vendor", fm->subsystem_vendor);
	out_address(out, "subsystem", fm->subsystem);
	out_address(out, "serial", fm->serial);
	if (fm->message_max)
		out_size(out, "message-max", fm->message_max);
	if (fm->port == FABRIC_FM_NO_PORT) {
		out_u32(out, "ingress-port", fm->ingress_port);
		out_u32(out, "ports", fm->ports);
		out_ids(out, "active-port", fm->active_ports, fm->nr_active_ports);
		out_u32(out, "vcss", fm->vcss);
		out_ids(out, "active-vcs", fm->active_vcss, fm->nr_active_vcss);
		out_u32(out, "vppbs", fm->vppbs);
		out_u32(out, "bound-vppbs", fm->bound_vppbs);
		out_u32(out, "hdm-decoders", fm->hdm_decoders);
		background_out(out, fm);
	}
	out_item_end(out);
}

enum {
	SHOW_DOMAIN,
	SHOW_PORT,
};

static const struct arg show_args[] = {
	[SHOW_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL,
			  .help = "only the switch of this one, by id or name" },
	[SHOW_PORT] = { "port", ARG_NUMBER, .value = "NUMBER", .max = NUMBER_MAX,
			.help = "the device below this physical port instead" },
};

static int show_cb(const struct fabric_domain *domain, void *data)
{
	struct ctl *ctl = data;
	const struct fabric_fm *fm;
	int err;

	err = fabric_fm_get(ctl->ctx, domain->id, FABRIC_FM_NO_PORT, &fm);
	if (err == -EOPNOTSUPP)
		return 0;
	if (!err)
		fm_out(ctl->out, fm);
	return err;
}

static int fm_show(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id, port = FABRIC_FM_NO_PORT;
	const struct fabric_fm *fm;
	int err;

	if (HAS(args, SHOW_PORT) && !HAS(args, SHOW_DOMAIN))
		usage_error(ctl, "fm show: port needs a DOMAIN");
	if (HAS(args, SHOW_PORT))
		port = args->value[SHOW_PORT].number;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "switches");
	if (HAS(args, SHOW_DOMAIN)) {
		err = domain_resolve(ctl, args->value[SHOW_DOMAIN].text, &domain_id);
		if (!err)
			err = fabric_fm_get(ctl->ctx, domain_id, port, &fm);
		if (!err)
			fm_out(ctl->out, fm);
	} else {
		err = fabric_domain_list(ctl->ctx, show_cb, ctl);
	}
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static void speeds_out(struct out *out, const struct fabric_fm_port *port)
{
	if (out->json)
		out_ids(out, "speeds", port->speeds, port->nr_speeds);
}

static void port_out_fm(struct out *out, const struct fabric_fm_port *port)
{
	out_item_begin(out, "port %u", port->number);
	out_u32(out, "domain-id", port->domain_id);
	out_id(out, "number", port->number);
	out_opt_u32(out, "port-id", port->port_id, 0);
	out_enum(out, "state", FABRIC_ENUM_FM_PORT_STATE, port->state);
	if (port->device_type)
		out_enum(out, "device-type", FABRIC_ENUM_FM_DEVICE_TYPE, port->device_type);
	if (port->device_mode)
		out_enum(out, "device-mode", FABRIC_ENUM_FM_MODE, port->device_mode);
	out_flags(out, "modes", FABRIC_ENUM_FM_MODE, port->modes);
	out_u32(out, "width", port->width);
	out_u32(out, "width-max", port->width_max);
	out_speed(out, "speed", port->speed);
	out_speed(out, "speed-max", port->speed_max);
	speeds_out(out, port);
	out_enum(out, "ltssm", FABRIC_ENUM_FM_LTSSM, port->ltssm);
	out_u32_usually(out, "first-lane", port->first_lane, 0);
	out_if(out, "lanes-reversed", port->lanes_reversed);
	out_if(out, "perst", port->perst);
	out_if(out, "present", port->present);
	out_if(out, "power-off", port->power_off);
	out_u32_usually(out, "lds", port->lds, 0);
	out_item_end(out);
}

enum {
	LIST_DOMAIN,
	LIST_PORT,
};

static const struct arg ports_args[] = {
	[LIST_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[LIST_PORT] = { "port", ARG_NUMBER, .value = "NUMBER", .max = NUMBER_MAX,
			.help = "only this physical port" },
};

static int ports_cb(const struct fabric_fm_port *port, void *data)
{
	port_out_fm(data, port);
	return 0;
}

static int fm_ports(struct ctl *ctl, const struct args *args)
{
	const struct fabric_fm_port *port;
	uint32_t domain_id;
	int err;

	err = domain_resolve(ctl, args->value[LIST_DOMAIN].text, &domain_id);
	if (err)
		return err;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "fm-ports");
	if (HAS(args, LIST_PORT)) {
		err = fabric_fm_port_get(ctl->ctx, domain_id, args->value[LIST_PORT].number,
					 &port);
		if (!err)
			port_out_fm(ctl->out, port);
	} else {
		err = fabric_fm_port_list(ctl->ctx, domain_id, ports_cb, ctl->out);
	}
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static void vcs_out(struct out *out, const struct fabric_fm_vcs *vcs)
{
	const struct fabric_fm_vppb *vppb;

	out_item_begin(out, "vcs %u", vcs->vcs);
	out_u32(out, "domain-id", vcs->domain_id);
	out_id(out, "vcs", vcs->vcs);
	out_enum(out, "state", FABRIC_ENUM_FM_VCS_STATE, vcs->state);
	out_u32(out, "upstream-port", vcs->upstream_port);
	out_opt_string(out, "host", vcs->host);
	out_list_begin(out, "vppb");
	for (vppb = vcs->vppbs; vppb; vppb = vppb->next) {
		out_item_begin(out, "vppb %u", vppb->number);
		out_id(out, "number", vppb->number);
		out_enum(out, "state", FABRIC_ENUM_FM_VPPB_STATE, vppb->state);
		out_opt_u32(out, "port", vppb->port, UINT32_MAX);
		out_opt_u32(out, "port-id", vppb->port_id, 0);
		out_opt_u32(out, "ld", vppb->ld, UINT32_MAX);
		out_item_end(out);
	}
	out_list_end(out);
	out_item_end(out);
}

static const struct arg vcs_args[] = {
	[LIST_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
};

static int vcs_cb(const struct fabric_fm_vcs *vcs, void *data)
{
	vcs_out(data, vcs);
	return 0;
}

static int fm_vcs(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id;
	int err;

	err = domain_resolve(ctl, args->value[LIST_DOMAIN].text, &domain_id);
	if (err)
		return err;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "vcss");
	err = fabric_fm_vcs_list(ctl->ctx, domain_id, vcs_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct arg commands_args[] = {
	[LIST_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[LIST_PORT] = { "port", ARG_NUMBER, .value = "NUMBER", .max = NUMBER_MAX,
			.help = "of the device below this physical port" },
};

static int commands_cb(const struct fabric_fm_command *command, void *data)
{
	struct out *out = data;

	out_item_begin(out, "command %04" PRIx32 "h", command->opcode);
	out_id(out, "opcode", command->opcode);
	out_opt_string(out, "name", command->name);
	out_bool(out, "supported", command->supported);
	if (command->supported)
		out_address(out, "effects", command->effects);
	out_item_end(out);
	return 0;
}

static int fm_commands(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id, port = FABRIC_FM_NO_PORT;
	int err;

	if (HAS(args, LIST_PORT))
		port = args->value[LIST_PORT].number;
	err = domain_resolve(ctl, args->value[LIST_DOMAIN].text, &domain_id);
	if (err)
		return err;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "commands");
	err = fabric_fm_command_list(ctl->ctx, domain_id, port, commands_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static int done(struct ctl *ctl)
{
	out_begin(ctl->out);
	out_end(ctl->out);
	return 0;
}

enum {
	BIND_DOMAIN,
	BIND_VCS,
	BIND_VPPB,
	BIND_PORT,
};

static const struct arg bind_args[] = {
	[BIND_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[BIND_VCS] = { "vcs", ARG_NUMBER, REQUIRED, .value = "ID", .max = NUMBER_MAX,
		       .help = "virtual switch" },
	[BIND_VPPB] = { "vppb", ARG_NUMBER, REQUIRED, .value = "NUMBER", .max = NUMBER_MAX,
			.help = "virtual bridge in it" },
	[BIND_PORT] = { "port", ARG_NUMBER, REQUIRED, .value = "NUMBER", .max = NUMBER_MAX,
			.help = "physical port to bind it to" },
};

static int fm_bind(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id;
	int err;

	err = domain_resolve(ctl, args->value[BIND_DOMAIN].text, &domain_id);
	if (!err)
		err = fabric_fm_bind(ctl->ctx, domain_id, args->value[BIND_VCS].number,
				     args->value[BIND_VPPB].number,
				     args->value[BIND_PORT].number);
	return err ? err : done(ctl);
}

enum {
	UNBIND_OPTION = BIND_PORT,
};

static const struct arg unbind_args[] = {
	[BIND_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[BIND_VCS] = { "vcs", ARG_NUMBER, REQUIRED, .value = "ID", .max = NUMBER_MAX,
		       .help = "virtual switch" },
	[BIND_VPPB] = { "vppb", ARG_NUMBER, REQUIRED, .value = "NUMBER", .max = NUMBER_MAX,
			.help = "virtual bridge in it" },
	[UNBIND_OPTION] = { "option", ARG_ENUM, .names = FABRIC_ENUM_FM_UNBIND, .value = "OPTION",
			    .help = "how, default managed" },
};

static int fm_unbind(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id;
	int err;

	err = domain_resolve(ctl, args->value[BIND_DOMAIN].text, &domain_id);
	if (!err)
		err = fabric_fm_unbind(ctl->ctx, domain_id, args->value[BIND_VCS].number,
				       args->value[BIND_VPPB].number,
				       args->value[UNBIND_OPTION].number);
	return err ? err : done(ctl);
}

enum {
	CONTROL_DOMAIN,
	CONTROL_PORT,
	CONTROL_OP,
	CONTROL_FORCE,
};

static const struct arg control_args[] = {
	[CONTROL_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[CONTROL_PORT] = { "port", ARG_NUMBER, REQUIRED, .value = "NUMBER", .max = NUMBER_MAX,
			   .help = "physical port" },
	[CONTROL_OP] = { "op", ARG_ENUM, REQUIRED, .names = FABRIC_ENUM_FM_PORT_OP, .value = "OP",
			 .help = "what to do" },
	[CONTROL_FORCE] = { "force", ARG_FLAG, .help = "even if slices are below it" },
};

static int fm_control(struct ctl *ctl, const struct args *args)
{
	uint32_t domain_id;
	int err;

	err = domain_resolve(ctl, args->value[CONTROL_DOMAIN].text, &domain_id);
	if (!err)
		err = fabric_fm_port_control(ctl->ctx, domain_id,
					     args->value[CONTROL_PORT].number,
					     args->value[CONTROL_OP].number,
					     HAS(args, CONTROL_FORCE));
	return err ? err : done(ctl);
}

static const struct cmd cmds[] = {
	{ "show", "Show who a switch is, and what it does in the background", show_args,
	  ARRAY_SIZE(show_args), .run = fm_show },
	{ "ports", "Show the state of physical ports", ports_args, ARRAY_SIZE(ports_args),
	  .run = fm_ports },
	{ "vcs", "Show virtual switches and what their bridges are bound to", vcs_args,
	  ARRAY_SIZE(vcs_args), .run = fm_vcs },
	{ "commands", "Show which commands a switch has, and which it lacks", commands_args,
	  ARRAY_SIZE(commands_args), .run = fm_commands },
	{ "bind", "Bind a virtual bridge to a physical port", bind_args, ARRAY_SIZE(bind_args),
	  .run = fm_bind },
	{ "unbind", "Unbind a virtual bridge", unbind_args, ARRAY_SIZE(unbind_args),
	  .run = fm_unbind },
	{ "control", "Reset a physical port", control_args, ARRAY_SIZE(control_args),
	  .run = fm_control },
};

const struct object fm_object = {
	"fm", "CXL switches through their mailboxes", cmds, ARRAY_SIZE(cmds),
};
