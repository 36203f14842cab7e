// SPDX-License-Identifier: GPL-2.0
#include <linux/pci.h>
#include <linux/pci_ids.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <fabric/pcie.h>

#include "fabric_cxl.h"

/* The link of a slot settles some time after the device came or went */
#define LINK_DELAY	(HZ / 2)

struct fabric_cxl_port {
	struct list_head node;
	struct pci_dev *pdev;
	struct fabric_port *port;
};

/* Parents first; by fabric_cxl_inventory_lock */
static LIST_HEAD(ports);

static struct fabric_cxl_port *port_find(const struct pci_dev *pdev)
{
	struct fabric_cxl_port *port;

	lockdep_assert_held(&fabric_cxl_inventory_lock);
	list_for_each_entry(port, &ports, node) {
		if (port->pdev == pdev)
			return port;
	}
	return NULL;
}

/* The nearest port above a PCI device, or NULL. */
struct fabric_port *fabric_cxl_port_above(struct device *dev)
{
	struct fabric_cxl_port *port;
	struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return NULL;
	for (pdev = pci_upstream_bridge(to_pci_dev(dev)); pdev; pdev = pci_upstream_bridge(pdev)) {
		port = port_find(pdev);
		if (port)
			return port->port;
	}
	return NULL;
}

static bool port_type(struct pci_dev *pdev, enum fabric_port_type *type)
{
	*type = fabric_pcie_port_type(pdev);
	/* CXL 3.1, section 8.1.5: CXL Extensions DVSEC for Ports */
	return *type && pci_find_dvsec_capability(pdev, PCI_VENDOR_ID_CXL, PCI_DVSEC_CXL_PORT);
}

static void links_refresh(struct work_struct *work)
{
	struct fabric_cxl_port *port;
	enum fabric_link link;
	u32 speed, width;

	mutex_lock(&fabric_cxl_inventory_lock);
	list_for_each_entry(port, &ports, node) {
		link = fabric_pcie_link(port->pdev, &speed, &width);
		fabric_port_link_event(port->port, link, speed, width);
	}
	mutex_unlock(&fabric_cxl_inventory_lock);
}

static DECLARE_DELAYED_WORK(links_work, links_refresh);

static void port_add(struct pci_dev *pdev)
{
	struct fabric_port_info info = { .name = pci_name(pdev) };
	struct fabric_cxl_port *port;

	if (!port_type(pdev, &info.type))
		return;
	mutex_lock(&fabric_cxl_inventory_lock);
	if (port_find(pdev))
		goto out;
	port = kzalloc_obj(*port);
	if (!port)
		goto out;
	info.parent = fabric_cxl_port_above(&pdev->dev);
	info.link = fabric_pcie_link(pdev, &info.speed, &info.width);
	port->port = fabric_port_add(fabric_cxl_domain, &info, port);
	if (IS_ERR(port->port)) {
		pci_warn(pdev, "not in the inventory: %pe\n", port->port);
		kfree(port);
		goto out;
	}
	port->pdev = pci_dev_get(pdev);
	list_add_tail(&port->node, &ports);
out:
	mutex_unlock(&fabric_cxl_inventory_lock);
}

static void port_remove(struct pci_dev *pdev)
{
	struct fabric_cxl_port *port;

	mutex_lock(&fabric_cxl_inventory_lock);
	port = port_find(pdev);
	if (port)
		list_del(&port->node);
	mutex_unlock(&fabric_cxl_inventory_lock);
	if (!port)
		return;
	/* Waits for whoever takes a region over, which needs the lock. */
	fabric_port_remove(port->port);
	pci_dev_put(port->pdev);
	kfree(port);
}

/* A notification of the PCI bus; functions below a port come after it and go before it. */
void fabric_cxl_port_event(struct device *dev, unsigned long action)
{
	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		port_add(to_pci_dev(dev));
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		port_remove(to_pci_dev(dev));
		break;
	default:
		return;
	}
	cancel_delayed_work(&links_work);
	schedule_delayed_work(&links_work, LINK_DELAY);
}

void fabric_cxl_port_init(void)
{
	struct pci_dev *pdev = NULL;

	/* Nothing comes or goes meanwhile. Parents are found before children. */
	pci_lock_rescan_remove();
	for_each_pci_dev(pdev)
		port_add(pdev);
	pci_unlock_rescan_remove();
}

/* What the core has of them goes with the domain. */
void fabric_cxl_port_exit(void)
{
	struct fabric_cxl_port *port, *next;

	cancel_delayed_work_sync(&links_work);
	mutex_lock(&fabric_cxl_inventory_lock);
	list_for_each_entry_safe(port, next, &ports, node) {
		list_del(&port->node);
		pci_dev_put(port->pdev);
		kfree(port);
	}
	mutex_unlock(&fabric_cxl_inventory_lock);
}
