// SPDX-License-Identifier: GPL-2.0
/*
 * What is asked: every form of a request, drawn at random, and what the model
 * makes of the answer. Operation number I of a thread depends on the seed, the
 * thread, I and on whether the entry that it is about is empty.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model.h"

#define STRANGER	71999

const int fault_errors[5] = { EIO, ENOMEM, EBUSY, ETIMEDOUT, EAGAIN };

/* Chance: splitmix64, anew for every operation */

struct chance {
	__u64 state;
	__u64 *trace;
};

void hash(__u64 *trace, __u64 value)
{
	*trace = (*trace ^ value) * 0x100000001b3ULL;
}

static __u64 draw(struct chance *chance)
{
	__u64 z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	hash(chance->trace, z);
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

/* A time in ms that is over soon, or never */
static __u64 some_time(struct chance *chance, unsigned int most)
{
	__u64 ms = 1 + below(chance, most);

	if (stepwise())
		return ms > most / 2 ? NEVER_MS : 1;
	return ms;
}

/* Who asks */

/* This thread alone; the real user stays, and leads back. */
static void act_as(__u32 uid)
{
	if (syscall(SYS_setresuid, -1, uid, -1))
		wrong("can't become user %u: %s", uid, strerror(errno));
}

static struct genl *genl_of(struct worker *worker, const struct entry *entry)
{
	return entry->sock >= 0 ? &worker->sockets[entry->sock] : &worker->genl;
}

/* What came of it is a part of the trace where it does not depend on others. */
static void learn_outcome(struct worker *worker, int err)
{
	if (alone())
		hash(&worker->trace, err);
}

static void must_say_why(int err)
{
	if (err == GENL_SILENT)
		wrong("no answer");
	if (err && err != ENOMEM && !*engine_text())
		wrong("error %d without a text", err);
}

/* What can be asked, and how often it ended how */
struct operation {
	const char *name;
	unsigned int share;	/* in a thousand of its list */
	void (*ask)(struct worker *worker, struct chance *chance, struct entry *entry);
	atomic_ullong outcomes[256];
};

static __thread struct operation *current;

static void outcome(int err)
{
	atomic_fetch_add(&current->outcomes[err & 255], 1);
}

/* Requests for a grant */

static void draw_place(struct chance *chance, struct want *want)
{
	const struct device *device;

	pthread_mutex_lock(&world_lock);
	device = &devices[below(chance, nr_devices)];
	switch (below(chance, 20)) {
	case 0:
	case 1:
		want->device = device->id;
		break;
	case 2:
	case 3:
		want->port = device->port;
		break;
	case 4:
	case 5:
		want->domain = device->domain;
		break;
	case 6:
		want->label = "tier=gold";
		break;
	case 7:
		want->near_node = ZERO;
		break;
	case 8:
		want->capability = "ram";
		break;
	case 9:
		want->numa_node = ZERO;
		break;
	}
	pthread_mutex_unlock(&world_lock);
}

static void draw_size(struct chance *chance, struct want *want)
{
	static const __u32 kinds[] = { FABRIC_PLACEMENT_BEST_FIT, FABRIC_PLACEMENT_PACK,
				       FABRIC_PLACEMENT_SPREAD };

	want->size = (1 + below(chance, percent(chance, 80) ? 16 : 150)) * UNIT;
	if (percent(chance, 40))
		want->pieces = 1 + below(chance, 8);
	if (percent(chance, 15)) {
		want->granularity = UNIT << below(chance, 3);
		want->size = (want->size + want->granularity - 1) / want->granularity *
			     want->granularity;
	}
	if (percent(chance, 30))
		want->placement = kinds[below(chance, ARRAY_SIZE(kinds))];
}

static void draw_importance(struct chance *chance, struct want *want)
{
	static const __u32 priorities[] = { ZERO, 10, 50, 100, 100, 100, 200, 300, 500, 1000 };

	if (percent(chance, 80))
		want->priority = priorities[below(chance, ARRAY_SIZE(priorities))];
	if (percent(chance, 40))
		want->min = want->size / UNIT * below(chance, 100) / 100 * UNIT;
	if (percent(chance, 30))
		want->reclaimable = 1;
	want->grace = percent(chance, 25) ? ZERO : 1 + below(chance, stepwise() ? 2 : 10);
	if (percent(chance, 20))
		want->restore = 1;
}

static void draw_life(struct chance *chance, struct want *want)
{
	want->holder = 1 + below(chance, FABRIC_HOLDER_MAX);
	if (percent(chance, 15))
		want->wait = some_time(chance, 100);
	if (percent(chance, 10))
		want->lease = some_time(chance, 300);
	if (percent(chance, 10))
		want->mode = FABRIC_MODE_MAP;
	if (percent(chance, 6))
		want->bandwidth_min = 1 + below(chance, 30000);
	if (percent(chance, 4))
		want->bandwidth_max = 30000 + below(chance, 1000);
}

/* For a tenant: by its member, or by the administrator in its name */
static int draw_tenant(struct chance *chance, struct wish *wish)
{
	__u32 priority = wish->want.priority == ZERO ? 0 : wish->want.priority;
	int number = below(chance, 2 * TENANTS + 4);
	const struct tenant *tenant;

	if (number >= TENANTS)
		return NOBODY;
	tenant = &tenants[number];
	wish->want.tenant = tenant->name;
	wish->as_member = percent(chance, 50);
	if (wish->want.priority &&
	    (priority < tenant->priority_min || priority > tenant->priority_max))
		wish->never = true;
	if (wish->want.size > tenant->limit)
		wish->never = true;
	return number;
}

/* Now and then what is never right */
static void draw_mistake(struct chance *chance, struct wish *wish)
{
	struct want *want = &wish->want;
	unsigned int mistake = below(chance, 100);

	wish->never |= mistake < 7;
	switch (mistake) {
	case 0:
		want->size++;
		break;
	case 1:
		want->size = 1ULL << (40 + below(chance, 24));
		break;
	case 2:
		want->priority = FABRIC_PRIORITY_MAX + 1;
		break;
	case 3:
		want->min = want->size + UNIT;
		break;
	case 4:
		want->kind = FABRIC_KIND_BANDWIDTH;
		break;
	case 5:
		want->mode = FABRIC_MODE_DEVDAX;
		break;
	case 6:
		want->bandwidth_min = 2000000;
		break;
	}
}

static bool can_be_refused(int err, const struct wish *wish)
{
	switch (err) {
	case ENOSPC:
	case ENXIO:	/* all that matches is draining, or its link is down */
	case ENOENT:	/* a device or a label that is not there */
	case EINVAL:	/* the granule of the only device that matches */
		return true;
	case EEXIST:	/* a token that stands for something else */
		return wish->want.token;
	case EDQUOT:
		return wish->want.tenant;
	default:
		return wish->never || comes_from_below(err);
	}
}

static void ask_new(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct wish wish = {};
	struct want *want = &wish.want;
	struct told_grant told = {};
	unsigned int sock = below(chance, SOCKETS);
	unsigned long long born;
	struct story *story;
	__u32 priority;
	struct genl *genl;
	char token[16];
	int err, tenant;

	draw_place(chance, want);
	draw_size(chance, want);
	draw_importance(chance, want);
	draw_life(chance, want);
	tenant = draw_tenant(chance, &wish);
	draw_mistake(chance, &wish);
	if (percent(chance, 8)) {
		snprintf(token, sizeof(token), "token%u", below(chance, 20));
		want->token = token;
	}
	priority = want->priority == ZERO ? 0 : want->priority ?: FABRIC_PRIORITY_DEFAULT;
	born = moment();
	if (!wish.never)
		asked_at[priority] = tick();
	genl = want->holder == FABRIC_HOLDER_SOCKET ? &worker->sockets[sock] : &worker->genl;
	if (wish.as_member)
		act_as(tenants[tenant].uid);
	err = engine_new(genl, want, &told);
	if (wish.as_member)
		act_as(0);
	must_say_why(err);
	learn_outcome(worker, err);
	outcome(err);
	if (err) {
		if (!can_be_refused(err, &wish))
			wrong("refused with %s: %s", strerror(err), engine_text());
		judge_refusal(&eyes, &wish, err);
		return;
	}
	judge_grant(&wish, &told);
	if (told.fd < 0 && (want->holder == FABRIC_HOLDER_FILE ||
			    told.state == FABRIC_GRANT_STATE_QUEUED))
		wrong("grant %u comes without a file", told.id);
	pthread_mutex_lock(&story_lock);
	story = story_of(told.id);
	if (!story->asked_priority) {
		story->asked_priority = told.priority + 1;
		story->asked_size = want->size;
		story->born = born;
	}
	pthread_mutex_unlock(&story_lock);
	*entry = (struct entry){
		.id = told.id, .fd = told.fd, .tenant = tenant, .size = want->size,
		.sock = want->holder == FABRIC_HOLDER_SOCKET ? (int)sock : NOBODY,
		.min = want->min, .granularity = want->granularity,
		.reclaims = told.reclaims,
		.reclaimable = want->reclaimable, .restore = want->restore,
		/* in the queue, or its time there, or it, is over by now */
		.ends = want->lease || told.state != FABRIC_GRANT_STATE_ACTIVE,
		.shared = want->token, .born = born,
	};
}

/* Requests about a grant */

/* Nobody's any more: what there is of it goes. */
void entry_forget(struct entry *entry)
{
	if (entry->fd >= 0)
		close(entry->fd);
	*entry = (struct entry){ .fd = -1 };
}

static void entry_withdrawn(const struct entry *entry)
{
	pthread_mutex_lock(&story_lock);
	story_of(entry->id)->withdrawn = true;
	pthread_mutex_unlock(&story_lock);
}

/* A member may do what the administrator may with a grant of its tenant. */
static void as_whom(struct chance *chance, const struct entry *entry)
{
	if (percent(chance, 30) && entry->tenant != NOBODY)
		act_as(tenants[entry->tenant].uid);
}

static void judge_change_error(int err, const struct entry *entry)
{
	must_say_why(err);
	switch (err) {
	case 0:
	case EBUSY:	/* owned, or another socket's */
	case ENXIO:	/* not active, or all that matches is draining */
	case ENOSPC:
	case EINVAL:
	case ERANGE:
	case EOPNOTSUPP:
		return;
	case EDQUOT:
	case EPERM:	/* a priority that the tenant does not have */
		if (entry->tenant != NOBODY)
			return;
		break;
	case ENOENT:
		if (!strstr(engine_text(), "No resource"))
			judge_absence(entry);
		return;
	default:
		if (comes_from_below(err))
			return;
	}
	wrong("grant %u: %s: %s", entry->id, strerror(err), engine_text());
}

static void ask_del(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct genl *genl = percent(chance, 80) ? genl_of(worker, entry) : &worker->genl;
	bool force = percent(chance, 30);
	int err;

	as_whom(chance, entry);
	entry_withdrawn(entry);
	err = engine_del(genl, entry->id, force);
	act_as(0);
	must_say_why(err);
	learn_outcome(worker, err);
	outcome(err);
	switch (err) {
	case 0:
		pthread_mutex_lock(&story_lock);
		story_of(entry->id)->released = true;
		pthread_mutex_unlock(&story_lock);
		break;
	case ENOENT:
		judge_absence(entry);
		break;
	case EINPROGRESS:
		break;
	case EBUSY:
		/* being prepared, shrunk or resized, or another socket's */
		return;
	default:
		wrong("del of grant %u: %s: %s", entry->id, strerror(err), engine_text());
	}
	entry_forget(entry);
}

static void change(struct worker *worker, struct chance *chance, struct entry *entry,
		   const struct change *to)
{
	struct told_grant told = {};
	int err;

	as_whom(chance, entry);
	err = engine_set(genl_of(worker, entry), entry->id, to, &told);
	act_as(0);
	learn_outcome(worker, err);
	outcome(err);
	judge_change_error(err, entry);
	if (err)
		return;
	/* Notice may have been given of what the min before allowed. */
	if (to->min)
		entry->min = entry->min && entry->min < to->min ? entry->min : to->min;
	entry->reclaimable |= to->reclaimable == 1;
	entry->restore |= to->restore == 1;
	if (to->size) {
		judge_resize(entry, to->size, &told);
		entry->size = to->size;
	}
	entry->reclaims = told.reclaims;
}

static __u64 least_min(const struct entry *entry, __u64 size)
{
	return entry->min && entry->min < size ? entry->min : size;
}

static void ask_resize(struct worker *worker, struct chance *chance, struct entry *entry,
		       bool grows)
{
	__u64 unit = entry->granularity ? entry->granularity : UNIT;
	__u64 by = (1 + below(chance, 12)) * unit;
	struct change to = { .pieces = 1 + below(chance, 4) };

	if (!grows && by >= entry->size)
		by = entry->size / 2 / unit * unit;
	to.size = grows ? entry->size + by : entry->size - by;
	if (percent(chance, 50))
		to.min = least_min(entry, to.size);
	change(worker, chance, entry, &to);
}

static void ask_grow(struct worker *worker, struct chance *chance, struct entry *entry)
{
	ask_resize(worker, chance, entry, true);
}

static void ask_shrink(struct worker *worker, struct chance *chance, struct entry *entry)
{
	ask_resize(worker, chance, entry, false);
}

static void ask_property(struct worker *worker, struct chance *chance, struct entry *entry)
{
	unsigned int what = below(chance, 5), value = below(chance, 1000);
	struct change to = {};

	switch (what) {
	case 0:
		to.priority = value ?: ZERO;
		asked_at[value] = tick();
		break;
	case 1:
		to.min = entry->size / UNIT * (value % 110) / 100 * UNIT;
		break;
	case 2:
		to.reclaimable = value & 1 ? 1 : ZERO;
		break;
	case 3:
		to.grace = value % (stepwise() ? 3 : 20) ?: ZERO;
		break;
	case 4:
		to.restore = value & 1 ? 1 : ZERO;
		break;
	}
	change(worker, chance, entry, &to);
}

static void ask_renew(struct worker *worker, struct chance *chance, struct entry *entry)
{
	__u64 lease = percent(chance, 70) ? some_time(chance, 500) : 0;
	struct told_grant told = {};
	int err;

	as_whom(chance, entry);
	err = engine_renew(genl_of(worker, entry), entry->id, lease, &told);
	act_as(0);
	learn_outcome(worker, err);
	outcome(err);
	judge_change_error(err, entry);
	entry->ends |= !err;
}

/* Use the memory: by mapping, and by copies where the backend can. */
static void ask_open(struct worker *worker, struct chance *chance, struct entry *entry)
{
	unsigned char byte = below(chance, 256);
	struct genl_req req;
	int err, ends[2];
	__u32 fd = 0;
	void *mem;

	req_init(&worker->genl, &req, FABRIC_CMD_GRANT_OPEN, 0);
	req_u32(&req, FABRIC_A_GRANT_ID, entry->id);
	as_whom(chance, entry);
	err = engine_talk(&worker->genl, &req, FABRIC_A_GRANT_FD, &fd);
	act_as(0);
	learn_outcome(worker, err);
	outcome(err);
	judge_change_error(err, entry);
	if (err)
		return;
	if (pwrite(fd, &byte, 1, 0) == 1 && pread(fd, &byte, 1, 0) < 0 && errno == EINVAL)
		wrong("grant %u can be written and not read", entry->id);
	mem = mmap(NULL, UNIT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem != MAP_FAILED) {
		/* What would be SIGBUS is EFAULT for who lets the kernel look. */
		if (pipe(ends) || (write(ends[1], mem, 1) < 0 && errno != EFAULT))
			wrong("grant %u mapped: %s", entry->id, strerror(errno));
		close(ends[0]);
		close(ends[1]);
		munmap(mem, UNIT);
	}
	close(fd);
}

/* Look, at the file too; who is asked to give something back may do it. */
static void ask_get(struct worker *worker, struct chance *chance, struct entry *entry)
{
	bool comply = percent(chance, 50);
	struct told_grant told = {};
	struct change to = {};
	int err;

	as_whom(chance, entry);
	err = engine_get(&worker->genl, entry->id, &told);
	act_as(0);
	learn_outcome(worker, err);
	outcome(err);
	judge_change_error(err, entry);
	if (!err && told.state == FABRIC_GRANT_STATE_ACTIVE) {
		__u64 sum = 0;
		unsigned int i;

		for (i = 0; i < told.nr_pieces; i++)
			sum += told.pieces[i].length;
		if (sum != told.size)
			wrong("grant %u says %llu, its slices %llu", told.id, told.size, sum);
	}
	if (entry->fd < 0)
		return;
	err = engine_read(entry->fd, &told);
	if (err == EAGAIN || err == ENODATA)
		return;
	if (err)
		wrong("the file of grant %u: %s", entry->id, strerror(err));
	if (told.id != entry->id)
		wrong("the file of grant %u tells of %u", entry->id, told.id);
	to.size = told.notice.target;
	if (comply && told.notice.given && to.size && to.size < entry->size)
		change(worker, chance, entry, &to);
}

static void ask_close(struct worker *worker, struct chance *chance, struct entry *entry)
{
	(void)worker;
	(void)chance;
	outcome(0);
	/* What is bound to the file goes, by and by; the rest stays without owner. */
	entry_withdrawn(entry);
	entry->leaving = true;
	close(entry->fd);
	entry->fd = -1;
}

/* Somebody who is not of its tenant gets nothing of it, and does not learn that it is there. */
static void ask_as_another(struct worker *worker, struct chance *chance, struct entry *entry)
{
	int who = below(chance, TENANTS + 1), err;
	unsigned int what = below(chance, 5);
	struct change to = { .size = UNIT, .force = true };
	struct told_grant told;

	if (who == entry->tenant)
		who = TENANTS;
	act_as(who < TENANTS ? tenants[who].uid : STRANGER);
	switch (what) {
	case 0:
		err = engine_del(&worker->genl, entry->id, true);
		break;
	case 1:
		err = engine_set(&worker->genl, entry->id, &to, &told);
		break;
	case 2:
		err = engine_renew(&worker->genl, entry->id, 1, &told);
		break;
	case 3:
		err = engine_get(&worker->genl, entry->id, &told);
		break;
	default:
		err = engine_device_set(&worker->genl, devices[0].id, FABRIC_ADMIN_STATE_DISABLED,
					NULL, NULL);
	}
	act_as(0);
	learn_outcome(worker, err);
	outcome(err);
	if (err != EPERM && (err != ENOENT || what > 3 || who == TENANTS))
		wrong("user %u may do %u to grant %u: %s", who, what, entry->id, strerror(err));
}

/* The world: the administrator, and what breaks */

static void ask_close_socket(struct worker *worker, struct chance *chance, struct entry *entry)
{
	unsigned int sock = below(chance, SOCKETS), i;

	(void)entry;
	outcome(0);
	for (i = 0; i < ENTRIES; i++) {
		struct entry *e = &worker->entries[i];

		if (e->id && e->sock == (int)sock) {
			entry_withdrawn(e);
			e->leaving = true;
			e->sock = NOBODY;
		}
	}
	genl_close(&worker->sockets[sock]);
	open_socket(&worker->sockets[sock]);
}

static void ask_device_state(struct worker *worker, struct chance *chance, struct entry *entry)
{
	static const __u32 states[] = {
		FABRIC_ADMIN_STATE_DRAINING, FABRIC_ADMIN_STATE_DRAINING,
		FABRIC_ADMIN_STATE_DISABLED, FABRIC_ADMIN_STATE_ENABLED,
	};
	unsigned int choice = below(chance, 10);
	struct device *device = &devices[below(chance, nr_devices)];
	__u32 state = states[choice < 3 ? choice : 3];
	int err;

	(void)entry;
	pthread_mutex_lock(&world_lock);
	err = engine_device_set(&worker->genl, device->id, state, NULL, NULL);
	if (!err)
		device->closed = state != FABRIC_ADMIN_STATE_ENABLED;
	disturbed_at = tick();
	pthread_mutex_unlock(&world_lock);
	learn_outcome(worker, err);
	outcome(err);
	if (err && err != EBUSY)
		wrong("device %s: %s: %s", device->name, strerror(err), engine_text());
}

static void ask_device_label(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];
	bool add = percent(chance, 50);
	int err;

	(void)entry;
	pthread_mutex_lock(&world_lock);
	err = engine_device_set(&worker->genl, device->id, 0, add ? "tier=gold" : NULL,
				add ? NULL : "tier");
	if (!err)
		device->labelled = add;
	disturbed_at = tick();
	pthread_mutex_unlock(&world_lock);
	learn_outcome(worker, err);
	outcome(err);
	if (err && (add || err != ENOENT) && err != EBUSY)
		wrong("device %s: %s: %s", device->name, strerror(err), engine_text());
}

