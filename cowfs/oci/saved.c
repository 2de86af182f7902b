/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/saved_parts.h"

#include "base/cleanup.h"
#include "oci/reference.h"
#include "oci/tree_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- names and problems -- */

int saved_failed(const struct saved_place *place, const char *path, int error,
		 struct problem *problem)
{
	const char *why = strerror(-error);

	if (error == -ENOMEM)
		return problem_set(problem, error, "out of memory");
	if (error == -EINVAL)
		why = "the path leads out of it";
	else if (error == -ESTALE)
		why = "it is no regular file";
	else if (error == -EFBIG)
		why = "it is too large";
	return problem_set(problem, error, "%s: %s: %s", place->what, path, why);
}

const char *saved_name(const struct saved_place *place, const char *path,
		       char name[SAVED_NAME_SIZE])
{
	(void)snprintf(name, SAVED_NAME_SIZE, "%s: %s", place->what, path);
	return name;
}

int saved_open(const struct saved_place *place, const char *path, struct problem *problem)
{
	int fd = tree_file_open(place->directory, path);

	return fd < 0 ? saved_failed(place, path, fd, problem) : fd;
}

/* -- which there are -- */

static bool has(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum saved_kind saved_kind_of(int directory)
{
	if (has(directory, "index.json"))
		return SAVED_LAYOUT;
	return has(directory, "manifest.json") ? SAVED_DOCKER : SAVED_NOTHING;
}

static void free_item(struct saved_item *item)
{
	string_list_free(&item->names);
	descriptor_free(&item->descriptor);
	free(item->config);
	string_list_free(&item->layers);
}

void saved_list_free(struct saved_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_item(&list->items[i]);
	free(list->items);
	*list = (struct saved_list){ 0 };
}

struct saved_item *saved_list_add(struct saved_list *list)
{
	struct saved_item *items = reallocarray(list->items, list->count + 1, sizeof(*list->items));

	if (!items)
		return NULL;
	list->items = items;
	items[list->count] = (struct saved_item){ 0 };
	return &items[list->count++];
}

int saved_item_add_name(struct saved_item *item, const char *text)
{
	struct reference reference;

	if (reference_parse(text, &reference, NULL) < 0)
		return 0;
	return string_list_add(&item->names, reference.text);
}

int saved_list_read(const struct saved_place *place, struct saved_list *ret_list,
		    struct problem *problem)
{
	cleanup_saved_list struct saved_list list = { .kind = saved_kind_of(place->directory) };
	int error = -EMEDIUMTYPE;

	if (list.kind == SAVED_LAYOUT)
		error = saved_layout_list(place, &list, problem);
	else if (list.kind == SAVED_DOCKER)
		error = saved_docker_list(place, &list, problem);
	if (!error && list.count == 0)
		error = problem_set(problem, -ENOENT, "%s holds no image", place->what);
	if (error)
		return error;
	*ret_list = list;
	list = (struct saved_list){ 0 };
	return 0;
}

/* -- one of them -- */

void saved_image_free(struct saved_image *image)
{
	descriptor_free(&image->manifest);
	manifest_free(&image->content);
	buffer_free(&image->config_text);
	image_config_free(&image->config);
	string_list_free(&image->layers);
	*image = (struct saved_image){ 0 };
}

int saved_image_read_config(const struct saved_place *place, const char *path, const char *where,
			    struct saved_image *image, struct problem *problem)
{
	char name[SAVED_NAME_SIZE];
	int error =
		image_config_parse(buffer_string(&image->config_text), image->config_text.length,
				   saved_name(place, path, name), &image->config, problem);

	if (!error && image->config.diff_id_count != image->layers.count)
		error = problem_set(problem, -EINVAL,
				    "%s: \"rootfs.diff_ids\" and %s differ in number", name, where);
	return error;
}

int saved_image_read(const struct saved_place *place, const struct saved_item *item,
		     bool any_machine, struct saved_image *ret_image, struct problem *problem)
{
	cleanup_saved_image struct saved_image image = { 0 };
	int error = item->config ? saved_docker_read(place, item, &image, problem)
				 : saved_layout_read(place, item, any_machine, &image, problem);

	if (error)
		return error;
	*ret_image = image;
	image = (struct saved_image){ 0 };
	return 0;
}
