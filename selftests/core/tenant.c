// SPDX-License-Identifier: GPL-2.0
/*
 * Tenants: who belongs to them, how much they may have, and that nobody gets at
 * more. Two tenants, red and blue, with a user each; everything that is not
 * theirs is the administrator's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define RED_UID		71001
#define BLUE_UID	71002
#define OTHER_UID	71003
#define SOME_GID	71100
#define LONG		30000

#define ACTIVE		FABRIC_GRANT_STATE_ACTIVE
#define QUEUED		FABRIC_GRANT_STATE_QUEUED

static __u32 domain, m0, m1, p0;
static struct genl genl;

/* Tenants, by hand */

struct quota {
	const char *capability;
	__u64 limit;
};

struct member {
	__u32 uid;
	__u32 gid;
	const char *cgroup;
};

struct tenant {
	const char *name;
	__u32 priority_min;
	__u32 priority_max;
	struct quota quotas[3];
	struct member members[3];
};

static size_t nest_begin(struct genl_req *req, __u16 type)
{
	size_t at = req->len;

	req_put(req, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static void nest_end(struct genl_req *req, size_t at)
{
	((struct nlattr *)(req->bytes + at))->nla_len = req->len - at;
}

static void put_tenant(struct genl_req *req, const struct tenant *tenant)
{
	unsigned int i;
	size_t at;

	if (tenant->priority_min)
		req_u32(req, FABRIC_A_TENANT_PRIORITY_MIN, tenant->priority_min);
	if (tenant->priority_max)
		req_u32(req, FABRIC_A_TENANT_PRIORITY_MAX, tenant->priority_max);
	for (i = 0; i < ARRAY_SIZE(tenant->quotas) && tenant->quotas[i].limit; i++) {
		at = nest_begin(req, FABRIC_A_TENANT_QUOTA);
		req_u32(req, FABRIC_A_QUOTA_KIND, FABRIC_KIND_MEMORY);
		req_uint(req, FABRIC_A_QUOTA_LIMIT, tenant->quotas[i].limit);
		if (tenant->quotas[i].capability)
			req_str(req, FABRIC_A_QUOTA_CAPABILITY, tenant->quotas[i].capability);
		nest_end(req, at);
	}
	for (i = 0; i < ARRAY_SIZE(tenant->members); i++) {
		const struct member *member = &tenant->members[i];

		if (!member->uid && !member->gid && !member->cgroup)
			break;
		at = nest_begin(req, FABRIC_A_TENANT_MEMBER);
		if (member->uid)
			req_u32(req, FABRIC_A_MEMBER_UID, member->uid);
		if (member->gid)
			req_u32(req, FABRIC_A_MEMBER_GID, member->gid);
		if (member->cgroup)
			req_str(req, FABRIC_A_MEMBER_CGROUP, member->cgroup);
		nest_end(req, at);
	}
}

/* What the kernel said is kept where engine_text() finds it. */
static int talk(struct genl_req *req, __u32 *id)
{
	return engine_talk(&genl, req, FABRIC_A_TENANT_ID, id);
}

static int tenant_new(const struct tenant *tenant, __u32 *id)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_NEW, 0);
	req_str(&req, FABRIC_A_TENANT_NAME, tenant->name);
	put_tenant(&req, tenant);
	return talk(&req, id);
}

static int tenant_set(__u32 id, const struct tenant *tenant)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_SET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, id);
	put_tenant(&req, tenant);
	return talk(&req, NULL);
}

static int tenant_del(__u32 id)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_DEL, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, id);
	return talk(&req, NULL);
}

static int tenant_get(__u32 id)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_GET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, id);
	return talk(&req, NULL);
}

/* What a tenant has of its quota number @index. */
static __u64 used_of(__u32 id, unsigned int index)
{
	const struct nlmsghdr *nlh;
	const struct nlattr *attr;
	struct genl_answer answer;
	struct genl_req req;
	__u64 used = ~0ULL;
	size_t left;

	req_init(&genl, &req, FABRIC_CMD_TENANT_GET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, id);
	expect(!genl_talk(&genl, &req, &answer) && answer.len, "tenant-get: %s", answer.text);
	nlh = (const void *)answer.data;
	attrs_for_each(attr, left, msg_attrs(nlh), msg_attrs_len(nlh)) {
		if ((attr->nla_type & NLA_TYPE_MASK) == FABRIC_A_TENANT_QUOTA && !index--)
			used = attr_uint(attrs_find(attr_data(attr), attr_len(attr),
						    FABRIC_A_QUOTA_USED));
	}
	answer_free(&answer);
	return used;
}

