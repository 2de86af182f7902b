/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/users.h"

#include "container/record/container.h"

#include <errno.h>

static int note_if_user(const struct place *place, const char *id, container_uses_function *uses,
			const void *context, struct string_list *names, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	int error = container_open(place, id, &container, problem);

	/* It was removed just now. */
	if (error == -ENOENT)
		return 0;
	if (!error && uses(&container.config, context) &&
	    string_list_add(names, container.config.name ? container.config.name : id) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	return error;
}

int container_users(const struct place *place, container_uses_function *uses, const void *context,
		    struct string_list *names, struct problem *problem)
{
	struct string_list ids = STRING_LIST_INIT;
	int error = container_list(place, &ids, problem);

	for (size_t i = 0; !error && i < ids.count; i++)
		error = note_if_user(place, ids.strings[i], uses, context, names, problem);
	string_list_free(&ids);
	return error;
}
