/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/create_image.h"

#include "container/process/environment.h"
#include "container/process/signal_name.h"
#include "cowrun/archive_program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

void create_image_close(struct create_image *create)
{
	image_close(&create->image);
	image_store_close(&create->store);
}

/* NAME=VALUE lists: those of the image, each unless it was given. */
static int merge(const struct string_list *of_image, struct string_list *given)
{
	struct string_list merged = STRING_LIST_INIT;
	int error = 0;

	for (size_t i = 0; !error && i < of_image->count; i++)
		if (strchr(of_image->strings[i], '='))
			error = environment_set(&merged, of_image->strings[i]);
	for (size_t i = 0; !error && i < given->count; i++)
		error = environment_set(&merged, given->strings[i]);
	if (error) {
		string_list_free(&merged);
		return error;
	}
	string_list_free(given);
	*given = merged;
	return 0;
}

static int set_unless_given(char **member, const char *value)
{
	return *member || !value || !value[0] ? 0 : state_set_text(member, value);
}

/* An image may have a relative one, or one that is none. */
static int set_directory(struct container_config *config, const char *directory)
{
	char path[PATH_MAX];

	if (config->working_directory || !directory || !directory[0])
		return 0;
	if (snprintf(path, sizeof(path), "%s%s", directory[0] == '/' ? "" : "/", directory) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return state_set_text(&config->working_directory, path);
}

static int set_stop_signal(struct container_config *config, const char *name)
{
	if (!name || signal_number(name, NULL) < 0)
		return 0;
	return set_unless_given(&config->stop_signal, name);
}

static int use_config(const struct image *image, struct container_config *config)
{
	char id[DIGEST_TEXT_SIZE];
	int error = state_set_text(&config->image_id, digest_text(&image->id, id));

	if (!error)
		error = merge(&image->config.environment, &config->environment);
	if (!error)
		error = merge(&image->config.labels, &config->labels);
	if (!error)
		error = set_unless_given(&config->user, image->config.user);
	if (!error)
		error = set_directory(config, image->config.working_dir);
	if (!error)
		error = set_stop_signal(config, image->config.stop_signal);
	return error;
}

/* Layers are unpacked when an image comes in, but not for a user who has other ids now than then. */
static int find_layers(const struct create_image *create, struct string_list *ret_layers,
		       struct problem *problem)
{
	char id[DIGEST_TEXT_SIZE];
	int error = image_layers(&create->store, &create->image, ret_layers, problem);

	if (error != -ENOENT)
		return error;
	error = archive_program_run("unpack", digest_text(&create->image.id, id), problem);
	return error ? error : image_layers(&create->store, &create->image, ret_layers, problem);
}

int create_image_use(struct create_image *create, const struct place *place, const char *name,
		     struct create_options *options, struct problem *problem)
{
	struct container_config *config = &options->config;
	int error = image_store_open(place, &create->store, problem);

	if (!error)
		error = image_open(&create->store, name, &create->image, problem);
	if (!error)
		error = find_layers(create, &config->lowers, problem);
	if (error)
		return error;
	if (config->lowers.count == 0)
		return problem_set(problem, -EINVAL, "the image %s has no layers to run in", name);
	error = state_set_text(&config->image, name);
	if (!error)
		error = use_config(&create->image, config);
	return error ? problem_set(problem, error, "the image %s: %s", name, strerror(-error)) : 0;
}

static int append(struct string_list *list, char *const *strings, size_t count)
{
	int error = 0;

	for (size_t i = 0; !error && i < count; i++)
		error = string_list_add(list, strings[i]);
	return error;
}

int create_image_arguments(const struct create_image *create, const char *entrypoint, int count,
			   char **given, struct string_list *arguments, struct problem *problem)
{
	const struct image_config *config = &create->image.config;
	int error = 0;

	/* Another entry point makes nothing of the image's command. */
	if (entrypoint && entrypoint[0])
		error = string_list_add(arguments, entrypoint);
	else if (!entrypoint)
		error = append(arguments, config->entrypoint.strings, config->entrypoint.count);
	if (!error && count > 0)
		error = append(arguments, given, (size_t)count);
	else if (!error && !entrypoint)
		error = append(arguments, config->command.strings, config->command.count);
	if (error)
		return problem_set(problem, error, "out of memory");
	if (arguments->count == 0)
		return problem_set(problem, -EINVAL,
				   "the image says of no command; say which is to run in it");
	return 0;
}
