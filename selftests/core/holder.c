// SPDX-License-Identifier: GPL-2.0
/*
 * A holder that dies in any way gives everything back. Each way is tried many
 * times in a row, with the memory mapped and touched, and the free capacity is
 * to be whole again. How long that took is printed: a second is the promise, on
 * a machine with a processor to spare.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

static struct backend backend;
static struct genl genl;
static unsigned int rounds = 200;
static __u64 free_before;
static __u64 slowest_ms;

/* What a child tells its parent before it waits for its end */
struct hello {
	__u32 grant;
	int err;
};

static void begin(void)
{
	struct capacity capacity;

	broker_open(&genl);
	capacity_get(&genl, backend.domain, &capacity);
	if (!capacity_balanced(&capacity))
		ktap_fail("the sums are wrong before the test");
	free_before = capacity.free;
}

static void expect_whole(unsigned int round)
{
	__u64 begin = now_ms(), took;
	struct capacity c;

	if (capacity_free_reaches(&genl, backend.domain, free_before, WITHIN_MS)) {
		took = now_ms() - begin;
		if (took > slowest_ms)
			slowest_ms = took;
		if (round == rounds)
			ktap_note("%u rounds, the slowest was whole again after %llu ms", rounds,
				  slowest_ms);
		return;
	}
	capacity_get(&genl, backend.domain, &c);
	ktap_note("reserved %llu, granted %llu, quarantined %llu, total %llu", c.reserved,
		  c.granted, c.quarantined, c.total);
	ktap_fail("round %u: free %llu instead of %llu after %u ms", round, c.free, free_before,
		  WITHIN_MS);
}

static void expect_taken(void)
{
	struct capacity c;

	capacity_get(&genl, backend.domain, &c);
	if (c.free != free_before - backend.size || !capacity_balanced(&c))
		ktap_fail("free %llu while granted, instead of %llu", c.free,
			  free_before - backend.size);
}

static void touch(unsigned char *mem, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 4096)
		mem[i] = 0x5a;
}

static int get_grant(struct genl *from, __u32 holder, struct grant *grant)
{
	struct grant_req want = {
		.size = backend.size,
		.mode = backend.mode,
		.holder = holder,
		.domain = backend.domain,
	};

	return grant_new(from, &want, grant);
}

static void must_get_grant(struct genl *from, __u32 holder, struct grant *grant)
{
	int err = get_grant(from, holder, grant);

	if (err)
		ktap_fail("no grant: %s: %s", strerror(err), grant_text());
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE)
		ktap_fail("a new grant is in state %u", grant->state);
}

static void *must_map(struct genl *from, const struct grant *grant)
{
	int fd = grant->fd;
	void *mem;

	if (fd < 0 && backend.mode == FABRIC_MODE_MAP)
		fd = grant_open(from, grant->id);
	mem = slice_map(grant, fd, backend.size);
	if (mem == MAP_FAILED)
		ktap_fail("no mapping: %s", strerror(errno));
	if (fd >= 0 && fd != grant->fd)
		close(fd);
	return mem;
}

/*
 * Have a child get a grant, map it if told, and wait. It keeps writing to the
 * mapping, so that it dies in the middle of using it.
 */
static pid_t holder_start(__u32 holder, bool map)
{
	struct hello hello = {};
	struct grant grant;
	struct genl mine;
	void *mem = NULL;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		ktap_fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		ktap_fail("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		genl_close(&genl);
		close(fds[0]);
		broker_open(&mine);
		hello.err = get_grant(&mine, holder, &grant);
		if (!hello.err && map) {
			mem = must_map(&mine, &grant);
			touch(mem, backend.size);
		}
		hello.grant = grant.id;
		if (write(fds[1], &hello, sizeof(hello)) < 0)
			_exit(1);
		for (;;) {
			if (mem)
				touch(mem, backend.size);
			else
				pause();
		}
	}
	close(fds[1]);
	if (read(fds[0], &hello, sizeof(hello)) != sizeof(hello) || hello.err)
		ktap_fail("the holder got no grant: %s", strerror(hello.err));
	close(fds[0]);
	return pid;
}

static void end(pid_t pid, int sig)
{
	if (kill(pid, sig))
		ktap_fail("kill: %s", strerror(errno));
	if (waitpid(pid, NULL, 0) != pid)
		ktap_fail("waitpid: %s", strerror(errno));
}

