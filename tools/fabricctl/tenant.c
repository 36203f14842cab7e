// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabricctl.h"

#define CGROUP_MOUNT	"/sys/fs/cgroup"

void tenant_out(struct out *out, const struct fabric_tenant *tenant)
{
	const struct fabric_member *member;
	const struct fabric_quota *quota;

	out_item_begin(out, "tenant %u", tenant->id);
	out_id(out, "id", tenant->id);
	out_string(out, "name", tenant->name);
	out_u32(out, "priority-min", tenant->priority_min);
	out_u32(out, "priority-max", tenant->priority_max);
	out_u32(out, "grants", tenant->grants);
	out_list_begin(out, "quota");
	for (quota = tenant->quotas; quota; quota = quota->next) {
		out_item_begin(out, "quota");
		out_enum(out, "kind", FABRIC_ENUM_KIND, quota->kind);
		out_opt_string(out, "capability", quota->capability);
		out_amount(out, "limit", quota->kind, quota->limit);
		out_amount(out, "used", quota->kind, quota->used);
		out_item_end(out);
	}
	out_list_end(out);
	out_list_begin(out, "member");
	for (member = tenant->members; member; member = member->next) {
		out_item_begin(out, "member");
		out_user(out, "uid", member->uid);
		out_group(out, "gid", member->gid);
		out_opt_string(out, "cgroup", member->cgroup);
		out_item_end(out);
	}
	out_list_end(out);
	out_item_end(out);
}

