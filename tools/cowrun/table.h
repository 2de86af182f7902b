/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of JSON objects as columns, each as wide as its widest text. */
#pragma once

#include "base/json.h"
#include "base/problem.h"

struct table_column {
	const char *title;
	const char *key;
	int width_max; /* longer texts are cut; 0: never */
};

/*
 * Prints an array of objects: with a format (template.h; "json" is all of it) a line for each, else
 * as a table with a line of titles. 0, or -errno with a problem.
 */
int table_print(json_object *lines, const struct table_column *columns, size_t count,
		const char *format, struct problem *problem);
