// SPDX-License-Identifier: GPL-2.0
/*
 * Many devices with many slices: what the broker lists, where it places and
 * from whom it takes is compared with what a look at every unit of every device
 * finds. No test of speed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define UNIT		4096ULL
#define UNITS		64
#define DEVICES		1000
#define SLICES		20000
#define GRANTS_MAX	40000
#define ACTIVE		FABRIC_GRANT_STATE_ACTIVE

/* Every one has one slice, of at most 3 units, so that 20 of them fit on a device. */
struct has {
	__u32 id;
	__u32 priority;
	__u32 device;
	bool reclaimable;
	unsigned int start;
	unsigned int units;
	unsigned int min;
};

static __u32 domain, devices[DEVICES];
static struct genl genl;
static struct has made[SLICES];
static struct has grants[GRANTS_MAX];
static unsigned int nr_grants;
/* Who has which unit; NULL if it is free. */
static const struct has *units[DEVICES][UNITS];

static unsigned int device_index(__u32 id)
{
	unsigned int i;

	/* They were made one after the other. */
	i = id - devices[0];
	if (i < DEVICES && devices[i] == id)
		return i;
	for (i = 0; i < DEVICES; i++) {
		if (devices[i] == id)
			return i;
	}
	ktap_fail("no device %u", id);
}

static void find_devices(void)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	unsigned int nr = 0;
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_DEVICE_GET, NLM_F_DUMP);
	req_u32(&req, FABRIC_A_DEVICE_DOMAIN_ID, domain);
	if (genl_talk(&genl, &req, &answer))
		ktap_bail("devices: %s", answer.text);
	answer_for_each(nlh, &answer) {
		if (nr == DEVICES)
			ktap_bail("more than %u devices", DEVICES);
		devices[nr++] = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
						    FABRIC_A_DEVICE_ID));
	}
	answer_free(&answer);
	if (nr != DEVICES)
		ktap_bail("%u devices", nr);
}

/* Everything that the broker lists, by unit. */
static void learn(void)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i, j;

	req_init(&genl, &req, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	if (genl_talk(&genl, &req, &answer))
		ktap_fail("grants: %s", answer.text);
	expect(!answer.interrupted, "the list was interrupted");
	nr_grants = 0;
	memset(units, 0, sizeof(units));
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);
		const struct nlattr *slice = attrs_find(attrs, len, FABRIC_A_GRANT_SLICE);
		struct has *has = &grants[nr_grants];

		if (!slice || attr_u32(attrs_find(attr_data(slice), attr_len(slice),
						  FABRIC_A_SLICE_DOMAIN_ID)) != domain)
			continue;
		expect(nr_grants++ < GRANTS_MAX, "too many grants");
		has->id = attr_u32(attrs_find(attrs, len, FABRIC_A_GRANT_ID));
		has->priority = attr_u32(attrs_find(attrs, len, FABRIC_A_GRANT_PRIORITY));
		has->reclaimable = attr_u32(attrs_find(attrs, len, FABRIC_A_GRANT_RECLAIMABLE));
		has->min = attr_uint(attrs_find(attrs, len, FABRIC_A_GRANT_MIN)) / UNIT;
		has->device = device_index(attr_u32(attrs_find(attr_data(slice), attr_len(slice),
							       FABRIC_A_SLICE_DEVICE_ID)));
		has->start = attr_uint(attrs_find(attr_data(slice), attr_len(slice),
						  FABRIC_A_SLICE_START)) / UNIT;
		has->units = attr_uint(attrs_find(attr_data(slice), attr_len(slice),
						  FABRIC_A_SLICE_LENGTH)) / UNIT;
	}
	answer_free(&answer);
	for (i = 0; i < nr_grants; i++) {
		const struct has *has = &grants[i];

		for (j = has->start; j < has->start + has->units; j++) {
			expect(j < UNITS && !units[has->device][j], "unit %u is granted twice", j);
			units[has->device][j] = has;
		}
	}
}

/* Length of the free run that begins at a unit, 0 if none does. */
static unsigned int run_at(unsigned int device, unsigned int unit)
{
	unsigned int end = unit;

	if (unit && !units[device][unit - 1])
		return 0;
	while (end < UNITS && !units[device][end])
		end++;
	return end - unit;
}

/* The shortest free run of the first @nr devices that is not shorter than @length. */
static unsigned int best_run(unsigned int nr, unsigned int length)
{
	unsigned int device, unit, run, best = 0;

	for (device = 0; device < nr; device++) {
		for (unit = 0; unit < UNITS; unit++) {
			run = run_at(device, unit);
			if (run >= length && (!best || run < best))
				best = run;
		}
	}
	return best;
}

