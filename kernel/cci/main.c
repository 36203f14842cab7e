// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: CXL switch mailbox
 *
 * The PCI function of a CXL switch that its fabric manager talks to (CXL 3.1,
 * section 7.2.9). Each is a domain, called by its PCI address, with the physical
 * ports of the switch; it has no devices, since what is below a port shows up at
 * the host that the port is bound to. The core speaks the FM API, this module
 * carries the messages.
 *
 * The device can go at any moment. A command that waits for it sees reads of all
 * ones, or that the driver leaves it, and ends; the domain waits for its commands
 * before the driver lets go of the registers.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include <fabric/backend.h>
#include "../compat/compat.h"
#include "fabric_cci.h"

/*
 * Serial bus controller, CXL switch mailbox. The programming interface is 1 in the
 * specification (CXL 3.1, section 8.1.13.1), and 0 in QEMU.
 */
#define CLASS_SWITCH_MAILBOX	0x0c0b00
#define CLASS_MASK		0xffff00

struct cci_device {
	struct cci_mailbox mailbox;
	struct fabric_domain *domain;
};

static int cci_op(void *domain_priv, const void *request, size_t len, void *response,
		  size_t *size)
{
	struct cci_device *cci = domain_priv;

	return cci_mailbox_send(&cci->mailbox, request, len, response, size);
}

static const struct fabric_backend_ops cci_ops = {
	.owner	= THIS_MODULE,
	.name	= "cci",
	.cci	= cci_op,
};

static int cci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct cci_device *cci;
	int ret;

	cci = devm_kzalloc(&pdev->dev, sizeof(*cci), GFP_KERNEL);
	if (!cci)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = cci_mailbox_init(&cci->mailbox, pdev);
	if (ret)
		return ret;
	cci->domain = fabric_domain_register(pci_name(pdev), &cci_ops, cci);
	if (IS_ERR(cci->domain))
		return dev_err_probe(&pdev->dev, PTR_ERR(cci->domain), "no domain\n");
	ret = fabric_domain_discover(cci->domain);
	if (ret) {
		fabric_domain_unregister(cci->domain);
		return dev_err_probe(&pdev->dev, ret, "the switch does not tell its ports\n");
	}
	pci_set_drvdata(pdev, cci);
	return 0;
}

static void cci_remove(struct pci_dev *pdev)
{
	struct cci_device *cci = pci_get_drvdata(pdev);

	cci_mailbox_leave(&cci->mailbox);
	fabric_domain_unregister(cci->domain);
}

static const struct pci_device_id cci_ids[] = {
	{ PCI_DEVICE_CLASS(CLASS_SWITCH_MAILBOX, CLASS_MASK) },
	{}
};
MODULE_DEVICE_TABLE(pci, cci_ids);

static struct pci_driver cci_driver = {
	.name		= "fabric_cci",
	.id_table	= cci_ids,
	.probe		= cci_probe,
	.remove		= cci_remove,
};

module_pci_driver(cci_driver);

MODULE_AUTHOR("The fabric broker project");
MODULE_DESCRIPTION("CXL switch mailboxes for the fabric broker");
MODULE_LICENSE("GPL");
FABRIC_IMPORT_NS(FABRIC);
