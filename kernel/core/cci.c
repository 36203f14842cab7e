// SPDX-License-Identifier: GPL-2.0
/* See DOC: CCI messages in cci.h. */
#include <linux/array_size.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <fabric/cci.h>

#ifdef __KERNEL__
#include "../compat/compat.h"
#else
#define EXPORT_SYMBOL_FABRIC(sym)
#endif

/*
 * A number, or bytes if @size is none of 1 to 4 and 8. @mask is what is left of
 * it if it has reserved bits. Values above @max are reserved, but for @also; 0 is
 * no limit.
 */
struct field {
	u16 at;
	u16 size;
	u16 member;
	u32 mask;
	u32 max;
	u32 also;
};

struct layout {
	const char *name;
	u16 size;
	u16 nr_fields;
	u16 struct_size;
	const struct field *fields;
};

#define FIELD(type, wire_offset, wire_size, name, ...)				\
	{ .at = (wire_offset), .size = (wire_size),				\
	  .member = offsetof(struct type, name), __VA_ARGS__ }

static const struct field header_fields[] = {
	FIELD(cci_header, 0, 1, category, .mask = 0xf, .max = CCI_CATEGORY_RESPONSE),
	FIELD(cci_header, 1, 1, tag),
	FIELD(cci_header, 3, 2, opcode),
	FIELD(cci_header, 5, 3, length, .mask = CCI_LENGTH_MASK | CCI_LENGTH_BACKGROUND),
	FIELD(cci_header, 8, 2, return_code),
	FIELD(cci_header, 10, 2, vendor_status),
};

static const struct field identify_fields[] = {
	FIELD(cci_identify, 0, 2, vendor),
	FIELD(cci_identify, 2, 2, device),
	FIELD(cci_identify, 4, 2, subsystem_vendor),
	FIELD(cci_identify, 6, 2, subsystem),
	FIELD(cci_identify, 8, 8, serial),
	/* Section 8.2.9.1.1: from 8 (256 bytes) to 20 (1 MiB); 0 is not told */
	FIELD(cci_identify, 16, 1, max_message, .max = 20),
	FIELD(cci_identify, 17, 1, component, .max = CCI_COMPONENT_GFD),
};

static const struct field background_fields[] = {
	/* At most 100 per cent */
	FIELD(cci_background, 0, 1, status,
	      .max = 100 << CCI_BACKGROUND_PERCENT_SHIFT | CCI_BACKGROUND_RUNNING),
	FIELD(cci_background, 2, 2, opcode),
	FIELD(cci_background, 4, 2, return_code),
	FIELD(cci_background, 6, 2, vendor_status),
};

static const struct field logs_fields[] = {
	FIELD(cci_logs, 0, 2, nr),
};

static const struct field log_fields[] = {
	FIELD(cci_log, 0, CCI_UUID_SIZE, uuid),
	FIELD(cci_log, 16, 4, size),
};

static const struct field get_log_fields[] = {
	FIELD(cci_get_log, 0, CCI_UUID_SIZE, uuid),
	FIELD(cci_get_log, 16, 4, offset),
	FIELD(cci_get_log, 20, 4, length),
};

static const struct field effects_fields[] = {
	FIELD(cci_effects, 0, 2, opcode),
	FIELD(cci_effects, 2, 2, effects),
};

static const struct field switch_fields[] = {
	FIELD(cci_switch, 0, 1, ingress_port),
	FIELD(cci_switch, 2, 1, ports),
	FIELD(cci_switch, 3, 1, vcss),
	FIELD(cci_switch, 4, CCI_BITMASK_SIZE, active_ports),
	FIELD(cci_switch, 36, CCI_BITMASK_SIZE, active_vcss),
	FIELD(cci_switch, 68, 2, vppbs),
	FIELD(cci_switch, 70, 2, bound_vppbs),
	FIELD(cci_switch, 72, 1, hdm_decoders),
};

static const struct field ids_fields[] = {
	FIELD(cci_ids, 0, 1, nr),
};

static const struct field id_fields[] = {
	FIELD(cci_id, 0, 1, id),
};

static const struct field count_fields[] = {
	FIELD(cci_count, 0, 1, nr),
};