static void ask_port_label(struct worker *worker, struct chance *chance, struct entry *entry)
{
	unsigned int number = below(chance, nr_devices);
	int err;

	(void)entry;
	err = engine_port_label(&worker->genl, devices[number].port,
				percent(chance, 50) ? "rack=a" : "rack=b", NULL);
	outcome(err);
	if (err && err != EBUSY)
		wrong("port %s: %s: %s", devices[number].port_name, strerror(err), engine_text());
}

static int set_link(struct worker *worker, struct device *device, bool up)
{
	struct genl_req req;
	int err;

	pthread_mutex_lock(&world_lock);
	req_init(&worker->genl, &req, FABRIC_CMD_PORT_SET, 0);
	req_u32(&req, FABRIC_A_PORT_ID, device->port);
	req_u32(&req, FABRIC_A_PORT_LINK, up ? FABRIC_LINK_UP : FABRIC_LINK_DOWN);
	err = engine_talk(&worker->genl, &req, FABRIC_A_PORT_ID, NULL);
	if (!err)
		device->link_up = up;
	disturbed_at = tick();
	pthread_mutex_unlock(&world_lock);
	learn_outcome(worker, err);
	outcome(err);
	if (err && err != EBUSY && !comes_from_below(err))
		wrong("port %s: %s: %s", device->port_name, strerror(err), engine_text());
	return err;
}

