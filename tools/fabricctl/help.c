// SPDX-License-Identifier: GPL-2.0
/* Help from the tables of the commands. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fabricctl.h"

__attribute__((format(printf, 2, 3)))
static void append(char line[USAGE_SIZE], const char *format, ...)
{
	size_t len = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + len, USAGE_SIZE - len, format, args);
	va_end(args);
}

/* "size SIZE", "force", "ID" */
static void arg_text(const struct arg *arg, char *text, size_t size)
{
	if (arg->flags & POSITIONAL || arg->type == ARG_FLAG)
		snprintf(text, size, "%s", arg->key);
	else
		snprintf(text, size, "%s %s", arg->key, arg->value);
}

void usage_line(const struct object *object, const struct cmd *cmd, char line[USAGE_SIZE])
{
	char text[128];
	unsigned int i;

	snprintf(line, USAGE_SIZE, "fabricctl %s", object->name);
	if (cmd->name)
		append(line, " %s", cmd->name);
	for (i = 0; i < cmd->nr_args; i++) {
		arg_text(&cmd->args[i], text, sizeof(text));
		append(line, cmd->args[i].flags & REQUIRED ? " %s" : " [%s]", text);
		if (cmd->args[i].flags & REPEAT)
			append(line, "...");
	}
	if (cmd->takes_command)
		append(line, " -- CMD [ARGS...]");
}

static void arg_help(const struct arg *arg)
{
	const char *name;
	char text[128];
	uint32_t i;

	arg_text(arg, text, sizeof(text));
	printf("    %-24s %s", text, arg->help);
	if (arg->type == ARG_ENUM)
		for (i = 1; (name = fabric_enum_name(arg->names, i)); i++)
			printf("%s%s", i > 1 ? ", " : ": ", name);
	if (arg->type == ARG_CHOICE)
		for (i = 0; arg->choices[i]; i++)
			printf("%s%s", i ? ", " : ": ", arg->choices[i]);
	putchar('\n');
}

static void object_help(const struct object *object)
{
	const struct cmd *cmd;
	char line[USAGE_SIZE];
	unsigned int i;

	for (cmd = object->cmds; cmd < object->cmds + object->nr_cmds; cmd++) {
		usage_line(object, cmd, line);
		printf("%s%s\n    %s.\n", cmd == object->cmds ? "" : "\n", line, cmd->help);
		for (i = 0; i < cmd->nr_args; i++)
			arg_help(&cmd->args[i]);
	}
}

static void general_help(void)
{
	unsigned int i;

	puts("Usage: fabricctl [OPTIONS] OBJECT [COMMAND] [KEY VALUE]...\n"
	     "       fabricctl OBJECT help\n"
	     "\n"
	     "COMMAND is show if it is left out.\n"
	     "\n"
	     "Objects:");
	for (i = 0; i < nr_objects; i++)
		printf("  %-10s %s\n", objects[i]->name, objects[i]->help);
	puts("\n"
	     "Options:\n"
	     "  -j, --json     print JSON\n"
	     "  -p, --pretty   print JSON with indentation\n"
	     "  -V, --version  print the version\n"
	     "  -h, --help     print this");
}

static void values_out(struct out *out, const struct arg *arg)
{
	const char *values[32];
	uint32_t count = 0;

	if (arg->type == ARG_ENUM)
		while (count < ARRAY_SIZE(values) &&
		       (values[count] = fabric_enum_name(arg->names, count + 1)))
			count++;
	else if (arg->type == ARG_CHOICE)
		while (count < ARRAY_SIZE(values) && (values[count] = arg->choices[count]))
			count++;
	out_strings(out, "values", values, count);
}

static void arg_out(struct out *out, const struct arg *arg)
{
	out_item_begin(out, "%s", arg->key);
	out_string(out, "name", arg->key);
	out_bool(out, "positional", arg->flags & POSITIONAL);
	out_bool(out, "required", arg->flags & REQUIRED);
	out_bool(out, "repeatable", arg->flags & REPEAT);
	if (arg->value)
		out_string(out, "value", arg->value);
	out_string(out, "help", arg->help);
	values_out(out, arg);
	out_item_end(out);
}

static void args_out(struct out *out, const struct cmd *cmd)
{
	unsigned int i;

	out_list_begin(out, "arguments");
	for (i = 0; i < cmd->nr_args; i++)
		arg_out(out, &cmd->args[i]);
	out_list_end(out);
}

static void object_out(struct out *out, const struct object *object)
{
	const struct cmd *cmd;
	char line[USAGE_SIZE];

	out_item_begin(out, "%s", object->name);
	out_string(out, "name", object->name);
	out_string(out, "help", object->help);
	out_list_begin(out, "commands");
	for (cmd = object->cmds; cmd < object->cmds + object->nr_cmds; cmd++) {
		usage_line(object, cmd, line);
		out_item_begin(out, "%s", line);
		if (cmd->name)
			out_string(out, "name", cmd->name);
		out_string(out, "usage", line);
		out_string(out, "help", cmd->help);
		args_out(out, cmd);
		out_item_end(out);
	}
	out_list_end(out);
	out_item_end(out);
}

void help_print(struct out *out, const struct object *only)
{
	unsigned int i;

	/* Two layouts: help is text for people that a list of fields can't make. */
	if (!out->json) {
		if (only)
			object_help(only);
		else
			general_help();
		return;
	}
	out_begin(out);
	out_list_begin(out, "objects");
	for (i = 0; i < nr_objects; i++)
		if (!only || only == objects[i])
			object_out(out, objects[i]);
	out_list_end(out);
	out_end(out);
}
