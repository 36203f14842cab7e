/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the library: what its files know of a context. */
#ifndef FABRIC_CTX_H
#define FABRIC_CTX_H

#include "fabricbroker.h"

#define FABRIC_API __attribute__((visibility("default")))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct fabric_nl;
struct fabric_cxl;

struct fabric_ctx {
	struct fabric_nl *nl;
	struct fabric_cxl *cxl;	/* NULL before the first call that needs it */
	const char *error_attr;
	char error[512];
	char warning[256];
};

/* ctx.c */
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

/* cxl.c, or nocxl.c without a libcxl that is new enough */
void cxl_ctx_close(struct fabric_cxl *cxl);

#endif /* FABRIC_CTX_H */
