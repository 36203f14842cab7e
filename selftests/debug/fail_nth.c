// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation fails once.
 *
 * Each operation of the family is asked for again and again, and each time one
 * more of its allocations succeeds before one fails, until none fails. What is
 * refused has changed nothing, and what succeeds is undone without a trace. The
 * search for leaks is the runner's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/faults.h"
#include "../lib/ktap.h"

#define KiB		1024ULL
#define TIMEOUT		1200
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* As the emulated switch numbers its ports: two of hosts, then p0, p1, p2 */
#define HOST1_NUMBER	1
#define UNBOUND_NUMBER	4
#define VPPB		2

/* Of a link of the emulated switch when nobody says anything, MT/s */
#define SPEED		32000

/* For what is not under test */
static struct genl genl;
static struct backend backend;
static __u32 port, unbound, device;

/* The region of the CXL backend, which is what is under test then */
static const char *region;

/* What an operation is tried on, made anew for each try */
static __u32 grant, tenant;

static void make_grant(const struct want *want)
{
	struct told_grant told;

	must(engine_new(&genl, want, &told));
	grant = told.id;
}

static void with_grant(void)
{
	make_grant(&WANT(.size = 256 * KiB, .holder = FABRIC_HOLDER_NONE));
}

static void with_lease(void)
{
	make_grant(&WANT(.size = 64 * KiB, .holder = FABRIC_HOLDER_NONE, .lease = 3600000));
}

static void with_tenant(void)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_NEW, 0);
	req_str(&req, FABRIC_A_TENANT_NAME, "fail-nth");
	must(engine_talk(&genl, &req, FABRIC_A_TENANT_ID, &tenant));
}

static void without_grants(void)
{
	engine_clear(&genl, backend.domain);
}

static void without_tenants(void)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_GET, 0);
	req_str(&req, FABRIC_A_TENANT_NAME, "fail-nth");
	if (engine_talk(&genl, &req, FABRIC_A_TENANT_ID, &tenant))
		return;
	req_init(&genl, &req, FABRIC_CMD_TENANT_DEL, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, tenant);
	must(engine_talk(&genl, &req, 0, NULL));
}

static void port_unbound(void)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_PORT_UNBIND, 0);
	req_u32(&req, FABRIC_A_PORT_ID, unbound);
	must(engine_talk(&genl, &req, 0, NULL));
}

static void port_bound(void)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_PORT_BIND, 0);
	req_u32(&req, FABRIC_A_PORT_ID, unbound);
	req_str(&req, FABRIC_A_PORT_HOST, "host1");
	must(engine_talk(&genl, &req, 0, NULL));
}

static void port_plain(void)
{
	must(engine_port_label(&genl, port, NULL, "rack"));
}

static void port_set(__u32 id, int attr, __u32 value)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_PORT_SET, 0);
	req_u32(&req, FABRIC_A_PORT_ID, id);
	req_u32(&req, attr, value);
	must(engine_talk(&genl, &req, 0, NULL));
}

static void link_down(void)
{
	port_set(unbound, FABRIC_A_PORT_LINK, FABRIC_LINK_DOWN);
}

static void link_up(void)
{
	port_set(unbound, FABRIC_A_PORT_LINK, FABRIC_LINK_UP);
}

static void full_speed(void)
{
	port_set(port, FABRIC_A_PORT_SPEED_LIMIT, SPEED);
}

static void device_plain(void)
{
	must(engine_device_set(&genl, device, FABRIC_ADMIN_STATE_ENABLED, NULL, "rack"));
}

static void ask_domain(struct genl_req *req)
{
	req_u32(req, FABRIC_A_DOMAIN_ID, backend.domain);
}

static void ask_fm(struct genl_req *req)
{
	req_u32(req, FABRIC_A_FM_DOMAIN_ID, backend.domain);
}

static void ask_fm_ports(struct genl_req *req)
{
	req_u32(req, FABRIC_A_FM_PORT_DOMAIN_ID, backend.domain);
}

static void ask_fm_port(struct genl_req *req)
{
	ask_fm_ports(req);
	req_u32(req, FABRIC_A_FM_PORT_NUMBER, UNBOUND_NUMBER);
}

