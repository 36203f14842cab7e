// SPDX-License-Identifier: GPL-2.0
/*
 * Handlers of the fabric manager, see fm.c. Enumerations of the uAPI start at 1,
 * those of the specification mostly at 0.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "fabric_internal.h"
#include "netlink_gen.h"

/* A virtual switch with the most vPPBs */
#define VCS_MSG_SIZE	(512 + FABRIC_VPPBS_MAX * 44)

/* More than any switch has */
#define EFFECTS_MAX	512

/* Position of a dump: ids, or commands */
struct fm_dump {
	unsigned int next;
};

static struct fm_dump *dump_context(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct fm_dump) > sizeof_field(struct netlink_callback, ctx));
	return (struct fm_dump *)cb->ctx;
}

static struct fabric_domain *domain_get(const struct genl_info *info, struct sk_buff *skb)
{
	struct fabric_domain *domain;
	struct nlattr *attr;
	int ret;

	BUILD_BUG_ON((int)FABRIC_A_FM_DOMAIN_ID != (int)FABRIC_A_FM_PORT_DOMAIN_ID);
	BUILD_BUG_ON((int)FABRIC_A_FM_DOMAIN_ID != (int)FABRIC_A_FM_VCS_DOMAIN_ID);
	BUILD_BUG_ON((int)FABRIC_A_FM_DOMAIN_ID != (int)FABRIC_A_FM_COMMAND_DOMAIN_ID);
	ret = fabric_nl_need_admin(skb, info);
	if (ret)
		return ERR_PTR(ret);
	attr = info->attrs ? info->attrs[FABRIC_A_FM_DOMAIN_ID] : NULL;
	if (!attr) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, FABRIC_A_FM_DOMAIN_ID);
		return ERR_PTR(-EINVAL);
	}
	domain = fabric_domain_get(nla_get_u32(attr));
	if (!domain) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "No domain has this id");
		return ERR_PTR(-ENODEV);
	}
	if (!domain->ops->cci) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "The domain has no mailbox of a switch");
		fabric_domain_put(domain);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return domain;
}

int fabric_nl_fm_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			  struct genl_info *info)
{
	struct fabric_domain *domain = domain_get(info, skb);

	info->user_ptr[0] = domain;
	return PTR_ERR_OR_ZERO(domain);
}

void fabric_nl_fm_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			    struct genl_info *info)
{
	fabric_domain_put(info->user_ptr[0]);
}

static const char *component_name(u8 component)
{
	switch (component) {
	case CCI_COMPONENT_SWITCH:
		return "switch";
	case CCI_COMPONENT_TYPE3:
		return "type3";
	case CCI_COMPONENT_GFD:
		return "gfd";
	default:
		return "unknown";
	}
}

static int identify_fill(struct sk_buff *skb, const struct cci_identify *identify)
{
	return nla_put_u32(skb, FABRIC_A_FM_VENDOR, identify->vendor) ||
	       nla_put_u32(skb, FABRIC_A_FM_DEVICE, identify->device) ||
	       nla_put_u32(skb, FABRIC_A_FM_SUBSYSTEM_VENDOR, identify->subsystem_vendor) ||
	       nla_put_u32(skb, FABRIC_A_FM_SUBSYSTEM, identify->subsystem) ||
	       nla_put_uint(skb, FABRIC_A_FM_SERIAL, identify->serial) ||
	       (in_range(identify->max_message, 1, 31) &&
		nla_put_u32(skb, FABRIC_A_FM_MESSAGE_MAX, BIT(identify->max_message))) ||
	       nla_put_string(skb, FABRIC_A_FM_COMPONENT, component_name(identify->component));
}

static int bits_fill(struct sk_buff *skb, int attr, const u8 *bits)
{
	unsigned int i;

	for (i = 0; i < CCI_BITMASK_SIZE * BITS_PER_BYTE; i++) {
		if (bits[i / BITS_PER_BYTE] & BIT(i % BITS_PER_BYTE) && nla_put_u32(skb, attr, i))
			return -EMSGSIZE;
	}
	return 0;
}

