// SPDX-License-Identifier: GPL-2.0
/*
 * The state of the system as a plan: nothing is remembered from one run to the
 * next, so whatever was done before, by whomever, is seen.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* Inventory */

static int domain_cb(const struct fabric_domain *domain, void *data)
{
	struct plan_inventory *inventory = data;
	struct plan_inventory_domain *item;

	item = plan_add(&inventory->domains, sizeof(*item));
	item->id = domain->id;
	memcpy(item->name, domain->name, sizeof(item->name));
	memcpy(item->backend, domain->backend, sizeof(item->backend));
	return 0;
}

static void copy_labels(struct plan_list *to, const char *const *labels, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		snprintf(plan_add(to, FABRIC_NAME_SIZE), FABRIC_NAME_SIZE, "%s", labels[i]);
	to->given = true;
}

static int port_cb(const struct fabric_port *port, void *data)
{
	struct plan_inventory *inventory = data;
	struct plan_inventory_port *item;

	item = plan_add(&inventory->ports, sizeof(*item));
	item->id = port->id;
	item->parent_id = port->parent_id;
	item->domain_id = port->domain_id;
	item->link = port->link;
	item->binding = port->binding;
	memcpy(item->name, port->name, sizeof(item->name));
	memcpy(item->host, port->host, sizeof(item->host));
	copy_labels(&item->label, port->labels, port->nr_labels);
	return 0;
}

static int device_cb(const struct fabric_device *device, void *data)
{
	struct plan_inventory *inventory = data;
	struct plan_inventory_device *item;
	uint32_t i;

	/* What is on its way out has a successor of the same name already. */
	if (device->health == FABRIC_HEALTH_GONE)
		return 0;
	item = plan_add(&inventory->devices, sizeof(*item));
	item->id = device->id;
	item->domain_id = device->domain_id;
	item->type = device->type;
	item->serial = device->serial;
	item->capacity = device->capacity;
	item->admin_state = device->admin_state;
	memcpy(item->name, device->name, sizeof(item->name));
	copy_labels(&item->label, device->labels, device->nr_labels);
	for (i = 0; i < device->nr_members; i++)
		memcpy(plan_add(&item->member_ids, sizeof(uint32_t)), &device->members[i],
		       sizeof(uint32_t));
	return 0;
}

static const struct plan_inventory_device *device_by_id(const struct plan_inventory *inventory,
							uint32_t id)
{
	const struct plan_inventory_device *device;

	plan_each(device, &inventory->devices)
		if (device->id == id)
			return device;
	return NULL;
}

/* Serial numbers of the members of a region; none if one of them has none */
static void find_members(struct plan_inventory *inventory)
{
	const struct plan_inventory_device *member;
	struct plan_inventory_device *device;
	const uint32_t *id;

	plan_each(device, &inventory->devices)
		plan_each(id, &device->member_ids) {
			member = device_by_id(inventory, *id);
			if (!member || !member->serial) {
				device->members.nr = 0;
				break;
			}
			memcpy(plan_add(&device->members, sizeof(uint64_t)), &member->serial,
			       sizeof(uint64_t));
		}
}

void plan_inventory_free(struct plan_inventory *inventory)
{
	struct plan_inventory_device *device;
	struct plan_inventory_port *port;

	plan_each(port, &inventory->ports)
		free(port->label.items);
	plan_each(device, &inventory->devices) {
		free(device->label.items);
		free(device->member_ids.items);
		free(device->members.items);
	}
	free(inventory->domains.items);
	free(inventory->ports.items);
	free(inventory->devices.items);
	memset(inventory, 0, sizeof(*inventory));
}

/* Without the broker there is nothing. */
int plan_inventory_get(struct ctl *ctl, struct plan_inventory *inventory)
{
	int err;

	memset(inventory, 0, sizeof(*inventory));
	err = fabric_domain_list(ctl->ctx, domain_cb, inventory);
	if (!err)
		err = fabric_port_list(ctl->ctx, 0, port_cb, inventory);
	if (!err)
		err = fabric_device_list(ctl->ctx, 0, device_cb, inventory);
	if (err == -EPROTONOSUPPORT) {
		inventory->no_broker = true;
		err = 0;
	}
	if (err)
		plan_inventory_free(inventory);
	else
		find_members(inventory);
	return err;
}

