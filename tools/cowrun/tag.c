/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun tag: a further name for an image. */
#include "cowrun/image_session.h"

static const char usage[] =
	"Usage: cowrun tag IMAGE NAME[:TAG]...\n"
	"\n"
	"Gives an image further names. An image that had such a name loses it.\n";

static const struct option_table table = { .rules = NULL };

static int tag(const char *name, int count, char **names)
{
	struct image_session session;
	int error = 0;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	for (int i = 0; !error && i < count; i++) {
		struct reference reference;

		error = reference_parse(names[i], &reference, &session.problem);
		if (!error)
			error = image_tag(&session.store, name, &reference, &session.problem);
	}
	return image_session_close(&session, error);
}

int command_tag(int argc, char **argv)
{
	int count, status;

	if (command_read(&table, usage, argc, argv, NULL, &count, &status))
		status = count < 2 ? command_misused(usage) : tag(argv[1], count - 1, argv + 2);
	return status;
}
