/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing JSON, with what base/json.h has. Members keep the order in which they are put, so the same content gives the same
 * bytes. Functions return 0 or -ENOMEM, or the new object, which its parent owns, or NULL.
 */
#pragma once

#include "base/buffer.h"
#include "base/json.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stdint.h>

int json_add_bool(json_object *object, const char *key, bool value);
json_object *json_add_object(json_object *object, const char *key);
json_object *json_add_array(json_object *object, const char *key);
int json_add_strings(json_object *object, const char *key, const struct string_list *list);

int json_append_string(json_object *array, const char *value);
json_object *json_append_object(json_object *array);

/* Appends the text without any white space that is not needed. */
int json_write(json_object *object, struct buffer *text);
