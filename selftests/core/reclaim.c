// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: a table of situations, who has what, who asks, and who must have
 * lost what in the end; and stories, of holders that comply or do not, that die
 * or change their grants meanwhile, and of requests that do.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define LONG_GRACE	30000
#define SHORT_GRACE	100

#define ACTIVE		FABRIC_GRANT_STATE_ACTIVE
#define QUEUED		FABRIC_GRANT_STATE_QUEUED

static __u32 domain, devices[3];
static struct genl genl;

/* Sizes in the table are MiB. Devices are named from 1; 0 is any. */
struct have {
	unsigned int device;
	__u32 size;
	__u32 priority;
	__u32 min;
	bool reclaimable;
	__u32 pieces;
	/* what is left of it in the end; HOLE: released before the request */
	int left;
};

#define HOLE	(-1)

struct situation {
	const char *name;
	struct have have[8];
	struct {
		unsigned int device;
		__u32 size;
		__u32 priority;
		__u32 pieces;
		__u32 granularity;
		const char *label;
	} asks;
	/* refused at once with this */
	int err;
	const char *text;
	/* bits of devices */
	unsigned int draining;
	unsigned int labelled;
};

#define NO_SPACE	.err = ENOSPC, .text = "Largest free extent"

/* device, size, priority, min, left */
#define SHRINKS(d, s, p, m, l)	{ .device = d, .size = s, .priority = p, .min = m, .left = l }
#define REVOKES(d, s, p, l) \
	{ .device = d, .size = s, .priority = p, .reclaimable = true, .left = l }
#define STAYS(d, s, p)		{ .device = d, .size = s, .priority = p, .left = s }
#define HOLE_OF(d, s)		{ .device = d, .size = s, .left = HOLE }

