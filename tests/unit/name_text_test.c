/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/name_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(name_text, .timeout = 300);

static void check_text(const char *name, const char *expected)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	cr_assert_eq(name_text_append(&text, name), 0);
	cr_assert_str_eq(buffer_string(&text), expected);
}

Test(name_text, leaves_ordinary_names)
{
	check_text("", "");
	check_text("a b'\"$*", "a b'\"$*");
	check_text("gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\x90\x84",
		   "gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\x90\x84");
}

Test(name_text, keeps_to_one_line)
{
	check_text("a\nb\tc", "a\\nb\\tc");
	check_text("back\\slash", "back\\\\slash");
	check_text("\xe2\x80\xa8", "\\342\\200\\250");
}

Test(name_text, says_nothing_to_a_terminal)
{
	check_text("\033[2J\007\x7f", "\\033[2J\\007\\177");
	check_text("\xc2\x9b"
		   "31m",
		   "\\302\\23331m");
	check_text("a\xe2\x80\xae"
		   "b",
		   "a\\342\\200\\256b");
}

Test(name_text, escapes_what_is_no_utf_8)
{
	check_text("\xe9t\xe9", "\\351t\\351");
	/* Cut short, too long for its value, a surrogate, beyond Unicode, a byte that goes on from nothing. */
	check_text("\xc3", "\\303");
	check_text("\xe2\x82", "\\342\\202");
	check_text("\xc0\xaf", "\\300\\257");
	check_text("\xed\xa0\x80", "\\355\\240\\200");
	check_text("\xf4\x90\x80\x80", "\\364\\220\\200\\200");
	check_text("\x80", "\\200");
	check_text("\xff", "\\377");
}

static void check_json(const char *name, const char *expected)
{
	char *printed = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&printed, &size);
	CLEANUP(json_put) json_object *object = json_object_new_object();
	CLEANUP(json_put) json_object *array = json_object_new_array();

	cr_assert(stream && object && array);
	cr_assert_eq(json_append(array, json_object_new_string(name)), 0);
	cr_assert_eq(json_add(object, "names", steal_pointer(&array)), 0);
	cr_assert_eq(json_add_number(object, "number", 7), 0);
	cr_assert_eq(name_text_print_json(object, stream), 0);
	(void)fclose(stream);
	cr_assert_str_eq(printed, expected);
	free(printed);
}

Test(name_text, writes_valid_json)
{
	check_json("plain", "{\"names\":[\"plain\"],\"number\":7}\n");
	check_json("a\"b\\c\n\x1b", "{\"names\":[\"a\\\"b\\\\c\\u000a\\u001b\"],\"number\":7}\n");
	check_json("\xe9\xc3\xbc", "{\"names\":[\"\\udce9\xc3\xbc\"],\"number\":7}\n");
}