static void ask_link(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];

	(void)entry;
	set_link(worker, device, percent(chance, 80));
}

static void ask_link_event(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];
	bool up = percent(chance, 80);

	(void)worker;
	(void)entry;
	pthread_mutex_lock(&world_lock);
	outcome(write_file(up ? "up" : "down", "%s/ports/%s/event_link", switches[device->sw],
			   device->port_name));
	device->link_up = up;
	disturbed_at = tick();
	pthread_mutex_unlock(&world_lock);
}

static int bind_port(struct genl *genl, const struct device *device, bool bind)
{
	struct genl_req req;

	req_init(genl, &req, bind ? FABRIC_CMD_PORT_BIND : FABRIC_CMD_PORT_UNBIND, 0);
	req_u32(&req, FABRIC_A_PORT_ID, device->port);
	if (bind)
		req_str(&req, FABRIC_A_PORT_HOST, "host0");
	return engine_talk(genl, &req, FABRIC_A_PORT_ID, NULL);
}

/* The same through the mailbox, where the virtual bridge is named */
static int bind_vppb(struct genl *genl, const struct device *device, bool bind)
{
	struct genl_req req;
	__u32 vcs, vppb;
	int err;

	err = mailbox_vppb(genl, device, !bind, &vcs, &vppb);
	/* Nothing to unbind */
	if (err == ENOENT && !bind)
		return 0;
	if (err)
		return err;
	req_init(genl, &req, bind ? FABRIC_CMD_FM_BIND : FABRIC_CMD_FM_UNBIND, 0);
	req_u32(&req, FABRIC_A_FM_VCS_DOMAIN_ID, device->domain);
	req_u32(&req, FABRIC_A_FM_VCS_VCS, vcs);
	req_u32(&req, FABRIC_A_FM_VCS_NUMBER, vppb);
	if (bind)
		req_u32(&req, FABRIC_A_FM_VCS_PORT, device->port_number);
	return engine_talk(genl, &req, FABRIC_A_FM_VCS_DOMAIN_ID, NULL);
}

