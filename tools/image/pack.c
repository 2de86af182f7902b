/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/pack.h"

#include "archive/apply.h"
#include "archive/commit.h"
#include "base/cleanup.h"
#include "image/blobs.h"
#include "image/owners.h"
#include "image/work.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More than any image has, and few enough for a file system to bear. */
#define ENTRIES_MAX 20000000

static void copy_digest(const char hex[TAR_DIGEST_SIZE], struct digest *digest)
{
	memcpy(digest->hex, hex, sizeof(digest->hex));
}

/* -- progress -- */

struct watch {
	const struct image_progress *progress;
	const char *what;
	uint64_t total;
};

static int show(void *context, uint64_t archive_bytes)
{
	const struct watch *watch = context;

	image_progress_show(watch->progress, watch->what, archive_bytes, watch->total);
	return 0;
}

static struct tar_progress tar_progress(struct watch *watch)
{
	return (struct tar_progress){ .show = show, .context = watch };
}

/* -- unpacking -- */

/* A tar that becomes a directory. Plain values and what is shared with another process by fork(2). */
struct unpacking {
	struct apply_source source;
	struct layer_apply_options options;
	struct layer_apply_result result;
	struct problem warning;
	struct ownership ownership;
	struct watch watch;
};

/* An id_maps_function. */
static int unpack(void *context, struct problem *problem)
{
	struct unpacking *unpacking = context;
	int error;

	unpacking->options.progress = tar_progress(&unpacking->watch);
	if (!ownership_is_identity(&unpacking->ownership))
		unpacking->options.ownership = &unpacking->ownership;
	unpacking->options.entries_max = ENTRIES_MAX;
	error = layer_apply(&unpacking->source, &unpacking->options, &unpacking->result, problem,
			    &unpacking->warning);
	/* This may be another process, which will not say more. */
	image_progress_end(unpacking->watch.progress);
	return error;
}

static int note_warning(struct image_store *store, const char *what, const char *warning)
{
	if (warning[0] == '\0')
		return 0;
	return string_list_add_format(&store->warnings, "%s: %s", what, warning);
}

int pack_apply_layer(struct image_store *store, const struct descriptor *blob, const char *root,
		     const char *what, struct digest *ret_diff_id, uint64_t *ret_size,
		     struct problem *problem)
{
	cleanup_fd int fd = blob_open(store, &blob->digest);
	struct unpacking unpacking = {
		.source = { .fd = fd, .name = what },
		.options = { .target = root, .dialect = WHITEOUT_AUFS },
		.watch = { .progress = store->progress, .what = what, .total = blob->size },
	};
	int error;

	if (fd < 0)
		return problem_set(problem, fd, "%s: the layer " DIGEST_PREFIX "%s: %s", what,
				   blob->digest.hex, strerror(-fd));
	unpacking.ownership = owners_of_layers(store);
	error = owners_run(store, unpack, &unpacking, sizeof(unpacking), problem);
	if (error)
		return error;
	copy_digest(unpacking.result.archive.diff_id, ret_diff_id);
	*ret_size = unpacking.result.data_bytes;
	return note_warning(store, what, unpacking.warning.text);
}

int pack_unpack_files(const struct image_store *store, int from, uint64_t size, const char *name,
		      const char *what, struct problem *problem)
{
	cleanup_free char *target = work_path(store, name);
	struct unpacking unpacking = {
		.source = { .fd = from, .name = what },
		.options = { .dialect = WHITEOUT_AUFS },
		.watch = { .progress = store->progress, .what = what, .total = size },
	};

	if (!target)
		return problem_set(problem, -ENOMEM, "out of memory");
	unpacking.options.target = target;
	unpacking.ownership = owners_squashed(geteuid(), getegid());
	return unpack(&unpacking, problem);
}

/* -- packing -- */

DEFINE_CLEANUP_FUNCTION(struct union_fs *, union_close);

/* A directory that becomes a tar: the topmost of some layers, or one that lies on nothing. */
struct packing {
	struct layer_commit_options options;
	struct layer_commit_result result;
	const char *const *layers; /* paths, the topmost first */
	size_t count;
	struct problem warning;
	struct ownership ownership;
	struct watch watch;
	int to;
	bool is_empty; /* it says nothing that the layers below do not */
};

