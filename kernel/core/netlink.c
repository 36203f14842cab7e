// SPDX-License-Identifier: GPL-2.0
/* Handlers: parse, call, reply. What they call is in the files of the objects. */
#include <linux/file.h>
#include <linux/notifier.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

/* Position and filters of a dump. */
struct fabric_dump {
	unsigned long id;
	bool begun;
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

/* Send @obj to the group of listeners. Called under the lock that orders events. */
void fabric_nl_notify(u8 cmd, unsigned int group, fabric_fill_t fill, void *obj)
{
	struct genl_info info;
	struct sk_buff *msg;

	if (!genl_has_listeners(&fabric_nl_family, &init_net, group))
		return;
	genl_info_init_ntf(&info, &fabric_nl_family, cmd);
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg || fill(msg, &info, obj)) {
		/* Listeners learn from this that they missed something. */
		nlmsg_free(msg);
		genl_set_err(&fabric_nl_family, &init_net, 0, group, -ENOBUFS);
		return;
	}
	genlmsg_multicast(&fabric_nl_family, msg, 0, group, GFP_KERNEL);
}

static int reply_with(struct genl_info *info, fabric_fill_t fill, void *obj, struct mutex *lock)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	int ret;

	if (!msg)
		return -ENOMEM;
	mutex_lock(lock);
	ret = fill(msg, info, obj);
	mutex_unlock(lock);
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	return genlmsg_reply(msg, info);
}

/*
 * Like reply_with(), for an object that has to be registered. The text says
 * what there is none of.
 */
static int reply_if_registered(struct genl_info *info, fabric_fill_t fill,
			       struct fabric_object *obj, struct mutex *lock)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
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

/* The generation that the messages of this call are compared with. */
static void dump_begin(struct netlink_callback *cb, u32 generation)
{
	struct fabric_dump *ctx = dump_context(cb);

	cb->seq = generation;
	if (!ctx->begun)
		cb->prev_seq = generation;
	ctx->begun = true;
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
	int ret = 0;

	dump_begin(cb, generation());
	for (; (obj = fabric_object_next(registry, &ctx->id)); ctx->id++) {
		struct mutex *lock = lock_of(obj);
		unsigned int len = skb->len;

		mutex_lock(lock);
		if (obj->registered && (!wanted || wanted(obj, ctx)))
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
	ret = port ? reply_if_registered(info, port_fill, &port->obj, &port->domain->lock) :
		     -ENOENT;
	fabric_port_put(port);
	return ret == -ENOENT ? not_found(info, FABRIC_A_PORT_ID, "port") : ret;
}

int fabric_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	dump_context(cb)->domain_id = optional_u32(genl_info_dump(cb), FABRIC_A_PORT_DOMAIN_ID);
	return dump(skb, cb, &fabric_ports, fabric_inventory_generation, port_lock, port_wanted,
		    port_fill);
}

int fabric_nl_port_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			    struct genl_info *info)
{
	struct fabric_port *port;

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

static int port_reply(struct genl_info *info, struct fabric_port *port)
{
	return reply_with(info, fabric_port_fill, port, &port->domain->lock);
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
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_PORT_HOST) || is_empty(info, FABRIC_A_PORT_HOST))
		return -EINVAL;
	req.host = nla_data(info->attrs[FABRIC_A_PORT_HOST]);
	ret = fabric_port_bind(port, &req, info->extack);
	return ret ?: port_reply(info, port);
}

int fabric_nl_port_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_port *port = info->user_ptr[0];
	int ret = fabric_port_unbind(port, info->extack);

	return ret ?: port_reply(info, port);
}

int fabric_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_port *port = info->user_ptr[0];
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_PORT_LINK))
		return -EINVAL;
	ret = fabric_port_set_link(port, nla_get_u32(info->attrs[FABRIC_A_PORT_LINK]),
				   info->extack);
	return ret ?: port_reply(info, port);
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
	ret = device ? reply_if_registered(info, device_fill, &device->obj,
					   &device->domain->lock) : -ENOENT;
	fabric_device_put(device);
	return ret == -ENOENT ? not_found(info, FABRIC_A_DEVICE_ID, "device") : ret;
}

