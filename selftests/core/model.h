/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the model: what it knows (here), what the broker says
 * (model_state.c), what has to hold (model_promises.c), what is asked
 * (model_requests.c), and who asks when (model.c).
 */
#ifndef _FABRIC_SELFTEST_MODEL_H
#define _FABRIC_SELFTEST_MODEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdnoreturn.h>

#include "../lib/engine.h"
#include "../lib/genl.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define UNIT		4096ULL
#define SWITCHES_MAX	4
#define DEVICES_MAX	64
#define THREADS_MAX	8
#define ENTRIES		160
#define SOCKETS		3
#define TENANTS		3
#define FAULTS_MAX	32
#define NOBODY		(-1)
/* Ids are not used again for long: what is known is found by the low bits. */
#define IDS		0x100000
/* Where every step is judged, times are over at once or never. */
#define NEVER_MS	3600000ULL
#define PATIENCE_MS	60000

/* What the model knows */

struct device {
	char name[64];
	char port_name[64];
	unsigned int sw;
	__u32 id;
	__u32 domain;
	__u32 port;
	__u32 port_number;	/* of the switch */
	__u32 resource;
	int node;
	bool there;
	bool closed;		/* draining or disabled */
	bool labelled;		/* tier=gold */
	bool link_up;
	bool bound;
	atomic_ullong removed;	/* when it was torn out last, see moment() */
};

struct tenant {
	char name[64];
	__u32 uid;
	__u32 id;
	__u64 limit;		/* bytes of memory */
	__u32 priority_min;
	__u32 priority_max;
};

/* A grant as the thread that asked for it knows it */
struct entry {
	__u32 id;		/* 0: none */
	int fd;
	int sock;
	int tenant;
	__u64 size;
	__u64 min;		/* the least that it ever allowed */
	__u64 granularity;
	__u32 reclaims;
	bool reclaimable;
	bool ends;		/* leased, or waits: may end by itself */
	bool restore;
	bool leaving;		/* its end began */
	bool shared;		/* by a token: another entry may be the same */
	unsigned long long born;
};

/* A grant as replies and events told of it, whosever it is */
struct story {
	__u32 id;
	__u32 asked_priority;	/* of the request, plus one */
	__u64 asked_size;
	__u64 devices;		/* bit N: it had a slice of devices[N] */
	__u64 target;		/* of the notice that it has */
	__u64 shrinks_for_it;	/* bytes that were cut off others */
	__u32 by;
	__u32 reclaims;
	unsigned long long born;
	bool seen;
	bool forced;
	bool elsewhere;		/* had a slice of a device not known yet */
	bool took;		/* something, from anybody */
	bool got;		/* was active */
	bool withdrawn;		/* whoever made it has given it up */
	bool released;
};

struct worker {
	unsigned int number;
	struct genl genl;
	struct genl sockets[SOCKETS];
	struct entry entries[ENTRIES];
	__u64 done;
	__u64 trace;		/* hash of what was asked and, of one thread, what came of it */
	struct fault *fault;	/* that it set */
	unsigned int fault_lasts;
	pthread_t thread;
};

extern struct device devices[DEVICES_MAX];
extern unsigned int nr_devices;
extern __u32 probe_device;	/* not one of them, see settle() */
extern struct tenant tenants[TENANTS];
extern struct worker workers[THREADS_MAX];
extern unsigned int nr_threads;
extern __u64 stop_every;	/* steps of each thread between two stops of all */
extern const char *switches[SWITCHES_MAX];
extern unsigned int nr_switches;
extern struct genl eyes;		/* for who looks, not for who asks */
extern pthread_mutex_t world_lock;	/* devices, faults */
extern pthread_mutex_t story_lock;
extern __thread const char *doing;

extern atomic_ullong nr_notices, nr_shrunk, nr_revoked, nr_events, nr_lost, nr_looks, nr_again;
extern atomic_ullong nr_fair_refusals;

