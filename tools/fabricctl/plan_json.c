// SPDX-License-Identifier: GPL-2.0
/*
 * Plans from and to JSON, both by one table for each kind of object. It says the
 * same as Documentation/plan.schema.json.
 */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plan.h"

#define PLAN_SIZE_FIRST	(16 << 10)
#define PLAN_SIZE_MAX	(64 << 20)	/* so often twice that */

enum member_type {
	NAME,		/* names */
	TENANT,		/* names */
	TEXT,		/* names */
	CGROUP,
	U32,
	U64,
	BOOL,
	ENUM,
	NAMES,		/* list of names */
	LABELS,		/* list of names */
	SERIALS,	/* list of uint64_t */
	OBJECTS,	/* list of what shape says */
	IGNORED,
};

#define NEEDED		0x1
#define POWER_OF_2	0x2
#define OMIT		0x4	/* not written if it is as if absent */
#define CHOICE		0x8	/* one of these */

struct member {
	const char *key;
	enum member_type type;
	size_t offset;
	unsigned int flags;
	uint64_t min;		/* of numbers, and of entries of a list */
	uint64_t max;		/* of enums the last value, 0 for all */
	uint64_t absent;
	enum fabric_enum names;
	const struct shape *shape;
};

enum choice {
	NO_CHOICE,
	AT_MOST_ONE,		/* and that needs domain */
	EXACTLY_ONE,
};

struct shape {
	size_t size;
	enum choice choice;
	const struct member *members;
	unsigned int nr;
};

#define AT(type, member) .offset = offsetof(type, member)

static const struct member switch_port_members[] = {
	{ "name", NAME, AT(struct plan_switch_port, name), .flags = NEEDED },
	{ "host", NAME, AT(struct plan_switch_port, host) },
	{ "link", ENUM, AT(struct plan_switch_port, link), .names = FABRIC_ENUM_LINK,
	  .absent = FABRIC_LINK_UP },
	{ "speed", U32, AT(struct plan_switch_port, speed), .min = 1, .max = UINT32_MAX,
	  .absent = 32000 },
	{ "width", U32, AT(struct plan_switch_port, width), .flags = POWER_OF_2, .min = 1,
	  .max = 32, .absent = 8 },
};

static const struct shape switch_port_shape = {
	sizeof(struct plan_switch_port), NO_CHOICE,
	switch_port_members, ARRAY_SIZE(switch_port_members),
};

static const struct member switch_device_members[] = {
	{ "name", NAME, AT(struct plan_switch_device, name), .flags = NEEDED },
	{ "port", NAME, AT(struct plan_switch_device, port) },
	{ "size", U64, AT(struct plan_switch_device, size), .flags = OMIT, .min = 1,
	  .max = UINT64_MAX },
	{ "granule", U64, AT(struct plan_switch_device, granule), .flags = POWER_OF_2,
	  .min = 4096, .max = UINT64_MAX, .absent = 2 << 20 },
	{ "serial", U64, AT(struct plan_switch_device, serial), .flags = OMIT, .min = 1,
	  .max = UINT64_MAX },
	{ "numa-node", U32, AT(struct plan_switch_device, numa_node), .flags = OMIT,
	  .max = INT_MAX, .absent = FABRIC_NO_NODE },
};

static const struct shape switch_device_shape = {
	sizeof(struct plan_switch_device), NO_CHOICE,
	switch_device_members, ARRAY_SIZE(switch_device_members),
};

static const struct member switch_members[] = {
	{ "name", NAME, AT(struct plan_switch, name), .flags = NEEDED },
	{ "live", BOOL, AT(struct plan_switch, live), .absent = true },
	{ "hosts", NAMES, AT(struct plan_switch, hosts) },
	{ "ports", OBJECTS, AT(struct plan_switch, ports), .shape = &switch_port_shape },
	{ "devices", OBJECTS, AT(struct plan_switch, devices), .shape = &switch_device_shape },
};

