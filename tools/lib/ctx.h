/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the library: what its files know of a context. */
#ifndef FABRIC_CTX_H
#define FABRIC_CTX_H

#include "fabricbroker.h"

#define FABRIC_API __attribute__((visibility("default")))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct fabric_nl;
struct fabric_cxl;
struct cxl_ops;

struct fabric_ctx {
	struct fabric_nl *nl;
	const struct cxl_ops *cxl_ops;	/* NULL before the first call that needs it */
	struct fabric_cxl *cxl;		/* as that */
	const char *error_attr;
	char error[512];
	char warning[256];
};

/* say.c */
void ctx_clear(struct fabric_ctx *ctx);
void ctx_say(struct fabric_ctx *ctx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns @err, which whoever checks the caller can see. */
#define ctx_fail(ctx, err, ...)				\
({							\
	int _err = (err);				\
							\
	ctx_say(ctx, __VA_ARGS__);			\
	_err;						\
})

int ctx_copy_req(struct fabric_ctx *ctx, void *copy, size_t copy_size, const void *req,
		 size_t req_size);

/* names.c */
const char *attr_name(uint8_t cmd, unsigned int type);
const char *event_name(uint8_t cmd);

/* nl.c */
int nl_ctx_open(struct fabric_nl **nl);
void nl_ctx_close(struct fabric_nl *nl);

/* region.c */
void region_ctx_close(struct fabric_ctx *ctx);

/* cxl.c, which is loaded by the first call that needs it: what fabricbroker.h says of these */
struct cxl_ops {
	int (*region_list)(struct fabric_ctx *ctx, fabric_region_cb cb, void *data);
	int (*region_create)(struct fabric_ctx *ctx, const struct fabric_region_req *req,
			     const struct fabric_region **region);
	int (*region_release_dax)(struct fabric_ctx *ctx, const char *name);
	int (*region_destroy)(struct fabric_ctx *ctx, const char *name);
	void (*close)(struct fabric_cxl *cxl);
};

extern const struct cxl_ops fabric_cxl_ops;

#endif /* FABRIC_CTX_H */
