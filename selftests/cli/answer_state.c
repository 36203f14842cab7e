// SPDX-License-Identifier: GPL-2.0
/*
 * Loaded into fabricctl with LD_PRELOAD: a request that is answered queued is told to be
 * in preparation, as the kernel tells it when the turn of the request comes before the
 * answer is written; or failed, with ANSWER_STATE=failed, when the turn is over by then.
 */

#include <dlfcn.h>
#include <linux/fabric.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void change_state(struct nlmsghdr *header)
{
	const char *name = getenv("ANSWER_STATE");
	struct nlattr *attr = (void *)((char *)NLMSG_DATA(header) + GENL_HDRLEN);
	char *end = (char *)header + header->nlmsg_len;
	__u32 state;

	while ((char *)attr < end && attr->nla_len >= NLA_HDRLEN) {
		if ((attr->nla_type & NLA_TYPE_MASK) == FABRIC_A_GRANT_STATE) {
			memcpy(&state, attr + 1, sizeof(state));
			if (state == FABRIC_GRANT_STATE_QUEUED)
				state = name && !strcmp(name, "failed") ?
					FABRIC_GRANT_STATE_FAILED : FABRIC_GRANT_STATE_PREPARING;
			memcpy(attr + 1, &state, sizeof(state));
		}
		attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len));
	}
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	static ssize_t (*real)(int fd, void *data, size_t size, int flags);
	struct nlmsghdr *header = data;
	ssize_t ret;

	if (!real)
		real = dlsym(RTLD_NEXT, "recv");
	if (!real)
		abort();
	ret = real(fd, data, size, flags);
	if (ret >= (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) && ret <= (ssize_t)size &&
	    header->nlmsg_type > GENL_ID_CTRL && header->nlmsg_len <= ret &&
	    ((struct genlmsghdr *)NLMSG_DATA(header))->cmd == FABRIC_CMD_GRANT_NEW)
		change_state(header);
	return ret;
}
