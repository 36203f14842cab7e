// SPDX-License-Identifier: GPL-2.0
/* Handlers: parse, call, reply. What they call is in the files of the objects. */
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/file.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

/* What whoever sends a message, or asks for a dump, may name. */
struct sender {
	bool admin;
	bool itself;
};

/* Position and filters of a dump, and who asked for it. */
struct fabric_dump {
	unsigned long id;
	bool begun;
	struct sender sender;
	kuid_t uid;
	kgid_t gid;
	u32 domain_id;
	u32 device_id;
	u32 grant_id;
	u32 resource_id;
	unsigned int slice;
};

static struct fabric_dump *dump_context(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct fabric_dump) > sizeof_field(struct netlink_callback, ctx));
	return (struct fabric_dump *)cb->ctx;
}

static u32 optional_u32(const struct genl_info *info, int attr)
{
	return info->attrs && info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : 0;
}

static bool is_admin(struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_SYS_ADMIN);
}

int fabric_nl_need_admin(struct sk_buff *skb, const struct genl_info *info)
{
	if (is_admin(skb))
		return 0;
	NL_SET_ERR_MSG(info->extack, "Needs CAP_SYS_ADMIN");
	return -EPERM;
}

/*
 * A program that has more rights than who started it can have been made to write
 * a message to what it takes for its output. As netlink_capable() does for the
 * administrator's rights: if the message names no destination, whoever opened the
 * socket counts too.
 */
static bool speaks_for_itself(struct sk_buff *skb)
{
	const struct netlink_skb_parms *parms = &NETLINK_CB(skb);
	const struct file *file;

	if (parms->flags & NETLINK_SKB_DST)
		return true;
	file = parms->sk->sk_socket->file;
	return (uid_eq(file->f_cred->euid, current_euid()) &&
		gid_eq(file->f_cred->egid, current_egid())) ||
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

static struct sender sender_of(struct sk_buff *skb)
{
	return (struct sender){ .admin = is_admin(skb), .itself = speaks_for_itself(skb) };
}

/* Whether the sender speaks for a tenant, or any if that is NULL. */
static bool is_member(const struct sender *sender, const struct fabric_tenant *tenant)
{
	struct fabric_tenant *any = NULL;
	bool member;

	if (!sender->itself)
		return false;
	mutex_lock(&fabric_engine);
	if (!tenant)
		any = fabric_tenant_of_current();
	member = tenant ? fabric_tenant_has_current(tenant) : !!any;
	mutex_unlock(&fabric_engine);
	fabric_tenant_put(any);
	return member;
}

static int need_member(struct genl_info *info)
{
	NL_SET_ERR_MSG(info->extack, "Needs CAP_SYS_ADMIN or to be a member of a tenant");
	return -EPERM;
}

/* Whether the sender may see a grant and change it. Nobody learns of the others'. */
static bool is_allowed(const struct sender *sender, const struct fabric_grant *grant)
{
	return sender->admin || (grant->req->tenant && is_member(sender, grant->req->tenant));
}

/* The message of a notification. */
int fabric_nl_fill_event(struct sk_buff *msg, u8 cmd, fabric_fill_t fill, void *obj)
{
	struct genl_info info;

	genl_info_init_ntf(&info, &fabric_nl_family, cmd);
	return fill(msg, &info, obj);
}

static struct sk_buff *event_msg(u8 cmd, fabric_fill_t fill, void *obj, size_t size)
{
	struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);

	if (msg && fabric_nl_fill_event(msg, cmd, fill, obj)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* Send @obj to the group of listeners. Called under the lock that orders events. */
void fabric_nl_notify(u8 cmd, unsigned int group, fabric_fill_t fill, void *obj)
{
	struct sk_buff *msg;

	if (!genl_has_listeners(&fabric_nl_family, &init_net, group))
		return;
	msg = event_msg(cmd, fill, obj, FABRIC_USUAL_MSG_SIZE);
	if (!msg)
		msg = event_msg(cmd, fill, obj, FABRIC_GRANT_MSG_SIZE);
	if (!msg) {
		/* Listeners learn from this that they missed something. */
		genl_set_err(&fabric_nl_family, &init_net, 0, group, -ENOBUFS);
		return;
	}
	genlmsg_multicast(&fabric_nl_family, msg, 0, group, GFP_KERNEL);
}

/* Room for what is usual. */
static size_t grant_msg_size(unsigned int nr_slices)
{
	return FABRIC_USUAL_MSG_SIZE + 136 * (nr_slices - 1);
}

static struct sk_buff *grant_fill_msg(struct genl_info *info, struct fabric_grant *grant, int fd,
				      size_t size)
{
	struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);
	int ret;

	if (!msg)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&grant->lock);
	ret = fabric_grant_fill_fd(msg, info, grant, fd);
	mutex_unlock(&grant->lock);
	if (!ret)
		return msg;
	nlmsg_free(msg);
	return ERR_PTR(ret);
}

/* The reply that tells of @grant; @fd is what leads to its file, or -1. */
static struct sk_buff *grant_msg(struct genl_info *info, struct fabric_grant *grant, int fd)
{
	struct sk_buff *msg = grant_fill_msg(info, grant, fd, grant_msg_size(grant->req->pieces));

	if (msg != ERR_PTR(-EMSGSIZE))
		return msg;
	return grant_fill_msg(info, grant, fd, FABRIC_GRANT_MSG_SIZE);
}

/*
 * A request that changes something has the memory of its reply before, so that
 * it never fails after the change; this ends it with what came of it.
 */
static int reply_with(struct sk_buff *msg, int ret, struct genl_info *info, fabric_fill_t fill,
		      void *obj, struct mutex *lock)
{
	if (!ret) {
		mutex_lock(lock);
		ret = fill(msg, info, obj);
		mutex_unlock(lock);
	}
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	return genlmsg_reply(msg, info);
}

static struct sk_buff *reply_new(void)
{
	return genlmsg_new(FABRIC_GRANT_MSG_SIZE, GFP_KERNEL);
}

/* The object has to be registered; otherwise the caller says what there is none of. */
static int reply_if_registered(struct genl_info *info, fabric_fill_t fill,
			       struct fabric_object *obj, struct mutex *lock)
{
	struct sk_buff *msg = reply_new();
	int ret = -ENOENT;

