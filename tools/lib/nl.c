// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The netlink side of the library, with nl_parse.c and nl_events.c: nothing
 * else knows messages.
 *
 * libnl opens the sockets and resolves the family. Messages are written, sent
 * and received here: one send() and one recv() per request, in buffers of the
 * context, since libnl allocates each message, receives it twice, and knows
 * nothing of the text of extended acks.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nl.h"

#define DUMP_ATTEMPTS	64

/* Sockets */

int nl_socket_open(struct nl_sock **sock, int rcvbuf)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const int on = 1;
	int fd, err;

	*sock = nl_socket_alloc();
	if (!*sock)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(*sock, NETLINK_GENERIC) < 0) {
		err = errno ? -errno : -EIO;
		goto err_free;
	}
	fd = nl_socket_get_fd(*sock);
	/* Answers are from the kernel, nobody else gets through. */
	if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel))) {
		err = -errno;
		goto err_free;
	}
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on))) {
		err = -errno;
		goto err_free;
	}
	/* Only root gets past the limit of the system; others get up to it. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf))) {
		err = -errno;
		goto err_free;
	}
	return 0;

err_free:
	nl_socket_free(*sock);
	return err;
}

int nl_ctx_open(struct fabric_nl **nl)
{
	struct fabric_nl *new;
	int err;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	err = nl_socket_open(&new->sock, 4 * RECV_SIZE);
	if (err) {
		free(new);
		return err;
	}
	new->fd = nl_socket_get_fd(new->sock);
	*nl = new;
	return 0;
}

void nl_ctx_close(struct fabric_nl *nl)
{
	nl_socket_free(nl->sock);
	free(nl->objects.slices.slices);
	free(nl->objects.members.ids);
	free(nl);
}

int nl_resolve(struct fabric_ctx *ctx)
{
	int family;

	if (ctx->nl->family)
		return 0;
	family = genl_ctrl_resolve(ctx->nl->sock, FABRIC_FAMILY_NAME);
	if (family == -NLE_OBJ_NOTFOUND)
		return ctx_fail(ctx, -EPROTONOSUPPORT,
				"fabric.ko is not loaded, run \"modprobe fabric\"");
	if (family < 0)
		return ctx_fail(ctx, -EIO, "The netlink family \"%s\" can't be looked up: %s",
				FABRIC_FAMILY_NAME, nl_geterror(family));
	ctx->nl->family = family;
	return 0;
}

/* Requests */

static struct nlmsghdr *request_of(struct fabric_nl *nl)
{
	return (struct nlmsghdr *)nl->request;
}

static int request_start(struct fabric_ctx *ctx, uint8_t cmd, int flags)
{
	struct nlmsghdr *nlh = request_of(ctx->nl);
	struct genlmsghdr *ghdr = NLMSG_DATA(nlh);
	int err;

	ctx_clear(ctx);
	err = nl_resolve(ctx);
	if (err)
		return err;
	nlh->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	nlh->nlmsg_type = ctx->nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++ctx->nl->seq;
	nlh->nlmsg_pid = 0;
	ghdr->cmd = cmd;
	ghdr->version = FABRIC_FAMILY_VERSION;
	ghdr->reserved = 0;
	return 0;
}

static int put(struct fabric_ctx *ctx, unsigned int type, const void *data, size_t len)
{
	struct nlmsghdr *nlh = request_of(ctx->nl);
	struct nlattr *attr = (struct nlattr *)(ctx->nl->request + nlh->nlmsg_len);
	size_t padded = NLA_ALIGN(NLA_HDRLEN + len);

	if (nlh->nlmsg_len + padded > REQUEST_SIZE)
		return -EMSGSIZE;
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	memset((char *)attr + attr->nla_len, 0, padded - attr->nla_len);
	nlh->nlmsg_len += padded;
	return 0;
}

static int put_u32(struct fabric_ctx *ctx, unsigned int type, uint32_t value)
{
	return put(ctx, type, &value, sizeof(value));
}

/* For numbers that select nothing when they are 0 */
static int put_id(struct fabric_ctx *ctx, unsigned int type, uint32_t id)
{
	return id ? put_u32(ctx, type, id) : 0;
}

