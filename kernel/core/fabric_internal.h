/* SPDX-License-Identifier: GPL-2.0 */
/* Private to the core. Prototypes are grouped by object. */
#ifndef _FABRIC_INTERNAL_H
#define _FABRIC_INTERNAL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/genetlink.h>

#include <fabric/backend.h>
#include <fabric/cci.h>
#include "../compat/compat.h"
#include "extent.h"

/**
 * DOC: locking
 *
 * Three mutexes, taken in this order:
 *
 *   fabric_engine   decisions: who gets capacity, who has to give some. The
 *                   queue, tenants, tokens, what a request asks for
 *   grant->lock     state of one grant, its list of slices and their states
 *   domain->lock    ports, devices and resources of one domain, extents of the
 *                   resources and claims on them, whether they are registered;
 *                   what is free and what could be taken, in order
 *
 * Capacity is taken with fabric_engine held and given back without, so that a
 * decision can rely on what is free but has to expect more of it. Two domains
 * are never locked at the same time, and two grants only when one is made from
 * slices of the other and nobody else works on it. No lock is held while an op
 * of a backend runs: a transitional state (preparing, shrinking, revoking,
 * binding, unbinding) or @owned says that somebody owns the object until the op
 * is done, and everybody else is refused or waits for its end.
 *
 * grant->map_lock is taken for reading by page faults (inside mmap_lock) and
 * for writing to end them and to change the list of slices, inside grant->lock;
 * inside it only locks of the memory management are taken. The registries are
 * xarrays with their own spinlock, read under RCU. Leaves are the spinlocks of
 * the sockets, of the deadlines, of the use of the tenants and of the record.
 *
 * domain->fm_lock is held from the start of a background operation of a switch's
 * mailbox to its end: the mailbox has room for one. It is taken with none of the
 * others held, domain->lock inside it for a moment.
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
 *   tenant     referenced by its grants
 *   grant      one reference from reservation (or its place in the queue) to
 *              release, one per open file; each slice pins the module of its
 *              backend
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

/* How capacity can be taken from a grant. */
enum fabric_take {
	FABRIC_TAKE_SHRINK,	/* down to its min; or it goes anyway */
	FABRIC_TAKE_REVOKE,	/* all of it */
	FABRIC_TAKE_MAX,
};

/**
 * struct fabric_domain - one instance of a backend
 * @obj: base
 * @name: unique among domains
 * @ops: what the backend can do, constant
 * @priv: the backend's
 * @lock: see DOC: locking
 * @ports: struct fabric_port, parents first; by @lock
 * @devices: struct fabric_device; by @lock
 * @free: free extents of its resources, by kind; by @lock
 * @victims: slices by kind and by how they could be taken, see reclaim.c; by @lock
 * @nr_ports: length of @ports
 * @nr_devices: length of @devices
 * @nr_resources: resources of its devices and ports
 * @nr_ops: running ops of ports and regions; by @lock
 * @ops_map: a running op, for lockdep: a lock that who waits for ops wants
 * @wait: woken when @nr_ops or the slices of a device drop to zero
 * @fm_lock: see DOC: locking
 */
struct fabric_domain {
	struct fabric_object obj;
	char *name;
	const struct fabric_backend_ops *ops;
	void *priv;
	struct mutex lock; /* see DOC: locking */
	struct list_head ports;
	struct list_head devices;
	struct rb_root free[FABRIC_KIND_MAX + 1];
	struct rb_root victims[FABRIC_KIND_MAX + 1][FABRIC_TAKE_MAX];
	u32 nr_ports;
	u32 nr_devices;
	u32 nr_resources;
	u32 nr_ops;
	struct lockdep_map ops_map;
	wait_queue_head_t wait;
	struct mutex fm_lock; /* see DOC: locking */
};

extern struct fabric_registry fabric_domains;

/* label.c */

/**
 * struct fabric_labels - "key=value" strings, each key once
 * @nr: length of @strings
 * @strings: each allocated
 */
struct fabric_labels {
	u32 nr;
	char *strings[FABRIC_LABELS_MAX];
};

/**
 * struct fabric_labels_change - what a request changes
 * @add: labels to add or replace
 * @nr_add: length of @add
 * @remove: keys to remove
 * @nr_remove: length of @remove
 */
struct fabric_labels_change {
	const char *add[FABRIC_LABELS_MAX];
	u32 nr_add;
	const char *remove[FABRIC_LABELS_MAX];
	u32 nr_remove;
};

const char *fabric_label_string(const struct nlattr *attr, struct netlink_ext_ack *extack);
bool fabric_label_sound(const char *label);
bool fabric_label_key_sound(const char *key);
bool fabric_labels_same(const struct fabric_labels *a, const struct fabric_labels *b);
bool fabric_labels_have(const struct fabric_labels *labels, const char *label);
int fabric_labels_changed(struct fabric_labels *result, const struct fabric_labels *labels,
			  const struct fabric_labels_change *change,
			  struct netlink_ext_ack *extack);
void fabric_labels_free(struct fabric_labels *labels);
int fabric_labels_fill(struct sk_buff *skb, int attr, const struct fabric_labels *labels);

struct fabric_domain *fabric_domain_get(u32 id);
void fabric_domain_put(struct fabric_domain *domain);
int fabric_domain_op_begin(struct fabric_domain *domain, struct netlink_ext_ack *extack);
void fabric_domain_op_end(struct fabric_domain *domain);
void fabric_domain_ops_wait(struct fabric_domain *domain);
int fabric_domain_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);
int fabric_region_take(struct fabric_domain *domain, const struct fabric_region_req *req,
		       struct netlink_ext_ack *extack);
