// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu.h"

#define EMU_PORT_SPEED		32000
#define EMU_PORT_WIDTH		8
#define EMU_PORT_WIDTH_MAX	32
#define EMU_HOST_WIDTH		16

static struct emu_port *to_emu_port(struct config_item *item)
{
	return container_of(item, struct emu_port, item);
}

struct emu_port *emu_port_find(struct list_head *list, const char *name)
{
	struct emu_port *port;

	list_for_each_entry(port, list, node) {
		if (!strcmp(config_item_name(&port->item), name))
			return port;
	}
	return NULL;
}

static const char *link_name(enum fabric_link link)
{
	return link == FABRIC_LINK_UP ? "up" : "down";
}

static int link_parse(const char *page, enum fabric_link *link)
{
	if (sysfs_streq(page, "up"))
		*link = FABRIC_LINK_UP;
	else if (sysfs_streq(page, "down"))
		*link = FABRIC_LINK_DOWN;
	else
		return -EINVAL;
	return 0;
}

/* State in debugfs */

void emu_port_state(struct emu_port *port, struct seq_file *m)
{
	struct emu_port *host = READ_ONCE(port->bound);

	seq_printf(m, "port %s type %s link %s speed %u width %u", config_item_name(&port->item),
		   port->type == FABRIC_PORT_TYPE_UPSTREAM ? "upstream" : "downstream",
		   link_name(READ_ONCE(port->link_now)), READ_ONCE(port->speed_now), port->width);
	if (host)
		seq_printf(m, " host %s", config_item_name(&host->item));
	seq_putc(m, '\n');
}

static ssize_t event_link_write(struct file *file, const char __user *buf, size_t count,
				loff_t *ppos)
{
	struct emu_port *port = file->private_data;
	enum fabric_link link;
	char text[8] = "";
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	ret = link_parse(text, &link);
	if (ret)
		return ret;

	guard(rwsem_read)(&port->sw->events);
	if (!port->sw->domain)
		return -ENODEV;
	guard(mutex)(&port->event_lock);
	WRITE_ONCE(port->link_now, link);
	fabric_port_link_event(port->port, link, port->speed_now, port->width);
	return count;
}

static const struct file_operations event_link_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= event_link_write,
};

void emu_port_debugfs(struct emu_port *port, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir(config_item_name(&port->item), parent);

	debugfs_create_file("event_link", 0200, dir, port, &event_link_fops);
}

/* Ops */

int emu_port_bind(struct fabric_port *handle, const struct fabric_port_bind_req *req,
		  struct netlink_ext_ack *extack)
{
	struct emu_port *port = fabric_port_priv(handle);
	struct emu_port *host;
	int ret;

	ret = emu_fault(port->sw, EMU_OP_PORT_BIND, NULL, extack);
	if (ret)
		return ret;
	host = emu_port_find(&port->sw->hosts, req->host);
	if (!host) {
		NL_SET_ERR_MSG(extack, "No such host at this switch, its upstream ports name them");
		return -ENOENT;
	}
	return emu_cci_bind(port, host);
}

int emu_port_unbind(struct fabric_port *handle, struct netlink_ext_ack *extack)
{
	struct emu_port *port = fabric_port_priv(handle);
	int ret;

	ret = emu_fault(port->sw, EMU_OP_PORT_UNBIND, NULL, extack);
	if (ret)
		return ret;
	emu_cci_unbind(port);
	return 0;
}

int emu_port_set_link(struct fabric_port *handle, enum fabric_link link,
		      struct netlink_ext_ack *extack)
{
	struct emu_port *port = fabric_port_priv(handle);
	int ret;

	ret = emu_fault(port->sw, EMU_OP_PORT_SET_LINK, NULL, extack);
	if (ret)
		return ret;
	WRITE_ONCE(port->link_now, link);
	return 0;
}

