/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/unpack.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "image/layers.h"
#include "image/pack.h"
#include "image/work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const char *what, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s: cannot unpack the layer: %s", what,
			   strerror(-error));
}

static int unpack_into(struct image_store *store, const struct descriptor *blob, const char *name,
		       int directory, const char *what, struct digest *ret_diff_id,
		       struct problem *problem)
{
	cleanup_free char *path = work_path(store, name);
	cleanup_free char *root = NULL;
	struct layer_facts facts = { 0 };
	int error;

	if (!path || asprintf(&root, "%s/" LAYER_ROOT, path) < 0) {
		root = NULL;
		return failed(what, -ENOMEM, problem);
	}
	if (mkdirat(directory, LAYER_ROOT, 0755) < 0)
		return failed(what, -errno, problem);
	error = pack_apply_layer(store, blob, root, what, &facts.diff_id, &facts.size, problem);
	if (error)
		return error;
	error = layer_write_facts(directory, &facts);
	if (!error && syncfs(directory) < 0)
		error = -errno;
	if (error)
		return failed(what, error, problem);
	*ret_diff_id = facts.diff_id;
	return 0;
}

/* Makes it visible. Another process may have been faster. */
static int put_in_place(const struct image_store *store, const char *name,
			const struct digest *diff_id)
{
	if (renameat2(store->work_fd, name, store->layers_fd, diff_id->hex, RENAME_NOREPLACE) < 0 &&
	    errno != EEXIST)
		return -errno;
	return 0;
}

static int is_other_layer(const char *what, const struct digest *expected,
			  const struct digest *actual, struct problem *problem)
{
	return problem_set(problem, -EBADMSG,
			   "%s: the layer that should be " DIGEST_PREFIX "%s is " DIGEST_PREFIX
			   "%s: it is damaged or was tampered with",
			   what, expected->hex, actual->hex);
}

/* A directory in work/, locked. A descriptor, or -errno. */
static int lock_directory(const struct image_store *store, const char *name)
{
	cleanup_fd int fd = -1;

	if (mkdirat(store->work_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = confined_open(store->work_fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return steal_fd(&fd);
}

/* Whether the descriptor is still what has that name in work/. */
static bool has_name(const struct image_store *store, const char *name, int fd)
{
	struct stat named, open;

	return fstat(fd, &open) == 0 &&
	       fstatat(store->work_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

/*
 * A directory for this layer, which only one process has: until another is done with it we wait. Whoever
 * died in there has left something behind.
 */
static int begin_layer(const struct image_store *store, const char *name)
{
	for (;;) {
		cleanup_fd int fd = lock_directory(store, name);

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		if (!has_name(store, name, fd))
			continue;
		if (faccessat(fd, LAYER_ROOT, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return steal_fd(&fd);
		work_delete(store, name);
		if (has_name(store, name, fd))
			return -ENOTEMPTY;
	}
}

/* A layer that is there in unpacked form; is the blob that layer, too? */
static int check_packed(const struct image_store *store, const struct descriptor *blob,
			const struct digest *diff_id, const char *what, struct problem *problem)
{
	struct digest actual = blob->digest;
	int error = blob->type == MEDIA_LAYER
			    ? 0
			    : pack_find_diff_id(store, blob, what, &actual, problem);

	if (!error && !digest_equal(&actual, diff_id))
		error = is_other_layer(what, diff_id, &actual, problem);
	return error;
}

int layer_unpack(struct image_store *store, const struct descriptor *blob,
		 const struct digest *diff_id, const char *what, struct problem *problem)
{
	char name[WORK_NAME_SIZE];
	struct digest actual;
	cleanup_fd int fd = -1;
	int error = 0;

	if (layer_exists(store, diff_id))
		return check_packed(store, blob, diff_id, what, problem);
	(void)snprintf(name, sizeof(name), "layer-%s", diff_id->hex);
	fd = begin_layer(store, name);
	if (fd < 0)
		return failed(what, fd, problem);
	if (layer_exists(store, diff_id)) {
		work_delete(store, name);
		return check_packed(store, blob, diff_id, what, problem);
	}
	error = unpack_into(store, blob, name, fd, what, &actual, problem);
	if (!error && !digest_equal(&actual, diff_id))
		error = is_other_layer(what, diff_id, &actual, problem);
	if (!error) {
		error = put_in_place(store, name, diff_id);
		if (error)
			(void)failed(what, error, problem);
	}
	if (error)
		work_delete(store, name);
	return error;
}

int layer_unpack_new(struct image_store *store, const struct descriptor *blob, const char *what,
		     struct digest *ret_diff_id, struct problem *problem)
{
	char name[WORK_NAME_SIZE];
	cleanup_fd int fd = work_make_directory(store, "new", name);
	int error;

	if (fd < 0)
		return failed(what, fd, problem);
	error = unpack_into(store, blob, name, fd, what, ret_diff_id, problem);
	if (!error) {
		error = put_in_place(store, name, ret_diff_id);
		if (error)
			(void)failed(what, error, problem);
	}
	/* It is still there when the layer was not new, or not good. */
	if (has_name(store, name, fd))
		work_delete(store, name);
	return error;
}

int image_unpack_missing(struct image_store *store, const struct image *image,
			 struct problem *problem)
{
	const char *what = image->reference ? image->reference : "the image";
	bool was_adding = store->adding >= 0;
	int error = 0;

	for (size_t i = 0; !error && i < image->config.diff_id_count; i++) {
		const struct digest *diff_id = &image->config.diff_ids[i];

		if (layer_exists(store, diff_id))
			continue;
		error = image_store_begin(store, problem);
		if (!error)
			error = layer_unpack(store, &image->content.layers.items[i], diff_id, what,
					     problem);
	}
	if (!was_adding)
		image_store_end(store);
	return error;
}
