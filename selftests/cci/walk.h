/* SPDX-License-Identifier: GPL-2.0 */
/* Read any message of the CCI, structure by structure, and write it again. */
#ifndef _FABRIC_SELFTEST_WALK_H
#define _FABRIC_SELFTEST_WALK_H

#include <stdio.h>

#include <fabric/cci.h>

enum cci_defect walk_message(const u8 *buf, size_t len, FILE *text, struct cci_writer *again);

#endif /* _FABRIC_SELFTEST_WALK_H */
