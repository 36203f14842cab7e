// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: rest
 *
 * That a port sleeps while nothing below it is awake, and for how long it did, is the
 * kernel's runtime power management; the broker says whether it may. Whoever has a
 * function keeps it, and the ports above, awake.
 */
#include <linux/pm_runtime.h>

#include "fabric_pci.h"

/* What its driver asks, which does this to no other ports. It depends on what is below, too. */
static bool may_rest(struct pci_dev *pdev)
{
	return pdev->dev.power.use_autosuspend && pdev->bridge_d3;
}

void fabric_pci_power(struct pci_dev *pdev, struct fabric_port_power *power)
{
	power->speed_limit = fabric_pci_link_limit(pdev);
	if (!may_rest(pdev))
		return;
	power->idle = pdev->dev.power.runtime_auto ? FABRIC_PORT_IDLE_REST : FABRIC_PORT_IDLE_STAY;
	power->rested = div_u64(pm_runtime_suspended_time(&pdev->dev), NSEC_PER_MSEC);
}

int fabric_pci_port_set_idle(struct fabric_port *port, enum fabric_port_idle idle,
			     struct netlink_ext_ack *extack)
{
	struct pci_dev *pdev = fabric_pci_port_dev(port);

	if (!may_rest(pdev)) {
		NL_SET_ERR_MSG_FMT(extack, "The kernel lets %s not sleep, see pcie_port_pm",
				   pci_name(pdev));
		return -EOPNOTSUPP;
	}
	if (idle == FABRIC_PORT_IDLE_REST)
		pm_runtime_allow(&pdev->dev);
	else
		pm_runtime_forbid(&pdev->dev);
	return 0;
}

/* For as long as a holder has it; it answers from here on. */
int fabric_pci_wake(struct pci_dev *pdev)
{
	return pm_runtime_resume_and_get(&pdev->dev);
}

void fabric_pci_let_rest(struct pci_dev *pdev)
{
	pm_runtime_put(&pdev->dev);
}
