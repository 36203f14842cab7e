// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of numbers, as in Documentation/netlink/specs/fabric.yaml. */

#include <assert.h>
#include <string.h>

#include "ctx.h"

static const char *const kind_names[] = {
	[FABRIC_KIND_MEMORY] = "memory",
	[FABRIC_KIND_BANDWIDTH] = "bandwidth",
	[FABRIC_KIND_FUNCTION] = "function",
};

static_assert(ARRAY_SIZE(kind_names) == __FABRIC_KIND_MAX, "a kind has no name");

static const char *const placement_names[] = {
	[FABRIC_PLACEMENT_BEST_FIT] = "best-fit",
	[FABRIC_PLACEMENT_PACK] = "pack",
	[FABRIC_PLACEMENT_SPREAD] = "spread",
};

static_assert(ARRAY_SIZE(placement_names) == __FABRIC_PLACEMENT_MAX, "a placement has no name");

static const char *const admin_state_names[] = {
	[FABRIC_ADMIN_STATE_ENABLED] = "enabled",
	[FABRIC_ADMIN_STATE_DRAINING] = "draining",
	[FABRIC_ADMIN_STATE_DISABLED] = "disabled",
};

static_assert(ARRAY_SIZE(admin_state_names) == __FABRIC_ADMIN_STATE_MAX, "a state has no name");

static const char *const idle_vfs_names[] = {
	[FABRIC_IDLE_VFS_KEEP] = "keep",
	[FABRIC_IDLE_VFS_REMOVE] = "remove",
};

static_assert(ARRAY_SIZE(idle_vfs_names) == __FABRIC_IDLE_VFS_MAX, "a choice has no name");

static const char *const port_idle_names[] = {
	[FABRIC_PORT_IDLE_STAY] = "stay",
	[FABRIC_PORT_IDLE_REST] = "rest",
};

static_assert(ARRAY_SIZE(port_idle_names) == __FABRIC_PORT_IDLE_MAX, "a choice has no name");

static const char *const mode_names[] = {
	[FABRIC_MODE_MAP] = "map",
	[FABRIC_MODE_DEVDAX] = "devdax",
	[FABRIC_MODE_SYSTEM_RAM] = "system-ram",
	[FABRIC_MODE_VFIO] = "vfio",
	[FABRIC_MODE_DRIVER] = "driver",
	[FABRIC_MODE_BARE] = "bare",
};

static_assert(ARRAY_SIZE(mode_names) == __FABRIC_MODE_MAX, "a mode has no name");

static const char *const port_type_names[] = {
	[FABRIC_PORT_TYPE_ROOT] = "root",
	[FABRIC_PORT_TYPE_UPSTREAM] = "upstream",
	[FABRIC_PORT_TYPE_DOWNSTREAM] = "downstream",
};

static_assert(ARRAY_SIZE(port_type_names) == __FABRIC_PORT_TYPE_MAX, "a type has no name");

static const char *const link_names[] = {
	[FABRIC_LINK_DOWN] = "down",
	[FABRIC_LINK_UP] = "up",
};

static_assert(ARRAY_SIZE(link_names) == __FABRIC_LINK_MAX, "a state has no name");

static const char *const binding_names[] = {
	[FABRIC_BINDING_UNBOUND] = "unbound",
	[FABRIC_BINDING_BINDING] = "binding",
	[FABRIC_BINDING_BOUND] = "bound",
	[FABRIC_BINDING_UNBINDING] = "unbinding",
	[FABRIC_BINDING_ERROR] = "error",
};

static_assert(ARRAY_SIZE(binding_names) == __FABRIC_BINDING_MAX, "a state has no name");

static const char *const device_type_names[] = {
	[FABRIC_DEVICE_TYPE_MEMORY] = "memory",
	[FABRIC_DEVICE_TYPE_REGION] = "region",
	[FABRIC_DEVICE_TYPE_FUNCTION] = "function",
};

static_assert(ARRAY_SIZE(device_type_names) == __FABRIC_DEVICE_TYPE_MAX, "a type has no name");