int emu_port_set_speed(struct fabric_port *handle, u32 speed, struct netlink_ext_ack *extack)
{
	struct emu_port *port = fabric_port_priv(handle);
	int ret;

	ret = emu_fault(port->sw, EMU_OP_PORT_SET_SPEED, NULL, extack);
	if (ret)
		return ret;
	if (speed > port->speed) {
		NL_SET_ERR_MSG_FMT(extack, "The port does %u MT/s at most", port->speed);
		return -EINVAL;
	}
	guard(mutex)(&port->event_lock);
	WRITE_ONCE(port->speed_now, speed);
	fabric_port_link_event(handle, READ_ONCE(port->link_now), speed, port->width);
	return 0;
}

/* Configuration */

static ssize_t emu_port_host_show(struct config_item *item, char *page)
{
	struct emu_port *port = to_emu_port(item);

	guard(mutex)(&port->sw->lock);
	return sysfs_emit(page, "%s\n", port->host);
}

static ssize_t emu_port_host_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_port *port = to_emu_port(item);
	int ret;

	guard(mutex)(&port->sw->lock);
	if (emu_switch_live(port->sw))
		return -EBUSY;
	ret = emu_name_parse(port->host, page);
	return ret ?: count;
}

CONFIGFS_ATTR(emu_port_, host);

static ssize_t emu_port_speed_show(struct config_item *item, char *page)
{
	struct emu_port *port = to_emu_port(item);

	guard(mutex)(&port->sw->lock);
	return sysfs_emit(page, "%u\n", port->speed);
}

static ssize_t emu_port_speed_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_port *port = to_emu_port(item);
	u32 speed;
	int ret;

	ret = kstrtou32(page, 0, &speed);
	if (ret)
		return ret;
	if (!speed)
		return -EINVAL;

	guard(mutex)(&port->sw->lock);
	if (emu_switch_live(port->sw))
		return -EBUSY;
	port->speed = speed;
	return count;
}

CONFIGFS_ATTR(emu_port_, speed);

static ssize_t emu_port_width_show(struct config_item *item, char *page)
{
	struct emu_port *port = to_emu_port(item);

	guard(mutex)(&port->sw->lock);
	return sysfs_emit(page, "%u\n", port->width);
}

static ssize_t emu_port_width_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_port *port = to_emu_port(item);
	u32 width;
	int ret;

	ret = kstrtou32(page, 0, &width);
	if (ret)
		return ret;
	if (!is_power_of_2(width) || width > EMU_PORT_WIDTH_MAX)
		return -EINVAL;

	guard(mutex)(&port->sw->lock);
	if (emu_switch_live(port->sw))
		return -EBUSY;
	port->width = width;
	return count;
}

CONFIGFS_ATTR(emu_port_, width);

static ssize_t emu_port_link_show(struct config_item *item, char *page)
{
	struct emu_port *port = to_emu_port(item);

	guard(mutex)(&port->sw->lock);
	return sysfs_emit(page, "%s\n", link_name(port->link));
}

static ssize_t emu_port_link_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_port *port = to_emu_port(item);
	enum fabric_link link;
	int ret;

	ret = link_parse(page, &link);
	if (ret)
		return ret;

	guard(mutex)(&port->sw->lock);
	if (emu_switch_live(port->sw))
		return -EBUSY;
	port->link = link;
	return count;
}

CONFIGFS_ATTR(emu_port_, link);

static struct configfs_attribute *emu_port_attrs[] = {
	&emu_port_attr_host,
	&emu_port_attr_speed,
	&emu_port_attr_width,
	&emu_port_attr_link,
	NULL
};

/* Check what one attribute alone does not tell. */
int emu_port_check(struct emu_port *port)
{
	const char *name = config_item_name(&port->item);
	struct emu_switch *sw = port->sw;

	lockdep_assert_held(&sw->lock);

	if (emu_port_find(&sw->hosts, name))
		return emu_switch_error(sw, -EEXIST,
					"Port %s has the name of a host, whose port has it", name);
	if (*port->host && !emu_port_find(&sw->hosts, port->host))
		return emu_switch_error(sw, -ENOENT, "Host %s of port %s does not exist",
					port->host, name);
	return 0;
}

