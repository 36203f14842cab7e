/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fabric.yaml */
/* YNL-GEN uapi header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _UAPI_LINUX_FABRIC_H
#define _UAPI_LINUX_FABRIC_H

#define FABRIC_FAMILY_NAME	"fabric"
#define FABRIC_FAMILY_VERSION	1

#define FABRIC_NAME_MAX_LEN	63
#define FABRIC_CGROUP_MAX_LEN	255
#define FABRIC_SLICES_MAX	32
#define FABRIC_PRIORITY_MAX	1000
#define FABRIC_PRIORITY_DEFAULT	100
#define FABRIC_LABELS_MAX	16

/**
 * enum fabric_kind - What a resource counts.
 * @FABRIC_KIND_MEMORY: Bytes of memory.
 * @FABRIC_KIND_BANDWIDTH: Mb/s of the link of a port, of which grants
 *   guarantee themselves a part. It cannot be requested alone.
 */
enum fabric_kind {
	FABRIC_KIND_MEMORY = 1,
	FABRIC_KIND_BANDWIDTH,

	/* private: */
	__FABRIC_KIND_MAX,
	FABRIC_KIND_MAX = (__FABRIC_KIND_MAX - 1)
};

/**
 * enum fabric_placement - How a request is spread over the resources that
 *   match.
 * @FABRIC_PLACEMENT_BEST_FIT: As few slices as possible, then from the
 *   smallest free extents that suffice.
 * @FABRIC_PLACEMENT_PACK: As few slices as possible, from the devices that
 *   have least free capacity, so that others stay empty.
 * @FABRIC_PLACEMENT_SPREAD: Over as many devices as pieces allows, in equal
 *   parts, from the devices that have most free capacity.
 */
enum fabric_placement {
	FABRIC_PLACEMENT_BEST_FIT = 1,
	FABRIC_PLACEMENT_PACK,
	FABRIC_PLACEMENT_SPREAD,

	/* private: */
	__FABRIC_PLACEMENT_MAX,
	FABRIC_PLACEMENT_MAX = (__FABRIC_PLACEMENT_MAX - 1)
};

/**
 * enum fabric_admin_state - What the administrator wants of a device.
 * @FABRIC_ADMIN_STATE_ENABLED: New slices can be granted.
 * @FABRIC_ADMIN_STATE_DRAINING: No new slices are granted; those that it has
 *   stay until released.
 * @FABRIC_ADMIN_STATE_DISABLED: No new slices are granted, and it has none.
 */
enum fabric_admin_state {
	FABRIC_ADMIN_STATE_ENABLED = 1,
	FABRIC_ADMIN_STATE_DRAINING,
	FABRIC_ADMIN_STATE_DISABLED,

	/* private: */
	__FABRIC_ADMIN_STATE_MAX,
	FABRIC_ADMIN_STATE_MAX = (__FABRIC_ADMIN_STATE_MAX - 1)
};

/**
 * enum fabric_mode - How a memory slice appears to its holder.
 * @FABRIC_MODE_MAP: Mapped through the file of the grant, see grant-open.
 * @FABRIC_MODE_DEVDAX: A standard device DAX node /dev/daxX.Y on exactly the
 *   range of the slice.
 * @FABRIC_MODE_SYSTEM_RAM: Memory of the kernel, online in ZONE_MOVABLE of the
 *   NUMA node of the resource.
 */
enum fabric_mode {
	FABRIC_MODE_MAP = 1,
	FABRIC_MODE_DEVDAX,
	FABRIC_MODE_SYSTEM_RAM,

	/* private: */
	__FABRIC_MODE_MAX,
	FABRIC_MODE_MAX = (__FABRIC_MODE_MAX - 1)
};

