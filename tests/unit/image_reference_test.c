/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/reference.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

TestSuite(image_reference, .timeout = 300);

static void check(const char *typed, const char *full)
{
	struct reference reference;
	struct problem problem = { .text = "" };

	cr_assert_eq(reference_parse(typed, &reference, &problem), 0, "%s: %s", typed,
		     problem.text);
	cr_assert_str_eq(reference.text, full);
	cr_assert_eq(reference_tag_separator(reference.text) + 1, reference_tag(&reference));
	cr_assert_eq(reference.name_length, strlen(full) - strlen(reference_tag(&reference)) - 1);
}

static void check_refused(const char *typed)
{
	struct reference reference;
	struct problem problem = { .text = "" };

	cr_assert_eq(reference_parse(typed, &reference, &problem), -EINVAL, "%s was taken", typed);
	cr_assert_neq(problem.text[0], '\0');
}

Test(image_reference, names)
{
	check("alpine", "localhost/alpine:latest");
	check("alpine:3.18", "localhost/alpine:3.18");
	check("me/app", "localhost/me/app:latest");
	check("localhost/app", "localhost/app:latest");
	check("example.org/app:v1", "example.org/app:v1");
	check("example:5000/app", "example:5000/app:latest");
	check("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c:x");
	check("x/a.b_c__d---e", "localhost/x/a.b_c__d---e:latest");
	check("app:A_b.c-9", "localhost/app:A_b.c-9");
}

Test(image_reference, bad_names)
{
	static const char *const names[] = {
		"",	    ":",	   "/",	     "App",    "a/B",	  "a//b",   "a/",
		"/a",	    "a:",	   "a:.x",   "a:-x",   "a:b:c",	  "a b",    "a..b",
		"a.",	    "-a",	   "a___b",  "a_-b",   "a/../b",  ".",	    "..",
		"a:b/c",    "ex.:5/a",	   "-e.x/a", "e-.x/a", "e.x:p/a", "a\nb",   "a:b\n",
		"a@sha256", "caf\xc3\xa9", "e.x:/a", "a:\xff", ".e.x/a",  "e..x/a", "a_",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		check_refused(names[i]);
}

Test(image_reference, lengths)
{
	char name[300], full[600];

	memset(name, 'a', sizeof(name));
	name[245] = '\0';
	(void)snprintf(full, sizeof(full), "localhost/%s:latest", name);
	check(name, full);
	name[245] = 'a';
	name[246] = '\0';
	check_refused(name);
	name[0] = 'x';
	name[1] = ':';
	name[130] = '\0';
	(void)snprintf(full, sizeof(full), "localhost/%s", name);
	check(name, full);
	name[130] = 'a';
	name[131] = '\0';
	check_refused(name);
}

Test(image_reference, meaning)
{
	struct reference typed;

	cr_assert_eq(reference_parse("app:1", &typed, NULL), 0);
	cr_assert(reference_may_mean(&typed, "example.org/app:1"));
	cr_assert(reference_may_mean(&typed, "example.org/team/app:1"));
	cr_assert_not(reference_may_mean(&typed, "example.org/app:2"));
	cr_assert_not(reference_may_mean(&typed, "example.org/myapp:1"));
	cr_assert_eq(reference_parse("localhost/app:1", &typed, NULL), 0);
	cr_assert_not(reference_may_mean(&typed, "example.org/app:1"));
}