	if (!msg)
		return -ENOMEM;
	mutex_lock(lock);
	if (obj->registered)
		ret = fill(msg, info, obj);
	mutex_unlock(lock);
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	return genlmsg_reply(msg, info);
}

static int not_found(struct genl_info *info, int attr, const char *what)
{
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, info->attrs[attr], "No %s has this id", what);
	return -ENOENT;
}

static int domain_not_found(struct genl_info *info, int attr)
{
	not_found(info, attr, "domain");
	return -ENODEV;
}

/*
 * All but the first part of a dump is made when somebody reads, and can be read
 * by all who have the socket. So the parts are for who asked, and for nobody who
 * was made to read.
 *
 * @generation is what the messages of this call are compared with.
 */
static int dump_begin(struct netlink_callback *cb, u32 generation)
{
	struct fabric_dump *ctx = dump_context(cb);

	cb->seq = generation;
	if (ctx->begun)
		return uid_eq(ctx->uid, current_euid()) && gid_eq(ctx->gid, current_egid()) ?
		       0 : -EPERM;
	cb->prev_seq = generation;
	ctx->begun = true;
	ctx->sender = sender_of(cb->skb);
	ctx->uid = current_euid();
	ctx->gid = current_egid();
	return 0;
}

/*
 * One message per object that is registered and passes @wanted, from the
 * position where the last call ended. The dump is consistent if the generation
 * has not moved between its first and its last message. It is read again at
 * the end of each call, since no lock is held from one object to the next: a
 * change in between marks the next message, which after the last call is the
 * one that ends the dump.
 */
static int dump(struct sk_buff *skb, struct netlink_callback *cb,
		struct fabric_registry *registry, u32 (*generation)(void),
		struct mutex *(*lock_of)(struct fabric_object *obj),
		bool (*wanted)(const struct fabric_object *obj, const struct fabric_dump *ctx),
		fabric_fill_t fill)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fabric_dump *ctx = dump_context(cb);
	struct fabric_object *obj;
	int ret;

	ret = dump_begin(cb, generation());
	if (ret)
		return ret;
	for (; (obj = fabric_object_next(registry, &ctx->id)); ctx->id++) {
		struct mutex *lock = lock_of(obj);
		unsigned int len = skb->len;

		if (wanted && !wanted(obj, ctx)) {
			fabric_object_put(obj);
			continue;
		}
		mutex_lock(lock);
		if (obj->registered)
			ret = fill(skb, info, obj);
		mutex_unlock(lock);
		fabric_object_put(obj);
		if (ret)
			break;
		if (skb->len > len)
			nl_dump_check_consistent(cb, (struct nlmsghdr *)(skb->data + len));
	}
	cb->seq = generation();
	return ret;
}

/* netlink validates nothing where an operation has no policy. */
static int refuse_attrs(struct netlink_callback *cb)
{
	if (!nlmsg_attrlen(cb->nlh, GENL_HDRLEN))
		return 0;
	NL_SET_ERR_MSG(cb->extack, "This dump takes no attributes");
	return -EINVAL;
}

static struct mutex *domain_lock(struct fabric_object *obj)
{
	return &container_of(obj, struct fabric_domain, obj)->lock;
}

static int domain_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_domain_fill(skb, info, container_of(obj, struct fabric_domain, obj));
}

int fabric_nl_domain_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_domain *domain;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DOMAIN_ID))
		return -EINVAL;
	domain = fabric_domain_get(nla_get_u32(info->attrs[FABRIC_A_DOMAIN_ID]));
	ret = domain ? reply_if_registered(info, domain_fill, &domain->obj, &domain->lock) :
		       -ENOENT;
	fabric_domain_put(domain);
	return ret == -ENOENT ? domain_not_found(info, FABRIC_A_DOMAIN_ID) : ret;
}

int fabric_nl_domain_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return refuse_attrs(cb) ?:
	       dump(skb, cb, &fabric_domains, fabric_inventory_generation, domain_lock, NULL,
		    domain_fill);
}

/* What a dump of ports or devices begins with */
static void dump_refresh(struct netlink_callback *cb)
{
	const struct fabric_dump *ctx = dump_context(cb);

	if (!ctx->begun)
		fabric_domain_refresh_all(ctx->domain_id);
}

static struct fabric_port *to_port(const struct fabric_object *obj)
{
	return container_of(obj, struct fabric_port, obj);
}

static struct mutex *port_lock(struct fabric_object *obj)
{
	return &to_port(obj)->domain->lock;
}

static bool port_wanted(const struct fabric_object *obj, const struct fabric_dump *ctx)
{
	return !ctx->domain_id || ctx->domain_id == to_port(obj)->domain->obj.id;
}

static int port_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_port_fill(skb, info, to_port(obj));
}

int fabric_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_port *port;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_PORT_ID))
		return -EINVAL;
	port = fabric_port_get(nla_get_u32(info->attrs[FABRIC_A_PORT_ID]));
	if (port)
		fabric_domain_refresh(port->domain);
	ret = port ? reply_if_registered(info, port_fill, &port->obj, &port->domain->lock) :
		     -ENOENT;
	fabric_port_put(port);
	return ret == -ENOENT ? not_found(info, FABRIC_A_PORT_ID, "port") : ret;
}

int fabric_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	dump_context(cb)->domain_id = optional_u32(genl_info_dump(cb), FABRIC_A_PORT_DOMAIN_ID);
	dump_refresh(cb);
	return dump(skb, cb, &fabric_ports, fabric_inventory_generation, port_lock, port_wanted,
		    port_fill);
}

int fabric_nl_port_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			    struct genl_info *info)
{
	struct fabric_port *port;
	int ret = fabric_nl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_PORT_ID))
		return -EINVAL;
	port = fabric_port_get(nla_get_u32(info->attrs[FABRIC_A_PORT_ID]));
	if (!port)
		return not_found(info, FABRIC_A_PORT_ID, "port");
	info->user_ptr[0] = port;
	return 0;
}

void fabric_nl_port_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			      struct genl_info *info)
{
	fabric_port_put(info->user_ptr[0]);
}

