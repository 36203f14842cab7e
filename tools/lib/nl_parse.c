// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Objects from the messages of the kernel.
 *
 * Attributes that are not known here are newer than the library and are
 * passed over; one that is too short counts as absent.
 */

#include <errno.h>
#include <stdlib.h>

#include "nl.h"

void parse_attrs(const struct nlattr **tb, unsigned int max, const struct nlattr *first,
		 size_t left)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	for (attr = first; attr_ok(attr, left); attr = attr_next(attr, &left))
		if (attr_type(attr) <= max)
			tb[attr_type(attr)] = attr;
}

static const struct nlattr *attrs_of(const struct nlmsghdr *nlh, size_t *len)
{
	*len = NLMSG_PAYLOAD(nlh, GENL_HDRLEN);
	return (const struct nlattr *)((const char *)nlh + NLMSG_LENGTH(GENL_HDRLEN));
}

int parse_message(const struct nlattr **tb, unsigned int max, const struct nlmsghdr *nlh)
{
	const struct nlattr *first;
	size_t len;

	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	first = attrs_of(nlh, &len);
	parse_attrs(tb, max, first, len);
	return 0;
}

static void get_name(char name[FABRIC_NAME_SIZE], const struct nlattr *attr)
{
	get_string(name, FABRIC_NAME_SIZE, attr);
}

int parse_domain(const struct nlmsghdr *nlh, struct fabric_domain *domain)
{
	const struct nlattr *tb[FABRIC_A_DOMAIN_MAX + 1];

	if (parse_message(tb, FABRIC_A_DOMAIN_MAX, nlh))
		return -EBADMSG;
	domain->id = get_u32(tb[FABRIC_A_DOMAIN_ID], 0);
	domain->ports = get_u32(tb[FABRIC_A_DOMAIN_PORTS], 0);
	domain->devices = get_u32(tb[FABRIC_A_DOMAIN_DEVICES], 0);
	domain->resources = get_u32(tb[FABRIC_A_DOMAIN_RESOURCES], 0);
	get_name(domain->name, tb[FABRIC_A_DOMAIN_NAME]);
	get_name(domain->backend, tb[FABRIC_A_DOMAIN_BACKEND]);
	return 0;
}

int parse_port(const struct nlmsghdr *nlh, struct fabric_port *port)
{
	const struct nlattr *tb[FABRIC_A_PORT_MAX + 1];

	if (parse_message(tb, FABRIC_A_PORT_MAX, nlh))
		return -EBADMSG;
	port->id = get_u32(tb[FABRIC_A_PORT_ID], 0);
	port->domain_id = get_u32(tb[FABRIC_A_PORT_DOMAIN_ID], 0);
	port->parent_id = get_u32(tb[FABRIC_A_PORT_PARENT_ID], 0);
	port->type = get_u32(tb[FABRIC_A_PORT_TYPE], 0);
	port->link = get_u32(tb[FABRIC_A_PORT_LINK], 0);
	port->speed = get_u32(tb[FABRIC_A_PORT_SPEED], 0);
	port->width = get_u32(tb[FABRIC_A_PORT_WIDTH], 0);
	port->binding = get_u32(tb[FABRIC_A_PORT_BINDING], 0);
	get_name(port->name, tb[FABRIC_A_PORT_NAME]);
	get_name(port->host, tb[FABRIC_A_PORT_HOST]);
	return 0;
}

int parse_device(const struct nlmsghdr *nlh, struct fabric_device *device,
		 struct member_store *store)
{
	const struct nlattr *tb[FABRIC_A_DEVICE_MAX + 1], *first, *attr;
	size_t count = 0, left;
	uint32_t *ids;

