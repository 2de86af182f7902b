/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/callers.h"
#include "fuse/serving/follower.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The verdict on a window of messages from `callers` threads, each of which sends `run` at a time. */
static enum callers_verdict judge(int callers, int run)
{
	struct callers history = { 0 };
	enum callers_verdict verdict = CALLERS_UNKNOWN;

	for (int i = 0; i < CALLERS_WINDOW; i++) {
		cr_assert_eq(verdict, CALLERS_UNKNOWN, "a verdict in the middle of a window");
		verdict = callers_note(&history, 100 + i / run % callers);
	}
	return verdict;
}

Test(callers, one_and_many)
{
	cr_expect_eq(judge(1, 1), CALLERS_ONE);
	cr_expect_eq(judge(1000, 16), CALLERS_ONE, "the processes of a script");
	cr_expect_eq(judge(2, 1), CALLERS_MANY);
	cr_expect_eq(judge(2, 2), CALLERS_MANY);
	cr_expect_eq(judge(9, 3), CALLERS_MANY);
	cr_expect_eq(judge(2, 5), CALLERS_UNKNOWN);
}

Test(callers, messages_of_nobody_say_nothing)
{
	struct callers history = { 0 };

	for (int i = 0; i < 10 * CALLERS_WINDOW; i++)
		cr_assert_eq(callers_note(&history, 0), CALLERS_UNKNOWN);
	for (int i = 1; i < CALLERS_WINDOW; i++) {
		cr_assert_eq(callers_note(&history, 7), CALLERS_UNKNOWN);
		cr_assert_eq(callers_note(&history, 0), CALLERS_UNKNOWN);
	}
	cr_expect_eq(callers_note(&history, 7), CALLERS_ONE);
}

Test(callers, each_window_is_judged_alone)
{
	struct callers history = { 0 };

	for (int i = 1; i < CALLERS_WINDOW; i++)
		(void)callers_note(&history, 1 + i % 2);
	cr_expect_eq(callers_note(&history, 1), CALLERS_MANY);
	for (int i = 1; i < CALLERS_WINDOW; i++)
		(void)callers_note(&history, 1);
	cr_expect_eq(callers_note(&history, 1), CALLERS_ONE);
}

static int parse(const char *name, int fields_after_name, const char *processor)
{
	char text[1024];
	int length = snprintf(text, sizeof(text), "4711 (%s) S", name);

	for (int i = 1; i < fields_after_name; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, " 9");
	(void)snprintf(text + length, sizeof(text) - (size_t)length, " %s 0 0\n", processor);
	return follower_parse_processor(text);
}

Test(follower, finds_the_processor)
{
	cr_expect_eq(parse("sh", 36, "0"), 0);
	cr_expect_eq(parse("sh", 36, "63"), 63);
	cr_expect_eq(parse("a) R 1 (b c", 36, "5"), 5, "names hold anything");
	cr_expect_eq(parse("", 36, "5"), 5);
}

Test(follower, refuses_other_texts)
{
	cr_expect_eq(follower_parse_processor(""), -EINVAL);
	cr_expect_eq(follower_parse_processor("4711 (sh)"), -EINVAL);
	cr_expect_eq(follower_parse_processor("4711 (sh) S 1 2 3"), -EINVAL);
	cr_expect_eq(parse("sh", 36, "-1"), -EINVAL);
	cr_expect_eq(parse("sh", 36, "x"), -EINVAL);
	cr_expect_eq(parse("sh", 36, "99999999999999999999"), -EINVAL);
	cr_expect_eq(parse("sh", 33, "1"), -EINVAL, "too few fields");
}

Test(follower, what_the_kernel_writes)
{
	char text[4096];
	FILE *file = fopen("/proc/self/stat", "r");
	size_t length;

	cr_assert_not_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void)fclose(file);
	cr_expect_geq(follower_parse_processor(text), 0);
}