/**
 * enum fabric_port_type - Place of a port in the fabric (CXL 3.1, section
 *   7.1).
 * @FABRIC_PORT_TYPE_ROOT: Root port of a host bridge.
 * @FABRIC_PORT_TYPE_UPSTREAM: Upstream port of a switch, the side of a host.
 * @FABRIC_PORT_TYPE_DOWNSTREAM: Downstream port of a switch, the side of a
 *   device.
 */
enum fabric_port_type {
	FABRIC_PORT_TYPE_ROOT = 1,
	FABRIC_PORT_TYPE_UPSTREAM,
	FABRIC_PORT_TYPE_DOWNSTREAM,

	/* private: */
	__FABRIC_PORT_TYPE_MAX,
	FABRIC_PORT_TYPE_MAX = (__FABRIC_PORT_TYPE_MAX - 1)
};

/*
 * State of the link of a port.
 */
enum fabric_link {
	FABRIC_LINK_DOWN = 1,
	FABRIC_LINK_UP,

	/* private: */
	__FABRIC_LINK_MAX,
	FABRIC_LINK_MAX = (__FABRIC_LINK_MAX - 1)
};

/**
 * enum fabric_binding - Whether a downstream port belongs to a host (CXL 3.1,
 *   section 7.2.3, binding and unbinding of virtual PCI-to-PCI bridges).
 * @FABRIC_BINDING_UNBOUND: In the pool, no host sees what is below.
 * @FABRIC_BINDING_BINDING: The backend is binding it.
 * @FABRIC_BINDING_BOUND: The host named by the attribute host sees what is
 *   below.
 * @FABRIC_BINDING_UNBINDING: The backend is unbinding it.
 * @FABRIC_BINDING_ERROR: The last bind or unbind failed half way; only an
 *   unbind that succeeds leads out of here.
 */
enum fabric_binding {
	FABRIC_BINDING_UNBOUND = 1,
	FABRIC_BINDING_BINDING,
	FABRIC_BINDING_BOUND,
	FABRIC_BINDING_UNBINDING,
	FABRIC_BINDING_ERROR,

	/* private: */
	__FABRIC_BINDING_MAX,
	FABRIC_BINDING_MAX = (__FABRIC_BINDING_MAX - 1)
};

/**
 * enum fabric_device_type - What a device is.
 * @FABRIC_DEVICE_TYPE_MEMORY: A memory expander, a CXL Type 3 device.
 * @FABRIC_DEVICE_TYPE_REGION: A committed CXL region, possibly interleaved
 *   over several memory devices, taken over by the broker.
 */
enum fabric_device_type {
	FABRIC_DEVICE_TYPE_MEMORY = 1,
	FABRIC_DEVICE_TYPE_REGION,

	/* private: */
	__FABRIC_DEVICE_TYPE_MAX,
	FABRIC_DEVICE_TYPE_MAX = (__FABRIC_DEVICE_TYPE_MAX - 1)
};

/**
 * enum fabric_health - Whether a device can be used.
 * @FABRIC_HEALTH_OK: New slices can be granted.
 * @FABRIC_HEALTH_REMOVING: It leaves; its slices are being revoked.
 * @FABRIC_HEALTH_GONE: It left, and slices that could not be proven clean
 *   still refer to it.
 */
enum fabric_health {
	FABRIC_HEALTH_OK = 1,
	FABRIC_HEALTH_REMOVING,
	FABRIC_HEALTH_GONE,

	/* private: */
	__FABRIC_HEALTH_MAX,
	FABRIC_HEALTH_MAX = (__FABRIC_HEALTH_MAX - 1)
};

/**
 * enum fabric_slice_state - Where the extent of a slice is.
 * @FABRIC_SLICE_STATE_RESERVED: Taken out of the free capacity, not usable
 *   yet.
 * @FABRIC_SLICE_STATE_GRANTED: In use by the holder, or not taken back yet.
 * @FABRIC_SLICE_STATE_QUARANTINED: Taken from the holder but not proven clean,
 *   never handed on. The broker tries again by itself.
 */
