/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of numbers other than 0, as inode numbers are: a hash table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zeros. */
struct number_set {
	uint64_t *slots; /* owned; 0: free */
	size_t slot_count, used;
};

/* 1 when the number is new to it, 0 when not, or -ENOMEM. */
int number_set_add(struct number_set *set, uint64_t number);
bool number_set_has(const struct number_set *set, uint64_t number);
/* Frees everything and leaves an empty set. */
void number_set_free(struct number_set *set);
