/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun image: the commands about images by their longer names, and inspect. */
#include "cowrun/archive_program.h"
#include "cowrun/image_session.h"
#include "cowrun/image_view.h"
#include "cowrun/inspection.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] = "Usage: cowrun image COMMAND [ARGUMENTS]\n"
			    "\n"
			    "  history  how an image came to be\n"
			    "  import   make an image of a root file system\n"
			    "  inspect  all that is known of images\n"
			    "  load     bring in images that were saved\n"
			    "  ls       list images\n"
			    "  prune    remove all images without a name that nobody uses\n"
			    "  rm       remove images\n"
			    "  save     write images to a file\n"
			    "  tag      give an image a further name\n";

static const char inspect_usage[] =
	"Usage: cowrun image inspect [-f FORMAT] IMAGE...\n"
	"\n"
	"Prints what is known of images as a JSON array, with the names that docker has.\n"
	"\n"
	"  -f, --format FORMAT  a line for each instead: text with {{.Id}} or {{json .Config}}\n";

struct inspect_options {
	char *format;
};

static const struct option_rule inspect_rules[] = {
	{ 'f', "format", OPTION_TEXT, offsetof(struct inspect_options, format), NULL },
};

static const struct option_table inspect_table = OPTION_TABLE(inspect_rules, false);

/* The names that an image has. */
struct naming {
	const struct image *image;
	struct string_list names;
};

/* An image_function. */
static int note_name(void *context, const struct image *image, struct problem *problem)
{
	struct naming *naming = context;

	if (!image->reference || !digest_equal(&image->id, &naming->image->id))
		return 0;
	return string_list_add(&naming->names, image->reference) < 0
		       ? problem_set(problem, -ENOMEM, "out of memory")
		       : 0;
}

static int inspect_one(struct image_session *session, const char *name, json_object **ret_object)
{
	cleanup_image struct image image = IMAGE_INIT;
	struct naming naming = { .image = &image };
	int error = image_open(&session->store, name, &image, &session->problem);

	if (!error)
		error = image_store_list(&session->store, note_name, &naming, &session->problem);
	if (!error) {
		*ret_object = image_view_inspect(&session->store, &image, &naming.names);
		if (!*ret_object)
			error = problem_set(&session->problem, -ENOMEM, "out of memory");
	}
	string_list_free(&naming.names);
	return error;
}

static int inspect(int count, char **names, const char *format)
{
	struct inspection inspection;
	struct image_session session;
	int status = STATUS_OK;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	inspection = inspection_begin(format);
	for (int i = 0; i < count; i++) {
		json_object *object = NULL;
		int error = inspect_one(&session, names[i], &object);

		if (!error)
			error = inspection_add(&inspection, object, &session.problem);
		if (error)
			status = command_failed(&session.problem);
	}
	inspection_end(&inspection);
	return image_session_close(&session, 0) == STATUS_OK ? status : STATUS_FAILED;
}

static int command_image_inspect(int argc, char **argv)
{
	struct inspect_options options = { 0 };
	int count, status;

	if (command_read(&inspect_table, inspect_usage, argc, argv, &options, &count, &status))
		status = count == 0 ? command_misused(inspect_usage)
				    : inspect(count, argv + 1, options.format);
	free(options.format);
	return status;
}

static const struct sub_command commands[] = {
	{ "history", command_history },		{ "import", command_of_archive_program },
	{ "inspect", command_image_inspect },	{ "list", command_images },
	{ "load", command_of_archive_program }, { "ls", command_images },
	{ "prune", command_image_prune },	{ "rm", command_rmi },
	{ "save", command_of_archive_program }, { "tag", command_tag },
};

int command_image(int argc, char **argv)
{
	return command_run_sub(commands, sizeof(commands) / sizeof(*commands), usage, argc, argv);
}