static int change_binding(struct worker *worker, struct device *device, bool bind,
			  int (*ask)(struct genl *genl, const struct device *device, bool bind))
{
	int err;

	pthread_mutex_lock(&world_lock);
	err = ask(&worker->genl, device, bind);
	/* Where it failed is not known here, nor what that left. */
	device->bound = err ? port_is_bound(&worker->genl, device) : bind;
	disturbed_at = tick();
	pthread_mutex_unlock(&world_lock);
	learn_outcome(worker, err);
	outcome(err);
	if (err && err != EBUSY && err != ENXIO && !comes_from_below(err))
		wrong("port %s: %s: %s", device->port_name, strerror(err), engine_text());
	return err;
}

static int set_bound(struct worker *worker, struct device *device, bool bind)
{
	return change_binding(worker, device, bind, bind_port);
}

static int set_bound_by_mailbox(struct worker *worker, struct device *device, bool bind)
{
	return change_binding(worker, device, bind, bind_vppb);
}

static void ask_bind(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];

	(void)entry;
	set_bound(worker, device, percent(chance, 60));
}

static void ask_bind_by_mailbox(struct worker *worker, struct chance *chance,
				struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];

	(void)entry;
	set_bound_by_mailbox(worker, device, percent(chance, 60));
}

/* What the mailbox says of a link is what was done to it. */
static void ask_mailbox(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];
	bool up = false;
	int err;

	(void)entry;
	pthread_mutex_lock(&world_lock);
	err = mailbox_link(&worker->genl, device, &up);
	if (!err && up != device->link_up)
		wrong("the mailbox says that the link of %s is %s", device->port_name,
		      up ? "up" : "down");
	pthread_mutex_unlock(&world_lock);
	learn_outcome(worker, err);
	outcome(err);
	if (err && !comes_from_below(err))
		wrong("port %s: %s: %s", device->port_name, strerror(err), engine_text());
}

