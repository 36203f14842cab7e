// SPDX-License-Identifier: GPL-2.0
/*
 * Doing steps, and undoing them. Whatever a step does, it looks at nothing but the
 * system, and doing again what is done already succeeds: so a run that was killed
 * is completed by the next one.
 */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan.h"

extern char **environ;

struct run {
	struct ctl *ctl;
	struct plan_inventory inventory;
	bool known;		/* the inventory is of now */
};

static const char *reason(const struct ctl *ctl, int err)
{
	if (*ctl->error)
		return ctl->error;
	return *fabric_error(ctl->ctx) ? fabric_error(ctl->ctx) : fabric_strerror(err);
}

static int look(struct run *run)
{
	int err;

	if (run->known)
		return 0;
	plan_inventory_free(&run->inventory);
	err = plan_inventory_get(run->ctl, &run->inventory);
	run->known = !err;
	return err;
}

/* Modules */

static int load(struct run *run, const char *module)
{
	char *const argv[] = { "modprobe", (char *)module, NULL };
	int status;
	pid_t pid;
	int err;

	err = -posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (!err && (waitpid(pid, &status, 0) < 0 || status))
		err = -ENODEV;
	if (err)
		return ctl_fail(run->ctl, err, "The module %s can't be loaded", module);
	run->known = false;
	return strcmp(module, "fabric_emu") ? 0 : plan_emu_mount(run->ctl);
}

/* Ports */

static int find_port(struct run *run, const char *domain, const char *name,
		     const struct plan_inventory_port **port)
{
	int err;

	err = look(run);
	if (err)
		return err;
	*port = plan_find_port(&run->inventory, domain, name);
	return *port ? 0 : ctl_fail(run->ctl, -ENOENT, "There is no port \"%s\" in domain \"%s\"",
				    name, domain);
}

/* A port in state error can be unbound and nothing else. */
static int set_host(struct run *run, const char *sw, const char *name, const char *host)
{
	const struct plan_inventory_port *port;
	const struct fabric_port *now;
	int err;

	err = find_port(run, sw, name, &port);
	if (!err)
		err = fabric_port_get(run->ctl->ctx, port->id, &now);
	if (!err && (now->binding == FABRIC_BINDING_ERROR ||
		     (*now->host && strcmp(now->host, host))))
		err = fabric_port_unbind(run->ctl->ctx, port->id, NULL);
	if (!err && *host)
		err = fabric_port_bind(run->ctl->ctx, port->id, host, NULL);
	return err;
}

static int set_link(struct run *run, const char *sw, const char *name, uint32_t link)
{
	const struct plan_inventory_port *port;
	int err;

	err = find_port(run, sw, name, &port);
	return err ? err : fabric_port_set_link(run->ctl->ctx, port->id, link, NULL);
}

/* Labels */

struct label_change {
	char keys[FABRIC_LABELS_MAX][FABRIC_NAME_SIZE];
	const char *unlabels[FABRIC_LABELS_MAX];
	const char *labels[FABRIC_LABELS_MAX];
	uint32_t nr_unlabels;
	uint32_t nr_labels;
};

static bool has_key(const struct plan_list *labels, const char *label)
{
	const size_t len = strcspn(label, "=") + 1;
	const char (*other)[FABRIC_NAME_SIZE];

	plan_each(other, labels)
		if (!strncmp(*other, label, len))
			return true;
	return false;
}

/* From what there is now, not from what there was when the plan was made */
static void change_labels(const struct plan_list *now, const struct plan_list *wanted,
			  struct label_change *change)
{
	const char (*label)[FABRIC_NAME_SIZE];

	memset(change, 0, sizeof(*change));
	plan_each(label, now)
		if (!has_key(wanted, *label) && change->nr_unlabels < FABRIC_LABELS_MAX) {
			snprintf(change->keys[change->nr_unlabels], FABRIC_NAME_SIZE, "%.*s",
				 (int)strcspn(*label, "="), *label);
			change->unlabels[change->nr_unlabels] = change->keys[change->nr_unlabels];
			change->nr_unlabels++;
		}
	plan_each(label, wanted)
		if (change->nr_labels < FABRIC_LABELS_MAX)
			change->labels[change->nr_labels++] = *label;
}

/* The kernel refuses a change of nothing. */
static bool changes_labels(const struct label_change *change)
{
	return change->nr_labels || change->nr_unlabels;
}