enum fabric_slice_state {
	FABRIC_SLICE_STATE_RESERVED = 1,
	FABRIC_SLICE_STATE_GRANTED,
	FABRIC_SLICE_STATE_QUARANTINED,

	/* private: */
	__FABRIC_SLICE_STATE_MAX,
	FABRIC_SLICE_STATE_MAX = (__FABRIC_SLICE_STATE_MAX - 1)
};

/**
 * enum fabric_grant_state - State of a grant.
 * @FABRIC_GRANT_STATE_PREPARING: Its slices are reserved and being made ready.
 * @FABRIC_GRANT_STATE_ACTIVE: The holder can use all of its slices.
 * @FABRIC_GRANT_STATE_REVOKING: Its slices are being taken back. The attribute
 *   reason says why, and what is in the way if it lasts.
 * @FABRIC_GRANT_STATE_QUARANTINED: The holder has nothing any more, but some
 *   slices could not be proven clean. The grant is released when they are.
 * @FABRIC_GRANT_STATE_RELEASED: All slices are free again. Seen in
 *   notifications only.
 * @FABRIC_GRANT_STATE_QUEUED: A request that waits for capacity. The attribute
 *   reason says what for.
 * @FABRIC_GRANT_STATE_SHRINKING: A part of its slices is being taken back; the
 *   rest can be used.
 * @FABRIC_GRANT_STATE_FAILED: A queued request that ended without slices. Seen
 *   in notifications and on its file only.
 * @FABRIC_GRANT_STATE_EXPIRED: A queued request whose time to wait was over.
 *   Seen in notifications and on its file only.
 */
enum fabric_grant_state {
	FABRIC_GRANT_STATE_PREPARING = 1,
	FABRIC_GRANT_STATE_ACTIVE,
	FABRIC_GRANT_STATE_REVOKING,
	FABRIC_GRANT_STATE_QUARANTINED,
	FABRIC_GRANT_STATE_RELEASED,
	FABRIC_GRANT_STATE_QUEUED,
	FABRIC_GRANT_STATE_SHRINKING,
	FABRIC_GRANT_STATE_FAILED,
	FABRIC_GRANT_STATE_EXPIRED,

	/* private: */
	__FABRIC_GRANT_STATE_MAX,
	FABRIC_GRANT_STATE_MAX = (__FABRIC_GRANT_STATE_MAX - 1)
};

/**
 * enum fabric_holder - What a grant is bound to. When that ends, the grant is
 *   released.
 * @FABRIC_HOLDER_NONE: Nobody; the grant lasts until it is deleted.
 * @FABRIC_HOLDER_FILE: The open file whose descriptor the reply carries. The
 *   last reference to it counts, mappings and descriptors passed on included.
 *   Reading the file waits for a change of the grant and returns it as the
 *   message that grant-get would reply with; poll says when.
 * @FABRIC_HOLDER_SOCKET: The netlink socket that sent the request.
 */
enum fabric_holder {
	FABRIC_HOLDER_NONE = 1,
	FABRIC_HOLDER_FILE,
	FABRIC_HOLDER_SOCKET,

	/* private: */
	__FABRIC_HOLDER_MAX,
	FABRIC_HOLDER_MAX = (__FABRIC_HOLDER_MAX - 1)
};

/**
 * enum fabric_event - What an entry of the record tells.
 * @FABRIC_EVENT_REQUEST: A request was put into the queue.
 * @FABRIC_EVENT_GRANT: A request was granted.
 * @FABRIC_EVENT_REFUSAL: A request or a change of a grant was refused.
 * @FABRIC_EVENT_NOTICE: A holder was asked to give capacity back.
 * @FABRIC_EVENT_RECLAIM: Capacity was taken from a grant for a more important
 *   request.
 * @FABRIC_EVENT_EXPIRY: The time of a queued request or a lease was over.
 * @FABRIC_EVENT_CANCEL: A queued request was withdrawn.
 * @FABRIC_EVENT_RESIZE: A grant was changed.
 * @FABRIC_EVENT_RELEASE: A grant was released.
 * @FABRIC_EVENT_QUARANTINE: Slices of a grant could not be proven clean.
 */