const struct plan_inventory_domain *plan_domain(const struct plan_inventory *inventory,
						const char *name)
{
	const struct plan_inventory_domain *domain;

	plan_each(domain, &inventory->domains)
		if (!strcmp(domain->name, name))
			return domain;
	return NULL;
}

const struct plan_inventory_domain *plan_cxl_domain(const struct plan_inventory *inventory)
{
	const struct plan_inventory_domain *domain;

	plan_each(domain, &inventory->domains)
		if (!strcmp(domain->backend, "cxl"))
			return domain;
	return NULL;
}

static const struct plan_inventory_domain *domain_by_id(const struct plan_inventory *inventory,
							uint32_t id)
{
	const struct plan_inventory_domain *domain;

	plan_each(domain, &inventory->domains)
		if (domain->id == id)
			return domain;
	return NULL;
}

const struct plan_inventory_port *plan_find_port(const struct plan_inventory *inventory,
						 const char *domain_name, const char *name)
{
	const struct plan_inventory_domain *domain = plan_domain(inventory, domain_name);
	const struct plan_inventory_port *port;

	plan_each(port, &inventory->ports)
		if (domain && port->domain_id == domain->id && !strcmp(port->name, name))
			return port;
	return NULL;
}

static bool is_at(const struct plan_inventory_device *device, const struct plan_place *place)
{
	if (*place->device)
		return !strcmp(device->name, place->device);
	if (place->serial)
		return device->type != FABRIC_DEVICE_TYPE_REGION &&
		       device->serial == place->serial;
	return device->type == FABRIC_DEVICE_TYPE_REGION &&
	       plan_same_members(&device->members, &place->members);
}

const struct plan_inventory_device *plan_find_device(const struct plan_inventory *inventory,
						     const struct plan_place *place)
{
	const struct plan_inventory_domain *domain = plan_domain(inventory, place->domain);
	const struct plan_inventory_device *device;

	plan_each(device, &inventory->devices)
		if (domain && device->domain_id == domain->id && is_at(device, place))
			return device;
	return NULL;
}

/*
 * The name of an emulated device is what its directory is called. The kernel
 * numbers CXL devices and regions as it finds them, so these go by serial numbers.
 */
static void get_place(const struct plan_inventory *inventory,
		      const struct plan_inventory_device *device, struct plan_place *place)
{
	const struct plan_inventory_domain *domain = domain_by_id(inventory, device->domain_id);
	const uint64_t *member;

	memset(place, 0, sizeof(*place));
	if (domain)
		memcpy(place->domain, domain->name, sizeof(place->domain));
	if (device->type == FABRIC_DEVICE_TYPE_REGION && device->members.nr)
		plan_each(member, &device->members)
			memcpy(plan_add(&place->members, sizeof(*member)), member,
			       sizeof(*member));
	else if (device->serial && domain && strcmp(domain->backend, "emu"))
		place->serial = device->serial;
	else
		memcpy(place->device, device->name, sizeof(place->device));
}

/* Switches, ports and devices */

static void read_live_port(const struct plan_inventory *inventory, const struct plan_switch *sw,
			   struct plan_switch_port *port)
{
	const struct plan_inventory_port *now = plan_find_port(inventory, sw->name, port->name);

	if (!now)
		return;
	memcpy(port->host, now->host, sizeof(port->host));
	port->link = now->link;
	port->error = now->binding == FABRIC_BINDING_ERROR;
}

