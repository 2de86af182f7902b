/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of strings that it owns, always followed by NULL. Start from STRING_LIST_INIT. */
#pragma once

#include <stddef.h>

struct string_list {
	char **strings; /* NULL while empty */
	size_t count;
};

#define STRING_LIST_INIT ((struct string_list){ 0 })

/* Appends a copy. 0 or -ENOMEM. */
int string_list_add(struct string_list *list, const char *string);
/* Appends a formatted string. 0 or -ENOMEM. */
__attribute__((format(printf, 2, 3))) int string_list_add_format(struct string_list *list,
								 const char *format, ...);
/* Frees everything and leaves an empty list. */
void string_list_free(struct string_list *list);
