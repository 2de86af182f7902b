/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/container_set.h"

#include <errno.h>
#include <stdlib.h>

void container_set_free(struct container_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		container_close(&set->containers[i]);
	free(set->containers);
	string_list_free(&set->damaged);
	*set = CONTAINER_SET_INIT;
}

/* There is room for it. */
static int read_one(const struct place *place, const char *id, bool refresh,
		    struct container_set *set)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct problem reason;
	int error = container_open(place, id, &container, &reason);

	if (!error && refresh)
		error = container_refresh(&container, &reason);
	if (error == -ENOENT)
		return 0;
	if (error)
		return string_list_add(&set->damaged, reason.text);
	set->containers[set->count++] = container;
	container = CONTAINER_INIT;
	return 0;
}

static int read_all(const struct place *place, bool refresh, struct container_set *ret_set,
		    struct problem *problem)
{
	cleanup_container_set struct container_set set = CONTAINER_SET_INIT;
	struct string_list ids = STRING_LIST_INIT;
	int error = container_list(place, &ids, problem);

	if (refresh)
		container_tell_of_hidden(place);
	if (!error) {
		set.containers = calloc(ids.count + 1, sizeof(*set.containers));
		error = set.containers ? 0 : -ENOMEM;
		for (size_t i = 0; !error && i < ids.count; i++)
			error = read_one(place, ids.strings[i], refresh, &set);
		if (error)
			(void)problem_set(problem, error, "out of memory");
	}
	string_list_free(&ids);
	if (error)
		return error;
	*ret_set = set;
	set = CONTAINER_SET_INIT;
	return 0;
}

int container_set_read(const struct place *place, struct container_set *ret_set,
		       struct problem *problem)
{
	return read_all(place, true, ret_set, problem);
}

int container_set_read_records(const struct place *place, struct container_set *ret_set,
			       struct problem *problem)
{
	return read_all(place, false, ret_set, problem);
}
