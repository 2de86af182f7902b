/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun ps: the containers there are. */
#include "base/cleanup.h"
#include "cli/say.h"
#include "cowrun/command.h"
#include "cowrun/container_set.h"
#include "cowrun/template.h"
#include "cowrun/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun ps [OPTIONS]\n"
	"\n"
	"Lists the containers that run, the newest first.\n"
	"\n"
	"  -a, --all            those that do not run too\n"
	"  -q, --quiet          only ids\n"
	"      --no-trunc       whole ids and commands\n"
	"      --format FORMAT  a line for each: text with {{.Names}}, {{.Status}}...; or json\n";

struct ps_options {
	bool all, quiet, whole;
	char *format;
};

static const struct option_rule rules[] = {
	{ 'a', "all", OPTION_SWITCH, offsetof(struct ps_options, all), NULL },
	{ 0, "format", OPTION_TEXT, offsetof(struct ps_options, format), NULL },
	{ 0, "no-trunc", OPTION_SWITCH, offsetof(struct ps_options, whole), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct ps_options, quiet), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

#define COMMAND_WIDTH 20

/* RFC 3339 texts of one zone stand in the order of time. */
static int compare_ages(const void *a, const void *b)
{
	const struct container *first = a, *second = b;

	return strcmp(second->config.created ? second->config.created : "",
		      first->config.created ? first->config.created : "");
}

/* -- how -- */

static void print_row(json_object *line, const struct container *container, bool whole)
{
	static const char *const names[] = { "Image",  "Command", "RunningFor",
					     "Status", "Ports",	  "Names" };
	static const int widths[] = { 20, COMMAND_WIDTH + 2, 16, 26, 21, 0 };

	(void)printf("%-*s  ", whole ? CONTAINER_ID_LENGTH : CONTAINER_SHORT_ID_LENGTH,
		     whole ? container->id
			   : json_object_get_string(json_object_object_get(line, "ID")));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = json_object_get_string(json_object_object_get(line, names[i]));
		bool cut = strcmp(names[i], "Command") == 0 && !whole;

		(void)printf("%-*.*s%s", widths[i], cut ? COMMAND_WIDTH : 4096, text,
			     widths[i] ? "  " : "\n");
	}
}

static int print_one(const struct container *container, const struct ps_options *options,
		     struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	CLEANUP(json_put) json_object *line = view_line(container);
	int error = 0;

	if (!line)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (options->quiet) {
		(void)printf("%.*s\n",
			     options->whole ? CONTAINER_ID_LENGTH : CONTAINER_SHORT_ID_LENGTH,
			     container->id);
	} else if (options->format) {
		error = template_fill(strcmp(options->format, "json") == 0 ? "{{json .}}"
									   : options->format,
				      line, &text, problem);
		if (!error)
			(void)puts(buffer_string(&text));
	} else {
		print_row(line, container, options->whole);
	}
	return error;
}

static void print_head(const struct ps_options *options)
{
	if (!options->quiet && !options->format)
		(void)printf("%-*s  %-20s  %-*s  %-16s  %-26s  %-21s  %s\n",
			     options->whole ? CONTAINER_ID_LENGTH : CONTAINER_SHORT_ID_LENGTH,
			     "CONTAINER ID", "IMAGE", COMMAND_WIDTH + 2, "COMMAND", "CREATED",
			     "STATUS", "PORTS", "NAMES");
}

static int list(const struct ps_options *options)
{
	cleanup_container_set struct container_set set = CONTAINER_SET_INIT;
	struct place place;
	struct problem problem;
	int error;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = container_set_read(&place, &set, &problem);
	/* One that is damaged does not hide the others. */
	for (size_t i = 0; i < set.damaged.count; i++)
		say("%s", set.damaged.strings[i]);
	if (set.count)
		qsort(set.containers, set.count, sizeof(*set.containers), compare_ages);
	if (!error)
		print_head(options);
	for (size_t i = 0; !error && i < set.count; i++)
		if (options->all || state_is_live(&set.containers[i].state))
			error = print_one(&set.containers[i], options, &problem);
	place_close(&place);
	return error ? command_failed(&problem) : command_flush(STATUS_OK);
}

int command_ps(int argc, char **argv)
{
	struct ps_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage) : list(&options);
	free(options.format);
	return status;
}
