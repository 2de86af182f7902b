/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/tree.h"

#include "base/buffer.h"
#include "base/confined.h"
#include "container/cgroup/file.h"
#include "container/words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_LEAF "cowrun.self"
#define DEPTH_MAX 64
#define MOVE_TRIES 10

/* Copies the component at *path and moves behind it. False at the end. */
static bool next_component(const char **path, char name[NAME_MAX + 2])
{
	size_t length;

	*path += strspn(*path, "/");
	length = strcspn(*path, "/");
	if (length == 0)
		return false;
	/* One that is too long stays so, and is refused by whoever opens it. */
	(void)snprintf(name, NAME_MAX + 2, "%.*s", (int)length, *path);
	*path += length;
	return true;
}

bool cgroup_tree_path_is_valid(const char *path)
{
	char name[NAME_MAX + 2];
	bool any = false;

	if (strlen(path) >= PATH_MAX || strchr(path, '\n'))
		return false;
	for (; next_component(&path, name); any = true) {
		if (!confined_name_is_valid(name))
			return false;
	}
	return any;
}

int cgroup_tree_open(int root, const char *path)
{
	cleanup_fd int directory = confined_reopen(root, O_PATH | O_DIRECTORY);
	char name[NAME_MAX + 2];

	while (directory >= 0 && next_component(&path, name)) {
		int next = confined_open(directory, name, O_PATH | O_DIRECTORY, 0);

		(void)close(directory);
		directory = next;
	}
	return steal_fd(&directory);
}

/* -- where -- */

static bool is_writable(int directory)
{
	return faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
	       faccessat(directory, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

/* Our own group, or the one above it when we were moved to its leaf. */
static char *own_base(const struct cgroup_hierarchy *hierarchy)
{
	char *own = strdup(hierarchy->own);
	char *last = own ? strrchr(own, '/') : NULL;

	if (own && strcmp(last ? last + 1 : own, SELF_LEAF) == 0)
		*(last ? last : own) = '\0';
	return own;
}

/* Appends the components of path, with one slash between any two. */
static int append_path(struct buffer *whole, const char *path)
{
	char name[NAME_MAX + 2];
	int result = 0;

	while (result == 0 && next_component(&path, name))
		result = buffer_append_format(whole, "%s%s", whole->length > 0 ? "/" : "", name);
	return result;
}

int cgroup_tree_whole_path(const struct cgroup_hierarchy *hierarchy, const char *path,
			   char **ret_whole)
{
	cleanup_free char *base = NULL;
	cleanup_fd int directory = -1;
	cleanup_buffer struct buffer whole = BUFFER_INIT;
	int result = 0;

	if (path[0] != '/' && !is_writable(hierarchy->root)) {
		if (!hierarchy->own)
			return -ENOENT;
		base = own_base(hierarchy);
		if (!base)
			return -ENOMEM;
		directory = cgroup_tree_open(hierarchy->root, base);
		if (directory < 0 || !is_writable(directory))
			return -ENOENT;
		result = append_path(&whole, base);
	}
	if (result == 0)
		result = append_path(&whole, path);
	if (result < 0)
		return result;
	*ret_whole = steal_pointer(&whole.data);
	return 0;
}

/* -- passing on -- */

/*
 * A new group of version 1's cpuset has neither processors nor memory nodes, and takes no process
 * until it has (cpusets.rst).
 */
static int fill_cpuset(int parent, int directory)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && result == 0; i++) {
		result = cgroup_file_read(directory, files[i], &text);
		if (result < 0 || strspn(buffer_string(&text), " \n") < text.length)
			continue;
		result = cgroup_file_read(parent, files[i], &text);
		if (result == 0)
			result = cgroup_file_write(directory, files[i], buffer_string(&text));
	}
	return result;
}

/* Moves the processes of a group into a leaf of it. Those that come meanwhile need another turn. */
static int move_to_leaf(int directory)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_fd int leaf = -1;
	int result;

	if (mkdirat(directory, SELF_LEAF, 0755) < 0 && errno != EEXIST)
		return -errno;
	leaf = confined_open(directory, SELF_LEAF, O_PATH | O_DIRECTORY, 0);
	if (leaf < 0)
		return leaf;
	result = cgroup_file_read(directory, "cgroup.procs", &text);
	for (char *rest = text.data, *line; result == 0 && (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		result = cgroup_file_write(leaf, "cgroup.procs", line);
		/* It has ended. */
		if (result == -ESRCH)
			result = 0;
	}
	return result;
}