static const struct situation situations[] = {
	{
		.name = "less_important_is_revoked",
		.have = { REVOKES(1, 8, 100, 0) },
		.asks = { 1, 8, 200 },
	}, {
		.name = "equal_is_never_revoked",
		.have = { REVOKES(1, 8, 200, 8) },
		.asks = { 1, 8, 200 },
		NO_SPACE,
	}, {
		.name = "more_important_is_never_revoked",
		.have = { REVOKES(1, 8, 300, 8) },
		.asks = { 1, 8, 200 },
		NO_SPACE,
	}, {
		.name = "equal_is_never_shrunk",
		.have = { SHRINKS(1, 8, 200, 1, 8) },
		.asks = { 1, 1, 200 },
		NO_SPACE,
	}, {
		.name = "request_without_priority_has_the_default",
		.have = { REVOKES(1, 4, 99, 0), REVOKES(1, 4, 100, 4) },
		.asks = { 1, 4 },
	}, {
		.name = "who_agreed_to_nothing_loses_nothing",
		.have = { STAYS(1, 8, 0 + 1) },
		.asks = { 1, 1, 1000 },
		NO_SPACE,
	}, {
		.name = "shrinks_down_to_its_min",
		.have = { SHRINKS(1, 8, 100, 4, 4) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "shrinks_only_by_what_is_needed",
		.have = { SHRINKS(1, 8, 100, 2, 5) },
		.asks = { 1, 3, 200 },
	}, {
		.name = "never_shrinks_below_its_min",
		.have = { SHRINKS(1, 8, 100, 6, 8) },
		.asks = { 1, 4, 200 },
		NO_SPACE,
	}, {
		.name = "tails_apart_do_not_make_one_piece",
		.have = { SHRINKS(1, 4, 100, 2, 4), SHRINKS(1, 4, 100, 2, 4) },
		.asks = { 1, 4, 200 },
		NO_SPACE,
	}, {
		.name = "tails_of_one_device_do_not_make_two_pieces",
		.have = { SHRINKS(1, 4, 100, 2, 4), SHRINKS(1, 4, 100, 2, 4) },
		.asks = { 1, 4, 200, .pieces = 2 },
		NO_SPACE,
	}, {
		.name = "lowest_priority_goes_first",
		.have = { REVOKES(1, 4, 100, 4), REVOKES(1, 4, 50, 0) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "low_priority_counts_before_the_number",
		.have = { REVOKES(1, 4, 100, 4), REVOKES(1, 2, 50, 0), REVOKES(1, 2, 50, 0) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "fewest_grants_of_one_priority",
		.have = { REVOKES(1, 2, 50, 2), REVOKES(1, 2, 50, 2), REVOKES(1, 4, 50, 0) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "least_surplus_of_as_many_grants",
		.have = { REVOKES(1, 6, 50, 6), REVOKES(1, 2, 50, 0) },
		.asks = { 1, 2, 200 },
	}, {
		.name = "least_surplus_wherever_it_lies",
		.have = { REVOKES(1, 2, 50, 0), REVOKES(1, 6, 50, 6) },
		.asks = { 1, 2, 200 },
	}, {
		.name = "least_surplus_of_all_devices",
		.have = { REVOKES(1, 8, 50, 8), REVOKES(2, 5, 50, 5), REVOKES(2, 3, 50, 0),
			  STAYS(3, 8, 900) },
		.asks = { 0, 3, 200 },
	}, {
		.name = "shrinks_one_before_it_revokes_another",
		.have = { REVOKES(1, 4, 50, 4), SHRINKS(1, 4, 100, 2, 2) },
		.asks = { 1, 2, 200 },
	}, {
		.name = "revokes_when_shrinking_does_not_suffice",
		.have = { REVOKES(1, 4, 50, 0), SHRINKS(1, 4, 100, 2, 4) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "shrinks_who_could_also_be_revoked",
		.have = { { 1, 8, 50, 4, true, .left = 4 } },
		.asks = { 1, 4, 200 },
	}, {
		.name = "revokes_who_cannot_shrink_enough",
		.have = { { 1, 8, 50, 4, true, .left = 0 } },
		.asks = { 1, 8, 200 },
	}, {
		.name = "free_space_next_to_the_tail_is_used_first",
		.have = { SHRINKS(1, 6, 100, 2, 4) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "nobody_loses_where_there_is_room",
		.have = { REVOKES(1, 4, 50, 4) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "hole_is_filled_up_at_the_least_loss",
		.have = { REVOKES(1, 2, 50, 0), HOLE_OF(1, 2), REVOKES(1, 4, 50, 4) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "hole_on_the_other_side_is_used_too",
		.have = { REVOKES(1, 4, 50, 4), HOLE_OF(1, 2), REVOKES(1, 2, 50, 0) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "neighbours_both_go",
		.have = { REVOKES(1, 4, 50, 0), REVOKES(1, 4, 60, 0) },
		.asks = { 1, 8, 200 },
	}, {
		.name = "nobody_goes_for_what_is_interrupted",
		.have = { REVOKES(1, 3, 50, 3), STAYS(1, 2, 900), REVOKES(1, 3, 50, 3) },
		.asks = { 1, 6, 200 },
		NO_SPACE,
	}, {
		.name = "only_one_side_goes_if_that_suffices",
		.have = { REVOKES(1, 3, 50, 0), STAYS(1, 2, 900), REVOKES(1, 3, 60, 3) },
		.asks = { 1, 3, 200 },
	}, {
		.name = "tail_and_neighbour_together",
		.have = { SHRINKS(1, 4, 50, 2, 2), REVOKES(1, 4, 50, 0) },
		.asks = { 1, 6, 200 },
	}, {
		.name = "tail_is_spared_where_the_neighbour_suffices",
		.have = { SHRINKS(1, 4, 50, 2, 4), REVOKES(1, 4, 50, 0) },
		.asks = { 1, 4, 200 },
	}, {
		.name = "several_pieces_from_several_devices",
		.have = { REVOKES(1, 8, 50, 0), REVOKES(2, 8, 50, 0), STAYS(3, 8, 900) },
		.asks = { 0, 16, 200, .pieces = 2 },
	}, {
		.name = "what_is_free_of_one_and_a_tail_of_another",
		.have = { REVOKES(1, 4, 50, 4), SHRINKS(2, 8, 50, 4, 4), STAYS(3, 8, 900) },
		.asks = { 0, 8, 200, .pieces = 2 },
	}, {
		.name = "tails_of_two_devices",
		.have = { SHRINKS(1, 8, 50, 5, 5), SHRINKS(2, 8, 50, 6, 6), STAYS(3, 8, 900) },
		.asks = { 0, 5, 200, .pieces = 2 },
	}, {
		.name = "nobody_loses_where_pieces_do_not_suffice",
		.have = { REVOKES(1, 8, 50, 8), STAYS(2, 8, 900), STAYS(3, 8, 900) },
		.asks = { 0, 16, 200, .pieces = 2 },
		NO_SPACE,
	}, {
		.name = "nobody_loses_less_than_the_granularity",
		.have = { SHRINKS(1, 8, 50, 5, 8), SHRINKS(2, 8, 50, 4, 8), STAYS(3, 8, 900) },
		.asks = { 0, 8, 200, .pieces = 2, .granularity = 4 },
		NO_SPACE,
	}, {
		.name = "one_piece_before_two",
		.have = { REVOKES(1, 8, 60, 0), REVOKES(2, 4, 50, 4), STAYS(2, 4, 900),
			  REVOKES(3, 4, 50, 4), STAYS(3, 4, 900) },
		.asks = { 0, 8, 200, .pieces = 2 },
	}, {
		.name = "victim_of_two_pieces_goes_whole",
		.have = { STAYS(3, 8, 900), { 0, 16, 50, .reclaimable = true, .pieces = 2 } },
		.asks = { 1, 8, 200 },
	}, {
		.name = "victim_of_two_pieces_loses_one",
		.have = { STAYS(3, 8, 900), { 0, 16, 50, .min = 8, .pieces = 2, .left = 8 } },
		.asks = { 1, 8, 200 },
	}, {
		.name = "victim_of_one_piece_before_one_of_two",
		.have = { REVOKES(3, 8, 50, 0),
			  { 0, 16, 50, .reclaimable = true, .pieces = 2, .left = 16 } },
		.asks = { 0, 8, 200 },
	}, {
		.name = "label_protects_the_others",
		.have = { REVOKES(1, 8, 50, 8), REVOKES(2, 8, 60, 0), STAYS(3, 8, 900) },
		.asks = { 0, 8, 200, .label = "tier=gold" },
		.labelled = 1 << 1,
	}, {
		.name = "draining_device_gives_nothing",
		.have = { REVOKES(1, 8, 50, 8) },
		.asks = { 1, 8, 200 },
		.err = ENXIO, .text = "draining",
		.draining = 1 << 0,
	}, {
		.name = "draining_device_leaves_it_to_the_others",
		.have = { REVOKES(1, 8, 50, 8), REVOKES(2, 8, 60, 0), STAYS(3, 8, 900) },
		.asks = { 0, 8, 200 },
		.draining = 1 << 0,
	}, {
		.name = "nobody_loses_for_more_than_there_is",
		.have = { REVOKES(1, 8, 50, 8) },
		.asks = { 1, 9, 200 },
		.err = ENOSPC, .text = "All that matches has",
	},
};

static void begin(void)
{
	broker_open(&genl);
	engine_clear(&genl, domain);
}

static __u64 free_of(unsigned int device)
{
	struct told_resource resource;

	must(engine_resource(&genl, devices[device - 1], 0, &resource));
	expect(resource.free + resource.reserved + resource.granted + resource.quarantined ==
	       resource.total, "device %u: the sum is wrong", device);
	return resource.free;
}

static __u32 device_of(unsigned int device)
{
	return device ? devices[device - 1] : 0;
}

static void get_what_they_have(const struct situation *s, __u32 *ids)
{
	struct told_grant grant;
	unsigned int i;

	for (i = 0; s->have[i].size; i++) {
		const struct have *have = &s->have[i];
		struct want want = {
			.domain = domain,
			.device = device_of(have->device),
			.size = have->size * MiB,
			.priority = have->priority,
			.min = have->min * MiB,
			.reclaimable = have->reclaimable,
			.pieces = have->pieces,
			.grace = 1,
		};

		must(engine_new(&genl, &want, &grant));
		expect(grant.state == ACTIVE, "what is there is in state %u", grant.state);
		ids[i] = grant.id;
	}
	for (i = 0; s->have[i].size; i++) {
		if (s->have[i].left == HOLE)
			must(engine_del(&genl, ids[i], false));
	}
}

static void look_what_is_left(const struct situation *s, const __u32 *ids)
{
	struct told_grant grant;
	unsigned int i;
	__u64 left;

	for (i = 0; s->have[i].size; i++) {
		if (s->have[i].left == HOLE)
			continue;
		left = s->have[i].left * MiB;
		if (!size_becomes(&genl, ids[i], left, WITHIN_MS))
			ktap_fail("grant %u of %u MiB: %s, has %llu instead of %llu MiB", i,
				  s->have[i].size,
				  engine_get(&genl, ids[i], &grant) ? "gone" : "there",
				  grant.size / MiB, left / MiB);
	}
}

static void run_situation(const struct situation *s)
{
	struct want want = {
		.domain = domain,
		.device = device_of(s->asks.device),
		.size = s->asks.size * MiB,
		.priority = s->asks.priority,
		.pieces = s->asks.pieces,
		.granularity = s->asks.granularity * MiB,
		.label = s->asks.label,
	};
	struct told_stats before, after;
	unsigned int i, losers = 0;
	struct told_grant grant;
	__u64 sum = 0;
	__u32 ids[8];

	begin();
	get_what_they_have(s, ids);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		if (s->draining & 1 << i)
			must(engine_device_set(&genl, devices[i], FABRIC_ADMIN_STATE_DRAINING, NULL,
					       NULL));
		if (s->labelled & 1 << i)
			must(engine_device_set(&genl, devices[i], 0, "tier=gold", NULL));
	}
	must(engine_stats(&genl, &before));
	if (s->err) {
		must_fail(engine_new(&genl, &want, &grant), s->err, s->text);
	} else {
		must(engine_new(&genl, &want, &grant));
		must_become(&genl, grant.id, ACTIVE);
		must(engine_get(&genl, grant.id, &grant));
	}
	look_what_is_left(s, ids);
	must(engine_stats(&genl, &after));
	for (i = 0; s->have[i].size; i++)
		losers += s->have[i].left != HOLE && s->have[i].left != (int)s->have[i].size;
	expect(after.notices - before.notices == losers, "%llu notices for %u who lose",
	       after.notices - before.notices, losers);
	if (s->err)
		return;
	for (i = 0; i < grant.nr_pieces; i++) {
		sum += grant.pieces[i].length;
		expect(!s->asks.granularity ||
		       !(grant.pieces[i].length % (s->asks.granularity * MiB)),
		       "a piece of %llu", grant.pieces[i].length);
	}
	expect(sum == want.size && grant.size == want.size, "it got %llu of %llu", sum, want.size);
	expect(grant.nr_pieces <= (want.pieces ?: 1), "%u pieces", grant.nr_pieces);
}

static void tidy(void)
{
	unsigned int i;

	broker_open(&genl);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		engine_device_set(&genl, devices[i], FABRIC_ADMIN_STATE_ENABLED, NULL, NULL);
		engine_device_set(&genl, devices[i], 0, NULL, "tier");
	}
	engine_clear(&genl, domain);
	genl_close(&genl);
}

/* Stories */

static void get_grant(struct want want, struct told_grant *grant)
{
	want.domain = domain;
	must(engine_new(&genl, &want, grant));
}

static void expect_active(const struct told_grant *grant)
{
	expect(grant->state == ACTIVE, "it is in state %u", grant->state);
}

static void expect_queued(const struct told_grant *grant)
{
	expect(grant->state == QUEUED, "it is in state %u", grant->state);
	expect(grant->fd >= 0, "a request in the queue has no descriptor");
}

/* The whole first device for somebody who has to give it back. */
static void get_victim(struct want want, struct told_grant *victim)
{
	want.device = devices[0];
	want.size = want.size ?: 8 * MiB;
	want.priority = want.priority ?: 50;
	want.grace = want.grace ?: LONG_GRACE;
	get_grant(want, victim);
	expect_active(victim);
}

static void ask_for(__u64 size, __u32 priority, struct told_grant *grant)
{
	get_grant(WANT(.device = devices[0], .size = size, .priority = priority),
		  grant);
}

static __u64 forced(void)
{
	struct told_stats stats;

	must(engine_stats(&genl, &stats));
	return stats.forced;
}

static void notice_says_who_wants_what_until_when(void)
{
	struct told_grant victim, request;

	begin();
	get_victim(WANT(.min = 2 * MiB), &victim);
	expect(!victim.notice.given, "notice at birth");
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	expect(!strcmp(request.reason, "Others are giving it capacity"), "reason '%s'",
	       request.reason);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.notice.given, "no notice");
	expect(victim.notice.by == request.id && victim.notice.priority == 200,
	       "by %u priority %u", victim.notice.by, victim.notice.priority);
	expect(victim.notice.target == 4 * MiB, "target %llu", victim.notice.target);
	expect(victim.notice.left <= LONG_GRACE && victim.notice.left > LONG_GRACE / 2,
	       "%llu ms left", victim.notice.left);
	expect(*victim.notice.reason, "without reason");
	expect(victim.state == ACTIVE && victim.size == 8 * MiB, "it lost something already");
}

static void notice_wakes_poll_and_is_read_from_the_file(void)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct told_grant victim, request, told;

	begin();
	get_victim(WANT(.min = 2 * MiB, .holder = FABRIC_HOLDER_FILE), &victim);
	poll_fd.fd = victim.fd;
	while (!engine_read(victim.fd, &told))
		;
	expect(poll(&poll_fd, 1, 0) == 0, "polls %x before", poll_fd.revents);
	ask_for(4 * MiB, 200, &request);
	expect(poll(&poll_fd, 1, WITHIN_MS) == 1 && poll_fd.revents & POLLIN &&
	       !(poll_fd.revents & POLLHUP), "polls %x after the notice", poll_fd.revents);
	must(engine_read(victim.fd, &told));
	expect(told.id == victim.id && told.notice.given && told.notice.by == request.id &&
	       told.notice.target == 4 * MiB, "it read something else");
	expect(engine_read(victim.fd, &told) == EAGAIN, "it was told twice");
}

static void who_shrinks_in_time_is_not_forced(void)
{
	struct change smaller = { .size = 4 * MiB };
	struct told_grant victim, request;
	struct told_stats before, after;

	begin();
	get_victim(WANT(.min = 2 * MiB, .holder = FABRIC_HOLDER_FILE), &victim);
	must(engine_stats(&genl, &before));
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_set(&genl, victim.id, &smaller, &victim));
	must_become(&genl, request.id, ACTIVE);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.size == 4 * MiB && !victim.notice.given, "size %llu, notice %d",
	       victim.size, victim.notice.given);
	expect(victim.reclaims == 1 && victim.nr_taken == 1 &&
	       victim.taken[0].by == request.id && victim.taken[0].size == 4 * MiB &&
	       victim.taken[0].priority == 200, "its history is wrong");
	must(engine_stats(&genl, &after));
	expect(after.forced == before.forced, "it counts as forced");
	expect(after.shrinks == before.shrinks + 1, "shrinks %llu", after.shrinks - before.shrinks);
}

static void who_deletes_in_time_is_not_forced(void)
{
	struct told_grant victim, request;
	struct told_stats before, after;

	begin();
	get_victim(WANT(.reclaimable = 1), &victim);
	must(engine_stats(&genl, &before));
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_del(&genl, victim.id, false));
	must_become(&genl, request.id, ACTIVE);
	must(engine_stats(&genl, &after));
	expect(after.forced == before.forced, "it counts as forced");
	expect(after.revokes == before.revokes + 1, "revokes %llu", after.revokes - before.revokes);
	expect(free_of(1) == 4 * MiB, "free %llu", free_of(1));
}

static void who_closes_its_file_in_time_is_not_forced(void)
{
	struct told_grant victim, request;
	__u64 before;

	begin();
	get_victim(WANT(.reclaimable = 1, .holder = FABRIC_HOLDER_FILE), &victim);
	before = forced();
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	close(victim.fd);
	must_become(&genl, request.id, ACTIVE);
	expect(forced() == before, "it counts as forced");
}

static void who_ignores_the_notice_is_forced_after_its_grace(void)
{
	struct told_grant victim, request, told;
	__u64 before, began;

	begin();
	get_victim(WANT(.reclaimable = 1, .holder = FABRIC_HOLDER_FILE,
			.grace = 500), &victim);
	before = forced();
	began = now_ms();
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	must_become(&genl, request.id, ACTIVE);
	expect(now_ms() - began >= 500, "forced after %llu ms", now_ms() - began);
	expect(forced() == before + 1, "forced %llu", forced() - before);
	while (!engine_read(victim.fd, &told))
		;
	expect(told.state == FABRIC_GRANT_STATE_RELEASED, "its file ends in state %u", told.state);
}

static sigjmp_buf bus_error;

static void on_bus_error(int sig)
{
	siglongjmp(bus_error, sig);
}

static bool is_readable(const volatile unsigned char *mem)
{
	if (sigsetjmp(bus_error, 1))
		return false;
	(void)*mem;
	return true;
}

static void fill(unsigned char *mem, __u64 from, __u64 to)
{
	__u64 i;

	for (i = from; i < to; i += 4096)
		memset(mem + i, 1 + i / 4096 % 251, 64);
}

static bool is_filled(const unsigned char *mem, __u64 from, __u64 to)
{
	__u64 i;

	for (i = from; i < to; i += 4096) {
		if (mem[i] != 1 + i / 4096 % 251 || mem[i + 63] != mem[i])
			return false;
	}
	return true;
}

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

static void forced_shrink_leaves_the_head_intact(void)
{
	struct told_grant victim, request;
	unsigned char *mem;

	begin();
	signal(SIGBUS, on_bus_error);
	get_victim(WANT(.min = 2 * MiB, .grace = SHORT_GRACE), &victim);
	mem = map_grant(victim.id, 8 * MiB);
	fill(mem, 0, 8 * MiB);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(is_filled(mem, 0, 4 * MiB), "the head lost its content");
	expect(!is_readable(mem + 4 * MiB) && !is_readable(mem + 8 * MiB - 1),
	       "the tail is still there");
	mem[0] = 7;
	expect(mem[0] == 7, "the head is not writable");
	/* what it gave can be granted before it is done with giving */
	must_become(&genl, victim.id, ACTIVE);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.state == ACTIVE && victim.size == 4 * MiB &&
	       victim.full_size == 8 * MiB && victim.nr_pieces == 1 &&
	       victim.pieces[0].length == 4 * MiB, "it is not told right");
}

static void revoked_mapping_ends(void)
{
	struct told_grant victim, request;
	unsigned char *mem;

	begin();
	signal(SIGBUS, on_bus_error);
	get_victim(WANT(.reclaimable = 1, .grace = SHORT_GRACE), &victim);
	mem = map_grant(victim.id, 8 * MiB);
	fill(mem, 0, 8 * MiB);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(!is_readable(mem), "it still reads what it lost");
	mem = map_grant(request.id, 4 * MiB);
	expect(!mem[0] && !mem[4 * MiB - 64], "the next holder reads the last one's");
}

static void tail_of_another_is_clean(void)
{
	struct told_grant victim, request;
	unsigned char *mem;
	__u64 i;

	begin();
	get_victim(WANT(.min = 4 * MiB, .grace = SHORT_GRACE), &victim);
	mem = map_grant(victim.id, 8 * MiB);
	fill(mem, 0, 8 * MiB);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	mem = map_grant(request.id, 4 * MiB);
	for (i = 0; i < 4 * MiB; i += 4096)
		expect(!mem[i], "at %llu the next holder reads the last one's", i);
}

/* A holder in a process of its own. */
static pid_t start_holder(const struct want *from, struct told_grant *grant)
{
	struct want want = *from;
	int fds[2];
	pid_t pid;

	expect(!pipe(fds), "pipe");
	pid = fork();
	if (!pid) {
		struct genl mine;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		genl_close(&genl);
		broker_open(&mine);
		want.domain = domain;
		if (engine_new(&mine, &want, grant) ||
		    write(fds[1], grant, sizeof(*grant)) != sizeof(*grant))
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	expect(read(fds[0], grant, sizeof(*grant)) == sizeof(*grant), "no holder");
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void victim_that_dies_gives_at_once(void)
{
	struct want want = {
		.device = devices[0], .size = 8 * MiB, .priority = 50, .reclaimable = 1,
		.grace = LONG_GRACE, .holder = FABRIC_HOLDER_FILE,
	};
	struct told_grant victim, request;
	__u64 before;
	pid_t pid;

	begin();
	pid = start_holder(&want, &victim);
	before = forced();
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	end(pid);
	must_become(&genl, request.id, ACTIVE);
	expect(forced() == before, "its death counts as forced");
}

static void victim_that_shrinks_too_little_gives_the_rest_by_force(void)
{
	struct change bit = { .size = 6 * MiB };
	struct told_grant victim, request, third;

	begin();
	get_victim(WANT(.min = 2 * MiB, .grace = 3000), &victim);
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_set(&genl, victim.id, &bit, &victim));
	expect(victim.notice.given && victim.notice.target == 4 * MiB, "the notice is gone");
	/* what it gave is not anybody's */
	must_fail(engine_new(&genl, &WANT(.domain = domain, .device = devices[0],
					  .size = 1 * MiB), &third),
		  ENOSPC, "Largest free extent");
	must_become(&genl, request.id, ACTIVE);
	must(engine_get(&genl, request.id, &request));
	expect(request.nr_pieces == 1 && request.pieces[0].length == 4 * MiB, "it got less");
	expect(size_becomes(&genl, victim.id, 4 * MiB, WITHIN_MS), "the victim has something else");
}

static void victim_that_grows_elsewhere_still_gives(void)
{
	struct change larger = { .size = 10 * MiB };
	struct told_grant victim, request;
	unsigned int i;

	begin();
	get_grant(WANT(.size = 8 * MiB, .priority = 50, .min = 2 * MiB,
		       .grace = 3000), &victim);
	expect_active(&victim);
	get_grant(WANT(.device = victim.pieces[0].device, .size = 4 * MiB,
		       .priority = 200), &request);
	expect_queued(&request);
	must(engine_set(&genl, victim.id, &larger, NULL));
	must_become(&genl, request.id, ACTIVE);
	/* what it gave can be granted before it is done with giving */
	must_become(&genl, victim.id, ACTIVE);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.size >= 2 * MiB, "the victim has %llu", victim.size);
	for (i = 0; i < victim.nr_pieces; i++)
		expect(victim.pieces[i].resource != request.pieces[0].resource ||
		       victim.pieces[i].start + victim.pieces[i].length <= request.pieces[0].start,
		       "both have the same");
}

static void who_gives_what_is_wanted_keeps_the_rest(void)
{
	struct change smaller = { .size = 4 * MiB };
	struct told_grant victim, request;
	__u64 before;

	begin();
	/* It has agreed to lose all or nothing, and offers something better. */
	get_victim(WANT(.reclaimable = 1, .grace = 2000), &victim);
	before = forced();
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.notice.given && !victim.notice.target, "target %llu", victim.notice.target);
	must(engine_set(&genl, victim.id, &smaller, &victim));
	must_become(&genl, request.id, ACTIVE);
	expect(!victim.notice.given, "it is still asked for more");
	expect(!size_becomes(&genl, victim.id, 0, 1500), "the rest was taken too");
	expect(forced() == before, "it counts as forced");
}

