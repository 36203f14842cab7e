/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FABRICCTL_H
#define FABRICCTL_H

#include <stdbool.h>
#include <stdint.h>

#include <fabricbroker.h>

#include "out.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit status, see fabricctl(8) */
#define EXIT_DONE	0
#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define EXIT_PENDING	3
#define EXIT_CAPACITY	4
#define EXIT_PERMISSION	5
#define EXIT_DIFFERENT	6

#define ARGS_MAX	40

/* Arguments of a command: what help, usage errors and completion are made from */

enum arg_type {
	ARG_ID,			/* number of an object */
	ARG_REF,		/* number or name of an object */
	ARG_NUMBER,		/* from 0 */
	ARG_SIZE,		/* with a binary suffix */
	ARG_TIME,		/* with a unit, in ms */
	ARG_BANDWIDTH,		/* in Mb/s */
	ARG_LABEL,		/* key=value */
	ARG_SIGNAL,		/* a name as of kill(1) */
	ARG_STRING,
	ARG_LIST,		/* names with commas, taken apart by the command */
	ARG_FILE,		/* path, or - */
	ARG_ENUM,		/* a name of @names */
	ARG_CHOICE,		/* one of @choices */
	ARG_FLAG,		/* a key without a value */
};

#define REQUIRED	0x1
#define POSITIONAL	0x2	/* a value without a key, in front of the keys */
#define REPEAT		0x4	/* may be given more than once */
#define ZERO		0x8	/* a size that may be 0 */

struct arg {
	const char *key;	/* for POSITIONAL what help calls it */
	enum arg_type type;
	unsigned int flags;
	enum fabric_enum names;
	const char *const *choices;	/* ends with NULL */
	const char *value;	/* what help calls it */
	const char *help;
	uint64_t min;		/* of a number */
	uint64_t max;		/* of a number or time, 0 for that of the type */
};

struct value {
	const char *text;	/* as given */
	uint64_t number;	/* enum and choice: its value and index */
	struct value *next;	/* of one that was given more than once */
};

struct args {
	uint64_t present;	/* bit n: argument n of the command was given */
	struct value value[ARGS_MAX];
	char **command;		/* what follows "--" */
};

#define HAS(args, n) ((args)->present >> (n) & 1)

struct ctl {
	struct fabric_ctx *ctx;
	struct out *out;
	char error[512];	/* of fabricctl itself, instead of the library's */
};

struct cmd {
	const char *name;	/* NULL: the object is the command */
	const char *help;
	const struct arg *args;
	unsigned int nr_args;
	bool takes_command;	/* "-- CMD ARGS" at the end */
	/* Returns a negative errno, or the exit status. */
	int (*run)(struct ctl *ctl, const struct args *args);
};

struct object {
	const char *name;
	const char *help;
	const struct cmd *cmds;
	unsigned int nr_cmds;
};

/* One per file, each ends with it */
extern const struct object domain_object;
extern const struct object port_object;
extern const struct object fm_object;
extern const struct object device_object;
extern const struct object resource_object;
extern const struct object region_object;
extern const struct object slice_object;
extern const struct object grant_object;
extern const struct object queue_object;
extern const struct object tenant_object;
extern const struct object stats_object;
extern const struct object log_object;
extern const struct object tree_object;
extern const struct object monitor_object;
extern const struct object run_object;
extern const struct object save_object;
extern const struct object apply_object;
extern const struct object diff_object;
extern const struct object assert_object;

/* slot.c */
int slot_power(struct ctl *ctl, const struct fabric_port *port, bool on, bool force);

