/* SPDX-License-Identifier: GPL-2.0 */
/* Private to the core. Prototypes are grouped by object. */
#ifndef _FABRIC_INTERNAL_H
#define _FABRIC_INTERNAL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/genetlink.h>

#include <fabric/backend.h>
#include "../compat/compat.h"
#include "extent.h"

/**
 * DOC: locking
 *
 * Two mutexes, taken in this order:
 *
 *   grant->lock     state of one grant, states of its slices
 *   domain->lock    ports, devices and resources of one domain, extents of the
 *                   resources, whether they are registered
 *
 * Two grants or two domains are never locked at the same time. Neither lock is
 * held while an op of a backend runs: a transitional state (preparing,
 * revoking, binding, unbinding) says that somebody owns the object until the
 * op is done, and everybody else is refused or waits for its end.
 *
 * grant->map_lock is taken for reading by page faults (inside mmap_lock) and
 * for writing to end them; inside it only locks of the memory management are
 * taken. The registries are xarrays with their own spinlock, read under RCU.
 *
 * Notifications of the inventory are sent under domain->lock, those of a grant
 * under grant->lock; the one of its end also under the lock of the domain
 * where its last extent became free. So their order is the true order.
 */

/**
 * DOC: lifetime
 *
 * Every object starts with a struct fabric_object. A reference keeps the
 * memory and the id; @registered says that the object may be used and is
 * checked under the lock that protects it, after the reference was taken.
 *
 *   domain     referenced by its ports, devices and resources
 *   port       referenced by its child ports and devices
 *   device     referenced by its resources and by the regions it is member of
 *   resource   referenced by its slices
 *   grant      one reference from reservation to release, one per open file;
 *              each slice pins the module of its backend
 */

struct fabric_registry {
	struct xarray xa;
	u32 next;
};

#define FABRIC_REGISTRY_INIT(name) { .xa = XARRAY_INIT(name, XA_FLAGS_ALLOC1) }

/**
 * struct fabric_object - what all objects have in common
 * @id: number in @registry, never used again while there are references
 * @registered: the object may be used
 * @ref: references
 * @registry: where the id comes from
 * @free: called with the last reference, after the id was given up
 * @rcu: for readers of the registry
 */
struct fabric_object {
	u32 id;
	bool registered;
	refcount_t ref;
	struct fabric_registry *registry;
	void (*free)(struct fabric_object *obj);
	struct rcu_head rcu;
};

/* object.c */
void fabric_object_init(struct fabric_object *obj, void (*free)(struct fabric_object *obj));
int fabric_object_add(struct fabric_object *obj, struct fabric_registry *registry);
struct fabric_object *fabric_object_get(struct fabric_registry *registry, u32 id);
struct fabric_object *fabric_object_next(struct fabric_registry *registry, unsigned long *id);
void fabric_object_hold(struct fabric_object *obj);
void fabric_object_put(struct fabric_object *obj);
u32 fabric_inventory_generation(void);
u32 fabric_grants_generation(void);
void fabric_inventory_changed(void);
void fabric_grants_changed(void);

/* domain.c */

/**
 * struct fabric_domain - one instance of a backend
 * @obj: base
 * @name: unique among domains
 * @ops: what the backend can do, constant
 * @priv: the backend's
 * @lock: see DOC: locking
 * @ports: struct fabric_port, parents first; by @lock
 * @devices: struct fabric_device; by @lock
 * @resources: struct fabric_resource; by @lock
 * @nr_ports: length of @ports
 * @nr_devices: length of @devices
 * @nr_resources: length of @resources
 * @nr_ops: running ops of ports and regions; by @lock
 * @wait: woken when @nr_ops or the slices of a device drop to zero
 */
struct fabric_domain {
	struct fabric_object obj;
	char *name;
	const struct fabric_backend_ops *ops;
	void *priv;
	struct mutex lock; /* see DOC: locking */
	struct list_head ports;
	struct list_head devices;
	struct list_head resources;
	u32 nr_ports;
	u32 nr_devices;
	u32 nr_resources;
	u32 nr_ops;
	wait_queue_head_t wait;
};

extern struct fabric_registry fabric_domains;

struct fabric_domain *fabric_domain_get(u32 id);
void fabric_domain_put(struct fabric_domain *domain);
int fabric_domain_op_begin(struct fabric_domain *domain, struct netlink_ext_ack *extack);
void fabric_domain_op_end(struct fabric_domain *domain);
int fabric_domain_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);
int fabric_region_take(struct fabric_domain *domain, const struct fabric_region_req *req,
		       struct netlink_ext_ack *extack);
int fabric_region_give(struct fabric_device *device, struct netlink_ext_ack *extack);

/* port.c */

/**
 * struct fabric_port - a port of a domain
 * @obj: base
 * @domain: where it belongs
 * @parent: port above, or NULL
 * @node: in domain->ports
 * @priv: the backend's
 * @name: unique in the domain
 * @type: place in the fabric
 * @bindable: has a binding
 * @link: state of the link; this and the following by domain->lock
 * @link_busy: port_set_link is running, @link is down until it ends
 * @link_observed: state of the link before port_set_link, or since by an event
 * @speed: MT/s, 0 if unknown
 * @width: lanes, 0 if unknown
 * @binding: whether it belongs to a host
 * @host: the host it is bound to, or is becoming so
 */
