/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plans: what a file wants and what the system has are the same struct. The
 * reader makes one of JSON, the observer one of the system, and the difference
 * of two is a list of steps.
 */
#ifndef FABRICCTL_PLAN_H
#define FABRICCTL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fabricctl.h"

#define PLAN_VERSION	1
#define PLAN_MEMBERS	16	/* ways of a region, CXL 3.1, section 8.2.4.20.7 */
#define PLAN_CGROUP_SIZE (FABRIC_CGROUP_MAX_LEN + 1)

struct plan_list {
	void *items;
	size_t nr;
	bool given;	/* the JSON has it, maybe empty */
};

#define plan_each(item, list) \
	for ((item) = (list)->items; \
	     (item) && (item) < (__typeof__(item))(list)->items + (list)->nr; (item)++)

/* The topology of an emulated switch */

struct plan_switch_port {
	char name[FABRIC_NAME_SIZE];
	char host[FABRIC_NAME_SIZE];		/* "" if it is not bound */
	uint32_t link;		/* enum fabric_link */
	uint32_t speed;
	uint32_t width;
	/* With these it goes live: in a plan the same, observed what configfs has */
	char boot_host[FABRIC_NAME_SIZE];
	uint32_t boot_link;
	bool error;		/* observed: the last bind or unbind failed half way */
};

struct plan_switch_device {
	char name[FABRIC_NAME_SIZE];
	char port[FABRIC_NAME_SIZE];
	uint64_t size;
	uint64_t granule;
	uint64_t serial;
	uint32_t numa_node;
};

struct plan_switch {
	char name[FABRIC_NAME_SIZE];
	bool live;
	struct plan_list hosts;		/* names; the first is above the ports */
	struct plan_list ports;		/* struct plan_switch_port */
	struct plan_list devices;	/* struct plan_switch_device */
};

/* State of ports and devices of any domain */

struct plan_port {
	char domain[FABRIC_NAME_SIZE];
	char port[FABRIC_NAME_SIZE];
	struct plan_list label;		/* names */
};

/* One of device, serial and members says which it is */
struct plan_place {
	char domain[FABRIC_NAME_SIZE];
	char device[FABRIC_NAME_SIZE];
	uint64_t serial;
	struct plan_list members;	/* uint64_t, serial numbers */
};

struct plan_device {
	struct plan_place place;
	uint32_t admin_state;
	struct plan_list label;		/* names */
};

struct plan_quota {
	uint32_t kind;
	char capability[FABRIC_NAME_SIZE];
	uint64_t limit;
};

/* One of them is given */
struct plan_member {
	uint32_t uid;		/* UINT32_MAX if not given */
	uint32_t gid;
	char cgroup[PLAN_CGROUP_SIZE];
};

struct plan_tenant {
	char name[FABRIC_NAME_SIZE];
	uint32_t priority_min;
	uint32_t priority_max;
	struct plan_list quota;		/* struct plan_quota */
	struct plan_list member;	/* struct plan_member */
	uint32_t id;			/* observed only */
};

struct plan_region {
	struct plan_list members;	/* uint64_t, serial numbers by position */
	uint64_t size;
	uint32_t granularity;		/* 0: that of the window */
	/* Observed only */
	char name[FABRIC_NAME_SIZE];
	uint32_t device_id;		/* 0: the kernel has it */
	bool committed;
	bool enabled;
};

struct plan_grant {
	char token[FABRIC_NAME_SIZE];
	char tenant[FABRIC_NAME_SIZE];
	struct plan_place place;
	uint32_t kind;
	char capability[FABRIC_NAME_SIZE];
	uint64_t size;
	uint32_t mode;
	uint32_t priority;
	uint64_t min;
	bool reclaimable;
	uint32_t grace;		/* UINT32_MAX: the default */
	bool restore;
	uint64_t lease;
	uint32_t pieces;
	uint32_t placement;
	uint32_t bandwidth_min;
	uint32_t bandwidth_max;
	uint32_t id;		/* observed only */
};

struct plan {
	uint32_t version;
	struct plan_list switches;	/* struct plan_switch */
	struct plan_list ports;		/* struct plan_port */
	struct plan_list devices;	/* struct plan_device */
	struct plan_list tenants;	/* struct plan_tenant */
	struct plan_list regions;	/* struct plan_region, what the broker has */
	struct plan_list grants;	/* struct plan_grant */
	/* Observed only */
	struct plan_list kernel_regions; /* struct plan_region, the others */
	bool no_broker;			/* fabric.ko is not loaded */
	bool emu_loaded;
	bool cxl_loaded;
};

/* What the broker has, for finding ids by names */

struct plan_inventory_domain {
	uint32_t id;
	char name[FABRIC_NAME_SIZE];
	char backend[FABRIC_NAME_SIZE];
};

