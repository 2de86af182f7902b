/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much containers and volumes take. An ordinary user's files of subordinate ids are read in a user namespace. */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/record/place.h"

#include <stdint.h>

/*
 * The bytes that each of these names in a directory of the place holds (base/tree_size.h), 0 for one that is gone. sizes has
 * room for all of them. 0 or -errno with a problem.
 */
int sizes_measure(const struct place *place, int directory, const struct string_list *names,
		  uint64_t *sizes, struct problem *problem);