static int enable(int directory, const char *controller)
{
	int result =
		cgroup_file_write_format(directory, "cgroup.subtree_control", "+%s", controller);

	for (int tries = 0; result == -EBUSY && tries < MOVE_TRIES; tries++) {
		result = move_to_leaf(directory);
		if (result == 0)
			result = cgroup_file_write_format(directory, "cgroup.subtree_control",
							  "+%s", controller);
	}
	return result;
}

/*
 * No group but the root may have both processes and children that it gives controllers to. The kernel refuses that with
 * -EBUSY only for some of them; the others (cpu, cpuset, pids) would make the group one of threads, whose children can
 * have no processes (cgroup-v2.rst, "Threads"). So the processes go before the first controller comes.
 */
static int make_room(int directory)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = 0;

	if (faccessat(directory, "cgroup.type", F_OK, 0) < 0 ||
	    faccessat(directory, "cgroup.subtree_control", W_OK, AT_EACCESS) < 0)
		return 0;
	for (int tries = 0; result == 0 && tries < MOVE_TRIES; tries++) {
		result = cgroup_file_read(directory, "cgroup.procs", &text);
		if (result < 0 || text.length == 0)
			return result;
		result = move_to_leaf(directory);
	}
	return result;
}

/*
 * Lets the groups within have the controllers that we use and this one has. One that cannot be
 * passed on is missing later, and missed when a limit needs it.
 */
static int pass_on_v2(int directory)
{
	cleanup_buffer struct buffer available = BUFFER_INIT, enabled = BUFFER_INIT;
	bool has_room = false;
	int result = cgroup_file_read(directory, "cgroup.controllers", &available);

	if (result == 0)
		result = cgroup_file_read(directory, "cgroup.subtree_control", &enabled);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++) {
		const char *name = cgroup_controller_name((enum cgroup_controller)i, true);

		if (!words_have(buffer_string(&available), name) ||
		    words_have(buffer_string(&enabled), name))
			continue;
		if (!has_room && make_room(directory) < 0)
			return 0;
		has_room = true;
		(void)enable(directory, name);
	}
	return 0;
}

/* One step of the way: makes name in parent, unless it is there, and opens it. */
static int make_one(const struct cgroup_hierarchy *hierarchy, int parent, const char *name,
		    bool *ret_made)
{
	cleanup_fd int directory = -1;
	int result = hierarchy->v2 ? pass_on_v2(parent) : 0;

	*ret_made = false;
	if (result < 0)
		return result;
	*ret_made = mkdirat(parent, name, 0755) == 0;
	if (!*ret_made && errno != EEXIST)
		return -errno;
	directory = confined_open(parent, name, O_PATH | O_DIRECTORY, 0);
	if (directory < 0)
		return directory;
	if (!hierarchy->v2 && (hierarchy->controllers & (1U << CGROUP_CPUSET)))
		result = fill_cpuset(parent, directory);
	return result < 0 ? result : steal_fd(&directory);
}

/* Removes what was made of path in vain: all beyond its first `kept` bytes. */
static void remove_made(int root, const char *path, size_t kept)
{
	cleanup_free char *rest = strdup(path);

	while (rest && strlen(rest) > kept) {
		char *last = strrchr(rest, '/');

		(void)cgroup_tree_remove_one(root, rest);
		*(last ? last : rest) = '\0';
	}
}

int cgroup_tree_make(const struct cgroup_hierarchy *hierarchy, const char *path)
{
	cleanup_fd int directory = confined_reopen(hierarchy->root, O_PATH | O_DIRECTORY);
	const char *start = path;
	char name[NAME_MAX + 2];
	size_t kept = SIZE_MAX;

	while (directory >= 0 && next_component(&path, name)) {
		cleanup_fd int parent = directory;
		size_t before = (size_t)(path - start) - strlen(name);
		bool made = false;

		directory = confined_name_is_valid(name) ? make_one(hierarchy, parent, name, &made)
							 : -EINVAL;
		if (made && kept == SIZE_MAX)
			kept = before;
	}
	if (directory < 0)
		remove_made(hierarchy->root, start, kept);
	return steal_fd(&directory);
}

