/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libfabricbroker - the fabric broker for programs
 *
 * Compile with the flags of "pkg-config libfabricbroker"; see
 * libfabricbroker(3) for an introduction.
 */
#ifndef FABRICBROKER_H
#define FABRICBROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/fabric.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: rules
 *
 * Errors: a function that can fail returns 0 or a negative errno, the one of
 * the kernel where the kernel refused. fabric_error() has the sentence that
 * goes with it, fabric_strerror() the meaning of the number.
 *
 * Units: sizes, lengths, offsets and addresses are bytes, times milliseconds,
 * link speeds MT/s per lane, bandwidths Mb/s. What is in units of the kind is
 * bytes for memory, and Mb/s for bandwidth.
 *
 * What is absent: an id, an enum, a number without a meaning of its own at
 * zero (speed, width, serial, error) is 0; a string is empty; a list has no
 * items; a NUMA node is FABRIC_NO_NODE, an address FABRIC_NO_ADDRESS, a
 * descriptor -1. Other numbers, absent or not given, are FABRIC_UNSET or
 * FABRIC_UNSET64 where their comment says so.
 *
 * Who may do what: looking at the inventory needs no privilege. What changes
 * it, and tenants, needs CAP_SYS_ADMIN in the initial user namespace. That
 * right also sees and changes all grants; without it, a member of a tenant
 * can make, see and change the grants of the tenant. Everybody else gets
 * -EPERM and a sentence that names the right that is missing.
 *
 * Threads: a context, and a subscription to events, serves one thread at a
 * time. Different ones are independent, and the library has no other state.
 *
 * Ownership: what a function hands out through a pointer to const belongs to
 * the library. Inside a callback it is valid until the callback returns. What
 * a call on a context returns is valid until the next call on that context
 * that returns the same type of object. A struct may be copied, but what it
 * points at (the slices of a grant, the members of a device) stays behind.
 *
 * Growth: structs grow at their end, enums by new values, within one soname.
 * So the library hands out lists of structs linked by a pointer, programs do
 * not make arrays of the library's structs, and expect values that they do not
 * know. A struct that a program hands in carries its size, see &struct
 * fabric_grant_req, or is read up to the members that its comment names.
 *
 * Descriptors that the library opens, and those that the kernel installs for
 * it, are close-on-exec.
 */

/** struct fabric_ctx - a connection to the broker, opaque */
struct fabric_ctx;

/** FABRIC_NO_NODE - no NUMA node, or any in a request */
#define FABRIC_NO_NODE		UINT32_MAX

/** FABRIC_NO_ADDRESS - memory that has no address on this host */
#define FABRIC_NO_ADDRESS	UINT64_MAX

/** FABRIC_UNSET - no number, or as it is or by default in a request */
#define FABRIC_UNSET		UINT32_MAX

/** FABRIC_UNSET64 - the same where numbers have 64 bits */
#define FABRIC_UNSET64		UINT64_MAX

/** FABRIC_NAME_SIZE - room for a name, a capability or a reason, with its NUL */
#define FABRIC_NAME_SIZE	(FABRIC_NAME_MAX_LEN + 1)

/** FABRIC_CGROUP_SIZE - room for the path of a cgroup, with its NUL */
#define FABRIC_CGROUP_SIZE	(FABRIC_CGROUP_MAX_LEN + 1)

/* Context and errors */

/**
 * fabric_open() - make a context
 * @ctx: where to store it
 *
 * Needs no privilege. The kernel is asked for the broker by the first call
 * that needs it, which fails with -EPROTONOSUPPORT when fabric.ko is not loaded. After
 * the module was unloaded and loaded again, open a new context.
 *
 * Return: 0, -ENOMEM, or why there is no netlink socket.
 */
int fabric_open(struct fabric_ctx **ctx);

/**
 * fabric_close() - end a context
 * @ctx: the context or NULL
 *
 * Grants whose holder is the socket of the context are released.
 */
void fabric_close(struct fabric_ctx *ctx);

/**
 * fabric_error() - why the last call on a context failed
 * @ctx: the context
 *
 * Return: a sentence without full stop from the kernel or the library, or ""
 * when the number says it all. Valid until the next call on @ctx.
 */
const char *fabric_error(const struct fabric_ctx *ctx);

/**
 * fabric_error_attr() - what in the request the last error is about
 * @ctx: the context
 *
 * Return: name of the attribute as in the specification of the uAPI
 * ("numa-node"), or NULL.
 */
const char *fabric_error_attr(const struct fabric_ctx *ctx);

/**
 * fabric_warning() - what the kernel said about the last call that succeeded
 * @ctx: the context
 *
 * Return: a sentence, or "".
 */
const char *fabric_warning(const struct fabric_ctx *ctx);

/**
 * fabric_strerror() - meaning of an error
 * @err: what a function of the library returned
 *
 * Return: a constant text.
 */
const char *fabric_strerror(int err);

/* Names of the values of enums, as in the specification of the uAPI */

/** enum fabric_enum - the enums that have names */
enum fabric_enum {
	FABRIC_ENUM_KIND = 1,
	FABRIC_ENUM_MODE,
	FABRIC_ENUM_PORT_TYPE,
	FABRIC_ENUM_LINK,
	FABRIC_ENUM_BINDING,
	FABRIC_ENUM_DEVICE_TYPE,
	FABRIC_ENUM_HEALTH,
	FABRIC_ENUM_SLICE_STATE,
	FABRIC_ENUM_GRANT_STATE,
	FABRIC_ENUM_HOLDER,
	FABRIC_ENUM_PLACEMENT,
	FABRIC_ENUM_ADMIN_STATE,
	FABRIC_ENUM_EVENT,	/* of the record, see &struct fabric_log_entry */
	FABRIC_ENUM_FM_PORT_STATE,
	FABRIC_ENUM_FM_MODE,
	FABRIC_ENUM_FM_DEVICE_TYPE,
	FABRIC_ENUM_FM_LTSSM,
	FABRIC_ENUM_FM_PORT_OP,
	FABRIC_ENUM_FM_VCS_STATE,
	FABRIC_ENUM_FM_VPPB_STATE,
	FABRIC_ENUM_FM_UNBIND,
	FABRIC_ENUM_PCI_POWER,
	FABRIC_ENUM_PCI_ACS,	/* from 0 */
	FABRIC_ENUM_PCI_OBSTACLE,
	FABRIC_ENUM_IDLE_VFS,
	FABRIC_ENUM_PORT_IDLE,
};

/**
 * fabric_enum_name() - name of a value
 * @which: the enum
 * @value: the value; the first is 1
 *
 * Return: the name, or NULL for a value that the library does not know.
 */
const char *fabric_enum_name(enum fabric_enum which, uint32_t value);

/**
 * fabric_enum_value() - value that has a name
 * @which: the enum
 * @name: the whole name
 *
 * Return: the value, or 0 if there is none of that name.
 */
uint32_t fabric_enum_value(enum fabric_enum which, const char *name);

/* Domains */

/**
 * struct fabric_domain - one instance of a backend
 * @id: its id
 * @ports: number of ports
 * @devices: number of devices
 * @resources: number of resources
 * @name: its name, unique
 * @backend: name of the backend
 */
struct fabric_domain {
	uint32_t id;
	uint32_t ports;
	uint32_t devices;
	uint32_t resources;
	char name[FABRIC_NAME_SIZE];
	char backend[FABRIC_NAME_SIZE];
};

/**
 * typedef fabric_domain_cb - called for each domain of a list
 *
 * Return: 0 to go on, anything else ends the list and is returned by it.
 */
typedef int (*fabric_domain_cb)(const struct fabric_domain *domain, void *data);

/**
 * fabric_domain_get() - look at one domain
 * @ctx: the context
 * @id: id of the domain
 * @domain: where to store a pointer to it
 *
 * Return: 0, -ENODEV if there is none, or another error.
 */
int fabric_domain_get(struct fabric_ctx *ctx, uint32_t id, const struct fabric_domain **domain);

/**
 * fabric_domain_list() - look at all domains
 * @ctx: the context
 * @cb: called for each
 * @data: handed to @cb
 *
 * As for every list: it is one consistent picture, taken before the first
 * call of @cb, and taken again as long as something changed in the middle. @cb
 * may call the library, with the same context too.
 *
 * Return: 0, what @cb returned, -EAGAIN if things kept changing, or another
 * error.
 */
int fabric_domain_list(struct fabric_ctx *ctx, fabric_domain_cb cb, void *data);

/* PCI functions */

/**
 * struct fabric_pci_bar - a base address register of a function
 * @next: the next one; NULL at the end
 * @index: its number
 * @size: bytes
 * @sizes: bit N if it can be resized to 2^N MiB, 0 if it can't be resized
 */
