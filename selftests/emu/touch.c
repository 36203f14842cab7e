// SPDX-License-Identifier: GPL-2.0
/*
 * Get a grant, map it, touch all of it, print its id and wait for a byte on
 * standard input; then touch it again.
 *
 * Usage: touch DOMAIN SIZE
 *
 * Status: 0, 10 for SIGBUS the first time, 11 for SIGBUS the second time.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

static sigjmp_buf fault_return;

static void on_fault(int sig)
{
	siglongjmp(fault_return, sig);
}

static int touch(unsigned char *mem, size_t len)
{
	size_t i;

	if (sigsetjmp(fault_return, 1))
		return 1;
	for (i = 0; i < len; i += 4096)
		((volatile unsigned char *)mem)[i]++;
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_fault };
	struct grant_req want = { .holder = FABRIC_HOLDER_FILE };
	struct grant grant;
	struct genl genl;
	void *mem;
	char byte;
	int err;

	if (argc != 3)
		return 2;
	sigaction(SIGBUS, &action, NULL);
	broker_open(&genl);
	want.domain = atoi(argv[1]);
	want.size = strtoull(argv[2], NULL, 0);
	err = grant_new(&genl, &want, &grant);
	if (err) {
		printf("no grant: %s: %s\n", strerror(err), grant_text());
		return 1;
	}
	mem = mmap(NULL, want.size, PROT_READ | PROT_WRITE, MAP_SHARED, grant.fd, 0);
	if (mem == MAP_FAILED) {
		printf("no mapping: %s\n", strerror(errno));
		return 1;
	}
	if (touch(mem, want.size))
		return 10;
	printf("%u\n", grant.id);
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		return 1;
	return touch(mem, want.size) ? 11 : 0;
}
