// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "fabric_pci.h"

static const struct fabric_backend_ops pci_ops = {
	.owner = THIS_MODULE,
	.name = "pci",
	.throttles = true,
	.refresh = fabric_pci_refresh,
	.slice_prepare = fabric_pci_slice_prepare,
	.slice_commit = fabric_pci_slice_commit,
	.slice_revoke = fabric_pci_slice_revoke,
	.slice_release = fabric_pci_slice_release,
	.port_set_link = fabric_pci_port_set_link,
	.port_set_speed = fabric_pci_port_set_speed,
	.port_set_idle = fabric_pci_port_set_idle,
};

/* By fabric_pci_inventory_lock */
static LIST_HEAD(bridges);

/* The host bridge of a function, which counts as one more. */
struct fabric_pci_bridge *fabric_pci_bridge_get(struct pci_dev *pdev)
{
	struct pci_bus *root = pdev->bus;
	struct fabric_pci_bridge *bridge;
	char name[sizeof(bridge->name)];
	struct fabric_domain *domain;

	lockdep_assert_held(&fabric_pci_inventory_lock);
	while (root->parent)
		root = root->parent;
	snprintf(name, sizeof(name), "pci%04x:%02x", pci_domain_nr(root), root->number);
	list_for_each_entry(bridge, &bridges, node) {
		if (!strcmp(bridge->name, name))
			goto out;
	}
	bridge = kzalloc_obj(*bridge);
	if (!bridge)
		return ERR_PTR(-ENOMEM);
	strscpy(bridge->name, name);
	domain = fabric_domain_register(name, &pci_ops, bridge);
	if (IS_ERR(domain)) {
		kfree(bridge);
		return ERR_CAST(domain);
	}
	bridge->domain = domain;
	list_add_tail(&bridge->node, &bridges);
out:
	bridge->nr_functions++;
	return bridge;
}

/* Return: the bridge if that was its last function, for fabric_pci_bridge_end(), or NULL. */
struct fabric_pci_bridge *fabric_pci_bridge_put(struct fabric_pci_bridge *bridge)
{
	lockdep_assert_held(&fabric_pci_inventory_lock);
	if (--bridge->nr_functions)
		return NULL;
	list_del(&bridge->node);
	return bridge;
}

/* Waits for ops, so it is called without the lock. */
void fabric_pci_bridge_end(struct fabric_pci_bridge *bridge)
{
	if (!bridge)
		return;
	fabric_domain_unregister(bridge->domain);
	kfree(bridge);
}

/* Nothing is added any more. What the core has of the functions goes with the domains. */
void fabric_pci_bridge_exit(void)
{
	struct fabric_pci_bridge *bridge, *next;

	list_for_each_entry_safe(bridge, next, &bridges, node)
		fabric_pci_bridge_end(bridge);
}