int fabric_region_give(struct fabric_device *device, struct netlink_ext_ack *extack);
void fabric_domain_refresh(struct fabric_domain *domain);
void fabric_domain_refresh_all(u32 id);

/* pci.c */
int fabric_pci_copy(struct fabric_pci_info **copy, const struct fabric_pci_info *pci);
bool fabric_pci_update(struct fabric_pci_info *known, const struct fabric_pci_info *pci);
int fabric_pci_fill(struct sk_buff *skb, int attr, const struct fabric_pci_info *pci);

/* fm.c */

/**
 * struct fabric_vppb - a virtual bridge of a virtual switch
 * @vcs: id of the virtual switch
 * @vppb: number of the virtual bridge in it
 * @option: how to unbind it, enum cci_unbind_option
 */
struct fabric_vppb {
	u8 vcs;
	u8 vppb;
	u8 option;
};

#define FABRIC_VPPBS_MAX	255

/**
 * struct fabric_vcs - a virtual switch and what its virtual bridges are bound to
 * @vcs: the virtual switch
 * @vppbs: as many as it says
 */
struct fabric_vcs {
	struct cci_vcs vcs;
	struct cci_vppb vppbs[FABRIC_VPPBS_MAX];
};

#define FABRIC_FM_NO_TUNNEL	(-1)

int fabric_fm_identify(struct fabric_domain *domain, int tunnel, struct cci_identify *identify,
		       struct netlink_ext_ack *extack);
int fabric_fm_switch(struct fabric_domain *domain, struct cci_switch *sw,
		     struct netlink_ext_ack *extack);
int fabric_fm_background(struct fabric_domain *domain, struct cci_background *background,
			 struct netlink_ext_ack *extack);
u32 fabric_fm_speed(u8 code);
int fabric_fm_port(struct fabric_domain *domain, u8 number, struct cci_port *port,
		   struct netlink_ext_ack *extack);
int fabric_fm_port_control(struct fabric_domain *domain, u8 number, enum cci_port_op op,
			   bool force, struct netlink_ext_ack *extack);
int fabric_fm_vcs(struct fabric_domain *domain, u8 id, struct fabric_vcs *vcs,
		  struct netlink_ext_ack *extack);
int fabric_fm_effects(struct fabric_domain *domain, int tunnel, struct cci_effects *effects,
		      unsigned int *nr, struct netlink_ext_ack *extack);
int fabric_fm_bind(struct fabric_domain *domain, const struct fabric_vppb *vppb, u8 port,
		   struct netlink_ext_ack *extack);
int fabric_fm_unbind(struct fabric_domain *domain, const struct fabric_vppb *vppb,
		     struct netlink_ext_ack *extack);
int fabric_fm_bind_port(struct fabric_port *port, const char *host,
			const struct fabric_vppb *vppb, struct netlink_ext_ack *extack);
int fabric_fm_unbind_port(struct fabric_port *port, const struct fabric_vppb *vppb,
			  struct netlink_ext_ack *extack);

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
 * @number: physical port number of the FM API, where the domain has one
 * @bindable: has a binding
 * @link: state of the link; this and the following by domain->lock
 * @link_busy: an op that sets something is running, @link is down until it ends
 * @link_observed: state of the link before that op, or since by an event
 * @speed: MT/s, 0 if unknown
 * @width: lanes, 0 if unknown
 * @binding: whether it belongs to a host
 * @host: the host it is bound to, or is becoming so
 * @labels: set by the administrator
 * @bandwidth: resource that counts what is guaranteed on its link, or NULL
 * @power: what it does to save power
 * @pci: what is known of it as a PCI function, or NULL; constant as a pointer
 */
struct fabric_port {
	struct fabric_object obj;
	struct fabric_domain *domain;
	struct fabric_port *parent;
	struct list_head node;
	void *priv;
	char *name;
	enum fabric_port_type type;
	u8 number;
	bool bindable;
	enum fabric_link link;
	bool link_busy;
	enum fabric_link link_observed;
	u32 speed;
	u32 width;
	enum fabric_binding binding;
	char host[FABRIC_NAME_MAX_LEN + 1];
	struct fabric_labels labels;
	struct fabric_resource *bandwidth;
	struct fabric_port_power power;
	struct fabric_pci_info *pci;
};

/**
 * struct fabric_port_change - what port-set changes
 * @link: state of the link, 0 leaves it
 * @speed_limit: MT/s that the link may have, 0 leaves it
 * @idle: what it does while nothing below it is used, 0 leaves it
 * @labels: of these
 *
 * At most one of the first three, which are done by the backend, is not 0.
 */
struct fabric_port_change {
	enum fabric_link link;
	u32 speed_limit;
	enum fabric_port_idle idle;
	struct fabric_labels_change labels;
};

extern struct fabric_registry fabric_ports;

struct fabric_port *fabric_port_get(u32 id);
void fabric_port_put(struct fabric_port *port);
bool fabric_port_usable(const struct fabric_port *port);
bool fabric_port_below(const struct fabric_port *port, const struct fabric_port *top);
void fabric_port_remove_locked(struct fabric_port *port);
struct fabric_port *fabric_port_find(struct fabric_domain *domain, u8 number);
int fabric_port_bind(struct fabric_port *port, const struct fabric_port_bind_req *req,
		     const struct fabric_vppb *vppb, struct netlink_ext_ack *extack);
