/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-c with scope-bound release: CLEANUP(json_put) json_object *object. */
#pragma once

#include "base/cleanup.h"

#include <json-c/json.h>

static inline void json_put(json_object *object)
{
	(void)json_object_put(object);
}

DEFINE_CLEANUP_FUNCTION(json_object *, json_put);
