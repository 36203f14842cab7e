/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Grants, capacity and the whole state of the broker, asked for without the
 * library and the command that are tested elsewhere.
 */
#ifndef _FABRIC_SELFTEST_GRANTS_H
#define _FABRIC_SELFTEST_GRANTS_H

#include <linux/fabric.h>

#include "genl.h"

#define MiB	(1024ULL * 1024)

struct grant_req {
	__u64 size;
	__u32 mode;
	__u32 holder;
	__u32 domain;
	__u32 device;
};

struct grant {
	__u32 id;
	__u32 state;
	__u32 error;
	char reason[128];
	int fd;
	/* of its first slice */
	__u32 resource;
	__u32 slice_state;
	__u64 start;
	__u64 length;
	char node[32];
};

struct capacity {
	__u64 total;
	__u64 free;
	__u64 reserved;
	__u64 granted;
	__u64 quarantined;
	unsigned int slices;
	unsigned int resources;
};

/*
 * What the shell around a test in C tells it: the domain to use and how its
 * memory appears.
 */
struct backend {
	__u32 domain;
	__u32 mode;
	__u64 size;
};

void backend_from_env(struct backend *backend);
void broker_open(struct genl *genl);

int grant_new(struct genl *genl, const struct grant_req *req, struct grant *grant);
int grant_get(struct genl *genl, __u32 id, struct grant *grant);
int grant_del(struct genl *genl, __u32 id, bool force);
int grant_open(struct genl *genl, __u32 id);
/* extack text of the last of these calls */
const char *grant_text(void);

void *slice_map(const struct grant *grant, int fd, size_t len);
void slice_unmap(void *mem, size_t len);

void capacity_get(struct genl *genl, __u32 domain, struct capacity *capacity);
bool capacity_balanced(const struct capacity *capacity);
bool capacity_free_reaches(struct genl *genl, __u32 domain, __u64 free, unsigned int ms);

/**
 * struct snapshot - every object as the kernel tells it, without ages and the like
 */
struct snapshot {
	size_t len;
	unsigned char *data;
};

/* With @history also what was: something that was done and undone is seen in it. */
void snapshot_take(struct genl *genl, struct snapshot *snapshot, bool history);
bool snapshot_equal(const struct snapshot *a, const struct snapshot *b);
void snapshot_free(struct snapshot *snapshot);

/* What has not come until then does not come: no limit on speed. */
#define WITHIN_MS	30000

__u64 now_ms(void);

#endif /* _FABRIC_SELFTEST_GRANTS_H */