/* One thread: every step has one outcome. */
static inline bool alone(void)
{
	return nr_threads == 1;
}

/* After each step of all threads everything is judged. */
static inline bool stepwise(void)
{
	return alone() || stop_every == 1;
}

/* model.c */
noreturn void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A clock that ticks with every change of the world: what came after what. */
unsigned long long moment(void);
unsigned long long tick(void);
void drain_events(void);

/* model_state.c: what the broker and its switches say */

struct slice {
	__u32 grant;
	__u32 device;
	__u32 resource;
	__u32 state;
	__u64 start;
	__u64 length;
};

struct resource {
	__u32 id;
	__u32 device;
	__u32 port;
	__u32 kind;
	__u64 total;
	__u64 free;
	__u64 reserved;
	__u64 granted;
	__u64 quarantined;
	__u32 nr_slices;
	__u64 granule;
};

/* All of one moment: slices by resource and start, grants by id */
struct view {
	struct resource *resources;
	unsigned int nr_resources;
	struct slice *slices;
	unsigned int nr_slices;
	struct told_grant *grants;
	unsigned int nr_grants;
};

void open_socket(struct genl *genl);
bool view_slices(struct genl *genl, struct view *view);
bool view_read(struct genl *genl, struct view *view);
void view_free(struct view *view);
const struct told_grant *view_grant(const struct view *view, __u32 id);
__u64 view_tenant_used(struct genl *genl, const struct tenant *tenant);
/* Calls @fn for each slice that the switch has. */
void switch_slices(unsigned int sw, void (*fn)(const struct device *device, __u64 start,
					       __u64 length, void *data), void *data);
void world_load(void);
void devices_load(struct genl *genl);
int device_number(__u32 id);
bool port_is_bound(struct genl *genl, const struct device *device);
/* Through the mailbox of its switch: */
int mailbox_link(struct genl *genl, const struct device *device, bool *up);
/* The vPPB that the port of @device is bound to, or one that is free; ENOENT: none */
int mailbox_vppb(struct genl *genl, const struct device *device, bool bound, __u32 *vcs,
		 __u32 *vppb);
int write_file(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tenants_make(void);
void tenants_remove(void);

/* A fault that an op of a switch can have */
struct fault {
	unsigned int sw;
	char name[64];
	bool set;
	int times;
	unsigned long long hits;
};

extern struct fault faults[FAULTS_MAX];
extern unsigned int nr_faults;
/* False if somebody else has set it. */
bool fault_set(struct fault *fault, int error, int times, unsigned int delay_ms);
void fault_clear(struct fault *fault);

/* model_promises.c: what has to hold */

/* What a request was for, where the reply can be judged */
struct wish {
	struct want want;
	bool never;		/* no answer but a refusal is right */
	bool as_member;		/* of want.tenant, or of none if it is NULL */
};

struct story *story_of(__u32 id);
void judge_grant(const struct wish *wish, const struct told_grant *told);
void judge_refusal(struct genl *genl, const struct wish *wish, int err);
void judge_absence(const struct entry *entry);
void judge_resize(const struct entry *entry, __u64 size, const struct told_grant *told);
void judge_event(const struct told_grant *told);
void events_lost(void);
bool comes_from_below(int err);
/* What is wrong with all that there is, or NULL. @quiet: nothing is under way. */
const char *judge_view(struct genl *genl, struct view *view, bool quiet);

/* When somebody asked last, by priority; when something was last made to fail, or ceased to. */
extern atomic_ullong asked_at[FABRIC_PRIORITY_MAX + 1];
extern atomic_ullong disturbed_at;
extern atomic_uint nr_disturbing;

/* model_requests.c: what is asked */
extern const int fault_errors[5];
void request_one(struct worker *worker, __u64 number, __u64 seed);
void requests_print(void);
void entry_forget(struct entry *entry);
void hash(__u64 *trace, __u64 value);

#endif /* _FABRIC_SELFTEST_MODEL_H */
