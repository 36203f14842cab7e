// SPDX-License-Identifier: GPL-2.0
/*
 * Tell what is asked back from the holder of a grant.
 *
 * The command of "run" is what fabricctl was: it has its process id, its
 * signals and its exit status. So who watches is another process, and
 * nobody's child. It watches the file of the grant through an epoll, which
 * holds no reference: only the command decides when the file is closed. And it
 * does not read the file, since what it would read would be lost to the
 * command; it asks the kernel for the grant instead.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fabricctl.h"

#define FORCE_POLL_MS	200

struct watch {
	struct fabric_ctx *ctx;
	uint32_t id;
	int signal;
	int force_signal;
	int pidfd;		/* of the command */
	int epoll;
	int timeout;		/* ms until force is due, -1 for none */
	/* What was told last */
	uint32_t by;
	uint64_t target;
	uint32_t reclaims;
};

static void tell_notice(struct watch *watch, const struct fabric_grant *grant)
{
	const struct fabric_notice *notice = grant->notice;
	char target[32], left[32];

	if (notice->by == watch->by && notice->target == watch->target)
		return;
	watch->by = notice->by;
	watch->target = notice->target;
	time_format(notice->left, left);
	amount_format(grant->kind, notice->target, target);
	if (notice->target)
		fprintf(stderr, "fabricctl: Grant %u has to shrink to %s within %s: %s\n",
			grant->id, target, left, notice->reason);
	else
		fprintf(stderr, "fabricctl: Grant %u has to be released within %s: %s\n",
			grant->id, left, notice->reason);
	if (watch->signal)
		pidfd_send_signal(watch->pidfd, watch->signal, NULL, 0);
}

static void tell_taken(struct watch *watch, const struct fabric_grant *grant)
{
	const struct fabric_taken *taken, *last = grant->taken;
	char size[32], left[32];

	if (grant->reclaims == watch->reclaims || !last)
		return;
	watch->reclaims = grant->reclaims;
	for (taken = grant->taken; taken; taken = taken->next)
		if (taken->age < last->age)
			last = taken;
	amount_format(grant->kind, last->size, size);
	amount_format(grant->kind, grant->size, left);
	fprintf(stderr, "fabricctl: %s of grant %u was taken for request %u, it has %s now\n",
		size, grant->id, last->by, left);
}

/* Its time is over, and what it still has open is in the way. */
static void tell_force(struct watch *watch, const struct fabric_grant *grant)
{
	if (!watch->force_signal || grant->state != FABRIC_GRANT_STATE_REVOKING)
		return;
	fprintf(stderr, "fabricctl: Grant %u is taken by force\n", grant->id);
	pidfd_send_signal(watch->pidfd, watch->force_signal, NULL, 0);
	watch->force_signal = 0;
}

/* What becomes of a grant after its notice is no event of its file. */
static int time_of_force(const struct watch *watch, const struct fabric_grant *grant)
{
	if (!watch->force_signal || !grant->notice)
		return -1;
	return grant->notice->left < FORCE_POLL_MS ? FORCE_POLL_MS :
	       grant->notice->left < INT_MAX ? (int)grant->notice->left : INT_MAX;
}

static void look(struct watch *watch)
{
	const struct fabric_grant *grant;

	watch->timeout = -1;
	if (fabric_grant_get(watch->ctx, watch->id, &grant))
		return;
	watch->timeout = time_of_force(watch, grant);
	tell_force(watch, grant);
	tell_taken(watch, grant);
	if (grant->notice)
		tell_notice(watch, grant);
	else
		watch->target = FABRIC_UNSET64;
}

static void watch_until_end(struct watch *watch)
{
	struct epoll_event event;
	int count;

	do {
		count = epoll_wait(watch->epoll, &event, 1, watch->timeout);
		if (count > 0 && event.data.fd == watch->pidfd)
			return;
		if (count >= 0)
			look(watch);
	} while (count >= 0 || errno == EINTR);
}

/* Whatever else is open belongs to the command, and ends when it says so. */
static void keep_only(int one, int other)
{
	int low = one < other ? one : other, high = one < other ? other : one;
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (low > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

_Noreturn static void watcher(struct watch *watch)
{
	/* Neither the terminal nor the end of a job ends it, but the command's end does. */
	if (setsid() < 0)
		_exit(EXIT_FAILED);
	keep_only(watch->pidfd, watch->epoll);
	if (!fabric_open(&watch->ctx))
		watch_until_end(watch);
	_exit(EXIT_DONE);
}

static int watch_open(struct watch *watch, int fd)
{
	struct epoll_event change = { .events = EPOLLIN | EPOLLET, .data.fd = fd };
	struct epoll_event end = { .events = EPOLLIN };

	watch->pidfd = pidfd_open(getpid(), 0);
	if (watch->pidfd < 0)
		return -errno;
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll < 0)
		return -errno;
	end.data.fd = watch->pidfd;
	if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->pidfd, &end) ||
	    epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &change))
		return -errno;
	return 0;
}

/* Watch the grant of this process until it ends, whatever it becomes. */
int notice_watch(struct ctl *ctl, const struct fabric_grant *grant, int signal, int force_signal)
{
	struct watch watch = {
		.id = grant->id, .signal = signal, .force_signal = force_signal, .timeout = -1,
		.target = FABRIC_UNSET64, .reclaims = grant->reclaims,
	};
	pid_t child;
	int err;

	err = watch_open(&watch, grant->fd);
	if (err)
		return ctl_fail(ctl, err, "The grant can't be watched");
	child = fork();
	if (child < 0)
		return ctl_fail(ctl, -errno, "The grant can't be watched");
	if (!child) {
		if (!fork())
			watcher(&watch);
		_exit(EXIT_DONE);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	close(watch.epoll);
	close(watch.pidfd);
	return 0;
}
