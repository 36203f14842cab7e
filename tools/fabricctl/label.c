// SPDX-License-Identifier: GPL-2.0
/* Labels of ports and devices. */

#include <stdlib.h>
#include <string.h>

#include "fabricctl.h"

/* Pointers and texts in one piece, to be freed as such; NULL without memory */
const char *const *labels_copy(const char *const *labels, uint32_t count)
{
	const char **copy;
	char *text;
	uint32_t i;

	copy = calloc(1, (count + 1) * (sizeof(*copy) + FABRIC_NAME_SIZE));
	if (!copy)
		return NULL;
	text = (char *)(copy + count + 1);
	for (i = 0; i < count; i++) {
		copy[i] = text;
		text = stpcpy(text, labels[i]) + 1;
	}
	return (const char *const *)copy;
}