static const struct plan_list no_labels;

static int label_port(struct run *run, const struct plan_port *from, const struct plan_port *to)
{
	const struct plan_port *which = to ? to : from;
	const struct plan_inventory_port *port;
	struct fabric_port_set_req req;
	struct label_change change;
	int err;

	/* What happened to the labels before is not in an old inventory. */
	run->known = false;
	err = find_port(run, which->domain, which->port, &port);
	if (err)
		return err;
	change_labels(&port->label, to ? &to->label : &no_labels, &change);
	if (!changes_labels(&change))
		return 0;
	fabric_port_set_req_init(&req);
	req.labels = change.labels;
	req.nr_labels = change.nr_labels;
	req.unlabels = change.unlabels;
	req.nr_unlabels = change.nr_unlabels;
	return fabric_port_set(run->ctl->ctx, port->id, &req, NULL);
}

/* Devices */

static int find_device(struct run *run, const struct plan_place *place,
		       const struct plan_inventory_device **device)
{
	int err;

	err = look(run);
	if (err)
		return err;
	*device = plan_find_device(&run->inventory, place);
	if (*device)
		return 0;
	if (*place->device)
		return ctl_fail(run->ctl, -ENOENT, "There is no device \"%s\" in domain \"%s\"",
				place->device, place->domain);
	if (place->serial)
		return ctl_fail(run->ctl, -ENOENT,
				"There is no device with serial number %llu in domain \"%s\"",
				(unsigned long long)place->serial, place->domain);
	return ctl_fail(run->ctl, -ENOENT,
			"There is no region over these members in domain \"%s\"", place->domain);
}

static int label_device(struct run *run, const struct plan_device *from,
			const struct plan_device *to)
{
	const struct plan_inventory_device *device;
	struct fabric_device_set_req req;
	struct label_change change;
	int err;

	run->known = false;
	err = find_device(run, to ? &to->place : &from->place, &device);
	if (err)
		return err;
	change_labels(&device->label, to ? &to->label : &no_labels, &change);
	if (!changes_labels(&change))
		return 0;
	fabric_device_set_req_init(&req);
	req.labels = change.labels;
	req.nr_labels = change.nr_labels;
	req.unlabels = change.unlabels;
	req.nr_unlabels = change.nr_unlabels;
	return fabric_device_set(run->ctl->ctx, device->id, &req, NULL);
}

static int set_state(struct run *run, uint32_t device_id, enum fabric_admin_state state)
{
	struct fabric_device_set_req req;

	fabric_device_set_req_init(&req);
	req.admin_state = state;
	return fabric_device_set(run->ctl->ctx, device_id, &req, NULL);
}

static int set_admin_state(struct run *run, const struct plan_device *from,
			   const struct plan_device *to)
{
	const struct plan_inventory_device *device;
	int err;

	err = find_device(run, to ? &to->place : &from->place, &device);
	return err ? err : set_state(run, device->id, to ? to->admin_state :
				     FABRIC_ADMIN_STATE_ENABLED);
}

/* Switches */

static bool is_in(const struct plan_place *place, const char *domain)
{
	return !strcmp(place->domain, domain);
}

/*
 * Back in service a switch has what configfs says. What it had beyond that is given
 * back to it: bindings, links, labels, administrative states.
 */
static int restore_switch(struct run *run, const struct plan_switch *sw,
			  const struct plan *before)
{
	const struct plan_switch_port *switch_port;
	const struct plan_device *device;
	const struct plan_port *port;
	int err = 0;

	plan_each(switch_port, &sw->ports) {
		if (!err && strcmp(switch_port->host, switch_port->boot_host))
			err = set_host(run, sw->name, switch_port->name, switch_port->host);
		if (!err && switch_port->link != switch_port->boot_link)
			err = set_link(run, sw->name, switch_port->name, switch_port->link);
	}
	plan_each(port, &before->ports)
		if (!err && !strcmp(port->domain, sw->name))
			err = label_port(run, NULL, port);
	plan_each(device, &before->devices) {
		if (!err && is_in(&device->place, sw->name))
			err = label_device(run, NULL, device);
		if (!err && is_in(&device->place, sw->name))
			err = set_admin_state(run, NULL, device);
	}
	return err;
}

