// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a message as its opcode and category say, tells what it reads in words,
 * and writes each structure again. So a message without reserved bits that is
 * read right comes out as it was.
 */
#include <inttypes.h>

#include "walk.h"

#define DEPTH_MAX	2

struct walk {
	struct cci_reader reader;
	struct cci_writer *again;
	FILE *text;
	unsigned int depth;
};

static void walk_in(struct walk *walk, const u8 *buf, size_t len);

#define say(walk, ...) fprintf((walk)->text, " " __VA_ARGS__)

/* Into a variable of the caller; true if it was there */
#define take(walk, to) ({						\
	cci_read(&(walk)->reader, to);					\
	if (!(walk)->reader.defect)					\
		cci_write((walk)->again, to);				\
	!(walk)->reader.defect;						\
})

static void say_bytes(struct walk *walk, const char *name, const u8 *bytes, size_t len)
{
	say(walk, "%s=", name);
	while (len && !bytes[len - 1])
		len--;
	for (size_t i = 0; i < len; i++)
		fprintf(walk->text, "%02x", bytes[i]);
}

static void walk_ids(struct walk *walk, unsigned int nr)
{
	struct cci_id id;

	while (nr-- && take(walk, &id))
		say(walk, "id=%u", id.id);
}

static void walk_identify(struct walk *walk)
{
	struct cci_identify identify;

	if (take(walk, &identify))
		say(walk, "vendor=%04x device=%04x subsystem=%04x:%04x serial=%" PRIx64
		    " max_message=%u component=%u", identify.vendor, identify.device,
		    identify.subsystem_vendor, identify.subsystem, (uint64_t)identify.serial,
		    identify.max_message, identify.component);
}

static void walk_background(struct walk *walk)
{
	struct cci_background background;

	if (take(walk, &background))
		say(walk, "running=%lu percent=%u opcode=%04x return=%04x vendor=%04x",
		    background.status & CCI_BACKGROUND_RUNNING,
		    background.status >> CCI_BACKGROUND_PERCENT_SHIFT, background.opcode,
		    background.return_code, background.vendor_status);
}

static void walk_logs(struct walk *walk)
{
	struct cci_logs logs;
	struct cci_log log;

	if (take(walk, &logs))
		say(walk, "nr=%u", logs.nr);
	for (unsigned int i = 0; i < logs.nr && take(walk, &log); i++) {
		say_bytes(walk, "uuid", log.uuid, CCI_UUID_SIZE);
		say(walk, "size=%u", log.size);
	}
}

static void walk_get_log(struct walk *walk)
{
	struct cci_get_log get;

	if (!take(walk, &get))
		return;
	say_bytes(walk, "uuid", get.uuid, CCI_UUID_SIZE);
	say(walk, "offset=%u length=%u", get.offset, get.length);
}

static void walk_effects(struct walk *walk)
{
	struct cci_effects effects;

	while (walk->reader.left && take(walk, &effects))
		say(walk, "%04x:%04x", effects.opcode, effects.effects);
}

static void walk_switch(struct walk *walk)
{
	struct cci_switch sw;

	if (!take(walk, &sw))
		return;
	say(walk, "ingress=%u ports=%u vcss=%u", sw.ingress_port, sw.ports, sw.vcss);
	say_bytes(walk, "active_ports", sw.active_ports, CCI_BITMASK_SIZE);
	say_bytes(walk, "active_vcss", sw.active_vcss, CCI_BITMASK_SIZE);
	say(walk, "vppbs=%u bound=%u decoders=%u", sw.vppbs, sw.bound_vppbs, sw.hdm_decoders);
}

static void walk_port_request(struct walk *walk)
{
	struct cci_ids ids;

	if (take(walk, &ids))
		say(walk, "nr=%u", ids.nr);
	walk_ids(walk, ids.nr);
}

static void walk_port(struct walk *walk, const struct cci_port *port)
{
	say(walk, "id=%u state=%u mode=%u type=%u modes=%02x", port->id, port->state,
	    port->device_mode, port->device_type, port->supported_modes);
	say(walk, "max_width=%u width=%u speeds=%02x max_speed=%u speed=%u", port->max_width,
	    port->width, port->supported_speeds, port->max_speed, port->speed);
	say(walk, "ltssm=%u lane=%u flags=%04x lds=%u", port->ltssm, port->first_lane,
	    port->link_flags, port->supported_lds);
}

static void walk_ports(struct walk *walk)
{
	struct cci_count count;
	struct cci_port port;

	if (take(walk, &count))
		say(walk, "nr=%u", count.nr);
	for (unsigned int i = 0; i < count.nr && take(walk, &port); i++)
		walk_port(walk, &port);
}

static void walk_port_control(struct walk *walk)
{
	struct cci_port_control control;

	if (take(walk, &control))
		say(walk, "port=%u op=%u", control.port, control.op);
}

