// SPDX-License-Identifier: GPL-2.0
/*
 * A port whose link can be disabled and limited. Those of QEMU have the registers, and
 * none of the bits: this stands before the configuration accesses of the bus of one of
 * them, as the kernel's aer_inject does, and behaves as PCIe 6.0 wants of the hardware
 * (sections 7.5.3.7, Link Control; 7.5.3.8, Link Status; 7.5.3.19, Link Control 2).
 * What is below a disabled link can't be reached.
 *
 * There is no way to unload it: somebody may be in the midst of an access, and buses that
 * are made later take theirs from the one above.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/spinlock.h>

static char *port;
module_param(port, charp, 0444);
MODULE_PARM_DESC(port, "Address of a root or downstream port, as 0000:00:01.0");

static unsigned int looks;
module_param(looks, uint, 0644);
MODULE_PARM_DESC(looks, "For how many looks at the link status the link stays, or trains, before it is as it was told");

static bool disabled;
module_param(disabled, bool, 0444);
MODULE_PARM_DESC(disabled, "Whether the link is told to be down (Link Disable)");

static struct pci_dev *pdev;
static struct pci_ops *real_ops, *real_below;

/* What the registers hold, with @disabled. By @lock: not each machine serializes accesses. */
static DEFINE_RAW_SPINLOCK(lock);
static bool active;		/* Data Link Layer Link Active */
static bool training;
static u8 target, current_speed, max_speed;
static unsigned int left;	/* looks, until the link is as it was told */

static void settle(void)
{
	training = false;
	active = !disabled;
	current_speed = min(target, max_speed);
}

static void begin(void)
{
	training = !disabled;
	left = READ_ONCE(looks);
	if (!left)
		settle();
}

/* One byte of the express capability, @real as the port has it. */
static u8 patch_read(int offset, u8 real)
{
	switch (offset) {
	case PCI_EXP_LNKCTL:
		return (real & ~PCI_EXP_LNKCTL_LD) | (disabled ? PCI_EXP_LNKCTL_LD : 0);
	case PCI_EXP_LNKSTA:
		if (left) {
			left = min(left - 1, READ_ONCE(looks));
			if (!left)
				settle();
		}
		return (real & ~PCI_EXP_LNKSTA_CLS) | current_speed;
	case PCI_EXP_LNKSTA + 1:
		real &= ~((PCI_EXP_LNKSTA_DLLLA | PCI_EXP_LNKSTA_LT) >> 8);
		return real | (active ? PCI_EXP_LNKSTA_DLLLA >> 8 : 0) |
		       (training ? PCI_EXP_LNKSTA_LT >> 8 : 0);
	case PCI_EXP_LNKCTL2:
		return (real & ~PCI_EXP_LNKCTL2_TLS) | target;
	}
	return real;
}

static void patch_write(int offset, u8 value)
{
	bool disable = value & PCI_EXP_LNKCTL_LD;

	switch (offset) {
	case PCI_EXP_LNKCTL:
		if (disable != disabled || (value & PCI_EXP_LNKCTL_RL && !disable)) {
			disabled = disable;
			begin();
		}
		break;
	case PCI_EXP_LNKCTL2:
		target = value & PCI_EXP_LNKCTL2_TLS;
		break;
	}
}

static bool is_the_port(const struct pci_bus *bus, unsigned int devfn)
{
	return bus == pdev->bus && devfn == pdev->devfn;
}

static int link_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	int i, ret = real_ops->read(bus, devfn, where, size, value);
	u32 patched = 0;

	if (ret || !is_the_port(bus, devfn))
		return ret;
	guard(raw_spinlock_irqsave)(&lock);
	for (i = 0; i < size; i++)
		patched |= (u32)patch_read(where + i - pdev->pcie_cap, *value >> 8 * i) << 8 * i;
	*value = patched;
	return 0;
}

static int link_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	int i;

	if (is_the_port(bus, devfn)) {
		guard(raw_spinlock_irqsave)(&lock);
		for (i = 0; i < size; i++)
			patch_write(where + i - pdev->pcie_cap, value >> 8 * i);
	}
	return real_ops->write(bus, devfn, where, size, value);
}

static struct pci_ops link_ops = { .read = link_read, .write = link_write };

static int below_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	if (READ_ONCE(active))
		return real_below->read(bus, devfn, where, size, value);
	PCI_SET_ERROR_RESPONSE(value);
	return PCIBIOS_DEVICE_NOT_FOUND;
}

static int below_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	if (READ_ONCE(active))
		return real_below->write(bus, devfn, where, size, value);
	return PCIBIOS_DEVICE_NOT_FOUND;
}

static struct pci_ops below_ops = { .read = below_read, .write = below_write };

static int take(void)
{
	struct pci_bus *below = pdev->subordinate;
	u32 cap;

	if (!below || !pdev->pcie_cap)
		return -EINVAL;
	if (pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP, &cap))
		return -EIO;
	max_speed = FIELD_GET(PCI_EXP_LNKCAP_SLS, cap);
	target = max_speed;
	settle();
	real_ops = pdev->bus->ops;
	real_below = below->ops;
	pci_bus_set_ops(below, &below_ops);
	pci_bus_set_ops(pdev->bus, &link_ops);
	return 0;
}

static int __init fabric_test_link_init(void)
{
	unsigned int domain, bus, device, function;
	int ret;

	if (!port || sscanf(port, "%x:%x:%x.%u", &domain, &bus, &device, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(device, function));
	if (!pdev)
		return -ENODEV;
	pci_lock_rescan_remove();
	ret = take();
	pci_unlock_rescan_remove();
	if (ret)
		pci_dev_put(pdev);
	return ret;
}

module_init(fabric_test_link_init);

MODULE_AUTHOR("The fabric broker project");
MODULE_DESCRIPTION("Link Disable and Target Link Speed of a port of QEMU, for tests");
MODULE_LICENSE("GPL");
