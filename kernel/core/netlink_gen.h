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

int fabric_nl_port_pre_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info);
void
fabric_nl_port_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			 struct genl_info *info);

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
int fabric_nl_grant_open_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_region_take_doit(struct sk_buff *skb, struct genl_info *info);
int fabric_nl_region_give_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	FABRIC_NLGRP_INVENTORY,
	FABRIC_NLGRP_GRANTS,
};

extern struct genl_family fabric_nl_family;

#endif /* _LINUX_FABRIC_GEN_H */
