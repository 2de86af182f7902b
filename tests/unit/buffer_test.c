/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buffer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

Test(buffer, starts_empty_and_is_never_null)
{
	struct buffer buffer = BUFFER_INIT;

	cr_assert_str_eq(buffer_string(&buffer), "");
	buffer_clear(&buffer);
	cr_assert_null(buffer.data);
	buffer_free(&buffer);
}

Test(buffer, appends_and_prepends)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;

	cr_assert_eq(buffer_append_string(&buffer, "middle"), 0);
	cr_assert_eq(buffer_prepend(&buffer, "front ", 6), 0);
	cr_assert_eq(buffer_append_format(&buffer, " %d %s", 7, "end"), 0);
	cr_assert_str_eq(buffer_string(&buffer), "front middle 7 end");
	cr_assert_eq(buffer.length, strlen("front middle 7 end"));
}

Test(buffer, prepends_to_nothing)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;

	cr_assert_eq(buffer_prepend(&buffer, "", 0), 0);
	cr_assert_str_eq(buffer_string(&buffer), "");
	cr_assert_eq(buffer_prepend(&buffer, "a", 1), 0);
	cr_assert_str_eq(buffer_string(&buffer), "a");
}

Test(buffer, keeps_zero_bytes)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;

	cr_assert_eq(buffer_append(&buffer, "a\0b", 3), 0);
	cr_assert_eq(buffer.length, 3);
	cr_assert_eq(memcmp(buffer.data, "a\0b", 4), 0);
	cr_assert_eq(buffer_append(&buffer, NULL, 0), 0);
	cr_assert_eq(buffer.length, 3);
}

Test(buffer, grows_past_every_power_of_two)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;

	for (size_t i = 0; i < 5000; i++) {
		cr_assert_eq(buffer_append(&buffer, "x", 1), 0);
		cr_assert_gt(buffer.capacity, buffer.length);
		cr_assert_eq(buffer.data[buffer.length], '\0');
	}
	cr_assert_eq(strspn(buffer_string(&buffer), "x"), 5000);
}

Test(buffer, clear_keeps_the_memory)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;
	size_t capacity;

	cr_assert_eq(buffer_append_string(&buffer, "something"), 0);
	capacity = buffer.capacity;
	buffer_clear(&buffer);
	cr_assert_eq(buffer.length, 0);
	cr_assert_eq(buffer.capacity, capacity);
	cr_assert_str_eq(buffer_string(&buffer), "");
}

Test(buffer, refuses_impossible_sizes_and_stays_as_it_was)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;

	cr_assert_eq(buffer_append_string(&buffer, "kept"), 0);
	cr_assert_eq(buffer_reserve(&buffer, SIZE_MAX), -ENOMEM);
	cr_assert_eq(buffer_reserve(&buffer, SIZE_MAX - 4), -ENOMEM);
	cr_assert_eq(buffer_reserve(&buffer, SIZE_MAX / 2), -ENOMEM);
	cr_assert_str_eq(buffer_string(&buffer), "kept");
}

Test(buffer, formats_more_than_a_page)
{
	cleanup_buffer struct buffer buffer = BUFFER_INIT;

	cr_assert_eq(buffer_append_format(&buffer, "%*d", 10000, 1), 0);
	cr_assert_eq(buffer.length, 10000);
	cr_assert_eq(buffer.data[9999], '1');
}