static unsigned int count(__u8 cmd)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int nr = 0;
	int err;

	req_init(&genl, &req, cmd, NLM_F_DUMP);
	do {
		err = genl_talk(&genl, &req, &answer);
		expect(!err, "dump of command %u: %s: %s", cmd, strerror(err), answer.text);
		if (answer.interrupted)
			answer_free(&answer);
	} while (answer.interrupted);
	answer_for_each(nlh, &answer)
		nr++;
	answer_free(&answer);
	return nr;
}

static __u32 red, blue;

static const struct tenant red_is = {
	.name = "red", .priority_min = 50, .priority_max = 150,
	.quotas = { { NULL, 8 * MiB } }, .members = { { .uid = RED_UID } },
};

static const struct tenant blue_is = {
	.name = "blue", .priority_min = 50, .priority_max = 150,
	.quotas = { { NULL, 8 * MiB } }, .members = { { .uid = BLUE_UID } },
};

static void begin(void)
{
	broker_open(&genl);
	engine_clear(&genl, domain);
	must(tenant_new(&red_is, &red));
	must(tenant_new(&blue_is, &blue));
}

static int try(struct want want, struct told_grant *grant)
{
	want.domain = domain;
	return engine_new(&genl, &want, grant);
}

static void get(struct want want, struct told_grant *grant)
{
	must(try(want, grant));
	expect(grant->state == ACTIVE, "it is in state %u", grant->state);
}

/* From here on the process is somebody without rights, with a socket of its own. */
static void become(uid_t uid, gid_t gid, gid_t supplementary)
{
	genl_close(&genl);
	expect(!setgroups(supplementary ? 1 : 0, &supplementary), "setgroups");
	expect(!setresgid(gid, gid, gid) && !setresuid(uid, uid, uid), "setresuid");
	broker_open(&genl);
}

/* Run @fn as somebody else and report what it found. */
static void as(uid_t uid, gid_t gid, gid_t supplementary, void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become(uid, gid, supplementary);
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		_exit(KTAP_FAIL);
}

static void as_red(void (*fn)(void))
{
	as(RED_UID, RED_UID, 0, fn);
}

/* What they may */

static void ask_see_change_and_release(void)
{
	struct told_grant grant, again;
	unsigned char *mem;
	int fd;

	get(WANT(.size = 4 * MiB), &grant);
	expect(grant.uid == RED_UID && !strcmp(grant.tenant, "red"), "of uid %u, tenant %s",
	       grant.uid, grant.tenant);
	must(engine_get(&genl, grant.id, &again));
	expect(count(FABRIC_CMD_GRANT_GET) == 1 && count(FABRIC_CMD_SLICE_GET) == 1,
	       "it does not see its own");
	fd = grant_open(&genl, grant.id);
	expect(fd >= 0, "open: %s", grant_text());
	mem = mmap(NULL, 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(mem != MAP_FAILED, "mmap: %s", strerror(errno));
	mem[0] = 1;
	must(engine_set(&genl, grant.id, &(struct change){ .size = 8 * MiB, .priority = 150 },
			&grant));
	expect(grant.size == 8 * MiB && grant.priority == 150, "size %llu", grant.size);
	must(engine_renew(&genl, grant.id, 60000, &grant));
	expect(count(FABRIC_CMD_TENANT_GET) == 1, "tenants");
	must(tenant_get(red));
	must(engine_del(&genl, grant.id, false));
}

static void member_uses_its_grants_like_anybody(void)
{
	begin();
	as_red(ask_see_change_and_release);
	expect(!used_of(red, 0), "used %llu", used_of(red, 0));
}

static void see_the_inventory(void)
{
	expect(count(FABRIC_CMD_DOMAIN_GET) && count(FABRIC_CMD_PORT_GET) &&
	       count(FABRIC_CMD_DEVICE_GET) && count(FABRIC_CMD_RESOURCE_GET), "no inventory");
}

static void everybody_sees_the_inventory(void)
{
	begin();
	as(OTHER_UID, OTHER_UID, 0, see_the_inventory);
}

static void get_with_default_priority(void)
{
	struct told_grant grant;

	get(WANT(.size = MiB, .tenant = "red"), &grant);
	expect(grant.priority == 120, "priority %u", grant.priority);
	must(engine_del(&genl, grant.id, false));
}

static void default_priority_is_what_the_tenant_allows_next_to_it(void)
{
	struct tenant changed = red_is;

	begin();
	changed.priority_min = 120;
	must(tenant_set(red, &changed));
	as_red(get_with_default_priority);
}

/* Who belongs to it */

static void get_one(void)
{
	struct told_grant grant;

	get(WANT(.size = MiB), &grant);
	expect(!strcmp(grant.tenant, "red"), "tenant %s", grant.tenant);
	must(engine_del(&genl, grant.id, false));
}

static void get_none(void)
{
	struct told_grant grant;

	must_fail(try(WANT(.size = MiB), &grant), EPERM,
		  "Needs CAP_SYS_ADMIN or to be a member of a tenant");
	must_fail(engine_get(&genl, 1, &grant), EPERM,
		  "Needs CAP_SYS_ADMIN or to be a member of a tenant");
}

static void members_are_users(void)
{
	begin();
	as(RED_UID, OTHER_UID, 0, get_one);
	as(OTHER_UID, OTHER_UID, 0, get_none);
}

static void members_are_groups(void)
{
	struct tenant changed = { .members = { { .gid = SOME_GID } } };

	begin();
	must(tenant_set(red, &changed));
	as(OTHER_UID, SOME_GID, 0, get_one);
	as(OTHER_UID, OTHER_UID, SOME_GID, get_one);
	as(OTHER_UID, OTHER_UID, 0, get_none);
	/* all members were replaced */
	as_red(get_none);
}

static void enter_cgroup(const char *path)
{
	const char *root = getenv("FABRIC_TEST_CGROUPS");
	char file[512];
	FILE *stream;

	snprintf(file, sizeof(file), "%s%s/cgroup.procs", root, path);
	stream = fopen(file, "w");
	expect(stream && fprintf(stream, "%d\n", getpid()) > 0 && !fclose(stream), "%s: %s", file,
	       strerror(errno));
}

static void as_in_cgroup(const char *path, void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		enter_cgroup(path);
		become(OTHER_UID, OTHER_UID, 0);
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		_exit(KTAP_FAIL);
}

static void make_cgroup(const char *path)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%s%s", getenv("FABRIC_TEST_CGROUPS"), path);
	expect(!mkdir(dir, 0755) || errno == EEXIST, "%s: %s", dir, strerror(errno));
}

