// SPDX-License-Identifier: GPL-2.0
/*
 * Emulated switches in configfs: the only file that knows its layout. See
 * Documentation/admin-guide/emulated-switch.rst.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"

#define CONFIGFS	"/sys/kernel/config"
#define TOP		CONFIGFS "/fabric_emu"

/* A name from a file is checked: it does not lead out of the directory. */
#define EMU_PATH	(4 * FABRIC_NAME_SIZE + 64)

int plan_emu_mount(struct ctl *ctl)
{
	if (!access(TOP, F_OK))
		return 0;
	if (mount("none", CONFIGFS, "configfs", 0, NULL) && errno != EBUSY)
		return ctl_fail(ctl, -errno, "configfs can't be mounted at " CONFIGFS);
	if (access(TOP, F_OK))
		return ctl_fail(ctl, -ENODEV,
				"There is no " TOP ", does the module fabric_emu work?");
	return 0;
}

/* Looking */

static int read_attr(struct ctl *ctl, const char *dir, const char *attr, char *text, size_t size)
{
	char path[EMU_PATH];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, attr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, size - 1);
	if (len < 0) {
		len = -errno;
		ctl_fail(ctl, len, "%s can't be read", path);
	} else {
		text[len] = '\0';
		text[strcspn(text, "\n")] = '\0';
		len = 0;
	}
	if (fd >= 0)
		close(fd);
	return len;
}

static int read_number(struct ctl *ctl, const char *dir, const char *attr, uint64_t *number)
{
	char text[32];
	int err;

	err = read_attr(ctl, dir, attr, text, sizeof(text));
	/* -1, which some have for none, becomes the largest of its width. */
	if (!err)
		*number = *text == '-' ? (uint64_t)strtoll(text, NULL, 0) : strtoull(text, NULL, 0);
	return err;
}

static int read_u32(struct ctl *ctl, const char *dir, const char *attr, uint32_t *number)
{
	uint64_t value = 0;
	int err;

	err = read_number(ctl, dir, attr, &value);
	*number = value;
	return err;
}

static int read_host(struct ctl *ctl, const char *dir, void *item)
{
	(void)ctl;
	(void)dir;
	(void)item;
	return 0;
}

static int read_port(struct ctl *ctl, const char *dir, void *item)
{
	struct plan_switch_port *port = item;
	char link[8];
	int err;

	err = read_attr(ctl, dir, "host", port->boot_host, sizeof(port->boot_host));
	if (!err)
		err = read_attr(ctl, dir, "link", link, sizeof(link));
	if (!err)
		err = read_u32(ctl, dir, "speed", &port->speed);
	if (!err)
		err = read_u32(ctl, dir, "width", &port->width);
	if (err)
		return err;
	port->boot_link = fabric_enum_value(FABRIC_ENUM_LINK, link);
	memcpy(port->host, port->boot_host, sizeof(port->host));
	port->link = port->boot_link;
	return 0;
}

static int read_device(struct ctl *ctl, const char *dir, void *item)
{
	struct plan_switch_device *device = item;
	int err;

	err = read_attr(ctl, dir, "port", device->port, sizeof(device->port));
	if (!err)
		err = read_number(ctl, dir, "size", &device->size);
	if (!err)
		err = read_number(ctl, dir, "granule", &device->granule);
	if (!err)
		err = read_number(ctl, dir, "serial", &device->serial);
	return err ? err : read_u32(ctl, dir, "numa_node", &device->numa_node);
}

static int read_switch(struct ctl *ctl, const char *dir, void *item);

static void reverse(struct plan_list *list, size_t size)
{
	char *first = list->items, *last = first + (list->nr - 1) * size, byte;
	size_t i;

	for (; list->nr && first < last; first += size, last -= size)
		for (i = 0; i < size; i++) {
			byte = first[i];
			first[i] = last[i];
			last[i] = byte;
		}
}

/*
 * configfs lists the directory that was made last first. The name is the first
 * member of every item.
 */
static int read_list(struct ctl *ctl, const char *path, struct plan_list *list, size_t size,
		     int (*read)(struct ctl *ctl, const char *dir, void *item))
{
	struct dirent *entry;
	char dir[EMU_PATH];
	char *item;
	int err = 0;
	DIR *top;

	list->given = true;
	top = opendir(path);
	if (!top) {
		err = -errno;
		return ctl_fail(ctl, err, "%s can't be read", path);
	}
	while (!err && (entry = readdir(top))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.' ||
		    strlen(entry->d_name) > FABRIC_NAME_MAX_LEN)
			continue;
		item = plan_add(list, size);
		memcpy(item, entry->d_name, strlen(entry->d_name));
		snprintf(dir, sizeof(dir), "%s/%s", path, entry->d_name);
		err = read(ctl, dir, item);
	}
	closedir(top);
	reverse(list, size);
	return err;
}

static int read_part(struct ctl *ctl, const char *dir, const char *part, struct plan_list *list,
		     size_t size, int (*read)(struct ctl *ctl, const char *dir, void *item))
{
	char path[EMU_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, part);
	return read_list(ctl, path, list, size, read);
}

