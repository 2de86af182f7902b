/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/inspection.h"

#include "base/cleanup.h"
#include "cowrun/template.h"

#include <errno.h>
#include <stdio.h>

struct inspection inspection_begin(const char *format)
{
	return (struct inspection){
		.format = format,
		.array = format ? NULL : json_object_new_array(),
	};
}

static int print_line(const char *format, json_object *object, struct problem *problem)
{
	cleanup_buffer struct buffer line = BUFFER_INIT;
	int error = template_fill(format, object, &line, problem);

	if (!error)
		(void)puts(buffer_string(&line));
	return error;
}

int inspection_add(struct inspection *inspection, json_object *object, struct problem *problem)
{
	int error;

	if (inspection->format) {
		error = print_line(inspection->format, object, problem);
		json_object_put(object);
		return error;
	}
	if (inspection->array && json_object_array_add(inspection->array, object) == 0)
		return 0;
	json_object_put(object);
	return problem_set(problem, -ENOMEM, "out of memory");
}

void inspection_end(struct inspection *inspection)
{
	if (inspection->array)
		(void)puts(json_object_to_json_string_ext(inspection->array,
							  JSON_C_TO_STRING_PRETTY |
								  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(steal_pointer(&inspection->array));
}
