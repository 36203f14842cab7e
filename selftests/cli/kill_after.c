// SPDX-License-Identifier: GPL-2.0
/*
 * Loaded into fabricctl with LD_PRELOAD: kill the process just after it changed
 * something for the nth time, with n in KILL_AFTER. What it changes is directories
 * and files below /sys, and whatever it asks the broker for.
 */

#include <dlfcn.h>
#include <limits.h>
#include <linux/fabric.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void count_change(void)
{
	static int count;
	const char *last = getenv("KILL_AFTER");

	if (last && ++count == atoi(last))
		kill(getpid(), SIGKILL);
}

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

int mkdir(const char *path, mode_t mode)
{
	static int (*real)(const char *path, mode_t mode);
	int ret;

	if (!real)
		real = next("mkdir");
	ret = real(path, mode);
	count_change();
	return ret;
}

int rmdir(const char *path)
{
	static int (*real)(const char *path);
	int ret;

	if (!real)
		real = next("rmdir");
	ret = real(path);
	count_change();
	return ret;
}

static bool is_below_sys(int fd)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path));
	return len > 5 && !memcmp(path, "/sys/", 5);
}

ssize_t write(int fd, const void *data, size_t size)
{
	static ssize_t (*real)(int fd, const void *data, size_t size);
	ssize_t ret;

	if (!real)
		real = next("write");
	ret = real(fd, data, size);
	if (is_below_sys(fd))
		count_change();
	return ret;
}

static bool is_change(const struct msghdr *msg)
{
	const struct nlmsghdr *header;

	if (!msg->msg_iovlen || msg->msg_iov->iov_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return false;
	header = msg->msg_iov->iov_base;
	if (header->nlmsg_type <= GENL_ID_CTRL || header->nlmsg_flags & NLM_F_DUMP)
		return false;
	switch (((const struct genlmsghdr *)NLMSG_DATA(header))->cmd) {
	case FABRIC_CMD_DOMAIN_GET:
	case FABRIC_CMD_PORT_GET:
	case FABRIC_CMD_DEVICE_GET:
	case FABRIC_CMD_RESOURCE_GET:
	case FABRIC_CMD_GRANT_GET:
	case FABRIC_CMD_TENANT_GET:
		return false;
	default:
		return true;
	}
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	static ssize_t (*real)(int fd, const struct msghdr *msg, int flags);
	const bool change = is_change(msg);
	ssize_t ret;

	if (!real)
		real = next("sendmsg");
	ret = real(fd, msg, flags);
	if (change)
		count_change();
	return ret;
}
