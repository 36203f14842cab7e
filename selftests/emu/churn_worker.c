// SPDX-License-Identifier: GPL-2.0
/*
 * Make and delete grants as fast as possible, in many processes and in every
 * way, on domains that come and go meanwhile.
 *
 * Usage: churn_worker SECONDS PROCESSES DOMAIN...
 *
 * Prints how often each outcome was seen; fails for one that must not be.
 */
#define _GNU_SOURCE
#include <errno.h>
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

#define OUTCOMES	256

static sigjmp_buf fault_return;

struct counters {
	unsigned int made[OUTCOMES];
	unsigned int deleted[OUTCOMES];
	unsigned int faults;
	unsigned int mapped;
	unsigned int wrong_bytes;
};

static void on_fault(int sig)
{
	siglongjmp(fault_return, sig);
}

static __u32 find_domain(struct genl *genl, const char *name)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	__u32 id = 0;

	req_init(genl, &req, FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP);
	if (!genl_talk(genl, &req, &answer)) {
		answer_for_each(nlh, &answer) {
			const void *attrs = msg_attrs(nlh);
			size_t len = msg_attrs_len(nlh);

			if (!strcmp(attr_str(attrs_find(attrs, len, FABRIC_A_DOMAIN_NAME)), name))
				id = attr_u32(attrs_find(attrs, len, FABRIC_A_DOMAIN_ID));
		}
	}
	answer_free(&answer);
	return id;
}

/* The bytes are zero at first and stay what they are, or there is a SIGBUS */
static void use(struct genl *genl, const struct grant *grant, struct counters *counters)
{
	int fd = grant->fd >= 0 ? grant->fd : grant_open(genl, grant->id);
	volatile unsigned char *mem;
	size_t i, len = grant->length < 65536 ? grant->length : 65536;

	if (fd < 0)
		return;
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd != grant->fd)
		close(fd);
	if (mem == MAP_FAILED)
		return;
	counters->mapped++;
	if (sigsetjmp(fault_return, 1)) {
		counters->faults++;
	} else {
		for (i = 0; i < len; i += 4096) {
			if (mem[i])
				counters->wrong_bytes++;
			mem[i] = getpid();
		}
		for (i = 0; i < len; i += 4096) {
			if (mem[i] != (unsigned char)getpid())
				counters->wrong_bytes++;
		}
	}
	munmap((void *)mem, len);
}

static void one(struct genl *genl, const char *name, unsigned int *seed, struct counters *counters)
{
	struct grant_req want = {
		.size = (1 + rand_r(seed) % 8) * MiB,
		.holder = 1 + rand_r(seed) % FABRIC_HOLDER_MAX,
	};
	struct grant grant;
	int err;

	want.domain = find_domain(genl, name);
	if (!want.domain)
		return;
	err = grant_new(genl, &want, &grant);
	counters->made[err & (OUTCOMES - 1)]++;
	if (err)
		return;
	if (rand_r(seed) % 2)
		use(genl, &grant, counters);
	if (want.holder == FABRIC_HOLDER_FILE && rand_r(seed) % 2) {
		close(grant.fd);
		return;
	}
	/* One that others made room for is prepared after the answer. */
	do {
		err = grant_del(genl, grant.id, rand_r(seed) % 2);
	} while (err == EBUSY && grant.state != FABRIC_GRANT_STATE_ACTIVE);
	counters->deleted[err & (OUTCOMES - 1)]++;
	if (grant.fd >= 0)
		close(grant.fd);
}

static void work(unsigned int seconds, char **domains, unsigned int nr, int out)
{
	struct sigaction action = { .sa_handler = on_fault };
	__u64 deadline = now_ms() + seconds * 1000ULL;
	struct counters counters = {};
	unsigned int seed = getpid();
	struct genl genl;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGBUS, &action, NULL);
	broker_open(&genl);
	while (now_ms() < deadline)
		one(&genl, domains[rand_r(&seed) % nr], &seed, &counters);
	if (write(out, &counters, sizeof(counters)) != sizeof(counters))
		_exit(1);
	_exit(0);
}

static bool expected(int err, bool deleted)
{
	switch (err) {
	case 0:
	case ENOENT:	/* no such resource, or the grant went with its device */
	case EINPROGRESS:
		return true;
	case ENODEV:	/* the device left while the grant was prepared */
	case ENXIO:	/* nothing there is usable now */
	case ENOSPC:
		return !deleted;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct counters sum = {}, counters;
	unsigned int i, processes, seconds;
	bool ok = true;
	int fds[2], j, status;

	if (argc < 4)
		return 2;
	seconds = atoi(argv[1]);
	processes = atoi(argv[2]);
	if (pipe(fds))
		return 1;
	for (i = 0; i < processes; i++) {
		if (!fork())
			work(seconds, argv + 3, argc - 3, fds[1]);
	}
	close(fds[1]);
	for (i = 0; i < processes; i++) {
		unsigned int *to = (void *)&sum, *from = (void *)&counters, n;

		if (read(fds[0], &counters, sizeof(counters)) != sizeof(counters)) {
			printf("a worker died\n");
			ok = false;
			break;
		}
		for (n = 0; n < sizeof(sum) / sizeof(*to); n++)
			to[n] += from[n];
	}
	while (wait(&status) > 0)
		ok = ok && !status;
	for (j = 0; j < OUTCOMES; j++) {
		if (sum.made[j])
			printf("new: %s: %u\n", strerror(j), sum.made[j]);
		if (sum.deleted[j])
			printf("del: %s: %u\n", strerror(j), sum.deleted[j]);
		if ((sum.made[j] && !expected(j, false)) || (sum.deleted[j] && !expected(j, true)))
			ok = false;
	}
	printf("mapped: %u, faults: %u, wrong bytes: %u\n", sum.mapped, sum.faults,
	       sum.wrong_bytes);
	return ok && sum.made[0] && !sum.wrong_bytes ? 0 : 1;
}