static int show_one(struct ctl *ctl, const struct fabric_tenant *tenant)
{
	out_begin(ctl->out);
	out_list_begin(ctl->out, "tenants");
	tenant_out(ctl->out, tenant);
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static int tenant_lookup(struct ctl *ctl, const char *ref, const struct fabric_tenant **tenant)
{
	uint64_t number;

	return number_parse(ref, &number) ? fabric_tenant_find(ctl->ctx, ref, tenant) :
	       fabric_tenant_get(ctl->ctx, number, tenant);
}

enum {
	SHOW_TENANT,
};

static const struct arg show_args[] = {
	[SHOW_TENANT] = { "TENANT", ARG_REF, POSITIONAL,
			  .help = "only the one with this id or name" },
};

static int show_cb(const struct fabric_tenant *tenant, void *data)
{
	tenant_out(data, tenant);
	return 0;
}

static int tenant_show(struct ctl *ctl, const struct args *args)
{
	const struct fabric_tenant *tenant;
	int err;

	if (HAS(args, SHOW_TENANT)) {
		err = tenant_lookup(ctl, args->value[SHOW_TENANT].text, &tenant);
		return err ? err : show_one(ctl, tenant);
	}
	out_begin(ctl->out);
	out_list_begin(ctl->out, "tenants");
	err = fabric_tenant_list(ctl->ctx, show_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

/* What a tenant is, in the same places for new and set */
enum {
	NEW_NAME,
	NEW_PRIORITY_LOWEST,
	NEW_PRIORITY_HIGHEST,
	NEW_QUOTA,
	NEW_USER,
	NEW_GROUP,
	NEW_CGROUP,
	SET_NO_QUOTA,
	SET_NO_MEMBER,
};

#define TENANT_ARGS \
	[NEW_PRIORITY_LOWEST] = { "priority-min", ARG_NUMBER, .value = "PRIORITY", \
				  .max = FABRIC_PRIORITY_MAX, \
				  .help = "lowest priority of its requests" }, \
	[NEW_PRIORITY_HIGHEST] = { "priority-max", ARG_NUMBER, .value = "PRIORITY", \
				   .max = FABRIC_PRIORITY_MAX, \
				   .help = "highest priority of its requests" }, \
	[NEW_QUOTA] = { "quota", ARG_LIST, REPEAT, .value = "QUOTA", \
			.help = "most of its grants together, KIND[/CAPABILITY]=AMOUNT" }, \
	[NEW_USER] = { "user", ARG_LIST, REPEAT, .value = "USER", \
		       .help = "a member, by name or number" }, \
	[NEW_GROUP] = { "group", ARG_LIST, REPEAT, .value = "GROUP", \
			.help = "members of this group, by name or number" }, \
	[NEW_CGROUP] = { "cgroup", ARG_LIST, REPEAT, .value = "PATH", \
			 .help = "processes in this control group and below" }

static const struct arg new_args[] = {
	[NEW_NAME] = { "NAME", ARG_STRING, POSITIONAL | REQUIRED, .help = "name of the tenant" },
	TENANT_ARGS,
};

static const struct arg set_args[] = {
	[NEW_NAME] = { "TENANT", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	TENANT_ARGS,
	[SET_NO_QUOTA] = { "no-quota", ARG_FLAG, .help = "drop all quotas: it gets nothing more" },
	[SET_NO_MEMBER] = { "no-member", ARG_FLAG, .help = "drop all members" },
};

_Noreturn static void bad_quota(struct ctl *ctl, const char *text, const char *why)
{
	usage_error(ctl, "tenant: quota \"%s\" %s", text, why);
}

/* "memory=64G", "memory/ram=64G" */
static void parse_quota(struct ctl *ctl, const char *text, struct fabric_quota *quota)
{
	const char *equals = strchr(text, '='), *slash;
	char kind[FABRIC_NAME_SIZE];
	size_t len;
	int err;

	if (!equals || (size_t)(equals - text) >= sizeof(kind))
		bad_quota(ctl, text, "is not KIND[/CAPABILITY]=AMOUNT");
	slash = memchr(text, '/', equals - text);
	len = (slash ? slash : equals) - text;
	memcpy(kind, text, len);
	kind[len] = '\0';
	quota->kind = fabric_enum_value(FABRIC_ENUM_KIND, kind);
	if (!quota->kind)
		bad_quota(ctl, text, "has no kind that there is");
	if (slash) {
		len = equals - slash - 1;
		if (!len)
			bad_quota(ctl, text, "has an empty capability");
		memcpy(quota->capability, slash + 1, len);
	}
	err = amount_parse(quota->kind, equals + 1, &quota->limit);
	if (err == -ERANGE)
		bad_quota(ctl, text, "is too large");
	if (err)
		bad_quota(ctl, text, "has no amount");
}

static int parse_quotas(struct ctl *ctl, const struct args *args, struct fabric_tenant_req *req)
{
	struct fabric_quota **end = (struct fabric_quota **)&req->quotas;
	const struct value *value = &args->value[NEW_QUOTA];

	for (; value && HAS(args, NEW_QUOTA); value = value->next) {
		*end = calloc(1, sizeof(**end));
		if (!*end)
			return -ENOMEM;
		parse_quota(ctl, value->text, *end);
		end = (struct fabric_quota **)&(*end)->next;
	}
	return 0;
}

static int parse_user(struct ctl *ctl, const char *text, struct fabric_member *member)
{
	const struct passwd *user;
	uint64_t number;

	if (!number_parse(text, &number)) {
		member->uid = number;
		return number < FABRIC_UNSET ? 0 : ctl_fail(ctl, -EINVAL, "Bad user %s", text);
	}
	user = getpwnam(text);
	if (!user)
		return ctl_fail(ctl, -ENOENT, "There is no user \"%s\"", text);
	member->uid = user->pw_uid;
	return 0;
}

static int parse_group(struct ctl *ctl, const char *text, struct fabric_member *member)
{
	const struct group *group;
	uint64_t number;

	if (!number_parse(text, &number)) {
		member->gid = number;
		return number < FABRIC_UNSET ? 0 : ctl_fail(ctl, -EINVAL, "Bad group %s", text);
	}
	group = getgrnam(text);
	if (!group)
		return ctl_fail(ctl, -ENOENT, "There is no group \"%s\"", text);
	member->gid = group->gr_gid;
	return 0;
}

/* From the root of the hierarchy, or as it is in the file system */
static int parse_cgroup(struct ctl *ctl, const char *text, struct fabric_member *member)
{
	size_t mount = strlen(CGROUP_MOUNT);

	if (!strncmp(text, CGROUP_MOUNT "/", mount + 1))
		text += mount;
	if (strlen(text) >= sizeof(member->cgroup))
		return ctl_fail(ctl, -ENAMETOOLONG, "A path has at most %u bytes",
				FABRIC_CGROUP_MAX_LEN);
	strcpy(member->cgroup, text);
	return 0;
}

static int parse_members(struct ctl *ctl, const struct args *args, struct fabric_tenant_req *req)
{
	static const struct {
		unsigned int arg;
		int (*parse)(struct ctl *ctl, const char *text, struct fabric_member *member);
	} kinds[] = {
		{ NEW_USER, parse_user },
		{ NEW_GROUP, parse_group },
		{ NEW_CGROUP, parse_cgroup },
	};
	struct fabric_member **end = (struct fabric_member **)&req->members;
	const struct value *value;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		value = HAS(args, kinds[i].arg) ? &args->value[kinds[i].arg] : NULL;
		for (; value; value = value->next) {
			*end = calloc(1, sizeof(**end));
			if (!*end)
				return -ENOMEM;
			(*end)->uid = FABRIC_UNSET;
			(*end)->gid = FABRIC_UNSET;
			err = kinds[i].parse(ctl, value->text, *end);
			if (err)
				return err;
			end = (struct fabric_member **)&(*end)->next;
		}
	}
	return 0;
}

static int parse_request(struct ctl *ctl, const struct args *args, struct fabric_tenant_req *req)
{
	int err;

	fabric_tenant_req_init(req);
	if (HAS(args, NEW_PRIORITY_LOWEST))
		req->priority_min = args->value[NEW_PRIORITY_LOWEST].number;
	if (HAS(args, NEW_PRIORITY_HIGHEST))
		req->priority_max = args->value[NEW_PRIORITY_HIGHEST].number;
	err = parse_quotas(ctl, args, req);
	return err ? err : parse_members(ctl, args, req);
}

static void free_request(struct fabric_tenant_req *req)
{
	const struct fabric_member *member;
	const struct fabric_quota *quota;

	while ((quota = req->quotas)) {
		req->quotas = quota->next;
		free((void *)quota);
	}
	while ((member = req->members)) {
		req->members = member->next;
		free((void *)member);
	}
}

static int tenant_new(struct ctl *ctl, const struct args *args)
{
	const struct fabric_tenant *tenant;
	struct fabric_tenant_req req;
	int err;

	err = parse_request(ctl, args, &req);
	req.name = args->value[NEW_NAME].text;
	if (!err)
		err = fabric_tenant_new(ctl->ctx, &req, &tenant);
	free_request(&req);
	return err ? err : show_one(ctl, tenant);
}

static int tenant_set(struct ctl *ctl, const struct args *args)
{
	const struct fabric_tenant *tenant;
	struct fabric_tenant_req req;
	int err;

	if (args->present == 1ULL << NEW_NAME)
		usage_error(ctl, "tenant set: nothing to set, give a key");
	err = parse_request(ctl, args, &req);
	req.no_quotas = HAS(args, SET_NO_QUOTA);
	req.no_members = HAS(args, SET_NO_MEMBER);
	if (!err)
		err = tenant_lookup(ctl, args->value[NEW_NAME].text, &tenant);
	if (!err)
		err = fabric_tenant_set(ctl->ctx, tenant->id, &req, &tenant);
	free_request(&req);
	return err ? err : show_one(ctl, tenant);
}

static const struct arg del_args[] = {
	[SHOW_TENANT] = { "TENANT", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
};

static int tenant_del(struct ctl *ctl, const struct args *args)
{
	const struct fabric_tenant *tenant;
	int err;

	err = tenant_lookup(ctl, args->value[SHOW_TENANT].text, &tenant);
	if (!err)
		err = fabric_tenant_del(ctl->ctx, tenant->id);
	if (err)
		return err;
	out_begin(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show tenants with their quotas and members", show_args, ARRAY_SIZE(show_args),
	  .run = tenant_show },
	{ "new", "Add a tenant", new_args, ARRAY_SIZE(new_args), .run = tenant_new },
	{ "set", "Change a tenant; quotas and members replace those that it had", set_args,
	  ARRAY_SIZE(set_args), .run = tenant_set },
	{ "del", "Remove a tenant", del_args, ARRAY_SIZE(del_args), .run = tenant_del },
};

const struct object tenant_object = {
	"tenant", "who may have how much without CAP_SYS_ADMIN", cmds, ARRAY_SIZE(cmds),
};
