// SPDX-License-Identifier: GPL-2.0
/* Requests for a grant, from the keys that "grant new" and "run" share, and their way to it. */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "fabricctl.h"

#define REFRESH_MS	1000

const char *const granted_kinds[] = { "memory", "function", NULL };

/* Labels stay where the words of the command line are; only pointers are kept here. */
static const char *labels[FABRIC_LABELS_MAX];

int grant_request(struct ctl *ctl, const struct args *args, struct fabric_grant_req *req)
{
	const struct value *value = args->value;
	int err = 0;

	fabric_grant_req_init(req);
	req->kind = fabric_enum_value(FABRIC_ENUM_KIND, value[NEW_KIND].text);
	req->size = value[NEW_SIZE].number;
	req->mode = value[NEW_MODE].number;
	req->capability = value[NEW_CAPABILITY].text;
	req->driver = value[NEW_DRIVER].text;
	req->mac = value[NEW_MAC].text;
	req->vlan = value[NEW_VLAN].number;
	req->group = HAS(args, NEW_WITH_GROUP);
	if (HAS(args, NEW_NODE))
		req->numa_node = value[NEW_NODE].number;
	if (HAS(args, NEW_NEAR))
		req->near_node = value[NEW_NEAR].number;
	req->nr_labels = args_texts(ctl, args, NEW_LABEL, labels, ARRAY_SIZE(labels));
	req->labels = labels;
	req->pieces = value[NEW_PIECES].number;
	req->granularity = value[NEW_GRANULARITY].number;
	req->placement = value[NEW_PLACEMENT].number;
	if (HAS(args, NEW_PRIORITY))
		req->priority = value[NEW_PRIORITY].number;
	req->min = value[NEW_MIN].number;
	req->reclaimable = value[NEW_RECLAIMABLE].number;
	if (HAS(args, NEW_GRACE))
		req->grace = value[NEW_GRACE].number;
	req->restore = value[NEW_RESTORE].number;
	req->lease = value[NEW_LEASE].number;
	req->wait = value[NEW_WAIT].number;
	req->token = value[NEW_TOKEN].text;
	req->tenant = value[NEW_TENANT].text;
	req->bandwidth_min = value[NEW_BANDWIDTH_MIN].number;
	req->bandwidth_max = value[NEW_BANDWIDTH_MAX].number;
	req->force = HAS(args, NEW_FORCE);
	if (HAS(args, NEW_DOMAIN))
		err = domain_resolve(ctl, value[NEW_DOMAIN].text, &req->domain_id);
	if (!err && HAS(args, NEW_DEVICE))
		err = device_resolve(ctl, value[NEW_DEVICE].text, req->domain_id,
				     &req->device_id);
	if (!err && HAS(args, NEW_PORT))
		err = port_resolve(ctl, value[NEW_PORT].text, req->domain_id, &req->port_id);
	return err;
}

static void show_progress(struct progress *progress, const struct fabric_grant *grant)
{
	char left[32], before[48] = "", end[64] = "";

	if (grant->state != FABRIC_GRANT_STATE_QUEUED) {
		progress_print(progress, "Request %u is being prepared", grant->id);
		return;
	}
	if (grant->position != FABRIC_UNSET && grant->position)
		snprintf(before, sizeof(before), ", behind %u other%s", grant->position,
			 grant->position > 1 ? "s" : "");
	if (grant->wait_left != FABRIC_UNSET64) {
		time_format(grant->wait_left, left);
		snprintf(end, sizeof(end), ", %s left", left);
	}
	progress_print(progress, "Request %u waits%s%s: %s", grant->id, before, end,
		       grant->reason);
}

/* Its turn can come before it is answered: it is no grant yet, but not queued any more. */
bool request_is_pending(const struct fabric_grant *grant)
{
	return grant->state == FABRIC_GRANT_STATE_QUEUED ||
	       grant->state == FABRIC_GRANT_STATE_PREPARING;
}

/*
 * Wait for a request that may be queued. The grant stays valid, with its
 * descriptor; without success nothing is left of it. Whatever ends this
 * process closes the file, which withdraws the request.
 */
int request_wait(struct ctl *ctl, const struct fabric_grant **grant)
{
	const struct fabric_grant *now;
	struct progress progress;
	uint32_t id = (*grant)->id;
	int fd = (*grant)->fd;
	int err = -EAGAIN;

	/* Its turn can even be over by then: the file has the error. */
	if (!request_is_pending(*grant) && (*grant)->state != FABRIC_GRANT_STATE_FAILED)
		return 0;
	if (fd < 0)
		return ctl_fail(ctl, -EBADMSG, "The kernel did not install a descriptor");
	progress_begin(&progress);
	show_progress(&progress, *grant);
	while (err == -EAGAIN || err == -EINTR) {
		err = fabric_grant_wait(ctl->ctx, fd, progress.terminal ? REFRESH_MS : -1, grant);
		/* What comes before it may change without a word to it. */
		if (err == -EAGAIN && progress.terminal &&
		    !fabric_grant_get(ctl->ctx, id, &now))
			show_progress(&progress, now);
	}
	progress_end(&progress);
	if (err) {
		close(fd);
		/* The context forgets the text with the next call. */
		return ctl_fail(ctl, err, "%s", fabric_error(ctl->ctx));
	}
	return 0;
}