static const struct field port_fields[] = {
	FIELD(cci_port, 0, 1, id),
	FIELD(cci_port, 1, 1, state, .mask = 0xf, .max = CCI_PORT_FABRIC,
	      .also = CCI_PORT_INVALID),
	FIELD(cci_port, 2, 1, device_mode, .mask = 0xf, .max = CCI_MODE_PBR),
	FIELD(cci_port, 4, 1, device_type, .max = CCI_DEVICE_PBR),
	FIELD(cci_port, 5, 1, supported_modes),
	FIELD(cci_port, 6, 1, max_width),
	FIELD(cci_port, 7, 1, width),
	FIELD(cci_port, 8, 1, supported_speeds),
	FIELD(cci_port, 9, 1, max_speed),
	FIELD(cci_port, 10, 1, speed),
	FIELD(cci_port, 11, 1, ltssm, .max = CCI_LTSSM_HOT_RESET),
	FIELD(cci_port, 12, 1, first_lane),
	FIELD(cci_port, 13, 2, link_flags),
	FIELD(cci_port, 15, 1, supported_lds),
};

static const struct field port_control_fields[] = {
	FIELD(cci_port_control, 0, 1, port),
	FIELD(cci_port_control, 1, 1, op, .max = CCI_PORT_RESET),
};

static const struct field vcs_request_fields[] = {
	FIELD(cci_vcs_request, 0, 1, start),
	FIELD(cci_vcs_request, 1, 1, limit),
	FIELD(cci_vcs_request, 2, 1, nr),
};

static const struct field vcs_fields[] = {
	FIELD(cci_vcs, 0, 1, id),
	FIELD(cci_vcs, 1, 1, state, .max = CCI_VCS_ENABLED, .also = CCI_VCS_INVALID),
	FIELD(cci_vcs, 2, 1, upstream_port),
	FIELD(cci_vcs, 3, 1, vppbs),
};

static const struct field vppb_fields[] = {
	FIELD(cci_vppb, 0, 1, state, .max = CCI_VPPB_BOUND_LD),
	FIELD(cci_vppb, 1, 1, port),
	FIELD(cci_vppb, 2, 1, ld),
};

static const struct field bind_fields[] = {
	FIELD(cci_bind, 0, 1, vcs),
	FIELD(cci_bind, 1, 1, vppb),
	FIELD(cci_bind, 2, 1, port),
	FIELD(cci_bind, 4, 2, ld),
};

static const struct field unbind_fields[] = {
	FIELD(cci_unbind, 0, 1, vcs),
	FIELD(cci_unbind, 1, 1, vppb),
	FIELD(cci_unbind, 2, 1, option, .mask = 0xf, .max = CCI_UNBIND_SURPRISE),
};

static const struct field tunnel_fields[] = {
	FIELD(cci_tunnel, 0, 1, id),
	/* 1 is the LD pool of a multi-headed device */
	FIELD(cci_tunnel, 1, 1, type, .max = 1),
	FIELD(cci_tunnel, 2, 2, size),
};

static const struct field tunnelled_fields[] = {
	FIELD(cci_tunnelled, 0, 2, size),
};

