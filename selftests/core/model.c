// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on emulated switches, compared with a model of what may
 * become of them.
 *
 * Usage: model [--seed N] [--ops N] [--threads N] [--stop-every N] SWITCH...
 *
 * One thread waits after each step until nothing is under way, and everything
 * is judged then: each step has one outcome, and a seed leads to the same trace
 * again. What takes time is over at once or never.
 *
 * Several threads do the same with --stop-every 1: each does one step, all at
 * once, and then everything is judged. Otherwise they run freely and are judged
 * by what can be said at any time, by each reply, each event and each dump that
 * a further thread takes; and every N steps all of them stop, what they began
 * ends, and all that the broker and the switches have is compared with what the
 * threads know together. A reply then tells of a
 * grant that others may have changed since it was made: that it was shrunk for
 * a more important request, or ends with a device that another thread tore out,
 * is told by its counter of reclaims and by the events, and only then right.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model.h"

/* how long something under way may look wrong */
#define INSTANT_MS	3000

struct worker workers[THREADS_MAX];
unsigned int nr_threads = 1;
__u64 stop_every = 250;
struct genl eyes;
pthread_mutex_t world_lock = PTHREAD_MUTEX_INITIALIZER;
__thread const char *doing = "";
atomic_ullong nr_notices, nr_shrunk, nr_revoked, nr_events, nr_lost, nr_looks, nr_again;
atomic_ullong nr_fair_refusals;

static __u64 seed, ops_wanted = 20000, nr_stops;
static struct genl events;
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_ullong clock_ticks;
static atomic_bool finished;
static pthread_barrier_t stop_begin, stop_end;
static struct told_grant probe;
static __thread __u64 doing_number;
static __thread unsigned int doing_thread;

void wrong(const char *fmt, ...)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	va_list args;

	pthread_mutex_lock(&once);
	printf("WRONG: seed %llu thread %u operation %llu (%s): ", seed, doing_thread,
	       doing_number, doing);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

unsigned long long moment(void)
{
	return clock_ticks;
}

unsigned long long tick(void)
{
	return atomic_fetch_add(&clock_ticks, 1) + 1;
}

