// SPDX-License-Identifier: GPL-2.0
/*
 * Tenants: on whose behalf those make requests who do not administrate the
 * host, and how much.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

static unsigned int tenant_grants_max = 4096;
module_param(tenant_grants_max, uint, 0644);
MODULE_PARM_DESC(tenant_grants_max, "Most grants and queued requests of a tenant");

struct fabric_registry fabric_tenants = FABRIC_REGISTRY_INIT(fabric_tenants.xa);

/**
 * struct fabric_use - what the grants of a tenant have of a capability
 * @node: in fabric_tenant.uses
 * @kind: kind
 * @used: in units of the kind
 * @capability: capability
 *
 * By use_lock. It stays until the tenant goes.
 */
struct fabric_use {
	struct list_head node;
	enum fabric_kind kind;
	u64 used;
	char capability[];
};

static DEFINE_SPINLOCK(use_lock);

struct fabric_tenant *fabric_tenant_get(u32 id)
{
	struct fabric_object *obj = fabric_object_get(&fabric_tenants, id);

	return obj ? container_of(obj, struct fabric_tenant, obj) : NULL;
}

void fabric_tenant_put(struct fabric_tenant *tenant)
{
	if (tenant)
		fabric_object_put(&tenant->obj);
}

void fabric_tenant_info_free(struct fabric_tenant_info *info)
{
	u32 i;

	if (!info)
		return;
	for (i = 0; i < info->nr_members; i++) {
		kfree(info->members[i].path);
		if (info->members[i].cgroup)
			cgroup_put(info->members[i].cgroup);
	}
	kfree(info);
}

static void fabric_tenant_free(struct fabric_object *obj)
{
	struct fabric_tenant *tenant = container_of(obj, struct fabric_tenant, obj);
	struct fabric_use *use, *next;

	WARN_ON(atomic_read(&tenant->nr_grants));
	pr_debug("tenant %u: destroyed\n", obj->id);
	list_for_each_entry_safe(use, next, &tenant->uses, node) {
		WARN_ON(use->used);
		kfree(use);
	}
	fabric_tenant_info_free(tenant->info);
	kfree_rcu(tenant, obj.rcu);
}

/* What @tenant has of @capability, or of all of the kind together if that is empty. */
static u64 used(const struct fabric_tenant *tenant, enum fabric_kind kind, const char *capability)
{
	const struct fabric_use *use;
	u64 sum = 0;

	spin_lock(&use_lock);
	list_for_each_entry(use, &tenant->uses, node) {
		if (use->kind == kind && (!*capability || !strcmp(use->capability, capability)))
			sum += use->used;
	}
	spin_unlock(&use_lock);
	return sum;
}

