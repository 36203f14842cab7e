// SPDX-License-Identifier: GPL-2.0
/*
 * What is wrong with a plan that is well-formed: names that are given twice, or
 * that nothing in the plan has. The kernel checks everything else.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"

#define ENTRY(list, type, index) (&((const type *)(list)->items)[index])

struct checker {
	struct ctl *ctl;
	const char *file;
};

static int twice(const struct checker *checker, const char *list, size_t first, size_t second,
		 const char *what)
{
	return ctl_fail(checker->ctl, -EINVAL, "%s: %s[%zu] and %s[%zu] have the same %s",
			checker->file, list, first, list, second, what);
}

static bool same_list(const struct plan_list *a, const struct plan_list *b, size_t size)
{
	return a->nr == b->nr && (!a->nr || !memcmp(a->items, b->items, a->nr * size));
}

bool plan_same_place(const struct plan_place *a, const struct plan_place *b)
{
	return !strcmp(a->domain, b->domain) && !strcmp(a->device, b->device) &&
	       a->serial == b->serial && same_list(&a->members, &b->members, sizeof(uint64_t));
}

bool plan_same_members(const struct plan_list *a, const struct plan_list *b)
{
	return same_list(a, b, sizeof(uint64_t));
}

/* Every list with names begins its entries with the name. */
static int check_names(const struct checker *checker, const char *path,
		       const struct plan_list *list, size_t size)
{
	const char *items = list->items;
	size_t i, j;

	for (i = 1; i < list->nr; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(items + i * size, items + j * size))
				return twice(checker, path, j, i, "name");
	return 0;
}

static bool has_name(const struct plan_list *list, size_t size, const char *name)
{
	const char *items = list->items;
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(items + i * size, name))
			return true;
	return false;
}

static int check_switch_ports(const struct checker *checker, const struct plan_switch *sw,
			      size_t index)
{
	const struct plan_switch_port *port;
	size_t i;

	for (i = 0; i < sw->ports.nr; i++) {
		port = ENTRY(&sw->ports, struct plan_switch_port, i);
		if (has_name(&sw->hosts, FABRIC_NAME_SIZE, port->name))
			return ctl_fail(checker->ctl, -EINVAL,
					"%s: switches[%zu].ports[%zu] has the name of a host",
					checker->file, index, i);
		if (*port->host && !has_name(&sw->hosts, FABRIC_NAME_SIZE, port->host))
			return ctl_fail(checker->ctl, -EINVAL,
					"%s: switches[%zu].ports[%zu].host %s is none of its hosts",
					checker->file, index, i, port->host);
	}
	return 0;
}

static int check_switch_devices(const struct checker *checker, const struct plan_switch *sw,
				size_t index)
{
	const struct plan_switch_device *device, *other;
	char path[64];
	size_t i, j;

	snprintf(path, sizeof(path), "switches[%zu].devices", index);
	for (i = 0; i < sw->devices.nr; i++) {
		device = ENTRY(&sw->devices, struct plan_switch_device, i);
		if (!*device->port)
			continue;
		if (!has_name(&sw->ports, sizeof(struct plan_switch_port), device->port))
			return ctl_fail(checker->ctl, -EINVAL,
					"%s: %s[%zu].port %s is none of its ports",
					checker->file, path, i, device->port);
		for (j = 0; j < i; j++) {
			other = ENTRY(&sw->devices, struct plan_switch_device, j);
			if (!strcmp(device->port, other->port))
				return twice(checker, path, j, i, "port");
		}
	}
	return 0;
}

static int check_switches(const struct checker *checker, const struct plan_list *switches)
{
	const struct plan_switch *sw;
	char path[64];
	size_t i;
	int err;

	err = check_names(checker, "switches", switches, sizeof(*sw));
	for (i = 0; !err && i < switches->nr; i++) {
		sw = ENTRY(switches, struct plan_switch, i);
		snprintf(path, sizeof(path), "switches[%zu].hosts", i);
		err = check_names(checker, path, &sw->hosts, FABRIC_NAME_SIZE);
		snprintf(path, sizeof(path), "switches[%zu].ports", i);
		if (!err)
			err = check_names(checker, path, &sw->ports,
					  sizeof(struct plan_switch_port));
		snprintf(path, sizeof(path), "switches[%zu].devices", i);
		if (!err)
			err = check_names(checker, path, &sw->devices,
					  sizeof(struct plan_switch_device));
		if (!err)
			err = check_switch_ports(checker, sw, i);
		if (!err)
			err = check_switch_devices(checker, sw, i);
	}
	return err;
}

