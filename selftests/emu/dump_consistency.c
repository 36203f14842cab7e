// SPDX-License-Identifier: GPL-2.0
/*
 * A dump that is not marked with NLM_F_DUMP_INTR is one consistent picture, and
 * one that is marked becomes consistent when it is taken again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MANY		10000
#define FEW		5

static struct backend backend;
static struct genl genl;

static __u32 must_new(struct genl *from, __u32 holder)
{
	struct grant_req want = {
		.size = backend.size,
		.mode = backend.mode,
		.holder = holder,
		.domain = backend.domain,
	};
	struct grant grant;
	int err = grant_new(from, &want, &grant);

	if (err)
		ktap_fail("no grant: %s: %s", strerror(err), grant_text());
	return grant.id;
}

/* They go when the socket of this process closes; those of the test before have gone. */
static void make_grants(unsigned int nr)
{
	struct capacity capacity;
	__u64 deadline = now_ms() + 60000;

	broker_open(&genl);
	do {
		capacity_get(&genl, backend.domain, &capacity);
	} while (capacity.slices && now_ms() < deadline);
	if (capacity.slices)
		ktap_fail("%u slices are left of the test before", capacity.slices);
	while (nr--)
		must_new(&genl, FABRIC_HOLDER_SOCKET);
}

static unsigned int count(const struct genl_answer *answer)
{
	const struct nlmsghdr *nlh;
	unsigned int nr = 0;

	answer_for_each(nlh, answer)
		nr++;
	return nr;
}

static void dump_grants(struct genl *from, __u8 cmd, struct genl_answer *answer)
{
	struct genl_req req;

	req_init(from, &req, cmd, NLM_F_DUMP);
	if (genl_talk(from, &req, answer))
		ktap_fail("dump: %s", strerror(answer->err));
}

static void dump_of_many_grants_is_complete(void)
{
	__u32 last = 0, id;
	const struct nlmsghdr *nlh;
	struct genl_answer answer;

	make_grants(MANY);
	dump_grants(&genl, FABRIC_CMD_GRANT_GET, &answer);
	if (answer.interrupted)
		ktap_fail("marked as interrupted, but nothing changed");
	if (count(&answer) != MANY)
		ktap_fail("%u grants instead of %u", count(&answer), MANY);
	answer_for_each(nlh, &answer) {
		id = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_GRANT_ID));
		if (id <= last)
			ktap_fail("grant %u after grant %u", id, last);
		last = id;
	}
	answer_free(&answer);
	dump_grants(&genl, FABRIC_CMD_SLICE_GET, &answer);
	if (answer.interrupted || count(&answer) != MANY)
		ktap_fail("%u slices instead of %u", count(&answer), MANY);
	answer_free(&answer);
}

/* Whether what is left of a dump is marked, after @change between its parts */
static bool marked(__u8 cmd, void (*change)(struct genl *other))
{
	unsigned char buffer[65536] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh;
	struct genl dumper, other;
	struct genl_req req;
	bool first = true, mark = false;
	ssize_t got, left;

	broker_open(&dumper);
	broker_open(&other);
	req_init(&dumper, &req, cmd, NLM_F_DUMP);
	if (genl_send(&dumper, &req))
		ktap_fail("dump was not sent");
	for (;;) {
		got = recv(dumper.fd, buffer, sizeof(buffer), 0);
		if (got <= 0)
			ktap_fail("the dump ended with %s", strerror(errno));
		left = got;
		for (nlh = (void *)buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				mark = true;
			if (nlh->nlmsg_type == NLMSG_DONE) {
				genl_close(&dumper);
				genl_close(&other);
				if (first)
					ktap_fail("the dump came in one piece");
				return mark;
			}
		}
		if (first && change)
			change(&other);
		first = false;
	}
}

static void change_new(struct genl *other)
{
	must_new(other, FABRIC_HOLDER_SOCKET);
}

static void change_new_and_del(struct genl *other)
{
	__u32 id = must_new(other, FABRIC_HOLDER_NONE);

	if (grant_del(other, id, false))
		ktap_fail("del: %s", grant_text());
}

static void new_grant_during_a_dump_is_marked(void)
{
	make_grants(2000);
	if (marked(FABRIC_CMD_GRANT_GET, NULL))
		ktap_fail("marked without a change");
	if (!marked(FABRIC_CMD_GRANT_GET, change_new))
		ktap_fail("a grant was made and the dump of grants does not say so");
	if (!marked(FABRIC_CMD_SLICE_GET, change_new))
		ktap_fail("a grant was made and the dump of slices does not say so");
}

