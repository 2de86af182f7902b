/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/string_list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends string, which the list then owns; frees it on failure. */
static int take(struct string_list *list, char *string)
{
	char **strings;

	if (!string)
		return -ENOMEM;
	strings = reallocarray(list->strings, list->count + 2, sizeof(*strings));
	if (!strings) {
		free(string);
		return -ENOMEM;
	}
	strings[list->count++] = string;
	strings[list->count] = NULL;
	list->strings = strings;
	return 0;
}

int string_list_add(struct string_list *list, const char *string)
{
	return take(list, strdup(string));
}

int string_list_add_format(struct string_list *list, const char *format, ...)
{
	char *string = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&string, format, arguments);
	va_end(arguments);
	return length < 0 ? -ENOMEM : take(list, string);
}

void string_list_free(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->strings[i]);
	free(list->strings);
	*list = STRING_LIST_INIT;
}
