// SPDX-License-Identifier: GPL-2.0
/*
 * How the time of what the broker does grows with the slices that are alive.
 * Never a test: it prints numbers and judges nothing.
 *
 * Usage: scale SWITCH MOST ROUNDS
 *
 * The devices of the switch are all alike, and every slice is a grant of its own.
 * Each time is followed by its ratio to the lookup of a family, and to the same
 * with 100 slices alive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"

#define UNIT		4096ULL
#define ROUTES		100000
#define DEVICES_MAX	4096
#define ROUNDS_MAX	10000

static struct genl genl;
static __u32 domain;
static __u32 devices[DEVICES_MAX], fillers[DEVICES_MAX];
static unsigned int nr_devices;
static unsigned int alive;
/* Everything that was to stay, also what was taken since */
static __u32 *kept;
static unsigned int nr_kept;
static uint64_t samples[ROUNDS_MAX];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "scale: %s: %s\n", what, why);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double median_us(unsigned int nr)
{
	qsort(samples, nr, sizeof(*samples), compare);
	return samples[nr / 2] / 1000.0;
}

static void find_all(const char *name)
{
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP);
	if (genl_talk(&genl, &req, &answer))
		die("domains", answer.text);
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);

		if (!strcmp(attr_str(attrs_find(attrs, len, FABRIC_A_DOMAIN_NAME)), name))
			domain = attr_u32(attrs_find(attrs, len, FABRIC_A_DOMAIN_ID));
	}
	answer_free(&answer);
	if (!domain)
		die(name, "no such domain");
	req_init(&genl, &req, FABRIC_CMD_DEVICE_GET, NLM_F_DUMP);
	req_u32(&req, FABRIC_A_DEVICE_DOMAIN_ID, domain);
	if (genl_talk(&genl, &req, &answer))
		die("devices", answer.text);
	answer_for_each(nlh, &answer) {
		if (nr_devices < DEVICES_MAX)
			devices[nr_devices++] = attr_u32(attrs_find(msg_attrs(nlh),
								    msg_attrs_len(nlh),
								    FABRIC_A_DEVICE_ID));
	}
	answer_free(&answer);
}

struct wish {
	__u64 size;
	__u32 device;
	__u32 priority;
	bool reclaimable;
};

/* Returns 0 with the error if it is refused */
static __u32 grant_make(const struct wish *wish, int *err, __u32 *state)
{
	struct genl_answer answer;
	struct genl_req req;
	__u32 id = 0;

	req_init(&genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_GRANT_SIZE, wish->size);
	req_u32(&req, FABRIC_A_GRANT_DOMAIN_ID, domain);
	req_u32(&req, FABRIC_A_GRANT_PRIORITY, wish->priority);
	req_u32(&req, FABRIC_A_GRANT_GRACE, 0);
	if (wish->device)
		req_u32(&req, FABRIC_A_GRANT_DEVICE_ID, wish->device);
	if (wish->reclaimable)
		req_u32(&req, FABRIC_A_GRANT_RECLAIMABLE, 1);
	*err = genl_talk(&genl, &req, &answer);
	if (!*err) {
		const struct nlmsghdr *nlh = (const void *)answer.data;
		const struct nlattr *fd = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
						     FABRIC_A_GRANT_FD);

		id = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_GRANT_ID));
		if (state)
			*state = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
						     FABRIC_A_GRANT_STATE));
		/* It leads to the request; if that waits no more by now, there is none */
		if (fd && state)
			*err = -(int)attr_u32(fd);
	}
	answer_free(&answer);
	return id;
}

static __u32 grant_must(const struct wish *wish)
{
	int err;
	__u32 id = grant_make(wish, &err, NULL);

	if (!id)
		die("grant", strerror(err));
	return id;
}

static void grant_keep(const struct wish *wish)
{
	kept[nr_kept++] = grant_must(wish);
}

static void grant_end(__u32 id)
{
	int err = grant_del(&genl, id, true);

	if (err)
		die("del", strerror(err));
}

