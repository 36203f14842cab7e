// SPDX-License-Identifier: GPL-2.0
/*
 * Plans from any bytes: what is read is written as a plan that is read as the same,
 * and differs from itself in nothing.
 *
 * A byte 0 separates two plans: the way from one to the other is looked for, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/fabricctl/plan.h"

#define check(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "plan.c:%d: %s\n", __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

static struct ctl ctl;

/* Only without memory */
_Noreturn void cut_exit(int status)
{
	abort();
}

/* True if it is a plan; then it has to be freed. */
static bool read_plan(const void *bytes, size_t len, struct plan *plan)
{
	bool read;

	stdin = fmemopen((void *)bytes, len, "r");
	check(stdin);
	*ctl.error = '\0';
	read = !plan_read(&ctl, "-", plan);
	fclose(stdin);
	/* Whoever wrote it is told where to look. */
	check(read || !strncmp(ctl.error, "Standard input", 14));
	if (read && plan_check(&ctl, "-", plan)) {
		check(!strncmp(ctl.error, "-: ", 3));
		plan_free(plan);
		return false;
	}
	return read;
}

static size_t count_steps(const struct plan *have, const struct plan *want)
{
	struct plan_list steps = {};
	const struct plan_step *step;

	plan_diff(have, want, &steps);
	plan_each(step, &steps) {
		check(step->have || step->want);
		check(*step->object || step->op == PLAN_LABEL_PORT);
		check(strlen(step->have_text) < sizeof(step->have_text));
		check(strlen(step->want_text) < sizeof(step->want_text));
	}
	free(steps.items);
	return steps.nr;
}

/* What is wanted as if it were there */
static void make_real(struct plan *plan)
{
	struct plan_region *region;

	plan_each(region, &plan->regions) {
		region->committed = true;
		region->enabled = true;
	}
	plan->emu_loaded = true;
	plan->cxl_loaded = true;
}

static void compare_with_itself(struct plan *plan)
{
	struct plan again;
	char *text, *other;

	check(!plan_text(&ctl, plan, &text));
	check(read_plan(text, strlen(text), &again));
	check(!plan_text(&ctl, &again, &other));
	check(!strcmp(text, other));
	make_real(&again);
	check(!count_steps(&again, plan));
	plan_free(&again);
	free(other);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *end = memchr(bytes, 0, len);
	size_t first = end ? (size_t)(end - bytes) : len;
	struct plan have = {}, want;

	if (!first)
		return -1;
	if (!read_plan(bytes, first, &want))
		return 0;
	compare_with_itself(&want);
	count_steps(&have, &want);
	if (len > first + 1 && read_plan(end + 1, len - first - 1, &have)) {
		make_real(&have);
		count_steps(&have, &want);
		plan_free(&have);
	}
	plan_free(&want);
	return 0;
}
