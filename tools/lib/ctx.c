// SPDX-License-Identifier: LGPL-2.1-or-later
/* Contexts. */

#include <errno.h>
#include <stdlib.h>

#include "ctx.h"

FABRIC_API int fabric_open(struct fabric_ctx **ctx)
{
	struct fabric_ctx *new;
	int err;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	err = nl_ctx_open(&new->nl);
	if (err) {
		free(new);
		return err;
	}
	*ctx = new;
	return 0;
}

FABRIC_API void fabric_close(struct fabric_ctx *ctx)
{
	if (!ctx)
		return;
	region_ctx_close(ctx);
	nl_ctx_close(ctx->nl);
	free(ctx);
}

FABRIC_API const char *fabric_error(const struct fabric_ctx *ctx)
{
	return ctx->error;
}

FABRIC_API const char *fabric_error_attr(const struct fabric_ctx *ctx)
{
	return ctx->error_attr;
}

FABRIC_API const char *fabric_warning(const struct fabric_ctx *ctx)
{
	return ctx->warning;
}

FABRIC_API const char *fabric_strerror(int err)
{
	const char *text = strerrordesc_np(err < 0 ? -(unsigned int)err : (unsigned int)err);

	return text ? text : "Unknown error";
}
