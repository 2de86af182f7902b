/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/work.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/remove_tree.h"
#include "image/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

int work_make_name(const char *kind, char name[WORK_NAME_SIZE])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EIO;
	(void)snprintf(name, WORK_NAME_SIZE, "%s-%016" PRIx64, kind, number);
	return 0;
}

int work_make_directory(const struct image_store *store, const char *kind,
			char name[WORK_NAME_SIZE])
{
	int error = work_make_name(kind, name);

	if (error)
		return error;
	if (mkdirat(store->work_fd, name, 0700) < 0)
		return -errno;
	return confined_open(store->work_fd, name, O_RDONLY | O_DIRECTORY, 0);
}

char *work_path(const struct image_store *store, const char *name)
{
	char *path;

	return asprintf(&path, "%s/work/%s", store->path, name) < 0 ? NULL : path;
}

struct deletion {
	int directory;
	const char *name; /* NULL: all that is in it */
};

static int delete_entries(int directory)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int result = confined_open_stream(directory, NULL, &stream);

	while (stream && (entry = readdir(stream))) {
		int error = confined_name_is_valid(entry->d_name)
				    ? remove_tree(directory, entry->d_name)
				    : 0;

		if (error)
			result = error;
	}
	return result;
}

/* An id_maps_function. */
static int delete_here(void *context, struct problem *problem)
{
	const struct deletion *deletion = context;

	(void)problem;
	return deletion->name ? remove_tree(deletion->directory, deletion->name)
			      : delete_entries(deletion->directory);
}

void work_delete(const struct image_store *store, const char *name)
{
	struct deletion deletion = { .directory = store->work_fd, .name = name };

	(void)owners_run(store, delete_here, &deletion, sizeof(deletion), NULL);
}

static bool is_empty(int directory)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;

	if (confined_open_stream(directory, NULL, &stream) < 0)
		return false;
	while ((entry = readdir(stream)))
		if (confined_name_is_valid(entry->d_name))
			return false;
	return true;
}

/* Seldom is there anything, and then nobody need go elsewhere for it. */
void work_delete_all(const struct image_store *store)
{
	struct deletion deletion = { .directory = store->work_fd };

	if (!is_empty(store->work_fd))
		(void)owners_run(store, delete_here, &deletion, sizeof(deletion), NULL);
}
