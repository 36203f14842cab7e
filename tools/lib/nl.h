/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to nl.c and the files nl_*.c. */
#ifndef FABRIC_NL_H
#define FABRIC_NL_H

#include <stddef.h>
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
#define REQUEST_SIZE	(16 * 1024)

/* MAX_ERRNO of the kernel */
#define ERRNO_MAX	4095

/* Room for a list that an object points at, used again for the next object */
struct store {
	char *items;
	size_t size;
};

/* Those of a port or device, and those of struct fabric_pci */
enum {
	LIST_PCI_BARS = 3,
	LIST_PCI_MEMBERS,
	LIST_PCI_MEMBER_TEXT,
	LISTS_MAX,
};

/* An object as handed out, with what it points at */
struct box {
	struct fabric_pci pci;
	union {
		struct fabric_domain domain;
		struct fabric_port port;
		struct fabric_device device;
		struct fabric_resource resource;
		struct fabric_slice slice;
		struct {
			struct fabric_grant grant;
			struct fabric_notice notice;
		};
		struct fabric_tenant tenant;
		struct fabric_stats stats;
		struct fabric_log_entry entry;
		struct fabric_fm fm;
		struct fabric_fm_port fm_port;
		struct fabric_fm_vcs fm_vcs;
		struct fabric_fm_command fm_command;
	};
	struct store lists[LISTS_MAX];
};

/* The last object of each type that a call on a context returned */
struct objects {
	struct box domain;
	struct box port;
	struct box device;
	struct box resource;
	struct box grant;
	struct box tenant;
	struct box stats;
	struct box fm;
	struct box fm_port;
};

struct fabric_nl {
	struct nl_sock *sock;
	int fd;
	int family;		/* 0 before it is resolved */
	uint32_t seq;
	int err;		/* what went wrong with the request so far */
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

/* nl.c: sockets */
int nl_socket_open(struct nl_sock **sock, int rcvbuf);
int nl_resolve(struct fabric_ctx *ctx);
ssize_t nl_receive(int fd, char *buf, size_t size, int flags);

/*
 * nl.c: requests. They are written attribute by attribute into the buffer of
 * the context; what goes wrong is kept, and returned by the function that
 * sends the request.
 */
void request_start(struct fabric_ctx *ctx, uint8_t cmd, int flags);
void request_fail(struct fabric_ctx *ctx, int err);
void put_u32(struct fabric_ctx *ctx, unsigned int type, uint32_t value);
void put_id(struct fabric_ctx *ctx, unsigned int type, uint32_t id);
void put_uint(struct fabric_ctx *ctx, unsigned int type, uint64_t value);
void put_flag(struct fabric_ctx *ctx, unsigned int type);
void put_string(struct fabric_ctx *ctx, unsigned int type, const char *string, size_t max);
void put_name(struct fabric_ctx *ctx, unsigned int type, const char *name);
void put_names(struct fabric_ctx *ctx, unsigned int type, const char *const *names,
	       uint32_t count);
size_t nest_start(struct fabric_ctx *ctx, unsigned int type);
void nest_end(struct fabric_ctx *ctx, size_t start);

/* nl.c: answers */
typedef int (*parse_fn)(const struct nlmsghdr *nlh, struct box *box);

struct list {
	parse_fn parse;
	int (*call)(struct list *list);	/* the right one of cb, with what is in the box */
	union {
		fabric_domain_cb domain;
		fabric_port_cb port;
		fabric_device_cb device;
		fabric_resource_cb resource;
		fabric_slice_cb slice;
		fabric_grant_cb grant;
		fabric_tenant_cb tenant;
		fabric_log_cb entry;
		fabric_fm_port_cb fm_port;
		fabric_fm_vcs_cb fm_vcs;
		fabric_fm_command_cb fm_command;
	} cb;
	void *data;
	struct box box;
};

int talk(struct fabric_ctx *ctx, const struct nlmsghdr **reply);
int talk_object(struct fabric_ctx *ctx, parse_fn parse, struct box *box);
int dump(struct fabric_ctx *ctx, struct list *list);

/* nl_parse.c */
#define ATTRS_MAX	63

struct attrs {
	const struct nlattr *tb[ATTRS_MAX + 1];
	const struct nlattr *first;	/* all of them, for those that come more than once */
	size_t len;
};

/* Where an attribute goes to: a number of 1 (bool), 4 or 8 bytes, or a string */
struct field {
	uint16_t attr;
	uint16_t offset;
	uint16_t size;
	bool string;
	bool or_max;		/* absent is all ones instead of 0 */
};

#define FIELD(object, member, number, ...)					\
	{ .attr = (number), .offset = offsetof(object, member),			\
	  .size = sizeof(((object *)NULL)->member), __VA_ARGS__ }

/* Attributes that become a list of structs, each of which begins with the pointer to the next */
struct nests {
	unsigned int attr;
	const struct field *fields;
	size_t nr_fields;
	size_t size;		/* of a struct */
};

void parse_attrs(struct attrs *attrs, const struct nlattr *first, size_t left);
int parse_message(struct attrs *attrs, const struct nlmsghdr *nlh);
void get_string(char *string, size_t size, const struct nlattr *attr);
void fill(const struct attrs *attrs, const struct field *fields, size_t nr_fields, void *object);
int get_nests(const struct attrs *from, const struct nests *nests, struct store *store,
	      uint32_t *count);
int get_numbers(const struct attrs *from, unsigned int type, struct store *store, uint32_t *count);
int get_strings(const struct attrs *from, unsigned int type, struct store *pointers,
		struct store *text, uint32_t *count);
void box_free(struct box *box);

/* One file for each object */
extern const struct field slice_fields[];
extern const size_t nr_slice_fields;
int parse_domain(const struct nlmsghdr *nlh, struct box *box);
int parse_port(const struct nlmsghdr *nlh, struct box *box);
int parse_device(const struct nlmsghdr *nlh, struct box *box);
int parse_pci(const struct nlattr *nest, struct box *box, const struct fabric_pci **pci);
int parse_resource(const struct nlmsghdr *nlh, struct box *box);
int parse_grant(const struct nlmsghdr *nlh, struct box *box);
int parse_tenant(const struct nlmsghdr *nlh, struct box *box);

#endif /* FABRIC_NL_H */
