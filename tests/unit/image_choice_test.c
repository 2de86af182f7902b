/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of several saved images is meant. */
#include "cli/explore/image_choice.h"
#include "oci/reference.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct saved_list list;
static struct problem problem;

static void tear_down(void)
{
	saved_list_free(&list);
}

TestSuite(image_choice, .fini = tear_down, .timeout = 300);

/* One whose digest is 64 times the same digit, by names that are separated by blanks. */
static struct saved_item *add(char digit, const char *names)
{
	char *copy = strdup(names), *rest = copy, *name;
	struct saved_item *item;

	list.items = reallocarray(list.items, list.count + 1, sizeof(*list.items));
	item = &list.items[list.count++];
	*item = (struct saved_item){ .descriptor.type = MEDIA_MANIFEST };
	memset(item->descriptor.digest.hex, digit, DIGEST_HEX_LENGTH);
	while ((name = strsep(&rest, " "))) {
		struct reference reference;

		if (*name && reference_parse(name, &reference, NULL) == 0)
			cr_assert_eq(string_list_add(&item->names, reference.text), 0);
	}
	free(copy);
	return item;
}

/* The digit of the one that is chosen, or what went wrong. */
static int choose(const char *wanted)
{
	const struct saved_item *item = NULL;
	int error = image_choice(&list, "it", wanted, &item, &problem);

	return error ? error : item->descriptor.digest.hex[0];
}

Test(image_choice, the_only_one)
{
	add('a', "");
	cr_assert_eq(choose(NULL), 'a');
	cr_assert_eq(choose("aaa"), 'a');
	cr_assert_eq(choose("sha256:aaa"), 'a');
	cr_assert_eq(choose("b"), -ENOENT);
	cr_assert_str_eq(problem.text, "it holds no image b; it holds aaaaaaaaaaaa");
	cr_assert_eq(choose(""), -ENOENT);
}

Test(image_choice, names_of_one_image_mean_the_same)
{
	add('a', "app:1");
	add('a', "app:2");
	cr_assert_eq(choose(NULL), 'a');
	cr_assert_eq(choose("app:2"), 'a');
	cr_assert_eq(choose("app"), -ENOENT);
}

Test(image_choice, several)
{
	add('a', "example.org/group/app:1");
	add('b', "app:1 other");
	add('c', "example.org/third:1");
	add('d', "example.com/third:1");
	cr_assert_eq(choose(NULL), -EEXIST);
	cr_assert_str_eq(problem.text,
			 "it holds several images, choose one with --image NAME: "
			 "example.org/group/app:1, localhost/app:1, example.org/third:1, "
			 "example.com/third:1");
	/* The exact one before those that may be meant. */
	cr_assert_eq(choose("app:1"), 'b');
	cr_assert_eq(choose("group/app:1"), 'a');
	cr_assert_eq(choose("other"), 'b');
	cr_assert_eq(choose("third:1"), -EEXIST);
	cr_assert_not_null(strstr(problem.text, "may mean several of the images in it"));
	cr_assert_eq(choose("example.com/third:1"), 'd');
	cr_assert_eq(choose("Not A Name"), -ENOENT);
}

Test(image_choice, of_docker)
{
	add('a', "app:1")->config = strdup("blobs/sha256/1234567890abcdef");
	add('a', "app:2")->config = strdup("fedcba0987654321.json");
	cr_assert_eq(choose(NULL), -EEXIST);
	cr_assert_eq(choose("1234"), 'a');
	cr_assert_eq(choose("sha256:fedcba"), 'a');
}

Test(image_choice, for_this_machine)
{
	add('a', "foreign")->descriptor.architecture = strdup("none-such");
	cr_assert_eq(choose(NULL), 'a');
	add('b', "own");
	cr_assert_eq(choose(NULL), 'b');
	cr_assert_eq(choose("foreign"), 'a');
	add('c', "another");
	cr_assert_eq(choose(NULL), -EEXIST);
}

Test(image_choice, more_than_a_sentence_holds)
{
	for (int i = 0; i < 200; i++)
		add((char)('a' + i % 26), "a-name-that-is-rather-long-for-a-name");
	cr_assert_eq(choose(NULL), -EEXIST);
	cr_assert_not_null(strstr(problem.text, " more"));
	cr_assert_lt(strlen(problem.text), sizeof(problem.text) - 1);
}
