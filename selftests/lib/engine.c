// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static _Thread_local char last_text[256];

const char *engine_text(void)
{
	return last_text;
}

/* Attributes of a message or of a nest */
struct attrs {
	const void *data;
	size_t len;
};

static struct attrs attrs_of(const struct nlmsghdr *nlh)
{
	return (struct attrs){ msg_attrs(nlh), msg_attrs_len(nlh) };
}

static struct attrs nest_of(const struct nlattr *attr)
{
	return (struct attrs){ attr_data(attr), attr_len(attr) };
}

static bool has(struct attrs attrs, __u16 type)
{
	return attrs_find(attrs.data, attrs.len, type);
}

static __u32 get_u32(struct attrs attrs, __u16 type)
{
	return attr_u32(attrs_find(attrs.data, attrs.len, type));
}

static __u64 get_uint(struct attrs attrs, __u16 type)
{
	return attr_uint(attrs_find(attrs.data, attrs.len, type));
}

static void get_str(struct attrs attrs, __u16 type, char *text, size_t size)
{
	snprintf(text, size, "%s", attr_str(attrs_find(attrs.data, attrs.len, type)));
}

static void parse_pieces(struct attrs attrs, struct told_grant *grant)
{
	const struct nlattr *attr;
	size_t left;

	attrs_for_each(attr, left, attrs.data, attrs.len) {
		unsigned int type = attr->nla_type & NLA_TYPE_MASK;
		struct attrs nest = nest_of(attr);

		if (type == FABRIC_A_GRANT_SLICE && grant->nr_pieces < FABRIC_SLICES_MAX) {
			struct piece *piece = &grant->pieces[grant->nr_pieces++];

			piece->domain = get_u32(nest, FABRIC_A_SLICE_DOMAIN_ID);
			piece->device = get_u32(nest, FABRIC_A_SLICE_DEVICE_ID);
			piece->resource = get_u32(nest, FABRIC_A_SLICE_RESOURCE_ID);
			piece->state = get_u32(nest, FABRIC_A_SLICE_STATE);
			piece->start = get_uint(nest, FABRIC_A_SLICE_START);
			piece->length = get_uint(nest, FABRIC_A_SLICE_LENGTH);
			piece->offset = get_uint(nest, FABRIC_A_SLICE_OFFSET);
		} else if (type == FABRIC_A_GRANT_TAKEN && grant->nr_taken < 4) {
			unsigned int i = grant->nr_taken++;

			grant->taken[i].by = get_u32(nest, FABRIC_A_TAKEN_BY);
			grant->taken[i].priority = get_u32(nest, FABRIC_A_TAKEN_PRIORITY);
			grant->taken[i].size = get_uint(nest, FABRIC_A_TAKEN_SIZE);
			get_str(nest, FABRIC_A_TAKEN_TENANT, grant->taken[i].tenant,
				sizeof(grant->taken[i].tenant));
		} else if (type == FABRIC_A_GRANT_NOTICE) {
			grant->notice.given = true;
			grant->notice.by = get_u32(nest, FABRIC_A_NOTICE_BY);
			grant->notice.priority = get_u32(nest, FABRIC_A_NOTICE_PRIORITY);
			grant->notice.target = get_uint(nest, FABRIC_A_NOTICE_TARGET);
			grant->notice.left = get_uint(nest, FABRIC_A_NOTICE_LEFT);
			get_str(nest, FABRIC_A_NOTICE_REASON, grant->notice.reason,
				sizeof(grant->notice.reason));
		}
	}
}

