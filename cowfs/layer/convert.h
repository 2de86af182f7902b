/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewriting the whiteouts of a layer in another dialect, in place. */
#pragma once

#include "base/problem.h"
#include "layer/whiteout.h"

#include <stdint.h>

struct layer_convert_options {
	const char *path; /* of the layer */
	enum whiteout_dialect dialect;
	/* Told now and then; anything but 0 ends the work with that result. May be NULL. */
	int (*show)(void *context, uint64_t directories);
	void *context;
};

struct layer_convert_result {
	uint64_t whiteouts, opaque; /* rewritten; a whiteout that hid nothing may just be gone */
	uint64_t left; /* in the other dialect: too long a name, or no means to write it here */
};

/*
 * Rewrites them one by one, the new form before the old one goes: at any moment a union shows the same, and what was
 * interrupted is finished by doing it again. Times of directories stay. A layer that a mount has as its upper is refused,
 * -EBUSY; others must not be mounted either. 0 or -errno with a problem.
 */
int layer_convert(const struct layer_convert_options *options,
		  struct layer_convert_result *ret_result, struct problem *problem);
