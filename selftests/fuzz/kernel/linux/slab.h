/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FUZZ_LINUX_SLAB_H
#define _FUZZ_LINUX_SLAB_H

#include <errno.h>
#include <stdlib.h>

#include <linux/types.h>

/* The harness says whether there is memory. */
void *fuzz_alloc(size_t size);

#define kzalloc_obj(obj)	((typeof(obj) *)fuzz_alloc(sizeof(obj)))
#define kfree(pointer)		free(pointer)

#define ERR_PTR(error)		((void *)(intptr_t)(error))
#define PTR_ERR(pointer)	((int)(intptr_t)(pointer))
#define IS_ERR(pointer)		((uintptr_t)(pointer) >= (uintptr_t)-4095)

#define WARN_ON(condition) ({						\
	if (condition)							\
		abort();						\
	0;								\
})

#endif /* _FUZZ_LINUX_SLAB_H */