void engine_parse(const struct nlmsghdr *nlh, struct told_grant *grant)
{
	struct attrs attrs = attrs_of(nlh);

	memset(grant, 0, sizeof(*grant));
	grant->id = get_u32(attrs, FABRIC_A_GRANT_ID);
	grant->state = get_u32(attrs, FABRIC_A_GRANT_STATE);
	grant->error = get_u32(attrs, FABRIC_A_GRANT_ERROR);
	grant->priority = get_u32(attrs, FABRIC_A_GRANT_PRIORITY);
	grant->reclaimable = get_u32(attrs, FABRIC_A_GRANT_RECLAIMABLE);
	grant->bandwidth_min = get_u32(attrs, FABRIC_A_GRANT_BANDWIDTH_MIN);
	grant->holder = get_u32(attrs, FABRIC_A_GRANT_HOLDER);
	grant->pid = get_u32(attrs, FABRIC_A_GRANT_PID);
	grant->uid = get_u32(attrs, FABRIC_A_GRANT_UID);
	grant->position = get_u32(attrs, FABRIC_A_GRANT_POSITION);
	grant->has_position = has(attrs, FABRIC_A_GRANT_POSITION);
	grant->restorable = get_u32(attrs, FABRIC_A_GRANT_RESTORABLE);
	grant->reclaims = get_u32(attrs, FABRIC_A_GRANT_RECLAIMS);
	grant->resizes = get_u32(attrs, FABRIC_A_GRANT_RESIZES);
	grant->renewals = get_u32(attrs, FABRIC_A_GRANT_RENEWALS);
	grant->size = get_uint(attrs, FABRIC_A_GRANT_SIZE);
	grant->min = get_uint(attrs, FABRIC_A_GRANT_MIN);
	grant->full_size = get_uint(attrs, FABRIC_A_GRANT_FULL_SIZE);
	grant->wait_left = get_uint(attrs, FABRIC_A_GRANT_WAIT_LEFT);
	grant->has_wait_left = has(attrs, FABRIC_A_GRANT_WAIT_LEFT);
	grant->lease_left = get_uint(attrs, FABRIC_A_GRANT_LEASE_LEFT);
	grant->has_lease_left = has(attrs, FABRIC_A_GRANT_LEASE_LEFT);
	grant->queue_time = get_uint(attrs, FABRIC_A_GRANT_QUEUE_TIME);
	grant->has_queue_time = has(attrs, FABRIC_A_GRANT_QUEUE_TIME);
	get_str(attrs, FABRIC_A_GRANT_REASON, grant->reason, sizeof(grant->reason));
	get_str(attrs, FABRIC_A_GRANT_TENANT, grant->tenant, sizeof(grant->tenant));
	get_str(attrs, FABRIC_A_GRANT_TOKEN, grant->token, sizeof(grant->token));
	grant->fd = has(attrs, FABRIC_A_GRANT_FD) ? (int)get_u32(attrs, FABRIC_A_GRANT_FD) : -1;
	parse_pieces(attrs, grant);
}

static int talk(struct genl *genl, struct genl_req *req, struct told_grant *grant)
{
	struct genl_answer answer;
	int err = genl_talk(genl, req, &answer);

	snprintf(last_text, sizeof(last_text), "%s", answer.text);
	if (!err && grant) {
		if (answer.len)
			engine_parse((const void *)answer.data, grant);
		else
			err = ENODATA;
	}
	answer_free(&answer);
	return err;
}

int engine_talk(struct genl *genl, struct genl_req *req, __u16 attr, __u32 *id)
{
	struct genl_answer answer;
	int err = genl_talk(genl, req, &answer);

	snprintf(last_text, sizeof(last_text), "%s", answer.text);
	if (!err && id && answer.len)
		*id = get_u32(attrs_of((const void *)answer.data), attr);
	answer_free(&answer);
	return err;
}

static void put_u32(struct genl_req *req, __u16 type, __u32 value)
{
	if (value)
		req_u32(req, type, value == ZERO ? 0 : value);
}

static void put_uint(struct genl_req *req, __u16 type, __u64 value)
{
	if (value)
		req_uint(req, type, value == ZERO ? 0 : value);
}

static void put_str(struct genl_req *req, __u16 type, const char *value)
{
	if (value)
		req_str(req, type, value);
}