static void members_are_cgroups_with_all_below(void)
{
	struct tenant changed = { .members = { { .cgroup = "/fabric-red" } } };

	begin();
	make_cgroup("/fabric-red");
	make_cgroup("/fabric-red/sub");
	make_cgroup("/fabric-reddish");
	must(tenant_set(red, &changed));
	as_in_cgroup("/fabric-red", get_one);
	as_in_cgroup("/fabric-red/sub", get_one);
	as_in_cgroup("/fabric-reddish", get_none);
	as(OTHER_UID, OTHER_UID, 0, get_none);
	changed.members[0].cgroup = "/no-such";
	must_fail(tenant_set(red, &changed), ENOENT, "No cgroup of version 2 has this path");
	as_in_cgroup("/fabric-red", get_one);
}

static void who_was_removed_has_nothing_more_to_say(void)
{
	struct tenant changed = { .members = { { .uid = OTHER_UID } } };

	begin();
	must(tenant_set(red, &changed));
	as_red(get_none);
	as(OTHER_UID, OTHER_UID, 0, get_one);
}

/* How much */

static void stay_in_the_quota(void)
{
	struct told_grant a, b, c;

	get(WANT(.size = 6 * MiB), &a);
	must_fail(try(WANT(.size = 3 * MiB), &b), EDQUOT,
		  "The quota of tenant red leaves 2097152");
	get(WANT(.size = 2 * MiB), &b);
	must_fail(try(WANT(.size = MiB, .wait = LONG), &c), EDQUOT,
		  "The quota of tenant red leaves 0");
	must_fail(engine_set(&genl, a.id, &(struct change){ .size = 7 * MiB }, NULL), EDQUOT,
		  "The quota of tenant red leaves 0");
	must(engine_set(&genl, a.id, &(struct change){ .size = 4 * MiB }, NULL));
	get(WANT(.size = 2 * MiB), &c);
	must(engine_del(&genl, a.id, false));
	must(engine_del(&genl, b.id, false));
	must(engine_del(&genl, c.id, false));
	get(WANT(.size = 8 * MiB), &a);
	must(engine_del(&genl, a.id, false));
}

static void quota_is_kept_through_growth_and_release(void)
{
	begin();
	as_red(stay_in_the_quota);
	expect(!used_of(red, 0), "used %llu", used_of(red, 0));
}

static void get_all_of_it_in_pieces(void)
{
	struct told_grant grant;

	get(WANT(.size = 8 * MiB, .pieces = 2,
		 .placement = FABRIC_PLACEMENT_SPREAD), &grant);
	expect(grant.nr_pieces == 2, "%u pieces", grant.nr_pieces);
	must(engine_del(&genl, grant.id, false));
}

