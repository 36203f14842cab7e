// SPDX-License-Identifier: GPL-2.0
/*
 * The codec of the CCI in user space, with the sanitizers: golden messages laid
 * out by hand from the tables of CXL 3.1, one for each request and response; each
 * cut at every length, each with a byte too many, and changed at random.
 */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/array_size.h>

#include "../lib/ktap.h"
#include "walk.h"

#define MESSAGE_MAX	512
#define MESSAGES_MAX	64
#define MUTATIONS	20000

struct golden {
	char *name;
	char *hex;	/* header, then payload, field by field */
	char *text;
};

/* From the file beside this program */
static struct golden messages[MESSAGES_MAX];
static size_t nr_messages;

static const struct golden *message;

static size_t parse_hex(const char *hex, u8 *bytes)
{
	size_t len = 0;
	int used;

	for (; *hex; hex += used) {
		unsigned int byte;

		if (len == MESSAGE_MAX || sscanf(hex, " %2x%n", &byte, &used) != 1)
			ktap_fail("%s: bad hex at \"%s\"", message->name, hex);
		bytes[len++] = byte;
	}
	return len;
}

/* On the heap and no byte larger, so that the sanitizer sees a read behind the end */
static enum cci_defect walk_copy(const u8 *bytes, size_t len, char **text, u8 *again,
				 size_t *again_len)
{
	u8 *copy = malloc(len ? len : 1);
	struct cci_writer writer;
	enum cci_defect defect;
	size_t text_size;
	FILE *stream;

	if (!copy)
		ktap_fail("out of memory");
	memcpy(copy, bytes, len);
	stream = open_memstream(text, &text_size);
	cci_writer_init(&writer, again, MESSAGE_MAX);
	defect = walk_message(copy, len, stream, &writer);
	fclose(stream);
	free(copy);
	if (writer.full)
		ktap_fail("%s: more was written than read", message->name);
	*again_len = writer.used;
	return defect;
}

#define for_each_message()							\
	for (message = messages; message < messages + nr_messages; message++)

static void golden_messages_are_read_right(void)
{
	u8 bytes[MESSAGE_MAX], again[MESSAGE_MAX];
	size_t len, again_len;
	char *text;

	for_each_message() {
		len = parse_hex(message->hex, bytes);
		if (walk_copy(bytes, len, &text, again, &again_len) != CCI_FINE)
			ktap_fail("%s is refused after \"%s\"", message->name, text);
		if (strcmp(text, message->text))
			ktap_fail("%s:\n\"%s\" instead of\n\"%s\"", message->name, text,
				  message->text);
		free(text);
	}
}

static void golden_messages_are_written_as_they_were_read(void)
{
	u8 bytes[MESSAGE_MAX], again[MESSAGE_MAX];
	size_t len, again_len;
	char *text;

	for_each_message() {
		len = parse_hex(message->hex, bytes);
		walk_copy(bytes, len, &text, again, &again_len);
		free(text);
		if (again_len != len || memcmp(again, bytes, len))
			ktap_fail("%s is written otherwise", message->name);
	}
}

static enum cci_defect defect_of(const u8 *bytes, size_t len)
{
	u8 again[MESSAGE_MAX];
	enum cci_defect defect;
	size_t again_len;
	char *text;

	defect = walk_copy(bytes, len, &text, again, &again_len);
	free(text);
	return defect;
}

static void message_cut_anywhere_is_truncated(void)
{
	u8 bytes[MESSAGE_MAX];
	size_t len, cut;

	for_each_message() {
		len = parse_hex(message->hex, bytes);
		for (cut = 0; cut < len; cut++) {
			if (defect_of(bytes, cut) != CCI_TRUNCATED)
				ktap_fail("%s of %zu bytes is not refused at %zu", message->name,
					  len, cut);
		}
	}
}

/* A list of what there is may end after each of its entries. */
static bool may_end(u16 opcode, bool response, size_t payload)
{
	return response && opcode == CCI_GET_LOG && payload % 4 == 0;
}

static void payload_cut_anywhere_is_truncated(void)
{
	u8 bytes[MESSAGE_MAX];
	size_t len, cut;
	u16 opcode;

	for_each_message() {
		len = parse_hex(message->hex, bytes);
		opcode = bytes[3] | bytes[4] << 8;
		for (cut = CCI_HEADER_SIZE; cut < len; cut++) {
			bytes[5] = cut - CCI_HEADER_SIZE;
			if (may_end(opcode, bytes[0], bytes[5]))
				continue;
			if (defect_of(bytes, cut) != CCI_TRUNCATED)
				ktap_fail("%s of %zu bytes is not refused at %zu", message->name,
					  len, cut);
		}
	}
}

static void message_with_a_byte_too_many_is_refused(void)
{
	u8 bytes[MESSAGE_MAX];
	size_t len;

	for_each_message() {
		len = parse_hex(message->hex, bytes);
		bytes[len] = 0;
		if (defect_of(bytes, len + 1) != CCI_TOO_LONG)
			ktap_fail("%s is not refused with a byte more", message->name);
	}
}