static int put_uint(struct fabric_ctx *ctx, unsigned int type, uint64_t value)
{
	return value <= UINT32_MAX ? put_u32(ctx, type, value) :
	       put(ctx, type, &value, sizeof(value));
}

static int put_string(struct fabric_ctx *ctx, unsigned int type, const char *string)
{
	size_t len = strlen(string);

	if (len > FABRIC_NAME_MAX_LEN)
		return ctx_fail(ctx, -ENAMETOOLONG, "A name has at most %u bytes",
				FABRIC_NAME_MAX_LEN);
	return put(ctx, type, string, len + 1);
}

static const char *request_attr_at(struct fabric_nl *nl, uint32_t offset)
{
	const struct nlmsghdr *nlh = request_of(nl);
	const struct genlmsghdr *ghdr = NLMSG_DATA(nlh);
	const struct nlattr *attr;

	if (offset < NLMSG_LENGTH(GENL_HDRLEN) || offset + sizeof(*attr) > nlh->nlmsg_len)
		return NULL;
	attr = (const struct nlattr *)(nl->request + offset);
	return attr_name(ghdr->cmd, attr_type(attr));
}

/* Keep what the kernel said about the request besides the errno. */
static void parse_ack_attrs(struct fabric_ctx *ctx, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *request = NLMSG_DATA(request_of(ctx->nl));
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	const struct nlmsgerr *ack = NLMSG_DATA(nlh);
	size_t skip = sizeof(*ack);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && ack->msg.nlmsg_len > NLMSG_HDRLEN)
		skip += ack->msg.nlmsg_len - NLMSG_HDRLEN;
	skip = NLMSG_LENGTH(NLMSG_ALIGN(skip));
	if (nlh->nlmsg_len < skip)
		return;
	parse_attrs(tb, NLMSGERR_ATTR_MAX, (const struct nlattr *)((const char *)nlh + skip),
		    nlh->nlmsg_len - skip);
	if (ack->error)
		get_string(ctx->error, sizeof(ctx->error), tb[NLMSGERR_ATTR_MSG]);
	else
		get_string(ctx->warning, sizeof(ctx->warning), tb[NLMSGERR_ATTR_MSG]);
	if (tb[NLMSGERR_ATTR_OFFS])
		ctx->error_attr = request_attr_at(ctx->nl, get_u32(tb[NLMSGERR_ATTR_OFFS], 0));
	if (tb[NLMSGERR_ATTR_MISS_TYPE])
		ctx->error_attr = attr_name(request->cmd,
					    get_u32(tb[NLMSGERR_ATTR_MISS_TYPE], 0));
}

static int parse_ack(struct fabric_ctx *ctx, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *ack = NLMSG_DATA(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ack)))
		return ctx_fail(ctx, -EBADMSG, "The kernel sent an ack that is too short");
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		parse_ack_attrs(ctx, nlh);
	return ack->error;
}

