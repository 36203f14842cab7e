// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "ktap.h"

static int faults = -1;

static void settle(const char *fault, const char *file, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", fault, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		ktap_skip_all("%s: %s", path, strerror(errno));
	close(fd);
}

void faults_prepare(void)
{
	if (access("/proc/thread-self/fail-nth", R_OK | W_OK))
		ktap_skip_all("this kernel injects no faults");
	settle("failslab", "ignore-gfp-wait", "N");
	settle("fail_page_alloc", "ignore-gfp-wait", "N");
	settle("fail_page_alloc", "ignore-gfp-highmem", "N");
	settle("fail_page_alloc", "min-order", "0");
	/* The log would be full of stacks. */
	settle("failslab", "verbose", "0");
	settle("fail_page_alloc", "verbose", "0");
	settle("fail_usercopy", "verbose", "0");
}

void faults_open(void)
{
	if (faults >= 0)
		close(faults);
	faults = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (faults < 0)
		ktap_bail("fail-nth: %s", strerror(errno));
}

void fail_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	/* It is copied from here, which can be what fails. */
	while (pwrite(faults, text, len, 0) != len) {
		if (errno != EFAULT)
			ktap_bail("fail-nth: %s", strerror(errno));
	}
}

bool fault_came(void)
{
	char text[16] = "";
	ssize_t len = pread(faults, text, sizeof(text) - 1, 0);

	fail_nth(0);
	return len > 0 && !atoi(text);
}
