/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that a request can say and a grant can tell, for tests of the
 * engine: priority, reclaim, queue, leases, tenants.
 */
#ifndef _FABRIC_SELFTEST_ENGINE_H
#define _FABRIC_SELFTEST_ENGINE_H

#include <linux/fabric.h>
#include <stdbool.h>

#include "genl.h"
#include "grants.h"

/* Zero leaves a member out of a request; this says 0. */
#define ZERO	(~0U)

struct want {
	__u64 size;
	__u64 min;
	__u64 granularity;
	__u64 lease;
	__u64 wait;
	__u32 priority;
	__u32 reclaimable;
	__u32 grace;
	__u32 pieces;
	__u32 placement;
	__u32 holder;
	__u32 domain;
	__u32 device;
	__u32 port;
	__u32 near_node;
	__u32 numa_node;
	__u32 kind;
	__u32 mode;
	__u32 restore;
	__u32 bandwidth_min;
	__u32 bandwidth_max;
	const char *capability;
	const char *label;
	const char *label2;
	const char *token;
	const char *tenant;
};

#define WANT(...)	((struct want){ __VA_ARGS__ })

struct change {
	__u64 size;
	__u64 min;
	__u32 pieces;
	__u32 priority;
	__u32 reclaimable;
	__u32 grace;
	__u32 restore;
	bool force;
};

struct piece {
	__u32 domain;
	__u32 device;
	__u32 resource;
	__u32 state;
	__u64 start;
	__u64 length;
	__u64 offset;
};

struct told_grant {
	__u32 id;
	__u32 state;
	__u32 error;
	__u32 priority;
	__u32 reclaimable;
	__u32 bandwidth_min;
	__u32 holder;
	__u32 pid;
	__u32 uid;
	__u32 position;
	__u32 restorable;
	__u32 reclaims;
	__u32 resizes;
	__u32 renewals;
	__u64 size;
	__u64 min;
	__u64 full_size;
	__u64 wait_left;
	__u64 lease_left;
	__u64 queue_time;
	char reason[128];
	char tenant[64];
	char token[64];
	int fd;
	bool has_position;
	bool has_wait_left;
	bool has_lease_left;
	bool has_queue_time;
	struct {
		bool given;
		char reason[64];
		__u32 by;
		__u32 priority;
		__u64 target;
		__u64 left;
	} notice;
	unsigned int nr_taken;
	struct {
		__u32 by;
		__u32 priority;
		__u64 size;
		char tenant[64];
	} taken[4];
	unsigned int nr_pieces;
	struct piece pieces[FABRIC_SLICES_MAX];
};

struct told_stats {
	__u64 requests;
	__u64 grants;
	__u64 releases;
	__u64 notices;
	__u64 shrinks;
	__u64 revokes;
	__u64 forced;
	__u64 restores;
	__u64 lease_expiries;
	__u64 wait_expiries;
	__u32 queued;
	__u64 refusals[256];
	__u64 waited;
	unsigned int nr_buckets;
};

struct told_resource {
	__u32 id;
	__u32 device;
	__u32 port;
	__u32 kind;
	__u64 total;
	__u64 free;
	__u64 reserved;
	__u64 granted;
	__u64 quarantined;
	__u64 largest_free;
	__u64 allocations;
	__u64 refusals;
	__u64 reclaims;
	__u64 high_water;
	__u32 fragmentation;
	__u32 slices;
};

struct told_log {
	__u64 sequence;
	__u32 event;
	__u32 grant;
	__u64 size;
	__u32 priority;
	__u32 by;
	__u32 error;
	__u32 pid;
	__u32 uid;
	char tenant[64];
	char reason[64];
};

/* All return 0 or the errno; what the kernel said is in engine_text(). */
const char *engine_text(void);

/* What a message of a grant tells, a reply or an event. */
void engine_parse(const struct nlmsghdr *nlh, struct told_grant *grant);

/* Send a request of any kind; @id is attribute @attr of the reply, if there is one. */
int engine_talk(struct genl *genl, struct genl_req *req, __u16 attr, __u32 *id);

int engine_new(struct genl *genl, const struct want *want, struct told_grant *grant);
int engine_get(struct genl *genl, __u32 id, struct told_grant *grant);
int engine_set(struct genl *genl, __u32 id, const struct change *change,
	       struct told_grant *grant);
int engine_del(struct genl *genl, __u32 id, bool force);
int engine_renew(struct genl *genl, __u32 id, __u64 lease, struct told_grant *grant);
/* What the file of a grant says next; EAGAIN if it has nothing to say. */
int engine_read(int fd, struct told_grant *grant);

int engine_stats(struct genl *genl, struct told_stats *stats);
/* Entries from @sequence on; returns how many, or minus the errno. */
int engine_log(struct genl *genl, __u64 sequence, struct told_log *log, unsigned int max);

/* The first resource of a device, or of a port. */
int engine_resource(struct genl *genl, __u32 device, __u32 port, struct told_resource *resource);
__u32 engine_object(struct genl *genl, __u8 cmd, __u32 domain, const char *name);
int engine_device_set(struct genl *genl, __u32 device, __u32 admin_state, const char *label,
		      const char *unlabel);
int engine_port_label(struct genl *genl, __u32 port, const char *label, const char *unlabel);

/* Release all grants of the domain, whosever they are. */
void engine_clear(struct genl *genl, __u32 domain);

/* Until the grant is in the state; 0 stands for gone. Fails the test otherwise. */
void must_become(struct genl *genl, __u32 id, __u32 state);
/* Until it has the size; 0 stands for gone. */
bool size_becomes(struct genl *genl, __u32 id, __u64 size, unsigned int ms);

/* Fault OP of the emulated switch NAME, as "error", "times" or "delay_ms". */
void emu_fault(const char *op, const char *file, long value);
void emu_faults_clear(void);

#define must(call)									\
	do {										\
		int _err = (call);							\
											\
		if (_err)								\
			ktap_fail("%s:%d: %s: %s: %s", __FILE__, __LINE__, #call,	\
				  strerror(_err), engine_text());			\
	} while (0)

#define must_fail(call, err, text)							\
	do {										\
		int _err = (call);							\
											\
		if (_err != (err))							\
			ktap_fail("%s:%d: %s: %s instead of %s: %s", __FILE__, __LINE__,\
				  #call, strerror(_err), strerror(err), engine_text());	\
		if (!strstr(engine_text(), text))					\
			ktap_fail("%s:%d: %s: says '%s' without '%s'", __FILE__,	\
				  __LINE__, #call, engine_text(), text);		\
	} while (0)

#define expect(condition, ...)								\
	do {										\
		if (!(condition))							\
			ktap_fail("" __VA_ARGS__);					\
	} while (0)

/* Wait for something with a deadline; fails the test when it does not come. */
#define must_come(condition)								\
	do {										\
		__u64 _deadline = now_ms() + WITHIN_MS;					\
											\
		while (!(condition)) {							\
			if (now_ms() > _deadline)					\
				ktap_fail("%s:%d: never: %s", __FILE__, __LINE__,	\
					  #condition);					\
			usleep(2000);							\
		}									\
	} while (0)

#endif /* _FABRIC_SELFTEST_ENGINE_H */
