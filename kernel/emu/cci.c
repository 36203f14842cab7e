// SPDX-License-Identifier: GPL-2.0
/*
 * The mailbox of the emulated switch: bytes of a request in, bytes of a response
 * out, as a real switch would answer.
 *
 * A host is a virtual switch, whose id is the physical number of its upstream
 * port; downstream ports follow. Each virtual switch has as many vPPBs as there
 * are downstream ports, so that any port can be bound to any host.
 */
#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/string.h>

#include <fabric/cci.h>
#include "emu.h"

/* Binary logarithm of the longest payload */
#define EMU_CCI_PAYLOAD_SHIFT	12
#define EMU_CCI_PAYLOAD_MAX	BIT(EMU_CCI_PAYLOAD_SHIFT)

/* CXL 3.1, section 8.2.9.5.2.1 */
#define EFFECT_CONFIG_CHANGE	BIT(1)
#define EFFECT_BACKGROUND	BIT(6)

/**
 * struct emu_command - a command of a mailbox
 * @opcode: the command
 * @effects: what the Command Effects Log says of it
 * @run: read the request, write the response, return a return code
 */
struct emu_command {
	u16 opcode;
	u16 effects;
	u16 (*run)(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		   struct cci_writer *out);
};

static const struct emu_command switch_commands[];
static const struct emu_command device_commands[];

/* The whole request was read. */
static u16 input_ends(struct cci_reader *in)
{
	switch (cci_reader_end(in)) {
	case CCI_FINE:
		return CCI_SUCCESS;
	case CCI_RESERVED:
		return CCI_INVALID_INPUT;
	default:
		return CCI_INVALID_PAYLOAD_LENGTH;
	}
}

static unsigned int nr_hosts(struct emu_switch *sw)
{
	return list_count_nodes(&sw->hosts);
}

static unsigned int nr_ports(struct emu_switch *sw)
{
	return list_count_nodes(&sw->ports);
}

static struct emu_port *port_by_number(struct list_head *list, u8 number)
{
	struct emu_port *port;

	list_for_each_entry(port, list, node) {
		if (port->number == number)
			return port;
	}
	return NULL;
}

/* What is plugged below a port, or NULL */
static struct emu_device *device_below(struct emu_port *port)
{
	struct emu_device *device;

	list_for_each_entry(device, &port->sw->devices, node) {
		if (READ_ONCE(device->device) &&
		    !strcmp(device->port, config_item_name(&port->item)))
			return device;
	}
	return NULL;
}

static struct emu_port *port_at_vppb(struct emu_switch *sw, struct emu_port *host, u8 vppb)
{
	struct emu_port *port;

	lockdep_assert_held(&sw->cci.lock);
	list_for_each_entry(port, &sw->ports, node) {
		if (port->bound == host && port->vppb == vppb)
			return port;
	}
	return NULL;
}

static bool is_changing(struct emu_cci *cci, struct emu_port *host, u8 vppb)
{
	lockdep_assert_held(&cci->lock);
	return cci->running && cci->host == host && cci->vppb == vppb;
}

/* Bind a port to the first vPPB of the host that is free; there is one for each port. */
int emu_cci_bind(struct emu_port *port, struct emu_port *host)
{
	struct emu_switch *sw = port->sw;
	unsigned int vppb = 0, nr = nr_ports(sw);

	if (sw->cci.absent) {
		WRITE_ONCE(port->bound, host);
		return 0;
	}
	spin_lock(&sw->cci.lock);
	while (vppb < nr &&
	       (port_at_vppb(sw, host, vppb) || is_changing(&sw->cci, host, vppb)))
		vppb++;
	if (vppb < nr) {
		port->vppb = vppb;
		WRITE_ONCE(port->bound, host);
	}
	spin_unlock(&sw->cci.lock);
	return vppb < nr ? 0 : -ENOSPC;
}

void emu_cci_unbind(struct emu_port *port)
{
	spin_lock(&port->sw->cci.lock);
	WRITE_ONCE(port->bound, NULL);
	spin_unlock(&port->sw->cci.lock);
}

