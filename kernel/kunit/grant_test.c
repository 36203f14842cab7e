// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a grant, on a backend that does as each test says and notes what
 * it was asked for. Ops run without locks of the core, so what comes between two
 * steps of a grant is done from within an op.
 */
#include <kunit/test.h>
#include <kunit/visibility.h>
#include <linux/delay.h>

#include "../core/fabric_internal.h"

#define SIZE		SZ_1M
#define WITHIN_MS	20000

enum op {
	OP_PREPARE,
	OP_COMMIT,
	OP_REVOKE,
	OP_RELEASE,
	OP_NR,
};

/**
 * struct bench - what a test works with
 * @domain: of two devices with one resource of SIZE each
 * @resources: of them
 * @error: what each op returns from its call number @after on
 * @after: calls of it that succeed first
 * @calls: of each op
 * @journal: the first letter of each, in order
 * @during: run from within the first prepare
 * @seen: state of the grant that @during saw
 */
struct bench {
	struct fabric_domain *domain;
	struct fabric_port *port;
	struct fabric_device *devices[2];
	struct fabric_resource *resources[2];
	int error[OP_NR];
	int after[OP_NR];
	int calls[OP_NR];
	char journal[64];
	void (*during)(struct bench *bench, u32 grant_id);
	int seen;
};

static int op(struct fabric_slice *slice, enum op op, char letter)
{
	struct bench *bench = slice->resource_priv;
	size_t len = strlen(bench->journal);
	int call = bench->calls[op]++;

	if (len + 1 < sizeof(bench->journal))
		bench->journal[len] = letter;
	if (op == OP_PREPARE && !call && bench->during)
		bench->during(bench, slice->grant_id);
	if (call < bench->after[op] || !READ_ONCE(bench->error[op]))
		return 0;
	strscpy(slice->reason, "As the test says");
	return READ_ONCE(bench->error[op]);
}

static int prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	return op(slice, OP_PREPARE, 'p');
}

static int commit(struct fabric_slice *slice, struct netlink_ext_ack *extack)
{
	return op(slice, OP_COMMIT, 'c');
}

static int revoke(struct fabric_slice *slice)
{
	return op(slice, OP_REVOKE, 'v');
}

static int release(struct fabric_slice *slice)
{
	return op(slice, OP_RELEASE, 'r');
}

static const struct fabric_backend_ops ops = {
	.owner = THIS_MODULE,
	.name = "kunit",
	.slice_prepare = prepare,
	.slice_commit = commit,
	.slice_revoke = revoke,
	.slice_release = release,
};

static int bench_init(struct kunit *test)
{
	const struct fabric_resource_info memory = {
		.kind = FABRIC_KIND_MEMORY,
		.capability = "ram",
		.total = SIZE,
		.granule = SZ_64K,
		.modes = FABRIC_MODE_BIT(FABRIC_MODE_DEVDAX),
		.address = FABRIC_NO_ADDRESS,
		.numa_node = NUMA_NO_NODE,
	};
	const struct fabric_port_info port = {
		.name = "p0",
		.type = FABRIC_PORT_TYPE_DOWNSTREAM,
		.link = FABRIC_LINK_UP,
	};
	struct bench *bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, bench);
	test->priv = bench;
	bench->domain = fabric_domain_register("kunit", &ops, bench);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bench->domain);
	bench->port = fabric_port_add(bench->domain, &port, bench);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bench->port);
	for (i = 0; i < ARRAY_SIZE(bench->devices); i++) {
		const struct fabric_device_info device = {
			.port = bench->port,
			.name = i ? "m1" : "m0",
			.type = FABRIC_DEVICE_TYPE_MEMORY,
			.capacity = SIZE,
			.numa_node = NUMA_NO_NODE,
		};

		bench->devices[i] = fabric_device_add(bench->domain, &device, bench);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bench->devices[i]);
		bench->resources[i] = fabric_resource_add(bench->devices[i], &memory, bench);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bench->resources[i]);
	}
	return 0;
}

