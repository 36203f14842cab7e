// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on emulated switches, compared with a model of what may
 * become of them.
 *
 * Usage: model [--seed N] [--ops N] [--threads N] [--every N] SWITCH...
 *
 * Operation number I of a thread depends on the seed, the thread and I alone, so
 * that a seed can be played again; what the kernel says decides only whether a
 * place that the operation is about is empty. The digest printed at the end is
 * of the operations.
 *
 * What is checked, and when:
 *
 *   each reply       the form and the size of what was granted, that it is where
 *                    it was asked for, that errors are among those that the
 *                    request can have, and that what is never right is refused
 *   each event       who is given notice has a lower priority than the request
 *                    that it is for, keeps its min or is reclaimable, and has
 *                    in slices what its size says
 *   each step, or every Nth, of one thread; always, of several
 *                    no two slices overlap in a consistent dump; free, reserved,
 *                    granted and quarantined of a resource are its total
 *   each step, or every Nth, of one thread; at every stop of several
 *                    the slices of a resource are what its counters say; every
 *                    grant has its size, or has lost what it allowed to be taken;
 *                    what was refused or released has nothing; the switches
 *                    have the same slices
 *   at the end       everything is free again
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/genl.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

#define DEBUG		"/sys/kernel/debug/fabric_emu"
#define UNIT		4096ULL
#define SLOTS		160
#define THREADS_MAX	8
#define DEVICES_MAX	128
#define SWITCHES_MAX	4
#define SOCKETS		3
#define IDS		0x100000
#define STOP_EVERY	1000
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ERRNOS		256
#define PATIENCE_MS	60000
/* how long something under way may look wrong */
#define INSTANT_MS	3000

struct device {
	char name[64];
	unsigned int sw;
	__u32 id;
	__u32 domain;
	__u32 port;
	__u32 resource;
	bool there;
	bool draining;
	bool labelled;
};

struct slice {
	__u32 grant;
	__u32 domain;
	__u32 device;
	__u32 resource;
	__u32 state;
	__u64 start;
	__u64 length;
};

struct resource {
	__u32 id;
	__u32 device;
	__u64 total;
	__u64 free;
	__u64 reserved;
	__u64 granted;
	__u64 quarantined;
	__u32 nr_slices;
};

/* A grant as a message tells it */
struct message {
	__u32 id;
	__u32 state;
	__u64 size;
	__u64 full_size;
	__u32 priority;
	__u64 min;
	bool reclaimable;
	__u32 reclaims;
	bool notice;
	__u32 by;
	__u32 by_priority;
	__u64 target;
	int fd;
	unsigned int nr_slices;
	struct slice slices[FABRIC_SLICES_MAX + 1];
};

/* What the model knows of a grant that a thread made */
struct slot {
	__u32 id;
	int fd;
	int sock;
	__u64 size;
	__u64 min;
	__u64 granularity;
	bool reclaimable;
	bool may_vanish;	/* queued, leased, bound to a socket that was closed */
	bool may_grow;		/* restore */
	bool leaving;		/* its release began */
	bool repeated;		/* another slot may have the same grant */
	bool mapped;
	unsigned int nr_resources;
	__u32 resources[2 * FABRIC_SLICES_MAX];
};

/* What the model knows of an id, from the replies and from the events */
struct shadow {
	__u32 id;
	__u32 asked_priority;	/* of the request, plus one; by whoever made it */
	bool released;
	bool seen;
	bool forced;
	__u32 by;
	__u64 target;
	__u32 reclaims;
};

struct worker {
	unsigned int number;
	struct genl genl;
	struct genl sockets[SOCKETS];
	struct slot slots[SLOTS];
	__u64 done;
	__u64 digest;
	unsigned int delayed;
	pthread_t thread;
};

enum kind {
	OP_NEW, OP_DEL, OP_GROW, OP_SHRINK, OP_SET, OP_RENEW, OP_OPEN, OP_GET, OP_CLOSE,
	OP_CLOSE_SOCKET, OP_DEVICE_STATE, OP_DEVICE_LABEL, OP_PORT_LABEL, OP_PORT_SET, OP_LINK,
	OP_REMOVE, OP_FAULT, OP_DELAY, OP_KINDS
};

static const char * const op_names[OP_KINDS] = {
	"grant-new", "grant-del", "grant-set grow", "grant-set shrink", "grant-set property",
	"grant-renew", "grant-open", "grant-get", "close file", "close socket",
	"device-set state", "device-set label", "port-set label", "port-set link", "link event",
	"surprise removal and plug", "fault", "delay",
};

static atomic_ullong outcomes[OP_KINDS][ERRNOS];
static atomic_ullong nr_events, nr_notices, nr_lost_events, nr_dumps, nr_full, nr_unstable;
static atomic_ullong nr_queued, nr_stops, nr_shrunk, nr_revoked;
static const char *switches[SWITCHES_MAX];
static unsigned int nr_switches;
static struct device devices[DEVICES_MAX];
static unsigned int nr_devices;
static __u32 ports[DEVICES_MAX];
static unsigned int nr_ports;
static char port_names[DEVICES_MAX][64];
static unsigned int port_sw[DEVICES_MAX];
static __u32 domains[SWITCHES_MAX];
static pthread_mutex_t world_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shadow *shadows;
static pthread_mutex_t shadow_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *removed_resources;
static struct worker workers[THREADS_MAX];
static unsigned int nr_threads = 1;
static __u64 seed, ops_wanted = 20000;
static unsigned int every = 1;
static struct genl events, eyes;
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool finished;
static pthread_barrier_t stop_begin, stop_end;
static __thread const char *doing = "";
static __thread __u64 doing_op;
static __thread unsigned int doing_thread;

static noreturn void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static noreturn void wrong(const char *fmt, ...)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	va_list args;

	pthread_mutex_lock(&once);
	printf("WRONG: seed %llu thread %u operation %llu (%s): ", seed, doing_thread, doing_op,
	       doing);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

/* Chance: splitmix64, anew for every operation */

struct chance {
	__u64 state;
	__u64 *digest;
};

static __u64 draw(struct chance *chance)
{
	__u64 z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	*chance->digest = (*chance->digest ^ z) * 0x100000001b3ULL;
	return z;
}

static unsigned int below(struct chance *chance, unsigned int limit)
{
	return draw(chance) % limit;
}

static bool percent(struct chance *chance, unsigned int share)
{
	return below(chance, 100) < share;
}

/* Messages */

static void parse_slice(const void *attrs, size_t len, struct slice *slice)
{
	slice->grant = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_GRANT_ID));
	slice->domain = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_DOMAIN_ID));
	slice->device = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_DEVICE_ID));
	slice->resource = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_RESOURCE_ID));
	slice->state = attr_u32(attrs_find(attrs, len, FABRIC_A_SLICE_STATE));
	slice->start = attr_uint(attrs_find(attrs, len, FABRIC_A_SLICE_START));
	slice->length = attr_uint(attrs_find(attrs, len, FABRIC_A_SLICE_LENGTH));
}

static void parse_notice(const struct nlattr *nest, struct message *msg)
{
	const void *attrs = attr_data(nest);
	size_t len = attr_len(nest);

	msg->notice = true;
	msg->by = attr_u32(attrs_find(attrs, len, FABRIC_A_NOTICE_BY));
	msg->by_priority = attr_u32(attrs_find(attrs, len, FABRIC_A_NOTICE_PRIORITY));
	msg->target = attr_uint(attrs_find(attrs, len, FABRIC_A_NOTICE_TARGET));
}

static void parse_grant(const struct nlmsghdr *nlh, struct message *msg)
{
	const struct nlattr *attr;
	size_t left;

	memset(msg, 0, offsetof(struct message, slices));
	msg->fd = -1;
	attrs_for_each(attr, left, msg_attrs(nlh), msg_attrs_len(nlh)) {
		switch (attr->nla_type & NLA_TYPE_MASK) {
		case FABRIC_A_GRANT_ID:
			msg->id = attr_u32(attr);
			break;
		case FABRIC_A_GRANT_STATE:
			msg->state = attr_u32(attr);
			break;
		case FABRIC_A_GRANT_SIZE:
			msg->size = attr_uint(attr);
			break;
		case FABRIC_A_GRANT_FULL_SIZE:
			msg->full_size = attr_uint(attr);
			break;
		case FABRIC_A_GRANT_PRIORITY:
			msg->priority = attr_u32(attr);
			break;
		case FABRIC_A_GRANT_MIN:
			msg->min = attr_uint(attr);
			break;
		case FABRIC_A_GRANT_RECLAIMABLE:
			msg->reclaimable = attr_u32(attr);
			break;
		case FABRIC_A_GRANT_RECLAIMS:
			msg->reclaims = attr_u32(attr);
			break;
		case FABRIC_A_GRANT_FD:
			msg->fd = attr_u32(attr);
			break;
		case FABRIC_A_GRANT_NOTICE:
			parse_notice(attr, msg);
			break;
		case FABRIC_A_GRANT_SLICE:
			if (msg->nr_slices > FABRIC_SLICES_MAX)
				wrong("grant %u has more slices than there can be", msg->id);
			parse_slice(attr_data(attr), attr_len(attr),
				    &msg->slices[msg->nr_slices++]);
			break;
		}
	}
}

