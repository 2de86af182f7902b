/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/image.h"

#include "archive/apply.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/privilege.h"
#include "base/remove_tree.h"
#include "cli/explore/image_choice.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "oci/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any image has, and few enough for a file system to bear. */
#define ENTRIES_MAX 20000000

/* Where the files of an archive are while its layers are unpacked. */
#define FILES "files"

static int out_of_memory(struct problem *problem)
{
	return problem_set(problem, -ENOMEM, "out of memory");
}

bool explore_image_has_attributes(void)
{
	return !privilege_is_admin_of_machine();
}

/* -- unpacking -- */

struct unpacking {
	struct explore_image *image;
	struct saved_place place;
	struct progress progress;
	char doing[64]; /* what is shown */
	struct problem *problem;
};

static int show(void *context, uint64_t bytes)
{
	struct unpacking *unpacking = context;

	progress_show(&unpacking->progress, "%s: %.1f MiB", unpacking->doing,
		      (double)bytes / (1 << 20));
	return interrupt_came() ? -EINTR : 0;
}

static int apply(struct unpacking *unpacking, const struct apply_source *source,
		 struct layer_apply_options *options, struct tar_summary *ret_summary)
{
	struct layer_apply_result result;
	struct problem warning = { .text = "" };
	int error;

	options->entries_max = ENTRIES_MAX;
	options->progress = (struct tar_progress){ .show = show, .context = unpacking };
	error = layer_apply(source, options, &result, unpacking->problem, &warning);
	progress_end(&unpacking->progress);
	if (!error)
		*ret_summary = result.archive;
	return error;
}

/* The files of the archive, all ours, into a directory of ours. A descriptor of that, or -errno with a problem. */
static int unpack_files(struct unpacking *unpacking, const char *path)
{
	const struct ownership ownership = {
		.squash_users = true,
		.squash_groups = true,
		.squashed_uid = geteuid(),
		.squashed_gid = getegid(),
	};
	cleanup_fd int fd = confined_open_input(path);
	const struct apply_source source = { .fd = fd, .name = path };
	cleanup_free char *target = NULL;
	struct layer_apply_options options = { .ownership = &ownership, .plain_files = true };
	struct tar_summary summary;
	int error, directory;

	if (fd < 0)
		return problem_set(unpacking->problem, fd, "%s: %s", path, strerror(-fd));
	error = temporary_make_directory(&unpacking->image->temporary, FILES, &target,
					 unpacking->problem);
	if (error)
		return error;
	(void)snprintf(unpacking->doing, sizeof(unpacking->doing), "reading the archive");
	options.target = target;
	error = apply(unpacking, &source, &options, &summary);
	if (error)
		return error;
	directory = confined_open(unpacking->image->temporary.fd, FILES, O_RDONLY | O_DIRECTORY, 0);
	return directory < 0 ? problem_set(unpacking->problem, directory, "%s: %s", target,
					   strerror(-directory))
			     : directory;
}

/* Is it what the image says? */
static int check_layer(const struct unpacking *unpacking, const struct saved_image *image, size_t i,
		       const struct tar_summary *summary)
{
	const struct descriptor *blob = saved_image_layer(image, i);

	if (strcmp(summary->diff_id, image->config.diff_ids[i].hex) == 0 &&
	    (!blob || (strcmp(summary->digest, blob->digest.hex) == 0 &&
		       summary->archive_bytes == blob->size)))
		return 0;
	return problem_set(unpacking->problem, -EBADMSG,
			   "%s: %s is not what its digest says: it is damaged or was tampered with",
			   unpacking->place.what, image->layers.strings[i]);
}

static int unpack_layer(struct unpacking *unpacking, const struct saved_image *image, size_t i)
{
	static const struct ownership in_attributes = {
		.xattr_permissions = XATTR_PERMISSIONS_USER,
	};
	struct string_list *layers = &unpacking->image->layers;
	const char *path = image->layers.strings[i];
	cleanup_fd int fd = saved_open(&unpacking->place, path, unpacking->problem);
	cleanup_free char *name = NULL;
	cleanup_free char *target = NULL;
	struct apply_source source = { .fd = fd };
	struct layer_apply_options options = {
		.ownership = explore_image_has_attributes() ? &in_attributes : NULL,
	};
	struct tar_summary summary;
	char directory[32];
	int error;

	if (fd < 0)
		return fd;
	if (asprintf(&name, "%s: %s", unpacking->place.what, path) < 0) {
		name = NULL;
		return out_of_memory(unpacking->problem);
	}
	source.name = name;
	(void)snprintf(directory, sizeof(directory), "layer-%zu", i);
	error = temporary_make_directory(&unpacking->image->temporary, directory, &target,
					 unpacking->problem);
	if (error)
		return error;
	(void)snprintf(unpacking->doing, sizeof(unpacking->doing), "layer %zu of %zu", i + 1,
		       image->layers.count);
	options.target = target;
	error = apply(unpacking, &source, &options, &summary);
	if (!error)
		error = check_layer(unpacking, image, i, &summary);
	if (!error && string_list_add(layers, target) < 0)
		error = out_of_memory(unpacking->problem);
	return error;
}

