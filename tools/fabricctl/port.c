// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "fabricctl.h"

void port_out(struct out *out, const struct fabric_port *port)
{
	out_item_begin(out, "port %u", port->id);
	out_id(out, "id", port->id);
	out_u32(out, "domain-id", port->domain_id);
	out_opt_u32(out, "parent-id", port->parent_id, 0);
	out_string(out, "name", port->name);
	out_enum(out, "type", FABRIC_ENUM_PORT_TYPE, port->type);
	out_enum(out, "link", FABRIC_ENUM_LINK, port->link);
	out_speed(out, "speed", port->speed);
	out_opt_u32(out, "width", port->width, 0);
	out_enum(out, "binding", FABRIC_ENUM_BINDING, port->binding);
	out_opt_string(out, "host", port->host);
	out_strings(out, "label", port->labels, port->nr_labels);
	out_speed(out, "speed-limit", port->speed_limit);
	if (port->idle) {
		out_enum(out, "idle", FABRIC_ENUM_PORT_IDLE, port->idle);
		out_time(out, "rested", port->rested);
	}
	pci_out(out, port->pci);
	out_item_end(out);
}

struct find {
	const char *name;
	uint32_t id;
	unsigned int count;
};

static int find_cb(const struct fabric_port *port, void *data)
{
	struct find *find = data;

	if (!strcmp(port->name, find->name)) {
		find->id = port->id;
		find->count++;
	}
	return 0;
}

int port_resolve(struct ctl *ctl, const char *ref, uint32_t domain_id, uint32_t *id)
{
	struct find find = { .name = ref };
	uint64_t number;
	int err;

	if (!number_parse(ref, &number)) {
		*id = number;
		return 0;
	}
	err = fabric_port_list(ctl->ctx, domain_id, find_cb, &find);
	if (err)
		return err;
	if (!find.count)
		return ctl_fail(ctl, -ENOENT, "There is no port \"%s\"", ref);
	if (find.count > 1)
		return ctl_fail(ctl, -EINVAL, "%u ports are called \"%s\", use the id",
				find.count, ref);
	*id = find.id;
	return 0;
}

