/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/sparse.h"

#include "archive/library_entry.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DATA_BUFFER ((size_t)256 << 10)
/* More holes than that are written as zeros: the map of them is held in memory. */
#define EXTENTS_MAX 4096

void sparse_map_free(struct sparse_map *map)
{
	free(map->extents);
	*map = SPARSE_MAP_INIT;
}

/* -- finding -- */

static int add_extent(struct sparse_map *map, uint64_t offset, uint64_t length)
{
	struct sparse_extent *grown =
		reallocarray(map->extents, map->count + 1, sizeof(*map->extents));

	if (!grown)
		return -ENOMEM;
	map->extents = grown;
	map->extents[map->count++] = (struct sparse_extent){ offset, length };
	return 0;
}

/* Finds the data from offset on; *ret_end is where they end. 1, 0 when there are no more, or -errno. */
static int next_data(const struct sparse_source *source, uint64_t offset, uint64_t *ret_start,
		     uint64_t *ret_end)
{
	off_t start = source->seek(source->file, (off_t)offset, SEEK_DATA), end;

	if (start == -ENXIO || (start >= 0 && (uint64_t)start >= source->size))
		return 0;
	if (start < 0)
		return (int)start;
	end = source->seek(source->file, start, SEEK_HOLE);
	*ret_start = (uint64_t)start;
	*ret_end = end < 0 || (uint64_t)end > source->size ? source->size : (uint64_t)end;
	return 1;
}

int sparse_map_find(const struct sparse_source *source, struct sparse_map *ret_map)
{
	cleanup_sparse_map struct sparse_map map = SPARSE_MAP_INIT;
	uint64_t start = 0, end = 0;
	int result = 0;

	while (end < source->size && (result = next_data(source, end, &start, &end)) > 0) {
		if (map.count == EXTENTS_MAX)
			end = source->size;
		result = add_extent(&map, start, end - start);
		if (result < 0)
			return result;
	}
	/* Reading it tells what is wrong. */
	if (result < 0)
		sparse_map_free(&map);
	else
		map.has_holes = source->size > 0 &&
				(map.count != 1 || map.extents[0].length != source->size);
	if (!map.has_holes)
		sparse_map_free(&map);
	*ret_map = map;
	map = SPARSE_MAP_INIT;
	return 0;
}

void sparse_map_tell(const struct sparse_map *map, struct archive_entry *header)
{
	for (size_t i = 0; i < map->count; i++)
		archive_entry_sparse_add_entry(header, (la_int64_t)map->extents[i].offset,
					       (la_int64_t)map->extents[i].length);
	/* How libarchive says that there are no data at all. */
	if (map->has_holes && map->count == 0)
		archive_entry_sparse_add_entry(header, 0, 0);
}

/* -- writing -- */

struct writing {
	const struct sparse_source *source;
	struct tar_writer *writer;
	const char *name;
	struct problem *problem;
	char *buffer; /* DATA_BUFFER bytes */
};

/* Zeros, as many as are missing; where holes are kept, libarchive leaves them out. */
static int write_zeros(const struct writing *writing, uint64_t count)
{
	static const char zeros[64 << 10];

	while (count > 0) {
		size_t size = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
		int error = tar_writer_data(writing->writer, zeros, size, writing->problem);

		if (error)
			return error;
		count -= size;
	}
	return 0;
}

static int write_range(const struct writing *writing, uint64_t offset, uint64_t end)
{
	const struct sparse_source *source = writing->source;

	while (offset < end) {
		size_t want = end - offset < DATA_BUFFER ? (size_t)(end - offset) : DATA_BUFFER;
		ssize_t have = source->read(source->file, writing->buffer, want, offset);
		int error;

		if (have == -EINTR)
			continue;
		if (have < 0)
			return problem_set(writing->problem, (int)have, "\"%s\": %s", writing->name,
					   strerror((int)-have));
		/* Cut short since it was looked at: what was promised is written nevertheless. */
		if (have == 0)
			return write_zeros(writing, end - offset);
		error = tar_writer_data(writing->writer, writing->buffer, (size_t)have,
					writing->problem);
		if (error)
			return error;
		offset += (uint64_t)have;
	}
	return 0;
}

int sparse_write(const struct sparse_source *source, const struct sparse_map *map,
		 struct tar_writer *writer, const char *name, struct problem *problem)
{
	const struct sparse_extent whole = { 0, source->size };
	const struct sparse_extent *extents = map->has_holes ? map->extents : &whole;
	size_t count = map->has_holes ? map->count : 1;
	cleanup_free char *buffer = malloc(DATA_BUFFER);
	const struct writing writing = { source, writer, name, problem, buffer };
	uint64_t offset = 0;
	int error = 0;

	if (!buffer)
		return problem_set(problem, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count && !error; i++) {
		error = write_zeros(&writing, extents[i].offset - offset);
		offset = extents[i].offset + extents[i].length;
		if (!error)
			error = write_range(&writing, extents[i].offset, offset);
	}
	return error ? error : write_zeros(&writing, source->size - offset);
}