enum fabric_event {
	FABRIC_EVENT_REQUEST = 1,
	FABRIC_EVENT_GRANT,
	FABRIC_EVENT_REFUSAL,
	FABRIC_EVENT_NOTICE,
	FABRIC_EVENT_RECLAIM,
	FABRIC_EVENT_EXPIRY,
	FABRIC_EVENT_CANCEL,
	FABRIC_EVENT_RESIZE,
	FABRIC_EVENT_RELEASE,
	FABRIC_EVENT_QUARANTINE,

	/* private: */
	__FABRIC_EVENT_MAX,
	FABRIC_EVENT_MAX = (__FABRIC_EVENT_MAX - 1)
};

enum {
	FABRIC_A_DOMAIN_ID = 1,
	FABRIC_A_DOMAIN_NAME,
	FABRIC_A_DOMAIN_BACKEND,
	FABRIC_A_DOMAIN_PORTS,
	FABRIC_A_DOMAIN_DEVICES,
	FABRIC_A_DOMAIN_RESOURCES,

	__FABRIC_A_DOMAIN_MAX,
	FABRIC_A_DOMAIN_MAX = (__FABRIC_A_DOMAIN_MAX - 1)
};

enum {
	FABRIC_A_PORT_ID = 1,
	FABRIC_A_PORT_DOMAIN_ID,
	FABRIC_A_PORT_PARENT_ID,
	FABRIC_A_PORT_NAME,
	FABRIC_A_PORT_TYPE,
	FABRIC_A_PORT_LINK,
	FABRIC_A_PORT_SPEED,
	FABRIC_A_PORT_WIDTH,
	FABRIC_A_PORT_BINDING,
	FABRIC_A_PORT_HOST,
	FABRIC_A_PORT_LABEL,
	FABRIC_A_PORT_UNLABEL,

	__FABRIC_A_PORT_MAX,
	FABRIC_A_PORT_MAX = (__FABRIC_A_PORT_MAX - 1)
};

enum {
	FABRIC_A_DEVICE_ID = 1,
	FABRIC_A_DEVICE_DOMAIN_ID,
	FABRIC_A_DEVICE_PORT_ID,
	FABRIC_A_DEVICE_NAME,
	FABRIC_A_DEVICE_TYPE,
	FABRIC_A_DEVICE_HEALTH,
	FABRIC_A_DEVICE_SERIAL,
	FABRIC_A_DEVICE_CAPACITY,
	FABRIC_A_DEVICE_NUMA_NODE,
	FABRIC_A_DEVICE_MEMBER_ID,
	FABRIC_A_DEVICE_ADMIN_STATE,
	FABRIC_A_DEVICE_LABEL,
	FABRIC_A_DEVICE_UNLABEL,
	FABRIC_A_DEVICE_SLICES,
	FABRIC_A_DEVICE_IN_USE,

	__FABRIC_A_DEVICE_MAX,
	FABRIC_A_DEVICE_MAX = (__FABRIC_A_DEVICE_MAX - 1)
};

enum {
	FABRIC_A_RESOURCE_ID = 1,
	FABRIC_A_RESOURCE_DOMAIN_ID,
	FABRIC_A_RESOURCE_DEVICE_ID,
	FABRIC_A_RESOURCE_KIND,
	FABRIC_A_RESOURCE_CAPABILITY,
	FABRIC_A_RESOURCE_MODES,
	FABRIC_A_RESOURCE_TOTAL,
	FABRIC_A_RESOURCE_FREE,
	FABRIC_A_RESOURCE_RESERVED,
	FABRIC_A_RESOURCE_GRANTED,
	FABRIC_A_RESOURCE_QUARANTINED,
	FABRIC_A_RESOURCE_LARGEST_FREE,
	FABRIC_A_RESOURCE_GRANULE,
	FABRIC_A_RESOURCE_SLICES,
	FABRIC_A_RESOURCE_ADDRESS,
	FABRIC_A_RESOURCE_NUMA_NODE,
	FABRIC_A_RESOURCE_PORT_ID,
	FABRIC_A_RESOURCE_ALLOCATIONS,
	FABRIC_A_RESOURCE_REFUSALS,
	FABRIC_A_RESOURCE_RECLAIMS,
	FABRIC_A_RESOURCE_HIGH_WATER,
	FABRIC_A_RESOURCE_FRAGMENTATION,

