/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/human_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define UNITS 7

/* From limit on, a number is one of the next unit, which is step times as large. */
static void write_size(uint64_t size, double limit, double step, int digits,
		       const char *const units[UNITS], char text[HUMAN_TEXT_SIZE])
{
	double number = (double)size;
	size_t unit = 0;

	for (; number >= limit && unit + 1 < UNITS; unit++)
		number /= step;
	(void)snprintf(text, HUMAN_TEXT_SIZE, "%.*g%s", digits, number, units[unit]);
}

void size_text(uint64_t size, char text[HUMAN_TEXT_SIZE])
{
	static const char *const units[UNITS] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };

	/* Three digits of 999.5 are 1e+03. */
	write_size(size, 999.5, 1000, 3, units, text);
}

void size_text_binary(uint64_t size, char text[HUMAN_TEXT_SIZE])
{
	static const char *const units[UNITS] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	write_size(size, 1024, 1024, 4, units, text);
}

void age_text(const char *moment, char text[HUMAN_TEXT_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ 31536000, "year" }, { 2592000, "month" }, { 604800, "week" }, { 86400, "day" },
		{ 3600, "hour" },     { 60, "minute" },	    { 1, "second" },
	};
	struct tm parts = { 0 };
	int64_t seconds;

	text[0] = '\0';
	if (!moment || !strptime(moment, "%Y-%m-%dT%H:%M:%S", &parts))
		return;
	seconds = (int64_t)difftime(time(NULL), timegm(&parts));
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t count = seconds / units[i].seconds;

		/* Two of a unit at least, so that little is lost by rounding. */
		if (count < 2 && units[i].seconds > 1)
			continue;
		(void)snprintf(text, HUMAN_TEXT_SIZE, "%" PRId64 " %s%s ago", count < 0 ? 0 : count,
			       units[i].name, count == 1 ? "" : "s");
		return;
	}
}
