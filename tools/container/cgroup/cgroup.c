/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of cgroup.h: making groups, finding them again, removing them. */
#include "container/cgroup/cgroup.h"

#include "base/confined.h"
#include "container/cgroup/file.h"
#include "container/cgroup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OUR_DIRECTORY "cowrun"
#define CREATE_TRIES 100
#define REMOVE_TRIES 100
#define REMOVE_PAUSE_NANOSECONDS (20 * 1000 * 1000)

void cgroup_free(struct cgroup *group)
{
	if (!group)
		return;
	for (size_t i = 0; i < group->count; i++) {
		free(group->places[i].path);
		if (group->places[i].directory >= 0)
			(void)close(group->places[i].directory);
	}
	free(group);
}

const struct cgroup_place *cgroup_place(const struct cgroup *group,
					enum cgroup_controller controller)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->places[i].usable & (1U << controller))
			return &group->places[i];
	}
	return NULL;
}

const struct cgroup_place *cgroup_place_v2(const struct cgroup *group)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->places[i].hierarchy->v2)
			return &group->places[i];
	}
	return NULL;
}

/* Where the directory of ours is, or would be made: an O_PATH descriptor, or -errno. */
static int open_base(const struct cgroup_hierarchy *hierarchy)
{
	cleanup_free char *path = NULL;
	int error = cgroup_tree_whole_path(hierarchy, OUR_DIRECTORY, &path);
	char *last;

	if (error)
		return error;
	last = strrchr(path, '/');
	*(last ? last : path) = '\0';
	return cgroup_tree_open(hierarchy->root, path);
}

unsigned cgroup_usable_controllers(const struct cgroup_layout *layout)
{
	unsigned usable = 0;

	for (size_t i = 0; i < layout->count; i++) {
		cleanup_fd int base = open_base(&layout->hierarchies[i]);

		if (base >= 0)
			usable |= cgroup_tree_usable(&layout->hierarchies[i], base);
	}
	return usable;
}

/* Takes over directory and path. */
static void add_place(struct cgroup *group, const struct cgroup_hierarchy *hierarchy, int directory,
		      char *path)
{
	group->places[group->count++] = (struct cgroup_place){
		.hierarchy = hierarchy,
		.path = path,
		.directory = directory,
		.usable = cgroup_tree_usable(hierarchy, directory),
	};
}

/* -- making -- */

/* Whether what stands under the name has processes, which may be those of another container. */
static int check_free(int directory, const char *path, struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(directory, "cgroup.procs", &text);

	if (result == 0 && text.length > 0)
		return problem_set(problem, -EEXIST,
				   "the control group %s is in use; remove the container that it "
				   "belongs to, or choose another name",
				   path);
	return 0;
}

/*
 * The place in one hierarchy. The last of our containers may remove the directory of ours while we
 * come, hence the tries.
 */
static int create_place(struct cgroup *group, const struct cgroup_hierarchy *hierarchy,
			const char *path, struct problem *problem)
{
	cleanup_free char *whole = NULL;
	cleanup_fd int directory = -1;
	int result = cgroup_tree_whole_path(hierarchy, path, &whole);

	if (result < 0)
		return result;
	for (int tries = 0; directory < 0 && tries < CREATE_TRIES; tries++) {
		directory = cgroup_tree_make(hierarchy, whole);
		if (directory != -ENOENT && directory != -ENODEV)
			break;
	}
	if (directory < 0)
		return directory;
	result = check_free(directory, whole, problem);
	if (result == 0)
		add_place(group, hierarchy, steal_fd(&directory), steal_pointer(&whole));
	return result;
}

/* Where we may not, or where there is no place that is ours, the hierarchy is left out. */
static bool is_no_place(int error)
{
	return error == -EACCES || error == -EPERM || error == -EROFS || error == -ENOENT;
}

int cgroup_create(const struct cgroup_layout *layout, const char *id, const char *path,
		  struct cgroup **ret_group, struct problem *problem)
{
	CLEANUP(cgroup_free) struct cgroup *group = calloc(1, sizeof(*group));
	cleanup_buffer struct buffer wanted = BUFFER_INIT;
	int result = group ? 0 : -ENOMEM;

	if (result == 0 && path && path[0] == '/')
		result = buffer_append_string(&wanted, path);
	else if (result == 0)
		result = buffer_append_format(&wanted, "%s/%s", OUR_DIRECTORY, path ? path : id);
	if (result == 0 && !cgroup_tree_path_is_valid(buffer_string(&wanted)))
		return problem_set(problem, -EINVAL,
				   "%s is no name for a control group: it may not have .. or . as "
				   "a part",
				   buffer_string(&wanted));
	for (size_t i = 0; i < layout->count && result == 0; i++) {
		struct problem reason = { "" };

		result = create_place(group, &layout->hierarchies[i], buffer_string(&wanted),
				      &reason);
		if (is_no_place(result))
			result = 0;
		if (result < 0) {
			(void)cgroup_remove(group, NULL);
			if (reason.text[0])
				return problem_set(problem, result, "%s", reason.text);
			return problem_set(problem, result,
					   "cannot make the control group %s in %s: %s",
					   buffer_string(&wanted),
					   layout->hierarchies[i].mountpoint, strerror(-result));
		}
	}
	if (result < 0)
		return problem_set(problem, result, "out of memory");
	*ret_group = steal_pointer(&group);
	return 0;
}