static const struct shape switch_shape = {
	sizeof(struct plan_switch), NO_CHOICE,
	switch_members, ARRAY_SIZE(switch_members),
};

static const struct member port_members[] = {
	{ "domain", NAME, AT(struct plan_port, domain), .flags = NEEDED },
	{ "port", NAME, AT(struct plan_port, port), .flags = NEEDED },
	{ "label", LABELS, AT(struct plan_port, label), .max = FABRIC_LABELS_MAX },
};

static const struct shape port_shape = {
	sizeof(struct plan_port), NO_CHOICE,
	port_members, ARRAY_SIZE(port_members),
};

static const struct member device_members[] = {
	{ "domain", NAME, AT(struct plan_device, place.domain), .flags = NEEDED },
	{ "device", NAME, AT(struct plan_device, place.device), .flags = CHOICE },
	{ "serial", U64, AT(struct plan_device, place.serial), .flags = CHOICE | OMIT, .min = 1,
	  .max = UINT64_MAX },
	{ "members", SERIALS, AT(struct plan_device, place.members), .flags = CHOICE | OMIT,
	  .min = 1, .max = PLAN_MEMBERS },
	{ "admin-state", ENUM, AT(struct plan_device, admin_state),
	  .names = FABRIC_ENUM_ADMIN_STATE, .absent = FABRIC_ADMIN_STATE_ENABLED },
	{ "label", LABELS, AT(struct plan_device, label), .max = FABRIC_LABELS_MAX },
};

static const struct shape device_shape = {
	sizeof(struct plan_device), EXACTLY_ONE,
	device_members, ARRAY_SIZE(device_members),
};

static const struct member quota_members[] = {
	{ "kind", ENUM, AT(struct plan_quota, kind), .flags = NEEDED, .names = FABRIC_ENUM_KIND,
	  .max = FABRIC_KIND_MEMORY },
	{ "capability", TEXT, AT(struct plan_quota, capability) },
	{ "limit", U64, AT(struct plan_quota, limit), .flags = NEEDED, .max = UINT64_MAX },
};

static const struct shape quota_shape = {
	sizeof(struct plan_quota), NO_CHOICE,
	quota_members, ARRAY_SIZE(quota_members),
};

static const struct member member_members[] = {
	{ "uid", U32, AT(struct plan_member, uid), .flags = CHOICE | OMIT,
	  .max = UINT32_MAX - 1, .absent = UINT32_MAX },
	{ "gid", U32, AT(struct plan_member, gid), .flags = CHOICE | OMIT,
	  .max = UINT32_MAX - 1, .absent = UINT32_MAX },
	{ "cgroup", CGROUP, AT(struct plan_member, cgroup), .flags = CHOICE },
};

static const struct shape member_shape = {
	sizeof(struct plan_member), EXACTLY_ONE,
	member_members, ARRAY_SIZE(member_members),
};

static const struct member tenant_members[] = {
	{ "name", TENANT, AT(struct plan_tenant, name), .flags = NEEDED },
	{ "priority-min", U32, AT(struct plan_tenant, priority_min), .max = FABRIC_PRIORITY_MAX },
	{ "priority-max", U32, AT(struct plan_tenant, priority_max), .max = FABRIC_PRIORITY_MAX,
	  .absent = FABRIC_PRIORITY_DEFAULT },
	{ "quota", OBJECTS, AT(struct plan_tenant, quota), .shape = &quota_shape },
	{ "member", OBJECTS, AT(struct plan_tenant, member), .shape = &member_shape },
};

static const struct shape tenant_shape = {
	sizeof(struct plan_tenant), NO_CHOICE,
	tenant_members, ARRAY_SIZE(tenant_members),
};

static const struct member region_members[] = {
	{ "members", SERIALS, AT(struct plan_region, members), .flags = NEEDED, .min = 1,
	  .max = PLAN_MEMBERS },
	{ "size", U64, AT(struct plan_region, size), .flags = NEEDED, .min = 1,
	  .max = UINT64_MAX },
	{ "granularity", U32, AT(struct plan_region, granularity), .flags = POWER_OF_2 | OMIT,
	  .min = 256, .max = 16384 },
};