static const char *const health_names[] = {
	[FABRIC_HEALTH_OK] = "ok",
	[FABRIC_HEALTH_REMOVING] = "removing",
	[FABRIC_HEALTH_GONE] = "gone",
};

static_assert(ARRAY_SIZE(health_names) == __FABRIC_HEALTH_MAX, "a state has no name");

static const char *const slice_state_names[] = {
	[FABRIC_SLICE_STATE_RESERVED] = "reserved",
	[FABRIC_SLICE_STATE_GRANTED] = "granted",
	[FABRIC_SLICE_STATE_QUARANTINED] = "quarantined",
};

static_assert(ARRAY_SIZE(slice_state_names) == __FABRIC_SLICE_STATE_MAX, "a state has no name");

static const char *const grant_state_names[] = {
	[FABRIC_GRANT_STATE_PREPARING] = "preparing",
	[FABRIC_GRANT_STATE_ACTIVE] = "active",
	[FABRIC_GRANT_STATE_REVOKING] = "revoking",
	[FABRIC_GRANT_STATE_QUARANTINED] = "quarantined",
	[FABRIC_GRANT_STATE_RELEASED] = "released",
	[FABRIC_GRANT_STATE_QUEUED] = "queued",
	[FABRIC_GRANT_STATE_SHRINKING] = "shrinking",
	[FABRIC_GRANT_STATE_FAILED] = "failed",
	[FABRIC_GRANT_STATE_EXPIRED] = "expired",
};

static_assert(ARRAY_SIZE(grant_state_names) == __FABRIC_GRANT_STATE_MAX, "a state has no name");

static const char *const holder_names[] = {
	[FABRIC_HOLDER_NONE] = "none",
	[FABRIC_HOLDER_FILE] = "file",
	[FABRIC_HOLDER_SOCKET] = "socket",
};

static_assert(ARRAY_SIZE(holder_names) == __FABRIC_HOLDER_MAX, "a holder has no name");

static const char *const log_event_names[] = {
	[FABRIC_EVENT_REQUEST] = "request",
	[FABRIC_EVENT_GRANT] = "grant",
	[FABRIC_EVENT_REFUSAL] = "refusal",
	[FABRIC_EVENT_NOTICE] = "notice",
	[FABRIC_EVENT_RECLAIM] = "reclaim",
	[FABRIC_EVENT_EXPIRY] = "expiry",
	[FABRIC_EVENT_CANCEL] = "cancel",
	[FABRIC_EVENT_RESIZE] = "resize",
	[FABRIC_EVENT_RELEASE] = "release",
	[FABRIC_EVENT_QUARANTINE] = "quarantine",
};

static_assert(ARRAY_SIZE(log_event_names) == __FABRIC_EVENT_MAX, "an event has no name");

static const char *const fm_port_state_names[] = {
	[FABRIC_FM_PORT_STATE_DISABLED] = "disabled",
	[FABRIC_FM_PORT_STATE_BINDING] = "binding",
	[FABRIC_FM_PORT_STATE_UNBINDING] = "unbinding",
	[FABRIC_FM_PORT_STATE_DOWNSTREAM] = "downstream",
	[FABRIC_FM_PORT_STATE_UPSTREAM] = "upstream",
	[FABRIC_FM_PORT_STATE_FABRIC] = "fabric",
};

static_assert(ARRAY_SIZE(fm_port_state_names) == __FABRIC_FM_PORT_STATE_MAX, "a value has no name");

static const char *const fm_mode_names[] = {
	[FABRIC_FM_MODE_RCD] = "rcd",
	[FABRIC_FM_MODE_68B] = "68b",
	[FABRIC_FM_MODE_256B] = "256b",
	[FABRIC_FM_MODE_256B_LATENCY] = "256b-latency",
	[FABRIC_FM_MODE_PBR] = "pbr",
};

static_assert(ARRAY_SIZE(fm_mode_names) == __FABRIC_FM_MODE_MAX, "a value has no name");

