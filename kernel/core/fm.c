// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: fabric manager
 *
 * What a fabric manager asks of a switch and tells it, over the op cci of the
 * domain. The core writes every request and believes no answer: one that does not
 * fit its request, or is not what the specification allows, is -EIO.
 *
 * Bind and unbind of a vPPB are the operations of the port (port.c), with the
 * same states and events, whoever asks for them.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "fabric_internal.h"
#include "trace.h"

/* Every mailbox takes 256 bytes of payload (CXL 3.1, section 8.2.8.4.3), most take more. */
#define FM_MESSAGE_MAX		2048
#define FM_VPPBS_PER_MESSAGE	60
#define FM_EFFECTS_PER_MESSAGE	60

/* CXL 3.1 sets no limit to a background operation */
#define FM_BACKGROUND_TIMEOUT	(90 * HZ)
#define FM_BACKGROUND_POLL_MS	20

/**
 * struct fm_call - a command and its answer
 * @domain: whose switch is asked
 * @extack: for what the user can mend
 * @opcode: the command
 * @tunnel: physical port whose device is asked, or FABRIC_FM_NO_TUNNEL
 * @out: payload of the request
 * @in: payload of the response
 * @code: its return code
 * @request: the message, behind the room for that of a tunnel
 * @response: the message that came
 */
struct fm_call {
	struct fabric_domain *domain;
	struct netlink_ext_ack *extack;
	u16 opcode;
	int tunnel;
	struct cci_writer out;
	struct cci_reader in;
	u16 code;
	u8 request[FM_MESSAGE_MAX];
	u8 response[FM_MESSAGE_MAX];
};

/* Header and structure that a tunnelled message has in front of it (7.6.7.3.1) */
#define FM_TUNNEL_ROOM	(CCI_HEADER_SIZE + 4)

static u8 next_tag(void)
{
	static atomic_t tag;

	return atomic_inc_return(&tag);
}

static struct fm_call *fm_call_new(struct fabric_domain *domain, u16 opcode, int tunnel,
				   struct netlink_ext_ack *extack)
{
	const struct cci_header header = { .opcode = opcode, .tag = next_tag() };
	struct fm_call *call;

	call = kmalloc_obj(*call);
	if (!call)
		return ERR_PTR(-ENOMEM);
	call->domain = domain;
	call->extack = extack;
	call->opcode = opcode;
	call->tunnel = tunnel;
	cci_message_begin(&call->out, &header, call->request + FM_TUNNEL_ROOM,
			  sizeof(call->request) - FM_TUNNEL_ROOM);
	return call;
}

static int fm_malformed(struct fm_call *call, const char *what, const char *predicate)
{
	NL_SET_ERR_MSG_FMT(call->extack, "%s, answer: %s %s", cci_opcode_name(call->opcode), what,
			   predicate);
	return -EIO;
}

/* Nothing but what was expected was in the answer. */
static int fm_call_end(struct fm_call *call)
{
	enum cci_defect defect = cci_reader_end(&call->in);

	return defect ? fm_malformed(call, call->in.what, cci_defect_name(defect)) : 0;
}

static int send_bytes(struct fm_call *call, const u8 *request, size_t len, size_t *size)
{
	struct fabric_domain *domain = call->domain;
	int ret;

	mutex_lock(&domain->lock);
	ret = fabric_domain_op_begin(domain, call->extack);
	mutex_unlock(&domain->lock);
	if (ret)
		return ret;
	ret = domain->ops->cci(domain->priv, request, len, call->response, size);
	trace_fabric_op("cci", domain->obj.id, ret);
	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	mutex_unlock(&domain->lock);
	if (ret == -ETIMEDOUT)
		NL_SET_ERR_MSG_FMT(call->extack, "%s: The switch does not answer",
				   cci_opcode_name(call->opcode));
	else if (ret == -ENODEV)
		NL_SET_ERR_MSG_FMT(call->extack, "%s: The switch is gone",
				   cci_opcode_name(call->opcode));
	return ret;
}

