// SPDX-License-Identifier: GPL-2.0
/*
 * Get a grant bound to a file and copy from and to it with pread() and pwrite().
 *
 * Usage: copy DOMAIN SIZE MBITS COMMAND [ARGS]...
 *
 *   write OFFSET LENGTH     write a pattern
 *   read OFFSET LENGTH      read it back and compare
 *   zero OFFSET LENGTH      read zeroes
 *   map OFFSET LENGTH       find the pattern in a mapping
 *   mapzero OFFSET LENGTH   find zeroes in a mapping
 *   self OFFSET LENGTH      copy the second half of the extent to its first,
 *                           which is mapped
 *   together N LENGTH       write from N processes at once, LENGTH each
 *   signals OFFSET LENGTH   write while a signal arrives every 3 ms
 *   stuck OFFSET LENGTH     read into memory whose page faults are not served
 *   pause                   print "paused" and wait for a byte on standard input
 *
 * MBITS is what the copies are throttled to, 0 for no limit. The id of the grant
 * is printed first, then for each command its name and the microseconds that it
 * took, or what went wrong: an errno, "end", or "differs".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

static int fd;
static size_t grant_size;

static __u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static unsigned char pattern(off_t position)
{
	return (position * 2654435761ULL) >> 13;
}

static void fill(unsigned char *mem, off_t offset, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		mem[i] = pattern(offset + i);
}

static const char *compare(const unsigned char *mem, off_t offset, size_t len, bool zero)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (mem[i] != (zero ? 0 : pattern(offset + i)))
			return "differs";
	}
	return NULL;
}

/* All of it, however many calls that takes; NULL or what went wrong */
static const char *copy(unsigned char *mem, off_t offset, size_t len, bool to_grant)
{
	ssize_t ret;

	while (len) {
		ret = to_grant ? pwrite(fd, mem, len, offset) : pread(fd, mem, len, offset);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return strerrorname_np(errno);
		if (!ret)
			return "end";
		mem += ret;
		offset += ret;
		len -= ret;
	}
	return NULL;
}

/* Not touched before, so that the kernel has to bring its pages in */
static unsigned char *buffer(size_t len)
{
	unsigned char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		exit(1);
	return mem;
}

static const char *do_write(off_t offset, size_t len)
{
	unsigned char *mem = buffer(len);

	fill(mem, offset, len);
	return copy(mem, offset, len, true);
}

static const char *read_and_compare(off_t offset, size_t len, bool zero)
{
	unsigned char *mem = buffer(len);

	return copy(mem, offset, len, false) ?: compare(mem, offset, len, zero);
}

static const char *do_read(off_t offset, size_t len)
{
	return read_and_compare(offset, len, false);
}

static const char *do_zero(off_t offset, size_t len)
{
	return read_and_compare(offset, len, true);
}

static const char *map_and_compare(off_t offset, size_t len, bool zero)
{
	/* Not more than that: the grant may have been shrunk */
	unsigned char *mem = mmap(NULL, offset + len, PROT_READ, MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED)
		return strerrorname_np(errno);
	return compare(mem + offset, offset, len, zero);
}

static const char *do_map(off_t offset, size_t len)
{
	return map_and_compare(offset, len, false);
}

static const char *do_mapzero(off_t offset, size_t len)
{
	return map_and_compare(offset, len, true);
}

static const char *do_self(off_t offset, size_t len)
{
	unsigned char *mem = mmap(NULL, grant_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	size_t half = len / 2;
	const char *error;

	if (mem == MAP_FAILED)
		return strerrorname_np(errno);
	error = do_write(offset + half, half);
	if (error)
		return error;
	/* No page of either half is in the page tables yet */
	return copy(mem + offset, offset + half, half, false) ?:
	       compare(mem + offset, offset + half, half, false);
}

static const char *do_together(off_t processes, size_t len)
{
	const char *error = NULL;
	int status;
	off_t i;

	for (i = 0; i < processes; i++) {
		if (!fork())
			_exit(do_write(i * len, len) ? 1 : 0);
	}
	while (wait(&status) > 0) {
		if (status)
			error = "child failed";
	}
	return error;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static const char *do_signals(off_t offset, size_t len)
{
	struct itimerval often = { { .tv_usec = 3000 }, { .tv_usec = 3000 } }, never = { };
	struct sigaction action = { .sa_handler = on_alarm };
	const char *error;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	error = do_write(offset, len);
	setitimer(ITIMER_REAL, &never, NULL);
	return error;
}

static const char *do_stuck(off_t offset, size_t len)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	unsigned char *mem = buffer(len);
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	reg.range.start = (unsigned long)mem;
	reg.range.len = len;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		return strerrorname_np(errno);
	return copy(mem, offset, len, false);
}

static const char *do_pause(off_t unused, size_t unused_too)
{
	char byte;

	(void)unused;
	(void)unused_too;
	puts("paused");
	return read(0, &byte, 1) < 0 ? strerrorname_np(errno) : NULL;
}

static const struct command {
	const char *name;
	int args;
	const char *(*run)(off_t offset, size_t len);
} commands[] = {
	{ "write", 2, do_write },
	{ "read", 2, do_read },
	{ "zero", 2, do_zero },
	{ "map", 2, do_map },
	{ "mapzero", 2, do_mapzero },
	{ "self", 2, do_self },
	{ "together", 2, do_together },
	{ "signals", 2, do_signals },
	{ "stuck", 2, do_stuck },
	{ "pause", 0, do_pause },
	{ },
};

static int get_grant(__u32 domain, __u32 rate)
{
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	struct genl_req req;
	struct genl genl;
	__u32 id;
	int err;

	broker_open(&genl);
	req_init(&genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_GRANT_SIZE, grant_size);
	req_u32(&req, FABRIC_A_GRANT_HOLDER, FABRIC_HOLDER_FILE);
	req_u32(&req, FABRIC_A_GRANT_DOMAIN_ID, domain);
	if (rate)
		req_u32(&req, FABRIC_A_GRANT_BANDWIDTH_MAX, rate);
	err = genl_talk(&genl, &req, &answer);
	if (err) {
		printf("no grant: %s: %s\n", strerror(err), answer.text);
		return 1;
	}
	nlh = (const void *)answer.data;
	id = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_GRANT_ID));
	/* The file of the holder is for what becomes of the grant, another one for its data */
	fd = grant_open(&genl, id);
	if (fd < 0) {
		printf("no file: %s\n", grant_text());
		return 1;
	}
	printf("%u\n", id);
	return 0;
}

int main(int argc, char **argv)
{
	const struct command *command;
	unsigned long long arg[2];
	const char *error;
	__u64 began;
	int i;

	if (argc < 5)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	grant_size = strtoull(argv[2], NULL, 0);
	if (get_grant(strtoul(argv[1], NULL, 0), strtoul(argv[3], NULL, 0)))
		return 1;
	for (argv += 4; *argv; ) {
		for (command = commands; command->name; command++) {
			if (!strcmp(command->name, *argv))
				break;
		}
		if (!command->name)
			return 2;
		argv++;
		for (i = 0; i < command->args; i++) {
			if (!*argv)
				return 2;
			arg[i] = strtoull(*argv++, NULL, 0);
		}
		began = now_us();
		error = command->run(arg[0], arg[1]);
		if (error) {
			printf("%s %s\n", command->name, error);
			return 3;
		}
		printf("%s %llu\n", command->name, now_us() - began);
	}
	return 0;
}