/* CXL 3.1, section 8.2.9.1.1: Identify */
static u16 identify(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		    struct cci_writer *out)
{
	const struct cci_identify identify = {
		.serial = device ? device->serial : 0,
		.max_message = EMU_CCI_PAYLOAD_SHIFT,
		.component = device ? CCI_COMPONENT_TYPE3 : CCI_COMPONENT_SWITCH,
	};
	u16 code = input_ends(in);

	if (code == CCI_SUCCESS)
		cci_write(out, &identify);
	return code;
}

/* CXL 3.1, section 8.2.9.1.2: Background Operation Status */
static u16 background_status(struct emu_switch *sw, struct emu_device *device,
			     struct cci_reader *in, struct cci_writer *out)
{
	struct cci_background background = {};
	u16 code = input_ends(in);

	if (code != CCI_SUCCESS)
		return code;
	spin_lock(&sw->cci.lock);
	background.opcode = sw->cci.opcode;
	if (sw->cci.running)
		background.status = CCI_BACKGROUND_RUNNING;
	else if (background.opcode)
		background.status = 100 << CCI_BACKGROUND_PERCENT_SHIFT;
	background.return_code = sw->cci.result;
	spin_unlock(&sw->cci.lock);
	cci_write(out, &background);
	return CCI_SUCCESS;
}

static const struct emu_command *commands_of(struct emu_device *device)
{
	return device ? device_commands : switch_commands;
}

static unsigned int nr_commands(const struct emu_command *commands)
{
	unsigned int nr = 0;

	while (commands[nr].run)
		nr++;
	return nr;
}

/* CXL 3.1, section 8.2.9.5.1: Get Supported Logs */
static u16 logs_get(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		    struct cci_writer *out)
{
	const struct cci_logs logs = { .nr = 1 };
	struct cci_log log = { .size = nr_commands(commands_of(device)) * 4 };
	u16 code = input_ends(in);

	if (code != CCI_SUCCESS)
		return code;
	memcpy(log.uuid, cci_effects_log_uuid, sizeof(log.uuid));
	cci_write(out, &logs);
	cci_write(out, &log);
	return CCI_SUCCESS;
}

/* CXL 3.1, section 8.2.9.5.2: Get Log; entries are read whole */
static u16 log_get(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		   struct cci_writer *out)
{
	const struct emu_command *commands = commands_of(device);
	u32 i, first, nr = nr_commands(commands);
	struct cci_get_log get;
	u16 code;

	cci_read(in, &get);
	code = input_ends(in);
	if (code != CCI_SUCCESS)
		return code;
	if (memcmp(get.uuid, cci_effects_log_uuid, sizeof(get.uuid)))
		return CCI_INVALID_LOG;
	first = get.offset / 4;
	if (get.offset % 4 || get.length % 4 || first > nr || get.length / 4 > nr - first)
		return CCI_INVALID_INPUT;
	for (i = first; i < first + get.length / 4; i++) {
		const struct cci_effects effects = {
			.opcode = commands[i].opcode, .effects = commands[i].effects
		};

		cci_write(out, &effects);
	}
	return CCI_SUCCESS;
}

static void set_bits_from(u8 *bits, unsigned int first, unsigned int nr)
{
	for (; nr--; first++)
		bits[first / BITS_PER_BYTE] |= BIT(first % BITS_PER_BYTE);
}

/* CXL 3.1, section 7.6.7.1.1: Identify Switch Device */
static u16 switch_identify(struct emu_switch *sw, struct emu_device *device,
			   struct cci_reader *in, struct cci_writer *out)
{
	unsigned int hosts = nr_hosts(sw), ports = nr_ports(sw);
	struct cci_switch identity = {
		.ports = hosts + ports,
		.vcss = hosts,
		.vppbs = hosts * ports,
	};
	struct emu_port *port;
	u16 code = input_ends(in);

	if (code != CCI_SUCCESS)
		return code;
	set_bits_from(identity.active_ports, 0, hosts + ports);
	set_bits_from(identity.active_vcss, 0, hosts);
	list_for_each_entry(port, &sw->ports, node)
		identity.bound_vppbs += !!READ_ONCE(port->bound);
	cci_write(out, &identity);
	return CCI_SUCCESS;
}

/* Encoding of PCIe 6.0, section 7.5.3.6; 0 for a speed that has none */
static u8 speed_code(u32 speed)
{
	static const u32 speeds[] = { 0, 2500, 5000, 8000, 16000, 32000, 64000, 128000 };
	u8 code;

	for (code = 1; code < ARRAY_SIZE(speeds); code++) {
		if (speeds[code] == speed)
			return code;
	}
	return 0;
}