static const struct shape region_shape = {
	sizeof(struct plan_region), NO_CHOICE,
	region_members, ARRAY_SIZE(region_members),
};

static const struct member grant_members[] = {
	{ "token", TEXT, AT(struct plan_grant, token), .flags = NEEDED },
	{ "tenant", TENANT, AT(struct plan_grant, tenant) },
	{ "kind", ENUM, AT(struct plan_grant, kind), .flags = NEEDED, .names = FABRIC_ENUM_KIND,
	  .max = FABRIC_KIND_MEMORY },
	{ "size", U64, AT(struct plan_grant, size), .flags = NEEDED, .min = 1,
	  .max = UINT64_MAX },
	{ "capability", TEXT, AT(struct plan_grant, capability) },
	{ "mode", ENUM, AT(struct plan_grant, mode), .flags = OMIT, .names = FABRIC_ENUM_MODE,
	  .max = FABRIC_MODE_SYSTEM_RAM },
	{ "domain", NAME, AT(struct plan_grant, place.domain) },
	{ "device", NAME, AT(struct plan_grant, place.device), .flags = CHOICE },
	{ "serial", U64, AT(struct plan_grant, place.serial), .flags = CHOICE | OMIT, .min = 1,
	  .max = UINT64_MAX },
	{ "members", SERIALS, AT(struct plan_grant, place.members), .flags = CHOICE | OMIT,
	  .min = 1, .max = PLAN_MEMBERS },
	{ "pieces", U32, AT(struct plan_grant, pieces), .flags = OMIT, .min = 1,
	  .max = FABRIC_SLICES_MAX },
	{ "placement", ENUM, AT(struct plan_grant, placement), .flags = OMIT,
	  .names = FABRIC_ENUM_PLACEMENT },
	{ "priority", U32, AT(struct plan_grant, priority), .flags = OMIT,
	  .max = FABRIC_PRIORITY_MAX, .absent = UINT32_MAX },
	{ "min", U64, AT(struct plan_grant, min), .max = UINT64_MAX },
	{ "reclaimable", BOOL, AT(struct plan_grant, reclaimable) },
	{ "grace", U32, AT(struct plan_grant, grace), .flags = OMIT, .max = UINT32_MAX - 1,
	  .absent = UINT32_MAX },
	{ "restore", BOOL, AT(struct plan_grant, restore) },
	{ "lease", U64, AT(struct plan_grant, lease), .flags = OMIT, .min = 1,
	  .max = UINT64_MAX },
	{ "bandwidth-min", U32, AT(struct plan_grant, bandwidth_min), .flags = OMIT, .min = 1,
	  .max = UINT32_MAX },
	{ "bandwidth-max", U32, AT(struct plan_grant, bandwidth_max), .flags = OMIT, .min = 1,
	  .max = UINT32_MAX },
};

static const struct shape grant_shape = {
	sizeof(struct plan_grant), AT_MOST_ONE,
	grant_members, ARRAY_SIZE(grant_members),
};

/* A section that is absent is not an empty one. */
static const struct member plan_members[] = {
	{ .key = "$schema", .type = IGNORED },
	{ "plan", U32, AT(struct plan, version), .flags = NEEDED, .min = PLAN_VERSION,
	  .max = PLAN_VERSION },
	{ "switches", OBJECTS, AT(struct plan, switches), .flags = OMIT, .shape = &switch_shape },
	{ "ports", OBJECTS, AT(struct plan, ports), .flags = OMIT, .shape = &port_shape },
	{ "devices", OBJECTS, AT(struct plan, devices), .flags = OMIT, .shape = &device_shape },
	{ "tenants", OBJECTS, AT(struct plan, tenants), .flags = OMIT, .shape = &tenant_shape },
	{ "regions", OBJECTS, AT(struct plan, regions), .flags = OMIT, .shape = &region_shape },
	{ "grants", OBJECTS, AT(struct plan, grants), .flags = OMIT, .shape = &grant_shape },
};

