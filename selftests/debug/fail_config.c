// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of what is asked for through configfs fails once: what is refused
 * has changed nothing. As in fail_nth.c; the other attributes allocate nothing.
 *
 * The argument is the directory of a switch that is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/faults.h"
#include "../lib/ktap.h"

#define TIMEOUT		1200
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *top;
static struct genl genl;

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", top, name);
	return path;
}

static int put(const char *name, const char *value)
{
	int fd = open(path_of(name), O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		err = errno;
	close(fd);
	return err;
}

static bool is_live(void)
{
	char value = '?';
	int fd = open(path_of("/live"), O_RDONLY | O_CLOEXEC);

	expect(fd >= 0 && read(fd, &value, 1) == 1, "live: %s", strerror(errno));
	close(fd);
	return value == '1';
}

static void make(const char *name)
{
	unsigned int nth, refused = 0;
	bool came;
	int err;

	faults_open();
	for (nth = 1;; nth++) {
		expect(nth < FAULTS_MAX, "no end after %u faults", nth);
		fail_nth(nth);
		err = mkdir(path_of(name), 0755) ? errno : 0;
		came = fault_came();
		if (!came)
			break;
		refused += !!err;
		expect(err ? access(path_of(name), F_OK) && errno == ENOENT :
			     !rmdir(path_of(name)),
		       "fault %u: %s, then %s", nth, strerror(err), strerror(errno));
	}
	expect(!err, "without a fault: %s", strerror(err));
	ktap_note("%u faults, %u refused", nth - 1, refused);
}

static void switch_is_made(void)
{
	make("");
}

static void host_is_made(void)
{
	make("/hosts/host0");
}

static void port_is_made(void)
{
	make("/ports/p0");
	must(put("/ports/p0/host", "host0"));
}

static void device_is_made(void)
{
	make("/devices/m0");
	must(put("/devices/m0/port", "p0"));
	must(put("/devices/m0/size", "1M"));
	must(put("/devices/m0/granule", "64K"));
}

static void becomes(bool live)
{
	struct snapshot before, after;
	unsigned int nth, refused = 0;
	bool came;
	int fd, err;

	broker_open(&genl);
	faults_open();
	for (nth = 1;; nth++) {
		expect(nth < FAULTS_MAX, "no end after %u faults", nth);
		snapshot_take(&genl, &before, false);
		fd = open(path_of("/live"), O_WRONLY | O_CLOEXEC);
		expect(fd >= 0, "live: %s", strerror(errno));
		fail_nth(nth);
		err = write(fd, live ? "1" : "0", 1) < 0 ? errno : 0;
		came = fault_came();
		close(fd);
		if (!came)
			break;
		if (err) {
			refused++;
			expect(is_live() != live, "fault %u: %s, but it is", nth, strerror(err));
			snapshot_take(&genl, &after, false);
			expect(snapshot_equal(&before, &after),
			       "fault %u: %s, but something changed", nth, strerror(err));
			snapshot_free(&after);
		} else {
			must(put("/live", live ? "0" : "1"));
		}
		snapshot_free(&before);
	}
	expect(!err && is_live() == live, "without a fault: %s", strerror(err));
	ktap_note("%u faults, %u refused", nth - 1, refused);
}

static void switch_goes_live(void)
{
	becomes(true);
}

static void switch_is_withdrawn(void)
{
	becomes(false);
}

/* In this order: each finds what those before it have made. */
static const struct ktap_test tests[] = {
	KTAP_TEST(switch_is_made),
	KTAP_TEST(host_is_made),
	KTAP_TEST(port_is_made),
	KTAP_TEST(device_is_made),
	KTAP_TEST(switch_goes_live),
	KTAP_TEST(switch_is_withdrawn),
};

int main(int argc, char **argv)
{
	faults_prepare();
	if (argc != 2)
		ktap_bail("the directory of a switch is needed");
	top = argv[1];
	ktap_run_all(tests, ARRAY_SIZE(tests), TIMEOUT);
}
