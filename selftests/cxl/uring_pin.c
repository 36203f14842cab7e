// SPDX-License-Identifier: GPL-2.0
/*
 * Pin a mapping the way io_uring does for its fixed buffers: for as long as the
 * ring exists, whatever becomes of the mapping.
 *
 * Usage: uring_pin FILE SIZE
 *
 * Maps the file, writes 0xa5 all over it, registers it, prints "ready" and
 * waits for a byte on standard input; then it unregisters, prints "unpinned"
 * and waits for another.
 *
 * Status: 0, 1 for an error, 4 when there is no io_uring.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* a fixed buffer is at most 1 GiB, and at most 1024 of them */
#define BUFFER_MAX	0x40000000UL

int main(int argc, char **argv)
{
	struct io_uring_params params = {};
	struct iovec buffers[64];
	unsigned int nr = 0;
	size_t size, at;
	char byte, *mem;
	int fd, ring;

	if (argc != 3)
		return 2;
	size = strtoull(argv[2], NULL, 0);
	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED) {
		fprintf(stderr, "mmap: %s\n", strerror(errno));
		return 1;
	}
	close(fd);
	memset(mem, 0xa5, size);
	ring = syscall(__NR_io_uring_setup, 1, &params);
	if (ring < 0) {
		fprintf(stderr, "io_uring_setup: %s\n", strerror(errno));
		return 4;
	}
	for (at = 0; at < size && nr < 64; at += BUFFER_MAX, nr++) {
		buffers[nr].iov_base = mem + at;
		buffers[nr].iov_len = size - at < BUFFER_MAX ? size - at : BUFFER_MAX;
	}
	if (syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, buffers, nr)) {
		fprintf(stderr, "register: %s\n", strerror(errno));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		return 1;
	syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
	close(ring);
	puts("unpinned");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}