static void fill_to(unsigned int wanted)
{
	while (alive < wanted) {
		const struct wish wish = {
			.size = UNIT,
			.device = devices[alive % nr_devices],
			.priority = 100,
			.reclaimable = true,
		};

		grant_keep(&wish);
		alive++;
	}
}

static double time_new_del(unsigned int rounds)
{
	const struct wish wish = { .size = UNIT, .priority = 100 };
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		uint64_t begin = now_ns();

		grant_end(grant_must(&wish));
		samples[i] = now_ns() - begin;
	}
	return median_us(rounds);
}

static double time_lookup(unsigned int rounds)
{
	struct genl ctrl = genl;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i;

	ctrl.family = GENL_ID_CTRL;
	for (i = 0; i < rounds; i++) {
		uint64_t begin = now_ns();

		req_init(&ctrl, &req, CTRL_CMD_GETFAMILY, 0);
		req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		req_str(&req, CTRL_ATTR_FAMILY_NAME, FABRIC_FAMILY_NAME);
		if (genl_talk(&ctrl, &req, &answer))
			die("family lookup", answer.text);
		samples[i] = now_ns() - begin;
		answer_free(&answer);
	}
	genl.seq = ctrl.seq;
	return median_us(rounds);
}

/* Nothing is free: from here on, whoever gets something takes it */
static void fill_rest(void)
{
	unsigned int i;

	for (i = 0; i < nr_devices; i++) {
		struct genl_answer answer;
		const struct nlmsghdr *nlh;
		struct genl_req req;
		struct wish wish = {
			.device = devices[i],
			.priority = FABRIC_PRIORITY_MAX,
		};

		req_init(&genl, &req, FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP);
		req_u32(&req, FABRIC_A_RESOURCE_DEVICE_ID, devices[i]);
		if (genl_talk(&genl, &req, &answer))
			die("resource", answer.text);
		answer_for_each(nlh, &answer)
			wish.size = attr_uint(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
							 FABRIC_A_RESOURCE_LARGEST_FREE));
		answer_free(&answer);
		fillers[i] = wish.size ? grant_must(&wish) : 0;
	}
}

static void empty_rest(void)
{
	unsigned int i;

	for (i = 0; i < nr_devices; i++) {
		if (fillers[i])
			grant_end(fillers[i]);
	}
}

/* A request that one of those alive has to go for: until it is known which */
static double time_reclaim(unsigned int rounds, double *until_active)
{
	const struct wish wish = { .size = UNIT, .priority = 500 };
	const struct wish victim = { .size = UNIT, .priority = 100, .reclaimable = true };
	static uint64_t whole[ROUNDS_MAX];
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		uint64_t begin = now_ns();
		struct grant grant;
		__u32 id, state;
		int err;

		id = grant_make(&wish, &err, &state);
		samples[i] = now_ns() - begin;
		if (!id)
			die("reclaim", strerror(err));
		do {
			if (grant_get(&genl, id, &grant))
				die("reclaim", grant_text());
		} while (grant.state != FABRIC_GRANT_STATE_ACTIVE);
		whole[i] = now_ns() - begin;
		if (err)
			close(-err);
		grant_end(id);
		/* What was taken is there again */
		grant_keep(&victim);
	}
	qsort(whole, rounds, sizeof(*whole), compare);
	*until_active = whole[rounds / 2] / 1000.0;
	return median_us(rounds);
}

/* Messages of a dump, and what one takes */
static double time_dump(int fd, void *request, size_t len, unsigned int *nr)
{
	static unsigned char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint64_t begin = now_ns();
	const struct nlmsghdr *nlh;
	ssize_t got;

	*nr = 0;
	if (send(fd, request, len, 0) < 0)
		die("dump", strerror(errno));
	for (;;) {
		got = recv(fd, buffer, sizeof(buffer), 0);
		if (got < 0)
			die("dump", strerror(errno));
		for (nlh = (void *)buffer; NLMSG_OK(nlh, got); nlh = NLMSG_NEXT(nlh, got)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return (now_ns() - begin) / 1000.0;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				die("dump", "refused");
			(*nr)++;
		}
	}
}

