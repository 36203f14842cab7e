// SPDX-License-Identifier: GPL-2.0
/*
 * The queue, placement, bandwidth, leases, tokens, changes of size, and what the
 * broker tells of all that.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define LONG		30000
#define LINK_MBPS	252061
#define HOST_MBPS	504123

#define ACTIVE		FABRIC_GRANT_STATE_ACTIVE
#define QUEUED		FABRIC_GRANT_STATE_QUEUED

static __u32 domain, m0, m1, m2, m3, p0, p1, host0;
static struct genl genl;

static void begin(void)
{
	broker_open(&genl);
	engine_clear(&genl, domain);
}

static int try(struct want want, struct told_grant *grant)
{
	want.domain = domain;
	return engine_new(&genl, &want, grant);
}

static void get(struct want want, struct told_grant *grant)
{
	must(try(want, grant));
	expect(grant->state == ACTIVE, "it is in state %u: %s", grant->state, grant->reason);
}

static void wait_for(struct want want, struct told_grant *grant)
{
	must(try(want, grant));
	expect(grant->state == QUEUED, "it is in state %u", grant->state);
	expect(grant->fd >= 0, "no descriptor");
}

static void look(struct told_grant *grant)
{
	int fd = grant->fd;

	must(engine_get(&genl, grant->id, grant));
	grant->fd = fd;
}

static void expect_queued_at(struct told_grant *grant, unsigned int position)
{
	look(grant);
	expect(grant->state == QUEUED && grant->has_position && grant->position == position,
	       "state %u, position %u instead of %u", grant->state, grant->position, position);
}

static void del(const struct told_grant *grant)
{
	must(engine_del(&genl, grant->id, true));
}

static __u64 free_of(__u32 device)
{
	struct told_resource resource;

	must(engine_resource(&genl, device, 0, &resource));
	expect(resource.free + resource.reserved + resource.granted + resource.quarantined ==
	       resource.total, "the sum is wrong");
	return resource.free;
}

/* All of a device, for somebody from whom nothing can be taken. */
static void occupy(__u32 device, struct told_grant *grant)
{
	get(WANT(.device = device, .size = free_of(device), .priority = 900), grant);
}

/* The queue */

static void priority_comes_first_then_arrival(void)
{
	struct want all = { .device = m0, .size = 8 * MiB, .wait = LONG };
	struct told_grant holder, a, b, c, d;

	begin();
	occupy(m0, &holder);
	all.priority = 100;
	wait_for(all, &a);
	all.priority = 200;
	wait_for(all, &b);
	all.priority = 100;
	wait_for(all, &c);
	all.priority = 200;
	wait_for(all, &d);
	expect_queued_at(&b, 0);
	expect_queued_at(&d, 1);
	expect_queued_at(&a, 2);
	expect_queued_at(&c, 3);
	del(&holder);
	must_become(&genl, b.id, ACTIVE);
	expect_queued_at(&d, 0);
	expect_queued_at(&a, 1);
	expect_queued_at(&c, 2);
	del(&b);
	must_become(&genl, d.id, ACTIVE);
	expect_queued_at(&a, 0);
	del(&d);
	must_become(&genl, a.id, ACTIVE);
	expect_queued_at(&c, 0);
	del(&a);
	must_become(&genl, c.id, ACTIVE);
}

/*
 * Fairness: four holders have a quarter of a device each, somebody wants all of
 * it, and others want a quarter. What the holders give adds up for the big
 * request; only who is more important, or wants something else, goes before it.
 */
static void small_requests_do_not_starve_a_big_one(void)
{
	struct want quarter = { .device = m0, .size = 2 * MiB };
	struct told_grant holders[4], big, small, refused, urgent, elsewhere;
	unsigned int i;

	begin();
	for (i = 0; i < 4; i++)
		get(WANT(.device = m0, .size = 2 * MiB, .priority = 900), &holders[i]);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &big);
	quarter.wait = LONG;
	wait_for(quarter, &small);
	quarter.wait = 0;
	for (i = 0; i < 3; i++) {
		del(&holders[i]);
		expect(free_of(m0) == (i + 1) * 2 * MiB, "free %llu", free_of(m0));
		must_fail(try(quarter, &refused), ENOSPC, "Earlier requests in the queue");
		expect_queued_at(&big, 0);
		expect_queued_at(&small, 1);
	}
	/* another device is not what it waits for */
	get(WANT(.device = m1, .size = 2 * MiB), &elsewhere);
	quarter.priority = 101;
	get(quarter, &urgent);
	del(&urgent);
	del(&holders[3]);
	must_become(&genl, big.id, ACTIVE);
	expect_queued_at(&small, 0);
	del(&big);
	must_become(&genl, small.id, ACTIVE);
}

/* The table in Documentation/admin-guide/engine.rst, at an eighth of its sizes. */
static void queue_goes_as_documented(void)
{
	struct told_grant holders[3], a, b, c, d;
	unsigned int i;

	begin();
	for (i = 0; i < 3; i++)
		get(WANT(.device = m0, .size = 2 * MiB), &holders[i]);
	wait_for(WANT(.device = m0, .size = 4 * MiB, .wait = LONG), &a);
	expect_queued_at(&a, 0);
	wait_for(WANT(.device = m0, .size = MiB, .wait = LONG), &b);
	expect_queued_at(&b, 1);
	must_fail(try(WANT(.device = m0, .size = MiB), &c), ENOSPC,
		  "Earlier requests in the queue come first");
	get(WANT(.device = m1, .size = MiB), &d);
	expect_queued_at(&a, 0);
	/* beside what is free */
	del(&holders[2]);
	must_become(&genl, a.id, ACTIVE);
	expect(!free_of(m0), "free %llu", free_of(m0));
	expect_queued_at(&b, 0);
	del(&holders[1]);
	must_become(&genl, b.id, ACTIVE);
}

static void request_keeps_nobody_from_what_it_cannot_use(void)
{
	struct told_grant holder, big, small;

	begin();
	occupy(m2, &holder);
	/* only m2 is that large */
	wait_for(WANT(.size = 16 * MiB, .wait = LONG), &big);
	get(WANT(.size = 8 * MiB), &small);
	expect(small.pieces[0].device != m2, "it is on the device that is full");
	del(&holder);
	must_become(&genl, big.id, ACTIVE);
}

static void request_tells_place_reason_and_time(void)
{
	struct told_grant holder, request, told;

	begin();
	occupy(m0, &holder);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &request);
	expect(request.has_position && !request.position, "position %u", request.position);
	expect(request.has_wait_left && request.wait_left <= LONG &&
	       request.wait_left > LONG / 2, "%llu ms left", request.wait_left);
	expect(request.size == 8 * MiB && !request.nr_pieces, "it has something already");
	expect(*request.reason, "it does not say what it waits for");
	del(&holder);
	must_become(&genl, request.id, ACTIVE);
	look(&request);
	expect(!request.has_position && !request.has_wait_left && !*request.reason,
	       "it still tells of the queue");
	expect(request.has_queue_time, "it forgot that it waited");
	while (!engine_read(request.fd, &told))
		;
	expect(told.state == ACTIVE, "its file says state %u", told.state);
}

