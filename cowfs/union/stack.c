/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/stack.h"

#include "base/ancestors.h"
#include "base/cleanup.h"
#include "base/confined.h"

#include <string.h>

/* What is looked for among the ancestors of a directory. */
struct search {
	struct layer *const *layers;
	unsigned count;
	const struct layer *except; /* its own root is no finding */
	bool passed_start;	    /* beyond the directory itself */
	const struct layer *found;
};

static int look_for_layer(void *context, uint64_t device, uint64_t inode)
{
	struct search *search = context;

	for (unsigned i = 0; i < search->count; i++) {
		const struct layer *layer = search->layers[i];

		if (layer->device != device || layer->root_inode != inode)
			continue;
		if (layer == search->except && !search->passed_start)
			continue;
		search->found = layer;
		return 1;
	}
	search->passed_start = true;
	return 0;
}

static int check_layer(struct layer *const *layers, unsigned count, const struct layer *layer,
		       struct problem *problem)
{
	struct search search = { .layers = layers, .count = count, .except = layer };
	int result = ancestors_visit(layer->root_fd, look_for_layer, &search);

	if (result < 0)
		return problem_set(problem, result, "layer \"%s\": cannot see where it lies: %s",
				   layer->path, strerror(-result));
	if (!search.found)
		return 0;
	if (search.found->root_inode == layer->root_inode && search.found->device == layer->device)
		return problem_set(problem, -EINVAL,
				   "layer \"%s\": the same directory as layer \"%s\"", layer->path,
				   search.found->path);
	return problem_set(problem, -EINVAL, "layer \"%s\": lies inside layer \"%s\"", layer->path,
			   search.found->path);
}

struct mountpoint {
	struct stat stat;
};

static int look_for_mountpoint(void *context, uint64_t device, uint64_t inode)
{
	const struct mountpoint *mountpoint = context;

	return mountpoint->stat.st_dev == device && mountpoint->stat.st_ino == inode;
}

static int check_mountpoint(struct layer *const *layers, unsigned count, const char *path,
			    struct problem *problem)
{
	struct search search = { .layers = layers, .count = count };
	struct mountpoint mountpoint;
	cleanup_fd int fd = confined_open_root(path);
	int result = fd < 0 ? fd : ancestors_visit(fd, look_for_layer, &search);

	if (result < 0 || fstat(fd, &mountpoint.stat) < 0)
		return problem_set(problem, result < 0 ? result : -errno, "mountpoint \"%s\": %s",
				   path, strerror(result < 0 ? -result : errno));
	if (search.found)
		return problem_set(problem, -EINVAL,
				   "mountpoint \"%s\": lies inside layer \"%s\"; choose a directory "
				   "outside the layers",
				   path, search.found->path);
	for (unsigned i = 0; i < count; i++)
		if (ancestors_visit(layers[i]->root_fd, look_for_mountpoint, &mountpoint) > 0)
			return problem_set(problem, -EINVAL,
					   "mountpoint \"%s\": layer \"%s\" lies inside it; choose "
					   "a directory outside the layers",
					   path, layers[i]->path);
	return 0;
}

int stack_check(struct layer *const *layers, unsigned count, const char *mountpoint,
		struct problem *problem)
{
	int error = 0;

	for (unsigned i = 0; !error && i < count; i++)
		error = check_layer(layers, count, layers[i], problem);
	if (!error && mountpoint)
		error = check_mountpoint(layers, count, mountpoint, problem);
	return error;
}