static int read_switch(struct ctl *ctl, const char *dir, void *item)
{
	struct plan_switch *sw = item;
	uint32_t live = 0;
	int err;

	err = read_u32(ctl, dir, "live", &live);
	sw->live = live;
	if (!err)
		err = read_part(ctl, dir, "hosts", &sw->hosts, FABRIC_NAME_SIZE, read_host);
	if (!err)
		err = read_part(ctl, dir, "ports", &sw->ports, sizeof(struct plan_switch_port),
				read_port);
	if (!err)
		err = read_part(ctl, dir, "devices", &sw->devices,
				sizeof(struct plan_switch_device), read_device);
	return err;
}

int plan_emu_read(struct ctl *ctl, struct plan *plan)
{
	int err;

	plan->switches.given = true;
	plan->emu_loaded = !access("/sys/module/fabric_emu", F_OK);
	if (!plan->emu_loaded)
		return 0;
	err = plan_emu_mount(ctl);
	if (err)
		return err;
	return read_list(ctl, TOP, &plan->switches, sizeof(struct plan_switch), read_switch);
}

/* Changing */

static int write_attr(struct ctl *ctl, const char *dir, const char *attr, const char *text)
{
	char path[EMU_PATH];
	int err = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, attr);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		err = -errno;
		ctl_fail(ctl, err, "\"%s\" can't be written to %s", text, path);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

__attribute__((format(printf, 4, 5)))
static int set(struct ctl *ctl, const char *dir, const char *attr, const char *format, ...)
{
	char text[FABRIC_NAME_SIZE + 1];
	va_list args;
	size_t len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	/* Nothing at all would not even be written. */
	memcpy(text + len, "\n", 2);
	return write_attr(ctl, dir, attr, text);
}

static int make_dir(struct ctl *ctl, const char *path)
{
	int err;

	if (!mkdir(path, 0755) || errno == EEXIST)
		return 0;
	err = -errno;
	return ctl_fail(ctl, err, "%s can't be made", path);
}

static int remove_dir(struct ctl *ctl, const char *path)
{
	int err;

	if (!rmdir(path) || errno == ENOENT)
		return 0;
	err = -errno;
	return ctl_fail(ctl, err, "%s can't be removed", path);
}

static int make(struct ctl *ctl, const char *path, bool there)
{
	return there ? make_dir(ctl, path) : remove_dir(ctl, path);
}

int plan_emu_switch(struct ctl *ctl, const char *sw, bool there)
{
	char path[EMU_PATH];

	snprintf(path, sizeof(path), TOP "/%s", sw);
	return make(ctl, path, there);
}

int plan_emu_host(struct ctl *ctl, const char *sw, const char *host, bool there)
{
	char path[EMU_PATH];

	snprintf(path, sizeof(path), TOP "/%s/hosts/%s", sw, host);
	return make(ctl, path, there);
}

/* Attributes that are as in @from are left alone. */
int plan_emu_port(struct ctl *ctl, const char *sw, const char *name,
		  const struct plan_switch_port *from, const struct plan_switch_port *to)
{
	char dir[EMU_PATH];
	int err;

	snprintf(dir, sizeof(dir), TOP "/%s/ports/%s", sw, name);
	err = make(ctl, dir, to);
	if (err || !to)
		return err;
	if (!from || strcmp(from->boot_host, to->boot_host))
		err = set(ctl, dir, "host", "%s", to->boot_host);
	if (!err && (!from || from->boot_link != to->boot_link))
		err = set(ctl, dir, "link", "%s",
			  fabric_enum_name(FABRIC_ENUM_LINK, to->boot_link));
	if (!err && (!from || from->speed != to->speed))
		err = set(ctl, dir, "speed", "%u", to->speed);
	if (!err && (!from || from->width != to->width))
		err = set(ctl, dir, "width", "%u", to->width);
	return err;
}

int plan_emu_device(struct ctl *ctl, const char *sw, const char *name,
		    const struct plan_switch_device *from, const struct plan_switch_device *to)
{
	char dir[EMU_PATH];
	int err = 0;

	snprintf(dir, sizeof(dir), TOP "/%s/devices/%s", sw, name);
	/* A size that was set meanwhile goes with the directory only. */
	if (!from && to && !to->size)
		err = remove_dir(ctl, dir);
	if (!err)
		err = make(ctl, dir, to);
	if (err || !to)
		return err;
	if (!from || strcmp(from->port, to->port))
		err = set(ctl, dir, "port", "%s", to->port);
	/* A size that was not set yet can't be written. */
	if (!err && to->size && (!from || from->size != to->size))
		err = set(ctl, dir, "size", "%" PRIu64, to->size);
	if (!err && (!from || from->granule != to->granule))
		err = set(ctl, dir, "granule", "%" PRIu64, to->granule);
	if (!err && (!from || from->serial != to->serial))
		err = set(ctl, dir, "serial", "%" PRIu64, to->serial);
	if (!err && (!from || from->numa_node != to->numa_node))
		err = set(ctl, dir, "numa_node", "%d", (int)to->numa_node);
	return err;
}

/* The switch itself says why not. */
int plan_emu_live(struct ctl *ctl, const char *sw, bool live)
{
	char reason[256];
	char dir[EMU_PATH];
	int err;

	snprintf(dir, sizeof(dir), TOP "/%s", sw);
	err = write_attr(ctl, dir, "live", live ? "1" : "0");
	if (err && !read_attr(ctl, dir, "error", reason, sizeof(reason)) && *reason)
		ctl_fail(ctl, err, "%s", reason);
	return err;
}