static int switch_fill(struct sk_buff *skb, const struct cci_switch *sw)
{
	return nla_put_u32(skb, FABRIC_A_FM_INGRESS_PORT, sw->ingress_port) ||
	       nla_put_u32(skb, FABRIC_A_FM_PORTS, sw->ports) ||
	       bits_fill(skb, FABRIC_A_FM_ACTIVE_PORT, sw->active_ports) ||
	       nla_put_u32(skb, FABRIC_A_FM_VCSS, sw->vcss) ||
	       bits_fill(skb, FABRIC_A_FM_ACTIVE_VCS, sw->active_vcss) ||
	       nla_put_u32(skb, FABRIC_A_FM_VPPBS, sw->vppbs) ||
	       nla_put_u32(skb, FABRIC_A_FM_BOUND_VPPBS, sw->bound_vppbs) ||
	       nla_put_u32(skb, FABRIC_A_FM_HDM_DECODERS, sw->hdm_decoders);
}

static int background_fill(struct sk_buff *skb, const struct cci_background *background)
{
	const char *name = cci_opcode_name(background->opcode);
	bool running = background->status & CCI_BACKGROUND_RUNNING;

	if (!background->opcode)
		return 0;
	return nla_put_u32(skb, FABRIC_A_FM_BACKGROUND_OPCODE, background->opcode) ||
	       (name && nla_put_string(skb, FABRIC_A_FM_BACKGROUND_NAME, name)) ||
	       nla_put_u32(skb, FABRIC_A_FM_BACKGROUND_RUNNING, running) ||
	       nla_put_u32(skb, FABRIC_A_FM_BACKGROUND_PERCENT,
			   background->status >> CCI_BACKGROUND_PERCENT_SHIFT) ||
	       (!running && nla_put_string(skb, FABRIC_A_FM_BACKGROUND_RESULT,
					   cci_return_name(background->return_code)));
}

/* What a switch can lack without being less of one */
static int optional_fill(struct sk_buff *skb, struct fabric_domain *domain)
{
	struct cci_background background;
	int ret = fabric_fm_background(domain, &background, NULL);

	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	return background_fill(skb, &background) ? -EMSGSIZE : 0;
}

