/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/save_parts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "image/blobs.h"
#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int save_failed(const struct saving *saving, const char *path, int error)
{
	return problem_set(saving->problem, error, "%s: %s: %s", saving->what, path,
			   strerror(-error));
}

int save_text(const struct saving *saving, int directory, const char *name,
	      const struct buffer *text)
{
	cleanup_fd int fd = confined_open(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	int error = fd < 0 ? fd : file_write_all(fd, buffer_string(text), text->length);

	if (!error && !saving->is_staged && fsync(fd) < 0)
		error = -errno;
	return error ? save_failed(saving, name, error) : 0;
}

const char *save_reference(const struct image *image, const char *name)
{
	struct reference typed;

	if (!image->reference || reference_parse(name, &typed, NULL) < 0)
		return NULL;
	return strcmp(typed.text, image->reference) == 0 ||
			       reference_may_mean(&typed, image->reference)
		       ? image->reference
		       : NULL;
}

/* Nothing that is being saved may be swept away. */
static int save(const struct saving *saving, enum save_format format)
{
	return format == SAVE_DOCKER_ARCHIVE ? save_docker(saving) : save_layout(saving);
}

int image_save_archive(struct image_store *store, char *const *names, size_t count,
		       enum save_format format, int fd, struct problem *problem)
{
	struct saving saving = {
		.store = store,
		.names = names,
		.count = count,
		.is_staged = true,
		.what = store->path,
		.problem = problem,
	};
	char name[WORK_NAME_SIZE];
	cleanup_fd int directory = -1;
	int error = image_store_begin(store, problem);

	if (error)
		return error;
	directory = saving.directory = work_make_directory(store, "save", name);
	if (directory < 0) {
		error = save_failed(&saving, "work", directory);
	} else {
		error = save(&saving, format);
		if (!error)
			error = pack_files(store, name, fd, "the archive", problem);
		work_delete(store, name);
	}
	return image_store_finish(store, error);
}

int image_save_directory(struct image_store *store, char *const *names, size_t count, int directory,
			 const char *what, struct problem *problem)
{
	const struct saving saving = {
		.store = store,
		.names = names,
		.count = count,
		.directory = directory,
		.what = what,
		.problem = problem,
	};
	int error = image_store_begin(store, problem);

	if (!error)
		error = save(&saving, SAVE_OCI_DIRECTORY);
	return image_store_finish(store, error);
}