int fabric_port_unbind(struct fabric_port *port, const struct fabric_vppb *vppb,
		       struct netlink_ext_ack *extack);
int fabric_port_reset_begin(struct fabric_port *port, bool force, enum fabric_link *was,
			    struct netlink_ext_ack *extack);
void fabric_port_reset_end(struct fabric_port *port, enum fabric_link was);
int fabric_port_set(struct fabric_port *port, const struct fabric_port_change *change,
		    struct netlink_ext_ack *extack);
u64 fabric_port_bandwidth(const struct fabric_port *port, bool free);
void fabric_port_bandwidth_use(const struct fabric_port *port, s64 change);
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
 * @health: by domain->lock, like all up to @nr_slices
 * @admin_state: what the administrator wants
 * @labels: set by the administrator
 * @idle_vfs: what becomes of its virtual functions when none is granted
 * @resources: struct fabric_resource
 * @nr_slices: slices of its resources
 * @pci: what is known of it as a PCI function, or NULL; constant as a pointer
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
	enum fabric_admin_state admin_state;
	struct fabric_labels labels;
	enum fabric_idle_vfs idle_vfs;
	struct list_head resources;
	u32 nr_slices;
	struct fabric_pci_info *pci;
	unsigned int nr_members;
	struct fabric_device *members[] __counted_by(nr_members);
};

extern struct fabric_registry fabric_devices;

struct fabric_device *fabric_device_get(u32 id);
void fabric_device_put(struct fabric_device *device);
bool fabric_device_usable(const struct fabric_device *device);
bool fabric_device_below(const struct fabric_device *device, const struct fabric_port *port);
bool fabric_device_has_label(const struct fabric_device *device, const char *label);
u64 fabric_device_bandwidth(const struct fabric_device *device, bool free);
void fabric_device_bandwidth_use(const struct fabric_device *device, s64 change);

/**
 * struct fabric_device_change - what device-set changes
 * @state: administrative state, 0 leaves it
 * @idle_vfs: what becomes of virtual functions, 0 leaves it
 * @labels: of these
 */
struct fabric_device_change {
	enum fabric_admin_state state;
	enum fabric_idle_vfs idle_vfs;
	struct fabric_labels_change labels;
};

int fabric_device_set(struct fabric_device *device, const struct fabric_device_change *change,
		      struct netlink_ext_ack *extack);
u32 fabric_device_slices_below(struct fabric_port *port);
void fabric_device_remove_locked(struct fabric_device *device);
void fabric_device_slice_gone(struct fabric_device *device);
int fabric_device_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);

/* resource.c */

/**
 * struct fabric_resource - one allocatable capacity of a device, or of a port
 * @obj: base
 * @domain: where it belongs
 * @device: whose capacity it is, or NULL
 * @port: whose capacity it is, or NULL; not referenced, it goes with the port
 * @node: in device->resources, if it is of a device
 * @priv: the backend's
 * @info: as registered; info.capability points to @capability
 * @capability: what it can do
 * @extents: where is what; this and the following by domain->lock
 * @reserved: capacity in slices of that state
 * @granted: capacity in slices of that state, or guaranteed
 * @quarantined: capacity in slices of that state
 * @high_water: most that was ever not free
 * @allocations: slices that were ever reserved
 * @refusals: requests that found too little in it
 * @reclaims: slices that were taken for another request
 * @nr_slices: length of @slices
 * @slices: struct fabric_grant_slice
 * @withheld: struct withheld, what can't be had
 * @nr_withheld: capacity in these
 * @plan_number: which plan the following are of; these by fabric_engine
 * @plan_open: it suits, and not all of it was looked at
 * @plan_looked: extents that were looked at
 */
struct fabric_resource {
	struct fabric_object obj;
	struct fabric_domain *domain;
	struct fabric_device *device;
	struct fabric_port *port;
	struct list_head node;
	void *priv;
	struct fabric_resource_info info;
	char capability[FABRIC_NAME_MAX_LEN + 1];
	struct fabric_extents extents;
	u64 reserved;
	u64 granted;
	u64 quarantined;
	u64 high_water;
	u64 allocations;
	u64 refusals;
	u64 reclaims;
	u32 nr_slices;
	struct list_head slices;
	struct list_head withheld;
	u64 nr_withheld;
	u64 plan_number;
	bool plan_open;
	u32 plan_looked;
};

struct fabric_grant;
struct fabric_grant_slice;

extern struct fabric_registry fabric_resources;

struct fabric_resource *fabric_resource_get(u32 id);
void fabric_resource_put(struct fabric_resource *resource);
struct fabric_resource *fabric_resource_add_bandwidth(struct fabric_port *port, u64 total);
void fabric_resource_remove_locked(struct fabric_resource *resource);
u64 fabric_resource_align(const struct fabric_resource *resource, enum fabric_mode mode);
enum fabric_mode fabric_resource_default_mode(const struct fabric_resource *resource);
int fabric_resource_reserve(struct fabric_resource *resource, struct fabric_grant_slice *slice,
			    u64 start, u64 length);
void fabric_resource_slice_state(struct fabric_grant_slice *slice, enum fabric_slice_state state);
void fabric_resource_trim_locked(struct fabric_grant_slice *slice, u64 length,
				 struct fabric_extent *tail);
void fabric_resource_unreserve_locked(struct fabric_grant_slice *slice);
const char *fabric_resource_withheld_reason(struct fabric_resource *resource);
bool fabric_resource_can_force(const struct fabric_resource *resource);
u64 fabric_resource_force(struct fabric_resource *resource);
int fabric_resource_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);

