/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/image_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void size_text(uint64_t size, char text[IMAGE_TEXT_SIZE])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double number = (double)size;
	size_t unit = 0;

	while (number >= 999.5 && unit + 1 < sizeof(units) / sizeof(*units)) {
		number /= 1000;
		unit++;
	}
	if (unit == 0)
		(void)snprintf(text, IMAGE_TEXT_SIZE, "%" PRIu64 "B", size);
	else
		(void)snprintf(text, IMAGE_TEXT_SIZE, "%.3g%s", number, units[unit]);
}

void age_text(const char *moment, char text[IMAGE_TEXT_SIZE])
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
		(void)snprintf(text, IMAGE_TEXT_SIZE, "%" PRId64 " %s%s ago", count < 0 ? 0 : count,
			       units[i].name, count == 1 ? "" : "s");
		return;
	}
}
