/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of the Component Command Interface (CCI) of a CXL switch, among them
 * the Fabric Manager API (FM API): encoder and decoder, used by both ends.
 *
 * Nothing here needs the kernel: the file and cci.c are compiled in user space
 * too, by the tests.
 */
#ifndef _FABRIC_CCI_H
#define _FABRIC_CCI_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * DOC: CCI messages
 *
 * A message is a header and a payload of structures one after the other, little
 * endian (CXL 3.1, section 7.6.3, figure 7-19). Each structure of the
 * specification is a struct here, in the byte order of the processor, and a
 * table in cci.c that both directions follow.
 *
 * A reader takes structures off the front of a message, a writer appends them.
 * What goes wrong is kept and makes all that follows fail, so that the error is
 * looked at once, at the end:
 *
 *   cci_message_open(&reader, &header, buf, len);
 *   cci_read(&reader, &count);
 *   for (i = 0; i < count.nr && !reader.defect; i++)
 *           cci_read(&reader, &port);
 *   if (cci_reader_end(&reader) != CCI_FINE)
 *           ...
 *
 * Reading is strict: a structure that is cut short, bytes that are left over, a
 * count that promises more than there is, and an encoding that the
 * specification reserves are defects. Reserved bits and bytes are ignored when
 * read and 0 when written, as the specification asks for.
 */

/* CXL 3.1, sections 8.2.9 and 7.6.7: opcodes */
enum cci_opcode {
	CCI_IDENTIFY			= 0x0001,
	CCI_BACKGROUND_STATUS		= 0x0002,
	CCI_BACKGROUND_ABORT		= 0x0005,
	CCI_GET_TIMESTAMP		= 0x0300,
	CCI_SET_TIMESTAMP		= 0x0301,
	CCI_GET_SUPPORTED_LOGS		= 0x0400,
	CCI_GET_LOG			= 0x0401,
	CCI_IDENTIFY_SWITCH		= 0x5100,
	CCI_GET_PORT_STATE		= 0x5101,
	CCI_PORT_CONTROL		= 0x5102,
	CCI_GET_VCS_INFO		= 0x5200,
	CCI_BIND_VPPB			= 0x5201,
	CCI_UNBIND_VPPB			= 0x5202,
	CCI_TUNNEL			= 0x5300,
};

/* CXL 3.1, section 8.2.8.4.5.1: return codes, those that are handled */
enum cci_return {
	CCI_SUCCESS			= 0x0000,
	CCI_BACKGROUND_STARTED		= 0x0001,
	CCI_INVALID_INPUT		= 0x0002,
	CCI_UNSUPPORTED			= 0x0003,
	CCI_INTERNAL_ERROR		= 0x0004,
	CCI_RETRY_REQUIRED		= 0x0005,
	CCI_BUSY			= 0x0006,
	CCI_ABORTED			= 0x0012,
	CCI_INVALID_PAYLOAD_LENGTH	= 0x0016,
	CCI_INVALID_LOG			= 0x0017,
	CCI_ABORT_NOT_SUPPORTED		= 0x0020,
};

/* CXL 3.1, section 7.6.3, figure 7-19: CCI message */
#define CCI_HEADER_SIZE			12
#define CCI_CATEGORY_REQUEST		0
#define CCI_CATEGORY_RESPONSE		1
#define CCI_LENGTH_MASK			0x1fffff
#define CCI_LENGTH_BACKGROUND		BIT(23)

/**
 * struct cci_header - what a message begins with
 * @category: CCI_CATEGORY_*
 * @tag: chosen by the request, repeated by the response
 * @opcode: command
 * @length: bytes of payload, and CCI_LENGTH_BACKGROUND
 * @return_code: enum cci_return, 0 in a request
 * @vendor_status: what the vendor adds to @return_code
 */
struct cci_header {
	u8 category;
	u8 tag;
	u16 opcode;
	u32 length;
	u16 return_code;
	u16 vendor_status;
};

