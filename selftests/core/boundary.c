// SPDX-License-Identifier: GPL-2.0
/*
 * What somebody with few rights could do with what belongs to others: a program
 * that is made to speak for him, what the kernel keeps for him, how much of it.
 * One tenant, red, with a user; everything that is not his is the administrator's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define RED_UID		71001
#define OTHER_UID	71003
#define SMALL		(64 * 1024)
#define LONG		30000

#define PARAMETERS	"/sys/module/fabric/parameters/"

static __u32 domain;
static struct genl genl;

static void parameter_set(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_WRONLY);
	expect(fd >= 0 && write(fd, value, strlen(value)) > 0, "%s: %s", path, strerror(errno));
	close(fd);
}

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

static void begin(void)
{
	struct genl_req req;
	size_t at;

	broker_open(&genl);
	req_init(&genl, &req, FABRIC_CMD_TENANT_NEW, 0);
	req_str(&req, FABRIC_A_TENANT_NAME, "red");
	at = nest_begin(&req, FABRIC_A_TENANT_QUOTA);
	req_u32(&req, FABRIC_A_QUOTA_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_QUOTA_LIMIT, 16 * MiB);
	nest_end(&req, at);
	at = nest_begin(&req, FABRIC_A_TENANT_MEMBER);
	req_u32(&req, FABRIC_A_MEMBER_UID, RED_UID);
	nest_end(&req, at);
	must(engine_talk(&genl, &req, FABRIC_A_TENANT_ID, NULL));
}

static int try(struct want want, struct told_grant *grant)
{
	want.domain = domain;
	return engine_new(&genl, &want, grant);
}

/* The rights of somebody, which the process can exchange for other ones. */
static void act_as(uid_t uid)
{
	gid_t none = uid;

	expect(!seteuid(0) && !setgroups(1, &none) && !setegid(uid) && !seteuid(uid),
	       "cannot act as user %u", uid);
}

/* Talk through a socket that @uid opened, from here on. */
static void open_as(uid_t uid)
{
	genl_close(&genl);
	act_as(uid);
	broker_open(&genl);
}

/* Programs */

static __u32 of_red;

static unsigned int grants_seen(void)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int nr = 0;

	req_init(&genl, &req, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	expect(!genl_talk(&genl, &req, &answer), "dump: %s", answer.text);
	answer_for_each(nlh, &answer)
		nr++;
	answer_free(&answer);
	return nr;
}

static void prepare_a_grant_of_red(void)
{
	struct told_grant grant;

	begin();
	must(try(WANT(.size = SMALL, .tenant = "red"), &grant));
	of_red = grant.id;
}

/* As with standard error that somebody made a socket before he started the program. */
static void program_is_not_made_to_speak_for_a_tenant(void)
{
	struct told_grant grant;

	prepare_a_grant_of_red();
	open_as(OTHER_UID);
	act_as(RED_UID);
	genl.implicit = true;
	must_fail(try(WANT(.size = SMALL), &grant), EPERM, "Needs CAP_SYS_ADMIN");
	must_fail(engine_get(&genl, of_red, &grant), EPERM, "Needs CAP_SYS_ADMIN");
	must_fail(engine_del(&genl, of_red, true), EPERM, "Needs CAP_SYS_ADMIN");
	expect(!grants_seen(), "it sees grants");
}

static void program_is_not_made_to_speak_for_the_administrator(void)
{
	struct told_grant grant;

	prepare_a_grant_of_red();
	open_as(OTHER_UID);
	act_as(0);
	genl.implicit = true;
	must_fail(engine_get(&genl, of_red, &grant), EPERM, "Needs CAP_SYS_ADMIN");
	expect(!grants_seen(), "it sees grants");
}

static void program_that_says_to_whom_it_speaks_means_it(void)
{
	struct told_grant grant;

	prepare_a_grant_of_red();
	open_as(OTHER_UID);
	act_as(RED_UID);
	must(engine_get(&genl, of_red, &grant));
}

static void socket_of_a_member_or_the_administrator_is_as_good(void)
{
	struct told_grant grant;

	prepare_a_grant_of_red();
	genl.implicit = true;
	act_as(RED_UID);
	must(engine_get(&genl, of_red, &grant));
	open_as(RED_UID);
	genl.implicit = true;
	must(engine_get(&genl, of_red, &grant));
	expect(grants_seen() == 1, "it sees %u grants", grants_seen());
}

/* Dumps */

/* One part; returns how many of its grants are not of red, and whether it was the last. */
static unsigned int read_part(bool *last, int *err)
{
	static unsigned char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t left = recv(genl.fd, buffer, sizeof(buffer), 0);
	const struct nlmsghdr *nlh;
	unsigned int others = 0;

	expect(left > 0, "recv: %s", strerror(errno));
	for (nlh = (void *)buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
		const struct nlattr *tenant;

		*last = nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR;
		if (*last) {
			*err = -*(const int *)((const char *)nlh + NLMSG_HDRLEN);
			break;
		}
		tenant = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_GRANT_TENANT);
		others += !tenant || strcmp(attr_str(tenant), "red");
	}
	return others;
}

/* So many that they do not fit into what is made before somebody reads. */
static void many_grants_of_red_and_one_more(void)
{
	struct told_grant grant;
	char token[64];
	unsigned int i;

	for (i = 0; i < 16 * MiB / SMALL; i++) {
		snprintf(token, sizeof(token), "%060u", i);
		must(try(WANT(.size = SMALL, .tenant = "red", .token = token), NULL));
	}
	must(try(WANT(.size = SMALL), &grant));
}

