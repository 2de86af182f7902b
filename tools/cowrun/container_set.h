/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All containers there are, as they are now. */
#pragma once

#include "container/record/container.h"

struct container_set {
	struct container *containers;
	size_t count;
	/* Sentences about those whose records are damaged, which are none of the former. */
	struct string_list damaged;
};

#define CONTAINER_SET_INIT ((struct container_set){ 0 })
#define cleanup_container_set __attribute__((cleanup(container_set_free)))

void container_set_free(struct container_set *set);

/* Reads them, in no order. One that is removed meanwhile is none. 0 or -errno with a problem. */
int container_set_read(const struct place *place, struct container_set *ret_set,
		       struct problem *problem);

/*
 * The same without a look at who still runs, and so without any lock: states are what was noted down last. For what holds a
 * lock that others may wait for while they hold a container's.
 */
int container_set_read_records(const struct place *place, struct container_set *ret_set,
			       struct problem *problem);
