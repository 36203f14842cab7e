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
	struct fabric_event event;
	struct objects objects;
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int join(struct fabric_ctx *ctx, struct fabric_events *events, const char *group)
{
	int id, err;

	id = genl_ctrl_resolve_grp(ctx->nl->sock, FABRIC_FAMILY_NAME, group);
	if (id < 0)
		return ctx_fail(ctx, -EIO, "The multicast group \"%s\" can't be looked up: %s",
				group, nl_geterror(id));
	err = nl_socket_add_membership(events->sock, id);
	if (err < 0)
		return ctx_fail(ctx, -EIO, "The multicast group \"%s\" can't be joined: %s",
				group, nl_geterror(err));
	return 0;
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
	free(events->objects.slices.slices);
	free(events->objects.members.ids);
	free(events);
}

FABRIC_API int fabric_events_fd(const struct fabric_events *events)
{
	return nl_socket_get_fd(events->sock);
}

static int parse_event(struct fabric_events *events, const struct nlmsghdr *nlh)
{
	struct objects *objects = &events->objects;
	struct fabric_event *event = &events->event;
	const struct genlmsghdr *ghdr = NLMSG_DATA(nlh);
	int err = 0;

	memset(event, 0, sizeof(*event));
	event->cmd = ghdr->cmd;
	event->name = event_name(ghdr->cmd);
	switch (ghdr->cmd) {
	case FABRIC_CMD_DOMAIN_ADD_NTF:
	case FABRIC_CMD_DOMAIN_DEL_NTF:
		err = parse_domain(nlh, &objects->domain);
		event->domain = &objects->domain;
		break;
	case FABRIC_CMD_PORT_ADD_NTF:
	case FABRIC_CMD_PORT_CHANGE_NTF:
	case FABRIC_CMD_PORT_DEL_NTF:
		err = parse_port(nlh, &objects->port);
		event->port = &objects->port;
		break;
	case FABRIC_CMD_DEVICE_ADD_NTF:
	case FABRIC_CMD_DEVICE_CHANGE_NTF:
	case FABRIC_CMD_DEVICE_DEL_NTF:
		err = parse_device(nlh, &objects->device, &objects->members);
		event->device = &objects->device;
		break;
	case FABRIC_CMD_RESOURCE_ADD_NTF:
	case FABRIC_CMD_RESOURCE_DEL_NTF:
		err = parse_resource(nlh, &objects->resource);
		event->resource = &objects->resource;
		break;
	case FABRIC_CMD_GRANT_NEW_NTF:
	case FABRIC_CMD_GRANT_CHANGE_NTF:
	case FABRIC_CMD_GRANT_DEL_NTF:
		err = parse_grant(nlh, &objects->grant, &objects->slices);
		event->grant = &objects->grant;
		break;
	}
	return err;
}

FABRIC_API int fabric_events_next(struct fabric_events *events, const struct fabric_event **event)
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
		err = parse_event(events, nlh);
		if (!err)
			*event = &events->event;
		return err;
	}
}