static void kill_rounds(__u32 holder, bool map, int sig)
{
	unsigned int round;
	pid_t pid;

	begin();
	for (round = 1; round <= rounds; round++) {
		pid = holder_start(holder, map);
		expect_taken();
		end(pid, sig);
		expect_whole(round);
	}
}

static void kill_of_the_process_with_the_file_frees_all(void)
{
	kill_rounds(FABRIC_HOLDER_FILE, false, SIGKILL);
}

static void kill_with_the_mapping_in_use_frees_all(void)
{
	kill_rounds(FABRIC_HOLDER_FILE, true, SIGKILL);
}

static void termination_of_the_holder_frees_all(void)
{
	unsigned int all = rounds;

	rounds = 5;
	kill_rounds(FABRIC_HOLDER_FILE, true, SIGTERM);
	rounds = all;
}

static void kill_of_the_process_with_the_socket_frees_all(void)
{
	kill_rounds(FABRIC_HOLDER_SOCKET, false, SIGKILL);
}

static void close_of_the_file_frees_all(void)
{
	struct grant grant;
	unsigned int round;

	begin();
	for (round = 1; round <= rounds; round++) {
		must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
		if (grant.fd < 0)
			ktap_fail("holder file without a descriptor");
		expect_taken();
		close(grant.fd);
		expect_whole(round);
	}
}

static void close_of_the_socket_frees_all(void)
{
	struct grant grant;
	unsigned int round;
	struct genl other;

	begin();
	for (round = 1; round <= rounds; round++) {
		broker_open(&other);
		must_get_grant(&other, FABRIC_HOLDER_SOCKET, &grant);
		if (grant.fd >= 0)
			ktap_fail("holder socket with a descriptor");
		expect_taken();
		genl_close(&other);
		expect_whole(round);
	}
}

/*
 * The mapping stays: what was revoked is not readable any more, and the memory
 * goes to the next holder only then.
 */
static void close_of_the_socket_with_a_mapping_frees_all(void)
{
	struct grant grant;
	unsigned int round;
	struct genl other;
	void *mem;

	begin();
	for (round = 1; round <= rounds; round++) {
		broker_open(&other);
		must_get_grant(&other, FABRIC_HOLDER_SOCKET, &grant);
		mem = must_map(&other, &grant);
		touch(mem, backend.size);
		genl_close(&other);
		expect_whole(round);
		slice_unmap(mem, backend.size);
	}
}

static void socket_releases_only_what_is_its_own(void)
{
	struct grant mine, others;
	struct genl other;

	begin();
	broker_open(&other);
	must_get_grant(&genl, FABRIC_HOLDER_SOCKET, &mine);
	must_get_grant(&other, FABRIC_HOLDER_SOCKET, &others);
	genl_close(&other);
	if (!capacity_free_reaches(&genl, backend.domain, free_before - backend.size, WITHIN_MS))
		ktap_fail("the grant of the closed socket is still there");
	if (grant_get(&genl, mine.id, &mine) || mine.state != FABRIC_GRANT_STATE_ACTIVE)
		ktap_fail("the grant of the open socket is gone");
	if (grant_del(&genl, mine.id, false))
		ktap_fail("the owner cannot delete its own: %s", grant_text());
	expect_whole(0);
}

