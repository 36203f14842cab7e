// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

enum {
	LIST_SLICES,
	LIST_TAKEN,
};

static const struct field fields[] = {
	FIELD(struct fabric_grant, id, FABRIC_A_GRANT_ID),
	FIELD(struct fabric_grant, kind, FABRIC_A_GRANT_KIND),
	FIELD(struct fabric_grant, mode, FABRIC_A_GRANT_MODE),
	FIELD(struct fabric_grant, state, FABRIC_A_GRANT_STATE),
	FIELD(struct fabric_grant, holder, FABRIC_A_GRANT_HOLDER),
	FIELD(struct fabric_grant, pid, FABRIC_A_GRANT_PID),
	FIELD(struct fabric_grant, uid, FABRIC_A_GRANT_UID),
	FIELD(struct fabric_grant, error, FABRIC_A_GRANT_ERROR),
	FIELD(struct fabric_grant, fd, FABRIC_A_GRANT_FD, .or_max = true),
	FIELD(struct fabric_grant, size, FABRIC_A_GRANT_SIZE),
	FIELD(struct fabric_grant, age, FABRIC_A_GRANT_AGE),
	FIELD(struct fabric_grant, capability, FABRIC_A_GRANT_CAPABILITY, .string = true),
	FIELD(struct fabric_grant, comm, FABRIC_A_GRANT_COMM, .string = true),
	FIELD(struct fabric_grant, reason, FABRIC_A_GRANT_REASON, .string = true),
	FIELD(struct fabric_grant, gid, FABRIC_A_GRANT_GID, .or_max = true),
	FIELD(struct fabric_grant, priority, FABRIC_A_GRANT_PRIORITY),
	FIELD(struct fabric_grant, grace, FABRIC_A_GRANT_GRACE),
	FIELD(struct fabric_grant, pieces, FABRIC_A_GRANT_PIECES),
	FIELD(struct fabric_grant, placement, FABRIC_A_GRANT_PLACEMENT),
	FIELD(struct fabric_grant, position, FABRIC_A_GRANT_POSITION, .or_max = true),
	FIELD(struct fabric_grant, bandwidth_min, FABRIC_A_GRANT_BANDWIDTH_MIN),
	FIELD(struct fabric_grant, bandwidth_max, FABRIC_A_GRANT_BANDWIDTH_MAX),
	FIELD(struct fabric_grant, reclaims, FABRIC_A_GRANT_RECLAIMS),
	FIELD(struct fabric_grant, resizes, FABRIC_A_GRANT_RESIZES),
	FIELD(struct fabric_grant, renewals, FABRIC_A_GRANT_RENEWALS),
	FIELD(struct fabric_grant, reclaimable, FABRIC_A_GRANT_RECLAIMABLE),
	FIELD(struct fabric_grant, restore, FABRIC_A_GRANT_RESTORE),
	FIELD(struct fabric_grant, restorable, FABRIC_A_GRANT_RESTORABLE),
	FIELD(struct fabric_grant, min, FABRIC_A_GRANT_MIN),
	FIELD(struct fabric_grant, full_size, FABRIC_A_GRANT_FULL_SIZE),
	FIELD(struct fabric_grant, lease, FABRIC_A_GRANT_LEASE),
	FIELD(struct fabric_grant, lease_left, FABRIC_A_GRANT_LEASE_LEFT, .or_max = true),
	FIELD(struct fabric_grant, wait_left, FABRIC_A_GRANT_WAIT_LEFT, .or_max = true),
	FIELD(struct fabric_grant, queue_time, FABRIC_A_GRANT_QUEUE_TIME, .or_max = true),
	FIELD(struct fabric_grant, token, FABRIC_A_GRANT_TOKEN, .string = true),
	FIELD(struct fabric_grant, tenant, FABRIC_A_GRANT_TENANT, .string = true),
	FIELD(struct fabric_grant, driver, FABRIC_A_GRANT_DRIVER, .string = true),
	FIELD(struct fabric_grant, mac, FABRIC_A_GRANT_MAC, .string = true),
	FIELD(struct fabric_grant, vlan, FABRIC_A_GRANT_VLAN),
};

