// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "fabricctl.h"

static void notice_out(struct out *out, enum fabric_kind kind, const struct fabric_notice *notice)
{
	if (!notice)
		return;
	out_object_begin(out, "notice");
	out_string(out, "reason", notice->reason);
	out_opt_u32(out, "by", notice->by, 0);
	if (notice->by)
		out_u32(out, "priority", notice->priority);
	out_amount(out, "target", kind, notice->target);
	out_time(out, "left", notice->left);
	out_object_end(out);
}

static void taken_out(struct out *out, enum fabric_kind kind, const struct fabric_taken *taken)
{
	out_list_begin(out, "taken");
	for (; taken; taken = taken->next) {
		out_item_begin(out, "taken");
		out_u32(out, "by", taken->by);
		out_u32(out, "priority", taken->priority);
		out_amount(out, "size", kind, taken->size);
		out_time(out, "age", taken->age);
		out_opt_string(out, "tenant", taken->tenant);
		out_item_end(out);
	}
	out_list_end(out);
}

/* What the holder asked for, and what became of it */
static void terms_out(struct out *out, const struct fabric_grant *grant)
{
	out_u32_usually(out, "priority", grant->priority, FABRIC_PRIORITY_DEFAULT);
	if (grant->min)
		out_amount(out, "min", grant->kind, grant->min);
	out_if(out, "reclaimable", grant->reclaimable);
	out_time_if(out, "grace", grant->grace,
		    grant->min || grant->reclaimable || grant->lease);
	out_u32_usually(out, "pieces", grant->pieces, 1);
	out_enum_usually(out, "placement", FABRIC_ENUM_PLACEMENT, grant->placement,
			 FABRIC_PLACEMENT_BEST_FIT);
	out_opt_time(out, "lease", grant->lease, 0);
	out_opt_time(out, "lease-left", grant->lease_left, FABRIC_UNSET64);
	out_if(out, "restore", grant->restore);
	if (grant->full_size)
		out_amount(out, "full-size", grant->kind, grant->full_size);
	if (grant->restorable)
		out_if(out, "restorable", true);
	out_opt_u32(out, "position", grant->position, FABRIC_UNSET);
	out_opt_time(out, "wait-left", grant->wait_left, FABRIC_UNSET64);
	out_opt_time(out, "queue-time", grant->queue_time, FABRIC_UNSET64);
	out_bandwidth(out, "bandwidth-min", grant->bandwidth_min);
	out_bandwidth(out, "bandwidth-max", grant->bandwidth_max);
	out_u32_usually(out, "reclaims", grant->reclaims, 0);
	out_u32_usually(out, "resizes", grant->resizes, 0);
	out_u32_usually(out, "renewals", grant->renewals, 0);
}

void grant_out(struct out *out, const struct fabric_grant *grant)
{
	const struct fabric_slice *slice;

	out_item_begin(out, "grant %u", grant->id);
	out_id(out, "id", grant->id);
	out_enum(out, "kind", FABRIC_ENUM_KIND, grant->kind);
	out_opt_string(out, "capability", grant->capability);
	out_amount(out, "size", grant->kind, grant->size);
	out_enum(out, "mode", FABRIC_ENUM_MODE, grant->mode);
	out_opt_string(out, "driver", grant->driver);
	out_opt_string(out, "mac", grant->mac);
	out_opt_u32(out, "vlan", grant->vlan, 0);
	if (grant->group)
		out_bool(out, "group", true);
	out_enum(out, "state", FABRIC_ENUM_GRANT_STATE, grant->state);
	out_enum(out, "holder", FABRIC_ENUM_HOLDER, grant->holder);
	out_u32(out, "pid", grant->pid);
	out_opt_string(out, "comm", grant->comm);
	out_u32(out, "uid", grant->uid);
	if (grant->gid != FABRIC_UNSET)
		out_u32_usually(out, "gid", grant->gid, grant->uid);
	out_opt_string(out, "tenant", grant->tenant);
	out_opt_string(out, "token", grant->token);
	out_time(out, "age", grant->age);
	out_opt_string(out, "reason", grant->reason);
	out_errno(out, "error", grant->error);
	terms_out(out, grant);
	notice_out(out, grant->kind, grant->notice);
	taken_out(out, grant->kind, grant->taken);
	out_list_begin(out, "slice");
	for (slice = grant->slices; slice; slice = slice->next) {
		out_item_begin(out, "slice %u", slice->index);
		slice_fields_out(out, slice);
		out_item_end(out);
	}
	out_list_end(out);
	out_item_end(out);
}