static bool polls(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLIN;
}

static void interrupt(int signal)
{
	(void)signal;
}

static void failed_read_loses_no_change(void)
{
	const struct itimerspec every = { { .tv_nsec = 100000000 }, { .tv_nsec = 100000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	void *nowhere = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct told_grant grant, told;
	char small[NLMSG_HDRLEN];
	timer_t timer;

	begin();
	get(WANT(.device = m0, .size = 1 * MiB, .holder = FABRIC_HOLDER_FILE), &grant);
	expect(!polls(grant.fd), "a change before there is one");
	must(engine_set(&genl, grant.id, &(struct change){ .priority = 77 }, &told));
	expect(read(grant.fd, small, sizeof(small)) < 0 && errno == EMSGSIZE, "a short read: %s",
	       strerror(errno));
	expect(polls(grant.fd), "the change is lost with the short read");
	expect(read(grant.fd, nowhere, 65536) < 0 && errno == EFAULT, "a read to nowhere: %s",
	       strerror(errno));
	expect(polls(grant.fd), "the change is lost with the read to nowhere");
	must(engine_read(grant.fd, &told));
	expect(told.priority == 77 && !polls(grant.fd), "it says priority %u", told.priority);
	/* More than one, as the first can come before the read */
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = interrupt }, NULL);
	expect(!timer_create(CLOCK_MONOTONIC, &event, &timer) &&
	       !timer_settime(timer, 0, &every, NULL), "timer: %s", strerror(errno));
	expect(read(grant.fd, small, sizeof(small)) < 0 && errno == EINTR, "interrupted: %s",
	       strerror(errno));
	timer_delete(timer);
	must(engine_get(&genl, grant.id, &told));
}

static void request_that_waited_too_long_expires(void)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct told_grant holder, request, told = {};
	struct told_stats before, after;
	__u64 began = now_ms();

	begin();
	occupy(m0, &holder);
	must(engine_stats(&genl, &before));
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = 300), &request);
	poll_fd.fd = request.fd;
	must_become(&genl, request.id, 0);
	expect(now_ms() - began >= 300, "too early");
	expect(poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLHUP, "polls %x",
	       poll_fd.revents);
	while (!engine_read(request.fd, &told))
		;
	expect(told.state == FABRIC_GRANT_STATE_EXPIRED, "it ends in state %u", told.state);
	must(engine_stats(&genl, &after));
	expect(after.wait_expiries == before.wait_expiries + 1, "not counted");
	expect(!after.queued, "%u in the queue", after.queued);
	del(&holder);
	must_come(free_of(m0) == 8 * MiB);
}

static void request_is_withdrawn_by_del(void)
{
	struct told_grant holder, request, second, told = {};

	begin();
	occupy(m0, &holder);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &request);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &second);
	must(engine_del(&genl, request.id, false));
	must_become(&genl, request.id, 0);
	while (!engine_read(request.fd, &told))
		;
	expect(told.state == FABRIC_GRANT_STATE_FAILED &&
	       !strcmp(told.reason, "Withdrawn on request"), "it ends in state %u: %s",
	       told.state, told.reason);
	expect_queued_at(&second, 0);
	must_fail(engine_del(&genl, request.id, false), ENOENT, "No grant has this id");
}

static void request_ends_with_its_file(void)
{
	struct told_grant holder, request;

	begin();
	occupy(m0, &holder);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &request);
	close(request.fd);
	must_become(&genl, request.id, 0);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG,
		      .holder = FABRIC_HOLDER_FILE), &request);
	close(request.fd);
	must_become(&genl, request.id, 0);
}

/* Once it is there, a grant without holder is nobody's */
static void file_of_a_request_does_not_bind_the_grant(void)
{
	struct told_grant holder, request;

	begin();
	occupy(m0, &holder);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &request);
	del(&holder);
	must_become(&genl, request.id, ACTIVE);
	close(request.fd);
	expect(!size_becomes(&genl, request.id, 0, 200), "it ended with the file");
}

static void request_ends_with_its_process(void)
{
	struct told_grant holder, request;
	unsigned int i;
	int fds[2];
	pid_t pid;

	begin();
	occupy(m0, &holder);
	for (i = 0; i < 10; i++) {
		expect(!pipe(fds), "pipe");
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			genl_close(&genl);
			broker_open(&genl);
			wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG,
				      .holder = 1 + i % 3), &request);
			if (write(fds[1], &request.id, sizeof(request.id)) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		close(fds[1]);
		expect(read(fds[0], &request.id, sizeof(request.id)) == sizeof(request.id),
		       "no request");
		close(fds[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		must_become(&genl, request.id, 0);
	}
}

/* Take and give all of m0 all the time */
static void hog(void)
{
	struct want all = { .device = m0, .size = 8 * MiB, .domain = domain };
	struct told_grant grant;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	genl_close(&genl);
	broker_open(&genl);
	for (;;) {
		if (engine_new(&genl, &all, &grant))
			continue;
		do {
			err = engine_del(&genl, grant.id, true);
		} while (err == EBUSY && grant.state != ACTIVE);
		if (grant.fd >= 0)
			close(grant.fd);
		must(err);
	}
}

/*
 * Capacity comes free while the request is looked at, or while it is answered: it is told to
 * be active, or there is a descriptor that tells when it is.
 */
static void answer_is_active_or_has_a_file_to_wait_with(void)
{
	struct want all = { .device = m0, .size = 8 * MiB };
	unsigned int i, active = 0, pending = 0;
	__u64 end = now_ms() + 20000;
	struct told_grant grant;
	pid_t pids[2];
	int err;

	begin();
	fflush(stdout);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (!pids[i])
			hog();
	}
	/* Or fewer, where each takes long */
	while (active + pending < 100 && now_ms() < end) {
		err = try(all, &grant);
		expect(!err || err == ENOSPC, "%s: %s", strerror(err), engine_text());
		if (err)
			continue;
		if (grant.state == ACTIVE) {
			active++;
		} else {
			expect(grant.fd >= 0, "no descriptor in state %u", grant.state);
			must_become(&genl, grant.id, ACTIVE);
			pending++;
		}
		must(engine_del(&genl, grant.id, false));
		if (grant.fd >= 0)
			close(grant.fd);
	}
	printf("# active %u times, pending %u times\n", active, pending);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		expect(!waitpid(pids[i], NULL, WNOHANG), "process %u has ended", i);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	expect(active + pending, "it never got it");
}

