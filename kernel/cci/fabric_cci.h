/* SPDX-License-Identifier: GPL-2.0 */
/* Private to the driver of CXL switch mailboxes. */
#ifndef _FABRIC_CCI_DRIVER_H
#define _FABRIC_CCI_DRIVER_H

#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct pci_dev;

/**
 * struct cci_mailbox - a mailbox (CXL 3.1, section 8.2.8.4)
 * @regs: its registers
 * @payload_max: longest payload in bytes
 * @lock: held during a command: the mailbox has room for one
 * @gone: the driver leaves the device, commands end
 */
struct cci_mailbox {
	void __iomem *regs;
	size_t payload_max;
	struct mutex lock; /* the registers but the capabilities */
	bool gone;
};

int cci_mailbox_init(struct cci_mailbox *mailbox, struct pci_dev *pdev);
void cci_mailbox_leave(struct cci_mailbox *mailbox);
int cci_mailbox_send(struct cci_mailbox *mailbox, const void *request, size_t len, void *response,
		     size_t *size);

#endif /* _FABRIC_CCI_DRIVER_H */
