/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FUZZ_KERNEL_END_H
#define FUZZ_KERNEL_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From here on sockets and the files of grants give what is in @bytes: messages, each
 * behind its length in two bytes, the lower one first.
 */
void kernel_answers(const uint8_t *bytes, size_t len);
bool kernel_has_more(void);

#endif /* FUZZ_KERNEL_END_H */