static void request_of_a_socket_ends_with_it(void)
{
	struct told_grant holder, request;
	struct genl other;
	struct want want = { .device = m0, .size = 8 * MiB, .wait = LONG,
			     .holder = FABRIC_HOLDER_SOCKET };

	begin();
	occupy(m0, &holder);
	broker_open(&other);
	want.domain = domain;
	must(engine_new(&other, &want, &request));
	expect(request.state == QUEUED, "state %u", request.state);
	genl_close(&other);
	must_become(&genl, request.id, 0);
}

/* A request that ended is not found by the socket that it was bound to */
static void socket_outlives_its_requests(void)
{
	struct told_grant holder, request;
	struct genl other;
	struct want want = { .device = m0, .size = 8 * MiB, .holder = FABRIC_HOLDER_SOCKET };
	unsigned int i;

	begin();
	occupy(m0, &holder);
	broker_open(&other);
	want.domain = domain;
	for (i = 0; i < 20; i++) {
		want.wait = i % 2 ? 20 : LONG;
		must(engine_new(&other, &want, &request));
		if (!(i % 2))
			must(engine_del(&other, request.id, false));
		must_become(&genl, request.id, 0);
		close(request.fd);
	}
	del(&holder);
	want.wait = 0;
	must(engine_new(&other, &want, &request));
	genl_close(&other);
	must_become(&genl, request.id, 0);
}

static void more_than_there_is_is_refused_at_once(void)
{
	struct told_grant request;

	begin();
	must_fail(try(WANT(.device = m0, .size = 9 * MiB, .wait = LONG), &request),
		  ENOSPC, "All that matches has");
	must_fail(try(WANT(.size = 17 * MiB, .wait = LONG), &request), ENOSPC,
		  "All that matches has");
	must_fail(try(WANT(.size = 41 * MiB, .pieces = 4, .wait = LONG), &request),
		  ENOSPC, "All that matches has");
}

static void what_does_not_match_is_refused_at_once(void)
{
	struct want want = { .size = MiB, .wait = LONG };
	struct told_grant request;

	begin();
	want.pieces = 1;
	want.label = "no=such";
	must_fail(try(want, &request), ENOENT, "No resource has this kind");
	want.pieces = 3;
	must_fail(try(want, &request), ENOENT, "No resource has this kind");
	want.label = NULL;
	want.capability = "pmem";
	must_fail(try(want, &request), ENOENT, "No resource has this kind");
	want.capability = NULL;
	want.size = 4096;
	must_fail(try(want, &request), EINVAL, "must be a multiple of");
}

/* Placement */

static void grant_is_where_it_was_asked_for(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.size = MiB, .device = m1), &grant);
	expect(grant.pieces[0].device == m1, "device %u", grant.pieces[0].device);
	get(WANT(.size = MiB, .port = p1), &grant);
	expect(grant.pieces[0].device == m1, "below the wrong port");
	must_fail(try(WANT(.size = MiB, .device = m0, .port = p1), &grant), ENOENT,
		  "No resource has this kind");
	must_fail(try(WANT(.size = MiB, .port = 999999), &grant), ENOENT,
		  "No port has this id");
	get(WANT(.size = MiB, .port = host0), &grant);
}

static void labels_of_devices_and_ports_lead_to_them(void)
{
	struct told_grant grant;

	begin();
	must(engine_device_set(&genl, m1, 0, "tier=gold", NULL));
	must(engine_port_label(&genl, p1, "row=7", NULL));
	must(engine_device_set(&genl, m2, 0, "tier=gold", NULL));
	get(WANT(.size = MiB, .label = "tier=gold", .label2 = "row=7"), &grant);
	expect(grant.pieces[0].device == m1, "device %u", grant.pieces[0].device);
	get(WANT(.size = 12 * MiB, .label = "tier=gold"), &grant);
	expect(grant.pieces[0].device == m2, "device %u", grant.pieces[0].device);
	must_fail(try(WANT(.size = MiB, .label = "tier=silver"), &grant), ENOENT,
		  "No resource has this kind");
	must(engine_device_set(&genl, m1, 0, "tier=silver", NULL));
	get(WANT(.size = MiB, .label = "tier=silver"), &grant);
	expect(grant.pieces[0].device == m1, "device %u", grant.pieces[0].device);
	must(engine_device_set(&genl, m1, 0, NULL, "tier"));
	must(engine_device_set(&genl, m2, 0, NULL, "tier"));
	must(engine_port_label(&genl, p1, NULL, "row"));
	must_fail(try(WANT(.size = MiB, .label = "row=7"), &grant), ENOENT,
		  "No resource has this kind");
}

static bool port_has_label(__u32 port, const char *label)
{
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	const struct nlattr *attr;
	struct genl_req req;
	bool has = false;
	size_t left;

	req_init(&genl, &req, FABRIC_CMD_PORT_GET, 0);
	req_u32(&req, FABRIC_A_PORT_ID, port);
	must(genl_talk(&genl, &req, &answer));
	answer_for_each(nlh, &answer) {
		attrs_for_each(attr, left, msg_attrs(nlh), msg_attrs_len(nlh)) {
			if ((attr->nla_type & NLA_TYPE_MASK) == FABRIC_A_PORT_LABEL)
				has |= !strcmp(attr_str(attr), label);
		}
	}
	answer_free(&answer);
	return has;
}