static void quota_suffices_for_pieces(void)
{
	begin();
	as_red(get_all_of_it_in_pieces);
}

static void quota_suffices_for_pieces_that_others_give(void)
{
	struct told_grant holders[2], request;
	unsigned int i;

	begin();
	for (i = 0; i < 2; i++)
		get(WANT(.device = i ? m1 : m0, .size = 16 * MiB, .min = 12 * MiB,
			 .priority = 50, .grace = 1), &holders[i]);
	must(try(WANT(.size = 8 * MiB, .pieces = 2, .tenant = "red"), &request));
	must_become(&genl, request.id, ACTIVE);
	expect(used_of(red, 0) == 8 * MiB, "used %llu", used_of(red, 0));
	/* what it gave can be granted before it is done with giving */
	must_come(!engine_get(&genl, holders[0].id, &holders[0]) && holders[0].nr_taken == 1);
	expect(!strcmp(holders[0].taken[0].tenant, "red"), "taken by tenant '%s'",
	       holders[0].taken[0].tenant);
}

static void get_of_one_capability(void)
{
	struct told_grant grant;

	must_fail(try(WANT(.size = 5 * MiB), &grant), EDQUOT, "leaves 4194304");
	get(WANT(.size = 4 * MiB), &grant);
	must(engine_del(&genl, grant.id, false));
}

static void quota_of_a_capability_counts_too(void)
{
	struct tenant changed = { .quotas = { { NULL, 8 * MiB }, { "ram", 4 * MiB } } };

	begin();
	must(tenant_set(red, &changed));
	as_red(get_of_one_capability);
	changed = (struct tenant){ .quotas = { { "pmem", 1 * MiB } } };
	must(tenant_set(red, &changed));
	/* what no quota names is not limited */
	as_red(get_one);
}

static void get_nothing(void)
{
	struct told_grant grant;

	must_fail(try(WANT(.size = MiB, .tenant = "bare"), &grant), EDQUOT,
		  "The quota of tenant bare leaves 0");
}

static void tenant_without_quota_gets_nothing(void)
{
	const struct tenant bare = { .name = "bare", .members = { { .uid = RED_UID } } };
	__u32 id;

	begin();
	must(tenant_new(&bare, &id));
	as_red(get_nothing);
	must(tenant_del(id));
}

static void administrator_gets_for_a_tenant_within_its_quota(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.size = 6 * MiB, .tenant = "red"), &grant);
	expect(used_of(red, 0) == 6 * MiB, "used %llu", used_of(red, 0));
	must_fail(try(WANT(.size = 3 * MiB, .tenant = "red"), &grant), EDQUOT,
		  "The quota of tenant red leaves");
	must_fail(try(WANT(.size = MiB, .tenant = "green"), &grant), ENOENT,
		  "No tenant has this name");
	must_fail(try(WANT(.size = MiB, .tenant = "red", .priority = 151), &grant),
		  EPERM, "The tenant may use priorities 50 to 150");
	/* for nobody there is no limit */
	get(WANT(.size = 16 * MiB, .priority = 900), &grant);
}

/* Twenty processes want a MiB of eight each, again and again. */
static void quota_is_exact_under_races(void)
{
	struct told_grant grant;
	unsigned int i, round;
	int status, start[2], done;
	pid_t pids[20];
	char byte;

	begin();
	for (round = 0; round < 5; round++) {
		expect(!pipe(start), "pipe");
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			pids[i] = fork();
			if (pids[i])
				continue;
			close(start[1]);
			become(RED_UID, RED_UID, 0);
			if (read(start[0], &byte, 1) < 0)
				_exit(3);
			status = try(WANT(.size = MiB), &grant);
			_exit(!status ? 0 : status == EDQUOT ? 1 : 2);
		}
		close(start[0]);
		close(start[1]);
		for (i = 0, done = 0; i < ARRAY_SIZE(pids); i++) {
			waitpid(pids[i], &status, 0);
			expect(WIFEXITED(status) && WEXITSTATUS(status) < 2, "process %u: %x", i,
			       status);
			done += !WEXITSTATUS(status);
		}
		expect(done == 8, "%d got something", done);
		expect(used_of(red, 0) == 8 * MiB, "used %llu", used_of(red, 0));
		engine_clear(&genl, domain);
		expect(!used_of(red, 0), "used %llu", used_of(red, 0));
	}
}

