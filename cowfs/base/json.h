/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-c with scope-bound release: CLEANUP(json_put) json_object *object. */
#pragma once

#include "base/cleanup.h"

#include <json-c/json.h>
#include <stdint.h>

static inline void json_put(json_object *object)
{
	(void)json_object_put(object);
}

DEFINE_CLEANUP_FUNCTION(json_object *, json_put);

/* Adds value, which may be NULL for want of memory, to object, which takes it over. 0 or -ENOMEM. */
static inline int json_add(json_object *object, const char *key, json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(object, key, value) == 0)
		return 0;
	json_put(value);
	return -ENOMEM;
}

static inline int json_add_string(json_object *object, const char *key, const char *value)
{
	return json_add(object, key, json_object_new_string(value));
}

static inline int json_add_number(json_object *object, const char *key, uint64_t number)
{
	return json_add(object, key, json_object_new_uint64(number));
}

/* The same at the end of an array. */
static inline int json_append(json_object *array, json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_array_add(array, value) == 0)
		return 0;
	json_put(value);
	return -ENOMEM;
}
