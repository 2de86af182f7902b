/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status_text.h"

#include "base/buffer.h"
#include "cli/name_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void print_line(int indentation, const char *name, const char *value)
{
	(void)printf("%*s%-*s %s\n", indentation, "", 20 - indentation, name, value);
}

static void print_value(const char *name, json_object *value);

/* A message that never came says nothing. */
static void print_members(const char *name, json_object *object)
{
	struct json_object_iterator next = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	(void)printf("%s\n", name);
	for (; !json_object_iter_equal(&next, &end); json_object_iter_next(&next)) {
		const char *key = json_object_iter_peek_name(&next);
		json_object *member = json_object_iter_peek_value(&next);

		if (json_object_is_type(member, json_type_object) ||
		    json_object_is_type(member, json_type_array))
			print_value(key, member);
		else if (!json_object_is_type(member, json_type_int) ||
			 json_object_get_int64(member) != 0)
			print_line(2, key, json_object_get_string(member));
	}
}

static const char *member(json_object *object, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value)
							      : NULL;
}

/* With its path, a layer is told as AUFS showed its branches. */
static int append_layer(struct buffer *text, json_object *layer)
{
	const char *path = member(layer, "path"), *role = member(layer, "role");
	bool is_upper = role && strcmp(role, "upper") == 0;
	int error;

	if (!path)
		return buffer_append_string(text, is_upper ? "upper" : "lower");
	error = name_text_append(text, path);
	return error ? error : buffer_append_string(text, is_upper ? "=rw" : "=ro+wh");
}

static void print_layer(const char *name, json_object *layer)
{
	static const char *const details[] = { "file_system", "dialect", "attributes" };
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = append_layer(&text, layer);

	/* Only a report asks for them here. */
	for (size_t i = 0; member(layer, "file_system") && i < sizeof(details) / sizeof(details[0]);
	     i++)
		if (!error && member(layer, details[i]))
			error = buffer_append_format(&text, ", %s", member(layer, details[i]));
	if (!error)
		print_line(0, name, buffer_string(&text));
}

static void print_array(const char *name, json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		json_object *element = json_object_array_get_idx(array, i);

		if (json_object_is_type(element, json_type_object))
			print_layer(i == 0 ? name : "", element);
		else
			print_line(2, i == 0 ? name : "", json_object_get_string(element));
	}
}

static void print_value(const char *name, json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		print_members(name, value);
		break;
	case json_type_array:
		print_array(name, value);
		break;
	default:
		print_line(0, name, json_object_get_string(value));
		break;
	}
}

void status_text_print(json_object *status)
{
	struct json_object_iterator next = json_object_iter_begin(status);
	struct json_object_iterator end = json_object_iter_end(status);

	for (; !json_object_iter_equal(&next, &end); json_object_iter_next(&next))
		print_value(json_object_iter_peek_name(&next), json_object_iter_peek_value(&next));
}