/* Open the answer to @request; the payload is in @call->in, its code in @call->code. */
static int open_answer(struct fm_call *call, const u8 *request, const void *answer, size_t len)
{
	struct cci_header asked, header;
	struct cci_reader reader;

	cci_reader_init(&reader, request, CCI_HEADER_SIZE);
	cci_read(&reader, &asked);
	cci_message_open(&call->in, &header, answer, len);
	if (call->in.defect)
		return fm_malformed(call, call->in.what, cci_defect_name(call->in.defect));
	if (header.category != CCI_CATEGORY_RESPONSE || header.opcode != asked.opcode ||
	    header.tag != asked.tag)
		return fm_malformed(call, "header", "is not of this command");
	call->code = header.return_code;
	return 0;
}

static int send_tunnelled(struct fm_call *call, size_t len)
{
	const struct cci_header header = { .opcode = CCI_TUNNEL, .tag = next_tag() };
	const struct cci_tunnel tunnel = { .id = call->tunnel, .size = len };
	struct cci_tunnelled tunnelled;
	struct cci_writer writer;
	size_t size = sizeof(call->response);
	const u8 *answer;
	int ret;

	cci_message_begin(&writer, &header, call->request, sizeof(call->request));
	cci_write(&writer, &tunnel);
	/* The message is in its place already */
	writer.used += len;
	len = cci_message_end(&writer);
	ret = send_bytes(call, call->request, len, &size);
	if (!ret)
		ret = open_answer(call, call->request, call->response, size);
	if (ret)
		return ret;
	if (call->code != CCI_SUCCESS) {
		/* What failed is the tunnel */
		call->opcode = CCI_TUNNEL;
		return 0;
	}
	cci_read(&call->in, &tunnelled);
	answer = cci_read_bytes(&call->in, tunnelled.size);
	ret = fm_call_end(call);
	return ret ?: open_answer(call, call->request + FM_TUNNEL_ROOM, answer, tunnelled.size);
}

/* An answer came, and is one to this command; what it says is in @call->code. */
static int fm_call_send(struct fm_call *call)
{
	size_t len = cci_message_end(&call->out), size = sizeof(call->response);
	const u8 *request = call->request + FM_TUNNEL_ROOM;
	int ret;

	if (WARN_ON(!len))
		return -EMSGSIZE;
	if (call->tunnel != FABRIC_FM_NO_TUNNEL)
		return send_tunnelled(call, len);
	ret = send_bytes(call, request, len, &size);
	return ret ?: open_answer(call, request, call->response, size);
}

static int fm_error(struct netlink_ext_ack *extack, u16 opcode, u16 code)
{
	if (code == CCI_SUCCESS)
		return 0;
	if (code == CCI_UNSUPPORTED) {
		NL_SET_ERR_MSG_FMT(extack, "%s (%04xh) is not supported by the switch",
				   cci_opcode_name(opcode), opcode);
		return -EOPNOTSUPP;
	}
	NL_SET_ERR_MSG_FMT(extack, "%s: %s (%04xh)", cci_opcode_name(opcode),
			   cci_return_name(code), code);
	switch (code) {
	case CCI_INVALID_INPUT:
	case CCI_INVALID_PAYLOAD_LENGTH:
	case CCI_INVALID_LOG:
		return -EINVAL;
	case CCI_RETRY_REQUIRED:
	case CCI_BUSY:
		return -EBUSY;
	case CCI_ABORTED:
		return -ECANCELED;
	default:
		return -EIO;
	}
}

/* Send, and expect success. */
static int fm_call_run(struct fm_call *call)
{
	int ret = fm_call_send(call);

	return ret ?: fm_error(call->extack, call->opcode, call->code);
}

/* A command without input whose answer is one structure */
#define fm_ask(domain, command, tunnel, to, extack) ({					\
	struct fm_call *_call = fm_call_new(domain, command, tunnel, extack);		\
	int _ret = PTR_ERR_OR_ZERO(_call);						\
											\
	if (!_ret) {									\
		_ret = fm_call_run(_call);						\
		if (!_ret) {								\
			cci_read(&_call->in, to);					\
			_ret = fm_call_end(_call);					\
		}									\
		kfree(_call);								\
	}										\
	_ret;										\
})

/* CXL 3.1, section 8.2.9.1.1 */
int fabric_fm_identify(struct fabric_domain *domain, int tunnel, struct cci_identify *identify,
		       struct netlink_ext_ack *extack)
{
	return fm_ask(domain, CCI_IDENTIFY, tunnel, identify, extack);
}

