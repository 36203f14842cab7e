// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

static const struct field fields[] = {
	FIELD(struct fabric_log_entry, sequence, FABRIC_A_LOG_SEQUENCE),
	FIELD(struct fabric_log_entry, time, FABRIC_A_LOG_TIME),
	FIELD(struct fabric_log_entry, event, FABRIC_A_LOG_EVENT),
	FIELD(struct fabric_log_entry, grant_id, FABRIC_A_LOG_GRANT_ID),
	FIELD(struct fabric_log_entry, kind, FABRIC_A_LOG_KIND),
	FIELD(struct fabric_log_entry, size, FABRIC_A_LOG_SIZE),
	FIELD(struct fabric_log_entry, priority, FABRIC_A_LOG_PRIORITY, .or_max = true),
	FIELD(struct fabric_log_entry, holder, FABRIC_A_LOG_HOLDER),
	FIELD(struct fabric_log_entry, pid, FABRIC_A_LOG_PID),
	FIELD(struct fabric_log_entry, uid, FABRIC_A_LOG_UID, .or_max = true),
	FIELD(struct fabric_log_entry, by, FABRIC_A_LOG_BY),
	FIELD(struct fabric_log_entry, error, FABRIC_A_LOG_ERROR),
	FIELD(struct fabric_log_entry, comm, FABRIC_A_LOG_COMM, .string = true),
	FIELD(struct fabric_log_entry, tenant, FABRIC_A_LOG_TENANT, .string = true),
	FIELD(struct fabric_log_entry, reason, FABRIC_A_LOG_REASON, .string = true),
};

static int parse_entry(const struct nlmsghdr *nlh, struct box *box)
{
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (!err)
		fill(&attrs, fields, ARRAY_SIZE(fields), &box->entry);
	return err;
}

static int call(struct list *list)
{
	return list->cb.entry(&list->box.entry, list->data);
}

FABRIC_API int fabric_log_list(struct fabric_ctx *ctx, uint64_t since, fabric_log_cb cb,
			       void *data)
{
	struct list list = { .parse = parse_entry, .call = call, .cb.entry = cb, .data = data };

	request_start(ctx, FABRIC_CMD_LOG_GET, NLM_F_DUMP);
	if (since)
		put_uint(ctx, FABRIC_A_LOG_SEQUENCE, since);
	return dump(ctx, &list);
}
