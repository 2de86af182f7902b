/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the inspect commands print: a JSON array of objects, or with a format a line for each. */
#pragma once

#include "base/json.h"
#include "base/problem.h"

struct inspection {
	const char *format; /* of a template, or NULL */
	json_object *array; /* owned; NULL with a format */
};

/* The format must stay while the inspection does. */
struct inspection inspection_begin(const char *format);
/* Prints the line of an object, or keeps it for the array. Takes the object over. 0 or -errno with a problem. */
int inspection_add(struct inspection *inspection, json_object *object, struct problem *problem);
/* Prints the array, if there is to be one, and frees it. */
void inspection_end(struct inspection *inspection);