ssize_t nl_receive(int fd, char *buf, size_t size, int flags)
{
	ssize_t len;

	do {
		len = recv(fd, buf, size, MSG_TRUNC | flags);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	return (size_t)len > size ? -EMSGSIZE : len;
}

static int send_request(struct fabric_nl *nl)
{
	const struct nlmsghdr *nlh = request_of(nl);
	ssize_t len;

	/* Interrupted means that it was not sent: the kernel works within send(). */
	do {
		len = send(nl->fd, nlh, nlh->nlmsg_len, 0);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}

/*
 * Send the request and take its answers: an ack, or a reply, or with NLM_F_ACK
 * in the request both, each in a message of its own.
 */
static int talk(struct fabric_ctx *ctx, const struct nlmsghdr **reply)
{
	bool ack = request_of(ctx->nl)->nlmsg_flags & NLM_F_ACK;
	struct fabric_nl *nl = ctx->nl;
	const struct nlmsghdr *nlh;
	size_t used = 0, left;
	ssize_t len;
	int err;

	err = send_request(nl);
	if (err)
		return err;
	if (reply)
		*reply = NULL;
	for (;;) {
		len = nl_receive(nl->fd, nl->buf + used, sizeof(nl->buf) - used, 0);
		if (len < 0)
			return len;
		left = len;
		for (nlh = first_message(nl->buf + used); message_ok(nlh, left);
		     nlh = message_next(nlh, &left)) {
			/* Late answer to a request that was given up */
			if (nlh->nlmsg_seq != nl->seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				err = parse_ack(ctx, nlh);
				if (!err && reply && !*reply)
					return ctx_fail(ctx, -EBADMSG,
							"The kernel did not answer");
				return err;
			}
			if (reply)
				*reply = nlh;
			if (!ack)
				return 0;
		}
		if (reply && *reply)
			used += NLMSG_ALIGN(len);
	}
}

/* Lists */

struct answers {
	char *buf;
	size_t len;
	size_t size;
};

static int answers_append(struct answers *answers, const struct nlmsghdr *nlh)
{
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);
	size_t size = answers->size;
	char *buf;

	if (answers->len + len > size) {
		size = size ? 2 * size : RECV_SIZE;
		buf = realloc(answers->buf, size);
		if (!buf)
			return -ENOMEM;
		answers->buf = buf;
		answers->size = size;
	}
	memcpy(answers->buf + answers->len, nlh, nlh->nlmsg_len);
	answers->len += len;
	return 0;
}

static int done_error(const struct nlmsghdr *nlh)
{
	int err = 0;

	if (nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
	return err < 0 ? err : 0;
}

/* Collect the answers to a request for a dump. -EINTR: they don't fit together. */
static int dump_once(struct fabric_ctx *ctx, struct answers *answers)
{
	struct fabric_nl *nl = ctx->nl;
	const struct nlmsghdr *nlh;
	bool interrupted = false;
	int err, result = 0;
	size_t left;
	ssize_t len;

	request_of(nl)->nlmsg_seq = ++nl->seq;
	answers->len = 0;
	err = send_request(nl);
	if (err)
		return err;
	for (;;) {
		len = nl_receive(nl->fd, nl->buf, sizeof(nl->buf), 0);
		if (len < 0)
			return len;
		left = len;
		for (nlh = first_message(nl->buf); message_ok(nlh, left);
		     nlh = message_next(nlh, &left)) {
			if (nlh->nlmsg_seq != nl->seq)
				continue;
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return parse_ack(ctx, nlh);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				err = done_error(nlh);
				if (!err)
					err = result;
				return !err && interrupted ? -EINTR : err;
			}
			/* The rest must be taken off the socket even when it's lost. */
			if (!result)
				result = answers_append(answers, nlh);
		}
	}
}

/*
 * Send the request that was started and call deliver for each answer. The
 * request and the buffers of the context are free again by then, so callbacks
 * may use the context.
 */
static int dump(struct fabric_ctx *ctx, int (*deliver)(const struct nlmsghdr *nlh, void *arg),
		void *arg)
{
	const struct nlmsghdr *nlh;
	struct answers answers = {};
	unsigned int attempt;
	size_t left;
	int err;

	for (attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
		err = dump_once(ctx, &answers);
		if (err != -EINTR)
			break;
	}
	if (err == -EINTR)
		err = ctx_fail(ctx, -EAGAIN, "The list changed during each of %u attempts",
			       DUMP_ATTEMPTS);
	left = answers.len;
	for (nlh = first_message(answers.buf); !err && message_ok(nlh, left);
	     nlh = message_next(nlh, &left))
		err = deliver(nlh, arg);
	free(answers.buf);
	return err;
}

struct list_arg {
	union {
		fabric_domain_cb domain;
		fabric_port_cb port;
		fabric_device_cb device;
		fabric_resource_cb resource;
		fabric_slice_cb slice;
		fabric_grant_cb grant;
	} cb;
	void *data;
	struct slice_store slices;
	struct member_store members;
};

/* Domains */

FABRIC_API int fabric_domain_get(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_domain **domain)
{
	const struct nlmsghdr *reply;
	int err;

	err = request_start(ctx, FABRIC_CMD_DOMAIN_GET, 0);
	if (!err)
		err = put_u32(ctx, FABRIC_A_DOMAIN_ID, id);
	if (!err)
		err = talk(ctx, &reply);
	if (!err)
		err = parse_domain(reply, &ctx->nl->objects.domain);
	if (!err)
		*domain = &ctx->nl->objects.domain;
	return err;
}

static int deliver_domain(const struct nlmsghdr *nlh, void *arg)
{
	struct fabric_domain domain;
	struct list_arg *list = arg;
	int err;

	err = parse_domain(nlh, &domain);
	return err ? err : list->cb.domain(&domain, list->data);
}

FABRIC_API int fabric_domain_list(struct fabric_ctx *ctx, fabric_domain_cb cb, void *data)
{
	struct list_arg arg = { .cb.domain = cb, .data = data };
	int err;

	err = request_start(ctx, FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP);
	return err ? err : dump(ctx, deliver_domain, &arg);
}

/* Ports */

static int port_talk(struct fabric_ctx *ctx, const struct fabric_port **port)
{
	const struct nlmsghdr *reply;
	int err;

	err = talk(ctx, &reply);
	if (!err)
		err = parse_port(reply, &ctx->nl->objects.port);
	if (!err && port)
		*port = &ctx->nl->objects.port;
	return err;
}

FABRIC_API int fabric_port_get(struct fabric_ctx *ctx, uint32_t id,
			       const struct fabric_port **port)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_PORT_GET, 0);
	if (!err)
		err = put_u32(ctx, FABRIC_A_PORT_ID, id);
	return err ? err : port_talk(ctx, port);
}

