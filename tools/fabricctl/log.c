// SPDX-License-Identifier: GPL-2.0
/* The record of what happened. */

#include <stdio.h>
#include <time.h>

#include "fabricctl.h"

enum {
	SHOW_SINCE,
};

static const struct arg show_args[] = {
	[SHOW_SINCE] = { "since", ARG_NUMBER, .value = "SEQUENCE", .max = INT64_MAX,
			 .help = "from the entry with this number on" },
};

static void time_text(uint64_t ns, char text[64])
{
	time_t seconds = ns / 1000000000;
	struct tm tm;
	size_t len;

	localtime_r(&seconds, &tm);
	len = strftime(text, 48, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text + len, 64 - len, ".%03u", (unsigned int)(ns / 1000000 % 1000));
}

static void entry_out(struct out *out, const struct fabric_log_entry *entry)
{
	const char *event = fabric_enum_name(FABRIC_ENUM_EVENT, entry->event);
	char when[64];

	time_text(entry->time, when);
	out_item_begin(out, "%s  %llu %s", when, (unsigned long long)entry->sequence,
		       event ? event : "?");
	out_id(out, "sequence", entry->sequence);
	out_id(out, "time", entry->time);
	out_id_enum(out, "event", FABRIC_ENUM_EVENT, entry->event);
	out_opt_u32(out, "grant-id", entry->grant_id, 0);
	out_enum(out, "kind", FABRIC_ENUM_KIND, entry->kind);
	if (entry->kind)
		out_amount(out, "size", entry->kind, entry->size);
	out_opt_u32(out, "priority", entry->priority, FABRIC_UNSET);
	out_enum(out, "holder", FABRIC_ENUM_HOLDER, entry->holder);
	out_opt_u32(out, "pid", entry->pid, 0);
	out_opt_u32(out, "uid", entry->uid, FABRIC_UNSET);
	out_opt_string(out, "comm", entry->comm);
	out_opt_string(out, "tenant", entry->tenant);
	out_opt_u32(out, "by", entry->by, 0);
	out_errno(out, "error", entry->error);
	out_opt_string(out, "reason", entry->reason);
	out_item_end(out);
}

static int show_cb(const struct fabric_log_entry *entry, void *data)
{
	entry_out(data, entry);
	return 0;
}

static int log_show(struct ctl *ctl, const struct args *args)
{
	int err;

	ctl->out->oneline = true;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "log");
	err = fabric_log_list(ctl->ctx, args->value[SHOW_SINCE].number, show_cb, ctl->out);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show what happened, one entry per line, oldest first", show_args,
	  ARRAY_SIZE(show_args), .run = log_show },
};

const struct object log_object = {
	"log", "the record of requests, grants, refusals and reclaims", cmds, ARRAY_SIZE(cmds),
};