static int set_live(struct run *run, const struct plan_step *step, const struct plan_switch *to,
		    bool back)
{
	int err;

	run->known = false;
	err = plan_emu_live(run->ctl, step->sw, to);
	if (!err && to && back)
		err = restore_switch(run, to, step->before);
	return err;
}

/* Tenants */

/* The lists of the library are chains. */
struct tenant_request {
	struct fabric_tenant_req req;
	struct fabric_quota *quotas;
	struct fabric_member *members;
};

static int tenant_request(const struct plan_tenant *tenant, struct tenant_request *request)
{
	const struct plan_member *member;
	const struct plan_quota *quota;
	size_t i = 0;

	request->quotas = calloc(tenant->quota.nr + 1, sizeof(*request->quotas));
	request->members = calloc(tenant->member.nr + 1, sizeof(*request->members));
	if (!request->quotas || !request->members) {
		free(request->quotas);
		free(request->members);
		return -ENOMEM;
	}
	fabric_tenant_req_init(&request->req);
	request->req.priority_min = tenant->priority_min;
	request->req.priority_max = tenant->priority_max;
	plan_each(quota, &tenant->quota) {
		if (i)
			request->quotas[i - 1].next = &request->quotas[i];
		request->quotas[i].kind = quota->kind;
		request->quotas[i].limit = quota->limit;
		memcpy(request->quotas[i++].capability, quota->capability, FABRIC_NAME_SIZE);
	}
	request->req.quotas = i ? request->quotas : NULL;
	i = 0;
	plan_each(member, &tenant->member) {
		if (i)
			request->members[i - 1].next = &request->members[i];
		request->members[i].uid = member->uid;
		request->members[i].gid = member->gid;
		memcpy(request->members[i++].cgroup, member->cgroup, sizeof(member->cgroup));
	}
	request->req.members = i ? request->members : NULL;
	return 0;
}

static int set_tenant(struct run *run, const struct plan_tenant *from,
		      const struct plan_tenant *to)
{
	struct fabric_ctx *ctx = run->ctl->ctx;
	const struct fabric_tenant *now;
	struct tenant_request request;
	int err;

	err = fabric_tenant_find(ctx, to ? to->name : from->name, &now);
	if (err == -ENOENT)
		now = NULL;
	else if (err)
		return err;
	if (!to)
		return now ? fabric_tenant_del(ctx, now->id) : 0;
	err = tenant_request(to, &request);
	if (err)
		return err;
	if (now) {
		request.req.no_quotas = !request.req.quotas;
		request.req.no_members = !request.req.members;
		err = fabric_tenant_set(ctx, now->id, &request.req, NULL);
	} else {
		request.req.name = to->name;
		err = fabric_tenant_new(ctx, &request.req, NULL);
	}
	free(request.quotas);
	free(request.members);
	return err;
}

/* Regions */

static int cxl_domain(struct run *run, uint32_t *id)
{
	const struct plan_inventory_domain *domain;
	int err;

	err = look(run);
	if (err)
		return err;
	domain = plan_cxl_domain(&run->inventory);
	if (!domain)
		return ctl_fail(run->ctl, -ENODEV, "fabric_cxl.ko is not loaded");
	*id = domain->id;
	return 0;
}

static const struct plan_inventory_device *find_region(struct run *run,
						       const struct plan_region *region)
{
	const struct plan_inventory_device *device;

	plan_each(device, &run->inventory.devices)
		if (device->type == FABRIC_DEVICE_TYPE_REGION &&
		    (*region->name ? !strcmp(device->name, region->name) :
		     device->capacity == region->size &&
		     plan_same_members(&device->members, &region->members)))
			return device;
	return NULL;
}

static int make_region(struct run *run, const struct plan_region *region)
{
	char names[PLAN_MEMBERS][FABRIC_NAME_SIZE];
	const char *memdevs[PLAN_MEMBERS];
	const struct fabric_region *made;
	struct fabric_region_req req;
	const uint64_t *serial;
	int err = 0;

	fabric_region_req_init(&req);
	req.memdevs = memdevs;
	req.size = region->size;
	req.granularity = region->granularity;
	plan_each(serial, &region->members) {
		memdevs[req.nr_memdevs] = names[req.nr_memdevs];
		err = plan_find_memdev(run->ctl, *serial, names[req.nr_memdevs++]);
		if (err)
			return err;
	}
	err = cxl_domain(run, &req.domain_id);
	run->known = false;
	return err ? err : fabric_region_create(run->ctl->ctx, &req, &made);
}