static int deliver_port(const struct nlmsghdr *nlh, void *arg)
{
	struct list_arg *list = arg;
	struct fabric_port port;
	int err;

	err = parse_port(nlh, &port);
	return err ? err : list->cb.port(&port, list->data);
}

FABRIC_API int fabric_port_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_port_cb cb,
				void *data)
{
	struct list_arg arg = { .cb.port = cb, .data = data };
	int err;

	err = request_start(ctx, FABRIC_CMD_PORT_GET, NLM_F_DUMP);
	if (!err)
		err = put_id(ctx, FABRIC_A_PORT_DOMAIN_ID, domain_id);
	return err ? err : dump(ctx, deliver_port, &arg);
}

FABRIC_API int fabric_port_bind(struct fabric_ctx *ctx, uint32_t id, const char *host,
				const struct fabric_port **port)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_PORT_BIND, NLM_F_ACK);
	if (!err)
		err = put_u32(ctx, FABRIC_A_PORT_ID, id);
	if (!err)
		err = put_string(ctx, FABRIC_A_PORT_HOST, host);
	return err ? err : port_talk(ctx, port);
}

FABRIC_API int fabric_port_unbind(struct fabric_ctx *ctx, uint32_t id,
				  const struct fabric_port **port)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_PORT_UNBIND, NLM_F_ACK);
	if (!err)
		err = put_u32(ctx, FABRIC_A_PORT_ID, id);
	return err ? err : port_talk(ctx, port);
}

FABRIC_API int fabric_port_set_link(struct fabric_ctx *ctx, uint32_t id, enum fabric_link link,
				    const struct fabric_port **port)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_PORT_SET, NLM_F_ACK);
	if (!err)
		err = put_u32(ctx, FABRIC_A_PORT_ID, id);
	if (!err)
		err = put_u32(ctx, FABRIC_A_PORT_LINK, link);
	return err ? err : port_talk(ctx, port);
}

/* Devices */

static int device_talk(struct fabric_ctx *ctx, const struct fabric_device **device)
{
	struct objects *objects = &ctx->nl->objects;
	const struct nlmsghdr *reply;
	int err;

	err = talk(ctx, &reply);
	if (!err)
		err = parse_device(reply, &objects->device, &objects->members);
	if (!err && device)
		*device = &objects->device;
	return err;
}

FABRIC_API int fabric_device_get(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_device **device)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_DEVICE_GET, 0);
	if (!err)
		err = put_u32(ctx, FABRIC_A_DEVICE_ID, id);
	return err ? err : device_talk(ctx, device);
}

static int deliver_device(const struct nlmsghdr *nlh, void *arg)
{
	struct fabric_device device;
	struct list_arg *list = arg;
	int err;

	err = parse_device(nlh, &device, &list->members);
	return err ? err : list->cb.device(&device, list->data);
}

