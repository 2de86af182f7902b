/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structures as JSON objects and back, described by a table.
 *
 * A structure holds booleans, int64_t, owned strings (NULL: none), string lists and lists of
 * further such structures. A member that the JSON lacks stays what it was; one that the table does not know is
 * passed over, so that an older and a newer cowrun can share a directory.
 */
#pragma once

#include "base/json.h"
#include "base/string_list.h"

#include <stddef.h>

enum field_type { FIELD_BOOL, FIELD_NUMBER, FIELD_STRING, FIELD_STRINGS, FIELD_LIST };

struct field_table;

struct field {
	const char *name; /* of the JSON member */
	enum field_type type;
	size_t offset;
	const struct field_table *element; /* of FIELD_LIST */
};

struct field_table {
	const struct field *fields;
	size_t count;
	size_t size; /* of one structure */
};

#define FIELD_TABLE(array, structure)                                                              \
	{                                                                                          \
		.fields = (array), .count = sizeof(array) / sizeof((array)[0]),                    \
		.size = sizeof(structure)                                                          \
	}

/* A list of structures, in one piece of memory that it owns. */
struct field_list {
	void *items;
	size_t count;
};

/* The new, zeroed last item of the list, or NULL when there is no memory. */
void *field_list_add(struct field_list *list, size_t size);

/* 0 or -ENOMEM. */
int fields_to_json(const struct field_table *table, const void *structure,
		   json_object **ret_object);
/* 0, -ENOMEM, or -EINVAL when a member has another type. On failure the structure may be half filled. */
int fields_from_json(const struct field_table *table, json_object *object, void *structure);
/* Frees what the structure owns and makes it all zeros. */
void fields_free(const struct field_table *table, void *structure);