/* All events that have come */
void drain_events(void)
{
	static unsigned char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	struct told_grant told;
	ssize_t got;

	pthread_mutex_lock(&events_lock);
	for (;;) {
		got = recv(events.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (got < 0 && errno == ENOBUFS) {
			events_lost();
			continue;
		}
		if (got < 0)
			break;
		for (nlh = (void *)buffer; NLMSG_OK(nlh, got); nlh = NLMSG_NEXT(nlh, got)) {
			const struct genlmsghdr *hdr = NLMSG_DATA(nlh);

			if (nlh->nlmsg_type != events.family ||
			    (hdr->cmd != FABRIC_CMD_GRANT_NEW_NTF &&
			     hdr->cmd != FABRIC_CMD_GRANT_CHANGE_NTF &&
			     hdr->cmd != FABRIC_CMD_GRANT_DEL_NTF))
				continue;
			engine_parse(nlh, &told);
			judge_event(&told);
		}
	}
	pthread_mutex_unlock(&events_lock);
}

/* Who has what is a part of the trace of one thread; ids are not, they differ. */
static void trace_view(const struct view *view)
{
	unsigned int i;

	for (i = 0; alone() && i < view->nr_slices; i++) {
		hash(&workers[0].trace, device_number(view->slices[i].device));
		hash(&workers[0].trace, view->slices[i].start);
		hash(&workers[0].trace, view->slices[i].length);
	}
}

/* Everything, when no thread asks. What stays wrong is a bug. */
static void judge_all(void)
{
	__u64 deadline = now_ms() + INSTANT_MS;
	struct view view;
	const char *bad;

	do {
		bad = "something changes all the time";
		if (view_read(&eyes, &view)) {
			bad = judge_view(&eyes, &view, true);
			if (!bad)
				trace_view(&view);
			view_free(&view);
		}
		if (!bad) {
			atomic_fetch_add(&nr_looks, 1);
			return;
		}
		atomic_fetch_add(&nr_again, 1);
		usleep(2000);
	} while (now_ms() < deadline);
	wrong("%s", bad);
}

/* Until nothing is under way */

static __u32 unsettled;

/* A grant for good, of all that there is of a device of its own */
static void probe_make(void)
{
	struct told_resource resource;
	struct want want = { .device = probe_device, .priority = FABRIC_PRIORITY_MAX,
			     .holder = FABRIC_HOLDER_SOCKET };

	if (!probe_device || engine_resource(&eyes, probe_device, 0, &resource))
		wrong("there is no device to probe");
	want.size = resource.total;
	if (engine_new(&eyes, &want, &probe))
		wrong("the device to probe: %s", engine_text());
	story_of(probe.id)->asked_priority = FABRIC_PRIORITY_MAX + 1;
}

/*
 * Whoever waits for capacity is served after whoever waited long enough. So when
 * a request that waits for the device to probe has expired, and the engine can be
 * asked something else, everybody was served that could be.
 */
static void probe_queue(void)
{
	const struct want want = { .device = probe_device, .size = UNIT, .wait = 1,
				   .priority = FABRIC_PRIORITY_MAX };
	struct pollfd poll_fd = {};
	struct told_grant request;

	if (engine_new(&eyes, &want, &request))
		wrong("request to probe the queue: %s", engine_text());
	poll_fd.fd = request.fd;
	/* none if it has expired already */
	while (poll_fd.fd >= 0 && !(poll_fd.revents & POLLHUP)) {
		if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
			wrong("the request to probe the queue does not expire");
		if (poll_fd.revents & POLLIN)
			engine_read(poll_fd.fd, &request);
	}
	if (poll_fd.fd >= 0)
		close(poll_fd.fd);
	view_tenant_used(&eyes, &tenants[0]);
}

static bool is_settled(bool *waits)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct told_grant told;
	struct genl_req req;
	bool settled;

	req_init(&eyes, &req, FABRIC_CMD_GRANT_GET, NLM_F_DUMP);
	if (genl_talk(&eyes, &req, &answer))
		wrong("dump of grants: %s", answer.text);
	unsettled = 0;
	answer_for_each(nlh, &answer) {
		engine_parse(nlh, &told);
		*waits |= told.state == FABRIC_GRANT_STATE_QUEUED || told.full_size;
		if (told.state == FABRIC_GRANT_STATE_QUEUED)
			settled = told.wait_left > NEVER_MS / 2;
		else
			settled = told.state == FABRIC_GRANT_STATE_ACTIVE && !told.notice.given &&
				  (!told.has_lease_left || told.lease_left > NEVER_MS / 2);
		if (!settled)
			unsettled = told.id;
	}
	settled = !unsettled && !answer.interrupted;
	answer_free(&answer);
	return settled;
}

static bool all_plugged(void)
{
	bool all = true;
	unsigned int i;

	pthread_mutex_lock(&world_lock);
	for (i = 0; i < nr_devices; i++) {
		if (devices[i].there)
			continue;
		all = false;
		write_file("1", "%s/devices/%s/plug", switches[devices[i].sw], devices[i].name);
	}
	if (!all)
		devices_load(&eyes);
	pthread_mutex_unlock(&world_lock);
	return all;
}

static void settle(void)
{
	__u64 deadline = now_ms() + PATIENCE_MS;
	bool probed = false, waits;

	for (;;) {
		waits = false;
		if (now_ms() > deadline)
			wrong("grant %u does not become active or end", unsettled);
		if (!all_plugged() || !is_settled(&waits)) {
			probed = false;
			usleep(500);
		} else if (waits && !probed) {
			probe_queue();
			probed = true;
		} else {
			break;
		}
	}
	drain_events();
}