struct fabric_pci_bar {
	const struct fabric_pci_bar *next;
	uint32_t index;
	uint64_t size;
	uint64_t sizes;
};

/**
 * struct fabric_pci - what a port or device is as a PCI function
 * @vendor: vendor ID
 * @device: device ID
 * @subsystem_vendor: subsystem vendor ID, 0 if it has none
 * @subsystem_device: subsystem ID
 * @class_code: base class, sub-class and programming interface
 * @revision: revision ID
 * @serial: serial number, 0 if unknown
 * @numa_node: NUMA node or FABRIC_NO_NODE
 * @slot: number of the slot or FABRIC_UNSET
 * @speed: MT/s per lane, 0 if unknown
 * @width: lanes, 0 if unknown
 * @speed_max: what it is capable of, 0 without a link
 * @width_max: what it is capable of, 0 without a link
 * @payload: largest payload in bytes, as set, 0 if it is no PCIe function
 * @payload_max: what it is capable of
 * @read_request: largest read request in bytes, as set
 * @acs: bit N for the service N of enum fabric_pci_acs that it has, or FABRIC_UNSET
 * @acs_enabled: those of @acs that are enabled, or FABRIC_UNSET
 * @iommu_group: number or FABRIC_UNSET
 * @nr_group_members: number of @group_members
 * @group_members: addresses of others in the group, the first 16 of them
 * @aer_correctable: correctable errors, or FABRIC_UNSET64 if they aren't counted
 * @aer_nonfatal: uncorrectable errors that were not fatal, or FABRIC_UNSET64
 * @aer_fatal: fatal errors, or FABRIC_UNSET64
 * @power: power state, 0 if unknown
 * @vfs: virtual functions that are enabled
 * @vfs_max: most virtual functions, 0 without SR-IOV
 * @vf_index: number of a virtual function, or FABRIC_UNSET
 * @obstacles: bit N for the obstacle N of enum fabric_pci_obstacle; FABRIC_UNSET for ports
 * @address: "0000:01:00.0"
 * @driver: name of its driver, or ""
 * @physfn: address of the physical function of a virtual one, or ""
 * @reset: ways to reset it, the first is used, or ""
 * @acs_missing: address of the function that lacks ACS, or ""
 * @nr_bars: number of @bars
 * @bars: list of its base address registers
 * @host_use: what the host uses it for, or ""
 */
struct fabric_pci {
	uint32_t vendor;
	uint32_t device;
	uint32_t subsystem_vendor;
	uint32_t subsystem_device;
	uint32_t class_code;
	uint32_t revision;
	uint64_t serial;
	uint32_t numa_node;
	uint32_t slot;
	uint32_t speed;
	uint32_t width;
	uint32_t speed_max;
	uint32_t width_max;
	uint32_t payload;
	uint32_t payload_max;
	uint32_t read_request;
	uint32_t acs;
	uint32_t acs_enabled;
	uint32_t iommu_group;
	uint32_t nr_group_members;
	const char *const *group_members;
	uint64_t aer_correctable;
	uint64_t aer_nonfatal;
	uint64_t aer_fatal;
	enum fabric_pci_power power;
	uint32_t vfs;
	uint32_t vfs_max;
	uint32_t vf_index;
	uint32_t obstacles;
	char address[FABRIC_NAME_SIZE];
	char driver[FABRIC_NAME_SIZE];
	char physfn[FABRIC_NAME_SIZE];
	char reset[FABRIC_NAME_SIZE];
	char acs_missing[FABRIC_NAME_SIZE];
	uint32_t nr_bars;
	const struct fabric_pci_bar *bars;
	char host_use[FABRIC_NAME_SIZE];
};

/* Ports */

/**
 * struct fabric_port - a port of a switch or host bridge
 * @id: its id
 * @domain_id: the domain that it belongs to
 * @parent_id: the port above, 0 at the top
 * @type: place in the fabric
 * @link: state of the link
 * @speed: MT/s per lane, 0 if down or unknown
 * @width: lanes, 0 if down or unknown
 * @binding: whether it belongs to a host, 0 where ports can't be bound
 * @name: its name, unique in the domain
 * @host: host that it is bound to, or ""
 * @nr_labels: number of @labels
 * @labels: labels, "key=value" each
 * @pci: what it is as a PCI function, or NULL
 * @speed_limit: MT/s that the link may have at most, 0 if unknown
 * @idle: what it does while nothing below it is used, 0 if it has no choice
 * @rested: ms that it has slept
 */
struct fabric_port {
	uint32_t id;
	uint32_t domain_id;
	uint32_t parent_id;
	enum fabric_port_type type;
	enum fabric_link link;
	uint32_t speed;
	uint32_t width;
	enum fabric_binding binding;
	char name[FABRIC_NAME_SIZE];
	char host[FABRIC_NAME_SIZE];
	uint32_t nr_labels;
	const char *const *labels;
	const struct fabric_pci *pci;
	uint32_t speed_limit;
	enum fabric_port_idle idle;
	uint64_t rested;
};

/**
 * struct fabric_port_set_req - request to change a port
 * @struct_size: sizeof(struct fabric_port_set_req)
 * @link: the state of the link that is wanted, 0 leaves it
 * @nr_labels: number of @labels, at most FABRIC_LABELS_MAX
 * @labels: labels to add, "key=value" each; one with the same key goes
 * @nr_unlabels: number of @unlabels, at most FABRIC_LABELS_MAX
 * @unlabels: keys of labels that are to go
 * @speed_limit: MT/s that the link may have, a speed of PCIe, 0 leaves it
 * @idle: what it does while nothing below it is used, 0 leaves it
 *
 * At most one of @link, @speed_limit and @idle is not 0. Start with
 * fabric_port_set_req_init().
 */
struct fabric_port_set_req {
	size_t struct_size;
	enum fabric_link link;
	uint32_t nr_labels;
	const char *const *labels;
	uint32_t nr_unlabels;
	const char *const *unlabels;
	uint32_t speed_limit;
	enum fabric_port_idle idle;
};

/** fabric_port_set_req_init() - a request that changes nothing */
static inline void fabric_port_set_req_init(struct fabric_port_set_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
}

/** typedef fabric_port_cb - called for each port of a list, see fabric_domain_cb */
typedef int (*fabric_port_cb)(const struct fabric_port *port, void *data);

/**
 * fabric_port_get() - look at one port
 * @ctx: the context
 * @id: id of the port
 * @port: where to store a pointer to it
 *
 * Return: 0, -ENOENT if there is none, or another error.
 */
int fabric_port_get(struct fabric_ctx *ctx, uint32_t id, const struct fabric_port **port);

/**
 * fabric_port_list() - look at ports
 * @ctx: the context
 * @domain_id: those of this domain, or 0 for all
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_domain_list().
 */
int fabric_port_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_port_cb cb, void *data);

/**
 * fabric_port_bind() - bind an unbound downstream port to a host
 * @ctx: the context
 * @id: id of the port
 * @host: name of the host
 * @port: where to store a pointer to the port as it is then, or NULL
 *
 * Returns when the backend is done. Needs CAP_SYS_ADMIN. Binding to the host
 * that it is bound to already changes nothing and succeeds.
 *
 * Return: 0, -EPERM, -ENOENT, -EBUSY if it is bound to another host or in
 * transition, -EOPNOTSUPP if the backend can't, -EIO or -ETIMEDOUT if the
 * hardware failed (the port is in state error then), or another error.
 */
int fabric_port_bind(struct fabric_ctx *ctx, uint32_t id, const char *host,
		     const struct fabric_port **port);

/**
 * fabric_port_unbind() - undo fabric_port_bind()
 * @ctx: the context
 * @id: id of the port
 * @port: where to store a pointer to the port as it is then, or NULL
 *
 * Needs CAP_SYS_ADMIN. The way out of the binding state error.
 *
 * Return: as fabric_port_bind(); -EBUSY while slices below are granted.
 */
int fabric_port_unbind(struct fabric_ctx *ctx, uint32_t id, const struct fabric_port **port);

/**
 * fabric_port_set() - change the labels of a port, then its link or how it saves power
 * @ctx: the context
 * @id: id of the port
 * @req: what is wanted
 * @port: where to store a pointer to the port as it is then, or NULL
 *
 * Needs CAP_SYS_ADMIN. All or nothing. Setting what it has succeeds and
 * changes nothing.
 *
 * Return: as fabric_port_bind(); -EBUSY for a link that is to go down while
 * slices below are granted, or for a limit below what is guaranteed of the
 * link; -EINVAL for a label without "=", -ENOSPC for more than
 * FABRIC_LABELS_MAX of them.
 */
