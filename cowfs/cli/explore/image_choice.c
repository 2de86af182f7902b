/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/image_choice.h"

#include "base/cleanup.h"
#include "oci/reference.h"

#include <errno.h>
#include <string.h>

/* Of a sentence that lists names. */
#define NAMES_LENGTH_MAX 700

/* What an item is asked for; there are several ways to mean one, the surest first. */
struct wish {
	const char *text; /* as it was typed */
	struct reference reference;
	bool is_reference;
};

typedef bool wish_function(const struct wish *wish, const struct saved_item *item);

/* -- what an item is called -- */

/* A digest, or of docker's the name of the configuration, which begins with one. */
static const char *id_of(const struct saved_item *item)
{
	const char *slash = item->config ? strrchr(item->config, '/') : NULL;

	if (!item->config)
		return item->descriptor.digest.hex;
	return slash ? slash + 1 : item->config;
}

static bool is_same_image(const struct saved_item *a, const struct saved_item *b)
{
	return strcmp(id_of(a), id_of(b)) == 0;
}

/* -- the ways to mean one -- */

static bool has_name(const struct wish *wish, const struct saved_item *item)
{
	for (size_t i = 0; wish->is_reference && i < item->names.count; i++)
		if (strcmp(wish->reference.text, item->names.strings[i]) == 0)
			return true;
	return false;
}

static bool may_have_name(const struct wish *wish, const struct saved_item *item)
{
	for (size_t i = 0; wish->is_reference && i < item->names.count; i++)
		if (reference_may_mean(&wish->reference, item->names.strings[i]))
			return true;
	return false;
}

static bool has_id(const struct wish *wish, const struct saved_item *item)
{
	const size_t prefix = strlen(DIGEST_PREFIX);
	const char *id = wish->text;

	if (strncmp(id, DIGEST_PREFIX, prefix) == 0)
		id += prefix;
	return *id && strncmp(id_of(item), id, strlen(id)) == 0;
}

static bool is_for_us(const struct wish *wish, const struct saved_item *item)
{
	(void)wish;
	return !saved_item_is_for_others(item);
}

static bool is_there(const struct wish *wish, const struct saved_item *item)
{
	(void)wish;
	(void)item;
	return true;
}

/* -- choosing -- */

/* How many images it says yes to; *ret_item is the first. */
static size_t find(const struct saved_list *list, wish_function *function, const struct wish *wish,
		   const struct saved_item **ret_item)
{
	const struct saved_item *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct saved_item *item = &list->items[i];

		if (!function(wish, item) || (first && is_same_image(first, item)))
			continue;
		if (!first)
			first = item;
		count++;
	}
	if (first)
		*ret_item = first;
	return count;
}

/* "a, b, c and 5 more" */
static int list_names(const struct saved_list *list, struct buffer *text)
{
	int error = 0;

	for (size_t i = 0; i < list->count && !error; i++) {
		const struct saved_item *item = &list->items[i];

		if (text->length > NAMES_LENGTH_MAX)
			return buffer_append_format(text, " and %zu more", list->count - i);
		error = buffer_append_format(
			text, item->names.count ? "%s%s" : "%s%.12s", i ? ", " : "",
			item->names.count ? item->names.strings[0] : id_of(item));
	}
	return error;
}

static int fail(const struct saved_list *list, const char *what, const char *wanted, size_t found,
		struct problem *problem)
{
	cleanup_buffer struct buffer names = BUFFER_INIT;

	if (list_names(list, &names) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (!wanted)
		return problem_set(problem, -EEXIST,
				   "%s holds several images, choose one with --image NAME: %s",
				   what, buffer_string(&names));
	if (found > 0)
		return problem_set(problem, -EEXIST,
				   "%.100s may mean several of the images in %s: %s", wanted, what,
				   buffer_string(&names));
	return problem_set(problem, -ENOENT, "%s holds no image %.100s; it holds %s", what, wanted,
			   buffer_string(&names));
}

int image_choice(const struct saved_list *list, const char *what, const char *wanted,
		 const struct saved_item **ret_item, struct problem *problem)
{
	static wish_function *const named[] = { has_name, may_have_name, has_id };
	static wish_function *const unnamed[] = { is_there, is_for_us };
	wish_function *const *functions = wanted ? named : unnamed;
	size_t count = wanted ? sizeof(named) / sizeof(*named) : sizeof(unnamed) / sizeof(*unnamed);
	struct wish wish = { .text = wanted };
	size_t found = 0;

	wish.is_reference = wanted && reference_parse(wanted, &wish.reference, NULL) == 0;
	/* An exact name that several have is not to be guessed by its beginning. */
	for (size_t i = 0; i < count && (wanted ? found == 0 : found != 1); i++)
		found = find(list, functions[i], &wish, ret_item);
	return found == 1 ? 0 : fail(list, what, wanted, found, problem);
}