	if (parse_message(tb, FABRIC_A_DEVICE_MAX, nlh))
		return -EBADMSG;
	device->id = get_u32(tb[FABRIC_A_DEVICE_ID], 0);
	device->domain_id = get_u32(tb[FABRIC_A_DEVICE_DOMAIN_ID], 0);
	device->port_id = get_u32(tb[FABRIC_A_DEVICE_PORT_ID], 0);
	device->type = get_u32(tb[FABRIC_A_DEVICE_TYPE], 0);
	device->health = get_u32(tb[FABRIC_A_DEVICE_HEALTH], 0);
	device->numa_node = get_u32(tb[FABRIC_A_DEVICE_NUMA_NODE], FABRIC_NO_NODE);
	device->serial = get_uint(tb[FABRIC_A_DEVICE_SERIAL], 0);
	device->capacity = get_uint(tb[FABRIC_A_DEVICE_CAPACITY], 0);
	get_name(device->name, tb[FABRIC_A_DEVICE_NAME]);

	first = attrs_of(nlh, &left);
	for (attr = first; attr_ok(attr, left); attr = attr_next(attr, &left)) {
		if (attr_type(attr) != FABRIC_A_DEVICE_MEMBER_ID)
			continue;
		if (count == store->size) {
			ids = reallocarray(store->ids, store->size + 16, sizeof(*ids));
			if (!ids)
				return -ENOMEM;
			store->ids = ids;
			store->size += 16;
		}
		store->ids[count++] = get_u32(attr, 0);
	}
	device->nr_members = count;
	device->members = store->ids;
	return 0;
}

int parse_resource(const struct nlmsghdr *nlh, struct fabric_resource *resource)
{
	const struct nlattr *tb[FABRIC_A_RESOURCE_MAX + 1];

	if (parse_message(tb, FABRIC_A_RESOURCE_MAX, nlh))
		return -EBADMSG;
	resource->id = get_u32(tb[FABRIC_A_RESOURCE_ID], 0);
	resource->domain_id = get_u32(tb[FABRIC_A_RESOURCE_DOMAIN_ID], 0);
	resource->device_id = get_u32(tb[FABRIC_A_RESOURCE_DEVICE_ID], 0);
	resource->kind = get_u32(tb[FABRIC_A_RESOURCE_KIND], 0);
	resource->modes = get_u32(tb[FABRIC_A_RESOURCE_MODES], 0);
	resource->slices = get_u32(tb[FABRIC_A_RESOURCE_SLICES], 0);
	resource->numa_node = get_u32(tb[FABRIC_A_RESOURCE_NUMA_NODE], FABRIC_NO_NODE);
	resource->total = get_uint(tb[FABRIC_A_RESOURCE_TOTAL], 0);
	resource->free = get_uint(tb[FABRIC_A_RESOURCE_FREE], 0);
	resource->reserved = get_uint(tb[FABRIC_A_RESOURCE_RESERVED], 0);
	resource->granted = get_uint(tb[FABRIC_A_RESOURCE_GRANTED], 0);
	resource->quarantined = get_uint(tb[FABRIC_A_RESOURCE_QUARANTINED], 0);
	resource->largest_free = get_uint(tb[FABRIC_A_RESOURCE_LARGEST_FREE], 0);
	resource->granule = get_uint(tb[FABRIC_A_RESOURCE_GRANULE], 0);
	resource->address = get_uint(tb[FABRIC_A_RESOURCE_ADDRESS], FABRIC_NO_ADDRESS);
	get_name(resource->capability, tb[FABRIC_A_RESOURCE_CAPABILITY]);
	return 0;
}