int fabric_port_set(struct fabric_ctx *ctx, uint32_t id, const struct fabric_port_set_req *req,
		    const struct fabric_port **port);

/**
 * fabric_port_set_link() - bring the link of a port up or down
 * @ctx: the context
 * @id: id of the port
 * @link: the state wanted
 * @port: where to store a pointer to the port as it is then, or NULL
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Return: as fabric_port_bind(); -EBUSY for down while slices below are
 * granted.
 */
int fabric_port_set_link(struct fabric_ctx *ctx, uint32_t id, enum fabric_link link,
			 const struct fabric_port **port);

/* Fabric manager: the mailbox of a CXL switch. All of it needs CAP_SYS_ADMIN. */

#define FABRIC_FM_NO_PORT	UINT32_MAX

/**
 * struct fabric_fm - who a switch is, or the device below one of its ports
 * @domain_id: the domain
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @subsystem_vendor: PCI subsystem vendor id
 * @subsystem: PCI subsystem id
 * @serial: serial number
 * @message_max: longest message in bytes, 0 if unknown
 * @component: "switch", "type3" or "gfd"
 * @port: the port whose device it is, FABRIC_FM_NO_PORT for the switch; of a
 *	device, what follows is empty
 * @ingress_port: physical port that the question came in by
 * @ports: number of physical ports
 * @vcss: number of virtual switches
 * @vppbs: number of virtual bridges
 * @bound_vppbs: those of them that are bound
 * @hdm_decoders: number of HDM decoders of an upstream port
 * @background_opcode: last command that went on in the background, 0 if none did
 * @background_running: it has not ended
 * @background_percent: how much of it is done
 * @background_name: its name, or ""
 * @background_result: how it ended, "" while it runs
 * @nr_active_ports: number of @active_ports
 * @active_ports: physical ports that are enabled
 * @nr_active_vcss: number of @active_vcss
 * @active_vcss: virtual switches that are enabled
 */
struct fabric_fm {
	uint32_t domain_id;
	uint32_t vendor;
	uint32_t device;
	uint32_t subsystem_vendor;
	uint32_t subsystem;
	uint64_t serial;
	uint32_t message_max;
	char component[FABRIC_NAME_SIZE];
	uint32_t port;
	uint32_t ingress_port;
	uint32_t ports;
	uint32_t vcss;
	uint32_t vppbs;
	uint32_t bound_vppbs;
	uint32_t hdm_decoders;
	uint32_t background_opcode;
	bool background_running;
	uint32_t background_percent;
	char background_name[FABRIC_NAME_SIZE];
	char background_result[FABRIC_NAME_SIZE];
	uint32_t nr_active_ports;
	const uint32_t *active_ports;
	uint32_t nr_active_vcss;
	const uint32_t *active_vcss;
};

/**
 * struct fabric_fm_port - state of a physical port
 * @domain_id: the domain
 * @number: physical port number
 * @port_id: id of the port in the inventory, 0 if it is not there
 * @state: how it is configured
 * @device_mode: mode of what is connected, 0 if it has none
 * @device_type: what is connected, 0 if nothing is
 * @modes: modes that it can, bit N is the mode with value N
 * @width_max: most lanes
 * @width: lanes in use
 * @speed_max: highest MT/s per lane, 0 if unknown
 * @speed: MT/s per lane, 0 if unknown
 * @ltssm: state of the link training
 * @first_lane: first lane that was negotiated
 * @lanes_reversed: the lanes are reversed
 * @perst: PERST# is asserted
 * @present: there is a device, PRSNT# says
 * @power_off: the slot has no power
 * @lds: logical devices that it can tell apart
 * @nr_speeds: number of @speeds
 * @speeds: MT/s per lane that it can
 */
struct fabric_fm_port {
	uint32_t domain_id;
	uint32_t number;
	uint32_t port_id;
	enum fabric_fm_port_state state;
	enum fabric_fm_mode device_mode;
	enum fabric_fm_device_type device_type;
	uint32_t modes;
	uint32_t width_max;
	uint32_t width;
	uint32_t speed_max;
	uint32_t speed;
	enum fabric_fm_ltssm ltssm;
	uint32_t first_lane;
	bool lanes_reversed;
	bool perst;
	bool present;
	bool power_off;
	uint32_t lds;
	uint32_t nr_speeds;
	const uint32_t *speeds;
};

/**
 * struct fabric_fm_vppb - a virtual bridge
 * @next: the next one, or NULL
 * @number: its number in the virtual switch
 * @state: what it is bound to
 * @port: physical port that it is bound to, all ones if it is not bound
 * @port_id: id of that port in the inventory, 0 if it is not there
 * @ld: logical device that it is bound to, all ones if it is a port
 */
struct fabric_fm_vppb {
	const struct fabric_fm_vppb *next;
	uint32_t number;
	enum fabric_fm_vppb_state state;
	uint32_t port;
	uint32_t port_id;
	uint32_t ld;
};

/**
 * struct fabric_fm_vcs - a virtual switch
 * @domain_id: the domain
 * @vcs: its id
 * @state: whether it is enabled
 * @upstream_port: physical port of its host
 * @host: name of the host, or ""
 * @nr_vppbs: number of @vppbs
 * @vppbs: its virtual bridges
 */
struct fabric_fm_vcs {
	uint32_t domain_id;
	uint32_t vcs;
	enum fabric_fm_vcs_state state;
	uint32_t upstream_port;
	char host[FABRIC_NAME_SIZE];
	uint32_t nr_vppbs;
	const struct fabric_fm_vppb *vppbs;
};

/**
 * struct fabric_fm_command - a command that a switch has or lacks
 * @domain_id: the domain
 * @opcode: its number
 * @supported: the switch has it
 * @effects: what it changes (CXL 3.1, section 8.2.9.5.2.1)
 * @name: its name in the specification, or ""
 */
struct fabric_fm_command {
	uint32_t domain_id;
	uint32_t opcode;
	bool supported;
	uint32_t effects;
	char name[FABRIC_NAME_SIZE];
};

/** typedef fabric_fm_port_cb - called for each port of a list, see fabric_domain_cb */
typedef int (*fabric_fm_port_cb)(const struct fabric_fm_port *port, void *data);

/** typedef fabric_fm_vcs_cb - called for each virtual switch, see fabric_domain_cb */
typedef int (*fabric_fm_vcs_cb)(const struct fabric_fm_vcs *vcs, void *data);

/** typedef fabric_fm_command_cb - called for each command, see fabric_domain_cb */
typedef int (*fabric_fm_command_cb)(const struct fabric_fm_command *command, void *data);

/**
 * fabric_fm_get() - ask a switch who it is
 * @ctx: the context
 * @domain_id: the domain
 * @port: ask the device below this physical port instead, or FABRIC_FM_NO_PORT
 * @fm: where to store a pointer to the answer
 *
 * As for all of these: returns when the switch has answered.
 *
 * Return: 0, -EPERM, -ENODEV, -EOPNOTSUPP if the domain has no mailbox or the
 * switch not this command, -EIO or -ETIMEDOUT if it failed, or another error.
 */
int fabric_fm_get(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t port,
		  const struct fabric_fm **fm);

/**
 * fabric_fm_port_get() - ask for the state of a physical port
 * @ctx: the context
 * @domain_id: the domain
 * @number: the port
 * @port: where to store a pointer to the answer
 *
 * Return: as fabric_fm_get(), -ENOENT if there is no such port.
 */
int fabric_fm_port_get(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t number,
		       const struct fabric_fm_port **port);

/**
 * fabric_fm_port_list() - ask for the state of all physical ports
 * @ctx: the context
 * @domain_id: the domain
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_fm_get(), or what @cb returned.
 */
int fabric_fm_port_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_fm_port_cb cb,
			void *data);

/**
 * fabric_fm_port_control() - reset a physical port
 * @ctx: the context
 * @domain_id: the domain
 * @number: the port
 * @op: what to do
 * @force: even if slices are below it
 *
 * Return: as fabric_fm_get(), -EBUSY if slices are below the port.
 */
int fabric_fm_port_control(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t number,
			   enum fabric_fm_port_op op, bool force);

/**
 * fabric_fm_vcs_list() - look at the virtual switches
 * @ctx: the context
 * @domain_id: the domain
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_fm_get(), or what @cb returned.
 */
int fabric_fm_vcs_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_fm_vcs_cb cb,
		       void *data);

/**
 * fabric_fm_bind() - bind a virtual bridge to a physical port
 * @ctx: the context
 * @domain_id: the domain
 * @vcs: the virtual switch
 * @vppb: number of the virtual bridge in it
 * @port: the physical port
 *
 * The same operation as fabric_port_bind().
 *
 * Return: as fabric_port_bind().
 */