static int give_region(struct run *run, const struct plan_region *region,
		       char name[FABRIC_NAME_SIZE])
{
	const struct plan_inventory_device *device;
	int err;

	run->known = false;
	err = look(run);
	if (err)
		return err;
	device = find_region(run, region);
	if (!device)
		return ctl_fail(run->ctl, -ENOENT, "The broker has no such region");
	memcpy(name, device->name, FABRIC_NAME_SIZE);
	run->known = false;
	return fabric_region_give(run->ctl->ctx, device->id);
}

static int take_region(struct run *run, const char *name)
{
	uint32_t domain_id = 0;
	int err;

	err = cxl_domain(run, &domain_id);
	run->known = false;
	return err ? err : region_take_over(run->ctl, domain_id, name);
}

static int set_region(struct run *run, const struct plan_region *from,
		      const struct plan_region *to)
{
	char why[256];
	char name[FABRIC_NAME_SIZE];
	int err;

	if (to)
		return make_region(run, to);
	err = give_region(run, from, name);
	if (err)
		return err;
	err = fabric_region_destroy(run->ctl->ctx, name);
	if (err) {
		snprintf(why, sizeof(why), "%s", fabric_error(run->ctl->ctx));
		take_region(run, name);
		ctl_fail(run->ctl, err, "%s", why);
	}
	return err;
}

static int set_taken(struct run *run, const struct plan_region *from,
		     const struct plan_region *to)
{
	char name[FABRIC_NAME_SIZE];

	return to ? take_region(run, to->name) : give_region(run, from, name);
}

/* Nothing brings back what was never whole. */
static int set_leftover(struct run *run, const struct plan_region *from,
			const struct plan_region *to)
{
	return to ? 0 : fabric_region_destroy(run->ctl->ctx, from->name);
}

/* Grants */

struct grant_find {
	const struct plan_grant *like;
	uint32_t id;
	enum fabric_holder holder;
};

static int find_grant_cb(const struct fabric_grant *grant, void *data)
{
	struct grant_find *find = data;

	if (strcmp(grant->token, find->like->token) || strcmp(grant->tenant, find->like->tenant))
		return 0;
	find->id = grant->id;
	find->holder = grant->holder;
	return 0;
}

static int find_grant(struct run *run, const struct plan_grant *like, struct grant_find *find)
{
	memset(find, 0, sizeof(*find));
	find->like = like;
	return fabric_grant_list(run->ctl->ctx, find_grant_cb, find);
}

static int delete_grant(struct run *run, const struct plan_grant *grant)
{
	struct grant_find find;
	int err;

	err = find_grant(run, grant, &find);
	if (err || !find.id)
		return err;
	return fabric_grant_del(run->ctl->ctx, find.id, false);
}

static int change_grant(struct run *run, uint32_t id, const struct plan_grant *from,
			const struct plan_grant *to)
{
	const bool renew = to->lease && to->lease != from->lease;
	struct fabric_grant_set_req req;
	char why[256];
	int err = 0;

	fabric_grant_set_req_init(&req);
	if (to->size != from->size) {
		req.size = to->size;
		req.pieces = to->pieces;
	}
	if (to->min != from->min)
		req.min = to->min;
	req.priority = to->priority;
	req.grace = to->grace;
	req.reclaimable = to->reclaimable;
	req.restore = to->restore;
	if (renew)
		err = fabric_grant_renew(run->ctl->ctx, id, to->lease, NULL);
	if (err)
		return err;
	err = fabric_grant_set(run->ctl->ctx, id, &req, NULL);
	if (err && renew && from->lease) {
		snprintf(why, sizeof(why), "%s", fabric_error(run->ctl->ctx));
		fabric_grant_renew(run->ctl->ctx, id, from->lease, NULL);
		ctl_fail(run->ctl, err, "%s", why);
	}
	return err;
}

/*
 * A request that has to wait for those that it takes from is queued; that ends by
 * itself, with their time of grace.
 */
