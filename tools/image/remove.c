/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of store.h: taking names away, and images. */
#include "image/store_parts.h"

#include "base/buffer.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

void image_removal_free(struct image_removal *removal)
{
	string_list_free(&removal->untagged);
	string_list_free(&removal->deleted);
}

/* What is to be removed, and what stands in the way. */
struct removal {
	const struct image_store *store;
	struct descriptor_list items;
	struct image image;
	size_t item; /* by which it was found */
	bool *same;  /* of each item: it is one of this image; owned */
	size_t names, manifests;
};

static void removal_free(struct removal *removal)
{
	descriptor_list_free(&removal->items);
	image_close(&removal->image);
	free(removal->same);
}

/* The same configuration may be listed with differently packed layers. */
static int find_namesakes(struct removal *removal)
{
	removal->same = calloc(removal->items.count, sizeof(*removal->same));
	if (!removal->same)
		return -ENOMEM;
	for (size_t i = 0; i < removal->items.count; i++) {
		const struct descriptor *item = &removal->items.items[i];
		cleanup_image struct image other = IMAGE_INIT;

		if (!digest_equal(&item->digest, &removal->image.manifest.digest) &&
		    (store_read_image(removal->store, item, &other, NULL) < 0 ||
		     !digest_equal(&other.id, &removal->image.id)))
			continue;
		removal->same[i] = true;
		removal->manifests++;
		removal->names += item->reference != NULL;
	}
	return 0;
}

static int join(const struct string_list *list, struct buffer *text)
{
	int error = 0;

	for (size_t i = 0; !error && i < list->count; i++)
		error = buffer_append_format(text, "%s%s", i > 0 ? ", " : "", list->strings[i]);
	return error;
}

static int has_several_names(const struct removal *removal, const char *name,
			     struct problem *problem)
{
	return problem_set(problem, -EBUSY,
			   "%s has %zu names; remove them one by one, or all with the image by "
			   "--force",
			   name, removal->names);
}

static int is_in_use(const struct string_list *users, const char *name, struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (join(users, &text) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	return problem_set(problem, -EBUSY,
			   "%s is used by the container%s %s; remove that first, or take only the "
			   "name from the image by --force",
			   name, users->count > 1 ? "s" : "", buffer_string(&text));
}

/* Takes items out of the index, or only their names. */
static int take_items(struct removal *removal, bool all, bool keep, struct image_removal *done)
{
	struct descriptor_list *items = &removal->items;
	int error = 0;

	for (size_t i = items->count; !error && i-- > 0;) {
		struct descriptor *item = &items->items[i];

		if (all ? !removal->same[i] : i != removal->item)
			continue;
		if (item->reference)
			error = string_list_add(&done->untagged, item->reference);
		if (keep && index_count(items, &item->digest) == 1)
			free(steal_pointer(&item->reference));
		else
			descriptor_list_remove(items, i);
	}
	return error;
}

static int decide(struct removal *removal, const char *name, bool by_name, bool force,
		  image_users_function *users_of, void *context, struct image_removal *done,
		  struct problem *problem)
{
	struct string_list users = STRING_LIST_INIT;
	bool last = !by_name || removal->manifests == 1;
	int error = 0;

	if (!by_name && removal->names > 1 && !force)
		return has_several_names(removal, name, problem);
	if (last && users_of)
		error = users_of(context, &removal->image.id, &users, problem);
	if (!error && users.count > 0 && !force)
		error = is_in_use(&users, name, problem);
	if (!error && take_items(removal, !by_name, users.count > 0, done) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (!error && last && users.count == 0) {
		char id[DIGEST_TEXT_SIZE];

		if (string_list_add(&done->deleted, digest_text(&removal->image.id, id)) < 0)
			error = problem_set(problem, -ENOMEM, "out of memory");
	}
	string_list_free(&users);
	return error;
}

static void tell(const struct image_store *store, const struct digest *id,
		 const struct image_removal *done)
{
	for (size_t i = 0; i < done->untagged.count; i++)
		image_tell(store, id, "untag", done->untagged.strings[i]);
	if (done->deleted.count > 0)
		image_tell(store, id, "delete", NULL);
}

static int remove_from_index(const struct image_store *store, const char *name, bool force,
			     image_users_function *users, void *context,
			     struct image_removal *ret_removal, struct problem *problem)
{
	cleanup_fd int adding = store_lock(store, ADDING_LOCK, LOCK_SH, problem);
	cleanup_fd int lock = adding < 0 ? adding : store_lock(store, INDEX_LOCK, LOCK_EX, problem);
	struct removal removal = { .store = store, .image = IMAGE_INIT };
	struct image_removal done = { 0 };
	bool by_name;
	int error = lock < 0 ? lock : store_read_index(store, &removal.items, problem);

	if (!error)
		error = store_find(store, &removal.items, name, &removal.image, &removal.item,
				   &by_name, problem);
	if (!error && find_namesakes(&removal) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (!error)
		error = decide(&removal, name, by_name, force, users, context, &done, problem);
	if (!error)
		error = store_write_index(store, &removal.items, problem);
	if (!error)
		tell(store, &removal.image.id, &done);
	removal_free(&removal);
	if (error) {
		image_removal_free(&done);
		return error;
	}
	*ret_removal = done;
	return 0;
}

int image_remove(struct image_store *store, const char *name, bool force,
		 image_users_function *users, void *context, struct image_removal *ret_removal,
		 struct problem *problem)
{
	int error = remove_from_index(store, name, force, users, context, ret_removal, problem);

	if (!error)
		store_try_sweep(store);
	return error;
}
