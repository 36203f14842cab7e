// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: PCIe backend
 *
 * One domain for each host bridge holds what lspci(8) lists below it: root
 * ports and the ports of switches as ports, all other functions as devices.
 * They come and go with the notifications of the PCI bus; what changes without
 * one (links, counters of errors, power states) is looked at from time to time
 * and whenever somebody asks.
 *
 * A physical function offers itself, and virtual ones if its driver can make these.
 */
#include <linux/module.h>
#include <linux/notifier.h>

#include "fabric_pci.h"

static int bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	fabric_pci_function_event(to_pci_dev(data), action);
	return NOTIFY_DONE;
}

static struct notifier_block bus_nb = { .notifier_call = bus_event };

static int __init fabric_pci_init(void)
{
	int ret;

	ret = fabric_pci_slice_init();
	if (ret)
		return ret;
	ret = fabric_pci_park_init();
	if (ret)
		goto err_slice;
	/* Nothing comes or goes between the first notification and the list of what is there */
	pci_lock_rescan_remove();
	ret = bus_register_notifier(&pci_bus_type, &bus_nb);
	if (!ret)
		fabric_pci_function_add_present();
	pci_unlock_rescan_remove();
	if (ret)
		goto err_park;
	fabric_pci_function_init();
	return 0;

err_park:
	fabric_pci_park_exit();
err_slice:
	fabric_pci_slice_exit();
	return ret;
}

static void __exit fabric_pci_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &bus_nb);
	fabric_pci_function_exit();
	fabric_pci_bridge_exit();
	fabric_pci_park_exit();
	fabric_pci_slice_exit();
}

module_init(fabric_pci_init);
module_exit(fabric_pci_exit);

MODULE_AUTHOR("The fabric broker project");
MODULE_DESCRIPTION("PCIe backend of the fabric broker");
MODULE_LICENSE("GPL");
FABRIC_IMPORT_NS(FABRIC);