static __u64 slices_sum(const struct message *msg)
{
	unsigned int i;
	__u64 sum = 0;

	for (i = 0; i < msg->nr_slices; i++)
		sum += msg->slices[i].length;
	return sum;
}

static struct shadow *shadow_of(__u32 id)
{
	struct shadow *shadow = &shadows[id % IDS];

	if (shadow->id != id) {
		memset(shadow, 0, sizeof(*shadow));
		shadow->id = id;
	}
	return shadow;
}

/* A grant that is given notice: by whom, and of what */
static void check_notice(const struct message *msg, struct shadow *shadow)
{
	struct shadow *by;

	atomic_fetch_add(&nr_notices, 1);
	if (msg->by_priority <= msg->priority)
		wrong("grant %u of priority %u is to give way to request %u of %u", msg->id,
		      msg->priority, msg->by, msg->by_priority);
	if (!msg->target && !msg->reclaimable)
		wrong("grant %u is to be revoked and is not reclaimable", msg->id);
	if (msg->target && (!msg->min || msg->target < msg->min || msg->target >= msg->size))
		wrong("grant %u of %llu, min %llu, is to shrink to %llu", msg->id, msg->size,
		      msg->min, msg->target);
	by = &shadows[msg->by % IDS];
	if (by->id == msg->by && by->asked_priority &&
	    by->asked_priority - 1 != msg->by_priority)
		wrong("request %u has priority %u, the notice to %u says %u", msg->by,
		      by->asked_priority - 1, msg->id, msg->by_priority);
	shadow->by = msg->by;
	shadow->target = msg->target;
}

static void learn_event(const struct message *msg)
{
	struct shadow *shadow;

	pthread_mutex_lock(&shadow_lock);
	shadow = shadow_of(msg->id);
	if ((msg->state == FABRIC_GRANT_STATE_ACTIVE ||
	     msg->state == FABRIC_GRANT_STATE_SHRINKING) && slices_sum(msg) != msg->size)
		wrong("grant %u says %llu, its slices %llu", msg->id, msg->size, slices_sum(msg));
	if (shadow->seen && msg->notice && msg->by && shadow->by != msg->by)
		check_notice(msg, shadow);
	if (shadow->seen && msg->reclaims > shadow->reclaims)
		atomic_fetch_add(&nr_shrunk, 1);
	/* Its holder may give more than it was asked for, force takes what was said. */
	if (shadow->seen && shadow->forced && msg->state == FABRIC_GRANT_STATE_ACTIVE &&
	    msg->size < shadow->target)
		wrong("grant %u was to shrink to %llu and has %llu", msg->id, shadow->target,
		      msg->size);
	if (shadow->seen && msg->state == FABRIC_GRANT_STATE_RELEASED && msg->notice && msg->by)
		atomic_fetch_add(&nr_revoked, 1);
	if (!msg->notice || !msg->by)
		shadow->by = 0;
	shadow->seen = true;
	shadow->forced = msg->state == FABRIC_GRANT_STATE_SHRINKING;
	shadow->reclaims = msg->reclaims;
	pthread_mutex_unlock(&shadow_lock);
}

static void forget_events(void)
{
	unsigned int i;

	atomic_fetch_add(&nr_lost_events, 1);
	pthread_mutex_lock(&shadow_lock);
	for (i = 0; i < IDS; i++)
		shadows[i].seen = false;
	pthread_mutex_unlock(&shadow_lock);
}

/* All events that have come */
static void drain_events(void)
{
	static unsigned char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	struct message msg;
	ssize_t got;

	pthread_mutex_lock(&events_lock);
	for (;;) {
		got = recv(events.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (got < 0 && errno == ENOBUFS) {
			forget_events();
			continue;
		}
		if (got < 0)
			break;
		for (nlh = (void *)buffer; NLMSG_OK(nlh, got); nlh = NLMSG_NEXT(nlh, got)) {
			if (nlh->nlmsg_type != events.family)
				continue;
			parse_grant(nlh, &msg);
			learn_event(&msg);
			atomic_fetch_add(&nr_events, 1);
		}
	}
	pthread_mutex_unlock(&events_lock);
}

/* Dumps. False if something changed meanwhile. */
static bool dump(struct genl *genl, struct genl_req *req, struct genl_answer *answer)
{
	int err = genl_talk(genl, req, answer);

	if (err)
		wrong("command %u with NLM_F_DUMP: %s %s", req->bytes[NLMSG_HDRLEN], strerror(err),
		      answer->text);
	atomic_fetch_add(&nr_dumps, 1);
	if (!answer->interrupted)
		return true;
	answer_free(answer);
	return false;
}

struct view {
	struct resource *resources;
	unsigned int nr_resources;
	struct slice *slices;
	unsigned int nr_slices;
};

static void view_free(struct view *view)
{
	free(view->resources);
	free(view->slices);
	memset(view, 0, sizeof(*view));
}

static void *grow(void *list, unsigned int nr, size_t size)
{
	if (!(nr & (nr - 1)))
		list = realloc(list, (nr ? 2 * nr : 1) * size);
	if (!list)
		wrong("out of memory");
	return list;
}

/* Each message is consistent in itself, whatever happens between two of them */
static void read_resources(struct genl *genl, struct view *view)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;

	req_init(genl, &req, FABRIC_CMD_RESOURCE_GET, NLM_F_DUMP);
	if (genl_talk(genl, &req, &answer))
		wrong("dump of resources: %s", answer.text);
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);
		struct resource *r;

		if (attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_KIND)) != FABRIC_KIND_MEMORY)
			continue;
		view->resources = grow(view->resources, view->nr_resources, sizeof(*r));
		r = &view->resources[view->nr_resources++];
		/* with what is between the members: all of it is compared */
		memset(r, 0, sizeof(*r));
		r->id = attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_ID));
		r->device = attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_DEVICE_ID));
		r->total = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_TOTAL));
		r->free = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_FREE));
		r->reserved = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_RESERVED));
		r->granted = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_GRANTED));
		r->quarantined = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_QUARANTINED));
		r->nr_slices = attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_SLICES));
		if (!r->total || r->free + r->reserved + r->granted + r->quarantined != r->total)
			wrong("resource %u: free %llu + %llu + %llu + %llu is not %llu",
			      r->id, r->free, r->reserved, r->granted, r->quarantined, r->total);
	}
	answer_free(&answer);
}

static int by_place(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->resource != y->resource)
		return x->resource < y->resource ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool read_slices(struct genl *genl, struct view *view)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i;

	req_init(genl, &req, FABRIC_CMD_SLICE_GET, NLM_F_DUMP);
	if (!dump(genl, &req, &answer))
		return false;
	answer_for_each(nlh, &answer) {
		view->slices = grow(view->slices, view->nr_slices, sizeof(*view->slices));
		parse_slice(msg_attrs(nlh), msg_attrs_len(nlh), &view->slices[view->nr_slices++]);
	}
	answer_free(&answer);
	qsort(view->slices, view->nr_slices, sizeof(*view->slices), by_place);
	for (i = 1; i < view->nr_slices; i++) {
		const struct slice *a = &view->slices[i - 1], *b = a + 1;

		if (a->resource == b->resource && a->start + a->length > b->start)
			wrong("of resource %u, grant %u has %llu+%llu and grant %u has %llu+%llu",
			      a->resource, a->grant, a->start, a->length, b->grant, b->start,
			      b->length);
	}
	return true;
}

static bool same_resources(const struct view *a, const struct view *b)
{
	return a->nr_resources == b->nr_resources &&
	       !memcmp(a->resources, b->resources, a->nr_resources * sizeof(*a->resources));
}