static int fm_fill(struct sk_buff *skb, struct genl_info *info, struct fabric_domain *domain,
		   int tunnel)
{
	struct cci_identify identify;
	struct cci_switch sw;
	void *hdr;
	int ret;

	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	ret = fabric_fm_identify(domain, tunnel, &identify, info->extack);
	if (ret)
		return ret;
	if (nla_put_u32(skb, FABRIC_A_FM_DOMAIN_ID, domain->obj.id) ||
	    identify_fill(skb, &identify))
		return -EMSGSIZE;
	if (tunnel != FABRIC_FM_NO_TUNNEL) {
		if (nla_put_u32(skb, FABRIC_A_FM_PORT, tunnel))
			return -EMSGSIZE;
	} else {
		ret = fabric_fm_switch(domain, &sw, info->extack);
		if (ret)
			return ret;
		if (switch_fill(skb, &sw))
			return -EMSGSIZE;
		ret = optional_fill(skb, domain);
		if (ret)
			return ret;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int tunnel_of(const struct genl_info *info, int attr)
{
	return info->attrs && info->attrs[attr] ? nla_get_u32(info->attrs[attr]) :
	       FABRIC_FM_NO_TUNNEL;
}

int fabric_nl_fm_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(FABRIC_GRANT_MSG_SIZE, GFP_KERNEL);
	int ret;

	if (!msg)
		return -ENOMEM;
	ret = fm_fill(msg, info, info->user_ptr[0], tunnel_of(info, FABRIC_A_FM_PORT));
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	return genlmsg_reply(msg, info);
}

static u32 port_id(struct fabric_domain *domain, u8 number)
{
	struct fabric_port *port = fabric_port_find(domain, number);
	u32 id = port ? port->obj.id : 0;

	fabric_port_put(port);
	return id;
}

static int speeds_fill(struct sk_buff *skb, u8 vector)
{
	unsigned int bit;

	for (bit = 0; bit < 7; bit++) {
		if (vector & BIT(bit) &&
		    nla_put_u32(skb, FABRIC_A_FM_PORT_SPEEDS, fabric_fm_speed(bit + 1)))
			return -EMSGSIZE;
	}
	return 0;
}

static int flag_fill(struct sk_buff *skb, int attr, u16 flags, u16 flag)
{
	return nla_put_u32(skb, attr, !!(flags & flag));
}

static int port_fill(struct sk_buff *skb, const struct genl_info *info,
		     struct fabric_domain *domain, const struct cci_port *port)
{
	u32 id = port_id(domain, port->id);
	u16 flags = port->link_flags;
	void *hdr = genlmsg_iput(skb, info);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_FM_PORT_DOMAIN_ID, domain->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_NUMBER, port->id) ||
	    (id && nla_put_u32(skb, FABRIC_A_FM_PORT_PORT_ID, id)) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_STATE, port->state + 1) ||
	    /* 0 is none in the specification: the others are the same here */
	    (port->device_mode &&
	     nla_put_u32(skb, FABRIC_A_FM_PORT_DEVICE_MODE, port->device_mode)) ||
	    (port->device_type &&
	     nla_put_u32(skb, FABRIC_A_FM_PORT_DEVICE_TYPE, port->device_type)) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_MODES, port->supported_modes << 1) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_WIDTH_MAX, port->max_width) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_WIDTH, port->width) ||
	    (fabric_fm_speed(port->max_speed) &&
	     nla_put_u32(skb, FABRIC_A_FM_PORT_SPEED_MAX, fabric_fm_speed(port->max_speed))) ||
	    (fabric_fm_speed(port->speed) &&
	     nla_put_u32(skb, FABRIC_A_FM_PORT_SPEED, fabric_fm_speed(port->speed))) ||
	    speeds_fill(skb, port->supported_speeds) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_LTSSM, port->ltssm + 1) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_FIRST_LANE, port->first_lane) ||
	    flag_fill(skb, FABRIC_A_FM_PORT_LANES_REVERSED, flags, CCI_LINK_LANES_REVERSED) ||
	    flag_fill(skb, FABRIC_A_FM_PORT_PERST, flags, CCI_LINK_PERST) ||
	    flag_fill(skb, FABRIC_A_FM_PORT_PRESENT, flags, CCI_LINK_PRESENT) ||
	    flag_fill(skb, FABRIC_A_FM_PORT_POWER_OFF, flags, CCI_LINK_POWER_OFF) ||
	    nla_put_u32(skb, FABRIC_A_FM_PORT_LDS, port->supported_lds)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int fabric_nl_fm_port_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *number = info->attrs[FABRIC_A_FM_PORT_NUMBER];
	struct fabric_domain *domain = info->user_ptr[0];
	struct cci_port port;
	struct sk_buff *msg;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_FM_PORT_NUMBER))
		return -EINVAL;
	ret = fabric_fm_port(domain, nla_get_u32(number), &port, info->extack);
	if (ret == -ENOENT)
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, number, "The switch has no port %u",
					nla_get_u32(number));
	if (ret)
		return ret;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	ret = port_fill(msg, info, domain, &port);
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	return genlmsg_reply(msg, info);
}

int fabric_nl_fm_port_control_doit(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_FM_PORT_NUMBER) ||
	    GENL_REQ_ATTR_CHECK(info, FABRIC_A_FM_PORT_OPERATION))
		return -EINVAL;
	return fabric_fm_port_control(info->user_ptr[0],
				      nla_get_u32(info->attrs[FABRIC_A_FM_PORT_NUMBER]),
				      nla_get_u32(info->attrs[FABRIC_A_FM_PORT_OPERATION]) - 1,
				      info->attrs[FABRIC_A_FM_PORT_FORCE], info->extack);
}

/* Ids are those that are active, and all below the number that there are. */
static bool is_candidate(unsigned int id, unsigned int nr, const u8 *active)
{
	return id < nr || active[id / BITS_PER_BYTE] & BIT(id % BITS_PER_BYTE);
}

static int ports_dump(struct sk_buff *skb, struct netlink_callback *cb,
		      struct fabric_domain *domain)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fm_dump *ctx = dump_context(cb);
	struct cci_switch sw;
	struct cci_port port;
	int ret;

	ret = fabric_fm_switch(domain, &sw, cb->extack);
	for (; !ret && ctx->next < CCI_BITMASK_SIZE * BITS_PER_BYTE; ctx->next++) {
		if (!is_candidate(ctx->next, sw.ports, sw.active_ports))
			continue;
		ret = fabric_fm_port(domain, ctx->next, &port, cb->extack);
		if (ret == -ENOENT) {
			ret = 0;
			continue;
		}
		if (!ret)
			ret = port_fill(skb, info, domain, &port);
		if (ret)
			break;
	}
	return ret;
}

