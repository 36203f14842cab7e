// SPDX-License-Identifier: GPL-2.0
/*
 * The whole of fabricctl: lines are the words of its command line up to an empty
 * one, all behind that is what the kernel answers.
 *
 * Whatever they are, it ends with a status that its manual has, and with -j it prints
 * nothing but JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <sanitizer/allocator_interface.h>
#include <sanitizer/lsan_interface.h>

#include "fabricctl.h"
#include "kernel_end.h"

#define WORDS_MAX	64

#define check(condition) do {							\
	if (!(condition)) {							\
		fprintf(error, "fabricctl.c:%d: %s\n", __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

/* Our own, while that of the program is elsewhere */
static FILE *error;

/* Leaving the program in the middle: what it has then is given back here. */

static jmp_buf end;
static int end_status;
static struct fabric_ctx *open_ctx;
static struct args *open_args;

int __wrap_fabric_open(struct fabric_ctx **ctx)
{
	int err = __real_fabric_open(ctx);

	open_ctx = err ? NULL : *ctx;
	return err;
}

void __wrap_fabric_close(struct fabric_ctx *ctx)
{
	__real_fabric_close(ctx);
	open_ctx = NULL;
}

void __wrap_args_parse(struct ctl *ctl, const struct object *object, const struct cmd *cmd,
		       int argc, char **argv, struct args *args)
{
	open_args = args;
	__real_args_parse(ctl, object, cmd, argc, argv, args);
}

void __wrap_args_free(struct args *args)
{
	__real_args_free(args);
	open_args = NULL;
}

_Noreturn void cut_exit(int status)
{
	if (open_args)
		__wrap_args_free(open_args);
	if (open_ctx)
		__wrap_fabric_close(open_ctx);
	end_status = status;
	longjmp(end, 1);
}

/* How a run ended, and what it printed */
struct run {
	int status;
	bool left;		/* in the middle */
	char *text[2];
	size_t size[2];
};

static void run_program(struct run *run, int argc, char **argv)
{
	run->left = true;
	if (setjmp(end)) {
		run->status = end_status;
		return;
	}
	/* getopt() begins anew */
	optind = 0;
	run->status = fabricctl_main(argc, argv);
	run->left = false;
}

static void run_with(const uint8_t *answers, size_t len, int argc, char **argv, struct run *run)
{
	FILE *was[] = { stdin, stdout, stderr };

	kernel_answers(answers, len);
	stdin = fmemopen((void *)answers, len, "r");
	stdout = open_memstream(&run->text[0], &run->size[0]);
	stderr = open_memstream(&run->text[1], &run->size[1]);
	check(stdin && stdout && stderr);
	run_program(run, argc, argv);
	fclose(stdin);
	fclose(stdout);
	fclose(stderr);
	stdin = was[0];
	stdout = was[1];
	stderr = was[2];
}

static void run_free(struct run *run)
{
	free(run->text[0]);
	free(run->text[1]);
}

/* One document after the other */
static void check_json(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json;
	size_t taken;

	/* json-c is no judge of that: strict, it refuses all that is not ASCII. */
	check(mbstowcs(NULL, text, 0) != (size_t)-1);
	json_tokener_set_flags(tokener, JSON_TOKENER_ALLOW_TRAILING_CHARS);
	for (; len; text += taken, len -= taken) {
		json = json_tokener_parse_ex(tokener, text, len);
		taken = json_tokener_get_parse_end(tokener);
		check(json_object_is_type(json, json_type_object) && taken);
		json_object_put(json);
		taken += strspn(text + taken, "\n");
	}
	json_tokener_free(tokener);
}

/* Each word is memory of its own, for whoever looks beyond its end. */
static int split(const uint8_t **bytes, size_t *len, char **argv)
{
	const uint8_t *newline;
	int argc = 0;
	size_t size;

	argv[argc++] = strdup("fabricctl");
	while (*len && argc <= WORDS_MAX) {
		newline = memchr(*bytes, '\n', *len);
		size = newline ? (size_t)(newline - *bytes) : *len;
		if (size)
			argv[argc++] = strndup((const char *)*bytes, size);
		*bytes += size + !!newline;
		*len -= size + !!newline;
		if (!size)
			break;
	}
	argv[argc] = NULL;
	return argc;
}

/* Whatever the environment and fabricctl say, mbstowcs() is for UTF-8. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *argv[WORDS_MAX + 2];
	struct run run;
	size_t before;
	bool json;
	int argc;

	error = stderr;
	argc = split(&bytes, &len, argv);
	json = argc > 2 && !strcmp(argv[1], "-j") && *argv[2] != '-';
	before = __sanitizer_get_current_allocated_bytes();
	__lsan_disable();
	run_with(bytes, len, argc, argv, &run);
	__lsan_enable();
	check(run.status >= EXIT_DONE && run.status <= EXIT_DIFFERENT);
	if (json)
		check_json(run.text[0], run.size[0]);
	if (run.status != EXIT_DONE && run.status != EXIT_DIFFERENT)
		check(run.size[0] || run.size[1]);
	run_free(&run);
	/* What a program has that ends in the middle is no leak; everything else is one. */
	if (!run.left && __sanitizer_get_current_allocated_bytes() > before) {
		run_with(bytes, len, argc, argv, &run);
		run_free(&run);
	}
	while (argc--)
		free(argv[argc]);
	return 0;
}
