/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output: one call per field serves text and JSON, so commands do not know
 * which of them it is.
 */
#ifndef FABRICCTL_OUT_H
#define FABRICCTL_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include <fabricbroker.h>

struct json_object;

#define OUT_DEPTH 8

struct out {
	bool json;
	bool pretty;
	bool oneline;		/* text: an object with all of its lists in one line */
	int depth;
	struct json_object *stack[OUT_DEPTH];
	int items;		/* text: how deep in items */
	int column;
};

/* A document: { "schema": 1, ... } */
void out_begin(struct out *out);
void out_end(struct out *out);
void out_discard(struct out *out);
void out_error(struct out *out, const char *message, const char *code, const char *attr);

/* A line: { "name": name, "msg": { ... } }, the fields of an event */
void out_event_begin(struct out *out, const char *name);
void out_event_end(struct out *out);

void out_list_begin(struct out *out, const char *key);
void out_list_end(struct out *out);
/* Text: begins with the title, and leaves out the fields that it repeats (out_id...). */
void out_item_begin(struct out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void out_item_end(struct out *out);
/* The same for an object under a key, which is its title. */
void out_object_begin(struct out *out, const char *key);
void out_object_end(struct out *out);

void out_id(struct out *out, const char *key, uint64_t value);
void out_id_string(struct out *out, const char *key, const char *value);
void out_id_enum(struct out *out, const char *key, enum fabric_enum names, uint32_t value);
void out_u32(struct out *out, const char *key, uint32_t value);
void out_u64(struct out *out, const char *key, uint64_t value);
void out_hex(struct out *out, const char *key, uint64_t value, int digits);
void out_bool(struct out *out, const char *key, bool value);
void out_string(struct out *out, const char *key, const char *value);
void out_enum(struct out *out, const char *key, enum fabric_enum names, uint32_t value);
void out_flags(struct out *out, const char *key, enum fabric_enum names, uint32_t value);
void out_ids(struct out *out, const char *key, const uint32_t *values, uint32_t count);
void out_strings(struct out *out, const char *key, const char *const *values, uint32_t count);
void out_size(struct out *out, const char *key, uint64_t value);
void out_address(struct out *out, const char *key, uint64_t value);
void out_node(struct out *out, const char *key, const char *value);
void out_amount(struct out *out, const char *key, enum fabric_kind kind, uint64_t value);
void out_time(struct out *out, const char *key, uint64_t value);
void out_bandwidth(struct out *out, const char *key, uint64_t value);
void out_count(struct out *out, const char *key, uint64_t value, const char *bar);
void out_percent(struct out *out, const char *key, uint32_t value);
void out_user(struct out *out, const char *key, uint32_t value);
void out_group(struct out *out, const char *key, uint32_t value);
void out_errno(struct out *out, const char *key, uint32_t value);
void out_speed(struct out *out, const char *key, uint32_t value);

/* Text: only if it is not what is usual */
void out_u32_usually(struct out *out, const char *key, uint32_t value, uint32_t usual);
void out_u64_usually(struct out *out, const char *key, uint64_t value, uint64_t usual);
void out_enum_usually(struct out *out, const char *key, enum fabric_enum names, uint32_t value,
		      uint32_t usual);
/* Text: only if that is told too */
void out_amount_if(struct out *out, const char *key, enum fabric_kind kind, uint64_t value,
		   bool told);
void out_time_if(struct out *out, const char *key, uint64_t value, bool told);
/* JSON: 0 or 1; text: only if it is */
void out_if(struct out *out, const char *key, bool value);

/* Is absent, in both */
void out_opt_u32(struct out *out, const char *key, uint32_t value, uint32_t absent);
void out_opt_string(struct out *out, const char *key, const char *value);
void out_opt_time(struct out *out, const char *key, uint64_t value, uint64_t absent);

#endif /* FABRICCTL_OUT_H */
