// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "fabricctl.h"

static const char *const group_names[] = { "inventory", "grants", NULL };

static const unsigned int group_bits[] = { FABRIC_EVENTS_INVENTORY, FABRIC_EVENTS_GRANTS };

enum {
	MONITOR_GROUP,
};

static const struct arg monitor_args[] = {
	[MONITOR_GROUP] = { "group", ARG_CHOICE, .choices = group_names, .value = "GROUP",
			    .help = "events of this group only" },
};

static void event_out(struct out *out, const struct fabric_change *event)
{
	/* Newer than the library, so nothing is known but that it is there */
	if (!event->name)
		return;
	out_event_begin(out, event->name);
	if (event->domain)
		domain_out(out, event->domain);
	else if (event->port)
		port_out(out, event->port);
	else if (event->device)
		device_out(out, event->device);
	else if (event->resource)
		resource_out(out, event->resource);
	else if (event->grant)
		grant_out(out, event->grant);
	else if (event->tenant)
		tenant_out(out, event->tenant);
	out_event_end(out);
}

static void overrun_out(struct out *out)
{
	out_event_begin(out, "overrun");
	out_item_begin(out, "events were lost, look at everything anew");
	out_item_end(out);
	out_event_end(out);
}

static int monitor_loop(struct ctl *ctl, struct fabric_events *events)
{
	struct pollfd wait = { .fd = fabric_events_fd(events), .events = POLLIN };
	const struct fabric_change *event;
	int err;

	while (!ferror(stdout)) {
		err = fabric_events_next(events, &event);
		if (!err)
			event_out(ctl->out, event);
		else if (err == -ENOBUFS)
			overrun_out(ctl->out);
		else if (err != -EAGAIN)
			return ctl_fail(ctl, err, "Events can't be received");
		else if (poll(&wait, 1, -1) < 0 && errno != EINTR)
			return ctl_fail(ctl, -errno, "Events can't be waited for");
	}
	return 0;
}

static int monitor_run(struct ctl *ctl, const struct args *args)
{
	unsigned int groups = FABRIC_EVENTS_ALL;
	struct fabric_events *events;
	int err;

	if (HAS(args, MONITOR_GROUP))
		groups = group_bits[args->value[MONITOR_GROUP].number];
	err = fabric_events_open(ctl->ctx, groups, &events);
	/* Who asks for all gets what is his, and is told what is not. */
	if (err == -EPERM && groups == FABRIC_EVENTS_ALL) {
		ctl_warn(ctl, fabric_error(ctl->ctx));
		err = fabric_events_open(ctl->ctx, FABRIC_EVENTS_INVENTORY, &events);
	}
	if (err)
		return err;
	ctl->out->oneline = true;
	err = monitor_loop(ctl, events);
	fabric_events_close(events);
	return err;
}

static const struct cmd cmds[] = {
	{ NULL, "Print events as they happen, one per line, until interrupted",
	  monitor_args, ARRAY_SIZE(monitor_args), .run = monitor_run },
};

const struct object monitor_object = {
	"monitor", "events as they happen", cmds, ARRAY_SIZE(cmds),
};
