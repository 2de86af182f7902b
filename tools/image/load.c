/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/load_parts.h"

#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/pack.h"
#include "image/work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void image_arrivals_free(struct image_arrivals *arrivals)
{
	string_list_free(&arrivals->names);
	string_list_free(&arrivals->unnamed);
}

int load_failed(const struct loading *loading, const char *path, int error)
{
	const char *why = strerror(-error);

	if (error == -ENOMEM)
		return problem_set(loading->problem, error, "out of memory");
	if (error == -EINVAL)
		why = "the path leads out of it";
	else if (error == -ESTALE)
		why = "it is no regular file";
	else if (error == -EFBIG)
		why = "it is too large";
	return problem_set(loading->problem, error, "%s: %s: %s", loading->what, path, why);
}

int load_add_name(struct string_list *names, const char *text)
{
	struct reference reference;

	if (reference_parse(text, &reference, NULL) < 0)
		return 0;
	return string_list_add(names, reference.text);
}

int load_add(struct loading *loading, const struct descriptor *manifest,
	     const struct string_list *names)
{
	struct image_arrivals *arrivals = &loading->arrivals;
	struct digest id;
	char text[DIGEST_TEXT_SIZE];
	int error =
		image_add(loading->store, manifest, names, loading->what, &id, loading->problem);

	if (error)
		return error;
	for (size_t i = 0; !error && i < names->count; i++)
		error = string_list_add(&arrivals->names, names->strings[i]);
	if (!error && names->count == 0)
		error = string_list_add(&arrivals->unnamed, digest_text(&id, text));
	return error ? problem_set(loading->problem, error, "out of memory") : 0;
}

int load_blob(const struct loading *loading, int fd, const struct descriptor *expected,
	      const char *what, struct digest *ret_digest, uint64_t *ret_size)
{
	struct stat status;

	if (loading->is_staged)
		return blob_adopt_file(loading->store, fd, expected, what, ret_digest, ret_size,
				       loading->problem);
	if (fstat(fd, &status) < 0)
		return load_failed(loading, what, -errno);
	return blob_put_stream(loading->store, fd, expected, what, (uint64_t)status.st_size,
			       ret_digest, ret_size, loading->problem);
}

static bool has(const struct loading *loading, const char *name)
{
	return faccessat(loading->directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int load_either(struct loading *loading)
{
	if (has(loading, "index.json"))
		return load_layout(loading);
	if (has(loading, "manifest.json"))
		return load_docker(loading);
	return problem_set(loading->problem, -EINVAL,
			   "%s has neither an index.json nor a manifest.json, so it is no saved "
			   "image; \"cowrun import\" makes an image of the files themselves",
			   loading->what);
}

int image_load_directory(struct image_store *store, int directory, const char *what,
			 struct image_arrivals *ret_arrivals, struct problem *problem)
{
	struct loading loading = {
		.store = store,
		.directory = directory,
		.what = what,
		.problem = problem,
	};
	int error = image_store_begin(store, problem);

	if (!error)
		error = load_either(&loading);
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
	loading->directory = directory;
	loading->is_staged = true;
	error = pack_unpack_files(store, fd, size, name, loading->what, loading->problem);
	if (!error)
		error = load_either(loading);
	work_delete(store, name);
	return error;
}

int image_load_archive(struct image_store *store, int fd, uint64_t size, const char *what,
		       struct image_arrivals *ret_arrivals, struct problem *problem)
{
	struct loading loading = { .store = store, .what = what, .problem = problem };
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
