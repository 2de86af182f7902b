/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun-archive unpack: what cowrun asks for when layers of an image are not unpacked for this user yet. */
#include "image/unpack.h"
#include "cowrun/image_session.h"

static const char usage[] = "Usage: cowrun-archive unpack IMAGE\n"
			    "\n"
			    "Unpacks the layers of an image that are not unpacked.\n";

static const struct option_table table = { .rules = NULL };

static int unpack(const char *name)
{
	cleanup_image struct image image = IMAGE_INIT;
	struct image_session session;
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	error = image_open(&session.store, name, &image, &session.problem);
	if (!error)
		error = image_unpack_missing(&session.store, &image, &session.problem);
	return image_session_close(&session, error);
}

int command_unpack(int argc, char **argv)
{
	int count, status;

	if (command_read(&table, usage, argc, argv, NULL, &count, &status))
		status = count == 1 ? unpack(argv[1]) : command_misused(usage);
	return status;
}