FABRIC_API int fabric_device_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_device_cb cb,
				  void *data)
{
	struct list_arg arg = { .cb.device = cb, .data = data };
	int err;

	err = request_start(ctx, FABRIC_CMD_DEVICE_GET, NLM_F_DUMP);
	if (!err)
		err = put_id(ctx, FABRIC_A_DEVICE_DOMAIN_ID, domain_id);
	if (!err)
		err = dump(ctx, deliver_device, &arg);
	free(arg.members.ids);
	return err;
}

FABRIC_API int fabric_region_take(struct fabric_ctx *ctx, uint32_t domain_id, const char *name,
				  const struct fabric_device **device)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_REGION_TAKE, NLM_F_ACK);
	if (!err)
		err = put_u32(ctx, FABRIC_A_DEVICE_DOMAIN_ID, domain_id);
	if (!err)
		err = put_string(ctx, FABRIC_A_DEVICE_NAME, name);
	return err ? err : device_talk(ctx, device);
}

FABRIC_API int fabric_region_give(struct fabric_ctx *ctx, uint32_t device_id)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_REGION_GIVE, NLM_F_ACK);
	if (!err)
		err = put_u32(ctx, FABRIC_A_DEVICE_ID, device_id);
	return err ? err : talk(ctx, NULL);
}

/* Resources */

FABRIC_API int fabric_resource_get(struct fabric_ctx *ctx, uint32_t id,
				   const struct fabric_resource **resource)
{
	const struct nlmsghdr *reply;
	int err;

	err = request_start(ctx, FABRIC_CMD_RESOURCE_GET, 0);
	if (!err)
		err = put_u32(ctx, FABRIC_A_RESOURCE_ID, id);
	if (!err)
		err = talk(ctx, &reply);
	if (!err)
		err = parse_resource(reply, &ctx->nl->objects.resource);
	if (!err)
		*resource = &ctx->nl->objects.resource;
	return err;
}

static int deliver_resource(const struct nlmsghdr *nlh, void *arg)
{
	struct fabric_resource resource;
	struct list_arg *list = arg;
	int err;

	err = parse_resource(nlh, &resource);
	return err ? err : list->cb.resource(&resource, list->data);
}

FABRIC_API int fabric_resource_list(struct fabric_ctx *ctx, uint32_t domain_id,
				    uint32_t device_id, fabric_resource_cb cb, void *data)
{
	struct list_arg arg = { .cb.resource = cb, .data = data };
	int err;

	err = request_start(ctx, FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP);
	if (!err)
		err = put_id(ctx, FABRIC_A_RESOURCE_DOMAIN_ID, domain_id);
	if (!err)
		err = put_id(ctx, FABRIC_A_RESOURCE_DEVICE_ID, device_id);
	return err ? err : dump(ctx, deliver_resource, &arg);
}

/* Slices */

static int deliver_slice(const struct nlmsghdr *nlh, void *arg)
{
	struct list_arg *list = arg;
	struct fabric_slice slice;
	int err;

	err = parse_slice(nlh, &slice);
	return err ? err : list->cb.slice(&slice, list->data);
}

FABRIC_API int fabric_slice_list(struct fabric_ctx *ctx, uint32_t grant_id, uint32_t resource_id,
				 fabric_slice_cb cb, void *data)
{
	struct list_arg arg = { .cb.slice = cb, .data = data };
	int err;

	err = request_start(ctx, FABRIC_CMD_SLICE_GET, NLM_F_DUMP);
	if (!err)
		err = put_id(ctx, FABRIC_A_SLICE_GRANT_ID, grant_id);
	if (!err)
		err = put_id(ctx, FABRIC_A_SLICE_RESOURCE_ID, resource_id);
	return err ? err : dump(ctx, deliver_slice, &arg);
}

/* Grants */

