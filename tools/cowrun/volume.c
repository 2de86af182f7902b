/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun volume: the directories that containers share and leave behind. */
#include "container/root/volumes.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "cowrun/command.h"
#include "cowrun/inspection.h"
#include "cowrun/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"Usage: cowrun volume create NAME...\n"
	"       cowrun volume ls [-q] [--format FORMAT]\n"
	"       cowrun volume inspect NAME...\n"
	"       cowrun volume rm NAME...\n"
	"       cowrun volume prune [-f]\n"
	"\n"
	"Volumes are mounted by run -v NAME:DESTINATION, which makes those that are missing, and outlive\n"
	"containers.\n"
	"\n"
	"  create   make volumes\n"
	"  ls       list them\n"
	"  inspect  what is known of them, as JSON\n"
	"  rm       delete volumes that no container mounts, and what is in them\n"
	"  prune    all of these, after a question\n"
	"\n"
	"  -q, --quiet          only names\n"
	"      --format FORMAT  a line for each: text with {{.Name}}, {{.Mountpoint}}; or json\n";

struct volume_options {
	bool quiet;
	char *format;
};

static const struct option_rule list_rules[] = {
	{ 0, "format", OPTION_TEXT, offsetof(struct volume_options, format), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct volume_options, quiet), NULL },
};

static const struct option_table list_table = OPTION_TABLE(list_rules, false);
static const struct option_table no_options = { .rules = NULL };

/* -- looking -- */

/* NULL when there is no memory. */
static json_object *view(const struct place *place, const char *name)
{
	cleanup_free char *mountpoint = NULL;
	json_object *object = json_object_new_object();

	if (asprintf(&mountpoint, "%s/volumes/%s", place->data, name) < 0)
		mountpoint = NULL;
	if (!object || !mountpoint || json_add_string(object, "Driver", "local") < 0 ||
	    json_add_string(object, "Mountpoint", mountpoint) < 0 ||
	    json_add_string(object, "Name", name) < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

static int add_view(json_object *array, const struct place *place, const char *name,
		    struct problem *problem)
{
	json_object *object = view(place, name);

	if (object && json_object_array_add(array, object) == 0)
		return 0;
	json_object_put(object);
	return problem_set(problem, -ENOMEM, "out of memory");
}

static int list(const struct place *place, const struct volume_options *options,
		struct problem *problem)
{
	static const struct table_column columns[] = {
		{ "DRIVER", "Driver", 0 },
		{ "VOLUME NAME", "Name", 0 },
	};
	CLEANUP(json_put) json_object *lines = json_object_new_array();
	struct string_list names = STRING_LIST_INIT;
	int error = lines ? volumes_list(place, &names, problem)
			  : problem_set(problem, -ENOMEM, "out of memory");

	for (size_t i = 0; !error && i < names.count; i++) {
		if (options->quiet)
			(void)puts(names.strings[i]);
		else
			error = add_view(lines, place, names.strings[i], problem);
	}
	if (!error && !options->quiet)
		error = table_print(lines, columns, 2, options->format, problem);
	string_list_free(&names);
	return error;
}

static int run_list(int argc, char **argv)
{
	struct volume_options options = { 0 };
	struct place place;
	struct problem problem;
	int count, status;

	if (!command_read(&list_table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count > 0) {
		status = command_misused(usage);
	} else if (!command_open_place(&place)) {
		status = STATUS_FAILED;
	} else {
		status =
			list(&place, &options, &problem) < 0 ? command_failed(&problem) : STATUS_OK;
		place_close(&place);
	}
	free(options.format);
	return command_flush(status);
}

/* -- those that are named -- */

/* Reads a command line of names, and opens the place. False with the exit status. */
static bool begin(int argc, char **argv, struct place *place, int *ret_count, int *ret_status)
{
	if (!command_read(&no_options, usage, argc, argv, NULL, ret_count, ret_status))
		return false;
	if (*ret_count == 0) {
		*ret_status = command_misused(usage);
		return false;
	}
	*ret_status = STATUS_FAILED;
	return command_open_place(place);
}

/* What is done with one of them. 0 or -errno with a problem. */
typedef int volume_function(const struct place *place, const char *name, struct problem *problem);

/* Prints the names of those with which it went well. */
static int for_each(volume_function *function, int argc, char **argv)
{
	struct place place;
	struct problem problem;
	int count, status;

	if (!begin(argc, argv, &place, &count, &status))
		return status;
	status = STATUS_OK;
	for (int i = 1; i <= count; i++) {
		if (function(&place, argv[i], &problem) < 0)
			status = command_failed(&problem);
		else
			(void)puts(argv[i]);
	}
	place_close(&place);
	return command_flush(status);
}

static int run_create(int argc, char **argv)
{
	return for_each(volumes_create, argc, argv);
}

static int run_remove(int argc, char **argv)
{
	return for_each(volumes_remove, argc, argv);
}

static int inspect_one(const struct place *place, const char *name, struct inspection *inspection,
		       struct problem *problem)
{
	int error = volumes_find(place, name, problem);
	json_object *object = error ? NULL : view(place, name);

	if (!error && !object)
		error = problem_set(problem, -ENOMEM, "out of memory");
	return error ? error : inspection_add(inspection, object, problem);
}

static int run_inspect(int argc, char **argv)
{
	struct inspection inspection;
	struct place place;
	struct problem problem;
	int count, status;

	if (!begin(argc, argv, &place, &count, &status))
		return status;
	status = STATUS_OK;
	inspection = inspection_begin(NULL);
	for (int i = 1; i <= count; i++)
		if (inspect_one(&place, argv[i], &inspection, &problem) < 0)
			status = command_failed(&problem);
	inspection_end(&inspection);
	place_close(&place);
	return command_flush(status);
}

static const struct sub_command commands[] = {
	{ "create", run_create }, { "inspect", run_inspect },	     { "list", run_list },
	{ "ls", run_list },	  { "prune", command_volume_prune }, { "rm", run_remove },
};

int command_volume(int argc, char **argv)
{
	return command_run_sub(commands, sizeof(commands) / sizeof(*commands), usage, argc, argv);
}
