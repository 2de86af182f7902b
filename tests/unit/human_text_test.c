/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes for people, and what stats makes of them. */
#include "cowrun/human_text.h"
#include "cowrun/stats_view.h"

#include <criterion/criterion.h>

struct expectation {
	uint64_t size;
	const char *text;
};

static void expect(void write(uint64_t size, char text[HUMAN_TEXT_SIZE]),
		   const struct expectation *expectations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[HUMAN_TEXT_SIZE];

		write(expectations[i].size, text);
		cr_expect_str_eq(text, expectations[i].text, "%s, not %s", text,
				 expectations[i].text);
	}
}

/* The last of a unit is followed by the first of the next, without "1e+03" or "1000kB" in between. */
static const struct expectation decimal[] = {
	{ 0, "0B" },
	{ 999, "999B" },
	{ 1000, "1kB" },
	{ 1234, "1.23kB" },
	{ 999499, "999kB" },
	{ 999500, "1MB" },
	{ 1000000, "1MB" },
	{ 12345678, "12.3MB" },
	{ 999499999, "999MB" },
	{ 999500000, "1GB" },
	{ UINT64_C(18000000000000000000), "18EB" },
};

static const struct expectation binary[] = {
	{ 0, "0B" },
	{ 1023, "1023B" },
	{ 1024, "1KiB" },
	{ 1536, "1.5KiB" },
	{ 1024 * 1024 - 1, "1024KiB" },
	{ 1024 * 1024, "1MiB" },
	{ UINT64_C(1) << 30, "1GiB" },
	{ UINT64_C(15) << 60, "15EiB" },
};

Test(human_text, has_decimal_sizes)
{
	expect(size_text, decimal, sizeof(decimal) / sizeof(*decimal));
}

Test(human_text, has_binary_sizes)
{
	expect(size_text_binary, binary, sizeof(binary) / sizeof(*binary));
}

Test(stats_text, shows_sizes_and_what_is_not_known)
{
	static const struct expectation unknown[] = { { CGROUP_UNKNOWN, "--" } };

	expect(stats_text_traffic, decimal, sizeof(decimal) / sizeof(*decimal));
	expect(stats_text_memory, binary, sizeof(binary) / sizeof(*binary));
	expect(stats_text_traffic, unknown, 1);
	expect(stats_text_memory, unknown, 1);
}