struct fabric_port {
	struct fabric_object obj;
	struct fabric_domain *domain;
	struct fabric_port *parent;
	struct list_head node;
	void *priv;
	char *name;
	enum fabric_port_type type;
	bool bindable;
	enum fabric_link link;
	bool link_busy;
	enum fabric_link link_observed;
	u32 speed;
	u32 width;
	enum fabric_binding binding;
	char host[FABRIC_NAME_MAX_LEN + 1];
};

extern struct fabric_registry fabric_ports;

struct fabric_port *fabric_port_get(u32 id);
void fabric_port_put(struct fabric_port *port);
bool fabric_port_usable(const struct fabric_port *port);
bool fabric_port_below(const struct fabric_port *port, const struct fabric_port *top);
void fabric_port_remove_locked(struct fabric_port *port);
int fabric_port_bind(struct fabric_port *port, const struct fabric_port_bind_req *req,
		     struct netlink_ext_ack *extack);
int fabric_port_unbind(struct fabric_port *port, struct netlink_ext_ack *extack);
int fabric_port_set_link(struct fabric_port *port, enum fabric_link link,
			 struct netlink_ext_ack *extack);
int fabric_port_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);

/* device.c */

/**
 * struct fabric_device - what sits below a port, or a region
 * @obj: base
 * @domain: where it belongs
 * @port: port that it is attached to, NULL for a region
 * @node: in domain->devices
 * @priv: the backend's
 * @name: unique in the domain
 * @type: what it is
 * @serial: serial number or FABRIC_NO_SERIAL
 * @capacity: bytes
 * @numa_node: node or NUMA_NO_NODE
 * @health: by domain->lock
 * @nr_slices: slices of its resources; by domain->lock
 * @nr_members: length of @members
 * @members: devices that a region is interleaved over
 */
struct fabric_device {
	struct fabric_object obj;
	struct fabric_domain *domain;
	struct fabric_port *port;
	struct list_head node;
	void *priv;
	char *name;
	enum fabric_device_type type;
	u64 serial;
	u64 capacity;
	int numa_node;
	enum fabric_health health;
	u32 nr_slices;
	unsigned int nr_members;
	struct fabric_device *members[] __counted_by(nr_members);
};

extern struct fabric_registry fabric_devices;

struct fabric_device *fabric_device_get(u32 id);
void fabric_device_put(struct fabric_device *device);
bool fabric_device_usable(const struct fabric_device *device);
u32 fabric_device_slices_below(struct fabric_port *port);
void fabric_device_remove_locked(struct fabric_device *device);
void fabric_device_slice_gone(struct fabric_device *device);
int fabric_device_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);

/* resource.c */

/**
 * struct fabric_resource - one allocatable capacity of a device
 * @obj: base
 * @domain: where it belongs
 * @device: whose capacity it is
 * @node: in domain->resources
 * @priv: the backend's
 * @info: as registered; info.capability points to @capability
 * @capability: what it can do
 * @extents: where is what; this and the following by domain->lock
 * @reserved: capacity in slices of that state
 * @granted: capacity in slices of that state
 * @quarantined: capacity in slices of that state
 * @nr_slices: length of @slices
 * @slices: struct fabric_grant_slice
 */
struct fabric_resource {
	struct fabric_object obj;
	struct fabric_domain *domain;
	struct fabric_device *device;
	struct list_head node;
	void *priv;
	struct fabric_resource_info info;
	char capability[FABRIC_NAME_MAX_LEN + 1];
	struct fabric_extents extents;
	u64 reserved;
	u64 granted;
	u64 quarantined;
	u32 nr_slices;
	struct list_head slices;
};

struct fabric_grant_req;
struct fabric_grant_slice;

extern struct fabric_registry fabric_resources;

struct fabric_resource *fabric_resource_get(u32 id);
void fabric_resource_put(struct fabric_resource *resource);
void fabric_resource_remove_locked(struct fabric_resource *resource);
int fabric_resource_reserve(struct fabric_grant_slice *slice, const struct fabric_grant_req *req,
			    struct netlink_ext_ack *extack);
void fabric_resource_slice_state(struct fabric_grant_slice *slice, enum fabric_slice_state state);
void fabric_resource_unreserve_locked(struct fabric_grant_slice *slice);
int fabric_resource_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);

/* grant.c */

/**
 * struct fabric_grant_req - request for a grant
 * @kind: what
 * @capability: what it must be able to do, or NULL
 * @size: how much, in units of @kind
 * @mode: how it is to appear, or 0 for the first that the resource offers
 * @domain_id: only this domain, or 0
 * @device_id: only this device, or 0
 * @numa_node: only this node, or NUMA_NO_NODE
 * @holder: what it is bound to
 * @net: network namespace of the requesting socket
 * @portid: its port id
 */
