// SPDX-License-Identifier: LGPL-2.1-or-later
/* Contexts, and what they keep about the last call. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"

void ctx_clear(struct fabric_ctx *ctx)
{
	ctx->error_attr = NULL;
	ctx->error[0] = '\0';
	ctx->warning[0] = '\0';
}

void ctx_say(struct fabric_ctx *ctx, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ctx->error, sizeof(ctx->error), format, args);
	va_end(args);
}

/*
 * A request of an older program is shorter than ours, and what it lacks stays
 * as the copy was initialised. One of a newer program is longer, and may only
 * use what we know.
 */
int ctx_copy_req(struct fabric_ctx *ctx, void *copy, size_t copy_size, const void *req,
		 size_t req_size)
{
	const unsigned char *bytes = req;
	size_t i;

	if (req_size < sizeof(size_t))
		return ctx_fail(ctx, -EINVAL, "The request has no struct_size");
	for (i = copy_size; i < req_size; i++)
		if (bytes[i])
			return ctx_fail(ctx, -E2BIG,
					"The request needs a newer libfabricbroker");
	memcpy(copy, req, req_size < copy_size ? req_size : copy_size);
	return 0;
}

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
	cxl_ctx_close(ctx->cxl);
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