static int port_reply(struct sk_buff *msg, int ret, struct genl_info *info,
		      struct fabric_port *port)
{
	return reply_with(msg, ret, info, fabric_port_fill, port, &port->domain->lock);
}

/* NLA_NUL_STRING bounds the length from above only. */
static bool is_empty(struct genl_info *info, int attr)
{
	if (*(char *)nla_data(info->attrs[attr]))
		return false;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "The name is empty");
	return true;
}

int fabric_nl_port_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_port *port = info->user_ptr[0];
	struct fabric_port_bind_req req = {};
	struct sk_buff *msg;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_PORT_HOST) || is_empty(info, FABRIC_A_PORT_HOST))
		return -EINVAL;
	req.host = nla_data(info->attrs[FABRIC_A_PORT_HOST]);
	msg = reply_new();
	if (!msg)
		return -ENOMEM;
	return port_reply(msg, fabric_port_bind(port, &req, NULL, info->extack), info, port);
}

int fabric_nl_port_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_port *port = info->user_ptr[0];
	struct sk_buff *msg = reply_new();

	if (!msg)
		return -ENOMEM;
	return port_reply(msg, fabric_port_unbind(port, NULL, info->extack), info, port);
}

static int parse_labels(struct genl_info *info, int add, int remove,
			struct fabric_labels_change *change)
{
	const struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		const char *string;

		if (nla_type(attr) != add && nla_type(attr) != remove)
			continue;
		string = fabric_label_string(attr, info->extack);
		if (!string)
			return -EINVAL;
		if (nla_type(attr) == add && !fabric_label_sound(string)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "A label is key=value");
			return -EINVAL;
		}
		if (nla_type(attr) == remove && !fabric_label_key_sound(string)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "A key has letters, digits, dot, slash, _ and -");
			return -EINVAL;
		}
		if (change->nr_add == FABRIC_LABELS_MAX || change->nr_remove == FABRIC_LABELS_MAX) {
			NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr, "More than %u labels",
						FABRIC_LABELS_MAX);
			return -EINVAL;
		}
		if (nla_type(attr) == add)
			change->add[change->nr_add++] = string;
		else
			change->remove[change->nr_remove++] = string;
	}
	return 0;
}

int fabric_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_port *port = info->user_ptr[0];
	struct fabric_port_change change = {};
	struct sk_buff *msg;
	int ret, by_op;

	ret = parse_labels(info, FABRIC_A_PORT_LABEL, FABRIC_A_PORT_UNLABEL, &change.labels);
	if (ret)
		return ret;
	change.link = optional_u32(info, FABRIC_A_PORT_LINK);
	change.speed_limit = optional_u32(info, FABRIC_A_PORT_SPEED_LIMIT);
	change.idle = optional_u32(info, FABRIC_A_PORT_IDLE);
	by_op = !!change.link + !!change.speed_limit + !!change.idle;
	if (!by_op && !change.labels.nr_add && !change.labels.nr_remove) {
		NL_SET_ERR_MSG(info->extack,
			       "Nothing to set, give link, speed-limit, idle, label or unlabel");
		return -EINVAL;
	}
	if (by_op > 1) {
		NL_SET_ERR_MSG(info->extack, "Give one of link, speed-limit and idle at a time");
		return -EINVAL;
	}
	msg = reply_new();
	if (!msg)
		return -ENOMEM;
	ret = fabric_port_set(port, &change, info->extack);
	return port_reply(msg, ret, info, port);
}

static struct fabric_device *to_device(const struct fabric_object *obj)
{
	return container_of(obj, struct fabric_device, obj);
}

static struct mutex *device_lock_of(struct fabric_object *obj)
{
	return &to_device(obj)->domain->lock;
}

static bool device_wanted(const struct fabric_object *obj, const struct fabric_dump *ctx)
{
	return !ctx->domain_id || ctx->domain_id == to_device(obj)->domain->obj.id;
}

static int device_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_device_fill(skb, info, to_device(obj));
}

int fabric_nl_device_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_device *device;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_ID))
		return -EINVAL;
	device = fabric_device_get(nla_get_u32(info->attrs[FABRIC_A_DEVICE_ID]));
	if (device)
		fabric_domain_refresh(device->domain);
	ret = device ? reply_if_registered(info, device_fill, &device->obj,
					   &device->domain->lock) : -ENOENT;
	fabric_device_put(device);
	return ret == -ENOENT ? not_found(info, FABRIC_A_DEVICE_ID, "device") : ret;
}

int fabric_nl_device_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	dump_context(cb)->domain_id = optional_u32(genl_info_dump(cb),
						   FABRIC_A_DEVICE_DOMAIN_ID);
	dump_refresh(cb);
	return dump(skb, cb, &fabric_devices, fabric_inventory_generation, device_lock_of,
		    device_wanted, device_fill);
}

int fabric_nl_device_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_device_change change = {};
	struct fabric_device *device;
	struct sk_buff *msg;
	int ret;

	ret = fabric_nl_need_admin(skb, info);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_ID))
		return -EINVAL;
	ret = parse_labels(info, FABRIC_A_DEVICE_LABEL, FABRIC_A_DEVICE_UNLABEL, &change.labels);
	if (ret)
		return ret;
	change.state = optional_u32(info, FABRIC_A_DEVICE_ADMIN_STATE);
	change.idle_vfs = optional_u32(info, FABRIC_A_DEVICE_IDLE_VFS);
	if (!change.state && !change.idle_vfs && !change.labels.nr_add &&
	    !change.labels.nr_remove) {
		NL_SET_ERR_MSG(info->extack,
			       "Nothing to set, give admin-state, label, unlabel or idle-vfs");
		return -EINVAL;
	}
	device = fabric_device_get(nla_get_u32(info->attrs[FABRIC_A_DEVICE_ID]));
	if (!device)
		return not_found(info, FABRIC_A_DEVICE_ID, "device");
	ret = -ENOMEM;
	msg = reply_new();
	if (!msg)
		goto out_put;
	ret = fabric_device_set(device, &change, info->extack);
	ret = reply_with(msg, ret, info, fabric_device_fill, device, &device->domain->lock);
out_put:
	fabric_device_put(device);
	return ret;
}

static struct fabric_resource *to_resource(const struct fabric_object *obj)
{
	return container_of(obj, struct fabric_resource, obj);
}

