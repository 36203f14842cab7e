// SPDX-License-Identifier: GPL-2.0
/* Requests for a grant: what they say, and whether whoever sends them may. */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

/* Ten years: more is a mistake, and would overflow nanoseconds. */
#define TIME_MAX_MS	(10ULL * 365 * 24 * 3600 * 1000)

static unsigned int grace_max_ms = 60000;
module_param(grace_max_ms, uint, 0644);
MODULE_PARM_DESC(grace_max_ms, "Longest time from a notice to force that a grant may have");

static unsigned int grace_default_ms = 1000;
module_param(grace_default_ms, uint, 0644);
MODULE_PARM_DESC(grace_default_ms, "Time from a notice to force of a grant that names none");

void fabric_req_free(struct fabric_grant_req *req)
{
	if (!req)
		return;
	fabric_labels_free(&req->labels);
	fabric_port_put(req->port);
	fabric_tenant_put(req->tenant);
	kfree(req->capability);
	kfree(req->driver);
	kfree(req->token);
	kfree(req);
}

/* For a part of a grant, which is asked for like the whole. */
struct fabric_grant_req *fabric_req_copy(const struct fabric_grant_req *req)
{
	const struct fabric_labels_change all = {};
	struct fabric_grant_req *copy = kmemdup(req, sizeof(*req), GFP_KERNEL);

	if (!copy)
		return NULL;
	copy->token = NULL;
	copy->capability = NULL;
	copy->driver = NULL;
	if (copy->port)
		fabric_object_hold(&copy->port->obj);
	if (copy->tenant)
		fabric_object_hold(&copy->tenant->obj);
	if (fabric_labels_changed(&copy->labels, &req->labels, &all, NULL))
		goto err_free;
	if (req->capability) {
		copy->capability = kstrdup(req->capability, GFP_KERNEL);
		if (!copy->capability)
			goto err_free;
	}
	if (req->driver) {
		copy->driver = kstrdup(req->driver, GFP_KERNEL);
		if (!copy->driver)
			goto err_free;
	}
	return copy;

err_free:
	fabric_req_free(copy);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(fabric_req_copy);

static bool same_string(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Whether the same token can stand for both: they want the same. */
bool fabric_req_same(const struct fabric_grant_req *a, const struct fabric_grant_req *b)
{
	return fabric_labels_same(&a->labels, &b->labels) &&
	       a->kind == b->kind && same_string(a->capability, b->capability) &&
	       same_string(a->driver, b->driver) &&
	       a->size == b->size && a->mode == b->mode && a->holder == b->holder &&
	       a->domain_id == b->domain_id && a->device_id == b->device_id &&
	       a->port_id == b->port_id && a->numa_node == b->numa_node &&
	       a->pieces == b->pieces && a->granularity == b->granularity &&
	       a->bandwidth_min == b->bandwidth_min && a->bandwidth_max == b->bandwidth_max &&
	       !memcmp(a->mac, b->mac, ETH_ALEN) && a->vlan == b->vlan && a->group == b->group;
}

static u64 optional(const struct genl_info *info, int attr, u64 otherwise)
{
	return info->attrs[attr] ? nla_get_uint(info->attrs[attr]) : otherwise;
}

static u32 optional_u32(const struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : otherwise;
}

/* NLA_NUL_STRING bounds the length from above only. */
static int optional_string(const struct genl_info *info, int attr, char **result)
{
	if (!info->attrs[attr])
		return 0;
	if (!*(char *)nla_data(info->attrs[attr])) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "The name is empty");
		return -EINVAL;
	}
	*result = kstrdup(nla_data(info->attrs[attr]), GFP_KERNEL);
	return *result ? 0 : -ENOMEM;
}

static int optional_node(const struct genl_info *info, int attr, int *node)
{
	*node = NUMA_NO_NODE;
	if (!info->attrs[attr])
		return 0;
	*node = nla_get_u32(info->attrs[attr]);
	if (*node >= 0 && *node < MAX_NUMNODES)
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, info->attrs[attr], "NUMA nodes are below %d",
				MAX_NUMNODES);
	return -EINVAL;
}