static void tenant_stays_while_it_has_grants(void)
{
	struct told_grant grant, holder, request;

	begin();
	get(WANT(.size = MiB, .tenant = "red"), &grant);
	must_fail(tenant_del(red), EBUSY, "The tenant has 1 grants, release them first");
	must(engine_del(&genl, grant.id, false));
	get(WANT(.device = m0, .size = 16 * MiB, .priority = 900), &holder);
	must(try(WANT(.device = m0, .size = MiB, .tenant = "red", .wait = LONG),
		 &request));
	expect(request.state == QUEUED, "state %u", request.state);
	must_fail(tenant_del(red), EBUSY, "The tenant has 1 grants");
	must(engine_del(&genl, request.id, false));
	close(request.fd);
	must(tenant_del(red));
	must_fail(tenant_get(red), ENOENT, "No tenant has this id or name");
	must_fail(tenant_del(red), ENOENT, "No tenant has this id or name");
}

static __u32 priority_max_of(__u32 id)
{
	struct genl_req req;
	__u32 value = 0;

	req_init(&genl, &req, FABRIC_CMD_TENANT_GET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, id);
	must(engine_talk(&genl, &req, FABRIC_A_TENANT_PRIORITY_MAX, &value));
	return value;
}

/* Processes change the quota all the time; what another changes stays so. */
static void changes_at_once_are_all_made(void)
{
	struct tenant quota = { .quotas = { { NULL, 8 * MiB } } };
	struct tenant priority = {};
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
		while (!tenant_set(red, &quota))
			quota.quotas[0].limit ^= MiB;
		_exit(1);
	}
	for (round = 0; round < 2000; round++) {
		priority.priority_max = 150 + round % 2;
		must(tenant_set(red, &priority));
		expect(priority_max_of(red) == priority.priority_max, "lost in round %u", round);
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		expect(!waitpid(pids[i], NULL, WNOHANG), "process %u has ended", i);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static void tenants_are_sound(void)
{
	struct tenant tenant = { .name = "red" };
	__u32 id;

	begin();
	must_fail(tenant_new(&tenant, &id), EEXIST, "has this name");
	tenant.name = "with space";
	must_fail(tenant_new(&tenant, &id), EINVAL, "A name has letters");
	tenant.name = "green";
	tenant.priority_min = 200;
	must_fail(tenant_new(&tenant, &id), EINVAL, "is above priority-max");
	tenant.priority_min = 0;
	tenant.members[0] = (struct member){ .uid = 1, .gid = 1 };
	must_fail(tenant_new(&tenant, &id), EINVAL, "A member is a uid, a gid or a cgroup");
	tenant.members[0] = (struct member){ .uid = ~0U };
	must_fail(tenant_new(&tenant, &id), EINVAL, "No user or group has this number");
}

/* The limits are those of the kernel, see FABRIC_QUOTAS_MAX and FABRIC_MEMBERS_MAX there. */
static void lists_of_a_tenant_have_an_end(void)
{
	struct genl_req req;
	unsigned int i;
	size_t at;

	begin();
	req_init(&genl, &req, FABRIC_CMD_TENANT_SET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, red);
	for (i = 0; i < 17; i++) {
		at = nest_begin(&req, FABRIC_A_TENANT_QUOTA);
		req_u32(&req, FABRIC_A_QUOTA_KIND, FABRIC_KIND_MEMORY);
		req_uint(&req, FABRIC_A_QUOTA_LIMIT, MiB);
		nest_end(&req, at);
	}
	must_fail(talk(&req, NULL), EINVAL, "More than 16 quotas");

	req_init(&genl, &req, FABRIC_CMD_TENANT_SET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, red);
	for (i = 0; i < 33; i++) {
		at = nest_begin(&req, FABRIC_A_TENANT_MEMBER);
		req_u32(&req, FABRIC_A_MEMBER_UID, 1000 + i);
		nest_end(&req, at);
	}
	must_fail(talk(&req, NULL), EINVAL, "More than 32 members");

	req_init(&genl, &req, FABRIC_CMD_TENANT_SET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, red);
	at = nest_begin(&req, FABRIC_A_TENANT_QUOTA);
	req_u32(&req, FABRIC_A_QUOTA_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_QUOTA_LIMIT, MiB);
	nest_end(&req, at);
	req_flag(&req, FABRIC_A_TENANT_NO_QUOTA);
	must_fail(talk(&req, NULL), EINVAL, "can't be given and emptied at once");
	must_fail(tenant_get(~0U), ENOENT, "No tenant has this id or name");
}

/* What they may not: everything else. Each attempt has a name and is counted. */

static unsigned int *attempts;

#define refused(name, call, err, text)							\
	do {										\
		must_fail(call, err, text);						\
		ktap_note("refused: %s", name);						\
		__atomic_fetch_add(attempts, 1, __ATOMIC_RELAXED);			\
	} while (0)

static __u32 of_blue, of_admin;
static struct told_grant mine;

static int do_get(__u32 id)
{
	struct told_grant grant;

	return engine_get(&genl, id, &grant);
}

static int do_open(__u32 id)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_GRANT_OPEN, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	return engine_talk(&genl, &req, FABRIC_A_GRANT_FD, NULL);
}

