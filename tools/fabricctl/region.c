// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fabricctl.h"

#define MEMDEVS_MAX	16
#define TAKE_ATTEMPTS	5
#define TAKE_PAUSE_MS	200

/* Devices of type region: what the broker took over */

struct taken {
	struct fabric_device *devices;
	size_t count;
};

static int taken_cb(const struct fabric_device *device, void *data)
{
	struct fabric_device *devices;
	struct taken *taken = data;

	if (device->type != FABRIC_DEVICE_TYPE_REGION)
		return 0;
	devices = reallocarray(taken->devices, taken->count + 1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	taken->devices = devices;
	taken->devices[taken->count++] = *device;
	return 0;
}

/* Without the broker nothing is taken, and the kernel still has regions. */
static int get_taken(struct ctl *ctl, struct taken *taken)
{
	int err;

	memset(taken, 0, sizeof(*taken));
	err = fabric_device_list(ctl->ctx, 0, taken_cb, taken);
	if (err == -EPROTONOSUPPORT)
		return 0;
	if (err)
		free(taken->devices);
	return err;
}

/* Taken, and not on its way out */
static const struct fabric_device *find_taken(const struct taken *taken, const char *name)
{
	size_t i;

	for (i = 0; i < taken->count; i++)
		if (!strcmp(taken->devices[i].name, name) &&
		    taken->devices[i].health != FABRIC_HEALTH_GONE)
			return &taken->devices[i];
	return NULL;
}

struct domain_find {
	uint32_t id;
	unsigned int count;
};

static int cxl_domain_cb(const struct fabric_domain *domain, void *data)
{
	struct domain_find *find = data;

	if (!strcmp(domain->backend, "cxl")) {
		find->id = domain->id;
		find->count++;
	}
	return 0;
}

static int cxl_domain(struct ctl *ctl, uint32_t *id)
{
	struct domain_find find = {};
	int err;

	err = fabric_domain_list(ctl->ctx, cxl_domain_cb, &find);
	if (err)
		return err;
	if (!find.count)
		return ctl_fail(ctl, -ENODEV,
				"fabric_cxl.ko is not loaded, run \"modprobe fabric_cxl\"");
	*id = find.id;
	return 0;
}

/* Looking */

static void region_out(struct out *out, const struct fabric_region *region,
		       const struct fabric_device *device)
{
	const char *members[MEMDEVS_MAX];
	uint32_t count = 0, i;

	for (i = 0; i < region->ways && i < MEMDEVS_MAX; i++)
		if (region->members[i])
			members[count++] = region->members[i];
	out_item_begin(out, "%s", region->name);
	out_id_string(out, "name", region->name);
	out_string(out, "state", device ? "taken" : region->enabled ? "enabled" :
		   region->committed ? "committed" : "incomplete");
	out_string(out, "type", region->ram ? "ram" : "pmem");
	out_size(out, "size", region->size);
	out_address(out, "address", region->address);
	out_u32(out, "ways", region->ways);
	out_size(out, "granularity", region->granularity);
	out_strings(out, "members", members, count);
	out_opt_string(out, "dax-driver", region->dax_driver);
	if (device) {
		out_u32(out, "device-id", device->id);
		out_u32(out, "domain-id", device->domain_id);
		out_enum(out, "health", FABRIC_ENUM_HEALTH, device->health);
	}
	out_item_end(out);
}

struct show {
	struct out *out;
	const struct taken *taken;
	const char *name;
	unsigned int count;
};

static int show_cb(const struct fabric_region *region, void *data)
{
	struct show *show = data;

	if (show->name && strcmp(show->name, region->name))
		return 0;
	region_out(show->out, region, find_taken(show->taken, region->name));
	show->count++;
	return 0;
}

/* Without libcxl the broker still knows what it has. */
static void show_taken_only(struct show *show)
{
	const struct fabric_device *device;
	size_t i;

	for (i = 0; i < show->taken->count; i++) {
		device = &show->taken->devices[i];
		if (show->name && strcmp(show->name, device->name))
			continue;
		out_item_begin(show->out, "%s", device->name);
		out_id_string(show->out, "name", device->name);
		out_string(show->out, "state", "taken");
		out_size(show->out, "size", device->capacity);
		out_u32(show->out, "device-id", device->id);
		out_u32(show->out, "domain-id", device->domain_id);
		out_enum(show->out, "health", FABRIC_ENUM_HEALTH, device->health);
		out_item_end(show->out);
		show->count++;
	}
}

static int show_regions(struct ctl *ctl, const char *name)
{
	struct show show = { .out = ctl->out, .name = name };
	struct taken taken;
	int err;

	err = get_taken(ctl, &taken);
	if (err)
		return err;
	show.taken = &taken;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "regions");
	err = fabric_region_list(ctl->ctx, show_cb, &show);
	if (err == -EOPNOTSUPP) {
		ctl_warn(ctl, fabric_error(ctl->ctx));
		show_taken_only(&show);
		err = 0;
	}
	free(taken.devices);
	if (err)
		return err;
	if (name && !show.count)
		return ctl_fail(ctl, -ENOENT, "There is no region \"%s\"", name);
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

enum {
	SHOW_NAME,
};

static const struct arg show_args[] = {
	[SHOW_NAME] = { "REGION", ARG_STRING, POSITIONAL, .help = "only the one of this name" },
};

static int region_show(struct ctl *ctl, const struct args *args)
{
	return show_regions(ctl, args->value[SHOW_NAME].text);
}

/* Taking */

/*
 * udev may load dax_cxl just after the region appeared, and that makes DAX
 * devices of it meanwhile. The broker refuses then; make them let go again.
 */
int region_take_over(struct ctl *ctl, uint32_t domain_id, const char *name)
{
	const struct timespec pause = { .tv_nsec = TAKE_PAUSE_MS * 1000000L };
	unsigned int attempt;
	int err;

	for (attempt = 0; ; attempt++) {
		err = fabric_region_release_dax(ctl->ctx, name);
		if (err && err != -EOPNOTSUPP)
			return err;
		err = fabric_region_take(ctl->ctx, domain_id, name, NULL);
		if (err != -EBUSY || attempt == TAKE_ATTEMPTS)
			return err;
		nanosleep(&pause, NULL);
	}
}

enum {
	REGION_NAME,
	REGION_FORCE,
};

static const struct arg name_args[] = {
	[REGION_NAME] = { "REGION", ARG_STRING, POSITIONAL | REQUIRED,
			  .help = "name of the region" },
};

static int region_take(struct ctl *ctl, const struct args *args)
{
	const char *name = args->value[REGION_NAME].text;
	uint32_t domain_id = 0;
	int err;

	err = cxl_domain(ctl, &domain_id);
	if (!err)
		err = region_take_over(ctl, domain_id, name);
	return err ? err : show_regions(ctl, name);
}

static int region_give(struct ctl *ctl, const struct args *args)
{
	const char *name = args->value[REGION_NAME].text;
	const struct fabric_device *device;
	struct taken taken;
	int err;

	err = get_taken(ctl, &taken);
	if (err)
		return err;
	device = find_taken(&taken, name);
	if (device)
		err = fabric_region_give(ctl->ctx, device->id);
	else
		err = ctl_fail(ctl, -ENOENT, "The broker has no region \"%s\"", name);
	free(taken.devices);
	if (err)
		return err;
	out_begin(ctl->out);
	out_end(ctl->out);
	return 0;
}

/* Creating and destroying */

enum {
	CREATE_MEMDEV,
	CREATE_SIZE,
	CREATE_GRANULARITY,
	CREATE_TAKE,
};

static const struct arg create_args[] = {
	[CREATE_MEMDEV] = { "memdev", ARG_LIST, REQUIRED, .value = "NAME[,NAME...]",
			    .help = "memory devices to interleave over, in this order" },
	[CREATE_SIZE] = { "size", ARG_SIZE, .value = "SIZE",
			  .help = "size of the region, default all that is left" },
	[CREATE_GRANULARITY] = { "granularity", ARG_SIZE, .value = "SIZE",
				 .help = "bytes in a row on one device, default is the window's" },
	[CREATE_TAKE] = { "take", ARG_CHOICE, .choices = no_yes, .value = "WHETHER",
			  .help = "take the region over as well, default yes" },
};

/* Split in place, return how many there are. */
static uint32_t split(struct ctl *ctl, char *list, const char **names)
{
	char *name, *rest = list;
	uint32_t count = 0;

	while ((name = strsep(&rest, ","))) {
		if (!*name)
			usage_error(ctl, "region create: memdev has an empty name");
		if (strlen(name) > FABRIC_NAME_MAX_LEN)
			usage_error(ctl, "region create: memdev \"%s\" is too long", name);
		if (count == MEMDEVS_MAX)
			usage_error(ctl, "region create: memdev has more than %d names",
				    MEMDEVS_MAX);
		names[count++] = name;
	}
	return count;
}

static int ignore_cb(const struct fabric_region *region, void *data)
{
	(void)region;
	(void)data;
	return 0;
}

static int create(struct ctl *ctl, const struct args *args, char *memdevs, char *name)
{
	const struct fabric_region *region;
	const char *names[MEMDEVS_MAX];
	struct fabric_region_req req;
	int err;

	fabric_region_req_init(&req);
	req.nr_memdevs = split(ctl, memdevs, names);
	req.memdevs = names;
	req.size = args->value[CREATE_SIZE].number;
	req.granularity = args->value[CREATE_GRANULARITY].number;
	/* A library without libcxl is missing more than fabric_cxl.ko is. */
	err = fabric_region_list(ctl->ctx, ignore_cb, NULL);
	if (!err && (!HAS(args, CREATE_TAKE) || args->value[CREATE_TAKE].number))
		err = cxl_domain(ctl, &req.domain_id);
	if (!err)
		err = fabric_region_create(ctl->ctx, &req, &region);
	if (!err)
		snprintf(name, FABRIC_NAME_SIZE, "%s", region->name);
	return err;
}

static int region_create(struct ctl *ctl, const struct args *args)
{
	char name[FABRIC_NAME_SIZE], *memdevs;
	int err;

	if (args->value[CREATE_GRANULARITY].number > UINT32_MAX)
		usage_error(ctl, "region create: granularity is too large");
	memdevs = strdup(args->value[CREATE_MEMDEV].text);
	if (!memdevs)
		return -ENOMEM;
	err = create(ctl, args, memdevs, name);
	free(memdevs);
	return err ? err : show_regions(ctl, name);
}

static const struct arg destroy_args[] = {
	[REGION_NAME] = { "REGION", ARG_STRING, POSITIONAL | REQUIRED,
			  .help = "name of the region" },
	[REGION_FORCE] = { "force", ARG_FLAG, .help = "also if slices of it are granted" },
};

struct ram_grants {
	uint32_t device_id;
	uint32_t *ids;
	size_t count;
};

static int ram_grants_cb(const struct fabric_grant *grant, void *data)
{
	const struct fabric_slice *slice = grant->slices;
	struct ram_grants *found = data;
	uint32_t *ids;

	while (slice && slice->device_id != found->device_id)
		slice = slice->next;
	if (!slice || grant->mode != FABRIC_MODE_SYSTEM_RAM)
		return 0;
	ids = reallocarray(found->ids, found->count + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	found->ids = ids;
	found->ids[found->count++] = grant->id;
	return 0;
}

/*
 * Everything else the broker revokes when the region leaves. Memory that the
 * kernel uses has to be offline before that.
 */
static int release_ram(struct ctl *ctl, uint32_t device_id)
{
	struct ram_grants found = { .device_id = device_id };
	size_t i;
	int err;

	err = fabric_grant_list(ctl->ctx, ram_grants_cb, &found);
	for (i = 0; !err && i < found.count; i++)
		err = fabric_grant_del(ctl->ctx, found.ids[i], true);
	free(found.ids);
	return err;
}

static int region_destroy(struct ctl *ctl, const struct args *args)
{
	const char *name = args->value[REGION_NAME].text;
	const struct fabric_device *device;
	struct taken taken;
	int err;

	err = get_taken(ctl, &taken);
	if (err)
		return err;
	device = find_taken(&taken, name);
	if (device && HAS(args, REGION_FORCE))
		err = release_ram(ctl, device->id);
	/* Refused while slices are granted; with force the broker sees it go. */
	if (!err && device) {
		err = fabric_region_give(ctl->ctx, device->id);
		if (HAS(args, REGION_FORCE))
			err = 0;
	}
	free(taken.devices);
	if (err)
		return err;
	err = fabric_region_destroy(ctl->ctx, name);
	if (err)
		return err;
	out_begin(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show the regions of the kernel and which of them the broker has", show_args,
	  ARRAY_SIZE(show_args), .run = region_show },
	{ "create", "Program a volatile region, enable it and take it over", create_args,
	  ARRAY_SIZE(create_args), .run = region_create },
	{ "take", "Let the broker take over a committed region", name_args,
	  ARRAY_SIZE(name_args), .run = region_take },
	{ "give", "Give a region back to the kernel", name_args, ARRAY_SIZE(name_args),
	  .run = region_give },
	{ "destroy", "Give back, disable and delete a region", destroy_args,
	  ARRAY_SIZE(destroy_args), .run = region_destroy },
};

const struct object region_object = {
	"region", "CXL regions of this host", cmds, ARRAY_SIZE(cmds),
};
