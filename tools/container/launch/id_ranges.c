/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/id_ranges.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/number.h"
#include "container/record/container.h"
#include "container/record/users.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define OWNER "containers"
#define SIZE "auto:size="

int id_ranges_size(const char *mode, uint32_t *ret_size)
{
	*ret_size = ID_RANGES_SIZE;
	if (strncmp(mode, SIZE, strlen(SIZE)) != 0)
		return 0;
	return number_read_u32(mode + strlen(SIZE), ret_size) < 0 || *ret_size == 0 ? -EINVAL : 0;
}

int id_ranges_lock(const struct place *place, struct problem *problem)
{
	cleanup_fd int fd = confined_open(place->data_fd, "ids.lock", O_RDWR | O_CREAT, 0600);
	int error = fd < 0 ? fd : 0;

	while (!error && flock(fd, LOCK_EX) < 0)
		error = errno == EINTR ? 0 : -errno;
	return error ? problem_set(problem, error, "%s/ids.lock: %s", place->data, strerror(-error))
		     : steal_fd(&fd);
}

/* Which ids are to be had, and what of them is taken. */
struct search {
	uint64_t first, end; /* of a line of the file */
	uint64_t size;
	uint64_t at; /* as far as is known, what begins here is free */
	bool moved;
	bool groups;
};

/* A container_uses_function: never true, but the search steps over what the container has. */
static bool step_over(const struct container_config *config, const void *context)
{
	struct search *search = *(struct search *const *)context;
	const struct string_list *map =
		search->groups ? &config->inner_gid_map : &config->inner_uid_map;

	for (size_t i = 0; i < map->count; i++) {
		uint64_t first, count;

		if (sscanf(map->strings[i], "%*u:%" SCNu64 ":%" SCNu64, &first, &count) == 2 &&
		    first < search->at + search->size && search->at < first + count) {
			search->at = first + count;
			search->moved = true;
		}
	}
	return false;
}

static int find_free(const struct place *place, struct search *search, struct problem *problem)
{
	struct string_list none = STRING_LIST_INIT;
	int error = 0;

	search->at = search->first;
	do {
		search->moved = false;
		error = container_users(place, step_over, &search, &none, problem);
	} while (!error && search->moved && search->at + search->size <= search->end);
	string_list_free(&none);
	return error;
}

/* 1 when there is one, 0 when not. */
static int choose(const struct place *place, const char *path, bool groups, uint32_t size,
		  struct string_list *map, struct problem *problem)
{
	CLEANUP(fclose) FILE *file = fopen(path, "re");
	char line[256];
	int error = 0;

	while (!error && file && fgets(line, sizeof(line), file)) {
		struct search search = { .size = size, .groups = groups };
		uint64_t count;

		if (sscanf(line, OWNER ":%" SCNu64 ":%" SCNu64, &search.first, &count) != 2 ||
		    search.first > UINT32_MAX || count > UINT32_MAX - search.first)
			continue;
		search.end = search.first + count;
		error = find_free(place, &search, problem);
		if (error || search.at + size > search.end)
			continue;
		error = string_list_add_format(map, "0:%" PRIu64 ":%" PRIu32, search.at, size);
		return error ? problem_set(problem, error, "out of memory") : 1;
	}
	return error;
}

int id_ranges_choose(const struct place *place, uint32_t size, struct string_list *uid_map,
		     struct string_list *gid_map, struct problem *problem)
{
	int found = choose(place, "/etc/subuid", false, size, uid_map, problem);

	if (found == 1)
		found = choose(place, "/etc/subgid", true, size, gid_map, problem);
	if (found == 0)
		return problem_set(
			problem, -ENOSPC,
			"--userns auto: %" PRIu32 " ids in a row that no container has are not set "
			"aside for " OWNER "; add a line such as " OWNER ":2147483647:2147483648 "
			"to /etc/subuid and to /etc/subgid",
			size);
	return found < 0 ? found : 0;
}