static void payload_with_a_byte_too_many_is_refused(void)
{
	u8 bytes[MESSAGE_MAX];
	size_t len;

	for_each_message() {
		len = parse_hex(message->hex, bytes);
		bytes[len] = 0;
		bytes[5]++;
		if (defect_of(bytes, len + 1) == CCI_FINE)
			ktap_fail("%s is not refused with a byte more", message->name);
	}
}

static const struct golden *find(const char *name)
{
	for_each_message() {
		if (!strcmp(message->name, name))
			return message;
	}
	ktap_fail("there is no %s", name);
}

/* The message with one byte of the payload set */
static enum cci_defect with_byte(const char *name, size_t at, u8 value)
{
	u8 bytes[MESSAGE_MAX];
	size_t len = parse_hex(find(name)->hex, bytes);

	bytes[CCI_HEADER_SIZE + at] = value;
	return defect_of(bytes, len);
}

static void count_that_promises_more_is_refused(void)
{
	static const struct {
		const char *name;
		size_t at;
	} counts[] = {
		{ "Get Supported Logs response", 0 },
		{ "Get Physical Port State request", 0 },
		{ "Get Physical Port State response", 0 },
		{ "Get Virtual CXL Switch Info request", 2 },
		{ "Get Virtual CXL Switch Info response", 0 },
		{ "Get Virtual CXL Switch Info response", 7 },
		{ "Tunnel Management Command request", 2 },
		{ "Tunnel Management Command response", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (with_byte(counts[i].name, counts[i].at, 0xff) == CCI_FINE)
			ktap_fail("%s is not refused with too large a count", counts[i].name);
	}
}

static void count_that_promises_less_is_refused(void)
{
	if (with_byte("Get Physical Port State response", 0, 1) != CCI_TOO_LONG)
		ktap_fail("a port that is not counted passes");
	if (with_byte("Get Supported Logs response", 0, 0) != CCI_TOO_LONG)
		ktap_fail("a log that is not counted passes");
}

static void reserved_encodings_are_refused(void)
{
	static const struct {
		const char *name;
		size_t at;
		u8 last;	/* that is known */
		u8 first;	/* that is reserved */
	} encodings[] = {
		{ "Identify response", 16, 20, 21 },
		{ "Identify response", 17, CCI_COMPONENT_GFD, CCI_COMPONENT_GFD + 1 },
		{ "Background Operation Status response", 0, 201, 202 },
		{ "Get Physical Port State response", 5, CCI_PORT_FABRIC, CCI_PORT_FABRIC + 1 },
		{ "Get Physical Port State response", 5, CCI_PORT_INVALID, CCI_PORT_INVALID - 1 },
		{ "Get Physical Port State response", 6, CCI_MODE_PBR, CCI_MODE_PBR + 1 },
		{ "Get Physical Port State response", 8, CCI_DEVICE_PBR, CCI_DEVICE_PBR + 1 },
		{ "Get Physical Port State response", 15, CCI_LTSSM_HOT_RESET,
		  CCI_LTSSM_HOT_RESET + 1 },
		{ "Physical Port Control request", 1, CCI_PORT_RESET, CCI_PORT_RESET + 1 },
		{ "Get Virtual CXL Switch Info response", 5, CCI_VCS_ENABLED,
		  CCI_VCS_ENABLED + 1 },
		{ "Get Virtual CXL Switch Info response", 5, CCI_VCS_INVALID,
		  CCI_VCS_INVALID - 1 },
		{ "Get Virtual CXL Switch Info response", 8, CCI_VPPB_BOUND_LD,
		  CCI_VPPB_BOUND_LD + 1 },
		{ "Unbind vPPB request", 2, CCI_UNBIND_SURPRISE, CCI_UNBIND_SURPRISE + 1 },
		{ "Tunnel Management Command request", 1, 1, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		if (with_byte(encodings[i].name, encodings[i].at, encodings[i].last) != CCI_FINE)
			ktap_fail("%s is refused with %u", encodings[i].name, encodings[i].last);
		if (with_byte(encodings[i].name, encodings[i].at, encodings[i].first) !=
		    CCI_RESERVED)
			ktap_fail("%s passes with %u", encodings[i].name, encodings[i].first);
	}
}

static void reserved_bits_are_ignored(void)
{
	if (with_byte("Get Physical Port State response", 5, 0xf3) != CCI_FINE)
		ktap_fail("reserved bits of the configuration state are refused");
	if (with_byte("Get Physical Port State response", 1, 0xff) != CCI_FINE)
		ktap_fail("a reserved byte of the response is refused");
	if (with_byte("Unbind vPPB request", 2, 0xf1) != CCI_FINE)
		ktap_fail("reserved bits of the unbind option are refused");
}

static void category_that_is_reserved_is_refused(void)
{
	u8 bytes[MESSAGE_MAX];
	size_t len = parse_hex(find("Identify request")->hex, bytes);

	bytes[0] = 2;
	if (defect_of(bytes, len) != CCI_RESERVED)
		ktap_fail("category 2 passes");
}

static void message_that_does_not_fit_is_not_written(void)
{
	const struct cci_header header = { .opcode = CCI_BIND_VPPB };
	const struct cci_bind bind = { .vcs = 1 };
	struct cci_writer writer;
	size_t size, len;
	u8 *buf;

	for (size = 0; size <= CCI_HEADER_SIZE + 6; size++) {
		buf = malloc(size ? size : 1);
		cci_message_begin(&writer, &header, buf, size);
		cci_write(&writer, &bind);
		len = cci_message_end(&writer);
		free(buf);
		if (len != (size < CCI_HEADER_SIZE + 6 ? 0 : size))
			ktap_fail("%zu bytes in a buffer of %zu", len, size);
	}
}

/* The same ones in every run: a failure can be looked at again. */
static u32 next_random(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void random_changes_do_no_harm(void)
{
	u8 bytes[MESSAGE_MAX];
	u32 state = 1, i, n;
	size_t len;

	for_each_message() {
		for (i = 0; i < MUTATIONS / nr_messages; i++) {
			len = parse_hex(message->hex, bytes);
			for (n = next_random(&state) % 4; n; n--)
				bytes[next_random(&state) % len] = next_random(&state);
			defect_of(bytes, next_random(&state) % 4 ? len :
				  next_random(&state) % len);
		}
	}
}

static void random_bytes_do_no_harm(void)
{
	u8 bytes[MESSAGE_MAX];
	u32 state = 2, i;
	size_t len, at;

	message = messages;
	for (i = 0; i < MUTATIONS; i++) {
		len = next_random(&state) % MESSAGE_MAX;
		for (at = 0; at < len; at++)
			bytes[at] = next_random(&state);
		defect_of(bytes, len);
	}
}

static void every_return_code_has_a_name(void)
{
	for (unsigned int code = 0; code <= 0xffff; code++) {
		if (!cci_return_name(code))
			ktap_fail("%04x has none", code);
	}
}

static void every_known_command_has_a_name(void)
{
	unsigned int i;

	for (i = 0; cci_opcode_known(i); i++) {
		if (!cci_opcode_name(cci_opcode_known(i)))
			ktap_fail("%04x has none", cci_opcode_known(i));
	}
	if (!i || cci_opcode_name(0xffff))
		ktap_fail("the table is wrong");
}

static const struct ktap_test tests[] = {
	KTAP_TEST(golden_messages_are_read_right),
	KTAP_TEST(golden_messages_are_written_as_they_were_read),
	KTAP_TEST(message_cut_anywhere_is_truncated),
	KTAP_TEST(payload_cut_anywhere_is_truncated),
	KTAP_TEST(message_with_a_byte_too_many_is_refused),
	KTAP_TEST(payload_with_a_byte_too_many_is_refused),
	KTAP_TEST(count_that_promises_more_is_refused),
	KTAP_TEST(count_that_promises_less_is_refused),
	KTAP_TEST(reserved_encodings_are_refused),
	KTAP_TEST(reserved_bits_are_ignored),
	KTAP_TEST(category_that_is_reserved_is_refused),
	KTAP_TEST(message_that_does_not_fit_is_not_written),
	KTAP_TEST(random_changes_do_no_harm),
	KTAP_TEST(random_bytes_do_no_harm),
	KTAP_TEST(every_return_code_has_a_name),
	KTAP_TEST(every_known_command_has_a_name),
};

/* A line that is neither empty nor a comment, or NULL */
static char *next_line(FILE *file)
{
	char *line = NULL;
	size_t size = 0;

	do {
		if (getline(&line, &size, file) < 0) {
			free(line);
			return NULL;
		}
	} while (*line == '\n' || *line == '#');
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void read_messages(void)
{
	char path[PATH_MAX] = "";
	struct golden *golden;
	FILE *file;

	if (readlink("/proc/self/exe", path, sizeof(path) - sizeof("/messages")) < 0)
		ktap_bail("this program is nowhere");
	dirname(path);
	strcat(path, "/messages");
	file = fopen(path, "r");
	if (!file)
		ktap_bail("%s cannot be read", path);
	while (nr_messages < MESSAGES_MAX) {
		golden = &messages[nr_messages];
		golden->name = next_line(file);
		golden->hex = next_line(file);
		golden->text = next_line(file);
		if (!golden->text)
			break;
		nr_messages++;
	}
	fclose(file);
	if (!nr_messages)
		ktap_bail("%s has no message", path);
}

int main(void)
{
	read_messages();
	ktap_run_all(tests, ARRAY_SIZE(tests), 600);
}
