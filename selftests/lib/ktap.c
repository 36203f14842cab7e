// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"

static unsigned int planned, passed, failed, skipped;

static void print_lines(const char *fmt, va_list args)
{
	char text[2048], *line, *next;

	vsnprintf(text, sizeof(text), fmt, args);
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		printf("# %s\n", line);
	}
	fflush(stdout);
}

void ktap_header(unsigned int plan)
{
	planned = plan;
	printf("KTAP version 1\n1..%u\n", plan);
	fflush(stdout);
}

void ktap_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_lines(fmt, args);
	va_end(args);
}

void ktap_result(bool ok, const char *name)
{
	if (ok)
		passed++;
	else
		failed++;
	printf("%s %u %s\n", ok ? "ok" : "not ok", passed + failed + skipped, name);
	fflush(stdout);
}

void ktap_skip(const char *name, const char *reason)
{
	skipped++;
	printf("ok %u %s # SKIP %s\n", passed + failed + skipped, name, reason);
	fflush(stdout);
}

void ktap_exit(void)
{
	bool complete = planned == passed + failed + skipped;

	if (!complete)
		ktap_note("planned %u results, gave %u", planned, passed + failed + skipped);
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n",
	       passed, failed, skipped);
	fflush(stdout);
	if (failed || !complete)
		exit(KTAP_FAIL);
	exit(passed ? KTAP_PASS : KTAP_SKIP);
}

void ktap_bail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("Bail out! ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	exit(KTAP_FAIL);
}

void ktap_skip_all(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("KTAP version 1\n1..0 # SKIP ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	exit(KTAP_SKIP);
}

void ktap_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_lines(fmt, args);
	va_end(args);
	_exit(KTAP_FAIL);
}

/* The reason goes back to ktap_run_all() through this */
static int reason_pipe = -1;

void ktap_skip_this(const char *fmt, ...)
{
	char reason[256];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	if (len < 0 || write(reason_pipe, reason, strlen(reason)) < 0)
		_exit(KTAP_FAIL);
	_exit(KTAP_SKIP);
}

void ktap_run_one(const struct ktap_test *test, unsigned int timeout)
{
	char reason[256] = "";
	int fds[2], status;
	ssize_t len;
	pid_t pid;

	if (pipe(fds))
		ktap_bail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		ktap_bail("fork: %s", strerror(errno));
	if (!pid) {
		/* a group of its own, so that nothing a test started outlives it */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		reason_pipe = fds[1];
		alarm(timeout);
		test->run();
		fflush(stdout);
		_exit(KTAP_PASS);
	}
	setpgid(pid, pid);
	close(fds[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	kill(-pid, SIGKILL);
	len = read(fds[0], reason, sizeof(reason) - 1);
	if (len > 0)
		reason[len] = '\0';
	close(fds[0]);

	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_SKIP) {
		ktap_skip(test->name, reason);
		return;
	}
	if (WIFSIGNALED(status))
		ktap_note("ended by signal %d%s", WTERMSIG(status),
			  WTERMSIG(status) == SIGALRM ? ", out of time" : "");
	ktap_result(WIFEXITED(status) && !WEXITSTATUS(status), test->name);
}

void ktap_run_all(const struct ktap_test *tests, unsigned int nr, unsigned int timeout)
{
	unsigned int i;

	ktap_header(nr);
	for (i = 0; i < nr; i++)
		ktap_run_one(&tests[i], timeout);
	ktap_exit();
}
