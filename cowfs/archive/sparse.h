/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data of one file, written to an archive with its holes or without. For cowfs/archive only.
 *
 * Files change while they are read: exactly as many bytes are written as the header has promised, zeros if there are no more.
 */
#pragma once

#include "archive/tar_writer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A file that can be read and asked for its holes; both functions return -errno as the system calls set errno. */
struct sparse_source {
	uint64_t size;
	off_t (*seek)(const void *file, off_t offset, int whence);
	ssize_t (*read)(const void *file, void *buffer, size_t size, uint64_t offset);
	const void *file;
};

/* Where a file has data. */
struct sparse_map {
	struct sparse_extent {
		uint64_t offset, length;
	} * extents; /* owned */
	size_t count;
	bool has_holes; /* or else it is all data, and there are no extents */
};

#define SPARSE_MAP_INIT ((struct sparse_map){ 0 })
#define cleanup_sparse_map __attribute__((cleanup(sparse_map_free)))

void sparse_map_free(struct sparse_map *map);

/* Finds them. Where holes cannot be asked for there are none. 0 or -ENOMEM. */
int sparse_map_find(const struct sparse_source *source, struct sparse_map *ret_map);

/* Tells the header of an entry of the holes. */
void sparse_map_tell(const struct sparse_map *map, struct archive_entry *header);

/* Writes the data behind the header; name is for problems. 0 or -errno with a problem. */
int sparse_write(const struct sparse_source *source, const struct sparse_map *map,
		 struct tar_writer *writer, const char *name, struct problem *problem);
