/* SPDX-License-Identifier: GPL-2.0 */
/* Private to the PCIe backend. Prototypes are grouped by object. */
#ifndef _FABRIC_PCI_H
#define _FABRIC_PCI_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include <fabric/backend.h>
#include "../compat/compat.h"

/**
 * DOC: locking
 *
 * In this order:
 *
 *   create_lock        of a physical function: who makes or removes virtual ones of it
 *   locks of devices, lock of rescan and remove
 *                      held by whoever raises a notification of the bus; the
 *                      kernel takes the two in either order, so who makes
 *                      virtual functions has the latter and tries the former
 *   inventory_lock     list of the functions, what is known of them, their
 *                      bridges
 *   slices_lock        what holders have; never together with inventory_lock
 *   locks of the engine, of a domain, of a grant
 *                      the core's, inside its functions
 *
 * What waits in the core for the ops of a domain (the removal of a port, the
 * end of a domain) is called without inventory_lock, which refresh takes.
 *
 * A function in the list has a reference to its struct pci_dev, which keeps the
 * memory and nothing else: it can be unplugged, and its driver unbound, at any
 * time. The configuration space of one that is gone reads as ones.
 */

/* attr.c */
int fabric_pci_attr_read(struct device *dev, const char *name, char *buf);

/* bridge.c */

/**
 * struct fabric_pci_bridge - a host bridge, which is a domain
 * @node: in the list of bridges
 * @name: of the bridge in sysfs, "pci0000:00"
 * @domain: the core's
 * @nr_functions: functions below it
 *
 * By inventory_lock.
 */
struct fabric_pci_bridge {
	struct list_head node;
	char name[FABRIC_PCI_ADDRESS_LEN];
	struct fabric_domain *domain;
	unsigned int nr_functions;
};

struct fabric_pci_bridge *fabric_pci_bridge_get(struct pci_dev *pdev);
struct fabric_pci_bridge *fabric_pci_bridge_put(struct fabric_pci_bridge *bridge);
void fabric_pci_bridge_end(struct fabric_pci_bridge *bridge);
void fabric_pci_bridge_exit(void);

/* capability.c */
#define FABRIC_PCI_WHOLE	"/pf"

void fabric_pci_capability(const struct pci_dev *pdev, bool whole,
			   char capability[FABRIC_NAME_MAX_LEN + 1]);

/* facts.c */
void fabric_pci_facts_init(struct pci_dev *pdev, struct fabric_pci_info *info);
void fabric_pci_facts_update(struct pci_dev *pdev, struct fabric_pci_info *info);

/* isolation.c */
void fabric_pci_isolation(struct pci_dev *pdev, struct fabric_pci_info *info);
int fabric_pci_isolation_check(const struct fabric_pci_info *info, bool group,
			       struct netlink_ext_ack *extack);

/* function.c */
extern struct mutex fabric_pci_inventory_lock;

struct fabric_pci_function;
struct fabric_pci_offer;

void fabric_pci_function_event(struct pci_dev *pdev, unsigned long action);
void fabric_pci_refresh(void *domain_priv);
struct pci_dev *fabric_pci_port_dev(struct fabric_port *port);
void fabric_pci_function_add_present(void);
void fabric_pci_function_init(void);
void fabric_pci_function_exit(void);

bool fabric_pci_function_is_known(const struct pci_dev *pdev);
bool fabric_pci_function_below(struct pci_dev *port, char address[FABRIC_PCI_ADDRESS_LEN]);
struct pci_dev *fabric_pci_upstream_get(struct pci_dev *pdev);
struct pci_dev *fabric_pci_function_get(const struct fabric_slice *slice,
					struct netlink_ext_ack *extack);
int fabric_pci_group_get(struct pci_dev *pdev, bool force,
			 struct pci_dev *others[FABRIC_PCI_GROUP_MEMBERS],
			 struct netlink_ext_ack *extack);
void fabric_pci_function_put(struct pci_dev *pdev);
void fabric_pci_offer_returned(struct fabric_pci_offer *offer);

/* link.c */
u32 fabric_pci_link_limit(struct pci_dev *pdev);
int fabric_pci_port_set_link(struct fabric_port *port, enum fabric_link link,
			     struct netlink_ext_ack *extack);
int fabric_pci_port_set_speed(struct fabric_port *port, u32 speed, struct netlink_ext_ack *extack);

/* net.c */
int fabric_pci_net_set(struct pci_dev *pdev, const struct fabric_slice *slice,
		       struct netlink_ext_ack *extack);
int fabric_pci_net_clear(struct pci_dev *pdev, struct fabric_slice *slice);

/* park.c */
int fabric_pci_park_reserve(struct pci_dev *pdev);
bool fabric_pci_is_parked(struct pci_dev *pdev);
int fabric_pci_park(struct pci_dev *pdev);
int fabric_pci_park_init(void);
void fabric_pci_park_exit(void);

/* rest.c */
void fabric_pci_power(struct pci_dev *pdev, struct fabric_port_power *power);
int fabric_pci_port_set_idle(struct fabric_port *port, enum fabric_port_idle idle,
			     struct netlink_ext_ack *extack);
int fabric_pci_wake(struct pci_dev *pdev);
void fabric_pci_let_rest(struct pci_dev *pdev);

/* slice.c */
int fabric_pci_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack);
int fabric_pci_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack);
int fabric_pci_slice_revoke(struct fabric_slice *slice);
int fabric_pci_slice_release(struct fabric_slice *slice);
void fabric_pci_slice_unbind_event(struct pci_dev *pdev);
void fabric_pci_slice_remove_event(struct pci_dev *pdev);
int fabric_pci_slice_init(void);
void fabric_pci_slice_exit(void);

/* use.c */
void fabric_pci_use(struct pci_dev *pdev, struct fabric_pci_info *info);

#endif /* _FABRIC_PCI_H */
