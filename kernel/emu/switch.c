// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu.h"

#define EMU_OPS						\
	.owner		= THIS_MODULE,			\
	.name		= "emu",			\
	.throttles	= true,				\
	.slice_prepare	= emu_slice_prepare,		\
	.slice_commit	= emu_slice_commit,		\
	.slice_revoke	= emu_slice_revoke,		\
	.slice_release	= emu_slice_release,		\
	.slice_shrink	= emu_slice_shrink,		\
	.slice_copy	= emu_slice_copy,		\
	.slice_page	= emu_slice_page,		\
	.port_set_link	= emu_port_set_link,		\
	.port_set_speed	= emu_port_set_speed

#define EMU_BIND_OPS					\
	.port_bind	= emu_port_bind,		\
	.port_unbind	= emu_port_unbind

static const struct fabric_backend_ops emu_ops = { EMU_OPS, EMU_BIND_OPS, .cci = emu_cci };
static const struct fabric_backend_ops emu_ops_without_mailbox = { EMU_OPS, EMU_BIND_OPS };
/* As a switch of which the broker knows nothing but its mailbox */
static const struct fabric_backend_ops emu_ops_mailbox_binds = { EMU_OPS, .cci = emu_cci };

static bool mailbox_binds;
module_param(mailbox_binds, bool, 0644);
MODULE_PARM_DESC(mailbox_binds, "Bind ports of switches that go live through their mailboxes");

static const struct fabric_backend_ops *ops_of(const struct emu_switch *sw)
{
	if (sw->cci.absent)
		return &emu_ops_without_mailbox;
	return READ_ONCE(mailbox_binds) ? &emu_ops_mailbox_binds : &emu_ops;
}

static struct emu_switch *to_emu_switch(struct config_item *item)
{
	return container_of(to_config_group(item), struct emu_switch, group);
}

bool emu_switch_live(const struct emu_switch *sw)
{
	lockdep_assert_held(&sw->lock);
	return sw->domain;
}

/* configfs has no way to say more than an errno, so the sentence is kept. */
int emu_switch_error(struct emu_switch *sw, int ret, const char *fmt, ...)
{
	va_list args;

	lockdep_assert_held(&sw->lock);
	va_start(args, fmt);
	vscnprintf(sw->error, sizeof(sw->error), fmt, args);
	va_end(args);
	return ret;
}

/* Names are shown in lists whose fields are separated by spaces. */
int emu_name_check(const char *name)
{
	if (strlen(name) > FABRIC_NAME_MAX_LEN)
		return -ENAMETOOLONG;
	for (; *name; name++) {
		if (!isascii(*name) || !isgraph(*name))
			return -EINVAL;
	}
	return 0;
}

/* Into @name of FABRIC_NAME_MAX_LEN + 1 bytes; it is empty if @page is. */
int emu_name_parse(char *name, const char *page)
{
	size_t len = strcspn(page, "\n");
	char text[FABRIC_NAME_MAX_LEN + 1];
	int ret;

	if (len > FABRIC_NAME_MAX_LEN)
		return -ENAMETOOLONG;
	memcpy(text, page, len);
	text[len] = '\0';
	ret = emu_name_check(text);
	if (!ret)
		strscpy(name, text, sizeof(text));
	return ret;
}

static int emu_switch_check(struct emu_switch *sw)
{
	struct emu_device *device;
	unsigned int number = 0;
	struct emu_port *port;
	int ret;

	if (list_empty(&sw->hosts))
		return emu_switch_error(sw, -ENXIO, "The switch has no host, make one in hosts/");
	list_for_each_entry(port, &sw->hosts, node)
		port->number = number++;
	list_for_each_entry(port, &sw->ports, node)
		port->number = number++;
	sw->cci.absent = number > EMU_CCI_PORTS_MAX;
	list_for_each_entry(port, &sw->ports, node) {
		ret = emu_port_check(port);
		if (ret)
			return ret;
	}
	list_for_each_entry(device, &sw->devices, node) {
		ret = emu_device_check(device);
		if (ret)
			return ret;
	}
	return 0;
}

static int pin_item(struct emu_switch *sw, struct config_item *item, bool *pinned)
{
	int ret = configfs_depend_item_unlocked(sw->group.cg_subsys, item);

	if (ret)
		return emu_switch_error(sw, -EBUSY, "Directory %s is being made or removed",
					config_item_name(item));
	*pinned = true;
	return 0;
}

static void unpin_item(struct config_item *item, bool *pinned)
{
	if (*pinned)
		configfs_undepend_item_unlocked(item);
	*pinned = false;
}

static void emu_switch_unpin(struct emu_switch *sw)
{
	struct emu_device *device;
	struct emu_port *port;

	list_for_each_entry(device, &sw->devices, node)
		unpin_item(&device->item, &device->pinned);
	list_for_each_entry(port, &sw->ports, node)
		unpin_item(&port->item, &port->pinned);
	list_for_each_entry(port, &sw->hosts, node)
		unpin_item(&port->item, &port->pinned);
	unpin_item(&sw->group.cg_item, &sw->pinned);
}

