// SPDX-License-Identifier: GPL-2.0
/* A line on standard error that says how far something is, if that is a terminal. */

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "fabricctl.h"

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress)
{
	memset(progress, 0, sizeof(*progress));
	progress->terminal = isatty(STDERR_FILENO);
}

void progress_print(struct progress *progress, const char *format, ...)
{
	struct winsize window = {};
	char line[256];
	va_list args;
	int columns;

	if (!progress->terminal)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* A line that wraps cannot be overwritten. */
	columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) || !window.ws_col ? 80 : window.ws_col;
	progress->shown = true;
	fprintf(stderr, "\r\033[K%.*s", columns - 1, line);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

/* Whatever is not nothing gets a cell, and only all of it gets all of them. */
void bar_format(char *bar, size_t size, uint64_t part, uint64_t total, unsigned int cells)
{
	const char *glyph = strcmp(nl_langinfo(CODESET), "UTF-8") ? "#" : "█";
	unsigned int count = 0;

	if (total)
		count = (double)part / total * cells;
	if (part && !count)
		count = 1;
	*bar = '\0';
	while (count-- && strlen(bar) + strlen(glyph) < size)
		strcat(bar, glyph);
}
