// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "grants.h"
#include "ktap.h"

static char last_text[256];

static const char *env_text(const char *name)
{
	const char *text = getenv(name);

	if (!text || !*text)
		ktap_skip_all("%s is not set: run the script of the same name", name);
	return text;
}

void broker_open(struct genl *genl)
{
	int err = genl_open(genl, FABRIC_FAMILY_NAME);

	if (err)
		ktap_bail("no family %s: %s", FABRIC_FAMILY_NAME, strerror(err));
}

__u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void grant_parse(const struct genl_answer *answer, struct grant *grant)
{
	const struct nlmsghdr *nlh = (const void *)answer->data;
	const struct nlattr *attr, *slice;
	const void *attrs = msg_attrs(nlh);
	size_t len = msg_attrs_len(nlh);

	memset(grant, 0, sizeof(*grant));
	grant->id = attr_u32(attrs_find(attrs, len, FABRIC_A_GRANT_ID));
	grant->state = attr_u32(attrs_find(attrs, len, FABRIC_A_GRANT_STATE));
	grant->error = attr_u32(attrs_find(attrs, len, FABRIC_A_GRANT_ERROR));
	attr = attrs_find(attrs, len, FABRIC_A_GRANT_REASON);
	snprintf(grant->reason, sizeof(grant->reason), "%s", attr_str(attr));
	attr = attrs_find(attrs, len, FABRIC_A_GRANT_FD);
	grant->fd = attr ? (int)attr_u32(attr) : -1;
	slice = attrs_find(attrs, len, FABRIC_A_GRANT_SLICE);
	if (!slice)
		return;
	attrs = attr_data(slice);
	len = attr_len(slice);
	grant->resource = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_RESOURCE_ID));
	grant->slice_state = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_STATE));
	grant->start = attr_uint(attrs_find(attrs, len, FABRIC_A_SLICE_START));
	grant->length = attr_uint(attrs_find(attrs, len, FABRIC_A_SLICE_LENGTH));
	attr = attrs_find(attrs, len, FABRIC_A_SLICE_NODE);
	snprintf(grant->node, sizeof(grant->node), "%s", attr_str(attr));
}

static int grant_talk(struct genl *genl, struct genl_req *req, struct grant *grant)
{
	struct genl_answer answer;
	int err = genl_talk(genl, req, &answer);

	snprintf(last_text, sizeof(last_text), "%s", answer.text);
	if (!err && grant) {
		if (answer.len)
			grant_parse(&answer, grant);
		else
			err = ENODATA;
	}
	answer_free(&answer);
	return err;
}

const char *grant_text(void)
{
	return last_text;
}

int grant_new(struct genl *genl, const struct grant_req *from, struct grant *grant)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	req_uint(&req, FABRIC_A_GRANT_SIZE, from->size);
	if (from->mode)
		req_u32(&req, FABRIC_A_GRANT_MODE, from->mode);
	if (from->holder)
		req_u32(&req, FABRIC_A_GRANT_HOLDER, from->holder);
	if (from->domain)
		req_u32(&req, FABRIC_A_GRANT_DOMAIN_ID, from->domain);
	if (from->device)
		req_u32(&req, FABRIC_A_GRANT_DEVICE_ID, from->device);
	return grant_talk(genl, &req, grant);
}

int grant_get(struct genl *genl, __u32 id, struct grant *grant)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_GET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	return grant_talk(genl, &req, grant);
}

int grant_del(struct genl *genl, __u32 id, bool force)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_DEL, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	if (force)
		req_flag(&req, FABRIC_A_GRANT_FORCE);
	return grant_talk(genl, &req, NULL);
}

int grant_open(struct genl *genl, __u32 id)
{
	struct grant grant;
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_OPEN, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	if (grant_talk(genl, &req, &grant))
		return -1;
	return grant.fd;
}

/*
 * Map @len bytes of a slice: through @fd where the mode is map, else through
 * its node.
 */
void *slice_map(const struct grant *grant, int fd, size_t len)
{
	char path[64];
	void *mem;
	__u64 deadline;
	int node;

	if (!grant->node[0])
		return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	snprintf(path, sizeof(path), "/dev/%s", grant->node);
	/* devtmpfs makes the node before the grant is active, udev may touch it */
	deadline = now_ms() + 5000;
	do {
		node = open(path, O_RDWR | O_CLOEXEC);
		if (node < 0)
			usleep(10000);
	} while (node < 0 && now_ms() < deadline);
	if (node < 0)
		return MAP_FAILED;
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, node, 0);
	close(node);
	return mem;
}

void slice_unmap(void *mem, size_t len)
{
	munmap(mem, len);
}

static void dump_again(struct genl *genl, struct genl_req *req, struct genl_answer *answer)
{
	unsigned int tries = 0;
	int err;

	/* somebody else may change something meanwhile, but not for ever */
	do {
		err = genl_talk(genl, req, answer);
		if (err)
			ktap_bail("dump of command %u: %s",
				  req->bytes[NLMSG_HDRLEN], strerror(err));
		if (!answer->interrupted)
			return;
		answer_free(answer);
	} while (++tries < 1000);
	ktap_bail("dump of command %u is never consistent", req->bytes[NLMSG_HDRLEN]);
}

