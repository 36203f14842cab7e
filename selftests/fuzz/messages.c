// SPDX-License-Identifier: GPL-2.0
/*
 * The library reads what the kernel sends: whatever that is, it harms nothing, an
 * error is a negative errno, and what is handed out is whole.
 *
 * The first byte says which call it is; all other bytes are what the kernel answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fabricbroker.h>

#include "kernel_end.h"

#define CALLS_MAX	8

#define check(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "messages.c:%d: %s\n", __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

#define check_text(text) check(memchr(text, 0, sizeof(text)))

/* A list of structs is as long as is said, and each is readable to its end. */
static void check_list(const void *first, uint32_t count, size_t size)
{
	unsigned char object[512];
	const void *next;

	check(size <= sizeof(object));
	for (; first; first = next, count--) {
		memcpy(object, first, size);
		memcpy(&next, object, sizeof(next));
		check(count);
	}
	check(!count);
}

static void check_numbers(const uint32_t *numbers, uint32_t count)
{
	uint32_t sum = 0;

	while (count--)
		sum += numbers[count];
	__asm__("" : : "r" (sum));
}

static void check_texts(const char *const *texts, uint32_t count)
{
	while (count--)
		check(strlen(texts[count]) < FABRIC_NAME_SIZE);
}

static int see_domain(const struct fabric_domain *domain, void *data)
{
	check_text(domain->name);
	check_text(domain->backend);
	return 0;
}

static void see_pci(const struct fabric_pci *pci)
{
	if (!pci)
		return;
	check_text(pci->host_use);
	check_list(pci->bars, pci->nr_bars, sizeof(*pci->bars));
	check_texts(pci->group_members, pci->nr_group_members);
}

static int see_port(const struct fabric_port *port, void *data)
{
	check_text(port->name);
	check_texts(port->labels, port->nr_labels);
	see_pci(port->pci);
	return 0;
}

static int see_device(const struct fabric_device *device, void *data)
{
	check_text(device->name);
	check_numbers(device->members, device->nr_members);
	check_texts(device->labels, device->nr_labels);
	see_pci(device->pci);
	return 0;
}

static int see_resource(const struct fabric_resource *resource, void *data)
{
	check_text(resource->capability);
	return 0;
}

static int see_slice(const struct fabric_slice *slice, void *data)
{
	check_text(slice->node);
	return 0;
}

static int see_grant(const struct fabric_grant *grant, void *data)
{
	check_text(grant->comm);
	check_text(grant->reason);
	check_list(grant->slices, grant->nr_slices, sizeof(*grant->slices));
	check_list(grant->taken, grant->nr_taken, sizeof(*grant->taken));
	if (grant->notice)
		check_text(grant->notice->reason);
	return 0;
}

static int see_tenant(const struct fabric_tenant *tenant, void *data)
{
	check_text(tenant->name);
	check_list(tenant->quotas, tenant->nr_quotas, sizeof(*tenant->quotas));
	check_list(tenant->members, tenant->nr_members, sizeof(*tenant->members));
	return 0;
}

static int see_entry(const struct fabric_log_entry *entry, void *data)
{
	check_text(entry->reason);
	return 0;
}

static int see_stats(const struct fabric_stats *stats)
{
	check_list(stats->refusals, stats->nr_refusals, sizeof(*stats->refusals));
	check_list(stats->waits, stats->nr_waits, sizeof(*stats->waits));
	return 0;
}

static int see_fm(const struct fabric_fm *fm)
{
	check_text(fm->component);
	check_numbers(fm->active_ports, fm->nr_active_ports);
	check_numbers(fm->active_vcss, fm->nr_active_vcss);
	return 0;
}

static int see_fm_port(const struct fabric_fm_port *port, void *data)
{
	check_numbers(port->speeds, port->nr_speeds);
	return 0;
}

static int see_fm_vcs(const struct fabric_fm_vcs *vcs, void *data)
{
	check_text(vcs->host);
	check_list(vcs->vppbs, vcs->nr_vppbs, sizeof(*vcs->vppbs));
	return 0;
}

static int see_fm_command(const struct fabric_fm_command *command, void *data)
{
	check_text(command->name);
	return 0;
}

static int see_change(const struct fabric_change *change)
{
	if (change->domain)
		see_domain(change->domain, NULL);
	if (change->port)
		see_port(change->port, NULL);
	if (change->device)
		see_device(change->device, NULL);
	if (change->resource)
		see_resource(change->resource, NULL);
	if (change->grant)
		see_grant(change->grant, NULL);
	if (change->tenant)
		see_tenant(change->tenant, NULL);
	return 0;
}

