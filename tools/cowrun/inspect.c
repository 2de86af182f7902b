/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun inspect: all that is known of containers. */
#include "cowrun/command.h"
#include "cowrun/template.h"
#include "cowrun/view.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] =
	"Usage: cowrun inspect [-f FORMAT] CONTAINER...\n"
	"\n"
	"Prints what is known of containers as a JSON array, with the names that docker inspect has.\n"
	"\n"
	"  -f, --format FORMAT  a line for each instead: text with {{.State.Pid}} or {{json .Mounts}}\n";

struct inspect_options {
	char *format;
};

static const struct option_rule rules[] = {
	{ 'f', "format", OPTION_TEXT, offsetof(struct inspect_options, format), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int inspect_one(const struct place *place, const char *name, json_object **ret_object,
		       struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	int error = container_find(place, name, &container, problem);

	if (!error)
		error = container_refresh(&container, problem);
	if (error)
		return error;
	*ret_object = view_inspect(&container);
	return *ret_object ? 0 : problem_set(problem, -ENOMEM, "out of memory");
}

/* Prints the line of a container, or keeps the object in the array. Takes the object over. */
static int show(json_object *object, const char *format, json_object *array,
		struct problem *problem)
{
	cleanup_buffer struct buffer line = BUFFER_INIT;
	int error;

	if (!format) {
		if (json_object_array_add(array, object) == 0)
			return 0;
		json_put(object);
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	error = template_fill(format, object, &line, problem);
	json_put(object);
	if (!error)
		(void)puts(buffer_string(&line));
	return error;
}

static int inspect(int count, char **names, const char *format)
{
	CLEANUP(json_put) json_object *array = json_object_new_array();
	struct place place;
	int status = STATUS_OK;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	for (int i = 0; i < count; i++) {
		json_object *object = NULL;
		struct problem problem;
		int error = inspect_one(&place, names[i], &object, &problem);

		if (!error)
			error = show(object, format, array, &problem);
		if (error)
			status = command_failed(&problem);
	}
	if (!format)
		(void)puts(json_object_to_json_string_ext(
			array, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	place_close(&place);
	return command_flush(status);
}

int command_inspect(int argc, char **argv)
{
	struct inspect_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 0 ? command_misused(usage)
				    : inspect(count, argv + 1, options.format);
	free(options.format);
	return status;
}