static u8 port_state(struct emu_port *port)
{
	struct emu_cci *cci = &port->sw->cci;
	u8 state = CCI_PORT_DOWNSTREAM;

	if (port->type == FABRIC_PORT_TYPE_UPSTREAM)
		return CCI_PORT_UPSTREAM;
	spin_lock(&cci->lock);
	if (cci->running && cci->port == port)
		state = cci->opcode == CCI_BIND_VPPB ? CCI_PORT_BINDING : CCI_PORT_UNBINDING;
	spin_unlock(&cci->lock);
	return state;
}

static void port_write(struct emu_port *port, struct cci_writer *out)
{
	bool downstream = port->type == FABRIC_PORT_TYPE_DOWNSTREAM;
	bool up = READ_ONCE(port->link_now) == FABRIC_LINK_UP;
	bool device = downstream && device_below(port);
	u8 speed = speed_code(port->speed);
	struct cci_port state = {
		.id = port->number,
		.state = port_state(port),
		.device_mode = device && up ? CCI_MODE_256B : CCI_MODE_NONE,
		.device_type = device ? CCI_DEVICE_TYPE3_SLD : CCI_DEVICE_NONE,
		.supported_modes = CCI_SUPPORTS_68B | CCI_SUPPORTS_256B,
		.max_width = port->width,
		.width = up ? port->width : 0,
		.supported_speeds = speed ? GENMASK(speed - 1, 0) : 0,
		.max_speed = speed,
		.speed = up ? speed_code(READ_ONCE(port->speed_now)) : 0,
		.ltssm = up ? CCI_LTSSM_L0 : CCI_LTSSM_DETECT,
		/* A slot says so although it is empty: its link is what it is set to */
		.link_flags = downstream ? CCI_LINK_PRESENT : 0,
	};

	if (READ_ONCE(port->perst))
		state.link_flags |= CCI_LINK_PERST;
	cci_write(out, &state);
}

/* CXL 3.1, section 7.6.7.1.2: Get Physical Port State */
static u16 ports_state(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		       struct cci_writer *out)
{
	struct cci_count count = {};
	struct emu_port *port;
	struct cci_ids ids;
	struct cci_id id;
	unsigned int i;

	cci_read(in, &ids);
	count.nr = ids.nr;
	cci_write(out, &count);
	for (i = 0; i < ids.nr; i++) {
		struct cci_port none = { .state = CCI_PORT_INVALID };

		cci_read(in, &id);
		if (in->defect)
			break;
		none.id = id.id;
		port = port_by_number(&sw->hosts, id.id) ?: port_by_number(&sw->ports, id.id);
		if (port)
			port_write(port, out);
		else
			cci_write(out, &none);
	}
	return input_ends(in);
}

/* CXL 3.1, section 7.6.7.1.3: Physical Port Control */
static u16 port_control(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
			struct cci_writer *out)
{
	struct cci_port_control control;
	struct emu_port *port;
	bool assert, deassert;
	u16 code;

	cci_read(in, &control);
	code = input_ends(in);
	if (code != CCI_SUCCESS)
		return code;
	port = port_by_number(&sw->ports, control.port);
	if (!port)
		return CCI_INVALID_INPUT;
	if (emu_fault(sw, EMU_OP_PORT_SET_LINK, NULL, NULL))
		return CCI_INTERNAL_ERROR;
	assert = control.op == CCI_PORT_ASSERT_PERST;
	deassert = control.op == CCI_PORT_DEASSERT_PERST;
	/* While it is asserted nothing but its end is taken, else anything but that */
	if (READ_ONCE(port->perst) != deassert)
		return CCI_INTERNAL_ERROR;
	if (control.op == CCI_PORT_RESET)
		return CCI_SUCCESS;
	WRITE_ONCE(port->perst, assert);
	WRITE_ONCE(port->link_now, assert ? FABRIC_LINK_DOWN : FABRIC_LINK_UP);
	return CCI_SUCCESS;
}

static void vppb_write(struct emu_switch *sw, struct emu_port *host, u8 vppb,
		       struct cci_writer *out)
{
	struct cci_vppb state = { .ld = CCI_VPPB_NO_LD };
	struct emu_port *port;

