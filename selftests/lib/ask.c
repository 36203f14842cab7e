// SPDX-License-Identifier: GPL-2.0
/*
 * Ask the kernel about the broker's objects: independent of the library and the
 * command, and quick, since tests ask very often.
 *
 * Usage: ask OBJECT [KEY=VALUE...] -- FIELD...   the fields of those that match,
 *                                                a line each
 *        ask sum OBJECT [KEY=VALUE...] -- FIELD  the sum of the fields
 *        ask all                                 everything but ages
 *        ask sums                                check the sums of all resources
 *
 * The key domain stands for domain-id, by name. A slice of a grant is asked for as
 * an object of its own. Status: 0, 1 if nothing matched or the sums are wrong, 2 for
 * a wrong command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "genl.h"
#include "grants.h"
#include "ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum type {
	NUMBER,
	TEXT,
	KIND,
	MODE,
	TYPE,
	LINK,
	BINDING,
	HEALTH,
	SLICE_STATE,
	GRANT_STATE,
	HOLDER,
	ADMIN_STATE,
	PORT_IDLE,
};

static const char * const names[][16] = {
	[KIND] = { NULL, "memory", "bandwidth", "function" },
	[MODE] = { NULL, "map", "devdax", "system-ram", "vfio", "driver", "bare" },
	[LINK] = { NULL, "down", "up" },
	[BINDING] = { NULL, "unbound", "binding", "bound", "unbinding", "error" },
	[HEALTH] = { NULL, "ok", "removing", "gone" },
	[SLICE_STATE] = { NULL, "reserved", "granted", "quarantined" },
	[GRANT_STATE] = {
		NULL, "preparing", "active", "revoking", "quarantined", "released", "queued",
		"shrinking", "failed", "expired"
	},
	[HOLDER] = { NULL, "none", "file", "socket" },
	[ADMIN_STATE] = { NULL, "enabled", "draining", "disabled" },
	[PORT_IDLE] = { NULL, "stay", "rest" },
};

struct field {
	const char *name;
	__u16 attr;
	enum type type;
};

struct object {
	const char *name;
	__u8 cmd;
	struct field fields[24];
};

static const struct object objects[] = {
	{ "domain", FABRIC_CMD_DOMAIN_GET, {
		{ "id", FABRIC_A_DOMAIN_ID, NUMBER },
		{ "name", FABRIC_A_DOMAIN_NAME, TEXT },
		{ "backend", FABRIC_A_DOMAIN_BACKEND, TEXT },
		{ "ports", FABRIC_A_DOMAIN_PORTS, NUMBER },
		{ "devices", FABRIC_A_DOMAIN_DEVICES, NUMBER },
		{ "resources", FABRIC_A_DOMAIN_RESOURCES, NUMBER },
	} },
	{ "port", FABRIC_CMD_PORT_GET, {
		{ "id", FABRIC_A_PORT_ID, NUMBER },
		{ "domain-id", FABRIC_A_PORT_DOMAIN_ID, NUMBER },
		{ "parent-id", FABRIC_A_PORT_PARENT_ID, NUMBER },
		{ "name", FABRIC_A_PORT_NAME, TEXT },
		{ "type", FABRIC_A_PORT_TYPE, NUMBER },
		{ "link", FABRIC_A_PORT_LINK, LINK },
		{ "speed", FABRIC_A_PORT_SPEED, NUMBER },
		{ "width", FABRIC_A_PORT_WIDTH, NUMBER },
		{ "binding", FABRIC_A_PORT_BINDING, BINDING },
		{ "host", FABRIC_A_PORT_HOST, TEXT },
		{ "label", FABRIC_A_PORT_LABEL, TEXT },
		{ "speed-limit", FABRIC_A_PORT_SPEED_LIMIT, NUMBER },
		{ "idle", FABRIC_A_PORT_IDLE, PORT_IDLE },
		{ "rested", FABRIC_A_PORT_RESTED, NUMBER },
	} },
	{ "device", FABRIC_CMD_DEVICE_GET, {
		{ "id", FABRIC_A_DEVICE_ID, NUMBER },
		{ "domain-id", FABRIC_A_DEVICE_DOMAIN_ID, NUMBER },
		{ "port-id", FABRIC_A_DEVICE_PORT_ID, NUMBER },
		{ "name", FABRIC_A_DEVICE_NAME, TEXT },
		{ "type", FABRIC_A_DEVICE_TYPE, NUMBER },
		{ "health", FABRIC_A_DEVICE_HEALTH, HEALTH },
		{ "serial", FABRIC_A_DEVICE_SERIAL, NUMBER },
		{ "capacity", FABRIC_A_DEVICE_CAPACITY, NUMBER },
		{ "numa-node", FABRIC_A_DEVICE_NUMA_NODE, NUMBER },
		{ "member-id", FABRIC_A_DEVICE_MEMBER_ID, NUMBER },
		{ "admin-state", FABRIC_A_DEVICE_ADMIN_STATE, ADMIN_STATE },
		{ "label", FABRIC_A_DEVICE_LABEL, TEXT },
	} },
	{ "resource", FABRIC_CMD_RESOURCE_GET, {
		{ "id", FABRIC_A_RESOURCE_ID, NUMBER },
		{ "domain-id", FABRIC_A_RESOURCE_DOMAIN_ID, NUMBER },
		{ "device-id", FABRIC_A_RESOURCE_DEVICE_ID, NUMBER },
		{ "port-id", FABRIC_A_RESOURCE_PORT_ID, NUMBER },
		{ "kind", FABRIC_A_RESOURCE_KIND, KIND },
		{ "capability", FABRIC_A_RESOURCE_CAPABILITY, TEXT },
		{ "modes", FABRIC_A_RESOURCE_MODES, NUMBER },
		{ "total", FABRIC_A_RESOURCE_TOTAL, NUMBER },
		{ "free", FABRIC_A_RESOURCE_FREE, NUMBER },
		{ "reserved", FABRIC_A_RESOURCE_RESERVED, NUMBER },
		{ "granted", FABRIC_A_RESOURCE_GRANTED, NUMBER },
		{ "quarantined", FABRIC_A_RESOURCE_QUARANTINED, NUMBER },
		{ "withheld", FABRIC_A_RESOURCE_WITHHELD, NUMBER },
		{ "largest-free", FABRIC_A_RESOURCE_LARGEST_FREE, NUMBER },
		{ "granule", FABRIC_A_RESOURCE_GRANULE, NUMBER },
		{ "slices", FABRIC_A_RESOURCE_SLICES, NUMBER },
		{ "address", FABRIC_A_RESOURCE_ADDRESS, NUMBER },
		{ "numa-node", FABRIC_A_RESOURCE_NUMA_NODE, NUMBER },
	} },
	{ "slice", FABRIC_CMD_SLICE_GET, {
		{ "grant-id", FABRIC_A_SLICE_GRANT_ID, NUMBER },
		{ "index", FABRIC_A_SLICE_INDEX, NUMBER },
		{ "domain-id", FABRIC_A_SLICE_DOMAIN_ID, NUMBER },
		{ "device-id", FABRIC_A_SLICE_DEVICE_ID, NUMBER },
		{ "resource-id", FABRIC_A_SLICE_RESOURCE_ID, NUMBER },
		{ "start", FABRIC_A_SLICE_START, NUMBER },
		{ "length", FABRIC_A_SLICE_LENGTH, NUMBER },
		{ "state", FABRIC_A_SLICE_STATE, SLICE_STATE },
		{ "address", FABRIC_A_SLICE_ADDRESS, NUMBER },
		{ "node", FABRIC_A_SLICE_NODE, TEXT },
		{ "numa-node", FABRIC_A_SLICE_NUMA_NODE, NUMBER },
	} },
	{ "grant", FABRIC_CMD_GRANT_GET, {
		{ "id", FABRIC_A_GRANT_ID, NUMBER },
		{ "kind", FABRIC_A_GRANT_KIND, KIND },
		{ "capability", FABRIC_A_GRANT_CAPABILITY, TEXT },
		{ "size", FABRIC_A_GRANT_SIZE, NUMBER },
		{ "mode", FABRIC_A_GRANT_MODE, MODE },
		{ "state", FABRIC_A_GRANT_STATE, GRANT_STATE },
		{ "holder", FABRIC_A_GRANT_HOLDER, HOLDER },
		{ "pid", FABRIC_A_GRANT_PID, NUMBER },
		{ "comm", FABRIC_A_GRANT_COMM, TEXT },
		{ "uid", FABRIC_A_GRANT_UID, NUMBER },
		{ "reason", FABRIC_A_GRANT_REASON, TEXT },
		{ "error", FABRIC_A_GRANT_ERROR, NUMBER },
		{ "priority", FABRIC_A_GRANT_PRIORITY, NUMBER },
		{ "min", FABRIC_A_GRANT_MIN, NUMBER },
		{ "tenant", FABRIC_A_GRANT_TENANT, TEXT },
		{ "position", FABRIC_A_GRANT_POSITION, NUMBER },
	} },
	{ "tenant", FABRIC_CMD_TENANT_GET, {
		{ "id", FABRIC_A_TENANT_ID, NUMBER },
		{ "name", FABRIC_A_TENANT_NAME, TEXT },
		{ "priority-min", FABRIC_A_TENANT_PRIORITY_MIN, NUMBER },
		{ "priority-max", FABRIC_A_TENANT_PRIORITY_MAX, NUMBER },
		{ "grants", FABRIC_A_TENANT_GRANTS, NUMBER },
	} },
};

static struct genl genl;

static void value_of(const struct nlmsghdr *nlh, const struct field *field, char *text, size_t size)
{
	const struct nlattr *attr = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), field->attr);
	__u64 value;

	if (!attr) {
		snprintf(text, size, "-");
		return;
	}
	if (field->type == TEXT) {
		snprintf(text, size, "%s", attr_str(attr));
		return;
	}
	value = attr_uint(attr);
	if (field->type != NUMBER && value < ARRAY_SIZE(names[0]) && names[field->type][value])
		snprintf(text, size, "%s", names[field->type][value]);
	else
		snprintf(text, size, "%llu", value);
}

static void dump(const struct object *object, struct genl_answer *answer)
{
	struct genl_req req;
	int tries = 1000;

	for (;;) {
		req_init(&genl, &req, object->cmd, NLM_F_DUMP);
		if (genl_talk(&genl, &req, answer)) {
			fprintf(stderr, "ask: %s: %s\n", object->name, strerror(answer->err));
			exit(1);
		}
		if (!answer->interrupted || !--tries)
			return;
		answer_free(answer);
	}
}

static const struct field *find_field(const struct object *object, const char *name, size_t len)
{
	const struct field *field;

	for (field = object->fields; field->name; field++) {
		if (strlen(field->name) == len && !strncmp(field->name, name, len))
			return field;
	}
	fprintf(stderr, "ask: %s has no field %s\n", object->name, name);
	exit(2);
}

static bool matches(const struct object *object, const struct nlmsghdr *nlh, char **filters)
{
	char text[256];
	size_t len;

	for (; *filters && strcmp(*filters, "--"); filters++) {
		len = strcspn(*filters, "=");
		if (!(*filters)[len])
			exit(2);
		value_of(nlh, find_field(object, *filters, len), text, sizeof(text));
		if (strcmp(text, *filters + len + 1))
			return false;
	}
	return true;
}

/* domain=NAME becomes domain-id=ID, of none if there is no such domain */
static void resolve_domain(char **filters)
{
	static char resolved[32];
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	char text[256] = "none";

	while (*filters && strcmp(*filters, "--") && strncmp(*filters, "domain=", 7))
		filters++;
	if (!*filters || !strcmp(*filters, "--"))
		return;
	dump(&objects[0], &answer);
	answer_for_each(nlh, &answer) {
		if (!strcmp(attr_str(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh),
						FABRIC_A_DOMAIN_NAME)), *filters + 7))
			value_of(nlh, &objects[0].fields[0], text, sizeof(text));
	}
	answer_free(&answer);
	snprintf(resolved, sizeof(resolved), "domain-id=%.20s", text);
	*filters = resolved;
}