/* slice.c */

/* How far the backend has gone with a slice; constant unless an owner runs ops. */
enum fabric_slice_step {
	FABRIC_SLICE_STEP_NONE,		/* nothing to undo */
	FABRIC_SLICE_STEP_PREPARED,	/* slice_release undoes it */
	FABRIC_SLICE_STEP_COMMITTED,	/* slice_revoke, then slice_release */
};

/**
 * struct fabric_claim - what becomes free of one slice belongs to another
 * @node: in fabric_grant_slice.claims of the slice that has it
 * @want: in fabric_grant_slice.wants of the slice that gets it
 * @from: the slice that has it
 * @to: the slice that gets it
 * @start: first unit in the resource
 * @end: first unit behind it
 * @told: the grant of @from was given notice
 *
 * By domain->lock.
 */
struct fabric_claim {
	struct list_head node;
	struct list_head want;
	struct fabric_grant_slice *from;
	struct fabric_grant_slice *to;
	u64 start;
	u64 end;
	bool told;
};

/**
 * struct fabric_grant_slice - a slice in its grant
 * @pub: what the backend sees
 * @grant: where it belongs; by grant->lock and domain->lock
 * @siblings: in grant->slices; by grant->lock and grant->map_lock
 * @offset: in the file of the grant
 * @map_length: how much of it is in that file; by grant->map_lock
 * @resource: what it is an extent of, NULL before the reservation and when it
 *	is free again; by grant->lock
 * @extent: the extent, NULL while something is @missing; by domain->lock
 * @node: in resource->slices; by domain->lock
 * @claims: who gets what of it; by domain->lock
 * @wants: what it gets from others; by domain->lock
 * @missing: length of what is in @wants; by domain->lock
 * @broken: something in @wants will not come; by domain->lock
 * @victim: in domain->victims; this and the following by domain->lock
 * @level: least that a plan costs which takes of it, see struct cost in reclaim.c
 * @price: least that its grant loses then
 * @told: fabric_device_remove() has seen it; by domain->lock
 * @bandwidth_min: what it is guaranteed
 * @state: by grant->lock and domain->lock
 * @step: how far the backend has gone; by the owner of the transitional state
 * @error: result of the last attempt to take it back; written by the same
 */
struct fabric_grant_slice {
	struct fabric_slice pub;
	struct fabric_grant *grant;
	struct list_head siblings;
	u64 offset;
	u64 map_length;
	struct fabric_resource *resource;
	struct fabric_extent *extent;
	struct list_head node;
	struct list_head claims;
	struct list_head wants;
	u64 missing;
	bool broken;
	struct rb_node victim[FABRIC_TAKE_MAX];
	u32 level;
	u64 price;
	bool told;
	u32 bandwidth_min;
	enum fabric_slice_state state;
	enum fabric_slice_step step;
	int error;
};

struct fabric_grant_slice *fabric_slice_alloc(struct fabric_grant *grant);
void fabric_slice_free(struct fabric_grant_slice *slice);
int fabric_slice_claim(struct fabric_grant_slice *from, struct fabric_grant_slice *to, u64 start,
		       u64 end);
u64 fabric_slice_keeps(const struct fabric_grant_slice *slice);
void fabric_slice_drop_wants(struct fabric_grant_slice *slice);
int fabric_slice_prepare(struct fabric_grant_slice *slice, struct netlink_ext_ack *extack);
int fabric_slice_commit(struct fabric_grant_slice *slice, struct netlink_ext_ack *extack);
int fabric_slice_undo(struct fabric_grant_slice *slice);
void fabric_slice_give(struct fabric_grant_slice *slice, struct fabric_grant *released);
int fabric_slice_put_attrs(struct sk_buff *skb, const struct fabric_grant_slice *slice,
			   unsigned int index);

/* tenant.c */

/**
 * struct fabric_quota - a limit of a tenant
 * @kind: what is limited
 * @capability: what exactly, or empty for all of the kind
 * @limit: most
 */
struct fabric_quota {
	enum fabric_kind kind;
	char capability[FABRIC_NAME_MAX_LEN + 1];
	u64 limit;
};

/**
 * struct fabric_member - who belongs to a tenant
 * @type: which of the others counts
 * @uid: user
 * @gid: group
 * @cgroup: referenced
 * @path: of @cgroup
 */
struct fabric_member {
	enum {
		FABRIC_MEMBER_UID,
		FABRIC_MEMBER_GID,
		FABRIC_MEMBER_CGROUP,
	} type;
	kuid_t uid;
	kgid_t gid;
	struct cgroup *cgroup;
	char *path;
};

#define FABRIC_QUOTAS_MAX	16
#define FABRIC_MEMBERS_MAX	32

/**
 * struct fabric_tenant_info - what the administrator says about a tenant
 * @priority_min: lowest priority of its requests
 * @priority_max: highest priority
 * @nr_quotas: length of @quotas
 * @nr_members: length of @members
 * @quotas: limits
 * @members: who belongs to it
 */
struct fabric_tenant_info {
	u32 priority_min;
	u32 priority_max;
	u32 nr_quotas;
	u32 nr_members;
	struct fabric_quota quotas[FABRIC_QUOTAS_MAX];
	struct fabric_member members[FABRIC_MEMBERS_MAX];
};

/**
 * struct fabric_tenant - on whose behalf requests are made
 * @obj: base; @registered by fabric_engine
 * @name: unique
 * @info: limits and members; by fabric_engine
 * @nr_grants: grants and queued requests
 * @nr_queued: queued requests; by fabric_engine
 * @uses: what they have
 */