int fabric_fm_bind(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t vcs, uint32_t vppb,
		   uint32_t port);

/**
 * fabric_fm_unbind() - unbind a virtual bridge
 * @ctx: the context
 * @domain_id: the domain
 * @vcs: the virtual switch
 * @vppb: number of the virtual bridge in it
 * @option: how, or 0 for a managed hot-remove
 *
 * The same operation as fabric_port_unbind().
 *
 * Return: as fabric_port_unbind().
 */
int fabric_fm_unbind(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t vcs, uint32_t vppb,
		     enum fabric_fm_unbind option);

/**
 * fabric_fm_command_list() - which commands a switch has, and which it lacks
 * @ctx: the context
 * @domain_id: the domain
 * @port: ask the device below this physical port instead, or FABRIC_FM_NO_PORT
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_fm_get(), or what @cb returned.
 */
int fabric_fm_command_list(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t port,
			   fabric_fm_command_cb cb, void *data);

/* Devices */

/**
 * struct fabric_device - what sits below a port
 * @id: its id
 * @domain_id: the domain that it belongs to
 * @port_id: the port that it is attached to, 0 for a region
 * @type: what it is
 * @health: whether it can be used
 * @numa_node: NUMA node or FABRIC_NO_NODE
 * @serial: serial number, 0 if unknown
 * @capacity: capacity in bytes, whether or not it is in a resource, 0 if it has none
 * @nr_members: number of @members
 * @members: ids of the devices that a region is interleaved over, in order
 * @name: its name, unique in the domain
 * @admin_state: what the administrator wants of it
 * @slices: number of slices of its resources, what draining waits for
 * @in_use: bytes of its resources that are not free
 * @nr_labels: number of @labels
 * @labels: labels, "key=value" each
 * @pci: what it is as a PCI function, or NULL
 * @idle_vfs: what becomes of its virtual functions when none is granted, 0 without SR-IOV
 */
struct fabric_device {
	uint32_t id;
	uint32_t domain_id;
	uint32_t port_id;
	enum fabric_device_type type;
	enum fabric_health health;
	uint32_t numa_node;
	uint64_t serial;
	uint64_t capacity;
	uint32_t nr_members;
	const uint32_t *members;
	char name[FABRIC_NAME_SIZE];
	enum fabric_admin_state admin_state;
	uint32_t slices;
	uint64_t in_use;
	uint32_t nr_labels;
	const char *const *labels;
	const struct fabric_pci *pci;
	enum fabric_idle_vfs idle_vfs;
};

/**
 * struct fabric_device_set_req - request to change a device
 * @struct_size: sizeof(struct fabric_device_set_req)
 * @admin_state: what is wanted of it, 0 leaves that
 * @nr_labels: number of @labels, at most FABRIC_LABELS_MAX
 * @labels: labels to add, "key=value" each; one with the same key goes
 * @nr_unlabels: number of @unlabels, at most FABRIC_LABELS_MAX
 * @unlabels: keys of labels that are to go
 * @idle_vfs: what becomes of its virtual functions when none is granted, 0 leaves that
 *
 * Start with fabric_device_set_req_init().
 */
struct fabric_device_set_req {
	size_t struct_size;
	enum fabric_admin_state admin_state;
	uint32_t nr_labels;
	const char *const *labels;
	uint32_t nr_unlabels;
	const char *const *unlabels;
	enum fabric_idle_vfs idle_vfs;
};

/** fabric_device_set_req_init() - a request that changes nothing */
static inline void fabric_device_set_req_init(struct fabric_device_set_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
}

/** typedef fabric_device_cb - called for each device of a list, see fabric_domain_cb */
typedef int (*fabric_device_cb)(const struct fabric_device *device, void *data);

/**
 * fabric_device_get() - look at one device
 * @ctx: the context
 * @id: id of the device
 * @device: where to store a pointer to it
 *
 * Return: 0, -ENOENT if there is none, or another error.
 */
int fabric_device_get(struct fabric_ctx *ctx, uint32_t id, const struct fabric_device **device);

/**
 * fabric_device_list() - look at devices
 * @ctx: the context
 * @domain_id: those of this domain, or 0 for all
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_domain_list().
 */
int fabric_device_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_device_cb cb,
		       void *data);

/**
 * fabric_device_set() - change what is wanted of a device, and its labels
 * @ctx: the context
 * @id: id of the device
 * @req: what is wanted
 * @device: where to store a pointer to the device as it is then, or NULL
 *
 * Needs CAP_SYS_ADMIN. All or nothing. Setting what it has succeeds and
 * changes nothing. A device that drains gets no new slices and keeps those
 * that it has until they are released; &fabric_device.slices counts down, with
 * an event each time.
 *
 * Return: 0, -EBUSY to disable one that has slices, -EINVAL for a label without
 * "=", -ENOSPC for more than FABRIC_LABELS_MAX of them, -ENOENT, -EPERM, or
 * another error.
 */
int fabric_device_set(struct fabric_ctx *ctx, uint32_t id,
		      const struct fabric_device_set_req *req,
		      const struct fabric_device **device);

/* Resources */

/**
 * struct fabric_resource - one allocatable capacity of a device or port
 * @id: its id
 * @domain_id: the domain that it belongs to
 * @device_id: the device that it is a capacity of, 0 for one of a port
 * @kind: what is counted, which is the unit of all sizes here
 * @modes: modes in which slices can be granted, bit n for mode n; see
 *	fabric_resource_has_mode()
 * @slices: number of slices
 * @numa_node: NUMA node or FABRIC_NO_NODE
 * @total: total capacity, the sum of the next four and @withheld
 * @free: capacity that can be granted
 * @reserved: capacity of grants that are being prepared
 * @granted: capacity in grants
 * @quarantined: capacity that could not be proven clean after use
 * @largest_free: length of the largest free extent
 * @granule: every slice starts and ends at a multiple of this
 * @address: physical address of the first byte, or FABRIC_NO_ADDRESS
 * @capability: what it can do
 * @port_id: the port that it is a capacity of, 0 for one of a device
 * @fragmentation: per cent of @free that is not in the largest free extent
 * @allocations: slices that were ever reserved in it
 * @refusals: requests that it could not serve although it matched
 * @reclaims: slices that were taken, whole or in part, for a more important request
 * @high_water: most capacity that was ever not free
 * @withheld: capacity that the host uses, granted by force only
 */
struct fabric_resource {
	uint32_t id;
	uint32_t domain_id;
	uint32_t device_id;
	enum fabric_kind kind;
	uint32_t modes;
	uint32_t slices;
	uint32_t numa_node;
	uint64_t total;
	uint64_t free;
	uint64_t reserved;
	uint64_t granted;
	uint64_t quarantined;
	uint64_t largest_free;
	uint64_t granule;
	uint64_t address;
	char capability[FABRIC_NAME_SIZE];
	uint32_t port_id;
	uint32_t fragmentation;
	uint64_t allocations;
	uint64_t refusals;
	uint64_t reclaims;
	uint64_t high_water;
	uint64_t withheld;
};

/** fabric_resource_has_mode() - whether slices of a resource can be granted in a mode */
static inline bool fabric_resource_has_mode(const struct fabric_resource *resource,
					    enum fabric_mode mode)
{
	return resource->modes >> mode & 1;
}

/** typedef fabric_resource_cb - called for each resource of a list, see fabric_domain_cb */
typedef int (*fabric_resource_cb)(const struct fabric_resource *resource, void *data);

/**
 * fabric_resource_get() - look at one resource
 * @ctx: the context
 * @id: id of the resource
 * @resource: where to store a pointer to it
 *
 * Return: 0, -ENOENT if there is none, or another error.
 */
int fabric_resource_get(struct fabric_ctx *ctx, uint32_t id,
			const struct fabric_resource **resource);

/**
 * fabric_resource_list() - look at resources
 * @ctx: the context
 * @domain_id: those of this domain, or 0 for all
 * @device_id: those of this device, or 0 for all
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_domain_list().
 */
int fabric_resource_list(struct fabric_ctx *ctx, uint32_t domain_id, uint32_t device_id,
			 fabric_resource_cb cb, void *data);

/* Slices */

/**
 * struct fabric_slice - an extent of one resource, in a grant
 * @next: next slice of the same grant; NULL in a list of slices
 * @grant_id: the grant that it is in
 * @index: position in the grant, from 0
 * @domain_id: the domain that it belongs to
 * @device_id: the device
 * @resource_id: the resource that it is an extent of
 * @state: where the extent is
 * @numa_node: NUMA node or FABRIC_NO_NODE
 * @start: offset in the resource
 * @length: length of the extent
 * @address: physical address of the first byte, or FABRIC_NO_ADDRESS
 * @node: what the holder opens, a name below /dev such as "dax1.0", or ""
 * @offset: offset of the slice in the file of its grant, FABRIC_UNSET64 where
 *	the mode is not map
 * @function: address of the PCI function that it is, "0000:01:10.0", or ""
 */