/* Processes set a label all the time; what another sets and removes stays so. */
static void labels_at_once_are_all_set(void)
{
	__u64 end = now_ms() + 10000;
	unsigned int round, i;
	pid_t pids[3];

	begin();
	fflush(stdout);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		genl_close(&genl);
		broker_open(&genl);
		for (round = 0;; round++)
			must(engine_port_label(&genl, p1, round % 2 ? "row=7" : "row=8", NULL));
	}
	/* Or fewer, where each takes long: a lost one is seen in any */
	for (round = 0; round < 2000 && now_ms() < end; round++) {
		must(engine_port_label(&genl, p1, "rack=3", NULL));
		expect(port_has_label(p1, "rack=3"), "lost in round %u", round);
		must(engine_port_label(&genl, p1, NULL, "rack"));
		expect(!port_has_label(p1, "rack=3"), "back in round %u", round);
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		expect(!waitpid(pids[i], NULL, WNOHANG), "process %u has ended", i);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static void labels_have_an_end(void)
{
	char label[16];
	unsigned int i;

	begin();
	for (i = 0; i < FABRIC_LABELS_MAX; i++) {
		snprintf(label, sizeof(label), "l%u=1", i);
		must(engine_port_label(&genl, p1, label, NULL));
	}
	must_fail(engine_port_label(&genl, p1, "more=1", NULL), ENOSPC, "More than 16 labels");
	/* One that is there already is changed */
	must(engine_port_label(&genl, p1, "l3=2", NULL));
	expect(port_has_label(p1, "l3=2") && !port_has_label(p1, "more=1"), "the labels");
	for (i = 0; i < FABRIC_LABELS_MAX; i++) {
		snprintf(label, sizeof(label), "l%u", i);
		must(engine_port_label(&genl, p1, NULL, label));
	}
}

static void best_fit_takes_the_smallest_hole(void)
{
	struct told_grant grants[4], grant;

	begin();
	/* m0: 3 M hole; m1: 2 M hole; the others empty */
	get(WANT(.device = m0, .size = 5 * MiB), &grants[0]);
	get(WANT(.device = m1, .size = 6 * MiB), &grants[1]);
	get(WANT(.size = 2 * MiB), &grant);
	expect(grant.pieces[0].device == m1, "not the smallest hole");
	get(WANT(.size = 2 * MiB), &grant);
	expect(grant.pieces[0].device == m0, "not the next");
}

static void pack_takes_the_fullest_and_spread_the_emptiest(void)
{
	struct told_grant grants[2], grant;

	begin();
	get(WANT(.device = m1, .size = 2 * MiB), &grants[0]);
	get(WANT(.size = MiB, .placement = FABRIC_PLACEMENT_PACK), &grant);
	expect(grant.pieces[0].device == m1, "packed on an empty one");
	get(WANT(.size = MiB, .placement = FABRIC_PLACEMENT_SPREAD), &grant);
	expect(grant.pieces[0].device == m2, "not on the emptiest");
}

static void spread_makes_equal_pieces(void)
{
	struct told_grant grant;
	unsigned int i;

	begin();
	get(WANT(.size = 8 * MiB, .pieces = 4,
		 .placement = FABRIC_PLACEMENT_SPREAD), &grant);
	expect(grant.nr_pieces == 4, "%u pieces", grant.nr_pieces);
	for (i = 0; i < 4; i++)
		expect(grant.pieces[i].length == 2 * MiB, "a piece of %llu",
		       grant.pieces[i].length);
	del(&grant);
	get(WANT(.size = 3 * MiB, .pieces = 8,
		 .placement = FABRIC_PLACEMENT_SPREAD), &grant);
	expect(grant.nr_pieces == 3, "%u pieces", grant.nr_pieces);
}

static void pieces_are_as_few_as_can_be(void)
{
	struct told_grant grant;
	unsigned int i, j;

	begin();
	get(WANT(.size = 8 * MiB, .pieces = 4), &grant);
	expect(grant.nr_pieces == 1, "%u pieces", grant.nr_pieces);
	del(&grant);
	get(WANT(.size = 24 * MiB, .pieces = 4), &grant);
	expect(grant.nr_pieces == 2, "%u pieces", grant.nr_pieces);
	del(&grant);
	get(WANT(.size = 40 * MiB, .pieces = 4), &grant);
	expect(grant.nr_pieces == 4, "%u pieces", grant.nr_pieces);
	for (i = 0; i < 4; i++) {
		for (j = 0; j < i; j++)
			expect(grant.pieces[i].device != grant.pieces[j].device,
			       "two pieces on one device");
	}
	del(&grant);
	must_fail(try(WANT(.size = 25 * MiB, .pieces = 2), &grant), ENOSPC, "");
	expect(free_of(m0) + free_of(m1) + free_of(m2) + free_of(m3) == 40 * MiB,
	       "a half is left behind");
}

static void pieces_are_multiples_of_the_granularity(void)
{
	struct told_grant holder, grant;
	unsigned int i;

	begin();
	get(WANT(.device = m2, .size = 3 * MiB, .priority = 900), &holder);
	/* 13 are free there, 12 of use */
	get(WANT(.size = 20 * MiB, .granularity = 4 * MiB, .pieces = 2), &grant);
	for (i = 0; i < grant.nr_pieces; i++)
		expect(!(grant.pieces[i].length % (4 * MiB)), "a piece of %llu",
		       grant.pieces[i].length);
	must_fail(try(WANT(.size = 6 * MiB, .granularity = 4 * MiB), &grant), EINVAL,
		  "multiple of the granularity");
}

static void near_node_comes_before_best_fit(void)
{
	struct told_grant holder, grant;

	begin();
	get(WANT(.device = m0, .size = 6 * MiB), &holder);
	get(WANT(.size = 2 * MiB, .near_node = ZERO), &grant);
	expect(grant.pieces[0].device == m3, "on device %u", grant.pieces[0].device);
	del(&grant);
	get(WANT(.size = 2 * MiB), &grant);
	expect(grant.pieces[0].device == m0, "on device %u", grant.pieces[0].device);
	/* far is better than not at all */
	get(WANT(.size = 16 * MiB, .near_node = ZERO), &grant);
	expect(grant.pieces[0].device == m2, "on device %u", grant.pieces[0].device);
}

/* Administration of devices */

static void draining_device_gives_nothing_new_and_shows_its_progress(void)
{
	struct told_grant grants[2], request;
	struct told_resource resource;

	begin();
	get(WANT(.device = m0, .size = 2 * MiB), &grants[0]);
	get(WANT(.device = m0, .size = 2 * MiB), &grants[1]);
	must(engine_device_set(&genl, m0, FABRIC_ADMIN_STATE_DRAINING, NULL, NULL));
	must_fail(try(WANT(.device = m0, .size = MiB), &request), ENXIO, "draining");
	must_fail(try(WANT(.device = m0, .size = MiB, .pieces = 2), &request), ENXIO,
		  "draining");
	must_fail(engine_device_set(&genl, m0, FABRIC_ADMIN_STATE_DISABLED, NULL, NULL), EBUSY,
		  "The device has 2 slices, drain it first");
	must_fail(engine_set(&genl, grants[0].id, &(struct change){ .size = 4 * MiB }, NULL),
		  ENXIO, "draining");
	del(&grants[0]);
	must(engine_resource(&genl, m0, 0, &resource));
	expect(resource.slices == 1, "%u slices", resource.slices);
	del(&grants[1]);
	must(engine_device_set(&genl, m0, FABRIC_ADMIN_STATE_DISABLED, NULL, NULL));
	/* who waits gets it when it is enabled again */
	wait_for(WANT(.device = m0, .size = MiB, .wait = LONG), &request);
	must(engine_device_set(&genl, m0, FABRIC_ADMIN_STATE_ENABLED, NULL, NULL));
	must_become(&genl, request.id, ACTIVE);
}

/* Bandwidth */

static __u64 guaranteed(__u32 port, __u64 total)
{
	struct told_resource resource;

	must(engine_resource(&genl, 0, port, &resource));
	expect(resource.kind == FABRIC_KIND_BANDWIDTH && resource.total == total,
	       "port %u has %llu of kind %u", port, resource.total, resource.kind);
	expect(resource.free + resource.granted == total, "the sum is wrong");
	return resource.granted;
}

static void bandwidth_is_not_guaranteed_twice(void)
{
	struct told_grant a, b, refused;

	begin();
	get(WANT(.device = m0, .size = MiB, .bandwidth_min = LINK_MBPS - 10), &a);
	expect(guaranteed(p0, LINK_MBPS) == LINK_MBPS - 10, "port: %llu",
	       guaranteed(p0, LINK_MBPS));
	expect(guaranteed(host0, HOST_MBPS) == LINK_MBPS - 10, "host: %llu",
	       guaranteed(host0, HOST_MBPS));
	must_fail(try(WANT(.device = m0, .size = MiB, .bandwidth_min = 11), &refused),
		  ENOSPC, "The path can guarantee 10 Mb/s more");
	get(WANT(.device = m0, .size = MiB, .bandwidth_min = 10), &b);
	/* what is not guaranteed needs none */
	get(WANT(.device = m0, .size = MiB), &refused);
	del(&a);
	expect(guaranteed(p0, LINK_MBPS) == 10, "port: %llu", guaranteed(p0, LINK_MBPS));
	del(&b);
	expect(!guaranteed(p0, LINK_MBPS) && !guaranteed(host0, HOST_MBPS), "not given back");
}

static void bandwidth_is_admitted_along_the_whole_path(void)
{
	struct told_grant a, b, c;

	begin();
	get(WANT(.device = m0, .size = MiB, .bandwidth_min = LINK_MBPS), &a);
	get(WANT(.device = m1, .size = MiB, .bandwidth_min = LINK_MBPS), &b);
	/* its own link is idle, that of the host is not */
	must_fail(try(WANT(.device = m2, .size = MiB, .bandwidth_min = 2), &c), ENOSPC,
		  "The path can guarantee 1 Mb/s more");
	wait_for(WANT(.device = m2, .size = MiB, .bandwidth_min = 100, .wait = LONG),
		 &c);
	del(&b);
	must_become(&genl, c.id, ACTIVE);
}

static void nobody_waits_for_more_than_a_link_carries(void)
{
	struct told_grant grant;
	char text[64];

	begin();
	snprintf(text, sizeof(text), "No path to a match carries more than %u Mb/s", LINK_MBPS);
	must_fail(try(WANT(.device = m0, .size = MiB, .bandwidth_min = LINK_MBPS + 1,
			   .wait = LONG), &grant), ENOSPC, text);
	must_fail(try(WANT(.size = MiB, .bandwidth_min = HOST_MBPS + 1, .wait = LONG), &grant),
		  ENOSPC, text);
}

static void pieces_share_the_bandwidth_of_the_host(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.size = 24 * MiB, .pieces = 2, .bandwidth_min = 200000), &grant);
	expect(guaranteed(host0, HOST_MBPS) == 400000, "host: %llu",
	       guaranteed(host0, HOST_MBPS));
	del(&grant);
	must_fail(try(WANT(.size = 40 * MiB, .pieces = 4, .bandwidth_min = 200000),
		      &grant), ENOSPC, "");
	expect(!guaranteed(host0, HOST_MBPS), "some is left behind");
	must_fail(try(WANT(.size = MiB, .bandwidth_min = 2, .bandwidth_max = 1),
		      &grant), EINVAL, "above the cap");
}