	spin_lock(&sw->cci.lock);
	port = port_at_vppb(sw, host, vppb);
	if (is_changing(&sw->cci, host, vppb)) {
		state.state = CCI_VPPB_CHANGING;
	} else if (port) {
		state.state = CCI_VPPB_BOUND_PORT;
		state.port = port->number;
	}
	spin_unlock(&sw->cci.lock);
	cci_write(out, &state);
}

static void vcs_write(struct emu_switch *sw, u8 id, const struct cci_vcs_request *request,
		      struct cci_writer *out)
{
	struct emu_port *host = port_by_number(&sw->hosts, id);
	struct cci_vcs vcs = { .id = id, .state = CCI_VCS_INVALID };
	unsigned int i;

	if (host) {
		vcs.state = CCI_VCS_ENABLED;
		vcs.upstream_port = id;
		vcs.vppbs = nr_ports(sw);
	}
	cci_write(out, &vcs);
	for (i = request->start; i < vcs.vppbs && i < request->start + request->limit; i++)
		vppb_write(sw, host, i, out);
}

/* CXL 3.1, section 7.6.7.2.1: Get Virtual CXL Switch Info */
static u16 vcs_info(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		    struct cci_writer *out)
{
	struct cci_vcs_request request;
	struct cci_count count = {};
	struct cci_id id;
	unsigned int i;

	cci_read(in, &request);
	if (!in->defect && !request.limit)
		return CCI_INVALID_INPUT;
	count.nr = request.nr;
	cci_write(out, &count);
	for (i = 0; i < request.nr; i++) {
		cci_read(in, &id);
		if (in->defect)
			break;
		vcs_write(sw, id.id, &request, out);
	}
	return input_ends(in);
}

static u16 background_begin(struct emu_cci *cci, u16 opcode, struct emu_port *host,
			    struct emu_port *port, u8 vppb)
{
	lockdep_assert_held(&cci->lock);
	cci->running = true;
	cci->opcode = opcode;
	cci->result = CCI_SUCCESS;
	cci->host = host;
	cci->port = port;
	cci->vppb = vppb;
	schedule_work(&cci->work);
	return CCI_BACKGROUND_STARTED;
}

static u16 result_of(int ret)
{
	switch (ret) {
	case 0:
		return CCI_SUCCESS;
	case -EBUSY:
		return CCI_BUSY;
	case -EINVAL:
		return CCI_INVALID_INPUT;
	case -ECANCELED:
		return CCI_ABORTED;
	default:
		return CCI_INTERNAL_ERROR;
	}
}

static void background_work(struct work_struct *work)
{
	struct emu_cci *cci = container_of(work, struct emu_cci, work);
	bool bind = cci->opcode == CCI_BIND_VPPB;
	int ret;

	ret = emu_fault(cci->sw, bind ? EMU_OP_PORT_BIND : EMU_OP_PORT_UNBIND, NULL, NULL);
	spin_lock(&cci->lock);
	cci->result = result_of(ret);
	if (!ret && bind)
		cci->port->vppb = cci->vppb;
	if (!ret)
		WRITE_ONCE(cci->port->bound, bind ? cci->host : NULL);
	cci->running = false;
	spin_unlock(&cci->lock);
}

/* CXL 3.1, section 7.6.7.2.2: Bind vPPB; the devices have no logical devices */
static u16 vppb_bind(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		     struct cci_writer *out)
{
	struct emu_port *host, *port;
	struct cci_bind bind;
	u16 code;

	cci_read(in, &bind);
	code = input_ends(in);
	if (code != CCI_SUCCESS)
		return code;
	host = port_by_number(&sw->hosts, bind.vcs);
	port = port_by_number(&sw->ports, bind.port);
	if (!host || !port || bind.vppb >= nr_ports(sw) || bind.ld != CCI_BIND_NO_LD)
		return CCI_INVALID_INPUT;
	spin_lock(&sw->cci.lock);
	if (sw->cci.running)
		code = CCI_BUSY;
	else if (port->bound || port_at_vppb(sw, host, bind.vppb))
		code = CCI_INVALID_INPUT;
	else
		code = background_begin(&sw->cci, CCI_BIND_VPPB, host, port, bind.vppb);
	spin_unlock(&sw->cci.lock);
	return code;
}

