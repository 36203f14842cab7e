// SPDX-License-Identifier: GPL-2.0
/* Words of the command line into values, by the tables of the commands. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fabricctl.h"

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

static void parse_value(const struct parser *parser, unsigned int n, const char *text)
{
	const struct arg *arg = &parser->cmd->args[n];
	struct value *value = &parser->args->value[n];

	value->text = text;
	parser->args->present |= 1u << n;
	if (arg->type != ARG_FLAG && !*text)
		bad_value(parser, arg, text, "is empty");
	switch (arg->type) {
	case ARG_ID:
		parse_number(parser, arg, value, number_parse, 1, UINT32_MAX, "is not a number");
		break;
	case ARG_NUMBER:
		/* Nodes are an int to the kernel. */
		parse_number(parser, arg, value, number_parse, 0, INT_MAX, "is not a number");
		break;
	case ARG_SIZE:
		parse_number(parser, arg, value, size_parse, 1, UINT64_MAX,
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
	case ARG_FLAG:
		break;
	}
}

static int find_key(const struct cmd *cmd, const char *word)
{
	unsigned int i;

	for (i = 0; i < cmd->nr_args; i++)
		if (!(cmd->args[i].flags & POSITIONAL) && !strcmp(cmd->args[i].key, word))
			return i;
	return -1;
}

/* Take one argument off the words, return how many there were of it. */
static int parse_arg(const struct parser *parser, int argc, char **argv)
{
	const struct cmd *cmd = parser->cmd;
	char list[256], buf[64];
	int n;

	n = find_key(cmd, argv[0]);
	if (n < 0) {
		if (cmd->nr_args && cmd->args[0].flags & POSITIONAL && !parser->args->present) {
			parse_value(parser, 0, argv[0]);
			return 1;
		}
		known_keys(cmd, list, sizeof(list));
		usage_error(parser->ctl, "%s: unknown argument \"%s\"%s%s", where(parser, buf),
			    argv[0], *list ? ", known are: " : ", there is none", list);
	}
	if (HAS(parser->args, n))
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
