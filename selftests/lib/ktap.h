/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP output for tests in C: a plan, one result for each claim, exit 0, 1 or
 * 4 like every kselftest.
 */
#ifndef _FABRIC_SELFTEST_KTAP_H
#define _FABRIC_SELFTEST_KTAP_H

#include <stdbool.h>
#include <stdnoreturn.h>

#define KTAP_PASS	0
#define KTAP_FAIL	1
#define KTAP_SKIP	4

void ktap_header(unsigned int plan);
void ktap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ktap_result(bool ok, const char *name);
void ktap_skip(const char *name, const char *reason);
noreturn void ktap_exit(void);
noreturn void ktap_bail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
noreturn void ktap_skip_all(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A claim and the function that tries it. Each runs in a process of its own:
 * what it holds goes back when it ends, however it ends. It leaves with
 * ktap_fail(), ktap_skip_this() or by returning.
 */
struct ktap_test {
	const char *name;
	void (*run)(void);
};

noreturn void ktap_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
noreturn void ktap_skip_this(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ktap_run_one(const struct ktap_test *test, unsigned int timeout);
noreturn void ktap_run_all(const struct ktap_test *tests, unsigned int nr, unsigned int timeout);

#define KTAP_TEST(fn)	{ .name = #fn, .run = fn }

#endif /* _FABRIC_SELFTEST_KTAP_H */