static int fill_quota(struct sk_buff *skb, const struct fabric_tenant *tenant,
		      const struct fabric_quota *quota)
{
	struct nlattr *nest = nla_nest_start(skb, FABRIC_A_TENANT_QUOTA);

	if (!nest || nla_put_u32(skb, FABRIC_A_QUOTA_KIND, quota->kind) ||
	    (*quota->capability &&
	     nla_put_string(skb, FABRIC_A_QUOTA_CAPABILITY, quota->capability)) ||
	    nla_put_uint(skb, FABRIC_A_QUOTA_LIMIT, quota->limit) ||
	    nla_put_uint(skb, FABRIC_A_QUOTA_USED, used(tenant, quota->kind, quota->capability)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_member(struct sk_buff *skb, const struct fabric_member *member)
{
	struct nlattr *nest = nla_nest_start(skb, FABRIC_A_TENANT_MEMBER);
	int ret = -EMSGSIZE;

	if (!nest)
		return ret;
	switch (member->type) {
	case FABRIC_MEMBER_UID:
		ret = nla_put_u32(skb, FABRIC_A_MEMBER_UID,
				  from_kuid(&init_user_ns, member->uid));
		break;
	case FABRIC_MEMBER_GID:
		ret = nla_put_u32(skb, FABRIC_A_MEMBER_GID,
				  from_kgid(&init_user_ns, member->gid));
		break;
	case FABRIC_MEMBER_CGROUP:
		ret = nla_put_string(skb, FABRIC_A_MEMBER_CGROUP, member->path);
		break;
	}
	if (!ret)
		nla_nest_end(skb, nest);
	return ret;
}

int fabric_tenant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	const struct fabric_tenant *tenant = obj;
	const struct fabric_tenant_info *is = tenant->info;
	void *hdr;
	u32 i;

	lockdep_assert_held(&fabric_engine);
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_TENANT_ID, tenant->obj.id) ||
	    nla_put_string(skb, FABRIC_A_TENANT_NAME, tenant->name) ||
	    nla_put_u32(skb, FABRIC_A_TENANT_PRIORITY_MIN, is->priority_min) ||
	    nla_put_u32(skb, FABRIC_A_TENANT_PRIORITY_MAX, is->priority_max) ||
	    nla_put_u32(skb, FABRIC_A_TENANT_GRANTS, atomic_read(&tenant->nr_grants)))
		goto err_cancel;
	for (i = 0; i < is->nr_quotas; i++) {
		if (fill_quota(skb, tenant, &is->quotas[i]))
			goto err_cancel;
	}
	for (i = 0; i < is->nr_members; i++) {
		if (fill_member(skb, &is->members[i]))
			goto err_cancel;
	}
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

static void notify(struct fabric_tenant *tenant, u8 cmd)
{
	fabric_grants_changed();
	fabric_nl_notify(cmd, FABRIC_NLGRP_GRANTS, fabric_tenant_fill, tenant);
}

static bool is_current(const struct fabric_member *member)
{
	bool below;

	switch (member->type) {
	case FABRIC_MEMBER_UID:
		return uid_eq(member->uid, current_euid());
	case FABRIC_MEMBER_GID:
		return in_egroup_p(member->gid);
	case FABRIC_MEMBER_CGROUP:
		rcu_read_lock();
		below = cgroup_is_descendant(task_dfl_cgroup(current), member->cgroup);
		rcu_read_unlock();
		return below;
	}
	return false;
}

bool fabric_tenant_has_current(const struct fabric_tenant *tenant)
{
	u32 i;

	lockdep_assert_held(&fabric_engine);
	for (i = 0; i < tenant->info->nr_members; i++) {
		if (is_current(&tenant->info->members[i]))
			return true;
	}
	return false;
}

static struct fabric_tenant *find(const char *name)
{
	struct fabric_object *obj;
	unsigned long id;

	lockdep_assert_held(&fabric_engine);
	for (id = 0; (obj = fabric_object_next(&fabric_tenants, &id)); id++) {
		struct fabric_tenant *tenant = container_of(obj, struct fabric_tenant, obj);

		if (obj->registered && (name ? !strcmp(tenant->name, name) :
					       fabric_tenant_has_current(tenant)))
			return tenant;
		fabric_tenant_put(tenant);
	}
	return NULL;
}

struct fabric_tenant *fabric_tenant_find(const char *name)
{
	return find(name);
}

/* The oldest tenant that the calling process is a member of. */
struct fabric_tenant *fabric_tenant_of_current(void)
{
	return find(NULL);
}

static bool name_is_sound(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++) {
		if (!isascii(*name) || (!isalnum(*name) && !strchr("._-", *name)))
			return false;
	}
	return true;
}

/* Takes over @info with success. */
struct fabric_tenant *fabric_tenant_new(const char *name, struct fabric_tenant_info *info,
					struct netlink_ext_ack *extack)
{
	struct fabric_tenant *tenant, *same;
	int ret;

	if (!name_is_sound(name)) {
		NL_SET_ERR_MSG(extack, "A name has letters, digits, dot, underscore and hyphen");
		return ERR_PTR(-EINVAL);
	}
	tenant = kzalloc_obj(*tenant);
	if (!tenant)
		return ERR_PTR(-ENOMEM);
	fabric_object_init(&tenant->obj, fabric_tenant_free);
	strscpy(tenant->name, name);
	INIT_LIST_HEAD(&tenant->uses);
	pr_debug("tenant %s: created\n", name);

	mutex_lock(&fabric_engine);
	same = find(name);
	if (same) {
		NL_SET_ERR_MSG_FMT(extack, "Tenant %u has this name", same->obj.id);
		fabric_tenant_put(same);
		ret = -EEXIST;
	} else {
		ret = fabric_object_add(&tenant->obj, &fabric_tenants);
	}
	if (ret) {
		mutex_unlock(&fabric_engine);
		fabric_tenant_put(tenant);
		return ERR_PTR(ret);
	}
	tenant->info = info;
	tenant->obj.registered = true;
	/* The registry has the first reference, the caller gets another. */
	fabric_object_hold(&tenant->obj);
	notify(tenant, FABRIC_CMD_TENANT_ADD_NTF);
	mutex_unlock(&fabric_engine);
	return tenant;
}

/* Takes over @info with success. */
int fabric_tenant_set(struct fabric_tenant *tenant, struct fabric_tenant_info *info,
		      struct netlink_ext_ack *extack)
{
	struct fabric_tenant_info *old;