struct fabric_tenant {
	struct fabric_object obj;
	char name[FABRIC_NAME_MAX_LEN + 1];
	struct fabric_tenant_info *info;
	atomic_t nr_grants;
	u32 nr_queued;
	struct list_head uses;
};

extern struct fabric_registry fabric_tenants;

struct fabric_tenant *fabric_tenant_get(u32 id);
void fabric_tenant_put(struct fabric_tenant *tenant);
struct fabric_tenant *fabric_tenant_find(const char *name);
struct fabric_tenant *fabric_tenant_of_current(void);
bool fabric_tenant_has_current(const struct fabric_tenant *tenant);
struct fabric_tenant *fabric_tenant_new(const char *name, struct fabric_tenant_info *info,
					struct netlink_ext_ack *extack);
int fabric_tenant_set(struct fabric_tenant *tenant, struct fabric_tenant_info *info,
		      struct netlink_ext_ack *extack);
int fabric_tenant_del(struct fabric_tenant *tenant, struct netlink_ext_ack *extack);
void fabric_tenants_exit(void);
void fabric_tenant_info_free(struct fabric_tenant_info *info);
int fabric_tenant_admit(const struct fabric_tenant *tenant, struct netlink_ext_ack *extack);
u64 fabric_tenant_left(const struct fabric_tenant *tenant, const struct fabric_resource_info *is);
int fabric_tenant_charge(struct fabric_tenant *tenant, enum fabric_kind kind,
			 const char *capability, u64 amount);
void fabric_tenant_uncharge(struct fabric_tenant *tenant, enum fabric_kind kind,
			    const char *capability, u64 amount);
int fabric_tenant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);

/* request.c */

/**
 * struct fabric_grant_req - request for a grant; kept with it, to grow by
 * @kind: what
 * @capability: what it must be able to do, or NULL
 * @size: how much, in units of @kind
 * @mode: how it is to appear, or 0 for the first that the resource offers
 * @domain_id: only this domain, or 0
 * @device_id: only this device, or 0
 * @port_id: only devices below this port, or 0
 * @port: that port, referenced, or NULL
 * @numa_node: only this node, or NUMA_NO_NODE
 * @near_node: capacity near this node first, or NUMA_NO_NODE
 * @labels: only devices that have all of them
 * @pieces: most slices
 * @granularity: every slice is a multiple, or 0
 * @placement: how to choose
 * @priority: importance; this and the following by fabric_engine
 * @min: what it may be shrunk to, or 0
 * @reclaimable: it may be revoked for a more important request
 * @restore: it is to grow back after it was shrunk
 * @grace: from a notice to force, ms
 * @lease: time limit, ms, or 0
 * @wait: how long it may wait for capacity, ms
 * @bandwidth_min: guaranteed to each slice on its path, Mb/s
 * @bandwidth_max: each slice is throttled to, Mb/s, or 0
 * @mac: of network functions, all zeroes for none
 * @vlan: of network functions, or 0
 * @force: it can be of what the host uses
 * @driver: what a function is bound to, or NULL
 * @group: with the others of its IOMMU group
 * @token: name that the client gives it, or NULL
 * @tenant: whose it is, referenced, or NULL
 * @holder: what it is bound to
 * @net: network namespace of the requesting socket
 * @portid: its port id
 */
struct fabric_grant_req {
	enum fabric_kind kind;
	char *capability;
	u64 size;
	enum fabric_mode mode;
	u32 domain_id;
	u32 device_id;
	u32 port_id;
	struct fabric_port *port;
	int numa_node;
	int near_node;
	struct fabric_labels labels;
	u32 pieces;
	u64 granularity;
	enum fabric_placement placement;
	u32 priority;
	u64 min;
	bool reclaimable;
	bool restore;
	u32 grace;
	u64 lease;
	u64 wait;
	u32 bandwidth_min;
	u32 bandwidth_max;
	u8 mac[ETH_ALEN] __aligned(2);
	u16 vlan;
	bool force;
	char *driver;
	bool group;
	char *token;
	struct fabric_tenant *tenant;
	enum fabric_holder holder;
	struct net *net;
	u32 portid;
};

struct fabric_grant_req *fabric_req_copy(const struct fabric_grant_req *req);
struct fabric_grant_req *fabric_req_parse(struct genl_info *info, bool admin);
void fabric_req_free(struct fabric_grant_req *req);
int fabric_req_check_kind(enum fabric_kind kind, const struct nlattr *attr,
			  struct netlink_ext_ack *extack);
int fabric_req_check_grace(u32 ms, const struct nlattr *attr, struct netlink_ext_ack *extack);
int fabric_req_check_time(u64 ms, const struct nlattr *attr, struct netlink_ext_ack *extack);
int fabric_req_check_priority(const struct fabric_tenant *tenant, u32 priority,
			      const struct nlattr *attr, struct netlink_ext_ack *extack);
bool fabric_req_same(const struct fabric_grant_req *a, const struct fabric_grant_req *b);

/* place.c */

/**
 * struct fabric_want - capacity that is looked for
 * @req: where and of what kind
 * @size: how much
 * @pieces: most slices
 * @before: only queued requests before this one, or NULL for those that are at
 *	least as important, keep what they could use
 * @priority: from whom can be taken is of lower priority
 * @counts: resources that have too little count it
 * @hasty: if nothing fits, do not look at every resource to learn why
 * @over_plans: what is set aside for requests of lower priority counts as free
 * @freed: fabric_queue_freed() of when others had the first look, or 0: what became
 *	free since is for them
 */