int fabric_req_check_time(u64 ms, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (ms <= TIME_MAX_MS)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Times are at most ten years");
	return -ERANGE;
}

static int optional_time(const struct genl_info *info, int attr, u64 *ms)
{
	*ms = optional(info, attr, 0);
	return fabric_req_check_time(*ms, info->attrs[attr], info->extack);
}

static int parse_labels(const struct genl_info *info, struct fabric_labels *labels)
{
	struct fabric_labels_change change = {};
	const struct nlattr *attr;
	int rem;

	if (!info->attrs[FABRIC_A_GRANT_LABEL])
		return 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		const char *string;

		if (nla_type(attr) != FABRIC_A_GRANT_LABEL)
			continue;
		string = fabric_label_string(attr, info->extack);
		if (!string)
			return -EINVAL;
		if (!fabric_label_sound(string)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "A label is key=value");
			return -EINVAL;
		}
		if (change.nr_add == FABRIC_LABELS_MAX) {
			NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr, "More than %u labels",
						FABRIC_LABELS_MAX);
			return -EINVAL;
		}
		change.add[change.nr_add++] = string;
	}
	return fabric_labels_changed(labels, &(struct fabric_labels){}, &change, info->extack);
}

int fabric_req_check_grace(u32 ms, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (ms <= READ_ONCE(grace_max_ms))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(extack, attr, "Grace is at most %u ms here",
				READ_ONCE(grace_max_ms));
	return -EPERM;
}

int fabric_req_check_kind(enum fabric_kind kind, const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	if (kind != FABRIC_KIND_BANDWIDTH)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Bandwidth comes with what is granted");
	return -EINVAL;
}

static int parse_size(const struct genl_info *info, struct fabric_grant_req *req)
{
	int ret;

	req->kind = nla_get_u32(info->attrs[FABRIC_A_GRANT_KIND]);
	ret = fabric_req_check_kind(req->kind, info->attrs[FABRIC_A_GRANT_KIND], info->extack);
	if (ret)
		return ret;
	req->size = nla_get_uint(info->attrs[FABRIC_A_GRANT_SIZE]);
	req->min = optional(info, FABRIC_A_GRANT_MIN, 0);
	req->pieces = optional_u32(info, FABRIC_A_GRANT_PIECES, 1);
	req->granularity = optional(info, FABRIC_A_GRANT_GRANULARITY, 0);
	if (req->min > req->size) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_MIN],
				    "Min is larger than the size");
		return -EINVAL;
	}
	if (req->granularity && req->size % req->granularity) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_SIZE],
				    "Size is no multiple of the granularity");
		return -EINVAL;
	}
	return 0;
}

static int parse_bandwidth(const struct genl_info *info, struct fabric_grant_req *req)
{
	req->bandwidth_min = optional_u32(info, FABRIC_A_GRANT_BANDWIDTH_MIN, 0);
	req->bandwidth_max = optional_u32(info, FABRIC_A_GRANT_BANDWIDTH_MAX, 0);
	if (!req->bandwidth_max || req->bandwidth_min <= req->bandwidth_max)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_BANDWIDTH_MIN],
			    "The guaranteed bandwidth is above the cap");
	return -EINVAL;
}

static int parse_place(const struct genl_info *info, struct fabric_grant_req *req)
{
	int ret;

	req->mode = optional_u32(info, FABRIC_A_GRANT_MODE, 0);
	req->domain_id = optional_u32(info, FABRIC_A_GRANT_DOMAIN_ID, 0);
	req->device_id = optional_u32(info, FABRIC_A_GRANT_DEVICE_ID, 0);
	req->port_id = optional_u32(info, FABRIC_A_GRANT_PORT_ID, 0);
	req->placement = optional_u32(info, FABRIC_A_GRANT_PLACEMENT,
				      FABRIC_PLACEMENT_BEST_FIT);
	if (req->port_id) {
		req->port = fabric_port_get(req->port_id);
		if (!req->port) {
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_PORT_ID],
					    "No port has this id");
			return -ENOENT;
		}
	}
	ret = optional_node(info, FABRIC_A_GRANT_NUMA_NODE, &req->numa_node);
	if (!ret)
		ret = optional_node(info, FABRIC_A_GRANT_NEAR_NODE, &req->near_node);
	if (!ret)
		ret = optional_string(info, FABRIC_A_GRANT_CAPABILITY, &req->capability);
	if (!ret)
		ret = parse_labels(info, &req->labels);
	return ret;
}