#define LAYOUT(type, text, wire_size)						\
	{ .name = (text), .size = (wire_size), .struct_size = sizeof(struct cci_##type),	\
	  .fields = type##_fields, .nr_fields = ARRAY_SIZE(type##_fields) }

static const struct layout layouts[CCI_KINDS] = {
	[CCI_KIND_HEADER] = LAYOUT(header, "header", CCI_HEADER_SIZE),
	[CCI_KIND_IDENTIFY] = LAYOUT(identify, "identity", 18),
	[CCI_KIND_BACKGROUND] = LAYOUT(background, "background status", 8),
	[CCI_KIND_LOGS] = LAYOUT(logs, "list of logs", 8),
	[CCI_KIND_LOG] = LAYOUT(log, "log", 20),
	[CCI_KIND_GET_LOG] = LAYOUT(get_log, "request for a log", 24),
	[CCI_KIND_EFFECTS] = LAYOUT(effects, "command effects", 4),
	[CCI_KIND_SWITCH] = LAYOUT(switch, "switch identity", 73),
	[CCI_KIND_IDS] = LAYOUT(ids, "list of ports", 1),
	[CCI_KIND_ID] = LAYOUT(id, "id", 1),
	[CCI_KIND_COUNT] = LAYOUT(count, "list", 4),
	[CCI_KIND_PORT] = LAYOUT(port, "port state", 16),
	[CCI_KIND_PORT_CONTROL] = LAYOUT(port_control, "port control", 2),
	[CCI_KIND_VCS_REQUEST] = LAYOUT(vcs_request, "request for virtual switches", 3),
	[CCI_KIND_VCS] = LAYOUT(vcs, "virtual switch", 4),
	[CCI_KIND_VPPB] = LAYOUT(vppb, "vPPB", 4),
	[CCI_KIND_BIND] = LAYOUT(bind, "bind", 6),
	[CCI_KIND_UNBIND] = LAYOUT(unbind, "unbind", 3),
	[CCI_KIND_TUNNEL] = LAYOUT(tunnel, "tunnel", 4),
	[CCI_KIND_TUNNELLED] = LAYOUT(tunnelled, "tunnelled message", 4),
};

static bool is_reserved(const struct field *field, u64 value)
{
	return field->max && value > field->max && !(field->also && value == field->also);
}

/* False if the value is a reserved one. */
static bool read_field(const struct field *field, const u8 *from, void *to)
{
	u64 value;

	switch (field->size) {
	case 1:
		value = *from;
		break;
	case 2:
		value = get_unaligned_le16(from);
		break;
	case 3:
		value = get_unaligned_le24(from);
		break;
	case 4:
		value = get_unaligned_le32(from);
		break;
	case 8:
		value = get_unaligned_le64(from);
		break;
	default:
		memcpy(to, from, field->size);
		return true;
	}
	if (field->mask)
		value &= field->mask;
	switch (field->size) {
	case 1:
		*(u8 *)to = value;
		break;
	case 2:
		*(u16 *)to = value;
		break;
	case 8:
		*(u64 *)to = value;
		break;
	default:
		*(u32 *)to = value;
	}
	return !is_reserved(field, value);
}

static void write_field(const struct field *field, const void *from, u8 *to)
{
	switch (field->size) {
	case 1:
		*to = *(const u8 *)from;
		break;
	case 2:
		put_unaligned_le16(*(const u16 *)from, to);
		break;
	case 3:
		put_unaligned_le24(*(const u32 *)from, to);
		break;
	case 4:
		put_unaligned_le32(*(const u32 *)from, to);
		break;
	case 8:
		put_unaligned_le64(*(const u64 *)from, to);
		break;
	default:
		memcpy(to, from, field->size);
	}
}

static void defect(struct cci_reader *reader, enum cci_defect defect, const char *what)
{
	if (reader->defect)
		return;
	reader->defect = defect;
	reader->what = what;
}

/**
 * cci_reader_init() - begin to read a payload
 * @reader: the reader
 * @buf: the payload
 * @len: its length
 */
void cci_reader_init(struct cci_reader *reader, const void *buf, size_t len)
{
	memset(reader, 0, sizeof(*reader));
	reader->at = buf;
	reader->left = len;
}
EXPORT_SYMBOL_FABRIC(cci_reader_init);

/**
 * cci_read_bytes() - take bytes off the front
 * @reader: the reader
 * @len: how many
 *
 * Return: the bytes, or NULL with the defect in @reader.
 */
const u8 *cci_read_bytes(struct cci_reader *reader, size_t len)
{
	const u8 *bytes = reader->at;

	if (len > reader->left)
		defect(reader, CCI_TRUNCATED, "message");
	if (reader->defect)
		return NULL;
	reader->at += len;
	reader->left -= len;
	return bytes;
}
EXPORT_SYMBOL_FABRIC(cci_read_bytes);

/**
 * cci_read_kind() - take a structure off the front, see cci_read()
 * @reader: the reader
 * @kind: which structure
 * @to: where it goes; all zeroes after a defect
 */
void cci_read_kind(struct cci_reader *reader, enum cci_kind kind, void *to)
{
	const struct layout *layout = &layouts[kind];
	unsigned int i;

	memset(to, 0, layout->struct_size);
	if (reader->left < layout->size)
		defect(reader, CCI_TRUNCATED, layout->name);
	for (i = 0; i < layout->nr_fields && !reader->defect; i++) {
		const struct field *field = &layout->fields[i];

		if (!read_field(field, reader->at + field->at, to + field->member))
			defect(reader, CCI_RESERVED, layout->name);
	}
	if (reader->defect) {
		memset(to, 0, layout->struct_size);
		return;
	}
	reader->at += layout->size;
	reader->left -= layout->size;
}
EXPORT_SYMBOL_FABRIC(cci_read_kind);

/**
 * cci_reader_end() - all that was expected has been read
 * @reader: the reader
 *
 * Return: the first defect; bytes that are left over are one.
 */
enum cci_defect cci_reader_end(struct cci_reader *reader)
{
	if (reader->left)
		defect(reader, CCI_TOO_LONG, "message");
	return reader->defect;
}
EXPORT_SYMBOL_FABRIC(cci_reader_end);

/**
 * cci_message_open() - read the header, and then the payload
 * @reader: for the payload
 * @header: where the header goes
 * @buf: the message
 * @len: its length, which has to be what the header says
 */
void cci_message_open(struct cci_reader *reader, struct cci_header *header, const void *buf,
		      size_t len)
{
	cci_reader_init(reader, buf, len);
	cci_read(reader, header);
	if (reader->left < (header->length & CCI_LENGTH_MASK))
		defect(reader, CCI_TRUNCATED, "message");
	if (reader->left > (header->length & CCI_LENGTH_MASK))
		defect(reader, CCI_TOO_LONG, "message");
}
EXPORT_SYMBOL_FABRIC(cci_message_open);

/**
 * cci_writer_init() - begin to write a payload
 * @writer: the writer
 * @buf: room for it
 * @size: how much
 */
void cci_writer_init(struct cci_writer *writer, void *buf, size_t size)
{
	memset(writer, 0, sizeof(*writer));
	writer->start = buf;
	writer->size = size;
}
EXPORT_SYMBOL_FABRIC(cci_writer_init);

static u8 *append(struct cci_writer *writer, size_t len)
{
	u8 *to = writer->start + writer->used;

	if (len > writer->size - writer->used)
		writer->full = true;
	if (writer->full)
		return NULL;
	writer->used += len;
	return to;
}

/**
 * cci_write_bytes() - append bytes
 * @writer: the writer
 * @bytes: what to append
 * @len: how many
 */
void cci_write_bytes(struct cci_writer *writer, const void *bytes, size_t len)
{
	u8 *to = append(writer, len);

	if (to && len)
		memcpy(to, bytes, len);
}
EXPORT_SYMBOL_FABRIC(cci_write_bytes);

/**
 * cci_write_kind() - append a structure, see cci_write()
 * @writer: the writer
 * @kind: which structure
 * @from: the structure
 */
void cci_write_kind(struct cci_writer *writer, enum cci_kind kind, const void *from)
{
	const struct layout *layout = &layouts[kind];
	u8 *to = append(writer, layout->size);
	unsigned int i;

	if (!to)
		return;
	memset(to, 0, layout->size);
	for (i = 0; i < layout->nr_fields; i++) {
		const struct field *field = &layout->fields[i];

		write_field(field, from + field->member, to + field->at);
	}
}
EXPORT_SYMBOL_FABRIC(cci_write_kind);

/**
 * cci_message_begin() - begin a message with its header
 * @writer: the writer, for the payload
 * @header: the header; its length is set by cci_message_end()
 * @buf: room for the message
 * @size: how much
 */
void cci_message_begin(struct cci_writer *writer, const struct cci_header *header, void *buf,
		       size_t size)
{
	cci_writer_init(writer, buf, size);
	cci_write(writer, header);
}
EXPORT_SYMBOL_FABRIC(cci_message_begin);

/**
 * cci_message_end() - set the length of the payload
 * @writer: the writer
 *
 * Return: length of the message, or 0 if it did not fit.
 */
size_t cci_message_end(struct cci_writer *writer)
{
	size_t payload = writer->used - CCI_HEADER_SIZE;
	u32 flags;

	if (writer->full || payload > CCI_LENGTH_MASK)
		return 0;
	flags = get_unaligned_le24(writer->start + 5) & CCI_LENGTH_BACKGROUND;
	put_unaligned_le24(payload | flags, writer->start + 5);
	return writer->used;
}
EXPORT_SYMBOL_FABRIC(cci_message_end);

/* CXL 3.1, section 8.2.9.5.2.1: Command Effects Log */
const u8 cci_effects_log_uuid[CCI_UUID_SIZE] = {
	0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78,
	0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17,
};
EXPORT_SYMBOL_FABRIC(cci_effects_log_uuid);

static const struct {
	u16 opcode;
	const char *name;
} opcodes[] = {
	{ CCI_IDENTIFY, "Identify" },
	{ CCI_BACKGROUND_STATUS, "Background Operation Status" },
	{ CCI_BACKGROUND_ABORT, "Request Abort Background Operation" },
	{ CCI_GET_TIMESTAMP, "Get Timestamp" },
	{ CCI_SET_TIMESTAMP, "Set Timestamp" },
	{ CCI_GET_SUPPORTED_LOGS, "Get Supported Logs" },
	{ CCI_GET_LOG, "Get Log" },
	{ CCI_IDENTIFY_SWITCH, "Identify Switch Device" },
	{ CCI_GET_PORT_STATE, "Get Physical Port State" },
	{ CCI_PORT_CONTROL, "Physical Port Control" },
	{ CCI_GET_VCS_INFO, "Get Virtual CXL Switch Info" },
	{ CCI_BIND_VPPB, "Bind vPPB" },
	{ CCI_UNBIND_VPPB, "Unbind vPPB" },
	{ CCI_TUNNEL, "Tunnel Management Command" },
};

/**
 * cci_opcode_known() - the commands that this knows, one after the other
 * @index: from 0
 *
 * Return: the opcode, or 0 after the last.
 */
u16 cci_opcode_known(unsigned int index)
{
	return index < ARRAY_SIZE(opcodes) ? opcodes[index].opcode : 0;
}
EXPORT_SYMBOL_FABRIC(cci_opcode_known);

/**
 * cci_opcode_name() - name of a command in the specification
 * @opcode: the command
 *
 * Return: the name, or NULL.
 */
const char *cci_opcode_name(u16 opcode)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		if (opcodes[i].opcode == opcode)
			return opcodes[i].name;
	}
	return NULL;
}
EXPORT_SYMBOL_FABRIC(cci_opcode_name);