static void grant_that_came_and_went_is_marked(void)
{
	make_grants(2000);
	if (!marked(FABRIC_CMD_GRANT_GET, change_new_and_del))
		ktap_fail("two changes are no change to the dump");
}

/*
 * Another process swaps one grant for another all the time: it makes the new
 * one before it deletes the old. At any instant there are so many or one more.
 */
static pid_t start_swapping(void)
{
	pid_t pid = fork();

	if (pid < 0)
		ktap_fail("fork: %s", strerror(errno));
	if (!pid) {
		struct genl mine;
		__u32 old, id;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		broker_open(&mine);
		old = must_new(&mine, FABRIC_HOLDER_SOCKET);
		for (;;) {
			id = must_new(&mine, FABRIC_HOLDER_SOCKET);
			if (grant_del(&mine, old, false))
				ktap_fail("del: %s", grant_text());
			old = id;
		}
	}
	return pid;
}

static void unmarked_dumps_are_consistent(unsigned int nr, __u8 cmd, unsigned int rounds)
{
	__u64 deadline = now_ms() + 60000;
	unsigned int round, good = 0, n;
	struct genl_answer answer;
	struct capacity capacity;
	pid_t pid;

	make_grants(nr);
	capacity_get(&genl, backend.domain, &capacity);
	pid = start_swapping();
	/* A slice is reserved some time before its grant is in the list */
	do {
		dump_grants(&genl, cmd, &answer);
		n = count(&answer);
		answer_free(&answer);
	} while (n <= nr && now_ms() < deadline);
	for (round = 0; round < rounds; round++) {
		dump_grants(&genl, cmd, &answer);
		n = count(&answer);
		if (!answer.interrupted) {
			good++;
			if (n != nr + 1 && n != nr + 2)
				ktap_fail("round %u: %u objects, there were never but %u or %u",
					  round, n, nr + 1, nr + 2);
		}
		answer_free(&answer);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ktap_note("%u of %u dumps were not marked", good, rounds);
	/* it becomes quiet, and the next one is whole */
	if (!capacity_free_reaches(&genl, backend.domain,
				   capacity.total - nr * backend.size, 20000))
		ktap_fail("what the other process had is still there");
	dump_grants(&genl, cmd, &answer);
	if (answer.interrupted || count(&answer) != nr)
		ktap_fail("the dump is not whole when it is taken again");
	answer_free(&answer);
}

static void unmarked_dump_of_few_grants_is_consistent(void)
{
	unmarked_dumps_are_consistent(FEW, FABRIC_CMD_GRANT_GET, 2000);
}

static void unmarked_dump_of_few_slices_is_consistent(void)
{
	unmarked_dumps_are_consistent(FEW, FABRIC_CMD_SLICE_GET, 2000);
}

static void unmarked_dump_of_many_grants_is_consistent(void)
{
	unmarked_dumps_are_consistent(1000, FABRIC_CMD_GRANT_GET, 100);
}

/* Each message is filled under the lock of its domain */
static void sums_are_right_in_every_dump(void)
{
	struct capacity capacity;
	unsigned int round;
	pid_t pid;

	make_grants(FEW);
	pid = start_swapping();
	for (round = 0; round < 1000; round++) {
		capacity_get(&genl, backend.domain, &capacity);
		if (!capacity_balanced(&capacity))
			ktap_fail("round %u: %llu + %llu + %llu + %llu is not %llu",
				  round, capacity.free, capacity.reserved, capacity.granted,
				  capacity.quarantined, capacity.total);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct ktap_test tests[] = {
	KTAP_TEST(dump_of_many_grants_is_complete),
	KTAP_TEST(new_grant_during_a_dump_is_marked),
	KTAP_TEST(grant_that_came_and_went_is_marked),
	KTAP_TEST(unmarked_dump_of_few_grants_is_consistent),
	KTAP_TEST(unmarked_dump_of_few_slices_is_consistent),
	KTAP_TEST(unmarked_dump_of_many_grants_is_consistent),
	KTAP_TEST(sums_are_right_in_every_dump),
};

int main(void)
{
	backend_from_env(&backend);
	ktap_run_all(tests, ARRAY_SIZE(tests), 300);
}
