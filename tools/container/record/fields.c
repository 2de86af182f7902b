/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/fields.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static void *member_of(const void *structure, const struct field *field)
{
	return (char *)(uintptr_t)structure + field->offset;
}

static void *item_of(const struct field_list *list, const struct field *field, size_t index)
{
	return (char *)list->items + index * field->element->size;
}

void *field_list_add(struct field_list *list, size_t size)
{
	char *items = reallocarray(list->items, list->count + 1, size);

	if (!items)
		return NULL;
	list->items = items;
	items += list->count++ * size;
	memset(items, 0, size);
	return items;
}

/* -- to JSON -- */

static int strings_to_json(const struct string_list *strings, json_object **ret_array)
{
	CLEANUP(json_put) json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < strings->count; i++) {
		json_object *string = json_object_new_string(strings->strings[i]);

		if (!string || json_object_array_add(array, string) < 0) {
			json_put(string);
			return -ENOMEM;
		}
	}
	if (!array)
		return -ENOMEM;
	*ret_array = steal_pointer(&array);
	return 0;
}

static int list_to_json(const struct field *field, const struct field_list *list,
			json_object **ret_array)
{
	CLEANUP(json_put) json_object *array = json_object_new_array();

	if (!array)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		json_object *item = NULL;
		int error = fields_to_json(field->element, item_of(list, field, i), &item);

		if (error)
			return error;
		if (json_object_array_add(array, item) < 0) {
			json_put(item);
			return -ENOMEM;
		}
	}
	*ret_array = steal_pointer(&array);
	return 0;
}

/* *ret_value is NULL for a string that there is none of. */
static int member_to_json(const struct field *field, const void *member, json_object **ret_value)
{
	const char *string;

	switch (field->type) {
	case FIELD_BOOL:
		*ret_value = json_object_new_boolean(*(const bool *)member);
		return *ret_value ? 0 : -ENOMEM;
	case FIELD_NUMBER:
		*ret_value = json_object_new_int64(*(const int64_t *)member);
		return *ret_value ? 0 : -ENOMEM;
	case FIELD_STRING:
		string = *(char *const *)member;
		*ret_value = string ? json_object_new_string(string) : NULL;
		return string && !*ret_value ? -ENOMEM : 0;
	case FIELD_STRINGS:
		return strings_to_json(member, ret_value);
	case FIELD_LIST:
		return list_to_json(field, member, ret_value);
	}
	return -EINVAL;
}

int fields_to_json(const struct field_table *table, const void *structure, json_object **ret_object)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();

	if (!object)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		json_object *value = NULL;
		int error = member_to_json(field, member_of(structure, field), &value);

		if (error)
			return error;
		if (value && json_object_object_add(object, field->name, value) < 0) {
			json_put(value);
			return -ENOMEM;
		}
	}
	*ret_object = steal_pointer(&object);
	return 0;
}

/* -- from JSON -- */

static int strings_from_json(json_object *array, struct string_list *strings)
{
	if (!json_object_is_type(array, json_type_array))
		return -EINVAL;
	string_list_free(strings);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		json_object *item = json_object_array_get_idx(array, i);

		if (!json_object_is_type(item, json_type_string))
			return -EINVAL;
		if (string_list_add(strings, json_object_get_string(item)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int list_from_json(const struct field *field, json_object *array, struct field_list *list)
{
	if (!json_object_is_type(array, json_type_array))
		return -EINVAL;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		void *item = field_list_add(list, field->element->size);
		int error = item ? fields_from_json(field->element,
						    json_object_array_get_idx(array, i), item)
				 : -ENOMEM;

		if (error)
			return error;
	}
	return 0;
}

static int string_from_json(json_object *value, char **string)
{
	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	free(*string);
	*string = strdup(json_object_get_string(value));
	return *string ? 0 : -ENOMEM;
}

static int member_from_json(const struct field *field, json_object *value, void *member)
{
	switch (field->type) {
	case FIELD_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return -EINVAL;
		*(bool *)member = json_object_get_boolean(value);
		return 0;
	case FIELD_NUMBER:
		if (!json_object_is_type(value, json_type_int))
			return -EINVAL;
		*(int64_t *)member = json_object_get_int64(value);
		return 0;
	case FIELD_STRING:
		return string_from_json(value, member);
	case FIELD_STRINGS:
		return strings_from_json(value, member);
	case FIELD_LIST:
		return list_from_json(field, value, member);
	}
	return -EINVAL;
}

int fields_from_json(const struct field_table *table, json_object *object, void *structure)
{
	if (!json_object_is_type(object, json_type_object))
		return -EINVAL;
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		json_object *value = NULL;
		int error;

		if (!json_object_object_get_ex(object, field->name, &value))
			continue;
		error = member_from_json(field, value, member_of(structure, field));
		if (error)
			return error;
	}
	return 0;
}

static void list_free(const struct field *field, struct field_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		fields_free(field->element, item_of(list, field, i));
	free(list->items);
}

void fields_free(const struct field_table *table, void *structure)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		void *member = member_of(structure, field);

		if (field->type == FIELD_STRING)
			free(*(char **)member);
		else if (field->type == FIELD_STRINGS)
			string_list_free(member);
		else if (field->type == FIELD_LIST)
			list_free(field, member);
	}
	memset(structure, 0, table->size);
}
