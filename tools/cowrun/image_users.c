/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/image_users.h"

#include "container/container.h"

#include <errno.h>
#include <string.h>

/* The id in a container's record may have its prefix. */
static bool is_image(const struct container *container, const struct digest *id)
{
	const char *recorded = container->config.image_id;
	const size_t prefix = strlen(DIGEST_PREFIX);

	if (!recorded)
		return false;
	if (strncmp(recorded, DIGEST_PREFIX, prefix) == 0)
		recorded += prefix;
	return strcmp(recorded, id->hex) == 0;
}

static int note_if_user(const struct place *place, const char *container_id,
			const struct digest *id, struct string_list *users, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	int error = container_open(place, container_id, &container, problem);

	/* It was removed just now. */
	if (error == -ENOENT)
		return 0;
	if (!error && is_image(&container, id) &&
	    string_list_add(users, container.config.name ? container.config.name : container_id) <
		    0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	return error;
}

int image_users(void *context, const struct digest *id, struct string_list *users,
		struct problem *problem)
{
	const struct place *place = context;
	struct string_list ids = STRING_LIST_INIT;
	int error = container_list(place, &ids, problem);

	for (size_t i = 0; !error && i < ids.count; i++)
		error = note_if_user(place, ids.strings[i], id, users, problem);
	string_list_free(&ids);
	return error;
}
