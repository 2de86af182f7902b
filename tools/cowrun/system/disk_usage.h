/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What containers, images and volumes take on the disk: cowrun system df. */
#pragma once

#include "cowrun/container_set.h"
#include "image/usage.h"

struct disk_usage {
	struct container_set containers;
	uint64_t *container_sizes; /* all that is theirs, the log included; owned */
	struct image_store_usage images;
	struct string_list volumes;
	uint64_t *volume_sizes; /* owned */
	size_t *volume_links;	/* containers that mount it; owned */
};

#define DISK_USAGE_INIT ((struct disk_usage){ 0 })
#define cleanup_disk_usage __attribute__((cleanup(disk_usage_free)))

void disk_usage_free(struct disk_usage *usage);

/* 0 or -errno with a problem. */
int disk_usage_read(const struct place *place, struct disk_usage *ret_usage,
		    struct problem *problem);

/*
 * As JSON with docker's names, or NULL when there is no memory. A line for each kind: Type, TotalCount, Active, Size,
 * Reclaimable.
 */
json_object *disk_usage_kinds(const struct disk_usage *usage);
/* Each of them: Images, Containers, Volumes. */
json_object *disk_usage_details(const struct disk_usage *usage);