static int hear(struct fabric_ctx *ctx)
{
	const struct fabric_change *change;
	struct fabric_events *events;
	int err;

	err = fabric_events_open(ctx, FABRIC_EVENTS_ALL, &events);
	if (err)
		return err;
	while (!(err = fabric_events_next(events, &change)))
		see_change(change);
	fabric_events_close(events);
	return err;
}

/* A negative number is what the kernel says that the descriptor is. */
static int open_grant(struct fabric_ctx *ctx)
{
	fabric_grant_open(ctx, 1);
	return 0;
}

enum call {
	DOMAINS, PORTS, DEVICES, RESOURCES, SLICES, GRANTS, TENANTS, LOG, FM_PORTS, FM_VCSS,
	FM_COMMANDS, STATS, FM, PORT, DEVICE, NEW, READ, WAIT, OPEN, FIND, EVENTS,
	CALLS
};

static int make(struct fabric_ctx *ctx, enum call call)
{
	const struct fabric_device *device;
	const struct fabric_tenant *tenant;
	const struct fabric_stats *stats;
	const struct fabric_grant *grant;
	const struct fabric_port *port;
	struct fabric_grant_req req;
	const struct fabric_fm *fm;
	int err;

	switch (call) {
	case DOMAINS:
		return fabric_domain_list(ctx, see_domain, NULL);
	case PORTS:
		return fabric_port_list(ctx, 0, see_port, NULL);
	case DEVICES:
		return fabric_device_list(ctx, 0, see_device, NULL);
	case RESOURCES:
		return fabric_resource_list(ctx, 0, 0, see_resource, NULL);
	case SLICES:
		return fabric_slice_list(ctx, 0, 0, see_slice, NULL);
	case GRANTS:
		return fabric_grant_list(ctx, see_grant, NULL);
	case TENANTS:
		return fabric_tenant_list(ctx, see_tenant, NULL);
	case LOG:
		return fabric_log_list(ctx, 0, see_entry, NULL);
	case FM_PORTS:
		return fabric_fm_port_list(ctx, 1, see_fm_port, NULL);
	case FM_VCSS:
		return fabric_fm_vcs_list(ctx, 1, see_fm_vcs, NULL);
	case FM_COMMANDS:
		return fabric_fm_command_list(ctx, 1, 1, see_fm_command, NULL);
	case STATS:
		err = fabric_stats_get(ctx, &stats);
		return err ?: see_stats(stats);
	case FM:
		err = fabric_fm_get(ctx, 1, 1, &fm);
		return err ?: see_fm(fm);
	case PORT:
		err = fabric_port_bind(ctx, 1, "host", &port);
		return err ?: see_port(port, NULL);
	case DEVICE:
		err = fabric_region_take(ctx, 1, "region", &device);
		return err ?: see_device(device, NULL);
	case NEW:
		fabric_grant_req_init(&req);
		req.kind = FABRIC_KIND_MEMORY;
		req.size = 1;
		err = fabric_grant_new(ctx, &req, &grant);
		return err ?: see_grant(grant, NULL);
	case READ:
		err = fabric_grant_read(ctx, 1, &grant);
		return err ?: see_grant(grant, NULL);
	case WAIT:
		err = fabric_grant_wait(ctx, 1, -1, &grant);
		return err ?: see_grant(grant, NULL);
	case OPEN:
		return open_grant(ctx);
	case FIND:
		err = fabric_tenant_find(ctx, "name", &tenant);
		return err ?: see_tenant(tenant, NULL);
	case EVENTS:
		return hear(ctx);
	case CALLS:
		break;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fabric_ctx *ctx;
	unsigned int i;
	int err;

	if (!len)
		return -1;
	kernel_answers(bytes + 1, len - 1);
	check(!fabric_open(&ctx));
	/* What a call leaves behind is what the next one finds. */
	for (i = 0; i < CALLS_MAX && kernel_has_more(); i++) {
		err = make(ctx, bytes[0] % CALLS);
		check(err <= 0);
		check(*fabric_strerror(err));
		check(strlen(fabric_error(ctx)) < 512);
		check(strlen(fabric_warning(ctx)) < 256);
	}
	fabric_close(ctx);
	return 0;
}
