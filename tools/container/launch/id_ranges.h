/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --userns auto: ids for root's containers, which no two have in common. As with podman they are those that subuid(5) and subgid(5)
 * set aside for a user called containers.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/record/place.h"

#include <stdint.h>

#define ID_RANGES_SIZE 65536U

/* The size in auto[:size=N], ID_RANGES_SIZE without one. 0 or -EINVAL. */
int id_ranges_size(const char *mode, uint32_t *ret_size);

/*
 * Adds a range of so many users, and one of groups, as 0:OUTSIDE:COUNT, that no container on record has. Others must be kept
 * from choosing until this one is on record: id_ranges_lock(). -ENOSPC when there is none. 0 or -errno with a problem.
 */
int id_ranges_choose(const struct place *place, uint32_t size, struct string_list *uid_map,
		     struct string_list *gid_map, struct problem *problem);

/* A descriptor that holds the lock until it is closed, or -errno with a problem. */
int id_ranges_lock(const struct place *place, struct problem *problem);
