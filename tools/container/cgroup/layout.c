/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/layout.h"

#include "base/buffer.h"
#include "base/confined.h"
#include "container/cgroup/file.h"
#include "container/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
	const char *v1, *v2; /* NULL: version 2 has it without a name */
} controllers[CGROUP_CONTROLLERS] = {
	[CGROUP_CPU] = { "cpu", "cpu" },	  [CGROUP_CPUACCT] = { "cpuacct", NULL },
	[CGROUP_CPUSET] = { "cpuset", "cpuset" }, [CGROUP_MEMORY] = { "memory", "memory" },
	[CGROUP_PIDS] = { "pids", "pids" },	  [CGROUP_BLKIO] = { "blkio", "io" },
	[CGROUP_DEVICES] = { "devices", NULL },	  [CGROUP_FREEZER] = { "freezer", NULL },
};

const char *cgroup_controller_name(enum cgroup_controller controller, bool v2)
{
	const char *name = v2 ? controllers[controller].v2 : controllers[controller].v1;

	return name ? name : controllers[controller].v1;
}

bool cgroup_controller_is_nameless(enum cgroup_controller controller)
{
	return controllers[controller].v2 == NULL;
}

/* -- mountinfo -- */

/* One line of /proc/PID/mountinfo, see proc_pid_mountinfo(5). Strings are pieces of the line. */
struct mount_line {
	unsigned major, minor;
	char *root, *mountpoint, *type, *super_options;
};

/* Spaces and the like come as \040. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* False when the line is none. */
static bool parse_mount(char *line, struct mount_line *mount)
{
	char *words[64], *rest = line, *word;
	size_t count = 0, separator = 0;

	while ((word = strsep(&rest, " ")) && count < sizeof(words) / sizeof(words[0])) {
		if (count > 5 && separator == 0 && strcmp(word, "-") == 0)
			separator = count;
		words[count++] = word;
	}
	if (separator == 0 || count < separator + 4 ||
	    sscanf(words[2], "%u:%u", &mount->major, &mount->minor) != 2)
		return false;
	mount->root = words[3];
	mount->mountpoint = words[4];
	mount->type = words[separator + 1];
	mount->super_options = words[separator + 3];
	unescape(mount->root);
	unescape(mount->mountpoint);
	return true;
}

/* -- one hierarchy -- */

static void release(struct cgroup_hierarchy *hierarchy)
{
	free(hierarchy->name);
	free(hierarchy->mountpoint);
	free(hierarchy->own);
	if (hierarchy->root >= 0)
		(void)close(hierarchy->root);
}

void cgroup_layout_free(struct cgroup_layout *layout)
{
	if (!layout)
		return;
	for (size_t i = 0; i < layout->count; i++)
		release(&layout->hierarchies[i]);
	free(layout);
}

static unsigned v1_controllers(const char *list)
{
	unsigned found = 0;

	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++) {
		if (words_have(list, controllers[i].v1))
			found |= 1U << i;
	}
	return found;
}

/* What version 2 has by name; the nameless ones are added when it is known that no other has them. */
static int v2_controllers(int root, unsigned *ret_found)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(root, "cgroup.controllers", &text);
	unsigned found = 0;

	if (result < 0)
		return result;
	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++) {
		if (controllers[i].v2 && words_have(buffer_string(&text), controllers[i].v2))
			found |= 1U << i;
	}
	*ret_found = found;
	return 0;
}

/*
 * The group of this process in a hierarchy, from lines "ID:NAME:PATH". The mount's options have the
 * same controllers as NAME, in the same order. NULL when there is no such line.
 */
static char *find_own_line(const char *own_groups, const struct mount_line *mount, bool v2,
			   char **ret_name)
{
	while (*own_groups) {
		const char *end = strchrnul(own_groups, '\n');
		const char *name = memchr(own_groups, ':', (size_t)(end - own_groups));
		const char *path = name ? memchr(name + 1, ':', (size_t)(end - name - 1)) : NULL;
		cleanup_free char *copy =
			path ? strndup(name + 1, (size_t)(path - name - 1)) : NULL;

		if (copy && (v2 ? copy[0] == '\0' : copy[0] != '\0')) {
			const char *first = v2 ? "" : copy;
			cleanup_free char *word = strndup(first, strcspn(first, ","));

			/* Controllers are in one hierarchy only, so one of them tells which. */
			if (word && (v2 || words_have(mount->super_options, word))) {
				*ret_name = steal_pointer(&copy);
				return strndup(path + 1, (size_t)(end - path - 1));
			}
		}
		own_groups = *end ? end + 1 : end;
	}
	return NULL;
}