static int do_simple(__u8 cmd, __u16 attr, __u32 id, __u16 more, __u32 value)
{
	struct genl_req req;

	req_init(&genl, &req, cmd, 0);
	req_u32(&req, attr, id);
	if (more)
		req_u32(&req, more, value);
	return engine_talk(&genl, &req, attr, NULL);
}

static int do_named(__u8 cmd, __u16 attr, __u32 id, __u16 more, const char *name)
{
	struct genl_req req;

	req_init(&genl, &req, cmd, 0);
	req_u32(&req, attr, id);
	req_str(&req, more, name);
	return engine_talk(&genl, &req, attr, NULL);
}

static unsigned int slices_of(__u32 grant)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int nr = 0;

	req_init(&genl, &req, FABRIC_CMD_SLICE_GET, NLM_F_DUMP);
	req_u32(&req, FABRIC_A_SLICE_GRANT_ID, grant);
	if (!genl_talk(&genl, &req, &answer)) {
		answer_for_each(nlh, &answer)
			nr++;
	}
	answer_free(&answer);
	return nr;
}

#define HIDDEN	"No grant has this id"
#define ADMIN	"Needs CAP_SYS_ADMIN"

/* The kernel has no words for this one. */
static int join_grants(void)
{
	return genl_join(&genl, "grants");
}

static void attempt_grants_of_others(void)
{
	const __u32 others[] = { of_blue, of_admin };
	struct told_grant grant;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		refused("to see a grant of somebody else", do_get(others[i]), ENOENT, HIDDEN);
		refused("to shrink it",
			engine_set(&genl, others[i], &(struct change){ .size = MiB }, &grant),
			ENOENT, HIDDEN);
		refused("to make it reclaimable, by force",
			engine_set(&genl, others[i], &(struct change){ .reclaimable = 1,
				   .force = true }, &grant), ENOENT, HIDDEN);
		refused("to release it", engine_del(&genl, others[i], false), ENOENT, HIDDEN);
		refused("to release it by force", engine_del(&genl, others[i], true), ENOENT,
			HIDDEN);
		refused("to end its lease", engine_renew(&genl, others[i], 1, &grant), ENOENT,
			HIDDEN);
		refused("to open its memory", do_open(others[i]), ENOENT, HIDDEN);
		expect(!slices_of(others[i]), "it sees slices of %u", others[i]);
	}
	expect(!count(FABRIC_CMD_GRANT_GET), "it sees grants of others");
	expect(!count(FABRIC_CMD_SLICE_GET), "it sees slices of others");
}

static void grants_of_others_are_hidden(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.size = 2 * MiB, .tenant = "blue"), &grant);
	of_blue = grant.id;
	get(WANT(.size = 2 * MiB), &grant);
	of_admin = grant.id;
	as_red(attempt_grants_of_others);
	must(engine_get(&genl, of_blue, &grant));
	must(engine_get(&genl, of_admin, &grant));
}

static void attempt_more_than_the_limits(void)
{
	struct told_grant grant;

	refused("a priority above those of the tenant",
		try(WANT(.size = MiB, .priority = 151), &grant), EPERM,
		"The tenant may use priorities 50 to 150");
	refused("a priority below", try(WANT(.size = MiB, .priority = 49), &grant), EPERM,
		"The tenant may use priorities 50 to 150");
	refused("the highest priority", try(WANT(.size = MiB, .priority = 1000), &grant), EPERM,
		"The tenant may use priorities 50 to 150");
	refused("more than the quota", try(WANT(.size = 9 * MiB), &grant), EDQUOT,
		"The quota of tenant red");
	refused("more than the quota, in pieces", try(WANT(.size = 9 * MiB, .pieces = 2), &grant),
		EDQUOT, "The quota of tenant red");
	refused("a grace beyond the ceiling", try(WANT(.size = MiB, .grace = 3600000), &grant),
		EPERM, "Grace is at most");
	refused("a grant for another tenant", try(WANT(.size = MiB, .tenant = "blue"), &grant),
		EPERM, "Needs CAP_SYS_ADMIN or to be a member of that tenant");
	/* nobody learns which tenants there are */
	refused("a grant for a tenant that there is not",
		try(WANT(.size = MiB, .tenant = "green"), &grant), EPERM,
		"Needs CAP_SYS_ADMIN or to be a member of that tenant");
	get(WANT(.size = MiB), &mine);
	refused("to raise the priority of its own grant",
		engine_set(&genl, mine.id, &(struct change){ .priority = 151 }, &grant), EPERM,
		"The tenant may use priorities 50 to 150");
	refused("to grow it beyond the quota",
		engine_set(&genl, mine.id, &(struct change){ .size = 9 * MiB }, &grant), EDQUOT,
		"The quota of tenant red");
	refused("to give it a grace beyond the ceiling",
		engine_set(&genl, mine.id, &(struct change){ .grace = 3600000 }, &grant), EPERM,
		"Grace is at most");
	must(engine_del(&genl, mine.id, false));
}