static struct mutex *resource_lock(struct fabric_object *obj)
{
	return &to_resource(obj)->domain->lock;
}

static bool resource_wanted(const struct fabric_object *obj, const struct fabric_dump *ctx)
{
	const struct fabric_resource *resource = to_resource(obj);

	return (!ctx->domain_id || ctx->domain_id == resource->domain->obj.id) &&
	       (!ctx->device_id ||
		(resource->device && ctx->device_id == resource->device->obj.id));
}

static int resource_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_resource_fill(skb, info, to_resource(obj));
}

int fabric_nl_resource_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_resource *resource;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_RESOURCE_ID))
		return -EINVAL;
	resource = fabric_resource_get(nla_get_u32(info->attrs[FABRIC_A_RESOURCE_ID]));
	ret = resource ? reply_if_registered(info, resource_fill, &resource->obj,
					     &resource->domain->lock) : -ENOENT;
	fabric_resource_put(resource);
	return ret == -ENOENT ? not_found(info, FABRIC_A_RESOURCE_ID, "resource") : ret;
}

int fabric_nl_resource_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fabric_dump *ctx = dump_context(cb);

	ctx->domain_id = optional_u32(info, FABRIC_A_RESOURCE_DOMAIN_ID);
	ctx->device_id = optional_u32(info, FABRIC_A_RESOURCE_DEVICE_ID);
	return dump(skb, cb, &fabric_resources, fabric_grants_generation, resource_lock,
		    resource_wanted, resource_fill);
}

static struct fabric_grant *to_grant(const struct fabric_object *obj)
{
	return container_of(obj, struct fabric_grant, obj);
}

static struct mutex *grant_lock(struct fabric_object *obj)
{
	return &to_grant(obj)->lock;
}

static int grant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_grant_fill(skb, info, to_grant(obj));
}

/* One message per slice; a grant whose slices do not all fit is continued. */
static int slices_fill(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct genl_info *info, struct fabric_dump *ctx,
		       const struct fabric_grant *grant)
{
	const struct fabric_grant_slice *slice;
	unsigned int index = 0;

	if (grant->state == FABRIC_GRANT_STATE_QUEUED)
		return 0;
	list_for_each_entry(slice, &grant->slices, siblings) {
		unsigned int len = skb->len;
		void *hdr;

		if (!slice->resource || index++ < ctx->slice ||
		    (ctx->resource_id && ctx->resource_id != slice->resource->obj.id))
			continue;
		hdr = genlmsg_iput(skb, info);
		if (!hdr)
			return -EMSGSIZE;
		if (nla_put_u32(skb, FABRIC_A_SLICE_GRANT_ID, grant->obj.id) ||
		    fabric_slice_put_attrs(skb, slice, index - 1)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
		nl_dump_check_consistent(cb, (struct nlmsghdr *)(skb->data + len));
		ctx->slice = index;
	}
	ctx->slice = 0;
	return 0;
}

int fabric_nl_slice_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fabric_dump *ctx = dump_context(cb);
	struct fabric_object *obj;
	int ret;

	ctx->grant_id = optional_u32(info, FABRIC_A_SLICE_GRANT_ID);
	ctx->resource_id = optional_u32(info, FABRIC_A_SLICE_RESOURCE_ID);
	if (ctx->grant_id && !ctx->begun)
		ctx->id = ctx->grant_id;
	ret = dump_begin(cb, fabric_grants_generation());
	if (ret)
		return ret;
	for (; (obj = fabric_object_next(&fabric_grants, &ctx->id)); ctx->id++) {
		struct fabric_grant *grant = to_grant(obj);

		if (ctx->grant_id && ctx->grant_id != obj->id) {
			fabric_grant_put(grant);
			break;
		}
		if (!is_allowed(&ctx->sender, grant)) {
			fabric_grant_put(grant);
			continue;
		}
		mutex_lock(&grant->lock);
		if (obj->registered)
			ret = slices_fill(skb, cb, info, ctx, grant);
		mutex_unlock(&grant->lock);
		fabric_grant_put(grant);
		if (ret)
			break;
	}
	cb->seq = fabric_grants_generation();
	return ret;
}

/* The grant that the message names, referenced, if its sender may know of it. */
static struct fabric_grant *grant_of(struct sk_buff *skb, struct genl_info *info)
{
	struct sender sender = sender_of(skb);
	struct fabric_grant *grant;

	if (!sender.admin && !is_member(&sender, NULL))
		return ERR_PTR(need_member(info));
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_ID))
		return ERR_PTR(-EINVAL);
	grant = fabric_grant_get(nla_get_u32(info->attrs[FABRIC_A_GRANT_ID]));
	if (grant && is_allowed(&sender, grant))
		return grant;
	fabric_grant_put(grant);
	return ERR_PTR(not_found(info, FABRIC_A_GRANT_ID, "grant"));
}

int fabric_nl_grant_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant = grant_of(skb, info);
	int ret;

	if (IS_ERR(grant))
		return PTR_ERR(grant);
	ret = reply_if_registered(info, grant_fill, &grant->obj, &grant->lock);
	fabric_grant_put(grant);
	return ret == -ENOENT ? not_found(info, FABRIC_A_GRANT_ID, "grant") : ret;
}

/* A grant can be larger than what netlink allocates by default. */
int fabric_nl_grant_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = FABRIC_GRANT_MSG_SIZE;
	return 0;
}

static bool grant_wanted(const struct fabric_object *obj, const struct fabric_dump *ctx)
{
	return is_allowed(&ctx->sender, to_grant(obj));
}

int fabric_nl_grant_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return refuse_attrs(cb) ?:
	       dump(skb, cb, &fabric_grants, fabric_grants_generation, grant_lock, grant_wanted,
		    grant_fill);
}

/* A descriptor and the file that it will lead to, before anybody can see it. */
struct fabric_fd {
	int fd;
	struct file *file;
};

static int fd_prepare(struct fabric_fd *fd, struct fabric_grant *grant, enum fabric_file_use use)
{
	fd->fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd->fd < 0)
		return fd->fd;
	fd->file = fabric_grant_file_open(grant, use);
	if (IS_ERR(fd->file)) {
		put_unused_fd(fd->fd);
		return PTR_ERR(fd->file);
	}
	return 0;
}

