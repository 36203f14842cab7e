/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to nl.c, nl_parse.c and nl_events.c. */
#ifndef FABRIC_NL_H
#define FABRIC_NL_H

#include <string.h>
#include <sys/types.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "ctx.h"

/* What the kernel puts into one message of a dump at most is half of this. */
#define RECV_SIZE	(64 * 1024)
#define REQUEST_SIZE	1024

struct slice_store {
	struct fabric_slice *slices;
	size_t size;
};

struct member_store {
	uint32_t *ids;
	size_t size;
};

/* One object of each type, as handed out. */
struct objects {
	struct fabric_domain domain;
	struct fabric_port port;
	struct fabric_device device;
	struct fabric_resource resource;
	struct fabric_grant grant;
	struct slice_store slices;
	struct member_store members;
};

struct fabric_nl {
	struct nl_sock *sock;
	int fd;
	int family;		/* 0 before it is resolved */
	uint32_t seq;
	struct objects objects;
	char request[REQUEST_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/*
 * Messages and attributes. libnl has these as functions of a shared library, which together
 * cost as much as half of what the kernel needs for a grant.
 */

static inline const struct nlmsghdr *first_message(const char *buf)
{
	return (const struct nlmsghdr *)buf;
}

static inline bool message_ok(const struct nlmsghdr *nlh, size_t left)
{
	return left >= sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) && nlh->nlmsg_len <= left;
}

static inline const struct nlmsghdr *message_next(const struct nlmsghdr *nlh, size_t *left)
{
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);

	*left = len < *left ? *left - len : 0;
	return (const struct nlmsghdr *)((const char *)nlh + len);
}

static inline bool attr_ok(const struct nlattr *attr, size_t left)
{
	return left >= sizeof(*attr) && attr->nla_len >= sizeof(*attr) && attr->nla_len <= left;
}

static inline const struct nlattr *attr_next(const struct nlattr *attr, size_t *left)
{
	size_t len = NLA_ALIGN(attr->nla_len);

	*left = len < *left ? *left - len : 0;
	return (const struct nlattr *)((const char *)attr + len);
}

static inline unsigned int attr_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static inline const void *attr_data(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

static inline size_t attr_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static inline uint32_t get_u32(const struct nlattr *attr, uint32_t absent)
{
	uint32_t value;

	if (!attr || attr_len(attr) < sizeof(value))
		return absent;
	memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

/* Type uint of the specification: as short as the value allows */
static inline uint64_t get_uint(const struct nlattr *attr, uint64_t absent)
{
	uint64_t value;

	if (!attr || attr_len(attr) < sizeof(value))
		return attr ? get_u32(attr, absent) : absent;
	memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

static inline void get_string(char *string, size_t size, const struct nlattr *attr)
{
	size_t len = attr ? strnlen(attr_data(attr), attr_len(attr)) : 0;

	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(string, attr_data(attr), len);
	string[len] = '\0';
}

void parse_attrs(const struct nlattr **tb, unsigned int max, const struct nlattr *first,
		 size_t left);

/* nl.c */
int nl_socket_open(struct nl_sock **sock, int rcvbuf);
int nl_resolve(struct fabric_ctx *ctx);
ssize_t nl_receive(int fd, char *buf, size_t size, int flags);

/* nl_parse.c */
int parse_message(const struct nlattr **tb, unsigned int max, const struct nlmsghdr *nlh);
int parse_domain(const struct nlmsghdr *nlh, struct fabric_domain *domain);
int parse_port(const struct nlmsghdr *nlh, struct fabric_port *port);
int parse_device(const struct nlmsghdr *nlh, struct fabric_device *device,
		 struct member_store *store);
int parse_resource(const struct nlmsghdr *nlh, struct fabric_resource *resource);
int parse_slice(const struct nlmsghdr *nlh, struct fabric_slice *slice);
int parse_grant(const struct nlmsghdr *nlh, struct fabric_grant *grant,
		struct slice_store *store);

#endif /* FABRIC_NL_H */
