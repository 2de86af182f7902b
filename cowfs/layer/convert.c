/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/convert.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/string_list.h"
#include "layer/layer.h"
#include "layer/layer_dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define DESCRIPTORS 64
/* Free in any directory. */
#define TEMPORARY WHITEOUT_META_PREFIX "cowfs-convert"

struct converting {
	const struct layer_convert_options *options;
	struct layer *layer;
	struct layer_convert_result result;
	struct layer_dir **pending; /* directories to go, a reference each */
	size_t count, capacity;
	uint64_t directories; /* done */
};

/* What was found in one directory. */
struct findings {
	struct string_list prefixes; /* NAME of .wh.NAME */
	struct string_list nodes;    /* names of whiteouts in their own places */
	unsigned markers;	     /* WHITEOUT_MARKER_ bits of its attributes */
	bool has_marker_file;
};

static void findings_free(struct findings *findings)
{
	string_list_free(&findings->prefixes);
	string_list_free(&findings->nodes);
}

/* -- looking -- */

static int add_pending(struct converting *converting, struct layer_dir *parent, const char *name)
{
	struct layer_dir *dir;

	if (converting->count == converting->capacity) {
		size_t capacity = converting->capacity ? converting->capacity * 2 : 64;
		struct layer_dir **grown =
			reallocarray(converting->pending, capacity, sizeof(struct layer_dir *));

		if (!grown)
			return -ENOMEM;
		converting->pending = grown;
		converting->capacity = capacity;
	}
	dir = layer_dir_new(parent, name);
	if (!dir)
		return -ENOMEM;
	converting->pending[converting->count++] = dir;
	return 0;
}

static int take_reserved(struct findings *findings, const char *name)
{
	if (strcmp(name, WHITEOUT_OPAQUE) == 0)
		findings->has_marker_file = true;
	if (strncmp(name, WHITEOUT_META_PREFIX, strlen(WHITEOUT_META_PREFIX)) == 0)
		return 0;
	name += strlen(WHITEOUT_PREFIX);
	return confined_name_is_valid(name) ? string_list_add(&findings->prefixes, name) : 0;
}

static int take_name(struct converting *converting, struct layer_dir *dir, int fd, const char *name,
		     struct findings *findings)
{
	struct attributes attributes;
	int error;

	if (whiteout_name_is_reserved(name))
		return take_reserved(findings, name);
	error = layer_stat_raw(fd, name, &attributes);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (S_ISDIR(attributes.mode))
		return add_pending(converting, dir, name);
	return whiteout_is_node(fd, name, &attributes) ? string_list_add(&findings->nodes, name)
						       : 0;
}

static int look(struct converting *converting, struct layer_dir *dir, int fd,
		struct findings *findings)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(fd, NULL, &stream);

	findings->markers = whiteout_read_markers(fd);
	while (!error && (errno = 0, dirent = readdir(stream))) {
		if (confined_name_is_valid(dirent->d_name))
			error = take_name(converting, dir, fd, dirent->d_name, findings);
	}
	return error ? error : -errno;
}

/* -- rewriting -- */

static int remove_prefix(int fd, const char *name)
{
	char prefixed[NAME_MAX + 1];

	if (whiteout_prefixed_name(name, prefixed) != 0)
		return 0;
	if (unlinkat(fd, prefixed, 0) == 0)
		return 0;
	/* Any type counts, a directory as well. */
	return errno == EISDIR && unlinkat(fd, prefixed, AT_REMOVEDIR) == 0 ? 0 : -errno;
}

static int remove_opaque_attributes(int fd)
{
	static const char *const names[] = {
		"trusted.overlay.opaque",
		"user.overlay.opaque",
		"user.fuseoverlayfs.opaque",
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !error; i++) {
		error = confined_removexattr(fd, NULL, names[i]);
		/* Those of trusted. cannot be seen without the privilege, so they did not count either. */
		if (error == -ENODATA || error == -ENOTSUP || error == -EPERM)
			error = 0;
	}
	return error;
}

/* A moved directory shows nothing of its namesakes below anyway, and opaque it would show nothing of the lower layers. */
static bool is_moved(const struct layer *layer, int fd)
{
	char start[2];
	ssize_t length = layer_get_control(layer, fd, NULL, CONTROL_REDIRECT, start, sizeof(start));

	return layer->has_state && (length > 0 || length == -ERANGE);
}

/* Makes a directory of the layer hide its namesakes, by its name in fd. */
static int make_child_opaque(const struct converting *converting, int fd, const char *name)
{
	cleanup_fd int child = confined_open(fd, name, O_PATH | O_DIRECTORY, 0);

	if (child < 0)
		return child;
	return is_moved(converting->layer, child) ? 0
						  : whiteout_make_opaque(converting->layer, child);
}

/* A whiteout beside a name of its own layer: it hides what is below, as a file does anyway. */
static int settle_beside(struct converting *converting, int fd, const char *name,
			 const struct attributes *attributes)
{
	int error = 0;

	if (S_ISDIR(attributes->mode))
		error = make_child_opaque(converting, fd, name);
	return error ? error : remove_prefix(fd, name);
}

static int prefix_to_node(struct converting *converting, int fd, const char *name)
{
	struct attributes attributes;
	enum whiteout_form form;
	int error = layer_stat_raw(fd, name, &attributes);

	if (error == 0 && !whiteout_is_node(fd, name, &attributes))
		error = settle_beside(converting, fd, name, &attributes);
	else if (error == 0)
		error = remove_prefix(fd, name);
	else if (error == -ENOENT) {
		error = whiteout_put(converting->layer, fd, name, TARGET_ABSENT, fd, TEMPORARY,
				     &form);
		if (!error && form == WHITEOUT_FORM_PREFIX) {
			converting->result.left++;
			return 0;
		}
		if (!error)
			error = remove_prefix(fd, name);
	}
	converting->result.whiteouts += !error;
	return error;
}

