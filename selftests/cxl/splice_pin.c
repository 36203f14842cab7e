// SPDX-License-Identifier: GPL-2.0
/*
 * Keep one page of a range of physical memory from being moved: put it into a
 * pipe.
 *
 * Usage: splice_pin NUMA_NODE START LENGTH
 *
 * Allocates memory of the node until a page of it is in the range, prints
 * "ready" and waits for a byte on standard input.
 *
 * Status: 0, 1 for an error, 5 when no page is in the range.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE	4096UL
#define CHUNK	(2UL << 20)
/* What a memory device of the lab has */
#define CHUNKS	256

static int pagemap;

/* Physical address of a page that is present, or 0 */
static uint64_t address_of(const void *page)
{
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry)) !=
	    sizeof(entry) || !(entry >> 63))
		return 0;
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

/* A page of the range in @chunk, or NULL */
static char *find_page(char *chunk, uint64_t start, uint64_t length)
{
	size_t at;

	for (at = 0; at < CHUNK; at += PAGE) {
		uint64_t address = address_of(chunk + at);

		if (address >= start && address - start < length)
			return chunk + at;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long nodes[16] = {}, node;
	struct iovec page = { .iov_len = PAGE };
	char *chunks[CHUNKS];
	uint64_t start, length;
	unsigned int nr;
	int ends[2];
	char byte;

	if (argc != 4)
		return 2;
	node = strtoul(argv[1], NULL, 0);
	start = strtoull(argv[2], NULL, 0);
	length = strtoull(argv[3], NULL, 0);
	nodes[node / 64] = 1UL << node % 64;
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap < 0 || pipe(ends) ||
	    syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes, sizeof(nodes) * 8))
		return 1;
	/* All are kept until one fits, or the same pages would come again */
	for (nr = 0; !page.iov_base && nr < CHUNKS; nr++) {
		chunks[nr] = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (chunks[nr] == MAP_FAILED)
			return 1;
		page.iov_base = find_page(chunks[nr], start, length);
	}
	if (!page.iov_base)
		return 5;
	if (vmsplice(ends[1], &page, 1, 0) != PAGE)
		return 1;
	while (nr)
		munmap(chunks[--nr], CHUNK);
	puts("ready");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}
