/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/json_get.h"

#include <errno.h>
#include <string.h>

/* Environments and command lines of images are small; this only bounds the work. */
#define LIST_MAX 65536

static int is_no_document(enum json_tokener_error why, const char *document,
			  struct problem *problem)
{
	return problem_set(problem, -EINVAL, "%s is not JSON as it should be: %s", document,
			   json_tokener_error_desc(why));
}

int json_parse_document(const char *text, size_t length, enum json_type type, const char *document,
			json_object **ret_object, struct problem *problem)
{
	struct json_tokener *tokener;
	CLEANUP(json_put) json_object *object = NULL;
	enum json_tokener_error result;
	size_t parsed;

	if (length > JSON_DOCUMENT_MAX)
		return problem_set(problem, -EFBIG, "%s is larger than %d bytes", document,
				   JSON_DOCUMENT_MAX);
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tokener)
		return problem_set(problem, -ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
						JSON_TOKENER_ALLOW_TRAILING_CHARS);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	result = json_tokener_get_error(tokener);
	parsed = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (result != json_tokener_success)
		return is_no_document(result, document, problem);
	/* Only white space may follow. */
	if (parsed + strspn(text + parsed, " \t\r\n") < length)
		return is_no_document(json_tokener_error_parse_unexpected, document, problem);
	if (!json_object_is_type(object, type))
		return problem_set(problem, -EINVAL, "%s is no JSON %s", document,
				   json_type_to_name(type));
	*ret_object = steal_pointer(&object);
	return 0;
}

int json_member_is_wrong(const struct json_reader *reader, const char *key, const char *what)
{
	return problem_set(reader->problem, -EINVAL, "%s: \"%s%s\" is %s", reader->document,
			   reader->within, key, what);
}

/* The member, or NULL. */
static json_object *member(const struct json_reader *reader, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(reader->object, key, &value);
	return value;
}

static const char *whole_string(json_object *value)
{
	const char *string;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	string = json_object_get_string(value);
	return strlen(string) == (size_t)json_object_get_string_len(value) ? string : NULL;
}

int json_get_string(const struct json_reader *reader, const char *key, const char **ret_string)
{
	json_object *value = member(reader, key);
	const char *string = value ? whole_string(value) : NULL;

	if (!value)
		return 0;
	if (!string)
		return json_member_is_wrong(reader, key, "no string");
	*ret_string = string;
	return 0;
}

int json_get_number(const struct json_reader *reader, const char *key, uint64_t maximum,
		    uint64_t *ret_number)
{
	json_object *value = member(reader, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
	    json_object_get_uint64(value) > maximum)
		return json_member_is_wrong(reader, key, "no number that makes sense");
	*ret_number = json_object_get_uint64(value);
	return 0;
}

int json_get_bool(const struct json_reader *reader, const char *key, bool *ret_bool)
{
	json_object *value = member(reader, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_boolean))
		return json_member_is_wrong(reader, key, "neither true nor false");
	*ret_bool = json_object_get_boolean(value);
	return 0;
}

int json_get_object(const struct json_reader *reader, const char *key, json_object **ret_object)
{
	json_object *value = member(reader, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_object))
		return json_member_is_wrong(reader, key, "no object");
	if (json_object_object_length(value) > LIST_MAX)
		return json_member_is_wrong(reader, key, "too large");
	*ret_object = value;
	return 0;
}

int json_get_array(const struct json_reader *reader, const char *key, size_t maximum,
		   json_object **ret_array)
{
	json_object *value = member(reader, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_array))
		return json_member_is_wrong(reader, key, "no array");
	if (json_object_array_length(value) > maximum)
		return json_member_is_wrong(reader, key, "too long");
	*ret_array = value;
	return 0;
}

const char *json_array_string(json_object *array, size_t i)
{
	return whole_string(json_object_array_get_idx(array, i));
}

static int out_of_memory(const struct json_reader *reader)
{
	return problem_set(reader->problem, -ENOMEM, "out of memory");
}

int json_get_strings(const struct json_reader *reader, const char *key, struct string_list *list)
{
	json_object *array = NULL;
	int error = json_get_array(reader, key, LIST_MAX, &array);

	if (error || !array)
		return error;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		const char *string = json_array_string(array, i);

		if (!string)
			return json_member_is_wrong(reader, key, "no array of strings");
		if (string_list_add(list, string) < 0)
			return out_of_memory(reader);
	}
	return 0;
}

int json_get_pairs(const struct json_reader *reader, const char *key, struct string_list *list)
{
	json_object *object = NULL;
	int error = json_get_object(reader, key, &object);

	if (error || !object)
		return error;
	json_object_object_foreach(object, name, value)
	{
		const char *string = whole_string(value);

		if (!string)
			return json_member_is_wrong(reader, key, "no object of strings");
		if (string_list_add_format(list, "%s=%s", name, string) < 0)
			return out_of_memory(reader);
	}
	return 0;
}

int json_get_keys(const struct json_reader *reader, const char *key, struct string_list *list)
{
	json_object *object = NULL;
	int error = json_get_object(reader, key, &object);

	if (error || !object)
		return error;
	json_object_object_foreach(object, name, value)
	{
		(void)value;
		if (string_list_add(list, name) < 0)
			return out_of_memory(reader);
	}
	return 0;
}