/*
 * A reference does not keep rmdir away, only this does. It wants every item to
 * be in its group. That changes under the mutex of the subsystem, together with
 * our lists. A directory that configfs is not done with yet is refused.
 */
static int emu_switch_pin(struct emu_switch *sw)
{
	struct emu_device *device;
	struct emu_port *port;
	int ret;

	lockdep_assert_held(&sw->group.cg_subsys->su_mutex);
	lockdep_assert_held(&sw->lock);

	ret = pin_item(sw, &sw->group.cg_item, &sw->pinned);
	if (ret)
		goto err_unpin;
	list_for_each_entry(port, &sw->hosts, node) {
		ret = pin_item(sw, &port->item, &port->pinned);
		if (ret)
			goto err_unpin;
	}
	list_for_each_entry(port, &sw->ports, node) {
		ret = pin_item(sw, &port->item, &port->pinned);
		if (ret)
			goto err_unpin;
	}
	list_for_each_entry(device, &sw->devices, node) {
		ret = pin_item(sw, &device->item, &device->pinned);
		if (ret)
			goto err_unpin;
	}
	return 0;

err_unpin:
	emu_switch_unpin(sw);
	return ret;
}

static void emu_switch_debugfs(struct emu_switch *sw)
{
	struct emu_device *device;
	struct emu_port *port;
	struct dentry *dir;

	sw->debugfs = debugfs_create_dir(config_item_name(&sw->group.cg_item), emu_debugfs_root);
	emu_state_debugfs(sw, sw->debugfs);
	emu_faults_debugfs(sw, sw->debugfs);
	dir = debugfs_create_dir("ports", sw->debugfs);
	list_for_each_entry(port, &sw->hosts, node)
		emu_port_debugfs(port, dir);
	list_for_each_entry(port, &sw->ports, node)
		emu_port_debugfs(port, dir);
	dir = debugfs_create_dir("devices", sw->debugfs);
	list_for_each_entry(device, &sw->devices, node)
		emu_device_debugfs(device, dir);
}

/* Add everything to the domain; what is there after an error goes with the domain. */
static int emu_switch_populate(struct emu_switch *sw)
{
	struct fabric_port *parent;
	struct emu_device *device;
	struct emu_port *port;
	int ret;

	list_for_each_entry(port, &sw->hosts, node) {
		ret = emu_port_add(port, NULL);
		if (ret)
			return emu_switch_error(sw, ret, "Host %s was refused, error %d",
						config_item_name(&port->item), ret);
	}
	parent = list_first_entry(&sw->hosts, struct emu_port, node)->port;
	list_for_each_entry(port, &sw->ports, node) {
		ret = emu_port_add(port, parent);
		if (ret)
			return emu_switch_error(sw, ret, "Port %s was refused, error %d",
						config_item_name(&port->item), ret);
	}
	list_for_each_entry(device, &sw->devices, node) {
		ret = emu_device_plug(device);
		if (ret)
			return emu_switch_error(sw, ret, "Device %s was refused, error %d",
						config_item_name(&device->item), ret);
	}
	return 0;
}

/* End the domain, unless it has slices; then nothing changes. */
static int emu_switch_close(struct emu_switch *sw)
{
	struct emu_device *device;
	struct emu_port *port;
	int ret;

	down_write(&sw->events);
	ret = fabric_domain_unregister(sw->domain);
	if (!ret) {
		sw->domain = NULL;
		list_for_each_entry(device, &sw->devices, node)
			device->device = NULL;
		list_for_each_entry(port, &sw->ports, node)
			port->port = NULL;
		list_for_each_entry(port, &sw->hosts, node)
			port->port = NULL;
	}
	up_write(&sw->events);
	if (ret)
		return ret;

	/* Waits for the end of reads and writes, which may take sw->events. */
	debugfs_remove(sw->debugfs);
	sw->debugfs = NULL;
	emu_cci_exit(sw);
	emu_memories_free(sw);
	emu_switch_unpin(sw);
	return 0;
}

/* The switch is checked and pinned. */
static int emu_switch_activate(struct emu_switch *sw)
{
	const char *name = config_item_name(&sw->group.cg_item);
	struct fabric_domain *domain;
	struct emu_device *device;
	int ret;

	emu_faults_reset(sw);
	emu_cci_reset(sw);
	domain = fabric_domain_register(name, ops_of(sw), sw);
	if (IS_ERR(domain)) {
		emu_switch_unpin(sw);
		ret = PTR_ERR(domain);
		return emu_switch_error(sw, ret, "Domain %s was refused, error %d", name, ret);
	}
	sw->domain = domain;
	ret = emu_switch_populate(sw);
	if (ret)
		goto err_close;
	emu_switch_debugfs(sw);
	return 0;

err_close:
	/* The devices that made it may be in use already. */
	list_for_each_entry(device, &sw->devices, node)
		emu_device_unplug(device, "Switch could not go live");
	if (emu_switch_close(sw))
		emu_switch_debugfs(sw);
	return ret;
}

