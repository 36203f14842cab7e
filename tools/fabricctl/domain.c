// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "fabricctl.h"

void domain_out(struct out *out, const struct fabric_domain *domain)
{
	out_item_begin(out, "domain %u", domain->id);
	out_id(out, "id", domain->id);
	out_string(out, "name", domain->name);
	out_string(out, "backend", domain->backend);
	out_u32(out, "ports", domain->ports);
	out_u32(out, "devices", domain->devices);
	out_u32(out, "resources", domain->resources);
	out_item_end(out);
}

struct find {
	const char *name;
	uint32_t id;
};

static int find_cb(const struct fabric_domain *domain, void *data)
{
	struct find *find = data;

	if (!strcmp(domain->name, find->name))
		find->id = domain->id;
	return 0;
}

/* The parser let numbers through only if they can be ids. */
int domain_resolve(struct ctl *ctl, const char *ref, uint32_t *id)
{
	struct find find = { .name = ref };
	uint64_t number;
	int err;

	if (!number_parse(ref, &number)) {
		*id = number;
		return 0;
	}
	err = fabric_domain_list(ctl->ctx, find_cb, &find);
	if (err)
		return err;
	if (!find.id)
		return ctl_fail(ctl, -ENODEV, "There is no domain \"%s\"", ref);
	*id = find.id;
	return 0;
}

enum {
	SHOW_DOMAIN,
};

static const struct arg show_args[] = {
	[SHOW_DOMAIN] = { "DOMAIN", ARG_REF, POSITIONAL,
			  .help = "only the one with this id or name" },
};

static int show_cb(const struct fabric_domain *domain, void *data)
{
	domain_out(data, domain);
	return 0;
}

static int domain_show(struct ctl *ctl, const struct args *args)
{
	const struct fabric_domain *domain;
	uint32_t id;
	int err;

	out_begin(ctl->out);
	out_list_begin(ctl->out, "domains");
	if (HAS(args, SHOW_DOMAIN)) {
		err = domain_resolve(ctl, args->value[SHOW_DOMAIN].text, &id);
		if (!err)
			err = fabric_domain_get(ctl->ctx, id, &domain);
		if (!err)
			domain_out(ctl->out, domain);
	} else {
		err = fabric_domain_list(ctl->ctx, show_cb, ctl->out);
	}
	if (err)
		return err;
	out_list_end(ctl->out);
	out_end(ctl->out);
	return 0;
}

static const struct cmd cmds[] = {
	{ "show", "Show domains", show_args, ARRAY_SIZE(show_args), .run = domain_show },
};

const struct object domain_object = {
	"domain", "instances of a backend", cmds, ARRAY_SIZE(cmds),
};