static void bench_exit(struct kunit *test)
{
	struct bench *bench = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(bench->devices); i++)
		KUNIT_EXPECT_EQ(test, fabric_device_remove(bench->devices[i], "The test ends",
							   10 * HZ), 0);
	fabric_port_remove(bench->port);
	KUNIT_EXPECT_EQ(test, fabric_domain_unregister(bench->domain), 0);
}

/* A request that nobody holds, of one priority */
static struct fabric_grant *grant_new(struct bench *bench, u64 size, u32 pieces, u64 wait,
				      u64 lease, struct netlink_ext_ack *ack)
{
	const struct fabric_grant_req req = {
		.kind = FABRIC_KIND_MEMORY,
		.size = size,
		.mode = FABRIC_MODE_DEVDAX,
		.domain_id = bench->domain->obj.id,
		.numa_node = NUMA_NO_NODE,
		.near_node = NUMA_NO_NODE,
		.pieces = pieces,
		.placement = FABRIC_PLACEMENT_BEST_FIT,
		.priority = FABRIC_PRIORITY_DEFAULT,
		.holder = FABRIC_HOLDER_NONE,
		.wait = wait,
		.lease = lease,
	};
	struct fabric_grant_req *copy = fabric_req_copy(&req);

	*ack = (struct netlink_ext_ack){};
	return copy ? fabric_grant_new(copy, ack) : ERR_PTR(-ENOMEM);
}

static int grant_del(struct fabric_grant *grant, struct netlink_ext_ack *ack)
{
	*ack = (struct netlink_ext_ack){};
	return fabric_grant_del(grant, false, NULL, 0, ack);
}

static u64 free_of(struct bench *bench)
{
	u64 sum = 0;
	int i;

	mutex_lock(&bench->domain->lock);
	for (i = 0; i < ARRAY_SIZE(bench->resources); i++)
		sum += bench->resources[i]->extents.free;
	mutex_unlock(&bench->domain->lock);
	return sum;
}

static bool becomes(struct fabric_grant *grant, enum fabric_grant_state state)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(WITHIN_MS);

	while (READ_ONCE(grant->state) != state) {
		if (time_after(jiffies, deadline))
			return false;
		msleep(20);
	}
	return true;
}

static void a_grant_is_prepared_before_it_is_committed(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;
	struct fabric_grant *grant;

	grant = grant_new(bench, 2 * SIZE, 2, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grant);
	KUNIT_EXPECT_EQ(test, grant->state, FABRIC_GRANT_STATE_ACTIVE);
	KUNIT_EXPECT_EQ(test, free_of(bench), 0);
	KUNIT_EXPECT_EQ(test, grant_del(grant, &ack), 0);
	KUNIT_EXPECT_EQ(test, grant->state, FABRIC_GRANT_STATE_RELEASED);
	KUNIT_EXPECT_STREQ(test, bench->journal, "ppccvrvr");
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
	fabric_grant_put(grant);
}

static void a_prepare_that_fails_undoes_those_before(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;

	bench->after[OP_PREPARE] = 1;
	bench->error[OP_PREPARE] = -ENOMEM;
	KUNIT_EXPECT_EQ(test, PTR_ERR(grant_new(bench, 2 * SIZE, 2, 0, 0, &ack)), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, bench->journal, "ppr");
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
}

static void a_commit_that_fails_undoes_all(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;

	bench->after[OP_COMMIT] = 1;
	bench->error[OP_COMMIT] = -EIO;
	KUNIT_EXPECT_EQ(test, PTR_ERR(grant_new(bench, 2 * SIZE, 2, 0, 0, &ack)), -EIO);
	/* The last one was not committed: nothing is revoked of it. */
	KUNIT_EXPECT_STREQ(test, bench->journal, "ppccrvr");
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
}

