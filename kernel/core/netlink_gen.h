/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fabric.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_FABRIC_GEN_H
#define _LINUX_FABRIC_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/fabric.h>

/* Common nested types */
extern const struct nla_policy fabric_member_nl_policy[FABRIC_A_MEMBER_CGROUP + 1];
extern const struct nla_policy fabric_quota_nl_policy[FABRIC_A_QUOTA_USED + 1];

int fabric_nl_port_pre_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info);
int fabric_nl_fm_pre_doit(const struct genl_split_ops *ops,
			  struct sk_buff *skb, struct genl_info *info);
void
fabric_nl_port_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			 struct genl_info *info);
void
fabric_nl_fm_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		       struct genl_info *info);
int fabric_nl_grant_get_start(struct netlink_callback *cb);
int fabric_nl_fm_vcs_get_start(struct netlink_callback *cb);

int fabric_nl_domain_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_domain_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int fabric_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int fabric_nl_port_bind_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_port_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_device_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_device_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int fabric_nl_resource_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_resource_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int fabric_nl_slice_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int fabric_nl_grant_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_grant_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int fabric_nl_grant_new_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_grant_del_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_grant_set_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_grant_renew_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_grant_open_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_region_take_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_region_give_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_device_set_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_tenant_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_tenant_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int fabric_nl_tenant_new_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_tenant_set_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_tenant_del_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_log_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int fabric_nl_fm_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_fm_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_fm_port_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int fabric_nl_fm_port_control_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_fm_vcs_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int fabric_nl_fm_bind_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_fm_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_fm_command_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb);

enum {
	FABRIC_NLGRP_INVENTORY,
	FABRIC_NLGRP_GRANTS,
};

extern struct genl_family fabric_nl_family;

#endif /* _LINUX_FABRIC_GEN_H */