/* CXL 3.1, section 8.2.9.1.1: Identify, response */
enum cci_component {
	CCI_COMPONENT_SWITCH	= 0,
	CCI_COMPONENT_TYPE3	= 3,
	CCI_COMPONENT_GFD	= 4,
};

struct cci_identify {
	u16 vendor;
	u16 device;
	u16 subsystem_vendor;
	u16 subsystem;
	u64 serial;
	u8 max_message;		/* binary logarithm of bytes */
	u8 component;
};

/* CXL 3.1, section 8.2.9.1.2: Background Operation Status, response */
#define CCI_BACKGROUND_RUNNING		BIT(0)
#define CCI_BACKGROUND_PERCENT_SHIFT	1

struct cci_background {
	u8 status;
	u16 opcode;
	u16 return_code;
	u16 vendor_status;
};

/* CXL 3.1, section 8.2.9.5.1: Get Supported Logs, response: count, then logs */
#define CCI_UUID_SIZE	16

struct cci_logs {
	u16 nr;
};

struct cci_log {
	u8 uuid[CCI_UUID_SIZE];
	u32 size;
};

/* CXL 3.1, section 8.2.9.5.2: Get Log, request; the response is a part of the log */
struct cci_get_log {
	u8 uuid[CCI_UUID_SIZE];
	u32 offset;
	u32 length;
};

/* CXL 3.1, section 8.2.9.5.2.1: entry of the Command Effects Log */
struct cci_effects {
	u16 opcode;
	u16 effects;
};

/* CXL 3.1, section 7.6.7.1.1: Identify Switch Device, response */
#define CCI_BITMASK_SIZE	32

struct cci_switch {
	u8 ingress_port;
	u8 ports;
	u8 vcss;
	u8 active_ports[CCI_BITMASK_SIZE];
	u8 active_vcss[CCI_BITMASK_SIZE];
	u16 vppbs;
	u16 bound_vppbs;
	u8 hdm_decoders;
};

/* CXL 3.1, section 7.6.7.1.2: Get Physical Port State, request: count, then port ids */
struct cci_ids {
	u8 nr;
};

struct cci_id {
	u8 id;
};

/* Sections 7.6.7.1.2 and 7.6.7.2.1: what the list of a response begins with */
struct cci_count {
	u8 nr;
};

/* CXL 3.1, section 7.6.7.1.2: Get Physical Port State, response */
enum cci_port_state {
	CCI_PORT_DISABLED	= 0x0,
	CCI_PORT_BINDING	= 0x1,
	CCI_PORT_UNBINDING	= 0x2,
	CCI_PORT_DOWNSTREAM	= 0x3,
	CCI_PORT_UPSTREAM	= 0x4,
	CCI_PORT_FABRIC		= 0x5,
	CCI_PORT_INVALID	= 0xf,
};

enum cci_device_mode {
	CCI_MODE_NONE		= 0x0,
	CCI_MODE_RCD		= 0x1,
	CCI_MODE_68B		= 0x2,
	CCI_MODE_256B		= 0x3,
	CCI_MODE_256B_LATENCY	= 0x4,
	CCI_MODE_PBR		= 0x5,
};

enum cci_device_type {
	CCI_DEVICE_NONE		= 0x0,
	CCI_DEVICE_PCIE		= 0x1,
	CCI_DEVICE_TYPE1	= 0x2,
	CCI_DEVICE_TYPE2	= 0x3,
	CCI_DEVICE_TYPE3_SLD	= 0x4,
	CCI_DEVICE_TYPE3_MLD	= 0x5,
	CCI_DEVICE_PBR		= 0x6,
};

enum cci_ltssm {
	CCI_LTSSM_DETECT	= 0x0,
	CCI_LTSSM_L0		= 0x4,
	CCI_LTSSM_HOT_RESET	= 0xa,
};

