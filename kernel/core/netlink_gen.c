// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fabric.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/fabric.h>

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
static const struct nla_policy fabric_port_set_nl_policy[FABRIC_A_PORT_LINK + 1] = {
	[FABRIC_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_PORT_LINK] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
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
static const struct nla_policy fabric_grant_new_nl_policy[FABRIC_A_GRANT_NUMA_NODE + 1] = {
	[FABRIC_A_GRANT_KIND] = NLA_POLICY_RANGE(NLA_U32, 1, 1),
	[FABRIC_A_GRANT_CAPABILITY] = { .type = NLA_NUL_STRING, .len = FABRIC_NAME_MAX_LEN, },
	[FABRIC_A_GRANT_SIZE] = NLA_POLICY_MIN(NLA_UINT, 1),
	[FABRIC_A_GRANT_MODE] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_GRANT_HOLDER] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FABRIC_A_GRANT_DOMAIN_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_NUMA_NODE] = { .type = NLA_U32, },
};

/* FABRIC_CMD_GRANT_DEL - do */
static const struct nla_policy fabric_grant_del_nl_policy[FABRIC_A_GRANT_FORCE + 1] = {
	[FABRIC_A_GRANT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[FABRIC_A_GRANT_FORCE] = { .type = NLA_FLAG, },
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
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_PORT_UNBIND,
		.pre_doit	= fabric_nl_port_pre_doit,
		.doit		= fabric_nl_port_unbind_doit,
		.post_doit	= fabric_nl_port_post_doit,
		.policy		= fabric_port_unbind_nl_policy,
		.maxattr	= FABRIC_A_PORT_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_PORT_SET,
		.pre_doit	= fabric_nl_port_pre_doit,
		.doit		= fabric_nl_port_set_doit,
		.post_doit	= fabric_nl_port_post_doit,
		.policy		= fabric_port_set_nl_policy,
		.maxattr	= FABRIC_A_PORT_LINK,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
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
		.dumpit	= fabric_nl_grant_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_NEW,
		.doit		= fabric_nl_grant_new_doit,
		.policy		= fabric_grant_new_nl_policy,
		.maxattr	= FABRIC_A_GRANT_NUMA_NODE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_DEL,
		.doit		= fabric_nl_grant_del_doit,
		.policy		= fabric_grant_del_nl_policy,
		.maxattr	= FABRIC_A_GRANT_FORCE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_GRANT_OPEN,
		.doit		= fabric_nl_grant_open_doit,
		.policy		= fabric_grant_open_nl_policy,
		.maxattr	= FABRIC_A_GRANT_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_REGION_TAKE,
		.doit		= fabric_nl_region_take_doit,
		.policy		= fabric_region_take_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FABRIC_CMD_REGION_GIVE,
		.doit		= fabric_nl_region_give_doit,
		.policy		= fabric_region_give_nl_policy,
		.maxattr	= FABRIC_A_DEVICE_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
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
