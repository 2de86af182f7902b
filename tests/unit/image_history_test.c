/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a layer came to be: which step made it, and what that is in words. */
#include "oci/history.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(image_history, .timeout = 300);

static void check(const char *created_by, const char *expected)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	cr_assert_eq(history_append_text(created_by, &text), 0);
	cr_assert_str_eq(buffer_string(&text), expected);
}

Test(image_history, what_builders_put_around_it)
{
	check("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /");
	check("/bin/sh -c #(nop)  CMD [\"bash\"]", "CMD [\"bash\"]");
	check("/bin/sh -c apt-get update", "RUN apt-get update");
	check("|2 a=1 b=2 /bin/sh -c make", "RUN make");
	check("RUN /bin/sh -c make # buildkit", "RUN make");
	check("RUN |1 a=1 /bin/sh -c make # buildkit", "RUN make");
	check("COPY file /bin # buildkit", "COPY file /bin");
	check("WORKDIR /srv", "WORKDIR /srv");
}

Test(image_history, white_space)
{
	check("/bin/sh -c a   &&\\\n\t\tb  \n", "RUN a &&\\ b");
	check("  x  # buildkit", "x");
}

Test(image_history, what_is_left_as_it_is)
{
	check("", "");
	check("# buildkit", "");
	check("RUN bash -c make", "RUN bash -c make");
	check("RUNNER /bin/sh -c make", "RUNNER /bin/sh -c make");
	check("|2 a=1", "|2 a=1");
	check("echo # buildkit rules", "echo # buildkit rules");
}

#define DIFF_ID "\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""

static const char *made_by(const char *history, size_t layer)
{
	static char text[32];
	cleanup_image_config struct image_config config = { 0 };
	cleanup_buffer struct buffer document = BUFFER_INIT;
	const struct image_history *step;

	cr_assert_eq(buffer_append_format(&document,
					  "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" DIFF_ID
					  "," DIFF_ID "]},\"history\":[%s]}",
					  history),
		     0);
	cr_assert_eq(image_config_parse(document.data, document.length, "it", &config, NULL), 0);
	step = history_of_layer(&config, layer);
	(void)snprintf(text, sizeof(text), "%s", step ? step->created_by : "none");
	return text;
}

#define STEP(name) "{\"created_by\":\"" name "\"}"
#define EMPTY "{\"created_by\":\"empty\",\"empty_layer\":true}"

Test(image_history, the_step_of_a_layer)
{
	cr_assert_str_eq(made_by(STEP("a") "," EMPTY "," STEP("b"), 0), "a");
	cr_assert_str_eq(made_by(STEP("a") "," EMPTY "," STEP("b"), 1), "b");
	cr_assert_str_eq(made_by(EMPTY "," STEP("a") "," STEP("b") "," EMPTY, 0), "a");
	cr_assert_str_eq(made_by(STEP("a") "," STEP("b"), 2), "none");
}

Test(image_history, a_history_of_something_else)
{
	cr_assert_str_eq(made_by("", 0), "none");
	cr_assert_str_eq(made_by(STEP("a"), 0), "none");
	cr_assert_str_eq(made_by(STEP("a") "," STEP("b") "," STEP("c"), 1), "none");
}