static int parse_driver(const struct genl_info *info, struct fabric_grant_req *req)
{
	int ret;

	ret = optional_string(info, FABRIC_A_GRANT_DRIVER, &req->driver);
	if (ret || !req->driver)
		return ret;
	req->mode = req->mode ?: FABRIC_MODE_DRIVER;
	if (req->kind == FABRIC_KIND_FUNCTION && req->mode == FABRIC_MODE_DRIVER)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_DRIVER],
			    "A driver goes with functions in mode driver");
	return -EINVAL;
}

/* Who is on the network as whom is the administrator's to say. */
static int parse_network(const struct genl_info *info, struct fabric_grant_req *req, bool admin)
{
	const struct nlattr *mac = info->attrs[FABRIC_A_GRANT_MAC];
	const struct nlattr *vlan = info->attrs[FABRIC_A_GRANT_VLAN];

	if (!mac && !vlan)
		return 0;
	if (req->kind != FABRIC_KIND_FUNCTION) {
		NL_SET_ERR_MSG_ATTR(info->extack, mac ?: vlan, "Only functions have mac and vlan");
		return -EINVAL;
	}
	if (!admin) {
		NL_SET_ERR_MSG_ATTR(info->extack, mac ?: vlan,
				    "To set mac and vlan needs CAP_SYS_ADMIN");
		return -EPERM;
	}
	if (mac && req->size != 1) {
		NL_SET_ERR_MSG_ATTR(info->extack, mac, "A MAC is one of a single function");
		return -EINVAL;
	}
	req->vlan = optional_u32(info, FABRIC_A_GRANT_VLAN, 0);
	if (!mac || (mac_pton(nla_data(mac), req->mac) && is_valid_ether_addr(req->mac)))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, mac,
			    "No MAC of a single station, like 52:54:00:12:34:56");
	return -EINVAL;
}

/* Find the tenant, and what it allows. */
static int parse_tenant(const struct genl_info *info, struct fabric_grant_req *req, bool admin)
{
	const struct nlattr *name = info->attrs[FABRIC_A_GRANT_TENANT];
	int ret = 0;

	mutex_lock(&fabric_engine);
	if (name)
		req->tenant = fabric_tenant_find(nla_data(name));
	else if (!admin)
		req->tenant = fabric_tenant_of_current();

	if (!admin && !req->tenant && !name) {
		NL_SET_ERR_MSG(info->extack, "Needs CAP_SYS_ADMIN or to be a member of a tenant");
		ret = -EPERM;
	} else if (!admin && (!req->tenant || !fabric_tenant_has_current(req->tenant))) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "Needs CAP_SYS_ADMIN or to be a member of that tenant");
		ret = -EPERM;
	} else if (name && !req->tenant) {
		NL_SET_ERR_MSG_ATTR(info->extack, name, "No tenant has this name");
		ret = -ENOENT;
	}
	mutex_unlock(&fabric_engine);
	return ret;
}

int fabric_req_check_priority(const struct fabric_tenant *tenant, u32 priority,
			      const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&fabric_engine);
	if (!tenant || (priority >= tenant->info->priority_min &&
			priority <= tenant->info->priority_max))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(extack, attr, "The tenant may use priorities %u to %u",
				tenant->info->priority_min, tenant->info->priority_max);
	return -EPERM;
}