	__FABRIC_A_RESOURCE_MAX,
	FABRIC_A_RESOURCE_MAX = (__FABRIC_A_RESOURCE_MAX - 1)
};

enum {
	FABRIC_A_SLICE_GRANT_ID = 1,
	FABRIC_A_SLICE_INDEX,
	FABRIC_A_SLICE_DOMAIN_ID,
	FABRIC_A_SLICE_DEVICE_ID,
	FABRIC_A_SLICE_RESOURCE_ID,
	FABRIC_A_SLICE_START,
	FABRIC_A_SLICE_LENGTH,
	FABRIC_A_SLICE_STATE,
	FABRIC_A_SLICE_ADDRESS,
	FABRIC_A_SLICE_NODE,
	FABRIC_A_SLICE_NUMA_NODE,
	FABRIC_A_SLICE_OFFSET,

	__FABRIC_A_SLICE_MAX,
	FABRIC_A_SLICE_MAX = (__FABRIC_A_SLICE_MAX - 1)
};

enum {
	FABRIC_A_NOTICE_REASON = 1,
	FABRIC_A_NOTICE_BY,
	FABRIC_A_NOTICE_PRIORITY,
	FABRIC_A_NOTICE_TARGET,
	FABRIC_A_NOTICE_LEFT,

	__FABRIC_A_NOTICE_MAX,
	FABRIC_A_NOTICE_MAX = (__FABRIC_A_NOTICE_MAX - 1)
};

enum {
	FABRIC_A_TAKEN_BY = 1,
	FABRIC_A_TAKEN_PRIORITY,
	FABRIC_A_TAKEN_SIZE,
	FABRIC_A_TAKEN_AGE,
	FABRIC_A_TAKEN_TENANT,

	__FABRIC_A_TAKEN_MAX,
	FABRIC_A_TAKEN_MAX = (__FABRIC_A_TAKEN_MAX - 1)
};

enum {
	FABRIC_A_GRANT_ID = 1,
	FABRIC_A_GRANT_KIND,
	FABRIC_A_GRANT_CAPABILITY,
	FABRIC_A_GRANT_SIZE,
	FABRIC_A_GRANT_MODE,
	FABRIC_A_GRANT_STATE,
	FABRIC_A_GRANT_HOLDER,
	FABRIC_A_GRANT_PID,
	FABRIC_A_GRANT_COMM,
	FABRIC_A_GRANT_UID,
	FABRIC_A_GRANT_AGE,
	FABRIC_A_GRANT_REASON,
	FABRIC_A_GRANT_ERROR,
	FABRIC_A_GRANT_DOMAIN_ID,
	FABRIC_A_GRANT_DEVICE_ID,
	FABRIC_A_GRANT_NUMA_NODE,
	FABRIC_A_GRANT_FORCE,
	FABRIC_A_GRANT_FD,
	FABRIC_A_GRANT_SLICE,
	FABRIC_A_GRANT_PRIORITY,
	FABRIC_A_GRANT_MIN,
	FABRIC_A_GRANT_RECLAIMABLE,
	FABRIC_A_GRANT_GRACE,
	FABRIC_A_GRANT_PIECES,
	FABRIC_A_GRANT_GRANULARITY,
	FABRIC_A_GRANT_PLACEMENT,
	FABRIC_A_GRANT_PORT_ID,
	FABRIC_A_GRANT_NEAR_NODE,
	FABRIC_A_GRANT_LABEL,
	FABRIC_A_GRANT_LEASE,
	FABRIC_A_GRANT_LEASE_LEFT,
	FABRIC_A_GRANT_WAIT,
	FABRIC_A_GRANT_WAIT_LEFT,
	FABRIC_A_GRANT_POSITION,
	FABRIC_A_GRANT_RESTORE,
	FABRIC_A_GRANT_FULL_SIZE,
	FABRIC_A_GRANT_RESTORABLE,
	FABRIC_A_GRANT_TOKEN,
	FABRIC_A_GRANT_TENANT,
	FABRIC_A_GRANT_BANDWIDTH_MIN,
	FABRIC_A_GRANT_BANDWIDTH_MAX,
	FABRIC_A_GRANT_NOTICE,
	FABRIC_A_GRANT_TAKEN,
	FABRIC_A_GRANT_QUEUE_TIME,
	FABRIC_A_GRANT_RECLAIMS,
	FABRIC_A_GRANT_RESIZES,
	FABRIC_A_GRANT_RENEWALS,
	FABRIC_A_GRANT_GID,

