// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's end of the library's sockets, and libnl: what the fuzzer made up is
 * what the kernel answers, and nothing reaches a kernel.
 *
 * The library and fabricctl call cut_recv() where their sources say recv(), and so
 * on: the Makefile renames what they refer to. What is renamed and would change the
 * machine, or wait for it, fails here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include <linux/netlink.h>

#include "kernel_end.h"

#define FAMILY	0x20

static struct {
	const uint8_t *bytes;
	size_t len;
	uint32_t seq;		/* of the last request */
} answers;

void kernel_answers(const uint8_t *bytes, size_t len)
{
	answers.bytes = bytes;
	answers.len = len;
}

bool kernel_has_more(void)
{
	return answers.len > 2;
}

/* A message without a length or a number gets the right one, so that few are lost. */
static void complete(uint8_t *bytes, size_t len)
{
	struct nlmsghdr nlh;

	size_t taken;

	while (len >= sizeof(nlh)) {
		memcpy(&nlh, bytes, sizeof(nlh));
		if (!nlh.nlmsg_len)
			nlh.nlmsg_len = len;
		if (!nlh.nlmsg_seq)
			nlh.nlmsg_seq = answers.seq;
		memcpy(bytes, &nlh, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) || nlh.nlmsg_len > len)
			return;
		taken = NLMSG_ALIGN(nlh.nlmsg_len);
		if (taken > len)
			return;
		bytes += taken;
		len -= taken;
	}
}

/* Returns how long the message is, of which @size bytes are in @buf; -1 after the last one. */
static ssize_t next_message(void *buf, size_t size)
{
	size_t len;

	if (!kernel_has_more())
		return -1;
	len = answers.bytes[0] | answers.bytes[1] << 8;
	answers.bytes += 2;
	answers.len -= 2;
	if (len > answers.len)
		len = answers.len;
	memcpy(buf, answers.bytes, len < size ? len : size);
	complete(buf, len < size ? len : size);
	answers.bytes += len;
	answers.len -= len;
	return len;
}

ssize_t cut_recv(int fd, void *buf, size_t size, int flags)
{
	ssize_t len = next_message(buf, size);

	if (len > 0)
		return len;
	/* Not EAGAIN, which somebody would wait for */
	errno = len ? ECONNRESET : ENOBUFS;
	return -1;
}

ssize_t cut_read(int fd, void *buf, size_t size)
{
	ssize_t len = next_message(buf, size);

	return len < 0 ? 0 : (size_t)len > size ? (ssize_t)size : len;
}

ssize_t cut_send(int fd, const void *bytes, size_t len, int flags)
{
	const struct nlmsghdr *nlh = bytes;

	if (len < sizeof(*nlh) || nlh->nlmsg_len != len)
		abort();
	answers.seq = nlh->nlmsg_seq;
	return len;
}

int cut_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	while (nr--)
		fds[nr].revents = POLLIN;
	return 1;
}

int cut_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return 0;
}

int cut_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return 0;
}

int cut_close(int fd)
{
	return 0;
}

int cut_nanosleep(const struct timespec *time, struct timespec *left)
{
	return 0;
}

static int refuse(void)
{
	errno = ENOENT;
	return -1;
}

FILE *cut_fopen(const char *path, const char *mode)
{
	refuse();
	return NULL;
}

DIR *cut_opendir(const char *path)
{
	refuse();
	return NULL;
}

int cut_posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	refuse();
	return errno;
}

int cut_open(const char *path, int flags, ...)
{
	return refuse();
}

int cut_access(const char *path, int mode)
{
	return refuse();
}

int cut_mkdir(const char *path, mode_t mode)
{
	return refuse();
}

int cut_rmdir(const char *path)
{
	return refuse();
}

int cut_mount(const char *what, const char *path, const char *type, unsigned long flags,
	      const void *data)
{
	return refuse();
}

int cut_mkostemp(char *path, int flags)
{
	return refuse();
}

int cut_unlink(const char *path)
{
	return refuse();
}

int cut_fcntl(int fd, int cmd, ...)
{
	return refuse();
}

int cut_fork(void)
{
	return refuse();
}

int cut_pidfd_open(pid_t pid, unsigned int flags)
{
	return refuse();
}

int cut_execvp(const char *path, char *const argv[])
{
	return refuse();
}

/* libnl */

struct nl_sock {
	int fd;
};

struct nl_sock *nl_socket_alloc(void)
{
	return calloc(1, sizeof(struct nl_sock));
}

void nl_socket_free(struct nl_sock *sock)
{
	free(sock);
}

int nl_connect(struct nl_sock *sock, int protocol)
{
	return 0;
}

int nl_socket_get_fd(const struct nl_sock *sock)
{
	return 0;
}

int genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	return FAMILY;
}

int genl_ctrl_resolve_grp(struct nl_sock *sock, const char *family, const char *group)
{
	return 1;
}

const char *nl_geterror(int err)
{
	return "";
}