int engine_new(struct genl *genl, const struct want *want, struct told_grant *grant)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, want->kind ?: FABRIC_KIND_MEMORY);
	put_uint(&req, FABRIC_A_GRANT_SIZE, want->size);
	put_uint(&req, FABRIC_A_GRANT_MIN, want->min);
	put_uint(&req, FABRIC_A_GRANT_GRANULARITY, want->granularity);
	put_uint(&req, FABRIC_A_GRANT_LEASE, want->lease);
	put_uint(&req, FABRIC_A_GRANT_WAIT, want->wait);
	put_u32(&req, FABRIC_A_GRANT_PRIORITY, want->priority);
	put_u32(&req, FABRIC_A_GRANT_RECLAIMABLE, want->reclaimable);
	put_u32(&req, FABRIC_A_GRANT_GRACE, want->grace);
	put_u32(&req, FABRIC_A_GRANT_PIECES, want->pieces);
	put_u32(&req, FABRIC_A_GRANT_PLACEMENT, want->placement);
	put_u32(&req, FABRIC_A_GRANT_HOLDER, want->holder);
	put_u32(&req, FABRIC_A_GRANT_DOMAIN_ID, want->domain);
	put_u32(&req, FABRIC_A_GRANT_DEVICE_ID, want->device);
	put_u32(&req, FABRIC_A_GRANT_PORT_ID, want->port);
	put_u32(&req, FABRIC_A_GRANT_NEAR_NODE, want->near_node);
	put_u32(&req, FABRIC_A_GRANT_NUMA_NODE, want->numa_node);
	put_u32(&req, FABRIC_A_GRANT_MODE, want->mode);
	put_u32(&req, FABRIC_A_GRANT_RESTORE, want->restore);
	put_u32(&req, FABRIC_A_GRANT_BANDWIDTH_MIN, want->bandwidth_min);
	put_u32(&req, FABRIC_A_GRANT_BANDWIDTH_MAX, want->bandwidth_max);
	put_str(&req, FABRIC_A_GRANT_CAPABILITY, want->capability);
	put_str(&req, FABRIC_A_GRANT_LABEL, want->label);
	put_str(&req, FABRIC_A_GRANT_LABEL, want->label2);
	put_str(&req, FABRIC_A_GRANT_TOKEN, want->token);
	put_str(&req, FABRIC_A_GRANT_TENANT, want->tenant);
	return talk(genl, &req, grant);
}

int engine_get(struct genl *genl, __u32 id, struct told_grant *grant)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_GET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	return talk(genl, &req, grant);
}

int engine_set(struct genl *genl, __u32 id, const struct change *change,
	       struct told_grant *grant)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_SET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	put_uint(&req, FABRIC_A_GRANT_SIZE, change->size);
	put_uint(&req, FABRIC_A_GRANT_MIN, change->min);
	put_u32(&req, FABRIC_A_GRANT_PIECES, change->pieces);
	put_u32(&req, FABRIC_A_GRANT_PRIORITY, change->priority);
	put_u32(&req, FABRIC_A_GRANT_RECLAIMABLE, change->reclaimable);
	put_u32(&req, FABRIC_A_GRANT_GRACE, change->grace);
	put_u32(&req, FABRIC_A_GRANT_RESTORE, change->restore);
	if (change->force)
		req_flag(&req, FABRIC_A_GRANT_FORCE);
	return talk(genl, &req, grant);
}

int engine_del(struct genl *genl, __u32 id, bool force)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_DEL, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	if (force)
		req_flag(&req, FABRIC_A_GRANT_FORCE);
	return talk(genl, &req, NULL);
}

int engine_renew(struct genl *genl, __u32 id, __u64 lease, struct told_grant *grant)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_GRANT_RENEW, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	put_uint(&req, FABRIC_A_GRANT_LEASE, lease);
	return talk(genl, &req, grant);
}

int engine_read(int fd, struct told_grant *grant)
{
	static _Thread_local unsigned char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	int flags = fcntl(fd, F_GETFL);
	ssize_t got;
	int err;

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	got = read(fd, buffer, sizeof(buffer));
	err = got < 0 ? errno : 0;
	fcntl(fd, F_SETFL, flags);
	if (got > 0)
		engine_parse((const void *)buffer, grant);
	return got ? err : ENODATA;
}

