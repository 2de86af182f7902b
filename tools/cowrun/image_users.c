/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/image_users.h"

#include "container/record/users.h"

#include <string.h>

/* The id in a container's record may have its prefix. */
bool image_is_used_by(const struct container_config *config, const struct digest *id)
{
	const char *recorded = config->image_id;
	const size_t prefix = strlen(DIGEST_PREFIX);

	if (!recorded)
		return false;
	if (strncmp(recorded, DIGEST_PREFIX, prefix) == 0)
		recorded += prefix;
	return strcmp(recorded, id->hex) == 0;
}

/* A container_uses_function. */
static bool is_of_image(const struct container_config *config, const void *context)
{
	return image_is_used_by(config, context);
}

int image_users(void *context, const struct digest *id, struct string_list *users,
		struct problem *problem)
{
	return container_users(context, is_of_image, id, users, problem);
}