static const char *const fm_device_type_names[] = {
	[FABRIC_FM_DEVICE_TYPE_PCIE] = "pcie",
	[FABRIC_FM_DEVICE_TYPE_TYPE1] = "type1",
	[FABRIC_FM_DEVICE_TYPE_TYPE2] = "type2",
	[FABRIC_FM_DEVICE_TYPE_TYPE3_SLD] = "type3-sld",
	[FABRIC_FM_DEVICE_TYPE_TYPE3_MLD] = "type3-mld",
	[FABRIC_FM_DEVICE_TYPE_PBR] = "pbr",
};

static_assert(ARRAY_SIZE(fm_device_type_names) == __FABRIC_FM_DEVICE_TYPE_MAX,
	      "a value has no name");

static const char *const fm_ltssm_names[] = {
	[FABRIC_FM_LTSSM_DETECT] = "detect",
	[FABRIC_FM_LTSSM_POLLING] = "polling",
	[FABRIC_FM_LTSSM_CONFIGURATION] = "configuration",
	[FABRIC_FM_LTSSM_RECOVERY] = "recovery",
	[FABRIC_FM_LTSSM_L0] = "l0",
	[FABRIC_FM_LTSSM_L0S] = "l0s",
	[FABRIC_FM_LTSSM_L1] = "l1",
	[FABRIC_FM_LTSSM_L2] = "l2",
	[FABRIC_FM_LTSSM_DISABLED] = "disabled",
	[FABRIC_FM_LTSSM_LOOPBACK] = "loopback",
	[FABRIC_FM_LTSSM_HOT_RESET] = "hot-reset",
};

static_assert(ARRAY_SIZE(fm_ltssm_names) == __FABRIC_FM_LTSSM_MAX, "a value has no name");

static const char *const fm_port_op_names[] = {
	[FABRIC_FM_PORT_OP_ASSERT_PERST] = "assert-perst",
	[FABRIC_FM_PORT_OP_DEASSERT_PERST] = "deassert-perst",
	[FABRIC_FM_PORT_OP_RESET] = "reset",
};

static_assert(ARRAY_SIZE(fm_port_op_names) == __FABRIC_FM_PORT_OP_MAX, "a value has no name");

static const char *const fm_vcs_state_names[] = {
	[FABRIC_FM_VCS_STATE_DISABLED] = "disabled",
	[FABRIC_FM_VCS_STATE_ENABLED] = "enabled",
};

static_assert(ARRAY_SIZE(fm_vcs_state_names) == __FABRIC_FM_VCS_STATE_MAX, "a value has no name");

static const char *const fm_vppb_state_names[] = {
	[FABRIC_FM_VPPB_STATE_UNBOUND] = "unbound",
	[FABRIC_FM_VPPB_STATE_CHANGING] = "changing",
	[FABRIC_FM_VPPB_STATE_PORT] = "port",
	[FABRIC_FM_VPPB_STATE_LD] = "ld",
};

static_assert(ARRAY_SIZE(fm_vppb_state_names) == __FABRIC_FM_VPPB_STATE_MAX, "a value has no name");

static const char *const fm_unbind_names[] = {
	[FABRIC_FM_UNBIND_WAIT] = "wait",
	[FABRIC_FM_UNBIND_MANAGED] = "managed",
	[FABRIC_FM_UNBIND_SURPRISE] = "surprise",
};

static_assert(ARRAY_SIZE(fm_unbind_names) == __FABRIC_FM_UNBIND_MAX, "a value has no name");

static const char *const pci_power_names[] = {
	[FABRIC_PCI_POWER_D0] = "d0",
	[FABRIC_PCI_POWER_D1] = "d1",
	[FABRIC_PCI_POWER_D2] = "d2",
	[FABRIC_PCI_POWER_D3HOT] = "d3hot",
	[FABRIC_PCI_POWER_D3COLD] = "d3cold",
};

static_assert(ARRAY_SIZE(pci_power_names) == __FABRIC_PCI_POWER_MAX, "a state has no name");

