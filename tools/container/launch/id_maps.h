/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ids of a container run by an ordinary user, see user_namespaces(7) and subuid(5): 0 is the user,
 * 1 and up are the user's subordinate ids. Who has none is alone: only 0 is known inside, groups cannot be
 * set, and the owners of files are kept in attributes.
 *
 * Maps are kept as texts INSIDE:OUTSIDE:COUNT.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/record/container.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct id_maps {
	struct string_list uid, gid;
	bool single;
};

void id_maps_free(struct id_maps *maps);

/*
 * The maps for the caller. Without subordinate ids, or without newuidmap(1) to grant them: single, with
 * the reason in *reason. 0 or -ENOMEM.
 */
int id_maps_of_caller(struct id_maps *ret_maps, struct problem *reason);

/* Those of a container, without any for root's. The lists remain its configuration's: not to be freed. */
struct id_maps container_id_maps(const struct container *container);

/* How many ids a map has. */
uint32_t id_maps_count(const struct string_list *map);

/* Which id of the outer namespace this one is; itself when the map has none, or does not have it. */
uint32_t id_maps_outside(const struct string_list *map, uint32_t inside);

/*
 * Those of a user namespace within the one of `maps`, where the user, 0 of that one, has these ids, as he has
 * outside of both, and the others follow each other around them. 0; -ERANGE when there are too few ids, or
 * -ENOMEM.
 */
int id_maps_keep_id(const struct id_maps *maps, uid_t uid, gid_t gid, struct id_maps *ret_maps);

/* Those of the inner user namespace of a container, none when it has none; as container_id_maps(). */
struct id_maps container_inner_id_maps(const struct container *container);

/* Gives the maps to the new user namespace that process pid is in. 0 or -errno with a problem. */
int id_maps_apply(const struct id_maps *maps, pid_t pid, struct problem *problem);

/* For a process in that namespace, once it has its maps: becomes root there. 0 or -errno. */
int id_maps_become_root(const struct id_maps *maps);

/* What runs in the namespace; returns what id_maps_run() is to return. */
typedef int id_maps_function(void *context, struct problem *problem);

/* Calls the function in a process of its own that is root of a new user namespace with these maps. */
int id_maps_run(const struct id_maps *maps, id_maps_function *function, void *context,
		struct problem *problem);

/* The same, and what the function writes to the context, `size` bytes, comes back: plain values only, for pointers are of another process. */
int id_maps_run_shared(const struct id_maps *maps, id_maps_function *function, void *context,
		       size_t size, struct problem *problem);
