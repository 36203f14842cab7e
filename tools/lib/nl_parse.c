// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structs from the messages of the kernel, by tables of fields.
 *
 * Attributes that are not known here are newer than the library and are
 * passed over; one that is too short counts as absent.
 */

#include <errno.h>
#include <stdlib.h>

#include "nl.h"

void parse_attrs(struct attrs *attrs, const struct nlattr *first, size_t left)
{
	const struct nlattr *attr;

	memset(attrs, 0, sizeof(*attrs));
	attrs->first = first;
	attrs->len = left;
	for (attr = first; attr_ok(attr, left); attr = attr_next(attr, &left))
		if (attr_type(attr) <= ATTRS_MAX)
			attrs->tb[attr_type(attr)] = attr;
}

int parse_message(struct attrs *attrs, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	parse_attrs(attrs, (const struct nlattr *)((const char *)nlh + NLMSG_LENGTH(GENL_HDRLEN)),
		    NLMSG_PAYLOAD(nlh, GENL_HDRLEN));
	return 0;
}

void get_string(char *string, size_t size, const struct nlattr *attr)
{
	size_t len = attr ? strnlen(attr_data(attr), attr_len(attr)) : 0;

	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(string, attr_data(attr), len);
	string[len] = '\0';
}

void fill(const struct attrs *attrs, const struct field *fields, size_t nr_fields, void *object)
{
	const struct field *field;
	const struct nlattr *attr;
	uint64_t value;
	uint32_t half;
	char *to;

	for (field = fields; field < fields + nr_fields; field++) {
		attr = attrs->tb[field->attr];
		to = (char *)object + field->offset;
		if (field->string) {
			get_string(to, field->size, attr);
			continue;
		}
		value = get_uint(attr, field->or_max ? UINT64_MAX : 0);
		half = value;
		switch (field->size) {
		case sizeof(bool):
			*(bool *)to = value;
			break;
		case sizeof(half):
			memcpy(to, &half, sizeof(half));
			break;
		case sizeof(value):
			memcpy(to, &value, sizeof(value));
			break;
		}
	}
}

/* Item n of a list, for which all before it were asked for; NULL without memory */
static void *store_at(struct store *store, size_t n, size_t item_size)
{
	size_t size = store->size;
	char *items;

	if ((n + 1) * item_size > size) {
		size = 2 * size > (n + 8) * item_size ? 2 * size : (n + 8) * item_size;
		items = realloc(store->items, size);
		if (!items)
			return NULL;
		store->items = items;
		store->size = size;
	}
	return store->items + n * item_size;
}

/* Only when the list is complete, since the store may have moved */
static void store_link(const struct store *store, size_t count, size_t item_size)
{
	const void *next;
	size_t i;

	for (i = 0; i < count; i++) {
		next = i + 1 < count ? store->items + (i + 1) * item_size : NULL;
		memcpy(store->items + i * item_size, &next, sizeof(next));
	}
}

int get_nests(const struct attrs *from, const struct nests *nests, struct store *store,
	      uint32_t *count)
{
	const struct nlattr *attr;
	size_t left = from->len;
	struct attrs attrs;
	void *object;

	*count = 0;
	for (attr = from->first; attr_ok(attr, left); attr = attr_next(attr, &left)) {
		if (attr_type(attr) != nests->attr)
			continue;
		object = store_at(store, *count, nests->size);
		if (!object)
			return -ENOMEM;
		parse_attrs(&attrs, attr_data(attr), attr_len(attr));
		fill(&attrs, nests->fields, nests->nr_fields, object);
		++*count;
	}
	store_link(store, *count, nests->size);
	return 0;
}

int get_numbers(const struct attrs *from, unsigned int type, struct store *store, uint32_t *count)
{
	const struct nlattr *attr;
	size_t left = from->len;
	uint32_t *number;

	*count = 0;
	for (attr = from->first; attr_ok(attr, left); attr = attr_next(attr, &left)) {
		if (attr_type(attr) != type)
			continue;
		number = store_at(store, *count, sizeof(*number));
		if (!number)
			return -ENOMEM;
		*number = get_u32(attr, 0);
		++*count;
	}
	return 0;
}

int get_strings(const struct attrs *from, unsigned int type, struct store *pointers,
		struct store *text, uint32_t *count)
{
	const struct nlattr *attr;
	const char **pointer;
	size_t left = from->len;
	char *string;
	uint32_t i;

	*count = 0;
	for (attr = from->first; attr_ok(attr, left); attr = attr_next(attr, &left)) {
		if (attr_type(attr) != type)
			continue;
		string = store_at(text, *count, FABRIC_NAME_SIZE);
		pointer = store_at(pointers, *count, sizeof(*pointer));
		if (!string || !pointer)
			return -ENOMEM;
		get_string(string, FABRIC_NAME_SIZE, attr);
		++*count;
	}
	pointer = (const char **)pointers->items;
	for (i = 0; i < *count; i++)
		pointer[i] = text->items + i * FABRIC_NAME_SIZE;
	return 0;
}

void box_free(struct box *box)
{
	unsigned int i;

	for (i = 0; i < LISTS_MAX; i++)
		free(box->lists[i].items);
}
