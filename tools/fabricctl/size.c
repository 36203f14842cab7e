// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes, times and bandwidths as people write and read them. */

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

struct unit {
	const char *name;
	uint64_t factor;
};

static int unit_parse(const char *text, const struct unit *units, uint64_t *value)
{
	const struct unit *unit;
	const char *end;
	int err;

	err = digits_parse(text, value, &end);
	if (err)
		return err;
	for (unit = units; unit->name; unit++)
		if (!strcmp(unit->name, end))
			return __builtin_mul_overflow(*value, unit->factor, value) ? -ERANGE : 0;
	return -EINVAL;
}

/* Without a unit, only 0 is clear. */
int time_parse(const char *text, uint64_t *ms)
{
	static const struct unit times[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, {},
	};

	if (!strcmp(text, "0")) {
		*ms = 0;
		return 0;
	}
	return unit_parse(text, times, ms);
}

int bandwidth_parse(const char *text, uint64_t *mbps)
{
	static const struct unit bandwidths[] = {
		{ "", 1 }, { "Mb/s", 1 }, { "Gb/s", 1000 }, { "Tb/s", 1000 * 1000 }, {},
	};

	return unit_parse(text, bandwidths, mbps);
}

int amount_parse(enum fabric_kind kind, const char *text, uint64_t *amount)
{
	return kind == FABRIC_KIND_BANDWIDTH ? bandwidth_parse(text, amount) :
	       size_parse(text, amount);
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

void time_format(uint64_t ms, char text[32])
{
	if (ms < 1000)
		snprintf(text, 32, "%u ms", (unsigned int)ms);
	else if (ms < 60 * 1000)
		snprintf(text, 32, "%.1f s", ms / 1000.0);
	else if (ms < 60 * 60 * 1000)
		snprintf(text, 32, "%u min", (unsigned int)(ms / 60000));
	else
		snprintf(text, 32, "%llu h %u min", (unsigned long long)ms / 3600000,
			 (unsigned int)(ms / 60000 % 60));
}

void bandwidth_format(uint64_t mbps, char text[32])
{
	if (mbps < 1000)
		snprintf(text, 32, "%u Mb/s", (unsigned int)mbps);
	else if (mbps < 1000 * 1000)
		snprintf(text, 32, "%g Gb/s", mbps / 1000.0);
	else
		snprintf(text, 32, "%g Tb/s", mbps / 1000000.0);
}

void amount_format(enum fabric_kind kind, uint64_t amount, char text[32])
{
	if (kind == FABRIC_KIND_BANDWIDTH)
		bandwidth_format(amount, text);
	else if (kind == FABRIC_KIND_FUNCTION)
		snprintf(text, 32, "%llu", (unsigned long long)amount);
	else
		size_format(amount, text);
}