static const char *const pci_acs_names[] = {
	[FABRIC_PCI_ACS_SOURCE_VALIDATION] = "source-validation",
	[FABRIC_PCI_ACS_TRANSLATION_BLOCKING] = "translation-blocking",
	[FABRIC_PCI_ACS_P2P_REQUEST_REDIRECT] = "p2p-request-redirect",
	[FABRIC_PCI_ACS_P2P_COMPLETION_REDIRECT] = "p2p-completion-redirect",
	[FABRIC_PCI_ACS_UPSTREAM_FORWARDING] = "upstream-forwarding",
	[FABRIC_PCI_ACS_P2P_EGRESS_CONTROL] = "p2p-egress-control",
	[FABRIC_PCI_ACS_DIRECT_TRANSLATED_P2P] = "direct-translated-p2p",
};

static_assert(ARRAY_SIZE(pci_acs_names) == __FABRIC_PCI_ACS_MAX, "a service has no name");

static const char *const pci_obstacle_names[] = {
	[FABRIC_PCI_OBSTACLE_BRIDGE] = "bridge",
	[FABRIC_PCI_OBSTACLE_NO_IOMMU] = "no-iommu",
	[FABRIC_PCI_OBSTACLE_SHARED_GROUP] = "shared-group",
	[FABRIC_PCI_OBSTACLE_NO_ACS] = "no-acs",
	[FABRIC_PCI_OBSTACLE_NO_RESET] = "no-reset",
};

static_assert(ARRAY_SIZE(pci_obstacle_names) == __FABRIC_PCI_OBSTACLE_MAX,
	      "an obstacle has no name");

static const struct {
	const char *const *names;
	size_t count;
} enums[] = {
	[FABRIC_ENUM_KIND] = { kind_names, ARRAY_SIZE(kind_names) },
	[FABRIC_ENUM_MODE] = { mode_names, ARRAY_SIZE(mode_names) },
	[FABRIC_ENUM_PORT_TYPE] = { port_type_names, ARRAY_SIZE(port_type_names) },
	[FABRIC_ENUM_LINK] = { link_names, ARRAY_SIZE(link_names) },
	[FABRIC_ENUM_BINDING] = { binding_names, ARRAY_SIZE(binding_names) },
	[FABRIC_ENUM_DEVICE_TYPE] = { device_type_names, ARRAY_SIZE(device_type_names) },
	[FABRIC_ENUM_HEALTH] = { health_names, ARRAY_SIZE(health_names) },
	[FABRIC_ENUM_SLICE_STATE] = { slice_state_names, ARRAY_SIZE(slice_state_names) },
	[FABRIC_ENUM_GRANT_STATE] = { grant_state_names, ARRAY_SIZE(grant_state_names) },
	[FABRIC_ENUM_HOLDER] = { holder_names, ARRAY_SIZE(holder_names) },
	[FABRIC_ENUM_PLACEMENT] = { placement_names, ARRAY_SIZE(placement_names) },
	[FABRIC_ENUM_ADMIN_STATE] = { admin_state_names, ARRAY_SIZE(admin_state_names) },
	[FABRIC_ENUM_EVENT] = { log_event_names, ARRAY_SIZE(log_event_names) },
	[FABRIC_ENUM_FM_PORT_STATE] = { fm_port_state_names, ARRAY_SIZE(fm_port_state_names) },
	[FABRIC_ENUM_FM_MODE] = { fm_mode_names, ARRAY_SIZE(fm_mode_names) },
	[FABRIC_ENUM_FM_DEVICE_TYPE] = { fm_device_type_names, ARRAY_SIZE(fm_device_type_names) },
	[FABRIC_ENUM_FM_LTSSM] = { fm_ltssm_names, ARRAY_SIZE(fm_ltssm_names) },
	[FABRIC_ENUM_FM_PORT_OP] = { fm_port_op_names, ARRAY_SIZE(fm_port_op_names) },
	[FABRIC_ENUM_FM_VCS_STATE] = { fm_vcs_state_names, ARRAY_SIZE(fm_vcs_state_names) },
	[FABRIC_ENUM_FM_VPPB_STATE] = { fm_vppb_state_names, ARRAY_SIZE(fm_vppb_state_names) },
	[FABRIC_ENUM_FM_UNBIND] = { fm_unbind_names, ARRAY_SIZE(fm_unbind_names) },
	[FABRIC_ENUM_PCI_POWER] = { pci_power_names, ARRAY_SIZE(pci_power_names) },
	[FABRIC_ENUM_PCI_ACS] = { pci_acs_names, ARRAY_SIZE(pci_acs_names) },
	[FABRIC_ENUM_PCI_OBSTACLE] = { pci_obstacle_names, ARRAY_SIZE(pci_obstacle_names) },
	[FABRIC_ENUM_IDLE_VFS] = { idle_vfs_names, ARRAY_SIZE(idle_vfs_names) },
	[FABRIC_ENUM_PORT_IDLE] = { port_idle_names, ARRAY_SIZE(port_idle_names) },
};

