// SPDX-License-Identifier: GPL-2.0
/* Words of the command line into values, by the tables of the commands. */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabricctl.h"

const char *const no_yes[] = { "no", "yes", NULL };

struct parser {
	struct ctl *ctl;
	const struct object *object;
	const struct cmd *cmd;
	struct args *args;
};

/* "grant new", or "run" */
static const char *where(const struct parser *parser, char buf[64])
{
	snprintf(buf, 64, "%s%s%s", parser->object->name, parser->cmd->name ? " " : "",
		 parser->cmd->name ? parser->cmd->name : "");
	return buf;
}

static void append(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

static void known_keys(const struct cmd *cmd, char *list, size_t size)
{
	unsigned int i;

	list[0] = '\0';
	for (i = 0; i < cmd->nr_args; i++)
		if (!(cmd->args[i].flags & POSITIONAL))
			append(list, size, cmd->args[i].key);
}

static void bad_value(const struct parser *parser, const struct arg *arg, const char *text,
		      const char *why)
{
	char buf[64];

	usage_error(parser->ctl, "%s: %s \"%s\" %s", where(parser, buf), arg->key, text, why);
}

static void parse_number(const struct parser *parser, const struct arg *arg, struct value *value,
			 int (*parse)(const char *text, uint64_t *number), uint64_t min,
			 uint64_t max, const char *what)
{
	int err;

	err = parse(value->text, &value->number);
	if (err == -ERANGE || (!err && value->number > max))
		bad_value(parser, arg, value->text, "is too large");
	if (err)
		bad_value(parser, arg, value->text, what);
	if (value->number < min)
		bad_value(parser, arg, value->text, "is too small");
}

static void parse_enum(const struct parser *parser, const struct arg *arg, struct value *value)
{
	char why[256] = "", buf[64];
	const char *name;
	uint32_t i;

	value->number = fabric_enum_value(arg->names, value->text);
	if (value->number)
		return;
	for (i = 1; (name = fabric_enum_name(arg->names, i)); i++)
		append(why, sizeof(why), name);
	usage_error(parser->ctl, "%s: %s \"%s\" is none of: %s", where(parser, buf), arg->key,
		    value->text, why);
}

static void parse_choice(const struct parser *parser, const struct arg *arg, struct value *value)
{
	char why[256] = "", buf[64];
	unsigned int i;

	for (i = 0; arg->choices[i]; i++) {
		if (!strcmp(arg->choices[i], value->text)) {
			value->number = i;
			return;
		}
		append(why, sizeof(why), arg->choices[i]);
	}
	usage_error(parser->ctl, "%s: %s \"%s\" is none of: %s", where(parser, buf), arg->key,
		    value->text, why);
}

static void parse_label(const struct parser *parser, const struct arg *arg,
			const struct value *value)
{
	const char *equals = strchr(value->text, '=');

	if (!equals || equals == value->text || !equals[1])
		bad_value(parser, arg, value->text, "is not a label (KEY=VALUE)");
	if (strlen(value->text) > FABRIC_NAME_MAX_LEN)
		bad_value(parser, arg, value->text, "is too long");
}

static void parse_signal(const struct parser *parser, const struct arg *arg, struct value *value)
{
	const char *text = value->text, *name;
	int number;

	if (!strncmp(text, "SIG", 3))
		text += 3;
	for (number = 1; number < NSIG; number++) {
		name = sigabbrev_np(number);
		if (name && !strcmp(name, text)) {
			value->number = number;
			return;
		}
	}
	bad_value(parser, arg, value->text, "is not the name of a signal");
}

/* Where the value of argument n goes to: behind those that it has already */
static struct value *new_value(const struct parser *parser, unsigned int n)
{
	struct value *value = &parser->args->value[n];

	if (!HAS(parser->args, n)) {
		parser->args->present |= 1ULL << n;
		return value;
	}
	while (value->next)
		value = value->next;
	value->next = calloc(1, sizeof(*value));
	if (!value->next)
		abort();
	return value->next;
}

static void parse_value(const struct parser *parser, unsigned int n, const char *text)
{
	const struct arg *arg = &parser->cmd->args[n];
	struct value *value = new_value(parser, n);

	value->text = text;
	if (arg->type != ARG_FLAG && !*text)
		bad_value(parser, arg, text, "is empty");
	switch (arg->type) {
	case ARG_ID:
		parse_number(parser, arg, value, number_parse, 1, UINT32_MAX, "is not a number");
		break;
	case ARG_NUMBER:
		/* Nodes are an int to the kernel. */
		parse_number(parser, arg, value, number_parse, arg->min,
			     arg->max ? arg->max : INT_MAX, "is not a number");
		break;
	case ARG_TIME:
		parse_number(parser, arg, value, time_parse, 0,
			     arg->max ? arg->max : INT64_MAX / 1000000,
			     "is not a time (500ms, 30s, 5m or 2h)");
		break;
	case ARG_BANDWIDTH:
		parse_number(parser, arg, value, bandwidth_parse, 1, UINT32_MAX,
			     "is not a bandwidth (Mb/s, or with Mb/s, Gb/s or Tb/s)");
		break;
	case ARG_LABEL:
		parse_label(parser, arg, value);
		break;
	case ARG_SIGNAL:
		parse_signal(parser, arg, value);
		break;
	case ARG_SIZE:
		parse_number(parser, arg, value, size_parse, !(arg->flags & ZERO), UINT64_MAX,
			     "is not a size (bytes, or with K, M, G, T or P)");
		break;
	case ARG_REF:
		if (!text[strspn(text, "0123456789")])
			parse_number(parser, arg, value, number_parse, 1, UINT32_MAX,
				     "is not a number");
		else if (strlen(text) > FABRIC_NAME_MAX_LEN)
			bad_value(parser, arg, text, "is too long");
		break;
	case ARG_STRING:
		if (strlen(text) > FABRIC_NAME_MAX_LEN)
			bad_value(parser, arg, text, "is too long");
		break;
	case ARG_ENUM:
		parse_enum(parser, arg, value);
		break;
	case ARG_CHOICE:
		parse_choice(parser, arg, value);
		break;
	case ARG_LIST:
	case ARG_FILE:
	case ARG_FLAG:
		break;
	}
}

/* A key without a value may look like an option. */
static int find_key(const struct cmd *cmd, const char *word)
{
	const char *flag = strncmp(word, "--", 2) ? word : word + 2;
	unsigned int i;

	for (i = 0; i < cmd->nr_args; i++)
		if (!(cmd->args[i].flags & POSITIONAL) &&
		    !strcmp(cmd->args[i].key, cmd->args[i].type == ARG_FLAG ? flag : word))
			return i;
	return -1;
}

static bool only_flags_yet(const struct parser *parser)
{
	unsigned int i;

	for (i = 0; i < parser->cmd->nr_args; i++)
		if (HAS(parser->args, i) && parser->cmd->args[i].type != ARG_FLAG)
			return false;
	return true;
}

/* Take one argument off the words, return how many there were of it. */
static int parse_arg(const struct parser *parser, int argc, char **argv)
{
	const struct cmd *cmd = parser->cmd;
	char list[512], buf[64];
	int n;

	n = find_key(cmd, argv[0]);
	if (n < 0) {
		if (cmd->nr_args && cmd->args[0].flags & POSITIONAL && only_flags_yet(parser)) {
			parse_value(parser, 0, argv[0]);
			return 1;
		}
		known_keys(cmd, list, sizeof(list));
		usage_error(parser->ctl, "%s: unknown argument \"%s\"%s%s", where(parser, buf),
			    argv[0], *list ? ", known are: " : ", there is none", list);
	}
	if (HAS(parser->args, n) && !(cmd->args[n].flags & REPEAT))
		usage_error(parser->ctl, "%s: %s is given twice", where(parser, buf), argv[0]);
	if (cmd->args[n].type == ARG_FLAG) {
		parse_value(parser, n, "");
		return 1;
	}
	if (argc < 2)
		usage_error(parser->ctl, "%s: %s has no value", where(parser, buf), argv[0]);
	parse_value(parser, n, argv[1]);
	return 2;
}

static void check_required(const struct parser *parser)
{
	const struct cmd *cmd = parser->cmd;
	char missing[256] = "", buf[64];
	unsigned int i;

	for (i = 0; i < cmd->nr_args; i++)
		if (cmd->args[i].flags & REQUIRED && !HAS(parser->args, i))
			append(missing, sizeof(missing), cmd->args[i].key);
	if (*missing)
		usage_error(parser->ctl, "%s: missing: %s", where(parser, buf), missing);
	if (cmd->takes_command && (!parser->args->command || !*parser->args->command))
		usage_error(parser->ctl, "%s: missing: -- CMD", where(parser, buf));
}

void args_parse(struct ctl *ctl, const struct object *object, const struct cmd *cmd, int argc,
		char **argv, struct args *args)
{
	const struct parser parser = { ctl, object, cmd, args };
	int taken;

	memset(args, 0, sizeof(*args));
	while (argc > 0) {
		if (cmd->takes_command && !strcmp(argv[0], "--")) {
			args->command = argv + 1;
			break;
		}
		taken = parse_arg(&parser, argc, argv);
		argc -= taken;
		argv += taken;
	}
	check_required(&parser);
}

void args_free(struct args *args)
{
	struct value *value, *next;
	unsigned int n;

	for (n = 0; n < ARGS_MAX; n++)
		for (value = args->value[n].next; value; value = next) {
			next = value->next;
			free(value);
		}
}

/* All values of an argument */
uint32_t args_texts(struct ctl *ctl, const struct args *args, unsigned int n, const char **texts,
		    uint32_t max)
{
	const struct value *value;
	uint32_t count = 0;

	if (!HAS(args, n))
		return 0;
	for (value = &args->value[n]; value; value = value->next) {
		if (count == max)
			usage_error(ctl, "\"%s\" is one too many, %u can be given", value->text,
				    max);
		texts[count++] = value->text;
	}
	return count;
}