/* Leases */

static void lease_that_is_over_ends_the_grant_after_its_grace(void)
{
	struct told_grant grant, told;
	struct told_stats before, after;
	__u64 began = now_ms();

	begin();
	must(engine_stats(&genl, &before));
	get(WANT(.device = m0, .size = MiB, .lease = 300, .grace = 400,
		 .holder = FABRIC_HOLDER_FILE), &grant);
	expect(grant.has_lease_left && grant.lease_left <= 300, "%llu left", grant.lease_left);
	must_come(engine_get(&genl, grant.id, &told) || told.notice.given);
	expect(told.notice.given && !told.notice.by && !told.notice.target,
	       "by %u, target %llu", told.notice.by, told.notice.target);
	expect(now_ms() - began >= 300, "notice too early");
	must_become(&genl, grant.id, 0);
	expect(now_ms() - began >= 700, "forced too early");
	must(engine_stats(&genl, &after));
	expect(after.lease_expiries == before.lease_expiries + 1, "not counted");
	must_come(free_of(m0) == 8 * MiB);
}

static void lease_is_renewed(void)
{
	struct told_grant grant;
	unsigned int i;

	begin();
	get(WANT(.device = m0, .size = MiB, .lease = 2000, .grace = 1), &grant);
	for (i = 0; i < 5; i++) {
		expect(!size_becomes(&genl, grant.id, 0, 500), "it ended in round %u", i);
		must(engine_renew(&genl, grant.id, 0, &grant));
		expect(grant.lease_left > 1000, "%llu left", grant.lease_left);
	}
	expect(grant.renewals == 5, "renewals %u", grant.renewals);
	must(engine_renew(&genl, grant.id, LONG, &grant));
	expect(grant.lease_left > LONG / 2, "%llu left", grant.lease_left);
	expect(!size_becomes(&genl, grant.id, 0, 2200), "the old lease counts");
	must(engine_renew(&genl, grant.id, ZERO, &grant));
	expect(!grant.has_lease_left, "the lease is still there");
	must_fail(engine_renew(&genl, grant.id, 0, &grant), EINVAL, "has no lease");
	must_fail(engine_renew(&genl, grant.id, 1ULL << 50, &grant), ERANGE, "at most ten years");
}

static void lease_is_renewed_during_its_grace(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.device = m0, .size = MiB, .lease = 100, .grace = 2000), &grant);
	must_come(!engine_get(&genl, grant.id, &grant) && grant.notice.given);
	must(engine_renew(&genl, grant.id, LONG, &grant));
	expect(!grant.notice.given, "the notice is still there");
	expect(!size_becomes(&genl, grant.id, 0, 2200), "it was taken back");
}

/* Tokens */

static void same_token_is_the_same_grant(void)
{
	struct want want = { .device = m0, .size = 2 * MiB, .token = "job-7" };
	struct told_grant first, second;

	begin();
	get(want, &first);
	get(want, &second);
	expect(first.id == second.id, "two grants");
	expect(free_of(m0) == 6 * MiB, "two allocations");
	want.size = 3 * MiB;
	must_fail(try(want, &second), EEXIST, "The token belongs to grant");
	want.size = 2 * MiB;
	want.token = "job-8";
	get(want, &second);
	expect(first.id != second.id, "two tokens, one grant");
	del(&first);
	want.token = "job-7";
	get(want, &first);
}

