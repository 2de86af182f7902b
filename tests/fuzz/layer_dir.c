/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of a hostile layer: whatever is in it, reading the whole of it and asking for each name
 * must agree, and nothing that can be seen is cleared away.
 *
 * The input is a text, one object a line: a letter, a name, and for attributes a space and a value.
 *   f NAME: a file with content; e: an empty one; d: a directory; l: a symbolic link; p: a FIFO;
 *   w: a device 0:0; a NAME VALUE: an attribute of the directory; x NAME VALUE: of the latest file.
 */
#include "layer/layer_dir.h"
#include "base/confined.h"
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LINES_MAX 64

/* -- making it -- */

struct making {
	int fd;
	char latest[NAME_MAX + 1]; /* file, for attributes */
};

static void make_file(struct making *making, const char *name, const char *content)
{
	int fd = confined_open(making->fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd < 0)
		return;
	(void)!write(fd, content, strlen(content));
	(void)close(fd);
	(void)snprintf(making->latest, sizeof(making->latest), "%s", name);
}

static void make_attribute(const struct making *making, const char *object, char *line)
{
	char *value = strchr(line, ' ');

	if (!value)
		return;
	*value++ = '\0';
	(void)confined_setxattr(making->fd, object, line, value, strlen(value), 0);
}

static void make_object(struct making *making, char *line)
{
	char *name = line + 1 + (line[1] == ' ');

	if (line[0] == 'a') {
		make_attribute(making, NULL, name);
		return;
	}
	if (line[0] == 'x') {
		if (making->latest[0])
			make_attribute(making, making->latest, name);
		return;
	}
	if (!confined_name_is_valid(name))
		return;
	if (line[0] == 'f')
		make_file(making, name, "content");
	else if (line[0] == 'e')
		make_file(making, name, "");
	else if (line[0] == 'd')
		(void)!mkdirat(making->fd, name, 0755);
	else if (line[0] == 'l')
		(void)!symlinkat("..", making->fd, name);
	else if (line[0] == 'p')
		(void)!mknodat(making->fd, name, S_IFIFO | 0644, 0);
	else if (line[0] == 'w')
		(void)!mknodat(making->fd, name, S_IFCHR, makedev(0, 0));
}

static void make_objects(int fd, char *text)
{
	struct making making = { .fd = fd };
	char *line, *rest = text;

	for (int i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")); i++) {
		if (*line)
			make_object(&making, line);
	}
}

/* -- checking it -- */

struct seen {
	struct layer_dir *dir;
};

static int check_entry(void *context, const struct layer_entry *entry)
{
	struct seen *seen = context;
	struct attributes attributes;
	unsigned forms;
	int error;

	REQUIRE(confined_name_is_valid(entry->name));
	REQUIRE(!whiteout_name_is_reserved(entry->name));
	error = layer_dir_probe(seen->dir, entry->name, &attributes, &forms);
	if (entry->whiteout == WHITEOUT_FORM_NONE) {
		REQUIRE(error == 0);
		REQUIRE(entry->type == IFTODT(attributes.mode));
		REQUIRE(!(forms & WHITEOUT_FORM_NODE));
	} else {
		REQUIRE(error == 0 || error == -ENOENT);
		REQUIRE(forms & entry->whiteout);
		REQUIRE(error == -ENOENT || entry->whiteout == WHITEOUT_FORM_PREFIX);
	}
	return 0;
}

static void check_directory(struct layer *layer)
{
	struct seen seen = { .dir = layer_dir_new(layer->root, "d") };
	struct cached_fd *cached;
	bool opaque;

	REQUIRE(seen.dir != NULL);
	REQUIRE(layer_dir_read(seen.dir, check_entry, &seen, &opaque) == 0);
	REQUIRE(layer_dir_is_opaque(seen.dir) == opaque);
	REQUIRE(layer_dir_open(seen.dir, &cached) == 0);
	fd_cache_release(layer->fds, cached);
	layer_dir_unref(seen.dir);
}

static void remove_directory(int parent, int fd)
{
	DIR *stream = fdopendir(dup(fd));
	const struct dirent *dirent;

	REQUIRE(stream != NULL);
	rewinddir(stream);
	while ((dirent = readdir(stream))) {
		if (unlinkat(fd, dirent->d_name, 0) != 0)
			(void)unlinkat(fd, dirent->d_name, AT_REMOVEDIR);
	}
	(void)closedir(stream);
	(void)close(fd);
	REQUIRE(unlinkat(parent, "d", AT_REMOVEDIR) == 0);
}

static void check_layer(const char *path, enum xattr_permissions permissions)
{
	const struct ownership ownership = { .xattr_permissions = permissions };
	struct layer_options options = { .ownership = &ownership };
	struct layer *layer;

	REQUIRE(fd_cache_create(4, &options.fds) == 0);
	REQUIRE(layer_open(path, &options, &layer, NULL) == 0);
	check_directory(layer);
	layer_close(layer);
	fd_cache_destroy(options.fds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/cowfs-fuzz-XXXXXX", *text = strndup((const char *)data, size);
	int parent, fd;

	REQUIRE(text && mkdtemp(path));
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(parent >= 0 && mkdirat(parent, "d", 0755) == 0);
	fd = confined_open(parent, "d", O_RDONLY | O_DIRECTORY, 0);
	REQUIRE(fd >= 0);
	make_objects(fd, text);
	check_layer(path, size % 2 ? XATTR_PERMISSIONS_USER : XATTR_PERMISSIONS_OFF);
	remove_directory(parent, fd);
	(void)close(parent);
	REQUIRE(rmdir(path) == 0);
	free(text);
	return 0;
}
