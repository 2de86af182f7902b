/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/json_build.h"

#include <errno.h>

int json_add_bool(json_object *object, const char *key, bool value)
{
	return json_add(object, key, json_object_new_boolean(value));
}

json_object *json_add_object(json_object *object, const char *key)
{
	json_object *value = json_object_new_object();

	return json_add(object, key, value) == 0 ? value : NULL;
}

json_object *json_add_array(json_object *object, const char *key)
{
	json_object *value = json_object_new_array();

	return json_add(object, key, value) == 0 ? value : NULL;
}

int json_add_strings(json_object *object, const char *key, const struct string_list *list)
{
	json_object *array = json_add_array(object, key);
	int error = array ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < list->count; i++)
		error = json_append_string(array, list->strings[i]);
	return error;
}

int json_append_string(json_object *array, const char *value)
{
	return json_append(array, json_object_new_string(value));
}

json_object *json_append_object(json_object *array)
{
	json_object *value = json_object_new_object();

	return json_append(array, value) == 0 ? value : NULL;
}

int json_write(json_object *object, struct buffer *text)
{
	const char *string = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return string ? buffer_append_string(text, string) : -ENOMEM;
}
