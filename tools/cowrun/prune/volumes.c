/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of prune.h: volumes; and cowrun volume prune. */
#include "container/root/volumes.h"
#include "base/cleanup.h"
#include "cowrun/prune/prune.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "Usage: cowrun volume prune [-f]\n"
			    "\n"
			    "Deletes all volumes that no container mounts, and what is in them.\n"
			    "\n"
			    "  -f, --force  do not ask\n";

static const struct option_rule rules[] = {
	{ 'f', "force", OPTION_SWITCH, offsetof(struct prune_options, force), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static bool remove_all(const struct place *place, const struct string_list *names,
		       const uint64_t *sizes, uint64_t *reclaimed)
{
	bool good = true, any = false;

	for (size_t i = 0; i < names->count; i++) {
		struct problem problem;
		int error = volumes_remove(place, names->strings[i], &problem);

		if (!error) {
			(void)printf("%s%s\n", any ? "" : "Deleted Volumes:\n", names->strings[i]);
			any = true;
			*reclaimed += sizes[i];
		} else if (error != -EBUSY && error != -ENOENT) {
			(void)command_failed(&problem);
			good = false;
		}
	}
	if (any)
		(void)putchar('\n');
	return good;
}

bool prune_volumes(const struct place *place, const struct prune_options *options,
		   uint64_t *reclaimed)
{
	struct string_list names = STRING_LIST_INIT;
	cleanup_free uint64_t *sizes = NULL;
	struct problem problem = { .text = "out of memory" };
	bool good = false;
	int error = volumes_list(place, &names, &problem);

	(void)options;
	if (!error) {
		sizes = calloc(names.count + 1, sizeof(*sizes));
		error = sizes ? volumes_measure(place, &names, sizes, &problem) : -ENOMEM;
	}
	if (!error)
		good = remove_all(place, &names, sizes, reclaimed);
	else
		(void)command_failed(&problem);
	string_list_free(&names);
	return good;
}

int command_volume_prune(int argc, char **argv)
{
	static prune_function *const functions[] = { prune_volumes };
	struct prune_options options = { .filter = PRUNE_FILTER_INIT };
	int count, status;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count > 0)
		return command_misused(usage);
	return prune_run(
		&options,
		"WARNING! This will remove all volumes not used by at least one container.",
		functions, 1);
}