/* CXL 3.1, section 7.6.7.1.1 */
int fabric_fm_switch(struct fabric_domain *domain, struct cci_switch *sw,
		     struct netlink_ext_ack *extack)
{
	return fm_ask(domain, CCI_IDENTIFY_SWITCH, FABRIC_FM_NO_TUNNEL, sw, extack);
}

/* CXL 3.1, section 8.2.9.1.2 */
int fabric_fm_background(struct fabric_domain *domain, struct cci_background *background,
			 struct netlink_ext_ack *extack)
{
	return fm_ask(domain, CCI_BACKGROUND_STATUS, FABRIC_FM_NO_TUNNEL, background, extack);
}

/* Encoding of PCIe 6.0, section 7.5.3.6, in MT/s; 0 if there is no such one */
u32 fabric_fm_speed(u8 code)
{
	static const u32 speeds[] = { 0, 2500, 5000, 8000, 16000, 32000, 64000, 128000 };

	return code < ARRAY_SIZE(speeds) ? speeds[code] : 0;
}

/* A downstream port with nothing below it keeps the width that it would have. */
static bool link_is_up(const struct cci_port *state)
{
	return state->width && !(state->state == CCI_PORT_DOWNSTREAM &&
				 state->device_type == CCI_DEVICE_NONE &&
				 !(state->link_flags & CCI_LINK_PRESENT));
}

/* What the switch says of a port is news for the inventory too. */
static void port_refresh(struct fabric_domain *domain, const struct cci_port *state)
{
	struct fabric_port *port = fabric_port_find(domain, state->id);
	bool up = link_is_up(state);
	u32 speed, width;

	if (!port)
		return;
	mutex_lock(&domain->lock);
	if (!port->obj.registered || fabric_domain_op_begin(domain, NULL)) {
		mutex_unlock(&domain->lock);
		goto out;
	}
	speed = up ? fabric_fm_speed(state->speed) : 0;
	width = up ? state->width : 0;
	speed = speed ?: port->speed;
	width = width ?: port->width;
	mutex_unlock(&domain->lock);
	fabric_port_link_event(port, up ? FABRIC_LINK_UP : FABRIC_LINK_DOWN, speed, width);
	mutex_lock(&domain->lock);
	fabric_domain_op_end(domain);
	mutex_unlock(&domain->lock);
out:
	fabric_port_put(port);
}

/* CXL 3.1, section 7.6.7.1.2. -ENOENT without a text if there is no such port. */
int fabric_fm_port(struct fabric_domain *domain, u8 number, struct cci_port *port,
		   struct netlink_ext_ack *extack)
{
	struct fm_call *call = fm_call_new(domain, CCI_GET_PORT_STATE, FABRIC_FM_NO_TUNNEL, extack);
	const struct cci_ids ids = { .nr = 1 };
	const struct cci_id id = { .id = number };
	struct cci_count count;
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	cci_write(&call->out, &ids);
	cci_write(&call->out, &id);
	ret = fm_call_send(call);
	if (ret)
		goto out;
	if (call->code == CCI_INVALID_INPUT) {
		ret = -ENOENT;
		goto out;
	}
	ret = fm_error(extack, CCI_GET_PORT_STATE, call->code);
	if (ret)
		goto out;
	cci_read(&call->in, &count);
	cci_read(&call->in, port);
	ret = fm_call_end(call);
	/* Of a port that does not exist nothing else counts */
	if (!ret && port->state == CCI_PORT_INVALID)
		ret = -ENOENT;
	if (!ret && (count.nr != 1 || port->id != number))
		ret = fm_malformed(call, "port state", "is of another port");
	if (!ret)
		port_refresh(domain, port);
out:
	kfree(call);
	return ret;
}

static int port_control(struct fabric_domain *domain, u8 number, enum cci_port_op op,
			struct netlink_ext_ack *extack)
{
	struct fm_call *call = fm_call_new(domain, CCI_PORT_CONTROL, FABRIC_FM_NO_TUNNEL, extack);
	const struct cci_port_control control = { .port = number, .op = op };
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	cci_write(&call->out, &control);
	ret = fm_call_run(call) ?: fm_call_end(call);
	kfree(call);
	return ret;
}

