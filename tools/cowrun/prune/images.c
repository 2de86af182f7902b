/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of prune.h: images; and cowrun image prune. */
#include "cowrun/container_set.h"
#include "cowrun/image_users.h"
#include "cowrun/prune/prune.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] =
	"Usage: cowrun image prune [OPTIONS]\n"
	"\n"
	"Removes all images that have no name and that no container uses.\n"
	"\n"
	"  -a, --all               those that have a name, too\n"
	"      --filter CONDITION  only those: until=TIME (made before), label=KEY[=VALUE], label!=KEY[=VALUE]\n"
	"  -f, --force             do not ask\n";

static const struct option_rule rules[] = {
	{ 'a', "all", OPTION_SWITCH, offsetof(struct prune_options, all), NULL },
	{ 0, "filter", OPTION_CALL, 0, prune_read_filter },
	{ 'f', "force", OPTION_SWITCH, offsetof(struct prune_options, force), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

struct choice {
	const struct place *place;
	const struct prune_options *options;
	bool read; /* the containers, while nobody can begin to use an image */
	struct container_set containers;
};

static int read_containers(struct choice *choice, struct problem *problem)
{
	int error = choice->read ? 0
				 : container_set_read_records(choice->place, &choice->containers,
							      problem);

	choice->read = true;
	/* Nobody knows which image such a container needs. */
	if (!error && choice->containers.damaged.count > 0)
		error = problem_set(problem, -EBUSY, "no image is removed: %s",
				    choice->containers.damaged.strings[0]);
	return error;
}

/* An image_choose_function. */
static int choose(void *context, const struct image *image, bool named, struct problem *problem)
{
	struct choice *choice = context;
	const struct prune_options *options = choice->options;
	int error;

	if ((named && !options->all) ||
	    !prune_filter_matches(&options->filter, image->config.created, &image->config.labels))
		return 0;
	error = read_containers(choice, problem);
	if (error)
		return error;
	for (size_t i = 0; i < choice->containers.count; i++)
		if (image_is_used_by(&choice->containers.containers[i].config, &image->id))
			return 0;
	return 1;
}

static void print(const struct image_removal *removal)
{
	if (removal->deleted.count == 0)
		return;
	(void)puts("Deleted Images:");
	for (size_t i = 0; i < removal->untagged.count; i++)
		(void)printf("untagged: %s\n", removal->untagged.strings[i]);
	for (size_t i = 0; i < removal->deleted.count; i++)
		(void)printf("deleted: %s\n", removal->deleted.strings[i]);
	(void)putchar('\n');
}

bool prune_images(const struct place *place, const struct prune_options *options,
		  uint64_t *reclaimed)
{
	cleanup_image_store struct image_store store = IMAGE_STORE_INIT;
	struct choice choice = {
		.place = place,
		.options = options,
		.containers = CONTAINER_SET_INIT,
	};
	struct image_removal removal = { 0 };
	struct problem problem;
	uint64_t bytes = 0;
	int error = image_store_open(place, &store, &problem);

	if (!error)
		error = image_store_prune(&store, choose, &choice, &removal, &bytes, &problem);
	container_set_free(&choice.containers);
	if (error)
		return command_failed(&problem) == STATUS_OK;
	print(&removal);
	image_removal_free(&removal);
	*reclaimed += bytes;
	return true;
}

int command_image_prune(int argc, char **argv)
{
	static prune_function *const functions[] = { prune_images };
	static const char unnamed[] = "WARNING! This will remove all dangling images.";
	static const char all[] = "WARNING! This will remove all images without at least one "
				  "container associated to them.";
	struct prune_options options = { .filter = PRUNE_FILTER_INIT };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage)
				   : prune_run(&options, options.all ? all : unnamed, functions, 1);
	prune_filter_free(&options.filter);
	return status;
}
