// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>

#include "fabric_internal.h"

static int __init fabric_init(void)
{
	int ret;

	ret = fabric_record_init();
	if (ret)
		return ret;
	ret = fabric_queue_init();
	if (ret)
		goto err_record_exit;
	ret = fabric_grant_init();
	if (ret)
		goto err_queue_exit;
	ret = fabric_nl_init();
	if (ret)
		goto err_grant_exit;
	return 0;

err_grant_exit:
	fabric_grant_exit();
err_queue_exit:
	fabric_queue_exit();
err_record_exit:
	fabric_record_exit();
	return ret;
}

/*
 * Backends depend on this module: when it goes, there is no domain, hence no
 * grant. What is queued needs a domain too; only tenants are left.
 */
static void __exit fabric_exit(void)
{
	fabric_nl_exit();
	fabric_grant_exit();
	fabric_queue_exit();
	fabric_tenants_exit();
	fabric_record_exit();
	WARN_ON(!xa_empty(&fabric_tenants.xa));
	WARN_ON(!xa_empty(&fabric_grants.xa));
	WARN_ON(!xa_empty(&fabric_resources.xa));
	WARN_ON(!xa_empty(&fabric_devices.xa));
	WARN_ON(!xa_empty(&fabric_ports.xa));
	WARN_ON(!xa_empty(&fabric_domains.xa));
}

module_init(fabric_init);
module_exit(fabric_exit);

MODULE_DESCRIPTION("Fabric broker: slices of what is behind the CXL and PCIe fabric");
MODULE_AUTHOR("The fabric broker project");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(FABRIC_FAMILY_NAME);