/* CXL 3.1, section 7.6.7.1.3. Refused while slices are below, unless by @force. */
int fabric_fm_port_control(struct fabric_domain *domain, u8 number, enum cci_port_op op,
			   bool force, struct netlink_ext_ack *extack)
{
	struct fabric_port *port = fabric_port_find(domain, number);
	enum fabric_link was;
	struct cci_port state;
	int ret = 0;

	if (port)
		ret = fabric_port_reset_begin(port, force, &was, extack);
	if (ret)
		goto out;
	ret = port_control(domain, number, op, extack);
	if (port)
		fabric_port_reset_end(port, was);
	/* It is done, whether the switch can say what came of the link or not */
	if (!ret)
		fabric_fm_port(domain, number, &state, NULL);
out:
	fabric_port_put(port);
	return ret;
}

/* One message of as many vPPBs as it has room for, from @start on. */
static int vppbs_read(struct fabric_domain *domain, u8 id, unsigned int start,
		      struct fabric_vcs *vcs, struct netlink_ext_ack *extack)
{
	struct fm_call *call = fm_call_new(domain, CCI_GET_VCS_INFO, FABRIC_FM_NO_TUNNEL, extack);
	const struct cci_vcs_request request = {
		.start = start, .limit = FM_VPPBS_PER_MESSAGE, .nr = 1
	};
	const struct cci_id wanted = { .id = id };
	struct cci_count count;
	unsigned int i, end;
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	cci_write(&call->out, &request);
	cci_write(&call->out, &wanted);
	ret = fm_call_send(call);
	if (ret)
		goto out;
	if (call->code == CCI_INVALID_INPUT) {
		ret = -ENOENT;
		goto out;
	}
	ret = fm_error(extack, CCI_GET_VCS_INFO, call->code);
	if (ret)
		goto out;
	cci_read(&call->in, &count);
	cci_read(&call->in, &vcs->vcs);
	if (!call->in.defect && vcs->vcs.state == CCI_VCS_INVALID) {
		ret = -ENOENT;
		goto out;
	}
	end = min_t(unsigned int, start + FM_VPPBS_PER_MESSAGE, vcs->vcs.vppbs);
	for (i = start; i < end; i++)
		cci_read(&call->in, &vcs->vppbs[i]);
	ret = fm_call_end(call);
	if (!ret && (count.nr != 1 || vcs->vcs.id != id))
		ret = fm_malformed(call, "virtual switch", "is another one");
out:
	kfree(call);
	return ret;
}

/* CXL 3.1, section 7.6.7.2.1. -ENOENT without a text if there is no such one. */
int fabric_fm_vcs(struct fabric_domain *domain, u8 id, struct fabric_vcs *vcs,
		  struct netlink_ext_ack *extack)
{
	unsigned int start = 0;
	int ret;

	do {
		ret = vppbs_read(domain, id, start, vcs, extack);
		start += FM_VPPBS_PER_MESSAGE;
	} while (!ret && start < vcs->vcs.vppbs);
	return ret;
}

/* CXL 3.1, section 8.2.9.5.1: size of the Command Effects Log */
static int effects_size(struct fabric_domain *domain, int tunnel, u32 *size,
			struct netlink_ext_ack *extack)
{
	struct fm_call *call = fm_call_new(domain, CCI_GET_SUPPORTED_LOGS, tunnel, extack);
	struct cci_logs logs;
	struct cci_log log;
	unsigned int i;
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	*size = 0;
	ret = fm_call_run(call);
	if (ret)
		goto out;
	cci_read(&call->in, &logs);
	for (i = 0; i < logs.nr && !call->in.defect; i++) {
		cci_read(&call->in, &log);
		if (!memcmp(log.uuid, cci_effects_log_uuid, sizeof(log.uuid)))
			*size = log.size;
	}
	ret = fm_call_end(call);
	if (!ret && *size % 4)
		ret = fm_malformed(call, "Command Effects Log", "has an odd size");
out:
	kfree(call);
	return ret;
}