struct fabric_want {
	const struct fabric_grant_req *req;
	u64 size;
	u32 pieces;
	const struct fabric_grant *before;
	u32 priority;
	bool counts;
	bool hasty;
	bool over_plans;
	u64 freed;
};

/*
 * Why nothing was found. The better a resource fitted before it was passed over,
 * the more its reason helps.
 */
enum fabric_miss {
	FABRIC_MISS_ALL,	/* kind, capability, place, label */
	FABRIC_MISS_MODE,
	FABRIC_MISS_THROTTLE,
	FABRIC_MISS_SIZE,	/* not a multiple */
	FABRIC_MISS_LINK,	/* too slow for the bandwidth, also when idle */
	FABRIC_MISS_ADMIN,	/* draining or disabled */
	FABRIC_MISS_DEVICE,	/* leaving, unbound, link down */
	FABRIC_MISS_QUOTA,
	FABRIC_MISS_BANDWIDTH,
	FABRIC_MISS_QUEUE,	/* belongs to an earlier request */
	FABRIC_MISS_SPACE,
};

/**
 * struct fabric_search - what a search met on its way
 * @miss: the reason that helps most
 * @align: what the size has to be a multiple of
 * @largest: longest free run
 * @left: what the quota or the link has left
 * @carries: what the fastest path to a resource carries
 * @total: capacity of all resources that match, free or not
 * @most: capacity of the largest of them
 * @withheld: why the first that has too little because of that withholds something, or ""
 */
struct fabric_search {
	enum fabric_miss miss;
	u64 align;
	u64 largest;
	u64 left;
	u64 carries;
	u64 total;
	u64 most;
	char withheld[NETLINK_MAX_FMTMSG_LEN];
};

bool fabric_place_fits(struct fabric_resource *resource, const struct fabric_grant_req *req,
		       struct fabric_search *search);
bool fabric_place_matches(struct fabric_resource *resource, const struct fabric_grant_req *req,
			  struct fabric_search *search);
u64 fabric_place_unit(const struct fabric_resource *resource, const struct fabric_grant_req *req);
typedef int (*fabric_visit_t)(struct fabric_resource *resource, const struct fabric_want *want,
			      struct fabric_search *search, void *data);

bool fabric_place_suits(struct fabric_resource *resource, const struct fabric_want *want,
			struct fabric_search *search);
int fabric_place_visit(const struct fabric_want *want, struct fabric_search *search,
		       fabric_visit_t visit, void *data);
int fabric_place(struct fabric_grant *grant, const struct fabric_want *want,
		 struct fabric_search *search);
int fabric_place_forced(struct fabric_grant *grant, const struct fabric_want *want,
			struct fabric_search *search);
int fabric_place_refuse(const struct fabric_search *search, const struct fabric_want *want,
			struct netlink_ext_ack *extack);

/* reclaim.c */
void fabric_victim_sort(struct fabric_grant_slice *slice);
void fabric_victims_sort(struct fabric_grant *grant);
void fabric_victim_del(struct fabric_grant_slice *slice);
int fabric_reclaim(struct fabric_grant *grant, const struct fabric_want *want);
void fabric_reclaim_withdraw(struct fabric_grant *grant);
bool fabric_reclaim_displace(const struct fabric_want *want);
void fabric_reclaim_force(struct fabric_grant *victim);
int fabric_reclaim_notice(struct fabric_grant *victim, const struct fabric_grant *by, u64 target,
			  const char *reason);

/* queue.c */
/* When a grant is busy, its deadline is looked at again after this. */
#define FABRIC_DEADLINE_AGAIN_NS	(20 * NSEC_PER_MSEC)

extern struct mutex fabric_engine; /* see DOC: locking */

void fabric_queue_kick(void);
void fabric_queue_freeing(void);
u64 fabric_queue_freed(void);
bool fabric_queue_keeps(struct fabric_resource *resource, const struct fabric_want *want);
int fabric_queue_find(struct fabric_grant *grant, struct fabric_search *search);
int fabric_queue_add(struct fabric_grant *grant, struct netlink_ext_ack *extack);
void fabric_queue_del(struct fabric_grant *grant);
void fabric_queue_cancel(struct fabric_grant *grant, enum fabric_grant_state state,
			 const char *reason);
u32 fabric_queue_length(void);
struct fabric_grant *fabric_token_find(const struct fabric_grant_req *req);
void fabric_token_add(struct fabric_grant *grant);
void fabric_token_del(struct fabric_grant *grant);
void fabric_deadline_set(struct fabric_grant *grant, u64 deadline);
void fabric_deadline_clear(struct fabric_grant *grant);
void fabric_shrunken_add(struct fabric_grant *grant);
void fabric_shrunken_del(struct fabric_grant *grant);
int fabric_queue_init(void);
void fabric_queue_exit(void);

/* grant.c */

/**
 * struct fabric_notice - what a holder is asked to give back
 * @by: id of the request that wants it, or 0
 * @priority: of that request
 * @target: what the grant has to come down to
 * @deadline: boot time, ns, 0 if there is no notice
 * @forced: force is being used
 * @tenant: name of the tenant of the request, or empty
 * @reason: why
 */
struct fabric_notice {
	u32 by;
	u32 priority;
	u64 target;
	u64 deadline;
	bool forced;
	char tenant[FABRIC_NAME_MAX_LEN + 1];
	char reason[FABRIC_NAME_MAX_LEN + 1];
};