static void fd_abort(struct fabric_fd *fd)
{
	fput(fd->file);
	put_unused_fd(fd->fd);
}

/* The file that comes with the reply, if the grant or the request is bound to one. */
static int reply_file(struct fabric_fd *fd, struct fabric_grant *grant)
{
	enum fabric_grant_state state = READ_ONCE(grant->state);

	if (grant->req->holder == FABRIC_HOLDER_FILE)
		return fd_prepare(fd, grant, FABRIC_FILE_BINDS);
	if (state == FABRIC_GRANT_STATE_QUEUED || state == FABRIC_GRANT_STATE_PREPARING)
		return fd_prepare(fd, grant, FABRIC_FILE_WAITS);
	return 0;
}

int fabric_nl_grant_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sender sender = sender_of(skb);
	struct fabric_fd fd = { .fd = -1 };
	struct fabric_grant_req *req;
	struct fabric_grant *grant;
	struct sk_buff *msg;
	int ret;

	atomic64_inc(&fabric_stats.requests);
	if (!sender.admin && !sender.itself) {
		ret = need_member(info);
		fabric_record_refusal(NULL, 0, 0, ret, info->extack);
		return ret;
	}
	req = fabric_req_parse(info, sender.admin);
	if (IS_ERR(req))
		return PTR_ERR(req);
	grant = fabric_grant_new(req, info->extack);
	if (IS_ERR(grant))
		return PTR_ERR(grant);
	ret = reply_file(&fd, grant);
	if (ret)
		goto err_del_grant;
	msg = grant_msg(info, grant, fd.fd);
	ret = IS_ERR(msg) ? PTR_ERR(msg) : genlmsg_reply(msg, info);
	if (ret)
		goto err_abort_fd;
	if (fd.file)
		fd_install(fd.fd, fd.file);
	fabric_grant_put(grant);
	return 0;

err_abort_fd:
	if (fd.file)
		fd_abort(&fd);
err_del_grant:
	/* Nobody would know of it, unless the token tells. */
	if (!grant->req->token)
		fabric_grant_abandon(grant, "The reply could not be sent");
	fabric_grant_put(grant);
	return ret;
}

int fabric_nl_grant_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant = grant_of(skb, info);
	int ret;

	if (IS_ERR(grant))
		return PTR_ERR(grant);
	ret = fabric_grant_del(grant, nla_get_flag(info->attrs[FABRIC_A_GRANT_FORCE]),
			       genl_info_net(info), info->snd_portid, info->extack);
	fabric_grant_put(grant);
	return ret == -ENOENT ? not_found(info, FABRIC_A_GRANT_ID, "grant") : ret;
}

static int grant_reply(struct sk_buff *msg, int ret, struct genl_info *info,
		       struct fabric_grant *grant)
{
	return reply_with(msg, ret, info, fabric_grant_fill, grant, &grant->lock);
}

static int change_parse(const struct genl_info *info, struct fabric_grant_change *change)
{
	static const int attrs[] = {
		FABRIC_A_GRANT_SIZE, FABRIC_A_GRANT_PRIORITY, FABRIC_A_GRANT_MIN,
		FABRIC_A_GRANT_RECLAIMABLE, FABRIC_A_GRANT_GRACE, FABRIC_A_GRANT_RESTORE,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (info->attrs[attrs[i]])
			change->has |= BIT_ULL(attrs[i]);
	}
	if (!change->has) {
		NL_SET_ERR_MSG(info->extack, "Nothing to set, give a size or a property");
		return -EINVAL;
	}
	if (info->attrs[FABRIC_A_GRANT_SIZE])
		change->size = nla_get_uint(info->attrs[FABRIC_A_GRANT_SIZE]);
	if (info->attrs[FABRIC_A_GRANT_MIN])
		change->min = nla_get_uint(info->attrs[FABRIC_A_GRANT_MIN]);
	change->pieces = optional_u32(info, FABRIC_A_GRANT_PIECES) ?: 1;
	change->priority = optional_u32(info, FABRIC_A_GRANT_PRIORITY);
	change->reclaimable = optional_u32(info, FABRIC_A_GRANT_RECLAIMABLE);
	change->grace = optional_u32(info, FABRIC_A_GRANT_GRACE);
	change->restore = optional_u32(info, FABRIC_A_GRANT_RESTORE);
	change->force = nla_get_flag(info->attrs[FABRIC_A_GRANT_FORCE]);
	return fabric_req_check_grace(change->grace, info->attrs[FABRIC_A_GRANT_GRACE],
				      info->extack);
}

/* Like grant_of(), and what is refused is recorded. */
static struct fabric_grant *grant_to_change(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant = grant_of(skb, info);

	if (IS_ERR(grant))
		fabric_record_refusal(NULL, optional_u32(info, FABRIC_A_GRANT_ID), 0,
				      PTR_ERR(grant), info->extack);
	return grant;
}

/* @size is what was asked for, or 0 if the size was to stay. */
static void record_refused_change(const struct genl_info *info, struct fabric_grant *grant,
				  u64 size, int error)
{
	mutex_lock(&grant->lock);
	fabric_record_refusal(grant->req, grant->obj.id, size ?: grant->size, error,
			      info->extack);
	mutex_unlock(&grant->lock);
}

int fabric_nl_grant_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant_change change = {};
	struct fabric_grant *grant = grant_to_change(skb, info);
	struct sk_buff *msg;
	int ret;

	if (IS_ERR(grant))
		return PTR_ERR(grant);
	ret = change_parse(info, &change);
	if (ret)
		goto out_refused;
	ret = -ENOMEM;
	msg = reply_new();
	if (!msg)
		goto out_refused;
	ret = fabric_grant_set(grant, &change, genl_info_net(info), info->snd_portid,
			       info->extack);
	ret = grant_reply(msg, ret, info, grant);
out_refused:
	if (ret)
		record_refused_change(info, grant, change.size, ret);
	fabric_grant_put(grant);
	return ret;
}

