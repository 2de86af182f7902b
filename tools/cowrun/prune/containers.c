/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of prune.h: containers; and cowrun container prune. */
#include "container/record/removal.h"
#include "container/record/sizes.h"
#include "cowrun/container_set.h"
#include "cowrun/prune/prune.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"Usage: cowrun container prune [OPTIONS]\n"
	"\n"
	"Removes all containers that do not run, with what they have written.\n"
	"\n"
	"      --filter CONDITION  only those: until=TIME (made before), label=KEY[=VALUE], label!=KEY[=VALUE]\n"
	"  -f, --force             do not ask\n";

static const struct option_rule rules[] = {
	{ 0, "filter", OPTION_CALL, 0, prune_read_filter },
	{ 'f', "force", OPTION_SWITCH, offsetof(struct prune_options, force), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

/* 1 when it is gone, 0 when it runs again or somebody else has removed it, or -errno with a problem. */
static int remove_one(struct container *container, struct problem *problem)
{
	int error = container_lock(container, problem);

	if (error == -ENOENT)
		return 0;
	if (error)
		return error;
	if (state_is_live(&container->state)) {
		container_unlock(container);
		return 0;
	}
	error = container_remove(container, problem);
	container_unlock(container);
	return error ? error : 1;
}

/* Moves those to the front that are to go, and lists their ids. How many there are, or -ENOMEM. */
static int choose(struct container_set *set, const struct prune_filter *filter,
		  struct string_list *ids)
{
	int count = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct container chosen = set->containers[i];

		if (state_is_live(&chosen.state) ||
		    !prune_filter_matches(filter, chosen.config.created, &chosen.config.labels))
			continue;
		if (string_list_add(ids, chosen.id) < 0)
			return -ENOMEM;
		set->containers[i] = set->containers[count];
		set->containers[count++] = chosen;
	}
	return count;
}

static bool remove_all(struct container_set *set, int count, const uint64_t *sizes,
		       uint64_t *reclaimed)
{
	bool good = true, any = false;

	for (int i = 0; i < count; i++) {
		struct problem problem;
		int result = remove_one(&set->containers[i], &problem);

		if (result < 0) {
			(void)command_failed(&problem);
			good = false;
		} else if (result > 0) {
			(void)printf("%s%s\n", any ? "" : "Deleted Containers:\n",
				     set->containers[i].id);
			any = true;
			*reclaimed += sizes[i];
		}
	}
	if (any)
		(void)putchar('\n');
	return good;
}

bool prune_containers(const struct place *place, const struct prune_options *options,
		      uint64_t *reclaimed)
{
	cleanup_container_set struct container_set set = CONTAINER_SET_INIT;
	struct string_list ids = STRING_LIST_INIT;
	cleanup_free uint64_t *sizes = NULL;
	struct problem problem = { .text = "out of memory" };
	bool good = false;
	int count = container_set_read(place, &set, &problem);

	for (size_t i = 0; i < set.damaged.count; i++)
		say("%s", set.damaged.strings[i]);
	if (count == 0)
		count = choose(&set, &options->filter, &ids);
	sizes = calloc(ids.count + 1, sizeof(*sizes));
	if (count >= 0 && sizes &&
	    sizes_measure(place, place->containers_fd, &ids, sizes, &problem) == 0)
		good = remove_all(&set, count, sizes, reclaimed) && set.damaged.count == 0;
	else
		(void)command_failed(&problem);
	string_list_free(&ids);
	return good;
}

int command_container_prune(int argc, char **argv)
{
	static prune_function *const functions[] = { prune_containers };
	struct prune_options options = { .filter = PRUNE_FILTER_INIT };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage)
				   : prune_run(&options,
					       "WARNING! This will remove all stopped containers.",
					       functions, 1);
	prune_filter_free(&options.filter);
	return status;
}