int engine_stats(struct genl *genl, struct told_stats *stats)
{
	const struct nlattr *attr;
	struct genl_answer answer;
	struct genl_req req;
	struct attrs attrs;
	size_t left;
	int err;

	memset(stats, 0, sizeof(*stats));
	req_init(genl, &req, FABRIC_CMD_STATS_GET, 0);
	err = genl_talk(genl, &req, &answer);
	snprintf(last_text, sizeof(last_text), "%s", answer.text);
	if (err || !answer.len) {
		answer_free(&answer);
		return err ?: ENODATA;
	}
	attrs = attrs_of((const void *)answer.data);
	stats->requests = get_uint(attrs, FABRIC_A_STATS_REQUESTS);
	stats->grants = get_uint(attrs, FABRIC_A_STATS_GRANTS);
	stats->releases = get_uint(attrs, FABRIC_A_STATS_RELEASES);
	stats->notices = get_uint(attrs, FABRIC_A_STATS_NOTICES);
	stats->shrinks = get_uint(attrs, FABRIC_A_STATS_SHRINKS);
	stats->revokes = get_uint(attrs, FABRIC_A_STATS_REVOKES);
	stats->forced = get_uint(attrs, FABRIC_A_STATS_FORCED);
	stats->restores = get_uint(attrs, FABRIC_A_STATS_RESTORES);
	stats->lease_expiries = get_uint(attrs, FABRIC_A_STATS_LEASE_EXPIRIES);
	stats->wait_expiries = get_uint(attrs, FABRIC_A_STATS_WAIT_EXPIRIES);
	stats->queued = get_u32(attrs, FABRIC_A_STATS_QUEUED);
	attrs_for_each(attr, left, attrs.data, attrs.len) {
		unsigned int type = attr->nla_type & NLA_TYPE_MASK;
		struct attrs nest = nest_of(attr);
		__u32 error;

		if (type == FABRIC_A_STATS_WAIT) {
			stats->nr_buckets++;
			stats->waited += get_uint(nest, FABRIC_A_WAIT_BUCKET_COUNT);
		} else if (type == FABRIC_A_STATS_REFUSAL) {
			error = get_u32(nest, FABRIC_A_REFUSAL_ERROR);
			if (error < 256)
				stats->refusals[error] += get_uint(nest, FABRIC_A_REFUSAL_COUNT);
		}
	}
	answer_free(&answer);
	return 0;
}

int engine_log(struct genl *genl, __u64 sequence, struct told_log *log, unsigned int max)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int nr = 0;
	int err;

	req_init(genl, &req, FABRIC_CMD_LOG_GET, NLM_F_DUMP);
	put_uint(&req, FABRIC_A_LOG_SEQUENCE, sequence);
	err = genl_talk(genl, &req, &answer);
	snprintf(last_text, sizeof(last_text), "%s", answer.text);
	if (err) {
		answer_free(&answer);
		return -err;
	}
	answer_for_each(nlh, &answer) {
		struct attrs attrs = attrs_of(nlh);

		if (nr == max)
			break;
		log[nr].sequence = get_uint(attrs, FABRIC_A_LOG_SEQUENCE);
		log[nr].event = get_u32(attrs, FABRIC_A_LOG_EVENT);
		log[nr].grant = get_u32(attrs, FABRIC_A_LOG_GRANT_ID);
		log[nr].size = get_uint(attrs, FABRIC_A_LOG_SIZE);
		log[nr].priority = get_u32(attrs, FABRIC_A_LOG_PRIORITY);
		log[nr].by = get_u32(attrs, FABRIC_A_LOG_BY);
		log[nr].error = get_u32(attrs, FABRIC_A_LOG_ERROR);
		log[nr].pid = get_u32(attrs, FABRIC_A_LOG_PID);
		log[nr].uid = get_u32(attrs, FABRIC_A_LOG_UID);
		get_str(attrs, FABRIC_A_LOG_TENANT, log[nr].tenant, sizeof(log[nr].tenant));
		get_str(attrs, FABRIC_A_LOG_REASON, log[nr].reason, sizeof(log[nr].reason));
		nr++;
	}
	answer_free(&answer);
	return nr;
}