int fabric_nl_fm_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct fabric_domain *domain = domain_get(genl_info_dump(cb), cb->skb);
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	ret = ports_dump(skb, cb, domain);
	fabric_domain_put(domain);
	return ret;
}

static int vppb_fill(struct sk_buff *skb, struct fabric_domain *domain, unsigned int number,
		     const struct cci_vppb *vppb)
{
	bool bound = vppb->state == CCI_VPPB_BOUND_PORT || vppb->state == CCI_VPPB_BOUND_LD;
	struct nlattr *nest = nla_nest_start(skb, FABRIC_A_FM_VCS_VPPB);
	u32 id = bound ? port_id(domain, vppb->port) : 0;

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_FM_VPPB_NUMBER, number) ||
	    nla_put_u32(skb, FABRIC_A_FM_VPPB_STATE, vppb->state + 1) ||
	    (bound && nla_put_u32(skb, FABRIC_A_FM_VPPB_PORT, vppb->port)) ||
	    (id && nla_put_u32(skb, FABRIC_A_FM_VPPB_PORT_ID, id)) ||
	    (vppb->state == CCI_VPPB_BOUND_LD &&
	     nla_put_u32(skb, FABRIC_A_FM_VPPB_LD, vppb->ld)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int host_fill(struct sk_buff *skb, struct fabric_domain *domain, u8 number)
{
	struct fabric_port *port = fabric_port_find(domain, number);
	int ret = port ? nla_put_string(skb, FABRIC_A_FM_VCS_HOST, port->name) : 0;

	fabric_port_put(port);
	return ret;
}

static int vcs_fill(struct sk_buff *skb, const struct genl_info *info,
		    struct fabric_domain *domain, const struct fabric_vcs *vcs)
{
	bool enabled = vcs->vcs.state == CCI_VCS_ENABLED;
	void *hdr = genlmsg_iput(skb, info);
	unsigned int i;

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_FM_VCS_DOMAIN_ID, domain->obj.id) ||
	    nla_put_u32(skb, FABRIC_A_FM_VCS_VCS, vcs->vcs.id) ||
	    nla_put_u32(skb, FABRIC_A_FM_VCS_STATE, enabled ? FABRIC_FM_VCS_STATE_ENABLED :
			FABRIC_FM_VCS_STATE_DISABLED) ||
	    nla_put_u32(skb, FABRIC_A_FM_VCS_UPSTREAM_PORT, vcs->vcs.upstream_port) ||
	    host_fill(skb, domain, vcs->vcs.upstream_port))
		goto err_cancel;
	for (i = 0; i < vcs->vcs.vppbs; i++) {
		if (vppb_fill(skb, domain, i, &vcs->vppbs[i]))
			goto err_cancel;
	}
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

/* A virtual switch can be larger than what netlink allocates by default. */
int fabric_nl_fm_vcs_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = VCS_MSG_SIZE;
	return 0;
}

static int vcss_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     struct fabric_domain *domain, struct fabric_vcs *vcs)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fm_dump *ctx = dump_context(cb);
	struct cci_switch sw;
	int ret;

	ret = fabric_fm_switch(domain, &sw, cb->extack);
	for (; !ret && ctx->next < CCI_BITMASK_SIZE * BITS_PER_BYTE; ctx->next++) {
		if (!is_candidate(ctx->next, sw.vcss, sw.active_vcss))
			continue;
		ret = fabric_fm_vcs(domain, ctx->next, vcs, cb->extack);
		if (ret == -ENOENT) {
			ret = 0;
			continue;
		}
		if (!ret)
			ret = vcs_fill(skb, info, domain, vcs);
		if (ret)
			break;
	}
	return ret;
}

int fabric_nl_fm_vcs_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct fabric_domain *domain = domain_get(genl_info_dump(cb), cb->skb);
	struct fabric_vcs *vcs;
	int ret = -ENOMEM;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	vcs = kmalloc_obj(*vcs);
	if (vcs)
		ret = vcss_dump(skb, cb, domain, vcs);
	kfree(vcs);
	fabric_domain_put(domain);
	return ret;
}