/* main.c */
extern const struct object *const objects[];
extern const unsigned int nr_objects;
void ctl_say(struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns @err, which whoever checks the caller can see. */
#define ctl_fail(ctl, err, ...)				\
({							\
	int _err = (err);				\
							\
	ctl_say(ctl, __VA_ARGS__);			\
	_err;						\
})

void ctl_warn(struct ctl *ctl, const char *text);
_Noreturn void usage_error(struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* args.c */
void args_parse(struct ctl *ctl, const struct object *object, const struct cmd *cmd, int argc,
		char **argv, struct args *args);
void args_free(struct args *args);
uint32_t args_texts(struct ctl *ctl, const struct args *args, unsigned int n, const char **texts,
		    uint32_t max);
extern const char *const no_yes[];

/* help.c */
#define USAGE_SIZE 1024
void usage_line(const struct object *object, const struct cmd *cmd, char line[USAGE_SIZE]);
void help_print(struct out *out, const struct object *only);

/* size.c */
int size_parse(const char *text, uint64_t *size);
int number_parse(const char *text, uint64_t *number);
int time_parse(const char *text, uint64_t *ms);
int bandwidth_parse(const char *text, uint64_t *mbps);
int amount_parse(enum fabric_kind kind, const char *text, uint64_t *amount);
void size_format(uint64_t size, char text[32]);
void time_format(uint64_t ms, char text[32]);
void bandwidth_format(uint64_t mbps, char text[32]);
void amount_format(enum fabric_kind kind, uint64_t amount, char text[32]);

/* domain.c */
void domain_out(struct out *out, const struct fabric_domain *domain);
int domain_resolve(struct ctl *ctl, const char *ref, uint32_t *id);

/* port.c */
void port_out(struct out *out, const struct fabric_port *port);
int port_resolve(struct ctl *ctl, const char *ref, uint32_t domain_id, uint32_t *id);

/* device.c */
void device_out(struct out *out, const struct fabric_device *device);
int device_resolve(struct ctl *ctl, const char *ref, uint32_t domain_id, uint32_t *id);

/* pci.c */
void pci_out(struct out *out, const struct fabric_pci *pci);
void function_out(struct out *out, const struct fabric_device *device);
void pci_draw(const struct fabric_pci *pci);
struct fabric_pci *pci_copy(const struct fabric_pci *pci);
void pci_free(const struct fabric_pci *pci);

/* resource.c */
void resource_out(struct out *out, const struct fabric_resource *resource);

/* tenant.c */
void tenant_out(struct out *out, const struct fabric_tenant *tenant);

/* label.c */
#define LABEL_HELP "label to add, one of the same key goes"
#define UNLABEL_HELP "key of a label to remove"
const char *const *labels_copy(const char *const *labels, uint32_t count);

/* progress.c */
struct progress {
	bool terminal;
	bool shown;
};

void progress_begin(struct progress *progress);
void progress_print(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress_end(struct progress *progress);
void bar_format(char *bar, size_t size, uint64_t part, uint64_t total, unsigned int cells);
int64_t now_ms(void);
/* region.c */
int region_take_over(struct ctl *ctl, uint32_t domain_id, const char *name);

/* slice.c */
void slice_fields_out(struct out *out, const struct fabric_slice *slice);

/* grant.c */
void grant_out(struct out *out, const struct fabric_grant *grant);

/* request.c */
enum {
	NEW_KIND,
	NEW_SIZE,
	NEW_MODE,
	NEW_CAPABILITY,
	NEW_NODE,
	NEW_NEAR,
	NEW_DEVICE,
	NEW_PORT,
	NEW_DOMAIN,
	NEW_LABEL,
	NEW_PIECES,
	NEW_GRANULARITY,
	NEW_PLACEMENT,
	NEW_PRIORITY,
	NEW_MIN,
	NEW_RECLAIMABLE,
	NEW_GRACE,
	NEW_RESTORE,
	NEW_LEASE,
	NEW_WAIT,
	NEW_TOKEN,
	NEW_TENANT,
	NEW_BANDWIDTH_MIN,
	NEW_BANDWIDTH_MAX,
	NEW_FORCE,
	NEW_DRIVER,
	NEW_MAC,
	NEW_VLAN,
	NEW_WITH_GROUP,
	NEW_HOLDER,				/* of grant new */
	NEW_NOTICE_SIGNAL = NEW_HOLDER,		/* of run */
	NEW_FORCE_SIGNAL,
};

extern const char *const granted_kinds[];

#define PRIORITY_HELP "importance, 0 to 1000"
#define MIN_HELP "may be shrunk to this for a more important request"
#define RECLAIMABLE_HELP "may be revoked for a more important request"
#define GRACE_HELP "time between a notice and force"
#define RESTORE_HELP "grow back by itself when something was taken"

#define GRANT_REQUEST_ARGS \
	[NEW_KIND] = { "kind", ARG_CHOICE, REQUIRED, .choices = granted_kinds, \
		       .value = "KIND", .help = "what to grant" }, \
	[NEW_SIZE] = { "size", ARG_SIZE, REQUIRED, .value = "SIZE", \
		       .help = "how much: bytes, or with K, M, G, T or P" }, \
	[NEW_MODE] = { "mode", ARG_ENUM, .names = FABRIC_ENUM_MODE, .value = "MODE", \
		       .help = "how memory appears, default is the first mode of the resource" }, \
	[NEW_CAPABILITY] = { "capability", ARG_STRING, .value = "NAME", \
			     .help = "what the capacity must be able to do" }, \
	[NEW_NODE] = { "node", ARG_NUMBER, .value = "NODE", \
		       .help = "from this NUMA node only" }, \
	[NEW_NEAR] = { "near", ARG_NUMBER, .value = "NODE", \
		       .help = "rather at a small distance from this NUMA node" }, \
	[NEW_DEVICE] = { "device", ARG_REF, .value = "DEVICE", \
			 .help = "from this device only, by id or name" }, \
	[NEW_PORT] = { "port", ARG_REF, .value = "PORT", \
		       .help = "from devices below this port only, by id or name" }, \
	[NEW_DOMAIN] = { "domain", ARG_REF, .value = "DOMAIN", \
			 .help = "from this domain only, by id or name" }, \
	[NEW_LABEL] = { "label", ARG_LABEL, REPEAT, .value = "LABEL", \
			.help = "only from what has the label KEY=VALUE" }, \
	[NEW_PIECES] = { "pieces", ARG_NUMBER, .value = "N", .min = 1, .max = FABRIC_SLICES_MAX, \
			 .help = "most slices to put it together from, default 1" }, \
	[NEW_GRANULARITY] = { "granularity", ARG_SIZE, .value = "SIZE", \
			      .help = "every slice is a multiple of this" }, \
	[NEW_PLACEMENT] = { "placement", ARG_ENUM, .names = FABRIC_ENUM_PLACEMENT, \
			    .value = "PLACEMENT", .help = "how to choose among what matches" }, \
	[NEW_PRIORITY] = { "priority", ARG_NUMBER, .value = "PRIORITY", \
			   .max = FABRIC_PRIORITY_MAX, .help = PRIORITY_HELP }, \
	[NEW_MIN] = { "min", ARG_SIZE, .value = "SIZE", .help = MIN_HELP }, \
	[NEW_RECLAIMABLE] = { "reclaimable", ARG_CHOICE, .choices = no_yes, \
			      .value = "ANSWER", .help = RECLAIMABLE_HELP }, \
	[NEW_GRACE] = { "grace", ARG_TIME, .value = "TIME", .max = UINT32_MAX - 1, \
			.help = GRACE_HELP }, \
	[NEW_RESTORE] = { "restore", ARG_CHOICE, .choices = no_yes, .value = "ANSWER", \
			  .help = RESTORE_HELP }, \
	[NEW_LEASE] = { "lease", ARG_TIME, .value = "TIME", \
			.help = "taken back after this time unless renewed" }, \
	[NEW_WAIT] = { "wait", ARG_TIME, .value = "TIME", \
		       .help = "how long it may wait in the queue" }, \
	[NEW_TOKEN] = { "token", ARG_STRING, .value = "NAME", \
			.help = "a second request with this gets the same grant" }, \
	[NEW_TENANT] = { "tenant", ARG_STRING, .value = "NAME", \
			 .help = "tenant that it counts for" }, \
	[NEW_BANDWIDTH_MIN] = { "bandwidth-min", ARG_BANDWIDTH, .value = "BANDWIDTH", \
				.help = "guaranteed on the path of each slice" }, \
	[NEW_BANDWIDTH_MAX] = { "bandwidth-max", ARG_BANDWIDTH, .value = "BANDWIDTH", \
				.help = "that each slice is throttled to" }, \
	[NEW_FORCE] = { "force", ARG_FLAG, \
			.help = "if nothing is free, take a function that the host uses" }, \
	[NEW_DRIVER] = { "driver", ARG_STRING, .value = "NAME", \
			 .help = "what a function is bound to in mode driver" }, \
	[NEW_MAC] = { "mac", ARG_STRING, .value = "MAC", \
		      .help = "address of a virtual function of a network" }, \
	[NEW_VLAN] = { "vlan", ARG_NUMBER, .value = "VLAN", .min = 1, .max = 4094, \
		       .help = "VLAN of a virtual function of a network" }, \
	[NEW_WITH_GROUP] = { "group", ARG_FLAG, \
			     .help = "a function with all others of its IOMMU group" }

int grant_request(struct ctl *ctl, const struct args *args, struct fabric_grant_req *req);
bool request_is_pending(const struct fabric_grant *grant);
int request_wait(struct ctl *ctl, const struct fabric_grant **grant);

/* notice.c */
int notice_watch(struct ctl *ctl, const struct fabric_grant *grant, int signal, int force_signal);

#endif /* FABRICCTL_H */