static void victims_keep_what_they_have_when_the_request_is_closed(void)
{
	struct told_grant victim, request;
	__u64 before;

	begin();
	get_victim(WANT(.reclaimable = 1, .grace = 2000), &victim);
	before = forced();
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	close(request.fd);
	must_become(&genl, request.id, 0);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.state == ACTIVE && !victim.notice.given, "the notice was not withdrawn");
	expect(!size_becomes(&genl, victim.id, 0, 1500), "it lost something for nobody");
	expect(forced() == before, "it counts as forced");
}

static void victims_keep_what_they_have_when_the_requester_is_killed(void)
{
	struct want want = { .device = devices[0], .size = 8 * MiB, .priority = 200 };
	struct told_grant victim, request;
	pid_t pid;

	begin();
	get_victim(WANT(.reclaimable = 1), &victim);
	pid = start_holder(&want, &request);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.notice.given, "no notice");
	end(pid);
	must_become(&genl, request.id, 0);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.state == ACTIVE && !victim.notice.given, "the notice was not withdrawn");
}

static void requester_dies_when_one_of_two_has_left(void)
{
	struct told_grant first, second, request, third;

	begin();
	get_victim(WANT(.size = 4 * MiB, .reclaimable = 1), &first);
	get_victim(WANT(.size = 4 * MiB, .reclaimable = 1), &second);
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_del(&genl, first.id, false));
	must(engine_get(&genl, request.id, &third));
	expect(third.state == QUEUED, "it goes on with a half");
	close(request.fd);
	must_become(&genl, request.id, 0);
	must(engine_get(&genl, second.id, &second));
	expect(second.state == ACTIVE && !second.notice.given && second.size == 4 * MiB,
	       "the second did not keep its own");
	/* what the first gave is free */
	get_grant(WANT(.device = devices[0], .size = 4 * MiB), &third);
	expect_active(&third);
}

