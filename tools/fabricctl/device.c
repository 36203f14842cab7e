// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
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
	if (device->capacity)
		out_size(out, "capacity", device->capacity);
	out_opt_u32(out, "numa-node", device->numa_node, FABRIC_NO_NODE);
	out_ids(out, "member-id", device->members, device->nr_members);
	out_enum_usually(out, "admin-state", FABRIC_ENUM_ADMIN_STATE, device->admin_state,
			 FABRIC_ADMIN_STATE_ENABLED);
	out_strings(out, "label", device->labels, device->nr_labels);
	out_u32_usually(out, "slices", device->slices, 0);
	out_amount_if(out, "in-use", device->pci ? FABRIC_KIND_FUNCTION : FABRIC_KIND_MEMORY,
		      device->in_use, device->in_use);
	if (device->idle_vfs)
		out_enum_usually(out, "idle-vfs", FABRIC_ENUM_IDLE_VFS, device->idle_vfs,
				 FABRIC_IDLE_VFS_KEEP);
	pci_out(out, device->pci);
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

static void show_one(struct ctl *ctl, const struct fabric_device *device)
{
	out_begin(ctl->out);
	out_list_begin(ctl->out, "devices");
	device_out(ctl->out, device);
	out_list_end(ctl->out);
	out_end(ctl->out);
}

enum {
	SET_DEVICE,
	SET_ADMIN_STATE,
	SET_LABEL,
	SET_UNLABEL,
	SET_IDLE_VFS,
};

static const struct arg set_args[] = {
	[SET_DEVICE] = { "DEVICE", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[SET_ADMIN_STATE] = { "admin-state", ARG_ENUM, .names = FABRIC_ENUM_ADMIN_STATE,
			      .value = "STATE", .help = "what is wanted of it" },
	[SET_LABEL] = { "label", ARG_LABEL, REPEAT, .value = "LABEL", .help = LABEL_HELP },
	[SET_UNLABEL] = { "unlabel", ARG_STRING, REPEAT, .value = "KEY", .help = UNLABEL_HELP },
	[SET_IDLE_VFS] = { "idle-vfs", ARG_ENUM, .names = FABRIC_ENUM_IDLE_VFS, .value = "CHOICE",
			   .help = "what becomes of virtual functions when none is granted" },
};

static int device_set(struct ctl *ctl, const struct args *args)
{
	const char *labels[FABRIC_LABELS_MAX], *unlabels[FABRIC_LABELS_MAX];
	struct fabric_device_set_req req;
	const struct fabric_device *device;
	uint32_t id;
	int err;

	if (!HAS(args, SET_ADMIN_STATE) && !HAS(args, SET_LABEL) && !HAS(args, SET_UNLABEL) &&
	    !HAS(args, SET_IDLE_VFS))
		usage_error(ctl,
			    "device set: nothing to set, give admin-state, label, unlabel or idle-vfs");
	fabric_device_set_req_init(&req);
	req.admin_state = args->value[SET_ADMIN_STATE].number;
	req.idle_vfs = args->value[SET_IDLE_VFS].number;
	req.nr_labels = args_texts(ctl, args, SET_LABEL, labels, ARRAY_SIZE(labels));
	req.labels = labels;
	req.nr_unlabels = args_texts(ctl, args, SET_UNLABEL, unlabels, ARRAY_SIZE(unlabels));
	req.unlabels = unlabels;
	err = device_resolve(ctl, args->value[SET_DEVICE].text, 0, &id);
	if (!err)
		err = fabric_device_set(ctl->ctx, id, &req, &device);
	if (!err)
		show_one(ctl, device);
	return err;
}

#define DRAIN_CELLS	24
#define REFRESH_MS	1000

enum {
	DRAIN_DEVICE,
	DRAIN_WAIT,
};

static const struct arg drain_args[] = {
	[DRAIN_DEVICE] = { "DEVICE", ARG_REF, POSITIONAL | REQUIRED, .help = "id or name" },
	[DRAIN_WAIT] = { "wait", ARG_TIME, .value = "TIME",
			 .help = "how long to wait for its slices, default until all are gone" },
};

static void show_drain(struct progress *progress, const struct fabric_device *device,
		       uint64_t begin)
{
	char bar[DRAIN_CELLS * 4], size[32];
	uint64_t done = begin > device->in_use ? begin - device->in_use : 0;

	bar_format(bar, sizeof(bar), done, begin, DRAIN_CELLS);
	size_format(device->in_use, size);
	progress_print(progress, "Device %u drains [%s] %s in %u slice%s to go", device->id, bar,
		       size, device->slices, device->slices == 1 ? "" : "s");
}

/* Wait until an event or a while has passed; what it was is looked up by the caller. */
static int await_change(struct ctl *ctl, struct fabric_events *events, int64_t left)
{
	struct pollfd wait = { .fd = fabric_events_fd(events), .events = POLLIN };
	const struct fabric_change *change;
	int err;

	if (poll(&wait, 1, left < REFRESH_MS ? left : REFRESH_MS) < 0 && errno != EINTR)
		return ctl_fail(ctl, -errno, "Events can't be waited for");
	do {
		err = fabric_events_next(events, &change);
	} while (!err || err == -ENOBUFS);
	return err == -EAGAIN ? 0 : ctl_fail(ctl, err, "Events can't be received");
}

static int drain(struct ctl *ctl, struct fabric_events *events, uint32_t id, uint64_t wait)
{
	int64_t end = now_ms() + wait, left = wait;
	const struct fabric_device *device;
	struct fabric_device_set_req req;
	struct progress progress;
	uint64_t begin;
	int err;

	fabric_device_set_req_init(&req);
	req.admin_state = FABRIC_ADMIN_STATE_DRAINING;
	err = fabric_device_set(ctl->ctx, id, &req, &device);
	if (err)
		return err;
	begin = device->in_use;
	progress_begin(&progress);
	while (!err && device->slices && left > 0) {
		show_drain(&progress, device, begin);
		err = await_change(ctl, events, left);
		if (!err)
			err = fabric_device_get(ctl->ctx, id, &device);
		left = end - now_ms();
	}
	progress_end(&progress);
	if (!err && device->slices)
		err = ctl_fail(ctl, -EINPROGRESS, "Device %u still has %u slice%s", id,
			       device->slices, device->slices == 1 ? "" : "s");
	if (!err)
		show_one(ctl, device);
	return err;
}

static int device_drain(struct ctl *ctl, const struct args *args)
{
	struct fabric_events *events;
	uint64_t wait = INT64_MAX / 2;
	uint32_t id;
	int err;

	if (HAS(args, DRAIN_WAIT))
		wait = args->value[DRAIN_WAIT].number;
	err = device_resolve(ctl, args->value[DRAIN_DEVICE].text, 0, &id);
	if (!err)
		err = fabric_events_open(ctl->ctx, FABRIC_EVENTS_INVENTORY, &events);
	if (err)
		return err;
	err = drain(ctl, events, id, wait);
	fabric_events_close(events);
	return err;
}

static const struct cmd cmds[] = {
	{ "show", "Show devices", show_args, ARRAY_SIZE(show_args), .run = device_show },
	{ "set", "Change what is wanted of a device, and its labels", set_args,
	  ARRAY_SIZE(set_args), .run = device_set },
	{ "drain", "Grant nothing more of a device, and wait until it has no slices", drain_args,
	  ARRAY_SIZE(drain_args), .run = device_drain },
};

const struct object device_object = {
	"device", "what is below the ports", cmds, ARRAY_SIZE(cmds),
};
