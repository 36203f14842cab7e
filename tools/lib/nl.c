// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The netlink side of the library, with nl_parse.c and a file nl_*.c for each
 * object: nothing else knows messages.
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
	box_free(&nl->objects.domain);
	box_free(&nl->objects.port);
	box_free(&nl->objects.device);
	box_free(&nl->objects.resource);
	box_free(&nl->objects.grant);
	box_free(&nl->objects.tenant);
	box_free(&nl->objects.stats);
	box_free(&nl->objects.fm);
	box_free(&nl->objects.fm_port);
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

void request_fail(struct fabric_ctx *ctx, int err)
{
	if (!ctx->nl->err)
		ctx->nl->err = err;
}

void request_start(struct fabric_ctx *ctx, uint8_t cmd, int flags)
{
	struct nlmsghdr *nlh = request_of(ctx->nl);
	struct genlmsghdr *ghdr = NLMSG_DATA(nlh);

	ctx_clear(ctx);
	ctx->nl->err = nl_resolve(ctx);
	nlh->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	nlh->nlmsg_type = ctx->nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++ctx->nl->seq;
	nlh->nlmsg_pid = 0;
	ghdr->cmd = cmd;
	ghdr->version = FABRIC_FAMILY_VERSION;
	ghdr->reserved = 0;
}

static void put(struct fabric_ctx *ctx, unsigned int type, const void *data, size_t len)
{
	struct nlmsghdr *nlh = request_of(ctx->nl);
	struct nlattr *attr = (struct nlattr *)(ctx->nl->request + nlh->nlmsg_len);
	size_t padded = NLA_ALIGN(NLA_HDRLEN + len);

	if (ctx->nl->err)
		return;
	if (nlh->nlmsg_len + padded > REQUEST_SIZE) {
		request_fail(ctx, ctx_fail(ctx, -EMSGSIZE, "The request is too long"));
		return;
	}
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	memset((char *)attr + attr->nla_len, 0, padded - attr->nla_len);
	nlh->nlmsg_len += padded;
}

void put_u32(struct fabric_ctx *ctx, unsigned int type, uint32_t value)
{
	put(ctx, type, &value, sizeof(value));
}

/* For numbers that select nothing when they are 0 */
void put_id(struct fabric_ctx *ctx, unsigned int type, uint32_t id)
{
	if (id)
		put_u32(ctx, type, id);
}

void put_uint(struct fabric_ctx *ctx, unsigned int type, uint64_t value)
{
	if (value <= UINT32_MAX)
		put_u32(ctx, type, value);
	else
		put(ctx, type, &value, sizeof(value));
}

void put_flag(struct fabric_ctx *ctx, unsigned int type)
{
	put(ctx, type, NULL, 0);
}

void put_string(struct fabric_ctx *ctx, unsigned int type, const char *string, size_t max)
{
	size_t len = strlen(string);

	if (len > max)
		request_fail(ctx, ctx_fail(ctx, -ENAMETOOLONG,
					   "A name like this has at most %zu bytes", max));
	else
		put(ctx, type, string, len + 1);
}

/* None is NULL */
void put_name(struct fabric_ctx *ctx, unsigned int type, const char *name)
{
	if (name)
		put_string(ctx, type, name, FABRIC_NAME_MAX_LEN);
}

void put_names(struct fabric_ctx *ctx, unsigned int type, const char *const *names, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		put_name(ctx, type, names[i]);
}

size_t nest_start(struct fabric_ctx *ctx, unsigned int type)
{
	size_t start = request_of(ctx->nl)->nlmsg_len;

	put(ctx, type | NLA_F_NESTED, NULL, 0);
	return start;
}

void nest_end(struct fabric_ctx *ctx, size_t start)
{
	struct nlattr *attr = (struct nlattr *)(ctx->nl->request + start);

	if (!ctx->nl->err)
		attr->nla_len = request_of(ctx->nl)->nlmsg_len - start;
}