static double slices_per_second(unsigned int *nr)
{
	struct genl_req req;
	double us;

	req_init(&genl, &req, FABRIC_CMD_SLICE_GET, NLM_F_DUMP);
	req.nlh.nlmsg_seq = ++genl.seq;
	us = time_dump(genl.fd, req.bytes, req.len, nr);
	return *nr / us * 1e6;
}

struct route_req {
	struct nlmsghdr nlh;
	struct rtmsg rtm;
	struct {
		struct nlattr nla;
		__u32 value;
	} dst, oif;
};

static void route_set(int fd, __u16 type, unsigned int number, unsigned int oif)
{
	struct route_req req = {
		.nlh = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				       (type == RTM_NEWROUTE ? NLM_F_CREATE : 0),
		},
		.rtm = {
			.rtm_family = AF_INET,
			.rtm_dst_len = 32,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_STATIC,
			.rtm_scope = RT_SCOPE_LINK,
			.rtm_type = RTN_UNICAST,
		},
		.dst = { { 8, RTA_DST }, htonl((10 << 24) + number) },
		.oif = { { 8, RTA_OIF }, oif },
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		char more[256];
	} answer;

	if (send(fd, &req, sizeof(req), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		die("route", strerror(errno));
	if (answer.err.error)
		die("route", strerror(-answer.err.error));
}

static double routes_per_second(unsigned int *nr)
{
	struct {
		struct nlmsghdr nlh;
		struct rtmsg rtm;
	} req = {
		.nlh = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.rtm.rtm_family = AF_INET,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned int oif = if_nametoindex("lo"), i;
	double us;

	if (fd < 0)
		die("rtnetlink", strerror(errno));
	for (i = 0; i < ROUTES; i++)
		route_set(fd, RTM_NEWROUTE, i, oif);
	us = time_dump(fd, &req, sizeof(req), nr);
	for (i = 0; i < ROUTES; i++)
		route_set(fd, RTM_DELROUTE, i, oif);
	close(fd);
	return *nr / us * 1e6;
}

/* @first is the same with the fewest slices; 0 makes @us that */
static void print_time(double us, double lookup, double *first)
{
	*first = *first ?: us;
	printf(" %10.1f %7.2f %7.2f", us, us / lookup, us / *first);
}

int main(int argc, char **argv)
{
	double lookup, made, plan, whole, slices, routes;
	double first_made = 0, first_plan = 0, first_whole = 0, first_slices = 0;
	unsigned int most, rounds, level, nr;

	if (argc != 4)
		return 2;
	most = atoi(argv[2]);
	rounds = atoi(argv[3]);
	if (!rounds || rounds > ROUNDS_MAX)
		return 2;
	kept = calloc(most + 8 * (rounds / 10 + 1), sizeof(*kept));
	if (!kept)
		die("memory", strerror(ENOMEM));
	broker_open(&genl);
	find_all(argv[1]);
	routes = routes_per_second(&nr);
	printf("route dump: %u routes, %.0f a second\n", nr, routes);
	printf("%u devices, median of %u rounds, of reclaim %u\n", nr_devices, rounds,
	       rounds / 10 + 1);
	printf("%8s %9s %10s %7s %7s %10s %7s %7s %10s %7s %7s %10s %7s %7s\n", "slices",
	       "lookup us", "new+del us", "/lookup", "/first", "reclaim us", "/lookup", "/first",
	       "active us", "/lookup", "/first", "listed/s", "/routes", "/first");
	for (level = 100; level <= most; level *= 10) {
		fill_to(level);
		lookup = time_lookup(rounds);
		made = time_new_del(rounds);
		slices = slices_per_second(&nr);
		fill_rest();
		plan = time_reclaim(rounds / 10 + 1, &whole);
		empty_rest();
		printf("%8u %9.1f", nr, lookup);
		print_time(made, lookup, &first_made);
		print_time(plan, lookup, &first_plan);
		print_time(whole, lookup, &first_whole);
		first_slices = first_slices ?: slices;
		printf(" %10.0f %6.0f%% %7.2f\n", slices, 100 * slices / routes,
		       slices / first_slices);
		fflush(stdout);
	}
	while (nr_kept)
		grant_del(&genl, kept[--nr_kept], true);
	return 0;
}