static int ask(const struct object *object, char **words, bool summed)
{
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	char **fields = words, **name, text[256];
	unsigned long long sum = 0;
	int status = 1;

	while (*fields && strcmp(*fields, "--"))
		fields++;
	if (*fields)
		fields++;
	resolve_domain(words);
	dump(object, &answer);
	answer_for_each(nlh, &answer) {
		if (!matches(object, nlh, words))
			continue;
		status = 0;
		for (name = fields; *name; name++) {
			value_of(nlh, find_field(object, *name, strlen(*name)), text, sizeof(text));
			if (summed)
				sum += strtoull(text, NULL, 10);
			else
				printf("%s%s", name == fields ? "" : " ", text);
		}
		if (*fields && !summed)
			putchar('\n');
	}
	if (summed)
		printf("%llu\n", sum);
	return status;
}

static void all(void)
{
	const struct object *object;
	const struct field *field;
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	char text[256];

	for (object = objects; object < objects + ARRAY_SIZE(objects); object++) {
		dump(object, &answer);
		answer_for_each(nlh, &answer) {
			printf("%s", object->name);
			for (field = object->fields; field->name; field++) {
				value_of(nlh, field, text, sizeof(text));
				printf(" %s=%s", field->name, text);
			}
			putchar('\n');
		}
		answer_free(&answer);
	}
}

