// SPDX-License-Identifier: GPL-2.0
/*
 * A dump says the same however it is cut into messages. The kernel makes them as large as
 * what was ever offered to recv(), so that every place of an object comes to be where one
 * is full. All that there is, is there before and does not change.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/genl.h"
#include "../lib/ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define TIMEOUT		600

/* A page without the kernel's own part fits in */
#define LEAST		3840
/* An object that can be larger has messages that are as large as it can be. */
#define LEAST_GRANTS	8192
#define LEAST_VCSS	12288
#define NR_GRANTS	60

static __u32 domain;
static struct genl genl;

/* The log tells of those that are gone, too. */
static void make_grants(void)
{
	struct told_grant grant;
	char token[64];
	int i;

	for (i = 0; i < 2 * NR_GRANTS; i++) {
		snprintf(token, sizeof(token), "a token that makes it longer, %d", i);
		must(engine_new(&genl, &WANT(.domain = domain, .size = 192 << 10, .token = token,
					     .min = 64 << 10, .pieces = 3, .label = "rack=7",
					     .placement = FABRIC_PLACEMENT_SPREAD,
					     .holder = FABRIC_HOLDER_NONE), &grant));
		if (i % 2)
			must(engine_del(&genl, grant.id, false));
	}
}

static void forget_age(struct nlmsghdr *nlh)
{
	const struct nlattr *age = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
					      FABRIC_A_GRANT_AGE);

	memset((void *)attr_data(age), 0, attr_len(age));
}

/* With a socket that has never seen more than @room, or by the other if that is 0 */
static void dump(__u8 cmd, __u16 filter, size_t room, struct genl_answer *answer)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	struct genl own = genl;
	struct genl_req req;
	struct nlmsghdr *nlh;
	size_t at;

	if (room) {
		own.room = room;
		own.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		expect(own.fd >= 0 && !bind(own.fd, (void *)&local, sizeof(local)), "socket: %s",
		       strerror(errno));
	}
	req_init(&own, &req, cmd, NLM_F_DUMP);
	if (filter)
		req_u32(&req, filter, domain);
	expect(!genl_talk(&own, &req, answer), "room %zu: %s", room, strerror(answer->err));
	expect(!answer->interrupted, "room %zu: something changes", room);
	for (at = 0; at < answer->len; at += NLMSG_ALIGN(nlh->nlmsg_len)) {
		nlh = (void *)(answer->data + at);
		nlh->nlmsg_seq = 0;
		nlh->nlmsg_pid = 0;
		if (cmd == FABRIC_CMD_GRANT_GET)
			forget_age(nlh);
	}
	if (room)
		close(own.fd);
}

/* The first message is as large as the kernel likes, the second is cut in one object. */
static void compare(__u8 cmd, __u16 filter, size_t least, size_t most)
{
	struct genl_answer whole, cut;
	size_t room, at;

	dump(cmd, filter, 0, &whole);
	expect(whole.len > 2 * least + most, "%zu bytes are not cut in the second message",
	       whole.len);
	for (room = least; room < least + most; room += NLMSG_ALIGNTO) {
		dump(cmd, filter, room, &cut);
		for (at = 0; at < cut.len && at < whole.len && cut.data[at] == whole.data[at]; at++)
			;
		expect(cut.len == whole.len && at == cut.len,
		       "room %zu: %zu bytes instead of %zu, another one at %zu", room, cut.len,
		       whole.len, at);
		answer_free(&cut);
	}
	ktap_note("%zu bytes in messages of %zu to %zu", whole.len, least, room - NLMSG_ALIGNTO);
	answer_free(&whole);
}

static void domains(void)
{
	compare(FABRIC_CMD_DOMAIN_GET, 0, LEAST, 256);
}

static void ports(void)
{
	compare(FABRIC_CMD_PORT_GET, FABRIC_A_PORT_DOMAIN_ID, LEAST, 320);
}

static void devices(void)
{
	compare(FABRIC_CMD_DEVICE_GET, FABRIC_A_DEVICE_DOMAIN_ID, LEAST, 320);
}

static void resources(void)
{
	compare(FABRIC_CMD_RESOURCE_GET, FABRIC_A_RESOURCE_DOMAIN_ID, LEAST, 320);
}

static void slices(void)
{
	compare(FABRIC_CMD_SLICE_GET, 0, LEAST, 256);
}

static void grants(void)
{
	compare(FABRIC_CMD_GRANT_GET, 0, LEAST_GRANTS, 768);
}

static void tenants(void)
{
	compare(FABRIC_CMD_TENANT_GET, 0, LEAST, 512);
}

static void entries_of_the_log(void)
{
	compare(FABRIC_CMD_LOG_GET, 0, LEAST, 320);
}

static void ports_of_the_mailbox(void)
{
	compare(FABRIC_CMD_FM_PORT_GET, FABRIC_A_FM_PORT_DOMAIN_ID, LEAST, 320);
}

static void virtual_switches(void)
{
	compare(FABRIC_CMD_FM_VCS_GET, FABRIC_A_FM_VCS_DOMAIN_ID, LEAST_VCSS, 2560);
}

static const struct ktap_test tests[] = {
	KTAP_TEST(domains),
	KTAP_TEST(ports),
	KTAP_TEST(devices),
	KTAP_TEST(resources),
	KTAP_TEST(slices),
	KTAP_TEST(grants),
	KTAP_TEST(tenants),
	KTAP_TEST(entries_of_the_log),
	KTAP_TEST(ports_of_the_mailbox),
	KTAP_TEST(virtual_switches),
};

int main(void)
{
	struct backend backend;

	backend_from_env(&backend);
	domain = backend.domain;
	broker_open(&genl);
	make_grants();
	ktap_run_all(tests, ARRAY_SIZE(tests), TIMEOUT);
}