static size_t key_length(const char *label)
{
	return strcspn(label, "=") + 1;
}

static int check_labels(const struct checker *checker, const char *list, size_t index,
			const struct plan_list *labels)
{
	const char (*label)[FABRIC_NAME_SIZE] = labels->items;
	char path[64];
	size_t i, j;

	snprintf(path, sizeof(path), "%s[%zu].label", list, index);
	for (i = 1; i < labels->nr; i++)
		for (j = 0; j < i; j++)
			if (!strncmp(label[i], label[j], key_length(label[j])))
				return twice(checker, path, j, i, "key");
	return 0;
}

static int check_ports(const struct checker *checker, const struct plan_list *ports)
{
	const struct plan_port *port, *other;
	size_t i, j;
	int err = 0;

	for (i = 0; !err && i < ports->nr; i++) {
		port = ENTRY(ports, struct plan_port, i);
		for (j = 0; j < i; j++) {
			other = ENTRY(ports, struct plan_port, j);
			if (!strcmp(port->domain, other->domain) &&
			    !strcmp(port->port, other->port))
				return twice(checker, "ports", j, i, "port");
		}
		err = check_labels(checker, "ports", i, &port->label);
	}
	return err;
}

static int check_devices(const struct checker *checker, const struct plan_list *devices)
{
	const struct plan_device *device;
	size_t i, j;
	int err = 0;

	for (i = 0; !err && i < devices->nr; i++) {
		device = ENTRY(devices, struct plan_device, i);
		for (j = 0; j < i; j++)
			if (plan_same_place(&device->place,
					    &ENTRY(devices, struct plan_device, j)->place))
				return twice(checker, "devices", j, i, "device");
		err = check_labels(checker, "devices", i, &device->label);
	}
	return err;
}

static int check_tenants(const struct checker *checker, const struct plan_list *tenants)
{
	const struct plan_tenant *tenant;
	size_t i;
	int err;

	err = check_names(checker, "tenants", tenants, sizeof(*tenant));
	for (i = 0; !err && i < tenants->nr; i++) {
		tenant = ENTRY(tenants, struct plan_tenant, i);
		if (tenant->priority_min > tenant->priority_max)
			err = ctl_fail(checker->ctl, -EINVAL,
				       "%s: tenants[%zu].priority-min is above priority-max",
				       checker->file, i);
	}
	return err;
}

static int check_regions(const struct checker *checker, const struct plan_list *regions)
{
	const struct plan_list *members;
	const uint64_t *serials;
	size_t region, i, j;

	for (region = 0; region < regions->nr; region++) {
		members = &ENTRY(regions, struct plan_region, region)->members;
		serials = members->items;
		for (i = 1; i < members->nr; i++)
			for (j = 0; j < i; j++)
				if (serials[i] == serials[j])
					return ctl_fail(checker->ctl, -EINVAL,
							"%s: regions[%zu].members has %llu twice",
							checker->file, region,
							(unsigned long long)serials[i]);
	}
	return 0;
}

static int check_grants(const struct checker *checker, const struct plan *plan)
{
	const struct plan_grant *grant, *other;
	size_t i, j;

	for (i = 0; i < plan->grants.nr; i++) {
		grant = ENTRY(&plan->grants, struct plan_grant, i);
		for (j = 0; j < i; j++) {
			other = ENTRY(&plan->grants, struct plan_grant, j);
			if (!strcmp(grant->token, other->token) &&
			    !strcmp(grant->tenant, other->tenant))
				return twice(checker, "grants", j, i, "token");
		}
		if (grant->min > grant->size)
			return ctl_fail(checker->ctl, -EINVAL,
					"%s: grants[%zu].min is above its size", checker->file, i);
		if (*grant->tenant && plan->tenants.given &&
		    !has_name(&plan->tenants, sizeof(struct plan_tenant), grant->tenant))
			return ctl_fail(checker->ctl, -EINVAL,
					"%s: grants[%zu].tenant %s is none of the tenants",
					checker->file, i, grant->tenant);
	}
	return 0;
}

int plan_check(struct ctl *ctl, const char *file, const struct plan *plan)
{
	const struct checker checker = { ctl, file };
	int err;

	err = check_switches(&checker, &plan->switches);
	if (!err)
		err = check_ports(&checker, &plan->ports);
	if (!err)
		err = check_devices(&checker, &plan->devices);
	if (!err)
		err = check_tenants(&checker, &plan->tenants);
	if (!err)
		err = check_regions(&checker, &plan->regions);
	return err ? err : check_grants(&checker, plan);
}