static __u64 number(const struct nlmsghdr *nlh, __u16 attr)
{
	return attr_uint(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), attr));
}

/* Free and the slices of each state make the total of every resource. */
static int sums(void)
{
	static const __u16 of_state[] = {
		[FABRIC_SLICE_STATE_RESERVED] = FABRIC_A_RESOURCE_RESERVED,
		[FABRIC_SLICE_STATE_GRANTED] = FABRIC_A_RESOURCE_GRANTED,
		[FABRIC_SLICE_STATE_QUARANTINED] = FABRIC_A_RESOURCE_QUARANTINED,
	};
	struct genl_answer resources, slices;
	const struct nlmsghdr *r, *s;
	__u64 sum, slice_sum, told;
	unsigned int state;
	int status = 0;
	__u32 id;

	dump(&objects[3], &resources);
	dump(&objects[4], &slices);
	answer_for_each(r, &resources) {
		const void *attrs = msg_attrs(r);
		size_t len = msg_attrs_len(r);

		id = attr_u32(attrs_find(attrs, len, FABRIC_A_RESOURCE_ID));
		sum = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_FREE)) +
		      number(r, FABRIC_A_RESOURCE_WITHHELD);
		for (state = 1; state < ARRAY_SIZE(of_state); state++) {
			slice_sum = 0;
			answer_for_each(s, &slices) {
				if (number(s, FABRIC_A_SLICE_RESOURCE_ID) == id &&
				    number(s, FABRIC_A_SLICE_STATE) == state)
					slice_sum += number(s, FABRIC_A_SLICE_LENGTH);
			}
			told = attr_uint(attrs_find(attrs, len, of_state[state]));
			if (told != slice_sum) {
				printf("resource %u: %llu %s, but its slices make %llu\n", id, told,
				       names[SLICE_STATE][state], slice_sum);
				status = 1;
			}
			sum += told;
		}
		told = attr_uint(attrs_find(attrs, len, FABRIC_A_RESOURCE_TOTAL));
		if (!told || sum != told) {
			printf("resource %u: the sum is %llu of %llu\n", id, sum, told);
			status = 1;
		}
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct object *object;
	bool summed = argc > 2 && !strcmp(argv[1], "sum");

	if (argc < 2)
		return 2;
	argv += summed;
	if (genl_open(&genl, FABRIC_FAMILY_NAME)) {
		fprintf(stderr, "ask: fabric is not loaded\n");
		return 1;
	}
	if (!strcmp(argv[1], "all")) {
		all();
		return 0;
	}
	if (!strcmp(argv[1], "sums"))
		return sums();
	for (object = objects; object < objects + ARRAY_SIZE(objects); object++) {
		if (!strcmp(object->name, argv[1]))
			return ask(object, argv + 2, summed);
	}
	return 2;
}
