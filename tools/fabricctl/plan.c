// SPDX-License-Identifier: GPL-2.0
/* save, apply, diff and assert: the wanted state of the system as a file. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"

#define LOCK "/run/fabric-plan.lock"

/* Others see a part of the grants and tenants only, and would take it for all. */
static int check_root(struct ctl *ctl)
{
	if (!geteuid())
		return 0;
	return ctl_fail(ctl, -EPERM, "Plans are for root, who sees all grants and tenants");
}

static int read_plan(struct ctl *ctl, const char *file, struct plan *plan)
{
	int err;

	err = plan_read(ctl, file, plan);
	if (err)
		return err;
	err = plan_check(ctl, file, plan);
	if (err)
		plan_free(plan);
	return err;
}

/* Steps point into the plans. */
struct comparison {
	struct plan have;
	struct plan want;
	struct plan_list steps;
};

static int compare(struct ctl *ctl, const char *file, struct comparison *comparison)
{
	int err;

	memset(comparison, 0, sizeof(*comparison));
	err = read_plan(ctl, file, &comparison->want);
	if (!err)
		err = check_root(ctl);
	if (!err)
		err = plan_observe(ctl, &comparison->have, &comparison->want);
	if (!err)
		plan_diff(&comparison->have, &comparison->want, &comparison->steps);
	return err;
}

static void comparison_free(struct comparison *comparison)
{
	free(comparison->steps.items);
	plan_free(&comparison->have);
	plan_free(&comparison->want);
}

static void step_out(const struct plan_step *step, void *data)
{
	struct out *out = data;

	out_item_begin(out, "%s %s", plan_op_name(step->op), step->object);
	out_id_string(out, "step", plan_op_name(step->op));
	out_id_string(out, "object", step->object);
	out_string(out, "have", *step->have_text ? step->have_text : "absent");
	out_string(out, "want", *step->want_text ? step->want_text : "absent");
	out_item_end(out);
}

/* Saving */

/* All or nothing: whoever reads it meanwhile gets the old one. */
static int write_file(struct ctl *ctl, const char *path, const char *text)
{
	const size_t len = strlen(text);
	char *temporary;
	int err = 0;
	int fd;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		ctl_fail(ctl, err, "%s can't be made", temporary);
		free(temporary);
		return err;
	}
	if (write(fd, text, len) != (ssize_t)len || write(fd, "\n", 1) != 1 ||
	    fchmod(fd, 0644) || fsync(fd) || rename(temporary, path)) {
		err = -errno ?: -EIO;
		ctl_fail(ctl, err, "%s can't be written", path);
		unlink(temporary);
	}
	close(fd);
	free(temporary);
	return err;
}

enum {
	SAVE_FILE,
};

static const struct arg save_args[] = {
	[SAVE_FILE] = { "FILE", ARG_FILE, POSITIONAL,
			.help = "where to, default is standard output" },
};

static int save_run(struct ctl *ctl, const struct args *args)
{
	struct plan plan;
	char *text;
	int err;

	err = check_root(ctl);
	if (!err)
		err = plan_observe(ctl, &plan, NULL);
	if (err)
		return err;
	err = plan_text(ctl, &plan, &text);
	plan_free(&plan);
	if (err)
		return err;
	if (HAS(args, SAVE_FILE))
		err = write_file(ctl, args->value[SAVE_FILE].text, text);
	else
		puts(text);
	free(text);
	return err;
}

static const struct cmd save_cmds[] = {
	{ NULL, "Write the state of the system as a plan", save_args, ARRAY_SIZE(save_args),
	  .run = save_run },
};

const struct object save_object = {
	"save", "write the state of the system as a plan", save_cmds, ARRAY_SIZE(save_cmds),
};

/* Applying */

enum {
	APPLY_FILE,
	APPLY_DRY_RUN,
	APPLY_FORCE,
};

static const struct arg apply_args[] = {
	[APPLY_FILE] = { "FILE", ARG_FILE, POSITIONAL | REQUIRED,
			 .help = "the plan, - for standard input" },
	[APPLY_DRY_RUN] = { "dry-run", ARG_FLAG, .help = "print the steps, do nothing" },
	[APPLY_FORCE] = { "force", ARG_FLAG,
			  .help = "also delete grants, with the data that is in them" },
};