/* Resources and slices of one moment; false if something changes all the time */
static bool read_view(struct genl *genl, struct view *view)
{
	unsigned int tries;
	struct view again;

	for (tries = 0; tries < 30; tries++) {
		bool same;

		memset(view, 0, sizeof(*view));
		memset(&again, 0, sizeof(again));
		read_resources(genl, view);
		same = read_slices(genl, view);
		if (same) {
			read_resources(genl, &again);
			same = same_resources(view, &again);
		}
		view_free(&again);
		if (same)
			return true;
		view_free(view);
		usleep(500);
	}
	return false;
}

/* What is said of the view as a whole. Returns what is wrong, or NULL. */

static char complaint[512];

static const char *complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(complaint, sizeof(complaint), fmt, args);
	va_end(args);
	return complaint;
}

static const char *check_sums(const struct view *view, bool quiet)
{
	unsigned int i, j = 0;

	for (i = 0; i < view->nr_resources; i++) {
		__u64 sums[FABRIC_SLICE_STATE_MAX + 1] = {};
		const struct resource *r = &view->resources[i];

		while (j < view->nr_slices && view->slices[j].resource < r->id)
			j++;
		for (; j < view->nr_slices && view->slices[j].resource == r->id; j++) {
			const struct slice *slice = &view->slices[j];

			if (!slice->length || slice->start + slice->length > r->total)
				return complain("resource %u of %llu has %llu+%llu", r->id,
						r->total, slice->start, slice->length);
			sums[slice->state] += slice->length;
		}
		/* What a request in the queue has got so far is not listed. */
		if (sums[FABRIC_SLICE_STATE_RESERVED] > r->reserved ||
		    sums[FABRIC_SLICE_STATE_GRANTED] > r->granted ||
		    sums[FABRIC_SLICE_STATE_QUARANTINED] > r->quarantined)
			return complain("resource %u has more slices than its counters say", r->id);
		if (quiet && (sums[FABRIC_SLICE_STATE_GRANTED] != r->granted ||
			      sums[FABRIC_SLICE_STATE_QUARANTINED] != r->quarantined))
			return complain("resource %u: %llu + %llu taken, slices of %llu + %llu",
					r->id, r->granted, r->quarantined,
					sums[FABRIC_SLICE_STATE_GRANTED],
					sums[FABRIC_SLICE_STATE_QUARANTINED]);
	}
	return NULL;
}

static int by_grant(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	return x->grant < y->grant ? -1 : x->grant > y->grant;
}

static bool was_removed(const struct slot *slot)
{
	unsigned int i;

	for (i = 0; i < slot->nr_resources; i++) {
		if (removed_resources[slot->resources[i]])
			return true;
	}
	return false;
}

/* It can end without having been deleted. */
static bool may_be_gone(const struct slot *slot)
{
	return slot->may_vanish || slot->reclaimable || slot->repeated || slot->leaving ||
	       was_removed(slot) || (slot->may_grow && outcomes[OP_REMOVE][0]);
}

static __u32 grant_state(struct genl *genl, __u32 id)
{
	struct genl_answer answer;
	struct genl_req req;
	struct message msg = {};

	req_init(genl, &req, FABRIC_CMD_GRANT_GET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, id);
	if (!genl_talk(genl, &req, &answer) && answer.len)
		parse_grant((const void *)answer.data, &msg);
	answer_free(&answer);
	return msg.state;
}

static const char *check_slot(const struct slot *slot, __u64 size)
{
	__u64 least = may_be_gone(slot) ? 0 : slot->min ? slot->min : slot->size;

	if (slot->leaving || slot->repeated)
		return NULL;
	if (size < least)
		return complain("grant %u of %llu has %llu, it can be made to have %llu", slot->id,
				slot->size, size, least);
	if (size > slot->size && !slot->may_grow)
		return complain("grant %u of %llu has %llu", slot->id, slot->size, size);
	return NULL;
}

/* Every grant of the model, and nothing but them */
static const char *check_grants(struct genl *genl, struct view *view)
{
	unsigned int i, j, t;
	const char *bad;

	qsort(view->slices, view->nr_slices, sizeof(*view->slices), by_grant);
	for (i = 0; i < view->nr_slices; i = j) {
		__u32 id = view->slices[i].grant, state;
		struct shadow *shadow = &shadows[id % IDS];
		bool quarantined = true;

		for (j = i; j < view->nr_slices && view->slices[j].grant == id; j++)
			quarantined &= view->slices[j].state == FABRIC_SLICE_STATE_QUARANTINED;
		if (quarantined || (shadow->id == id && shadow->asked_priority &&
				    !shadow->released))
			continue;
		/* A part that a grant gave up, or that could not be prepared, and can't go. */
		state = grant_state(genl, id);
		if (state && state != FABRIC_GRANT_STATE_REVOKING &&
		    state != FABRIC_GRANT_STATE_QUARANTINED)
			return complain("grant %u in state %u has slices although it was %s", id,
					state, shadow->released && shadow->id == id ? "released" :
					"never granted");
	}
	for (t = 0; t < nr_threads; t++) {
		for (i = 0; i < SLOTS; i++) {
			const struct slot *slot = &workers[t].slots[i];
			struct slice key = { .grant = slot->id }, *found, *s;
			__u64 size = 0;

			if (!slot->id)
				continue;
			found = bsearch(&key, view->slices, view->nr_slices, sizeof(key), by_grant);
			for (s = found; s && s >= view->slices && s->grant == slot->id; s--)
				size += s->length;
			for (s = found ? found + 1 : NULL; s &&
			     s < view->slices + view->nr_slices && s->grant == slot->id; s++)
				size += s->length;
			bad = check_slot(slot, size);
			if (bad)
				return bad;
		}
	}
	return NULL;
}

static const struct device *device_named(unsigned int sw, const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_devices; i++) {
		if (devices[i].sw == sw && !strcmp(devices[i].name, name))
			return &devices[i];
	}
	return NULL;
}

/* The switches have the slices that the broker says, and no others */
static const char *check_switches(struct view *view)
{
	unsigned int i, emulated = 0, granted = 0;
	char path[256], line[512];

	qsort(view->slices, view->nr_slices, sizeof(*view->slices), by_place);
	for (i = 0; i < view->nr_slices; i++)
		granted += view->slices[i].state == FABRIC_SLICE_STATE_GRANTED;
	for (i = 0; i < nr_switches; i++) {
		__u64 last_end = 0;
		char last[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), DEBUG "/%s/state", switches[i]);
		file = fopen(path, "r");
		if (!file)
			wrong("%s: %s", path, strerror(errno));
		while (fgets(line, sizeof(line), file)) {
			unsigned long long start, length;
			struct slice key = {}, *found;
			const struct device *device;
			char name[64];
			unsigned int grant;

			if (sscanf(line, "slice device %63s grant %u start %llu length %llu",
				   name, &grant, &start, &length) != 4)
				continue;
			device = device_named(i, name);
			if (!device)
				wrong("%s has a device %s", switches[i], name);
			if (!strcmp(last, name) && start < last_end) {
				fclose(file);
				return complain("%s of %s has two slices at %llu", name,
						switches[i], start);
			}
			memcpy(last, name, sizeof(last));
			last_end = start + length;
			key.resource = device->resource;
			key.start = start;
			found = bsearch(&key, view->slices, view->nr_slices, sizeof(key), by_place);
			if (!found || found->length != length) {
				fclose(file);
				return complain("%s of %s has %llu+%llu of grant %u, the broker %s",
						name, switches[i], start, length, grant,
						found ? "another length" : "nothing");
			}
			emulated += found->state == FABRIC_SLICE_STATE_GRANTED;
		}
		fclose(file);
	}
	if (emulated != granted)
		return complain("%u slices are granted, the switches have %u", granted, emulated);
	return NULL;
}

/*
 * Everything, when no thread works; the kernel may. What is wrong for an instant
 * is something under way, what stays wrong is a bug.
 */
static void check_all(struct genl *genl, bool quiet, bool with_switches)
{
	__u64 deadline = now_ms() + INSTANT_MS;
	const char *bad;
	struct view view;

	do {
		bad = "something changes all the time";
		if (read_view(genl, &view)) {
			bad = check_sums(&view, quiet);
			if (!bad)
				bad = check_grants(genl, &view);
			if (!bad && with_switches)
				bad = check_switches(&view);
			view_free(&view);
			if (!bad) {
				atomic_fetch_add(&nr_full, 1);
				return;
			}
		}
		atomic_fetch_add(&nr_unstable, 1);
		usleep(2000);
	} while (now_ms() < deadline);
	wrong("%s", bad);
}

