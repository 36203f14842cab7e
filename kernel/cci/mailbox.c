// SPDX-License-Identifier: GPL-2.0
/* Registers of a mailbox, and a command through them. */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/jiffies.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include <fabric/cci.h>
#include "fabric_cci.h"

/* CXL 3.1, section 8.1.9: Register Locator DVSEC */
#define LOCATOR_DVSEC_ID	8
#define LOCATOR_FIRST_ENTRY	0xc
#define LOCATOR_ENTRY_SIZE	8
#define LOCATOR_BAR		GENMASK(2, 0)
#define LOCATOR_BLOCK_ID	GENMASK(15, 8)
#define LOCATOR_OFFSET_LOW	GENMASK(31, 16)
#define LOCATOR_DEVICE_BLOCK	3

/* CXL 3.1, section 8.2.8.1: CXL Device Capabilities Array */
#define CAPABILITIES_ID		GENMASK(15, 0)
#define CAPABILITIES_ID_ARRAY	0
#define CAPABILITIES_COUNT	GENMASK(15, 0)	/* of the upper half */
#define CAPABILITY_SIZE		0x10
#define CAPABILITY_ID		GENMASK(15, 0)
#define CAPABILITY_ID_MAILBOX	2

/* CXL 3.1, section 8.2.8.4: Mailbox Registers */
#define MAILBOX_CAPABILITIES	0x00
#define   MAILBOX_PAYLOAD_SHIFT	GENMASK(4, 0)
#define   PAYLOAD_SHIFT_MIN	8
#define   PAYLOAD_SHIFT_MAX	20
#define MAILBOX_CONTROL		0x04
#define   MAILBOX_DOORBELL	BIT(0)
#define MAILBOX_COMMAND		0x08
#define   MAILBOX_OPCODE	GENMASK_ULL(15, 0)
#define   MAILBOX_LENGTH	GENMASK_ULL(36, 16)
#define MAILBOX_STATUS		0x10
#define   MAILBOX_RETURN_CODE	GENMASK_ULL(47, 32)
#define   MAILBOX_VENDOR_STATUS	GENMASK_ULL(63, 48)
#define MAILBOX_PAYLOAD		0x20

/* CXL 3.1, section 8.2.8.4: a command is done, or in the background, within this */
#define DOORBELL_TIMEOUT	(2 * HZ)

/* Wait until the mailbox takes a command, or is done with one. */
static int doorbell_wait(struct cci_mailbox *mailbox)
{
	unsigned long deadline = jiffies + DOORBELL_TIMEOUT;
	bool over;
	u32 control;

	lockdep_assert_held(&mailbox->lock);
	for (;;) {
		/* Before the look, so that there is one after a long sleep too */
		over = time_after(jiffies, deadline);
		if (READ_ONCE(mailbox->gone))
			return -ENODEV;
		control = readl(mailbox->regs + MAILBOX_CONTROL);
		if (PCI_POSSIBLE_ERROR(control))
			return -ENODEV;
		if (!(control & MAILBOX_DOORBELL))
			return 0;
		if (over)
			return -ETIMEDOUT;
		usleep_range(50, 200);
	}
}

static int send_locked(struct cci_mailbox *mailbox, struct cci_header *header, const u8 *payload,
		       size_t payload_len, void *response, size_t *size)
{
	struct cci_writer writer;
	u64 command, status;
	size_t len;
	int ret;

	ret = doorbell_wait(mailbox);
	if (ret)
		return ret;
	/* Section 8.2.8.4: payload, then command, then doorbell */
	memcpy_toio(mailbox->regs + MAILBOX_PAYLOAD, payload, payload_len);
	writeq(FIELD_PREP(MAILBOX_OPCODE, header->opcode) |
	       FIELD_PREP(MAILBOX_LENGTH, payload_len), mailbox->regs + MAILBOX_COMMAND);
	writel(MAILBOX_DOORBELL, mailbox->regs + MAILBOX_CONTROL);
	ret = doorbell_wait(mailbox);
	if (ret)
		return ret;
	status = readq(mailbox->regs + MAILBOX_STATUS);
	command = readq(mailbox->regs + MAILBOX_COMMAND);
	if (PCI_POSSIBLE_ERROR(status) || PCI_POSSIBLE_ERROR(command))
		return -ENODEV;

	header->category = CCI_CATEGORY_RESPONSE;
	header->return_code = FIELD_GET(MAILBOX_RETURN_CODE, status);
	header->vendor_status = FIELD_GET(MAILBOX_VENDOR_STATUS, status);
	header->length = header->return_code == CCI_BACKGROUND_STARTED ? CCI_LENGTH_BACKGROUND : 0;
	/* Only a success has an output; what else is in the register is the request's */
	len = header->return_code == CCI_SUCCESS ? FIELD_GET(MAILBOX_LENGTH, command) : 0;
	if (len > mailbox->payload_max)
		return -EIO;
	cci_message_begin(&writer, header, response, *size);
	if (writer.full || len > *size - writer.used)
		return -EMSGSIZE;
	memcpy_fromio(response + writer.used, mailbox->regs + MAILBOX_PAYLOAD, len);
	writer.used += len;
	*size = cci_message_end(&writer);
	return 0;
}