int fabric_nl_grant_renew_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *lease = info->attrs[FABRIC_A_GRANT_LEASE];
	struct fabric_grant *grant = grant_to_change(skb, info);
	u64 ms = lease ? nla_get_uint(lease) : 0;
	struct sk_buff *msg;
	int ret;

	if (IS_ERR(grant))
		return PTR_ERR(grant);
	ret = fabric_req_check_time(ms, lease, info->extack);
	if (ret)
		goto out_refused;
	ret = -ENOMEM;
	msg = reply_new();
	if (!msg)
		goto out_refused;
	ret = fabric_grant_renew(grant, lease, ms, info->extack);
	ret = grant_reply(msg, ret, info, grant);
out_refused:
	if (ret)
		record_refused_change(info, grant, 0, ret);
	fabric_grant_put(grant);
	return ret;
}

static int grant_is_mappable(struct fabric_grant *grant, struct genl_info *info)
{
	int ret = 0;

	mutex_lock(&grant->lock);
	if (!grant->obj.registered) {
		ret = not_found(info, FABRIC_A_GRANT_ID, "grant");
	} else if (grant->state != FABRIC_GRANT_STATE_ACTIVE) {
		/* A request has no mode yet. */
		NL_SET_ERR_MSG(info->extack, "The grant is not active");
		ret = -ENXIO;
	} else if (grant->mode != FABRIC_MODE_MAP) {
		NL_SET_ERR_MSG(info->extack, "Only a grant in mode map has a file to open");
		ret = -EOPNOTSUPP;
	}
	mutex_unlock(&grant->lock);
	return ret;
}

int fabric_nl_grant_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant = grant_of(skb, info);
	struct fabric_fd fd = {};
	struct sk_buff *msg;
	void *hdr;
	int ret;

	if (IS_ERR(grant))
		return PTR_ERR(grant);
	ret = grant_is_mappable(grant, info);
	if (ret)
		goto out_put;
	ret = fd_prepare(&fd, grant, FABRIC_FILE_DATA);
	if (ret)
		goto out_put;
	ret = -ENOMEM;
	msg = genlmsg_new(FABRIC_GRANT_MSG_SIZE, GFP_KERNEL);
	if (!msg)
		goto err_abort_fd;
	hdr = genlmsg_iput(msg, info);
	ret = hdr ? nla_put_u32(msg, FABRIC_A_GRANT_FD, fd.fd) : -EMSGSIZE;
	if (ret) {
		nlmsg_free(msg);
		goto err_abort_fd;
	}
	genlmsg_end(msg, hdr);
	ret = genlmsg_reply(msg, info);
	if (ret)
		goto err_abort_fd;
	fd_install(fd.fd, fd.file);
	goto out_put;

err_abort_fd:
	fd_abort(&fd);
out_put:
	fabric_grant_put(grant);
	return ret;
}

/* The region as the device that it became. */
static struct fabric_device *find_device(struct fabric_domain *domain, const char *name)
{
	struct fabric_device *device, *found = NULL;

	mutex_lock(&domain->lock);
	list_for_each_entry(device, &domain->devices, node) {
		if (device->health != FABRIC_HEALTH_GONE && !strcmp(device->name, name)) {
			found = device;
			fabric_object_hold(&device->obj);
			break;
		}
	}
	mutex_unlock(&domain->lock);
	return found;
}

int fabric_nl_region_take_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_device *device = NULL;
	struct fabric_region_req req = {};
	struct fabric_domain *domain;
	struct sk_buff *msg;
	int ret = fabric_nl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_DOMAIN_ID) ||
	    GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_NAME) ||
	    is_empty(info, FABRIC_A_DEVICE_NAME))
		return -EINVAL;
	req.name = nla_data(info->attrs[FABRIC_A_DEVICE_NAME]);
	domain = fabric_domain_get(nla_get_u32(info->attrs[FABRIC_A_DEVICE_DOMAIN_ID]));
	if (!domain)
		return domain_not_found(info, FABRIC_A_DEVICE_DOMAIN_ID);
	ret = -ENOMEM;
	msg = reply_new();
	if (!msg)
		goto out_put;
	ret = fabric_region_take(domain, &req, info->extack);
	if (!ret) {
		device = find_device(domain, req.name);
		if (!device)
			ret = -ENODEV;
	}
	ret = reply_with(msg, ret, info, fabric_device_fill, device, &domain->lock);
	fabric_device_put(device);
out_put:
	fabric_domain_put(domain);
	return ret;
}

int fabric_nl_region_give_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_device *device;
	int ret = fabric_nl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_ID))
		return -EINVAL;
	device = fabric_device_get(nla_get_u32(info->attrs[FABRIC_A_DEVICE_ID]));
	if (!device)
		return not_found(info, FABRIC_A_DEVICE_ID, "device");
	ret = fabric_region_give(device, info->extack);
	fabric_device_put(device);
	return ret;
}

static struct fabric_tenant *to_tenant(const struct fabric_object *obj)
{
	return container_of(obj, struct fabric_tenant, obj);
}

static struct mutex *engine_of(struct fabric_object *obj)
{
	return &fabric_engine;
}

static int tenant_fill(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	return fabric_tenant_fill(skb, info, to_tenant(obj));
}

static bool tenant_wanted(const struct fabric_object *obj, const struct fabric_dump *ctx)
{
	return ctx->sender.admin || is_member(&ctx->sender, to_tenant(obj));
}

/* The tenant that the message names by id or name, referenced. */
static struct fabric_tenant *tenant_of(struct genl_info *info)
{
	struct fabric_tenant *tenant;

	if (info->attrs[FABRIC_A_TENANT_ID]) {
		tenant = fabric_tenant_get(nla_get_u32(info->attrs[FABRIC_A_TENANT_ID]));
	} else if (info->attrs[FABRIC_A_TENANT_NAME]) {
		mutex_lock(&fabric_engine);
		tenant = fabric_tenant_find(nla_data(info->attrs[FABRIC_A_TENANT_NAME]));
		mutex_unlock(&fabric_engine);
	} else {
		GENL_REQ_ATTR_CHECK(info, FABRIC_A_TENANT_ID);
		return ERR_PTR(-EINVAL);
	}
	return tenant ?: ERR_PTR(-ENOENT);
}

static int tenant_not_found(struct genl_info *info)
{
	NL_SET_ERR_MSG(info->extack, "No tenant has this id or name");
	return -ENOENT;
}