static int parse_vppb(struct genl_info *info, struct fabric_vppb *vppb)
{
	if (GENL_REQ_ATTR_CHECK(info, FABRIC_A_FM_VCS_VCS) ||
	    GENL_REQ_ATTR_CHECK(info, FABRIC_A_FM_VCS_NUMBER))
		return -EINVAL;
	vppb->vcs = nla_get_u32(info->attrs[FABRIC_A_FM_VCS_VCS]);
	vppb->vppb = nla_get_u32(info->attrs[FABRIC_A_FM_VCS_NUMBER]);
	return 0;
}

int fabric_nl_fm_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fabric_vppb vppb = { .option = CCI_UNBIND_MANAGED };
	int ret;

	ret = parse_vppb(info, &vppb);
	if (ret || GENL_REQ_ATTR_CHECK(info, FABRIC_A_FM_VCS_PORT))
		return -EINVAL;
	return fabric_fm_bind(info->user_ptr[0], &vppb,
			      nla_get_u32(info->attrs[FABRIC_A_FM_VCS_PORT]), info->extack);
}

int fabric_nl_fm_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	/* fm-bind has no such attribute: its table ends before. */
	struct nlattr *option = info->attrs[FABRIC_A_FM_VCS_OPTION];
	struct fabric_vppb vppb;
	int ret;

	ret = parse_vppb(info, &vppb);
	if (ret)
		return ret;
	vppb.option = option ? nla_get_u32(option) - 1 : CCI_UNBIND_MANAGED;
	return fabric_fm_unbind(info->user_ptr[0], &vppb, info->extack);
}

static int command_fill(struct sk_buff *skb, const struct genl_info *info, u32 domain_id,
			u16 opcode, const struct cci_effects *effects)
{
	const char *name = cci_opcode_name(opcode);
	void *hdr = genlmsg_iput(skb, info);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FABRIC_A_FM_COMMAND_DOMAIN_ID, domain_id) ||
	    nla_put_u32(skb, FABRIC_A_FM_COMMAND_OPCODE, opcode) ||
	    (name && nla_put_string(skb, FABRIC_A_FM_COMMAND_NAME, name)) ||
	    nla_put_u32(skb, FABRIC_A_FM_COMMAND_SUPPORTED, !!effects) ||
	    (effects && nla_put_u32(skb, FABRIC_A_FM_COMMAND_EFFECTS, effects->effects))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static const struct cci_effects *find_effects(const struct cci_effects *effects, unsigned int nr,
					      u16 opcode)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (effects[i].opcode == opcode)
			return &effects[i];
	}
	return NULL;
}

/* First those of the switch, then those that are known and not among them. */
static int commands_dump(struct sk_buff *skb, struct netlink_callback *cb,
			 struct fabric_domain *domain, struct cci_effects *effects)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fm_dump *ctx = dump_context(cb);
	unsigned int nr = EFFECTS_MAX;
	u16 opcode;
	int ret;

	ret = fabric_fm_effects(domain, tunnel_of(info, FABRIC_A_FM_COMMAND_PORT), effects, &nr,
				cb->extack);
	for (; !ret && ctx->next < nr; ctx->next++) {
		const struct cci_effects *entry = &effects[ctx->next];

		ret = command_fill(skb, info, domain->obj.id, entry->opcode, entry);
		if (ret)
			return ret;
	}
	for (; !ret && (opcode = cci_opcode_known(ctx->next - nr)); ctx->next++) {
		if (find_effects(effects, nr, opcode))
			continue;
		ret = command_fill(skb, info, domain->obj.id, opcode, NULL);
		if (ret)
			return ret;
	}
	return ret;
}

int fabric_nl_fm_command_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct fabric_domain *domain = domain_get(genl_info_dump(cb), cb->skb);
	struct cci_effects *effects;
	int ret = -ENOMEM;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	effects = kmalloc_array(EFFECTS_MAX, sizeof(*effects), GFP_KERNEL);
	if (effects)
		ret = commands_dump(skb, cb, domain, effects);
	kfree(effects);
	fabric_domain_put(domain);
	return ret;
}