/* path with the mount's root taken from its start; NULL when it does not lie below it. */
static char *below_mount(const char *path, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	path += length;
	path += strspn(path, "/");
	/* Outside of the cgroup namespace. */
	return strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 ? NULL : strdup(path);
}

/* Whether what is found at the mountpoint is this mount, and not one that lies over it. */
static bool is_mounted(int root, const struct mount_line *mount)
{
	struct stat status;

	return fstat(root, &status) == 0 && status.st_dev == makedev(mount->major, mount->minor);
}

/* Adds the hierarchy that the line shows, unless it is none of interest. 0 or -ENOMEM. */
static int add_mount(struct cgroup_layout *layout, const struct mount_line *mount,
		     const char *own_groups)
{
	struct cgroup_hierarchy *hierarchy = &layout->hierarchies[layout->count];
	bool v2 = strcmp(mount->type, "cgroup2") == 0;
	cleanup_free char *own = NULL, *name = NULL, *mountpoint = NULL;
	cleanup_fd int root = -1;
	unsigned found = 0;

	if (!v2 && strcmp(mount->type, "cgroup") != 0)
		return 0;
	own = find_own_line(own_groups, mount, v2, &name);
	if (!own)
		return 0;
	for (size_t i = 0; i < layout->count; i++) {
		if (strcmp(layout->hierarchies[i].name, name) == 0)
			return 0;
	}
	if (!v2)
		found = v1_controllers(mount->super_options);
	if (!v2 && found == 0 && strcmp(name, "name=systemd") != 0)
		return 0;
	root = confined_open_root(mount->mountpoint);
	if (root < 0 || !is_mounted(root, mount) || (v2 && v2_controllers(root, &found) < 0))
		return 0;
	mountpoint = strdup(mount->mountpoint);
	if (!mountpoint)
		return -ENOMEM;
	*hierarchy = (struct cgroup_hierarchy){
		.name = steal_pointer(&name),
		.v2 = v2,
		.controllers = found,
		.root = steal_fd(&root),
		.mountpoint = steal_pointer(&mountpoint),
		.own = below_mount(own, mount->root),
	};
	layout->count++;
	return 0;
}

/* What version 2 has without a name, it has unless version 1 does. */
static void add_nameless(struct cgroup_layout *layout)
{
	unsigned taken = 0;

	for (size_t i = 0; i < layout->count; i++)
		taken |= layout->hierarchies[i].controllers;
	for (size_t i = 0; i < layout->count; i++) {
		for (unsigned j = 0; layout->hierarchies[i].v2 && j < CGROUP_CONTROLLERS; j++) {
			if (!controllers[j].v2 && !(taken & (1U << j)))
				layout->hierarchies[i].controllers |= 1U << j;
		}
	}
}

int cgroup_layout_parse(const char *mountinfo, const char *own_groups,
			struct cgroup_layout **ret_layout)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = calloc(1, sizeof(*layout));
	cleanup_free char *lines = strdup(mountinfo);
	char *rest = lines, *line;
	struct mount_line mount;
	int result = 0;

	if (!layout || !lines)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n")) && layout->count < CGROUP_HIERARCHIES_MAX) {
		if (parse_mount(line, &mount))
			result = add_mount(layout, &mount, own_groups);
		if (result < 0)
			return result;
	}
	add_nameless(layout);
	*ret_layout = steal_pointer(&layout);
	return 0;
}

/* /proc/self/NAME */
static int read_proc(const char *name, struct buffer *text)
{
	cleanup_fd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return self < 0 ? -errno : cgroup_file_read(self, name, text);
}

int cgroup_layout_read(struct cgroup_layout **ret_layout, struct problem *problem)
{
	cleanup_buffer struct buffer mountinfo = BUFFER_INIT, own = BUFFER_INIT;
	int result = read_proc("mountinfo", &mountinfo);

	if (result == 0)
		result = read_proc("cgroup", &own);
	/* A kernel without cgroups. */
	if (result == -ENOENT)
		buffer_clear(&own);
	else if (result < 0)
		return problem_set(problem, result, "cannot read /proc/self: %s; is /proc mounted?",
				   strerror(-result));
	result = cgroup_layout_parse(buffer_string(&mountinfo), buffer_string(&own), ret_layout);
	if (result < 0)
		return problem_set(problem, result, "cannot look at control groups: %s",
				   strerror(-result));
	return 0;
}

bool cgroup_layout_is_unified(const struct cgroup_layout *layout)
{
	return layout->count == 1 && layout->hierarchies[0].v2;
}