/* The world */

static void load_ports(struct genl *genl)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i;

	req_init(genl, &req, FABRIC_CMD_PORT_GET, NLM_F_DUMP);
	if (genl_talk(genl, &req, &answer))
		wrong("dump of ports: %s", answer.text);
	nr_ports = 0;
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);
		__u32 domain = attr_u32(attrs_find(attrs, len, FABRIC_A_PORT_DOMAIN_ID));

		for (i = 0; i < nr_switches && domains[i] != domain; i++)
			;
		if (i == nr_switches || nr_ports == DEVICES_MAX ||
		    attr_u32(attrs_find(attrs, len, FABRIC_A_PORT_TYPE)) !=
		    FABRIC_PORT_TYPE_DOWNSTREAM)
			continue;
		port_sw[nr_ports] = i;
		snprintf(port_names[nr_ports], sizeof(port_names[0]), "%s",
			 attr_str(attrs_find(attrs, len, FABRIC_A_PORT_NAME)));
		ports[nr_ports++] = attr_u32(attrs_find(attrs, len, FABRIC_A_PORT_ID));
	}
	answer_free(&answer);
}

static void load_device(const void *attrs, size_t len)
{
	__u32 domain = attr_u32(attrs_find(attrs, len, FABRIC_A_DEVICE_DOMAIN_ID));
	const char *name = attr_str(attrs_find(attrs, len, FABRIC_A_DEVICE_NAME));
	struct device *device;
	unsigned int i, sw;

	for (sw = 0; sw < nr_switches && domains[sw] != domain; sw++)
		;
	if (sw == nr_switches || attr_u32(attrs_find(attrs, len, FABRIC_A_DEVICE_HEALTH)) !=
	    FABRIC_HEALTH_OK)
		return;
	for (i = 0; i < nr_devices; i++) {
		if (devices[i].sw == sw && !strcmp(devices[i].name, name))
			break;
	}
	if (i == DEVICES_MAX)
		wrong("more than %u devices", DEVICES_MAX);
	device = &devices[i];
	if (i == nr_devices)
		nr_devices++;
	snprintf(device->name, sizeof(device->name), "%s", name);
	device->sw = sw;
	device->domain = domain;
	device->id = attr_u32(attrs_find(attrs, len, FABRIC_A_DEVICE_ID));
	device->port = attr_u32(attrs_find(attrs, len, FABRIC_A_DEVICE_PORT_ID));
	device->there = true;
}

static void load_devices(struct genl *genl)
{
	const struct nlmsghdr *nlh;
	struct view view = {};
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i, j;

	req_init(genl, &req, FABRIC_CMD_DEVICE_GET, NLM_F_DUMP);
	if (genl_talk(genl, &req, &answer))
		wrong("dump of devices: %s", answer.text);
	answer_for_each(nlh, &answer)
		load_device(msg_attrs(nlh), msg_attrs_len(nlh));
	answer_free(&answer);
	read_resources(genl, &view);
	for (i = 0; i < view.nr_resources; i++) {
		for (j = 0; j < nr_devices; j++) {
			if (devices[j].id == view.resources[i].device)
				devices[j].resource = view.resources[i].id;
		}
	}
	view_free(&view);
}

static void load_world(struct genl *genl)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i;

	req_init(genl, &req, FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP);
	if (genl_talk(genl, &req, &answer))
		wrong("dump of domains: %s", answer.text);
	answer_for_each(nlh, &answer) {
		const void *attrs = msg_attrs(nlh);
		size_t len = msg_attrs_len(nlh);

		for (i = 0; i < nr_switches; i++) {
			if (!strcmp(attr_str(attrs_find(attrs, len, FABRIC_A_DOMAIN_NAME)),
				    switches[i]))
				domains[i] = attr_u32(attrs_find(attrs, len,
								 FABRIC_A_DOMAIN_ID));
		}
	}
	answer_free(&answer);
	for (i = 0; i < nr_switches; i++) {
		if (!domains[i])
			wrong("there is no switch %s", switches[i]);
	}
	load_ports(genl);
	load_devices(genl);
}

static int write_file(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int write_file(const char *text, const char *fmt, ...)
{
	char path[512];
	va_list args;
	int fd, err = 0;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* Faults */

static char fault_names[32][64];
static unsigned int nr_faults;
static const int fault_errors[] = { EIO, ENOMEM, EBUSY, ETIMEDOUT, EAGAIN };

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void load_faults(void)
{
	struct dirent *entry;
	char path[256];
	DIR *dir;

	snprintf(path, sizeof(path), DEBUG "/%s/fault", switches[0]);
	dir = opendir(path);
	if (!dir)
		wrong("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && nr_faults < 32)
			snprintf(fault_names[nr_faults++], 64, "%.63s", entry->d_name);
	}
	closedir(dir);
	/* in an order that does not depend on the directory */
	qsort(fault_names, nr_faults, sizeof(fault_names[0]), by_name);
}

static void set_fault(unsigned int sw, const char *name, int error, int times)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", times);
	write_file(text, DEBUG "/%s/fault/%s/times", switches[sw], name);
	snprintf(text, sizeof(text), "%d", error);
	write_file(text, DEBUG "/%s/fault/%s/error", switches[sw], name);
}

static void set_delay(unsigned int sw, const char *name, unsigned int ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", ms);
	write_file(text, DEBUG "/%s/fault/%s/delay_ms", switches[sw], name);
}

static void clear_faults(void)
{
	unsigned int sw, i;

	for (sw = 0; sw < nr_switches; sw++) {
		for (i = 0; i < nr_faults; i++) {
			set_fault(sw, fault_names[i], 0, -1);
			set_delay(sw, fault_names[i], 0);
		}
	}
}

/* What an injected fault, or a device that goes, can answer to a request */
static bool comes_from_below(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fault_errors); i++) {
		if (err == fault_errors[i])
			return true;
	}
	return err == ENODEV;
}

/* Operations */

static int talk_grant(struct genl *genl, struct genl_req *req, struct message *msg, char *text)
{
	struct genl_answer answer;
	int err = genl_talk(genl, req, &answer);

	if (err == GENL_SILENT)
		wrong("no answer");
	if (!err && answer.len)
		parse_grant((const void *)answer.data, msg);
	else
		memset(msg, 0, offsetof(struct message, slices));
	if (err && err != ENOMEM && !answer.text[0])
		wrong("error %d without a text", err);
	if (text)
		snprintf(text, 128, "%.127s", answer.text);
	answer_free(&answer);
	return err;
}

static void outcome(enum kind kind, int err)
{
	atomic_fetch_add(&outcomes[kind][err & (ERRNOS - 1)], 1);
}

/* What a request is about, where it can be checked */
struct wish {
	__u64 size;
	__u64 granularity;
	__u32 pieces;
	__u32 domain;
	__u32 device;
	__u32 port;
	__u32 device_port;
	bool label;
	bool never;	/* is never right */
	bool wait;
};

static void check_new(const struct wish *wish, const struct message *msg)
{
	unsigned int i, j, d;

	if (msg->state == FABRIC_GRANT_STATE_QUEUED || msg->state == FABRIC_GRANT_STATE_PREPARING)
		return;
	if (msg->state != FABRIC_GRANT_STATE_ACTIVE || msg->full_size || msg->reclaims)
		return;
	if (msg->size != wish->size || slices_sum(msg) != wish->size)
		wrong("asked for %llu, got %llu in slices of %llu", wish->size, msg->size,
		      slices_sum(msg));
	if (!msg->nr_slices || msg->nr_slices > wish->pieces)
		wrong("asked for %u pieces, got %u", wish->pieces, msg->nr_slices);
	for (i = 0; i < msg->nr_slices; i++) {
		const struct slice *slice = &msg->slices[i];

		if (wish->granularity && slice->length % wish->granularity)
			wrong("a slice of %llu is no multiple of %llu", slice->length,
			      wish->granularity);
		if (wish->domain && slice->domain != wish->domain)
			wrong("asked for domain %u, got %u", wish->domain, slice->domain);
		if (wish->device && slice->device != wish->device)
			wrong("asked for device %u, got %u", wish->device, slice->device);
		for (j = 0; j < i; j++) {
			if (msg->slices[j].device == slice->device)
				wrong("two slices on device %u", slice->device);
		}
		/* Others change the world, so only one thread can say what it is. */
		if (nr_threads > 1)
			continue;
		for (d = 0; d < nr_devices && devices[d].id != slice->device; d++)
			;
		if (d == nr_devices || !devices[d].there)
			wrong("a slice on device %u, which is not there", slice->device);
		if (devices[d].draining)
			wrong("a slice on device %s, which is draining", devices[d].name);
		if (wish->port && devices[d].port != wish->port)
			wrong("asked for port %u, got %u", wish->port, devices[d].port);
		if (wish->label && !devices[d].labelled)
			wrong("a slice on device %s, which has no label", devices[d].name);
	}
}

