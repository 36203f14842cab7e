// SPDX-License-Identifier: GPL-2.0
/* Requests that wait for capacity, in the order in which they get it. */

#include <errno.h>
#include <stdlib.h>

#include "fabricctl.h"

struct place {
	uint32_t id;
	uint32_t position;
};

struct queue {
	struct place *places;
	size_t count;
};

static int place_cb(const struct fabric_grant *grant, void *data)
{
	struct queue *queue = data;
	struct place *places;

	if (grant->state != FABRIC_GRANT_STATE_QUEUED)
		return 0;
	places = reallocarray(queue->places, queue->count + 1, sizeof(*places));
	if (!places)
		return -ENOMEM;
	queue->places = places;
	places[queue->count].id = grant->id;
	places[queue->count++].position = grant->position;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct place *one = a, *other = b;

	if (one->position != other->position)
		return one->position < other->position ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

static int show_places(struct ctl *ctl, const struct queue *queue)
{
	const struct fabric_grant *grant;
	size_t i;
	int err;

	for (i = 0; i < queue->count; i++) {
		err = fabric_grant_get(ctl->ctx, queue->places[i].id, &grant);
		if (err && err != -ENOENT)
			return err;
		/* Who left the queue meanwhile is no longer in it. */
		if (!err && grant->state == FABRIC_GRANT_STATE_QUEUED)
			grant_out(ctl->out, grant);
	}
	return 0;
}

static int queue_show(struct ctl *ctl, const struct args *args)
{
	struct queue queue = {};
	int err;

	(void)args;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "queue");
	err = fabric_grant_list(ctl->ctx, place_cb, &queue);
	if (!err && queue.count)
		qsort(queue.places, queue.count, sizeof(*queue.places), compare);
	if (!err)
		err = show_places(ctl, &queue);
	free(queue.places);
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show the requests that wait for capacity, the next one first", NULL, 0,
	  .run = queue_show },
};

const struct object queue_object = {
	"queue", "requests that wait for capacity", cmds, ARRAY_SIZE(cmds),
};
