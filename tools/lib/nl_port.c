// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nl.h"

enum {
	LIST_LABELS,
	LIST_LABEL_TEXT,
};

static const struct field fields[] = {
	FIELD(struct fabric_port, id, FABRIC_A_PORT_ID),
	FIELD(struct fabric_port, domain_id, FABRIC_A_PORT_DOMAIN_ID),
	FIELD(struct fabric_port, parent_id, FABRIC_A_PORT_PARENT_ID),
	FIELD(struct fabric_port, type, FABRIC_A_PORT_TYPE),
	FIELD(struct fabric_port, link, FABRIC_A_PORT_LINK),
	FIELD(struct fabric_port, speed, FABRIC_A_PORT_SPEED),
	FIELD(struct fabric_port, width, FABRIC_A_PORT_WIDTH),
	FIELD(struct fabric_port, binding, FABRIC_A_PORT_BINDING),
	FIELD(struct fabric_port, speed_limit, FABRIC_A_PORT_SPEED_LIMIT),
	FIELD(struct fabric_port, idle, FABRIC_A_PORT_IDLE),
	FIELD(struct fabric_port, rested, FABRIC_A_PORT_RESTED),
	FIELD(struct fabric_port, name, FABRIC_A_PORT_NAME, .string = true),
	FIELD(struct fabric_port, host, FABRIC_A_PORT_HOST, .string = true),
};

int parse_port(const struct nlmsghdr *nlh, struct box *box)
{
	struct fabric_port *port = &box->port;
	struct attrs attrs;
	int err;

	err = parse_message(&attrs, nlh);
	if (err)
		return err;
	fill(&attrs, fields, ARRAY_SIZE(fields), port);
	err = get_strings(&attrs, FABRIC_A_PORT_LABEL, &box->lists[LIST_LABELS],
			  &box->lists[LIST_LABEL_TEXT], &port->nr_labels);
	port->labels = (const char *const *)box->lists[LIST_LABELS].items;
	if (!err)
		err = parse_pci(attrs.tb[FABRIC_A_PORT_PCI], box, &port->pci);
	return err;
}

static int port_talk(struct fabric_ctx *ctx, const struct fabric_port **port)
{
	struct box *box = &ctx->nl->objects.port;

	if (port)
		*port = &box->port;
	return talk_object(ctx, parse_port, box);
}

FABRIC_API int fabric_port_get(struct fabric_ctx *ctx, uint32_t id,
			       const struct fabric_port **port)
{
	request_start(ctx, FABRIC_CMD_PORT_GET, 0);
	put_u32(ctx, FABRIC_A_PORT_ID, id);
	return port_talk(ctx, port);
}

static int call(struct list *list)
{
	return list->cb.port(&list->box.port, list->data);
}

FABRIC_API int fabric_port_list(struct fabric_ctx *ctx, uint32_t domain_id, fabric_port_cb cb,
				void *data)
{
	struct list list = { .parse = parse_port, .call = call, .cb.port = cb, .data = data };

	request_start(ctx, FABRIC_CMD_PORT_GET, NLM_F_DUMP);
	put_id(ctx, FABRIC_A_PORT_DOMAIN_ID, domain_id);
	return dump(ctx, &list);
}

FABRIC_API int fabric_port_bind(struct fabric_ctx *ctx, uint32_t id, const char *host,
				const struct fabric_port **port)
{
	request_start(ctx, FABRIC_CMD_PORT_BIND, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_PORT_ID, id);
	put_name(ctx, FABRIC_A_PORT_HOST, host);
	return port_talk(ctx, port);
}

FABRIC_API int fabric_port_unbind(struct fabric_ctx *ctx, uint32_t id,
				  const struct fabric_port **port)
{
	request_start(ctx, FABRIC_CMD_PORT_UNBIND, NLM_F_ACK);
	put_u32(ctx, FABRIC_A_PORT_ID, id);
	return port_talk(ctx, port);
}

FABRIC_API int fabric_port_set(struct fabric_ctx *ctx, uint32_t id,
			       const struct fabric_port_set_req *req,
			       const struct fabric_port **port)
{
	struct fabric_port_set_req copy;

	fabric_port_set_req_init(&copy);
	request_start(ctx, FABRIC_CMD_PORT_SET, NLM_F_ACK);
	request_fail(ctx, ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size));
	put_u32(ctx, FABRIC_A_PORT_ID, id);
	put_id(ctx, FABRIC_A_PORT_LINK, copy.link);
	put_names(ctx, FABRIC_A_PORT_LABEL, copy.labels, copy.nr_labels);
	put_names(ctx, FABRIC_A_PORT_UNLABEL, copy.unlabels, copy.nr_unlabels);
	put_id(ctx, FABRIC_A_PORT_SPEED_LIMIT, copy.speed_limit);
	put_id(ctx, FABRIC_A_PORT_IDLE, copy.idle);
	return port_talk(ctx, port);
}

FABRIC_API int fabric_port_set_link(struct fabric_ctx *ctx, uint32_t id, enum fabric_link link,
				    const struct fabric_port **port)
{
	struct fabric_port_set_req req;

	fabric_port_set_req_init(&req);
	req.link = link;
	return fabric_port_set(ctx, id, &req, port);
}
