/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun import: an image of a root file system. */
#include "cowrun/image_recipe.h"
#include "cowrun/image_session.h"
#include "cowrun/input_file.h"
#include "image/make.h"

#include <stdio.h>

static const char usage[] =
	"Usage: cowrun import [OPTIONS] FILE|DIRECTORY|- [NAME[:TAG]]\n"
	"\n"
	"Makes an image of a root file system: a tar, packed by gzip or zstd or not at all, or a\n"
	"directory, or a tar from standard input. Prints the id of the image.\n"
	"\n"
	"  -c, --change INSTRUCTION         as in a Dockerfile, 'CMD [\"sh\"]', 'ENV NAME=VALUE': CMD,\n"
	"                                   ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL,\n"
	"                                   USER, VOLUME, WORKDIR\n"
	"  -m, --message TEXT               a comment for the history\n"
	"      --source-date-epoch SECONDS  when the image was made (the time of the file or\n"
	"                                   directory, unless SOURCE_DATE_EPOCH is set)\n"
	"  -q, --quiet                      do not show how far it is\n"
	"\n"
	"The same input and options give the same image.\n";

struct import_options {
	struct image_recipe_options recipe;
	bool quiet;
};

static const struct option_rule rules[] = {
	{ 'c', "change", OPTION_LIST, offsetof(struct import_options, recipe.changes), NULL },
	{ 'm', "message", OPTION_TEXT, offsetof(struct import_options, recipe.message), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct import_options, quiet), NULL },
	{ 0, "source-date-epoch", OPTION_TEXT, offsetof(struct import_options, recipe.epoch),
	  NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int import_input(struct image_session *session, const struct input_file *input,
			struct image_recipe *recipe, struct digest *ret_id)
{
	recipe->created_by = "cowrun import";
	if (input->directory)
		return image_import_directory(&session->store, input->directory, recipe, ret_id,
					      &session->problem);
	return image_import_archive(&session->store, input->fd, input->size, input->name, recipe,
				    ret_id, &session->problem);
}

static int import(const struct import_options *options, const char *from, const char *name)
{
	cleanup_image_recipe struct image_recipe_text recipe = { 0 };
	cleanup_input_file struct input_file input = INPUT_FILE_INIT;
	struct image_session session;
	struct digest id;
	char text[DIGEST_TEXT_SIZE];
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	if (!options->quiet)
		image_session_show_progress(&session);
	error = input_file_open(from, &input, &session.problem);
	if (!error)
		error = image_recipe_make(&options->recipe, name, &input.changed, &recipe,
					  &session.problem);
	if (!error)
		error = import_input(&session, &input, &recipe.recipe, &id);
	if (!error) {
		const struct string_list *names = &recipe.recipe.names;

		image_tell(&session.store, &id, "import", names->count ? names->strings[0] : NULL);
		(void)puts(digest_text(&id, text));
	}
	return image_session_close(&session, error);
}

int command_import(int argc, char **argv)
{
	struct import_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 1 || count == 2
				 ? import(&options, argv[1], count == 2 ? argv[2] : NULL)
				 : command_misused(usage);
	image_recipe_options_free(&options.recipe);
	return status;
}