struct fabric_slice {
	const struct fabric_slice *next;
	uint32_t grant_id;
	uint32_t index;
	uint32_t domain_id;
	uint32_t device_id;
	uint32_t resource_id;
	enum fabric_slice_state state;
	uint32_t numa_node;
	uint64_t start;
	uint64_t length;
	uint64_t address;
	char node[FABRIC_NAME_SIZE];
	uint64_t offset;
	char function[FABRIC_NAME_SIZE];
};

/** typedef fabric_slice_cb - called for each slice of a list, see fabric_domain_cb */
typedef int (*fabric_slice_cb)(const struct fabric_slice *slice, void *data);

/**
 * fabric_slice_list() - look at slices
 * @ctx: the context
 * @grant_id: those of this grant, or 0 for all
 * @resource_id: those of this resource, or 0 for all
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_domain_list().
 */
int fabric_slice_list(struct fabric_ctx *ctx, uint32_t grant_id, uint32_t resource_id,
		      fabric_slice_cb cb, void *data);

/* Grants */

/**
 * struct fabric_notice - what the holder of a grant is asked to give back
 * @by: the request that wants it, 0 if none does
 * @priority: priority of that request
 * @target: size that the grant has to come down to, 0 for its release
 * @left: milliseconds until force is used
 * @reason: why, for people
 */
struct fabric_notice {
	uint32_t by;
	uint32_t priority;
	uint64_t target;
	uint64_t left;
	char reason[FABRIC_NAME_SIZE];
};

/**
 * struct fabric_taken - what was taken from a grant
 * @next: an earlier or later time; NULL at the end
 * @by: the request that took it
 * @priority: priority of that request
 * @size: how much, in units of the kind
 * @age: milliseconds ago
 * @tenant: tenant of the taker, or ""
 */
struct fabric_taken {
	const struct fabric_taken *next;
	uint32_t by;
	uint32_t priority;
	uint64_t size;
	uint64_t age;
	char tenant[FABRIC_NAME_SIZE];
};

/**
 * struct fabric_grant - what one holder got under one request
 * @id: its id
 * @kind: kind of the capacity
 * @mode: how memory appears to the holder
 * @state: state of the grant
 * @holder: what it is bound to
 * @pid: process that requested it, which may have ended
 * @uid: user of that process
 * @error: errno of the last attempt to take it back, positive, or 0
 * @fd: descriptor of its file in this process, from fabric_grant_new() with holder
 *	file or state queued or preparing only, otherwise -1. It belongs to the caller,
 *	who closes it.
 * @size: size in units of the kind (bytes)
 * @age: milliseconds since the request
 * @nr_slices: number of slices
 * @slices: the first slice; the others follow by &fabric_slice.next
 * @capability: capability requested, or ""
 * @comm: name of the command that requested it
 * @reason: why it is in its state, or ""
 * @gid: group of the process that requested it
 * @priority: importance, 0 to FABRIC_PRIORITY_MAX
 * @grace: milliseconds between a notice and force
 * @pieces: most slices that it was to be met with
 * @placement: how they were chosen
 * @position: requests in the queue before it, FABRIC_UNSET if it is not queued
 * @bandwidth_min: Mb/s guaranteed to each slice, or 0
 * @bandwidth_max: Mb/s that each slice is throttled to, or 0
 * @reclaims: how often something was taken from it
 * @resizes: how often its holder changed its size
 * @renewals: how often its lease was renewed
 * @reclaimable: whether it may be revoked for a more important request
 * @restore: whether it is to grow back to @full_size
 * @restorable: whether the capacity for that is free
 * @min: size that it may be shrunk to, 0 if it may not be shrunk
 * @full_size: size that it had before something was taken from it, 0 if it has that
 * @lease: milliseconds that it lasts without fabric_grant_renew(), 0 for no limit
 * @lease_left: milliseconds that are left of it, FABRIC_UNSET64 without a limit
 * @wait_left: milliseconds until it expires in the queue, FABRIC_UNSET64 if it does not
 * @queue_time: milliseconds that it was in the queue, FABRIC_UNSET64 if it was not
 * @token: name that the client gave the request, or ""
 * @tenant: tenant that it counts for, or ""
 * @notice: what its holder is asked to give back, or NULL
 * @nr_taken: number of @taken
 * @taken: who took something from it; the others follow by &fabric_taken.next
 * @driver: what its functions are bound to, or "" for what the host has
 * @mac: address of its functions, or ""
 * @vlan: VLAN of its functions, or 0
 * @group: its functions are there with all others of their IOMMU group
 */
struct fabric_grant {
	uint32_t id;
	enum fabric_kind kind;
	enum fabric_mode mode;
	enum fabric_grant_state state;
	enum fabric_holder holder;
	uint32_t pid;
	uint32_t uid;
	uint32_t error;
	int fd;
	uint64_t size;
	uint64_t age;
	uint32_t nr_slices;
	const struct fabric_slice *slices;
	char capability[FABRIC_NAME_SIZE];
	char comm[FABRIC_NAME_SIZE];
	char reason[FABRIC_NAME_SIZE];
	uint32_t gid;
	uint32_t priority;
	uint32_t grace;
	uint32_t pieces;
	enum fabric_placement placement;
	uint32_t position;
	uint32_t bandwidth_min;
	uint32_t bandwidth_max;
	uint32_t reclaims;
	uint32_t resizes;
	uint32_t renewals;
	bool reclaimable;
	bool restore;
	bool restorable;
	uint64_t min;
	uint64_t full_size;
	uint64_t lease;
	uint64_t lease_left;
	uint64_t wait_left;
	uint64_t queue_time;
	char token[FABRIC_NAME_SIZE];
	char tenant[FABRIC_NAME_SIZE];
	const struct fabric_notice *notice;
	uint32_t nr_taken;
	const struct fabric_taken *taken;
	char driver[FABRIC_NAME_SIZE];
	char mac[FABRIC_NAME_SIZE];
	uint32_t vlan;
	bool group;
};

/**
 * struct fabric_grant_req - request for a grant
 * @struct_size: sizeof(struct fabric_grant_req)
 * @kind: what to grant
 * @mode: how memory is to appear, 0 for the first mode of the resource
 * @holder: what the grant is bound to, 0 for none
 * @domain_id: from this domain only, or 0
 * @device_id: from this device only, or 0
 * @numa_node: from this NUMA node only, or FABRIC_NO_NODE
 * @size: units of the kind (bytes)
 * @capability: what it must be able to do, or NULL
 * @port_id: from devices below this port only, or 0
 * @near_node: rather at a small distance from this NUMA node, or FABRIC_NO_NODE
 * @pieces: most slices, 1 to FABRIC_SLICES_MAX, 0 for 1
 * @placement: how to choose among what matches, 0 for best-fit
 * @priority: 0 to FABRIC_PRIORITY_MAX, FABRIC_UNSET for what is usual
 * @grace: milliseconds between a notice and force, FABRIC_UNSET for what is usual
 * @bandwidth_min: Mb/s guaranteed to each slice on its path, or 0
 * @bandwidth_max: Mb/s that each slice is throttled to, 0 for no limit
 * @reclaimable: may be revoked for a more important request
 * @restore: grow back by itself after something was taken
 * @nr_labels: number of @labels, at most FABRIC_LABELS_MAX
 * @labels: only from devices that have all of these, or are below a port that has
 * @granularity: every slice has to be a multiple of this, or 0
 * @min: may be shrunk to this for a more important request, or 0
 * @lease: milliseconds after which it is taken back unless renewed, or 0
 * @wait: milliseconds that it may wait in the queue, or 0
 * @token: name of the request, so that a second one gets the same grant, or NULL
 * @tenant: whom it counts for, or NULL for the one that the caller is a member of;
 *	naming another needs CAP_SYS_ADMIN
 * @force: if nothing is free, what the host uses is taken from it; needs CAP_SYS_ADMIN
 * @driver: what a function is bound to in mode driver, or NULL for what the host has
 * @mac: of a virtual function of a network, "52:54:00:12:34:56", or NULL; like @vlan,
 *	needs CAP_SYS_ADMIN
 * @vlan: of a virtual function of a network, or 0
 * @group: a function comes with all others of its IOMMU group; needs CAP_SYS_ADMIN
 *
 * Start with fabric_grant_req_init().
 */
