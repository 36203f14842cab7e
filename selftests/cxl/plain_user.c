// SPDX-License-Identifier: GPL-2.0
/*
 * A program that knows nothing of the broker: maps a file or device node,
 * writes a pattern all over it, reads it back.
 *
 * Usage: plain_user FILE SIZE [zero | hold | check]
 *
 *   check only read what was written by a run with the same SIZE
 *   zero  first check that all of it is zero
 *   hold  afterwards print "ready" and wait for a byte on standard input, then
 *         touch it again
 *
 * Status: 0, 1 for an error, 3 when a byte is not zero, 4 when a byte is not
 * what was written, 10 for SIGBUS while it writes, 11 for SIGBUS when it
 * touches it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf fault_return;

static void on_fault(int sig)
{
	siglongjmp(fault_return, sig);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_fault };
	volatile uint64_t *mem;
	const char *what = argc > 3 ? argv[3] : "";
	size_t size, i, words;
	char byte;
	int fd;

	if (argc < 3)
		return 2;
	size = strtoull(argv[2], NULL, 0);
	words = size / sizeof(*mem);
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
	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(fault_return, 1))
		return 10;
	for (i = 0; !strcmp(what, "zero") && i < words; i++) {
		if (mem[i]) {
			fprintf(stderr, "word %zu is %llx\n", i, (unsigned long long)mem[i]);
			return 3;
		}
	}
	for (i = 0; strcmp(what, "check") && i < words; i++)
		mem[i] = i * 0x9e3779b97f4a7c15ULL + size;
	for (i = 0; i < words; i++) {
		if (mem[i] != i * 0x9e3779b97f4a7c15ULL + size)
			return 4;
	}
	if (strcmp(what, "hold"))
		return 0;
	puts("ready");
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		return 1;
	if (sigsetjmp(fault_return, 1))
		return 11;
	for (i = 0; i < words; i += 512)
		mem[i]++;
	return 0;
}