/* Name of the attribute that an offset in the request points at or into */
static const char *request_attr_at(struct fabric_nl *nl, uint32_t offset)
{
	const struct nlmsghdr *nlh = request_of(nl);
	const struct genlmsghdr *ghdr = NLMSG_DATA(nlh);
	size_t pos = NLMSG_LENGTH(GENL_HDRLEN);
	const struct nlattr *attr;

	if (offset < pos || offset >= nlh->nlmsg_len)
		return NULL;
	for (;;) {
		attr = (const struct nlattr *)(nl->request + pos);
		pos += NLA_ALIGN(attr->nla_len);
		if (offset < pos)
			return attr_name(ghdr->cmd, attr_type(attr));
	}
}

/* Keep what the kernel said about the request besides the errno, @skip bytes into the message. */
static void parse_said(struct fabric_ctx *ctx, const struct nlmsghdr *nlh, size_t skip, int error)
{
	const struct genlmsghdr *request = NLMSG_DATA(request_of(ctx->nl));
	const struct nlattr *offset, *missing;
	struct attrs attrs;

	skip = NLMSG_LENGTH(NLMSG_ALIGN(skip));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len < skip)
		return;
	parse_attrs(&attrs, (const struct nlattr *)((const char *)nlh + skip),
		    nlh->nlmsg_len - skip);
	if (error)
		get_string(ctx->error, sizeof(ctx->error), attrs.tb[NLMSGERR_ATTR_MSG]);
	else
		get_string(ctx->warning, sizeof(ctx->warning), attrs.tb[NLMSGERR_ATTR_MSG]);
	/* What lacks in a nest is told by the name of the nest. */
	offset = attrs.tb[NLMSGERR_ATTR_OFFS] ?: attrs.tb[NLMSGERR_ATTR_MISS_NEST];
	missing = attrs.tb[NLMSGERR_ATTR_MISS_TYPE];
	if (offset)
		ctx->error_attr = request_attr_at(ctx->nl, get_u32(offset, 0));
	else if (missing)
		ctx->error_attr = attr_name(request->cmd, get_u32(missing, 0));
}

static int parse_ack(struct fabric_ctx *ctx, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *ack = NLMSG_DATA(nlh);
	size_t skip = sizeof(*ack);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ack)))
		return ctx_fail(ctx, -EBADMSG, "The kernel sent an ack that is too short");
	if (ack->error > 0 || ack->error < -ERRNO_MAX)
		return ctx_fail(ctx, -EBADMSG, "The kernel sent an ack without an errno");
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && ack->msg.nlmsg_len > NLMSG_HDRLEN)
		skip += ack->msg.nlmsg_len - NLMSG_HDRLEN;
	parse_said(ctx, nlh, skip, ack->error);
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

	if (nl->err)
		return nl->err;
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
int talk(struct fabric_ctx *ctx, const struct nlmsghdr **reply)
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

/* The same for a request whose reply is an object */
int talk_object(struct fabric_ctx *ctx, parse_fn parse, struct box *box)
{
	const struct nlmsghdr *reply;
	int err;

	err = talk(ctx, &reply);
	return err ? err : parse(reply, box);
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

	if (!answers->buf || answers->len + len > size) {
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

static int done_error(struct fabric_ctx *ctx, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
	if (err >= 0)
		return 0;
	if (err < -ERRNO_MAX)
		return ctx_fail(ctx, -EBADMSG, "The kernel ended the list without an errno");
	parse_said(ctx, nlh, sizeof(err), err);
	return err;
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
				err = done_error(ctx, nlh);
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
 * Send the request that was started and call back for each answer. The
 * request and the buffers of the context are free again by then, so callbacks
 * may use the context.
 */
int dump(struct fabric_ctx *ctx, struct list *list)
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
	     nlh = message_next(nlh, &left)) {
		err = list->parse(nlh, &list->box);
		if (!err)
			err = list->call(list);
	}
	box_free(&list->box);
	free(answers.buf);
	return err;
}
