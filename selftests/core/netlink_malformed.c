// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that the broker must refuse, straight over netlink. Each comes with
 * the code, the text or the attribute that the answer names, and each leaves
 * every object exactly as it was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <sched.h>
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
#define NOBODY		65534
/* no object gets there: ids are handed out from 1 */
#define NO_SUCH_ID	0xfffffff0

/* Objects to be wrong about. Found or made by setup(), 0 if there is none */
static struct {
	__u32 domain;
	__u32 port_bound;
	__u32 port_unbound;
	__u32 port_above;
	__u32 device;
	__u32 resource;
	__u32 grant;
	__u32 grant_of_other;
	__u64 granule;
	/* a granule more than any resource has free */
	__u64 too_much;
	char port_bound_host[FABRIC_NAME_MAX_LEN + 1];
	__u32 mode;
	__u32 mode_lacking;
	__u32 is_not_map;
	__u32 is_emu;
	__u32 is_cxl;
} have;

enum how {
	AS_U32,
	AS_U64,
	AS_STRING,
	AS_BYTES,
};

struct attr {
	__u16 type;
	enum how how;
	__u64 value;
	/* of an object that is known at run time only */
	const void *from;
	const char *string;
};

#define U32(t, v)	{ .type = (t), .how = AS_U32, .value = (v) }
#define U64(t, v)	{ .type = (t), .how = AS_U64, .value = (v) }
#define ID(t, member)	{ .type = (t), .how = AS_U32, .from = &have.member }
#define SIZE(t, member)	{ .type = (t), .how = AS_U64, .from = &have.member }
#define STR(t, s)	{ .type = (t), .how = AS_STRING, .string = (s) }
#define BYTES(t, n)	{ .type = (t), .how = AS_BYTES, .value = (n) }
#define FLAG(t)		BYTES(t, 0)

enum caller {
	ROOT,
	/* no capability at all */
	USER,
	/* all capabilities, in a user and network namespace of its own */
	NAMESPACE_ROOT,
};

struct kase {
	const char *name;
	__u8 cmd;
	__u16 flags;
	struct attr attrs[8];
	int err;
	/* part of the text, or NULL */
	const char *text;
	/* types of the missing attribute and of the bad one, 0 for none */
	__u16 miss;
	__u16 bad;
	enum caller caller;
	void (*twist)(struct genl_req *req);
	/* what the case needs; without it, it does not apply */
	const __u32 *needs;
	/* the case is about something that is ignored, not refused */
	bool accepted;
	/* an answer without any message is right */
	bool empty;
};

/* Things that no builder of requests would do */

static void twist_version(struct genl_req *req)
{
	((struct genlmsghdr *)(req->bytes + NLMSG_HDRLEN))->version = 77;
}

static void twist_reserved(struct genl_req *req)
{
	((struct genlmsghdr *)(req->bytes + NLMSG_HDRLEN))->reserved = 1;
}

static void twist_no_genl_header(struct genl_req *req)
{
	req->nlh.nlmsg_len = NLMSG_HDRLEN;
	req->len = NLMSG_HDRLEN;
}

static void twist_half_genl_header(struct genl_req *req)
{
	req->nlh.nlmsg_len = NLMSG_HDRLEN + 2;
	req->len = NLMSG_HDRLEN + 4;
}

static void twist_length_beyond_end(struct genl_req *req)
{
	req->nlh.nlmsg_len += 64;
}

static void twist_length_short(struct genl_req *req)
{
	req->nlh.nlmsg_len = 8;
}

static void twist_trailing_bytes(struct genl_req *req)
{
	memset(req->bytes + req->len, 0, 4);
	req->bytes[req->len] = 2;
	req->len += 4;
	req->nlh.nlmsg_len = req->len;
}

static void twist_attr_beyond_end(struct genl_req *req)
{
	struct nlattr *attr = (void *)(req->bytes + NLMSG_HDRLEN + GENL_HDRLEN);

	attr->nla_len = 4096;
}

static void twist_attr_short(struct genl_req *req)
{
	struct nlattr *attr = (void *)(req->bytes + NLMSG_HDRLEN + GENL_HDRLEN);

	attr->nla_len = 3;
}

static void twist_attr_nested(struct genl_req *req)
{
	struct nlattr *attr = (void *)(req->bytes + NLMSG_HDRLEN + GENL_HDRLEN);

	attr->nla_type |= NLA_F_NESTED;
}

static void twist_not_a_request(struct genl_req *req)
{
	req->nlh.nlmsg_flags &= ~NLM_F_REQUEST;
}

/* The last byte of the only string is not a NUL */
static void twist_no_nul(struct genl_req *req)
{
	req->bytes[req->len - 1] = 'x';
	req->bytes[req->len - 2] = 'x';
	req->bytes[req->len - 3] = 'x';
	req->bytes[req->len - 4] = 'x';
}

static void twist_nul_first(struct genl_req *req)
{
	struct nlattr *attr = (void *)(req->bytes + NLMSG_HDRLEN + GENL_HDRLEN);

	*((char *)attr + NLA_HDRLEN) = '\0';
}

