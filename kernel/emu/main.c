// SPDX-License-Identifier: GPL-2.0
/*
 * Emulated switch: memory behind a switch that exists in configfs only. It is
 * the backend of the tests, and of a first look on a machine without hardware.
 */
#include <linux/debugfs.h>
#include <linux/module.h>

#include "../compat/compat.h"
#include "emu.h"

struct dentry *emu_debugfs_root;

static struct configfs_subsystem emu_subsys = {
	.su_group = {
		.cg_item = {
			.ci_namebuf	= "fabric_emu",
			.ci_type	= &emu_root_type,
		},
	},
	.su_mutex = __MUTEX_INITIALIZER(emu_subsys.su_mutex),
};

static int __init emu_init(void)
{
	int ret;

	/* First, since a switch can go live as soon as configfs shows us. */
	emu_debugfs_root = debugfs_create_dir("fabric_emu", NULL);
	config_group_init(&emu_subsys.su_group);
	ret = configfs_register_subsystem(&emu_subsys);
	if (ret)
		debugfs_remove(emu_debugfs_root);
	return ret;
}

/*
 * Every directory of a switch pins this module, and so does every slice: what
 * is left here is empty.
 */
static void __exit emu_exit(void)
{
	configfs_unregister_subsystem(&emu_subsys);
	debugfs_remove(emu_debugfs_root);
}

module_init(emu_init);
module_exit(emu_exit);

FABRIC_IMPORT_NS(FABRIC);
MODULE_DESCRIPTION("Emulated switch with memory expanders for the fabric broker");
MODULE_LICENSE("GPL");