static void show_one(struct ctl *ctl, const struct fabric_grant *grant)
{
	out_begin(ctl->out);
	out_list_begin(ctl->out, "grants");
	grant_out(ctl->out, grant);
	out_list_end(ctl->out);
	out_end(ctl->out);
}

enum {
	SHOW_ID,
};

static const struct arg show_args[] = {
	[SHOW_ID] = { "ID", ARG_ID, POSITIONAL, .help = "only the one with this id" },
};

static int show_cb(const struct fabric_grant *grant, void *data)
{
	grant_out(data, grant);
	return 0;
}

static int grant_show(struct ctl *ctl, const struct args *args)
{
	const struct fabric_grant *grant;
	int err;

	if (HAS(args, SHOW_ID)) {
		err = fabric_grant_get(ctl->ctx, args->value[SHOW_ID].number, &grant);
		if (!err)
			show_one(ctl, grant);
		return err;
	}
	out_begin(ctl->out);
	out_list_begin(ctl->out, "grants");
	err = fabric_grant_list(ctl->ctx, show_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct arg new_args[] = {
	GRANT_REQUEST_ARGS,
	[NEW_HOLDER] = { "holder", ARG_ENUM, .names = FABRIC_ENUM_HOLDER, .value = "HOLDER",
			 .help = "what the grant is bound to, default none" },
};

/* The grant lasts as long as this process, so stay until somebody ends it. */
static void wait_for_end(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigwait(&set, &signal);
}

static int grant_new(struct ctl *ctl, const struct args *args)
{
	const struct fabric_grant *grant;
	struct fabric_grant_req req;
	int err;

	err = grant_request(ctl, args, &req);
	if (err)
		return err;
	req.holder = args->value[NEW_HOLDER].number;
	err = fabric_grant_new(ctl->ctx, &req, &grant);
	if (!err)
		err = request_wait(ctl, &grant);
	if (err)
		return err;
	show_one(ctl, grant);
	if (req.holder > FABRIC_HOLDER_NONE) {
		fflush(stdout);
		wait_for_end();
	}
	return 0;
}

enum {
	DEL_ID,
	DEL_FORCE,
};

static const struct arg del_args[] = {
	[DEL_ID] = { "ID", ARG_ID, POSITIONAL | REQUIRED, .help = "id of the grant" },
	[DEL_FORCE] = { "force", ARG_FLAG, .help = "also if its holder is alive" },
};

static int grant_del(struct ctl *ctl, const struct args *args)
{
	int err;

	err = fabric_grant_del(ctl->ctx, args->value[DEL_ID].number, HAS(args, DEL_FORCE));
	if (err)
		return err;
	out_begin(ctl->out);
	out_end(ctl->out);
	return 0;
}

enum {
	SET_ID,
	SET_SIZE,
	SET_PIECES,
	SET_PRIORITY,
	SET_MIN,
	SET_RECLAIMABLE,
	SET_GRACE,
	SET_RESTORE,
	SET_FORCE,
};

static const struct arg set_args[] = {
	[SET_ID] = { "ID", ARG_ID, POSITIONAL | REQUIRED, .help = "id of the grant" },
	[SET_SIZE] = { "size", ARG_SIZE, .value = "SIZE", .help = "grow or shrink to this" },
	[SET_PIECES] = { "pieces", ARG_NUMBER, .value = "N", .min = 1, .max = FABRIC_SLICES_MAX,
			 .help = "most slices to add, default 1" },
	[SET_PRIORITY] = { "priority", ARG_NUMBER, .value = "PRIORITY",
			   .max = FABRIC_PRIORITY_MAX, .help = PRIORITY_HELP },
	[SET_MIN] = { "min", ARG_SIZE, ZERO, .value = "SIZE", .help = MIN_HELP },
	[SET_RECLAIMABLE] = { "reclaimable", ARG_CHOICE, .choices = no_yes, .value = "ANSWER",
			      .help = RECLAIMABLE_HELP },
	[SET_GRACE] = { "grace", ARG_TIME, .value = "TIME", .max = UINT32_MAX - 1,
			.help = GRACE_HELP },
	[SET_RESTORE] = { "restore", ARG_CHOICE, .choices = no_yes, .value = "ANSWER",
			  .help = RESTORE_HELP },
	[SET_FORCE] = { "force", ARG_FLAG, .help = "although somebody else holds it" },
};

static bool sets_anything(const struct args *args)
{
	return HAS(args, SET_SIZE) || HAS(args, SET_PRIORITY) || HAS(args, SET_MIN) ||
	       HAS(args, SET_RECLAIMABLE) || HAS(args, SET_GRACE) || HAS(args, SET_RESTORE);
}

static int grant_set(struct ctl *ctl, const struct args *args)
{
	const struct value *value = args->value;
	const struct fabric_grant *grant;
	struct fabric_grant_set_req req;
	int err;

	if (!sets_anything(args))
		usage_error(ctl, "grant set: nothing to set, give a key besides pieces and force");
	fabric_grant_set_req_init(&req);
	req.size = value[SET_SIZE].number;
	req.pieces = value[SET_PIECES].number;
	if (HAS(args, SET_PRIORITY))
		req.priority = value[SET_PRIORITY].number;
	if (HAS(args, SET_MIN))
		req.min = value[SET_MIN].number;
	if (HAS(args, SET_RECLAIMABLE))
		req.reclaimable = value[SET_RECLAIMABLE].number;
	if (HAS(args, SET_GRACE))
		req.grace = value[SET_GRACE].number;
	if (HAS(args, SET_RESTORE))
		req.restore = value[SET_RESTORE].number;
	req.force = HAS(args, SET_FORCE);
	err = fabric_grant_set(ctl->ctx, value[SET_ID].number, &req, &grant);
	if (!err)
		show_one(ctl, grant);
	return err;
}

enum {
	RENEW_ID,
	RENEW_LEASE,
};

static const struct arg renew_args[] = {
	[RENEW_ID] = { "ID", ARG_ID, POSITIONAL | REQUIRED, .help = "id of the grant" },
	[RENEW_LEASE] = { "lease", ARG_TIME, .value = "TIME",
			  .help = "for this long, default as long as it was" },
};

static int grant_renew(struct ctl *ctl, const struct args *args)
{
	const struct fabric_grant *grant;
	int err;

	err = fabric_grant_renew(ctl->ctx, args->value[RENEW_ID].number,
				 args->value[RENEW_LEASE].number, &grant);
	if (!err)
		show_one(ctl, grant);
	return err;
}

static const struct cmd cmds[] = {
	{ "show", "Show grants with their slices", show_args, ARRAY_SIZE(show_args),
	  .run = grant_show },
	{ "new", "Make a grant", new_args, ARRAY_SIZE(new_args), .run = grant_new },
	{ "set", "Change a grant: its size, or what may be done with it", set_args,
	  ARRAY_SIZE(set_args), .run = grant_set },
	{ "renew", "Start the lease of a grant anew", renew_args, ARRAY_SIZE(renew_args),
	  .run = grant_renew },
	{ "del", "Release a grant, or withdraw a request", del_args, ARRAY_SIZE(del_args),
	  .run = grant_del },
};

const struct object grant_object = {
	"grant", "who has what", cmds, ARRAY_SIZE(cmds),
};
