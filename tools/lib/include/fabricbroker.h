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
 * link speeds MT/s per lane.
 *
 * What is absent: an id, an enum, a number without a meaning of its own at
 * zero (speed, width, serial, error) is 0; a string is empty; a NUMA node is
 * FABRIC_NO_NODE, an address FABRIC_NO_ADDRESS, a descriptor -1.
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
 * So programs do not make arrays of the library's structs that they then hand
 * to it, and expect values that they do not know. A struct that a program
 * hands in carries its size, see &struct fabric_grant_req.
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

/** FABRIC_NAME_SIZE - room for a name, a capability or a reason, with its NUL */
#define FABRIC_NAME_SIZE	(FABRIC_NAME_MAX_LEN + 1)

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
};

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
 * Returns when the backend is done. Needs CAP_NET_ADMIN. Binding to the host
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
 * Needs CAP_NET_ADMIN. The way out of the binding state error.
 *
 * Return: as fabric_port_bind(); -EBUSY while slices below are granted.
 */
int fabric_port_unbind(struct fabric_ctx *ctx, uint32_t id, const struct fabric_port **port);

/**
 * fabric_port_set_link() - bring the link of a port up or down
 * @ctx: the context
 * @id: id of the port
 * @link: the state wanted
 * @port: where to store a pointer to the port as it is then, or NULL
 *
 * Needs CAP_NET_ADMIN.
 *
 * Return: as fabric_port_bind(); -EBUSY for down while slices below are
 * granted.
 */
int fabric_port_set_link(struct fabric_ctx *ctx, uint32_t id, enum fabric_link link,
			 const struct fabric_port **port);

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
 * @capacity: capacity in bytes, whether or not it is in a resource
 * @nr_members: number of @members
 * @members: ids of the devices that a region is interleaved over, in order
 * @name: its name, unique in the domain
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
};

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

/* Resources */

/**
 * struct fabric_resource - one allocatable capacity of a device
 * @id: its id
 * @domain_id: the domain that it belongs to
 * @device_id: the device that it is a capacity of
 * @kind: what is counted
 * @modes: modes in which slices can be granted, bit n for mode n; see
 *	fabric_resource_has_mode()
 * @slices: number of slices
 * @numa_node: NUMA node or FABRIC_NO_NODE
 * @total: total capacity, the sum of the next four
 * @free: capacity that can be granted
 * @reserved: capacity of grants that are being prepared
 * @granted: capacity in grants
 * @quarantined: capacity that could not be proven clean after use
 * @largest_free: length of the largest free extent
 * @granule: every slice starts and ends at a multiple of this
 * @address: physical address of the first byte, or FABRIC_NO_ADDRESS
 * @capability: what it can do
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
 *	file only, otherwise -1. It belongs to the caller, who closes it.
 * @size: size in units of the kind (bytes)
 * @age: milliseconds since the request
 * @nr_slices: number of slices
 * @slices: the first slice; the others follow by &fabric_slice.next
 * @capability: capability requested, or ""
 * @comm: name of the command that requested it
 * @reason: why it is in its state, or ""
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
};

/** fabric_grant_req_init() - a request for nothing yet, from anywhere */
static inline void fabric_grant_req_init(struct fabric_grant_req *req)
{
	memset(req, 0, sizeof(*req));
	req->struct_size = sizeof(*req);
	req->numa_node = FABRIC_NO_NODE;
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
 * Returns when the grant is active. Needs CAP_NET_ADMIN. With holder file the
 * kernel installs a descriptor in this process, &fabric_grant.fd: the grant lasts as
 * long as the file behind it. With holder socket it lasts until
 * fabric_close(). It takes one message to the kernel and one back, and
 * allocates nothing.
 *
 * Return: 0, -EPERM, -EINVAL for a request that is wrong in itself, -ENOSPC if
 * no resource that matches has a free extent, -E2BIG if @req is of a newer library and
 * uses what this one does not have, or another error of the backend.
 */
int fabric_grant_new(struct fabric_ctx *ctx, const struct fabric_grant_req *req,
		     const struct fabric_grant **grant);

/**
 * fabric_grant_del() - release a grant
 * @ctx: the context
 * @id: id of the grant
 * @force: also if its holder is alive
 *
 * Needs CAP_NET_ADMIN.
 *
 * Return: 0 when all of it is free again, -EINPROGRESS when something is in the way of
 * that (the kernel goes on by itself, &fabric_grant.reason says what it is),
 * -EBUSY if it has a holder and @force is not set, -ENOENT, -EPERM, or another error.
 */
int fabric_grant_del(struct fabric_ctx *ctx, uint32_t id, bool force);

/**
 * fabric_grant_open() - open the file of a grant in mode map
 * @ctx: the context
 * @id: id of the grant
 *
 * Needs CAP_NET_ADMIN. The file can be mapped with mmap(2). Closing it does
 * not release the grant.
 *
 * Return: a descriptor that belongs to the caller, or a negative errno.
 */
int fabric_grant_open(struct fabric_ctx *ctx, uint32_t id);

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
 * a libcxl that has volatile regions, or another error.
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
 * make system RAM of it.
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
 * Needs CAP_NET_ADMIN.
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
 * Needs CAP_NET_ADMIN.
 *
 * Return: 0, -EBUSY while slices of it are granted, -ENOENT, or another error.
 */
int fabric_region_give(struct fabric_ctx *ctx, uint32_t device_id);

/* Events */

/** struct fabric_events - a subscription to events, opaque */
struct fabric_events;

#define FABRIC_EVENTS_INVENTORY	0x1	/* domains, ports, devices, resources */
#define FABRIC_EVENTS_GRANTS	0x2
#define FABRIC_EVENTS_ALL	(FABRIC_EVENTS_INVENTORY | FABRIC_EVENTS_GRANTS)

/**
 * struct fabric_event - a change, and the object after it
 * @cmd: FABRIC_CMD_..._NTF
 * @name: its name in the specification of the uAPI ("grant-new-ntf"), or NULL
 *	for one that the library does not know
 * @domain: the domain, for an event about one
 * @port: the port
 * @device: the device
 * @resource: the resource
 * @grant: the grant
 *
 * One of the pointers is set, the others are NULL; all are for an event that
 * the library does not know.
 */
struct fabric_event {
	uint32_t cmd;
	const char *name;
	const struct fabric_domain *domain;
	const struct fabric_port *port;
	const struct fabric_device *device;
	const struct fabric_resource *resource;
	const struct fabric_grant *grant;
};

/**
 * fabric_events_open() - subscribe to events
 * @ctx: the context; it takes the error, and may be closed before the events
 * @groups: FABRIC_EVENTS_...
 * @events: where to store the subscription
 *
 * Needs no privilege. Whatever changes after it returned is told.
 *
 * Return: 0, -EPROTONOSUPPORT if fabric.ko is not loaded, or another error.
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
 * @event: where to store a pointer to it, valid until the next call
 *
 * Does not wait.
 *
 * Return: 0, -EAGAIN if there is none, -ENOBUFS if events were lost because
 * they were not taken fast enough (go on, but look at everything anew), or another error.
 */
int fabric_events_next(struct fabric_events *events, const struct fabric_event **event);

#ifdef __cplusplus
}
#endif

#endif /* FABRICBROKER_H */