/**
 * struct fabric_taken - who took something from a grant
 * @by: id of the request
 * @priority: of that request
 * @size: how much
 * @time: boot time, ns
 * @tenant: name of its tenant, or empty
 */
struct fabric_taken {
	u32 by;
	u32 priority;
	u64 size;
	u64 time;
	char tenant[FABRIC_NAME_MAX_LEN + 1];
};

#define FABRIC_TAKEN_MAX	4

/**
 * struct fabric_history - what happened to a grant since it was made; most have none
 * @nr: length of @taken, the last one is the youngest
 * @taken: who took something
 */
struct fabric_history {
	unsigned int nr;
	struct fabric_taken taken[FABRIC_TAKEN_MAX];
};

/**
 * struct fabric_grant - the slices that one holder got under one request
 * @obj: base
 * @lock: see DOC: locking
 * @state: by @lock
 * @owned: somebody runs ops on it; by @lock
 * @incoming: what it is to grow by, reserved; by the owner
 * @was_active: the holder had it; by @lock
 * @announced: listeners know it; by @lock
 * @counted: it is among the grants that the counters have; by @lock
 * @doomed: reason to fail it when its preparation ends, or NULL; by @lock
 * @error: errno of the last attempt to take it back; by @lock
 * @reason: why it is in its state; by @lock
 * @req: what was asked for
 * @size: in units of the kind, sum of the slices; by @lock
 * @full_size: size before it was shrunk, or 0; by @lock
 * @restorable: listeners know that it can grow back; by fabric_engine
 * @shrunken_node: in the list of those that can grow back; by fabric_engine
 * @mode: how the slices appear
 * @pid: requesting process
 * @uid: its user
 * @gid: its group
 * @comm: its name
 * @created: boot time of the request, ns
 * @queued_ns: time in the queue, ns
 * @lease_end: boot time, ns, or 0; by @lock
 * @wait_end: boot time, ns; constant
 * @notice: what it is asked to give back, or NULL; by @lock and fabric_engine
 * @history: what was taken from it, or NULL; by @lock
 * @reclaims: how often something was taken from it; by @lock
 * @resizes: how often its holder resized it; by @lock
 * @renewals: how often its lease was renewed; by @lock
 * @planned: what the plan that is being made takes from it; by fabric_engine
 * @plan_number: which plan that is; by fabric_engine
 * @window_takes: what the window that is looked at takes from it; by fabric_engine
 * @window_number: which window that is; by fabric_engine
 * @avoid_until: boot time, ns, until when nobody tries to change its size again, or 0; by
 *	fabric_engine
 * @position: number of requests before it in the queue; written by fabric_engine
 * @queue_node: in the queue; by fabric_engine
 * @plan: it gets what others give; by fabric_engine
 * @token_node: in the table of tokens; by fabric_engine
 * @deadline: next time that something has to happen; by the lock of the deadlines
 * @net: network namespace of the socket holder
 * @portid: port id of the socket holder
 * @socket_node: in the table of sockets
 * @map_lock: see DOC: locking; protects the following, and the list of slices
 * @files: struct fabric_grant_file
 * @nr_binding: files that it, or its request in the queue, is bound to
 * @mappable: page faults are served
 * @shrinks: copies wait
 * @nr_copies: copies that run
 * @map_size: end of the last slice in the file
 * @version: number of changes, for the readers of its files
 * @wait: woken when the grant changes or a copy ends
 * @work: prepares it, shrinks it, takes it back
 * @backoff: delay until the next try, jiffies; by the owner
 * @slices: struct fabric_grant_slice; by @lock and @map_lock
 */
struct fabric_grant {
	struct fabric_object obj;
	struct mutex lock; /* see DOC: locking */
	enum fabric_grant_state state;
	bool owned;
	struct fabric_grant *incoming;
	bool was_active;
	bool announced;
	bool counted;
	const char *doomed;
	int error;
	char reason[FABRIC_NAME_MAX_LEN + 1];
	struct fabric_grant_req *req;
	u64 size;
	u64 full_size;
	bool restorable;
	struct list_head shrunken_node;
	enum fabric_mode mode;
	pid_t pid;
	kuid_t uid;
	kgid_t gid;
	char comm[TASK_COMM_LEN];
	u64 created;
	u64 queued_ns;
	u64 lease_end;
	u64 wait_end;
	struct fabric_notice *notice;
	struct fabric_history *history;
	u32 reclaims;
	u32 resizes;
	u32 renewals;
	u64 planned;
	u64 plan_number;
	u64 window_takes;
	u64 window_number;
	u64 avoid_until;
	u32 position;
	struct list_head queue_node;
	bool plan;
	struct hlist_node token_node;
	struct timerqueue_node deadline;
	struct net *net;
	u32 portid;
	struct hlist_node socket_node;
	struct rw_semaphore map_lock;
	struct list_head files;
	u32 nr_binding;
	bool mappable;
	bool shrinks;
	atomic_t nr_copies;
	u64 map_size;
	atomic_t version;
	wait_queue_head_t wait;
	struct delayed_work work;
	unsigned long backoff;
	struct list_head slices;
};

extern struct fabric_registry fabric_grants;

struct fabric_grant *fabric_grant_get(u32 id);
void fabric_grant_hold(struct fabric_grant *grant);
void fabric_grant_put(struct fabric_grant *grant);
struct fabric_grant *fabric_grant_alloc(struct fabric_grant_req *req);
struct fabric_grant *fabric_grant_new(struct fabric_grant_req *req,
				      struct netlink_ext_ack *extack);