static const struct field notice_fields[] = {
	FIELD(struct fabric_notice, by, FABRIC_A_NOTICE_BY),
	FIELD(struct fabric_notice, priority, FABRIC_A_NOTICE_PRIORITY),
	FIELD(struct fabric_notice, target, FABRIC_A_NOTICE_TARGET),
	FIELD(struct fabric_notice, left, FABRIC_A_NOTICE_LEFT),
	FIELD(struct fabric_notice, reason, FABRIC_A_NOTICE_REASON, .string = true),
};

static const struct field taken_fields[] = {
	FIELD(struct fabric_taken, by, FABRIC_A_TAKEN_BY),
	FIELD(struct fabric_taken, priority, FABRIC_A_TAKEN_PRIORITY),
	FIELD(struct fabric_taken, size, FABRIC_A_TAKEN_SIZE),
	FIELD(struct fabric_taken, age, FABRIC_A_TAKEN_AGE),
	FIELD(struct fabric_taken, tenant, FABRIC_A_TAKEN_TENANT, .string = true),
};

static void parse_notice(const struct nlattr *nest, struct box *box)
{
	struct attrs attrs;

	box->grant.notice = nest ? &box->notice : NULL;
	if (!nest)
		return;
	parse_attrs(&attrs, attr_data(nest), attr_len(nest));
	fill(&attrs, notice_fields, ARRAY_SIZE(notice_fields), &box->notice);
}

int parse_grant(const struct nlmsghdr *nlh, struct box *box)
{
	const struct nests slices = {
		FABRIC_A_GRANT_SLICE, slice_fields, nr_slice_fields, sizeof(struct fabric_slice),
	};
	static const struct nests taken = {
		FABRIC_A_GRANT_TAKEN, taken_fields, ARRAY_SIZE(taken_fields),
		sizeof(struct fabric_taken),
	};
	struct fabric_grant *grant = &box->grant;
	struct fabric_slice *slice;
	struct attrs attrs;
	uint32_t i;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, fields, ARRAY_SIZE(fields), grant);
	grant->group = attrs.tb[FABRIC_A_GRANT_GROUP];
	parse_notice(attrs.tb[FABRIC_A_GRANT_NOTICE], box);
	grant->slices = NULL;
	grant->taken = NULL;
	err = get_nests(&attrs, &slices, &box->lists[LIST_SLICES], &grant->nr_slices);
	if (!err)
		err = get_nests(&attrs, &taken, &box->lists[LIST_TAKEN], &grant->nr_taken);
	if (err)
		return err;
	slice = (struct fabric_slice *)box->lists[LIST_SLICES].items;
	for (i = 0; i < grant->nr_slices; i++)
		slice[i].grant_id = grant->id;
	if (grant->nr_slices)
		grant->slices = slice;
	if (grant->nr_taken)
		grant->taken = (const struct fabric_taken *)box->lists[LIST_TAKEN].items;
	return 0;
}

static int grant_talk(struct fabric_ctx *ctx, const struct fabric_grant **grant)
{
	struct box *box = &ctx->nl->objects.grant;
	int err;

	if (grant)
		*grant = &box->grant;
	box->grant.fd = -1;
	err = talk_object(ctx, parse_grant, box);
	/* Nobody would know of the descriptor, nor end the grant. */
	if (err && box->grant.fd >= 0)
		close(box->grant.fd);
	return err;
}

FABRIC_API int fabric_grant_get(struct fabric_ctx *ctx, uint32_t id,
				const struct fabric_grant **grant)
{
	request_start(ctx, FABRIC_CMD_GRANT_GET, 0);
	put_u32(ctx, FABRIC_A_GRANT_ID, id);
	return grant_talk(ctx, grant);
}

static int call(struct list *list)
{
	return list->cb.grant(&list->box.grant, list->data);
}

