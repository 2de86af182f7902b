/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volumes: directories data/volumes/NAME (see place.h), which outlive containers. One is made by whoever mounts it first, or
 * before that by volumes_create(). An ordinary user's may hold files of subordinate ids, so they are deleted in a user
 * namespace. Functions return 0 or -errno with a problem.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/record/config.h"
#include "container/record/place.h"

/* The names of all volumes, sorted. */
int volumes_list(const struct place *place, struct string_list *names, struct problem *problem);

/* Makes one that is not there yet. */
int volumes_create(const struct place *place, const char *name, struct problem *problem);

/*
 * Makes it the root's of a container, who has these ids outside, if it is still ours and empty. One with files in it stays
 * whose it is.
 */
int volumes_give(const struct place *place, const char *name, uid_t uid, gid_t gid,
		 struct problem *problem);

/* -ENOENT when there is none. */
int volumes_find(const struct place *place, const char *name, struct problem *problem);

/* Whether a container with this configuration mounts it. */
bool volumes_are_mounted_by(const struct container_config *config, const char *name);

/* The bytes that each of them holds, 0 for one that is gone; sizes has room for all. */
int volumes_measure(const struct place *place, const struct string_list *names, uint64_t *sizes,
		    struct problem *problem);

/* Deletes it with what is in it; -EBUSY when a container mounts it, -ENOENT when there is none. */
int volumes_remove(const struct place *place, const char *name, struct problem *problem);
