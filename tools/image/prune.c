/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of store.h: removing many images at once. */
#include "image/pieces.h"
#include "image/store_parts.h"

#include "base/cleanup.h"

#include <errno.h>
#include <sys/file.h>

/* What the index has, and who is to go. */
struct pruning {
	const struct image_store *store;
	struct descriptor_list items;
	struct listed {
		struct image image;
		bool readable;
		bool named;   /* the image has a name, by this item or another */
		size_t first; /* the first item of the same image */
		bool chosen;  /* of the first item: the image is to go */
	} * listed;	      /* one for each item that there was; owned */
	size_t listed_count;
	struct pieces pieces;
	uint64_t bytes; /* of what only those have that are to go */
};

static void pruning_free(struct pruning *pruning)
{
	for (size_t i = 0; i < pruning->listed_count; i++)
		image_close(&pruning->listed[i].image);
	free(pruning->listed);
	descriptor_list_free(&pruning->items);
	pieces_free(&pruning->pieces);
}

/* One image may be listed with several names, and with differently packed layers. */
static size_t find_first(const struct pruning *pruning, size_t item)
{
	const struct listed *listed = pruning->listed;
	size_t i = 0;

	while (i < item &&
	       (!listed[i].readable || !digest_equal(&listed[i].image.id, &listed[item].image.id)))
		i++;
	return i;
}

static int read_images(struct pruning *pruning)
{
	struct listed *listed = calloc(pruning->items.count + 1, sizeof(*listed));
	int error = 0;

	if (!listed)
		return -ENOMEM;
	pruning->listed = listed;
	pruning->listed_count = pruning->items.count;
	for (size_t i = 0; i < pruning->items.count; i++)
		listed[i].image = IMAGE_INIT;
	for (size_t i = 0; !error && i < pruning->items.count; i++) {
		int unread = store_read_image(pruning->store, &pruning->items.items[i],
					      &listed[i].image, NULL);

		/* What cannot be read is not touched. */
		listed[i].readable = !unread;
		if (unread == -ENOMEM)
			return unread;
		if (unread)
			continue;
		listed[i].first = find_first(pruning, i);
		if (listed[i].image.reference)
			listed[listed[i].first].named = true;
		error = pieces_add(&pruning->pieces, pruning->store, &listed[i].image,
				   listed[i].first);
	}
	return error;
}

static int choose_all(struct pruning *pruning, image_choose_function *choose, void *context,
		      struct problem *problem)
{
	for (size_t i = 0; i < pruning->items.count; i++) {
		struct listed *listed = &pruning->listed[i];
		int result;

		if (!listed->readable || listed->first != i)
			continue;
		result = choose(context, &listed->image, listed->named, problem);
		if (result < 0)
			return result;
		listed->chosen = result > 0;
	}
	return 0;
}

/* A piece_function. */
static void count_piece(void *context, const struct piece *piece, const size_t *images,
			size_t count)
{
	struct pruning *pruning = context;

	for (size_t i = 0; i < count; i++)
		if (!pruning->listed[images[i]].chosen)
			return;
	pruning->bytes += piece->size;
}

static bool is_to_go(const struct pruning *pruning, size_t item)
{
	const struct listed *listed = &pruning->listed[item];

	return listed->readable && pruning->listed[listed->first].chosen;
}

static int note_removal(const struct pruning *pruning, struct image_removal *removal)
{
	int error = 0;

	for (size_t i = 0; !error && i < pruning->items.count; i++) {
		const struct listed *listed = &pruning->listed[i];
		char id[DIGEST_TEXT_SIZE];

		if (!is_to_go(pruning, i))
			continue;
		if (listed->image.reference)
			error = string_list_add(&removal->untagged, listed->image.reference);
		if (!error && listed->first == i)
			error = string_list_add(&removal->deleted,
						digest_text(&listed->image.id, id));
	}
	return error;
}

static void take_out(struct pruning *pruning)
{
	for (size_t i = pruning->listed_count; i-- > 0;)
		if (is_to_go(pruning, i))
			descriptor_list_remove(&pruning->items, i);
}

static void tell(const struct pruning *pruning, size_t item)
{
	const struct listed *listed = &pruning->listed[item];

	if (!is_to_go(pruning, item))
		return;
	if (listed->image.reference)
		image_tell(pruning->store, &listed->image.id, "untag", listed->image.reference);
	if (listed->first == item)
		image_tell(pruning->store, &listed->image.id, "delete", NULL);
}

static int prune(struct pruning *pruning, image_choose_function *choose, void *context,
		 struct image_removal *removal, struct problem *problem)
{
	int error = store_read_index(pruning->store, &pruning->items, problem);

	if (!error && read_images(pruning) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (!error)
		error = choose_all(pruning, choose, context, problem);
	if (!error && (pieces_each(&pruning->pieces, count_piece, pruning) < 0 ||
		       note_removal(pruning, removal) < 0))
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (error || removal->deleted.count == 0)
		return error;
	take_out(pruning);
	error = store_write_index(pruning->store, &pruning->items, problem);
	for (size_t i = 0; !error && i < pruning->listed_count; i++)
		tell(pruning, i);
	return error;
}

/* The index changes once, for all of them; from then on they are garbage. */
static int prune_index(const struct image_store *store, image_choose_function *choose,
		       void *context, struct image_removal *removal, uint64_t *ret_bytes,
		       struct problem *problem)
{
	cleanup_fd int adding = store_lock(store, ADDING_LOCK, LOCK_SH, problem);
	cleanup_fd int lock = adding < 0 ? adding : store_lock(store, INDEX_LOCK, LOCK_EX, problem);
	struct pruning pruning = { .store = store, .pieces = PIECES_INIT };
	int error = lock < 0 ? lock : prune(&pruning, choose, context, removal, problem);

	if (!error)
		*ret_bytes = pruning.bytes;
	pruning_free(&pruning);
	return error;
}

int image_store_prune(struct image_store *store, image_choose_function *choose, void *context,
		      struct image_removal *ret_removal, uint64_t *ret_bytes,
		      struct problem *problem)
{
	struct image_removal removal = { 0 };
	int error = prune_index(store, choose, context, &removal, ret_bytes, problem);

	if (error) {
		image_removal_free(&removal);
		return error;
	}
	*ret_removal = removal;
	store_try_sweep(store);
	return 0;
}
