/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers use an image. */
#pragma once

#include "image/store.h"

/* An image_users_function (image/store.h); the context is the struct place of the containers. */
int image_users(void *context, const struct digest *id, struct string_list *users,
		struct problem *problem);