static void what_becomes_free_is_not_for_a_third(void)
{
	struct told_grant first, second, request, third;
	struct want same = { .domain = domain, .device = devices[0], .size = 4 * MiB,
			     .priority = 199 };

	begin();
	get_victim(WANT(.size = 4 * MiB, .reclaimable = 1), &first);
	get_victim(WANT(.size = 4 * MiB, .reclaimable = 1), &second);
	ask_for(8 * MiB, 200, &request);
	must(engine_del(&genl, first.id, false));
	expect(free_of(1) == 0, "what the first gave is free");
	must_fail(engine_new(&genl, &same, &third), ENOSPC, "Largest free extent");
	same.priority = 200;
	must_fail(engine_new(&genl, &same, &third), ENOSPC, "Largest free extent");
	must(engine_del(&genl, second.id, false));
	must_become(&genl, request.id, ACTIVE);
}

static void more_important_third_takes_over_the_plan(void)
{
	struct told_grant victim, request, third;
	struct want larger = { .domain = domain, .device = devices[0], .size = 8 * MiB,
			       .priority = 300 };

	begin();
	get_victim(WANT(.reclaimable = 1, .grace = 2000), &victim);
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_new(&genl, &larger, &third));
	expect_queued(&third);
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.notice.by == third.id, "the notice is by %u", victim.notice.by);
	must_become(&genl, third.id, ACTIVE);
	/* the first did not want to wait for anything else */
	must_become(&genl, request.id, 0);
}