static int effects_read(struct fabric_domain *domain, int tunnel, u32 offset,
			struct cci_effects *effects, unsigned int nr,
			struct netlink_ext_ack *extack)
{
	struct fm_call *call = fm_call_new(domain, CCI_GET_LOG, tunnel, extack);
	struct cci_get_log get = { .offset = offset, .length = nr * 4 };
	unsigned int i;
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	memcpy(get.uuid, cci_effects_log_uuid, sizeof(get.uuid));
	cci_write(&call->out, &get);
	ret = fm_call_run(call);
	if (!ret) {
		for (i = 0; i < nr; i++)
			cci_read(&call->in, &effects[i]);
		ret = fm_call_end(call);
	}
	kfree(call);
	return ret;
}

/*
 * CXL 3.1, section 8.2.9.5.2: the commands that there are. @nr is the room for
 * them, and becomes their number; those that there is no room for are left out.
 */
int fabric_fm_effects(struct fabric_domain *domain, int tunnel, struct cci_effects *effects,
		      unsigned int *nr, struct netlink_ext_ack *extack)
{
	unsigned int i, n, room = *nr;
	u32 size;
	int ret;

	ret = effects_size(domain, tunnel, &size, extack);
	*nr = min(size / 4, room);
	for (i = 0; i < *nr && !ret; i += n) {
		n = min_t(unsigned int, *nr - i, FM_EFFECTS_PER_MESSAGE);
		ret = effects_read(domain, tunnel, i * 4, effects + i, n, extack);
	}
	return ret;
}

/* The mailbox works on @opcode in the background; wait for its end. */
static int background_wait(struct fabric_domain *domain, u16 opcode,
			   struct netlink_ext_ack *extack)
{
	unsigned long deadline = jiffies + FM_BACKGROUND_TIMEOUT;
	struct cci_background background;
	int ret;

	for (;;) {
		ret = fabric_fm_background(domain, &background, extack);
		if (ret)
			return ret;
		if (background.opcode != opcode) {
			NL_SET_ERR_MSG_FMT(extack, "%s: The mailbox works on something else",
					   cci_opcode_name(opcode));
			return -EIO;
		}
		if (!(background.status & CCI_BACKGROUND_RUNNING))
			return fm_error(extack, opcode, background.return_code);
		if (time_after(jiffies, deadline)) {
			NL_SET_ERR_MSG_FMT(extack, "%s: The switch does not finish",
					   cci_opcode_name(opcode));
			return -ETIMEDOUT;
		}
		msleep(FM_BACKGROUND_POLL_MS);
	}
}

/* Run a command that may go on in the background, to its end. Frees @call. */
static int fm_call_background(struct fm_call *call)
{
	struct fabric_domain *domain = call->domain;
	int ret;

	lockdep_assert_held(&domain->fm_lock);
	ret = fm_call_send(call);
	if (!ret)
		ret = fm_call_end(call);
	if (!ret && call->code == CCI_BACKGROUND_STARTED)
		ret = background_wait(domain, call->opcode, call->extack);
	else if (!ret)
		ret = fm_error(call->extack, call->opcode, call->code);
	kfree(call);
	return ret;
}

/* CXL 3.1, section 7.6.7.2.2 */
static int vppb_bind(struct fabric_domain *domain, const struct fabric_vppb *vppb, u8 number,
		     struct netlink_ext_ack *extack)
{
	const struct cci_bind bind = {
		.vcs = vppb->vcs, .vppb = vppb->vppb, .port = number, .ld = CCI_BIND_NO_LD
	};
	struct fm_call *call = fm_call_new(domain, CCI_BIND_VPPB, FABRIC_FM_NO_TUNNEL, extack);

	if (IS_ERR(call))
		return PTR_ERR(call);
	cci_write(&call->out, &bind);
	return fm_call_background(call);
}

/* CXL 3.1, section 7.6.7.2.3 */
static int vppb_unbind(struct fabric_domain *domain, const struct fabric_vppb *vppb,
		       struct netlink_ext_ack *extack)
{
	const struct cci_unbind unbind = {
		.vcs = vppb->vcs, .vppb = vppb->vppb, .option = vppb->option
	};
	struct fm_call *call = fm_call_new(domain, CCI_UNBIND_VPPB, FABRIC_FM_NO_TUNNEL, extack);

	if (IS_ERR(call))
		return PTR_ERR(call);
	cci_write(&call->out, &unbind);
	return fm_call_background(call);
}

