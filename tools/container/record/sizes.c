/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/sizes.h"

#include "base/cleanup.h"
#include "base/tree_size.h"
#include "container/launch/id_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct measuring {
	int directory;
	const struct string_list *names;
	uint64_t sizes[];
};

/* An id_maps_function. */
static int measure(void *context, struct problem *problem)
{
	struct measuring *measuring = context;

	for (size_t i = 0; i < measuring->names->count; i++) {
		int error = tree_size(measuring->directory, measuring->names->strings[i],
				      &measuring->sizes[i]);

		if (error == -ENOMEM)
			return problem_set(problem, error, "out of memory");
	}
	return 0;
}

static int measure_as_owner(struct measuring *measuring, size_t size, struct problem *problem)
{
	struct id_maps maps = { 0 };
	int error = id_maps_of_caller(&maps, NULL);

	if (error)
		return problem_set(problem, error, "out of memory");
	error = id_maps_run_shared(&maps, measure, measuring, size, problem);
	id_maps_free(&maps);
	return error;
}

int sizes_measure(const struct place *place, int directory, const struct string_list *names,
		  uint64_t *sizes, struct problem *problem)
{
	size_t size = sizeof(struct measuring) + names->count * sizeof(*sizes);
	cleanup_free struct measuring *measuring = NULL;
	int error;

	if (names->count == 0)
		return 0;
	measuring = calloc(1, size);
	if (!measuring)
		return problem_set(problem, -ENOMEM, "out of memory");
	measuring->directory = directory;
	measuring->names = names;
	error = place->rootless ? measure_as_owner(measuring, size, problem)
				: measure(measuring, problem);
	memcpy(sizes, measuring->sizes, names->count * sizeof(*sizes));
	return error;
}