static void dump_all(struct genl *genl, struct genl_req *req, struct genl_answer *answer)
{
	int tries = 1000;

	for (;;) {
		if (genl_talk(genl, req, answer))
			ktap_fail("command %u: %s", req->bytes[NLMSG_HDRLEN],
				  strerror(answer->err));
		if (!answer->interrupted)
			return;
		answer_free(answer);
		if (!--tries)
			ktap_fail("command %u is never consistent",
				  req->bytes[NLMSG_HDRLEN]);
	}
}

int engine_resource(struct genl *genl, __u32 device, __u32 port, struct told_resource *resource)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	int err = ENOENT;

	memset(resource, 0, sizeof(*resource));
	req_init(genl, &req, FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP);
	dump_all(genl, &req, &answer);
	answer_for_each(nlh, &answer) {
		struct attrs attrs = attrs_of(nlh);

		if (get_u32(attrs, FABRIC_A_RESOURCE_DEVICE_ID) != device ||
		    get_u32(attrs, FABRIC_A_RESOURCE_PORT_ID) != port)
			continue;
		resource->id = get_u32(attrs, FABRIC_A_RESOURCE_ID);
		resource->device = device;
		resource->port = port;
		resource->kind = get_u32(attrs, FABRIC_A_RESOURCE_KIND);
		resource->total = get_uint(attrs, FABRIC_A_RESOURCE_TOTAL);
		resource->free = get_uint(attrs, FABRIC_A_RESOURCE_FREE);
		resource->reserved = get_uint(attrs, FABRIC_A_RESOURCE_RESERVED);
		resource->granted = get_uint(attrs, FABRIC_A_RESOURCE_GRANTED);
		resource->quarantined = get_uint(attrs, FABRIC_A_RESOURCE_QUARANTINED);
		resource->largest_free = get_uint(attrs, FABRIC_A_RESOURCE_LARGEST_FREE);
		resource->allocations = get_uint(attrs, FABRIC_A_RESOURCE_ALLOCATIONS);
		resource->refusals = get_uint(attrs, FABRIC_A_RESOURCE_REFUSALS);
		resource->reclaims = get_uint(attrs, FABRIC_A_RESOURCE_RECLAIMS);
		resource->high_water = get_uint(attrs, FABRIC_A_RESOURCE_HIGH_WATER);
		resource->fragmentation = get_u32(attrs, FABRIC_A_RESOURCE_FRAGMENTATION);
		resource->slices = get_u32(attrs, FABRIC_A_RESOURCE_SLICES);
		err = 0;
		break;
	}
	answer_free(&answer);
	return err;
}

__u32 engine_object(struct genl *genl, __u8 cmd, __u32 domain, const char *name)
{
	bool port = cmd == FABRIC_CMD_PORT_GET;
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	char text[64];
	__u32 id = 0;

	req_init(genl, &req, cmd, NLM_F_DUMP);
	req_u32(&req, port ? FABRIC_A_PORT_DOMAIN_ID : FABRIC_A_DEVICE_DOMAIN_ID, domain);
	dump_all(genl, &req, &answer);
	answer_for_each(nlh, &answer) {
		struct attrs attrs = attrs_of(nlh);

		get_str(attrs, port ? FABRIC_A_PORT_NAME : FABRIC_A_DEVICE_NAME, text,
			sizeof(text));
		if (!strcmp(text, name))
			id = get_u32(attrs, port ? FABRIC_A_PORT_ID : FABRIC_A_DEVICE_ID);
	}
	answer_free(&answer);
	if (!id)
		ktap_bail("there is no %s", name);
	return id;
}

int engine_device_set(struct genl *genl, __u32 device, __u32 admin_state, const char *label,
		      const char *unlabel)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_DEVICE_SET, 0);
	req_u32(&req, FABRIC_A_DEVICE_ID, device);
	put_u32(&req, FABRIC_A_DEVICE_ADMIN_STATE, admin_state);
	put_str(&req, FABRIC_A_DEVICE_LABEL, label);
	put_str(&req, FABRIC_A_DEVICE_UNLABEL, unlabel);
	return talk(genl, &req, NULL);
}