static void answer_that_was_lost_is_asked_for_again(void)
{
	struct want want = { .device = m0, .size = 2 * MiB, .token = "lost", .domain = domain };
	struct told_grant grant;
	int status;
	pid_t pid;

	begin();
	pid = fork();
	if (!pid) {
		/* It dies before it reads the answer */
		genl_close(&genl);
		broker_open(&genl);
		engine_new(&genl, &want, &grant);
		raise(SIGKILL);
	}
	waitpid(pid, &status, 0);
	expect(free_of(m0) == 6 * MiB, "nothing was granted");
	must(engine_new(&genl, &want, &grant));
	expect(grant.state == ACTIVE && grant.pid == (__u32)pid, "it is another grant");
	expect(free_of(m0) == 6 * MiB, "two allocations");
}

static void token_finds_a_request_in_the_queue(void)
{
	struct want want = { .device = m0, .size = 8 * MiB, .token = "waits", .wait = LONG };
	struct told_grant holder, first, second;

	begin();
	occupy(m0, &holder);
	wait_for(want, &first);
	wait_for(want, &second);
	expect(first.id == second.id, "two requests");
	close(first.fd);
	/* the second still waits for it */
	expect_queued_at(&second, 0);
	del(&holder);
	must_become(&genl, first.id, ACTIVE);
}

static void *race(void *data)
{
	struct want want = { .device = m0, .size = MiB, .token = "race", .domain = domain };
	struct told_grant *grant = data;
	struct genl mine;

	broker_open(&mine);
	if (engine_new(&mine, &want, grant))
		grant->id = 0;
	genl_close(&mine);
	return NULL;
}

static void token_is_one_grant_under_races(void)
{
	struct told_grant grants[8];
	pthread_t threads[8];
	unsigned int round, i;

	begin();
	for (round = 0; round < 10; round++) {
		emu_fault("slice_prepare", "delay_ms", round % 2 ? 30 : 0);
		for (i = 0; i < 8; i++)
			expect(!pthread_create(&threads[i], NULL, race, &grants[i]), "thread");
		for (i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
		for (i = 0; i < 8; i++)
			expect(grants[i].id && grants[i].id == grants[0].id &&
			       grants[i].state == ACTIVE, "thread %u has grant %u in state %u", i,
			       grants[i].id, grants[i].state);
		expect(free_of(m0) == 7 * MiB, "round %u: several allocations", round);
		del(&grants[0]);
		must_come(free_of(m0) == 8 * MiB);
	}
}

static void token_of_a_request_that_failed_is_free_again(void)
{
	struct want want = { .device = m0, .size = MiB, .token = "fails" };
	struct told_grant grant;

	begin();
	emu_fault("slice_prepare", "error", -EIO);
	must_fail(try(want, &grant), EIO, "slice_prepare");
	emu_fault("slice_prepare", "error", 0);
	get(want, &grant);
}

/* Changes */

static unsigned char *map_grant(__u32 id, __u64 size)
{
	int fd = grant_open(&genl, id);
	unsigned char *mem;

	expect(fd >= 0, "open: %s", grant_text());
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(mem != MAP_FAILED, "mmap: %s", strerror(errno));
	close(fd);
	return mem;
}

static void growth_keeps_what_is_there(void)
{
	struct told_grant grant;
	unsigned char *mem, *all;
	__u64 i;

	begin();
	get(WANT(.device = m0, .size = 4 * MiB), &grant);
	mem = map_grant(grant.id, 4 * MiB);
	for (i = 0; i < 4 * MiB; i += 4096)
		mem[i] = 1 + i / 4096 % 251;
	must(engine_set(&genl, grant.id, &(struct change){ .size = 7 * MiB }, &grant));
	expect(grant.size == 7 * MiB && grant.nr_pieces == 2 && grant.resizes == 1,
	       "%llu in %u pieces", grant.size, grant.nr_pieces);
	expect(grant.pieces[1].offset == 4 * MiB, "the new one is at %llu",
	       grant.pieces[1].offset);
	all = map_grant(grant.id, 7 * MiB);
	for (i = 0; i < 4 * MiB; i += 4096)
		expect(mem[i] == 1 + i / 4096 % 251 && all[i] == mem[i], "changed at %llu", i);
	expect(!all[4 * MiB] && !all[7 * MiB - 1], "the new memory is not clean");
	all[7 * MiB - 1] = 1;
	expect(free_of(m0) == MiB, "free %llu", free_of(m0));
}

static void size_goes_down_and_up_again(void)
{
	struct told_grant grant;
	unsigned char *mem;
	__u64 i;

	begin();
	get(WANT(.device = m0, .size = 8 * MiB), &grant);
	mem = map_grant(grant.id, 8 * MiB);
	for (i = 0; i < 8 * MiB; i += 4096)
		mem[i] = 1 + i / 4096 % 251;
	munmap(mem, 8 * MiB);
	must(engine_set(&genl, grant.id, &(struct change){ .size = 3 * MiB }, &grant));
	expect(grant.size == 3 * MiB && free_of(m0) == 5 * MiB, "size %llu", grant.size);
	must(engine_set(&genl, grant.id, &(struct change){ .size = 8 * MiB }, &grant));
	expect(grant.nr_pieces == 2 && grant.pieces[1].offset == 3 * MiB,
	       "the new one is at %llu", grant.pieces[1].offset);
	mem = map_grant(grant.id, 8 * MiB);
	for (i = 0; i < 3 * MiB; i += 4096)
		expect(mem[i] == 1 + i / 4096 % 251, "changed at %llu", i);
	for (; i < 8 * MiB; i += 4096)
		expect(!mem[i], "not clean at %llu", i);
	/* whole slices go first */
	must(engine_set(&genl, grant.id, &(struct change){ .size = 3 * MiB }, &grant));
	expect(grant.nr_pieces == 1, "%u pieces", grant.nr_pieces);
	must(engine_del(&genl, grant.id, false));
	expect(free_of(m0) == 8 * MiB, "free %llu", free_of(m0));
}

static void change_that_fails_changes_nothing(void)
{
	struct change larger = { .size = 6 * MiB, .priority = 300 };
	struct change smaller = { .size = 2 * MiB, .priority = 300 };
	struct told_grant holder, grant;

	begin();
	get(WANT(.device = m0, .size = 4 * MiB), &grant);
	emu_fault("slice_commit", "error", -EIO);
	must_fail(engine_set(&genl, grant.id, &larger, NULL), EIO, "slice_commit");
	emu_fault("slice_commit", "error", 0);
	emu_fault("slice_shrink", "error", -EIO);
	must_fail(engine_set(&genl, grant.id, &smaller, NULL), EIO, "slice_shrink");
	emu_fault("slice_shrink", "error", 0);
	get(WANT(.device = m0, .size = 4 * MiB), &holder);
	must_fail(engine_set(&genl, grant.id, &larger, NULL), ENOSPC, "Largest free extent");
	must_fail(engine_set(&genl, grant.id, &(struct change){ .min = 5 * MiB }, NULL), EINVAL,
		  "Min is");
	must_fail(engine_set(&genl, grant.id, &(struct change){ .size = 4096 }, NULL), EINVAL,
		  "must be a multiple of");
	must_fail(engine_set(&genl, grant.id, &(struct change){}, NULL), EINVAL,
		  "Nothing to set");
	look(&grant);
	expect(grant.size == 4 * MiB && grant.priority == 100 && grant.state == ACTIVE &&
	       grant.nr_pieces == 1 && !grant.resizes, "it is different");
	expect(!free_of(m0), "free %llu", free_of(m0));
}

static void change_is_of_the_granularity_that_was_asked_for(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.device = m0, .size = 4 * MiB, .granularity = 2 * MiB), &grant);
	must_fail(engine_set(&genl, grant.id, &(struct change){ .size = 5 * MiB }, NULL), EINVAL,
		  "no multiple of the granularity");
	must(engine_set(&genl, grant.id, &(struct change){ .size = 6 * MiB }, &grant));
	expect(grant.size == 6 * MiB, "size %llu", grant.size);
}