/*
 * The first virtual bridge that @wanted likes, over all virtual switches, with
 * its number in @vppb. -ENOENT without a text if there is none.
 */
static int vppb_find(struct fabric_domain *domain,
		     bool (*wanted)(const struct cci_vcs *vcs, const struct cci_vppb *vppb,
				    u8 number),
		     u8 number, struct fabric_vppb *vppb, struct netlink_ext_ack *extack)
{
	struct fabric_vcs *vcs;
	struct cci_switch sw;
	unsigned int id, i;
	int ret;

	ret = fabric_fm_switch(domain, &sw, extack);
	if (ret)
		return ret;
	vcs = kmalloc_obj(*vcs);
	if (!vcs)
		return -ENOMEM;
	for (id = 0; id < sw.vcss; id++) {
		ret = fabric_fm_vcs(domain, id, vcs, extack);
		if (ret == -ENOENT)
			continue;
		if (ret)
			goto out;
		for (i = 0; i < vcs->vcs.vppbs; i++) {
			if (!wanted(&vcs->vcs, &vcs->vppbs[i], number))
				continue;
			vppb->vcs = id;
			vppb->vppb = i;
			goto out;
		}
	}
	ret = -ENOENT;
out:
	kfree(vcs);
	return ret;
}

static bool is_free_of_host(const struct cci_vcs *vcs, const struct cci_vppb *vppb, u8 number)
{
	return vcs->upstream_port == number && vppb->state == CCI_VPPB_UNBOUND;
}

static bool is_bound_to_port(const struct cci_vcs *vcs, const struct cci_vppb *vppb, u8 number)
{
	return vppb->state == CCI_VPPB_BOUND_PORT && vppb->port == number;
}

static struct fabric_port *port_by_name(struct fabric_domain *domain, const char *name)
{
	struct fabric_port *port, *found = NULL;

	mutex_lock(&domain->lock);
	list_for_each_entry(port, &domain->ports, node) {
		if (port->type == FABRIC_PORT_TYPE_UPSTREAM && !strcmp(port->name, name)) {
			fabric_object_hold(&port->obj);
			found = port;
			break;
		}
	}
	mutex_unlock(&domain->lock);
	return found;
}

/* A host is known by the name of its upstream port. */
static int vppb_of_host(struct fabric_domain *domain, const char *host, struct fabric_vppb *vppb,
			struct netlink_ext_ack *extack)
{
	struct fabric_port *upstream = port_by_name(domain, host);
	int ret;

	if (!upstream) {
		NL_SET_ERR_MSG(extack, "No such host at this switch, its upstream ports name them");
		return -ENOENT;
	}
	ret = vppb_find(domain, is_free_of_host, upstream->number, vppb, extack);
	fabric_port_put(upstream);
	if (ret == -ENOENT) {
		NL_SET_ERR_MSG(extack, "The virtual switch of the host has no unbound vPPB");
		return -ENOSPC;
	}
	return ret;
}

/* What fabric_port_bind() does where the mailbox is asked; the port is in transition. */
int fabric_fm_bind_port(struct fabric_port *port, const char *host,
			const struct fabric_vppb *vppb, struct netlink_ext_ack *extack)
{
	struct fabric_domain *domain = port->domain;
	struct fabric_vppb found = {};
	int ret = 0;

	mutex_lock(&domain->fm_lock);
	if (!vppb)
		ret = vppb_of_host(domain, host, &found, extack);
	if (!ret)
		ret = vppb_bind(domain, vppb ?: &found, port->number, extack);
	mutex_unlock(&domain->fm_lock);
	return ret;
}

/* What fabric_port_unbind() does likewise. After a bind that failed nothing may be bound. */
int fabric_fm_unbind_port(struct fabric_port *port, const struct fabric_vppb *vppb,
			  struct netlink_ext_ack *extack)
{
	struct fabric_vppb found = { .option = CCI_UNBIND_MANAGED };
	struct fabric_domain *domain = port->domain;
	int ret = 0;

	mutex_lock(&domain->fm_lock);
	if (!vppb)
		ret = vppb_find(domain, is_bound_to_port, port->number, &found, extack);
	if (ret == -ENOENT)
		ret = 0;
	else if (!ret)
		ret = vppb_unbind(domain, vppb ?: &found, extack);
	mutex_unlock(&domain->fm_lock);
	return ret;
}