/* Nothing fails or is away any more; what was begun ends, also what waits. */
static void calm_down(void)
{
	__u64 deadline = now_ms() + PATIENCE_MS;
	struct genl_req req;
	unsigned int i;
	bool waits;

	for (i = 0; i < nr_threads; i++) {
		if (workers[i].fault)
			fault_clear(workers[i].fault);
		workers[i].fault = NULL;
	}
	for (i = 0; i < nr_devices; i++) {
		struct device *device = &devices[i];

		write_file("up", "%s/ports/%s/event_link", switches[device->sw],
			   device->port_name);
		device->link_up = true;
		if (device->bound)
			continue;
		req_init(&eyes, &req, FABRIC_CMD_PORT_UNBIND, 0);
		req_u32(&req, FABRIC_A_PORT_ID, device->port);
		if (engine_talk(&eyes, &req, FABRIC_A_PORT_ID, NULL))
			wrong("unbind of %s: %s", device->port_name, engine_text());
		req_init(&eyes, &req, FABRIC_CMD_PORT_BIND, 0);
		req_u32(&req, FABRIC_A_PORT_ID, device->port);
		req_str(&req, FABRIC_A_PORT_HOST, "host0");
		if (engine_talk(&eyes, &req, FABRIC_A_PORT_ID, NULL))
			wrong("bind of %s: %s", device->port_name, engine_text());
		device->bound = true;
	}
	do {
		if (now_ms() > deadline)
			wrong("grant %u does not become active or end", unsettled);
		usleep(1000);
	} while (!all_plugged() || !is_settled(&waits));
	drain_events();
}

/* Runs */

static void *work(void *data)
{
	struct worker *worker = data;
	__u64 share = ops_wanted / nr_threads, i;

	doing_thread = worker->number;
	for (i = 0; i < share; i++) {
		doing_number = i;
		request_one(worker, i, seed);
		worker->done++;
		if (alone()) {
			settle();
			judge_all();
		} else if ((i + 1) % stop_every == 0) {
			pthread_barrier_wait(&stop_begin);
			pthread_barrier_wait(&stop_end);
		}
	}
	return NULL;
}

/* Looks at what can be said at any time while the others work. */
static void *look(void *data)
{
	struct genl genl;
	struct view view;
	const char *bad;

	(void)data;
	doing_thread = THREADS_MAX;
	doing = "look";
	open_socket(&genl);
	while (!finished) {
		drain_events();
		if (view_read(&genl, &view)) {
			bad = judge_view(&genl, &view, false);
			if (bad)
				wrong("%s", bad);
			atomic_fetch_add(&nr_looks, 1);
			view_free(&view);
		}
		usleep(1000);
	}
	genl_close(&genl);
	return NULL;
}

