// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fabric.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/fabric.h>

/* Common nested types */
const struct nla_policy fabric_member_nl_policy[FABRIC_A_MEMBER_CGROUP + 1] = {
	[FABRIC_A_MEMBER_UID] = { .type = NLA_U32, },
	[FABRIC_A_MEMBER_GID] = { .type = NLA_U32, },
	[FABRIC_A_MEMBER_CGROUP] = { .type = NLA_NUL_STRING, .len = FABRIC_CGROUP_MAX_LEN, },
};

const struct nla_policy fabric_quota_nl_policy[FABRIC_A_QUOTA_USED + 1] = {
	[FABRIC_A_QUOTA_KIND] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_QUOTA_CAPABILITY] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_QUOTA_LIMIT] = { .type = NLA_UINT, },
	[FABRIC_A_QUOTA_USED] = { .type = NLA_UINT, },
};

/* FABRIC_CMD_DOMAIN_GET - do */
static const struct nla_policy fabric_domain_get_nl_policy[FABRIC_A_DOMAIN_ID + 1] = {
	[FABRIC_A_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_PORT_GET - do */
static const struct nla_policy fabric_port_get_do_nl_policy[FABRIC_A_PORT_ID + 1] = {
	[FABRIC_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_PORT_GET - dump */
static const struct nla_policy fabric_port_get_dump_nl_policy[FABRIC_A_PORT_DOMAIN_ID + 1] = {
	[FABRIC_A_PORT_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_PORT_BIND - do */
static const struct nla_policy fabric_port_bind_nl_policy[FABRIC_A_PORT_HOST + 1] = {
	[FABRIC_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_PORT_HOST] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
};

/* FABRIC_CMD_PORT_UNBIND - do */
static const struct nla_policy fabric_port_unbind_nl_policy[FABRIC_A_PORT_ID + 1] = {
	[FABRIC_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_PORT_SET - do */
static const struct nla_policy fabric_port_set_nl_policy[FABRIC_A_PORT_IDLE + 1] = {
	[FABRIC_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_PORT_LINK] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[FABRIC_A_PORT_LABEL] = { .type = NLA_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_PORT_UNLABEL] = { .type = NLA_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_PORT_SPEED_LIMIT] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_PORT_IDLE] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
};

/* FABRIC_CMD_DEVICE_GET - do */
static const struct nla_policy fabric_device_get_do_nl_policy[FABRIC_A_DEVICE_ID + 1] = {
	[FABRIC_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_DEVICE_GET - dump */
static const struct nla_policy fabric_device_get_dump_nl_policy[FABRIC_A_DEVICE_DOMAIN_ID + 1] = {
	[FABRIC_A_DEVICE_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_RESOURCE_GET - do */
static const struct nla_policy fabric_resource_get_do_nl_policy[FABRIC_A_RESOURCE_ID + 1] = {
	[FABRIC_A_RESOURCE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_RESOURCE_GET - dump */
static const struct nla_policy fabric_resource_get_dump_nl_policy[FABRIC_A_RESOURCE_DEVICE_ID + 1] = {
	[FABRIC_A_RESOURCE_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_RESOURCE_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_SLICE_GET - dump */
static const struct nla_policy fabric_slice_get_nl_policy[FABRIC_A_SLICE_RESOURCE_ID + 1] = {
	[FABRIC_A_SLICE_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_SLICE_RESOURCE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_GRANT_GET - do */
static const struct nla_policy fabric_grant_get_nl_policy[FABRIC_A_GRANT_ID + 1] = {
	[FABRIC_A_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_GRANT_NEW - do */
static const struct nla_policy fabric_grant_new_nl_policy[FABRIC_A_GRANT_GROUP + 1] = {
	[FABRIC_A_GRANT_KIND] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_GRANT_CAPABILITY] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_GRANT_SIZE] = NLA_POLICY_MIN(NLA_UINT, 1),
	[FABRIC_A_GRANT_MODE] = NLA_POLICY_RANGE(NLA_U32, 1, 6),
	[FABRIC_A_GRANT_HOLDER] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_GRANT_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_NUMA_NODE] = { .type = NLA_U32, },
	[FABRIC_A_GRANT_NEAR_NODE] = { .type = NLA_U32, },
	[FABRIC_A_GRANT_LABEL] = { .type = NLA_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_GRANT_PIECES] = NLA_POLICY_RANGE(NLA_U32, 1, FABRIC_SLICES_MAX),
	[FABRIC_A_GRANT_GRANULARITY] = NLA_POLICY_MIN(NLA_UINT, 1),
	[FABRIC_A_GRANT_PLACEMENT] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_GRANT_PRIORITY] = NLA_POLICY_MAX(NLA_U32, FABRIC_PRIORITY_MAX),
	[FABRIC_A_GRANT_MIN] = { .type = NLA_UINT, },
	[FABRIC_A_GRANT_RECLAIMABLE] = NLA_POLICY_MAX(NLA_U32, 1),
	[FABRIC_A_GRANT_GRACE] = { .type = NLA_U32, },
	[FABRIC_A_GRANT_LEASE] = { .type = NLA_UINT, },
	[FABRIC_A_GRANT_WAIT] = { .type = NLA_UINT, },
	[FABRIC_A_GRANT_RESTORE] = NLA_POLICY_MAX(NLA_U32, 1),
	[FABRIC_A_GRANT_TOKEN] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_GRANT_TENANT] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_GRANT_BANDWIDTH_MIN] = { .type = NLA_U32, },
	[FABRIC_A_GRANT_BANDWIDTH_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_FORCE] = { .type = NLA_FLAG, },
	[FABRIC_A_GRANT_DRIVER] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_GRANT_MAC] = { .type = NLA_NUL_STRING, .len = 17, },
	[FABRIC_A_GRANT_VLAN] = NLA_POLICY_RANGE(NLA_U32, 1, 4094),
	[FABRIC_A_GRANT_GROUP] = { .type = NLA_FLAG, },
};

/* FABRIC_CMD_GRANT_DEL - do */
static const struct nla_policy fabric_grant_del_nl_policy[FABRIC_A_GRANT_FORCE + 1] = {
	[FABRIC_A_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_FORCE] = { .type = NLA_FLAG, },
};

/* FABRIC_CMD_GRANT_SET - do */
static const struct nla_policy fabric_grant_set_nl_policy[FABRIC_A_GRANT_RESTORE + 1] = {
	[FABRIC_A_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_SIZE] = NLA_POLICY_MIN(NLA_UINT, 1),
	[FABRIC_A_GRANT_PIECES] = NLA_POLICY_RANGE(NLA_U32, 1, FABRIC_SLICES_MAX),
	[FABRIC_A_GRANT_PRIORITY] = NLA_POLICY_MAX(NLA_U32, FABRIC_PRIORITY_MAX),
	[FABRIC_A_GRANT_MIN] = { .type = NLA_UINT, },
	[FABRIC_A_GRANT_RECLAIMABLE] = NLA_POLICY_MAX(NLA_U32, 1),
	[FABRIC_A_GRANT_GRACE] = { .type = NLA_U32, },
	[FABRIC_A_GRANT_RESTORE] = NLA_POLICY_MAX(NLA_U32, 1),
	[FABRIC_A_GRANT_FORCE] = { .type = NLA_FLAG, },
};

/* FABRIC_CMD_GRANT_RENEW - do */
static const struct nla_policy fabric_grant_renew_nl_policy[FABRIC_A_GRANT_LEASE + 1] = {
	[FABRIC_A_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_LEASE] = { .type = NLA_UINT, },
};

/* FABRIC_CMD_GRANT_OPEN - do */
static const struct nla_policy fabric_grant_open_nl_policy[FABRIC_A_GRANT_ID + 1] = {
	[FABRIC_A_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_REGION_TAKE - do */
static const struct nla_policy fabric_region_take_nl_policy[FABRIC_A_DEVICE_NAME + 1] = {
	[FABRIC_A_DEVICE_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_DEVICE_NAME] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
};

/* FABRIC_CMD_REGION_GIVE - do */
static const struct nla_policy fabric_region_give_nl_policy[FABRIC_A_DEVICE_ID + 1] = {
	[FABRIC_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_DEVICE_SET - do */
static const struct nla_policy fabric_device_set_nl_policy[FABRIC_A_DEVICE_IDLE_VFS + 1] = {
	[FABRIC_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_DEVICE_ADMIN_STATE] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_DEVICE_LABEL] = { .type = NLA_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_DEVICE_UNLABEL] = { .type = NLA_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_DEVICE_IDLE_VFS] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
};

/* FABRIC_CMD_TENANT_GET - do */
static const struct nla_policy fabric_tenant_get_nl_policy[FABRIC_A_TENANT_NAME + 1] = {
	[FABRIC_A_TENANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_TENANT_NAME] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
};

/* FABRIC_CMD_TENANT_NEW - do */
static const struct nla_policy fabric_tenant_new_nl_policy[FABRIC_A_TENANT_MEMBER + 1] = {
	[FABRIC_A_TENANT_NAME] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_TENANT_PRIORITY_MIN] = NLA_POLICY_MAX(NLA_U32, FABRIC_PRIORITY_MAX),
	[FABRIC_A_TENANT_PRIORITY_MAX] = NLA_POLICY_MAX(NLA_U32, FABRIC_PRIORITY_MAX),
	[FABRIC_A_TENANT_QUOTA] = NLA_POLICY_NESTED(fabric_quota_nl_policy),
	[FABRIC_A_TENANT_MEMBER] = NLA_POLICY_NESTED(fabric_member_nl_policy),
};

/* FABRIC_CMD_TENANT_SET - do */
static const struct nla_policy fabric_tenant_set_nl_policy[FABRIC_A_TENANT_NO_MEMBER + 1] = {
	[FABRIC_A_TENANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_TENANT_PRIORITY_MIN] = NLA_POLICY_MAX(NLA_U32, FABRIC_PRIORITY_MAX),
	[FABRIC_A_TENANT_PRIORITY_MAX] = NLA_POLICY_MAX(NLA_U32, FABRIC_PRIORITY_MAX),
	[FABRIC_A_TENANT_QUOTA] = NLA_POLICY_NESTED(fabric_quota_nl_policy),
	[FABRIC_A_TENANT_MEMBER] = NLA_POLICY_NESTED(fabric_member_nl_policy),
	[FABRIC_A_TENANT_NO_QUOTA] = { .type = NLA_FLAG, },
	[FABRIC_A_TENANT_NO_MEMBER] = { .type = NLA_FLAG, },
};

/* FABRIC_CMD_TENANT_DEL - do */
static const struct nla_policy fabric_tenant_del_nl_policy[FABRIC_A_TENANT_ID + 1] = {
	[FABRIC_A_TENANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_LOG_GET - dump */
static const struct nla_policy fabric_log_get_nl_policy[FABRIC_A_LOG_SEQUENCE + 1] = {
	[FABRIC_A_LOG_SEQUENCE] = { .type = NLA_UINT, },
};

/* FABRIC_CMD_FM_GET - do */
static const struct nla_policy fabric_fm_get_nl_policy[FABRIC_A_FM_PORT + 1] = {
	[FABRIC_A_FM_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_FM_PORT] = NLA_POLICY_MAX(NLA_U32, 255),
};

/* FABRIC_CMD_FM_PORT_GET - do */
static const struct nla_policy fabric_fm_port_get_do_nl_policy[FABRIC_A_FM_PORT_NUMBER + 1] = {
	[FABRIC_A_FM_PORT_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_FM_PORT_NUMBER] = NLA_POLICY_MAX(NLA_U32, 255),
};

/* FABRIC_CMD_FM_PORT_GET - dump */
static const struct nla_policy fabric_fm_port_get_dump_nl_policy[FABRIC_A_FM_PORT_DOMAIN_ID + 1] = {
	[FABRIC_A_FM_PORT_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_FM_PORT_CONTROL - do */
static const struct nla_policy fabric_fm_port_control_nl_policy[FABRIC_A_FM_PORT_FORCE + 1] = {
	[FABRIC_A_FM_PORT_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_FM_PORT_NUMBER] = NLA_POLICY_MAX(NLA_U32, 255),
	[FABRIC_A_FM_PORT_OPERATION] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_FM_PORT_FORCE] = { .type = NLA_FLAG, },
};

/* FABRIC_CMD_FM_VCS_GET - dump */
static const struct nla_policy fabric_fm_vcs_get_nl_policy[FABRIC_A_FM_VCS_DOMAIN_ID + 1] = {
	[FABRIC_A_FM_VCS_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FABRIC_CMD_FM_BIND - do */
static const struct nla_policy fabric_fm_bind_nl_policy[FABRIC_A_FM_VCS_PORT + 1] = {
	[FABRIC_A_FM_VCS_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_FM_VCS_VCS] = NLA_POLICY_MAX(NLA_U32, 255),
	[FABRIC_A_FM_VCS_NUMBER] = NLA_POLICY_MAX(NLA_U32, 255),
	[FABRIC_A_FM_VCS_PORT] = NLA_POLICY_MAX(NLA_U32, 255),
};

/* FABRIC_CMD_FM_UNBIND - do */
static const struct nla_policy fabric_fm_unbind_nl_policy[FABRIC_A_FM_VCS_OPTION + 1] = {
	[FABRIC_A_FM_VCS_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_FM_VCS_VCS] = NLA_POLICY_MAX(NLA_U32, 255),
	[FABRIC_A_FM_VCS_NUMBER] = NLA_POLICY_MAX(NLA_U32, 255),
	[FABRIC_A_FM_VCS_OPTION] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
};

/* FABRIC_CMD_FM_COMMAND_GET - dump */
static const struct nla_policy fabric_fm_command_get_nl_policy[FABRIC_A_FM_COMMAND_PORT + 1] = {
	[FABRIC_A_FM_COMMAND_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_FM_COMMAND_PORT] = NLA_POLICY_MAX(NLA_U32, 255),
};

/* Ops table for fabric */
static const struct genl_split_ops fabric_nl_ops[] = {
	{
		.cmd		= FABRIC_CMD_DOMAIN_GET,
		.doit		= fabric_nl_domain_get_doit,
		.policy		= fabric_domain_get_nl_policy,
		.maxattr	= FABRIC_A_DOMAIN_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FABRIC_CMD_DOMAIN_GET,
		.dumpit	= fabric_nl_domain_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_PORT_GET,
		.doit		= fabric_nl_port_get_doit,
		.policy		= fabric_port_get_do_nl_policy,
		.maxattr	= FABRIC_A_PORT_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_PORT_GET,
		.dumpit		= fabric_nl_port_get_dumpit,
		.policy		= fabric_port_get_dump_nl_policy,
		.maxattr	= FABRIC_A_PORT_DOMAIN_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_PORT_BIND,
		.pre_doit	= fabric_nl_port_pre_doit,
		.doit		= fabric_nl_port_bind_doit,
		.post_doit	= fabric_nl_port_post_doit,
		.policy		= fabric_port_bind_nl_policy,
		.maxattr	= FABRIC_A_PORT_HOST,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_PORT_UNBIND,
		.pre_doit	= fabric_nl_port_pre_doit,
		.doit		= fabric_nl_port_unbind_doit,
		.post_doit	= fabric_nl_port_post_doit,
		.policy		= fabric_port_unbind_nl_policy,
		.maxattr	= FABRIC_A_PORT_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_PORT_SET,
		.pre_doit	= fabric_nl_port_pre_doit,
		.doit		= fabric_nl_port_set_doit,
		.post_doit	= fabric_nl_port_post_doit,
		.policy		= fabric_port_set_nl_policy,
		.maxattr	= FABRIC_A_PORT_IDLE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_DEVICE_GET,
		.doit		= fabric_nl_device_get_doit,
		.policy		= fabric_device_get_do_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_DEVICE_GET,
		.dumpit		= fabric_nl_device_get_dumpit,
		.policy		= fabric_device_get_dump_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_DOMAIN_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_RESOURCE_GET,
		.doit		= fabric_nl_resource_get_doit,
		.policy		= fabric_resource_get_do_nl_policy,
		.maxattr	= FABRIC_A_RESOURCE_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_RESOURCE_GET,
		.dumpit		= fabric_nl_resource_get_dumpit,
		.policy		= fabric_resource_get_dump_nl_policy,
		.maxattr	= FABRIC_A_RESOURCE_DEVICE_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_SLICE_GET,
		.dumpit		= fabric_nl_slice_get_dumpit,
		.policy		= fabric_slice_get_nl_policy,
		.maxattr	= FABRIC_A_SLICE_RESOURCE_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_GET,
		.doit		= fabric_nl_grant_get_doit,
		.policy		= fabric_grant_get_nl_policy,
		.maxattr	= FABRIC_A_GRANT_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FABRIC_CMD_GRANT_GET,
		.start	= fabric_nl_grant_get_start,
		.dumpit	= fabric_nl_grant_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_NEW,
		.doit		= fabric_nl_grant_new_doit,
		.policy		= fabric_grant_new_nl_policy,
		.maxattr	= FABRIC_A_GRANT_GROUP,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_DEL,
		.doit		= fabric_nl_grant_del_doit,
		.policy		= fabric_grant_del_nl_policy,
		.maxattr	= FABRIC_A_GRANT_FORCE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_SET,
		.doit		= fabric_nl_grant_set_doit,
		.policy		= fabric_grant_set_nl_policy,
		.maxattr	= FABRIC_A_GRANT_RESTORE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_RENEW,
		.doit		= fabric_nl_grant_renew_doit,
		.policy		= fabric_grant_renew_nl_policy,
		.maxattr	= FABRIC_A_GRANT_LEASE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_OPEN,
		.doit		= fabric_nl_grant_open_doit,
		.policy		= fabric_grant_open_nl_policy,
		.maxattr	= FABRIC_A_GRANT_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_REGION_TAKE,
		.doit		= fabric_nl_region_take_doit,
		.policy		= fabric_region_take_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_REGION_GIVE,
		.doit		= fabric_nl_region_give_doit,
		.policy		= fabric_region_give_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_DEVICE_SET,
		.doit		= fabric_nl_device_set_doit,
		.policy		= fabric_device_set_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_IDLE_VFS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_TENANT_GET,
		.doit		= fabric_nl_tenant_get_doit,
		.policy		= fabric_tenant_get_nl_policy,
		.maxattr	= FABRIC_A_TENANT_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FABRIC_CMD_TENANT_GET,
		.dumpit	= fabric_nl_tenant_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_TENANT_NEW,
		.doit		= fabric_nl_tenant_new_doit,
		.policy		= fabric_tenant_new_nl_policy,
		.maxattr	= FABRIC_A_TENANT_MEMBER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_TENANT_SET,
		.doit		= fabric_nl_tenant_set_doit,
		.policy		= fabric_tenant_set_nl_policy,
		.maxattr	= FABRIC_A_TENANT_NO_MEMBER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_TENANT_DEL,
		.doit		= fabric_nl_tenant_del_doit,
		.policy		= fabric_tenant_del_nl_policy,
		.maxattr	= FABRIC_A_TENANT_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FABRIC_CMD_STATS_GET,
		.doit	= fabric_nl_stats_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_LOG_GET,
		.dumpit		= fabric_nl_log_get_dumpit,
		.policy		= fabric_log_get_nl_policy,
		.maxattr	= FABRIC_A_LOG_SEQUENCE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_FM_GET,
		.pre_doit	= fabric_nl_fm_pre_doit,
		.doit		= fabric_nl_fm_get_doit,
		.post_doit	= fabric_nl_fm_post_doit,
		.policy		= fabric_fm_get_nl_policy,
		.maxattr	= FABRIC_A_FM_PORT,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_FM_PORT_GET,
		.pre_doit	= fabric_nl_fm_pre_doit,
		.doit		= fabric_nl_fm_port_get_doit,
		.post_doit	= fabric_nl_fm_post_doit,
		.policy		= fabric_fm_port_get_do_nl_policy,
		.maxattr	= FABRIC_A_FM_PORT_NUMBER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_FM_PORT_GET,
		.dumpit		= fabric_nl_fm_port_get_dumpit,
		.policy		= fabric_fm_port_get_dump_nl_policy,
		.maxattr	= FABRIC_A_FM_PORT_DOMAIN_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_FM_PORT_CONTROL,
		.pre_doit	= fabric_nl_fm_pre_doit,
		.doit		= fabric_nl_fm_port_control_doit,
		.post_doit	= fabric_nl_fm_post_doit,
		.policy		= fabric_fm_port_control_nl_policy,
		.maxattr	= FABRIC_A_FM_PORT_FORCE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_FM_VCS_GET,
		.start		= fabric_nl_fm_vcs_get_start,
		.dumpit		= fabric_nl_fm_vcs_get_dumpit,
		.policy		= fabric_fm_vcs_get_nl_policy,
		.maxattr	= FABRIC_A_FM_VCS_DOMAIN_ID,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_FM_BIND,
		.pre_doit	= fabric_nl_fm_pre_doit,
		.doit		= fabric_nl_fm_bind_doit,
		.post_doit	= fabric_nl_fm_post_doit,
		.policy		= fabric_fm_bind_nl_policy,
		.maxattr	= FABRIC_A_FM_VCS_PORT,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_FM_UNBIND,
		.pre_doit	= fabric_nl_fm_pre_doit,
		.doit		= fabric_nl_fm_unbind_doit,
		.post_doit	= fabric_nl_fm_post_doit,
		.policy		= fabric_fm_unbind_nl_policy,
		.maxattr	= FABRIC_A_FM_VCS_OPTION,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_FM_COMMAND_GET,
		.dumpit		= fabric_nl_fm_command_get_dumpit,
		.policy		= fabric_fm_command_get_nl_policy,
		.maxattr	= FABRIC_A_FM_COMMAND_PORT,
		.flags		= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group fabric_nl_mcgrps[] = {
	[FABRIC_NLGRP_INVENTORY] = { "inventory", },
	[FABRIC_NLGRP_GRANTS] = { "grants", },
};

struct genl_family fabric_nl_family __ro_after_init = {
	.name		= FABRIC_FAMILY_NAME,
	.version	= FABRIC_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= fabric_nl_ops,
	.n_split_ops	= ARRAY_SIZE(fabric_nl_ops),
	.mcgrps		= fabric_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(fabric_nl_mcgrps),
};