static int to_overlay(struct converting *converting, int fd, const struct findings *findings)
{
	bool is_opaque = findings->has_marker_file || findings->markers & WHITEOUT_MARKER_OPAQUE;
	int error = 0;

	if (findings->has_marker_file)
		error = whiteout_make_opaque(converting->layer, fd);
	if (!error && findings->has_marker_file) {
		if (whiteout_read_markers(fd) & WHITEOUT_MARKER_OPAQUE) {
			error = unlinkat(fd, WHITEOUT_OPAQUE, 0) < 0 ? -errno : 0;
			converting->result.opaque += !error;
		} else {
			converting->result.left++;
		}
	}
	for (size_t i = 0; i < findings->prefixes.count && !error; i++) {
		const char *name = findings->prefixes.strings[i];

		/* Where nothing below is seen they hide nothing, and some forms would be seen. */
		if (!is_opaque)
			error = prefix_to_node(converting, fd, name);
		else if (!(error = remove_prefix(fd, name)))
			converting->result.whiteouts++;
	}
	return error;
}

static int node_to_prefix(struct converting *converting, int fd, const char *name)
{
	char prefixed[NAME_MAX + 1];
	enum whiteout_form form;
	int error;

	if (whiteout_prefixed_name(name, prefixed) != 0) {
		converting->result.left++;
		return 0;
	}
	error = whiteout_put(converting->layer, fd, name, TARGET_FILE, fd, TEMPORARY, &form);
	converting->result.whiteouts += !error;
	return error;
}

static int to_aufs(struct converting *converting, int fd, const struct findings *findings)
{
	uint64_t left = converting->result.left;
	int error = 0;

	if (findings->markers & WHITEOUT_MARKER_OPAQUE) {
		error = whiteout_make_opaque(converting->layer, fd);
		if (!error)
			error = remove_opaque_attributes(fd);
		converting->result.opaque += !error;
	}
	for (size_t i = 0; i < findings->nodes.count && !error; i++)
		error = node_to_prefix(converting, fd, findings->nodes.strings[i]);
	/* Nothing is left for which the attribute says that there are such. */
	if (!error && findings->markers & WHITEOUT_MARKER_ATTRIBUTES &&
	    converting->result.left == left)
		error = remove_opaque_attributes(fd);
	return error;
}

static int rewrite(struct converting *converting, struct layer_dir *dir, int fd)
{
	struct findings findings = { 0 };
	struct attributes before;
	int error = layer_stat_raw(fd, NULL, &before);

	if (!error)
		error = look(converting, dir, fd, &findings);
	if (!error)
		error = converting->options->dialect == WHITEOUT_OVERLAY
				? to_overlay(converting, fd, &findings)
				: to_aufs(converting, fd, &findings);
	findings_free(&findings);
	if (!error)
		error = confined_set_times(fd, NULL,
					   (struct timespec[]){ before.atime, before.mtime });
	return error;
}

/* -- all directories -- */

static int convert_directory(struct converting *converting, struct layer_dir *dir,
			     struct problem *problem)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	struct cached_fd *fd;
	int error = layer_dir_open(dir, &fd);

	/* Another file system mounted in a layer is no part of it. */
	if (error == -EXDEV)
		return 0;
	if (!error) {
		error = rewrite(converting, dir, fd->fd);
		fd_cache_release(converting->layer->fds, fd);
	}
	if (!error)
		return 0;
	(void)layer_dir_path(dir, &path);
	return problem_set(problem, error, "%s: \"%s\": %s", converting->options->path,
			   buffer_string(&path), strerror(-error));
}

static int convert_all(struct converting *converting, struct problem *problem)
{
	const struct layer_convert_options *options = converting->options;
	int error = convert_directory(converting, converting->layer->root, problem);

	while (!error && converting->count > 0) {
		struct layer_dir *dir = converting->pending[--converting->count];

		error = convert_directory(converting, dir, problem);
		layer_dir_unref(dir);
		converting->directories++;
		if (!error && options->show)
			error = options->show(options->context, converting->directories);
	}
	while (converting->count > 0)
		layer_dir_unref(converting->pending[--converting->count]);
	free(converting->pending);
	return error;
}

/* The lock that a mount of ours has on its upper, held until the descriptor is closed. */
static int lock(const struct layer *layer, struct problem *problem)
{
	cleanup_fd int fd = confined_reopen(layer->root_fd, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return problem_set(problem, fd, "%s: %s", layer->path, strerror(-fd));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return problem_set(problem, -EBUSY, "%s: is in use; unmount it first", layer->path);
	return steal_fd(&fd);
}

static int convert_layer(struct converting *converting, struct problem *problem)
{
	cleanup_fd int fd = lock(converting->layer, problem);

	return fd < 0 ? fd : convert_all(converting, problem);
}

int layer_convert(const struct layer_convert_options *options,
		  struct layer_convert_result *ret_result, struct problem *problem)
{
	const struct ownership ownership = { 0 };
	struct converting converting = { .options = options };
	struct layer_options layer_options = {
		.writable = true,
		.dialect = options->dialect,
		.ownership = &ownership,
	};
	int error = fd_cache_create(DESCRIPTORS, &layer_options.fds);

	if (error)
		return problem_set(problem, error, "%s", strerror(-error));
	error = layer_open(options->path, &layer_options, &converting.layer, problem);
	if (!error)
		error = convert_layer(&converting, problem);
	layer_close(converting.layer);
	fd_cache_destroy(layer_options.fds);
	if (!error)
		*ret_result = converting.result;
	return error;
}