static void growth_does_not_overtake_the_queue(void)
{
	struct told_grant grant, holder, big;

	begin();
	get(WANT(.device = m0, .size = 2 * MiB), &grant);
	get(WANT(.device = m0, .size = 4 * MiB, .priority = 900), &holder);
	wait_for(WANT(.device = m0, .size = 6 * MiB, .wait = LONG), &big);
	must_fail(engine_set(&genl, grant.id, &(struct change){ .size = 4 * MiB }, NULL), ENOSPC,
		  "Earlier requests in the queue");
	must_fail(engine_set(&genl, big.id, &(struct change){ .size = MiB }, NULL), ENXIO,
		  "not active");
	expect(grant_open(&genl, big.id) < 0 && strstr(grant_text(), "not active"),
	       "a request was opened: %s", grant_text());
	del(&holder);
	must_become(&genl, big.id, ACTIVE);
}

static void change_of_what_may_be_taken_serves_who_waits(void)
{
	struct told_grant holder, request;

	begin();
	get(WANT(.device = m0, .size = 8 * MiB, .priority = 50, .grace = 1), &holder);
	wait_for(WANT(.device = m0, .size = 4 * MiB, .wait = LONG), &request);
	must(engine_set(&genl, holder.id, &(struct change){ .min = 4 * MiB }, NULL));
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, holder.id, 4 * MiB, WITHIN_MS), "the holder has something else");
}

/* What is told */

static void record_has_it_all_in_order(void)
{
	static struct told_log log[64];
	struct told_grant grant, refused;
	__u64 first;
	int i, nr, granted = -1, released = -1, refusal = -1;

	begin();
	nr = engine_log(&genl, 0, log, 64);
	expect(nr >= 0, "log: %s", strerror(-nr));
	/* from the end of what there is */
	get(WANT(.device = m0, .size = 2 * MiB, .priority = 77), &grant);
	must_fail(try(WANT(.device = m0, .size = 9 * MiB, .priority = 78), &refused),
		  ENOSPC, "");
	del(&grant);
	for (first = 1;; first = log[nr - 1].sequence + 1) {
		nr = engine_log(&genl, first, log, 64);
		expect(nr >= 0, "log: %s", strerror(-nr));
		if (!nr)
			break;
		expect(log[0].sequence >= first, "entry %llu from %llu on", log[0].sequence,
		       first);
		for (i = 0; i < nr; i++) {
			expect(!i || log[i].sequence == log[i - 1].sequence + 1, "a gap");
			if (log[i].grant == grant.id && log[i].event == FABRIC_EVENT_GRANT) {
				granted = log[i].sequence;
				expect(log[i].size == 2 * MiB && log[i].priority == 77 &&
				       log[i].pid == (__u32)getpid() && !log[i].error,
				       "the grant is recorded wrong");
			}
			if (log[i].grant == grant.id && log[i].event == FABRIC_EVENT_RELEASE) {
				released = log[i].sequence;
				expect(!strcmp(log[i].reason, "Deleted on request"), "reason %s",
				       log[i].reason);
			}
			if (log[i].event == FABRIC_EVENT_REFUSAL && log[i].priority == 78) {
				refusal = log[i].sequence;
				expect(log[i].error == ENOSPC && log[i].size == 9 * MiB &&
				       strstr(log[i].reason, "All that matches"),
				       "the refusal is recorded wrong: %u %s", log[i].error,
				       log[i].reason);
			}
		}
	}
	expect(granted > 0 && granted < refusal && refusal < released, "%d %d %d", granted,
	       refusal, released);
}

static void counters_add_up(void)
{
	struct told_stats before, after;
	struct told_resource was, is;
	struct told_grant holder, request, refused;

	begin();
	must(engine_stats(&genl, &before));
	must(engine_resource(&genl, m0, 0, &was));
	occupy(m0, &holder);
	wait_for(WANT(.device = m0, .size = 8 * MiB, .wait = LONG), &request);
	must(engine_stats(&genl, &after));
	expect(after.queued == 1, "queued %u", after.queued);
	must_fail(try(WANT(.device = m0, .size = 9 * MiB), &refused), ENOSPC, "");
	must_fail(try(WANT(.size = MiB, .label = "no=such"), &refused), ENOENT, "");
	del(&holder);
	must_become(&genl, request.id, ACTIVE);
	del(&request);
	must(engine_stats(&genl, &after));
	must(engine_resource(&genl, m0, 0, &is));
	expect(after.requests - before.requests == 4, "requests %llu",
	       after.requests - before.requests);
	expect(after.grants - before.grants == 2, "grants %llu", after.grants - before.grants);
	expect(after.releases - before.releases == 2, "releases %llu",
	       after.releases - before.releases);
	expect(after.refusals[ENOSPC] - before.refusals[ENOSPC] == 1 &&
	       after.refusals[ENOENT] - before.refusals[ENOENT] == 1, "refusals");
	expect(after.waited - before.waited == 1, "waited %llu", after.waited - before.waited);
	expect(after.nr_buckets > 4 && !after.queued, "%u buckets", after.nr_buckets);
	expect(is.allocations - was.allocations == 2, "allocations %llu",
	       is.allocations - was.allocations);
	expect(is.refusals > was.refusals, "refusals of the resource");
	expect(is.high_water == 8 * MiB, "high water %llu", is.high_water);
}

static void changes_of_size_are_no_grants_and_releases(void)
{
	struct told_stats before, after;
	struct told_grant grant;

	begin();
	must(engine_stats(&genl, &before));
	get(WANT(.device = m0, .size = 2 * MiB), &grant);
	must(engine_set(&genl, grant.id, &(struct change){ .size = 4 * MiB }, NULL));
	must(engine_set(&genl, grant.id, &(struct change){ .size = 2 * MiB }, NULL));
	must(engine_stats(&genl, &after));
	expect(after.grants - before.grants == 1 && after.releases == before.releases,
	       "grants %llu, releases %llu", after.grants - before.grants,
	       after.releases - before.releases);
}

