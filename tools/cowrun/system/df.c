/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun system df: what is on the disk. */
#include "base/cleanup.h"
#include "cowrun/command.h"
#include "cowrun/system/disk_usage.h"
#include "cowrun/table.h"
#include "oci/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun system df [OPTIONS]\n"
	"\n"
	"Shows how much images, containers and volumes take on the disk, and how much of it nobody uses.\n"
	"\n"
	"      --format FORMAT  a line for each kind: text with {{.Type}}, {{.Size}}...; or json. With -v one\n"
	"                       for all: {{json .Images}}\n"
	"  -v, --verbose        each of them\n";

struct df_options {
	bool verbose;
	char *format;
};

static const struct option_rule rules[] = {
	{ 0, "format", OPTION_TEXT, offsetof(struct df_options, format), NULL },
	{ 'v', "verbose", OPTION_SWITCH, offsetof(struct df_options, verbose), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

#define COLUMNS(array) (array), sizeof(array) / sizeof(*(array))

static int print_kinds(const struct disk_usage *used, const char *format, struct problem *problem)
{
	static const struct table_column columns[] = {
		{ "TYPE", "Type", 0 },
		{ "TOTAL", "TotalCount", 0 },
		{ "ACTIVE", "Active", 0 },
		{ "SIZE", "Size", 0 },
		{ "RECLAIMABLE", "Reclaimable", 0 },
	};
	CLEANUP(json_put) json_object *lines = disk_usage_kinds(used);

	return lines ? table_print(lines, COLUMNS(columns), format, problem)
		     : problem_set(problem, -ENOMEM, "out of memory");
}

/* Ids as people see them. */
static void shorten(json_object *lines)
{
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		json_object *line = json_object_array_get_idx(lines, i);
		const char *id = json_object_get_string(json_object_object_get(line, "ID"));
		json_object *short_id =
			json_object_new_string_len(id + strlen(DIGEST_PREFIX), DIGEST_SHORT_LENGTH);

		if (short_id)
			(void)json_object_object_add(line, "ID", short_id);
	}
}

static int print_tables(json_object *details, struct problem *problem)
{
	static const struct table_column images[] = {
		{ "REPOSITORY", "Repository", 0 },
		{ "TAG", "Tag", 0 },
		{ "IMAGE ID", "ID", 0 },
		{ "CREATED", "CreatedSince", 0 },
		{ "SIZE", "Size", 0 },
		{ "SHARED SIZE", "SharedSize", 0 },
		{ "UNIQUE SIZE", "UniqueSize", 0 },
		{ "CONTAINERS", "Containers", 0 },
	};
	static const struct table_column containers[] = {
		{ "CONTAINER ID", "ID", 0 },  { "IMAGE", "Image", 0 },
		{ "COMMAND", "Command", 20 }, { "LOCAL VOLUMES", "LocalVolumes", 0 },
		{ "SIZE", "Size", 0 },	      { "CREATED", "RunningFor", 0 },
		{ "STATUS", "Status", 0 },    { "NAMES", "Names", 0 },
	};
	static const struct table_column volumes[] = {
		{ "VOLUME NAME", "Name", 0 },
		{ "LINKS", "Links", 0 },
		{ "SIZE", "Size", 0 },
	};
	int error;

	shorten(json_object_object_get(details, "Images"));
	(void)puts("Images space usage:\n");
	error = table_print(json_object_object_get(details, "Images"), COLUMNS(images), NULL,
			    problem);
	(void)puts("\nContainers space usage:\n");
	if (!error)
		error = table_print(json_object_object_get(details, "Containers"),
				    COLUMNS(containers), NULL, problem);
	(void)puts("\nLocal Volumes space usage:\n");
	return error ? error
		     : table_print(json_object_object_get(details, "Volumes"), COLUMNS(volumes),
				   NULL, problem);
}

static int print_details(const struct disk_usage *used, const char *format, struct problem *problem)
{
	CLEANUP(json_put) json_object *details = disk_usage_details(used);
	CLEANUP(json_put) json_object *lines = json_object_new_array();

	if (!details || !lines || json_append(lines, json_object_get(details)) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	return format ? table_print(lines, NULL, 0, format, problem)
		      : print_tables(details, problem);
}

static int show(const struct df_options *options)
{
	cleanup_disk_usage struct disk_usage used = DISK_USAGE_INIT;
	struct place place;
	struct problem problem;
	int error;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = disk_usage_read(&place, &used, &problem);
	for (size_t i = 0; i < used.containers.damaged.count; i++)
		say("%s", used.containers.damaged.strings[i]);
	if (!error)
		error = options->verbose ? print_details(&used, options->format, &problem)
					 : print_kinds(&used, options->format, &problem);
	place_close(&place);
	return error ? command_failed(&problem) : command_flush(STATUS_OK);
}

int command_system_df(int argc, char **argv)
{
	struct df_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage) : show(&options);
	free(options.format);
	return status;
}
