/* SPDX-License-Identifier: GPL-2.0-or-later */
/* work/ of a store: things that are being made, each under a name of its own. */
#pragma once

#include "image/store.h"

#define WORK_NAME_SIZE (DIGEST_HEX_LENGTH + 16)

/* A name that nobody else has: the kind, a hyphen, and a random number. 0 or -EIO. */
int work_make_name(const char *kind, char name[WORK_NAME_SIZE]);

/* A new directory with such a name. A descriptor or -errno. */
int work_make_directory(const struct image_store *store, const char *kind,
			char name[WORK_NAME_SIZE]);

/* The absolute path of something in work/, to be freed, or NULL. */
char *work_path(const struct image_store *store, const char *name);

/* Deletes what has that name, also what belongs to others (owners.h). What cannot be deleted stays. */
void work_delete(const struct image_store *store, const char *name);
/* The same with all that is there. */
void work_delete_all(const struct image_store *store);
