// SPDX-License-Identifier: LGPL-2.1-or-later
/* Instead of cxl.c where there is no libcxl that has volatile regions. */

#include <errno.h>

#include "ctx.h"

void cxl_ctx_close(struct fabric_cxl *cxl)
{
	(void)cxl;
}

static int missing(struct fabric_ctx *ctx)
{
	ctx_clear(ctx);
	return ctx_fail(ctx, -EOPNOTSUPP,
			"Built with %s: volatile regions need libcxl and libdaxctl 77 or newer (Debian 13 has 81); install libcxl-dev and libdaxctl-dev from there and build again",
			FABRIC_LIBCXL);
}

FABRIC_API int fabric_region_list(struct fabric_ctx *ctx, fabric_region_cb cb, void *data)
{
	(void)cb;
	(void)data;
	return missing(ctx);
}

FABRIC_API int fabric_region_create(struct fabric_ctx *ctx, const struct fabric_region_req *req,
				    const struct fabric_region **region)
{
	(void)req;
	(void)region;
	return missing(ctx);
}

FABRIC_API int fabric_region_release_dax(struct fabric_ctx *ctx, const char *name)
{
	(void)name;
	return missing(ctx);
}

FABRIC_API int fabric_region_destroy(struct fabric_ctx *ctx, const char *name)
{
	(void)name;
	return missing(ctx);
}
