/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun inspect: all that is known of containers. */
#include "cowrun/command.h"
#include "cowrun/inspection.h"
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

static int inspect(int count, char **names, const char *format)
{
	struct inspection inspection;
	struct place place;
	int status = STATUS_OK;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	inspection = inspection_begin(format);
	for (int i = 0; i < count; i++) {
		json_object *object = NULL;
		struct problem problem;
		int error = inspect_one(&place, names[i], &object, &problem);

		if (!error)
			error = inspection_add(&inspection, object, &problem);
		if (error)
			status = command_failed(&problem);
	}
	inspection_end(&inspection);
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
