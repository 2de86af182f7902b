/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/in_root.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OPEN_RETRIES 64

int in_root_open(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC | O_LARGEFILE |
				    (flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY)),
		.mode = flags & O_CREAT ? mode & 07777 : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	for (int tries = 0;; tries++) {
		long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		/* EAGAIN: something on the way was renamed just then. */
		if (errno != EINTR && (errno != EAGAIN || tries >= OPEN_RETRIES))
			return -errno;
	}
}

int in_root_open_mount(const char *path, long type)
{
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int directory =
		root < 0 ? -errno : in_root_open(root, path, O_PATH | O_DIRECTORY, 0);
	struct statfs status;

	if (directory < 0)
		return directory;
	if (fstatfs(directory, &status) < 0)
		return -errno;
	return status.f_type == type ? steal_fd(&directory) : -ENODEV;
}

static bool is_self_or_parent(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next component of a path, copied; false at its end. */
static bool next_component(const char **path, char name[NAME_MAX + 1])
{
	size_t length;

	*path += strspn(*path, "/");
	length = strcspn(*path, "/");
	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, *path, length);
	name[length] = '\0';
	*path += length;
	return true;
}

/*
 * The longest beginning of the path that is there, links followed; *ret_rest are the components that are
 * missing. Only those are made, one by one, in directories that are held open.
 */
static int open_existing(int root, const char *path, const char **ret_rest)
{
	char beginning[PATH_MAX];
	size_t length = strlen(path);
	int fd;

	if (length >= sizeof(beginning))
		return -ENAMETOOLONG;
	memcpy(beginning, path, length + 1);
	for (;;) {
		fd = in_root_open(root, length ? beginning : "/", O_PATH | O_DIRECTORY, 0);
		if (fd != -ENOENT || length == 0)
			break;
		while (length > 0 && beginning[length - 1] == '/')
			beginning[--length] = '\0';
		while (length > 0 && beginning[length - 1] != '/')
			beginning[--length] = '\0';
	}
	*ret_rest = path + length;
	return fd;
}

int in_root_make_directory(int root, const char *path)
{
	char name[NAME_MAX + 1];
	const char *rest;
	cleanup_fd int fd = open_existing(root, path, &rest);

	while (fd >= 0 && next_component(&rest, name)) {
		int below;

		/* A link that leads nowhere would be followed by nobody. */
		if (is_self_or_parent(name))
			return -ENOENT;
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		below = confined_open(fd, name, O_PATH | O_DIRECTORY, 0);
		(void)close(fd);
		fd = below;
	}
	return fd < 0 ? fd : steal_fd(&fd);
}

int in_root_open_parent(int root, const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	size_t end = strlen(path);
	size_t start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	if (end != strlen(path) || end == start || is_self_or_parent(path + start))
		return -EINVAL;
	if (start >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, start);
	parent[start] = '\0';
	*ret_name = path + start;
	return in_root_open(root, start ? parent : "/", O_PATH | O_DIRECTORY, 0);
}

int in_root_make_file(int root, const char *path)
{
	cleanup_fd int parent = -1, made = -1;
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd = in_root_open(root, path, O_PATH, 0);

	if (fd != -ENOENT)
		return fd;
	if (!slash)
		slash = path;
	if (slash - path >= (ptrdiff_t)sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	parent = in_root_make_directory(root, directory[0] ? directory : "/");
	if (parent < 0)
		return parent;
	made = confined_open(parent, *slash == '/' ? slash + 1 : slash, O_WRONLY | O_CREAT | O_EXCL,
			     0644);
	if (made < 0)
		return made;
	return confined_reopen(made, O_PATH);
}

ssize_t in_root_read(int root, const char *path, size_t limit, char **ret_content)
{
	/* O_PATH first: opening a device or FIFO may already do something. */
	cleanup_fd int found = in_root_open(root, path, O_PATH, 0);
	cleanup_fd int fd = -1;
	cleanup_free char *content = NULL;
	size_t length = 0;
	struct stat status;

	if (found < 0)
		return found;
	if (fstat(found, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ESTALE;
	fd = confined_reopen(found, O_RDONLY);
	if (fd < 0)
		return fd;
	content = malloc(limit + 1);
	if (!content)
		return -ENOMEM;
	while (length <= limit) {
		ssize_t got = read(fd, content + length, limit + 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) {
			content[length] = '\0';
			*ret_content = steal_pointer(&content);
			return (ssize_t)length;
		}
		length += (size_t)got;
	}
	return -EFBIG;
}
