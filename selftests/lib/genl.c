// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "genl.h"
#include "ktap.h"

static void learn_family(struct genl *genl, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *group;
	size_t left, inner;

	attr = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), CTRL_ATTR_FAMILY_ID);
	if (attr)
		genl->family = *(const __u16 *)attr_data(attr);
	attr = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), CTRL_ATTR_MCAST_GROUPS);
	if (!attr)
		return;
	attrs_for_each(group, left, attr_data(attr), attr_len(attr)) {
		const struct nlattr *name, *id;

		inner = attr_len(group);
		name = attrs_find(attr_data(group), inner, CTRL_ATTR_MCAST_GRP_NAME);
		id = attrs_find(attr_data(group), inner, CTRL_ATTR_MCAST_GRP_ID);
		if (!name || !id || genl->nr_groups == 8)
			continue;
		snprintf(genl->group_names[genl->nr_groups], GENL_NAMSIZ, "%s", attr_str(name));
		genl->groups[genl->nr_groups++] = attr_u32(id);
	}
}

int genl_open(struct genl *genl, const char *family)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	struct timeval timeout = { .tv_sec = 60 };
	struct genl_answer answer;
	struct genl_req req;
	int one = 1, err;

	memset(genl, 0, sizeof(*genl));
	genl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (genl->fd < 0)
		return errno;
	if (bind(genl->fd, (struct sockaddr *)&local, sizeof(local)) ||
	    setsockopt(genl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(genl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) ||
	    setsockopt(genl->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout))) {
		err = errno;
		goto err_close;
	}

	genl->family = GENL_ID_CTRL;
	req_init(genl, &req, CTRL_CMD_GETFAMILY, 0);
	req_str(&req, CTRL_ATTR_FAMILY_NAME, family);
	err = genl_talk(genl, &req, &answer);
	if (!err && answer.len)
		learn_family(genl, (const void *)answer.data);
	answer_free(&answer);
	if (!err)
		return 0;
err_close:
	close(genl->fd);
	return err;
}

void genl_close(struct genl *genl)
{
	close(genl->fd);
	genl->fd = -1;
}

int genl_join(struct genl *genl, const char *group)
{
	int err = ENOENT;
	unsigned int i;

	for (i = 0; i < genl->nr_groups; i++) {
		if (strcmp(genl->group_names[i], group))
			continue;
		err = setsockopt(genl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
				 &genl->groups[i], sizeof(genl->groups[i])) ? errno : 0;
	}
	return err;
}

void req_init(const struct genl *genl, struct genl_req *req, __u8 cmd, __u16 flags)
{
	struct genlmsghdr *hdr = (void *)(req->bytes + NLMSG_HDRLEN);

	memset(req->bytes, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	req->nlh.nlmsg_type = genl->family;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	req->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	req->len = req->nlh.nlmsg_len;
	hdr->cmd = cmd;
	hdr->version = 1;
}

void req_put(struct genl_req *req, __u16 type, const void *data, size_t len)
{
	size_t total = NLA_HDRLEN + NLA_ALIGN(len);
	struct nlattr *attr = (void *)(req->bytes + req->len);

	if (req->len + total > sizeof(req->bytes))
		ktap_bail("request too large");
	memset(attr, 0, total);
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	req->len += total;
	req->nlh.nlmsg_len = req->len;
}

void req_u32(struct genl_req *req, __u16 type, __u32 value)
{
	req_put(req, type, &value, sizeof(value));
}

void req_uint(struct genl_req *req, __u16 type, __u64 value)
{
	if (value <= (__u32)~0U)
		req_u32(req, type, value);
	else
		req_put(req, type, &value, sizeof(value));
}

void req_str(struct genl_req *req, __u16 type, const char *value)
{
	req_put(req, type, value, strlen(value) + 1);
}

void req_flag(struct genl_req *req, __u16 type)
{
	req_put(req, type, NULL, 0);
}

int genl_send(struct genl *genl, struct genl_req *req)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	req->nlh.nlmsg_seq = ++genl->seq;
	if (sendto(genl->fd, req->bytes, req->len, 0,
		   genl->implicit ? NULL : (struct sockaddr *)&kernel,
		   genl->implicit ? 0 : sizeof(kernel)) < 0)
		return errno;
	return 0;
}