struct fabric_grant_req {
	size_t struct_size;
	enum fabric_kind kind;
	enum fabric_mode mode;
	enum fabric_holder holder;
	uint32_t domain_id;
	uint32_t device_id;
	uint32_t numa_node;
	uint64_t size;
	const char *capability;
	uint32_t port_id;
	uint32_t near_node;
	uint32_t pieces;
	enum fabric_placement placement;
	uint32_t priority;
	uint32_t grace;
	uint32_t bandwidth_min;
	uint32_t bandwidth_max;
	bool reclaimable;
	bool restore;
	uint32_t nr_labels;
	const char *const *labels;
	uint64_t granularity;
	uint64_t min;
	uint64_t lease;
	uint64_t wait;
	const char *token;
	const char *tenant;
	bool force;
	const char *driver;
	const char *mac;
	uint32_t vlan;
	bool group;
};

/** fabric_grant_req_init() - a request for nothing yet, from anywhere */
static inline void fabric_grant_req_init(struct fabric_grant_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
	req->numa_node = FABRIC_NO_NODE;
	req->near_node = FABRIC_NO_NODE;
	req->priority = FABRIC_UNSET;
	req->grace = FABRIC_UNSET;
}

/**
 * struct fabric_grant_set_req - request to change a grant
 * @struct_size: sizeof(struct fabric_grant_set_req)
 * @pieces: most slices that are added when it grows, 0 for 1
 * @size: size in units of the kind, 0 leaves it
 * @min: size that it may be shrunk to, 0 for not at all, FABRIC_UNSET64 leaves it
 * @priority: 0 to FABRIC_PRIORITY_MAX, FABRIC_UNSET leaves it
 * @grace: milliseconds between a notice and force, FABRIC_UNSET leaves it
 * @reclaimable: 1 if it may be revoked, 0 if not, FABRIC_UNSET leaves it
 * @restore: 1 to grow back by itself, 0 not to, FABRIC_UNSET leaves it
 * @force: although it is bound to a file or socket of somebody else
 *
 * Start with fabric_grant_set_req_init().
 */
struct fabric_grant_set_req {
	size_t struct_size;
	uint32_t pieces;
	uint32_t priority;
	uint64_t size;
	uint64_t min;
	uint32_t grace;
	uint32_t reclaimable;
	uint32_t restore;
	bool force;
};

/** fabric_grant_set_req_init() - a request that changes nothing */
static inline void fabric_grant_set_req_init(struct fabric_grant_set_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
	req->min = FABRIC_UNSET64;
	req->priority = FABRIC_UNSET;
	req->grace = FABRIC_UNSET;
	req->reclaimable = FABRIC_UNSET;
	req->restore = FABRIC_UNSET;
}

/** typedef fabric_grant_cb - called for each grant of a list, see fabric_domain_cb */
typedef int (*fabric_grant_cb)(const struct fabric_grant *grant, void *data);

/**
 * fabric_grant_get() - look at one grant
 * @ctx: the context
 * @id: id of the grant
 * @grant: where to store a pointer to it
 *
 * Return: 0, -ENOENT if there is none, or another error.
 */
int fabric_grant_get(struct fabric_ctx *ctx, uint32_t id, const struct fabric_grant **grant);

/**
 * fabric_grant_list() - look at all grants
 * @ctx: the context
 * @cb: called for each
 * @data: handed to @cb
 *
 * Return: as fabric_domain_list().
 */
int fabric_grant_list(struct fabric_ctx *ctx, fabric_grant_cb cb, void *data);

/**
 * fabric_grant_new() - make a grant
 * @ctx: the context
 * @req: what is wanted
 * @grant: where to store a pointer to it
 *
 * For CAP_SYS_ADMIN and, within the limits of a tenant, for its members. With
 * holder file the kernel installs a descriptor in this process,
 * &fabric_grant.fd: the grant lasts as long as the file behind it. With holder
 * socket it lasts until fabric_close(). It takes one message to the kernel and
 * one back, and allocates nothing.
 *
 * The grant is active, or, when it has to wait for capacity, queued, or already
 * preparing if its turn came meanwhile: then &fabric_grant.fd is the file of the
 * request, whatever the holder.
 * fabric_grant_wait() says how it goes on; closing the file withdraws it. Once
 * a grant without holder file is active, the file is of no more use.
 *
 * Return: 0, -EPERM, -EINVAL for a request that is wrong in itself, -ENOENT if
 * nothing matches, -ENOSPC if capacity or the quota does not suffice and it may
 * not wait, -E2BIG if @req is of a newer library and uses what this one does
 * not have, or another error of the backend.
 */
int fabric_grant_new(struct fabric_ctx *ctx, const struct fabric_grant_req *req,
		     const struct fabric_grant **grant);

/**
 * fabric_grant_del() - release a grant, or withdraw a queued request
 * @ctx: the context
 * @id: id of the grant
 * @force: also if its holder is alive
 *
 * For CAP_SYS_ADMIN and members of its tenant.
 *
 * Return: 0 when all of it is free again, -EINPROGRESS when something is in the way of
 * that (the kernel goes on by itself, &fabric_grant.reason says what it is),
 * -EBUSY if it has a holder and @force is not set, -ENOENT, -EPERM, or another error.
 */
int fabric_grant_del(struct fabric_ctx *ctx, uint32_t id, bool force);

/**
 * fabric_grant_set() - change an active grant
 * @ctx: the context
 * @id: id of the grant
 * @req: what is wanted
 * @grant: where to store a pointer to the grant as it is then, or NULL
 *
 * All or nothing. It grows by new slices; what it has stays. It shrinks by
 * whole slices from the last on, and by the tail of one where the backend can.
 * For CAP_SYS_ADMIN and members of its tenant.
 *
 * Return: 0, -ENOSPC if capacity or the quota does not suffice, -EOPNOTSUPP if
 * the backend cannot, -EBUSY while a backend works on it or if it has a holder
 * and @req does not force, -EINVAL, -ENOENT, -EPERM, or another error.
 */
int fabric_grant_set(struct fabric_ctx *ctx, uint32_t id, const struct fabric_grant_set_req *req,
		     const struct fabric_grant **grant);

/**
 * fabric_grant_renew() - start the lease of a grant anew
 * @ctx: the context
 * @id: id of the grant
 * @lease: milliseconds, or 0 for as long as it was
 * @grant: where to store a pointer to the grant as it is then, or NULL
 *
 * For CAP_SYS_ADMIN and members of its tenant.
 *
 * Return: 0, -EINVAL if it has no lease and none is given, -ENOENT, -EPERM, or
 * another error.
 */
int fabric_grant_renew(struct fabric_ctx *ctx, uint32_t id, uint64_t lease,
		       const struct fabric_grant **grant);

/**
 * fabric_grant_open() - open the file of a grant in mode map
 * @ctx: the context
 * @id: id of the grant
 *
 * For CAP_SYS_ADMIN and members of its tenant. The file can be mapped with
 * mmap(2). Closing it does not release the grant.
 *
 * Return: a descriptor that belongs to the caller, or a negative errno.
 */
int fabric_grant_open(struct fabric_ctx *ctx, uint32_t id);

/**
 * fabric_grant_read() - take what the file of a grant tells
 * @ctx: the context
 * @fd: the descriptor, &fabric_grant.fd
 * @grant: where to store a pointer to the grant as it is now
 *
 * Waits for a change of the grant: its state, a notice, what was taken. poll(2)
 * says when there is one; a file with O_NONBLOCK does not wait.
 *
 * Return: 0, -EAGAIN if there is no change, -ENODATA if its end was told already,
 * -EINTR, -EBADMSG if it is no such file, or another error.
 */
int fabric_grant_read(struct fabric_ctx *ctx, int fd, const struct fabric_grant **grant);

/**
 * fabric_grant_wait() - wait for the end of a queued request
 * @ctx: the context
 * @fd: the descriptor, &fabric_grant.fd
 * @timeout: milliseconds to wait here, or -1 for as long as it takes
 * @grant: where to store a pointer to the grant as it is then; left alone if
 *	nothing changed
 *
 * A time-out here does not end the request: call it again, or close @fd, which
 * withdraws it. @fd stays open in every case.
 *
 * Return: 0 when it is active, -EAGAIN when it still waits after @timeout,
 * -ETIME when its own time was over (expired), the error of the kernel when
 * it failed, -ECANCELED when it was withdrawn by somebody, -EINTR, or another error.
 */
int fabric_grant_wait(struct fabric_ctx *ctx, int fd, int timeout,
		      const struct fabric_grant **grant);

/* Tenants */