int emu_port_add(struct emu_port *port, struct fabric_port *parent)
{
	struct fabric_port_info info = {
		.parent = parent,
		.name = config_item_name(&port->item),
		.type = port->type,
		.link = port->link,
		.speed = port->speed,
		.width = port->width,
		.bindable = port->type == FABRIC_PORT_TYPE_DOWNSTREAM,
		.host = *port->host ? port->host : NULL,
		.number = port->number,
	};
	struct fabric_port *handle;
	int ret;

	port->link_now = port->link;
	port->speed_now = port->speed;
	port->bound = NULL;
	port->perst = false;
	if (info.host) {
		ret = emu_cci_bind(port, emu_port_find(&port->sw->hosts, info.host));
		if (ret)
			return ret;
	}
	handle = fabric_port_add(port->sw->domain, &info, port);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	port->port = handle;
	return 0;
}

static void emu_port_release(struct config_item *item)
{
	struct emu_port *port = to_emu_port(item);

	mutex_destroy(&port->event_lock);
	kfree(port);
}

static struct configfs_item_operations emu_port_item_ops = {
	.release	= emu_port_release,
};

static const struct config_item_type emu_port_type = {
	.ct_item_ops	= &emu_port_item_ops,
	.ct_attrs	= emu_port_attrs,
	.ct_owner	= THIS_MODULE,
};

static const struct config_item_type emu_host_type = {
	.ct_item_ops	= &emu_port_item_ops,
	.ct_owner	= THIS_MODULE,
};

static struct config_item *make_port(struct emu_switch *sw, const char *name,
				     enum fabric_port_type type)
{
	bool host = type == FABRIC_PORT_TYPE_UPSTREAM;
	struct emu_port *port;
	int ret;

	ret = emu_name_check(name);
	if (ret)
		return ERR_PTR(ret);

	guard(mutex)(&sw->lock);
	if (emu_switch_live(sw))
		return ERR_PTR(-EBUSY);
	port = kzalloc_obj(*port, GFP_KERNEL);
	if (!port)
		return ERR_PTR(-ENOMEM);
	port->sw = sw;
	port->type = type;
	port->speed = EMU_PORT_SPEED;
	port->width = host ? EMU_HOST_WIDTH : EMU_PORT_WIDTH;
	port->link = FABRIC_LINK_UP;
	mutex_init(&port->event_lock);
	config_item_init_type_name(&port->item, name, host ? &emu_host_type : &emu_port_type);
	list_add_tail(&port->node, host ? &sw->hosts : &sw->ports);
	return &port->item;
}

static struct config_item *make_host_item(struct config_group *group, const char *name)
{
	return make_port(container_of(group, struct emu_switch, hosts_group), name,
			 FABRIC_PORT_TYPE_UPSTREAM);
}

static struct config_item *make_port_item(struct config_group *group, const char *name)
{
	return make_port(container_of(group, struct emu_switch, ports_group), name,
			 FABRIC_PORT_TYPE_DOWNSTREAM);
}

static void drop_port_item(struct config_group *group, struct config_item *item)
{
	struct emu_port *port = to_emu_port(item);

	scoped_guard(mutex, &port->sw->lock)
		list_del(&port->node);
	config_item_put(item);
}

static struct configfs_group_operations emu_hosts_group_ops = {
	.make_item	= make_host_item,
	.drop_item	= drop_port_item,
};

const struct config_item_type emu_hosts_type = {
	.ct_group_ops	= &emu_hosts_group_ops,
	.ct_owner	= THIS_MODULE,
};

static struct configfs_group_operations emu_ports_group_ops = {
	.make_item	= make_port_item,
	.drop_item	= drop_port_item,
};

const struct config_item_type emu_ports_type = {
	.ct_group_ops	= &emu_ports_group_ops,
	.ct_owner	= THIS_MODULE,
};