static void learn_extack(const struct genl_req *req, const void *attrs, size_t len,
			 struct genl_answer *answer)
{
	const struct nlattr *attr;
	__u32 offset;

	attr = attrs_find(attrs, len, NLMSGERR_ATTR_MSG);
	if (attr)
		snprintf(answer->text, sizeof(answer->text), "%s", attr_str(attr));
	attr = attrs_find(attrs, len, NLMSGERR_ATTR_MISS_TYPE);
	if (attr)
		answer->miss = attr_u32(attr);
	attr = attrs_find(attrs, len, NLMSGERR_ATTR_OFFS);
	if (!attr)
		return;
	offset = attr_u32(attr);
	if (offset + NLA_HDRLEN <= req->len)
		answer->bad = ((const struct nlattr *)(req->bytes + offset))->nla_type &
			      NLA_TYPE_MASK;
}

/* Returns true when the request has been answered completely */
static bool learn_message(const struct genl *genl, const struct genl_req *req,
			  const struct nlmsghdr *nlh, struct genl_answer *answer)
{
	const struct nlmsgerr *error;
	size_t skip;

	/* a notification for a group that this socket joined */
	if (nlh->nlmsg_seq != genl->seq)
		return false;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		error = (const void *)((const char *)nlh + NLMSG_HDRLEN);
		answer->err = -error->error;
		if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
			skip = sizeof(*error);
			if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
				skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
			skip = NLMSG_HDRLEN + NLMSG_ALIGN(skip);
			if (skip < nlh->nlmsg_len)
				learn_extack(req, (const char *)nlh + skip,
					     nlh->nlmsg_len - skip, answer);
		}
		return true;
	case NLMSG_DONE:
		answer->err = -*(const int *)((const char *)nlh + NLMSG_HDRLEN);
		if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
			skip = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(int));
			learn_extack(req, (const char *)nlh + skip, nlh->nlmsg_len - skip, answer);
		}
		return true;
	default:
		skip = NLMSG_ALIGN(nlh->nlmsg_len);
		if (answer->len + skip > answer->size) {
			answer->size = (answer->size + skip) * 2;
			answer->data = realloc(answer->data, answer->size);
			if (!answer->data)
				ktap_bail("out of memory");
		}
		memcpy(answer->data + answer->len, nlh, nlh->nlmsg_len);
		answer->len += skip;
		return false;
	}
}

int genl_receive(struct genl *genl, const struct genl_req *req, struct genl_answer *answer)
{
	/* dumps come in pieces as large as the largest buffer ever offered */
	static _Thread_local unsigned char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	ssize_t got, left;
	/* requests are answered before sendto() returns, dumps while we read */
	int flags = req->nlh.nlmsg_flags & NLM_F_DUMP ? 0 : MSG_DONTWAIT;

	memset(answer, 0, sizeof(*answer));
	answer->miss = -1;
	answer->bad = -1;
	for (;;) {
		got = recv(genl->fd, buffer, genl->room ? genl->room : sizeof(buffer), flags);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			answer->err = errno == EAGAIN ? GENL_SILENT : errno;
			return answer->err;
		}
		left = got;
		for (nlh = (void *)buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (learn_message(genl, req, nlh, answer))
				return answer->err;
		}
	}
}

int genl_talk(struct genl *genl, struct genl_req *req, struct genl_answer *answer)
{
	int err = genl_send(genl, req);

	if (!err)
		return genl_receive(genl, req, answer);
	*answer = (struct genl_answer){ .miss = -1, .bad = -1, .err = err };
	return err;
}

void answer_free(struct genl_answer *answer)
{
	free(answer->data);
	answer->data = NULL;
	answer->len = 0;
	answer->size = 0;
}

const struct nlattr *attrs_find(const void *data, size_t len, __u16 type)
{
	const struct nlattr *attr;
	size_t left;

	attrs_for_each(attr, left, data, len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return NULL;
}

__u32 attr_u32(const struct nlattr *attr)
{
	__u32 value = 0;

	if (attr && attr_len(attr) >= sizeof(value))
		memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

__u64 attr_uint(const struct nlattr *attr)
{
	__u64 value = 0;

	if (!attr || attr_len(attr) < sizeof(value))
		return attr_u32(attr);
	memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

const char *attr_str(const struct nlattr *attr)
{
	return attr ? attr_data(attr) : "";
}
