// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: CXL backend
 *
 * One domain, "cxl", holds the CXL hierarchy of the host: PCIe ports with the
 * CXL extensions, memory devices, and the regions that were taken over. User
 * space programs the regions by libcxl; this module takes a committed region's
 * address range over, keeps everybody else out of it (fence.c), and slices it.
 *
 * A region's life is watched by notifications of the CXL bus. Nobody can refuse
 * that a driver is unbound or a device deleted, but a notification is waited
 * for: until the slices are revoked, or revoke_timeout_ms is over, the hardware
 * stays as it is.
 */
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>

#include "fabric_cxl.h"

struct fabric_domain *fabric_cxl_domain;

static const struct fabric_backend_ops cxl_ops = {
	.owner = THIS_MODULE,
	.name = "cxl",
	.slice_prepare = fabric_cxl_slice_prepare,
	.slice_commit = fabric_cxl_slice_commit,
	.slice_revoke = fabric_cxl_slice_revoke,
	.slice_release = fabric_cxl_slice_release,
	.slice_shrink = fabric_cxl_slice_shrink,
	.region_take = fabric_cxl_region_take,
	.region_give = fabric_cxl_region_give,
};

static int cxl_bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	/* Regions leave before the memory devices that they need */
	fabric_cxl_region_event(data, action);
	fabric_cxl_memdev_event(data, action);
	return NOTIFY_DONE;
}

static int pci_bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	fabric_cxl_port_event(data, action);
	return NOTIFY_DONE;
}

static struct notifier_block cxl_bus_nb = { .notifier_call = cxl_bus_event };
static struct notifier_block pci_bus_nb = { .notifier_call = pci_bus_event };

static int __init fabric_cxl_init(void)
{
	int ret;

	ret = fabric_cxl_ram_init();
	if (ret)
		return ret;
	ret = fabric_cxl_dax_init();
	if (ret)
		goto err_ram_exit;
	fabric_cxl_domain = fabric_domain_register("cxl", &cxl_ops, NULL);
	if (IS_ERR(fabric_cxl_domain)) {
		ret = PTR_ERR(fabric_cxl_domain);
		goto err_dax_exit;
	}
	ret = bus_register_notifier(&pci_bus_type, &pci_bus_nb);
	if (ret)
		goto err_domain_unregister;
	ret = bus_register_notifier(&cxl_bus_type, &cxl_bus_nb);
	if (ret)
		goto err_pci_notifier;
	fabric_cxl_port_init();
	fabric_cxl_memdev_init();
	return 0;

err_pci_notifier:
	bus_unregister_notifier(&pci_bus_type, &pci_bus_nb);
err_domain_unregister:
	fabric_cxl_port_exit();
	fabric_domain_unregister(fabric_cxl_domain);
err_dax_exit:
	fabric_cxl_dax_exit();
err_ram_exit:
	fabric_cxl_ram_exit();
	return ret;
}

static void __exit fabric_cxl_exit(void)
{
	bus_unregister_notifier(&cxl_bus_type, &cxl_bus_nb);
	bus_unregister_notifier(&pci_bus_type, &pci_bus_nb);
	fabric_cxl_memdev_exit();
	fabric_cxl_port_exit();
	/* A slice pins this module, so there is none; regions that are still taken go too */
	fabric_domain_unregister(fabric_cxl_domain);
	fabric_cxl_region_exit();
	fabric_cxl_dax_exit();
	fabric_cxl_ram_exit();
}

module_init(fabric_cxl_init);
module_exit(fabric_cxl_exit);

MODULE_AUTHOR("The fabric broker project");
MODULE_DESCRIPTION("CXL memory backend of the fabric broker");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: device_dax");
FABRIC_IMPORT_NS(CXL);
FABRIC_IMPORT_NS(FABRIC);