/* CXL 3.1, section 8.2.8.4.5.1. The last is longer there: what the user reads has 80 bytes. */
static const char * const return_names[] = {
	[CCI_SUCCESS] = "Success",
	[CCI_BACKGROUND_STARTED] = "Background Command Started",
	[CCI_INVALID_INPUT] = "Invalid Input",
	[CCI_UNSUPPORTED] = "Unsupported",
	[CCI_INTERNAL_ERROR] = "Internal Error",
	[CCI_RETRY_REQUIRED] = "Retry Required",
	[CCI_BUSY] = "Busy",
	[0x07] = "Media Disabled",
	[0x08] = "FW Transfer in Progress",
	[0x09] = "FW Transfer Out of Order",
	[0x0a] = "FW Verification Failed",
	[0x0b] = "Invalid Slot",
	[0x0c] = "Activation Failed, FW Rolled Back",
	[0x0d] = "Activation Failed, Cold Reset Required",
	[0x0e] = "Invalid Handle",
	[0x0f] = "Invalid Physical Address",
	[0x10] = "Inject Poison Limit Reached",
	[0x11] = "Permanent Media Failure",
	[CCI_ABORTED] = "Aborted",
	[0x13] = "Invalid Security State",
	[0x14] = "Incorrect Passphrase",
	[0x15] = "Unsupported Mailbox or CCI",
	[CCI_INVALID_PAYLOAD_LENGTH] = "Invalid Payload Length",
	[CCI_INVALID_LOG] = "Invalid Log",
	[0x18] = "Interrupted",
	[0x19] = "Unsupported Feature Version",
	[0x1a] = "Unsupported Feature Selection Value",
	[0x1b] = "Feature Transfer in Progress",
	[0x1c] = "Feature Transfer Out of Order",
	[0x1d] = "Resources Exhausted",
	[0x1e] = "Invalid Extent List",
	[0x1f] = "Transfer Out of Order",
	[CCI_ABORT_NOT_SUPPORTED] = "Abort Not Supported",
};

/**
 * cci_return_name() - name of a return code in the specification
 * @code: the return code
 *
 * Return: the name, "Reserved" if it has none.
 */
const char *cci_return_name(u16 code)
{
	return code < ARRAY_SIZE(return_names) ? return_names[code] : "Reserved";
}
EXPORT_SYMBOL_FABRIC(cci_return_name);

/**
 * cci_defect_name() - what is wrong with a structure, for people
 * @defect: what was found
 *
 * Return: a predicate for the name of the structure.
 */
const char *cci_defect_name(enum cci_defect defect)
{
	static const char * const names[] = {
		[CCI_FINE] = "is fine",
		[CCI_TRUNCATED] = "is truncated",
		[CCI_TOO_LONG] = "is too long",
		[CCI_RESERVED] = "has a reserved value",
	};

	return names[defect];
}
EXPORT_SYMBOL_FABRIC(cci_defect_name);