static void fill_slice(const struct nlattr **tb, struct fabric_slice *slice)
{
	slice->next = NULL;
	slice->grant_id = get_u32(tb[FABRIC_A_SLICE_GRANT_ID], 0);
	slice->index = get_u32(tb[FABRIC_A_SLICE_INDEX], 0);
	slice->domain_id = get_u32(tb[FABRIC_A_SLICE_DOMAIN_ID], 0);
	slice->device_id = get_u32(tb[FABRIC_A_SLICE_DEVICE_ID], 0);
	slice->resource_id = get_u32(tb[FABRIC_A_SLICE_RESOURCE_ID], 0);
	slice->state = get_u32(tb[FABRIC_A_SLICE_STATE], 0);
	slice->numa_node = get_u32(tb[FABRIC_A_SLICE_NUMA_NODE], FABRIC_NO_NODE);
	slice->start = get_uint(tb[FABRIC_A_SLICE_START], 0);
	slice->length = get_uint(tb[FABRIC_A_SLICE_LENGTH], 0);
	slice->address = get_uint(tb[FABRIC_A_SLICE_ADDRESS], FABRIC_NO_ADDRESS);
	get_name(slice->node, tb[FABRIC_A_SLICE_NODE]);
}

int parse_slice(const struct nlmsghdr *nlh, struct fabric_slice *slice)
{
	const struct nlattr *tb[FABRIC_A_SLICE_MAX + 1];

	if (parse_message(tb, FABRIC_A_SLICE_MAX, nlh))
		return -EBADMSG;
	fill_slice(tb, slice);
	return 0;
}

static int add_slice(const struct nlattr *nest, size_t count, struct slice_store *store)
{
	const struct nlattr *tb[FABRIC_A_SLICE_MAX + 1];
	struct fabric_slice *slices;

	if (count == store->size) {
		slices = reallocarray(store->slices, store->size + 8, sizeof(*slices));
		if (!slices)
			return -ENOMEM;
		store->slices = slices;
		store->size += 8;
	}
	parse_attrs(tb, FABRIC_A_SLICE_MAX, attr_data(nest), attr_len(nest));
	fill_slice(tb, &store->slices[count]);
	return 0;
}

int parse_grant(const struct nlmsghdr *nlh, struct fabric_grant *grant,
		struct slice_store *store)
{
	const struct nlattr *tb[FABRIC_A_GRANT_MAX + 1] = {}, *first, *attr;
	size_t count = 0, left, i;
	int err = 0;

	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	first = attrs_of(nlh, &left);
	for (attr = first; attr_ok(attr, left); attr = attr_next(attr, &left)) {
		if (attr_type(attr) == FABRIC_A_GRANT_SLICE)
			err = err ? err : add_slice(attr, count++, store);
		else if (attr_type(attr) <= FABRIC_A_GRANT_MAX)
			tb[attr_type(attr)] = attr;
	}
	grant->id = get_u32(tb[FABRIC_A_GRANT_ID], 0);
	grant->kind = get_u32(tb[FABRIC_A_GRANT_KIND], 0);
	grant->mode = get_u32(tb[FABRIC_A_GRANT_MODE], 0);
	grant->state = get_u32(tb[FABRIC_A_GRANT_STATE], 0);
	grant->holder = get_u32(tb[FABRIC_A_GRANT_HOLDER], 0);
	grant->pid = get_u32(tb[FABRIC_A_GRANT_PID], 0);
	grant->uid = get_u32(tb[FABRIC_A_GRANT_UID], 0);
	grant->error = get_u32(tb[FABRIC_A_GRANT_ERROR], 0);
	grant->fd = (int)get_u32(tb[FABRIC_A_GRANT_FD], UINT32_MAX);
	grant->size = get_uint(tb[FABRIC_A_GRANT_SIZE], 0);
	grant->age = get_uint(tb[FABRIC_A_GRANT_AGE], 0);
	get_name(grant->capability, tb[FABRIC_A_GRANT_CAPABILITY]);
	get_name(grant->comm, tb[FABRIC_A_GRANT_COMM]);
	get_name(grant->reason, tb[FABRIC_A_GRANT_REASON]);
	if (err)
		return err;
	/* Only now, since the store may have moved */
	for (i = 0; i < count; i++) {
		store->slices[i].grant_id = grant->id;
		store->slices[i].next = i + 1 < count ? &store->slices[i + 1] : NULL;
	}
	grant->nr_slices = count;
	grant->slices = count ? store->slices : NULL;
	return 0;
}