static __u32 domain_find(struct genl *genl, const char *name)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	__u32 id = 0;

	req_init(genl, &req, FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP);
	dump_again(genl, &req, &answer);
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);

		if (!strcmp(attr_str(attrs_find(attrs, len, FABRIC_A_DOMAIN_NAME)), name))
			id = attr_u32(attrs_find(attrs, len, FABRIC_A_DOMAIN_ID));
	}
	answer_free(&answer);
	return id;
}

void backend_from_env(struct backend *backend)
{
	const char *name = env_text("FABRIC_TEST_DOMAIN");
	struct genl genl;

	broker_open(&genl);
	backend->domain = domain_find(&genl, name);
	genl_close(&genl);
	if (!backend->domain)
		ktap_bail("there is no domain %s", name);
	backend->mode = strtoul(env_text("FABRIC_TEST_MODE"), NULL, 0);
	backend->size = strtoull(env_text("FABRIC_TEST_SIZE"), NULL, 0);
}

void capacity_get(struct genl *genl, __u32 domain, struct capacity *capacity)
{
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	struct genl_req req;

	memset(capacity, 0, sizeof(*capacity));
	req_init(genl, &req, FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP);
	if (domain)
		req_u32(&req, FABRIC_A_RESOURCE_DOMAIN_ID, domain);
	dump_again(genl, &req, &answer);
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);

		if (attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_KIND)) != FABRIC_KIND_MEMORY)
			continue;
		capacity->total += attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_TOTAL));
		capacity->free += attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_FREE));
		capacity->reserved += attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_RESERVED));
		capacity->granted += attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_GRANTED));
		capacity->quarantined += attr_uint(attrs_find(attrs, len,
							      FABRIC_A_RESOURCE_QUARANTINED));
		capacity->slices += attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_SLICES));
		capacity->resources++;
	}
	answer_free(&answer);
}

bool capacity_balanced(const struct capacity *c)
{
	return c->total && c->free + c->reserved + c->granted + c->quarantined == c->total;
}

bool capacity_free_reaches(struct genl *genl, __u32 domain, __u64 free, unsigned int ms)
{
	__u64 deadline = now_ms() + ms;
	struct capacity now;
	bool last;

	do {
		last = now_ms() >= deadline;
		capacity_get(genl, domain, &now);
		if (!capacity_balanced(&now))
			return false;
		if (now.free == free)
			return true;
		usleep(2000);
	} while (!last);
	return false;
}

static void snapshot_add(struct snapshot *snapshot, const void *data, size_t len)
{
	snapshot->data = realloc(snapshot->data, snapshot->len + len + 1);
	if (!snapshot->data)
		ktap_bail("out of memory");
	memcpy(snapshot->data + snapshot->len, data, len);
	snapshot->len += len;
}

/* What time alone changes; being refused is counted, and nothing else */
static bool changes_by_itself(__u8 cmd, unsigned int type)
{
	if (cmd == FABRIC_CMD_RESOURCE_GET)
		return type == FABRIC_A_RESOURCE_REFUSALS;
	if (cmd == FABRIC_CMD_PORT_GET)
		return type == FABRIC_A_PORT_RESTED;
	return cmd == FABRIC_CMD_GRANT_GET &&
	       (type == FABRIC_A_GRANT_AGE || type == FABRIC_A_GRANT_LEASE_LEFT ||
		type == FABRIC_A_GRANT_WAIT_LEFT || type == FABRIC_A_GRANT_QUEUE_TIME);
}

/* What tells of the past */
static bool is_history(__u8 cmd, unsigned int type)
{
	return cmd == FABRIC_CMD_RESOURCE_GET &&
	       (type == FABRIC_A_RESOURCE_ALLOCATIONS || type == FABRIC_A_RESOURCE_RECLAIMS ||
		type == FABRIC_A_RESOURCE_HIGH_WATER);
}

void snapshot_take(struct genl *genl, struct snapshot *snapshot, bool history)
{
	static const __u8 cmds[] = {
		FABRIC_CMD_DOMAIN_GET, FABRIC_CMD_PORT_GET, FABRIC_CMD_DEVICE_GET,
		FABRIC_CMD_RESOURCE_GET, FABRIC_CMD_SLICE_GET, FABRIC_CMD_GRANT_GET,
		FABRIC_CMD_TENANT_GET,
	};
	const struct nlmsghdr *nlh;
	const struct nlattr *attr;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i;
	size_t left;

	memset(snapshot, 0, sizeof(*snapshot));
	for (i = 0; i < sizeof(cmds); i++) {
		req_init(genl, &req, cmds[i], NLM_F_DUMP);
		dump_again(genl, &req, &answer);
		answer_for_each(nlh, &answer) {
			snapshot_add(snapshot, &cmds[i], 1);
			attrs_for_each(attr, left, msg_attrs(nlh), msg_attrs_len(nlh)) {
				unsigned int type = attr->nla_type & NLA_TYPE_MASK;

				if (changes_by_itself(cmds[i], type) ||
				    (!history && is_history(cmds[i], type)))
					continue;
				snapshot_add(snapshot, attr, attr->nla_len);
			}
		}
		answer_free(&answer);
	}
}

bool snapshot_equal(const struct snapshot *a, const struct snapshot *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->data);
	snapshot->data = NULL;
	snapshot->len = 0;
}