/* The layers from the one numbered `first` on; the topmost of several is an upper. */
static int open_union(const struct packing *packing, size_t first, struct union_fs **ret_fs,
		      struct problem *problem)
{
	bool has_upper = first == 0 && packing->count > 1;
	size_t lowers = first + has_upper;
	const struct union_options options = {
		.upper = has_upper ? packing->layers[0] : NULL,
		.lowers = packing->layers + lowers,
		.lower_count = packing->count - lowers,
		.ownership = packing->ownership,
		.only_look = true,
	};
	struct problem warning = { .text = "" };

	return union_open(&options, ret_fs, problem, &warning);
}

/* An upper always has a root; does it look as the one below? Times do not count. */
static bool has_same_root(struct union_fs *layers, struct union_fs *below)
{
	struct attributes above, under;

	return union_getattr(layers, union_root(layers), &above) == 0 &&
	       union_getattr(below, union_root(below), &under) == 0 && above.mode == under.mode &&
	       above.uid == under.uid && above.gid == under.gid;
}

/* An id_maps_function. */
static int pack(void *context, struct problem *problem)
{
	struct packing *packing = context;
	CLEANUP(union_close) struct union_fs *layers = NULL;
	CLEANUP(union_close) struct union_fs *below = NULL;
	int error = open_union(packing, 0, &layers, problem);

	if (!error && packing->count > 1)
		error = open_union(packing, 1, &below, problem);
	if (error)
		return error;
	packing->options.layers = layers;
	packing->options.below = below;
	packing->options.flatten = !below;
	packing->options.progress = tar_progress(&packing->watch);
	/* Engines take layers apart and put them together again from their files. */
	packing->options.fill_holes = true;
	error = layer_commit(&packing->options, packing->to, &packing->result, problem,
			     &packing->warning);
	image_progress_end(packing->watch.progress);
	if (!error && below && packing->result.archive.entries <= 1)
		packing->is_empty = has_same_root(layers, below);
	return error;
}

static int cannot_write(const struct image_store *store, const char *what, int error,
			struct problem *problem)
{
	return problem_set(problem, error, "%s cannot be taken into the store %s: %s", what,
			   store->path, strerror(-error));
}

/* Packs into a blob. */
static int pack_blob(struct image_store *store, struct packing *packing, const char *what,
		     struct descriptor *layer, struct problem *problem)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	int error = blob_begin(store, &writer);

	if (error)
		return cannot_write(store, what, error, problem);
	packing->to = writer.fd;
	packing->ownership =
		packing->count > 1 ? owners_of_layers(store) : owners_of_directory(store);
	error = owners_run(store, pack, packing, sizeof(*packing), problem);
	if (error || packing->is_empty)
		return error;
	layer->type = MEDIA_LAYER;
	layer->size = packing->result.archive.archive_bytes;
	copy_digest(packing->result.archive.digest, &layer->digest);
	error = blob_finish(&writer, &layer->digest);
	return error ? cannot_write(store, what, error, problem) : 0;
}

int pack_new_layer(struct image_store *store, const struct pack_layer *source, const char *what,
		   struct descriptor *layer, bool *ret_is_empty, struct problem *problem)
{
	size_t lower_count = source->lowers ? source->lowers->count : 0;
	cleanup_free const char **layers = calloc(1 + lower_count, sizeof(*layers));
	struct packing packing = {
		.options = { .excluded = source->excluded,
			     .excluded_count = source->excluded_count },
		.layers = layers,
		.count = 1 + lower_count,
		.watch = { .progress = store->progress, .what = what },
	};
	int error;

	if (!layers)
		return problem_set(problem, -ENOMEM, "out of memory");
	layers[0] = source->path;
	for (size_t i = 0; i < lower_count; i++)
		layers[1 + i] = source->lowers->strings[i];
	error = pack_blob(store, &packing, what, layer, problem);
	if (error)
		return error;
	*ret_is_empty = packing.is_empty;
	return note_warning(store, what, packing.warning.text);
}

int pack_files(const struct image_store *store, const char *name, int to, const char *what,
	       struct problem *problem)
{
	cleanup_free char *path = work_path(store, name);
	const char *const layers[] = { path };
	struct packing packing = {
		.options = { .has_source_date_epoch = true },
		.layers = layers,
		.count = 1,
		.watch = { .progress = store->progress, .what = what },
		.to = to,
	};

	if (!path)
		return problem_set(problem, -ENOMEM, "out of memory");
	packing.ownership = owners_squashed(0, 0);
	return pack(&packing, problem);
}