/* CXL 3.1, section 7.6.7.2.3: Unbind vPPB; nothing here tells one option from another */
static u16 vppb_unbind(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		       struct cci_writer *out)
{
	struct emu_port *host, *port;
	struct cci_unbind unbind;
	u16 code;

	cci_read(in, &unbind);
	code = input_ends(in);
	if (code != CCI_SUCCESS)
		return code;
	host = port_by_number(&sw->hosts, unbind.vcs);
	if (!host)
		return CCI_INVALID_INPUT;
	spin_lock(&sw->cci.lock);
	port = port_at_vppb(sw, host, unbind.vppb);
	if (sw->cci.running)
		code = CCI_BUSY;
	else if (!port)
		code = CCI_INVALID_INPUT;
	else
		code = background_begin(&sw->cci, CCI_UNBIND_VPPB, host, port, unbind.vppb);
	spin_unlock(&sw->cci.lock);
	return code;
}

static size_t process(struct emu_switch *sw, struct emu_device *device,
		      const struct emu_command *commands, const void *request, size_t len,
		      void *response, size_t size);

/* CXL 3.1, section 7.6.7.3.1: Tunnel Management Command, to what is below a port */
static u16 tunnel(struct emu_switch *sw, struct emu_device *device, struct cci_reader *in,
		  struct cci_writer *out)
{
	struct cci_tunnelled tunnelled = {};
	struct cci_tunnel tunnel;
	size_t at = out->used + 4;
	struct emu_device *below;
	struct emu_port *port;
	const u8 *request;
	u16 code;

	cci_read(in, &tunnel);
	request = cci_read_bytes(in, tunnel.size);
	code = input_ends(in);
	if (code != CCI_SUCCESS)
		return code;
	port = port_by_number(&sw->ports, tunnel.id);
	below = port ? device_below(port) : NULL;
	if (!below || tunnel.type)
		return CCI_INVALID_INPUT;
	if (at > out->size)
		return CCI_INVALID_INPUT;
	tunnelled.size = process(sw, below, device_commands, request, tunnel.size,
				 out->start + at, out->size - at);
	cci_write(out, &tunnelled);
	/* The message is in its place already */
	out->used += tunnelled.size;
	return CCI_SUCCESS;
}

static const struct emu_command switch_commands[] = {
	{ CCI_IDENTIFY, 0, identify },
	{ CCI_BACKGROUND_STATUS, 0, background_status },
	{ CCI_GET_SUPPORTED_LOGS, 0, logs_get },
	{ CCI_GET_LOG, 0, log_get },
	{ CCI_IDENTIFY_SWITCH, 0, switch_identify },
	{ CCI_GET_PORT_STATE, 0, ports_state },
	{ CCI_PORT_CONTROL, EFFECT_CONFIG_CHANGE, port_control },
	{ CCI_GET_VCS_INFO, 0, vcs_info },
	{ CCI_BIND_VPPB, EFFECT_CONFIG_CHANGE | EFFECT_BACKGROUND, vppb_bind },
	{ CCI_UNBIND_VPPB, EFFECT_CONFIG_CHANGE | EFFECT_BACKGROUND, vppb_unbind },
	{ CCI_TUNNEL, 0, tunnel },
	{}
};

static const struct emu_command device_commands[] = {
	{ CCI_IDENTIFY, 0, identify },
	{ CCI_GET_SUPPORTED_LOGS, 0, logs_get },
	{ CCI_GET_LOG, 0, log_get },
	{}
};

static u16 run(struct emu_switch *sw, struct emu_device *device,
	       const struct emu_command *commands, const struct cci_header *header,
	       struct cci_reader *in, struct cci_writer *out)
{
	if (in->defect)
		return in->defect == CCI_RESERVED ? CCI_INVALID_INPUT : CCI_INVALID_PAYLOAD_LENGTH;
	if (header->category != CCI_CATEGORY_REQUEST)
		return CCI_INVALID_INPUT;
	for (; commands->run; commands++) {
		if (commands->opcode == header->opcode)
			return commands->run(sw, device, in, out);
	}
	return CCI_UNSUPPORTED;
}