/**
 * struct fabric_quota - a limit of a tenant
 * @next: the next one, or NULL
 * @kind: kind of the capacity
 * @capability: capability that is limited, "" for all of the kind together
 * @limit: most that the grants of the tenant may have together, in units of the kind
 * @used: what they have
 *
 * In a request, the members up to @limit are read.
 */
struct fabric_quota {
	const struct fabric_quota *next;
	enum fabric_kind kind;
	char capability[FABRIC_NAME_SIZE];
	uint64_t limit;
	uint64_t used;
};

/**
 * struct fabric_member - who belongs to a tenant, by one of three
 * @next: the next one, or NULL
 * @uid: a user, or FABRIC_UNSET
 * @gid: a group, or FABRIC_UNSET
 * @cgroup: path of a cgroup (version 2) from the root of the hierarchy, or ""
 *
 * In a request, the members up to @cgroup are read.
 */
struct fabric_member {
	const struct fabric_member *next;
	uint32_t uid;
	uint32_t gid;
	char cgroup[FABRIC_CGROUP_SIZE];
};

/**
 * struct fabric_tenant - whom grants count for
 * @id: its id
 * @priority_min: lowest priority that its requests may have
 * @priority_max: highest priority that its requests may have
 * @grants: number of its grants and queued requests
 * @name: its name, unique
 * @nr_quotas: number of @quotas
 * @quotas: its limits; the others follow by &fabric_quota.next
 * @nr_members: number of @members
 * @members: who belongs to it; the others follow by &fabric_member.next
 */
struct fabric_tenant {
	uint32_t id;
	uint32_t priority_min;
	uint32_t priority_max;
	uint32_t grants;
	char name[FABRIC_NAME_SIZE];
	uint32_t nr_quotas;
	const struct fabric_quota *quotas;
	uint32_t nr_members;
	const struct fabric_member *members;
};

/**
 * struct fabric_tenant_req - request to add or change a tenant
 * @struct_size: sizeof(struct fabric_tenant_req)
 * @name: its name, for fabric_tenant_new() only
 * @priority_min: FABRIC_UNSET for 0, or as it is
 * @priority_max: FABRIC_UNSET for FABRIC_PRIORITY_DEFAULT, or as it is
 * @quotas: all of its limits by &fabric_quota.next; NULL for none, or as they are
 * @members: all of its members by &fabric_member.next; NULL for none, or as they are
 * @no_quotas: for fabric_tenant_set() only: it is to have no limits, and gets nothing
 * @no_members: for fabric_tenant_set() only: nobody is to belong to it
 *
 * Start with fabric_tenant_req_init().
 */
struct fabric_tenant_req {
	size_t struct_size;
	const char *name;
	uint32_t priority_min;
	uint32_t priority_max;
	const struct fabric_quota *quotas;
	const struct fabric_member *members;
	bool no_quotas;
	bool no_members;
};

/** fabric_tenant_req_init() - a request that gives or changes nothing */
static inline void fabric_tenant_req_init(struct fabric_tenant_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
	req->priority_min = FABRIC_UNSET;
	req->priority_max = FABRIC_UNSET;
}

/** typedef fabric_tenant_cb - called for each tenant of a list, see fabric_domain_cb */
typedef int (*fabric_tenant_cb)(const struct fabric_tenant *tenant, void *data);

/**
 * fabric_tenant_get() - look at one tenant
 * @ctx: the context
 * @id: id of the tenant
 * @tenant: where to store a pointer to it
 *
 * For CAP_SYS_ADMIN and its members.
 *
 * Return: 0, -ENOENT if there is none or it is not for the caller, or another
 * error.
 */
int fabric_tenant_get(struct fabric_ctx *ctx, uint32_t id, const struct fabric_tenant **tenant);

/**
 * fabric_tenant_find() - look at the tenant of a name
 * @ctx: the context
 * @name: its name
 * @tenant: where to store a pointer to it
 *
 * Return: as fabric_tenant_get().
 */
int fabric_tenant_find(struct fabric_ctx *ctx, const char *name,
		       const struct fabric_tenant **tenant);

/**
 * fabric_tenant_list() - look at tenants
 * @ctx: the context
 * @cb: called for each
 * @data: handed to @cb
 *
 * All of them for CAP_SYS_ADMIN, otherwise those that the caller is a member of.
 *
 * Return: as fabric_domain_list().
 */
int fabric_tenant_list(struct fabric_ctx *ctx, fabric_tenant_cb cb, void *data);

/**
 * fabric_tenant_new() - add a tenant
 * @ctx: the context
 * @req: what it is to be, with a name
 * @tenant: where to store a pointer to it, or NULL
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Return: 0, -EEXIST if there is one of that name, -EINVAL, -EPERM, or another
 * error.
 */
int fabric_tenant_new(struct fabric_ctx *ctx, const struct fabric_tenant_req *req,
		      const struct fabric_tenant **tenant);

/**
 * fabric_tenant_set() - change a tenant
 * @ctx: the context
 * @id: id of the tenant
 * @req: what it is to be, without a name
 * @tenant: where to store a pointer to it as it is then, or NULL
 *
 * Needs CAP_SYS_ADMIN. All or nothing. What its grants have already is not taken back.
 *
 * Return: 0, -ENOENT, -EINVAL, -EPERM, or another error.
 */
int fabric_tenant_set(struct fabric_ctx *ctx, uint32_t id, const struct fabric_tenant_req *req,
		      const struct fabric_tenant **tenant);

/**
 * fabric_tenant_del() - remove a tenant
 * @ctx: the context
 * @id: id of the tenant
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Return: 0, -EBUSY while it has grants, -ENOENT, -EPERM, or another error.
 */
int fabric_tenant_del(struct fabric_ctx *ctx, uint32_t id);

/* Counters and the record */

/**
 * struct fabric_refusal - how many requests an error refused
 * @next: the next error, or NULL
 * @error: the errno, positive
 * @count: how often
 */
struct fabric_refusal {
	const struct fabric_refusal *next;
	uint32_t error;
	uint64_t count;
};

/**
 * struct fabric_wait_bucket - how many requests waited about that long
 * @next: those that waited longer, or NULL
 * @below: milliseconds that bound it from above, 0 for no bound
 * @count: how many
 */
struct fabric_wait_bucket {
	const struct fabric_wait_bucket *next;
	uint32_t below;
	uint64_t count;
};

/**
 * struct fabric_stats - counters of the broker since it was loaded
 * @requests: requests for a grant
 * @grants: those that were granted
 * @releases: grants that were released
 * @notices: notices given to holders
 * @shrinks: grants that were shrunk for a more important request
 * @revokes: grants that were revoked for a more important request
 * @forced: those of both whose holder did not comply in time
 * @restores: grants that grew back
 * @lease_expiries: grants whose lease was over
 * @wait_expiries: queued requests whose time was over
 * @queued: requests in the queue now
 * @nr_refusals: number of @refusals
 * @refusals: requests that were refused, by errno; the others follow by
 *	&fabric_refusal.next
 * @nr_waits: number of @waits
 * @waits: histogram of the time that granted requests spent in the queue; the
 *	others follow by &fabric_wait_bucket.next
 */
struct fabric_stats {
	uint64_t requests;
	uint64_t grants;
	uint64_t releases;
	uint64_t notices;
	uint64_t shrinks;
	uint64_t revokes;
	uint64_t forced;
	uint64_t restores;
	uint64_t lease_expiries;
	uint64_t wait_expiries;
	uint32_t queued;
	uint32_t nr_refusals;
	const struct fabric_refusal *refusals;
	uint32_t nr_waits;
	const struct fabric_wait_bucket *waits;
};

/**
 * fabric_stats_get() - look at the counters of the broker
 * @ctx: the context
 * @stats: where to store a pointer to them
 *
 * Return: 0 or an error.
 */
int fabric_stats_get(struct fabric_ctx *ctx, const struct fabric_stats **stats);

/**
 * struct fabric_log_entry - an entry of the record
 * @sequence: its number, from 1
 * @time: when, nanoseconds of real time since the epoch
 * @event: what happened
 * @grant_id: the grant, 0 if it had no id yet
 * @kind: kind of the capacity
 * @holder: what the grant is bound to
 * @priority: priority of the grant, FABRIC_UNSET if the entry has none
 * @pid: process that made the request for the grant
 * @uid: its user, FABRIC_UNSET if the entry has none
 * @by: the request for which capacity was taken, or 0
 * @error: the errno of a refusal, positive, or 0
 * @size: how much, in units of the kind
 * @comm: command name of the process
 * @tenant: tenant of the grant, or ""
 * @reason: why, for people, or ""
 */