static int grant_talk(struct fabric_ctx *ctx, const struct fabric_grant **grant)
{
	struct objects *objects = &ctx->nl->objects;
	const struct nlmsghdr *reply;
	int err;

	err = talk(ctx, &reply);
	if (err)
		return err;
	objects->grant.fd = -1;
	err = parse_grant(reply, &objects->grant, &objects->slices);
	if (err) {
		/* Nobody would know of the descriptor, nor end the grant. */
		if (objects->grant.fd >= 0)
			close(objects->grant.fd);
		return err;
	}
	*grant = &objects->grant;
	return 0;
}

FABRIC_API int fabric_grant_get(struct fabric_ctx *ctx, uint32_t id,
				const struct fabric_grant **grant)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_GRANT_GET, 0);
	if (!err)
		err = put_u32(ctx, FABRIC_A_GRANT_ID, id);
	return err ? err : grant_talk(ctx, grant);
}

static int deliver_grant(const struct nlmsghdr *nlh, void *arg)
{
	struct list_arg *list = arg;
	struct fabric_grant grant;
	int err;

	err = parse_grant(nlh, &grant, &list->slices);
	return err ? err : list->cb.grant(&grant, list->data);
}

FABRIC_API int fabric_grant_list(struct fabric_ctx *ctx, fabric_grant_cb cb, void *data)
{
	struct list_arg arg = { .cb.grant = cb, .data = data };
	int err;

	err = request_start(ctx, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	if (!err)
		err = dump(ctx, deliver_grant, &arg);
	free(arg.slices.slices);
	return err;
}

static int put_grant_req(struct fabric_ctx *ctx, const struct fabric_grant_req *req)
{
	int err;

	err = put_id(ctx, FABRIC_A_GRANT_KIND, req->kind);
	if (!err && req->capability)
		err = put_string(ctx, FABRIC_A_GRANT_CAPABILITY, req->capability);
	if (!err)
		err = put_uint(ctx, FABRIC_A_GRANT_SIZE, req->size);
	if (!err)
		err = put_id(ctx, FABRIC_A_GRANT_MODE, req->mode);
	if (!err)
		err = put_id(ctx, FABRIC_A_GRANT_HOLDER, req->holder);
	if (!err)
		err = put_id(ctx, FABRIC_A_GRANT_DOMAIN_ID, req->domain_id);
	if (!err)
		err = put_id(ctx, FABRIC_A_GRANT_DEVICE_ID, req->device_id);
	if (!err && req->numa_node != FABRIC_NO_NODE)
		err = put_u32(ctx, FABRIC_A_GRANT_NUMA_NODE, req->numa_node);
	return err;
}

FABRIC_API int fabric_grant_new(struct fabric_ctx *ctx, const struct fabric_grant_req *req,
				const struct fabric_grant **grant)
{
	struct fabric_grant_req copy;
	int err;

	err = request_start(ctx, FABRIC_CMD_GRANT_NEW, 0);
	if (!err)
		err = ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size);
	if (!err)
		err = put_grant_req(ctx, &copy);
	return err ? err : grant_talk(ctx, grant);
}

FABRIC_API int fabric_grant_del(struct fabric_ctx *ctx, uint32_t id, bool force)
{
	int err;

	err = request_start(ctx, FABRIC_CMD_GRANT_DEL, NLM_F_ACK);
	if (!err)
		err = put_u32(ctx, FABRIC_A_GRANT_ID, id);
	if (!err && force)
		err = put(ctx, FABRIC_A_GRANT_FORCE, "", 0);
	return err ? err : talk(ctx, NULL);
}

FABRIC_API int fabric_grant_open(struct fabric_ctx *ctx, uint32_t id)
{
	const struct nlattr *tb[FABRIC_A_GRANT_MAX + 1];
	const struct nlmsghdr *reply;
	int err;

	err = request_start(ctx, FABRIC_CMD_GRANT_OPEN, 0);
	if (!err)
		err = put_u32(ctx, FABRIC_A_GRANT_ID, id);
	if (!err)
		err = talk(ctx, &reply);
	if (!err)
		err = parse_message(tb, FABRIC_A_GRANT_MAX, reply);
	if (err)
		return err;
	if (!tb[FABRIC_A_GRANT_FD])
		return ctx_fail(ctx, -EBADMSG, "The kernel did not say which descriptor it is");
	return get_u32(tb[FABRIC_A_GRANT_FD], 0);
}