static int vcs_get(struct fabric_domain *domain, u8 id, struct fabric_vcs *vcs,
		   struct netlink_ext_ack *extack)
{
	int ret = fabric_fm_vcs(domain, id, vcs, extack);

	if (ret == -ENOENT)
		NL_SET_ERR_MSG(extack, "The switch has no virtual switch with this id");
	return ret;
}

static struct fabric_port *port_get(struct fabric_domain *domain, u8 number,
				    struct netlink_ext_ack *extack)
{
	struct fabric_port *port = fabric_port_find(domain, number);

	if (!port)
		NL_SET_ERR_MSG_FMT(extack, "The switch has no port %u", number);
	return port;
}

static int vppb_check(const struct fabric_vcs *vcs, u8 vppb, struct netlink_ext_ack *extack)
{
	if (vppb < vcs->vcs.vppbs)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "The virtual switch has %u vPPBs, from 0 on", vcs->vcs.vppbs);
	return -ENOENT;
}

/* Bind physical port @number to a virtual bridge: an operation of the port. */
int fabric_fm_bind(struct fabric_domain *domain, const struct fabric_vppb *vppb, u8 number,
		   struct netlink_ext_ack *extack)
{
	struct fabric_port *port = NULL, *upstream = NULL;
	struct fabric_port_bind_req req;
	const struct cci_vppb *entry;
	struct fabric_vcs *vcs;
	int ret;

	vcs = kmalloc_obj(*vcs);
	if (!vcs)
		return -ENOMEM;
	ret = vcs_get(domain, vppb->vcs, vcs, extack);
	if (ret)
		goto out;
	ret = -ENOENT;
	port = port_get(domain, number, extack);
	if (!port)
		goto out;
	upstream = port_get(domain, vcs->vcs.upstream_port, extack);
	if (!upstream)
		goto out;
	ret = vppb_check(vcs, vppb->vppb, extack);
	if (ret)
		goto out;
	entry = &vcs->vppbs[vppb->vppb];
	if (entry->state == CCI_VPPB_BOUND_PORT) {
		ret = entry->port == number ? 0 : -EBUSY;
		if (ret)
			NL_SET_ERR_MSG_FMT(extack, "The vPPB is bound to port %u, unbind it first",
					   entry->port);
		goto out;
	}
	req.host = upstream->name;
	ret = fabric_port_bind(port, &req, vppb, extack);
out:
	fabric_port_put(upstream);
	fabric_port_put(port);
	kfree(vcs);
	return ret;
}

/* Unbind a virtual bridge from its physical port: an operation of the port. */
int fabric_fm_unbind(struct fabric_domain *domain, const struct fabric_vppb *vppb,
		     struct netlink_ext_ack *extack)
{
	const struct cci_vppb *entry;
	struct fabric_port *port;
	struct fabric_vcs *vcs;
	int ret;

	vcs = kmalloc_obj(*vcs);
	if (!vcs)
		return -ENOMEM;
	ret = vcs_get(domain, vppb->vcs, vcs, extack);
	if (ret)
		goto out;
	ret = vppb_check(vcs, vppb->vppb, extack);
	if (ret)
		goto out;
	entry = &vcs->vppbs[vppb->vppb];
	if (entry->state == CCI_VPPB_UNBOUND)
		goto out;
	if (entry->state == CCI_VPPB_CHANGING) {
		NL_SET_ERR_MSG(extack, "The vPPB is in transition, try again");
		ret = -EBUSY;
		goto out;
	}
	if (entry->state == CCI_VPPB_BOUND_LD) {
		NL_SET_ERR_MSG(extack, "The vPPB is bound to a logical device, not to a port");
		ret = -EOPNOTSUPP;
		goto out;
	}
	port = port_get(domain, entry->port, extack);
	ret = port ? fabric_port_unbind(port, vppb, extack) : -ENOENT;
	fabric_port_put(port);
out:
	kfree(vcs);
	return ret;
}

/* What discovery knows of a port before it is added */
struct found_port {
	struct cci_port state;
	struct fabric_port *port;
	struct fabric_port *host;	/* upstream port that it is bound to */
	bool there;
};