int fabric_nl_tenant_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_tenant *tenant = tenant_of(info);
	struct sender sender = sender_of(skb);
	int ret = -ENOENT;

	if (IS_ERR(tenant))
		return PTR_ERR(tenant) == -ENOENT ? tenant_not_found(info) : PTR_ERR(tenant);
	if (sender.admin || is_member(&sender, tenant))
		ret = reply_if_registered(info, tenant_fill, &tenant->obj, &fabric_engine);
	fabric_tenant_put(tenant);
	return ret == -ENOENT ? tenant_not_found(info) : ret;
}

int fabric_nl_tenant_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return refuse_attrs(cb) ?:
	       dump(skb, cb, &fabric_tenants, fabric_grants_generation, engine_of, tenant_wanted,
		    tenant_fill);
}

static int quota_parse(struct genl_info *info, const struct nlattr *nest,
		       struct fabric_tenant_info *result)
{
	struct nlattr *tb[FABRIC_A_QUOTA_MAX + 1];
	struct fabric_quota *quota;
	int ret;

	if (result->nr_quotas == FABRIC_QUOTAS_MAX) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, nest, "More than %u quotas",
					FABRIC_QUOTAS_MAX);
		return -EINVAL;
	}
	ret = nla_parse_nested(tb, FABRIC_A_QUOTA_MAX, nest, fabric_quota_nl_policy,
			       info->extack);
	if (ret)
		return ret;
	if (NL_REQ_ATTR_CHECK(info->extack, nest, tb, FABRIC_A_QUOTA_KIND) ||
	    NL_REQ_ATTR_CHECK(info->extack, nest, tb, FABRIC_A_QUOTA_LIMIT))
		return -EINVAL;
	ret = fabric_req_check_kind(nla_get_u32(tb[FABRIC_A_QUOTA_KIND]),
				    tb[FABRIC_A_QUOTA_KIND], info->extack);
	if (ret)
		return ret;
	quota = &result->quotas[result->nr_quotas++];
	quota->kind = nla_get_u32(tb[FABRIC_A_QUOTA_KIND]);
	quota->limit = nla_get_uint(tb[FABRIC_A_QUOTA_LIMIT]);
	if (tb[FABRIC_A_QUOTA_CAPABILITY])
		nla_strscpy(quota->capability, tb[FABRIC_A_QUOTA_CAPABILITY],
			    sizeof(quota->capability));
	return 0;
}

static int member_parse_cgroup(struct genl_info *info, const struct nlattr *attr,
			       struct fabric_member *member)
{
	int ret;

	member->type = FABRIC_MEMBER_CGROUP;
	member->path = kstrdup(nla_data(attr), GFP_KERNEL);
	if (!member->path)
		return -ENOMEM;
	member->cgroup = cgroup_get_from_path(member->path);
	if (!IS_ERR(member->cgroup))
		return 0;
	ret = PTR_ERR(member->cgroup);
	member->cgroup = NULL;
	if (ret != -ENOMEM)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "No cgroup of version 2 has this path");
	return ret;
}

static int member_parse(struct genl_info *info, const struct nlattr *nest,
			struct fabric_tenant_info *result)
{
	struct nlattr *tb[FABRIC_A_MEMBER_MAX + 1];
	struct fabric_member *member;
	int ret;

	if (result->nr_members == FABRIC_MEMBERS_MAX) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, nest, "More than %u members",
					FABRIC_MEMBERS_MAX);
		return -EINVAL;
	}
	ret = nla_parse_nested(tb, FABRIC_A_MEMBER_MAX, nest, fabric_member_nl_policy,
			       info->extack);
	if (ret)
		return ret;
	if (!!tb[FABRIC_A_MEMBER_UID] + !!tb[FABRIC_A_MEMBER_GID] +
	    !!tb[FABRIC_A_MEMBER_CGROUP] != 1) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "A member is a uid, a gid or a cgroup");
		return -EINVAL;
	}
	member = &result->members[result->nr_members++];
	if (tb[FABRIC_A_MEMBER_CGROUP])
		return member_parse_cgroup(info, tb[FABRIC_A_MEMBER_CGROUP], member);
	if (tb[FABRIC_A_MEMBER_UID]) {
		member->type = FABRIC_MEMBER_UID;
		member->uid = make_kuid(&init_user_ns, nla_get_u32(tb[FABRIC_A_MEMBER_UID]));
	} else {
		member->type = FABRIC_MEMBER_GID;
		member->gid = make_kgid(&init_user_ns, nla_get_u32(tb[FABRIC_A_MEMBER_GID]));
	}
	if (tb[FABRIC_A_MEMBER_UID] ? uid_valid(member->uid) : gid_valid(member->gid))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, nest, "No user or group has this number");
	return -EINVAL;
}

static int members_copy(struct fabric_tenant_info *result, const struct fabric_tenant_info *old)
{
	struct fabric_member *member;
	u32 i;

	for (i = 0; i < old->nr_members; i++) {
		member = &result->members[result->nr_members++];
		*member = old->members[i];
		if (member->cgroup)
			cgroup_get(member->cgroup);
		if (member->path) {
			member->path = kstrdup(member->path, GFP_KERNEL);
			if (!member->path)
				return -ENOMEM;
		}
	}
	return 0;
}

/* Lists that a change neither gives nor empties stay as they are. */
static int tenant_keep(const struct genl_info *info, struct fabric_tenant_info *result,
		       const struct fabric_tenant_info *old)
{
	struct nlattr **attrs = info->attrs;

	if ((attrs[FABRIC_A_TENANT_QUOTA] && attrs[FABRIC_A_TENANT_NO_QUOTA]) ||
	    (attrs[FABRIC_A_TENANT_MEMBER] && attrs[FABRIC_A_TENANT_NO_MEMBER])) {
		NL_SET_ERR_MSG(info->extack, "A list can't be given and emptied at once");
		return -EINVAL;
	}
	if (!attrs[FABRIC_A_TENANT_QUOTA] && !attrs[FABRIC_A_TENANT_NO_QUOTA]) {
		memcpy(result->quotas, old->quotas, sizeof(result->quotas));
		result->nr_quotas = old->nr_quotas;
	}
	if (!attrs[FABRIC_A_TENANT_MEMBER] && !attrs[FABRIC_A_TENANT_NO_MEMBER])
		return members_copy(result, old);
	return 0;
}