static void ask_fm_reset(struct genl_req *req)
{
	ask_fm_port(req);
	req_u32(req, FABRIC_A_FM_PORT_OPERATION, FABRIC_FM_PORT_OP_RESET);
}

static void ask_fm_vcss(struct genl_req *req)
{
	req_u32(req, FABRIC_A_FM_VCS_DOMAIN_ID, backend.domain);
}

static void ask_fm_unbind(struct genl_req *req)
{
	ask_fm_vcss(req);
	req_u32(req, FABRIC_A_FM_VCS_VCS, HOST1_NUMBER);
	req_u32(req, FABRIC_A_FM_VCS_NUMBER, VPPB);
}

static void ask_fm_bind(struct genl_req *req)
{
	ask_fm_unbind(req);
	req_u32(req, FABRIC_A_FM_VCS_PORT, UNBOUND_NUMBER);
}

static void fm_bound(void)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_FM_BIND, 0);
	ask_fm_bind(&req);
	must(engine_talk(&genl, &req, 0, NULL));
}

static void ask_fm_commands(struct genl_req *req)
{
	req_u32(req, FABRIC_A_FM_COMMAND_DOMAIN_ID, backend.domain);
}

static void ask_port(struct genl_req *req)
{
	req_u32(req, FABRIC_A_PORT_ID, port);
}

static void ask_unbound(struct genl_req *req)
{
	req_u32(req, FABRIC_A_PORT_ID, unbound);
}

static void ask_bind(struct genl_req *req)
{
	ask_unbound(req);
	req_str(req, FABRIC_A_PORT_HOST, "host1");
}

static void ask_port_label(struct genl_req *req)
{
	ask_port(req);
	req_str(req, FABRIC_A_PORT_LABEL, "rack=7");
}

static void ask_link_down(struct genl_req *req)
{
	ask_unbound(req);
	req_u32(req, FABRIC_A_PORT_LINK, FABRIC_LINK_DOWN);
}

static void ask_link_up(struct genl_req *req)
{
	ask_unbound(req);
	req_u32(req, FABRIC_A_PORT_LINK, FABRIC_LINK_UP);
}

static void ask_speed(struct genl_req *req)
{
	req_u32(req, FABRIC_A_PORT_ID, port);
	req_u32(req, FABRIC_A_PORT_SPEED_LIMIT, SPEED / 2);
}

static void ask_idle(struct genl_req *req)
{
	ask_unbound(req);
	req_u32(req, FABRIC_A_PORT_IDLE, FABRIC_PORT_IDLE_REST);
}

static void ask_device(struct genl_req *req)
{
	req_u32(req, FABRIC_A_DEVICE_ID, device);
}

static void ask_device_set(struct genl_req *req)
{
	ask_device(req);
	req_u32(req, FABRIC_A_DEVICE_ADMIN_STATE, FABRIC_ADMIN_STATE_DRAINING);
	req_str(req, FABRIC_A_DEVICE_LABEL, "rack=7");
}

static void ask_resource(struct genl_req *req)
{
	struct told_resource resource;

	must(engine_resource(&genl, device, 0, &resource));
	req_u32(req, FABRIC_A_RESOURCE_ID, resource.id);
}

static void ask_grant(struct genl_req *req)
{
	req_u32(req, FABRIC_A_GRANT_ID, grant);
}

