/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of words in one string, separated by spaces, commas or newlines. */
#pragma once

#include <stdbool.h>

#define WORD_SIZE 64

/*
 * Copies the next word at *list, and moves behind it. One that is too long is cut. False at the
 * end.
 */
bool words_next(const char **list, char word[WORD_SIZE]);

/* Whether one of the words is this. */
bool words_have(const char *list, const char *wanted);