static void ask_removal(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct device *device = &devices[below(chance, nr_devices)];
	int err;

	(void)entry;
	pthread_mutex_lock(&world_lock);
	device->removed = tick();
	err = write_file("1", "%s/devices/%s/surprise_remove", switches[device->sw], device->name);
	if (!err)
		device->there = false;
	outcome(err);
	write_file("1", "%s/devices/%s/plug", switches[device->sw], device->name);
	device->closed = false;
	device->labelled = false;
	devices_load(&worker->genl);
	disturbed_at = tick();
	pthread_mutex_unlock(&world_lock);
}

#define PORTS_TRIED	12

/*
 * A port that slices need is neither put down nor unbound, and few requests are about
 * ports: by chance these faults are hardly met. So go from port to port until one is.
 */
static void meet_fault_of_port(struct worker *worker, struct chance *chance,
			       const struct fault *fault, int times)
{
	int (*set)(struct worker *worker, struct device *device, bool on) = set_bound;
	unsigned int first = below(chance, nr_devices), i;
	struct device *device;
	bool met = false;
	int turn, err;

	if (!strcmp(fault->name, "port_set_link"))
		set = set_link;
	else if (!strcmp(fault->name, "cci_message"))
		set = set_bound_by_mailbox;
	for (i = 0; !met && i < PORTS_TRIED; i++) {
		device = &devices[(first + i) % nr_devices];
		if (device->sw != fault->sw)
			continue;
		/* Once more than it fails, so that the port is of use again. */
		for (turn = 0; turn <= times; turn++) {
			err = set(worker, device, false);
			if (err == EBUSY)
				break;
			met |= comes_from_below(err);
			met |= comes_from_below(set(worker, device, true));
		}
	}
}

