/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers as one new layer: what layer_commit() writes is unpacked as it comes, and never stored. */
#pragma once

#include "archive/apply.h"
#include "archive/commit.h"

/*
 * Both at once; `to` is told the progress. 0 or -errno with a problem, of whichever failed first. The warning tells the first
 * thing that was left out by either; *ret_left_out counts them.
 */
int layer_copy(const struct layer_commit_options *from, const struct layer_apply_options *to,
	       uint64_t *ret_left_out, struct problem *problem, struct problem *warning);
