/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of whiteout.h: names, opaque directories, and what a publication removes. */
#include "layer/whiteout.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "layer/layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool whiteout_name_is_reserved(const char *name)
{
	return strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
}

int whiteout_prefixed_name(const char *name, char prefixed[NAME_MAX + 1])
{
	int length = snprintf(prefixed, NAME_MAX + 1, WHITEOUT_PREFIX "%s", name);

	return length < 0 || length > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* -- what a directory says of itself by its attributes -- */

/* The one byte of an attribute's value, or 0 when there is none or anything else in it. */
static char read_marker(int fd, const char *attribute)
{
	char value;

	return confined_getxattr(fd, NULL, attribute, &value, 1) == 1 ? value : '\0';
}

/*
 * Whether there are attributes worth asking for, told by one call for the list of their names. When
 * the list does not fit, there may be.
 */
static bool may_have_markers(int fd)
{
	char list[2048];
	ssize_t length = confined_listxattr(fd, NULL, list, sizeof(list) - 1);

	if (length < 0)
		return length == -ERANGE || length == -E2BIG;
	list[length] = '\0';
	for (const char *at = list; at < list + length; at += strlen(at) + 1) {
		if (strstr(at, ".opaque"))
			return true;
	}
	return false;
}

unsigned whiteout_read_markers(int fd)
{
	static const struct {
		const char *name;
		bool kernel; /* which knows the value x as well */
	} attributes[] = {
		{ "trusted.overlay.opaque", true },
		{ "user.overlay.opaque", true },
		{ "user.fuseoverlayfs.opaque", false },
	};
	unsigned markers = 0;

	if (!may_have_markers(fd))
		return 0;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		char value = read_marker(fd, attributes[i].name);

		if (value == 'y')
			markers |= WHITEOUT_MARKER_OPAQUE;
		else if (value == 'x' && attributes[i].kernel)
			markers |= WHITEOUT_MARKER_ATTRIBUTES;
	}
	return markers;
}

bool whiteout_is_node(int directory, const char *name, const struct attributes *attributes)
{
	if (attributes_are_whiteout(attributes))
		return true;
	if (!S_ISREG(attributes->mode) || attributes->size != 0)
		return false;
	if (confined_getxattr(directory, name, "trusted.overlay.whiteout", NULL, 0) < 0 &&
	    confined_getxattr(directory, name, "user.overlay.whiteout", NULL, 0) < 0)
		return false;
	/* As in the kernel, it counts only in a directory that says so. */
	return whiteout_read_markers(directory) & WHITEOUT_MARKER_ATTRIBUTES;
}

/* -- making a directory opaque -- */

static int make_marker_file(int fd)
{
	return mknodat(fd, WHITEOUT_OPAQUE, S_IFREG, 0) < 0 && errno != EEXIST ? -errno : 0;
}

static int remove_if_node(int fd, const char *name)
{
	struct attributes attributes;

	if (layer_stat_raw(fd, name, &attributes) == 0 && whiteout_is_node(fd, name, &attributes) &&
	    unlinkat(fd, name, 0) < 0)
		return -errno;
	return 0;
}

static int remove_node_whiteouts(int fd)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(fd, NULL, &stream);

	while (!error && (dirent = readdir(stream))) {
		if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0)
			error = remove_if_node(fd, dirent->d_name);
	}
	return error;
}

/*
 * The one attribute cannot say both "opaque" and "has whiteouts with an attribute", which would then
 * be seen as files. In an opaque directory they are of no use: they go, while a marker file stands in.
 */
static int replace_attribute_whiteouts(int fd, const char *attribute)
{
	int error = make_marker_file(fd);

	if (!error)
		error = remove_node_whiteouts(fd);
	if (!error)
		error = confined_setxattr(fd, NULL, attribute, "y", 1, 0);
	if (!error && unlinkat(fd, WHITEOUT_OPAQUE, 0) < 0)
		error = -errno;
	return error;
}

int whiteout_make_opaque(const struct layer *layer, int fd)
{
	char attribute[CONTROL_XATTR_MAX];
	int error;

	if (layer->dialect != WHITEOUT_OVERLAY || layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		return make_marker_file(fd);
	control_xattr_name(layer->xattr_namespace, "overlay.opaque", attribute);
	if (whiteout_read_markers(fd) & WHITEOUT_MARKER_ATTRIBUTES)
		return replace_attribute_whiteouts(fd, attribute);
	error = confined_setxattr(fd, NULL, attribute, "y", 1, 0);
	return error == -ENOTSUP ? make_marker_file(fd) : error;
}