static int emu_switch_deactivate(struct emu_switch *sw)
{
	int ret = emu_switch_close(sw);

	if (ret == -EBUSY)
		emu_switch_error(sw, ret, "The switch has slices, release their grants first");
	else if (ret)
		emu_switch_error(sw, ret, "The domain was not let go, error %d", ret);
	return ret;
}

static ssize_t emu_switch_live_show(struct config_item *item, char *page)
{
	struct emu_switch *sw = to_emu_switch(item);

	guard(mutex)(&sw->lock);
	return sysfs_emit(page, "%d\n", emu_switch_live(sw));
}

static ssize_t emu_switch_live_store(struct config_item *item, const char *page, size_t count)
{
	struct emu_switch *sw = to_emu_switch(item);
	struct mutex *su_mutex = &sw->group.cg_subsys->su_mutex;
	bool live, was_live;
	int ret;

	ret = kstrtobool(page, &live);
	if (ret)
		return ret;

	mutex_lock(su_mutex);
	mutex_lock(&sw->lock);
	was_live = emu_switch_live(sw);
	*sw->error = '\0';
	if (live && !was_live) {
		ret = emu_switch_check(sw);
		if (!ret)
			ret = emu_switch_pin(sw);
	}
	mutex_unlock(su_mutex);
	if (!ret && live != was_live)
		ret = live ? emu_switch_activate(sw) : emu_switch_deactivate(sw);
	mutex_unlock(&sw->lock);
	return ret ?: count;
}

CONFIGFS_ATTR(emu_switch_, live);

static ssize_t emu_switch_error_show(struct config_item *item, char *page)
{
	struct emu_switch *sw = to_emu_switch(item);

	guard(mutex)(&sw->lock);
	return sysfs_emit(page, "%s\n", sw->error);
}

CONFIGFS_ATTR_RO(emu_switch_, error);

static struct configfs_attribute *emu_switch_attrs[] = {
	&emu_switch_attr_live,
	&emu_switch_attr_error,
	NULL
};

static void emu_switch_release(struct config_item *item)
{
	struct emu_switch *sw = to_emu_switch(item);

	WARN_ON(sw->domain);
	WARN_ON(!list_empty(&sw->hosts));
	WARN_ON(!list_empty(&sw->ports));
	WARN_ON(!list_empty(&sw->devices));
	WARN_ON(!xa_empty(&sw->memories));
	pr_debug("switch %s: destroyed\n", config_item_name(item));
	mutex_destroy(&sw->lock);
	kfree(sw);
}

static struct configfs_item_operations emu_switch_item_ops = {
	.release	= emu_switch_release,
};

static const struct config_item_type emu_switch_type = {
	.ct_item_ops	= &emu_switch_item_ops,
	.ct_attrs	= emu_switch_attrs,
	.ct_owner	= THIS_MODULE,
};

static struct config_group *make_switch_group(struct config_group *group, const char *name)
{
	struct emu_switch *sw;
	int ret;

	ret = emu_name_check(name);
	if (ret)
		return ERR_PTR(ret);
	sw = kzalloc_obj(*sw, GFP_KERNEL);
	if (!sw)
		return ERR_PTR(-ENOMEM);
	mutex_init(&sw->lock);
	init_rwsem(&sw->events);
	INIT_LIST_HEAD(&sw->hosts);
	INIT_LIST_HEAD(&sw->ports);
	INIT_LIST_HEAD(&sw->devices);
	xa_init_flags(&sw->memories, XA_FLAGS_ALLOC1);
	emu_faults_init(sw);
	emu_cci_init(sw);

	config_group_init_type_name(&sw->group, name, &emu_switch_type);
	config_group_init_type_name(&sw->hosts_group, "hosts", &emu_hosts_type);
	configfs_add_default_group(&sw->hosts_group, &sw->group);
	config_group_init_type_name(&sw->ports_group, "ports", &emu_ports_type);
	configfs_add_default_group(&sw->ports_group, &sw->group);
	config_group_init_type_name(&sw->devices_group, "devices", &emu_devices_type);
	configfs_add_default_group(&sw->devices_group, &sw->group);
	pr_debug("switch %s: created\n", name);
	return &sw->group;
}

static struct configfs_group_operations emu_root_group_ops = {
	.make_group	= make_switch_group,
};

const struct config_item_type emu_root_type = {
	.ct_group_ops	= &emu_root_group_ops,
	.ct_owner	= THIS_MODULE,
};
