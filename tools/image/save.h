/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images out of the store, for other programs: an OCI image layout, as a directory or as a tar, with the
 * very blobs that came in; or a tar as `docker save` writes it, with unpacked layers.
 */
#pragma once

#include "image/store.h"

enum save_format {
	SAVE_OCI_ARCHIVE,
	SAVE_OCI_DIRECTORY,
	SAVE_DOCKER_ARCHIVE,
};

/*
 * Writes the images named (see image_open()) as a tar to a descriptor. The same images in the same order
 * give the same bytes. 0 or -errno with a problem; what was written is then worth nothing.
 */
int image_save_archive(struct image_store *store, char *const *names, size_t count,
		       enum save_format format, int fd, struct problem *problem);

/*
 * Writes them as an OCI layout into an empty directory. On failure it may hold some files, but no
 * index.json.
 */
int image_save_directory(struct image_store *store, char *const *names, size_t count, int directory,
			 const char *what, struct problem *problem);
