/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of store.h: which image a person means. */
#include "image/store_parts.h"

#include <errno.h>
#include <string.h>

#define HEX_DIGITS "0123456789abcdef"

static int not_found(const char *name, struct problem *problem)
{
	return problem_set(
		problem, -ENOENT,
		"there is no image %s; \"cowrun images\" shows those that are there, and "
		"\"cowrun load\" and \"cowrun import\" bring more",
		name);
}

static int several_names(const char *name, const char *one, const char *other,
			 struct problem *problem)
{
	return problem_set(problem, -EEXIST, "%s may be %s or %s; give the whole name", name, one,
			   other);
}

static bool may_be_id(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= DIGEST_HEX_LENGTH && strspn(name, HEX_DIGITS) == length;
}

/* The item that is meant by a name. -ENOENT without a problem. */
static int find_by_name(const struct descriptor_list *items, const char *name, size_t *ret_item,
			struct problem *problem)
{
	struct reference typed;
	ssize_t found;

	if (reference_parse(name, &typed, NULL) < 0)
		return -ENOENT;
	found = index_find(items, typed.text);
	for (size_t i = 0; found < 0 && i < items->count; i++) {
		const char *candidate = items->items[i].reference;

		if (!candidate || !reference_may_mean(&typed, candidate))
			continue;
		for (size_t j = i + 1; j < items->count; j++) {
			const char *other = items->items[j].reference;

			if (other && reference_may_mean(&typed, other))
				return several_names(name, candidate, other, problem);
		}
		found = (ssize_t)i;
	}
	if (found < 0)
		return -ENOENT;
	*ret_item = (size_t)found;
	return 0;
}

/*
 * The first item whose id or manifest begins so; and no other id may. An image that cannot be read has
 * none. *found is closed by the caller.
 */
static int look_for_id(const struct image_store *store, const struct descriptor_list *items,
		       const char *hex, struct image *found, size_t *ret_item,
		       struct problem *problem)
{
	for (size_t i = 0; i < items->count; i++) {
		cleanup_image struct image image = IMAGE_INIT;
		int error = store_read_image(store, &items->items[i], &image, problem);

		if (error == -ENOMEM)
			return error;
		if (error || (strncmp(image.id.hex, hex, strlen(hex)) != 0 &&
			      strncmp(image.manifest.digest.hex, hex, strlen(hex)) != 0))
			continue;
		if (!found->id.hex[0]) {
			*found = image;
			image = IMAGE_INIT;
			*ret_item = i;
		} else if (!digest_equal(&found->id, &image.id)) {
			return several_names(hex, found->id.hex, image.id.hex, problem);
		}
	}
	return found->id.hex[0] ? 0 : -ENOENT;
}

static int find_by_id(const struct image_store *store, const struct descriptor_list *items,
		      const char *hex, struct image *ret_image, size_t *ret_item,
		      struct problem *problem)
{
	struct image found = IMAGE_INIT;
	int error = look_for_id(store, items, hex, &found, ret_item, problem);

	if (error)
		image_close(&found);
	else
		*ret_image = found;
	return error;
}

int store_find(const struct image_store *store, const struct descriptor_list *items,
	       const char *name, struct image *ret_image, size_t *ret_item, bool *ret_by_name,
	       struct problem *problem)
{
	bool is_digest = strncmp(name, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0;
	const char *hex = is_digest ? name + strlen(DIGEST_PREFIX) : name;
	size_t item = 0;
	int error = is_digest ? -ENOENT : find_by_name(items, name, &item, problem);

	if (!error) {
		error = store_read_image(store, &items->items[item], ret_image, problem);
		if (!error) {
			*ret_item = item;
			*ret_by_name = true;
		}
		return error;
	}
	if (error == -ENOENT && may_be_id(hex)) {
		error = find_by_id(store, items, hex, ret_image, ret_item, problem);
		if (!error)
			*ret_by_name = false;
	}
	return error == -ENOENT ? not_found(name, problem) : error;
}
