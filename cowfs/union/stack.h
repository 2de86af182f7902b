/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which stacks of layers make sense: checked before anything is written. */
#pragma once

#include "base/problem.h"
#include "layer/layer.h"

/*
 * Refuses the same directory twice, a layer inside another, and a mountpoint (NULL: none) that is
 * in a layer or has a layer in it: there every access would come back to us. And a work directory
 * (NULL: our own) in a layer, where it would be seen, or with one in it. 0 or -errno.
 */
int stack_check(struct layer *const *layers, unsigned count, const char *mountpoint,
		const char *workdir, struct problem *problem);

/*
 * Gives those ids of their own that were born alike: the roots of two file systems made within one tick of the clock. Which
 * one keeps its id depends on the order of the layers alone, so that records hold at the next mount.
 */
void stack_tell_apart(struct layer *const *layers, unsigned count);
