// SPDX-License-Identifier: GPL-2.0
/*
 * A program that knows nothing of the broker: opens a function by VFIO, maps
 * memory for its DMA, and reads its registers.
 *
 * Usage: vfio_user /dev/vfio/GROUP ADDRESS [hold | OFFSET [VALUE]]
 *
 *   hold    then print "ready" and keep all of it open until standard input ends
 *   OFFSET  of a word of the first BAR that is printed, too; with VALUE, that is
 *           written before
 *
 * Prints the vendor, the device and the command register, and the first word of
 * the first BAR. Status: 0, or 1 for an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define DMA_SIZE	0x10000
#define DMA_IOVA	0x100000

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t region_read(int device, unsigned int index, uint64_t offset, size_t size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	uint64_t value = 0;

	check(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info), "VFIO_DEVICE_GET_REGION_INFO");
	check(pread(device, &value, size, info.offset + offset) == (ssize_t)size, "region");
	return value;
}

static void region_write(int device, unsigned int index, uint64_t offset, uint32_t value,
			 size_t size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	check(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info), "VFIO_DEVICE_GET_REGION_INFO");
	check(pwrite(device, &value, size, info.offset + offset) == (ssize_t)size, "region");
}

int main(int argc, char **argv)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = DMA_IOVA,
		.size = DMA_SIZE,
	};
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int container, group, device;
	void *mem;
	char byte;

	if (argc < 3)
		return 2;
	container = open("/dev/vfio/vfio", O_RDWR);
	check(container >= 0, "/dev/vfio/vfio");
	group = open(argv[1], O_RDWR);
	check(group >= 0, argv[1]);
	check(!ioctl(group, VFIO_GROUP_GET_STATUS, &status), "VFIO_GROUP_GET_STATUS");
	check(status.flags & VFIO_GROUP_FLAGS_VIABLE, "the group is not viable");
	check(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "VFIO_GROUP_SET_CONTAINER");
	check(!ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU), "VFIO_SET_IOMMU");
	mem = mmap(NULL, DMA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(mem != MAP_FAILED, "mmap");
	map.vaddr = (uintptr_t)mem;
	check(!ioctl(container, VFIO_IOMMU_MAP_DMA, &map), "VFIO_IOMMU_MAP_DMA");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[2]);
	check(device >= 0, argv[2]);
	printf("vendor %04x device %04x command %04x bar0 %08x\n",
	       (unsigned int)region_read(device, VFIO_PCI_CONFIG_REGION_INDEX, PCI_VENDOR_ID, 2),
	       (unsigned int)region_read(device, VFIO_PCI_CONFIG_REGION_INDEX, PCI_DEVICE_ID, 2),
	       (unsigned int)region_read(device, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2),
	       (unsigned int)region_read(device, VFIO_PCI_BAR0_REGION_INDEX, 0, 4));
	if (argc > 3 && strcmp(argv[3], "hold")) {
		region_write(device, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, PCI_COMMAND_MEMORY,
			     2);
		if (argc > 4)
			region_write(device, VFIO_PCI_BAR0_REGION_INDEX, strtoul(argv[3], NULL, 0),
				     strtoul(argv[4], NULL, 0), 4);
		printf("word %08x\n",
		       (unsigned int)region_read(device, VFIO_PCI_BAR0_REGION_INDEX,
						 strtoul(argv[3], NULL, 0), 4));
	} else if (argc > 3) {
		puts("ready");
		fflush(stdout);
		while (read(0, &byte, 1) > 0)
			;
	}
	return 0;
}