/* Return: length of the response, 0 if there is no room for one. */
static size_t process(struct emu_switch *sw, struct emu_device *device,
		      const struct emu_command *commands, const void *request, size_t len,
		      void *response, size_t size)
{
	struct cci_header header;
	struct cci_writer out;
	struct cci_reader in;
	size_t used;

	cci_message_open(&in, &header, request, len);
	cci_message_begin(&out, &header, response, size);
	header.return_code = run(sw, device, commands, &header, &in, &out);
	used = out.used;
	if (header.return_code == CCI_SUCCESS && out.full)
		header.return_code = CCI_INVALID_INPUT;
	if (header.return_code != CCI_SUCCESS)
		used = CCI_HEADER_SIZE;
	header.category = CCI_CATEGORY_RESPONSE;
	header.length = header.return_code == CCI_BACKGROUND_STARTED ? CCI_LENGTH_BACKGROUND : 0;
	cci_message_begin(&out, &header, response, size);
	if (!out.full)
		out.used = used;
	return cci_message_end(&out);
}

static void spoil(struct emu_cci *cci, u8 *response, size_t room, size_t *size)
{
	int length = READ_ONCE(cci->payload_length);
	size_t wanted = *size;
	u32 flip_at = READ_ONCE(cci->flip_at);

	if (length >= 0) {
		wanted = min_t(size_t, room, CCI_HEADER_SIZE + length);
		response[5] = wanted - CCI_HEADER_SIZE;
		response[6] = (wanted - CCI_HEADER_SIZE) >> 8;
	}
	length = READ_ONCE(cci->message_length);
	if (length >= 0)
		wanted = min_t(size_t, room, length);
	if (wanted > *size)
		memset(response + *size, 0, wanted - *size);
	*size = wanted;
	if (flip_at < *size)
		response[flip_at] ^= READ_ONCE(cci->flip);
}

int emu_cci(void *domain_priv, const void *request, size_t len, void *response, size_t *size)
{
	struct emu_switch *sw = domain_priv;
	size_t room = min_t(size_t, *size, CCI_HEADER_SIZE + EMU_CCI_PAYLOAD_MAX);
	int ret;

	ret = emu_fault(sw, EMU_OP_CCI, NULL, NULL);
	if (ret)
		return ret;
	*size = process(sw, NULL, switch_commands, request, len, response, room);
	if (!*size)
		return -EMSGSIZE;
	spoil(&sw->cci, response, room, size);
	return 0;
}

static int length_get(void *data, u64 *val)
{
	*val = (s64)READ_ONCE(*(int *)data);
	return 0;
}

static int length_set(void *data, u64 val)
{
	s64 length = val;

	if (length < -1 || length > (s64)EMU_CCI_PAYLOAD_MAX)
		return -EINVAL;
	WRITE_ONCE(*(int *)data, length);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(length_fops, length_get, length_set, "%lld\n");

void emu_cci_debugfs(struct emu_switch *sw, struct dentry *parent)
{
	struct emu_cci *cci = &sw->cci;

	debugfs_create_file_unsafe("message_length", 0600, parent, &cci->message_length,
				   &length_fops);
	debugfs_create_file_unsafe("payload_length", 0600, parent, &cci->payload_length,
				   &length_fops);
	debugfs_create_u32("flip_at", 0600, parent, &cci->flip_at);
	debugfs_create_x8("flip", 0600, parent, &cci->flip);
}

void emu_cci_init(struct emu_switch *sw)
{
	sw->cci.sw = sw;
	spin_lock_init(&sw->cci.lock);
	INIT_WORK(&sw->cci.work, background_work);
}

/* A switch that goes live is as after power on. */
void emu_cci_reset(struct emu_switch *sw)
{
	struct emu_cci *cci = &sw->cci;

	spin_lock(&cci->lock);
	cci->opcode = 0;
	cci->result = CCI_SUCCESS;
	cci->message_length = -1;
	cci->payload_length = -1;
	cci->flip = 0;
	spin_unlock(&cci->lock);
}

/* The core may have given up waiting for what still runs. */
void emu_cci_exit(struct emu_switch *sw)
{
	emu_fault_wake(sw, EMU_OP_PORT_BIND);
	emu_fault_wake(sw, EMU_OP_PORT_UNBIND);
	flush_work(&sw->cci.work);
}