static int parse_priority(const struct genl_info *info, struct fabric_grant_req *req)
{
	const struct nlattr *attr = info->attrs[FABRIC_A_GRANT_PRIORITY];
	int ret = 0;

	if (!req->tenant)
		return 0;
	mutex_lock(&fabric_engine);
	if (!attr)
		req->priority = clamp(req->priority, req->tenant->info->priority_min,
				      req->tenant->info->priority_max);
	else
		ret = fabric_req_check_priority(req->tenant, req->priority, attr, info->extack);
	mutex_unlock(&fabric_engine);
	return ret;
}

static int parse_life(const struct genl_info *info, struct fabric_grant_req *req)
{
	int ret;

	req->reclaimable = optional_u32(info, FABRIC_A_GRANT_RECLAIMABLE, 0);
	req->restore = optional_u32(info, FABRIC_A_GRANT_RESTORE, 0);
	req->grace = min(READ_ONCE(grace_default_ms), READ_ONCE(grace_max_ms));
	if (info->attrs[FABRIC_A_GRANT_GRACE]) {
		req->grace = nla_get_u32(info->attrs[FABRIC_A_GRANT_GRACE]);
		ret = fabric_req_check_grace(req->grace, info->attrs[FABRIC_A_GRANT_GRACE],
					     info->extack);
		if (ret)
			return ret;
	}
	ret = optional_time(info, FABRIC_A_GRANT_LEASE, &req->lease);
	if (!ret)
		ret = optional_time(info, FABRIC_A_GRANT_WAIT, &req->wait);
	if (!ret)
		ret = optional_string(info, FABRIC_A_GRANT_TOKEN, &req->token);
	return ret;
}

/* What the message asks for, or an error with its reason in extack, which is recorded. */
struct fabric_grant_req *fabric_req_parse(struct genl_info *info, bool admin)
{
	struct fabric_grant_req *req = kzalloc_obj(*req);
	int ret = 0;

	if (!req)
		return ERR_PTR(-ENOMEM);
	req->net = genl_info_net(info);
	req->portid = info->snd_portid;
	req->holder = optional_u32(info, FABRIC_A_GRANT_HOLDER, FABRIC_HOLDER_NONE);
	req->priority = optional_u32(info, FABRIC_A_GRANT_PRIORITY, FABRIC_PRIORITY_DEFAULT);
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_KIND) ||
	    GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_SIZE))
		ret = -EINVAL;
	if (!ret)
		ret = parse_size(info, req);
	if (!ret)
		ret = parse_place(info, req);
	if (!ret)
		ret = parse_driver(info, req);
	if (!ret)
		ret = parse_network(info, req, admin);
	if (!ret)
		ret = parse_bandwidth(info, req);
	if (!ret)
		ret = parse_life(info, req);
	if (!ret)
		ret = parse_tenant(info, req, admin);
	if (!ret)
		ret = parse_priority(info, req);
	if (!ret && !admin && (req->mode == FABRIC_MODE_SYSTEM_RAM ||
			       req->mode == FABRIC_MODE_DRIVER)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_MODE] ?:
				    info->attrs[FABRIC_A_GRANT_DRIVER],
				    "What the kernel has is everybody's, this needs CAP_SYS_ADMIN");
		ret = -EPERM;
	}
	req->force = nla_get_flag(info->attrs[FABRIC_A_GRANT_FORCE]);
	req->group = nla_get_flag(info->attrs[FABRIC_A_GRANT_GROUP]);
	if (!ret && req->group && req->kind != FABRIC_KIND_FUNCTION) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_GROUP],
				    "Only functions have an IOMMU group");
		ret = -EINVAL;
	}
	/* A quota counts the one function that is asked for */
	if (!ret && !admin && req->group) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_GROUP],
				    "To take a whole group needs CAP_SYS_ADMIN");
		ret = -EPERM;
	}
	if (!ret && !admin && req->force) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FABRIC_A_GRANT_FORCE],
				    "To take from the host needs CAP_SYS_ADMIN");
		ret = -EPERM;
	}
	if (ret) {
		fabric_record_refusal(req, 0, req->size, ret, info->extack);
		fabric_req_free(req);
		return ERR_PTR(ret);
	}
	return req;
}