/* Ask for the state of every port that there can be. */
static int find_ports(struct fabric_domain *domain, struct found_port *found)
{
	struct cci_switch sw;
	unsigned int i;
	int ret;

	ret = fabric_fm_switch(domain, &sw, NULL);
	for (i = 0; i < CCI_BITMASK_SIZE * BITS_PER_BYTE && !ret; i++) {
		if (i >= sw.ports &&
		    !(sw.active_ports[i / BITS_PER_BYTE] & BIT(i % BITS_PER_BYTE)))
			continue;
		ret = fabric_fm_port(domain, i, &found[i].state, NULL);
		found[i].there = !ret;
		if (ret == -ENOENT)
			ret = 0;
	}
	return ret;
}

static int add_port(struct fabric_domain *domain, struct found_port *found, bool bindable,
		    struct fabric_port *parent)
{
	const struct cci_port *state = &found->state;
	struct fabric_port_info info = {
		.parent = parent,
		.type = state->state == CCI_PORT_UPSTREAM ? FABRIC_PORT_TYPE_UPSTREAM :
			FABRIC_PORT_TYPE_DOWNSTREAM,
		.link = link_is_up(state) ? FABRIC_LINK_UP : FABRIC_LINK_DOWN,
		.speed = fabric_fm_speed(state->speed),
		.width = state->width,
		.bindable = bindable,
		.host = found->host ? found->host->name : NULL,
		.number = state->id,
	};
	struct fabric_port *port;
	char name[16];

	snprintf(name, sizeof(name), "port%u", state->id);
	info.name = name;
	port = fabric_port_add(domain, &info, NULL);
	if (IS_ERR(port))
		return PTR_ERR(port);
	found->port = port;
	return 0;
}

/* Which ports are bound already, and to whom. A switch that can't say can't bind. */
static int find_bound(struct fabric_domain *domain, struct found_port *found, bool *bindable)
{
	struct fabric_vcs *vcs;
	struct cci_switch sw;
	unsigned int id, i;
	int ret;

	*bindable = false;
	vcs = kmalloc_obj(*vcs);
	if (!vcs)
		return -ENOMEM;
	ret = fabric_fm_switch(domain, &sw, NULL);
	for (id = 0; !ret && id < sw.vcss; id++) {
		ret = fabric_fm_vcs(domain, id, vcs, NULL);
		if (ret == -ENOENT) {
			ret = 0;
			continue;
		}
		if (ret)
			break;
		*bindable = true;
		for (i = 0; i < vcs->vcs.vppbs; i++) {
			if (vcs->vppbs[i].state == CCI_VPPB_BOUND_PORT)
				found[vcs->vppbs[i].port].host = found[vcs->vcs.upstream_port].port;
		}
	}
	kfree(vcs);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

/**
 * fabric_domain_discover() - add the ports that the switch tells of
 * @domain: a domain with the op cci and without ports
 *
 * Ports are called by their physical number, "port3"; hosts by their upstream
 * ports. What was added before an error goes with the domain.
 *
 * Context: Process context, may sleep, takes the lock of the domain.
 * Return: 0 or the error of a command.
 */
int fabric_domain_discover(struct fabric_domain *domain)
{
	struct found_port *found;
	struct fabric_port *first = NULL;
	bool bindable;
	unsigned int i;
	int ret;

	found = kcalloc(CCI_BITMASK_SIZE * BITS_PER_BYTE, sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	ret = find_ports(domain, found);
	for (i = 0; i < CCI_BITMASK_SIZE * BITS_PER_BYTE && !ret; i++) {
		if (!found[i].there || found[i].state.state != CCI_PORT_UPSTREAM)
			continue;
		ret = add_port(domain, &found[i], false, NULL);
		first = first ?: found[i].port;
	}
	if (!ret)
		ret = find_bound(domain, found, &bindable);
	for (i = 0; i < CCI_BITMASK_SIZE * BITS_PER_BYTE && !ret; i++) {
		if (found[i].there && found[i].state.state != CCI_PORT_UPSTREAM)
			ret = add_port(domain, &found[i], bindable, first);
	}
	kfree(found);
	return ret;
}
EXPORT_SYMBOL_FABRIC(fabric_domain_discover);
