// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "nl.h"

enum {
	LIST_QUOTAS,
	LIST_MEMBERS,
};

static const struct field fields[] = {
	FIELD(struct fabric_tenant, id, FABRIC_A_TENANT_ID),
	FIELD(struct fabric_tenant, priority_min, FABRIC_A_TENANT_PRIORITY_MIN),
	FIELD(struct fabric_tenant, priority_max, FABRIC_A_TENANT_PRIORITY_MAX),
	FIELD(struct fabric_tenant, grants, FABRIC_A_TENANT_GRANTS),
	FIELD(struct fabric_tenant, name, FABRIC_A_TENANT_NAME, .string = true),
};

static const struct field quota_fields[] = {
	FIELD(struct fabric_quota, kind, FABRIC_A_QUOTA_KIND),
	FIELD(struct fabric_quota, capability, FABRIC_A_QUOTA_CAPABILITY, .string = true),
	FIELD(struct fabric_quota, limit, FABRIC_A_QUOTA_LIMIT),
	FIELD(struct fabric_quota, used, FABRIC_A_QUOTA_USED),
};

static const struct field member_fields[] = {
	FIELD(struct fabric_member, uid, FABRIC_A_MEMBER_UID, .or_max = true),
	FIELD(struct fabric_member, gid, FABRIC_A_MEMBER_GID, .or_max = true),
	FIELD(struct fabric_member, cgroup, FABRIC_A_MEMBER_CGROUP, .string = true),
};

int parse_tenant(const struct nlmsghdr *nlh, struct box *box)
{
	static const struct nests quotas = {
		FABRIC_A_TENANT_QUOTA, quota_fields, ARRAY_SIZE(quota_fields),
		sizeof(struct fabric_quota),
	};
	static const struct nests members = {
		FABRIC_A_TENANT_MEMBER, member_fields, ARRAY_SIZE(member_fields),
		sizeof(struct fabric_member),
	};
	struct fabric_tenant *tenant = &box->tenant;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, fields, ARRAY_SIZE(fields), tenant);
	tenant->quotas = NULL;
	tenant->members = NULL;
	err = get_nests(&attrs, &quotas, &box->lists[LIST_QUOTAS], &tenant->nr_quotas);
	if (!err)
		err = get_nests(&attrs, &members, &box->lists[LIST_MEMBERS], &tenant->nr_members);
	if (err)
		return err;
	if (tenant->nr_quotas)
		tenant->quotas = (const struct fabric_quota *)box->lists[LIST_QUOTAS].items;
	if (tenant->nr_members)
		tenant->members = (const struct fabric_member *)box->lists[LIST_MEMBERS].items;
	return 0;
}

static int tenant_talk(struct fabric_ctx *ctx, const struct fabric_tenant **tenant)
{
	struct box *box = &ctx->nl->objects.tenant;

	if (tenant)
		*tenant = &box->tenant;
	return talk_object(ctx, parse_tenant, box);
}

FABRIC_API int fabric_tenant_get(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_tenant **tenant)
{
	request_start(ctx, FABRIC_CMD_TENANT_GET, 0);
	put_u32(ctx, FABRIC_A_TENANT_ID, id);
	return tenant_talk(ctx, tenant);
}

FABRIC_API int fabric_tenant_find(struct fabric_ctx *ctx, const char *name,
				  const struct fabric_tenant **tenant)
{
	request_start(ctx, FABRIC_CMD_TENANT_GET, 0);
	put_name(ctx, FABRIC_A_TENANT_NAME, name);
	return tenant_talk(ctx, tenant);
}

static int call(struct list *list)
{
	return list->cb.tenant(&list->box.tenant, list->data);
}

FABRIC_API int fabric_tenant_list(struct fabric_ctx *ctx, fabric_tenant_cb cb, void *data)
{
	struct list list = { .parse = parse_tenant, .call = call, .cb.tenant = cb, .data = data };

	request_start(ctx, FABRIC_CMD_TENANT_GET, NLM_F_DUMP);
	return dump(ctx, &list);
}

static void put_quota(struct fabric_ctx *ctx, const struct fabric_quota *quota)
{
	size_t nest = nest_start(ctx, FABRIC_A_TENANT_QUOTA);

	put_id(ctx, FABRIC_A_QUOTA_KIND, quota->kind);
	if (*quota->capability)
		put_name(ctx, FABRIC_A_QUOTA_CAPABILITY, quota->capability);
	put_uint(ctx, FABRIC_A_QUOTA_LIMIT, quota->limit);
	nest_end(ctx, nest);
}

static void put_member(struct fabric_ctx *ctx, const struct fabric_member *member)
{
	size_t nest = nest_start(ctx, FABRIC_A_TENANT_MEMBER);

	if (member->uid != FABRIC_UNSET)
		put_u32(ctx, FABRIC_A_MEMBER_UID, member->uid);
	if (member->gid != FABRIC_UNSET)
		put_u32(ctx, FABRIC_A_MEMBER_GID, member->gid);
	if (*member->cgroup)
		put_string(ctx, FABRIC_A_MEMBER_CGROUP, member->cgroup, FABRIC_CGROUP_MAX_LEN);
	nest_end(ctx, nest);
}

static void put_tenant_req(struct fabric_ctx *ctx, const struct fabric_tenant_req *req)
{
	const struct fabric_member *member;
	const struct fabric_quota *quota;

	put_name(ctx, FABRIC_A_TENANT_NAME, req->name);
	if (req->priority_min != FABRIC_UNSET)
		put_u32(ctx, FABRIC_A_TENANT_PRIORITY_MIN, req->priority_min);
	if (req->priority_max != FABRIC_UNSET)
		put_u32(ctx, FABRIC_A_TENANT_PRIORITY_MAX, req->priority_max);
	for (quota = req->quotas; quota; quota = quota->next)
		put_quota(ctx, quota);
	for (member = req->members; member; member = member->next)
		put_member(ctx, member);
}

FABRIC_API int fabric_tenant_new(struct fabric_ctx *ctx, const struct fabric_tenant_req *req,
				 const struct fabric_tenant **tenant)
{
	struct fabric_tenant_req copy;

	fabric_tenant_req_init(&copy);
	request_start(ctx, FABRIC_CMD_TENANT_NEW, NLM_F_ACK);
	request_fail(ctx, ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size));
	put_tenant_req(ctx, &copy);
	return tenant_talk(ctx, tenant);
}

FABRIC_API int fabric_tenant_set(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_tenant_req *req,
				 const struct fabric_tenant **tenant)
{
	struct fabric_tenant_req copy;

	fabric_tenant_req_init(&copy);
	request_start(ctx, FABRIC_CMD_TENANT_SET, NLM_F_ACK);
	request_fail(ctx, ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size));
	if (copy.name)
		request_fail(ctx, ctx_fail(ctx, -EINVAL, "A tenant cannot be renamed"));
	put_u32(ctx, FABRIC_A_TENANT_ID, id);
	put_tenant_req(ctx, &copy);
	if (copy.no_quotas)
		put_flag(ctx, FABRIC_A_TENANT_NO_QUOTA);
	if (copy.no_members)
		put_flag(ctx, FABRIC_A_TENANT_NO_MEMBER);
	return tenant_talk(ctx, tenant);
}

FABRIC_API int fabric_tenant_del(struct fabric_ctx *ctx, uint32_t id)
{
	request_start(ctx, FABRIC_CMD_TENANT_DEL, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_TENANT_ID, id);
	return talk(ctx, NULL);
}
