/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of disk_usage.h: the JSON. */
#include "cowrun/system/disk_usage.h"

#include "cowrun/human_text.h"
#include "cowrun/image_view.h"
#include "cowrun/view.h"
#include "oci/json_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int add_size(json_object *object, const char *name, uint64_t size)
{
	char text[HUMAN_TEXT_SIZE];

	size_text(size, text);
	return json_add_string(object, name, text);
}

/* A number as docker has it here, in a string. */
static int add_count(json_object *object, const char *name, size_t count)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", count);
	return json_add_string(object, name, text);
}

/* -- a line for each kind -- */

struct kind {
	size_t total, active;
	uint64_t size, reclaimable;
};

static int add_kind(json_object *lines, const char *type, const struct kind *kind)
{
	json_object *line = json_append_object(lines);
	char size[HUMAN_TEXT_SIZE], text[HUMAN_TEXT_SIZE + 16];
	int error = line ? json_add_string(line, "Type", type) : -ENOMEM;

	size_text(kind->reclaimable, size);
	if (kind->size > 0)
		(void)snprintf(text, sizeof(text), "%s (%.0f%%)", size,
			       100.0 * (double)kind->reclaimable / (double)kind->size);
	else
		(void)snprintf(text, sizeof(text), "%s", size);
	if (!error)
		error = add_count(line, "TotalCount", kind->total);
	if (!error)
		error = add_count(line, "Active", kind->active);
	if (!error)
		error = add_size(line, "Size", kind->size);
	return error ? error : json_add_string(line, "Reclaimable", text);
}

static struct kind count_images(const struct disk_usage *usage)
{
	struct kind kind = {
		.total = usage->images.count,
		.size = usage->images.size,
		.reclaimable = usage->images.unused,
	};

	for (size_t i = 0; i < usage->images.count; i++)
		kind.active += usage->images.images[i].users > 0;
	return kind;
}

static struct kind count_containers(const struct disk_usage *usage)
{
	struct kind kind = { .total = usage->containers.count };

	for (size_t i = 0; i < kind.total; i++) {
		bool live = state_is_live(&usage->containers.containers[i].state);

		kind.active += live;
		kind.size += usage->container_sizes[i];
		kind.reclaimable += live ? 0 : usage->container_sizes[i];
	}
	return kind;
}

static struct kind count_volumes(const struct disk_usage *usage)
{
	struct kind kind = { .total = usage->volumes.count };

	for (size_t i = 0; i < kind.total; i++) {
		bool mounted = usage->volume_links[i] > 0;

		kind.active += mounted;
		kind.size += usage->volume_sizes[i];
		kind.reclaimable += mounted ? 0 : usage->volume_sizes[i];
	}
	return kind;
}

json_object *disk_usage_kinds(const struct disk_usage *usage)
{
	CLEANUP(json_put) json_object *lines = json_object_new_array();
	const struct kind images = count_images(usage), containers = count_containers(usage),
			  volumes = count_volumes(usage);
	int error = lines ? add_kind(lines, "Images", &images) : -ENOMEM;

	if (!error)
		error = add_kind(lines, "Containers", &containers);
	if (!error)
		error = add_kind(lines, "Local Volumes", &volumes);
	return error ? NULL : steal_pointer(&lines);
}

/* -- each of them -- */

static int add_image(json_object *lines, const struct image_usage *image)
{
	json_object *line = json_append_object(lines);
	char id[DIGEST_TEXT_SIZE];
	int error = line ? image_view_name(line, image->reference) : -ENOMEM;

	if (!error)
		error = json_add_string(line, "ID", digest_text(&image->id, id));
	if (!error)
		error = image_view_times(line, image->created);
	if (!error)
		error = add_size(line, "Size", image->size);
	if (!error)
		error = add_size(line, "SharedSize", image->shared);
	if (!error)
		error = add_size(line, "UniqueSize", image->size - image->shared);
	return error ? error : add_count(line, "Containers", image->users);
}

static int add_container(json_object *lines, const struct container *container, uint64_t size)
{
	json_object *line = view_line(container);
	size_t volumes = 0;
	int error = json_append(lines, line);

	for (size_t i = 0; i < container->config.mounts.count; i++)
		volumes += strcmp(config_mount(&container->config, i)->type, "volume") == 0;
	if (!error)
		error = add_count(line, "LocalVolumes", volumes);
	return error ? error : add_size(line, "Size", size);
}

static int add_volume(json_object *lines, const char *name, size_t links, uint64_t size)
{
	json_object *line = json_append_object(lines);
	int error = line ? json_add_string(line, "Name", name) : -ENOMEM;

	if (!error)
		error = add_count(line, "Links", links);
	return error ? error : add_size(line, "Size", size);
}

json_object *disk_usage_details(const struct disk_usage *usage)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	json_object *images = object ? json_add_array(object, "Images") : NULL;
	json_object *containers = images ? json_add_array(object, "Containers") : NULL;
	json_object *volumes = containers ? json_add_array(object, "Volumes") : NULL;
	int error = volumes ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < usage->images.count; i++)
		error = add_image(images, &usage->images.images[i]);
	for (size_t i = 0; !error && i < usage->containers.count; i++)
		error = add_container(containers, &usage->containers.containers[i],
				      usage->container_sizes[i]);
	for (size_t i = 0; !error && i < usage->volumes.count; i++)
		error = add_volume(volumes, usage->volumes.strings[i], usage->volume_links[i],
				   usage->volume_sizes[i]);
	return error ? NULL : steal_pointer(&object);
}