FABRIC_API int fabric_grant_list(struct fabric_ctx *ctx, fabric_grant_cb cb, void *data)
{
	struct list list = { .parse = parse_grant, .call = call, .cb.grant = cb, .data = data };

	request_start(ctx, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	return dump(ctx, &list);
}

static void put_given(struct fabric_ctx *ctx, unsigned int type, uint32_t value)
{
	if (value != FABRIC_UNSET)
		put_u32(ctx, type, value);
}

static void put_amount(struct fabric_ctx *ctx, unsigned int type, uint64_t value)
{
	if (value)
		put_uint(ctx, type, value);
}

static void put_grant_req(struct fabric_ctx *ctx, const struct fabric_grant_req *req)
{
	put_id(ctx, FABRIC_A_GRANT_KIND, req->kind);
	put_name(ctx, FABRIC_A_GRANT_CAPABILITY, req->capability);
	put_uint(ctx, FABRIC_A_GRANT_SIZE, req->size);
	put_id(ctx, FABRIC_A_GRANT_MODE, req->mode);
	put_id(ctx, FABRIC_A_GRANT_HOLDER, req->holder);
	put_id(ctx, FABRIC_A_GRANT_DOMAIN_ID, req->domain_id);
	put_id(ctx, FABRIC_A_GRANT_DEVICE_ID, req->device_id);
	put_id(ctx, FABRIC_A_GRANT_PORT_ID, req->port_id);
	put_given(ctx, FABRIC_A_GRANT_NUMA_NODE, req->numa_node);
	put_given(ctx, FABRIC_A_GRANT_NEAR_NODE, req->near_node);
	put_names(ctx, FABRIC_A_GRANT_LABEL, req->labels, req->nr_labels);
	put_id(ctx, FABRIC_A_GRANT_PIECES, req->pieces);
	put_amount(ctx, FABRIC_A_GRANT_GRANULARITY, req->granularity);
	put_id(ctx, FABRIC_A_GRANT_PLACEMENT, req->placement);
	put_given(ctx, FABRIC_A_GRANT_PRIORITY, req->priority);
	put_amount(ctx, FABRIC_A_GRANT_MIN, req->min);
	put_id(ctx, FABRIC_A_GRANT_RECLAIMABLE, req->reclaimable);
	put_given(ctx, FABRIC_A_GRANT_GRACE, req->grace);
	put_amount(ctx, FABRIC_A_GRANT_LEASE, req->lease);
	put_amount(ctx, FABRIC_A_GRANT_WAIT, req->wait);
	put_id(ctx, FABRIC_A_GRANT_RESTORE, req->restore);
	put_name(ctx, FABRIC_A_GRANT_TOKEN, req->token);
	put_name(ctx, FABRIC_A_GRANT_TENANT, req->tenant);
	put_id(ctx, FABRIC_A_GRANT_BANDWIDTH_MIN, req->bandwidth_min);
	put_id(ctx, FABRIC_A_GRANT_BANDWIDTH_MAX, req->bandwidth_max);
	if (req->force)
		put_flag(ctx, FABRIC_A_GRANT_FORCE);
	put_name(ctx, FABRIC_A_GRANT_DRIVER, req->driver);
	put_name(ctx, FABRIC_A_GRANT_MAC, req->mac);
	put_id(ctx, FABRIC_A_GRANT_VLAN, req->vlan);
	if (req->group)
		put_flag(ctx, FABRIC_A_GRANT_GROUP);
}

FABRIC_API int fabric_grant_new(struct fabric_ctx *ctx, const struct fabric_grant_req *req,
				const struct fabric_grant **grant)
{
	struct fabric_grant_req copy;

	fabric_grant_req_init(&copy);
	request_start(ctx, FABRIC_CMD_GRANT_NEW, 0);
	request_fail(ctx, ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size));
	put_grant_req(ctx, &copy);
	return grant_talk(ctx, grant);
}

FABRIC_API int fabric_grant_del(struct fabric_ctx *ctx, uint32_t id, bool force)
{
	request_start(ctx, FABRIC_CMD_GRANT_DEL, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_GRANT_ID, id);
	if (force)
		put_flag(ctx, FABRIC_A_GRANT_FORCE);
	return talk(ctx, NULL);
}

FABRIC_API int fabric_grant_set(struct fabric_ctx *ctx, uint32_t id,
				const struct fabric_grant_set_req *req,
				const struct fabric_grant **grant)
{
	struct fabric_grant_set_req copy;

	fabric_grant_set_req_init(&copy);
	request_start(ctx, FABRIC_CMD_GRANT_SET, NLM_F_ACK);
	request_fail(ctx, ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size));
	put_u32(ctx, FABRIC_A_GRANT_ID, id);
	put_amount(ctx, FABRIC_A_GRANT_SIZE, copy.size);
	put_id(ctx, FABRIC_A_GRANT_PIECES, copy.pieces);
	put_given(ctx, FABRIC_A_GRANT_PRIORITY, copy.priority);
	if (copy.min != FABRIC_UNSET64)
		put_uint(ctx, FABRIC_A_GRANT_MIN, copy.min);
	put_given(ctx, FABRIC_A_GRANT_RECLAIMABLE, copy.reclaimable);
	put_given(ctx, FABRIC_A_GRANT_GRACE, copy.grace);
	put_given(ctx, FABRIC_A_GRANT_RESTORE, copy.restore);
	if (copy.force)
		put_flag(ctx, FABRIC_A_GRANT_FORCE);
	return grant_talk(ctx, grant);
}