static void limits_of_the_tenant_hold(void)
{
	begin();
	as_red(attempt_more_than_the_limits);
	expect(!used_of(red, 0), "used %llu", used_of(red, 0));
}

static void attempt_administration(void)
{
	const struct tenant own = { .name = "own", .quotas = { { NULL, 32 * MiB } },
				    .members = { { .uid = RED_UID } } };
	const struct tenant more = { .quotas = { { NULL, 32 * MiB } } };
	struct told_log log;

	refused("to drain a device",
		engine_device_set(&genl, m0, FABRIC_ADMIN_STATE_DRAINING, NULL, NULL), EPERM,
		ADMIN);
	refused("to label a device", engine_device_set(&genl, m0, 0, "tier=gold", NULL), EPERM,
		ADMIN);
	refused("to label a port", engine_port_label(&genl, p0, "row=7", NULL), EPERM, ADMIN);
	refused("to take a link down",
		do_simple(FABRIC_CMD_PORT_SET, FABRIC_A_PORT_ID, p0, FABRIC_A_PORT_LINK,
			  FABRIC_LINK_DOWN), EPERM, ADMIN);
	refused("to bind a port",
		do_named(FABRIC_CMD_PORT_BIND, FABRIC_A_PORT_ID, p0, FABRIC_A_PORT_HOST, "host1"),
		EPERM, ADMIN);
	refused("to unbind a port", do_simple(FABRIC_CMD_PORT_UNBIND, FABRIC_A_PORT_ID, p0, 0, 0),
		EPERM, ADMIN);
	refused("to take over a region",
		do_named(FABRIC_CMD_REGION_TAKE, FABRIC_A_DEVICE_DOMAIN_ID, domain,
			 FABRIC_A_DEVICE_NAME, "region0"), EPERM, ADMIN);
	refused("to give a region back",
		do_simple(FABRIC_CMD_REGION_GIVE, FABRIC_A_DEVICE_ID, m0, 0, 0), EPERM, ADMIN);
	refused("to make itself a tenant", tenant_new(&own, NULL), EPERM, ADMIN);
	refused("to raise its own quota", tenant_set(red, &more), EPERM, ADMIN);
	refused("to raise the quota of another tenant", tenant_set(blue, &more), EPERM, ADMIN);
	refused("to remove its tenant", tenant_del(red), EPERM, ADMIN);
	refused("to remove another tenant", tenant_del(blue), EPERM, ADMIN);
	refused("to see another tenant", tenant_get(blue), ENOENT, "No tenant has this id or name");
	expect(count(FABRIC_CMD_TENANT_GET) == 1, "it sees other tenants");
	refused("to read the record", -engine_log(&genl, 0, &log, 1), EPERM, ADMIN);
	refused("to listen to the grants of all", join_grants(), EPERM, "");
}

static void administration_is_for_the_administrator(void)
{
	begin();
	as_red(attempt_administration);
}

static void attempt_the_token_of_blue(void)
{
	struct told_grant grant;

	get(WANT(.size = MiB, .token = "secret"), &grant);
	expect(grant.id != of_blue && !strcmp(grant.tenant, "red"), "it is another's grant");
	must(engine_del(&genl, grant.id, false));
}

static void token_of_another_tenant_is_another_token(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.size = MiB, .tenant = "blue", .token = "secret"), &grant);
	of_blue = grant.id;
	as_red(attempt_the_token_of_blue);
	must(engine_get(&genl, of_blue, &grant));
}

static void attempt_what_is_more_important(void)
{
	struct told_grant grant;

	refused("to take from what is as important",
		try(WANT(.device = m0, .size = 4 * MiB, .priority = 150), &grant), ENOSPC,
		"Largest free extent");
}

static void member_takes_from_nobody_more_important(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.device = m0, .size = 16 * MiB, .priority = 150, .reclaimable = 1),
	    &grant);
	as_red(attempt_what_is_more_important);
	must(engine_get(&genl, grant.id, &grant));
	expect(!grant.notice.given, "notice was given");
}