static void put_labels(struct genl_req *req, __u16 type)
{
	unsigned int i;

	for (i = 0; i < FABRIC_LABELS_MAX + 1; i++)
		req_str(req, type, "a=b");
}

static void twist_labels_of_device(struct genl_req *req)
{
	put_labels(req, FABRIC_A_DEVICE_LABEL);
}

static void twist_labels_of_grant(struct genl_req *req)
{
	put_labels(req, FABRIC_A_GRANT_LABEL);
}

#define LEN_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LEN_64 LEN_63 "a"
#define LEN_300 LEN_63 LEN_63 LEN_63 LEN_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define KIND		U32(FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY)
#define WHERE		ID(FABRIC_A_GRANT_DOMAIN_ID, domain)
#define ONE_GRANULE	SIZE(FABRIC_A_GRANT_SIZE, granule)

static const struct kase kases[] = {
#include "netlink_malformed.h"
};

static void build(const struct genl *genl, struct genl_req *req, const struct kase *kase)
{
	static const unsigned char zeros[8192];
	const struct attr *attr;
	__u64 value;

	req_init(genl, req, kase->cmd, kase->flags);
	for (attr = kase->attrs; attr < kase->attrs + ARRAY_SIZE(kase->attrs); attr++) {
		if (!attr->type && !attr->string && !attr->value && !attr->from)
			break;
		value = attr->value;
		switch (attr->how) {
		case AS_U32:
			if (attr->from)
				value = *(const __u32 *)attr->from;
			req_u32(req, attr->type, value);
			break;
		case AS_U64:
			if (attr->from)
				value += *(const __u64 *)attr->from;
			req_put(req, attr->type, &value, sizeof(value));
			break;
		case AS_STRING:
			req_str(req, attr->type, attr->from ? attr->from : attr->string);
			break;
		case AS_BYTES:
			req_put(req, attr->type, zeros, value);
			break;
		}
	}
	if (kase->twist)
		kase->twist(req);
}

/* What a child process saw, through a pipe */
struct seen {
	int err;
	int miss;
	int bad;
	bool empty;
	char text[256];
};

static void talk_as(const struct kase *kase, struct genl *genl, struct seen *seen)
{
	struct genl_answer answer;
	struct genl_req req;

	build(genl, &req, kase);
	genl_talk(genl, &req, &answer);
	seen->err = answer.err;
	seen->miss = answer.miss;
	seen->bad = answer.bad;
	seen->empty = !answer.len;
	snprintf(seen->text, sizeof(seen->text), "%s", answer.text);
	answer_free(&answer);
}

static void talk_in_child(const struct kase *kase, struct seen *seen)
{
	struct genl genl;
	int fds[2], status;
	pid_t pid;

	memset(seen, 0, sizeof(*seen));
	if (pipe(fds))
		ktap_bail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		ktap_bail("fork: %s", strerror(errno));
	if (!pid) {
		if (kase->caller == NAMESPACE_ROOT) {
			if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
				_exit(2);
		} else if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)) {
			_exit(3);
		}
		if (genl_open(&genl, FABRIC_FAMILY_NAME))
			_exit(4);
		talk_as(kase, &genl, seen);
		if (write(fds[1], seen, sizeof(*seen)) != sizeof(*seen))
			_exit(5);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], seen, sizeof(*seen)) != sizeof(*seen))
		seen->err = -2;
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (status)
		ktap_note("the unprivileged child ended with status %x", status);
}

static bool try_kase(struct genl *genl, const struct kase *kase)
{
	struct snapshot before, after;
	struct seen seen = {};
	bool ok = true;

	snapshot_take(genl, &before, true);
	if (kase->caller == ROOT)
		talk_as(kase, genl, &seen);
	else
		talk_in_child(kase, &seen);
	snapshot_take(genl, &after, true);

	if (seen.err != kase->err) {
		ktap_note("error %d (%s) instead of %d (%s)", seen.err, strerror(seen.err),
			  kase->err, strerror(kase->err));
		ok = false;
	}
	if (kase->text && !strstr(seen.text, kase->text)) {
		ktap_note("text \"%s\" lacks \"%s\"", seen.text, kase->text);
		ok = false;
	}
	if (seen.miss != (kase->miss ?: -1)) {
		ktap_note("missing attribute %d instead of %d", seen.miss, kase->miss ?: -1);
		ok = false;
	}
	if (kase->bad && seen.bad != kase->bad) {
		ktap_note("attribute %d at fault instead of %d", seen.bad, kase->bad);
		ok = false;
	}
	if (kase->empty && !seen.empty) {
		ktap_note("the answer is not empty");
		ok = false;
	}
	if (!ok && seen.text[0])
		ktap_note("text was \"%s\"", seen.text);
	if (!snapshot_equal(&before, &after)) {
		ktap_note("the state differs afterwards");
		ok = false;
	}
	if (!before.len) {
		ktap_note("there was no state to compare");
		ok = false;
	}
	snapshot_free(&before);
	snapshot_free(&after);
	return ok;
}