int fabric_nl_device_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	dump_context(cb)->domain_id = optional_u32(genl_info_dump(cb),
						   FABRIC_A_DEVICE_DOMAIN_ID);
	return dump(skb, cb, &fabric_devices, fabric_inventory_generation, device_lock_of,
		    device_wanted, device_fill);
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
	       (!ctx->device_id || ctx->device_id == resource->device->obj.id);
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
	for (; ctx->slice < grant->nr_slices; ctx->slice++) {
		const struct fabric_grant_slice *slice = &grant->slices[ctx->slice];
		unsigned int len = skb->len;
		void *hdr;

		if (!slice->resource ||
		    (ctx->resource_id && ctx->resource_id != slice->resource->obj.id))
			continue;
		hdr = genlmsg_iput(skb, info);
		if (!hdr)
			return -EMSGSIZE;
		if (fabric_grant_slice_fill(skb, slice)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
		nl_dump_check_consistent(cb, (struct nlmsghdr *)(skb->data + len));
	}
	ctx->slice = 0;
	return 0;
}

int fabric_nl_slice_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fabric_dump *ctx = dump_context(cb);
	struct fabric_object *obj;
	int ret = 0;

	ctx->grant_id = optional_u32(info, FABRIC_A_SLICE_GRANT_ID);
	ctx->resource_id = optional_u32(info, FABRIC_A_SLICE_RESOURCE_ID);
	if (ctx->grant_id && !ctx->begun)
		ctx->id = ctx->grant_id;
	dump_begin(cb, fabric_grants_generation());
	for (; (obj = fabric_object_next(&fabric_grants, &ctx->id)); ctx->id++) {
		struct fabric_grant *grant = to_grant(obj);

		if (ctx->grant_id && ctx->grant_id != obj->id) {
			fabric_grant_put(grant);
			break;
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

int fabric_nl_grant_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_ID))
		return -EINVAL;
	grant = fabric_grant_get(nla_get_u32(info->attrs[FABRIC_A_GRANT_ID]));
	ret = grant ? reply_if_registered(info, grant_fill, &grant->obj, &grant->lock) : -ENOENT;
	fabric_grant_put(grant);
	return ret == -ENOENT ? not_found(info, FABRIC_A_GRANT_ID, "grant") : ret;
}

int fabric_nl_grant_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return refuse_attrs(cb) ?:
	       dump(skb, cb, &fabric_grants, fabric_grants_generation, grant_lock, NULL,
		    grant_fill);
}

static int grant_req_parse(struct genl_info *info, struct fabric_grant_req *req)
{
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_KIND) ||
	    GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_SIZE))
		return -EINVAL;
	req->kind = nla_get_u32(info->attrs[FABRIC_A_GRANT_KIND]);
	req->size = nla_get_uint(info->attrs[FABRIC_A_GRANT_SIZE]);
	req->mode = optional_u32(info, FABRIC_A_GRANT_MODE);
	req->holder = optional_u32(info, FABRIC_A_GRANT_HOLDER) ?: FABRIC_HOLDER_NONE;
	req->domain_id = optional_u32(info, FABRIC_A_GRANT_DOMAIN_ID);
	req->device_id = optional_u32(info, FABRIC_A_GRANT_DEVICE_ID);
	req->numa_node = NUMA_NO_NODE;
	if (info->attrs[FABRIC_A_GRANT_NUMA_NODE]) {
		req->numa_node = nla_get_u32(info->attrs[FABRIC_A_GRANT_NUMA_NODE]);
		if (req->numa_node < 0 || req->numa_node >= MAX_NUMNODES) {
			NL_SET_ERR_MSG_ATTR_FMT(info->extack,
						info->attrs[FABRIC_A_GRANT_NUMA_NODE],
						"NUMA nodes are below %d", MAX_NUMNODES);
			return -EINVAL;
		}
	}
	if (info->attrs[FABRIC_A_GRANT_CAPABILITY]) {
		if (is_empty(info, FABRIC_A_GRANT_CAPABILITY))
			return -EINVAL;
		req->capability = nla_data(info->attrs[FABRIC_A_GRANT_CAPABILITY]);
	}
	req->net = genl_info_net(info);
	req->portid = info->snd_portid;
	return 0;
}

/* A descriptor and the file that it will lead to, before anybody can see it. */
struct fabric_fd {
	int fd;
	struct file *file;
};

static int fd_prepare(struct fabric_fd *fd, struct fabric_grant *grant, bool binds)
{
	fd->fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd->fd < 0)
		return fd->fd;
	fd->file = fabric_grant_file_open(grant, binds);
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

