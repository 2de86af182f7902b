/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/stack.h"

#include "base/ancestors.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/hash.h"

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

static int look_for_directory(void *context, uint64_t device, uint64_t inode)
{
	const struct stat *directory = context;

	return directory->st_dev == device && directory->st_ino == inode;
}

/* Refuses a directory that lies in a layer, or has one in it; what says which one. */
static int check_apart(struct layer *const *layers, unsigned count, const char *what,
		       const char *path, struct problem *problem)
{
	struct search search = { .layers = layers, .count = count };
	struct stat directory;
	cleanup_fd int fd = confined_open_root(path);
	int result = fd < 0 ? fd : ancestors_visit(fd, look_for_layer, &search);

	if (result >= 0 && fstat(fd, &directory) < 0)
		result = -errno;
	if (result < 0)
		return problem_set(problem, result, "%s \"%s\": %s", what, path, strerror(-result));
	if (search.found)
		return problem_set(
			problem, -EINVAL,
			"%s \"%s\": lies inside layer \"%s\"; choose a directory outside "
			"the layers",
			what, path, search.found->path);
	for (unsigned i = 0; i < count; i++)
		if (ancestors_visit(layers[i]->root_fd, look_for_directory, &directory) > 0)
			return problem_set(problem, -EINVAL,
					   "%s \"%s\": layer \"%s\" lies inside it; choose a "
					   "directory outside the layers",
					   what, path, layers[i]->path);
	return 0;
}

int stack_check(struct layer *const *layers, unsigned count, const char *mountpoint,
		const char *workdir, struct problem *problem)
{
	int error = 0;

	for (unsigned i = 0; !error && i < count; i++)
		error = check_layer(layers, count, layers[i], problem);
	if (!error && mountpoint)
		error = check_apart(layers, count, "mountpoint", mountpoint, problem);
	if (!error && workdir)
		error = check_apart(layers, count, "work directory", workdir, problem);
	return error;
}

static bool has_id(struct layer *const *layers, unsigned count, uint64_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (layers[i]->id == id)
			return true;
	return false;
}

void stack_tell_apart(struct layer *const *layers, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		for (uint64_t alike = 1; has_id(layers, i, layers[i]->id); alike++)
			layers[i]->id = hash_pair(alike, layers[i]->id, layers[i]->root_inode);
}
