/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/load_parts.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/pack.h"
#include "image/work.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void image_arrivals_free(struct image_arrivals *arrivals)
{
	string_list_free(&arrivals->names);
	string_list_free(&arrivals->unnamed);
}

int load_blob(const struct loading *loading, const char *path, const struct descriptor *expected,
	      struct digest *ret_digest, uint64_t *ret_size)
{
	cleanup_fd int fd = saved_open(&loading->place, path, loading->problem);
	char what[512];
	struct stat status;

	if (fd < 0)
		return fd;
	(void)snprintf(what, sizeof(what), "%s: %s", loading->place.what, path);
	if (loading->is_staged)
		return blob_adopt_file(loading->store, fd, expected, what, ret_digest, ret_size,
				       loading->problem);
	if (fstat(fd, &status) < 0)
		return saved_failed(&loading->place, path, -errno, loading->problem);
	return blob_put_stream(loading->store, fd, expected, what, (uint64_t)status.st_size,
			       ret_digest, ret_size, loading->problem);
}

/* Puts a manifest that all blobs are there for into the index, and notes what came. */
static int add(struct loading *loading, const struct descriptor *manifest,
	       const struct string_list *names)
{
	struct image_arrivals *arrivals = &loading->arrivals;
	struct digest id;
	char text[DIGEST_TEXT_SIZE];
	int error = image_add(loading->store, manifest, names, loading->place.what, &id,
			      loading->problem);

	if (error)
		return error;
	for (size_t i = 0; i < names->count; i++)
		image_tell(loading->store, &id, "load", names->strings[i]);
	if (names->count == 0)
		image_tell(loading->store, &id, "load", NULL);
	for (size_t i = 0; !error && i < names->count; i++)
		error = string_list_add(&arrivals->names, names->strings[i]);
	if (!error && names->count == 0)
		error = string_list_add(&arrivals->unnamed, digest_text(&id, text));
	return error ? problem_set(loading->problem, error, "out of memory") : 0;
}

static int load_one(struct loading *loading, enum saved_kind kind, const struct saved_item *item)
{
	cleanup_saved_image struct saved_image image = { 0 };
	struct descriptor manifest;
	int error = saved_image_read(&loading->place, item, false, &image, loading->problem);

	if (!error && kind == SAVED_LAYOUT)
		error = load_layout(loading, &image, &manifest);
	else if (!error)
		error = load_docker(loading, &image, &manifest);
	return error ? error : add(loading, &manifest, &item->names);
}

static int load_all(struct loading *loading)
{
	cleanup_saved_list struct saved_list list = { 0 };
	int error = saved_list_read(&loading->place, &list, loading->problem);

	if (error == -EMEDIUMTYPE)
		error = problem_set(loading->problem, -EINVAL,
				    "%s has neither an index.json nor a manifest.json, so it is no "
				    "saved image; \"cowrun import\" makes an image of the files "
				    "themselves",
				    loading->place.what);
	for (size_t i = 0; !error && i < list.count; i++)
		error = load_one(loading, list.kind, &list.items[i]);
	return error;
}

int image_load_directory(struct image_store *store, int directory, const char *what,
			 struct image_arrivals *ret_arrivals, struct problem *problem)
{
	struct loading loading = {
		.store = store,
		.place = { .directory = directory, .what = what },
		.problem = problem,
	};
	int error = image_store_begin(store, problem);

	if (!error)
		error = load_all(&loading);
	if (image_store_finish(store, error) < 0) {
		image_arrivals_free(&loading.arrivals);
		return error;
	}
	*ret_arrivals = loading.arrivals;
	return 0;
}

static int load_archive(struct loading *loading, int fd, uint64_t size)
{
	struct image_store *store = loading->store;
	char name[WORK_NAME_SIZE];
	cleanup_fd int directory = work_make_directory(store, "load", name);
	int error;

	if (directory < 0)
		return problem_set(loading->problem, directory, "%s/work: %s", store->path,
				   strerror(-directory));
	loading->place.directory = directory;
	loading->is_staged = true;
	error = pack_unpack_files(store, fd, size, name, loading->place.what, loading->problem);
	if (!error)
		error = load_all(loading);
	work_delete(store, name);
	return error;
}

int image_load_archive(struct image_store *store, int fd, uint64_t size, const char *what,
		       struct image_arrivals *ret_arrivals, struct problem *problem)
{
	struct loading loading = { .store = store, .place.what = what, .problem = problem };
	int error = image_store_begin(store, problem);

	if (!error)
		error = load_archive(&loading, fd, size);
	if (image_store_finish(store, error) < 0) {
		image_arrivals_free(&loading.arrivals);
		return error;
	}
	*ret_arrivals = loading.arrivals;
	return 0;
}