	__FABRIC_A_GRANT_MAX,
	FABRIC_A_GRANT_MAX = (__FABRIC_A_GRANT_MAX - 1)
};

enum {
	FABRIC_A_QUOTA_KIND = 1,
	FABRIC_A_QUOTA_CAPABILITY,
	FABRIC_A_QUOTA_LIMIT,
	FABRIC_A_QUOTA_USED,

	__FABRIC_A_QUOTA_MAX,
	FABRIC_A_QUOTA_MAX = (__FABRIC_A_QUOTA_MAX - 1)
};

enum {
	FABRIC_A_MEMBER_UID = 1,
	FABRIC_A_MEMBER_GID,
	FABRIC_A_MEMBER_CGROUP,

	__FABRIC_A_MEMBER_MAX,
	FABRIC_A_MEMBER_MAX = (__FABRIC_A_MEMBER_MAX - 1)
};

enum {
	FABRIC_A_TENANT_ID = 1,
	FABRIC_A_TENANT_NAME,
	FABRIC_A_TENANT_PRIORITY_MIN,
	FABRIC_A_TENANT_PRIORITY_MAX,
	FABRIC_A_TENANT_QUOTA,
	FABRIC_A_TENANT_MEMBER,
	FABRIC_A_TENANT_GRANTS,
	FABRIC_A_TENANT_NO_QUOTA,
	FABRIC_A_TENANT_NO_MEMBER,

	__FABRIC_A_TENANT_MAX,
	FABRIC_A_TENANT_MAX = (__FABRIC_A_TENANT_MAX - 1)
};

enum {
	FABRIC_A_REFUSAL_ERROR = 1,
	FABRIC_A_REFUSAL_COUNT,

	__FABRIC_A_REFUSAL_MAX,
	FABRIC_A_REFUSAL_MAX = (__FABRIC_A_REFUSAL_MAX - 1)
};

enum {
	FABRIC_A_WAIT_BUCKET_BELOW = 1,
	FABRIC_A_WAIT_BUCKET_COUNT,

	__FABRIC_A_WAIT_BUCKET_MAX,
	FABRIC_A_WAIT_BUCKET_MAX = (__FABRIC_A_WAIT_BUCKET_MAX - 1)
};

enum {
	FABRIC_A_STATS_REQUESTS = 1,
	FABRIC_A_STATS_GRANTS,
	FABRIC_A_STATS_RELEASES,
	FABRIC_A_STATS_REFUSAL,
	FABRIC_A_STATS_NOTICES,
	FABRIC_A_STATS_SHRINKS,
	FABRIC_A_STATS_REVOKES,
	FABRIC_A_STATS_FORCED,
	FABRIC_A_STATS_RESTORES,
	FABRIC_A_STATS_LEASE_EXPIRIES,
	FABRIC_A_STATS_WAIT_EXPIRIES,
	FABRIC_A_STATS_QUEUED,
	FABRIC_A_STATS_WAIT,