static void rest_of_a_dump_is_for_who_asked(void)
{
	unsigned int parts, others = 0;
	struct genl_req req;
	bool last = false;
	int err = 0;

	begin();
	many_grants_of_red_and_one_more();
	open_as(RED_UID);
	req_init(&genl, &req, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	expect(!genl_send(&genl, &req), "send");
	others += read_part(&last, &err);
	expect(!last, "it came in one part");
	act_as(0);
	for (parts = 1; !last; parts++)
		others += read_part(&last, &err);
	expect(parts > 2, "it came in %u parts", parts);
	expect(!others, "%u grants of others were among them", others);
	expect(err == EPERM, "it ended with %s", strerror(err));
}

/* Messages */

/* The header of what follows would be read as the end of the label. */
static void label_without_an_end_is_refused(void)
{
	char padding[32] = "";
	struct genl_req req;

	begin();
	open_as(RED_UID);
	req_init(&genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_GRANT_SIZE, SMALL);
	req_put(&req, FABRIC_A_GRANT_LABEL, "a=bc", 4);
	req_put(&req, FABRIC_A_GRANT_TOKEN, memset(padding, 'x', sizeof(padding) - 1),
		sizeof(padding));
	must_fail(engine_talk(&genl, &req, 0, NULL), EINVAL, "zero byte");
}

static int try_mode(enum fabric_mode mode)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_GRANT_SIZE, SMALL);
	req_u32(&req, FABRIC_A_GRANT_MODE, mode);
	req_u32(&req, FABRIC_A_GRANT_DOMAIN_ID, domain);
	return engine_talk(&genl, &req, 0, NULL);
}

static void what_the_kernel_has_is_for_the_administrator_to_change(void)
{
	begin();
	must_fail(try_mode(FABRIC_MODE_SYSTEM_RAM), EOPNOTSUPP, "mode");
	must_fail(try_mode(FABRIC_MODE_DRIVER), EOPNOTSUPP, "mode");
	act_as(RED_UID);
	must_fail(try_mode(FABRIC_MODE_SYSTEM_RAM), EPERM, "CAP_SYS_ADMIN");
	must_fail(try_mode(FABRIC_MODE_DRIVER), EPERM, "CAP_SYS_ADMIN");
}

/* How much */

static void tenant_has_a_share_of_the_queue(void)
{
	struct told_grant grant, of_admin;
	unsigned int i;

	begin();
	for (i = 0; i < 2; i++)
		must(try(WANT(.size = 16 * MiB), &grant));
	parameter_set("tenant_queue_max", "3");
	act_as(RED_UID);
	for (i = 0; i < 3; i++)
		must(try(WANT(.size = SMALL, .wait = LONG), &grant));
	must_fail(try(WANT(.size = SMALL, .wait = LONG), NULL), EBUSY, "3 requests wait");
	act_as(0);
	must(try(WANT(.size = SMALL, .wait = LONG), &of_admin));
	act_as(RED_UID);
	must(engine_del(&genl, grant.id, true));
	must(try(WANT(.size = SMALL, .wait = LONG), &grant));
}

static void queue_has_an_end(void)
{
	struct told_grant grant;
	unsigned int i;

	begin();
	for (i = 0; i < 2; i++)
		must(try(WANT(.size = 16 * MiB), &grant));
	parameter_set("queue_max", "2");
	for (i = 0; i < 2; i++)
		must(try(WANT(.size = SMALL, .wait = LONG), &grant));
	must_fail(try(WANT(.size = SMALL, .wait = LONG), NULL), EBUSY,
		  "The queue is full, 2 requests wait");
	must(engine_del(&genl, grant.id, true));
	must(try(WANT(.size = SMALL, .wait = LONG), &grant));
}

static void tenant_has_so_many_grants_at_most(void)
{
	struct told_grant grant;
	unsigned int i;

	begin();
	parameter_set("tenant_grants_max", "4");
	act_as(RED_UID);
	for (i = 0; i < 4; i++)
		must(try(WANT(.size = SMALL), &grant));
	must_fail(try(WANT(.size = SMALL), NULL), EDQUOT, "4 grants and requests");
	must(engine_del(&genl, grant.id, false));
	must(try(WANT(.size = SMALL), &grant));
}

static const struct ktap_test tests[] = {
	KTAP_TEST(program_is_not_made_to_speak_for_a_tenant),
	KTAP_TEST(program_is_not_made_to_speak_for_the_administrator),
	KTAP_TEST(program_that_says_to_whom_it_speaks_means_it),
	KTAP_TEST(socket_of_a_member_or_the_administrator_is_as_good),
	KTAP_TEST(rest_of_a_dump_is_for_who_asked),
	KTAP_TEST(label_without_an_end_is_refused),
	KTAP_TEST(what_the_kernel_has_is_for_the_administrator_to_change),
	KTAP_TEST(tenant_has_a_share_of_the_queue),
	KTAP_TEST(queue_has_an_end),
	KTAP_TEST(tenant_has_so_many_grants_at_most),
};

/* Also after a test that failed half way. */
static void tidy(void)
{
	struct genl_req req;
	__u32 id;

	parameter_set("queue_max", "4096");
	parameter_set("tenant_queue_max", "256");
	parameter_set("tenant_grants_max", "4096");
	broker_open(&genl);
	engine_clear(&genl, domain);
	req_init(&genl, &req, FABRIC_CMD_TENANT_GET, 0);
	req_str(&req, FABRIC_A_TENANT_NAME, "red");
	if (!engine_talk(&genl, &req, FABRIC_A_TENANT_ID, &id)) {
		req_init(&genl, &req, FABRIC_CMD_TENANT_DEL, 0);
		req_u32(&req, FABRIC_A_TENANT_ID, id);
		engine_talk(&genl, &req, 0, NULL);
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
	ktap_header(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		ktap_run_one(&tests[i], 120);
		tidy();
	}
	ktap_exit();
}