/* Two at once would each undo what the other does. The kernel ends it with the process. */
static int lock(struct ctl *ctl, int *fd)
{
	int err;

	*fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0) {
		err = -errno;
		return ctl_fail(ctl, err, LOCK " can't be opened");
	}
	if (!flock(*fd, LOCK_EX | LOCK_NB))
		return 0;
	err = -errno;
	close(*fd);
	*fd = -1;
	return ctl_fail(ctl, err == -EWOULDBLOCK ? -EBUSY : err, "Another plan is being applied");
}

static int check_destroys(struct ctl *ctl, const struct plan_list *steps)
{
	const struct plan_step *step;

	plan_each(step, steps)
		if (step->destroys)
			return ctl_fail(ctl, -EBUSY,
					"Grant %s is not in the plan as it is; deleting it loses its data, give force if that is meant",
					step->object);
	return 0;
}

static int apply(struct ctl *ctl, const struct args *args)
{
	struct comparison comparison;
	const struct plan_step *step;
	int err;

	err = compare(ctl, args->value[APPLY_FILE].text, &comparison);
	if (!err && !HAS(args, APPLY_FORCE))
		err = check_destroys(ctl, &comparison.steps);
	if (!err) {
		out_begin(ctl->out);
		out_list_begin(ctl->out, "steps");
		if (HAS(args, APPLY_DRY_RUN))
			plan_each(step, &comparison.steps)
				step_out(step, ctl->out);
		else
			err = plan_run(ctl, &comparison.steps, step_out, ctl->out);
	}
	if (!err) {
		out_list_end(ctl->out);
		out_end(ctl->out);
	}
	comparison_free(&comparison);
	return err;
}

static int apply_run(struct ctl *ctl, const struct args *args)
{
	int fd = -1;
	int err = 0;

	if (!HAS(args, APPLY_DRY_RUN)) {
		err = check_root(ctl);
		if (!err)
			err = lock(ctl, &fd);
	}
	if (!err)
		err = apply(ctl, args);
	if (fd >= 0)
		close(fd);
	return err;
}

static const struct cmd apply_cmds[] = {
	{ NULL, "Make the system as a plan says, with the fewest steps", apply_args,
	  ARRAY_SIZE(apply_args), .run = apply_run },
};

const struct object apply_object = {
	"apply", "make the system as a plan says", apply_cmds, ARRAY_SIZE(apply_cmds),
};

/* Comparing */

static const struct arg compare_args[] = {
	[APPLY_FILE] = { "FILE", ARG_FILE, POSITIONAL | REQUIRED,
			 .help = "the plan, - for standard input" },
};

static int show_differences(struct ctl *ctl, const struct args *args, int status)
{
	struct comparison comparison;
	const struct plan_step *step;
	size_t differences = 0;
	int err;

	err = compare(ctl, args->value[APPLY_FILE].text, &comparison);
	if (!err) {
		out_begin(ctl->out);
		out_list_begin(ctl->out, "differences");
		plan_each(step, &comparison.steps)
			if (!step->means) {
				step_out(step, ctl->out);
				differences++;
			}
		out_list_end(ctl->out);
		out_end(ctl->out);
	}
	comparison_free(&comparison);
	return err ? err : differences ? status : EXIT_DONE;
}

static int diff_run(struct ctl *ctl, const struct args *args)
{
	return show_differences(ctl, args, EXIT_DONE);
}

static int assert_run(struct ctl *ctl, const struct args *args)
{
	return show_differences(ctl, args, EXIT_DIFFERENT);
}

static const struct cmd diff_cmds[] = {
	{ NULL, "Show how the system differs from a plan", compare_args,
	  ARRAY_SIZE(compare_args), .run = diff_run },
};

const struct object diff_object = {
	"diff", "show how the system differs from a plan", diff_cmds, ARRAY_SIZE(diff_cmds),
};

static const struct cmd assert_cmds[] = {
	{ NULL, "Fail with status 6 if the system differs from a plan", compare_args,
	  ARRAY_SIZE(compare_args), .run = assert_run },
};

const struct object assert_object = {
	"assert", "fail if the system differs from a plan", assert_cmds, ARRAY_SIZE(assert_cmds),
};
