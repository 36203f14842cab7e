// SPDX-License-Identifier: GPL-2.0
/* Numbers and sizes as people write and read them. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fabricctl.h"

static const char units[] = "KMGTPE";

/* Digits only: strtoull() would take blanks, signs and prefixes. */
static int digits_parse(const char *text, uint64_t *number, const char **end)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			return -ERANGE;
	*number = value;
	*end = text;
	return 0;
}

int number_parse(const char *text, uint64_t *number)
{
	const char *end;
	int err;

	err = digits_parse(text, number, &end);
	if (!err && *end)
		err = -EINVAL;
	return err;
}

int size_parse(const char *text, uint64_t *size)
{
	const char *end, *unit;
	unsigned int shift;
	int err;

	err = digits_parse(text, size, &end);
	if (err || !*end)
		return err;
	unit = strchr(units, *end);
	/* E is for output only: 16 EiB is more than a size can be. */
	if (!unit || *unit == 'E' || (end[1] && strcmp(end + 1, "iB")))
		return -EINVAL;
	shift = 10 * (unit - units + 1);
	if (*size << shift >> shift != *size)
		return -ERANGE;
	*size <<= shift;
	return 0;
}

void size_format(uint64_t size, char text[32])
{
	unsigned int unit = 0;

	while (unit < 6 && size >> (10 * (unit + 1)))
		unit++;
	if (!unit) {
		snprintf(text, 32, "%llu B", (unsigned long long)size);
		return;
	}
	/* Exact with a smaller unit if that stays readable */
	if (size & ((1ULL << (10 * unit)) - 1) && size >> (10 * (unit - 1)) < 10000 &&
	    !(size & ((1ULL << (10 * (unit - 1))) - 1)))
		unit--;
	if (!unit)
		snprintf(text, 32, "%llu B", (unsigned long long)size);
	else if (size & ((1ULL << (10 * unit)) - 1))
		snprintf(text, 32, "%.2f %ciB", (double)size / (1ULL << (10 * unit)),
			 units[unit - 1]);
	else
		snprintf(text, 32, "%llu %ciB",
			 (unsigned long long)size >> (10 * unit), units[unit - 1]);
}