static void ask_fault(struct worker *worker, struct chance *chance, struct entry *entry)
{
	struct fault *fault = &faults[below(chance, nr_faults)];
	int error = fault_errors[below(chance, ARRAY_SIZE(fault_errors))];
	int times = 1 + below(chance, 3);
	unsigned int delay_ms = percent(chance, 20) ? 1 + below(chance, 3) : 0;

	(void)entry;
	outcome(0);
	if (!worker->fault && fault_set(fault, error, times, delay_ms)) {
		worker->fault = fault;
		worker->fault_lasts = 30;
		if (!strncmp(fault->name, "port_", 5) || !strcmp(fault->name, "cci_message"))
			meet_fault_of_port(worker, chance, fault, times);
	}
}

/* All of them */

static struct operation on_nothing[] = {
	{ "grant-new", 1000, ask_new },
};

static struct operation on_grant[] = {
	{ "grant-del", 380, ask_del },
	{ "grant-set, larger", 120, ask_grow },
	{ "grant-set, smaller", 140, ask_shrink },
	{ "grant-set, property", 100, ask_property },
	{ "grant-renew", 40, ask_renew },
	{ "grant-open", 60, ask_open },
	{ "grant-get", 60, ask_get },
	{ "close of its file", 60, ask_close },
	{ "without right", 40, ask_as_another },
};