int fabric_grant_del(struct fabric_grant *grant, bool force, const struct net *net, u32 portid,
		     struct netlink_ext_ack *extack);
void fabric_grant_revoke_async(struct fabric_grant *grant, const char *reason);
void fabric_grant_stop_waiting(struct fabric_grant *grant, const char *reason);
void fabric_grant_abandon(struct fabric_grant *grant, const char *reason);
void fabric_grant_kick(struct fabric_grant *grant, unsigned long delay);
void fabric_grant_start(struct fabric_grant *grant);
void fabric_grant_set_state(struct fabric_grant *grant, enum fabric_grant_state state);
void fabric_grant_notify(struct fabric_grant *grant, u8 cmd);
void fabric_grant_end(struct fabric_grant *grant, enum fabric_grant_state state);
void fabric_grant_append(struct fabric_grant *grant, struct fabric_grant_slice *slice);
void fabric_grant_drop_last(struct fabric_grant *grant);
int fabric_grant_prepare(struct fabric_grant *grant, struct netlink_ext_ack *extack);
bool fabric_grant_undo(struct fabric_grant *grant);
void fabric_grant_release_part(struct fabric_grant *part, const char *reason);
bool fabric_grant_held_by_other(const struct fabric_grant *grant, const struct net *net,
				u32 portid);
bool fabric_grant_ended(const struct fabric_grant *grant);
u64 fabric_grant_next_deadline(const struct fabric_grant *grant);
void fabric_grant_drop_notice(struct fabric_grant *grant);
void fabric_grant_taken(struct fabric_grant *grant, u64 size);
void fabric_grant_socket_closed(const struct net *net, u32 portid);
int fabric_grant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj);
int fabric_grant_fill_fd(struct sk_buff *skb, const struct genl_info *info,
			 const struct fabric_grant *grant, int fd);
int fabric_grant_init(void);
void fabric_grant_exit(void);

/* resize.c */

/**
 * struct fabric_grant_change - what grant-set changes
 * @has: BIT(FABRIC_A_GRANT_*) of what is given
 * @size: new size
 * @pieces: most new slices
 * @priority: new priority
 * @min: new least size
 * @reclaimable: as named
 * @grace: ms
 * @restore: as named
 * @force: although somebody else holds it
 */
struct fabric_grant_change {
	u64 has;
	u64 size;
	u32 pieces;
	u32 priority;
	u64 min;
	bool reclaimable;
	u32 grace;
	bool restore;
	bool force;
};

int fabric_grant_set(struct fabric_grant *grant, const struct fabric_grant_change *change,
		     const struct net *net, u32 portid, struct netlink_ext_ack *extack);
int fabric_grant_renew(struct fabric_grant *grant, bool has_lease, u64 lease,
		       struct netlink_ext_ack *extack);
void fabric_resize_forced(struct fabric_grant *grant);
void fabric_resize_incoming(struct fabric_grant *grant);
void fabric_resize_restore(struct fabric_grant *grant, u64 freed);

/* grant_file.c */
enum fabric_file_use {
	FABRIC_FILE_BINDS,	/* the grant ends with it */
	FABRIC_FILE_WAITS,	/* the request ends with it while it is queued */
	FABRIC_FILE_DATA,	/* leads to the memory only */
};

struct file *fabric_grant_file_open(struct fabric_grant *grant, enum fabric_file_use use);
void fabric_grant_zap(struct fabric_grant *grant);
void fabric_grant_zap_range(struct fabric_grant *grant, u64 offset, u64 length);
void fabric_grant_stop_copies(struct fabric_grant *grant);
void fabric_grant_resume_copies(struct fabric_grant *grant);

/* record.c */

/**
 * struct fabric_stats - counters of the broker
 *
 * Named like the attributes of stats-get.
 */
struct fabric_stats {
	atomic64_t requests;
	atomic64_t grants;
	atomic64_t releases;
	atomic64_t notices;
	atomic64_t shrinks;
	atomic64_t revokes;
	atomic64_t forced;
	atomic64_t restores;
	atomic64_t lease_expiries;
	atomic64_t wait_expiries;
};

extern struct fabric_stats fabric_stats;

void fabric_record(enum fabric_event event, const struct fabric_grant *grant, u64 size, u32 by,
		   const char *reason);
void fabric_record_refusal(const struct fabric_grant_req *req, u32 grant_id, u64 size, int error,
			   const struct netlink_ext_ack *extack);
void fabric_record_wait(u64 ns);
int fabric_record_fill_stats(struct sk_buff *skb, const struct genl_info *info, void *obj);
int fabric_record_fill_entry(struct sk_buff *skb, const struct genl_info *info, u64 *sequence);
int fabric_record_init(void);
void fabric_record_exit(void);

/* netlink.c */
/* A grant with all its slices and the longest names fits. */
#define FABRIC_GRANT_MSG_SIZE	8192
/*
 * Any other object, and a grant with one slice and short names. A message that
 * fills less than half of what was allocated for it is copied once more.
 */
#define FABRIC_USUAL_MSG_SIZE	640

typedef int (*fabric_fill_t)(struct sk_buff *skb, const struct genl_info *info, void *obj);

int fabric_nl_fill_event(struct sk_buff *msg, u8 cmd, fabric_fill_t fill, void *obj);
int fabric_nl_need_admin(struct sk_buff *skb, const struct genl_info *info);
void fabric_nl_notify(u8 cmd, unsigned int group, fabric_fill_t fill, void *obj);
int fabric_nl_init(void);
void fabric_nl_exit(void);

#endif /* _FABRIC_INTERNAL_H */
