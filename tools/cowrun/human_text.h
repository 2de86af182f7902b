/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes and ages for people, as docker prints them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HUMAN_TEXT_SIZE 48

/* "12.3MB": powers of 1000, three digits. */
void size_text(uint64_t size, char text[HUMAN_TEXT_SIZE]);
/* "12.34MiB": powers of 1024, four digits. */
void size_text_binary(uint64_t size, char text[HUMAN_TEXT_SIZE]);
/* "3 hours ago", of an RFC 3339 time; "" of anything else and of NULL. */
void age_text(const char *moment, char text[HUMAN_TEXT_SIZE]);