/* -- as a text -- */

int cgroup_describe(const struct cgroup *group, struct buffer *text)
{
	int result = 0;

	for (size_t i = 0; i < group->count && result == 0; i++)
		result = buffer_append_format(text, "%s:/%s\n", group->places[i].hierarchy->name,
					      group->places[i].path);
	return result;
}

static const struct cgroup_hierarchy *find_hierarchy(const struct cgroup_layout *layout,
						     const char *name)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (strcmp(layout->hierarchies[i].name, name) == 0)
			return &layout->hierarchies[i];
	}
	return NULL;
}

/* One line, which is changed. */
static int open_place(struct cgroup *group, const struct cgroup_layout *layout, char *line)
{
	const struct cgroup_hierarchy *hierarchy;
	char *path = strstr(line, ":/");
	cleanup_free char *copy = NULL;
	int directory;

	if (!path || group->count == CGROUP_HIERARCHIES_MAX)
		return -EINVAL;
	*path = '\0';
	path += 2;
	if (!cgroup_tree_path_is_valid(path))
		return -EINVAL;
	hierarchy = find_hierarchy(layout, line);
	directory = hierarchy ? cgroup_tree_open(hierarchy->root, path) : -ENOENT;
	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	copy = strdup(path);
	if (!copy) {
		(void)close(directory);
		return -ENOMEM;
	}
	add_place(group, hierarchy, directory, steal_pointer(&copy));
	return 0;
}

int cgroup_open(const struct cgroup_layout *layout, const char *text, struct cgroup **ret_group,
		struct problem *problem)
{
	CLEANUP(cgroup_free) struct cgroup *group = calloc(1, sizeof(*group));
	cleanup_free char *lines = strdup(text);
	char *rest = lines, *line;
	int result = group && lines ? 0 : -ENOMEM;

	while (result == 0 && (line = strsep(&rest, "\n"))) {
		if (*line)
			result = open_place(group, layout, line);
		if (result < 0)
			return problem_set(problem, result,
					   "cannot open the container's control group %s: %s", line,
					   strerror(-result));
	}
	if (result < 0)
		return problem_set(problem, result, "out of memory");
	*ret_group = steal_pointer(&group);
	return 0;
}

/* -- by an id -- */

/* 0 too where there is none. */
static int find_place(struct cgroup *group, const struct cgroup_hierarchy *hierarchy,
		      const char *path)
{
	cleanup_free char *whole = NULL;
	int result = cgroup_tree_whole_path(hierarchy, path, &whole);
	int directory = result < 0 ? result : cgroup_tree_open(hierarchy->root, whole);

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	add_place(group, hierarchy, directory, steal_pointer(&whole));
	return 0;
}

int cgroup_find(const struct cgroup_layout *layout, const char *id, struct cgroup **ret_group,
		struct problem *problem)
{
	CLEANUP(cgroup_free) struct cgroup *group = calloc(1, sizeof(*group));
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int result = group ? buffer_append_format(&path, "%s/%s", OUR_DIRECTORY, id) : -ENOMEM;

	for (size_t i = 0; i < layout->count && result == 0; i++)
		result = find_place(group, &layout->hierarchies[i], buffer_string(&path));
	if (result < 0)
		return problem_set(problem, result, "cannot find the control group of %s: %s", id,
				   strerror(-result));
	*ret_group = steal_pointer(&group);
	return 0;
}

/* -- removing -- */

static int remove_place(const struct cgroup_place *place)
{
	const struct timespec pause = { .tv_nsec = REMOVE_PAUSE_NANOSECONDS };
	int result = -EBUSY;

	for (int tries = 0; result == -EBUSY && tries < REMOVE_TRIES; tries++) {
		if (tries > 0)
			(void)nanosleep(&pause, NULL);
		result = cgroup_tree_remove(place->hierarchy->root, place->path);
	}
	return result == -ENOENT ? 0 : result;
}

/* The directory of ours, above the group, unless others are in it. */
static void remove_parent(const struct cgroup_place *place)
{
	cleanup_free char *parent = strdup(place->path);
	char *last = parent ? strrchr(parent, '/') : NULL;

	if (!last)
		return;
	*last = '\0';
	last = strrchr(parent, '/');
	if (strcmp(last ? last + 1 : parent, OUR_DIRECTORY) == 0)
		(void)cgroup_tree_remove_one(place->hierarchy->root, parent);
}

int cgroup_remove(struct cgroup *group, struct problem *problem)
{
	int result = 0;

	for (size_t i = 0; i < group->count; i++) {
		int removed = remove_place(&group->places[i]);

		if (removed == 0)
			remove_parent(&group->places[i]);
		else if (result == 0)
			result = problem_set(problem, removed,
					     "cannot remove the control group %s/%s: %s",
					     group->places[i].hierarchy->mountpoint,
					     group->places[i].path, strerror(-removed));
	}
	return result;
}
