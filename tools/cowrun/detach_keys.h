/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that let go of a container without ending it: "ctrl-p,ctrl-q", letters and control characters. */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

#define DETACH_KEYS_MAX 16

struct detach_keys {
	char keys[DETACH_KEYS_MAX];
	size_t count;
	size_t matched; /* of what was typed last */
};

/* 0, or -EINVAL with a problem. */
int detach_keys_check(const char *text, struct problem *problem);
/* text is valid; NULL: the usual ones; empty: none. */
void detach_keys_init(struct detach_keys *keys, const char *text);

/*
 * Looks for the keys in what was typed, and copies the rest to output, which has room for DETACH_KEYS_MAX more. Those
 * that may be their beginning are held back, and come in front of what follows when they are not. True when the
 * keys are there.
 */
bool detach_keys_find(struct detach_keys *keys, const char *typed, size_t length, char *output,
		      size_t *ret_length);