/* -- all of it -- */

/* What made the layer: a step of the history, or else its digest. */
static int describe_layer(struct explore_image *image, const struct image_config *config, size_t i)
{
	const struct image_history *step = history_of_layer(config, i);
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char digest[DIGEST_TEXT_SIZE];
	int error = 0;

	if (step && step->created_by)
		error = history_append_text(step->created_by, &text);
	if (!error && text.length == 0 && step && step->comment)
		error = history_append_text(step->comment, &text);
	(void)digest_text(&config->diff_ids[i], digest);
	if (!error)
		error = string_list_add(&image->texts, text.length ? buffer_string(&text) : digest);
	return error ? error : string_list_add(&image->ids, digest);
}

static void reverse(struct string_list *list)
{
	for (size_t i = 0; i < list->count / 2; i++) {
		char *string = list->strings[i];

		list->strings[i] = list->strings[list->count - 1 - i];
		list->strings[list->count - 1 - i] = string;
	}
}

static int unpack_image(struct unpacking *unpacking, const struct saved_item *item)
{
	struct explore_image *image = unpacking->image;
	cleanup_saved_image struct saved_image saved = { 0 };
	int error = saved_image_read(&unpacking->place, item, true, &saved, unpacking->problem);

	if (!error && saved.layers.count == 0)
		error = problem_set(unpacking->problem, -ENOENT, "%s: the image has no layers",
				    unpacking->place.what);
	for (size_t i = 0; !error && i < saved.layers.count; i++) {
		error = unpack_layer(unpacking, &saved, i);
		if (!error && describe_layer(image, &saved.config, i) < 0)
			error = out_of_memory(unpacking->problem);
	}
	reverse(&image->layers);
	reverse(&image->texts);
	reverse(&image->ids);
	return error;
}

static int unpack_one(struct unpacking *unpacking, const char *wanted)
{
	const struct saved_place *place = &unpacking->place;
	cleanup_saved_list struct saved_list list = { 0 };
	const struct saved_item *item = NULL;
	int error = saved_list_read(place, &list, unpacking->problem);

	if (error == -EMEDIUMTYPE)
		error = problem_set(unpacking->problem, error,
				    "%s has neither an index.json nor a manifest.json, so it is no "
				    "image; \"cowfs apply\" unpacks the archive of a layer",
				    place->what);
	if (!error)
		error = image_choice(&list, place->what, wanted, &item, unpacking->problem);
	return error ? error : unpack_image(unpacking, item);
}

/* The directory that the image lies in, or is put in. A descriptor, or -errno with a problem. */
static int open_place(struct unpacking *unpacking, const char *path)
{
	cleanup_fd int root = -1;
	struct stat status;
	int error = stat(path, &status) < 0 ? -errno : 0;

	if (!error && !S_ISDIR(status.st_mode))
		return unpack_files(unpacking, path);
	if (!error)
		error = root = confined_open_root(path);
	if (error >= 0)
		error = confined_reopen(root, O_RDONLY | O_DIRECTORY);
	return error < 0 ? problem_set(unpacking->problem, error, "%s: %s", path, strerror(-error))
			 : error;
}

int explore_image_open(struct explore_image *image, const char *path, const char *wanted,
		       struct problem *problem)
{
	struct unpacking unpacking = {
		.image = image,
		.place.what = path,
		.problem = problem,
	};
	cleanup_fd int directory = -1;
	int error = temporary_begin(&image->temporary, problem);

	if (error)
		return error;
	directory = open_place(&unpacking, path);
	unpacking.place.directory = directory;
	error = directory < 0 ? directory : unpack_one(&unpacking, wanted);
	/* They have done their duty, and may be large. */
	(void)remove_tree(image->temporary.fd, FILES);
	if (error == -ENOSPC || error == -EDQUOT) {
		struct problem reason = *problem;

		return problem_set(problem, error, "%s; TMPDIR chooses where images are unpacked",
				   reason.text);
	}
	return error;
}

void explore_image_close(struct explore_image *image)
{
	string_list_free(&image->layers);
	string_list_free(&image->texts);
	string_list_free(&image->ids);
	temporary_end(&image->temporary);
}
