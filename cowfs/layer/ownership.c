/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/ownership.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int read_number(const char **text, uint32_t *ret_number)
{
	const char *at = *text;
	uint64_t number = 0;

	if (*at < '0' || *at > '9')
		return -EINVAL;
	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (uint64_t)(*at - '0');
		if (number > UINT32_MAX)
			return -EINVAL;
	}
	*text = at;
	*ret_number = (uint32_t)number;
	return 0;
}

static int read_range(const char **text, struct id_range *ret_range)
{
	if (read_number(text, &ret_range->disk) || *(*text)++ != ':')
		return -EINVAL;
	if (read_number(text, &ret_range->shown) || *(*text)++ != ':')
		return -EINVAL;
	return read_number(text, &ret_range->count);
}

/* (uid_t)-1 is no id, so a range ends before it. */
static bool leaves_ids(uint32_t first, uint32_t count)
{
	return (uint64_t)first + count > UINT32_MAX;
}

static bool overlap(uint32_t first_a, uint32_t count_a, uint32_t first_b, uint32_t count_b)
{
	return first_a < (uint64_t)first_b + count_b && first_b < (uint64_t)first_a + count_a;
}

/* What is wrong with a range beside those before it, or NULL. */
static const char *range_fault(const struct id_map *map, const struct id_range *range)
{
	if (range->count == 0)
		return "is empty";
	if (leaves_ids(range->disk, range->count) || leaves_ids(range->shown, range->count))
		return "goes beyond the greatest id, 4294967294";
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *other = &map->ranges[i];

		if (overlap(range->disk, range->count, other->disk, other->count))
			return "overlaps another one on disk";
		if (overlap(range->shown, range->count, other->shown, other->count))
			return "overlaps another one as shown";
	}
	return NULL;
}

static int add_range(struct id_map *map, const struct id_range *range, struct problem *problem)
{
	const char *fault = range_fault(map, range);
	struct id_range *ranges;

	if (fault)
		return problem_set(problem, -EINVAL, "the id range %u:%u:%u %s", range->disk,
				   range->shown, range->count, fault);
	if (map->count == ID_MAP_RANGES_MAX)
		return problem_set(problem, -EINVAL, "an id map has at most %d ranges",
				   ID_MAP_RANGES_MAX);
	ranges = reallocarray(map->ranges, map->count + 1, sizeof(*ranges));
	if (!ranges)
		return problem_set(problem, -ENOMEM, "%s", strerror(ENOMEM));
	ranges[map->count++] = *range;
	map->ranges = ranges;
	return 0;
}

int id_map_parse(const char *text, struct id_map *ret_map, struct problem *problem)
{
	struct id_map map = { 0 };
	struct id_range range;
	const char *at = text + (*text == ':');
	int error;

	do {
		if (read_range(&at, &range) != 0 || (*at != '\0' && *at != ':'))
			error = problem_set(problem, -EINVAL,
					    "\"%.200s\" is not an id map: write DISK:SHOWN:COUNT, "
					    "numbers only, again for each range",
					    text);
		else
			error = add_range(&map, &range, problem);
		if (error) {
			id_map_free(&map);
			return error;
		}
	} while (*at++ == ':');
	*ret_map = map;
	return 0;
}

void id_map_free(struct id_map *map)
{
	free(map->ranges);
	*map = (struct id_map){ 0 };
}

int id_map_format(const struct id_map *map, struct buffer *text)
{
	int error = 0;

	for (size_t i = 0; i < map->count && !error; i++)
		error = buffer_append_format(text, "%s%u:%u:%u", i > 0 ? ":" : "",
					     map->ranges[i].disk, map->ranges[i].shown,
					     map->ranges[i].count);
	return error;
}

uint32_t id_map_to_shown(const struct id_map *map, uint32_t disk)
{
	if (map->count == 0)
		return disk;
	for (size_t i = 0; i < map->count; i++) {
		if (disk - map->ranges[i].disk < map->ranges[i].count)
			return map->ranges[i].shown + (disk - map->ranges[i].disk);
	}
	return OVERFLOW_ID;
}

int id_map_to_disk(const struct id_map *map, uint32_t shown, uint32_t *ret_disk)
{
	if (map->count == 0) {
		*ret_disk = shown;
		return 0;
	}
	for (size_t i = 0; i < map->count; i++) {
		if (shown - map->ranges[i].shown < map->ranges[i].count) {
			*ret_disk = map->ranges[i].disk + (shown - map->ranges[i].shown);
			return 0;
		}
	}
	return -EOVERFLOW;
}

uint32_t id_map_known(const struct id_map *map, uint32_t shown)
{
	const struct id_range *last = map->count > 0 ? &map->ranges[map->count - 1] : NULL;
	uint32_t disk, nobody;

	if (id_map_to_disk(map, shown, &disk) == 0)
		return shown;
	nobody = id_map_to_shown(map, OVERFLOW_ID);
	return !last || id_map_to_disk(map, nobody, &disk) == 0 ? nobody
								: last->shown + (last->count - 1);
}

/* Whether some range covers the id on disk. */
static bool is_mapped(const struct id_map *map, uint32_t disk)
{
	for (size_t i = 0; i < map->count; i++) {
		if (disk - map->ranges[i].disk < map->ranges[i].count)
			return true;
	}
	return map->count == 0;
}

void ownership_show(const struct ownership *ownership, struct attributes *attributes)
{
	/* A squashed owner is a known one: whoever squashes wants all files to be his. */
	bool known = (ownership->squash_users || is_mapped(&ownership->users, attributes->uid)) &&
		     (ownership->squash_groups || is_mapped(&ownership->groups, attributes->gid));

	/* Or copying it up would make it setuid for somebody else: CVE-2023-0386. */
	if (!known)
		attributes->mode &= ~(mode_t)(S_ISUID | S_ISGID);
	attributes->uid = ownership->squash_users
				  ? ownership->squashed_uid
				  : id_map_to_shown(&ownership->users, attributes->uid);
	attributes->gid = ownership->squash_groups
				  ? ownership->squashed_gid
				  : id_map_to_shown(&ownership->groups, attributes->gid);
}

int ownership_to_disk(const struct ownership *ownership, uid_t *uid, gid_t *gid)
{
	uint32_t disk_uid = *uid, disk_gid = *gid;
	int error = 0;

	if (*uid != (uid_t)-1 && ownership->squash_users)
		disk_uid = ownership->squashed_uid;
	else if (*uid != (uid_t)-1)
		error = id_map_to_disk(&ownership->users, *uid, &disk_uid);
	if (error)
		return error;
	if (*gid != (gid_t)-1 && ownership->squash_groups)
		disk_gid = ownership->squashed_gid;
	else if (*gid != (gid_t)-1)
		error = id_map_to_disk(&ownership->groups, *gid, &disk_gid);
	if (error)
		return error;
	*uid = disk_uid;
	*gid = disk_gid;
	return 0;
}

bool ownership_is_identity(const struct ownership *ownership)
{
	return ownership->users.count == 0 && ownership->groups.count == 0 &&
	       !ownership->squash_users && !ownership->squash_groups &&
	       ownership->xattr_permissions == XATTR_PERMISSIONS_OFF;
}

void ownership_free(struct ownership *ownership)
{
	id_map_free(&ownership->users);
	id_map_free(&ownership->groups);
}