static void ask_new(struct genl_req *req, __u64 size, __u32 holder)
{
	req_u32(req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	req_uint(req, FABRIC_A_GRANT_SIZE, size);
	req_u32(req, FABRIC_A_GRANT_HOLDER, holder);
	req_u32(req, FABRIC_A_GRANT_DOMAIN_ID, backend.domain);
}

static void ask_new_none(struct genl_req *req)
{
	ask_new(req, 64 * KiB, FABRIC_HOLDER_NONE);
}

static void ask_new_file(struct genl_req *req)
{
	ask_new(req, 64 * KiB, FABRIC_HOLDER_FILE);
	req_str(req, FABRIC_A_GRANT_CAPABILITY, "ram");
}

static void ask_new_socket(struct genl_req *req)
{
	ask_new(req, 64 * KiB, FABRIC_HOLDER_SOCKET);
}

static void ask_new_pieces(struct genl_req *req)
{
	ask_new(req, 1536 * KiB, FABRIC_HOLDER_NONE);
	req_u32(req, FABRIC_A_GRANT_PIECES, 2);
	req_uint(req, FABRIC_A_GRANT_LEASE, 3600000);
}

/* More than there is: it waits. */
static void ask_new_queued(struct genl_req *req)
{
	ask_new(req, 1536 * KiB, FABRIC_HOLDER_FILE);
	req_u32(req, FABRIC_A_GRANT_PIECES, 2);
	req_uint(req, FABRIC_A_GRANT_WAIT, 3600000);
}

/* Less important than what has it: what is reclaimed for it comes back. */
static void ask_new_reclaims(struct genl_req *req)
{
	ask_new(req, 1536 * KiB, FABRIC_HOLDER_NONE);
	req_u32(req, FABRIC_A_GRANT_PIECES, 2);
	req_u32(req, FABRIC_A_GRANT_PRIORITY, 900);
}

static void ask_grow(struct genl_req *req)
{
	ask_grant(req);
	req_uint(req, FABRIC_A_GRANT_SIZE, 1280 * KiB);
	req_u32(req, FABRIC_A_GRANT_PIECES, 4);
}

static void set_label(__u16 attr, const char *label)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_DEVICE_SET, 0);
	ask_device(&req);
	req_str(&req, attr, label);
	must(engine_talk(&genl, &req, 0, NULL));
}

/* What it was asked for with is copied when it grows. */
static void with_label(void)
{
	set_label(FABRIC_A_DEVICE_LABEL, "tier=gold");
	make_grant(&WANT(.size = 256 * KiB, .holder = FABRIC_HOLDER_NONE, .capability = "ram",
			 .label = "tier=gold"));
}

static void without_label(void)
{
	without_grants();
	set_label(FABRIC_A_DEVICE_UNLABEL, "tier");
}

static void ask_grow_there(struct genl_req *req)
{
	ask_grant(req);
	req_uint(req, FABRIC_A_GRANT_SIZE, 512 * KiB);
}

static void ask_shrink(struct genl_req *req)
{
	ask_grant(req);
	req_uint(req, FABRIC_A_GRANT_SIZE, 64 * KiB);
}

static void ask_priority(struct genl_req *req)
{
	ask_grant(req);
	req_u32(req, FABRIC_A_GRANT_PRIORITY, 500);
	req_u32(req, FABRIC_A_GRANT_RECLAIMABLE, 0);
}

static void ask_renew(struct genl_req *req)
{
	ask_grant(req);
	req_uint(req, FABRIC_A_GRANT_LEASE, 7200000);
}

static void ask_region(struct genl_req *req)
{
	req_u32(req, FABRIC_A_DEVICE_DOMAIN_ID, backend.domain);
	req_str(req, FABRIC_A_DEVICE_NAME, region ?: "region0");
}

static void region_taken(void)
{
	struct genl_req req;
	int err;

	req_init(&genl, &req, FABRIC_CMD_REGION_TAKE, 0);
	ask_region(&req);
	err = engine_talk(&genl, &req, 0, NULL);
	expect(!err || err == EEXIST, "the region is not taken: %s", strerror(err));
	device = engine_object(&genl, FABRIC_CMD_DEVICE_GET, backend.domain, region);
}

static void region_given(void)
{
	struct genl_req req;

	region_taken();
	req_init(&genl, &req, FABRIC_CMD_REGION_GIVE, 0);
	ask_device(&req);
	must(engine_talk(&genl, &req, 0, NULL));
}

static void with_grant_there(void)
{
	make_grant(&WANT(.size = backend.size, .mode = backend.mode, .device = device,
			 .holder = FABRIC_HOLDER_NONE));
}

static void ask_tenant(struct genl_req *req)
{
	req_u32(req, FABRIC_A_TENANT_ID, tenant);
}

/* The first of the tenant: from now on it is counted what it has. */
static void ask_new_of_tenant(struct genl_req *req)
{
	ask_new(req, 64 * KiB, FABRIC_HOLDER_NONE);
	req_str(req, FABRIC_A_GRANT_TENANT, "fail-nth");
}