/* A grant that belongs to the file of another process, until we end */
static __u32 grant_of_other(__u64 size)
{
	struct grant_req want = {
		.size = size,
		.mode = have.mode,
		.holder = FABRIC_HOLDER_FILE,
		.domain = have.domain,
	};
	struct grant grant = {};
	struct genl genl;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		ktap_bail("pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		broker_open(&genl);
		if (grant_new(&genl, &want, &grant))
			grant.id = 0;
		if (write(fds[1], &grant.id, sizeof(grant.id)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], &grant.id, sizeof(grant.id)) != sizeof(grant.id) || !grant.id)
		ktap_bail("no grant for the other process");
	close(fds[0]);
	return grant.id;
}

static void find_ports(struct genl *genl)
{
	const struct nlattr *binding, *host;
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	__u32 id;

	/* parents come first */
	req_init(genl, &req, FABRIC_CMD_PORT_GET, NLM_F_DUMP);
	req_u32(&req, FABRIC_A_PORT_DOMAIN_ID, have.domain);
	if (genl_talk(genl, &req, &answer))
		ktap_bail("no ports: %s", strerror(answer.err));
	answer_for_each(nlh, &answer) {
		id = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_PORT_ID));
		binding = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_PORT_BINDING);
		if (!binding) {
			have.port_above = have.port_above ?: id;
		} else if (attr_u32(binding) == FABRIC_BINDING_UNBOUND) {
			have.port_unbound = id;
		} else if (attr_u32(binding) == FABRIC_BINDING_BOUND && !have.port_bound) {
			have.port_bound = id;
			host = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_PORT_HOST);
			snprintf(have.port_bound_host, sizeof(have.port_bound_host), "%s",
				 attr_str(host));
		}
	}
	answer_free(&answer);
}

/* The device that the grants of this test are on, and the port above it */
static void find_device(struct genl *genl, __u32 resource)
{
	const struct nlattr *attr;
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	__u32 modes;

	req_init(genl, &req, FABRIC_CMD_RESOURCE_GET, 0);
	req_u32(&req, FABRIC_A_RESOURCE_ID, resource);
	if (genl_talk(genl, &req, &answer))
		ktap_bail("no resource %u: %s", resource, strerror(answer.err));
	nlh = (const void *)answer.data;
	have.resource = resource;
	have.device = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
					  FABRIC_A_RESOURCE_DEVICE_ID));
	have.granule = attr_uint(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
					    FABRIC_A_RESOURCE_GRANULE));
	modes = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_RESOURCE_MODES));
	for (have.mode_lacking = FABRIC_MODE_MAX; have.mode_lacking; have.mode_lacking--) {
		if (!(modes & (1 << (have.mode_lacking - 1))))
			break;
	}
	answer_free(&answer);

	req_init(genl, &req, FABRIC_CMD_DEVICE_GET, 0);
	req_u32(&req, FABRIC_A_DEVICE_ID, have.device);
	if (genl_talk(genl, &req, &answer))
		ktap_bail("no device %u: %s", have.device, strerror(answer.err));
	nlh = (const void *)answer.data;
	attr = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_DEVICE_PORT_ID);
	/* bound, and with a grant below */
	if (attr && have.port_bound)
		have.port_bound = attr_u32(attr);
	answer_free(&answer);
}

static void setup(struct genl *genl)
{
	const char *backend_name = getenv("FABRIC_BACKEND");
	struct grant_req want = { .holder = FABRIC_HOLDER_NONE };
	struct capacity capacity;
	struct backend backend;
	struct grant grant;

	backend_from_env(&backend);
	have.domain = backend.domain;
	have.mode = backend.mode;
	have.is_emu = !backend_name || !strcmp(backend_name, "emu");
	have.is_cxl = !have.is_emu;
	have.is_not_map = backend.mode != FABRIC_MODE_MAP;
	want.domain = backend.domain;
	want.mode = backend.mode;
	want.size = backend.size;
	find_ports(genl);
	if (grant_new(genl, &want, &grant))
		ktap_bail("no grant to begin with: %s", grant_text());
	have.grant = grant.id;
	have.grant_of_other = grant_of_other(backend.size);
	find_device(genl, grant.resource);
	capacity_get(genl, 0, &capacity);
	have.too_much = capacity.total + have.granule;
}

/* What a backend does not have, there is nothing to refuse about */
static bool applies(const struct kase *kase)
{
	return !kase->needs || *kase->needs;
}

int main(void)
{
	const struct kase *kase;
	unsigned int plan = 0;
	struct genl genl;
	bool ok;

	broker_open(&genl);
	setup(&genl);
	for (kase = kases; kase < kases + ARRAY_SIZE(kases); kase++)
		plan += applies(kase);
	ktap_header(plan);
	for (kase = kases; kase < kases + ARRAY_SIZE(kases); kase++) {
		if (!applies(kase))
			continue;
		ok = try_kase(&genl, kase);
		ktap_result(ok, kase->name);
	}
	grant_del(&genl, have.grant, true);
	ktap_exit();
}