static void grant_without_holder_outlives_its_requester(void)
{
	__u32 id;
	struct grant grant;
	int fds[2];
	pid_t pid;

	begin();
	if (pipe(fds))
		ktap_fail("pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		struct genl mine;

		broker_open(&mine);
		must_get_grant(&mine, FABRIC_HOLDER_NONE, &grant);
		if (write(fds[1], &grant.id, sizeof(grant.id)) < 0)
			_exit(1);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	if (read(fds[0], &id, sizeof(id)) != sizeof(id))
		ktap_fail("no grant");
	if (grant_get(&genl, id, &grant) || grant.state != FABRIC_GRANT_STATE_ACTIVE)
		ktap_fail("the grant ended with its requester");
	expect_taken();
	if (grant_del(&genl, id, false))
		ktap_fail("del: %s", grant_text());
	expect_whole(0);
}

static void descriptor_is_closed_on_exec(void)
{
	struct grant grant;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	if (!(fcntl(grant.fd, F_GETFD) & FD_CLOEXEC))
		ktap_fail("a program started by the holder would inherit it");
	close(grant.fd);
	expect_whole(0);
}

static void duplicate_keeps_the_grant(void)
{
	struct grant grant;
	int copy;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	copy = dup(grant.fd);
	close(grant.fd);
	if (capacity_free_reaches(&genl, backend.domain, free_before, 100))
		ktap_fail("released with a descriptor open");
	expect_taken();
	close(copy);
	expect_whole(0);
}

static void mapping_keeps_the_grant(void)
{
	struct grant grant;
	unsigned char *mem;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	mem = must_map(&genl, &grant);
	touch(mem, backend.size);
	close(grant.fd);
	if (capacity_free_reaches(&genl, backend.domain, free_before, 100))
		ktap_fail("released while mapped");
	if (mem[0] != 0x5a)
		ktap_fail("the mapping lost its content");
	slice_unmap(mem, backend.size);
	expect_whole(0);
}

static void part_of_a_mapping_keeps_the_grant(void)
{
	struct grant grant;
	unsigned char *mem;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	mem = must_map(&genl, &grant);
	close(grant.fd);
	munmap(mem, backend.size / 2);
	expect_taken();
	munmap(mem + backend.size / 2, backend.size - backend.size / 2);
	expect_whole(0);
}

static void fork_keeps_the_grant(void)
{
	struct grant grant;
	pid_t pid;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	pid = fork();
	if (!pid) {
		genl_close(&genl);
		for (;;)
			pause();
	}
	close(grant.fd);
	if (capacity_free_reaches(&genl, backend.domain, free_before, 100))
		ktap_fail("released while the child has it");
	expect_taken();
	end(pid, SIGKILL);
	expect_whole(0);
}

static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(socket, &msg, 0) != 1)
		ktap_fail("sendmsg: %s", strerror(errno));
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(socket, &msg, 0) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* The first process gets it, a second receives it, the first ends. */
static void passed_on_file_keeps_the_grant_until_the_last_ends(void)
{
	struct grant grant;
	unsigned int round, all = rounds > 20 ? 20 : rounds;
	int pair[2], fd;
	pid_t first, second;
	char ready;

	begin();
	for (round = 1; round <= all; round++) {
		int done[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(done))
			ktap_fail("socketpair: %s", strerror(errno));
		second = fork();
		if (!second) {
			genl_close(&genl);
			close(pair[0]);
			fd = receive_fd(pair[1]);
			if (fd < 0)
				_exit(1);
			if (write(done[1], "x", 1) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		first = fork();
		if (!first) {
			struct genl mine;

			broker_open(&mine);
			must_get_grant(&mine, FABRIC_HOLDER_FILE, &grant);
			send_fd(pair[0], grant.fd);
			for (;;)
				pause();
		}
		close(pair[0]);
		close(pair[1]);
		close(done[1]);
		if (read(done[0], &ready, 1) != 1)
			ktap_fail("the file did not arrive");
		close(done[0]);
		end(first, SIGKILL);
		expect_taken();
		end(second, SIGKILL);
		expect_whole(round);
	}
}

/* In flight in a socket that nobody will ever read */
static void file_in_flight_is_released_with_its_socket(void)
{
	struct grant grant;
	int pair[2];

	begin();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		ktap_fail("socketpair: %s", strerror(errno));
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	send_fd(pair[0], grant.fd);
	close(grant.fd);
	expect_taken();
	close(pair[0]);
	close(pair[1]);
	expect_whole(0);
}

/* Closing a file of grant-open is nothing to the grant */
static void opened_file_does_not_hold_the_grant(void)
{
	struct grant grant;
	int fd;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_NONE, &grant);
	fd = grant_open(&genl, grant.id);
	if (fd < 0)
		ktap_fail("open: %s", grant_text());
	close(fd);
	if (capacity_free_reaches(&genl, backend.domain, free_before, 100))
		ktap_fail("released with its opened file");
	if (grant_del(&genl, grant.id, false))
		ktap_fail("del: %s", grant_text());
	expect_whole(0);
}

static void only_what_can_be_mapped_is_opened(void)
{
	bool mapped = backend.mode == FABRIC_MODE_MAP, opened;
	struct grant grant;
	int fd;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_NONE, &grant);
	fd = grant_open(&genl, grant.id);
	opened = fd >= 0;
	if (opened != mapped)
		ktap_fail("open: %s", opened ? "it has no file" : grant_text());
	if (!opened && !strstr(grant_text(), "Only a grant in mode map"))
		ktap_fail("it says: %s", grant_text());
	if (opened)
		close(fd);
	if (grant_del(&genl, grant.id, false))
		ktap_fail("del: %s", grant_text());
}