static void make(const struct want *want, struct has *has)
{
	struct told_grant grant;

	must(engine_new(&genl, want, &grant));
	expect(grant.state == ACTIVE && grant.nr_pieces == 1, "%u pieces, state %u",
	       grant.nr_pieces, grant.state);
	*has = (struct has){
		.id = grant.id,
		.device = device_index(grant.pieces[0].device),
		.start = grant.pieces[0].start / UNIT,
		.units = grant.pieces[0].length / UNIT,
	};
}

/* 20 slices on each device, of sizes and priorities by chance; some are gone again. */
static void populate(void)
{
	unsigned int i;

	for (i = 0; i < SLICES; i++) {
		struct want want = {
			.domain = domain,
			.device = devices[i % DEVICES],
			.size = (1 + random() % 3) * UNIT,
			.priority = 100 + random() % 50,
			.reclaimable = 1,
			.grace = 1,
		};

		make(&want, &made[i]);
		made[i].priority = want.priority;
	}
}

static void make_holes(void)
{
	unsigned int i;

	for (i = 0; i < SLICES; i += 1 + random() % 20) {
		must(engine_del(&genl, made[i].id, false));
		made[i].id = 0;
	}
}

static void begin(void)
{
	broker_open(&genl);
	learn();
}

static int by_id(const void *a, const void *b)
{
	const struct has *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void every_slice_is_listed_once(void)
{
	unsigned int i, j = 0, nr = 0;
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;

	begin();
	qsort(made, SLICES, sizeof(*made), by_id);
	qsort(grants, nr_grants, sizeof(*grants), by_id);
	for (i = 0; i < SLICES; i++) {
		if (!made[i].id)
			continue;
		expect(j < nr_grants && grants[j].id == made[i].id, "grant %u is not listed",
		       made[i].id);
		expect(grants[j].device == made[i].device && grants[j].start == made[i].start &&
		       grants[j].units == made[i].units &&
		       grants[j].priority == made[i].priority,
		       "grant %u is listed with something else", made[i].id);
		j++;
	}
	expect(j == nr_grants, "%u grants are listed, %u were made", nr_grants, j);
	req_init(&genl, &req, FABRIC_CMD_SLICE_GET, NLM_F_DUMP);
	if (genl_talk(&genl, &req, &answer))
		ktap_fail("slices: %s", answer.text);
	answer_for_each(nlh, &answer)
		nr += attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
					  FABRIC_A_SLICE_DOMAIN_ID)) == domain;
	answer_free(&answer);
	expect(nr == nr_grants, "%u slices of %u grants are listed", nr, nr_grants);
}

/* Ask again and again, each time for what is left by those before. */
static void place_and_compare(unsigned int nr, const char *label)
{
	unsigned int i, j;

	for (i = 0; i < 100; i++) {
		unsigned int length = 1 + random() % 24, run = best_run(nr, length);
		struct want want = {
			.domain = domain,
			.size = length * UNIT,
			.priority = 1,
			.label = label,
		};
		static struct has placed[100];
		struct has *has = &placed[i];
		struct told_grant grant;

		if (!run) {
			must_fail(engine_new(&genl, &want, &grant), ENOSPC, "Largest free extent");
			continue;
		}
		make(&want, has);
		expect(has->device < nr, "it was placed on device %u", has->device);
		expect(has->units == length && run_at(has->device, has->start) == run,
		       "%u units were placed in a run of %u, there is one of %u", length,
		       run_at(has->device, has->start), run);
		for (j = has->start; j < has->start + has->units; j++)
			units[has->device][j] = has;
	}
}

static void best_fit_is_the_best_of_all_devices(void)
{
	begin();
	place_and_compare(DEVICES, NULL);
}

/* The others have more free extents that are shorter than there are devices. */
static void best_fit_is_the_best_of_few_devices(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 3; i++)
		must(engine_device_set(&genl, devices[i], 0, "few=yes", NULL));
	place_and_compare(3, "few=yes");
	for (i = 0; i < 3; i++)
		must(engine_device_set(&genl, devices[i], 0, NULL, "few"));
}

/* From here on nothing is free. */
static void fill_up(void)
{
	unsigned int device, unit, run;
	struct has has;

	for (device = 0; device < DEVICES; device++) {
		for (unit = 0; unit < UNITS; unit++) {
			struct want want = {
				.domain = domain,
				.device = devices[device],
				.priority = FABRIC_PRIORITY_MAX,
			};

			run = run_at(device, unit);
			want.size = run * UNIT;
			if (run)
				make(&want, &has);
		}
	}
	learn();
	expect(!best_run(DEVICES, 1), "something is free");
}

struct cost {
	unsigned int priority;
	unsigned int grants;
	unsigned int units;
};

