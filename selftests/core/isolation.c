// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing leaks between holders: neither what the one before left in the
 * extent, nor what another one has at the same time, nor what lies beside it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

static struct backend backend;
static struct genl genl;
static sigjmp_buf fault_return;
static volatile sig_atomic_t fault_signal;

static void on_fault(int sig)
{
	fault_signal = sig;
	siglongjmp(fault_return, 1);
}

/* The signal that reading @mem brings, or 0 */
static int read_fault(const volatile unsigned char *mem)
{
	struct sigaction action = { .sa_handler = on_fault }, bus, segv;
	volatile unsigned char value;

	fault_signal = 0;
	sigaction(SIGBUS, &action, &bus);
	sigaction(SIGSEGV, &action, &segv);
	if (!sigsetjmp(fault_return, 1)) {
		value = *mem;
		(void)value;
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return fault_signal;
}

static void get_grant(__u32 holder, struct grant *grant)
{
	struct grant_req want = {
		.size = backend.size,
		.mode = backend.mode,
		.holder = holder,
		.domain = backend.domain,
	};
	int err = grant_new(&genl, &want, grant);

	if (err)
		ktap_fail("no grant: %s: %s", strerror(err), grant_text());
}

static void *map_grant(const struct grant *grant)
{
	int fd = grant->fd;
	void *mem;

	if (fd < 0 && backend.mode == FABRIC_MODE_MAP)
		fd = grant_open(&genl, grant->id);
	mem = slice_map(grant, fd, backend.size);
	if (mem == MAP_FAILED)
		ktap_fail("no mapping: %s", strerror(errno));
	if (fd >= 0 && fd != grant->fd)
		close(fd);
	return mem;
}

static void del_grant(const struct grant *grant)
{
	if (grant_del(&genl, grant->id, true))
		ktap_fail("del: %s", grant_text());
	if (grant->fd >= 0)
		close(grant->fd);
}

static void fill(unsigned char *mem, unsigned char seed)
{
	size_t i;

	for (i = 0; i < backend.size; i++)
		mem[i] = seed + i % 251;
}

/* The first byte that is not zero, or the size */
static size_t first_set(const unsigned char *mem)
{
	size_t i;

	for (i = 0; i < backend.size; i++) {
		if (mem[i])
			break;
	}
	return i;
}

static void expect_zeros(const unsigned char *mem, const char *what)
{
	size_t at = first_set(mem);

	if (at != backend.size)
		ktap_fail("%s: byte %zu is %02x", what, at, mem[at]);
}

static void next_holder_of_the_same_extent_reads_zeros(void)
{
	struct grant first, second;
	unsigned char *mem;
	unsigned int round;

	broker_open(&genl);
	for (round = 1; round <= 5; round++) {
		get_grant(FABRIC_HOLDER_FILE, &first);
		mem = map_grant(&first);
		expect_zeros(mem, "a new grant");
		fill(mem, 0x81);
		slice_unmap(mem, backend.size);
		del_grant(&first);

		get_grant(FABRIC_HOLDER_FILE, &second);
		if (second.resource != first.resource || second.start != first.start)
			ktap_fail("not the same extent: %llu instead of %llu", second.start,
				  first.start);
		mem = map_grant(&second);
		expect_zeros(mem, "the second holder");
		slice_unmap(mem, backend.size);
		del_grant(&second);
	}
}

static void next_holder_after_a_kill_reads_zeros(void)
{
	struct capacity before;
	struct grant grant;
	unsigned char *mem;
	unsigned int round;
	int fds[2];
	pid_t pid;
	__u64 start;

	broker_open(&genl);
	capacity_get(&genl, backend.domain, &before);
	for (round = 1; round <= 5; round++) {
		if (pipe(fds))
			ktap_fail("pipe: %s", strerror(errno));
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			broker_open(&genl);
			get_grant(FABRIC_HOLDER_FILE, &grant);
			fill(map_grant(&grant), 0x77);
			if (write(fds[1], &grant.start, sizeof(grant.start)) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		close(fds[1]);
		if (read(fds[0], &start, sizeof(start)) != sizeof(start))
			ktap_fail("the first holder got nothing");
		close(fds[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (!capacity_free_reaches(&genl, backend.domain, before.free, WITHIN_MS))
			ktap_fail("not free again");
		get_grant(FABRIC_HOLDER_FILE, &grant);
		if (grant.start != start)
			ktap_fail("not the same extent");
		mem = map_grant(&grant);
		expect_zeros(mem, "the next holder");
		slice_unmap(mem, backend.size);
		del_grant(&grant);
	}
}

/* Each writes its own pattern all over its slice, then all look. */
static void holders_never_see_each_other(void)
{
	enum { HOLDERS = 4 };
	unsigned char *mem[HOLDERS];
	struct grant grants[HOLDERS];
	struct capacity capacity;
	unsigned int i, j, nr;
	size_t at;

	broker_open(&genl);
	capacity_get(&genl, backend.domain, &capacity);
	nr = capacity.free / backend.size;
	if (nr > HOLDERS)
		nr = HOLDERS;
	if (nr < 2)
		ktap_fail("there is no room for two");
	for (i = 0; i < nr; i++) {
		get_grant(FABRIC_HOLDER_FILE, &grants[i]);
		mem[i] = map_grant(&grants[i]);
		for (j = 0; j < i; j++) {
			if (grants[i].resource == grants[j].resource &&
			    grants[i].start < grants[j].start + grants[j].length &&
			    grants[j].start < grants[i].start + grants[i].length)
				ktap_fail("grants %u and %u overlap", grants[j].id, grants[i].id);
		}
	}
	for (i = 0; i < nr; i++)
		fill(mem[i], 0x10 * (i + 1));
	for (i = 0; i < nr; i++) {
		for (at = 0; at < backend.size; at++) {
			if (mem[i][at] != (unsigned char)(0x10 * (i + 1) + at % 251))
				ktap_fail("holder %u: byte %zu is %02x", i, at, mem[i][at]);
		}
	}
	for (i = 0; i < nr; i++) {
		slice_unmap(mem[i], backend.size);
		del_grant(&grants[i]);
	}
}

static int slice_fd(const struct grant *grant)
{
	char path[64];
	int fd;

	if (!grant->node[0])
		return grant->fd >= 0 ? dup(grant->fd) : grant_open(&genl, grant->id);
	snprintf(path, sizeof(path), "/dev/%s", grant->node);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		ktap_fail("%s: %s", path, strerror(errno));
	return fd;
}

static void nothing_is_reached_beyond_the_slice(void)
{
	struct grant grant, neighbour;
	unsigned char *mem, *other;
	int fd;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	get_grant(FABRIC_HOLDER_FILE, &neighbour);
	other = map_grant(&neighbour);
	fill(other, 0x99);
	fd = slice_fd(&grant);

	/* longer than the slice: refused, or SIGBUS where it ends */
	mem = mmap(NULL, backend.size * 2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem != MAP_FAILED) {
		if (read_fault(mem + backend.size) != SIGBUS)
			ktap_fail("the byte after the slice can be read");
		if (read_fault(mem + backend.size * 2 - 1) != SIGBUS)
			ktap_fail("the last byte of the mapping can be read");
		munmap(mem, backend.size * 2);
	} else if (errno != EINVAL) {
		ktap_fail("a mapping that is too long: %s", strerror(errno));
	}
	/* wholly behind it */
	mem = mmap(NULL, backend.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, backend.size);
	if (mem != MAP_FAILED) {
		if (read_fault(mem) != SIGBUS)
			ktap_fail("the byte after the slice can be read by offset");
		munmap(mem, backend.size);
	} else if (errno != EINVAL) {
		ktap_fail("a mapping behind the slice: %s", strerror(errno));
	}
	/* an offset that wraps around */
	mem = mmap(NULL, backend.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   (off_t)((~0ULL >> 1) & ~(backend.size - 1)) - backend.size);
	if (mem != MAP_FAILED) {
		if (read_fault(mem) != SIGBUS)
			ktap_fail("an offset that wraps around can be read");
		munmap(mem, backend.size);
	}
	close(fd);
	slice_unmap(other, backend.size);
	del_grant(&grant);
	del_grant(&neighbour);
}

/* mremap() must not be a way past the end either */
static void mapping_does_not_grow_beyond_the_slice(void)
{
	struct grant grant;
	unsigned char *mem, *grown;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	mem = map_grant(&grant);
	grown = mremap(mem, backend.size, backend.size * 2, MREMAP_MAYMOVE);
	if (grown != MAP_FAILED) {
		if (read_fault(grown + backend.size) != SIGBUS)
			ktap_fail("the byte after the slice can be read after mremap()");
		munmap(grown, backend.size * 2);
	} else {
		slice_unmap(mem, backend.size);
	}
	del_grant(&grant);
}

/* Refused, or a copy that leaves the slice alone and ends with the grant */
static void private_mapping_is_refused_or_a_copy(void)
{
	struct grant grant;
	unsigned char *mem, *shared;
	int fd;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	fd = slice_fd(&grant);
	shared = map_grant(&grant);
	shared[0] = 1;
	mem = mmap(NULL, backend.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (mem == MAP_FAILED) {
		if (errno != EINVAL)
			ktap_fail("refused with %s instead of EINVAL", strerror(errno));
	} else {
		mem[0] = 2;
		if (shared[0] != 1)
			ktap_fail("a private mapping writes to the slice");
		munmap(mem, backend.size);
	}
	slice_unmap(shared, backend.size);
	close(fd);
	del_grant(&grant);
}

static void mapping_after_forced_release_faults(void)
{
	struct grant grant;
	unsigned char *mem;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	mem = map_grant(&grant);
	fill(mem, 0x42);
	if (grant_del(&genl, grant.id, true))
		ktap_fail("forced release: %s", grant_text());
	if (read_fault(mem) != SIGBUS)
		ktap_fail("the first byte can be read after the release");
	if (read_fault(mem + backend.size - 1) != SIGBUS)
		ktap_fail("the last byte can be read after the release");
	slice_unmap(mem, backend.size);
	if (grant.fd >= 0)
		close(grant.fd);
}

static void released_file_is_not_mapped_again(void)
{
	struct grant grant;
	unsigned char *mem;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	if (grant_del(&genl, grant.id, true))
		ktap_fail("forced release: %s", grant_text());
	mem = mmap(NULL, backend.size, PROT_READ, MAP_SHARED, grant.fd, 0);
	if (mem != MAP_FAILED && read_fault(mem) != SIGBUS)
		ktap_fail("a mapping made after the release can be read");
	close(grant.fd);
}

static void old_mapping_never_sees_the_next_holder(void)
{
	struct grant first, second;
	unsigned char *old, *mem;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &first);
	old = map_grant(&first);
	fill(old, 0x21);
	if (grant_del(&genl, first.id, true))
		ktap_fail("forced release: %s", grant_text());
	get_grant(FABRIC_HOLDER_FILE, &second);
	if (second.start != first.start)
		ktap_fail("not the same extent");
	mem = map_grant(&second);
	expect_zeros(mem, "the next holder");
	fill(mem, 0x43);
	if (read_fault(old) != SIGBUS)
		ktap_fail("the first holder reads the second's bytes");
	slice_unmap(old, backend.size);
	slice_unmap(mem, backend.size);
	if (first.fd >= 0)
		close(first.fd);
	del_grant(&second);
}

static void child_shares_the_mapping(void)
{
	struct grant grant;
	unsigned char *mem;
	int status;
	pid_t pid;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	mem = map_grant(&grant);
	mem[0] = 1;
	pid = fork();
	if (!pid) {
		if (mem[0] != 1)
			_exit(1);
		mem[1] = 2;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		ktap_fail("the child sees something else");
	if (mem[1] != 2)
		ktap_fail("the parent does not see what the child wrote");
	slice_unmap(mem, backend.size);
	del_grant(&grant);
}

static void forced_release_reaches_the_mapping_of_a_child(void)
{
	struct grant grant;
	unsigned char *mem;
	int go[2], seen[2], status;
	char byte;
	pid_t pid;

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	mem = map_grant(&grant);
	fill(mem, 0x11);
	if (pipe(go) || pipe(seen))
		ktap_fail("pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		if (mem[0] != 0x11)
			_exit(1);
		if (write(seen[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(2);
		_exit(read_fault(mem) == SIGBUS ? 0 : 3);
	}
	if (read(seen[0], &byte, 1) != 1)
		ktap_fail("the child sees nothing");
	if (grant_del(&genl, grant.id, true))
		ktap_fail("forced release: %s", grant_text());
	if (write(go[1], "x", 1) != 1)
		ktap_fail("write: %s", strerror(errno));
	waitpid(pid, &status, 0);
	if (status)
		ktap_fail("the child ended with status %x", status);
	slice_unmap(mem, backend.size);
	if (grant.fd >= 0)
		close(grant.fd);
}

/* A system call that has to read from the mapping gets an error, not the bytes */
static void system_call_does_not_read_what_was_released(void)
{
	struct grant grant;
	unsigned char *mem;
	int fds[2];

	broker_open(&genl);
	get_grant(FABRIC_HOLDER_FILE, &grant);
	mem = map_grant(&grant);
	fill(mem, 0x11);
	if (pipe(fds))
		ktap_fail("pipe: %s", strerror(errno));
	if (write(fds[1], mem, 16) != 16)
		ktap_fail("write from the mapping: %s", strerror(errno));
	if (grant_del(&genl, grant.id, true))
		ktap_fail("forced release: %s", grant_text());
	if (write(fds[1], mem, 16) != -1 || errno != EFAULT)
		ktap_fail("write after the release: %s", strerror(errno));
	slice_unmap(mem, backend.size);
	if (grant.fd >= 0)
		close(grant.fd);
}

static const struct ktap_test tests[] = {
	KTAP_TEST(next_holder_of_the_same_extent_reads_zeros),
	KTAP_TEST(next_holder_after_a_kill_reads_zeros),
	KTAP_TEST(holders_never_see_each_other),
	KTAP_TEST(nothing_is_reached_beyond_the_slice),
	KTAP_TEST(mapping_does_not_grow_beyond_the_slice),
	KTAP_TEST(private_mapping_is_refused_or_a_copy),
	KTAP_TEST(mapping_after_forced_release_faults),
	KTAP_TEST(old_mapping_never_sees_the_next_holder),
	KTAP_TEST(child_shares_the_mapping),
	KTAP_TEST(forced_release_reaches_the_mapping_of_a_child),
	KTAP_TEST(system_call_does_not_read_what_was_released),
	/* where the file of the grant is what is mapped */
	KTAP_TEST(released_file_is_not_mapped_again),
};

int main(void)
{
	backend_from_env(&backend);
	ktap_run_all(tests, ARRAY_SIZE(tests) - (backend.mode == FABRIC_MODE_MAP ? 0 : 1), 120);
}