static void fragmentation_is_told(void)
{
	struct told_resource resource;
	struct told_grant grants[4];
	unsigned int i;

	begin();
	for (i = 0; i < 4; i++)
		get(WANT(.device = m0, .size = 2 * MiB), &grants[i]);
	del(&grants[0]);
	del(&grants[2]);
	must(engine_resource(&genl, m0, 0, &resource));
	expect(resource.free == 4 * MiB && resource.largest_free == 2 * MiB &&
	       resource.fragmentation == 50, "%u %%", resource.fragmentation);
	del(&grants[1]);
	must(engine_resource(&genl, m0, 0, &resource));
	expect(!resource.fragmentation, "%u %%", resource.fragmentation);
}

static void queue_of_many_is_served_whole(void)
{
	struct told_grant holder, requests[64];
	unsigned int i, at;

	begin();
	occupy(m0, &holder);
	for (i = 0; i < 64; i++)
		wait_for(WANT(.device = m0, .size = MiB, .wait = 120000,
			      .priority = 100 + i % 4), &requests[i]);
	for (i = 0; i < 64; i++) {
		/* those of higher priority, then those of the same that came before */
		at = (3 - i % 4) * 16 + i / 4;
		expect_queued_at(&requests[i], at);
	}
	del(&holder);
	for (i = 0; i < 64; i++) {
		at = i % 16 * 4 + 3 - i / 16;
		must_become(&genl, requests[at].id, ACTIVE);
		del(&requests[at]);
	}
}

static const struct ktap_test tests[] = {
	KTAP_TEST(priority_comes_first_then_arrival),
	KTAP_TEST(small_requests_do_not_starve_a_big_one),
	KTAP_TEST(queue_goes_as_documented),
	KTAP_TEST(request_keeps_nobody_from_what_it_cannot_use),
	KTAP_TEST(request_tells_place_reason_and_time),
	KTAP_TEST(failed_read_loses_no_change),
	KTAP_TEST(request_that_waited_too_long_expires),
	KTAP_TEST(request_is_withdrawn_by_del),
	KTAP_TEST(request_ends_with_its_file),
	KTAP_TEST(file_of_a_request_does_not_bind_the_grant),
	KTAP_TEST(request_ends_with_its_process),
	KTAP_TEST(answer_is_active_or_has_a_file_to_wait_with),
	KTAP_TEST(request_of_a_socket_ends_with_it),
	KTAP_TEST(socket_outlives_its_requests),
	KTAP_TEST(more_than_there_is_is_refused_at_once),
	KTAP_TEST(what_does_not_match_is_refused_at_once),
	KTAP_TEST(grant_is_where_it_was_asked_for),
	KTAP_TEST(labels_of_devices_and_ports_lead_to_them),
	KTAP_TEST(labels_at_once_are_all_set),
	KTAP_TEST(labels_have_an_end),
	KTAP_TEST(best_fit_takes_the_smallest_hole),
	KTAP_TEST(pack_takes_the_fullest_and_spread_the_emptiest),
	KTAP_TEST(spread_makes_equal_pieces),
	KTAP_TEST(pieces_are_as_few_as_can_be),
	KTAP_TEST(pieces_are_multiples_of_the_granularity),
	KTAP_TEST(near_node_comes_before_best_fit),
	KTAP_TEST(draining_device_gives_nothing_new_and_shows_its_progress),
	KTAP_TEST(bandwidth_is_not_guaranteed_twice),
	KTAP_TEST(bandwidth_is_admitted_along_the_whole_path),
	KTAP_TEST(nobody_waits_for_more_than_a_link_carries),
	KTAP_TEST(pieces_share_the_bandwidth_of_the_host),
	KTAP_TEST(lease_that_is_over_ends_the_grant_after_its_grace),
	KTAP_TEST(lease_is_renewed),
	KTAP_TEST(lease_is_renewed_during_its_grace),
	KTAP_TEST(same_token_is_the_same_grant),
	KTAP_TEST(answer_that_was_lost_is_asked_for_again),
	KTAP_TEST(token_finds_a_request_in_the_queue),
	KTAP_TEST(token_is_one_grant_under_races),
	KTAP_TEST(token_of_a_request_that_failed_is_free_again),
	KTAP_TEST(growth_keeps_what_is_there),
	KTAP_TEST(size_goes_down_and_up_again),
	KTAP_TEST(change_that_fails_changes_nothing),
	KTAP_TEST(change_is_of_the_granularity_that_was_asked_for),
	KTAP_TEST(growth_does_not_overtake_the_queue),
	KTAP_TEST(change_of_what_may_be_taken_serves_who_waits),
	KTAP_TEST(record_has_it_all_in_order),
	KTAP_TEST(counters_add_up),
	KTAP_TEST(changes_of_size_are_no_grants_and_releases),
	KTAP_TEST(fragmentation_is_told),
	KTAP_TEST(queue_of_many_is_served_whole),
};

/* A test that failed half way leaves nothing to the next. */
static void tidy(void)
{
	const __u32 devices[] = { m0, m1, m2, m3 };
	unsigned int i;

	broker_open(&genl);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		engine_device_set(&genl, devices[i], FABRIC_ADMIN_STATE_ENABLED, NULL, NULL);
		engine_device_set(&genl, devices[i], 0, NULL, "tier");
	}
	engine_port_label(&genl, p1, NULL, "row");
	engine_port_label(&genl, p1, NULL, "rack");
	engine_clear(&genl, domain);
	genl_close(&genl);
}

int main(void)
{
	struct backend backend;
	unsigned int i;

	setenv("FABRIC_TEST_MODE", "1", 0);
	setenv("FABRIC_TEST_SIZE", "0", 0);
	backend_from_env(&backend);
	domain = backend.domain;
	broker_open(&genl);
	m0 = engine_object(&genl, FABRIC_CMD_DEVICE_GET, domain, "m0");
	m1 = engine_object(&genl, FABRIC_CMD_DEVICE_GET, domain, "m1");
	m2 = engine_object(&genl, FABRIC_CMD_DEVICE_GET, domain, "m2");
	m3 = engine_object(&genl, FABRIC_CMD_DEVICE_GET, domain, "m3");
	p0 = engine_object(&genl, FABRIC_CMD_PORT_GET, domain, "p0");
	p1 = engine_object(&genl, FABRIC_CMD_PORT_GET, domain, "p1");
	host0 = engine_object(&genl, FABRIC_CMD_PORT_GET, domain, "host0");
	genl_close(&genl);
	ktap_header(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		ktap_run_one(&tests[i], 120);
		tidy();
	}
	ktap_exit();
}