static int await_grant(struct run *run, const struct fabric_grant *grant)
{
	const int fd = grant->fd;
	int err = 0;

	while (!err && request_is_pending(grant))
		err = fabric_grant_wait(run->ctl->ctx, fd, -1, &grant);
	if (!err && grant->state != FABRIC_GRANT_STATE_ACTIVE)
		err = ctl_fail(run->ctl, grant->error ? -(int)grant->error : -ENOSPC,
			       "The request failed (%s)", grant->reason);
	close(fd);
	return err;
}

static int request_grant(struct run *run, const struct fabric_grant_req *req)
{
	const struct fabric_grant *grant;
	int err;

	err = fabric_grant_new(run->ctl->ctx, req, &grant);
	if (err)
		return err;
	if (grant->fd >= 0)
		return await_grant(run, grant);
	/* The token gets what is there, even if it is on its way out. */
	if (grant->state != FABRIC_GRANT_STATE_ACTIVE)
		return ctl_fail(run->ctl, -EBUSY, "Grant %u has this token and is %s", grant->id,
				fabric_enum_name(FABRIC_ENUM_GRANT_STATE, grant->state));
	return 0;
}

/* What was granted of a device before it was draining can't be granted after. */
static int request_of_draining(struct run *run, const struct fabric_grant_req *req)
{
	char why[256];
	int err, state_err;

	err = set_state(run, req->device_id, FABRIC_ADMIN_STATE_ENABLED);
	if (err)
		return err;
	err = request_grant(run, req);
	if (err)
		snprintf(why, sizeof(why), "%.250s", reason(run->ctl, err));
	state_err = set_state(run, req->device_id, FABRIC_ADMIN_STATE_DRAINING);
	return err ? ctl_fail(run->ctl, err, "%s", why) : state_err;
}

static int make_grant(struct run *run, const struct plan_grant *to, bool opens)
{
	const struct plan_inventory_device *device = NULL;
	const struct plan_inventory_domain *domain;
	struct fabric_grant_req req;
	int err;

	fabric_grant_req_init(&req);
	req.holder = FABRIC_HOLDER_NONE;
	req.token = to->token;
	req.tenant = *to->tenant ? to->tenant : NULL;
	req.kind = to->kind;
	req.capability = *to->capability ? to->capability : NULL;
	req.size = to->size;
	req.mode = to->mode;
	req.pieces = to->pieces;
	req.placement = to->placement;
	req.priority = to->priority;
	req.min = to->min;
	req.reclaimable = to->reclaimable;
	req.grace = to->grace;
	req.restore = to->restore;
	req.lease = to->lease;
	req.bandwidth_min = to->bandwidth_min;
	req.bandwidth_max = to->bandwidth_max;
	/* The administrative state of now, not of when the run began */
	run->known = false;
	err = look(run);
	if (err)
		return err;
	if (*to->place.domain) {
		domain = plan_domain(&run->inventory, to->place.domain);
		if (!domain)
			return ctl_fail(run->ctl, -ENODEV, "There is no domain \"%s\"",
					to->place.domain);
		req.domain_id = domain->id;
	}
	if (*to->place.device || to->place.serial || to->place.members.nr) {
		err = find_device(run, &to->place, &device);
		if (err)
			return err;
		req.device_id = device->id;
	}
	if (opens && device && device->admin_state == FABRIC_ADMIN_STATE_DRAINING)
		return request_of_draining(run, &req);
	return request_grant(run, &req);
}

static int set_grant(struct run *run, const struct plan_grant *from, const struct plan_grant *to,
		     bool opens)
{
	struct grant_find find;
	int err;

	if (!to)
		return delete_grant(run, from);
	err = find_grant(run, to, &find);
	if (err)
		return err;
	if (find.id && find.holder != FABRIC_HOLDER_NONE)
		return ctl_fail(run->ctl, -EEXIST, "Grant %u has this token, and a holder",
				find.id);
	return find.id && from ? change_grant(run, find.id, from, to) :
					    make_grant(run, to, opens);
}

/* Running */