static void more_important_one_that_cannot_be_met_leaves_plans_alone(void)
{
	struct told_grant victim, request, third, holder, again;
	struct want hopeless = { .domain = domain, .device = devices[1], .size = 8 * MiB,
				 .priority = 300, .wait = LONG_GRACE };

	begin();
	get_grant(WANT(.device = devices[1], .size = 8 * MiB, .priority = 900),
		  &holder);
	get_victim(WANT(.reclaimable = 1, .grace = 3000), &victim);
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_get(&genl, victim.id, &victim));
	/* It waits elsewhere, and cannot use what the plan has */
	must(engine_new(&genl, &hopeless, &third));
	expect_queued(&third);
	must(engine_get(&genl, victim.id, &again));
	expect(again.notice.given && again.notice.by == request.id, "the notice is gone");
	expect(again.notice.left <= victim.notice.left, "its grace began anew: %llu, %llu",
	       victim.notice.left, again.notice.left);
	must_become(&genl, request.id, ACTIVE);
}

static void plan_that_would_not_help_is_left_alone(void)
{
	struct told_grant victim, request, third, holder, again;
	struct want hopeless = { .domain = domain, .device = devices[0], .size = 8 * MiB,
				 .priority = 300, .wait = LONG_GRACE };

	begin();
	get_grant(WANT(.device = devices[0], .size = 4 * MiB, .priority = 900),
		  &holder);
	get_victim(WANT(.size = 4 * MiB, .reclaimable = 1, .grace = 3000), &victim);
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	must(engine_get(&genl, victim.id, &victim));
	must(engine_new(&genl, &hopeless, &third));
	expect_queued(&third);
	must(engine_get(&genl, victim.id, &again));
	expect(again.notice.given && again.notice.by == request.id, "the notice is gone");
	expect(again.notice.left <= victim.notice.left, "its grace began anew");
	must_become(&genl, request.id, ACTIVE);
}

static void shrink_that_fails_leaves_the_victim_whole(void)
{
	struct told_grant victim, request, told;
	unsigned char *mem;

	begin();
	get_victim(WANT(.min = 2 * MiB, .grace = SHORT_GRACE), &victim);
	mem = map_grant(victim.id, 8 * MiB);
	fill(mem, 0, 8 * MiB);
	emu_fault("slice_shrink", "error", -EIO);
	ask_for(4 * MiB, 200, &request);
	expect_queued(&request);
	must_become(&genl, request.id, 0);
	while (!engine_read(request.fd, &told))
		;
	expect(told.state == FABRIC_GRANT_STATE_FAILED, "the request ends in state %u",
	       told.state);
	expect(size_becomes(&genl, victim.id, 8 * MiB, WITHIN_MS), "the victim is not whole");
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.error == EIO, "the error is %u", victim.error);
	expect(strstr(victim.reason, "slice_shrink"), "the reason is '%s'", victim.reason);
	expect(!victim.notice.given, "the notice is still there");
	expect(is_filled(mem, 0, 8 * MiB), "it lost its content");
	emu_fault("slice_shrink", "error", 0);
}

