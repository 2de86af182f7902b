/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/layers.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "image/blobs.h"
#include "image/json_build.h"
#include "image/json_get.h"
#include "image/pack.h"
#include "image/work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LAYER_FILE "layer.json"
#define ROOT "root"

const char *layers_directory(const struct image_store *store)
{
	return store->maps.single ? "layers-single" : "layers";
}

static int failed(const char *what, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s: cannot unpack the layer: %s", what,
			   strerror(-error));
}

/* -- layer.json -- */

/* What is known of a layer that was unpacked. */
struct layer_facts {
	struct digest diff_id;
	uint64_t size;
};

static int write_facts(int directory, const struct layer_facts *facts)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char digest[DIGEST_TEXT_SIZE];
	cleanup_fd int fd = -1;
	int error =
		object ? json_add_string(object, "diff_id", digest_text(&facts->diff_id, digest))
		       : -ENOMEM;

	if (!error)
		error = json_add_number(object, "size", facts->size);
	if (!error)
		error = json_write(object, &text);
	if (error)
		return error;
	fd = confined_open(directory, LAYER_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600);
	return fd < 0 ? fd : file_write_all(fd, buffer_string(&text), text.length);
}

static int read_facts(int directory, struct layer_facts *ret_facts)
{
	CLEANUP(json_put) json_object *object = NULL;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_fd int fd = confined_open_regular(directory, LAYER_FILE, O_RDONLY);
	struct json_reader reader = { .document = LAYER_FILE, .within = "" };
	struct layer_facts facts = { 0 };
	const char *diff_id = NULL;
	int error = fd < 0 ? fd : file_read_all(fd, JSON_DOCUMENT_MAX, &text);

	if (!error)
		error = json_parse_document(buffer_string(&text), text.length, json_type_object,
					    LAYER_FILE, &object, NULL);
	reader.object = object;
	if (!error)
		error = json_get_string(&reader, "diff_id", &diff_id);
	if (!error)
		error = json_get_number(&reader, "size", INT64_MAX, &facts.size);
	if (!error && (!diff_id || digest_parse(diff_id, &facts.diff_id) < 0))
		error = -EINVAL;
	if (!error)
		*ret_facts = facts;
	return error;
}

/* -- unpacking -- */

static int unpack_into(struct image_store *store, const struct descriptor *blob, const char *name,
		       int directory, const char *what, struct digest *ret_diff_id,
		       struct problem *problem)
{
	cleanup_free char *path = work_path(store, name);
	cleanup_free char *root = NULL;
	struct layer_facts facts = { 0 };
	int error;

	if (!path || asprintf(&root, "%s/" ROOT, path) < 0) {
		root = NULL;
		return failed(what, -ENOMEM, problem);
	}
	if (mkdirat(directory, ROOT, 0755) < 0)
		return failed(what, -errno, problem);
	error = pack_apply_layer(store, blob, root, what, &facts.diff_id, &facts.size, problem);
	if (error)
		return error;
	error = write_facts(directory, &facts);
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
		if (faccessat(fd, ROOT, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
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

/* -- what is there -- */

bool layer_exists(const struct image_store *store, const struct digest *diff_id)
{
	return faccessat(store->layers_fd, diff_id->hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int layer_add_path(const struct image_store *store, const struct digest *diff_id,
		   struct string_list *paths)
{
	return string_list_add_format(paths, "%s/%s/%s/" ROOT, store->path, layers_directory(store),
				      diff_id->hex);
}

uint64_t layer_size(const struct image_store *store, const struct digest *diff_id)
{
	cleanup_fd int fd =
		confined_open(store->layers_fd, diff_id->hex, O_RDONLY | O_DIRECTORY, 0);
	struct layer_facts facts;

	return fd >= 0 && read_facts(fd, &facts) == 0 ? facts.size : 0;
}