static void without_both(void)
{
	without_grants();
	without_tenants();
}

static void put_nest(struct genl_req *req, __u16 type, void (*fill)(struct genl_req *nest))
{
	static struct genl_req nest;

	req_init(&genl, &nest, 0, 0);
	fill(&nest);
	req_put(req, type | NLA_F_NESTED, nest.bytes + NLMSG_HDRLEN + GENL_HDRLEN,
		nest.len - NLMSG_HDRLEN - GENL_HDRLEN);
}

static void put_quota(struct genl_req *nest)
{
	req_u32(nest, FABRIC_A_QUOTA_KIND, FABRIC_KIND_MEMORY);
	req_uint(nest, FABRIC_A_QUOTA_LIMIT, 1 * MiB);
}

static void put_uid(struct genl_req *nest)
{
	req_u32(nest, FABRIC_A_MEMBER_UID, 4321);
}

static void put_cgroup(struct genl_req *nest)
{
	req_str(nest, FABRIC_A_MEMBER_CGROUP, "/");
}

static void ask_tenant_set(struct genl_req *req)
{
	ask_tenant(req);
	req_u32(req, FABRIC_A_TENANT_PRIORITY_MAX, 700);
	put_nest(req, FABRIC_A_TENANT_QUOTA, put_quota);
	put_nest(req, FABRIC_A_TENANT_MEMBER, put_uid);
	put_nest(req, FABRIC_A_TENANT_MEMBER, put_cgroup);
}

static void ask_tenant_new(struct genl_req *req)
{
	req_str(req, FABRIC_A_TENANT_NAME, "fail-nth");
	put_nest(req, FABRIC_A_TENANT_QUOTA, put_quota);
	put_nest(req, FABRIC_A_TENANT_MEMBER, put_cgroup);
	put_nest(req, FABRIC_A_TENANT_MEMBER, put_uid);
}

static void with_lists(void)
{
	struct genl_req req;

	req_init(&genl, &req, FABRIC_CMD_TENANT_NEW, 0);
	ask_tenant_new(&req);
	must(engine_talk(&genl, &req, FABRIC_A_TENANT_ID, &tenant));
}

static void ask_tenant_most(struct genl_req *req)
{
	ask_tenant(req);
	req_u32(req, FABRIC_A_TENANT_PRIORITY_MAX, 700);
}

/* Nearly all of the memory, of somebody less important who gives it back at once */
static void with_holder(void)
{
	make_grant(&WANT(.size = 1792 * KiB, .pieces = 2, .holder = FABRIC_HOLDER_NONE,
			 .priority = 10, .reclaimable = 1));
}

/* Nothing is reclaimed for a request as important. */
static void with_equal(void)
{
	make_grant(&WANT(.size = 1792 * KiB, .pieces = 2, .holder = FABRIC_HOLDER_NONE));
}

struct operation {
	const char *name;
	__u8 cmd;
	__u16 flags;
	/* makes what it is tried on */
	void (*before)(void);
	void (*ask)(struct genl_req *req);
	/* brings back what was there, whether it was done or not */
	void (*after)(void);
	/* the answer when nothing fails */
	int err;
	/* what it takes is its holder's no more, whatever comes of it */
	bool takes;
	/* what is there afterwards has another id */
	bool renews;
};

