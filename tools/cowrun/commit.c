/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun commit: an image of what a container has become. */
#include "container/event/event.h"
#include "container/record/layers.h"
#include "cowrun/image_recipe.h"
#include "cowrun/image_session.h"
#include "image/make.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] =
	"Usage: cowrun commit [OPTIONS] CONTAINER [NAME[:TAG]]\n"
	"\n"
	"Makes an image of a container: its image, and what was changed in it as one more layer.\n"
	"What the container has of its own, as /etc/hosts, and its volumes are left out. Prints\n"
	"the id of the image.\n"
	"\n"
	"  -a, --author NAME                who made it\n"
	"  -c, --change INSTRUCTION         as in a Dockerfile, 'CMD [\"sh\"]'; see cowrun import --help\n"
	"  -m, --message TEXT               a comment for the history\n"
	"      --source-date-epoch SECONDS  when it was made (now, unless SOURCE_DATE_EPOCH is set)\n"
	"  -q, --quiet                      do not show how far it is\n";

struct commit_options {
	struct image_recipe_options recipe;
	bool quiet;
};

static const struct option_rule rules[] = {
	{ 'a', "author", OPTION_TEXT, offsetof(struct commit_options, recipe.author), NULL },
	{ 'c', "change", OPTION_LIST, offsetof(struct commit_options, recipe.changes), NULL },
	{ 'm', "message", OPTION_TEXT, offsetof(struct commit_options, recipe.message), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct commit_options, quiet), NULL },
	{ 0, "source-date-epoch", OPTION_TEXT, offsetof(struct commit_options, recipe.epoch),
	  NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int commit_container(struct image_session *session, const struct container *container,
			    const struct image_recipe *recipe, struct digest *ret_id)
{
	const struct container_config *config = &container->config;
	struct container_layers layers;
	struct image_changes changes = {
		.parent = config->image_id,
		.excluded = container_own_files,
		.excluded_count = CONTAINER_OWN_FILES,
	};
	int error;

	if (!config->image_id)
		return problem_set(
			&session->problem, -EINVAL,
			"the container %s was made without an image, so there is nothing "
			"that its changes would belong to; import its root instead",
			config->name);
	error = container_layers_find(container, &layers, &session->problem);
	if (error)
		return error;
	changes.upper = layers.upper;
	error = image_commit(&session->store, &changes, config->name, recipe, ret_id,
			     &session->problem);
	container_layers_free(&layers);
	return error;
}

static int commit(const struct commit_options *options, const char *name, const char *image_name)
{
	cleanup_container struct container container = CONTAINER_INIT;
	cleanup_image_recipe struct image_recipe_text recipe = { 0 };
	struct image_session session;
	struct timespec now;
	struct digest id;
	char text[DIGEST_TEXT_SIZE];
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	if (!options->quiet)
		image_session_show_progress(&session);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	error = container_find(&session.place, name, &container, &session.problem);
	if (!error)
		error = image_recipe_make(&options->recipe, image_name, &now, &recipe,
					  &session.problem);
	recipe.recipe.created_by = "cowrun commit";
	if (!error)
		error = commit_container(&session, &container, &recipe.recipe, &id);
	if (!error) {
		(void)digest_text(&id, text);
		event_of_container(
			&container, "commit",
			EVENT_ATTRIBUTES({ "imageID", text }, { "imageRef", image_name }));
		(void)puts(text);
	}
	return image_session_close(&session, error);
}

int command_commit(int argc, char **argv)
{
	struct commit_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 1 || count == 2
				 ? commit(&options, argv[1], count == 2 ? argv[2] : NULL)
				 : command_misused(usage);
	image_recipe_options_free(&options.recipe);
	return status;
}