static void attempt_from_a_user_namespace(void)
{
	struct told_grant grant;

	genl_close(&genl);
	if (unshare(CLONE_NEWUSER))
		ktap_skip_this("no user namespaces: %s", strerror(errno));
	broker_open(&genl);
	refused("a grant as root of a user namespace", try(WANT(.size = MiB), &grant), EPERM,
		"Needs CAP_SYS_ADMIN or to be a member of a tenant");
	refused("to see a grant from there", do_get(of_admin), EPERM,
		"Needs CAP_SYS_ADMIN or to be a member of a tenant");
	refused("to drain a device from there",
		engine_device_set(&genl, m0, FABRIC_ADMIN_STATE_DRAINING, NULL, NULL), EPERM,
		ADMIN);
	refused("to listen to the grants of all", join_grants(), EPERM, "");
}

static void root_of_a_user_namespace_is_nobody(void)
{
	struct told_grant grant;

	begin();
	get(WANT(.size = 2 * MiB), &grant);
	of_admin = grant.id;
	as(OTHER_UID, OTHER_UID, 0, attempt_from_a_user_namespace);
}

static void attempt_a_file_of_another_process(void)
{
	refused("to release a grant that another process holds", engine_del(&genl, mine.id, false),
		EBUSY, "Held by process");
	refused("to shrink it", engine_set(&genl, mine.id, &(struct change){ .size = MiB }, NULL),
		EBUSY, "Held by process");
}

static void member_asks_before_it_takes_from_its_own_tenant(void)
{
	begin();
	get(WANT(.size = 2 * MiB, .tenant = "red", .holder = FABRIC_HOLDER_FILE),
	    &mine);
	as_red(attempt_a_file_of_another_process);
	must(engine_get(&genl, mine.id, &mine));
}

static void more_than_25_attempts_at_more_were_refused(void)
{
	ktap_note("%u attempts", *attempts);
	expect(*attempts > 25, "only %u attempts", *attempts);
}

static const struct ktap_test tests[] = {
	KTAP_TEST(member_uses_its_grants_like_anybody),
	KTAP_TEST(everybody_sees_the_inventory),
	KTAP_TEST(default_priority_is_what_the_tenant_allows_next_to_it),
	KTAP_TEST(members_are_users),
	KTAP_TEST(members_are_groups),
	KTAP_TEST(members_are_cgroups_with_all_below),
	KTAP_TEST(who_was_removed_has_nothing_more_to_say),
	KTAP_TEST(quota_is_kept_through_growth_and_release),
	KTAP_TEST(quota_suffices_for_pieces),
	KTAP_TEST(quota_suffices_for_pieces_that_others_give),
	KTAP_TEST(quota_of_a_capability_counts_too),
	KTAP_TEST(tenant_without_quota_gets_nothing),
	KTAP_TEST(administrator_gets_for_a_tenant_within_its_quota),
	KTAP_TEST(quota_is_exact_under_races),
	KTAP_TEST(tenant_stays_while_it_has_grants),
	KTAP_TEST(changes_at_once_are_all_made),
	KTAP_TEST(tenants_are_sound),
	KTAP_TEST(lists_of_a_tenant_have_an_end),
	KTAP_TEST(grants_of_others_are_hidden),
	KTAP_TEST(limits_of_the_tenant_hold),
	KTAP_TEST(administration_is_for_the_administrator),
	KTAP_TEST(token_of_another_tenant_is_another_token),
	KTAP_TEST(member_takes_from_nobody_more_important),
	KTAP_TEST(root_of_a_user_namespace_is_nobody),
	KTAP_TEST(member_asks_before_it_takes_from_its_own_tenant),
	/* the last: it counts what those before it attempted */
	KTAP_TEST(more_than_25_attempts_at_more_were_refused),
};

/* Also after a test that failed half way. */
static void tidy(void)
{
	static const char * const names[] = { "red", "blue", "bare", "green" };
	struct genl_req req;
	unsigned int i;
	__u32 id;

	broker_open(&genl);
	engine_clear(&genl, domain);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		req_init(&genl, &req, FABRIC_CMD_TENANT_GET, 0);
		req_str(&req, FABRIC_A_TENANT_NAME, names[i]);
		if (!talk(&req, &id))
			tenant_del(id);
	}
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
	p0 = engine_object(&genl, FABRIC_CMD_PORT_GET, domain, "p0");
	genl_close(&genl);
	attempts = mmap(NULL, sizeof(*attempts), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (attempts == MAP_FAILED)
		ktap_bail("mmap: %s", strerror(errno));
	ktap_header(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		ktap_run_one(&tests[i], 120);
		tidy();
	}
	ktap_exit();
}
