// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "fabricctl.h"

void grant_out(struct out *out, const struct fabric_grant *grant)
{
	const struct fabric_slice *slice;

	out_item_begin(out, "grant %u", grant->id);
	out_id(out, "id", grant->id);
	out_enum(out, "kind", FABRIC_ENUM_KIND, grant->kind);
	out_opt_string(out, "capability", grant->capability);
	out_size(out, "size", grant->size);
	out_enum(out, "mode", FABRIC_ENUM_MODE, grant->mode);
	out_enum(out, "state", FABRIC_ENUM_GRANT_STATE, grant->state);
	out_enum(out, "holder", FABRIC_ENUM_HOLDER, grant->holder);
	out_u32(out, "pid", grant->pid);
	out_opt_string(out, "comm", grant->comm);
	out_u32(out, "uid", grant->uid);
	out_age(out, "age", grant->age);
	out_opt_string(out, "reason", grant->reason);
	out_errno(out, "error", grant->error);
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

int grant_request(struct ctl *ctl, const struct args *args, struct fabric_grant_req *req)
{
	int err = 0;

	fabric_grant_req_init(req);
	req->kind = args->value[NEW_KIND].number;
	req->size = args->value[NEW_SIZE].number;
	req->mode = args->value[NEW_MODE].number;
	req->capability = args->value[NEW_CAPABILITY].text;
	if (HAS(args, NEW_NODE))
		req->numa_node = args->value[NEW_NODE].number;
	if (HAS(args, NEW_DOMAIN))
		err = domain_resolve(ctl, args->value[NEW_DOMAIN].text, &req->domain_id);
	if (!err && HAS(args, NEW_DEVICE))
		err = device_resolve(ctl, args->value[NEW_DEVICE].text, req->domain_id,
				     &req->device_id);
	return err;
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

static const struct cmd cmds[] = {
	{ "show", "Show grants with their slices", show_args, ARRAY_SIZE(show_args),
	  .run = grant_show },
	{ "new", "Make a grant", new_args, ARRAY_SIZE(new_args), .run = grant_new },
	{ "del", "Release a grant", del_args, ARRAY_SIZE(del_args), .run = grant_del },
};

const struct object grant_object = {
	"grant", "who has what", cmds, ARRAY_SIZE(cmds),
};
