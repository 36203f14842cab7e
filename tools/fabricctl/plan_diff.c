// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: The order of the steps
 *
 * First goes what has to make room, from the grants down to the switches; then
 * comes what is wanted, from the switches up to the grants. So what a step needs
 * is there, and going back in reverse order works for the same reason.
 *
 * - grants that are not wanted, or not as they are;
 * - tenants, regions and switches that are not wanted;
 * - switches. Their topology is frozen while they are live: for a change they
 *   are taken out of service, which the kernel refuses while they have slices;
 * - bindings and links of ports;
 * - regions, tenants, labels, devices that are enabled;
 * - grants: those that shrink before those that grow or are new;
 * - devices that are draining or disabled, since they give no new slices.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_diff.h"

struct plan_step *diff_add(struct diff *diff, enum plan_op op, const void *have,
			   const void *want, const char *format, ...)
{
	struct plan_step *step = plan_add(diff->steps, sizeof(*step));
	va_list args;

	step->op = op;
	step->have = have;
	step->want = want;
	step->before = diff->have;
	va_start(args, format);
	vsnprintf(step->object, sizeof(step->object), format, args);
	va_end(args);
	return step;
}

void diff_append(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	if (len && len + 1 < size) {
		text[len++] = ' ';
		text[len] = '\0';
	}
	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

void diff_string(struct plan_step *step, const char *key, const char *have, const char *want)
{
	if (step->have && step->want && !strcmp(have, want))
		return;
	if (step->have)
		TEXT(step, have, "%s %s", key, *have ? have : "none");
	if (step->want)
		TEXT(step, want, "%s %s", key, *want ? want : "none");
}

void diff_number(struct plan_step *step, const char *key, uint64_t have, uint64_t want)
{
	char have_text[24], want_text[24];

	snprintf(have_text, sizeof(have_text), "%" PRIu64, have);
	snprintf(want_text, sizeof(want_text), "%" PRIu64, want);
	diff_string(step, key, have_text, want_text);
}

bool diff_has_name(const struct plan_list *names, const char *name)
{
	const char (*item)[FABRIC_NAME_SIZE];

	plan_each(item, names)
		if (!strcmp(*item, name))
			return true;
	return false;
}

/* Labels and administrative states */

static bool same_labels(const struct plan_list *a, const struct plan_list *b)
{
	const char (*label)[FABRIC_NAME_SIZE];

	if (a->nr != b->nr)
		return false;
	plan_each(label, a)
		if (!diff_has_name(b, *label))
			return false;
	return true;
}

static void labels_text(char *text, size_t size, const struct plan_list *labels)
{
	const char (*label)[FABRIC_NAME_SIZE];

	plan_each(label, labels)
		diff_append(text, size, "%s", *label);
	if (!labels->nr)
		diff_append(text, size, "none");
}

static const struct plan_list no_labels;

static void label_step(struct diff *diff, enum plan_op op, const char *object, const void *have,
		       const struct plan_list *have_labels, const void *want,
		       const struct plan_list *want_labels)
{
	struct plan_step *step;

	if (same_labels(have_labels, want_labels))
		return;
	step = diff_add(diff, op, have, want, "%s", object);
	labels_text(step->have_text, sizeof(step->have_text), have_labels);
	labels_text(step->want_text, sizeof(step->want_text), want_labels);
}

static const struct plan_port *find_plan_port(const struct plan_list *ports,
					      const struct plan_port *like)
{
	const struct plan_port *port;

	plan_each(port, ports)
		if (!strcmp(port->domain, like->domain) && !strcmp(port->port, like->port))
			return port;
	return NULL;
}

static void port_labels(struct diff *diff, const struct plan_port *have,
			const struct plan_port *want)
{
	const struct plan_port *port = want ? want : have;
	char object[160];

	snprintf(object, sizeof(object), "%s/%s", port->domain, port->port);
	label_step(diff, PLAN_LABEL_PORT, object, have, have ? &have->label : &no_labels, want,
		   want ? &want->label : &no_labels);
}

/*
 * What is in a switch that leaves service has lost all when it is back; that is
 * restored where the plan says nothing about it.
 */
static void label_ports(struct diff *diff)
{
	const struct plan_list *wanted = &diff->want->ports;
	const struct plan_port *port, *old;

	plan_each(port, &diff->have->ports) {
		if (diff_has_name(&diff->off, port->domain)) {
			if (!wanted->given && diff_find_switch(&diff->want->switches, port->domain))
				port_labels(diff, NULL, port);
		} else if (wanted->given && !find_plan_port(wanted, port)) {
			port_labels(diff, port, NULL);
		}
	}
	plan_each(port, wanted) {
		old = diff_has_name(&diff->off, port->domain) ? NULL :
		      find_plan_port(&diff->have->ports, port);
		port_labels(diff, old, port);
	}
}

static void place_text(const struct plan_place *place, char *text, size_t size)
{
	const uint64_t *member;
	size_t len;

	snprintf(text, size, "%s%s", place->domain, *place->domain ? "/" : "");
	len = strlen(text);
	if (*place->device)
		snprintf(text + len, size - len, "%s", place->device);
	else if (place->serial)
		snprintf(text + len, size - len, "serial %" PRIu64, place->serial);
	else if (place->members.nr)
		snprintf(text + len, size - len, "members");
	plan_each(member, &place->members)
		diff_append(text, size, "%" PRIu64, *member);
}

static const struct plan_device *find_plan_device(const struct plan_list *devices,
						  const struct plan_place *place)
{
	const struct plan_device *device;

	plan_each(device, devices)
		if (plan_same_place(&device->place, place))
			return device;
	return NULL;
}

static void admin_state(struct diff *diff, const char *object, const struct plan_device *have,
			const struct plan_device *want, bool enable)
{
	const uint32_t from = have ? have->admin_state : FABRIC_ADMIN_STATE_ENABLED;
	const uint32_t to = want ? want->admin_state : FABRIC_ADMIN_STATE_ENABLED;
	const bool enables = to == FABRIC_ADMIN_STATE_ENABLED;
	struct plan_step *step;

	if (from == to || enables != enable)
		return;
	step = diff_add(diff, PLAN_ADMIN_STATE, have, want, "%s", object);
	TEXT(step, have, "%s", fabric_enum_name(FABRIC_ENUM_ADMIN_STATE, from));
	TEXT(step, want, "%s", fabric_enum_name(FABRIC_ENUM_ADMIN_STATE, to));
}

/* Before the grants are made labels and what is enabled, after them the rest */
static void one_device(struct diff *diff, const struct plan_device *have,
		       const struct plan_device *want, bool before)
{
	char object[160];

	place_text(want ? &want->place : &have->place, object, sizeof(object));
	if (before)
		label_step(diff, PLAN_LABEL_DEVICE, object, have,
			   have ? &have->label : &no_labels, want,
			   want ? &want->label : &no_labels);
	admin_state(diff, object, have, want, before);
}

static bool is_lost(const struct diff *diff, const struct plan_place *place)
{
	const struct plan_list *members;

	plan_each(members, &diff->lost)
		if (place->members.nr && plan_same_members(members, &place->members))
			return true;
	return false;
}

static void device_steps(struct diff *diff, bool before)
{
	const struct plan_list *wanted = &diff->want->devices;
	const struct plan_device *device, *old;

	plan_each(device, &diff->have->devices) {
		if (is_lost(diff, &device->place))
			continue;
		if (diff_has_name(&diff->off, device->place.domain)) {
			if (!wanted->given &&
			    diff_find_switch(&diff->want->switches, device->place.domain))
				one_device(diff, NULL, device, before);
		} else if (wanted->given && !find_plan_device(wanted, &device->place)) {
			one_device(diff, device, NULL, before);
		}
	}
	plan_each(device, wanted) {
		old = diff_has_name(&diff->off, device->place.domain) ||
		      is_lost(diff, &device->place) ? NULL :
		      find_plan_device(&diff->have->devices, &device->place);
		one_device(diff, old, device, before);
	}
}

/* Tenants */

static const struct plan_tenant *find_tenant(const struct plan_list *tenants, const char *name)
{
	const struct plan_tenant *tenant;

	plan_each(tenant, tenants)
		if (!strcmp(tenant->name, name))
			return tenant;
	return NULL;
}

static bool has_quota(const struct plan_list *quotas, const struct plan_quota *like)
{
	const struct plan_quota *quota;

	plan_each(quota, quotas)
		if (quota->kind == like->kind && quota->limit == like->limit &&
		    !strcmp(quota->capability, like->capability))
			return true;
	return false;
}

static bool has_member(const struct plan_list *members, const struct plan_member *like)
{
	const struct plan_member *member;

	plan_each(member, members)
		if (member->uid == like->uid && member->gid == like->gid &&
		    !strcmp(member->cgroup, like->cgroup))
			return true;
	return false;
}

static bool same_quotas(const struct plan_tenant *a, const struct plan_tenant *b)
{
	const struct plan_quota *quota;

	if (a->quota.nr != b->quota.nr)
		return false;
	plan_each(quota, &a->quota)
		if (!has_quota(&b->quota, quota))
			return false;
	return true;
}

static bool same_tenant_members(const struct plan_tenant *a, const struct plan_tenant *b)
{
	const struct plan_member *member;

	if (a->member.nr != b->member.nr)
		return false;
	plan_each(member, &a->member)
		if (!has_member(&b->member, member))
			return false;
	return true;
}

static void quotas_text(char *text, size_t size, const struct plan_tenant *tenant)
{
	const struct plan_quota *quota;

	diff_append(text, size, "quota");
	plan_each(quota, &tenant->quota)
		diff_append(text, size, "%s%s%s=%" PRIu64,
			    fabric_enum_name(FABRIC_ENUM_KIND, quota->kind),
			    *quota->capability ? "/" : "", quota->capability, quota->limit);
	if (!tenant->quota.nr)
		diff_append(text, size, "none");
}

static void members_text(char *text, size_t size, const struct plan_tenant *tenant)
{
	const struct plan_member *member;

	diff_append(text, size, "member");
	plan_each(member, &tenant->member)
		if (*member->cgroup)
			diff_append(text, size, "cgroup=%s", member->cgroup);
		else
			diff_append(text, size, "%s=%" PRIu32,
				    member->uid == UINT32_MAX ? "gid" : "uid",
				    member->uid == UINT32_MAX ? member->gid : member->uid);
	if (!tenant->member.nr)
		diff_append(text, size, "none");
}

static void tenant_step(struct diff *diff, const struct plan_tenant *have,
			const struct plan_tenant *want)
{
	struct plan_step *step;

	if (have && want && have->priority_min == want->priority_min &&
	    have->priority_max == want->priority_max && same_quotas(have, want) &&
	    same_tenant_members(have, want))
		return;
	step = diff_add(diff, PLAN_TENANT, have, want, "%s", want ? want->name : have->name);
	diff_number(step, "priority-min", have ? have->priority_min : 0,
		    want ? want->priority_min : 0);
	diff_number(step, "priority-max", have ? have->priority_max : 0,
		    want ? want->priority_max : 0);
	if (!have || !want || !same_quotas(have, want)) {
		if (have)
			quotas_text(step->have_text, sizeof(step->have_text), have);
		if (want)
			quotas_text(step->want_text, sizeof(step->want_text), want);
	}
	if (!have || !want || !same_tenant_members(have, want)) {
		if (have)
			members_text(step->have_text, sizeof(step->have_text), have);
		if (want)
			members_text(step->want_text, sizeof(step->want_text), want);
	}
}

static void remove_tenants(struct diff *diff)
{
	const struct plan_tenant *tenant;

	if (!diff->want->tenants.given)
		return;
	plan_each(tenant, &diff->have->tenants)
		if (!find_tenant(&diff->want->tenants, tenant->name))
			tenant_step(diff, tenant, NULL);
}

static void make_tenants(struct diff *diff)
{
	const struct plan_tenant *tenant;

	plan_each(tenant, &diff->want->tenants)
		tenant_step(diff, find_tenant(&diff->have->tenants, tenant->name), tenant);
}

/* Regions */

static bool same_region(const struct plan_region *have, const struct plan_region *want)
{
	/* Where libcxl is missing nothing tells the granularity. */
	return have->committed && have->enabled && have->size == want->size &&
	       plan_same_members(&have->members, &want->members) &&
	       (have->granularity == want->granularity || !have->granularity ||
		!want->granularity);
}

/* Two regions can be alike: the nth that is wanted is the nth that is there. */
static const struct plan_region *find_region(const struct plan_list *regions,
					     const struct plan_region *want, size_t nth)
{
	const struct plan_region *region;

	plan_each(region, regions)
		if (same_region(region, want) && !nth--)
			return region;
	return NULL;
}

static size_t count_before(const struct plan_list *regions, const struct plan_region *end)
{
	const struct plan_region *region;
	size_t count = 0;

	for (region = regions->items; region < end; region++)
		count += region->size == end->size &&
			 plan_same_members(&region->members, &end->members);
	return count;
}

static bool share_members(const struct plan_region *a, const struct plan_region *b)
{
	const uint64_t *one, *other;

	plan_each(one, &a->members)
		plan_each(other, &b->members)
			if (*one == *other)
				return true;
	return false;
}

static bool is_to_be_made(const struct diff *diff, const struct plan_region *want, size_t *taken)
{
	const size_t nth = count_before(&diff->want->regions, want);
	size_t alike = 0;

	while (find_region(&diff->have->regions, want, alike))
		alike++;
	*taken = alike;
	return nth >= alike && !find_region(&diff->have->kernel_regions, want, nth - alike);
}

/* The memory devices of a region that the broker gives back are the kernel's still. */
static bool is_in_the_way(const struct diff *diff, const struct plan_region *have)
{
	const struct plan_region *want;
	size_t taken;

	plan_each(want, &diff->want->regions)
		if (is_to_be_made(diff, want, &taken) && share_members(have, want))
			return true;
	return false;
}

static void region_text(char *text, size_t size, const struct plan_region *region)
{
	const uint64_t *member;

	diff_append(text, size, "size %" PRIu64, region->size);
	if (region->granularity)
		diff_append(text, size, "granularity %" PRIu32, region->granularity);
	diff_append(text, size, "members");
	plan_each(member, &region->members)
		diff_append(text, size, "%" PRIu64, *member);
}

static void region_step(struct diff *diff, enum plan_op op, const struct plan_region *have,
			const struct plan_region *want)
{
	struct plan_step *step;

	step = diff_add(diff, op, have, want, "%s", have ? have->name : *want->name ? want->name :
		   "new");
	step->means = op == PLAN_LEFTOVER;
	if (have)
		region_text(step->have_text, sizeof(step->have_text), have);
	if (want)
		region_text(step->want_text, sizeof(step->want_text), want);
}

/* What it was called and told goes with it, and comes back with it. */
static void remove_region(struct diff *diff, const struct plan_region *region)
{
	const struct plan_device *device;

	plan_each(device, &diff->have->devices)
		if (region->members.nr &&
		    plan_same_members(&device->place.members, &region->members))
			one_device(diff, device, NULL, true);
	memcpy(plan_add(&diff->lost, sizeof(region->members)), &region->members,
	       sizeof(region->members));
	region_step(diff, is_in_the_way(diff, region) ? PLAN_REGION : PLAN_TAKE, region, NULL);
}

static void remove_regions(struct diff *diff)
{
	const struct plan_region *have, *want;
	bool wanted;

	if (!diff->want->regions.given)
		return;
	plan_each(have, &diff->have->regions) {
		wanted = false;
		plan_each(want, &diff->want->regions)
			wanted |= find_region(&diff->have->regions, want,
					      count_before(&diff->want->regions, want)) == have;
		if (!wanted)
			remove_region(diff, have);
	}
}

/* What a run that was killed left half made: nobody can use it. */
static bool is_leftover(const struct diff *diff, const struct plan_region *region)
{
	const struct plan_region *want;
	size_t taken;

	if (!region->committed)
		return diff->want->regions.nr &&
		       (!region->members.nr || is_in_the_way(diff, region));
	if (region->enabled)
		return false;
	plan_each(want, &diff->want->regions)
		if (is_to_be_made(diff, want, &taken) && region->size == want->size &&
		    plan_same_members(&region->members, &want->members))
			return true;
	return false;
}

static void make_regions(struct diff *diff)
{
	const struct plan_region *want, *region;
	size_t taken, nth;

	plan_each(region, &diff->have->kernel_regions)
		if (is_leftover(diff, region))
			region_step(diff, PLAN_LEFTOVER, region, NULL);
	plan_each(want, &diff->want->regions) {
		nth = count_before(&diff->want->regions, want);
		if (is_to_be_made(diff, want, &taken))
			region_step(diff, PLAN_REGION, NULL, want);
		else if (nth >= taken)
			region_step(diff, PLAN_TAKE, NULL,
				    find_region(&diff->have->kernel_regions, want, nth - taken));
	}
}

/* Grants */

static const struct plan_grant *find_grant(const struct plan_list *grants,
					   const struct plan_grant *like)
{
	const struct plan_grant *grant;

	plan_each(grant, grants)
		if (!strcmp(grant->token, like->token) && !strcmp(grant->tenant, like->tenant))
			return grant;
	return NULL;
}

static bool has_place(const struct plan_place *place)
{
	return *place->device || place->serial || place->members.nr;
}

static bool is_elsewhere(const struct plan_place *have, const struct plan_place *want)
{
	return has_place(want) ? !plan_same_place(have, want) :
	       *want->domain && strcmp(have->domain, want->domain);
}

/* What nothing but another grant has. What the plan does not say does not matter. */
static bool needs_another(const struct plan_grant *have, const struct plan_grant *want)
{
	return have->kind != want->kind || (want->mode && have->mode != want->mode) ||
	       (*want->capability && strcmp(have->capability, want->capability)) ||
	       is_elsewhere(&have->place, &want->place) ||
	       have->bandwidth_min != want->bandwidth_min ||
	       have->bandwidth_max != want->bandwidth_max || (have->lease && !want->lease);
}

static bool grant_differs(const struct plan_grant *have, const struct plan_grant *want)
{
	return have->size != want->size || have->min != want->min ||
	       (want->priority != UINT32_MAX && have->priority != want->priority) ||
	       have->reclaimable != want->reclaimable ||
	       (want->grace != UINT32_MAX && have->grace != want->grace) ||
	       have->restore != want->restore || have->lease != want->lease;
}

static void grant_text(struct plan_step *step, const struct plan_grant *have,
		       const struct plan_grant *want)
{
	char place[160];

	diff_number(step, "size", have ? have->size : 0, want ? want->size : 0);
	if (have && want) {
		diff_number(step, "min", have->min, want->min);
		if (want->priority != UINT32_MAX)
			diff_number(step, "priority", have->priority, want->priority);
		diff_string(step, "reclaimable", have->reclaimable ? "yes" : "no",
			    want->reclaimable ? "yes" : "no");
		if (want->grace != UINT32_MAX)
			diff_number(step, "grace", have->grace, want->grace);
		diff_string(step, "restore", have->restore ? "yes" : "no",
			    want->restore ? "yes" : "no");
		diff_number(step, "lease", have->lease, want->lease);
		return;
	}
	place_text(have ? &have->place : &want->place, place, sizeof(place));
	if (have)
		TEXT(step, have, "%s", place);
	else
		TEXT(step, want, "%s", place);
}

static void grant_step(struct diff *diff, const struct plan_grant *have,
		       const struct plan_grant *want)
{
	const struct plan_grant *grant = want ? want : have;
	struct plan_step *step;

	step = diff_add(diff, PLAN_GRANT, have, want, "%s%s%s", grant->tenant,
			*grant->tenant ? "/" : "", grant->token);
	step->destroys = !want;
	/* A plan that has the device draining has what was granted of it before. */
	step->opens = diff->want->devices.given;
	grant_text(step, have, want);
}

static void remove_grants(struct diff *diff)
{
	const struct plan_grant *have, *want;

	if (!diff->want->grants.given)
		return;
	plan_each(have, &diff->have->grants) {
		want = find_grant(&diff->want->grants, have);
		if (!want || needs_another(have, want))
			grant_step(diff, have, NULL);
	}
}

static void change_grants(struct diff *diff, bool shrink)
{
	const struct plan_grant *have, *want;

	plan_each(want, &diff->want->grants) {
		have = find_grant(&diff->have->grants, want);
		if (have && needs_another(have, want))
			have = NULL;
		if ((!have || grant_differs(have, want)) &&
		    shrink == (have && want->size < have->size))
			grant_step(diff, have, want);
	}
}

static void load_step(struct diff *diff, const char *module)
{
	struct plan_step *step;

	step = diff_add(diff, PLAN_LOAD, NULL, module, "%s", module);
	step->means = true;
	TEXT(step, want, "loaded");
}

static void load_modules(struct diff *diff)
{
	const struct plan *want = diff->want;

	if (want->switches.nr && !diff->have->emu_loaded)
		load_step(diff, "fabric_emu");
	if (want->regions.nr && !diff->have->cxl_loaded)
		load_step(diff, "fabric_cxl");
	if (diff->have->no_broker && !diff->steps->nr &&
	    (want->ports.nr || want->devices.nr || want->tenants.nr || want->grants.nr))
		load_step(diff, "fabric");
}

void plan_diff(const struct plan *have, const struct plan *want, struct plan_list *steps)
{
	struct diff diff = { .have = have, .want = want, .steps = steps };

	load_modules(&diff);
	remove_grants(&diff);
	remove_tenants(&diff);
	remove_regions(&diff);
	diff_remove_switches(&diff);
	diff_make_switches(&diff);
	make_regions(&diff);
	make_tenants(&diff);
	label_ports(&diff);
	device_steps(&diff, true);
	change_grants(&diff, true);
	change_grants(&diff, false);
	device_steps(&diff, false);
	free(diff.off.items);
	free(diff.lost.items);
}
