// SPDX-License-Identifier: GPL-2.0
/* Steps from one topology of emulated switches to another. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plan_diff.h"

const struct plan_switch *diff_find_switch(const struct plan_list *switches, const char *name)
{
	const struct plan_switch *sw;

	plan_each(sw, switches)
		if (!strcmp(sw->name, name))
			return sw;
	return NULL;
}

static const struct plan_switch_port *find_port(const struct plan_switch *sw, const char *name)
{
	const struct plan_switch_port *port;

	if (sw)
		plan_each(port, &sw->ports)
			if (!strcmp(port->name, name))
				return port;
	return NULL;
}

static const struct plan_switch_device *find_device(const struct plan_switch *sw,
						    const char *name)
{
	const struct plan_switch_device *device;

	if (sw)
		plan_each(device, &sw->devices)
			if (!strcmp(device->name, name))
				return device;
	return NULL;
}

/*
 * The ports hang below the first host that was made. If that is to be another
 * one, all have to be made anew.
 */
static bool hosts_keep_order(const struct plan_switch *have, const struct plan_switch *want)
{
	const char (*host)[FABRIC_NAME_SIZE];

	plan_each(host, &have->hosts)
		if (diff_has_name(&want->hosts, *host))
			return !strcmp(*host, want->hosts.items);
	return true;
}

static bool hosts_differ(const struct plan_switch *have, const struct plan_switch *want)
{
	const char (*host)[FABRIC_NAME_SIZE];

	if (have->hosts.nr != want->hosts.nr || !hosts_keep_order(have, want))
		return true;
	plan_each(host, &have->hosts)
		if (!diff_has_name(&want->hosts, *host))
			return true;
	return false;
}

static bool port_differs(const struct plan_switch_port *have, const struct plan_switch_port *want)
{
	return have->speed != want->speed || have->width != want->width;
}

/* Whether it goes live with something else */
static bool boot_differs(const struct plan_switch_port *have, const struct plan_switch_port *want)
{
	return strcmp(have->boot_host, want->boot_host) || have->boot_link != want->boot_link;
}

static bool device_differs(const struct plan_switch_device *have,
			   const struct plan_switch_device *want)
{
	return strcmp(have->port, want->port) || have->size != want->size ||
	       have->granule != want->granule || have->serial != want->serial ||
	       have->numa_node != want->numa_node;
}

/* A size that was set stays set. */
static bool device_is_made_anew(const struct plan_switch_device *have,
				const struct plan_switch_device *want)
{
	return have->size && !want->size;
}

/* Of what is frozen while the switch is live */
static bool topology_differs(const struct plan_switch *have, const struct plan_switch *want)
{
	const struct plan_switch_device *device, *old_device;
	const struct plan_switch_port *port, *old_port;

	if (hosts_differ(have, want) || have->ports.nr != want->ports.nr ||
	    have->devices.nr != want->devices.nr)
		return true;
	plan_each(port, &want->ports) {
		old_port = find_port(have, port->name);
		if (!old_port || port_differs(old_port, port))
			return true;
	}
	plan_each(device, &want->devices) {
		old_device = find_device(have, device->name);
		if (!old_device || device_differs(old_device, device))
			return true;
	}
	return false;
}

static void switch_text(char *text, size_t size, const struct plan_switch *sw)
{
	diff_append(text, size, "%s, %zu hosts, %zu ports, %zu devices",
		    sw->live ? "live" : "not live", sw->hosts.nr, sw->ports.nr, sw->devices.nr);
}

static const char *link_name(uint32_t link)
{
	const char *name = fabric_enum_name(FABRIC_ENUM_LINK, link);

	return name ? name : "unknown";
}

static void port_step(struct diff *diff, const struct plan_switch *sw,
		      const struct plan_switch_port *have, const struct plan_switch_port *want,
		      bool means)
{
	struct plan_step *step;

	step = diff_add(diff, PLAN_SWITCH_PORT, have, want, "%s/%s", sw->name,
			want ? want->name : have->name);
	step->sw = sw->name;
	step->means = means;
	diff_string(step, "host", have ? have->boot_host : "", want ? want->boot_host : "");
	diff_string(step, "link", have ? link_name(have->boot_link) : "",
		    want ? link_name(want->boot_link) : "");
	diff_number(step, "speed", have ? have->speed : 0, want ? want->speed : 0);
	diff_number(step, "width", have ? have->width : 0, want ? want->width : 0);
}

static const char *node_text(const struct plan_switch_device *device, char text[16])
{
	*text = '\0';
	if (device && device->numa_node != FABRIC_NO_NODE)
		snprintf(text, 16, "%" PRIu32, device->numa_node);
	return text;
}

static void device_step(struct diff *diff, const struct plan_switch *sw,
			const struct plan_switch_device *have,
			const struct plan_switch_device *want, bool means)
{
	struct plan_step *step;
	char nodes[2][16];

	step = diff_add(diff, PLAN_SWITCH_DEVICE, have, want, "%s/%s", sw->name,
			want ? want->name : have->name);
	step->sw = sw->name;
	step->means = means;
	diff_string(step, "port", have ? have->port : "", want ? want->port : "");
	diff_number(step, "size", have ? have->size : 0, want ? want->size : 0);
	diff_number(step, "granule", have ? have->granule : 0, want ? want->granule : 0);
	diff_number(step, "serial", have ? have->serial : 0, want ? want->serial : 0);
	diff_string(step, "numa-node", node_text(have, nodes[0]), node_text(want, nodes[1]));
}

static void host_step(struct diff *diff, const struct plan_switch *sw, const char *have,
		      const char *want, bool means)
{
	struct plan_step *step;

	step = diff_add(diff, PLAN_HOST, have, want, "%s/%s", sw->name, want ? want : have);
	step->sw = sw->name;
	step->means = means;
	if (have)
		TEXT(step, have, "there");
	else
		TEXT(step, want, "there");
}

