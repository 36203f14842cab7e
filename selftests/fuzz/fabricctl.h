/* SPDX-License-Identifier: GPL-2.0 */
/* What the linker and the Makefile give fabricctl.c another name */
#ifndef FUZZ_FABRICCTL_H
#define FUZZ_FABRICCTL_H

#include "tools/fabricctl/fabricctl.h"

int fabricctl_main(int argc, char **argv);

int __real_fabric_open(struct fabric_ctx **ctx);
void __real_fabric_close(struct fabric_ctx *ctx);
void __real_args_parse(struct ctl *ctl, const struct object *object, const struct cmd *cmd,
		       int argc, char **argv, struct args *args);
void __real_args_free(struct args *args);

#endif /* FUZZ_FABRICCTL_H */
