/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading JSON that strangers wrote: manifests, indexes, configurations.
 *
 * Each function looks up one member of an object and checks its type. A member that is absent or
 * null leaves the output alone; one of another type is -EINVAL with a problem that names the document
 * and the member. Strings with a zero byte in them count as of another type. What is
 * returned belongs to the object, unless said otherwise.
 */
#pragma once

#include "base/json.h"
#include "base/problem.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stdint.h>

/* No document of an image has a reason to be larger, or to nest deeper. */
#define JSON_DOCUMENT_MAX (4 * 1024 * 1024)
#define JSON_DEPTH_MAX 32

struct json_reader {
	json_object *object;
	const char *document; /* "the manifest sha256:..." */
	const char *within;   /* where in it the object stands, with a final dot, or "" */
	struct problem *problem;
};

/*
 * Parses a whole document, which must be an object, or an array when is_array says so. 0, -EINVAL
 * or -EFBIG with a problem, -ENOMEM. The caller puts the object.
 */
int json_parse_document(const char *text, size_t length, enum json_type type, const char *document,
			json_object **ret_object, struct problem *problem);

int json_get_string(const struct json_reader *reader, const char *key, const char **ret_string);
/* At most maximum, and never negative. */
int json_get_number(const struct json_reader *reader, const char *key, uint64_t maximum,
		    uint64_t *ret_number);
int json_get_bool(const struct json_reader *reader, const char *key, bool *ret_bool);
int json_get_object(const struct json_reader *reader, const char *key, json_object **ret_object);
/* At most maximum elements. */
int json_get_array(const struct json_reader *reader, const char *key, size_t maximum,
		   json_object **ret_array);
/* Appends copies of the strings of an array. */
int json_get_strings(const struct json_reader *reader, const char *key, struct string_list *list);
/* Appends KEY=VALUE for each member of an object of strings. */
int json_get_pairs(const struct json_reader *reader, const char *key, struct string_list *list);
/* Appends the keys of an object. */
int json_get_keys(const struct json_reader *reader, const char *key, struct string_list *list);

/* The element of an array as a string, or NULL when it is none. */
const char *json_array_string(json_object *array, size_t i);

/* -EINVAL, with a problem that says what the member is not. */
int json_member_is_wrong(const struct json_reader *reader, const char *key, const char *what);