FABRIC_API const char *fabric_enum_name(enum fabric_enum which, uint32_t value)
{
	if (which >= ARRAY_SIZE(enums) || value >= enums[which].count)
		return NULL;
	return enums[which].names[value];
}

FABRIC_API uint32_t fabric_enum_value(enum fabric_enum which, const char *name)
{
	uint32_t value;

	if (which >= ARRAY_SIZE(enums))
		return 0;
	for (value = 1; value < enums[which].count; value++)
		if (!strcmp(enums[which].names[value], name))
			return value;
	return 0;
}

static const char *const domain_attrs[] = {
	[FABRIC_A_DOMAIN_ID] = "id",
	[FABRIC_A_DOMAIN_NAME] = "name",
};

static const char *const port_attrs[] = {
	[FABRIC_A_PORT_ID] = "id",
	[FABRIC_A_PORT_DOMAIN_ID] = "domain-id",
	[FABRIC_A_PORT_NAME] = "name",
	[FABRIC_A_PORT_LINK] = "link",
	[FABRIC_A_PORT_HOST] = "host",
	[FABRIC_A_PORT_LABEL] = "label",
	[FABRIC_A_PORT_UNLABEL] = "unlabel",
	[FABRIC_A_PORT_SPEED_LIMIT] = "speed-limit",
	[FABRIC_A_PORT_IDLE] = "idle",
};

static const char *const device_attrs[] = {
	[FABRIC_A_DEVICE_ID] = "id",
	[FABRIC_A_DEVICE_DOMAIN_ID] = "domain-id",
	[FABRIC_A_DEVICE_NAME] = "name",
	[FABRIC_A_DEVICE_ADMIN_STATE] = "admin-state",
	[FABRIC_A_DEVICE_LABEL] = "label",
	[FABRIC_A_DEVICE_UNLABEL] = "unlabel",
	[FABRIC_A_DEVICE_IDLE_VFS] = "idle-vfs",
};

static const char *const resource_attrs[] = {
	[FABRIC_A_RESOURCE_ID] = "id",
	[FABRIC_A_RESOURCE_DOMAIN_ID] = "domain-id",
	[FABRIC_A_RESOURCE_DEVICE_ID] = "device-id",
};

static const char *const slice_attrs[] = {
	[FABRIC_A_SLICE_GRANT_ID] = "grant-id",
	[FABRIC_A_SLICE_RESOURCE_ID] = "resource-id",
};

