// SPDX-License-Identifier: GPL-2.0
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "fabricctl.h"

#define SCHEMA	1
#define WIDTH	100

static struct json_object *check(struct json_object *object)
{
	if (!object) {
		fputs("fabricctl: Out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return object;
}

static void push(struct out *out, struct json_object *object)
{
	if (out->depth == OUT_DEPTH)
		abort();
	out->stack[out->depth++] = object;
}

static void put(struct out *out, const char *key, struct json_object *value)
{
	json_object_object_add(out->stack[out->depth - 1], key, value);
}

static void print_root(struct out *out, int flags)
{
	puts(json_object_to_json_string_ext(out->stack[0],
					    flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	out_discard(out);
}

/*
 * Length of the UTF-8 sequence at s, 1 for ASCII, 0 if it's none: nor are those that
 * could be shorter, surrogates, and what is beyond the last character.
 */
static size_t utf8_length(const unsigned char *s)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
	      s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Those of ASCII, and those that a terminal takes for ESC and a letter */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

/*
 * The name of a command is whatever a process sets: bytes that are no text must
 * not make the JSON invalid, nor control characters reach the terminal.
 */
static const char *clean(const struct out *out, const char *string, char *buf, size_t size)
{
	const unsigned char *s = (const unsigned char *)string;
	size_t pos = 0, len, i;

	while (*s && pos + 5 < size) {
		len = utf8_length(s);
		if (!len || (!out->json && is_control(s))) {
			buf[pos++] = '?';
			s++;
			continue;
		}
		for (i = 0; i < len; i++)
			buf[pos++] = *s++;
	}
	buf[pos] = '\0';
	return buf;
}

/* Text */

static void newline(struct out *out, int indent)
{
	if (out->column)
		putchar('\n');
	printf("%*s", indent, "");
	out->column = indent;
}

__attribute__((format(printf, 3, 4)))
static void field(struct out *out, const char *key, const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = strlen(key) + 1 + strlen(text);
	if (!out->oneline && out->column + 2 + len > WIDTH)
		newline(out, 2 * out->items + 2);
	else
		out->column += printf(out->items > 1 || out->column ? "  " : "");
	out->column += printf("%s %s", key, text);
}

/* Documents */

void out_begin(struct out *out)
{
	if (!out->json)
		return;
	push(out, check(json_object_new_object()));
	put(out, "schema", check(json_object_new_int(SCHEMA)));
}

void out_end(struct out *out)
{
	if (out->json)
		print_root(out, out->pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			   JSON_C_TO_STRING_PLAIN);
}

void out_discard(struct out *out)
{
	if (out->depth)
		json_object_put(out->stack[0]);
	out->depth = 0;
}

void out_error(struct out *out, const char *message, const char *code, const char *attr)
{
	struct json_object *error;
	char text[1024];

	message = clean(out, message, text, sizeof(text));
	if (!out->json) {
		fflush(stdout);
		fprintf(stderr, "fabricctl: %s\n", message);
		return;
	}
	out_discard(out);
	out_begin(out);
	error = check(json_object_new_object());
	put(out, "error", error);
	push(out, error);
	put(out, "message", check(json_object_new_string(message)));
	put(out, "code", check(json_object_new_string(code)));
	if (attr)
		put(out, "attribute", check(json_object_new_string(attr)));
	out_end(out);
}

void out_event_begin(struct out *out, const char *name)
{
	struct json_object *msg;

	if (!out->json) {
		out->column += printf("%s  ", name);
		return;
	}
	push(out, check(json_object_new_object()));
	put(out, "name", check(json_object_new_string(name)));
	msg = check(json_object_new_object());
	put(out, "msg", msg);
	push(out, msg);
}

void out_event_end(struct out *out)
{
	if (out->json) {
		print_root(out, JSON_C_TO_STRING_PLAIN);
	} else if (out->column) {
		putchar('\n');
		out->column = 0;
	}
	fflush(stdout);
}

void out_list_begin(struct out *out, const char *key)
{
	struct json_object *list;

	if (!out->json)
		return;
	list = check(json_object_new_array());
	put(out, key, list);
	push(out, list);
}

void out_list_end(struct out *out)
{
	if (out->json)
		out->depth--;
}

void out_item_begin(struct out *out, const char *format, ...)
{
	struct json_object *item;
	va_list args;

	if (out->json) {
		/* The msg of an event is the item. */
		if (json_object_get_type(out->stack[out->depth - 1]) == json_type_object) {
			push(out, out->stack[out->depth - 1]);
			return;
		}
		item = check(json_object_new_object());
		json_object_array_add(out->stack[out->depth - 1], item);
		push(out, item);
		return;
	}
	if (!out->oneline)
		newline(out, 2 * out->items);
	else if (out->items)
		out->column += printf("  ");
	out->items++;
	va_start(args, format);
	out->column += vprintf(format, args);
	va_end(args);
	out->column += printf(":");
}

void out_item_end(struct out *out)
{
	if (out->json) {
		out->depth--;
		return;
	}
	if (--out->items)
		return;
	putchar('\n');
	out->column = 0;
}

void out_object_begin(struct out *out, const char *key)
{
	struct json_object *object;

	if (!out->json) {
		out_item_begin(out, "%s", key);
		return;
	}
	object = check(json_object_new_object());
	put(out, key, object);
	push(out, object);
}

void out_object_end(struct out *out)
{
	out_item_end(out);
}

/* Fields */

void out_id(struct out *out, const char *key, uint64_t value)
{
	if (out->json)
		out_u64(out, key, value);
}

void out_id_string(struct out *out, const char *key, const char *value)
{
	if (out->json)
		out_string(out, key, value);
}

void out_u32(struct out *out, const char *key, uint32_t value)
{
	out_u64(out, key, value);
}

void out_u64(struct out *out, const char *key, uint64_t value)
{
	if (out->json)
		put(out, key, check(json_object_new_uint64(value)));
	else
		field(out, key, "%llu", (unsigned long long)value);
}

void out_hex(struct out *out, const char *key, uint64_t value, int digits)
{
	if (out->json)
		out_u64(out, key, value);
	else
		field(out, key, "0x%0*llx", digits, (unsigned long long)value);
}

void out_bool(struct out *out, const char *key, bool value)
{
	if (out->json)
		put(out, key, check(json_object_new_boolean(value)));
	else
		field(out, key, "%s", value ? "yes" : "no");
}

void out_string(struct out *out, const char *key, const char *value)
{
	char buf[512];

	clean(out, value, buf, sizeof(buf));
	if (out->json)
		put(out, key, check(json_object_new_string(buf)));
	else
		field(out, key, "%s", buf);
}

/* A value without a name is newer than the library: its number says more than nothing. */
static const char *enum_text(enum fabric_enum names, uint32_t value, char buf[16])
{
	const char *name = fabric_enum_name(names, value);

	if (name)
		return name;
	snprintf(buf, 16, "%u", value);
	return buf;
}

void out_enum(struct out *out, const char *key, enum fabric_enum names, uint32_t value)
{
	char buf[16];

	if (value)
		out_string(out, key, enum_text(names, value, buf));
}

void out_id_enum(struct out *out, const char *key, enum fabric_enum names, uint32_t value)
{
	if (out->json)
		out_enum(out, key, names, value);
}

void out_flags(struct out *out, const char *key, enum fabric_enum names, uint32_t value)
{
	const char *list[32];
	char bufs[32][16];
	uint32_t count = 0;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++)
		if (value & 1u << bit) {
			list[count] = enum_text(names, bit, bufs[count]);
			count++;
		}
	out_strings(out, key, list, count);
}

void out_strings(struct out *out, const char *key, const char *const *values, uint32_t count)
{
	struct json_object *list;
	char buf[512] = "", text[512];
	size_t pos = 0;
	uint32_t i;

	if (out->json) {
		list = check(json_object_new_array());
		for (i = 0; i < count; i++) {
			clean(out, values[i], text, sizeof(text));
			json_object_array_add(list, check(json_object_new_string(text)));
		}
		put(out, key, list);
		return;
	}
	for (i = 0; i < count && pos < sizeof(buf); i++)
		pos += snprintf(buf + pos, sizeof(buf) - pos, "%s%s", i ? "," : "",
				clean(out, values[i], text, sizeof(text)));
	if (count)
		field(out, key, "%s", buf);
}

void out_ids(struct out *out, const char *key, const uint32_t *values, uint32_t count)
{
	struct json_object *list;
	char buf[512] = "";
	size_t pos = 0;
	uint32_t i;

	if (out->json) {
		list = check(json_object_new_array());
		for (i = 0; i < count; i++)
			json_object_array_add(list, check(json_object_new_int64(values[i])));
		put(out, key, list);
		return;
	}
	for (i = 0; i < count && pos < sizeof(buf); i++)
		pos += snprintf(buf + pos, sizeof(buf) - pos, "%s%u", i ? "," : "", values[i]);
	if (count)
		field(out, key, "%s", buf);
}

void out_size(struct out *out, const char *key, uint64_t value)
{
	char text[32];

	if (out->json) {
		out_u64(out, key, value);
		return;
	}
	size_format(value, text);
	field(out, key, "%s", text);
}

void out_address(struct out *out, const char *key, uint64_t value)
{
	if (value == FABRIC_NO_ADDRESS)
		return;
	if (out->json)
		out_u64(out, key, value);
	else
		field(out, key, "0x%llx", (unsigned long long)value);
}

void out_node(struct out *out, const char *key, const char *value)
{
	char path[FABRIC_NAME_SIZE + 5];

	if (!*value)
		return;
	snprintf(path, sizeof(path), "%s%s", out->json ? "" : "/dev/", value);
	out_string(out, key, path);
}

void out_amount(struct out *out, const char *key, enum fabric_kind kind, uint64_t value)
{
	char text[32];

	if (out->json) {
		out_u64(out, key, value);
		return;
	}
	amount_format(kind, value, text);
	field(out, key, "%s", text);
}

void out_time(struct out *out, const char *key, uint64_t value)
{
	char text[32];

	if (out->json) {
		out_u64(out, key, value);
		return;
	}
	time_format(value, text);
	field(out, key, "%s", text);
}

void out_bandwidth(struct out *out, const char *key, uint64_t value)
{
	if (value)
		out_amount(out, key, FABRIC_KIND_BANDWIDTH, value);
}

/* The bar is for the eye, and takes the place of the key */
void out_count(struct out *out, const char *key, uint64_t value, const char *bar)
{
	if (out->json)
		out_u64(out, key, value);
	else
		out->column += printf(" %8llu%s%s", (unsigned long long)value,
				      *bar ? " " : "", bar);
}

void out_percent(struct out *out, const char *key, uint32_t value)
{
	if (out->json)
		out_u64(out, key, value);
	else if (value)
		field(out, key, "%u %%", value);
}

void out_user(struct out *out, const char *key, uint32_t value)
{
	const struct passwd *user;

	if (value == FABRIC_UNSET)
		return;
	user = out->json ? NULL : getpwuid(value);
	if (user)
		out_string(out, key, user->pw_name);
	else
		out_u64(out, key, value);
}

void out_group(struct out *out, const char *key, uint32_t value)
{
	const struct group *group;

	if (value == FABRIC_UNSET)
		return;
	group = out->json ? NULL : getgrgid(value);
	if (group)
		out_string(out, key, group->gr_name);
	else
		out_u64(out, key, value);
}

void out_errno(struct out *out, const char *key, uint32_t value)
{
	if (!value)
		return;
	if (out->json)
		out_u64(out, key, value);
	else
		out_string(out, key, fabric_strerror(value));
}

void out_speed(struct out *out, const char *key, uint32_t value)
{
	if (!value)
		return;
	if (out->json)
		out_u64(out, key, value);
	else
		field(out, key, "%g GT/s", value / 1000.0);
}

void out_opt_u32(struct out *out, const char *key, uint32_t value, uint32_t absent)
{
	if (value != absent)
		out_u32(out, key, value);
}

void out_opt_string(struct out *out, const char *key, const char *value)
{
	if (*value)
		out_string(out, key, value);
}

void out_opt_time(struct out *out, const char *key, uint64_t value, uint64_t absent)
{
	if (value != absent)
		out_time(out, key, value);
}

void out_u32_usually(struct out *out, const char *key, uint32_t value, uint32_t usual)
{
	if (out->json || value != usual)
		out_u64(out, key, value);
}

void out_u64_usually(struct out *out, const char *key, uint64_t value, uint64_t usual)
{
	if (out->json || value != usual)
		out_u64(out, key, value);
}

void out_enum_usually(struct out *out, const char *key, enum fabric_enum names, uint32_t value,
		      uint32_t usual)
{
	if (out->json || value != usual)
		out_enum(out, key, names, value);
}

void out_amount_if(struct out *out, const char *key, enum fabric_kind kind, uint64_t value,
		   bool told)
{
	if (out->json || told)
		out_amount(out, key, kind, value);
}

void out_time_if(struct out *out, const char *key, uint64_t value, bool told)
{
	if (out->json || told)
		out_time(out, key, value);
}

void out_if(struct out *out, const char *key, bool value)
{
	if (out->json)
		out_u64(out, key, value);
	else if (value)
		field(out, key, "yes");
}