/* The broker knows above all doubt which host the ports hang below. */
static void sort_hosts(const struct plan_inventory *inventory, struct plan_switch *sw)
{
	const struct plan_switch_port *first = sw->ports.items;
	const struct plan_inventory_port *port, *parent;
	char (*host)[FABRIC_NAME_SIZE], name[FABRIC_NAME_SIZE];

	port = sw->ports.nr ? plan_find_port(inventory, sw->name, first->name) : NULL;
	plan_each(parent, &inventory->ports) {
		if (!port || parent->id != port->parent_id)
			continue;
		plan_each(host, &sw->hosts) {
			if (strcmp(*host, parent->name))
				continue;
			memcpy(name, *host, sizeof(name));
			memmove((char *)sw->hosts.items + sizeof(name), sw->hosts.items,
				(char *)host - (char *)sw->hosts.items);
			memcpy(sw->hosts.items, name, sizeof(name));
		}
	}
}

static int read_switches(struct ctl *ctl, const struct plan_inventory *inventory,
			 struct plan *plan)
{
	struct plan_switch_port *port;
	struct plan_switch *sw;
	int err;

	err = plan_emu_read(ctl, plan);
	if (err)
		return err;
	plan_each(sw, &plan->switches) {
		if (!sw->live)
			continue;
		sort_hosts(inventory, sw);
		plan_each(port, &sw->ports)
			read_live_port(inventory, sw, port);
	}
	return 0;
}