FABRIC_API int fabric_grant_renew(struct fabric_ctx *ctx, uint32_t id, uint64_t lease,
				  const struct fabric_grant **grant)
{
	request_start(ctx, FABRIC_CMD_GRANT_RENEW, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_GRANT_ID, id);
	put_amount(ctx, FABRIC_A_GRANT_LEASE, lease);
	return grant_talk(ctx, grant);
}

FABRIC_API int fabric_grant_open(struct fabric_ctx *ctx, uint32_t id)
{
	const struct nlmsghdr *reply;
	struct attrs attrs;
	int err;

	request_start(ctx, FABRIC_CMD_GRANT_OPEN, 0);
	put_u32(ctx, FABRIC_A_GRANT_ID, id);
	err = talk(ctx, &reply);
	if (!err)
		err = parse_message(&attrs, reply);
	if (err)
		return err;
	if (!attrs.tb[FABRIC_A_GRANT_FD])
		return ctx_fail(ctx, -EBADMSG, "The kernel did not say which descriptor it is");
	return get_u32(attrs.tb[FABRIC_A_GRANT_FD], 0);
}

/* Files of grants */

FABRIC_API int fabric_grant_read(struct fabric_ctx *ctx, int fd,
				 const struct fabric_grant **grant)
{
	struct box *box = &ctx->nl->objects.grant;
	const struct nlmsghdr *nlh = first_message(ctx->nl->buf);
	ssize_t len;
	int err;

	ctx_clear(ctx);
	len = read(fd, ctx->nl->buf, sizeof(ctx->nl->buf));
	if (len < 0)
		return -errno;
	if (!len)
		return ctx_fail(ctx, -ENODATA, "The grant has ended");
	if (!message_ok(nlh, len))
		return ctx_fail(ctx, -EBADMSG, "This is not the file of a grant");
	err = parse_grant(nlh, box);
	if (err)
		return err;
	box->grant.fd = fd;
	*grant = &box->grant;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* What the end of a request means for the one who waits for it */
static int request_outcome(struct fabric_ctx *ctx, const struct fabric_grant *grant)
{
	switch (grant->state) {
	case FABRIC_GRANT_STATE_QUEUED:
	case FABRIC_GRANT_STATE_PREPARING:
		return -EAGAIN;
	case FABRIC_GRANT_STATE_FAILED:
		return ctx_fail(ctx, grant->error && grant->error <= ERRNO_MAX ?
				-(int)grant->error : -ECANCELED, "%s", grant->reason);
	case FABRIC_GRANT_STATE_EXPIRED:
		return ctx_fail(ctx, -ETIME, "%s", grant->reason);
	case FABRIC_GRANT_STATE_REVOKING:
	case FABRIC_GRANT_STATE_QUARANTINED:
	case FABRIC_GRANT_STATE_RELEASED:
		return ctx_fail(ctx, -ECANCELED, "%s", grant->reason);
	case FABRIC_GRANT_STATE_ACTIVE:
	case FABRIC_GRANT_STATE_SHRINKING:
	default:
		return 0;
	}
}

FABRIC_API int fabric_grant_wait(struct fabric_ctx *ctx, int fd, int timeout,
				 const struct fabric_grant **grant)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t end = now_ms() + timeout, left = timeout;
	int err;

	ctx_clear(ctx);
	for (;;) {
		err = poll(&wait, 1, timeout < 0 ? -1 : left);
		if (err < 0)
			return -errno;
		if (!err)
			return -EAGAIN;
		err = fabric_grant_read(ctx, fd, grant);
		if (!err)
			err = request_outcome(ctx, *grant);
		if (err != -EAGAIN)
			return err;
		left = end > now_ms() ? end - now_ms() : 0;
		if (timeout >= 0 && !left)
			return -EAGAIN;
	}
}
