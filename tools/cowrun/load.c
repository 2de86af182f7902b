/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun load: images that were saved. */
#include "image/load.h"
#include "cowrun/image_session.h"
#include "cowrun/input_file.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun load [OPTIONS] [FILE|DIRECTORY|oci:DIRECTORY]\n"
	"\n"
	"Brings in images that were saved: an OCI archive or image layout, or what docker save\n"
	"writes. Reads standard input when no file is named.\n"
	"\n"
	"  -i, --input FILE  the same as FILE\n"
	"  -q, --quiet       do not show how far it is\n";

struct load_options {
	char *input;
	bool quiet;
};

static const struct option_rule rules[] = {
	{ 'i', "input", OPTION_TEXT, offsetof(struct load_options, input), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct load_options, quiet), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static void print(const struct image_arrivals *arrivals)
{
	for (size_t i = 0; i < arrivals->names.count; i++)
		(void)printf("Loaded image: %s\n", arrivals->names.strings[i]);
	for (size_t i = 0; i < arrivals->unnamed.count; i++)
		(void)printf("Loaded image ID: %s\n", arrivals->unnamed.strings[i]);
}

static int load(const char *from, bool quiet)
{
	cleanup_input_file struct input_file input = INPUT_FILE_INIT;
	struct image_arrivals arrivals = { 0 };
	struct image_session session;
	int error;

	if (strncmp(from, "oci:", 4) == 0)
		from += 4;
	if (!image_session_open(&session))
		return STATUS_FAILED;
	if (!quiet)
		image_session_show_progress(&session);
	error = input_file_open(from, &input, &session.problem);
	if (!error && input.directory)
		error = image_load_directory(&session.store, input.fd, from, &arrivals,
					     &session.problem);
	else if (!error)
		error = image_load_archive(&session.store, input.fd, input.size, input.name,
					   &arrivals, &session.problem);
	print(&arrivals);
	image_arrivals_free(&arrivals);
	return image_session_close(&session, error);
}

int command_load(int argc, char **argv)
{
	struct load_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status)) {
		if (count + (options.input != NULL) > 1)
			status = command_misused(usage);
		else
			status = load(options.input ? options.input
				      : count	    ? argv[1]
						    : "-",
				      options.quiet);
	}
	free(options.input);
	return status;
}
