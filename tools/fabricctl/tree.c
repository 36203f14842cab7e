// SPDX-License-Identifier: GPL-2.0
/* The topology with what is free and granted, for people. */

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabricctl.h"

#define BAR_CELLS	24
#define PREFIX_SIZE	256

struct glyphs {
	const char *branch;
	const char *last;
	const char *through;
	const char *blank;
	const char *free;
	const char *granted;
	const char *reserved;
	const char *quarantined;
	const char *withheld;
};

static const struct glyphs ascii = {
	"|- ", "`- ", "|  ", "   ", ".", "#", "+", "!", "x",
};

static const struct glyphs unicode = {
	"├─ ", "└─ ", "│  ", "   ", "░", "█", "▓", "▒", "×",
};

struct inventory {
	struct fabric_domain *domains;
	struct fabric_port *ports;
	struct fabric_device *devices;
	struct fabric_resource *resources;
	size_t nr_domains;
	size_t nr_ports;
	size_t nr_devices;
	size_t nr_resources;
};

static int append(void *array, size_t *count, const void *object, size_t size)
{
	void **objects = array;
	void *new = *objects;

	/* Grows when the count is a power of two */
	if (!(*count & (*count - 1))) {
		new = reallocarray(new, *count ? 2 * *count : 1, size);
		if (!new)
			return -ENOMEM;
		*objects = new;
	}
	memcpy((char *)new + *count * size, object, size);
	++*count;
	return 0;
}

static int domain_cb(const struct fabric_domain *domain, void *data)
{
	struct inventory *inv = data;

	return append(&inv->domains, &inv->nr_domains, domain, sizeof(*domain));
}

static int port_cb(const struct fabric_port *port, void *data)
{
	struct inventory *inv = data;
	struct fabric_port copy = *port;

	copy.labels = labels_copy(port->labels, port->nr_labels);
	copy.pci = pci_copy(port->pci);
	if (!copy.labels || (port->pci && !copy.pci))
		return -ENOMEM;
	return append(&inv->ports, &inv->nr_ports, &copy, sizeof(copy));
}

static int device_cb(const struct fabric_device *device, void *data)
{
	struct inventory *inv = data;
	struct fabric_device copy = *device;
	uint32_t *members;
	int err;

	members = calloc(device->nr_members + 1, sizeof(*members));
	if (!members)
		return -ENOMEM;
	if (device->nr_members)
		memcpy(members, device->members, device->nr_members * sizeof(*members));
	copy.members = members;
	copy.labels = labels_copy(device->labels, device->nr_labels);
	copy.pci = pci_copy(device->pci);
	err = copy.labels && (!device->pci || copy.pci) ?
	      append(&inv->devices, &inv->nr_devices, &copy, sizeof(copy)) : -ENOMEM;
	if (err) {
		pci_free(copy.pci);
		free((void *)copy.labels);
		free(members);
	}
	return err;
}

static int resource_cb(const struct fabric_resource *resource, void *data)
{
	struct inventory *inv = data;

	return append(&inv->resources, &inv->nr_resources, resource, sizeof(*resource));
}

static int inventory_get(struct ctl *ctl, struct inventory *inv)
{
	int err;

	memset(inv, 0, sizeof(*inv));
	err = fabric_domain_list(ctl->ctx, domain_cb, inv);
	if (!err)
		err = fabric_port_list(ctl->ctx, 0, port_cb, inv);
	if (!err)
		err = fabric_device_list(ctl->ctx, 0, device_cb, inv);
	if (!err)
		err = fabric_resource_list(ctl->ctx, 0, 0, resource_cb, inv);
	return err;
}

static void inventory_put(struct inventory *inv)
{
	size_t i;

	for (i = 0; i < inv->nr_ports; i++) {
		free((void *)inv->ports[i].labels);
		pci_free(inv->ports[i].pci);
	}
	for (i = 0; i < inv->nr_devices; i++) {
		free((void *)inv->devices[i].members);
		free((void *)inv->devices[i].labels);
		pci_free(inv->devices[i].pci);
	}
	free(inv->domains);
	free(inv->ports);
	free(inv->devices);
	free(inv->resources);
}

/* Drawing: each line knows the prefix of its level, and whether it is the last there */

struct tree {
	const struct inventory *inv;
	const struct glyphs *glyphs;
};

static void deeper(const struct tree *tree, const char *prefix, bool last, char next[PREFIX_SIZE])
{
	snprintf(next, PREFIX_SIZE, "%s%s", prefix,
		 last ? tree->glyphs->blank : tree->glyphs->through);
}

static void begin_line(const struct tree *tree, const char *prefix, bool last)
{
	printf("%s%s", prefix, last ? tree->glyphs->last : tree->glyphs->branch);
}

