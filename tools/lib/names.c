// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of numbers, as in Documentation/netlink/specs/fabric.yaml. */

#include <assert.h>
#include <string.h>

#include "ctx.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kind_names[] = {
	[FABRIC_KIND_MEMORY] = "memory",
};

static_assert(ARRAY_SIZE(kind_names) == __FABRIC_KIND_MAX, "a kind has no name");

static const char *const mode_names[] = {
	[FABRIC_MODE_MAP] = "map",
	[FABRIC_MODE_DEVDAX] = "devdax",
	[FABRIC_MODE_SYSTEM_RAM] = "system-ram",
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
};

static_assert(ARRAY_SIZE(grant_state_names) == __FABRIC_GRANT_STATE_MAX, "a state has no name");

static const char *const holder_names[] = {
	[FABRIC_HOLDER_NONE] = "none",
	[FABRIC_HOLDER_FILE] = "file",
	[FABRIC_HOLDER_SOCKET] = "socket",
};

static_assert(ARRAY_SIZE(holder_names) == __FABRIC_HOLDER_MAX, "a holder has no name");

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
};

static const char *const device_attrs[] = {
	[FABRIC_A_DEVICE_ID] = "id",
	[FABRIC_A_DEVICE_DOMAIN_ID] = "domain-id",
	[FABRIC_A_DEVICE_NAME] = "name",
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
	[FABRIC_CMD_GRANT_OPEN] = { grant_attrs, ARRAY_SIZE(grant_attrs) },
	[FABRIC_CMD_REGION_TAKE] = { device_attrs, ARRAY_SIZE(device_attrs) },
	[FABRIC_CMD_REGION_GIVE] = { device_attrs, ARRAY_SIZE(device_attrs) },
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
};

const char *event_name(uint8_t cmd)
{
	return cmd < ARRAY_SIZE(event_names) ? event_names[cmd] : NULL;
}