static void walk_vcs_request(struct walk *walk)
{
	struct cci_vcs_request request;

	if (take(walk, &request))
		say(walk, "start=%u limit=%u nr=%u", request.start, request.limit, request.nr);
	walk_ids(walk, request.nr);
}

/* All vPPBs of each, which a response has if the request was for all */
static void walk_vcss(struct walk *walk)
{
	struct cci_count count;
	struct cci_vppb vppb;
	struct cci_vcs vcs;

	if (take(walk, &count))
		say(walk, "nr=%u", count.nr);
	for (unsigned int i = 0; i < count.nr && take(walk, &vcs); i++) {
		say(walk, "vcs=%u state=%u usp=%u vppbs=%u", vcs.id, vcs.state, vcs.upstream_port,
		    vcs.vppbs);
		for (unsigned int j = 0; j < vcs.vppbs && take(walk, &vppb); j++)
			say(walk, "state=%u port=%u ld=%u", vppb.state, vppb.port, vppb.ld);
	}
}

static void walk_bind(struct walk *walk)
{
	struct cci_bind bind;

	if (take(walk, &bind))
		say(walk, "vcs=%u vppb=%u port=%u ld=%u", bind.vcs, bind.vppb, bind.port, bind.ld);
}

static void walk_unbind(struct walk *walk)
{
	struct cci_unbind unbind;

	if (take(walk, &unbind))
		say(walk, "vcs=%u vppb=%u option=%u", unbind.vcs, unbind.vppb, unbind.option);
}

static void walk_tunnelled(struct walk *walk, size_t size)
{
	const u8 *message = cci_read_bytes(&walk->reader, size);

	if (!message)
		return;
	say(walk, "[");
	walk_in(walk, message, size);
	say(walk, "]");
}

static void walk_tunnel(struct walk *walk)
{
	struct cci_tunnel tunnel;

	if (!take(walk, &tunnel))
		return;
	say(walk, "id=%u type=%u size=%u", tunnel.id, tunnel.type, tunnel.size);
	walk_tunnelled(walk, tunnel.size);
}

static void walk_tunnel_response(struct walk *walk)
{
	struct cci_tunnelled tunnelled;

	if (!take(walk, &tunnelled))
		return;
	say(walk, "size=%u", tunnelled.size);
	walk_tunnelled(walk, tunnelled.size);
}

static void walk_request(struct walk *walk, u16 opcode)
{
	switch (opcode) {
	case CCI_GET_LOG:
		return walk_get_log(walk);
	case CCI_GET_PORT_STATE:
		return walk_port_request(walk);
	case CCI_PORT_CONTROL:
		return walk_port_control(walk);
	case CCI_GET_VCS_INFO:
		return walk_vcs_request(walk);
	case CCI_BIND_VPPB:
		return walk_bind(walk);
	case CCI_UNBIND_VPPB:
		return walk_unbind(walk);
	case CCI_TUNNEL:
		return walk_tunnel(walk);
	}
}

static void walk_response(struct walk *walk, u16 opcode)
{
	switch (opcode) {
	case CCI_IDENTIFY:
		return walk_identify(walk);
	case CCI_BACKGROUND_STATUS:
		return walk_background(walk);
	case CCI_GET_SUPPORTED_LOGS:
		return walk_logs(walk);
	case CCI_GET_LOG:
		return walk_effects(walk);
	case CCI_IDENTIFY_SWITCH:
		return walk_switch(walk);
	case CCI_GET_PORT_STATE:
		return walk_ports(walk);
	case CCI_GET_VCS_INFO:
		return walk_vcss(walk);
	case CCI_TUNNEL:
		return walk_tunnel_response(walk);
	}
}

static void walk_in(struct walk *walk, const u8 *buf, size_t len)
{
	struct cci_reader outer = walk->reader;
	struct cci_header header;
	enum cci_defect defect;

	if (walk->depth == DEPTH_MAX) {
		cci_write_bytes(walk->again, buf, len);
		return;
	}
	walk->depth++;
	cci_message_open(&walk->reader, &header, buf, len);
	if (!walk->reader.defect) {
		cci_write(walk->again, &header);
		fprintf(walk->text, "%s %04x tag=%u length=%lu%s return=%04x vendor=%04x:",
			header.category ? "response" : "request", header.opcode, header.tag,
			(unsigned long)(header.length & CCI_LENGTH_MASK),
			header.length & CCI_LENGTH_BACKGROUND ? " background" : "",
			header.return_code, header.vendor_status);
		if (header.category == CCI_CATEGORY_REQUEST)
			walk_request(walk, header.opcode);
		else if (header.return_code == CCI_SUCCESS)
			walk_response(walk, header.opcode);
	}
	defect = cci_reader_end(&walk->reader);
	outer.defect = outer.defect ? outer.defect : defect;
	walk->reader = outer;
	walk->depth--;
}

enum cci_defect walk_message(const u8 *buf, size_t len, FILE *text, struct cci_writer *again)
{
	struct walk walk = { .again = again, .text = text };

	walk_in(&walk, buf, len);
	return walk.reader.defect;
}
