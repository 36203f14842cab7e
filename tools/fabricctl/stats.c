// SPDX-License-Identifier: GPL-2.0
/* Counters of the broker, with a drawing of how long requests waited. */

#include <stdio.h>

#include "fabricctl.h"

#define BAR_CELLS	40

static void refusals_out(struct out *out, const struct fabric_stats *stats)
{
	const struct fabric_refusal *refusal;

	out_list_begin(out, "refusal");
	for (refusal = stats->refusals; refusal; refusal = refusal->next) {
		out_item_begin(out, "refusal");
		out_errno(out, "error", refusal->error);
		out_u64(out, "count", refusal->count);
		out_item_end(out);
	}
	out_list_end(out);
}

static void wait_title(const struct fabric_wait_bucket *bucket, uint32_t above, char text[64])
{
	char bound[32];

	time_format(bucket->below ? bucket->below : above, bound);
	snprintf(text, 64, "waited %s %s", bucket->below ? "less than" : "at least", bound);
}

static void waits_out(struct out *out, const struct fabric_stats *stats)
{
	const struct fabric_wait_bucket *bucket;
	char title[64], bar[BAR_CELLS * 4];
	uint32_t above = 0;
	uint64_t most = 0;

	for (bucket = stats->waits; bucket; bucket = bucket->next)
		if (bucket->count > most)
			most = bucket->count;
	out_list_begin(out, "wait");
	for (bucket = stats->waits; bucket; bucket = bucket->next) {
		wait_title(bucket, above, title);
		out_item_begin(out, "%-24s", title);
		if (bucket->below)
			out_id(out, "below", bucket->below);
		bar_format(bar, sizeof(bar), bucket->count, most, BAR_CELLS);
		out_count(out, "count", bucket->count, bar);
		out_item_end(out);
		above = bucket->below;
	}
	out_list_end(out);
}

static int stats_show(struct ctl *ctl, const struct args *args)
{
	const struct fabric_stats *stats;
	struct out *out = ctl->out;
	int err;

	(void)args;
	err = fabric_stats_get(ctl->ctx, &stats);
	if (err)
		return err;
	out_begin(out);
	out_object_begin(out, "stats");
	out_u64(out, "requests", stats->requests);
	out_u64(out, "grants", stats->grants);
	out_u64(out, "releases", stats->releases);
	out_u32(out, "queued", stats->queued);
	out_u64(out, "notices", stats->notices);
	out_u64(out, "shrinks", stats->shrinks);
	out_u64(out, "revokes", stats->revokes);
	out_u64(out, "forced", stats->forced);
	out_u64(out, "restores", stats->restores);
	out_u64(out, "lease-expiries", stats->lease_expiries);
	out_u64(out, "wait-expiries", stats->wait_expiries);
	refusals_out(out, stats);
	waits_out(out, stats);
	out_object_end(out);
	out_end(out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show what the broker counted since it was loaded", NULL, 0, .run = stats_show },
};

const struct object stats_object = {
	"stats", "counters of the broker", cmds, ARRAY_SIZE(cmds),
};