static int compare_labels(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sorted_labels(struct plan_list *to, const struct plan_list *labels)
{
	const char (*label)[FABRIC_NAME_SIZE];

	plan_each(label, labels)
		memcpy(plan_add(to, sizeof(*label)), label, sizeof(*label));
	to->given = true;
	if (to->nr)
		qsort(to->items, to->nr, FABRIC_NAME_SIZE, compare_labels);
}

/* Those that are not as they were when they appeared */
static void read_ports_and_devices(const struct plan_inventory *inventory, struct plan *plan)
{
	const struct plan_inventory_domain *domain;
	const struct plan_inventory_device *device;
	const struct plan_inventory_port *port;
	struct plan_device *plan_device;
	struct plan_port *plan_port;

	plan->ports.given = true;
	plan_each(port, &inventory->ports) {
		domain = domain_by_id(inventory, port->domain_id);
		if (!domain || !port->label.nr)
			continue;
		plan_port = plan_add(&plan->ports, sizeof(*plan_port));
		memcpy(plan_port->domain, domain->name, sizeof(plan_port->domain));
		memcpy(plan_port->port, port->name, sizeof(plan_port->port));
		sorted_labels(&plan_port->label, &port->label);
	}
	plan->devices.given = true;
	plan_each(device, &inventory->devices) {
		if (!device->label.nr && device->admin_state <= FABRIC_ADMIN_STATE_ENABLED)
			continue;
		plan_device = plan_add(&plan->devices, sizeof(*plan_device));
		get_place(inventory, device, &plan_device->place);
		plan_device->admin_state = device->admin_state ?: FABRIC_ADMIN_STATE_ENABLED;
		sorted_labels(&plan_device->label, &device->label);
	}
}

/* Tenants */

static int tenant_cb(const struct fabric_tenant *tenant, void *data)
{
	const struct fabric_member *member;
	const struct fabric_quota *quota;
	struct plan_member *plan_member;
	struct plan_quota *plan_quota;
	struct plan_tenant *item;

	item = plan_add(data, sizeof(*item));
	item->id = tenant->id;
	memcpy(item->name, tenant->name, sizeof(item->name));
	item->priority_min = tenant->priority_min;
	item->priority_max = tenant->priority_max;
	item->quota.given = true;
	for (quota = tenant->quotas; quota; quota = quota->next) {
		plan_quota = plan_add(&item->quota, sizeof(*plan_quota));
		plan_quota->kind = quota->kind;
		memcpy(plan_quota->capability, quota->capability, sizeof(plan_quota->capability));
		plan_quota->limit = quota->limit;
	}
	item->member.given = true;
	for (member = tenant->members; member; member = member->next) {
		plan_member = plan_add(&item->member, sizeof(*plan_member));
		plan_member->uid = member->uid;
		plan_member->gid = member->gid;
		memcpy(plan_member->cgroup, member->cgroup, sizeof(plan_member->cgroup));
	}
	return 0;
}

/* Regions */

static int read_serial(const char *memdev, uint64_t *serial)
{
	char path[128], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/cxl/devices/%s/serial", memdev);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (!fgets(text, sizeof(text), file))
		*text = '\0';
	fclose(file);
	*serial = strtoull(text, NULL, 0);
	return *serial ? 0 : -ENODATA;
}

struct region_find {
	const struct plan_inventory *inventory;
	struct plan *plan;
};

static const struct plan_inventory_device *taken_region(const struct plan_inventory *inventory,
							const char *name)
{
	const struct plan_inventory_device *device;

	plan_each(device, &inventory->devices)
		if (device->type == FABRIC_DEVICE_TYPE_REGION && !strcmp(device->name, name))
			return device;
	return NULL;
}

static int region_cb(const struct fabric_region *region, void *data)
{
	const struct plan_inventory_device *taken;
	struct region_find *find = data;
	struct plan_region *item;
	uint64_t serial;
	uint32_t i;

	if (!region->ram)
		return 0;
	taken = taken_region(find->inventory, region->name);
	item = plan_add(taken ? &find->plan->regions : &find->plan->kernel_regions,
			sizeof(*item));
	memcpy(item->name, region->name, sizeof(item->name));
	item->device_id = taken ? taken->id : 0;
	item->committed = region->committed;
	item->enabled = region->enabled;
	item->size = region->size;
	item->granularity = region->granularity;
	item->members.given = true;
	for (i = 0; i < region->ways; i++)
		if (region->members[i] && !read_serial(region->members[i], &serial))
			memcpy(plan_add(&item->members, sizeof(serial)), &serial, sizeof(serial));
	return 0;
}

/* Without libcxl only the broker tells, and not the granularity. */
static void read_taken(const struct plan_inventory *inventory, struct plan *plan)
{
	const struct plan_inventory_device *device;
	const uint64_t *member;
	struct plan_region *item;

	plan_each(device, &inventory->devices) {
		if (device->type != FABRIC_DEVICE_TYPE_REGION)
			continue;
		item = plan_add(&plan->regions, sizeof(*item));
		memcpy(item->name, device->name, sizeof(item->name));
		item->device_id = device->id;
		item->committed = true;
		item->enabled = true;
		item->size = device->capacity;
		item->members.given = true;
		plan_each(member, &device->members)
			memcpy(plan_add(&item->members, sizeof(*member)), member,
			       sizeof(*member));
	}
}

static int read_regions(struct ctl *ctl, const struct plan_inventory *inventory,
			struct plan *plan)
{
	struct region_find find = { inventory, plan };
	int err;

	plan->regions.given = true;
	err = fabric_region_list(ctl->ctx, region_cb, &find);
	if (err == -EOPNOTSUPP) {
		read_taken(inventory, plan);
		err = 0;
	}
	return err;
}

/* Grants */

struct grant_find {
	const struct plan_inventory *inventory;
	struct plan_list *grants;
};

/* As narrow as the slices agree */
static void get_grant_place(const struct plan_inventory *inventory,
			    const struct fabric_grant *grant, struct plan_place *place)
{
	const struct plan_inventory_domain *domain;
	const struct plan_inventory_device *device;
	const struct fabric_slice *slice;
	bool one_device = true;

	if (!grant->slices)
		return;
	for (slice = grant->slices->next; slice; slice = slice->next) {
		if (slice->domain_id != grant->slices->domain_id)
			return;
		if (slice->device_id != grant->slices->device_id)
			one_device = false;
	}
	device = device_by_id(inventory, grant->slices->device_id);
	domain = domain_by_id(inventory, grant->slices->domain_id);
	if (one_device && device)
		get_place(inventory, device, place);
	else if (domain)
		memcpy(place->domain, domain->name, sizeof(place->domain));
}

static int grant_cb(const struct fabric_grant *grant, void *data)
{
	const struct grant_find *find = data;
	struct plan_grant *item;

	/* What has a holder is the holder's; without a token nothing names it. */
	if (grant->holder != FABRIC_HOLDER_NONE || !*grant->token)
		return 0;
	if (grant->state != FABRIC_GRANT_STATE_PREPARING &&
	    grant->state != FABRIC_GRANT_STATE_ACTIVE &&
	    grant->state != FABRIC_GRANT_STATE_SHRINKING)
		return 0;
	item = plan_add(find->grants, sizeof(*item));
	item->id = grant->id;
	memcpy(item->token, grant->token, sizeof(item->token));
	memcpy(item->tenant, grant->tenant, sizeof(item->tenant));
	memcpy(item->capability, grant->capability, sizeof(item->capability));
	get_grant_place(find->inventory, grant, &item->place);
	item->kind = grant->kind;
	item->mode = grant->mode;
	item->priority = grant->priority;
	item->min = grant->min;
	item->reclaimable = grant->reclaimable;
	item->grace = grant->grace;
	item->restore = grant->restore;
	item->lease = grant->lease;
	item->pieces = grant->pieces > grant->nr_slices ? grant->pieces : grant->nr_slices;
	item->placement = grant->placement;
	item->bandwidth_min = grant->bandwidth_min;
	item->bandwidth_max = grant->bandwidth_max;
	/* What was taken from it is wanted still, and the broker gives it back. */
	item->size = grant->restore && grant->full_size ? grant->full_size : grant->size;
	return 0;
}

/* What a plan calls by another name than we do is called as we do. */
static void rename_place(const struct plan_inventory *inventory, struct plan_place *place)
{
	const struct plan_inventory_device *device;

	if (!*place->device && !place->serial && !place->members.nr)
		return;
	device = plan_find_device(inventory, place);
	if (!device)
		return;
	free(place->members.items);
	get_place(inventory, device, place);
}

static void rename_places(const struct plan_inventory *inventory, struct plan *plan)
{
	struct plan_device *device;
	struct plan_grant *grant;

	plan_each(device, &plan->devices)
		rename_place(inventory, &device->place);
	plan_each(grant, &plan->grants)
		rename_place(inventory, &grant->place);
}

/* @wanted, which may be NULL, is changed to name devices as @plan does. */
int plan_observe(struct ctl *ctl, struct plan *plan, struct plan *wanted)
{
	struct plan_inventory inventory;
	struct grant_find find = { &inventory, &plan->grants };
	int err;

	memset(plan, 0, sizeof(*plan));
	plan->version = PLAN_VERSION;
	err = plan_inventory_get(ctl, &inventory);
	if (err)
		return err;
	plan->no_broker = inventory.no_broker;
	plan->cxl_loaded = plan_cxl_domain(&inventory);
	err = read_switches(ctl, &inventory, plan);
	if (!err)
		err = read_regions(ctl, &inventory, plan);
	if (!err)
		read_ports_and_devices(&inventory, plan);
	plan->tenants.given = true;
	plan->grants.given = true;
	if (!err && !inventory.no_broker)
		err = fabric_tenant_list(ctl->ctx, tenant_cb, &plan->tenants);
	if (!err && !inventory.no_broker)
		err = fabric_grant_list(ctl->ctx, grant_cb, &find);
	if (!err && wanted)
		rename_places(&inventory, wanted);
	plan_inventory_free(&inventory);
	if (err)
		plan_free(plan);
	return err;
}

/* Memory devices by serial number, for what is to be programmed */

int plan_find_memdev(struct ctl *ctl, uint64_t serial, char name[FABRIC_NAME_SIZE])
{
	struct dirent *entry;
	uint64_t found;
	DIR *dir;

	dir = opendir("/sys/bus/cxl/devices");
	*name = '\0';
	while (dir && !*name && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "mem", 3) &&
		    strlen(entry->d_name) <= FABRIC_NAME_MAX_LEN &&
		    !read_serial(entry->d_name, &found) && found == serial)
			strcpy(name, entry->d_name);
	if (dir)
		closedir(dir);
	return *name ? 0 : ctl_fail(ctl, -ENODEV,
				    "There is no CXL memory device with the serial number %llu",
				    (unsigned long long)serial);
}
