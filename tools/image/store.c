/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/store_parts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "image/blobs.h"
#include "image/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

static int failed(const struct image_store *store, const char *name, int error,
		  struct problem *problem)
{
	return problem_set(problem, error, "the image store %s%s%s: %s", store->path,
			   name[0] ? "/" : "", name, strerror(-error));
}

static int open_below(const struct image_store *store, int directory, const char *name, int *ret_fd,
		      struct problem *problem)
{
	int fd;

	if (mkdirat(directory, name, 0700) < 0 && errno != EEXIST)
		return failed(store, name, -errno, problem);
	fd = confined_open(directory, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return failed(store, name, fd, problem);
	*ret_fd = fd;
	return 0;
}

static int write_layout_file(const struct image_store *store, struct problem *problem)
{
	cleanup_fd int adding = -1;
	int error;

	if (faccessat(store->fd, LAYOUT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	adding = store_lock(store, ADDING_LOCK, LOCK_SH, problem);
	if (adding < 0)
		return adding;
	error = blob_write_document(store, store->fd, LAYOUT_FILE, LAYOUT_TEXT,
				    strlen(LAYOUT_TEXT));
	return error ? failed(store, LAYOUT_FILE, error, problem) : 0;
}

static int open_parts(struct image_store *store, const struct place *place, struct problem *problem)
{
	cleanup_fd int blobs = -1;
	int error = open_below(store, place->data_fd, "images", &store->fd, problem);

	if (!error)
		error = open_below(store, store->fd, "blobs", &blobs, problem);
	if (!error)
		error = open_below(store, blobs, "sha256", &store->blobs_fd, problem);
	if (!error)
		error = open_below(store, store->fd, layers_directory(store), &store->layers_fd,
				   problem);
	if (!error)
		error = open_below(store, store->fd, "work", &store->work_fd, problem);
	if (!error)
		error = write_layout_file(store, problem);
	return error;
}

int image_store_open(const struct place *place, struct image_store *ret_store,
		     struct problem *problem)
{
	cleanup_image_store struct image_store store = IMAGE_STORE_INIT;
	int error = 0;

	store.place = place;

	if (asprintf(&store.path, "%s/images", place->data) < 0) {
		store.path = NULL;
		error = -ENOMEM;
	}
	if (!error && place->rootless)
		error = id_maps_of_caller(&store.maps, NULL);
	if (error)
		return problem_set(problem, error, "out of memory");
	error = open_parts(&store, place, problem);
	if (error)
		return error;
	*ret_store = store;
	store = IMAGE_STORE_INIT;
	return 0;
}

void image_store_close(struct image_store *store)
{
	int *fds[] = { &store->fd, &store->blobs_fd, &store->layers_fd, &store->work_fd,
		       &store->adding };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0)
			(void)close(steal_fd(fds[i]));
	free(steal_pointer(&store->path));
	id_maps_free(&store->maps);
	string_list_free(&store->warnings);
}

/* -- locks -- */

static int lock(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int store_lock(const struct image_store *store, const char *name, int operation,
	       struct problem *problem)
{
	cleanup_fd int fd = confined_open(store->fd, name, O_RDONLY | O_CREAT, 0600);
	int error = fd < 0 ? fd : lock(fd, operation);

	return error ? failed(store, name, error, problem) : steal_fd(&fd);
}

int image_store_begin(struct image_store *store, struct problem *problem)
{
	cleanup_fd int fd = -1;
	int error;

	if (store->adding >= 0)
		return 0;
	fd = store_lock(store, ADDING_LOCK, LOCK_EX | LOCK_NB, NULL);
	if (fd >= 0) {
		store_sweep(store);
		error = lock(fd, LOCK_SH);
		if (error)
			return failed(store, ADDING_LOCK, error, problem);
	} else {
		fd = store_lock(store, ADDING_LOCK, LOCK_SH, problem);
		if (fd < 0)
			return fd;
	}
	store->adding = steal_fd(&fd);
	return 0;
}

void image_store_end(struct image_store *store)
{
	if (store->adding >= 0)
		(void)close(steal_fd(&store->adding));
}

void store_try_sweep(const struct image_store *store)
{
	cleanup_fd int fd = store_lock(store, ADDING_LOCK, LOCK_EX | LOCK_NB, NULL);

	if (fd >= 0)
		store_sweep(store);
}

int image_store_finish(struct image_store *store, int error)
{
	image_store_end(store);
	if (error)
		store_try_sweep(store);
	return error;
}
