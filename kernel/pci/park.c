// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: parked functions
 *
 * A virtual function that no holder has is bound to a driver that does nothing,
 * by an override of the function: so no other driver of the host takes it, who
 * looks sees whose it is, and a driver that has it instead is the host's. A physical
 * function is parked on its way from the host to a holder and back.
 */
#include <linux/device.h>

#include "fabric_pci.h"

static int park_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

/*
 * A function whose driver says nothing to an error makes the kernel give up all that
 * share its port, the physical function among them. What is parked has nothing to lose.
 */
static pci_ers_result_t park_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	return state == pci_channel_io_perm_failure ? PCI_ERS_RESULT_DISCONNECT :
						      PCI_ERS_RESULT_CAN_RECOVER;
}

static pci_ers_result_t park_slot_reset(struct pci_dev *pdev)
{
	return PCI_ERS_RESULT_RECOVERED;
}

static const struct pci_error_handlers park_err_handler = {
	.error_detected = park_error_detected,
	.slot_reset = park_slot_reset,
};

static struct pci_driver park_driver = {
	.name = KBUILD_MODNAME,
	.probe = park_probe,
	.err_handler = &park_err_handler,
	/* No DMA: others of its IOMMU group are VFIO's as before */
	.driver_managed_dma = true,
};

/* Before it is probed, or by the next device_attach(). */
int fabric_pci_park_reserve(struct pci_dev *pdev)
{
	return device_set_driver_override(&pdev->dev, KBUILD_MODNAME);
}

bool fabric_pci_is_parked(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->dev.driver) == &park_driver.driver;
}

/* Return: 0, -EBUSY if it has another driver, -ENODEV if it is gone, or -ENOMEM. */
int fabric_pci_park(struct pci_dev *pdev)
{
	int ret;

	if (READ_ONCE(pdev->dev.driver))
		return fabric_pci_is_parked(pdev) ? 0 : -EBUSY;
	ret = fabric_pci_park_reserve(pdev);
	if (ret)
		return ret;
	ret = device_attach(&pdev->dev);
	if (ret < 0)
		return ret;
	return fabric_pci_is_parked(pdev) ? 0 : -EBUSY;
}

int fabric_pci_park_init(void)
{
	return pci_register_driver(&park_driver);
}

/* What is parked is free for the drivers of the host. */
void fabric_pci_park_exit(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (fabric_pci_is_parked(pdev))
			device_set_driver_override(&pdev->dev, "");
	}
	pci_unregister_driver(&park_driver);
}