static void file_tells_its_holder_of_the_forced_release(void)
{
	struct pollfd poll_fd;
	struct grant grant;
	int status;
	pid_t pid;

	begin();
	must_get_grant(&genl, FABRIC_HOLDER_FILE, &grant);
	poll_fd.fd = grant.fd;
	poll_fd.events = POLLIN;
	if (poll(&poll_fd, 1, 0) != 0)
		ktap_fail("an active grant polls %x", poll_fd.revents);
	/* somebody else is another process */
	pid = fork();
	if (!pid) {
		struct genl mine;

		close(grant.fd);
		broker_open(&mine);
		if (grant_del(&mine, grant.id, false) != EBUSY)
			ktap_fail("somebody else deleted it without force");
		if (grant_del(&mine, grant.id, true))
			ktap_fail("forced release: %s", grant_text());
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		ktap_fail("the other process ended with %x", status);
	expect_whole(0);
	if (poll(&poll_fd, 1, WITHIN_MS) != 1 || !(poll_fd.revents & (POLLHUP | POLLERR)))
		ktap_fail("the holder was not told, poll says %x", poll_fd.revents);
	close(grant.fd);
	expect_whole(0);
}

/* Its parent is killed, and with it everything that it was for */
static void kill_of_fabricctl_run_frees_all(void)
{
	const char *fabricctl = getenv("FABRIC_CTL");
	char size[32], domain[32];
	unsigned int round;
	pid_t pid;

	if (!fabricctl)
		ktap_skip_this("FABRIC_CTL is not set");
	begin();
	snprintf(size, sizeof(size), "%llu", backend.size);
	snprintf(domain, sizeof(domain), "%u", backend.domain);
	for (round = 1; round <= rounds; round++) {
		pid = fork();
		if (!pid) {
			execl(fabricctl, fabricctl, "run", "kind", "memory", "size", size,
			      "domain", domain, "--", "sleep", "60", NULL);
			_exit(127);
		}
		if (!capacity_free_reaches(&genl, backend.domain, free_before - backend.size,
					   WITHIN_MS))
			ktap_fail("round %u: fabricctl run took nothing", round);
		end(pid, SIGKILL);
		expect_whole(round);
	}
}

static const struct ktap_test tests[] = {
	KTAP_TEST(close_of_the_file_frees_all),
	KTAP_TEST(kill_of_the_process_with_the_file_frees_all),
	KTAP_TEST(kill_with_the_mapping_in_use_frees_all),
	KTAP_TEST(close_of_the_socket_frees_all),
	KTAP_TEST(close_of_the_socket_with_a_mapping_frees_all),
	KTAP_TEST(kill_of_the_process_with_the_socket_frees_all),
	KTAP_TEST(kill_of_fabricctl_run_frees_all),
	KTAP_TEST(termination_of_the_holder_frees_all),
	KTAP_TEST(socket_releases_only_what_is_its_own),
	KTAP_TEST(grant_without_holder_outlives_its_requester),
	KTAP_TEST(descriptor_is_closed_on_exec),
	KTAP_TEST(duplicate_keeps_the_grant),
	KTAP_TEST(fork_keeps_the_grant),
	KTAP_TEST(passed_on_file_keeps_the_grant_until_the_last_ends),
	KTAP_TEST(file_in_flight_is_released_with_its_socket),
	KTAP_TEST(only_what_can_be_mapped_is_opened),
	KTAP_TEST(file_tells_its_holder_of_the_forced_release),
	/* where the file of the grant is what is mapped */
	KTAP_TEST(mapping_keeps_the_grant),
	KTAP_TEST(part_of_a_mapping_keeps_the_grant),
	KTAP_TEST(opened_file_does_not_hold_the_grant),
};

int main(void)
{
	const char *text = getenv("FABRIC_ROUNDS");

	if (text)
		rounds = atoi(text);
	backend_from_env(&backend);
	ktap_run_all(tests, ARRAY_SIZE(tests) - (backend.mode == FABRIC_MODE_MAP ? 0 : 3), 600);
}
