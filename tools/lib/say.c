// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a context keeps about the last call, in the library and in its part for CXL. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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