static const struct operation operations[] = {
	{ "domain-get", FABRIC_CMD_DOMAIN_GET, .ask = ask_domain },
	{ "domain-get dump", FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP },
	{ "port-get", FABRIC_CMD_PORT_GET, .ask = ask_port },
	{ "port-get dump", FABRIC_CMD_PORT_GET, NLM_F_DUMP },
	{ "port-bind", FABRIC_CMD_PORT_BIND, .ask = ask_bind, .after = port_unbound },
	{ "port-unbind", FABRIC_CMD_PORT_UNBIND, .before = port_bound, .ask = ask_unbound,
	  .after = port_unbound },
	{ "port-set", FABRIC_CMD_PORT_SET, .ask = ask_port_label, .after = port_plain },
	{ "port-set link down", FABRIC_CMD_PORT_SET, .ask = ask_link_down, .after = link_up },
	{ "port-set link up", FABRIC_CMD_PORT_SET, 0, link_down, ask_link_up, link_up },
	{ "port-set speed", FABRIC_CMD_PORT_SET, .ask = ask_speed, .after = full_speed },
	{ "port-set idle", FABRIC_CMD_PORT_SET, .ask = ask_idle, .err = EOPNOTSUPP },
	{ "device-get", FABRIC_CMD_DEVICE_GET, .ask = ask_device },
	{ "device-get dump", FABRIC_CMD_DEVICE_GET, NLM_F_DUMP },
	{ "device-set", FABRIC_CMD_DEVICE_SET, .ask = ask_device_set, .after = device_plain },
	{ "resource-get", FABRIC_CMD_RESOURCE_GET, .ask = ask_resource },
	{ "resource-get dump", FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP },
	{ "slice-get dump", FABRIC_CMD_SLICE_GET, NLM_F_DUMP, with_grant,
	  .after = without_grants },
	{ "grant-get", FABRIC_CMD_GRANT_GET, 0, with_grant, ask_grant, without_grants },
	{ "grant-get dump", FABRIC_CMD_GRANT_GET, NLM_F_DUMP, with_grant,
	  .after = without_grants },
	{ "grant-new", FABRIC_CMD_GRANT_NEW, 0, NULL, ask_new_none, without_grants },
	{ "grant-new for a file", FABRIC_CMD_GRANT_NEW, 0, NULL, ask_new_file, without_grants },
	{ "grant-new for a socket", FABRIC_CMD_GRANT_NEW, 0, NULL, ask_new_socket,
	  without_grants },
	{ "grant-new in pieces", FABRIC_CMD_GRANT_NEW, 0, NULL, ask_new_pieces, without_grants },
	{ "grant-new that is queued", FABRIC_CMD_GRANT_NEW, 0, with_equal, ask_new_queued,
	  without_grants },
	{ "grant-new that reclaims", FABRIC_CMD_GRANT_NEW, 0, with_holder, ask_new_reclaims,
	  without_grants, .takes = true },
	{ "grant-del", FABRIC_CMD_GRANT_DEL, 0, with_grant, ask_grant, without_grants },
	{ "grant-new of a tenant", FABRIC_CMD_GRANT_NEW, 0, with_lists, ask_new_of_tenant,
	  without_both },
	{ "grant-set that grows", FABRIC_CMD_GRANT_SET, 0, with_grant, ask_grow,
	  without_grants },
	{ "grant-set that grows, with labels", FABRIC_CMD_GRANT_SET, 0, with_label,
	  ask_grow_there, without_label },
	{ "grant-set that shrinks", FABRIC_CMD_GRANT_SET, 0, with_grant, ask_shrink,
	  without_grants },
	{ "grant-set of the priority", FABRIC_CMD_GRANT_SET, 0, with_grant, ask_priority,
	  without_grants },
	{ "grant-renew", FABRIC_CMD_GRANT_RENEW, 0, with_lease, ask_renew, without_grants },
	{ "grant-open", FABRIC_CMD_GRANT_OPEN, 0, with_grant, ask_grant, without_grants },
	{ "region-take", FABRIC_CMD_REGION_TAKE, .ask = ask_region, .err = EOPNOTSUPP },
	{ "region-give", FABRIC_CMD_REGION_GIVE, .ask = ask_device, .err = EOPNOTSUPP },
	{ "tenant-get", FABRIC_CMD_TENANT_GET, 0, with_tenant, ask_tenant, without_tenants },
	{ "tenant-get dump", FABRIC_CMD_TENANT_GET, NLM_F_DUMP, with_tenant,
	  .after = without_tenants },
	{ "tenant-new", FABRIC_CMD_TENANT_NEW, 0, NULL, ask_tenant_new, without_tenants },
	{ "tenant-set", FABRIC_CMD_TENANT_SET, 0, with_tenant, ask_tenant_set,
	  without_tenants },
	{ "tenant-set that keeps lists", FABRIC_CMD_TENANT_SET, 0, with_lists, ask_tenant_most,
	  without_tenants },
	{ "tenant-del", FABRIC_CMD_TENANT_DEL, 0, with_tenant, ask_tenant, without_tenants },
	{ "stats-get", FABRIC_CMD_STATS_GET },
	{ "log-get dump", FABRIC_CMD_LOG_GET, NLM_F_DUMP },
	{ "fm-get", FABRIC_CMD_FM_GET, .ask = ask_fm },
	{ "fm-port-get", FABRIC_CMD_FM_PORT_GET, .ask = ask_fm_port },
	{ "fm-port-get dump", FABRIC_CMD_FM_PORT_GET, NLM_F_DUMP, .ask = ask_fm_ports },
	{ "fm-port-control", FABRIC_CMD_FM_PORT_CONTROL, .ask = ask_fm_reset },
	{ "fm-vcs-get dump", FABRIC_CMD_FM_VCS_GET, NLM_F_DUMP, .ask = ask_fm_vcss },
	{ "fm-bind", FABRIC_CMD_FM_BIND, .ask = ask_fm_bind, .after = port_unbound },
	{ "fm-unbind", FABRIC_CMD_FM_UNBIND, .before = fm_bound, .ask = ask_fm_unbind,
	  .after = port_unbound },
	{ "fm-command-get dump", FABRIC_CMD_FM_COMMAND_GET, NLM_F_DUMP,
	  .ask = ask_fm_commands },
};