static void del_from_within(struct bench *bench, u32 grant_id)
{
	struct fabric_grant *grant = fabric_grant_get(grant_id);
	struct netlink_ext_ack ack;

	bench->seen = grant ? grant_del(grant, &ack) : -ENOENT;
	if (grant)
		fabric_grant_put(grant);
}

static void nobody_deletes_a_grant_that_is_being_prepared(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;
	struct fabric_grant *grant;

	bench->during = del_from_within;
	grant = grant_new(bench, SIZE, 1, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grant);
	KUNIT_EXPECT_EQ(test, bench->seen, -EBUSY);
	KUNIT_EXPECT_EQ(test, grant->state, FABRIC_GRANT_STATE_ACTIVE);
	KUNIT_EXPECT_EQ(test, grant_del(grant, &ack), 0);
	fabric_grant_put(grant);
}

static void revoke_from_within(struct bench *bench, u32 grant_id)
{
	struct fabric_grant *grant = fabric_grant_get(grant_id);

	if (!grant)
		return;
	fabric_grant_revoke_async(grant, "Its device left");
	bench->seen = grant->state;
	fabric_grant_put(grant);
}

static void a_grant_that_has_to_go_fails_when_it_is_prepared(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;

	bench->during = revoke_from_within;
	KUNIT_EXPECT_EQ(test, PTR_ERR(grant_new(bench, SIZE, 1, 0, 0, &ack)), -ENODEV);
	KUNIT_EXPECT_EQ(test, bench->seen, FABRIC_GRANT_STATE_PREPARING);
	KUNIT_EXPECT_STREQ(test, bench->journal, "pcvr");
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
}

/* A search can have found the resource a moment before. */
static void nothing_is_taken_of_a_domain_that_goes(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct fabric_grant_slice *slice;
	struct fabric_resource *free;
	struct netlink_ext_ack ack;
	struct fabric_grant *grant;

	grant = grant_new(bench, SIZE, 1, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grant);
	slice = fabric_slice_alloc(grant);
	KUNIT_ASSERT_NOT_NULL(test, slice);
	slice->pub.mode = FABRIC_MODE_DEVDAX;

	mutex_lock(&fabric_engine);
	mutex_lock(&bench->domain->lock);
	bench->domain->obj.registered = false;
	free = bench->resources[!bench->resources[0]->extents.free];
	KUNIT_EXPECT_EQ(test, fabric_resource_reserve(free, slice, 0, SIZE), -ENODEV);
	bench->domain->obj.registered = true;
	mutex_unlock(&bench->domain->lock);
	mutex_unlock(&fabric_engine);

	fabric_slice_free(slice);
	KUNIT_EXPECT_EQ(test, free_of(bench), SIZE);
	KUNIT_EXPECT_EQ(test, grant_del(grant, &ack), 0);
	fabric_grant_put(grant);
}

static void what_is_in_use_is_tried_again(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;
	struct fabric_grant *grant;

	grant = grant_new(bench, SIZE, 1, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grant);
	WRITE_ONCE(bench->error[OP_REVOKE], -EAGAIN);
	KUNIT_EXPECT_EQ(test, grant_del(grant, &ack), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, grant->state, FABRIC_GRANT_STATE_REVOKING);
	KUNIT_EXPECT_EQ(test, free_of(bench), SIZE);
	KUNIT_EXPECT_EQ(test, bench->calls[OP_RELEASE], 0);
	WRITE_ONCE(bench->error[OP_REVOKE], 0);
	KUNIT_EXPECT_TRUE(test, becomes(grant, FABRIC_GRANT_STATE_RELEASED));
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
	fabric_grant_put(grant);
}