/* Whatever is not nothing gets a cell, and all that exists gets one together. */
static unsigned int cells_of(uint64_t part, uint64_t total, unsigned int left)
{
	unsigned int cells;

	if (!part)
		return 0;
	cells = (double)part / total * BAR_CELLS + 0.5;
	if (!cells)
		cells = 1;
	return cells < left ? cells : left;
}

static void draw_cells(const char *glyph, unsigned int cells)
{
	while (cells--)
		fputs(glyph, stdout);
}

static void draw_bar(const struct glyphs *glyphs, const struct fabric_resource *resource)
{
	unsigned int granted, reserved, quarantined, withheld, left = BAR_CELLS;

	withheld = cells_of(resource->withheld, resource->total, left);
	left -= withheld;
	quarantined = cells_of(resource->quarantined, resource->total, left);
	left -= quarantined;
	reserved = cells_of(resource->reserved, resource->total, left);
	left -= reserved;
	granted = cells_of(resource->granted, resource->total, left);
	if (granted && granted == left && resource->free)
		granted--;
	left -= granted;
	putchar('[');
	draw_cells(glyphs->granted, granted);
	draw_cells(glyphs->reserved, reserved);
	draw_cells(glyphs->quarantined, quarantined);
	draw_cells(glyphs->withheld, withheld);
	draw_cells(glyphs->free, left);
	putchar(']');
}

static void draw_part(enum fabric_kind kind, uint64_t amount, const char *what)
{
	char text[32];

	if (!amount)
		return;
	amount_format(kind, amount, text);
	printf("  %s %s", text, what);
}

static void draw_resource(const struct tree *tree, const struct fabric_resource *resource,
			  const char *prefix, bool last)
{
	char total[32], free[32];

	begin_line(tree, prefix, last);
	printf("resource %u %s ", resource->id, resource->kind == FABRIC_KIND_BANDWIDTH ?
	       "bandwidth" : resource->capability);
	draw_bar(tree->glyphs, resource);
	amount_format(resource->kind, resource->total, total);
	amount_format(resource->kind, resource->free, free);
	printf(" %s free of %s", free, total);
	draw_part(resource->kind, resource->granted, "granted");
	draw_part(resource->kind, resource->reserved, "reserved");
	draw_part(resource->kind, resource->quarantined, "quarantined");
	draw_part(resource->kind, resource->withheld, "withheld");
	putchar('\n');
}

static const char *device_name(const struct tree *tree, uint32_t id)
{
	size_t i;

	for (i = 0; i < tree->inv->nr_devices; i++)
		if (tree->inv->devices[i].id == id)
			return tree->inv->devices[i].name;
	return "?";
}

static void draw_labels(const char *const *labels, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		printf("  %s", labels[i]);
}

static void draw_device(const struct tree *tree, const struct fabric_device *device,
			const char *prefix, bool last)
{
	const struct inventory *inv = tree->inv;
	char next[PREFIX_SIZE], size[32];
	size_t left = 0, i;
	uint32_t m;

	begin_line(tree, prefix, last);
	printf("device %u %s", device->id, device->name);
	if (device->capacity) {
		size_format(device->capacity, size);
		printf("  %s", size);
	}
	if (device->type == FABRIC_DEVICE_TYPE_REGION)
		printf("  region");
	for (m = 0; m < device->nr_members; m++)
		printf("%s%s", m ? ", " : " over ", device_name(tree, device->members[m]));
	if (device->numa_node != FABRIC_NO_NODE)
		printf("  node %u", device->numa_node);
	if (device->pci)
		pci_draw(device->pci);
	if (device->health != FABRIC_HEALTH_OK)
		printf("  %s", fabric_enum_name(FABRIC_ENUM_HEALTH, device->health) ?: "?");
	if (device->admin_state > FABRIC_ADMIN_STATE_ENABLED)
		printf("  %s",
		       fabric_enum_name(FABRIC_ENUM_ADMIN_STATE, device->admin_state) ?: "?");
	draw_labels(device->labels, device->nr_labels);
	putchar('\n');

	deeper(tree, prefix, last, next);
	for (i = 0; i < inv->nr_resources; i++)
		left += inv->resources[i].device_id == device->id;
	for (i = 0; i < inv->nr_resources; i++)
		if (inv->resources[i].device_id == device->id)
			draw_resource(tree, &inv->resources[i], next, !--left);
}

static void draw_children(const struct tree *tree, uint32_t domain_id, uint32_t port_id,
			  const char *prefix);