int engine_port_label(struct genl *genl, __u32 port, const char *label, const char *unlabel)
{
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_PORT_SET, 0);
	req_u32(&req, FABRIC_A_PORT_ID, port);
	put_str(&req, FABRIC_A_PORT_LABEL, label);
	put_str(&req, FABRIC_A_PORT_UNLABEL, unlabel);
	return talk(genl, &req, NULL);
}

/* Requests in the queue have nothing of it, and end with who made them. */
static bool has_slice_of(const struct nlmsghdr *nlh, __u32 domain)
{
	struct attrs attrs = attrs_of(nlh);
	const struct nlattr *attr;
	size_t left;

	attrs_for_each(attr, left, attrs.data, attrs.len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == FABRIC_A_GRANT_SLICE &&
		    get_u32(nest_of(attr), FABRIC_A_SLICE_DOMAIN_ID) == domain)
			return true;
	}
	return false;
}

static bool all_released(struct genl *genl, __u32 domain)
{
	struct capacity now;

	capacity_get(genl, domain, &now);
	return capacity_balanced(&now) && now.free == now.total;
}

void engine_clear(struct genl *genl, __u32 domain)
{
	__u64 deadline = now_ms() + WITHIN_MS;
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct told_stats stats;
	struct genl_req req;

	emu_faults_clear();
	do {
		req_init(genl, &req, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
		if (!genl_talk(genl, &req, &answer)) {
			answer_for_each(nlh, &answer) {
				if (has_slice_of(nlh, domain))
					engine_del(genl, get_u32(attrs_of(nlh), FABRIC_A_GRANT_ID),
						   true);
			}
		}
		answer_free(&answer);
		/* In this order: what was queued may have just got something. */
		if (!engine_stats(genl, &stats) && !stats.queued && all_released(genl, domain))
			return;
		usleep(5000);
	} while (now_ms() < deadline);
	ktap_fail("not all is free after the test");
}

void must_become(struct genl *genl, __u32 id, __u32 state)
{
	__u64 deadline = now_ms() + WITHIN_MS;
	struct told_grant grant;
	int err;

	do {
		err = engine_get(genl, id, &grant);
		if (state ? !err && grant.state == state : err == ENOENT)
			return;
		usleep(2000);
	} while (now_ms() < deadline);
	ktap_fail("grant %u is in state %u (%s) instead of %u", id, err ? 0 : grant.state,
		  err ? strerror(err) : grant.reason, state);
}

bool size_becomes(struct genl *genl, __u32 id, __u64 size, unsigned int ms)
{
	__u64 deadline = now_ms() + ms;
	struct told_grant grant;
	bool last;
	int err;

	do {
		last = now_ms() >= deadline;
		err = engine_get(genl, id, &grant);
		if (size ? !err && grant.state == FABRIC_GRANT_STATE_ACTIVE && grant.size == size :
			   err == ENOENT)
			return true;
		usleep(2000);
	} while (!last);
	return false;
}

void emu_fault(const char *op, const char *file, long value)
{
	const char *name = getenv("FABRIC_TEST_DOMAIN");
	char path[256];
	FILE *stream;

	snprintf(path, sizeof(path), "/sys/kernel/debug/fabric_emu/%s/fault/%s/%s", name, op,
		 file);
	stream = fopen(path, "w");
	if (!stream || fprintf(stream, "%ld\n", value) < 0 || fclose(stream))
		ktap_fail("%s: %s", path, strerror(errno));
}

void emu_faults_clear(void)
{
	static const char * const ops[] = {
		"slice_prepare", "slice_commit", "slice_revoke", "slice_release", "slice_shrink",
	};
	unsigned int i;

	/* Other backends have none. */
	if (getenv("FABRIC_TEST_REGION"))
		return;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		emu_fault(ops[i], "error", 0);
		emu_fault(ops[i], "delay_ms", 0);
		emu_fault(ops[i], "times", -1);
		emu_fault(ops[i], "wake", 1);
	}
}
