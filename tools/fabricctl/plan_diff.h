/* SPDX-License-Identifier: GPL-2.0 */
/* What the files that compare plans share. */
#ifndef FABRICCTL_PLAN_DIFF_H
#define FABRICCTL_PLAN_DIFF_H

#include "plan.h"

struct diff {
	const struct plan *have;
	const struct plan *want;
	struct plan_list *steps;
	struct plan_list off;	/* names: switches that leave service, maybe to return */
	struct plan_list lost;	/* members of regions that leave: struct plan_list */
};

/* plan_diff.c */
struct plan_step *diff_add(struct diff *diff, enum plan_op op, const void *have,
			   const void *want, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void diff_append(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool diff_has_name(const struct plan_list *names, const char *name);

/* What differs of a member, or all that there is where nothing is on one side */
void diff_number(struct plan_step *step, const char *key, uint64_t have, uint64_t want);
void diff_string(struct plan_step *step, const char *key, const char *have, const char *want);

#define TEXT(step, which, ...) \
	diff_append((step)->which##_text, sizeof((step)->which##_text), __VA_ARGS__)

/* plan_diff_switch.c */
const struct plan_switch *diff_find_switch(const struct plan_list *switches, const char *name);
void diff_remove_switches(struct diff *diff);
void diff_make_switches(struct diff *diff);

#endif /* FABRICCTL_PLAN_DIFF_H */