static void draw_port(const struct tree *tree, const struct fabric_port *port,
		      const char *prefix, bool last)
{
	char next[PREFIX_SIZE];

	begin_line(tree, prefix, last);
	printf("port %u %s  %s  link %s", port->id, port->name,
	       fabric_enum_name(FABRIC_ENUM_PORT_TYPE, port->type) ?: "?",
	       fabric_enum_name(FABRIC_ENUM_LINK, port->link) ?: "?");
	if (port->speed)
		printf(" %g GT/s", port->speed / 1000.0);
	if (port->width)
		printf(" x%u", port->width);
	if (port->binding)
		printf("  %s", fabric_enum_name(FABRIC_ENUM_BINDING, port->binding) ?: "?");
	if (*port->host)
		printf(" to %s", port->host);
	draw_labels(port->labels, port->nr_labels);
	putchar('\n');
	deeper(tree, prefix, last, next);
	draw_children(tree, port->domain_id, port->id, next);
}

/* What hangs below a port, or with port 0 at the top of a domain */
static void draw_children(const struct tree *tree, uint32_t domain_id, uint32_t port_id,
			  const char *prefix)
{
	const struct inventory *inv = tree->inv;
	const struct fabric_resource *resource;
	const struct fabric_device *device;
	const struct fabric_port *port;
	size_t left = 0;

	/* A port that is its own ancestor would be our kernel's bug, and end us. */
	if (strlen(prefix) > PREFIX_SIZE - 16)
		return;
	for (resource = inv->resources; resource < inv->resources + inv->nr_resources; resource++)
		left += port_id && resource->port_id == port_id;
	for (port = inv->ports; port < inv->ports + inv->nr_ports; port++)
		left += port->domain_id == domain_id && port->parent_id == port_id;
	for (device = inv->devices; device < inv->devices + inv->nr_devices; device++)
		left += device->domain_id == domain_id && device->port_id == port_id;
	for (resource = inv->resources; resource < inv->resources + inv->nr_resources; resource++)
		if (port_id && resource->port_id == port_id)
			draw_resource(tree, resource, prefix, !--left);
	for (port = inv->ports; port < inv->ports + inv->nr_ports; port++)
		if (port->domain_id == domain_id && port->parent_id == port_id)
			draw_port(tree, port, prefix, !--left);
	for (device = inv->devices; device < inv->devices + inv->nr_devices; device++)
		if (device->domain_id == domain_id && device->port_id == port_id)
			draw_device(tree, device, prefix, !--left);
}

static void draw(const struct inventory *inv)
{
	const struct glyphs *glyphs = strcmp(nl_langinfo(CODESET), "UTF-8") ? &ascii : &unicode;
	const struct tree tree = { inv, glyphs };
	size_t i;

	for (i = 0; i < inv->nr_domains; i++) {
		printf("domain %u %s (%s)\n", inv->domains[i].id, inv->domains[i].name,
		       inv->domains[i].backend);
		draw_children(&tree, inv->domains[i].id, 0, "");
	}
	if (inv->nr_resources)
		printf("[%s granted  %s reserved  %s quarantined  %s withheld  %s free]\n",
		       glyphs->granted, glyphs->reserved, glyphs->quarantined, glyphs->withheld,
		       glyphs->free);
}

static void tree_out(struct out *out, const struct inventory *inv)
{
	size_t i;

	out_begin(out);
	out_list_begin(out, "domains");
	for (i = 0; i < inv->nr_domains; i++)
		domain_out(out, &inv->domains[i]);
	out_list_end(out);
	out_list_begin(out, "ports");
	for (i = 0; i < inv->nr_ports; i++)
		port_out(out, &inv->ports[i]);
	out_list_end(out);
	out_list_begin(out, "devices");
	for (i = 0; i < inv->nr_devices; i++)
		device_out(out, &inv->devices[i]);
	out_list_end(out);
	out_list_begin(out, "resources");
	for (i = 0; i < inv->nr_resources; i++)
		resource_out(out, &inv->resources[i]);
	out_list_end(out);
	out_end(out);
}

static int tree_run(struct ctl *ctl, const struct args *args)
{
	struct inventory inv;
	int err;

	(void)args;
	err = inventory_get(ctl, &inv);
	/* The one command with two outputs: a drawing has no fields. */
	if (!err && ctl->out->json)
		tree_out(ctl->out, &inv);
	else if (!err)
		draw(&inv);
	inventory_put(&inv);
	return err;
}

static const struct cmd cmds[] = {
	{ NULL, "Draw domains, ports, devices and resources with what is free and granted",
	  NULL, 0, .run = tree_run },
};

const struct object tree_object = {
	"tree", "the topology with free and granted capacity", cmds, ARRAY_SIZE(cmds),
};
