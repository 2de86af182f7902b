/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volumes: directories data/volumes/NAME (see place.h), which outlive containers. One is made by whoever mounts it first, or
 * before that by volumes_create(). An ordinary user's may hold files of subordinate ids, so they are deleted in a user
 * namespace. Functions return 0 or -errno with a problem.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/place.h"

/* The names of all volumes, sorted. */
int volumes_list(const struct place *place, struct string_list *names, struct problem *problem);

/* Makes one that is not there yet. */
int volumes_create(const struct place *place, const char *name, struct problem *problem);

/* -ENOENT when there is none. */
int volumes_find(const struct place *place, const char *name, struct problem *problem);

/* Deletes it with what is in it; -EBUSY when a container mounts it, -ENOENT when there is none. */
int volumes_remove(const struct place *place, const char *name, struct problem *problem);