static bool new_can_fail(int err, const struct wish *wish)
{
	switch (err) {
	case ENOSPC:
	case ENXIO:	/* all that matches is draining, or its link is down */
	case ENOENT:	/* a device or a label that is not there */
	case EEXIST:	/* a token that stands for something else */
	case EINVAL:	/* the granule of the only device that matches */
	case EOPNOTSUPP:
		return true;
	default:
		return wish->never || comes_from_below(err);
	}
}

/* Where it has slices, and had some */
static void learn_slices(struct slot *slot, const struct message *msg)
{
	unsigned int i, j;

	for (i = 0; i < msg->nr_slices; i++) {
		for (j = 0; j < slot->nr_resources; j++) {
			if (slot->resources[j] == msg->slices[i].resource)
				break;
		}
		if (j == slot->nr_resources && j < ARRAY_SIZE(slot->resources))
			slot->resources[slot->nr_resources++] = msg->slices[i].resource;
	}
	/* Somebody else tore a device out: it goes, and does not say any more where it was. */
	if (nr_threads > 1 && msg->state != FABRIC_GRANT_STATE_ACTIVE &&
	    msg->state != FABRIC_GRANT_STATE_SHRINKING)
		slot->may_vanish = true;
}

static void put_place(struct chance *chance, struct genl_req *req, struct wish *wish)
{
	const struct device *device;

	pthread_mutex_lock(&world_lock);
	device = &devices[below(chance, nr_devices)];
	switch (below(chance, 20)) {
	case 0:
	case 1:
		wish->device = device->id;
		req_u32(req, FABRIC_A_GRANT_DEVICE_ID, device->id);
		break;
	case 2:
	case 3:
		wish->port = device->port;
		req_u32(req, FABRIC_A_GRANT_PORT_ID, device->port);
		break;
	case 4:
	case 5:
		wish->domain = device->domain;
		req_u32(req, FABRIC_A_GRANT_DOMAIN_ID, device->domain);
		break;
	case 6:
		wish->label = true;
		req_str(req, FABRIC_A_GRANT_LABEL, "tier=gold");
		break;
	case 7:
		req_u32(req, FABRIC_A_GRANT_NEAR_NODE, below(chance, 2));
		break;
	case 8:
		req_str(req, FABRIC_A_GRANT_CAPABILITY, "ram");
		break;
	}
	pthread_mutex_unlock(&world_lock);
}

static __u64 some_size(struct chance *chance)
{
	if (percent(chance, 80))
		return (1 + below(chance, 16)) * UNIT;
	return (1 + below(chance, 150)) * UNIT;
}

static void op_new(struct worker *worker, struct chance *chance, struct slot *slot)
{
	static const __u32 priorities[] = { 0, 10, 50, 100, 100, 100, 200, 300, 500, 1000 };
	unsigned int unlikely = below(chance, 100);
	struct wish wish = { .size = some_size(chance), .pieces = 1 };
	__u32 priority = priorities[below(chance, 10)];
	__u32 holder = 1 + below(chance, FABRIC_HOLDER_MAX);
	unsigned int sock = below(chance, SOCKETS);
	struct genl *genl = holder == FABRIC_HOLDER_SOCKET ? &worker->sockets[sock] :
			    &worker->genl;
	struct message msg;
	struct genl_req req;
	bool token;
	char text[128];
	int err;

	memset(slot, 0, sizeof(*slot));
	slot->fd = -1;
	slot->sock = holder == FABRIC_HOLDER_SOCKET ? (int)sock : -1;
	req_init(genl, &req, FABRIC_CMD_GRANT_NEW, 0);
	req_u32(&req, FABRIC_A_GRANT_KIND, FABRIC_KIND_MEMORY);
	if (percent(chance, 40)) {
		wish.pieces = 1 + below(chance, 8);
		req_u32(&req, FABRIC_A_GRANT_PIECES, wish.pieces);
	}
	if (percent(chance, 15)) {
		wish.granularity = UNIT << below(chance, 3);
		wish.size = (wish.size + wish.granularity - 1) / wish.granularity *
			    wish.granularity;
		req_uint(&req, FABRIC_A_GRANT_GRANULARITY, wish.granularity);
	}
	if (unlikely == 0)
		wish.size++;
	if (unlikely == 1)
		wish.size = 1ULL << (40 + below(chance, 24));
	if (unlikely == 2)
		priority = FABRIC_PRIORITY_MAX + 1;
	wish.never = unlikely <= 2;
	req_uint(&req, FABRIC_A_GRANT_SIZE, wish.size);
	if (percent(chance, 80))
		req_u32(&req, FABRIC_A_GRANT_PRIORITY, priority);
	else if (!wish.never)
		priority = FABRIC_PRIORITY_DEFAULT;
	if (unlikely == 2)
		req_u32(&req, FABRIC_A_GRANT_PRIORITY, priority);
	if (percent(chance, 40)) {
		slot->min = wish.size / UNIT * below(chance, 100) / 100 * UNIT;
		if (unlikely == 3) {
			slot->min = wish.size + UNIT;
			wish.never = true;
		}
		req_uint(&req, FABRIC_A_GRANT_MIN, slot->min);
	}
	if (percent(chance, 30)) {
		slot->reclaimable = true;
		req_u32(&req, FABRIC_A_GRANT_RECLAIMABLE, 1);
	}
	req_u32(&req, FABRIC_A_GRANT_GRACE, below(chance, 4) ? below(chance, 10) : 0);
	if (percent(chance, 20)) {
		slot->may_grow = true;
		req_u32(&req, FABRIC_A_GRANT_RESTORE, 1);
	}
	if (percent(chance, 30))
		req_u32(&req, FABRIC_A_GRANT_PLACEMENT, 1 + below(chance, FABRIC_PLACEMENT_MAX));
	if (percent(chance, 15)) {
		wish.wait = true;
		req_uint(&req, FABRIC_A_GRANT_WAIT, 1 + below(chance, 100));
	}
	if (percent(chance, 10)) {
		slot->may_vanish = true;
		req_uint(&req, FABRIC_A_GRANT_LEASE, 1 + below(chance, 300));
	}
	req_u32(&req, FABRIC_A_GRANT_HOLDER, holder);
	if (percent(chance, 10))
		req_u32(&req, FABRIC_A_GRANT_MODE, percent(chance, 95) ? FABRIC_MODE_MAP :
			FABRIC_MODE_DEVDAX);
	if (percent(chance, 4))
		req_u32(&req, FABRIC_A_GRANT_BANDWIDTH_MIN, below(chance, 1000));
	if (percent(chance, 4))
		req_u32(&req, FABRIC_A_GRANT_BANDWIDTH_MAX, 1000 + below(chance, 1000));
	token = percent(chance, 8);
	if (token) {
		snprintf(text, sizeof(text), "token%u", below(chance, 20));
		req_str(&req, FABRIC_A_GRANT_TOKEN, text);
	}
	put_place(chance, &req, &wish);

	err = talk_grant(genl, &req, &msg, text);
	outcome(OP_NEW, err);
	if (err && !new_can_fail(err, &wish))
		wrong("refused with %s: %s", strerror(err), text);
	if (err)
		return;
	if (wish.never)
		wrong("granted what is never right: size %llu, min %llu, priority %u", wish.size,
		      slot->min, priority);
	/* What a token repeats has the place, priority and min of the first request. */
	if (!token) {
		check_new(&wish, &msg);
		if (msg.priority != priority)
			wrong("asked for priority %u, got %u", priority, msg.priority);
	}
	if (msg.state == FABRIC_GRANT_STATE_QUEUED) {
		atomic_fetch_add(&nr_queued, 1);
		slot->may_vanish = true;
	}
	if (msg.fd < 0 && (holder == FABRIC_HOLDER_FILE ||
			   msg.state == FABRIC_GRANT_STATE_QUEUED))
		wrong("grant %u comes without a file", msg.id);
	pthread_mutex_lock(&shadow_lock);
	shadow_of(msg.id)->asked_priority = msg.priority + 1;
	pthread_mutex_unlock(&shadow_lock);
	slot->id = msg.id;
	slot->fd = msg.fd;
	slot->size = wish.size;
	slot->granularity = wish.granularity;
	slot->repeated = token;
	learn_slices(slot, &msg);
}