unsigned cgroup_tree_usable(const struct cgroup_hierarchy *hierarchy, int directory)
{
	cleanup_buffer struct buffer available = BUFFER_INIT;
	unsigned usable = hierarchy->controllers;

	if (!hierarchy->v2)
		return usable;
	if (cgroup_file_read(directory, "cgroup.controllers", &available) < 0)
		return 0;
	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++) {
		enum cgroup_controller controller = (enum cgroup_controller)i;

		if (!cgroup_controller_is_nameless(controller) &&
		    !words_have(buffer_string(&available),
				cgroup_controller_name(controller, true)))
			usable &= ~(1U << i);
	}
	return usable;
}

/* -- walking and removing -- */

/*
 * The names of the groups within, each followed by a zero byte. Not held open: a chain of
 * descriptors would be as long as the tree is deep.
 */
static int list_children(int directory, struct buffer *names)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int result = confined_open_stream(directory, NULL, &stream);

	while (result == 0 && (errno = 0, dirent = readdir(stream))) {
		if (dirent->d_type == DT_DIR && confined_name_is_valid(dirent->d_name))
			result = buffer_append(names, dirent->d_name, strlen(dirent->d_name) + 1);
	}
	return result;
}

static int each(int directory, int depth, int (*call)(void *, int), void *context)
{
	cleanup_buffer struct buffer names = BUFFER_INIT;
	int result = call(context, directory);

	if (result == 0 && depth < DEPTH_MAX)
		result = list_children(directory, &names);
	for (size_t at = 0; result == 0 && at < names.length; at += strlen(names.data + at) + 1) {
		cleanup_fd int child =
			confined_open(directory, names.data + at, O_PATH | O_DIRECTORY, 0);

		/* It may be removed meanwhile. */
		if (child >= 0)
			result = each(child, depth + 1, call, context);
	}
	return result == -ENODEV ? 0 : result;
}

int cgroup_tree_each(int directory, int (*call)(void *context, int directory), void *context)
{
	return each(directory, 0, call, context);
}

static int remove_directory(int parent, const char *name)
{
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int remove_below(int parent, const char *name, int depth)
{
	cleanup_buffer struct buffer names = BUFFER_INIT;
	cleanup_fd int directory = -1;
	int result = remove_directory(parent, name);

	/* That is what a group with others in it says, too. */
	if ((result != -EBUSY && result != -ENOTEMPTY) || depth >= DEPTH_MAX)
		return result;
	directory = confined_open(parent, name, O_PATH | O_DIRECTORY, 0);
	if (directory < 0)
		return directory;
	result = list_children(directory, &names);
	if (result == 0 && names.length == 0)
		return -EBUSY;
	for (size_t at = 0; result == 0 && at < names.length; at += strlen(names.data + at) + 1)
		result = remove_below(directory, names.data + at, depth + 1);
	return result < 0 && result != -ENOENT ? result : remove_directory(parent, name);
}

/* Opens what holds the last component of path, which is copied to name. */
static int open_parent(int root, const char *path, char name[NAME_MAX + 2])
{
	const char *last = strrchr(path, '/');
	cleanup_free char *parent = last ? strndup(path, (size_t)(last - path)) : strdup("");

	if (!parent)
		return -ENOMEM;
	last = last ? last + 1 : path;
	(void)snprintf(name, NAME_MAX + 2, "%s", last);
	return confined_name_is_valid(name) ? cgroup_tree_open(root, parent) : -EINVAL;
}

int cgroup_tree_remove(int root, const char *path)
{
	char name[NAME_MAX + 2];
	cleanup_fd int parent = open_parent(root, path, name);

	return parent < 0 ? parent : remove_below(parent, name, 0);
}

int cgroup_tree_remove_one(int root, const char *path)
{
	char name[NAME_MAX + 2];
	cleanup_fd int parent = open_parent(root, path, name);

	return parent < 0 ? parent : remove_directory(parent, name);
}