static void shrink_that_fails_makes_it_take_from_another(void)
{
	struct told_grant victim, other, request;

	begin();
	get_victim(WANT(.size = 4 * MiB, .min = 2 * MiB, .grace = SHORT_GRACE),
		   &victim);
	get_victim(WANT(.size = 4 * MiB, .reclaimable = 1, .priority = 60,
			.grace = SHORT_GRACE), &other);
	emu_fault("slice_shrink", "error", -EAGAIN);
	ask_for(2 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, victim.id, 4 * MiB, WITHIN_MS), "the first is not whole");
	expect(size_becomes(&genl, other.id, 0, WITHIN_MS), "the other is still there");
}

static void shrink_that_fails_half_way_is_told_and_made_good(void)
{
	struct told_grant victim, request, others[3], told;
	unsigned int i;

	begin();
	/* Two slices of 4 MiB, none of which suffices alone, and nothing beside them */
	get_grant(WANT(.device = devices[2], .size = 8 * MiB, .priority = 900), &others[2]);
	get_grant(WANT(.size = 8 * MiB, .pieces = 2, .placement = FABRIC_PLACEMENT_SPREAD,
		       .priority = 50, .min = 2 * MiB, .grace = 1, .restore = 1), &victim);
	for (i = 0; i < 2; i++)
		get_grant(WANT(.device = devices[i], .size = 4 * MiB, .priority = 900),
			  &others[i]);
	/* Let the first tail go, and the second fail while it is worked on */
	emu_fault("slice_shrink", "delay_ms", 500);
	get_grant(WANT(.size = 6 * MiB, .pieces = 2, .granularity = 3 * MiB, .priority = 200),
		  &request);
	expect_queued(&request);
	must_come(!engine_get(&genl, victim.id, &told) && told.size == 5 * MiB);
	emu_fault("slice_shrink", "error", -EIO);
	must_become(&genl, request.id, 0);
	must_become(&genl, victim.id, ACTIVE);
	must(engine_get(&genl, victim.id, &told));
	expect(told.size == 5 * MiB && told.reclaims == 1 && told.full_size == 8 * MiB,
	       "size %llu, reclaims %u, full size %llu", told.size, told.reclaims,
	       told.full_size);
	emu_fault("slice_shrink", "error", 0);
	emu_fault("slice_shrink", "delay_ms", 0);
	expect(size_becomes(&genl, victim.id, 8 * MiB, WITHIN_MS), "it did not grow back");
}

static void shrink_that_failed_is_tried_again_for_who_waits(void)
{
	struct told_grant victim, request;

	begin();
	get_victim(WANT(.min = 2 * MiB, .grace = SHORT_GRACE), &victim);
	emu_fault("slice_shrink", "times", 1);
	emu_fault("slice_shrink", "error", -EAGAIN);
	get_grant(WANT(.device = devices[0], .size = 4 * MiB, .priority = 200, .wait = 60000),
		  &request);
	must_come(!engine_get(&genl, victim.id, &victim) && victim.error == EAGAIN);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, victim.id, 4 * MiB, WITHIN_MS), "the victim has something else");
}

static void growth_that_failed_is_tried_again(void)
{
	struct told_grant victim, request;

	begin();
	get_victim(WANT(.min = 2 * MiB, .restore = 1, .grace = 1), &victim);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, victim.id, 4 * MiB, WITHIN_MS), "it was not shrunk");
	emu_fault("slice_commit", "times", 1);
	emu_fault("slice_commit", "error", -EIO);
	must(engine_del(&genl, request.id, false));
	expect(size_becomes(&genl, victim.id, 8 * MiB, WITHIN_MS), "it did not grow back");
}

static void stuck_revoke_gives_nothing_twice(void)
{
	struct told_grant victim, request, told;
	struct told_resource resource;

	begin();
	get_victim(WANT(.reclaimable = 1, .grace = SHORT_GRACE), &victim);
	emu_fault("slice_revoke", "error", -EAGAIN);
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	must_become(&genl, victim.id, FABRIC_GRANT_STATE_REVOKING);
	/* nothing else can be taken instead */
	must_become(&genl, request.id, 0);
	while (!engine_read(request.fd, &told))
		;
	expect(told.state == FABRIC_GRANT_STATE_FAILED, "the request ends in state %u",
	       told.state);
	must(engine_resource(&genl, devices[0], 0, &resource));
	expect(resource.granted == 8 * MiB && !resource.free && !resource.reserved,
	       "granted %llu, free %llu", resource.granted, resource.free);
	must_fail(engine_new(&genl, &WANT(.domain = domain, .device = devices[0],
					  .size = 1 * MiB, .priority = 900), &told),
		  ENOSPC, "Largest free extent");
	emu_fault("slice_revoke", "error", 0);
	must_become(&genl, victim.id, 0);
	must_come(free_of(1) == 8 * MiB);
}

static void stuck_revoke_is_waited_for_with_wait(void)
{
	struct told_grant victim, request;

	begin();
	get_victim(WANT(.reclaimable = 1, .grace = SHORT_GRACE), &victim);
	emu_fault("slice_revoke", "error", -EAGAIN);
	get_grant(WANT(.device = devices[0], .size = 8 * MiB, .priority = 200,
		       .wait = 60000), &request);
	must_become(&genl, victim.id, FABRIC_GRANT_STATE_REVOKING);
	must(engine_get(&genl, request.id, &request));
	expect(request.state == QUEUED, "it is in state %u", request.state);
	emu_fault("slice_revoke", "error", 0);
	must_become(&genl, request.id, ACTIVE);
}

static void quarantined_capacity_is_nobodys(void)
{
	struct told_grant victim, request;
	struct told_resource resource;

	begin();
	get_victim(WANT(.reclaimable = 1, .grace = SHORT_GRACE), &victim);
	emu_fault("slice_release", "error", -EIO);
	ask_for(8 * MiB, 200, &request);
	must_become(&genl, victim.id, FABRIC_GRANT_STATE_QUARANTINED);
	must_become(&genl, request.id, 0);
	must(engine_resource(&genl, devices[0], 0, &resource));
	expect(resource.quarantined == 8 * MiB, "quarantined %llu", resource.quarantined);
	emu_fault("slice_release", "error", 0);
	must_become(&genl, victim.id, 0);
}

static void shrunk_grant_grows_back_with_restore(void)
{
	struct told_grant victim, request;
	struct told_stats before, after;

	begin();
	get_victim(WANT(.min = 2 * MiB, .restore = 1, .grace = SHORT_GRACE), &victim);
	must(engine_stats(&genl, &before));
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, victim.id, 4 * MiB, WITHIN_MS), "it was not shrunk");
	must(engine_del(&genl, request.id, false));
	expect(size_becomes(&genl, victim.id, 8 * MiB, WITHIN_MS), "it did not grow back");
	must_come(!engine_get(&genl, victim.id, &victim) && !victim.full_size);
	expect(!victim.restorable, "it wants more");
	expect(victim.reclaims == 1 && victim.nr_taken == 1, "its history is gone");
	must(engine_stats(&genl, &after));
	expect(after.restores == before.restores + 1, "restores %llu",
	       after.restores - before.restores);
}