static const char *const grant_attrs[] = {
	[FABRIC_A_GRANT_ID] = "id",
	[FABRIC_A_GRANT_KIND] = "kind",
	[FABRIC_A_GRANT_CAPABILITY] = "capability",
	[FABRIC_A_GRANT_SIZE] = "size",
	[FABRIC_A_GRANT_MODE] = "mode",
	[FABRIC_A_GRANT_HOLDER] = "holder",
	[FABRIC_A_GRANT_DOMAIN_ID] = "domain-id",
	[FABRIC_A_GRANT_DEVICE_ID] = "device-id",
	[FABRIC_A_GRANT_NUMA_NODE] = "numa-node",
	[FABRIC_A_GRANT_FORCE] = "force",
	[FABRIC_A_GRANT_PRIORITY] = "priority",
	[FABRIC_A_GRANT_MIN] = "min",
	[FABRIC_A_GRANT_RECLAIMABLE] = "reclaimable",
	[FABRIC_A_GRANT_GRACE] = "grace",
	[FABRIC_A_GRANT_PIECES] = "pieces",
	[FABRIC_A_GRANT_GRANULARITY] = "granularity",
	[FABRIC_A_GRANT_PLACEMENT] = "placement",
	[FABRIC_A_GRANT_PORT_ID] = "port-id",
	[FABRIC_A_GRANT_NEAR_NODE] = "near-node",
	[FABRIC_A_GRANT_LABEL] = "label",
	[FABRIC_A_GRANT_LEASE] = "lease",
	[FABRIC_A_GRANT_WAIT] = "wait",
	[FABRIC_A_GRANT_RESTORE] = "restore",
	[FABRIC_A_GRANT_TOKEN] = "token",
	[FABRIC_A_GRANT_TENANT] = "tenant",
	[FABRIC_A_GRANT_BANDWIDTH_MIN] = "bandwidth-min",
	[FABRIC_A_GRANT_BANDWIDTH_MAX] = "bandwidth-max",
	[FABRIC_A_GRANT_DRIVER] = "driver",
	[FABRIC_A_GRANT_MAC] = "mac",
	[FABRIC_A_GRANT_VLAN] = "vlan",
	[FABRIC_A_GRANT_GROUP] = "group",
};

static const char *const tenant_attrs[] = {
	[FABRIC_A_TENANT_ID] = "id",
	[FABRIC_A_TENANT_NAME] = "name",
	[FABRIC_A_TENANT_PRIORITY_MIN] = "priority-min",
	[FABRIC_A_TENANT_PRIORITY_MAX] = "priority-max",
	[FABRIC_A_TENANT_QUOTA] = "quota",
	[FABRIC_A_TENANT_MEMBER] = "member",
};

static const char *const log_attrs[] = {
	[FABRIC_A_LOG_SEQUENCE] = "sequence",
};

static const char *const fm_attrs[] = {
	[FABRIC_A_FM_DOMAIN_ID] = "domain-id",
	[FABRIC_A_FM_PORT] = "port",
};

static const char *const fm_port_attrs[] = {
	[FABRIC_A_FM_PORT_DOMAIN_ID] = "domain-id",
	[FABRIC_A_FM_PORT_NUMBER] = "number",
	[FABRIC_A_FM_PORT_OPERATION] = "operation",
	[FABRIC_A_FM_PORT_FORCE] = "force",
};

static const char *const fm_vcs_attrs[] = {
	[FABRIC_A_FM_VCS_DOMAIN_ID] = "domain-id",
	[FABRIC_A_FM_VCS_VCS] = "vcs",
	[FABRIC_A_FM_VCS_NUMBER] = "number",
	[FABRIC_A_FM_VCS_PORT] = "port",
	[FABRIC_A_FM_VCS_OPTION] = "option",
};

static const char *const fm_command_attrs[] = {
	[FABRIC_A_FM_COMMAND_DOMAIN_ID] = "domain-id",
	[FABRIC_A_FM_COMMAND_PORT] = "port",
};

