// SPDX-License-Identifier: GPL-2.0
/*
 * The codec of the CCI under libFuzzer: any bytes are read without harm, and what
 * was read and written again is read as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "selftests/cci/walk.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len);

static char *walk(const u8 *bytes, size_t len, struct cci_writer *again, enum cci_defect *defect)
{
	size_t size;
	char *text;
	FILE *stream = open_memstream(&text, &size);

	*defect = walk_message(bytes, len, stream, again);
	fclose(stream);
	return text;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	u8 *buf = malloc(2 * len + 1);
	struct cci_writer again, third;
	enum cci_defect defect;
	char *first, *second;

	cci_writer_init(&again, buf, len);
	first = walk(bytes, len, &again, &defect);
	if (again.full)
		abort();
	if (defect == CCI_FINE) {
		cci_writer_init(&third, buf + len, len);
		second = walk(buf, again.used, &third, &defect);
		if (defect != CCI_FINE || strcmp(first, second))
			abort();
		free(second);
	}
	free(first);
	free(buf);
	return 0;
}