static bool cheaper(const struct cost *a, const struct cost *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->grants != b->grants)
		return a->grants < b->grants;
	return a->units < b->units;
}

static void add_cost(struct cost *cost, const struct has *has)
{
	if (has->priority > cost->priority)
		cost->priority = has->priority;
	cost->grants++;
	cost->units += has->units;
}

/* What the cheapest window costs in which all have to go who are in it. */
static struct cost best_cost(unsigned int length)
{
	struct cost best = { FABRIC_PRIORITY_MAX, 0, 0 };
	unsigned int device, start, unit;

	for (device = 0; device < DEVICES; device++) {
		for (start = 0; start + length <= UNITS; start++) {
			struct cost cost = {};

			for (unit = start; unit < start + length; unit++) {
				const struct has *has = units[device][unit];

				if (!has->reclaimable)
					cost.priority = FABRIC_PRIORITY_MAX;
				if (unit == start || has != units[device][unit - 1])
					add_cost(&cost, has);
			}
			if (cheaper(&cost, &best))
				best = cost;
		}
	}
	return best;
}

/* What those have cost who are not there any more. */
static struct cost cost_of_gone(const struct has *before, unsigned int nr)
{
	struct cost cost = {};
	unsigned int i, j = 0;

	qsort(grants, nr_grants, sizeof(*grants), by_id);
	for (i = 0; i < nr; i++) {
		while (j < nr_grants && grants[j].id < before[i].id)
			j++;
		if (j == nr_grants || grants[j].id != before[i].id)
			add_cost(&cost, &before[i]);
	}
	return cost;
}

static void victims_are_the_cheapest_of_all(void)
{
	static struct has before[GRANTS_MAX];
	unsigned int i, nr;

	begin();
	fill_up();
	for (i = 0; i < 20; i++) {
		unsigned int length = 1 + i % 5;
		struct want want = { .domain = domain, .size = length * UNIT, .priority = 500 };
		struct cost best = best_cost(length), cost;
		struct told_grant grant;

		qsort(grants, nr_grants, sizeof(*grants), by_id);
		nr = nr_grants;
		memcpy(before, grants, nr * sizeof(*before));
		must(engine_new(&genl, &want, &grant));
		must_become(&genl, grant.id, ACTIVE);
		learn();
		cost = cost_of_gone(before, nr);
		expect(!cheaper(&cost, &best) && !cheaper(&best, &cost),
		       "%u units cost priority %u, %u grants of %u units; %u, %u of %u would do",
		       length, cost.priority, cost.grants, cost.units, best.priority,
		       best.grants, best.units);
		/* What is left of the victims is nobody's. */
		fill_up();
	}
}

/* Priority and min of a grant decide as they are when something is taken. */
static void victim_is_who_became_the_cheapest(void)
{
	struct change can_shrink = { .min = UNIT }, less_important = { .priority = 7 };
	struct want want = { .domain = domain, .size = UNIT, .priority = 500 };
	const struct has *victim = NULL;
	struct told_grant grant, told;
	unsigned int i;

	begin();
	fill_up();
	for (i = 0; i < nr_grants; i += 97) {
		if (!grants[i].reclaimable || grants[i].units < 2)
			continue;
		must(engine_set(&genl, grants[i].id, &can_shrink, &told));
		victim = &grants[i];
	}
	expect(victim, "nobody can be shrunk");
	must(engine_set(&genl, victim->id, &less_important, &told));
	must(engine_new(&genl, &want, &grant));
	must_become(&genl, grant.id, ACTIVE);
	expect(size_becomes(&genl, victim->id, (victim->units - 1) * UNIT, WITHIN_MS),
	       "somebody else has lost something");
}

static const struct ktap_test tests[] = {
	KTAP_TEST(every_slice_is_listed_once),
	KTAP_TEST(best_fit_is_the_best_of_all_devices),
	KTAP_TEST(best_fit_is_the_best_of_few_devices),
	KTAP_TEST(victims_are_the_cheapest_of_all),
	KTAP_TEST(victim_is_who_became_the_cheapest),
};

int main(void)
{
	const char *seed = getenv("FABRIC_SCALE_SEED");
	struct backend backend;
	unsigned int i;

	setenv("FABRIC_TEST_MODE", "1", 0);
	setenv("FABRIC_TEST_SIZE", "0", 0);
	backend_from_env(&backend);
	domain = backend.domain;
	srandom(seed ? atoi(seed) : 1);
	broker_open(&genl);
	find_devices();
	populate();
	make_holes();
	genl_close(&genl);
	ktap_header(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		ktap_run_one(&tests[i], 600);
	broker_open(&genl);
	engine_clear(&genl, domain);
	ktap_exit();
}