static const struct {
	const char *name;
	bool partly;	/* can fail with something done */
} ops[] = {
	[PLAN_LOAD] = { .name = "load" },
	[PLAN_SWITCH] = { .name = "switch" },
	[PLAN_HOST] = { .name = "host" },
	[PLAN_SWITCH_PORT] = { .name = "port", .partly = true },
	[PLAN_SWITCH_DEVICE] = { .name = "device", .partly = true },
	[PLAN_LIVE] = { .name = "live" },
	[PLAN_BIND] = { .name = "bind", .partly = true },
	[PLAN_LINK] = { .name = "link" },
	[PLAN_LABEL_PORT] = { .name = "label-port" },
	[PLAN_LABEL_DEVICE] = { .name = "label-device" },
	[PLAN_ADMIN_STATE] = { .name = "admin-state" },
	[PLAN_TENANT] = { .name = "tenant" },
	[PLAN_LEFTOVER] = { .name = "leftover" },
	[PLAN_REGION] = { .name = "region" },
	[PLAN_TAKE] = { .name = "take" },
	[PLAN_GRANT] = { .name = "grant" },
};

const char *plan_op_name(enum plan_op op)
{
	return ops[op].name;
}

/* @back: to what was before, not to what is wanted */
static int go(struct run *run, const struct plan_step *step, bool back)
{
	const void *from = back ? step->want : step->have;
	const void *to = back ? step->have : step->want;
	const struct plan_switch_port *port = to;

	switch (step->op) {
	case PLAN_LOAD:
		/* A module that is loaded is in nobody's way. */
		return back ? 0 : load(run, to);
	case PLAN_SWITCH:
		return plan_emu_switch(run->ctl, step->sw, to);
	case PLAN_HOST:
		return plan_emu_host(run->ctl, step->sw, to ? to : from, to);
	case PLAN_SWITCH_PORT:
		return plan_emu_port(run->ctl, step->sw,
				     ((const struct plan_switch_port *)(to ?: from))->name,
				     back ? NULL : from, to);
	case PLAN_SWITCH_DEVICE:
		return plan_emu_device(run->ctl, step->sw,
				       ((const struct plan_switch_device *)(to ?: from))->name,
				       back ? NULL : from, to);
	case PLAN_LIVE:
		return set_live(run, step, to, back);
	case PLAN_BIND:
		return set_host(run, step->sw, port->name, port->host);
	case PLAN_LINK:
		return set_link(run, step->sw, port->name, port->link);
	case PLAN_LABEL_PORT:
		return label_port(run, from, to);
	case PLAN_LABEL_DEVICE:
		return label_device(run, from, to);
	case PLAN_ADMIN_STATE:
		return set_admin_state(run, from, to);
	case PLAN_TENANT:
		return set_tenant(run, from, to);
	case PLAN_LEFTOVER:
		return set_leftover(run, from, to);
	case PLAN_REGION:
		return set_region(run, from, to);
	case PLAN_TAKE:
		return set_taken(run, from, to);
	case PLAN_GRANT:
		return set_grant(run, from, to, back || step->opens);
	}
	return -EINVAL;
}

/* Undo what was done, the last first. What cannot be undone does not stop the rest. */
static void roll_back(struct run *run, const struct plan_step *steps, size_t count, char *text,
		      size_t size)
{
	const struct plan_step *failed = NULL;
	char first[160] = "";
	int err;

	run->known = false;
	while (count--) {
		*run->ctl->error = '\0';
		err = go(run, &steps[count], true);
		if (err && !failed) {
			failed = &steps[count];
			snprintf(first, sizeof(first), "%.150s", reason(run->ctl, err));
		}
	}
	if (failed)
		snprintf(text, size, "not all could be undone: %s %s: %s",
			 plan_op_name(failed->op), failed->object, first);
	else
		snprintf(text, size, "everything is as before");
}

int plan_run(struct ctl *ctl, const struct plan_list *list,
	     void (*done)(const struct plan_step *step, void *data), void *data)
{
	const struct plan_step *steps = list->items;
	struct run run = { .ctl = ctl };
	char why[256], outcome[384];
	size_t i;
	int err = 0;

	for (i = 0; i < list->nr; i++) {
		*ctl->error = '\0';
		err = go(&run, &steps[i], false);
		if (err)
			break;
		done(&steps[i], data);
	}
	if (err) {
		snprintf(why, sizeof(why), "%.250s", reason(ctl, err));
		roll_back(&run, steps, i + ops[steps[i].op].partly, outcome, sizeof(outcome));
		ctl_fail(ctl, err, "%s %s: %s; %s", plan_op_name(steps[i].op), steps[i].object,
			 why, outcome);
	}
	plan_inventory_free(&run.inventory);
	return err;
}