struct fabric_log_entry {
	uint64_t sequence;
	uint64_t time;
	enum fabric_event event;
	uint32_t grant_id;
	enum fabric_kind kind;
	enum fabric_holder holder;
	uint32_t priority;
	uint32_t pid;
	uint32_t uid;
	uint32_t by;
	uint32_t error;
	uint64_t size;
	char comm[FABRIC_NAME_SIZE];
	char tenant[FABRIC_NAME_SIZE];
	char reason[FABRIC_NAME_SIZE];
};

/** typedef fabric_log_cb - called for each entry of the record, see fabric_domain_cb */
typedef int (*fabric_log_cb)(const struct fabric_log_entry *entry, void *data);

/**
 * fabric_log_list() - look at the record of what happened, oldest first
 * @ctx: the context
 * @since: number of the first entry that is wanted, 0 for all that there are
 * @cb: called for each
 * @data: handed to @cb
 *
 * Needs CAP_SYS_ADMIN. The kernel keeps the last 4096 entries.
 *
 * Return: as fabric_domain_list(), or -EPERM.
 */
int fabric_log_list(struct fabric_ctx *ctx, uint64_t since, fabric_log_cb cb, void *data);

/* Regions */

/**
 * struct fabric_region - a region of the CXL core of the kernel
 * @address: physical address, FABRIC_NO_ADDRESS if it has none yet
 * @size: size in bytes
 * @granularity: bytes in a row on one member
 * @ways: number of @members
 * @members: names of the memory devices, in the order of their position; NULL
 *	for a position without one
 * @committed: whether it is programmed in the decoders
 * @enabled: whether it has its driver
 * @ram: whether it is volatile memory
 * @dax_driver: driver that has the DAX side of it, or ""
 * @name: the kernel's name
 */
struct fabric_region {
	uint64_t address;
	uint64_t size;
	uint32_t granularity;
	uint32_t ways;
	const char *const *members;
	bool committed;
	bool enabled;
	bool ram;
	char dax_driver[FABRIC_NAME_SIZE];
	char name[FABRIC_NAME_SIZE];
};

/**
 * struct fabric_region_req - request to create a region
 * @struct_size: sizeof(struct fabric_region_req)
 * @nr_memdevs: number of @memdevs
 * @memdevs: names of the memory devices, in the order of their position
 * @size: size in bytes, 0 for all that there is
 * @granularity: bytes in a row on one member, 0 for that of the window
 * @domain_id: domain of this host's CXL hierarchy, for the broker to take the
 *	region over; 0 leaves it to the kernel
 *
 * Start with fabric_region_req_init().
 */
struct fabric_region_req {
	size_t struct_size;
	uint32_t nr_memdevs;
	const char *const *memdevs;
	uint64_t size;
	uint32_t granularity;
	uint32_t domain_id;
};

/** fabric_region_req_init() - a request for nothing yet */
static inline void fabric_region_req_init(struct fabric_region_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
}

/** typedef fabric_region_cb - called for each region of a list, see fabric_domain_cb */
typedef int (*fabric_region_cb)(const struct fabric_region *region, void *data);

/**
 * fabric_region_list() - look at the regions that the kernel has
 * @ctx: the context
 * @cb: called for each
 * @data: handed to @cb
 *
 * Those that the broker took over are devices of type region of the same name too. Like the
 * other functions on &struct fabric_region this works without fabric.ko.
 *
 * Return: 0, what @cb returned, -EOPNOTSUPP if the library was built without
 * a libcxl that has volatile regions, or its part for these is not beside it, or
 * another error.
 */
int fabric_region_list(struct fabric_ctx *ctx, fabric_region_cb cb, void *data);

/**
 * fabric_region_create() - program a volatile region, enable it, take it over
 * @ctx: the context
 * @req: what is wanted
 * @region: where to store a pointer to it
 *
 * Needs root. All or nothing. Where the broker is to have the region, no driver
 * of the CXL bus binds to anything while this runs, so that the kernel does not
 * make system RAM of it. A process of its own, made by fork(), ends that state, also
 * when the caller is killed meanwhile; the caller may see a SIGCHLD.
 *
 * Return: 0, -EOPNOTSUPP as for fabric_region_list(), -ENODEV for an unknown
 * memory device, -ENXIO if the kernel did not commit it, -ENOSPC, -EINVAL, an
 * error of fabric_region_take(), or another error.
 */
int fabric_region_create(struct fabric_ctx *ctx, const struct fabric_region_req *req,
			 const struct fabric_region **region);

/**
 * fabric_region_release_dax() - make the kernel's DAX device let go of a region
 * @ctx: the context
 * @name: name of the region
 *
 * Takes its memory offline where it is system RAM, and disables and empties the
 * DAX devices that the kernel made of it. Needs root.
 *
 * Return: 0, also if there is none; -EBUSY if memory is in use, -ENODEV,
 * -EOPNOTSUPP as for fabric_region_list(), or another error.
 */
int fabric_region_release_dax(struct fabric_ctx *ctx, const char *name);

/**
 * fabric_region_destroy() - disable and delete a region
 * @ctx: the context
 * @name: name of the region
 *
 * Needs root. Does not ask the broker: what it granted of the region is
 * revoked. The kernel's own DAX devices of it are released first.
 *
 * Return: 0, -ENODEV, -EBUSY while any of it is online as system RAM, which the
 * kernel would not survive, -EOPNOTSUPP as for fabric_region_list(), or another
 * error.
 */
int fabric_region_destroy(struct fabric_ctx *ctx, const char *name);

/**
 * fabric_region_take() - let the broker take over a committed region
 * @ctx: the context
 * @domain_id: domain of this host's CXL hierarchy
 * @name: the kernel's name of the region
 * @device: where to store a pointer to the device that it becomes, or NULL
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Return: 0, -EBUSY if something else uses its range, -EOPNOTSUPP if the backend of the
 * domain has no regions, -EEXIST if it is taken already, or another error.
 */
int fabric_region_take(struct fabric_ctx *ctx, uint32_t domain_id, const char *name,
		       const struct fabric_device **device);

/**
 * fabric_region_give() - give a region back to the kernel
 * @ctx: the context
 * @device_id: id of the device that it is
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Return: 0, -EBUSY while slices of it are granted, -ENOENT, or another error.
 */
int fabric_region_give(struct fabric_ctx *ctx, uint32_t device_id);

/* Events */

/** struct fabric_events - a subscription to events, opaque */
struct fabric_events;

#define FABRIC_EVENTS_INVENTORY	0x1	/* domains, ports, devices, resources */
#define FABRIC_EVENTS_GRANTS	0x2	/* and tenants */
#define FABRIC_EVENTS_ALL	(FABRIC_EVENTS_INVENTORY | FABRIC_EVENTS_GRANTS)

/**
 * struct fabric_change - a change, and the object after it
 * @cmd: FABRIC_CMD_..._NTF
 * @name: its name in the specification of the uAPI ("grant-new-ntf"), or NULL
 *	for one that the library does not know
 * @domain: the domain, for an event about one
 * @port: the port
 * @device: the device
 * @resource: the resource
 * @grant: the grant
 * @tenant: the tenant
 *
 * One of the pointers is set, the others are NULL; all are for an event that
 * the library does not know.
 */
struct fabric_change {
	uint32_t cmd;
	const char *name;
	const struct fabric_domain *domain;
	const struct fabric_port *port;
	const struct fabric_device *device;
	const struct fabric_resource *resource;
	const struct fabric_grant *grant;
	const struct fabric_tenant *tenant;
};

/**
 * fabric_events_open() - subscribe to events
 * @ctx: the context; it takes the error, and may be closed before the events
 * @groups: FABRIC_EVENTS_...
 * @events: where to store the subscription
 *
 * Those of grants need CAP_SYS_ADMIN. Whatever changes after it returned is told.
 *
 * Return: 0, -EPERM, -EPROTONOSUPPORT if fabric.ko is not loaded, or another error.
 */
int fabric_events_open(struct fabric_ctx *ctx, unsigned int groups,
		       struct fabric_events **events);

/** fabric_events_close() - end a subscription, which may be NULL */
void fabric_events_close(struct fabric_events *events);

/**
 * fabric_events_fd() - what to wait on
 * @events: the subscription
 *
 * Return: a descriptor for poll(2); readable when there may be an event.
 */
int fabric_events_fd(const struct fabric_events *events);

/**
 * fabric_events_next() - take the next event
 * @events: the subscription
 * @change: where to store a pointer to it, valid until the next call
 *
 * Does not wait.
 *
 * Return: 0, -EAGAIN if there is none, -ENOBUFS if events were lost because
 * they were not taken fast enough (go on, but look at everything anew), or another error.
 */
int fabric_events_next(struct fabric_events *events, const struct fabric_change **change);

#ifdef __cplusplus
}
#endif

#endif /* FABRICBROKER_H */