static void live_step(struct diff *diff, const struct plan_switch *have,
		      const struct plan_switch *want, bool live, bool means)
{
	const struct plan_switch *sw = want ? want : have;
	struct plan_step *step;

	/* The side that is live is not NULL. */
	step = diff_add(diff, PLAN_LIVE, live ? NULL : have, live ? want : NULL, "%s", sw->name);
	step->sw = sw->name;
	step->means = means;
	TEXT(step, have, "%s", live ? "not live" : "live");
	TEXT(step, want, "%s", live ? "live" : "not live");
	if (!live)
		memcpy(plan_add(&diff->off, FABRIC_NAME_SIZE), have->name, FABRIC_NAME_SIZE);
}

static void remove_switch(struct diff *diff, const struct plan_switch *have)
{
	const struct plan_switch_device *device;
	const struct plan_switch_port *port;
	struct plan_step *step;
	const char (*host)[FABRIC_NAME_SIZE];

	if (have->live)
		live_step(diff, have, NULL, false, true);
	plan_each(device, &have->devices)
		device_step(diff, have, device, NULL, true);
	plan_each(port, &have->ports)
		port_step(diff, have, port, NULL, true);
	plan_each(host, &have->hosts)
		host_step(diff, have, *host, NULL, true);
	step = diff_add(diff, PLAN_SWITCH, have, NULL, "%s", have->name);
	step->sw = have->name;
	switch_text(step->have_text, sizeof(step->have_text), have);
}

static void remove_parts(struct diff *diff, const struct plan_switch *have,
			 const struct plan_switch *want)
{
	const bool keep_hosts = hosts_keep_order(have, want);
	const struct plan_switch_device *device, *new_device;
	const struct plan_switch_port *port;
	const char (*host)[FABRIC_NAME_SIZE];

	plan_each(device, &have->devices) {
		new_device = find_device(want, device->name);
		if (!new_device || device_is_made_anew(device, new_device))
			device_step(diff, have, device, NULL, new_device);
	}
	plan_each(port, &have->ports)
		if (!find_port(want, port->name))
			port_step(diff, have, port, NULL, false);
	plan_each(host, &have->hosts)
		if (!keep_hosts || !diff_has_name(&want->hosts, *host))
			host_step(diff, have, *host, NULL, false);
}

static void make_parts(struct diff *diff, const struct plan_switch *have,
		       const struct plan_switch *want)
{
	const bool keep_hosts = have && hosts_keep_order(have, want);
	const struct plan_switch_device *device, *old_device;
	const struct plan_switch_port *port, *old_port;
	const char (*host)[FABRIC_NAME_SIZE];

	plan_each(host, &want->hosts)
		if (!keep_hosts || !diff_has_name(&have->hosts, *host))
			host_step(diff, want, NULL, *host, !have);
	plan_each(port, &want->ports) {
		old_port = find_port(have, port->name);
		if (!old_port || port_differs(old_port, port) || boot_differs(old_port, port))
			port_step(diff, want, old_port, port,
				  !have || (old_port && !port_differs(old_port, port) &&
					    !strcmp(old_port->host, port->host) &&
					    old_port->link == port->link));
	}
	plan_each(device, &want->devices) {
		old_device = find_device(have, device->name);
		if (old_device && device_is_made_anew(old_device, device))
			old_device = NULL;
		if (!old_device || device_differs(old_device, device))
			device_step(diff, want, old_device, device, !have);
	}
}

static void port_state_steps(struct diff *diff, const struct plan_switch *have,
			     const struct plan_switch *want)
{
	const struct plan_switch_port *port, *old;
	struct plan_step *step;

	plan_each(port, &want->ports) {
		old = find_port(have, port->name);
		if (strcmp(old->host, port->host) || old->error) {
			step = diff_add(diff, PLAN_BIND, old, port, "%s/%s", want->name,
					port->name);
			step->sw = want->name;
			TEXT(step, have, "%s", old->error ? "error" : *old->host ? old->host :
			     "none");
			TEXT(step, want, "%s", *port->host ? port->host : "none");
		}
		if (old->link != port->link) {
			step = diff_add(diff, PLAN_LINK, old, port, "%s/%s", want->name,
					port->name);
			step->sw = want->name;
			TEXT(step, have, "%s", link_name(old->link));
			TEXT(step, want, "%s", link_name(port->link));
		}
	}
}

static void switch_steps(struct diff *diff, const struct plan_switch *have,
			 const struct plan_switch *want)
{
	const bool was_live = have && have->live;
	struct plan_step *step;

	if (was_live && want->live && !topology_differs(have, want)) {
		port_state_steps(diff, have, want);
		return;
	}
	if (!have) {
		step = diff_add(diff, PLAN_SWITCH, NULL, want, "%s", want->name);
		step->sw = want->name;
		switch_text(step->want_text, sizeof(step->want_text), want);
	}
	if (was_live)
		live_step(diff, have, want, false, want->live);
	if (have)
		remove_parts(diff, have, want);
	make_parts(diff, have, want);
	if (want->live)
		live_step(diff, have, want, true, !have || was_live);
}

void diff_remove_switches(struct diff *diff)
{
	const struct plan_switch *sw;

	if (!diff->want->switches.given)
		return;
	plan_each(sw, &diff->have->switches)
		if (!diff_find_switch(&diff->want->switches, sw->name))
			remove_switch(diff, sw);
}

void diff_make_switches(struct diff *diff)
{
	const struct plan_switch *sw;

	plan_each(sw, &diff->want->switches)
		switch_steps(diff, diff_find_switch(&diff->have->switches, sw->name), sw);
}