int fabric_nl_grant_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant_req req = {};
	struct fabric_fd fd = { .fd = -1 };
	struct fabric_grant *grant;
	struct sk_buff *msg;
	int ret;

	ret = grant_req_parse(info, &req);
	if (ret)
		return ret;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	grant = fabric_grant_new(&req, info->extack);
	if (IS_ERR(grant)) {
		ret = PTR_ERR(grant);
		goto err_free_msg;
	}
	if (req.holder == FABRIC_HOLDER_FILE) {
		ret = fd_prepare(&fd, grant, true);
		if (ret)
			goto err_del_grant;
	}
	mutex_lock(&grant->lock);
	ret = fabric_grant_fill_fd(msg, info, grant, fd.fd);
	mutex_unlock(&grant->lock);
	if (ret)
		goto err_abort_fd;
	ret = genlmsg_reply(msg, info);
	msg = NULL;
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
	/* Nobody would know of it. */
	fabric_grant_revoke_async(grant, "The reply could not be sent");
	fabric_grant_put(grant);
err_free_msg:
	nlmsg_free(msg);
	return ret;
}

int fabric_nl_grant_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant;
	int ret = -ENOENT;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_ID))
		return -EINVAL;
	grant = fabric_grant_get(nla_get_u32(info->attrs[FABRIC_A_GRANT_ID]));
	if (grant)
		ret = fabric_grant_del(grant, nla_get_flag(info->attrs[FABRIC_A_GRANT_FORCE]),
				       genl_info_net(info), info->snd_portid, info->extack);
	fabric_grant_put(grant);
	return ret == -ENOENT ? not_found(info, FABRIC_A_GRANT_ID, "grant") : ret;
}

static int grant_is_mappable(struct fabric_grant *grant, struct genl_info *info)
{
	int ret = 0;

	mutex_lock(&grant->lock);
	if (!grant->obj.registered) {
		ret = not_found(info, FABRIC_A_GRANT_ID, "grant");
	} else if (grant->mode != FABRIC_MODE_MAP) {
		NL_SET_ERR_MSG(info->extack, "Only a grant in mode map has a file to open");
		ret = -EOPNOTSUPP;
	} else if (grant->state != FABRIC_GRANT_STATE_ACTIVE) {
		NL_SET_ERR_MSG(info->extack, "The grant is not active");
		ret = -ENXIO;
	}
	mutex_unlock(&grant->lock);
	return ret;
}

int fabric_nl_grant_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_grant *grant;
	struct fabric_fd fd = {};
	struct sk_buff *msg;
	void *hdr;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_GRANT_ID))
		return -EINVAL;
	grant = fabric_grant_get(nla_get_u32(info->attrs[FABRIC_A_GRANT_ID]));
	if (!grant)
		return not_found(info, FABRIC_A_GRANT_ID, "grant");
	ret = grant_is_mappable(grant, info);
	if (ret)
		goto out_put;
	ret = fd_prepare(&fd, grant, false);
	if (ret)
		goto out_put;
	ret = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
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
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_DOMAIN_ID) ||
	    GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_NAME) ||
	    is_empty(info, FABRIC_A_DEVICE_NAME))
		return -EINVAL;
	req.name = nla_data(info->attrs[FABRIC_A_DEVICE_NAME]);
	domain = fabric_domain_get(nla_get_u32(info->attrs[FABRIC_A_DEVICE_DOMAIN_ID]));
	if (!domain)
		return domain_not_found(info, FABRIC_A_DEVICE_DOMAIN_ID);
	ret = fabric_region_take(domain, &req, info->extack);
	if (!ret) {
		device = find_device(domain, req.name);
		ret = device ? reply_with(info, fabric_device_fill, device, &domain->lock) :
			       -ENODEV;
	}
	fabric_device_put(device);
	fabric_domain_put(domain);
	return ret;
}

int fabric_nl_region_give_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_device *device;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_DEVICE_ID))
		return -EINVAL;
	device = fabric_device_get(nla_get_u32(info->attrs[FABRIC_A_DEVICE_ID]));
	if (!device)
		return not_found(info, FABRIC_A_DEVICE_ID, "device");
	ret = fabric_region_give(device, info->extack);
	fabric_device_put(device);
	return ret;
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

int fabric_nl_init(void)
{
	int ret;

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
