// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabricctl.h"

const struct object *const objects[] = {
	&domain_object,
	&port_object,
	&fm_object,
	&device_object,
	&resource_object,
	&region_object,
	&slice_object,
	&grant_object,
	&queue_object,
	&tenant_object,
	&tree_object,
	&monitor_object,
	&stats_object,
	&log_object,
	&run_object,
	&save_object,
	&apply_object,
	&diff_object,
	&assert_object,
};

const unsigned int nr_objects = ARRAY_SIZE(objects);

void ctl_say(struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ctl->error, sizeof(ctl->error), format, args);
	va_end(args);
}

void ctl_warn(struct ctl *ctl, const char *text)
{
	(void)ctl;
	if (*text)
		fprintf(stderr, "fabricctl: warning: %s\n", text);
}

void usage_error(struct ctl *ctl, const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	out_error(ctl->out, message, "usage", NULL);
	if (!ctl->out->json)
		fputs("Try \"fabricctl help\" or \"fabricctl OBJECT help\".\n", stderr);
	exit(EXIT_USAGE);
}

/* A full disk or a closed pipe must not look like success. */
static int check_stdout(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		if (errno != EPIPE)
			fprintf(stderr, "fabricctl: standard output: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}

static int exit_status(int err)
{
	switch (err) {
	case -EINPROGRESS:
		return EXIT_PENDING;
	case -ENOSPC:
	case -EDQUOT:
	case -ETIME:
		return EXIT_CAPACITY;
	case -EPERM:
	case -EACCES:
		return EXIT_PERMISSION;
	default:
		return EXIT_FAILED;
	}
}

static int report(struct ctl *ctl, int err)
{
	const char *text = *ctl->error ? ctl->error : fabric_error(ctl->ctx);
	const char *attr = *ctl->error ? NULL : fabric_error_attr(ctl->ctx);
	const char *code = strerrorname_np(-err);
	char message[1024];

	if (err == -EPERM && !*text)
		text = "This needs the capability CAP_SYS_ADMIN in the initial user namespace";
	snprintf(message, sizeof(message), "%s%s%s%s%s%s", text, *text ? ": " : "",
		 fabric_strerror(err), attr ? " (attribute " : "", attr ? attr : "",
		 attr ? ")" : "");
	out_error(ctl->out, message, code ? code : "unknown", attr);
	return exit_status(err);
}

static const struct object *find_object(struct ctl *ctl, const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_objects; i++)
		if (!strcmp(objects[i]->name, name))
			return objects[i];
	usage_error(ctl, "There is no object \"%s\"", name);
}

/* Take the name of the command, if there is one, off the words. */
static const struct cmd *find_cmd(struct ctl *ctl, const struct object *object, int *argc,
				  char ***argv)
{
	const char *name = "show";
	unsigned int i;

	if (!object->cmds[0].name)
		return &object->cmds[0];
	if (*argc) {
		name = **argv;
		--*argc;
		++*argv;
	}
	for (i = 0; i < object->nr_cmds; i++)
		if (!strcmp(object->cmds[i].name, name))
			return &object->cmds[i];
	usage_error(ctl, "There is no command \"%s\" of %s", name, object->name);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	const struct object *object;
	const struct cmd *cmd;
	struct args args;
	int err;

	if (!argc)
		usage_error(ctl, "No object is named");
	if (!strcmp(argv[0], "help")) {
		if (argc > 1)
			usage_error(ctl, "help: unknown argument \"%s\"", argv[1]);
		help_print(ctl->out, NULL);
		return EXIT_DONE;
	}
	object = find_object(ctl, argv[0]);
	argc--;
	argv++;
	if (argc && !strcmp(argv[0], "help")) {
		if (argc > 1)
			usage_error(ctl, "help: unknown argument \"%s\"", argv[1]);
		help_print(ctl->out, object);
		return EXIT_DONE;
	}
	cmd = find_cmd(ctl, object, &argc, &argv);
	args_parse(ctl, object, cmd, argc, argv, &args);

	err = fabric_open(&ctl->ctx);
	if (err) {
		out_error(ctl->out, fabric_strerror(err), strerrorname_np(-err), NULL);
		return EXIT_FAILED;
	}
	err = cmd->run(ctl, &args);
	if (err < 0)
		err = report(ctl, err);
	else
		ctl_warn(ctl, fabric_warning(ctl->ctx));
	fabric_close(ctl->ctx);
	args_free(&args);
	return err;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct out out = {};
	struct ctl ctl = { .out = &out };
	bool help = false;
	int option;

	setlocale(LC_CTYPE, "");
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+jpVh", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			out.pretty = true;
			out.json = true;
			break;
		case 'j':
			out.json = true;
			break;
		case 'V':
			printf("fabricctl %s\n", FABRICCTL_VERSION);
			return check_stdout(EXIT_DONE);
		case 'h':
			help = true;
			break;
		default:
			usage_error(&ctl, "Unknown option \"%s\"", argv[optind - 1]);
		}
	}
	if (help) {
		help_print(&out, NULL);
		return check_stdout(EXIT_DONE);
	}
	return check_stdout(run(&ctl, argc - optind, argv + optind));
}
