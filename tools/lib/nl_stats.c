// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

enum {
	LIST_REFUSALS,
	LIST_WAITS,
};

static const struct field fields[] = {
	FIELD(struct fabric_stats, requests, FABRIC_A_STATS_REQUESTS),
	FIELD(struct fabric_stats, grants, FABRIC_A_STATS_GRANTS),
	FIELD(struct fabric_stats, releases, FABRIC_A_STATS_RELEASES),
	FIELD(struct fabric_stats, notices, FABRIC_A_STATS_NOTICES),
	FIELD(struct fabric_stats, shrinks, FABRIC_A_STATS_SHRINKS),
	FIELD(struct fabric_stats, revokes, FABRIC_A_STATS_REVOKES),
	FIELD(struct fabric_stats, forced, FABRIC_A_STATS_FORCED),
	FIELD(struct fabric_stats, restores, FABRIC_A_STATS_RESTORES),
	FIELD(struct fabric_stats, lease_expiries, FABRIC_A_STATS_LEASE_EXPIRIES),
	FIELD(struct fabric_stats, wait_expiries, FABRIC_A_STATS_WAIT_EXPIRIES),
	FIELD(struct fabric_stats, queued, FABRIC_A_STATS_QUEUED),
};

static const struct field refusal_fields[] = {
	FIELD(struct fabric_refusal, error, FABRIC_A_REFUSAL_ERROR),
	FIELD(struct fabric_refusal, count, FABRIC_A_REFUSAL_COUNT),
};

static const struct field wait_fields[] = {
	FIELD(struct fabric_wait_bucket, below, FABRIC_A_WAIT_BUCKET_BELOW),
	FIELD(struct fabric_wait_bucket, count, FABRIC_A_WAIT_BUCKET_COUNT),
};

static int parse_stats(const struct nlmsghdr *nlh, struct box *box)
{
	static const struct nests refusals = {
		FABRIC_A_STATS_REFUSAL, refusal_fields, ARRAY_SIZE(refusal_fields),
		sizeof(struct fabric_refusal),
	};
	static const struct nests waits = {
		FABRIC_A_STATS_WAIT, wait_fields, ARRAY_SIZE(wait_fields),
		sizeof(struct fabric_wait_bucket),
	};
	struct fabric_stats *stats = &box->stats;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, fields, ARRAY_SIZE(fields), stats);
	stats->refusals = NULL;
	stats->waits = NULL;
	err = get_nests(&attrs, &refusals, &box->lists[LIST_REFUSALS], &stats->nr_refusals);
	if (!err)
		err = get_nests(&attrs, &waits, &box->lists[LIST_WAITS], &stats->nr_waits);
	if (err)
		return err;
	if (stats->nr_refusals)
		stats->refusals = (const struct fabric_refusal *)box->lists[LIST_REFUSALS].items;
	if (stats->nr_waits)
		stats->waits = (const struct fabric_wait_bucket *)box->lists[LIST_WAITS].items;
	return 0;
}

FABRIC_API int fabric_stats_get(struct fabric_ctx *ctx, const struct fabric_stats **stats)
{
	struct box *box = &ctx->nl->objects.stats;

	request_start(ctx, FABRIC_CMD_STATS_GET, 0);
	*stats = &box->stats;
	return talk_object(ctx, parse_stats, box);
}
