/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose files the layers of a store are.
 *
 * Root's store has them as the archives say. An ordinary user's belong to his subordinate ids, and
 * whoever reads, writes or deletes them must be root of a user namespace that maps these. A user without such ids
 * owns all files, is alone in that namespace, and keeps in an attribute whose they should be (layer/ownership.h).
 */
#pragma once

#include "image/store.h"
#include "layer/ownership.h"

/*
 * Calls the function where the owners are known, which may be another process: of what it writes to
 * the context, `size` bytes, only plain values come back. Its result, or -errno with a problem.
 */
int owners_run(const struct image_store *store, id_maps_function *function, void *context,
	       size_t size, struct problem *problem);

/* How owners are to be read from and written to disk by a function called so; holds no memory. */
struct ownership owners_of_layers(const struct image_store *store);
/*
 * The same for a directory of the machine. In a user namespace those whom it does not know are all one, nobody, and
 * most likely root, as is expected of the files of an image.
 */
struct ownership owners_of_directory(const struct image_store *store);
/* All files are of one user. */
struct ownership owners_squashed(uid_t uid, gid_t gid);