/* What the message says of a tenant, over what @old says. */
static struct fabric_tenant_info *tenant_parse(struct genl_info *info,
					       const struct fabric_tenant_info *old)
{
	struct fabric_tenant_info *result = kzalloc_obj(*result);
	const struct nlattr *attr;
	int ret = 0, rem;

	if (!result)
		return ERR_PTR(-ENOMEM);
	result->priority_min = old ? old->priority_min : 0;
	result->priority_max = old ? old->priority_max : FABRIC_PRIORITY_DEFAULT;
	if (info->attrs[FABRIC_A_TENANT_PRIORITY_MIN])
		result->priority_min = nla_get_u32(info->attrs[FABRIC_A_TENANT_PRIORITY_MIN]);
	if (info->attrs[FABRIC_A_TENANT_PRIORITY_MAX])
		result->priority_max = nla_get_u32(info->attrs[FABRIC_A_TENANT_PRIORITY_MAX]);
	if (result->priority_min > result->priority_max) {
		NL_SET_ERR_MSG_FMT(info->extack, "Priority-min %u is above priority-max %u",
				   result->priority_min, result->priority_max);
		ret = -EINVAL;
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (!ret && nla_type(attr) == FABRIC_A_TENANT_QUOTA)
			ret = quota_parse(info, attr, result);
		if (!ret && nla_type(attr) == FABRIC_A_TENANT_MEMBER)
			ret = member_parse(info, attr, result);
	}
	if (!ret && old)
		ret = tenant_keep(info, result, old);
	if (ret) {
		fabric_tenant_info_free(result);
		return ERR_PTR(ret);
	}
	return result;
}

static int tenant_reply(struct sk_buff *msg, int ret, struct genl_info *info,
			struct fabric_tenant *tenant)
{
	return reply_with(msg, ret, info, fabric_tenant_fill, tenant, &fabric_engine);
}

int fabric_nl_tenant_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_tenant_info *is;
	struct fabric_tenant *tenant;
	struct sk_buff *msg;
	int ret = fabric_nl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_TENANT_NAME))
		return -EINVAL;
	msg = reply_new();
	if (!msg)
		return -ENOMEM;
	is = tenant_parse(info, NULL);
	if (IS_ERR(is)) {
		ret = PTR_ERR(is);
		goto err_free_msg;
	}
	tenant = fabric_tenant_new(nla_data(info->attrs[FABRIC_A_TENANT_NAME]), is,
				   info->extack);
	if (IS_ERR(tenant)) {
		ret = PTR_ERR(tenant);
		goto err_free_info;
	}
	ret = tenant_reply(msg, 0, info, tenant);
	fabric_tenant_put(tenant);
	return ret;

err_free_info:
	fabric_tenant_info_free(is);
err_free_msg:
	nlmsg_free(msg);
	return ret;
}

int fabric_nl_tenant_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_tenant_info *is;
	struct fabric_tenant *tenant;
	struct sk_buff *msg;
	int ret = fabric_nl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_TENANT_ID))
		return -EINVAL;
	tenant = tenant_of(info);
	if (IS_ERR(tenant))
		return tenant_not_found(info);
	ret = -ENOMEM;
	msg = reply_new();
	if (!msg)
		goto out_put;
	/* What is kept must not change before it is set. */
	mutex_lock(&fabric_engine);
	is = tenant_parse(info, tenant->info);
	ret = PTR_ERR_OR_ZERO(is);
	if (!ret) {
		ret = fabric_tenant_set(tenant, is, info->extack);
		if (ret)
			fabric_tenant_info_free(is);
	}
	mutex_unlock(&fabric_engine);
	ret = tenant_reply(msg, ret, info, tenant);
out_put:
	fabric_tenant_put(tenant);
	return ret;
}

int fabric_nl_tenant_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_tenant *tenant;
	int ret = fabric_nl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_TENANT_ID))
		return -EINVAL;
	tenant = tenant_of(info);
	if (IS_ERR(tenant))
		return tenant_not_found(info);
	ret = fabric_tenant_del(tenant, info->extack);
	fabric_tenant_put(tenant);
	return ret == -ENOENT ? tenant_not_found(info) : ret;
}

int fabric_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	int ret;

	if (nlmsg_attrlen(info->nlhdr, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(info->extack, "This request takes no attributes");
		return -EINVAL;
	}
	msg = genlmsg_new(FABRIC_GRANT_MSG_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	ret = fabric_record_fill_stats(msg, info, &fabric_stats);
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	return genlmsg_reply(msg, info);
}

int fabric_nl_log_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fabric_dump *ctx = dump_context(cb);
	u64 sequence;
	int ret;

	if (!is_admin(cb->skb)) {
		NL_SET_ERR_MSG(cb->extack, "Needs CAP_SYS_ADMIN");
		return -EPERM;
	}
	if (!ctx->begun && info->attrs[FABRIC_A_LOG_SEQUENCE])
		ctx->id = nla_get_uint(info->attrs[FABRIC_A_LOG_SEQUENCE]);
	ctx->begun = true;
	sequence = ctx->id;
	do {
		ret = fabric_record_fill_entry(skb, info, &sequence);
	} while (!ret);
	ctx->id = sequence;
	return ret == -ENOENT ? 0 : ret;
}

static int socket_event(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		fabric_grant_socket_closed(notify->net, notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_event,
};

/* What the generator can't say: grants are not for everybody's ears. */
static struct genl_multicast_group groups[2];

int fabric_nl_init(void)
{
	int ret;

	memcpy(groups, fabric_nl_family.mcgrps, sizeof(groups));
	groups[FABRIC_NLGRP_GRANTS].flags = GENL_MCAST_CAP_SYS_ADMIN;
	fabric_nl_family.mcgrps = groups;
	ret = netlink_register_notifier(&socket_notifier);
	if (ret)
		return ret;
	ret = genl_register_family(&fabric_nl_family);
	if (ret)
		netlink_unregister_notifier(&socket_notifier);
	return ret;
}

void fabric_nl_exit(void)
{
	genl_unregister_family(&fabric_nl_family);
	netlink_unregister_notifier(&socket_notifier);
}