static struct operation on_world[] = {
	{ "device-set state", 200, ask_device_state },
	{ "device-set label", 100, ask_device_label },
	{ "port-set label", 50, ask_port_label },
	{ "port-set link", 100, ask_link },
	{ "link event", 80, ask_link_event },
	{ "port-bind, port-unbind", 80, ask_bind },
	{ "fm-bind, fm-unbind", 60, ask_bind_by_mailbox },
	{ "fm-port-get", 40, ask_mailbox },
	{ "surprise removal", 30, ask_removal },
	{ "fault", 220, ask_fault },
	{ "close of a socket", 40, ask_close_socket },
};

static struct operation *pick(struct operation *list, unsigned int share)
{
	while (share >= list->share) {
		share -= list->share;
		list++;
	}
	return list;
}

void request_one(struct worker *worker, __u64 number, __u64 seed)
{
	struct chance chance = {
		.state = (seed * 1000003 + worker->number) * 1000000007 + number,
		.trace = &worker->trace,
	};
	bool world = percent(&chance, 7);
	struct entry *entry = &worker->entries[below(&chance, ENTRIES)];
	struct operation *list = world ? on_world : entry->id ? on_grant : on_nothing;

	current = pick(list, below(&chance, 1000));
	if (current->ask == ask_close && entry->fd < 0)
		current = &on_grant[0];
	doing = current->name;
	current->ask(worker, &chance, entry);
	if (worker->fault && !--worker->fault_lasts) {
		fault_clear(worker->fault);
		worker->fault = NULL;
	}
}

static void print(const struct operation *list, unsigned int nr)
{
	unsigned int i, err;

	for (i = 0; i < nr; i++) {
		printf("%-24s", list[i].name);
		for (err = 0; err < 256; err++) {
			if (list[i].outcomes[err])
				printf(" %s: %llu", err ? strerrorname_np(err) : "ok",
				       list[i].outcomes[err]);
		}
		printf("\n");
	}
}

void requests_print(void)
{
	unsigned int i, j;

	print(on_nothing, ARRAY_SIZE(on_nothing));
	print(on_grant, ARRAY_SIZE(on_grant));
	print(on_world, ARRAY_SIZE(on_world));
	printf("faults that hit:");
	for (i = 0; i < nr_faults && faults[i].sw == 0; i++) {
		unsigned long long hits = 0;

		for (j = 0; j < nr_faults; j++)
			hits += strcmp(faults[i].name, faults[j].name) ? 0 : faults[j].hits;
		printf(" %s %llu", faults[i].name, hits);
	}
	printf("\n");
}