static int show_one(struct ctl *ctl, const struct fabric_port *port)
{
	out_begin(ctl->out);
	out_list_begin(ctl->out, "ports");
	port_out(ctl->out, port);
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

enum {
	SHOW_PORT,
	SHOW_DOMAIN,
};

static const struct arg show_args[] = {
	[SHOW_PORT] = { "PORT", ARG_REF, POSITIONAL,
			.help = "only the one with this id or name" },
	[SHOW_DOMAIN] = { "domain", ARG_REF, .value = "DOMAIN",
			  .help = "of this domain only, by id or name" },
};

static int show_cb(const struct fabric_port *port, void *data)
{
	port_out(data, port);
	return 0;
}

struct below {
	struct out *out;
	uint32_t port_id;	/* 0 for all */
};

static int below_cb(const struct fabric_device *device, void *data)
{
	const struct below *below = data;

	if (device->pci && (!below->port_id || device->port_id == below->port_id))
		function_out(below->out, device);
	return 0;
}

/* Ports, and whether the functions directly below them can be granted */
static int port_show(struct ctl *ctl, const struct args *args)
{
	struct below below = { .out = ctl->out };
	const struct fabric_port *port = NULL;
	uint32_t domain_id = 0;
	int err = 0;

	if (HAS(args, SHOW_DOMAIN))
		err = domain_resolve(ctl, args->value[SHOW_DOMAIN].text, &domain_id);
	if (err)
		return err;
	if (HAS(args, SHOW_PORT)) {
		err = port_resolve(ctl, args->value[SHOW_PORT].text, domain_id, &below.port_id);
		if (!err)
			err = fabric_port_get(ctl->ctx, below.port_id, &port);
		if (!err && domain_id && port->domain_id != domain_id)
			err = ctl_fail(ctl, -ENOENT, "Port %u is in another domain",
				       below.port_id);
	}
	if (err)
		return err;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "ports");
	if (port)
		port_out(ctl->out, port);
	else
		err = fabric_port_list(ctl->ctx, domain_id, show_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_list_begin(ctl->out, "functions");
	err = fabric_device_list(ctl->ctx, port ? port->domain_id : domain_id, below_cb, &below);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

enum {
	BIND_PORT,
	BIND_HOST,
};

static const struct arg bind_args[] = {
	[BIND_PORT] = { "PORT", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[BIND_HOST] = { "host", ARG_STRING, REQUIRED, .value = "NAME",
			.help = "host that is to see what is below" },
};

static int port_bind(struct ctl *ctl, const struct args *args)
{
	const struct fabric_port *port;
	uint32_t id;
	int err;

	err = port_resolve(ctl, args->value[BIND_PORT].text, 0, &id);
	if (!err)
		err = fabric_port_bind(ctl->ctx, id, args->value[BIND_HOST].text, &port);
	return err ? err : show_one(ctl, port);
}

static const struct arg unbind_args[] = {
	[BIND_PORT] = { "PORT", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
};

static int port_unbind(struct ctl *ctl, const struct args *args)
{
	const struct fabric_port *port;
	uint32_t id;
	int err;

	err = port_resolve(ctl, args->value[BIND_PORT].text, 0, &id);
	if (!err)
		err = fabric_port_unbind(ctl->ctx, id, &port);
	return err ? err : show_one(ctl, port);
}

enum {
	SET_PORT,
	SET_LINK,
	SET_LABEL,
	SET_UNLABEL,
	SET_SPEED_LIMIT,
	SET_IDLE,
};

static const uint32_t speeds[] = { 2500, 5000, 8000, 16000, 32000, 64000 };

static const char *const speed_names[] = {
	"2.5GT/s", "5GT/s", "8GT/s", "16GT/s", "32GT/s", "64GT/s", NULL
};

static const struct arg set_args[] = {
	[SET_PORT] = { "PORT", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[SET_LINK] = { "link", ARG_ENUM, .names = FABRIC_ENUM_LINK, .value = "STATE",
		       .help = "state of the link" },
	[SET_LABEL] = { "label", ARG_LABEL, REPEAT, .value = "LABEL", .help = LABEL_HELP },
	[SET_UNLABEL] = { "unlabel", ARG_STRING, REPEAT, .value = "KEY", .help = UNLABEL_HELP },
	[SET_SPEED_LIMIT] = { "speed-limit", ARG_CHOICE, .choices = speed_names, .value = "SPEED",
			      .help = "highest speed that the link may have" },
	[SET_IDLE] = { "idle", ARG_ENUM, .names = FABRIC_ENUM_PORT_IDLE, .value = "CHOICE",
		       .help = "what it does while nothing below it is used" },
};

static int port_set(struct ctl *ctl, const struct args *args)
{
	const char *labels[FABRIC_LABELS_MAX], *unlabels[FABRIC_LABELS_MAX];
	struct fabric_port_set_req req;
	const struct fabric_port *port;
	uint32_t id;
	int err;

	if (!HAS(args, SET_LINK) && !HAS(args, SET_LABEL) && !HAS(args, SET_UNLABEL) &&
	    !HAS(args, SET_SPEED_LIMIT) && !HAS(args, SET_IDLE))
		usage_error(ctl,
			    "port set: nothing to set, give link, speed-limit, idle, label or unlabel");
	if (HAS(args, SET_LINK) + HAS(args, SET_SPEED_LIMIT) + HAS(args, SET_IDLE) > 1)
		usage_error(ctl, "port set: give one of link, speed-limit and idle at a time");
	fabric_port_set_req_init(&req);
	req.link = args->value[SET_LINK].number;
	req.nr_labels = args_texts(ctl, args, SET_LABEL, labels, ARRAY_SIZE(labels));
	req.labels = labels;
	req.nr_unlabels = args_texts(ctl, args, SET_UNLABEL, unlabels, ARRAY_SIZE(unlabels));
	req.unlabels = unlabels;
	if (HAS(args, SET_SPEED_LIMIT))
		req.speed_limit = speeds[args->value[SET_SPEED_LIMIT].number];
	req.idle = args->value[SET_IDLE].number;
	err = port_resolve(ctl, args->value[SET_PORT].text, 0, &id);
	if (!err)
		err = fabric_port_set(ctl->ctx, id, &req, &port);
	return err ? err : show_one(ctl, port);
}

enum {
	POWER_PORT,
	POWER_STATE,
	POWER_FORCE,
};

static const char *const off_on[] = { "off", "on", NULL };

static const struct arg power_args[] = {
	[POWER_PORT] = { "PORT", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[POWER_STATE] = { "state", ARG_CHOICE, REQUIRED, .choices = off_on, .value = "STATE",
			  .help = "of the slot's power" },
	[POWER_FORCE] = { "force", ARG_FLAG, .help = "although the host uses what is in it" },
};

static int port_power(struct ctl *ctl, const struct args *args)
{
	const struct fabric_port *port;
	uint32_t id;
	int err;

	err = port_resolve(ctl, args->value[POWER_PORT].text, 0, &id);
	if (!err)
		err = fabric_port_get(ctl->ctx, id, &port);
	if (!err)
		err = slot_power(ctl, port, args->value[POWER_STATE].number,
				 HAS(args, POWER_FORCE));
	if (!err)
		err = fabric_port_get(ctl->ctx, id, &port);
	return err ? err : show_one(ctl, port);
}

static const struct cmd cmds[] = {
	{ "show", "Show ports", show_args, ARRAY_SIZE(show_args), .run = port_show },
	{ "bind", "Bind an unbound downstream port to a host", bind_args,
	  ARRAY_SIZE(bind_args), .run = port_bind },
	{ "unbind", "Take a downstream port from its host", unbind_args,
	  ARRAY_SIZE(unbind_args), .run = port_unbind },
	{ "set", "Change the labels of a port, its link, and how it saves power", set_args,
	  ARRAY_SIZE(set_args), .run = port_set },
	{ "power", "Switch the power of a slot on or off, by the hot-plug driver", power_args,
	  ARRAY_SIZE(power_args), .run = port_power },
};

const struct object port_object = {
	"port", "ports of switches and host bridges", cmds, ARRAY_SIZE(cmds),
};
