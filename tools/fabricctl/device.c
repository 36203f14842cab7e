// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "fabricctl.h"

void device_out(struct out *out, const struct fabric_device *device)
{
	out_item_begin(out, "device %u", device->id);
	out_id(out, "id", device->id);
	out_u32(out, "domain-id", device->domain_id);
	out_opt_u32(out, "port-id", device->port_id, 0);
	out_string(out, "name", device->name);
	out_enum(out, "type", FABRIC_ENUM_DEVICE_TYPE, device->type);
	out_enum(out, "health", FABRIC_ENUM_HEALTH, device->health);
	if (device->serial)
		out_u64(out, "serial", device->serial);
	out_size(out, "capacity", device->capacity);
	out_opt_u32(out, "numa-node", device->numa_node, FABRIC_NO_NODE);
	out_ids(out, "member-id", device->members, device->nr_members);
	out_item_end(out);
}

struct find {
	const char *name;
	uint32_t id;
	unsigned int count;
};

static int find_cb(const struct fabric_device *device, void *data)
{
	struct find *find = data;

	if (!strcmp(device->name, find->name)) {
		find->id = device->id;
		find->count++;
	}
	return 0;
}

int device_resolve(struct ctl *ctl, const char *ref, uint32_t domain_id, uint32_t *id)
{
	struct find find = { .name = ref };
	uint64_t number;
	int err;

	if (!number_parse(ref, &number)) {
		*id = number;
		return 0;
	}
	err = fabric_device_list(ctl->ctx, domain_id, find_cb, &find);
	if (err)
		return err;
	if (!find.count)
		return ctl_fail(ctl, -ENOENT, "There is no device \"%s\"", ref);
	if (find.count > 1)
		return ctl_fail(ctl, -EINVAL,
				"%u devices are called \"%s\", name the domain or use the id",
				find.count, ref);
	*id = find.id;
	return 0;
}

enum {
	SHOW_DEVICE,
	SHOW_DOMAIN,
};

static const struct arg show_args[] = {
	[SHOW_DEVICE] = { "DEVICE", ARG_REF, POSITIONAL,
			  .help = "only the one with this id or name" },
	[SHOW_DOMAIN] = { "domain", ARG_REF, .value = "DOMAIN",
			  .help = "of this domain only, by id or name" },
};

static int show_cb(const struct fabric_device *device, void *data)
{
	device_out(data, device);
	return 0;
}

static int device_show(struct ctl *ctl, const struct args *args)
{
	const struct fabric_device *device;
	uint32_t domain_id = 0, id;
	int err = 0;

	if (HAS(args, SHOW_DOMAIN))
		err = domain_resolve(ctl, args->value[SHOW_DOMAIN].text, &domain_id);
	if (err)
		return err;
	out_begin(ctl->out);
	out_list_begin(ctl->out, "devices");
	if (HAS(args, SHOW_DEVICE)) {
		err = device_resolve(ctl, args->value[SHOW_DEVICE].text, domain_id, &id);
		if (!err)
			err = fabric_device_get(ctl->ctx, id, &device);
		if (!err && domain_id && device->domain_id != domain_id)
			err = ctl_fail(ctl, -ENOENT, "Device %u is in another domain", id);
		if (!err)
			device_out(ctl->out, device);
	} else {
		err = fabric_device_list(ctl->ctx, domain_id, show_cb, ctl->out);
	}
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show devices", show_args, ARRAY_SIZE(show_args), .run = device_show },
};

const struct object device_object = {
	"device", "what is below the ports", cmds, ARRAY_SIZE(cmds),
};
