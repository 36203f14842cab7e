// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions. libcxl brings libkmod and libcrypto, which take longer to load than most
 * programs of this library run, so it is loaded by the first call that needs it, with
 * cxl.c. It stays loaded.
 */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ctx.h"

void region_ctx_close(struct fabric_ctx *ctx)
{
	if (ctx->cxl_ops)
		ctx->cxl_ops->close(ctx->cxl);
}

/* Beside the library, wherever that is */
static void *open_cxl(void)
{
	char path[PATH_MAX];
	Dl_info library;
	char *slash;

	if (!dladdr(region_ctx_close, &library))
		return NULL;
	slash = strrchr(library.dli_fname, '/');
	snprintf(path, sizeof(path), "%.*sfabricbroker/cxl.so",
		 slash ? (int)(slash + 1 - library.dli_fname) : 0, library.dli_fname);
	return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static int load(struct fabric_ctx *ctx)
{
	void *object;

	ctx_clear(ctx);
	if (ctx->cxl_ops)
		return 0;
	object = open_cxl();
	if (object)
		ctx->cxl_ops = dlsym(object, "fabric_cxl_ops");
	if (ctx->cxl_ops)
		return 0;
	return ctx_fail(ctx, -EOPNOTSUPP,
			"Volatile regions need libcxl and libdaxctl 77 or newer (Debian 13 has 81), and this was built with %s: %s",
			FABRIC_LIBCXL, dlerror());
}

FABRIC_API int fabric_region_list(struct fabric_ctx *ctx, fabric_region_cb cb, void *data)
{
	return load(ctx) ?: ctx->cxl_ops->region_list(ctx, cb, data);
}

FABRIC_API int fabric_region_create(struct fabric_ctx *ctx, const struct fabric_region_req *req,
				    const struct fabric_region **region)
{
	return load(ctx) ?: ctx->cxl_ops->region_create(ctx, req, region);
}

FABRIC_API int fabric_region_release_dax(struct fabric_ctx *ctx, const char *name)
{
	return load(ctx) ?: ctx->cxl_ops->region_release_dax(ctx, name);
}

FABRIC_API int fabric_region_destroy(struct fabric_ctx *ctx, const char *name)
{
	return load(ctx) ?: ctx->cxl_ops->region_destroy(ctx, name);
}