struct plan_inventory_port {
	uint32_t id;
	uint32_t parent_id;
	uint32_t domain_id;
	enum fabric_link link;
	enum fabric_binding binding;
	char name[FABRIC_NAME_SIZE];
	char host[FABRIC_NAME_SIZE];
	struct plan_list label;		/* names */
};

struct plan_inventory_device {
	uint32_t id;
	uint32_t domain_id;
	enum fabric_device_type type;
	enum fabric_admin_state admin_state;
	uint64_t serial;
	uint64_t capacity;
	char name[FABRIC_NAME_SIZE];
	struct plan_list label;		/* names */
	struct plan_list member_ids;	/* uint32_t */
	struct plan_list members;	/* uint64_t, serial numbers */
};

struct plan_inventory {
	bool no_broker;
	struct plan_list domains;	/* struct plan_inventory_domain */
	struct plan_list ports;		/* struct plan_inventory_port */
	struct plan_list devices;	/* struct plan_inventory_device */
};

/* Steps from one plan to another */

enum plan_op {
	PLAN_LOAD,		/* a module */
	PLAN_SWITCH,		/* made, or removed when empty */
	PLAN_HOST,
	PLAN_SWITCH_PORT,	/* with its attributes */
	PLAN_SWITCH_DEVICE,
	PLAN_LIVE,
	PLAN_BIND,
	PLAN_LINK,
	PLAN_LABEL_PORT,
	PLAN_LABEL_DEVICE,
	PLAN_ADMIN_STATE,
	PLAN_TENANT,
	PLAN_LEFTOVER,		/* a region that is not complete goes */
	PLAN_REGION,		/* programmed and taken over */
	PLAN_TAKE,
	PLAN_GRANT,
};

/*
 * A step goes from @have to @want, and back if a later one fails. Either is NULL
 * where there is nothing. Both point into one of the two plans.
 */
struct plan_step {
	enum plan_op op;
	const char *sw;			/* for what is inside a switch */
	const void *have;
	const void *want;
	const struct plan *before;	/* for what taking a switch out of service undoes */
	bool means;			/* no difference in itself */
	bool destroys;			/* data that no step back brings again */
	bool opens;			/* a grant also on a device that is draining */
	char object[160];
	char have_text[256];
	char want_text[256];
};

/* plan_json.c */
void *plan_add(struct plan_list *list, size_t size);
void plan_free(struct plan *plan);
int plan_read(struct ctl *ctl, const char *path, struct plan *plan);
int plan_text(struct ctl *ctl, const struct plan *plan, char **text);

/* plan_check.c */
int plan_check(struct ctl *ctl, const char *file, const struct plan *plan);
bool plan_same_members(const struct plan_list *a, const struct plan_list *b);
bool plan_same_place(const struct plan_place *a, const struct plan_place *b);

/* plan_state.c */
int plan_observe(struct ctl *ctl, struct plan *plan, struct plan *wanted);
int plan_inventory_get(struct ctl *ctl, struct plan_inventory *inventory);
void plan_inventory_free(struct plan_inventory *inventory);
const struct plan_inventory_domain *plan_domain(const struct plan_inventory *inventory,
						const char *name);
const struct plan_inventory_domain *plan_cxl_domain(const struct plan_inventory *inventory);
const struct plan_inventory_port *plan_find_port(const struct plan_inventory *inventory,
						 const char *domain_name, const char *name);
const struct plan_inventory_device *plan_find_device(const struct plan_inventory *inventory,
						     const struct plan_place *place);
int plan_find_memdev(struct ctl *ctl, uint64_t serial, char name[FABRIC_NAME_SIZE]);

/* plan_emu.c */
int plan_emu_mount(struct ctl *ctl);
int plan_emu_read(struct ctl *ctl, struct plan *plan);
int plan_emu_switch(struct ctl *ctl, const char *sw, bool there);
int plan_emu_host(struct ctl *ctl, const char *sw, const char *host, bool there);
int plan_emu_port(struct ctl *ctl, const char *sw, const char *name,
		  const struct plan_switch_port *from, const struct plan_switch_port *to);
int plan_emu_device(struct ctl *ctl, const char *sw, const char *name,
		    const struct plan_switch_device *from, const struct plan_switch_device *to);
int plan_emu_live(struct ctl *ctl, const char *sw, bool live);

/* plan_diff.c */
void plan_diff(const struct plan *have, const struct plan *want, struct plan_list *steps);

/* plan_steps.c */
const char *plan_op_name(enum plan_op op);
int plan_run(struct ctl *ctl, const struct plan_list *steps,
	     void (*done)(const struct plan_step *step, void *data), void *data);

#endif /* FABRICCTL_PLAN_H */