/* What requests carry; replies are never wrong in an attribute. */
static const struct {
	const char *const *names;
	size_t count;
} request_attrs[] = {
	[FABRIC_CMD_DOMAIN_GET] = { domain_attrs, ARRAY_SIZE(domain_attrs) },
	[FABRIC_CMD_PORT_GET] = { port_attrs, ARRAY_SIZE(port_attrs) },
	[FABRIC_CMD_PORT_BIND] = { port_attrs, ARRAY_SIZE(port_attrs) },
	[FABRIC_CMD_PORT_UNBIND] = { port_attrs, ARRAY_SIZE(port_attrs) },
	[FABRIC_CMD_PORT_SET] = { port_attrs, ARRAY_SIZE(port_attrs) },
	[FABRIC_CMD_DEVICE_GET] = { device_attrs, ARRAY_SIZE(device_attrs) },
	[FABRIC_CMD_RESOURCE_GET] = { resource_attrs, ARRAY_SIZE(resource_attrs) },
	[FABRIC_CMD_SLICE_GET] = { slice_attrs, ARRAY_SIZE(slice_attrs) },
	[FABRIC_CMD_GRANT_GET] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_GRANT_NEW] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_GRANT_DEL] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_GRANT_SET] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_GRANT_RENEW] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_GRANT_OPEN] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_REGION_TAKE] = { device_attrs, ARRAY_SIZE(device_attrs) },
	[FABRIC_CMD_REGION_GIVE] = { device_attrs, ARRAY_SIZE(device_attrs) },
	[FABRIC_CMD_DEVICE_SET] = { device_attrs, ARRAY_SIZE(device_attrs) },
	[FABRIC_CMD_TENANT_GET] = { tenant_attrs, ARRAY_SIZE(tenant_attrs) },
	[FABRIC_CMD_TENANT_NEW] = { tenant_attrs, ARRAY_SIZE(tenant_attrs) },
	[FABRIC_CMD_TENANT_SET] = { tenant_attrs, ARRAY_SIZE(tenant_attrs) },
	[FABRIC_CMD_TENANT_DEL] = { tenant_attrs, ARRAY_SIZE(tenant_attrs) },
	[FABRIC_CMD_LOG_GET] = { log_attrs, ARRAY_SIZE(log_attrs) },
	[FABRIC_CMD_FM_GET] = { fm_attrs, ARRAY_SIZE(fm_attrs) },
	[FABRIC_CMD_FM_PORT_GET] = { fm_port_attrs, ARRAY_SIZE(fm_port_attrs) },
	[FABRIC_CMD_FM_PORT_CONTROL] = { fm_port_attrs, ARRAY_SIZE(fm_port_attrs) },
	[FABRIC_CMD_FM_VCS_GET] = { fm_vcs_attrs, ARRAY_SIZE(fm_vcs_attrs) },
	[FABRIC_CMD_FM_BIND] = { fm_vcs_attrs, ARRAY_SIZE(fm_vcs_attrs) },
	[FABRIC_CMD_FM_UNBIND] = { fm_vcs_attrs, ARRAY_SIZE(fm_vcs_attrs) },
	[FABRIC_CMD_FM_COMMAND_GET] = { fm_command_attrs, ARRAY_SIZE(fm_command_attrs) },
};

const char *attr_name(uint8_t cmd, unsigned int type)
{
	if (cmd >= ARRAY_SIZE(request_attrs) || type >= request_attrs[cmd].count)
		return NULL;
	return request_attrs[cmd].names[type];
}

static const char *const event_names[] = {
	[FABRIC_CMD_DOMAIN_ADD_NTF] = "domain-add-ntf",
	[FABRIC_CMD_DOMAIN_DEL_NTF] = "domain-del-ntf",
	[FABRIC_CMD_PORT_ADD_NTF] = "port-add-ntf",
	[FABRIC_CMD_PORT_CHANGE_NTF] = "port-change-ntf",
	[FABRIC_CMD_PORT_DEL_NTF] = "port-del-ntf",
	[FABRIC_CMD_DEVICE_ADD_NTF] = "device-add-ntf",
	[FABRIC_CMD_DEVICE_CHANGE_NTF] = "device-change-ntf",
	[FABRIC_CMD_DEVICE_DEL_NTF] = "device-del-ntf",
	[FABRIC_CMD_RESOURCE_ADD_NTF] = "resource-add-ntf",
	[FABRIC_CMD_RESOURCE_DEL_NTF] = "resource-del-ntf",
	[FABRIC_CMD_GRANT_NEW_NTF] = "grant-new-ntf",
	[FABRIC_CMD_GRANT_CHANGE_NTF] = "grant-change-ntf",
	[FABRIC_CMD_GRANT_DEL_NTF] = "grant-del-ntf",
	[FABRIC_CMD_TENANT_ADD_NTF] = "tenant-add-ntf",
	[FABRIC_CMD_TENANT_CHANGE_NTF] = "tenant-change-ntf",
	[FABRIC_CMD_TENANT_DEL_NTF] = "tenant-del-ntf",
};

const char *event_name(uint8_t cmd)
{
	return cmd < ARRAY_SIZE(event_names) ? event_names[cmd] : NULL;
}
