/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mounted union says of itself, as text for people. */
#pragma once

#include "base/json.h"

/*
 * Prints the object: a line for each number or string, indented lines for what is in an object or an array of strings, a line
 * for each layer of an array of them. Members of objects that are zero are left out.
 */
void status_text_print(json_object *status);