/* The grant of the slot is nobody's any more: what there is of it goes. */
static void slot_clear(struct slot *slot)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->id = 0;
	slot->fd = -1;
}

static struct genl *genl_of(struct worker *worker, const struct slot *slot)
{
	return slot->sock >= 0 ? &worker->sockets[slot->sock] : &worker->genl;
}

static void op_del(struct worker *worker, struct chance *chance, struct slot *slot)
{
	struct genl *genl = percent(chance, 80) ? genl_of(worker, slot) : &worker->genl;
	bool force = percent(chance, 30);
	struct message msg;
	struct genl_req req;
	char text[128];
	int err;

	req_init(genl, &req, FABRIC_CMD_GRANT_DEL, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
	if (force)
		req_flag(&req, FABRIC_A_GRANT_FORCE);
	err = talk_grant(genl, &req, &msg, text);
	outcome(OP_DEL, err);
	switch (err) {
	case 0:
		pthread_mutex_lock(&shadow_lock);
		shadow_of(slot->id)->released = true;
		pthread_mutex_unlock(&shadow_lock);
		break;
	case ENOENT:
		/* The model says whether it could have gone by itself. */
		if (!may_be_gone(slot))
			wrong("grant %u is gone", slot->id);
		break;
	case EINPROGRESS:
		slot->leaving = true;
		break;
	case EBUSY:
		/* being prepared, shrunk or resized, or another socket's */
		return;
	default:
		wrong("del of grant %u: %s: %s", slot->id, strerror(err), text);
	}
	slot_clear(slot);
}

static void check_set_error(int err, const struct slot *slot, const char *text)
{
	switch (err) {
	case 0:
	case EBUSY:	/* owned, or another socket's */
	case ENXIO:	/* not active, or all that matches is draining */
	case ENOSPC:
	case EINVAL:
	case ERANGE:
	case EOPNOTSUPP:
		return;
	case ENOENT:
		if (may_be_gone(slot) || strstr(text, "No resource"))
			return;
		break;
	default:
		if (comes_from_below(err))
			return;
	}
	wrong("set of grant %u: %s: %s", slot->id, strerror(err), text);
}

static void op_resize(struct worker *worker, struct chance *chance, struct slot *slot, bool grows)
{
	__u64 unit = slot->granularity ? slot->granularity : UNIT;
	__u64 by = (1 + below(chance, 12)) * unit;
	unsigned int pieces = 1 + below(chance, 4);
	struct genl *genl = genl_of(worker, slot);
	struct message msg;
	struct genl_req req;
	char text[128];
	__u64 size;
	int err;

	if (!grows && by >= slot->size)
		by = slot->size / 2 / unit * unit;
	size = grows ? slot->size + by : slot->size - by;
	req_init(genl, &req, FABRIC_CMD_GRANT_SET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
	req_uint(&req, FABRIC_A_GRANT_SIZE, size);
	req_u32(&req, FABRIC_A_GRANT_PIECES, pieces);
	/* or it may be taken for what was lost */
	if (percent(chance, 50)) {
		slot->min = slot->min < size ? slot->min : size;
		req_uint(&req, FABRIC_A_GRANT_MIN, slot->min);
	}
	err = talk_grant(genl, &req, &msg, text);
	outcome(grows ? OP_GROW : OP_SHRINK, err);
	check_set_error(err, slot, text);
	if (err)
		return;
	if (msg.state == FABRIC_GRANT_STATE_ACTIVE && !msg.full_size && !slot->repeated &&
	    nr_threads == 1 && (msg.size != size || slices_sum(&msg) != size))
		wrong("grant %u was set to %llu and has %llu in slices of %llu", slot->id, size,
		      msg.size, slices_sum(&msg));
	slot->size = size;
	learn_slices(slot, &msg);
}

static void op_set(struct worker *worker, struct chance *chance, struct slot *slot)
{
	struct genl *genl = genl_of(worker, slot);
	unsigned int what = below(chance, 5), value = below(chance, 1000);
	struct slot was = *slot;
	struct message msg;
	struct genl_req req;
	char text[128];
	int err;

	req_init(genl, &req, FABRIC_CMD_GRANT_SET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
	switch (what) {
	case 0:
		req_u32(&req, FABRIC_A_GRANT_PRIORITY, value);
		break;
	case 1:
		slot->min = slot->size / UNIT * (value % 110) / 100 * UNIT;
		req_uint(&req, FABRIC_A_GRANT_MIN, slot->min);
		break;
	case 2:
		slot->reclaimable = true;
		req_u32(&req, FABRIC_A_GRANT_RECLAIMABLE, value & 1);
		break;
	case 3:
		req_u32(&req, FABRIC_A_GRANT_GRACE, value % 20);
		break;
	case 4:
		slot->may_grow = true;
		req_u32(&req, FABRIC_A_GRANT_RESTORE, value & 1);
		break;
	}
	err = talk_grant(genl, &req, &msg, text);
	outcome(OP_SET, err);
	check_set_error(err, &was, text);
	if (err) {
		*slot = was;
		return;
	}
	/* Notice may have been given of what the old min allowed. */
	if (was.min && (!slot->min || slot->min > was.min))
		slot->min = was.min;
}

static void op_renew(struct worker *worker, struct chance *chance, struct slot *slot)
{
	struct genl *genl = genl_of(worker, slot);
	bool has = percent(chance, 70);
	unsigned int ms = 1 + below(chance, 500);
	struct message msg;
	struct genl_req req;
	char text[128];
	int err;

	req_init(genl, &req, FABRIC_CMD_GRANT_RENEW, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
	if (has)
		req_uint(&req, FABRIC_A_GRANT_LEASE, ms);
	err = talk_grant(genl, &req, &msg, text);
	outcome(OP_RENEW, err);
	check_set_error(err, slot, text);
	if (!err)
		slot->may_vanish = true;
}

static void op_open(struct worker *worker, struct slot *slot)
{
	struct genl *genl = &worker->genl;
	struct message msg;
	struct genl_req req;
	char text[128];
	void *mem;
	int err;

	req_init(genl, &req, FABRIC_CMD_GRANT_OPEN, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
	err = talk_grant(genl, &req, &msg, text);
	outcome(OP_OPEN, err);
	check_set_error(err, slot, text);
	if (err)
		return;
	mem = mmap(NULL, UNIT, PROT_READ | PROT_WRITE, MAP_SHARED, msg.fd, 0);
	if (mem != MAP_FAILED)
		munmap(mem, UNIT);
	close(msg.fd);
}

static void op_get(struct worker *worker, struct slot *slot)
{
	unsigned char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct genl *genl = &worker->genl;
	struct message msg;
	struct genl_req req;
	char text[128];
	ssize_t got;
	int err;

	req_init(genl, &req, FABRIC_CMD_GRANT_GET, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
	err = talk_grant(genl, &req, &msg, text);
	outcome(OP_GET, err);
	check_set_error(err, slot, text);
	if (!err && msg.state == FABRIC_GRANT_STATE_ACTIVE && slices_sum(&msg) != msg.size)
		wrong("grant %u says %llu, its slices %llu", msg.id, msg.size, slices_sum(&msg));
	if (slot->fd < 0)
		return;
	fcntl(slot->fd, F_SETFL, O_NONBLOCK);
	got = read(slot->fd, buffer, sizeof(buffer));
	if (got < 0 && errno != EAGAIN)
		wrong("the file of grant %u: %s", slot->id, strerror(errno));
	if (got <= 0)
		return;
	parse_grant((void *)buffer, &msg);
	if (msg.id != slot->id)
		wrong("the file of grant %u tells of %u", slot->id, msg.id);
}

static void op_close(struct slot *slot)
{
	outcome(OP_CLOSE, 0);
	/* What is bound to the file goes, by and by; the rest stays without owner. */
	slot->leaving = true;
	close(slot->fd);
	slot->fd = -1;
}

static void open_socket(struct genl *genl)
{
	int err = genl_open(genl, FABRIC_FAMILY_NAME);

	if (err)
		wrong("no family %s: %s", FABRIC_FAMILY_NAME, strerror(err));
}

static void op_close_socket(struct worker *worker, struct chance *chance)
{
	unsigned int sock = below(chance, SOCKETS), i;

	outcome(OP_CLOSE_SOCKET, 0);
	for (i = 0; i < SLOTS; i++) {
		struct slot *slot = &worker->slots[i];

		if (slot->id && slot->sock == (int)sock) {
			slot->leaving = true;
			slot->sock = -1;
		}
	}
	genl_close(&worker->sockets[sock]);
	open_socket(&worker->sockets[sock]);
}

static void op_device_state(struct worker *worker, struct chance *chance)
{
	unsigned int number = below(chance, nr_devices), choice = below(chance, 10);
	__u32 state = choice < 3 ? FABRIC_ADMIN_STATE_DRAINING :
		      choice < 4 ? FABRIC_ADMIN_STATE_DISABLED : FABRIC_ADMIN_STATE_ENABLED;
	struct genl_answer answer;
	struct device *device;
	struct genl_req req;
	int err;

	pthread_mutex_lock(&world_lock);
	device = &devices[number];
	req_init(&worker->genl, &req, FABRIC_CMD_DEVICE_SET, 0);
	req_u32(&req, FABRIC_A_DEVICE_ID, device->id);
	req_u32(&req, FABRIC_A_DEVICE_ADMIN_STATE, state);
	err = genl_talk(&worker->genl, &req, &answer);
	outcome(OP_DEVICE_STATE, err);
	if (err && err != EBUSY)
		wrong("device %s: %s: %s", device->name, strerror(err), answer.text);
	if (!err)
		device->draining = state != FABRIC_ADMIN_STATE_ENABLED;
	pthread_mutex_unlock(&world_lock);
	answer_free(&answer);
}

static void op_device_label(struct worker *worker, struct chance *chance)
{
	unsigned int number = below(chance, nr_devices);
	bool add = percent(chance, 30);
	struct genl_answer answer;
	struct device *device;
	struct genl_req req;
	int err;

	pthread_mutex_lock(&world_lock);
	device = &devices[number];
	add &= !device->labelled;
	req_init(&worker->genl, &req, FABRIC_CMD_DEVICE_SET, 0);
	req_u32(&req, FABRIC_A_DEVICE_ID, device->id);
	if (add)
		req_str(&req, FABRIC_A_DEVICE_LABEL, "tier=gold");
	else
		req_str(&req, FABRIC_A_DEVICE_UNLABEL, "tier");
	err = genl_talk(&worker->genl, &req, &answer);
	outcome(OP_DEVICE_LABEL, err);
	if (err && (add || err != ENOENT))
		wrong("device %s: %s: %s", device->name, strerror(err), answer.text);
	if (!err)
		device->labelled = add;
	pthread_mutex_unlock(&world_lock);
	answer_free(&answer);
}

static void op_port(struct worker *worker, struct chance *chance, enum kind kind)
{
	unsigned int port = below(chance, nr_ports), value = below(chance, 8);
	struct genl_answer answer;
	struct genl_req req;
	int err;

	if (kind == OP_LINK) {
		outcome(kind, write_file(value ? "up" : "down", DEBUG "/%s/ports/%s/event_link",
					 switches[port_sw[port]], port_names[port]));
		return;
	}
	req_init(&worker->genl, &req, FABRIC_CMD_PORT_SET, 0);
	req_u32(&req, FABRIC_A_PORT_ID, ports[port]);
	if (kind == OP_PORT_SET)
		req_u32(&req, FABRIC_A_PORT_LINK, value ? FABRIC_LINK_UP : FABRIC_LINK_DOWN);
	else
		req_str(&req, FABRIC_A_PORT_LABEL, value & 1 ? "rack=a" : "rack=b");
	err = genl_talk(&worker->genl, &req, &answer);
	outcome(kind, err);
	if (err && err != EBUSY && err != EOPNOTSUPP && !comes_from_below(err))
		wrong("port %s: %s: %s", port_names[port], strerror(err), answer.text);
	answer_free(&answer);
}

static void op_remove(struct worker *worker, struct chance *chance)
{
	unsigned int number = below(chance, nr_devices);
	struct device *device;
	int err;

	pthread_mutex_lock(&world_lock);
	device = &devices[number];
	removed_resources[device->resource] = 1;
	err = write_file("1", DEBUG "/%s/devices/%s/surprise_remove", switches[device->sw],
			 device->name);
	outcome(OP_REMOVE, err);
	if (!err)
		device->there = false;
	write_file("1", DEBUG "/%s/devices/%s/plug", switches[device->sw], device->name);
	device->draining = false;
	device->labelled = false;
	load_devices(&worker->genl);
	pthread_mutex_unlock(&world_lock);
}

static void op_fault(struct chance *chance)
{
	unsigned int sw = below(chance, nr_switches), name = below(chance, nr_faults);
	int error = fault_errors[below(chance, 5)], times = 1 + below(chance, 3);

	outcome(OP_FAULT, 0);
	set_fault(sw, fault_names[name], error, times);
}

static void op_delay(struct worker *worker, struct chance *chance)
{
	unsigned int sw = below(chance, nr_switches), name = below(chance, nr_faults);

	outcome(OP_DELAY, 0);
	set_delay(sw, fault_names[name], 1 + below(chance, 3));
	worker->delayed = 4;
}

static void end_delay(struct worker *worker)
{
	unsigned int sw, i;

	if (!worker->delayed || --worker->delayed)
		return;
	for (sw = 0; sw < nr_switches; sw++) {
		for (i = 0; i < nr_faults; i++)
			set_delay(sw, fault_names[i], 0);
	}
}

static void op_on_world(struct worker *worker, struct chance *chance)
{
	unsigned int r = below(chance, 1000);

	doing = "world";
	if (r < 250)
		op_device_state(worker, chance);
	else if (r < 400)
		op_device_label(worker, chance);
	else if (r < 500)
		op_port(worker, chance, OP_PORT_LABEL);
	else if (r < 600)
		op_port(worker, chance, OP_PORT_SET);
	else if (r < 700)
		op_port(worker, chance, OP_LINK);
	else if (r < 730)
		op_remove(worker, chance);
	else if (r < 930)
		op_fault(chance);
	else if (r < 960)
		op_delay(worker, chance);
	else
		op_close_socket(worker, chance);
}

static void op_on_slot(struct worker *worker, struct chance *chance, struct slot *slot)
{
	unsigned int r = below(chance, 100);

	if (r < 40) {
		doing = "del";
		op_del(worker, chance, slot);
	} else if (r < 52) {
		doing = "grow";
		op_resize(worker, chance, slot, true);
	} else if (r < 66) {
		doing = "shrink";
		op_resize(worker, chance, slot, false);
	} else if (r < 76) {
		doing = "set";
		op_set(worker, chance, slot);
	} else if (r < 80) {
		doing = "renew";
		op_renew(worker, chance, slot);
	} else if (r < 84) {
		doing = "open";
		op_open(worker, slot);
	} else if (r < 90 || slot->fd < 0) {
		doing = "get";
		op_get(worker, slot);
	} else {
		doing = "close";
		op_close(slot);
	}
}

static void one(struct worker *worker, __u64 number)
{
	struct chance chance = {
		.state = (seed * 1000003 + worker->number) * 1000000007 + number,
		.digest = &worker->digest,
	};
	bool on_world = percent(&chance, 7);
	struct slot *slot = &worker->slots[below(&chance, SLOTS)];

	doing_op = number;
	/* the same draws whatever becomes of them */
	if (on_world) {
		op_on_world(worker, &chance);
	} else if (!slot->id) {
		doing = "new";
		op_new(worker, &chance, slot);
	} else {
		op_on_slot(worker, &chance, slot);
	}
	end_delay(worker);
}

/* Runs */

static bool is_transient(struct genl *genl)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	bool transient = false;

	req_init(genl, &req, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	if (genl_talk(genl, &req, &answer))
		wrong("dump of grants: %s", answer.text);
	answer_for_each(nlh, &answer) {
		__u32 state = attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
						  FABRIC_A_GRANT_STATE));

		transient |= state != FABRIC_GRANT_STATE_ACTIVE;
	}
	answer_free(&answer);
	return transient;
}

/* Nothing fails or is away any more, and what was begun ends. */
static void calm_down(struct genl *genl)
{
	__u64 deadline = now_ms() + PATIENCE_MS;
	unsigned int i;

	clear_faults();
	for (i = 0; i < nr_ports; i++)
		write_file("up", DEBUG "/%s/ports/%s/event_link", switches[port_sw[i]],
			   port_names[i]);
	while (is_transient(genl)) {
		if (now_ms() > deadline)
			wrong("not every grant becomes active or ends");
		usleep(1000);
	}
	for (i = 0; i < nr_devices; i++)
		write_file("1", DEBUG "/%s/devices/%s/plug", switches[devices[i].sw],
			   devices[i].name);
	load_devices(genl);
	drain_events();
}

static void *work(void *data)
{
	struct worker *worker = data;
	__u64 share = ops_wanted / nr_threads, i;

	doing_thread = worker->number;
	for (i = 0; i < share; i++) {
		one(worker, i);
		worker->done++;
		if (nr_threads == 1) {
			drain_events();
			if (i % every == 0) {
				doing = "check";
				check_all(&eyes, false, i % (16 * every) == 0);
			}
		} else if ((i + 1) % STOP_EVERY == 0) {
			pthread_barrier_wait(&stop_begin);
			pthread_barrier_wait(&stop_end);
		}
	}
	return NULL;
}

/* Looks at everything that can be said at any time while the others work */
static void *look(void *data)
{
	struct genl genl;

	(void)data;
	doing_thread = 100;
	doing = "look";
	open_socket(&genl);
	while (!finished) {
		struct view view = {};

		drain_events();
		read_resources(&genl, &view);
		if (read_slices(&genl, &view))
			atomic_fetch_add(&nr_full, 1);
		else
			atomic_fetch_add(&nr_unstable, 1);
		view_free(&view);
		usleep(1000);
	}
	genl_close(&genl);
	return NULL;
}

static void run_many(void)
{
	__u64 stops = ops_wanted / nr_threads / STOP_EVERY, i;
	pthread_t looker;

	pthread_barrier_init(&stop_begin, NULL, nr_threads + 1);
	pthread_barrier_init(&stop_end, NULL, nr_threads + 1);
	pthread_create(&looker, NULL, look, NULL);
	for (i = 0; i < nr_threads; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	for (i = 0; i < stops; i++) {
		pthread_barrier_wait(&stop_begin);
		doing = "stop";
		calm_down(&eyes);
		check_all(&eyes, true, true);
		atomic_fetch_add(&nr_stops, 1);
		pthread_barrier_wait(&stop_end);
	}
	for (i = 0; i < nr_threads; i++)
		pthread_join(workers[i].thread, NULL);
	finished = true;
	pthread_join(looker, NULL);
}

static void end_all(void)
{
	__u64 deadline = now_ms() + PATIENCE_MS;
	unsigned int t, i;
	struct view view;
	bool empty;

	doing = "end";
	calm_down(&eyes);
	check_all(&eyes, true, true);
	for (t = 0; t < nr_threads; t++) {
		for (i = 0; i < SLOTS; i++) {
			struct slot *slot = &workers[t].slots[i];
			struct genl_answer answer;
			struct genl_req req;

			if (!slot->id)
				continue;
			req_init(&eyes, &req, FABRIC_CMD_GRANT_DEL, 0);
			req_u32(&req, FABRIC_A_GRANT_ID, slot->id);
			req_flag(&req, FABRIC_A_GRANT_FORCE);
			genl_talk(&eyes, &req, &answer);
			answer_free(&answer);
			slot_clear(slot);
		}
		for (i = 0; i < SOCKETS; i++)
			genl_close(&workers[t].sockets[i]);
		genl_close(&workers[t].genl);
	}
	do {
		empty = read_view(&eyes, &view) && !view.nr_slices;
		for (i = 0; empty && i < view.nr_resources; i++)
			empty = view.resources[i].free == view.resources[i].total;
		view_free(&view);
		if (!empty && now_ms() > deadline)
			wrong("not everything is free at the end");
		if (!empty)
			usleep(5000);
	} while (!empty);
	drain_events();
}

static void print_results(__u64 ms)
{
	unsigned long long done = 0, digest = 0, refused = 0;
	unsigned int i, j;

	for (i = 0; i < nr_threads; i++) {
		done += workers[i].done;
		digest ^= workers[i].digest;
	}
	for (i = 0; i < OP_KINDS; i++) {
		printf("%-26s", op_names[i]);
		for (j = 0; j < ERRNOS; j++) {
			if (!outcomes[i][j])
				continue;
			printf(" %s: %llu", j ? strerrorname_np(j) : "ok", outcomes[i][j]);
			refused += j ? outcomes[i][j] : 0;
		}
		printf("\n");
	}
	printf("%llu operations of %u threads in %llu s, %llu refused, %llu requests queued\n",
	       done, nr_threads, ms / 1000, refused, nr_queued);
	printf("%llu events, events lost %llu times\n", nr_events, nr_lost_events);
	printf("%llu notices, %llu grants shrunk for another, %llu revoked for another\n",
	       nr_notices, nr_shrunk, nr_revoked);
	printf("%llu checks, %llu had to be repeated, %llu stops, %llu dumps\n", nr_full,
	       nr_unstable, nr_stops, nr_dumps);
	printf("digest %016llx\n", digest);
}

static void print_stats(void)
{
	static const char * const names[] = {
		[FABRIC_A_STATS_REQUESTS] = "requests", [FABRIC_A_STATS_GRANTS] = "grants",
		[FABRIC_A_STATS_RELEASES] = "releases", [FABRIC_A_STATS_NOTICES] = "notices",
		[FABRIC_A_STATS_SHRINKS] = "shrinks", [FABRIC_A_STATS_REVOKES] = "revokes",
		[FABRIC_A_STATS_FORCED] = "forced", [FABRIC_A_STATS_RESTORES] = "restores",
		[FABRIC_A_STATS_LEASE_EXPIRIES] = "lease expiries",
		[FABRIC_A_STATS_WAIT_EXPIRIES] = "wait expiries",
	};
	const struct nlattr *attr;
	struct genl_answer answer;
	struct genl_req req;
	size_t left;

	req_init(&eyes, &req, FABRIC_CMD_STATS_GET, 0);
	if (genl_talk(&eyes, &req, &answer) || !answer.len)
		wrong("stats: %s", answer.text);
	printf("the broker since it was loaded:");
	attrs_for_each(attr, left, msg_attrs((void *)answer.data),
		       msg_attrs_len((void *)answer.data)) {
		unsigned int type = attr->nla_type & NLA_TYPE_MASK;

		if (type < ARRAY_SIZE(names) && names[type])
			printf(" %llu %s", (unsigned long long)attr_uint(attr), names[type]);
	}
	printf("\n");
	answer_free(&answer);
}

int main(int argc, char **argv)
{
	int size = 64 << 20, i;
	unsigned int t;
	__u64 begin;

	seed = now_ms();
	for (i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--seed"))
			seed = strtoull(argv[++i], NULL, 0);
		else if (i + 1 < argc && !strcmp(argv[i], "--ops"))
			ops_wanted = strtoull(argv[++i], NULL, 0);
		else if (i + 1 < argc && !strcmp(argv[i], "--threads"))
			nr_threads = atoi(argv[++i]);
		else if (i + 1 < argc && !strcmp(argv[i], "--every"))
			every = atoi(argv[++i]);
		else if (argv[i][0] != '-' && nr_switches < SWITCHES_MAX)
			switches[nr_switches++] = argv[i];
		else
			return 2;
	}
	if (!nr_switches || !nr_threads || nr_threads > THREADS_MAX || !every)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", seed);
	shadows = calloc(IDS, sizeof(*shadows));
	removed_resources = calloc(IDS, 1);
	if (!shadows || !removed_resources)
		return 1;
	open_socket(&eyes);
	open_socket(&events);
	setsockopt(events.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (genl_join(&events, FABRIC_MCGRP_GRANTS))
		wrong("no events");
	load_world(&eyes);
	load_faults();
	for (t = 0; t < nr_threads; t++) {
		struct worker *worker = &workers[t];

		worker->number = t;
		worker->digest = 0xcbf29ce484222325ULL;
		open_socket(&worker->genl);
		for (i = 0; i < SOCKETS; i++)
			open_socket(&worker->sockets[i]);
		for (i = 0; i < SLOTS; i++)
			worker->slots[i].fd = -1;
	}
	begin = now_ms();
	if (nr_threads == 1)
		work(&workers[0]);
	else
		run_many();
	end_all();
	print_results(now_ms() - begin);
	print_stats();
	return 0;
}