	__FABRIC_A_STATS_MAX,
	FABRIC_A_STATS_MAX = (__FABRIC_A_STATS_MAX - 1)
};

enum {
	FABRIC_A_LOG_SEQUENCE = 1,
	FABRIC_A_LOG_TIME,
	FABRIC_A_LOG_EVENT,
	FABRIC_A_LOG_GRANT_ID,
	FABRIC_A_LOG_KIND,
	FABRIC_A_LOG_SIZE,
	FABRIC_A_LOG_PRIORITY,
	FABRIC_A_LOG_HOLDER,
	FABRIC_A_LOG_PID,
	FABRIC_A_LOG_UID,
	FABRIC_A_LOG_COMM,
	FABRIC_A_LOG_TENANT,
	FABRIC_A_LOG_BY,
	FABRIC_A_LOG_ERROR,
	FABRIC_A_LOG_REASON,

	__FABRIC_A_LOG_MAX,
	FABRIC_A_LOG_MAX = (__FABRIC_A_LOG_MAX - 1)
};

enum {
	FABRIC_CMD_DOMAIN_GET = 1,
	FABRIC_CMD_DOMAIN_ADD_NTF,
	FABRIC_CMD_DOMAIN_DEL_NTF,
	FABRIC_CMD_PORT_GET,
	FABRIC_CMD_PORT_ADD_NTF,
	FABRIC_CMD_PORT_CHANGE_NTF,
	FABRIC_CMD_PORT_DEL_NTF,
	FABRIC_CMD_PORT_BIND,
	FABRIC_CMD_PORT_UNBIND,
	FABRIC_CMD_PORT_SET,
	FABRIC_CMD_DEVICE_GET,
	FABRIC_CMD_DEVICE_ADD_NTF,
	FABRIC_CMD_DEVICE_CHANGE_NTF,
	FABRIC_CMD_DEVICE_DEL_NTF,
	FABRIC_CMD_RESOURCE_GET,
	FABRIC_CMD_RESOURCE_ADD_NTF,
	FABRIC_CMD_RESOURCE_DEL_NTF,
	FABRIC_CMD_SLICE_GET,
	FABRIC_CMD_GRANT_GET,
	FABRIC_CMD_GRANT_NEW,
	FABRIC_CMD_GRANT_NEW_NTF,
	FABRIC_CMD_GRANT_CHANGE_NTF,
	FABRIC_CMD_GRANT_DEL_NTF,
	FABRIC_CMD_GRANT_DEL,
	FABRIC_CMD_GRANT_SET,
	FABRIC_CMD_GRANT_RENEW,
	FABRIC_CMD_GRANT_OPEN,
	FABRIC_CMD_REGION_TAKE,
	FABRIC_CMD_REGION_GIVE,
	FABRIC_CMD_DEVICE_SET,
	FABRIC_CMD_TENANT_GET,
	FABRIC_CMD_TENANT_ADD_NTF,
	FABRIC_CMD_TENANT_CHANGE_NTF,
	FABRIC_CMD_TENANT_DEL_NTF,
	FABRIC_CMD_TENANT_NEW,
	FABRIC_CMD_TENANT_SET,
	FABRIC_CMD_TENANT_DEL,
	FABRIC_CMD_STATS_GET,
	FABRIC_CMD_LOG_GET,

	__FABRIC_CMD_MAX,
	FABRIC_CMD_MAX = (__FABRIC_CMD_MAX - 1)
};

#define FABRIC_MCGRP_INVENTORY	"inventory"
#define FABRIC_MCGRP_GRANTS	"grants"

#endif /* _UAPI_LINUX_FABRIC_H */
