/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
/* Seconds of which there are nanoseconds in 64 bits: until the year 2262. */
#define SECONDS_MAX INT64_C(9000000000)

/* Digits at *text, at most so many of them counting, and moves behind them. -EINVAL when there are none or too many. */
static int read_digits(const char **text, int64_t *ret_number)
{
	int64_t number = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		number = number * 10 + (**text - '0');
		if (number > SECONDS_MAX)
			return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

/* ".5" as nanoseconds, if it is there; what is smaller is cut off. */
static int read_fraction(const char **text, int64_t *ret_nanoseconds)
{
	int64_t unit = SECOND;

	*ret_nanoseconds = 0;
	if (**text != '.')
		return 0;
	(*text)++;
	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		unit /= 10;
		*ret_nanoseconds += unit * (**text - '0');
	}
	return 0;
}

/* 1h30m before now. */
static int read_age(const char *text, int64_t *ret_nanoseconds)
{
	static const struct {
		const char *name;
		int64_t nanoseconds;
	} units[] = {
		{ "ms", SECOND / 1000 }, { "s", SECOND },	  { "m", 60 * SECOND },
		{ "h", 3600 * SECOND },	 { "d", 86400 * SECOND },
	};
	struct timespec now;
	int64_t age = 0;

	while (*text) {
		size_t unit = 0, length;
		int64_t count, part;

		if (read_digits(&text, &count) < 0)
			return -EINVAL;
		length = strspn(text, "mshd");
		while (unit < sizeof(units) / sizeof(*units) &&
		       (strlen(units[unit].name) != length ||
			strncmp(units[unit].name, text, length) != 0))
			unit++;
		if (unit == sizeof(units) / sizeof(*units) ||
		    __builtin_mul_overflow(count, units[unit].nanoseconds, &part) ||
		    __builtin_add_overflow(age, part, &age) || age > SECONDS_MAX * SECOND)
			return -EINVAL;
		text += length;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*ret_nanoseconds = now.tv_sec * SECOND + now.tv_nsec - age;
	return 0;
}

/* +02:00, as seconds. */
static int read_offset(const char *text, int64_t *ret_seconds)
{
	static const char form[] = "+00:00";

	for (size_t i = 1; i < sizeof(form); i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return -EINVAL;
	*ret_seconds = ((text[1] - '0') * 10 + text[2] - '0') * 3600 +
		       ((text[4] - '0') * 10 + text[5] - '0') * 60;
	if (text[0] == '-')
		*ret_seconds = -*ret_seconds;
	return 0;
}

static int read_date(const char *text, int64_t *ret_nanoseconds)
{
	struct tm parts = { .tm_isdst = -1 };
	const char *rest = strptime(text, "%Y-%m-%d", &parts);
	int64_t seconds, fraction = 0, offset = 0;
	bool local = false;

	if (!rest)
		return -EINVAL;
	if (*rest == 'T') {
		rest = strptime(rest, "T%H:%M:%S", &parts);
		if (!rest || read_fraction(&rest, &fraction) < 0)
			return -EINVAL;
	}
	if (*rest == '\0')
		local = true;
	else if (strcmp(rest, "Z") != 0 &&
		 ((*rest != '+' && *rest != '-') || read_offset(rest, &offset) < 0))
		return -EINVAL;
	seconds = (local ? mktime(&parts) : timegm(&parts)) - offset;
	if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
		return -EINVAL;
	*ret_nanoseconds = seconds * SECOND + fraction;
	return 0;
}

static int read_number(const char *text, int64_t *ret_nanoseconds)
{
	int64_t seconds, fraction;

	if (read_digits(&text, &seconds) < 0 || read_fraction(&text, &fraction) < 0 || *text)
		return -EINVAL;
	*ret_nanoseconds = seconds * SECOND + fraction;
	return 0;
}

int moment_read(const char *text, int64_t *ret_nanoseconds)
{
	if (read_number(text, ret_nanoseconds) == 0)
		return 0;
	if (read_date(text, ret_nanoseconds) == 0)
		return 0;
	return *text ? read_age(text, ret_nanoseconds) : -EINVAL;
}
