// SPDX-License-Identifier: GPL-2.0
/*
 * Enable the kernel's audit and print what kernel modules log there, a record per
 * line, until a signal ends it; then audit is as it was. "listening" is its first
 * line. Status 4 where the kernel has no audit.
 */

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SKIP	4

struct request {
	struct nlmsghdr header;
	struct audit_status status;
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_audit(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		exit(SKIP);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		die("bind");
	return fd;
}

static void ask(int fd, uint16_t type, const struct audit_status *status)
{
	struct request request = {
		.header.nlmsg_len = sizeof(request),
		.header.nlmsg_type = type,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};

	if (status)
		request.status = *status;
	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		die("send");
}

/* Wait for the acknowledgment; the answer that comes with it goes to @answer. */
static void answered(int fd, struct audit_status *answer)
{
	union {
		struct nlmsghdr header;
		char bytes[8192];
	} message;
	const struct nlmsgerr *error;
	ssize_t size;

	while ((size = recv(fd, &message, sizeof(message), 0)) >= (ssize_t)NLMSG_HDRLEN) {
		if (message.header.nlmsg_type == AUDIT_GET && answer)
			memcpy(answer, NLMSG_DATA(&message.header), sizeof(*answer));
		if (message.header.nlmsg_type != NLMSG_ERROR)
			continue;
		error = NLMSG_DATA(&message.header);
		if (error->error) {
			errno = -error->error;
			die("audit");
		}
		return;
	}
	die("recv");
}

/* Returns what it was. */
static uint32_t set_enabled(int fd, uint32_t enabled)
{
	const struct audit_status wanted = { .mask = AUDIT_STATUS_ENABLED, .enabled = enabled };
	struct audit_status before = {};

	ask(fd, AUDIT_GET, NULL);
	answered(fd, &before);
	ask(fd, AUDIT_SET, &wanted);
	answered(fd, NULL);
	return before.enabled;
}

static void print_records(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} message;
	ssize_t size;

	while (!ended) {
		size = recv(fd, &message, sizeof(message) - 1, 0);
		if (size < (ssize_t)NLMSG_HDRLEN || message.header.nlmsg_type != AUDIT_KERNEL_OTHER)
			continue;
		message.bytes[size] = '\0';
		puts(NLMSG_DATA(&message.header));
	}
}

int main(void)
{
	const struct sigaction action = { .sa_handler = end };
	const struct timeval timeout = { .tv_usec = 200000 };
	const int group = AUDIT_NLGRP_READLOG;
	int control = open_audit(), records = open_audit();
	uint32_t before;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	/* A signal may come just before it waits. */
	if (setsockopt(records, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(records, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("setsockopt");
	before = set_enabled(control, 1);
	puts("listening");
	print_records(records);
	set_enabled(control, before);
	return 0;
}