static void run_several(void)
{
	__u64 stops = ops_wanted / nr_threads / stop_every;
	pthread_t looker;
	unsigned int i;

	pthread_barrier_init(&stop_begin, NULL, nr_threads + 1);
	pthread_barrier_init(&stop_end, NULL, nr_threads + 1);
	if (!stepwise())
		pthread_create(&looker, NULL, look, NULL);
	for (i = 0; i < nr_threads; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	while (nr_stops < stops) {
		pthread_barrier_wait(&stop_begin);
		doing = "stop";
		if (stepwise())
			settle();
		else
			calm_down();
		judge_all();
		nr_stops++;
		pthread_barrier_wait(&stop_end);
	}
	for (i = 0; i < nr_threads; i++)
		pthread_join(workers[i].thread, NULL);
	finished = true;
	if (!stepwise())
		pthread_join(looker, NULL);
}

static bool everything_is_free(void)
{
	struct view view;
	unsigned int i;
	bool empty;

	empty = view_read(&eyes, &view) && !view.nr_slices && !view.nr_grants;
	for (i = 0; empty && i < view.nr_resources; i++)
		empty = view.resources[i].free == view.resources[i].total;
	view_free(&view);
	return empty;
}

static void end_all(void)
{
	__u64 deadline = now_ms() + PATIENCE_MS;
	unsigned int t, i;

	doing = "end";
	calm_down();
	judge_all();
	for (t = 0; t < nr_threads; t++) {
		for (i = 0; i < ENTRIES; i++) {
			struct entry *entry = &workers[t].entries[i];

			if (!entry->id)
				continue;
			pthread_mutex_lock(&story_lock);
			story_of(entry->id)->withdrawn = true;
			pthread_mutex_unlock(&story_lock);
			engine_del(&eyes, entry->id, true);
			entry_forget(entry);
		}
		for (i = 0; i < SOCKETS; i++)
			genl_close(&workers[t].sockets[i]);
		genl_close(&workers[t].genl);
	}
	engine_del(&eyes, probe.id, true);
	while (!everything_is_free()) {
		if (now_ms() > deadline)
			wrong("not everything is free at the end");
		usleep(5000);
	}
	drain_events();
	tenants_remove();
}

static void print_results(__u64 ms)
{
	unsigned long long done = 0, trace = 0;
	struct told_stats stats;
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		done += workers[i].done;
		trace ^= workers[i].trace;
	}
	requests_print();
	printf("%llu operations of %u threads on %u devices in %llu s\n", done, nr_threads,
	       nr_devices, ms / 1000);
	printf("%llu events, lost %llu times\n", nr_events, nr_lost);
	printf("%llu notices, %llu shrunk and %llu revoked for another\n", nr_notices, nr_shrunk,
	       nr_revoked);
	printf("%llu looks at everything, %llu repeated, %llu stops, %llu refusals found right\n",
	       nr_looks, nr_again, nr_stops, nr_fair_refusals);
	if (!engine_stats(&eyes, &stats)) {
		printf("since it was loaded: %llu queued, %llu waits and %llu leases over\n",
		       stats.requests, stats.wait_expiries, stats.lease_expiries);
		printf("%llu forced, %llu grown back\n", stats.forced, stats.restores);
	}
	printf("trace %016llx\n", trace);
}

static bool parse_args(int argc, char **argv)
{
	int i;

	seed = now_ms();
	for (i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--seed"))
			seed = strtoull(argv[++i], NULL, 0);
		else if (i + 1 < argc && !strcmp(argv[i], "--ops"))
			ops_wanted = strtoull(argv[++i], NULL, 0);
		else if (i + 1 < argc && !strcmp(argv[i], "--threads"))
			nr_threads = atoi(argv[++i]);
		else if (i + 1 < argc && !strcmp(argv[i], "--stop-every"))
			stop_every = strtoull(argv[++i], NULL, 0);
		else if (argv[i][0] != '-' && nr_switches < SWITCHES_MAX)
			switches[nr_switches++] = argv[i];
		else
			return false;
	}
	return nr_switches && nr_threads && nr_threads <= THREADS_MAX && stop_every;
}

int main(int argc, char **argv)
{
	int size = 64 << 20;
	unsigned int t, i;
	__u64 began;

	if (!parse_args(argc, argv))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", seed);
	open_socket(&eyes);
	open_socket(&events);
	setsockopt(events.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (genl_join(&events, FABRIC_MCGRP_GRANTS))
		wrong("no events");
	world_load();
	tenants_make();
	probe_make();
	for (t = 0; t < nr_threads; t++) {
		struct worker *worker = &workers[t];

		worker->number = t;
		worker->trace = 0xcbf29ce484222325ULL;
		open_socket(&worker->genl);
		for (i = 0; i < SOCKETS; i++)
			open_socket(&worker->sockets[i]);
		for (i = 0; i < ENTRIES; i++)
			worker->entries[i].fd = -1;
	}
	began = now_ms();
	if (alone())
		work(&workers[0]);
	else
		run_several();
	end_all();
	print_results(now_ms() - began);
	return 0;
}