static void what_cannot_be_proven_clean_is_quarantined(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;
	struct fabric_grant *grant;

	grant = grant_new(bench, SIZE, 1, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grant);
	WRITE_ONCE(bench->error[OP_RELEASE], -EIO);
	KUNIT_EXPECT_EQ(test, grant_del(grant, &ack), -EINPROGRESS);
	KUNIT_EXPECT_TRUE(test, becomes(grant, FABRIC_GRANT_STATE_QUARANTINED));
	KUNIT_EXPECT_EQ(test, free_of(bench), SIZE);
	/* It left its holder: that is not asked for again. */
	WRITE_ONCE(bench->error[OP_RELEASE], 0);
	KUNIT_EXPECT_TRUE(test, becomes(grant, FABRIC_GRANT_STATE_RELEASED));
	KUNIT_EXPECT_EQ(test, bench->calls[OP_REVOKE], 1);
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
	fabric_grant_put(grant);
}

static void a_request_that_waits_gets_what_comes_back(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct fabric_grant *first, *second;
	struct netlink_ext_ack ack;

	first = grant_new(bench, 2 * SIZE, 2, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	KUNIT_EXPECT_EQ(test, PTR_ERR(grant_new(bench, SIZE, 1, 0, 0, &ack)), -ENOSPC);
	second = grant_new(bench, SIZE, 1, 3600000, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, second);
	KUNIT_EXPECT_EQ(test, second->state, FABRIC_GRANT_STATE_QUEUED);
	KUNIT_EXPECT_EQ(test, grant_del(first, &ack), 0);
	KUNIT_EXPECT_TRUE(test, becomes(second, FABRIC_GRANT_STATE_ACTIVE));
	KUNIT_EXPECT_EQ(test, free_of(bench), SIZE);
	KUNIT_EXPECT_EQ(test, grant_del(second, &ack), 0);
	fabric_grant_put(second);
	fabric_grant_put(first);
}

static void a_request_waits_no_longer_than_it_said(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct fabric_grant *first, *second;
	struct netlink_ext_ack ack;

	first = grant_new(bench, 2 * SIZE, 2, 0, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	second = grant_new(bench, SIZE, 1, 50, 0, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, second);
	KUNIT_EXPECT_TRUE(test, becomes(second, FABRIC_GRANT_STATE_EXPIRED));
	KUNIT_EXPECT_EQ(test, bench->calls[OP_PREPARE], 2);
	KUNIT_EXPECT_EQ(test, grant_del(first, &ack), 0);
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
	fabric_grant_put(second);
	fabric_grant_put(first);
}

static void a_lease_that_runs_out_gives_back(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct netlink_ext_ack ack;
	struct fabric_grant *grant;

	grant = grant_new(bench, SIZE, 1, 0, 50, &ack);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grant);
	KUNIT_EXPECT_TRUE(test, becomes(grant, FABRIC_GRANT_STATE_RELEASED));
	KUNIT_EXPECT_STREQ(test, bench->journal, "pcvr");
	KUNIT_EXPECT_EQ(test, free_of(bench), 2 * SIZE);
	fabric_grant_put(grant);
}

static struct kunit_case grant_cases[] = {
	KUNIT_CASE(a_grant_is_prepared_before_it_is_committed),
	KUNIT_CASE(a_prepare_that_fails_undoes_those_before),
	KUNIT_CASE(a_commit_that_fails_undoes_all),
	KUNIT_CASE(nobody_deletes_a_grant_that_is_being_prepared),
	KUNIT_CASE(a_grant_that_has_to_go_fails_when_it_is_prepared),
	KUNIT_CASE(nothing_is_taken_of_a_domain_that_goes),
	KUNIT_CASE(what_is_in_use_is_tried_again),
	KUNIT_CASE(what_cannot_be_proven_clean_is_quarantined),
	KUNIT_CASE(a_request_that_waits_gets_what_comes_back),
	KUNIT_CASE(a_request_waits_no_longer_than_it_said),
	KUNIT_CASE(a_lease_that_runs_out_gives_back),
	{}
};

static struct kunit_suite grant_suite = {
	.name = "fabric_grant",
	.init = bench_init,
	.exit = bench_exit,
	.test_cases = grant_cases,
};

kunit_test_suite(grant_suite);

FABRIC_IMPORT_NS(FABRIC);
FABRIC_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
