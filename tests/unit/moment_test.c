/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/moment.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
#define MORNING INT64_C(1714979289) /* 2024-05-06T07:08:09Z */

static int64_t moment(const char *text)
{
	int64_t nanoseconds = -1;

	cr_expect_eq(moment_read(text, &nanoseconds), 0, "%s is refused", text);
	return nanoseconds;
}

Test(moment, of_a_date)
{
	cr_assert_eq(moment("2024-05-06T07:08:09Z"), MORNING * SECOND);
	cr_assert_eq(moment("2024-05-06T07:08:09.5Z"), MORNING * SECOND + SECOND / 2);
	cr_assert_eq(moment("2024-05-06T07:08:09.000000001Z"), MORNING * SECOND + 1);
	cr_assert_eq(moment("2024-05-06T07:08:09.0000000019Z"), MORNING * SECOND + 1);
	cr_assert_eq(moment("2024-05-06T09:08:09+02:00"), MORNING * SECOND);
	cr_assert_eq(moment("2024-05-06T01:38:09-05:30"), MORNING * SECOND);
	cr_assert_eq(moment("1970-01-01T00:00:00Z"), 0);
}

Test(moment, without_a_zone_is_local)
{
	(void)setenv("TZ", "UTC-2", 1);
	tzset();
	cr_assert_eq(moment("2024-05-06T09:08:09"), MORNING * SECOND);
	cr_assert_eq(moment("2024-05-06"), (MORNING - (9 * 3600 + 8 * 60 + 9)) * SECOND);
}

Test(moment, of_a_number)
{
	cr_assert_eq(moment("1714979289"), MORNING * SECOND);
	cr_assert_eq(moment("1714979289.25"), MORNING * SECOND + SECOND / 4);
}

Test(moment, of_an_age)
{
	int64_t now = (int64_t)time(NULL) * SECOND;

	cr_assert_leq(llabs(now - 5400 * SECOND - moment("1h30m")), 5 * SECOND);
	cr_assert_leq(llabs(now - 2 * 86400 * SECOND - moment("2d")), 5 * SECOND);
	cr_assert_leq(llabs(now - moment("100ms")), 5 * SECOND);
}

Test(moment, of_nothing_sensible)
{
	static const char *const texts[] = {
		"",
		"yesterday",
		"10x",
		"m",
		"1h30",
		"-5",
		"1.",
		"1.x",
		"2024-05",
		"2024-05-06T07:08",
		"1mm",
		"2024-05-06Tx",
		"10 m",
		"2024-05-06T07:08:09+2",
		"99999999999999999999",
		"1h-30m",
		"999999999999d",
		"9999-01-01T00:00:00Z",
		"2024-05-06T07:08:09.Z",
		"2024-05-06T07:08:09+0a:00",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		int64_t nanoseconds = 7;

		cr_expect_eq(moment_read(texts[i], &nanoseconds), -EINVAL, "%s is taken", texts[i]);
		cr_expect_eq(nanoseconds, 7);
	}
}