static void shrunk_grant_without_restore_is_told(void)
{
	struct told_grant victim, request, told;
	struct told_resource before, after;
	struct change back = { .size = 8 * MiB };
	unsigned int i;

	begin();
	get_victim(WANT(.min = 2 * MiB, .grace = SHORT_GRACE,
			.holder = FABRIC_HOLDER_FILE), &victim);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, victim.id, 4 * MiB, WITHIN_MS), "it was not shrunk");
	must(engine_get(&genl, victim.id, &told));
	expect(!told.restorable && told.full_size == 8 * MiB, "restorable %u of %llu",
	       told.restorable, told.full_size);
	must(engine_del(&genl, request.id, false));
	must_come(!engine_get(&genl, victim.id, &told) && told.restorable);
	expect(told.size == 4 * MiB, "it grew by itself");
	/* To find out, nothing is allocated again and again */
	must(engine_resource(&genl, devices[0], 0, &before));
	for (i = 0; i < 50; i++)
		must(engine_get(&genl, victim.id, &told));
	must(engine_resource(&genl, devices[0], 0, &after));
	expect(after.allocations == before.allocations, "%llu allocations by nobody",
	       after.allocations - before.allocations);
	must(engine_set(&genl, victim.id, &back, &told));
	expect(told.size == 8 * MiB && !told.restorable && !told.full_size, "it is not as before");
}

static void more_important_grows_back_first(void)
{
	struct told_grant low, high, request;

	begin();
	get_victim(WANT(.size = 4 * MiB, .priority = 50, .min = 2 * MiB, .restore = 1,
			.grace = SHORT_GRACE), &low);
	get_victim(WANT(.size = 4 * MiB, .priority = 60, .min = 2 * MiB, .restore = 1,
			.grace = SHORT_GRACE), &high);
	/* the tails lie apart */
	ask_for(2 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, low.id, 2 * MiB, WITHIN_MS), "the low one was not first");
	ask_for(2 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, high.id, 2 * MiB, WITHIN_MS), "the high one was not second");
	must(engine_del(&genl, request.id, false));
	expect(size_becomes(&genl, high.id, 4 * MiB, WITHIN_MS), "the high one did not grow");
	expect(size_becomes(&genl, low.id, 2 * MiB, 0), "the low one did");
}

/* As whatever may have made capacity usable does */
static pid_t start_kicker(void)
{
	pid_t pid = fork();
	struct genl mine;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	genl_close(&genl);
	broker_open(&mine);
	for (;;)
		must(engine_device_set(&mine, devices[1], FABRIC_ADMIN_STATE_ENABLED, NULL, NULL));
}

