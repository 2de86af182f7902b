/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output.h"

#include "base/ancestors.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/hash.h"
#include "base/remove_tree.h"
#include "cli/say.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static int fail(const char *path, int error)
{
	say("%s: %s", path, strerror(-error));
	return STATUS_FAILED;
}

/* Opens the directory that path is in, and takes the name in it. */
static int open_parent(struct output *output, const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *slash, *name = copy;
	size_t length = copy ? strlen(copy) : 0;

	if (!copy)
		return fail(path, -ENOMEM);
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	slash = strrchr(copy, '/');
	if (slash) {
		*slash = '\0';
		name = slash + 1;
	}
	if (!confined_name_is_valid(name)) {
		say("%s: give it by a name of its own", path);
		return STATUS_FAILED;
	}
	output->path = path;
	output->parent = confined_open_root(!slash ? "." : slash == copy ? "/" : copy);
	if (output->parent < 0)
		return fail(path, output->parent);
	memcpy(output->name, name, strlen(name) + 1);
	/* One that nobody has: another command, of the same pid in another namespace, may write beside. */
	(void)snprintf(output->temporary, sizeof(output->temporary), ".cowfs-%016" PRIx64 ".tmp",
		       hash_random_seed());
	if (buffer_append_format(&output->temporary_path, "%s/%s", !slash ? "." : copy,
				 output->temporary) < 0)
		return fail(path, -ENOMEM);
	return STATUS_OK;
}

static int is_directory(void *context, uint64_t device, uint64_t inode)
{
	const struct stat *directory = context;

	return directory->st_dev == device && directory->st_ino == inode;
}

/* What is no directory that can be opened is none that it could lie in. */
static bool lies_in(const struct output *output, const char *path)
{
	cleanup_fd int fd = confined_open_root(path);
	struct stat directory;

	return fd >= 0 && fstat(fd, &directory) == 0 &&
	       ancestors_visit(output->parent, is_directory, &directory) > 0;
}

static int check_sources(const struct output *output, const struct string_list *sources)
{
	for (size_t i = 0; sources && i < sources->count; i++) {
		if (!lies_in(output, sources->strings[i]))
			continue;
		say("%s: would be a part of what it is made of, as it lies in %s", output->path,
		    sources->strings[i]);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

/* -- files -- */

static int use_standard_output(struct output *output)
{
	if (isatty(STDOUT_FILENO)) {
		say("an archive is nothing to read on a terminal; name a file with -o");
		return STATUS_USAGE;
	}
	output->fd = dup(STDOUT_FILENO);
	return output->fd < 0 ? fail("standard output", -errno) : STATUS_OK;
}

static int use_as_it_is(struct output *output, const char *path)
{
	output->path = path;
	output->fd = confined_open_output(path);
	return output->fd < 0 ? fail(path, output->fd) : STATUS_OK;
}

int output_begin_file(struct output *output, const char *path, const struct string_list *sources)
{
	cleanup_free char *target = NULL;
	struct stat there, link;
	bool is_there;
	int status;

	if (!path)
		return use_standard_output(output);
	is_there = stat(path, &there) == 0;
	if (is_there && S_ISDIR(there.st_mode))
		return fail(path, -EISDIR);
	if (is_there && !S_ISREG(there.st_mode))
		return use_as_it_is(output, path);
	/* The link stays: it may even be /dev/stdout. */
	if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && !(target = realpath(path, NULL)))
		return fail(path, -errno);
	status = open_parent(output, target ? target : path);
	output->path = path;
	if (status == STATUS_OK)
		status = check_sources(output, sources);
	if (status != STATUS_OK)
		return status;
	output->fd =
		confined_open(output->parent, output->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
	return output->fd < 0 ? fail(path, output->fd) : STATUS_OK;
}

/* -- directories -- */

static bool is_empty_directory(int parent, const char *name)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;

	if (confined_open_stream(parent, name, &stream) < 0)
		return false;
	while ((dirent = readdir(stream))) {
		if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0)
			return false;
	}
	return true;
}

int output_begin_directory(struct output *output, const char *path,
			   const struct string_list *sources)
{
	struct stat there;
	int status = open_parent(output, path);

	if (status == STATUS_OK)
		status = check_sources(output, sources);
	if (status != STATUS_OK)
		return status;
	if (fstatat(output->parent, output->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !is_empty_directory(output->parent, output->name)) {
		say("%s: is there already, and no empty directory", path);
		return STATUS_FAILED;
	}
	if (mkdirat(output->parent, output->temporary, 0755) < 0)
		return fail(path, -errno);
	output->is_directory = true;
	output->fd = confined_open(output->parent, output->temporary, O_RDONLY | O_DIRECTORY, 0);
	return output->fd < 0 ? fail(path, output->fd) : STATUS_OK;
}

/* -- the end -- */

static int sync_output(const struct output *output)
{
	int result = output->is_directory ? syncfs(output->fd) : fsync(output->fd);

	/* Pipes and some devices cannot be. */
	return result < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

int output_finish(struct output *output)
{
	int error = sync_output(output);

	if (!error && close(steal_fd(&output->fd)) < 0)
		error = -errno;
	if (!error && output->parent >= 0 &&
	    renameat(output->parent, output->temporary, output->parent, output->name) < 0)
		error = -errno;
	if (error)
		return fail(output->path ? output->path : "standard output", error);
	if (output->parent >= 0)
		(void)close(steal_fd(&output->parent));
	return STATUS_OK;
}

void output_abandon(struct output *output)
{
	if (output->fd >= 0)
		(void)close(output->fd);
	if (output->parent >= 0) {
		(void)remove_tree(output->parent, output->temporary);
		(void)close(output->parent);
	}
	buffer_free(&output->temporary_path);
	*output = OUTPUT_INIT;
}