struct fabric_grant_req {
	enum fabric_kind kind;
	const char *capability;
	u64 size;
	enum fabric_mode mode;
	u32 domain_id;
	u32 device_id;
	int numa_node;
	enum fabric_holder holder;
	struct net *net;
	u32 portid;
};

/* How far the backend has gone with a slice; constant unless an owner runs ops. */
enum fabric_slice_step {
	FABRIC_SLICE_STEP_NONE,		/* nothing to undo */
	FABRIC_SLICE_STEP_PREPARED,	/* slice_release undoes it */
	FABRIC_SLICE_STEP_COMMITTED,	/* slice_revoke, then slice_release */
};

/**
 * struct fabric_grant_slice - a slice in its grant
 * @pub: what the backend sees
 * @grant: where it belongs
 * @resource: what it is an extent of, NULL before the reservation and when it
 *	is free again; by grant->lock
 * @extent: the extent; by domain->lock
 * @node: in resource->slices; by domain->lock
 * @told: fabric_device_remove() has seen it; by domain->lock
 * @state: by grant->lock and domain->lock
 * @step: how far the backend has gone; by the owner of the transitional state
 * @error: result of the last attempt to take it back; by the same
 */
struct fabric_grant_slice {
	struct fabric_slice pub;
	struct fabric_grant *grant;
	struct fabric_resource *resource;
	struct fabric_extent *extent;
	struct list_head node;
	bool told;
	enum fabric_slice_state state;
	enum fabric_slice_step step;
	int error;
};

/**
 * struct fabric_grant - the slices that one holder got under one request
 * @obj: base
 * @lock: see DOC: locking
 * @state: by @lock
 * @owned: somebody runs ops to take it back; by @lock
 * @announced: listeners know it; by @lock
 * @doomed: reason to fail it when its preparation ends, or NULL; by @lock
 * @error: errno of the last attempt to take it back; by @lock
 * @reason: why it is in its state; by @lock
 * @kind: as requested, like the following
 * @size: in units of @kind
 * @mode: how the slices appear
 * @holder: what it is bound to
 * @capability: as requested, empty for any
 * @pid: requesting process
 * @uid: its user
 * @comm: its name
 * @created: boot time of the request, ns
 * @net: network namespace of the socket holder
 * @portid: port id of the socket holder
 * @socket_node: in the table of sockets
 * @map_lock: see DOC: locking; protects @files and @mappable
 * @files: struct fabric_grant_file
 * @mappable: page faults are served
 * @wait: woken when the grant ends, for poll
 * @work: takes the grant back
 * @backoff: delay until the next try, jiffies; by the owner
 * @nr_slices: length of @slices
 * @slices: the slices
 */
struct fabric_grant {
	struct fabric_object obj;
	struct mutex lock; /* see DOC: locking */
	enum fabric_grant_state state;
	bool owned;
	bool announced;
	const char *doomed;
	int error;
	char reason[FABRIC_NAME_MAX_LEN + 1];
	enum fabric_kind kind;
	u64 size;
	enum fabric_mode mode;
	enum fabric_holder holder;
	char capability[FABRIC_NAME_MAX_LEN + 1];
	pid_t pid;
	kuid_t uid;
	char comm[TASK_COMM_LEN];
	u64 created;
	struct net *net;
	u32 portid;
	struct hlist_node socket_node;
	struct rw_semaphore map_lock;
	struct list_head files;
	bool mappable;
	wait_queue_head_t wait;
	struct delayed_work work;
	unsigned long backoff;
	unsigned int nr_slices;
	struct fabric_grant_slice slices[] __counted_by(nr_slices);
};

extern struct fabric_registry fabric_grants;

struct fabric_grant *fabric_grant_get(u32 id);
void fabric_grant_hold(struct fabric_grant *grant);
void fabric_grant_put(struct fabric_grant *grant);
struct fabric_grant *fabric_grant_new(const struct fabric_grant_req *req,
				      struct netlink_ext_ack *extack);
int fabric_grant_del(struct fabric_grant *grant, bool force, const struct net *net, u32 portid,
		     struct netlink_ext_ack *extack);
void fabric_grant_revoke_async(struct fabric_grant *grant, const char *reason);
void fabric_grant_socket_closed(const struct net *net, u32 portid);
int fabric_grant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);
int fabric_grant_fill_fd(struct sk_buff *skb, const struct genl_info *info,
			 const struct fabric_grant *grant, int fd);
int fabric_grant_slice_fill(struct sk_buff *skb, const struct fabric_grant_slice *slice);
int fabric_grant_init(void);
void fabric_grant_exit(void);

/* grant_file.c */
struct file *fabric_grant_file_open(struct fabric_grant *grant, bool binds);
void fabric_grant_zap(struct fabric_grant *grant);

/* netlink.c */
typedef int (*fabric_fill_t)(struct sk_buff *skb, const struct genl_info *info, void *obj);

void fabric_nl_notify(u8 cmd, unsigned int group, fabric_fill_t fill, void *obj);
int fabric_nl_init(void);
void fabric_nl_exit(void);

#endif /* _FABRIC_INTERNAL_H */