/*
 * What goes to the kernel's own CXL and DAX. Not grants: a page table for which there is
 * no memory crashes the kernel itself in phys_pud_init().
 */
static const struct operation cxl_operations[] = {
	{ "grant-del", FABRIC_CMD_GRANT_DEL, 0, with_grant_there, ask_grant, without_grants,
	  .takes = true },
	{ "region-take", FABRIC_CMD_REGION_TAKE, 0, region_given, ask_region, region_taken,
	  .renews = true },
	{ "region-give", FABRIC_CMD_REGION_GIVE, 0, region_taken, ask_device, region_taken,
	  .renews = true },
};

/* Whether there is an operation here for all that the family has */
static bool all_are_here(void)
{
	const struct nlattr *ops, *op;
	struct genl ctrl = genl;
	struct genl_answer answer;
	struct genl_req req;
	bool all = true;
	size_t left;

	ctrl.family = GENL_ID_CTRL;
	req_init(&ctrl, &req, CTRL_CMD_GETFAMILY, 0);
	req_str(&req, CTRL_ATTR_FAMILY_NAME, FABRIC_FAMILY_NAME);
	must(genl_talk(&ctrl, &req, &answer));
	ops = attrs_find(answer.data + NLMSG_HDRLEN + GENL_HDRLEN,
			 answer.len - NLMSG_HDRLEN - GENL_HDRLEN, CTRL_ATTR_OPS);
	expect(ops, "the family tells no operations");
	attrs_for_each(op, left, attr_data(ops), attr_len(ops)) {
		__u32 cmd = attr_u32(attrs_find(attr_data(op), attr_len(op), CTRL_ATTR_OP_ID));
		__u32 can = attr_u32(attrs_find(attr_data(op), attr_len(op),
						CTRL_ATTR_OP_FLAGS));
		bool done = !(can & GENL_CMD_CAP_DO), dumped = !(can & GENL_CMD_CAP_DUMP);
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(operations); i++) {
			if (operations[i].cmd == cmd && operations[i].flags)
				dumped = true;
			else if (operations[i].cmd == cmd)
				done = true;
		}
		if (!done || !dumped)
			ktap_note("command %u is not tried", cmd);
		all &= done && dumped;
	}
	answer_free(&answer);
	return all;
}

/* Descriptors that came with an answer */
static void close_files(const struct genl_answer *answer)
{
	const struct nlmsghdr *nlh;

	answer_for_each(nlh, answer) {
		const struct nlattr *fd = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
						     FABRIC_A_GRANT_FD);

		if (fd)
			close(attr_u32(fd));
	}
}

/*
 * One try with a socket of its own, as one that lost a message refuses the next.
 * Returns whether a fault came; @said is whether the kernel answered.
 */