#define CCI_SUPPORTS_68B	BIT(1)
#define CCI_SUPPORTS_256B	BIT(2)

#define CCI_LINK_LANES_REVERSED	BIT(0)
#define CCI_LINK_PERST		BIT(1)
#define CCI_LINK_PRESENT	BIT(2)
#define CCI_LINK_POWER_OFF	BIT(3)

/* Speeds and widths are encoded as in the PCIe capability (PCIe 6.0, 7.5.3.6) */
struct cci_port {
	u8 id;
	u8 state;
	u8 device_mode;
	u8 device_type;
	u8 supported_modes;
	u8 max_width;
	u8 width;
	u8 supported_speeds;
	u8 max_speed;
	u8 speed;
	u8 ltssm;
	u8 first_lane;
	u16 link_flags;
	u8 supported_lds;
};

/* CXL 3.1, section 7.6.7.1.3: Physical Port Control, request */
enum cci_port_op {
	CCI_PORT_ASSERT_PERST	= 0,
	CCI_PORT_DEASSERT_PERST	= 1,
	CCI_PORT_RESET		= 2,
};

struct cci_port_control {
	u8 port;
	u8 op;
};

/*
 * CXL 3.1, section 7.6.7.2.1: Get Virtual CXL Switch Info. Request: this, then
 * VCS ids. Response: count, then for each VCS a struct cci_vcs and as many
 * struct cci_vppb as there are from @start on, but not more than @limit.
 */
struct cci_vcs_request {
	u8 start;
	u8 limit;
	u8 nr;
};

enum cci_vcs_state {
	CCI_VCS_DISABLED	= 0x00,
	CCI_VCS_ENABLED		= 0x01,
	CCI_VCS_INVALID		= 0xff,
};

struct cci_vcs {
	u8 id;
	u8 state;
	u8 upstream_port;
	u8 vppbs;
};

enum cci_vppb_state {
	CCI_VPPB_UNBOUND	= 0x0,
	CCI_VPPB_CHANGING	= 0x1,
	CCI_VPPB_BOUND_PORT	= 0x2,
	CCI_VPPB_BOUND_LD	= 0x3,
};

#define CCI_VPPB_NO_LD		0xff

struct cci_vppb {
	u8 state;
	u8 port;
	u8 ld;
};

/* CXL 3.1, section 7.6.7.2.2: Bind vPPB, request */
#define CCI_BIND_NO_LD		0xffff

struct cci_bind {
	u8 vcs;
	u8 vppb;
	u8 port;
	u16 ld;
};

/* CXL 3.1, section 7.6.7.2.3: Unbind vPPB, request */
enum cci_unbind_option {
	CCI_UNBIND_WAIT		= 0,
	CCI_UNBIND_MANAGED	= 1,
	CCI_UNBIND_SURPRISE	= 2,
};

struct cci_unbind {
	u8 vcs;
	u8 vppb;
	u8 option;
};

/*
 * CXL 3.1, section 7.6.7.3.1: Tunnel Management Command. Request and response
 * are one of these and then a whole message of @size bytes.
 */
struct cci_tunnel {
	u8 id;			/* of a port, or of an LD if the end is an MLD */
	u8 type;
	u16 size;
};

struct cci_tunnelled {
	u16 size;
};

enum cci_kind {
	CCI_KIND_HEADER,
	CCI_KIND_IDENTIFY,
	CCI_KIND_BACKGROUND,
	CCI_KIND_LOGS,
	CCI_KIND_LOG,
	CCI_KIND_GET_LOG,
	CCI_KIND_EFFECTS,
	CCI_KIND_SWITCH,
	CCI_KIND_IDS,
	CCI_KIND_ID,
	CCI_KIND_COUNT,
	CCI_KIND_PORT,
	CCI_KIND_PORT_CONTROL,
	CCI_KIND_VCS_REQUEST,
	CCI_KIND_VCS,
	CCI_KIND_VPPB,
	CCI_KIND_BIND,
	CCI_KIND_UNBIND,
	CCI_KIND_TUNNEL,
	CCI_KIND_TUNNELLED,
	CCI_KINDS
};