static const struct shape plan_shape = {
	sizeof(struct plan), NO_CHOICE,
	plan_members, ARRAY_SIZE(plan_members),
};

/* Memory */

void *plan_add(struct plan_list *list, size_t size)
{
	char *items;

	items = reallocarray(list->items, list->nr + 1, size);
	if (!items) {
		fputs("fabricctl: Out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	list->items = items;
	list->given = true;
	return memset(items + size * list->nr++, 0, size);
}

static void free_members(const struct shape *shape, char *object)
{
	const struct member *member;
	struct plan_list *list;
	size_t i;

	for (member = shape->members; member < shape->members + shape->nr; member++) {
		if (member->type < NAMES || member->type > OBJECTS)
			continue;
		list = (struct plan_list *)(object + member->offset);
		if (member->shape)
			for (i = 0; i < list->nr; i++)
				free_members(member->shape,
					     (char *)list->items + i * member->shape->size);
		free(list->items);
		memset(list, 0, sizeof(*list));
	}
}

void plan_free(struct plan *plan)
{
	struct plan_region *region;

	plan_each(region, &plan->kernel_regions)
		free(region->members.items);
	free(plan->kernel_regions.items);
	free_members(&plan_shape, (char *)plan);
	memset(plan, 0, sizeof(*plan));
}

/* Reading */

/* The way to a value: "grants[2].size" */
struct where {
	const struct where *up;
	const char *key;
	size_t index;
};

struct reader {
	struct ctl *ctl;
	const char *file;
};

static void path_format(const struct where *where, char *path, size_t size)
{
	size_t len;

	*path = '\0';
	if (!where)
		return;
	path_format(where->up, path, size);
	len = strlen(path);
	if (where->key)
		snprintf(path + len, size - len, "%s%s", len ? "." : "", where->key);
	else
		snprintf(path + len, size - len, "[%zu]", where->index);
}

__attribute__((format(printf, 3, 4)))
static int bad(const struct reader *reader, const struct where *where, const char *format, ...)
{
	char path[192], text[320];
	va_list args;

	path_format(where, path, sizeof(path));
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return ctl_fail(reader->ctl, -EINVAL, "%s: %s%s%s", reader->file, path,
			*path ? " " : "the plan ", text);
}

static bool all_from(const char *text, unsigned char first, unsigned char last)
{
	for (; *text; text++)
		if ((unsigned char)*text < first || (unsigned char)*text > last)
			return false;
	return true;
}

static bool name_ok(const char *text)
{
	return all_from(text, '!', '~') && !strchr(text, '/') && strcmp(text, ".") &&
	       strcmp(text, "..");
}

/* Letters, digits and @more, whatever the locale */
static bool all_word(const char *text, size_t len, const char *more)
{
	for (; len--; text++)
		if ((*text < 'a' || *text > 'z') && (*text < 'A' || *text > 'Z') &&
		    (*text < '0' || *text > '9') && !strchr(more, *text))
			return false;
	return true;
}

static bool tenant_ok(const char *text)
{
	return all_word(text, strlen(text), "._-");
}

static bool text_ok(const char *text)
{
	return all_from(text, ' ', '~');
}

static bool label_ok(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals && equals > text && equals[1] &&
	       all_word(text, equals - text, "._-/") && all_from(equals, '!', '~');
}

static bool cgroup_ok(const char *text)
{
	return *text == '/' && text_ok(text);
}

static const struct {
	bool (*ok)(const char *text);
	size_t size;
	const char *expected;
} strings[] = {
	[NAME] = { name_ok, FABRIC_NAME_SIZE,
		   "a name of 1 to 63 visible ASCII characters without a slash" },
	[TENANT] = { tenant_ok, FABRIC_NAME_SIZE,
		     "a name of 1 to 63 letters, digits, dots, underscores and hyphens" },
	[TEXT] = { text_ok, FABRIC_NAME_SIZE, "a string of 1 to 63 printable ASCII characters" },
	[CGROUP] = { cgroup_ok, PLAN_CGROUP_SIZE,
		     "a path of at most 255 printable ASCII characters that begins with a slash" },
	/* of a list */
	[NAMES] = { name_ok, FABRIC_NAME_SIZE,
		    "a name of 1 to 63 visible ASCII characters without a slash" },
	[LABELS] = { label_ok, FABRIC_NAME_SIZE,
		     "a label key=value of 3 to 63 visible ASCII characters" },
};

static bool string_ok(enum member_type type, const char *text)
{
	return *text && strlen(text) < strings[type].size && strings[type].ok(text);
}

/* A NUL in the middle would hide what follows it. */
static bool whole_text(struct json_object *json)
{
	return strlen(json_object_get_string(json)) ==
	       (size_t)json_object_get_string_len(json);
}

static int read_string(const struct reader *reader, const struct where *where,
		       enum member_type type, struct json_object *json, char *to)
{
	const char *text = json_object_get_string(json);

	if (json_object_get_type(json) != json_type_string || !whole_text(json) ||
	    !string_ok(type, text))
		return bad(reader, where, "is not %s", strings[type].expected);
	strcpy(to, text);
	return 0;
}

/* 4e9 and 1.0 are integers to JSON Schema too. */
static bool whole_number(struct json_object *json, uint64_t *number)
{
	double value;

	switch (json_object_get_type(json)) {
	case json_type_int:
		*number = json_object_get_uint64(json);
		return json_object_get_int64(json) >= 0;
	case json_type_double:
		value = json_object_get_double(json);
		if (!(value >= 0 && value < 0x1p64) || value != floor(value))
			return false;
		*number = value;
		return true;
	default:
		return false;
	}
}

static int read_number(const struct reader *reader, const struct where *where,
		       const struct member *member, struct json_object *json, uint64_t *number)
{
	const bool power = member->flags & POWER_OF_2;

	if (!whole_number(json, number) || *number < member->min || *number > member->max ||
	    (power && *number & (*number - 1)))
		return bad(reader, where, "is not a %s from %llu to %llu",
			   power ? "power of two" : "whole number",
			   (unsigned long long)member->min, (unsigned long long)member->max);
	return 0;
}

static int read_enum(const struct reader *reader, const struct where *where,
		     const struct member *member, struct json_object *json, uint32_t *value)
{
	const char *text = json_object_get_string(json);
	char list[192] = "";
	size_t len = 0;
	uint32_t i, last = 0;

	while ((!member->max || last < member->max) && fabric_enum_name(member->names, last + 1))
		last++;
	for (i = 1; i <= last; i++) {
		if (json_object_get_type(json) == json_type_string &&
		    whole_text(json) && !strcmp(fabric_enum_name(member->names, i), text)) {
			*value = i;
			return 0;
		}
		if (len < sizeof(list))
			len += snprintf(list + len, sizeof(list) - len, "%s%s", i > 1 ? ", " : "",
					fabric_enum_name(member->names, i));
	}
	return bad(reader, where, "is none of: %s", list);
}

static int read_object(const struct reader *reader, const struct where *where,
		       const struct shape *shape, struct json_object *json, char *object);

static int read_list(const struct reader *reader, const struct where *up,
		     const struct member *member, struct json_object *json,
		     struct plan_list *list)
{
	const struct member serial = { .min = 1, .max = UINT64_MAX };
	struct json_object *entry;
	struct where where = { .up = up };
	size_t size;
	void *item;
	int err = 0;

	if (json_object_get_type(json) != json_type_array)
		return bad(reader, up, "is not a list");
	list->given = true;
	for (where.index = 0; !err && where.index < json_object_array_length(json);
	     where.index++) {
		entry = json_object_array_get_idx(json, where.index);
		size = member->shape ? member->shape->size :
		       member->type == SERIALS ? sizeof(uint64_t) : FABRIC_NAME_SIZE;
		item = plan_add(list, size);
		if (member->shape)
			err = read_object(reader, &where, member->shape, entry, item);
		else if (member->type == SERIALS)
			err = read_number(reader, &where, &serial, entry, item);
		else
			err = read_string(reader, &where, member->type, entry, item);
	}
	if (!err && list->nr < member->min)
		err = bad(reader, up, "has less than %llu entries",
			  (unsigned long long)member->min);
	if (!err && member->max && list->nr > member->max)
		err = bad(reader, up, "has more than %llu entries",
			  (unsigned long long)member->max);
	return err;
}

static int read_member(const struct reader *reader, const struct where *where,
		       const struct member *member, struct json_object *json, char *object)
{
	void *to = object + member->offset;
	uint64_t number = 0;
	int err;

	switch (member->type) {
	case NAME:
	case TENANT:
	case TEXT:
	case CGROUP:
		return read_string(reader, where, member->type, json, to);
	case U32:
		err = read_number(reader, where, member, json, &number);
		*(uint32_t *)to = number;
		return err;
	case U64:
		return read_number(reader, where, member, json, to);
	case BOOL:
		if (json_object_get_type(json) != json_type_boolean)
			return bad(reader, where, "is neither true nor false");
		*(bool *)to = json_object_get_boolean(json);
		return 0;
	case ENUM:
		return read_enum(reader, where, member, json, to);
	case NAMES:
	case LABELS:
	case SERIALS:
	case OBJECTS:
		return read_list(reader, where, member, json, to);
	case IGNORED:
		if (json_object_get_type(json) != json_type_string)
			return bad(reader, where, "is not a string");
		return 0;
	}
	return 0;
}

static void set_absent(const struct member *member, char *object)
{
	void *to = object + member->offset;

	if (member->type == U32 || member->type == ENUM)
		*(uint32_t *)to = member->absent;
	else if (member->type == U64)
		*(uint64_t *)to = member->absent;
	else if (member->type == BOOL)
		*(bool *)to = member->absent;
}

static int check_choice(const struct reader *reader, const struct where *where,
			const struct shape *shape, unsigned int given, bool has_domain)
{
	const struct member *member;
	char list[128] = "";
	size_t len = 0;

	for (member = shape->members; member < shape->members + shape->nr; member++)
		if (member->flags & CHOICE)
			len += snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					member->key);
	if (shape->choice == EXACTLY_ONE && !given)
		return bad(reader, where, "needs one of: %s", list);
	if (given > 1)
		return bad(reader, where, "has more than one of: %s", list);
	if (given && shape->choice == AT_MOST_ONE && !has_domain)
		return bad(reader, where, "needs domain beside one of: %s", list);
	return 0;
}

static int check_known(const struct reader *reader, const struct where *where,
		       const struct shape *shape, struct json_object *json)
{
	char list[256] = "";
	size_t len = 0;
	unsigned int i;

	json_object_object_foreach(json, key, value) {
		(void)value;
		for (i = 0; i < shape->nr && strcmp(shape->members[i].key, key); i++)
			;
		if (i < shape->nr)
			continue;
		for (i = 0; i < shape->nr && len < sizeof(list); i++)
			if (shape->members[i].type != IGNORED)
				len += snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", shape->members[i].key);
		return bad(reader, where, "has an unknown member \"%.63s\", known are: %s", key,
			   list);
	}
	return 0;
}

static int read_object(const struct reader *reader, const struct where *up,
		       const struct shape *shape, struct json_object *json, char *object)
{
	const struct member *member;
	struct where where = { .up = up };
	struct json_object *value;
	unsigned int choices = 0;
	bool has_domain = false;
	int err;

	if (json_object_get_type(json) != json_type_object)
		return bad(reader, up, "is not an object");
	err = check_known(reader, up, shape, json);
	for (member = shape->members; !err && member < shape->members + shape->nr; member++) {
		where.key = member->key;
		set_absent(member, object);
		if (json_object_object_get_ex(json, member->key, &value)) {
			choices += !!(member->flags & CHOICE);
			has_domain |= !strcmp(member->key, "domain");
			err = read_member(reader, &where, member, value, object);
		} else if (member->flags & NEEDED) {
			err = bad(reader, up, "has no member \"%s\"", member->key);
		}
	}
	if (!err && shape->choice)
		err = check_choice(reader, up, shape, choices, has_domain);
	return err;
}

/* @text has room for two bytes more. It is to be freed, with an error as well. */
static int read_text(FILE *file, char **text, size_t *size)
{
	size_t room = PLAN_SIZE_FIRST;
	char *more;

	for (;; room *= 2) {
		more = realloc(*text, room + 2);
		if (!more)
			return -ENOMEM;
		*text = more;
		*size += fread(*text + *size, 1, room - *size, file);
		if (*size < room || room >= PLAN_SIZE_MAX)
			return 0;
	}
}

static int read_file(struct ctl *ctl, const char *path, char **text, size_t *size)
{
	bool opened = strcmp(path, "-");
	FILE *file = opened ? fopen(path, "re") : stdin;
	int err;

	if (!file) {
		err = errno ? -errno : -EIO;
		return ctl_fail(ctl, err, "%s can't be read", path);
	}
	err = read_text(file, text, size);
	if (!err)
		err = ferror(file) ? ctl_fail(ctl, -EIO, "%s can't be read", path) :
		      *size == PLAN_SIZE_MAX ? ctl_fail(ctl, -EFBIG, "%s is no plan", path) : 0;
	if (opened)
		fclose(file);
	if (err)
		free(*text);
	else
		memcpy(*text + (*size)++, "\n", 2); /* a number or a word ends with something */
	return err;
}

/*
 * json-c is not strict about all that is not JSON (quotes, comments, NaN), and takes
 * the largest number for one that is too large.
 */
static const char *find_fault(const char *text, size_t size, size_t *pos)
{
	static const char outside[] = " \t\r\n{}[]:,+-.E0123456789abcdefghijklmnopqrstuvwxyz";
	bool in_string = false;
	char *end;

	for (*pos = 0; *pos < size; ++*pos) {
		if (in_string && text[*pos] == '\\') {
			++*pos;
		} else if (text[*pos] == '"') {
			in_string = !in_string;
		} else if (!in_string && (!text[*pos] || !strchr(outside, text[*pos]))) {
			return "unexpected character";
		} else if (!in_string && text[*pos] >= '0' && text[*pos] <= '9') {
			errno = 0;
			strtoull(text + *pos, &end, 10);
			if (errno && (!*pos || text[*pos - 1] != '.') && !strchr(".eE", *end))
				return "number too large";
			*pos = end - text - 1;
		}
	}
	return NULL;
}

static unsigned int line_of(const char *text, size_t end)
{
	unsigned int line = 1;

	while (end--)
		line += text[end] == '\n';
	return line;
}

/* A plan says what a port is to be bound to, now and when its switch goes live. */
static void set_boot(struct plan *plan)
{
	struct plan_switch_port *port;
	struct plan_switch *sw;

	plan_each(sw, &plan->switches)
		plan_each(port, &sw->ports) {
			memcpy(port->boot_host, port->host, sizeof(port->boot_host));
			port->boot_link = port->link;
		}
}

int plan_read(struct ctl *ctl, const char *path, struct plan *plan)
{
	const struct reader reader = { ctl, strcmp(path, "-") ? path : "Standard input" };
	enum json_tokener_error error;
	struct json_tokener *tokener;
	struct json_object *json;
	size_t size = 0, pos;
	const char *fault;
	char *text = NULL;
	int err;

	memset(plan, 0, sizeof(*plan));
	err = read_file(ctl, path, &text, &size);
	if (err)
		return err;
	fault = find_fault(text, size, &pos);
	if (fault) {
		err = ctl_fail(ctl, -EINVAL, "%s is no JSON: line %u: %s", reader.file,
			       line_of(text, pos), fault);
		free(text);
		return err;
	}
	tokener = json_tokener_new();
	if (!tokener) {
		free(text);
		return -ENOMEM;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json = json_tokener_parse_ex(tokener, text, size);
	error = json_tokener_get_error(tokener);
	if (error != json_tokener_success)
		err = ctl_fail(ctl, -EINVAL, "%s is no JSON: line %u: %s", reader.file,
			       line_of(text, json_tokener_get_parse_end(tokener)),
			       error == json_tokener_continue ? "unexpected end of data" :
			       json_tokener_error_desc(error));
	else
		err = read_object(&reader, NULL, &plan_shape, json, (char *)plan);
	json_object_put(json);
	json_tokener_free(tokener);
	free(text);
	if (err)
		plan_free(plan);
	else
		set_boot(plan);
	return err;
}

/* Writing */

static struct json_object *check(struct json_object *object)
{
	if (!object) {
		fputs("fabricctl: Out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return object;
}

static struct json_object *write_object(const struct shape *shape, const char *object);

static struct json_object *write_list(const struct member *member, const struct plan_list *list)
{
	struct json_object *json = check(json_object_new_array());
	struct json_object *entry;
	const char (*names)[FABRIC_NAME_SIZE] = list->items;
	const char *item;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		if (member->shape) {
			item = (const char *)list->items + i * member->shape->size;
			entry = write_object(member->shape, item);
		} else if (member->type == SERIALS) {
			entry = check(json_object_new_uint64(((const uint64_t *)list->items)[i]));
		} else {
			entry = check(json_object_new_string(names[i]));
		}
		json_object_array_add(json, entry);
	}
	return json;
}

/* NULL: it is not written */
static struct json_object *write_member(const struct member *member, const char *object)
{
	const void *from = object + member->offset;
	const bool omit = member->flags & OMIT;
	const struct plan_list *list = from;
	const char *name;
	uint32_t value;

	switch (member->type) {
	case NAME:
	case TENANT:
	case TEXT:
	case CGROUP:
		return *(const char *)from ? check(json_object_new_string(from)) : NULL;
	case U32:
		value = *(const uint32_t *)from;
		return omit && value == member->absent ? NULL : check(json_object_new_int64(value));
	case U64:
		return omit && *(const uint64_t *)from == member->absent ? NULL :
		       check(json_object_new_uint64(*(const uint64_t *)from));
	case BOOL:
		return check(json_object_new_boolean(*(const bool *)from));
	case ENUM:
		value = *(const uint32_t *)from;
		if (omit && value == member->absent)
			return NULL;
		name = fabric_enum_name(member->names, value);
		return check(name ? json_object_new_string(name) : json_object_new_int64(value));
	case NAMES:
	case LABELS:
	case SERIALS:
	case OBJECTS:
		return omit && !list->given ? NULL : write_list(member, list);
	case IGNORED:
		break;
	}
	return NULL;
}

static struct json_object *write_object(const struct shape *shape, const char *object)
{
	struct json_object *json = check(json_object_new_object()), *value;
	const struct member *member;

	for (member = shape->members; member < shape->members + shape->nr; member++) {
		value = write_member(member, object);
		if (value)
			json_object_object_add(json, member->key, value);
	}
	return json;
}

/* What the reader would refuse is not written. */
int plan_text(struct ctl *ctl, const struct plan *plan, char **text)
{
	const struct reader reader = { ctl, "This can't be saved" };
	struct json_object *json;
	struct plan again = {};
	int err;

	json = write_object(&plan_shape, (const char *)plan);
	err = read_object(&reader, NULL, &plan_shape, json, (char *)&again);
	plan_free(&again);
	if (!err) {
		*text = strdup(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_SPACED |
							      JSON_C_TO_STRING_NOSLASHESCAPE));
		err = *text ? 0 : -ENOMEM;
	}
	json_object_put(json);
	return err;
}