	lockdep_assert_held(&fabric_engine);
	if (!tenant->obj.registered) {
		NL_SET_ERR_MSG(extack, "The tenant is gone");
		return -ENOENT;
	}
	old = tenant->info;
	tenant->info = info;
	notify(tenant, FABRIC_CMD_TENANT_CHANGE_NTF);
	fabric_tenant_info_free(old);
	fabric_queue_kick();
	return 0;
}

int fabric_tenant_del(struct fabric_tenant *tenant, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&fabric_engine);
	if (!tenant->obj.registered) {
		ret = -ENOENT;
	} else if (atomic_read(&tenant->nr_grants)) {
		NL_SET_ERR_MSG_FMT(extack, "The tenant has %d grants, release them first",
				   atomic_read(&tenant->nr_grants));
		ret = -EBUSY;
	} else {
		tenant->obj.registered = false;
		notify(tenant, FABRIC_CMD_TENANT_DEL_NTF);
	}
	mutex_unlock(&fabric_engine);
	if (!ret)
		fabric_tenant_put(tenant);
	return ret;
}

/*
 * Capacity is not all that a grant takes: it is memory of the kernel, which
 * outlives the process. Whoever asks is counted already.
 */
int fabric_tenant_admit(const struct fabric_tenant *tenant, struct netlink_ext_ack *extack)
{
	unsigned int most = READ_ONCE(tenant_grants_max);

	if (!tenant || atomic_read(&tenant->nr_grants) <= most)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "A tenant has %u grants and requests at most", most);
	return -EDQUOT;
}

/*
 * How much more of a resource the tenant may have. Nobody's requests are not
 * limited. A tenant that has no quota at all gets nothing; one that has some is
 * not limited in what they do not name, but for resources that are had by name.
 */
u64 fabric_tenant_left(const struct fabric_tenant *tenant, const struct fabric_resource_info *is)
{
	bool named = !is->by_name;
	u64 left = U64_MAX;
	u32 i;

	lockdep_assert_held(&fabric_engine);
	if (!tenant)
		return left;
	if (!tenant->info->nr_quotas)
		return 0;
	for (i = 0; i < tenant->info->nr_quotas; i++) {
		const struct fabric_quota *quota = &tenant->info->quotas[i];

		if (quota->kind != is->kind ||
		    (*quota->capability && strcmp(quota->capability, is->capability)))
			continue;
		named |= *quota->capability;
		left = min(left, quota->limit -
			   min(quota->limit, used(tenant, is->kind, quota->capability)));
	}
	return named ? left : 0;
}

static struct fabric_use *find_use(const struct fabric_tenant *tenant, enum fabric_kind kind,
				   const char *capability)
{
	struct fabric_use *use;

	list_for_each_entry(use, &tenant->uses, node) {
		if (use->kind == kind && !strcmp(use->capability, capability))
			return use;
	}
	return NULL;
}

/* Count what a grant of the tenant gets. Whoever calls holds fabric_engine. */
int fabric_tenant_charge(struct fabric_tenant *tenant, enum fabric_kind kind,
			 const char *capability, u64 amount)
{
	struct fabric_use *use, *fresh;
	size_t size;

	if (!tenant)
		return 0;
	spin_lock(&use_lock);
	use = find_use(tenant, kind, capability);
	if (use)
		use->used += amount;
	spin_unlock(&use_lock);
	if (use)
		return 0;

	size = strlen(capability) + 1;
	fresh = kzalloc(struct_size(fresh, capability, size), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	fresh->kind = kind;
	fresh->used = amount;
	memcpy(fresh->capability, capability, size);
	spin_lock(&use_lock);
	list_add(&fresh->node, &tenant->uses);
	spin_unlock(&use_lock);
	return 0;
}

void fabric_tenant_uncharge(struct fabric_tenant *tenant, enum fabric_kind kind,
			    const char *capability, u64 amount)
{
	if (!tenant)
		return;
	spin_lock(&use_lock);
	find_use(tenant, kind, capability)->used -= amount;
	spin_unlock(&use_lock);
}

/* The module goes; nobody can name a tenant any more, and no grant counts for one. */
void fabric_tenants_exit(void)
{
	struct fabric_object *obj;
	unsigned long id;

	for (id = 0; (obj = fabric_object_next(&fabric_tenants, &id)); id++) {
		fabric_object_put(obj);
		if (obj->registered) {
			obj->registered = false;
			fabric_object_put(obj);
		}
	}
}
