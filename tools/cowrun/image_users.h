/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers use an image. */
#pragma once

#include "container/record/config.h"
#include "image/store.h"

/* Whether a container with this configuration was made of the image. */
bool image_is_used_by(const struct container_config *config, const struct digest *id);

/* An image_users_function (image/store.h); the context is the struct place of the containers. */
int image_users(void *context, const struct digest *id, struct string_list *users,
		struct problem *problem);
