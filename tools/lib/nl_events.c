// SPDX-License-Identifier: LGPL-2.1-or-later
/* Subscriptions to the notifications of the kernel, each on its own socket. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"

#define EVENTS_RCVBUF	(4 * 1024 * 1024)

struct fabric_events {
	struct nl_sock *sock;
	int family;
	size_t len;		/* of what is in buf */
	size_t pos;		/* of the next message in buf */
	struct fabric_change change;
	struct box box;
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int join(struct fabric_ctx *ctx, struct fabric_events *events, const char *group)
{
	int id;

	id = genl_ctrl_resolve_grp(ctx->nl->sock, FABRIC_FAMILY_NAME, group);
	if (id < 0)
		return ctx_fail(ctx, -EIO, "The multicast group \"%s\" can't be looked up: %s",
				group, nl_geterror(id));
	/* Not by libnl, whose errors are fewer than those of the kernel */
	if (!setsockopt(nl_socket_get_fd(events->sock), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id,
			sizeof(id)))
		return 0;
	if (errno == EPERM)
		return ctx_fail(ctx, -EPERM,
				"Events of %s need the capability CAP_SYS_ADMIN", group);
	return ctx_fail(ctx, -errno, "The multicast group \"%s\" can't be joined", group);
}

FABRIC_API int fabric_events_open(struct fabric_ctx *ctx, unsigned int groups,
				  struct fabric_events **events)
{
	struct fabric_events *new;
	int err;

	ctx_clear(ctx);
	if (!groups || groups & ~FABRIC_EVENTS_ALL)
		return ctx_fail(ctx, -EINVAL, "There is no such group of events");
	err = nl_resolve(ctx);
	if (err)
		return err;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->family = ctx->nl->family;
	err = nl_socket_open(&new->sock, EVENTS_RCVBUF);
	if (err)
		goto err_free;
	if (groups & FABRIC_EVENTS_INVENTORY)
		err = join(ctx, new, FABRIC_MCGRP_INVENTORY);
	if (!err && groups & FABRIC_EVENTS_GRANTS)
		err = join(ctx, new, FABRIC_MCGRP_GRANTS);
	if (err)
		goto err_free_socket;
	*events = new;
	return 0;

err_free_socket:
	nl_socket_free(new->sock);
err_free:
	free(new);
	return err;
}

FABRIC_API void fabric_events_close(struct fabric_events *events)
{
	if (!events)
		return;
	nl_socket_free(events->sock);
	box_free(&events->box);
	free(events);
}

FABRIC_API int fabric_events_fd(const struct fabric_events *events)
{
	return nl_socket_get_fd(events->sock);
}

static int parse_change(struct fabric_events *events, const struct nlmsghdr *nlh)
{
	struct fabric_change *change = &events->change;
	const struct genlmsghdr *ghdr = NLMSG_DATA(nlh);
	struct box *box = &events->box;

	memset(change, 0, sizeof(*change));
	change->cmd = ghdr->cmd;
	change->name = event_name(ghdr->cmd);
	switch (ghdr->cmd) {
	case FABRIC_CMD_DOMAIN_ADD_NTF:
	case FABRIC_CMD_DOMAIN_DEL_NTF:
		change->domain = &box->domain;
		return parse_domain(nlh, box);
	case FABRIC_CMD_PORT_ADD_NTF:
	case FABRIC_CMD_PORT_CHANGE_NTF:
	case FABRIC_CMD_PORT_DEL_NTF:
		change->port = &box->port;
		return parse_port(nlh, box);
	case FABRIC_CMD_DEVICE_ADD_NTF:
	case FABRIC_CMD_DEVICE_CHANGE_NTF:
	case FABRIC_CMD_DEVICE_DEL_NTF:
		change->device = &box->device;
		return parse_device(nlh, box);
	case FABRIC_CMD_RESOURCE_ADD_NTF:
	case FABRIC_CMD_RESOURCE_DEL_NTF:
		change->resource = &box->resource;
		return parse_resource(nlh, box);
	case FABRIC_CMD_GRANT_NEW_NTF:
	case FABRIC_CMD_GRANT_CHANGE_NTF:
	case FABRIC_CMD_GRANT_DEL_NTF:
		change->grant = &box->grant;
		return parse_grant(nlh, box);
	case FABRIC_CMD_TENANT_ADD_NTF:
	case FABRIC_CMD_TENANT_CHANGE_NTF:
	case FABRIC_CMD_TENANT_DEL_NTF:
		change->tenant = &box->tenant;
		return parse_tenant(nlh, box);
	default:
		return 0;
	}
}

FABRIC_API int fabric_events_next(struct fabric_events *events, const struct fabric_change **change)
{
	int fd = nl_socket_get_fd(events->sock);
	const struct nlmsghdr *nlh;
	size_t left;
	ssize_t len;
	int err;

	for (;;) {
		nlh = first_message(events->buf + events->pos);
		left = events->len - events->pos;
		if (!message_ok(nlh, left)) {
			events->pos = 0;
			events->len = 0;
			len = nl_receive(fd, events->buf, sizeof(events->buf), MSG_DONTWAIT);
			if (len < 0)
				return len;
			events->len = len;
			continue;
		}
		events->pos += NLMSG_ALIGN(nlh->nlmsg_len);
		if (events->pos > events->len)
			events->pos = events->len;
		if (nlh->nlmsg_type != events->family ||
		    nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
			continue;
		err = parse_change(events, nlh);
		if (!err)
			*change = &events->change;
		return err;
	}
}
