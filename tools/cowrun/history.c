/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun history: how an image came to be. */
#include "cowrun/image_session.h"
#include "cowrun/image_view.h"
#include "cowrun/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun history [OPTIONS] IMAGE\n"
	"\n"
	"Shows the steps in which an image was made, the last one first.\n"
	"\n"
	"      --format FORMAT  a line for each: text with {{.CreatedBy}}, {{.Size}}...; or json\n"
	"      --no-trunc       whole ids and commands\n"
	"  -q, --quiet          only ids\n";

#define COMMAND_WIDTH 45

struct history_options {
	bool whole, quiet;
	char *format;
};

static const struct option_rule rules[] = {
	{ 0, "format", OPTION_TEXT, offsetof(struct history_options, format), NULL },
	{ 0, "no-trunc", OPTION_SWITCH, offsetof(struct history_options, whole), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct history_options, quiet), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int print(json_object *lines, const struct history_options *options, struct problem *problem)
{
	const int command_width = options->whole ? 0 : COMMAND_WIDTH;
	const struct table_column columns[] = {
		{ "IMAGE", "ID", 0 },
		{ "CREATED", "CreatedSince", 0 },
		{ "CREATED BY", "CreatedBy", command_width },
		{ "SIZE", "Size", 0 },
		{ "COMMENT", "Comment", 0 },
	};

	return table_print(lines, columns, sizeof(columns) / sizeof(*columns),
			   options->quiet ? "{{.ID}}" : options->format, problem);
}

/* The id of the last step is the image's; others have none. */
static int shorten(json_object *line)
{
	const char *id = json_object_get_string(json_object_object_get(line, "ID"));
	json_object *short_id;

	if (strncmp(id, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) != 0)
		return 0;
	short_id = json_object_new_string_len(id + strlen(DIGEST_PREFIX), DIGEST_SHORT_LENGTH);
	if (!short_id || json_object_object_add(line, "ID", short_id) < 0) {
		json_put(short_id);
		return -ENOMEM;
	}
	return 0;
}

static int show(struct image_session *session, const struct image *image,
		const struct history_options *options)
{
	CLEANUP(json_put) json_object *lines = json_object_new_array();
	int error = lines ? 0 : -ENOMEM;

	for (size_t i = image->config.history_count; !error && i-- > 0;) {
		json_object *line = image_view_step(&session->store, image, i);

		if (!line || json_object_array_add(lines, line) < 0) {
			json_put(line);
			error = -ENOMEM;
		} else if (!options->whole) {
			error = shorten(line);
		}
	}
	if (error)
		return problem_set(&session->problem, error, "out of memory");
	return print(lines, options, &session->problem);
}

static int history(const struct history_options *options, const char *name)
{
	cleanup_image struct image image = IMAGE_INIT;
	struct image_session session;
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	error = image_open(&session.store, name, &image, &session.problem);
	if (!error)
		error = show(&session, &image, options);
	return image_session_close(&session, error);
}

int command_history(int argc, char **argv)
{
	struct history_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 1 ? history(&options, argv[1]) : command_misused(usage);
	free(options.format);
	return status;
}
