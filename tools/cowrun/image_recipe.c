/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/image_recipe.h"

#include "container/number.h"

#include <errno.h>
#include <string.h>

/* The end of the year 9999, the last that RFC 3339 can tell. */
#define SECONDS_MAX 253402300799

void image_recipe_options_free(struct image_recipe_options *options)
{
	string_list_free(&options->changes);
	free(options->message);
	free(options->author);
	free(options->epoch);
}

void image_recipe_free(struct image_recipe_text *recipe)
{
	string_list_free(&recipe->recipe.names);
	string_list_free(&recipe->recipe.changes);
}

static int choose_time(const struct image_recipe_options *options, const struct timespec *time,
		       struct timespec *ret_time, struct problem *problem)
{
	const char *variable = getenv("SOURCE_DATE_EPOCH");
	const char *text = options->epoch ? options->epoch : variable;
	int64_t seconds;

	*ret_time = *time;
	if (!text || (!options->epoch && !text[0]))
		return 0;
	if (number_read_in(text, 0, SECONDS_MAX, &seconds) < 0)
		return problem_set(
			problem, -EINVAL, "%s must be a number of seconds since 1970, not \"%s\"",
			options->epoch ? "--source-date-epoch" : "SOURCE_DATE_EPOCH", text);
	*ret_time = (struct timespec){ .tv_sec = seconds };
	return 0;
}

int image_recipe_make(const struct image_recipe_options *options, const char *name,
		      const struct timespec *time, struct image_recipe_text *ret_recipe,
		      struct problem *problem)
{
	struct image_recipe_text recipe = { 0 };
	struct timespec created;
	struct reference reference;
	int error = choose_time(options, time, &created, problem);

	if (!error && name)
		error = reference_parse(name, &reference, problem);
	if (error)
		return error;
	if (name)
		error = string_list_add(&recipe.recipe.names, reference.text);
	for (size_t i = 0; !error && i < options->changes.count; i++)
		error = string_list_add(&recipe.recipe.changes, options->changes.strings[i]);
	if (error) {
		image_recipe_free(&recipe);
		return problem_set(problem, error, "out of memory");
	}
	recipe.recipe.comment = options->message;
	recipe.recipe.author = options->author;
	*ret_recipe = recipe;
	image_time_text(&created, ret_recipe->created);
	ret_recipe->recipe.created = ret_recipe->created;
	return 0;
}
