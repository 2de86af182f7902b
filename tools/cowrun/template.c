/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/template.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define JSON_WORD "json "
#define NAME_MAX_LENGTH 128

/* Goes along .A.B.C; the path has so many characters. */
static int find(json_object *object, const char *path, size_t length, json_object **ret_value,
		struct problem *problem)
{
	const char *end = path + length;

	if (length == 0 || path[0] != '.')
		return problem_set(
			problem, -EINVAL,
			"--format: {{%.*s}} is not understood; {{.Name}} and {{json .Name}} are",
			(int)length, path);
	while (path < end && path + 1 < end) {
		size_t name_length = 0;
		char name[NAME_MAX_LENGTH];

		path++;
		while (path + name_length < end && path[name_length] != '.')
			name_length++;
		if (name_length == 0 || name_length >= sizeof(name))
			return problem_set(problem, -EINVAL,
					   "--format: a name is missing after a dot");
		memcpy(name, path, name_length);
		name[name_length] = '\0';
		if (!json_object_is_type(object, json_type_object) ||
		    !json_object_object_get_ex(object, name, &object))
			return problem_set(problem, -EINVAL, "--format: there is no .%s", name);
		path += name_length;
	}
	*ret_value = object;
	return 0;
}

static int put(json_object *value, bool as_json, struct buffer *text)
{
	if (!as_json && json_object_is_type(value, json_type_string))
		return buffer_append_string(text, json_object_get_string(value));
	if (!as_json && !value)
		return buffer_append_string(text, "<no value>");
	return buffer_append_string(
		text, json_object_to_json_string_ext(
			      value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* What stands between the braces, and so many characters of it. */
static int put_member(const char *inner, size_t length, json_object *object, struct buffer *text,
		      struct problem *problem)
{
	bool as_json = false;
	json_object *value = NULL;
	int error;

	for (; length > 0 && *inner == ' '; inner++)
		length--;
	while (length > 0 && inner[length - 1] == ' ')
		length--;
	if (length > strlen(JSON_WORD) && strncmp(inner, JSON_WORD, strlen(JSON_WORD)) == 0) {
		as_json = true;
		inner += strlen(JSON_WORD);
		length -= strlen(JSON_WORD);
	}
	error = find(object, inner, length, &value, problem);
	return error ? error : put(value, as_json, text);
}

int template_fill(const char *template, json_object *object, struct buffer *text,
		  struct problem *problem)
{
	int error = 0;

	while (!error && *template) {
		if (strncmp(template, "{{", 2) == 0) {
			const char *end = strstr(template, "}}");

			if (!end)
				return problem_set(problem, -EINVAL, "--format: {{ without }}");
			error = put_member(template + 2, (size_t)(end - template - 2), object, text,
					   problem);
			template = end + 2;
		} else if (template[0] == '\\' && (template[1] == 't' || template[1] == 'n')) {
			error = buffer_append(text, template[1] == 't' ? "\t" : "\n", 1);
			template += 2;
		} else {
			error = buffer_append(text, template ++, 1);
		}
	}
	return error == -ENOMEM ? problem_set(problem, error, "out of memory") : error;
}
