// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

static const struct field fields[] = {
	FIELD(struct fabric_domain, id, FABRIC_A_DOMAIN_ID),
	FIELD(struct fabric_domain, ports, FABRIC_A_DOMAIN_PORTS),
	FIELD(struct fabric_domain, devices, FABRIC_A_DOMAIN_DEVICES),
	FIELD(struct fabric_domain, resources, FABRIC_A_DOMAIN_RESOURCES),
	FIELD(struct fabric_domain, name, FABRIC_A_DOMAIN_NAME, .string = true),
	FIELD(struct fabric_domain, backend, FABRIC_A_DOMAIN_BACKEND, .string = true),
};

int parse_domain(const struct nlmsghdr *nlh, struct box *box)
{
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (!err)
		fill(&attrs, fields, ARRAY_SIZE(fields), &box->domain);
	return err;
}

FABRIC_API int fabric_domain_get(struct fabric_ctx *ctx, uint32_t id,
				 const struct fabric_domain **domain)
{
	struct box *box = &ctx->nl->objects.domain;

	request_start(ctx, FABRIC_CMD_DOMAIN_GET, 0);
	put_u32(ctx, FABRIC_A_DOMAIN_ID, id);
	*domain = &box->domain;
	return talk_object(ctx, parse_domain, box);
}

static int call(struct list *list)
{
	return list->cb.domain(&list->box.domain, list->data);
}

FABRIC_API int fabric_domain_list(struct fabric_ctx *ctx, fabric_domain_cb cb, void *data)
{
	struct list list = { .parse = parse_domain, .call = call, .cb.domain = cb, .data = data };

	request_start(ctx, FABRIC_CMD_DOMAIN_GET, NLM_F_DUMP);
	return dump(ctx, &list);
}
