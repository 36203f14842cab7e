/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's fail-nth: one allocation or user copy of this thread fails. */
#ifndef _FABRIC_SELFTEST_FAULTS_H
#define _FABRIC_SELFTEST_FAULTS_H

#include <stdbool.h>

/* More than any operation has */
#define FAULTS_MAX	4000

/* Skips all where the kernel cannot; makes what only sleeps or is retried fail too. */
void faults_prepare(void);
/* Of the thread that calls it: it is the one that reads and writes it. */
void faults_open(void);
/* The @nth of what follows fails. */
void fail_nth(unsigned int nth);
/* Whether it did. Reading the answer can be what failed: then none did before. */
bool fault_came(void);

#endif /* _FABRIC_SELFTEST_FAULTS_H */
