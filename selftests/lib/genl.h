/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink by hand: the tests want to send what no library would, and to
 * see every byte of the answer.
 */
#ifndef _FABRIC_SELFTEST_GENL_H
#define _FABRIC_SELFTEST_GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#define GENL_REQ_MAX	16384

/* What genl_talk() says when the kernel did not answer at all */
#define GENL_SILENT	(-1)

/**
 * struct genl - a socket and the family that it talks to
 * @fd: netlink socket
 * @family: id of the family
 * @seq: sequence number of the last request
 * @groups: ids of the multicast groups in the order of the family
 * @group_names: their names
 * @nr_groups: their number
 * @implicit: requests do not say that they are for the kernel
 * @room: how much is read at a time, the size of what a dump comes in; 0 for as much as there is
 */
struct genl {
	int fd;
	__u16 family;
	__u32 seq;
	__u32 groups[8];
	char group_names[8][GENL_NAMSIZ];
	unsigned int nr_groups;
	bool implicit;
	size_t room;
};

struct genl_req {
	union {
		struct nlmsghdr nlh;
		unsigned char bytes[GENL_REQ_MAX];
	};
	/* what is sent, which need not be what the header says */
	size_t len;
};

/**
 * struct genl_answer - everything that came back
 * @err: errno, 0, or GENL_SILENT
 * @text: extack text
 * @miss: type of the missing attribute, or -1
 * @bad: type of the attribute in the request that is at fault, or -1
 * @interrupted: a part carried NLM_F_DUMP_INTR
 * @len: bytes in @data
 * @data: messages of the family
 */
struct genl_answer {
	int err;
	char text[256];
	int miss;
	int bad;
	bool interrupted;
	size_t len;
	size_t size;
	unsigned char *data;
};

int genl_open(struct genl *genl, const char *family);
void genl_close(struct genl *genl);
int genl_join(struct genl *genl, const char *group);

void req_init(const struct genl *genl, struct genl_req *req, __u8 cmd, __u16 flags);
void req_put(struct genl_req *req, __u16 type, const void *data, size_t len);
void req_u32(struct genl_req *req, __u16 type, __u32 value);
void req_uint(struct genl_req *req, __u16 type, __u64 value);
void req_str(struct genl_req *req, __u16 type, const char *value);
void req_flag(struct genl_req *req, __u16 type);

int genl_send(struct genl *genl, struct genl_req *req);
int genl_receive(struct genl *genl, const struct genl_req *req, struct genl_answer *answer);
int genl_talk(struct genl *genl, struct genl_req *req, struct genl_answer *answer);
void answer_free(struct genl_answer *answer);

const struct nlattr *attrs_find(const void *data, size_t len, __u16 type);
__u32 attr_u32(const struct nlattr *attr);
__u64 attr_uint(const struct nlattr *attr);
const char *attr_str(const struct nlattr *attr);

#define attr_data(attr)	((const void *)((const char *)(attr) + NLA_HDRLEN))
#define attr_len(attr)	((size_t)(attr)->nla_len - NLA_HDRLEN)

/* Attributes of a message of the family */
static inline const void *msg_attrs(const struct nlmsghdr *nlh)
{
	return (const char *)nlh + NLMSG_HDRLEN + GENL_HDRLEN;
}

static inline size_t msg_attrs_len(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
}

#define attrs_for_each(attr, left, data, len)						\
	for ((attr) = (const void *)(data), (left) = (len);				\
	     (left) >= NLA_HDRLEN && (attr)->nla_len >= NLA_HDRLEN &&			\
	     (attr)->nla_len <= (left);							\
	     (left) -= (left) < (size_t)NLA_ALIGN((attr)->nla_len) ?			\
			(left) : (size_t)NLA_ALIGN((attr)->nla_len),			\
	     (attr) = (const void *)((const char *)(attr) + NLA_ALIGN((attr)->nla_len)))

#define answer_for_each(nlh, answer)							\
	for ((nlh) = (const void *)(answer)->data;					\
	     (const unsigned char *)(nlh) < (answer)->data + (answer)->len;		\
	     (nlh) = (const void *)((const char *)(nlh) + NLMSG_ALIGN((nlh)->nlmsg_len)))

#endif /* _FABRIC_SELFTEST_GENL_H */
