// SPDX-License-Identifier: GPL-2.0
/*
 * Power of the slot below a port, by the hot-plug driver. Nothing below may be granted:
 * each device is disabled first, which the broker refuses for one that has slices, and
 * new ones are not granted meanwhile.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fabricctl.h"

#define PCI	"/sys/bus/pci"

struct port {
	uint32_t id;
	uint32_t parent_id;
};

struct device {
	uint32_t id;
	uint32_t port_id;
	bool disabled;		/* by us */
	char host_use[FABRIC_NAME_SIZE];
	char name[FABRIC_NAME_SIZE];
};

/* What there is in the domain of the port */
struct fabric {
	struct port *ports;
	size_t nr_ports;
	struct device *devices;
	size_t nr_devices;
};

static int add_port(const struct fabric_port *port, void *data)
{
	struct fabric *fabric = data;
	struct port *ports = reallocarray(fabric->ports, fabric->nr_ports + 1, sizeof(*ports));

	if (!ports)
		return -ENOMEM;
	fabric->ports = ports;
	ports[fabric->nr_ports++] = (struct port){ port->id, port->parent_id };
	return 0;
}

static int add_device(const struct fabric_device *device, void *data)
{
	struct fabric *fabric = data;
	struct device *devices, *new;

	if (device->admin_state == FABRIC_ADMIN_STATE_DISABLED)
		return 0;
	devices = reallocarray(fabric->devices, fabric->nr_devices + 1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	fabric->devices = devices;
	new = &devices[fabric->nr_devices++];
	memset(new, 0, sizeof(*new));
	new->id = device->id;
	new->port_id = device->port_id;
	snprintf(new->name, sizeof(new->name), "%s", device->name);
	if (device->pci)
		snprintf(new->host_use, sizeof(new->host_use), "%s", device->pci->host_use);
	return 0;
}

static bool is_below(const struct fabric *fabric, uint32_t port_id, uint32_t top_id)
{
	size_t i;

	while (port_id && port_id != top_id) {
		for (i = 0; i < fabric->nr_ports && fabric->ports[i].id != port_id; i++)
			;
		port_id = i < fabric->nr_ports ? fabric->ports[i].parent_id : 0;
	}
	return port_id;
}

static int read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return -errno;
	if (fgets(line, size, file))
		line[strcspn(line, "\n")] = '\0';
	else
		err = -EIO;
	fclose(file);
	return err;
}

/* The slot whose address is that of the bus below the port; @path of its power. */
static int find_power(struct ctl *ctl, const char *port, char path[256])
{
	char want[64], is[64];
	unsigned long bus;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, 256, PCI "/devices/%s/secondary_bus_number", port);
	if (read_line(path, is, sizeof(is)))
		return ctl_fail(ctl, -ENODEV, "There is no PCI port %s", port);
	bus = strtoul(is, NULL, 10);
	snprintf(want, sizeof(want), "%.4s:%02lx:00", port, bus);
	dir = opendir(PCI "/slots");
	while (dir && (entry = readdir(dir))) {
		snprintf(path, 256, PCI "/slots/%.32s/address", entry->d_name);
		if (*entry->d_name == '.' || read_line(path, is, sizeof(is)) || strcmp(is, want))
			continue;
		snprintf(path, 256, PCI "/slots/%.32s/power", entry->d_name);
		closedir(dir);
		if (access(path, F_OK))
			break;
		return 0;
	}
	if (dir && !entry)
		closedir(dir);
	return ctl_fail(ctl, -EOPNOTSUPP, "Port %s has no slot whose power can be set", port);
}

static int write_power(struct ctl *ctl, const char *path, bool on)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	char now[16];

	if (fd < 0)
		return ctl_fail(ctl, -errno, "%s can't be opened", path);
	if (write(fd, on ? "1" : "0", 1) != 1)
		err = -errno;
	close(fd);
	if (err)
		return ctl_fail(ctl, err, "The hot-plug driver refuses %s", path);
	err = read_line(path, now, sizeof(now));
	if (!err && (*now == '1') != on)
		err = ctl_fail(ctl, -EIO, "%s says %s still", path, now);
	return err;
}

static int set_state(struct ctl *ctl, uint32_t id, enum fabric_admin_state state)
{
	struct fabric_device_set_req req;

	fabric_device_set_req_init(&req);
	req.admin_state = state;
	return fabric_device_set(ctl->ctx, id, &req, NULL);
}

static int disable(struct ctl *ctl, struct fabric *fabric, uint32_t port_id, bool force)
{
	size_t i;
	int err;

	for (i = 0; i < fabric->nr_devices; i++) {
		struct device *device = &fabric->devices[i];

		if (!is_below(fabric, device->port_id, port_id))
			continue;
		if (*device->host_use && !force)
			return ctl_fail(ctl, -EBUSY, "Host uses %s: %s, end that or use force",
					device->name, device->host_use);
		err = set_state(ctl, device->id, FABRIC_ADMIN_STATE_DISABLED);
		/* Gone by itself */
		if (err == -ENOENT || err == -ENODEV)
			continue;
		/* Kept, since what is asked from here on has errors of its own */
		if (err)
			return ctl_fail(ctl, err, "%s: %s", device->name, fabric_error(ctl->ctx));
		device->disabled = true;
	}
	return 0;
}

static void enable_again(struct ctl *ctl, const struct fabric *fabric)
{
	size_t i;

	for (i = 0; i < fabric->nr_devices; i++) {
		if (fabric->devices[i].disabled)
			set_state(ctl, fabric->devices[i].id, FABRIC_ADMIN_STATE_ENABLED);
	}
}

int slot_power(struct ctl *ctl, const struct fabric_port *port, bool on, bool force)
{
	uint32_t id = port->id, domain_id = port->domain_id;
	struct fabric fabric = {};
	char path[256], now[16];
	int err;

	err = find_power(ctl, port->name, path);
	if (err)
		return err;
	if (!read_line(path, now, sizeof(now)) && (*now == '1') == on)
		return 0;
	if (on)
		return write_power(ctl, path, true);
	err = fabric_port_list(ctl->ctx, domain_id, add_port, &fabric);
	if (!err)
		err = fabric_device_list(ctl->ctx, domain_id, add_device, &fabric);
	if (!err)
		err = disable(ctl, &fabric, id, force);
	if (!err)
		err = write_power(ctl, path, false);
	if (err)
		enable_again(ctl, &fabric);
	free(fabric.ports);
	free(fabric.devices);
	return err;
}