/* Which table describes what @ptr points to: no structure is taken for another. */
#define CCI_KIND_OF(ptr)	_Generic(*(ptr),		\
	struct cci_header : CCI_KIND_HEADER,			\
	struct cci_identify : CCI_KIND_IDENTIFY,		\
	struct cci_background : CCI_KIND_BACKGROUND,		\
	struct cci_logs : CCI_KIND_LOGS,			\
	struct cci_log : CCI_KIND_LOG,				\
	struct cci_get_log : CCI_KIND_GET_LOG,			\
	struct cci_effects : CCI_KIND_EFFECTS,			\
	struct cci_switch : CCI_KIND_SWITCH,			\
	struct cci_ids : CCI_KIND_IDS,				\
	struct cci_id : CCI_KIND_ID,				\
	struct cci_count : CCI_KIND_COUNT,			\
	struct cci_port : CCI_KIND_PORT,			\
	struct cci_port_control : CCI_KIND_PORT_CONTROL,	\
	struct cci_vcs_request : CCI_KIND_VCS_REQUEST,		\
	struct cci_vcs : CCI_KIND_VCS,				\
	struct cci_vppb : CCI_KIND_VPPB,			\
	struct cci_bind : CCI_KIND_BIND,			\
	struct cci_unbind : CCI_KIND_UNBIND,			\
	struct cci_tunnel : CCI_KIND_TUNNEL,			\
	struct cci_tunnelled : CCI_KIND_TUNNELLED)

enum cci_defect {
	CCI_FINE,
	CCI_TRUNCATED,
	CCI_TOO_LONG,
	CCI_RESERVED,
};

/**
 * struct cci_reader - reads structures from a message
 * @at: the next byte
 * @left: number of bytes from there
 * @defect: the first thing that was wrong
 * @what: name of the structure that it was found in
 */
struct cci_reader {
	const u8 *at;
	size_t left;
	enum cci_defect defect;
	const char *what;
};

/**
 * struct cci_writer - appends structures to a message
 * @start: the message
 * @size: room for it
 * @used: bytes written
 * @full: something did not fit
 */
struct cci_writer {
	u8 *start;
	size_t size;
	size_t used;
	bool full;
};

void cci_reader_init(struct cci_reader *reader, const void *buf, size_t len);
void cci_read_kind(struct cci_reader *reader, enum cci_kind kind, void *to);
const u8 *cci_read_bytes(struct cci_reader *reader, size_t len);
enum cci_defect cci_reader_end(struct cci_reader *reader);
void cci_message_open(struct cci_reader *reader, struct cci_header *header, const void *buf,
		      size_t len);

void cci_writer_init(struct cci_writer *writer, void *buf, size_t size);
void cci_write_kind(struct cci_writer *writer, enum cci_kind kind, const void *from);
void cci_write_bytes(struct cci_writer *writer, const void *bytes, size_t len);
void cci_message_begin(struct cci_writer *writer, const struct cci_header *header, void *buf,
		       size_t size);
size_t cci_message_end(struct cci_writer *writer);

#define cci_read(reader, to) ({					\
	typeof(to) _to = (to);					\
								\
	cci_read_kind(reader, CCI_KIND_OF(_to), _to);		\
})

#define cci_write(writer, from) ({				\
	typeof(from) _from = (from);				\
								\
	cci_write_kind(writer, CCI_KIND_OF(_from), _from);	\
})

extern const u8 cci_effects_log_uuid[CCI_UUID_SIZE];

const char *cci_opcode_name(u16 opcode);
const char *cci_return_name(u16 code);
const char *cci_defect_name(enum cci_defect defect);
u16 cci_opcode_known(unsigned int index);

#endif /* _FABRIC_CCI_H */
