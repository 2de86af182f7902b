/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/system/disk_usage.h"

#include "container/record/sizes.h"
#include "container/root/volumes.h"
#include "cowrun/image_users.h"

#include <errno.h>
#include <stdlib.h>

void disk_usage_free(struct disk_usage *usage)
{
	container_set_free(&usage->containers);
	free(usage->container_sizes);
	image_store_usage_free(&usage->images);
	string_list_free(&usage->volumes);
	free(usage->volume_sizes);
	free(usage->volume_links);
	*usage = DISK_USAGE_INIT;
}

static int out_of_memory(struct problem *problem)
{
	return problem_set(problem, -ENOMEM, "out of memory");
}

static int add_containers(struct disk_usage *usage, const struct place *place,
			  struct problem *problem)
{
	struct string_list ids = STRING_LIST_INIT;
	int error = container_set_read(place, &usage->containers, problem);

	if (error)
		return error;
	for (size_t i = 0; !error && i < usage->containers.count; i++)
		error = string_list_add(&ids, usage->containers.containers[i].id);
	usage->container_sizes = calloc(ids.count + 1, sizeof(*usage->container_sizes));
	if (error || !usage->container_sizes)
		error = out_of_memory(problem);
	else
		error = sizes_measure(place, place->containers_fd, &ids, usage->container_sizes,
				      problem);
	string_list_free(&ids);
	return error;
}

/* An image_count_function. */
static size_t count_users(void *context, const struct digest *id)
{
	const struct container_set *containers = context;
	size_t count = 0;

	for (size_t i = 0; i < containers->count; i++)
		count += image_is_used_by(&containers->containers[i].config, id);
	return count;
}

static int add_images(struct disk_usage *usage, const struct place *place, struct problem *problem)
{
	cleanup_image_store struct image_store store = IMAGE_STORE_INIT;
	int error = image_store_open(place, &store, problem);

	return error ? error
		     : image_store_measure(&store, count_users, &usage->containers, &usage->images,
					   problem);
}

static int add_volumes(struct disk_usage *usage, const struct place *place, struct problem *problem)
{
	const struct container_set *containers = &usage->containers;
	int error = volumes_list(place, &usage->volumes, problem);

	if (error)
		return error;
	usage->volume_sizes = calloc(usage->volumes.count + 1, sizeof(*usage->volume_sizes));
	usage->volume_links = calloc(usage->volumes.count + 1, sizeof(*usage->volume_links));
	if (!usage->volume_sizes || !usage->volume_links)
		return out_of_memory(problem);
	for (size_t i = 0; i < usage->volumes.count; i++)
		for (size_t j = 0; j < containers->count; j++)
			usage->volume_links[i] += volumes_are_mounted_by(
				&containers->containers[j].config, usage->volumes.strings[i]);
	return volumes_measure(place, &usage->volumes, usage->volume_sizes, problem);
}

int disk_usage_read(const struct place *place, struct disk_usage *ret_usage,
		    struct problem *problem)
{
	cleanup_disk_usage struct disk_usage usage = DISK_USAGE_INIT;
	int error = add_containers(&usage, place, problem);

	if (!error)
		error = add_images(&usage, place, problem);
	if (!error)
		error = add_volumes(&usage, place, problem);
	if (error)
		return error;
	*ret_usage = usage;
	usage = DISK_USAGE_INIT;
	return 0;
}