static bool try(const struct operation *operation, unsigned int nth, int *err, bool *said)
{
	struct genl_answer answer = {};
	struct genl_req req;
	struct genl own;
	bool came;

	broker_open(&own);
	req_init(&own, &req, operation->cmd, operation->flags);
	if (operation->ask)
		operation->ask(&req);
	fail_nth(nth);
	*err = genl_send(&own, &req);
	*said = true;
	if (operation->flags & NLM_F_DUMP) {
		/* made while it is read */
		if (!*err)
			*err = genl_receive(&own, &req, &answer);
		came = fault_came();
	} else {
		came = fault_came();
		if (!*err) {
			*err = genl_receive(&own, &req, &answer);
			/* Netlink had no memory for the answer. */
			*said = *err != GENL_SILENT && !(*err == ENOBUFS && came);
		}
	}
	if (operation->cmd == FABRIC_CMD_GRANT_NEW || operation->cmd == FABRIC_CMD_GRANT_OPEN)
		close_files(&answer);
	answer_free(&answer);
	genl_close(&own);
	return came;
}

/* Whether all is as it was. What nobody was told of is taken back by a worker. */
static bool becomes(const struct snapshot *before)
{
	__u64 deadline = now_ms() + WITHIN_MS;
	struct snapshot after;
	bool equal;

	do {
		snapshot_take(&genl, &after, false);
		equal = snapshot_equal(before, &after);
		snapshot_free(&after);
	} while (!equal && now_ms() < deadline);
	return equal;
}

static void check(const struct operation *operation)
{
	struct snapshot base, before;
	unsigned int nth, refused = 0, done = 0, unsaid = 0;
	bool came, said;
	int err;

	broker_open(&genl);
	snapshot_take(&genl, &base, false);
	for (nth = 1;; nth++) {
		expect(nth < FAULTS_MAX, "%s: no end after %u faults", operation->name, nth);
		if (operation->before)
			operation->before();
		snapshot_take(&genl, &before, false);
		came = try(operation, nth, &err, &said);
		expect(!came || !err || !said || operation->takes || becomes(&before),
		       "%s: fault %u: %s, but something changed", operation->name, nth,
		       strerror(err));
		snapshot_free(&before);
		if (operation->after)
			operation->after();
		if (!came)
			break;
		refused += err && said;
		done += !err;
		unsaid += !said;
	}
	expect(err == operation->err, "%s: without a fault: %s", operation->name, strerror(err));
	expect(operation->renews || becomes(&base), "%s: something is left", operation->name);
	ktap_note("%s: %u faults: %u refused, %u done nevertheless, %u without an answer",
		  operation->name, nth - 1, refused, done, unsaid);
}

static void try_all(const struct operation *all, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		int status;
		pid_t pid = fork();

		if (pid < 0)
			ktap_bail("fork: %s", strerror(errno));
		if (!pid) {
			alarm(TIMEOUT);
			faults_open();
			check(&all[i]);
			exit(KTAP_PASS);
		}
		if (waitpid(pid, &status, 0) != pid)
			ktap_bail("waitpid: %s", strerror(errno));
		ktap_result(WIFEXITED(status) && WEXITSTATUS(status) == KTAP_PASS, all[i].name);
	}
}

int main(void)
{
	faults_prepare();
	backend_from_env(&backend);
	broker_open(&genl);
	region = getenv("FABRIC_TEST_REGION");
	if (region) {
		region_taken();
		genl_close(&genl);
		ktap_header(ARRAY_SIZE(cxl_operations));
		try_all(cxl_operations, ARRAY_SIZE(cxl_operations));
		ktap_exit();
	}
	port = engine_object(&genl, FABRIC_CMD_PORT_GET, backend.domain, "p0");
	unbound = engine_object(&genl, FABRIC_CMD_PORT_GET, backend.domain, "p2");
	device = engine_object(&genl, FABRIC_CMD_DEVICE_GET, backend.domain, "m0");
	/* A limit is told once it was set */
	full_speed();
	genl_close(&genl);

	ktap_header(ARRAY_SIZE(operations) + 1);
	try_all(operations, ARRAY_SIZE(operations));
	broker_open(&genl);
	ktap_result(all_are_here(), "every operation of the family is among them");
	ktap_exit();
}