/* What becomes free between a look for the one and a look for the other */
static void more_important_grows_back_first_however_often_it_is_tried(void)
{
	struct told_grant low, high, first, second;
	unsigned int round, i;
	pid_t pids[3];

	begin();
	get_victim(WANT(.size = 4 * MiB, .priority = 50, .min = 2 * MiB, .restore = 1,
			.grace = 1), &low);
	get_victim(WANT(.size = 4 * MiB, .priority = 60, .min = 2 * MiB, .restore = 1,
			.grace = 1), &high);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start_kicker();
	for (round = 0; round < 100; round++) {
		ask_for(2 * MiB, 200, &first);
		must_become(&genl, first.id, ACTIVE);
		expect(size_becomes(&genl, low.id, 2 * MiB, WITHIN_MS),
		       "the low one was not first");
		ask_for(2 * MiB, 200, &second);
		must_become(&genl, second.id, ACTIVE);
		expect(size_becomes(&genl, high.id, 2 * MiB, WITHIN_MS),
		       "the high one was not second");
		must(engine_del(&genl, second.id, false));
		close(second.fd);
		expect(size_becomes(&genl, high.id, 4 * MiB, WITHIN_MS),
		       "round %u: the high one did not grow", round);
		expect(size_becomes(&genl, low.id, 2 * MiB, 0), "round %u: the low one did",
		       round);
		must(engine_del(&genl, first.id, false));
		close(first.fd);
		expect(size_becomes(&genl, low.id, 4 * MiB, WITHIN_MS),
		       "round %u: the low one did not grow", round);
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		end(pids[i]);
}

static void history_keeps_the_last_four(void)
{
	struct told_grant victim, request;
	unsigned int i;

	begin();
	get_victim(WANT(.min = 1 * MiB, .grace = 1), &victim);
	for (i = 0; i < 6; i++) {
		ask_for(1 * MiB, 200 + i, &request);
		must_become(&genl, request.id, ACTIVE);
		expect(size_becomes(&genl, victim.id, (7 - i) * MiB, WITHIN_MS), "round %u", i);
	}
	must(engine_get(&genl, victim.id, &victim));
	expect(victim.reclaims == 6 && victim.nr_taken == 4 && victim.full_size == 8 * MiB,
	       "reclaims %u, told %u", victim.reclaims, victim.nr_taken);
	expect(victim.taken[0].priority == 202 && victim.taken[3].priority == 205,
	       "the wrong four");
}

static void expired_wait_does_not_waste_what_victims_give(void)
{
	struct told_grant victim, request;

	begin();
	get_victim(WANT(.reclaimable = 1, .grace = 1500), &victim);
	get_grant(WANT(.device = devices[0], .size = 8 * MiB, .priority = 200,
		       .wait = 300), &request);
	expect_queued(&request);
	must_become(&genl, request.id, ACTIVE);
}

static void close_at_the_deadline_leaves_nothing_behind(void)
{
	struct told_grant victim, request;
	unsigned int round;

	begin();
	for (round = 0; round < 40; round++) {
		get_victim(WANT(.min = 2 * MiB, .grace = 30,
				.holder = FABRIC_HOLDER_FILE), &victim);
		ask_for(4 * MiB, 200, &request);
		usleep(27000 + 250 * round);
		close(victim.fd);
		must_become(&genl, victim.id, 0);
		must_become(&genl, request.id, ACTIVE);
		must(engine_del(&genl, request.id, false));
		must_come(free_of(1) == 8 * MiB);
	}
}

static void device_that_leaves_ends_the_plan(void)
{
	struct told_grant victim, request;
	char path[256];
	FILE *stream;

	begin();
	get_victim(WANT(.reclaimable = 1), &victim);
	ask_for(8 * MiB, 200, &request);
	expect_queued(&request);
	snprintf(path, sizeof(path),
		 "/sys/kernel/debug/fabric_emu/%s/devices/m0/surprise_remove",
		 getenv("FABRIC_TEST_DOMAIN"));
	stream = fopen(path, "w");
	expect(stream && fprintf(stream, "1\n") > 0 && !fclose(stream), "%s", path);
	must_become(&genl, victim.id, 0);
	must_become(&genl, request.id, 0);
	snprintf(path, sizeof(path), "/sys/kernel/debug/fabric_emu/%s/devices/m0/plug",
		 getenv("FABRIC_TEST_DOMAIN"));
	stream = fopen(path, "w");
	expect(stream && fprintf(stream, "1\n") > 0 && !fclose(stream), "%s", path);
}

#define STORY(fn)	{ .name = #fn, .run = fn }

/* The first device: victim 2 MiB, somebody else @between, victim 2 MiB more, the rest is free. */
static void get_victim_of_two_slices(__u64 between, struct told_grant *victim)
{
	struct change larger = { .size = 4 * MiB };
	struct told_grant other;

	get_victim(WANT(.size = 2 * MiB, .min = 2 * MiB, .grace = 1), victim);
	if (between)
		get_grant(WANT(.device = devices[0], .size = between, .priority = 900), &other);
	must(engine_set(&genl, victim->id, &larger, victim));
	expect(victim->nr_pieces == 2, "it has %u slices", victim->nr_pieces);
	expect(victim->pieces[1].start == 2 * MiB + between, "the second starts at %llu",
	       victim->pieces[1].start);
}

static void upper_of_two_slices_on_a_device_is_given(void)
{
	struct told_grant victim, request;

	begin();
	get_victim_of_two_slices(2 * MiB, &victim);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	must(engine_get(&genl, request.id, &request));
	expect(request.pieces[0].start == 4 * MiB, "it got what starts at %llu",
	       request.pieces[0].start);
	expect(size_becomes(&genl, victim.id, 2 * MiB, WITHIN_MS), "the victim has something else");
}

static void two_slices_on_a_device_keep_the_min_together(void)
{
	struct told_grant victim, request, other;

	begin();
	get_victim_of_two_slices(0, &victim);
	get_grant(WANT(.device = devices[0], .size = 4 * MiB, .priority = 900), &other);
	must_fail(engine_new(&genl, &WANT(.domain = domain, .device = devices[0],
					  .size = 3 * MiB, .priority = 200), &request),
		  ENOSPC, "Largest free extent");
	ask_for(2 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	expect(size_becomes(&genl, victim.id, 2 * MiB, WITHIN_MS), "the victim has something else");
}

static void two_slices_of_one_are_one_victim(void)
{
	struct told_grant victim, others[2], request;
	struct change larger = { .size = 4 * MiB };

	begin();
	get_victim(WANT(.size = 2 * MiB, .reclaimable = 1, .grace = 1), &others[0]);
	get_victim(WANT(.size = 2 * MiB, .reclaimable = 1, .grace = 1), &others[1]);
	get_victim(WANT(.size = 2 * MiB, .reclaimable = 1, .grace = 1), &victim);
	must(engine_set(&genl, victim.id, &larger, &victim));
	expect(victim.nr_pieces == 2, "it has %u slices", victim.nr_pieces);
	ask_for(4 * MiB, 200, &request);
	must_become(&genl, request.id, ACTIVE);
	must_become(&genl, victim.id, 0);
	must(engine_get(&genl, others[0].id, &others[0]));
	must(engine_get(&genl, others[1].id, &others[1]));
}

static const struct ktap_test stories[] = {
	STORY(notice_says_who_wants_what_until_when),
	STORY(notice_wakes_poll_and_is_read_from_the_file),
	STORY(who_shrinks_in_time_is_not_forced),
	STORY(who_deletes_in_time_is_not_forced),
	STORY(who_closes_its_file_in_time_is_not_forced),
	STORY(who_ignores_the_notice_is_forced_after_its_grace),
	STORY(forced_shrink_leaves_the_head_intact),
	STORY(revoked_mapping_ends),
	STORY(tail_of_another_is_clean),
	STORY(victim_that_dies_gives_at_once),
	STORY(victim_that_shrinks_too_little_gives_the_rest_by_force),
	STORY(victim_that_grows_elsewhere_still_gives),
	STORY(who_gives_what_is_wanted_keeps_the_rest),
	STORY(victims_keep_what_they_have_when_the_request_is_closed),
	STORY(victims_keep_what_they_have_when_the_requester_is_killed),
	STORY(requester_dies_when_one_of_two_has_left),
	STORY(what_becomes_free_is_not_for_a_third),
	STORY(more_important_third_takes_over_the_plan),
	STORY(more_important_one_that_cannot_be_met_leaves_plans_alone),
	STORY(plan_that_would_not_help_is_left_alone),
	STORY(shrink_that_fails_leaves_the_victim_whole),
	STORY(shrink_that_fails_makes_it_take_from_another),
	STORY(shrink_that_fails_half_way_is_told_and_made_good),
	STORY(shrink_that_failed_is_tried_again_for_who_waits),
	STORY(growth_that_failed_is_tried_again),
	STORY(stuck_revoke_gives_nothing_twice),
	STORY(stuck_revoke_is_waited_for_with_wait),
	STORY(quarantined_capacity_is_nobodys),
	STORY(shrunk_grant_grows_back_with_restore),
	STORY(shrunk_grant_without_restore_is_told),
	STORY(more_important_grows_back_first),
	STORY(more_important_grows_back_first_however_often_it_is_tried),
	STORY(history_keeps_the_last_four),
	STORY(expired_wait_does_not_waste_what_victims_give),
	STORY(close_at_the_deadline_leaves_nothing_behind),
	STORY(upper_of_two_slices_on_a_device_is_given),
	STORY(two_slices_on_a_device_keep_the_min_together),
	STORY(two_slices_of_one_are_one_victim),
	STORY(device_that_leaves_ends_the_plan),
};

static const struct situation *current;

static void run_current(void)
{
	run_situation(current);
}

int main(void)
{
	struct backend backend;
	unsigned int i;
	char name[8];

	setenv("FABRIC_TEST_MODE", "1", 0);
	setenv("FABRIC_TEST_SIZE", "0", 0);
	backend_from_env(&backend);
	domain = backend.domain;
	broker_open(&genl);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		snprintf(name, sizeof(name), "m%u", i);
		devices[i] = engine_object(&genl, FABRIC_CMD_DEVICE_GET, domain, name);
	}
	genl_close(&genl);
	ktap_header(ARRAY_SIZE(situations) + ARRAY_SIZE(stories));
	for (i = 0; i < ARRAY_SIZE(situations); i++) {
		struct ktap_test test = { situations[i].name, run_current };

		current = &situations[i];
		ktap_run_one(&test, 60);
		tidy();
	}
	for (i = 0; i < ARRAY_SIZE(stories); i++) {
		ktap_run_one(&stories[i], 60);
		tidy();
	}
	ktap_exit();
}