/* A message and its answer, see the op cci. */
int cci_mailbox_send(struct cci_mailbox *mailbox, const void *request, size_t len, void *response,
		     size_t *size)
{
	struct cci_header header;
	struct cci_reader reader;
	int ret;

	cci_message_open(&reader, &header, request, len);
	if (WARN_ON(reader.defect))
		return -EINVAL;
	if (reader.left > mailbox->payload_max)
		return -EMSGSIZE;
	mutex_lock(&mailbox->lock);
	ret = send_locked(mailbox, &header, reader.at, reader.left, response, size);
	mutex_unlock(&mailbox->lock);
	return ret;
}

/* The BAR and the offset in it of the block of device registers. */
static int device_block_find(struct pci_dev *pdev, int *bar, u64 *offset)
{
	u16 dvsec = pci_find_dvsec_capability(pdev, PCI_VENDOR_ID_CXL, LOCATOR_DVSEC_ID);
	u32 header, low, high;
	u16 at, length;

	if (!dvsec)
		return -ENXIO;
	pci_read_config_dword(pdev, dvsec + PCI_DVSEC_HEADER1, &header);
	length = PCI_DVSEC_HEADER1_LEN(header);
	for (at = LOCATOR_FIRST_ENTRY; at + LOCATOR_ENTRY_SIZE <= length;
	     at += LOCATOR_ENTRY_SIZE) {
		pci_read_config_dword(pdev, dvsec + at, &low);
		pci_read_config_dword(pdev, dvsec + at + 4, &high);
		if (FIELD_GET(LOCATOR_BLOCK_ID, low) != LOCATOR_DEVICE_BLOCK)
			continue;
		*bar = FIELD_GET(LOCATOR_BAR, low);
		*offset = (u64)high << 32 | (low & LOCATOR_OFFSET_LOW);
		return *bar < PCI_STD_NUM_BARS ? 0 : -ENXIO;
	}
	return -ENXIO;
}

/* Offset and length of the mailbox's registers in a block of @block_len bytes. */
static int mailbox_find(void __iomem *block, u64 block_len, u32 *offset, u32 *length)
{
	u32 i, count;

	if (block_len < CAPABILITY_SIZE ||
	    FIELD_GET(CAPABILITIES_ID, readl(block)) != CAPABILITIES_ID_ARRAY)
		return -ENXIO;
	count = FIELD_GET(CAPABILITIES_COUNT, readl(block + 4));
	for (i = 1; i <= count && (i + 1) * CAPABILITY_SIZE <= block_len; i++) {
		void __iomem *entry = block + i * CAPABILITY_SIZE;

		if (FIELD_GET(CAPABILITY_ID, readl(entry)) != CAPABILITY_ID_MAILBOX)
			continue;
		*offset = readl(entry + 4);
		*length = readl(entry + 8);
		if (*length <= MAILBOX_PAYLOAD || !IS_ALIGNED(*offset, sizeof(u64)) ||
		    *offset > block_len || *length > block_len - *offset)
			return -ENXIO;
		return 0;
	}
	return -ENXIO;
}

/* Find the mailbox of a function. What it maps goes with the driver of @pdev. */
int cci_mailbox_init(struct cci_mailbox *mailbox, struct pci_dev *pdev)
{
	u32 mailbox_offset, length, shift;
	u64 offset, bar_len;
	void __iomem *base;
	int bar, ret;

	ret = device_block_find(pdev, &bar, &offset);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "no block of device registers\n");
	bar_len = pci_resource_len(pdev, bar);
	if (offset >= bar_len)
		return dev_err_probe(&pdev->dev, -ENXIO, "device registers outside of BAR %d\n",
				     bar);
	base = pcim_iomap_region(pdev, bar, pci_name(pdev));
	if (IS_ERR(base))
		return PTR_ERR(base);
	ret = mailbox_find(base + offset, bar_len - offset, &mailbox_offset, &length);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "no mailbox among the registers\n");
	mailbox->regs = base + offset + mailbox_offset;
	shift = FIELD_GET(MAILBOX_PAYLOAD_SHIFT, readl(mailbox->regs + MAILBOX_CAPABILITIES));
	if (shift < PAYLOAD_SHIFT_MIN || shift > PAYLOAD_SHIFT_MAX)
		return dev_err_probe(&pdev->dev, -ENXIO, "payload of 2^%u bytes\n", shift);
	mailbox->payload_max = min_t(size_t, BIT(shift), length - MAILBOX_PAYLOAD);
	return devm_mutex_init(&pdev->dev, &mailbox->lock);
}

/* Let commands end: those that wait for the device, and those that would begin. */
void cci_mailbox_leave(struct cci_mailbox *mailbox)
{
	WRITE_ONCE(mailbox->gone, true);
}
