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

#define ARGS_MAX	12

/* Arguments of a command: what help, usage errors and completion are made from */

enum arg_type {
	ARG_ID,			/* number of an object */
	ARG_REF,		/* number or name of an object */
	ARG_NUMBER,		/* from 0 */
	ARG_SIZE,		/* with a binary suffix */
	ARG_STRING,
	ARG_LIST,		/* names with commas, taken apart by the command */
	ARG_ENUM,		/* a name of @names */
	ARG_CHOICE,		/* one of @choices */
	ARG_FLAG,		/* a key without a value */
};

#define REQUIRED	0x1
#define POSITIONAL	0x2	/* a value without a key, in front of the keys */

struct arg {
	const char *key;	/* for POSITIONAL what help calls it */
	enum arg_type type;
	unsigned int flags;
	enum fabric_enum names;
	const char *const *choices;	/* ends with NULL */
	const char *value;	/* what help calls it */
	const char *help;
};

struct value {
	const char *text;	/* as given */
	uint64_t number;	/* enum and choice: its value and index */
};

struct args {
	unsigned int present;	/* bit n: argument n of the command was given */
	struct value value[ARGS_MAX];
	char **command;		/* what follows "--" */
};

#define HAS(args, n) ((args)->present & 1u << (n))

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
extern const struct object device_object;
extern const struct object resource_object;
extern const struct object region_object;
extern const struct object slice_object;
extern const struct object grant_object;
extern const struct object tree_object;
extern const struct object monitor_object;
extern const struct object run_object;

/* main.c */
extern const struct object *const objects[];
extern const unsigned int nr_objects;
int ctl_fail(struct ctl *ctl, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void ctl_warn(struct ctl *ctl, const char *text);
_Noreturn void usage_error(struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* args.c */
void args_parse(struct ctl *ctl, const struct object *object, const struct cmd *cmd, int argc,
		char **argv, struct args *args);

/* help.c */
#define USAGE_SIZE 512
void usage_line(const struct object *object, const struct cmd *cmd, char line[USAGE_SIZE]);
void help_print(struct out *out, const struct object *only);

/* size.c */
int size_parse(const char *text, uint64_t *size);
int number_parse(const char *text, uint64_t *number);
void size_format(uint64_t size, char text[32]);

/* domain.c */
void domain_out(struct out *out, const struct fabric_domain *domain);
int domain_resolve(struct ctl *ctl, const char *ref, uint32_t *id);

/* port.c */
void port_out(struct out *out, const struct fabric_port *port);

/* device.c */
void device_out(struct out *out, const struct fabric_device *device);
int device_resolve(struct ctl *ctl, const char *ref, uint32_t domain_id, uint32_t *id);

/* resource.c */
void resource_out(struct out *out, const struct fabric_resource *resource);

/* slice.c */
void slice_fields_out(struct out *out, const struct fabric_slice *slice);

/* grant.c */
enum {
	NEW_KIND,
	NEW_SIZE,
	NEW_MODE,
	NEW_CAPABILITY,
	NEW_NODE,
	NEW_DEVICE,
	NEW_DOMAIN,
	NEW_HOLDER,		/* not with run */
};

#define GRANT_REQUEST_ARGS \
	[NEW_KIND] = { "kind", ARG_ENUM, REQUIRED, .names = FABRIC_ENUM_KIND, \
		       .value = "KIND", .help = "what to grant" }, \
	[NEW_SIZE] = { "size", ARG_SIZE, REQUIRED, .value = "SIZE", \
		       .help = "how much: bytes, or with K, M, G, T or P" }, \
	[NEW_MODE] = { "mode", ARG_ENUM, .names = FABRIC_ENUM_MODE, .value = "MODE", \
		       .help = "how memory appears, default is the first mode of the resource" }, \
	[NEW_CAPABILITY] = { "capability", ARG_STRING, .value = "NAME", \
			     .help = "what the capacity must be able to do" }, \
	[NEW_NODE] = { "node", ARG_NUMBER, .value = "NODE", \
		       .help = "from this NUMA node only" }, \
	[NEW_DEVICE] = { "device", ARG_REF, .value = "DEVICE", \
			 .help = "from this device only, by id or name" }, \
	[NEW_DOMAIN] = { "domain", ARG_REF, .value = "DOMAIN", \
			 .help = "from this domain only, by id or name" }

void grant_out(struct out *out, const struct fabric_grant *grant);
int grant_request(struct ctl *ctl, const struct args *args, struct fabric_grant_req *req);

#endif /* FABRICCTL_H */
