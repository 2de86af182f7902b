/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, as one sentence for a person.
 *
 * The library never prints. A function that a person's input can make fail takes a struct problem
 * beside its error code, and fills it with what failed, on which path, why, and what to do.
 * The caller says it. A NULL problem is accepted everywhere and ignored.
 */
#pragma once

struct problem {
	char text[1024]; /* empty, or one sentence without a final newline */
};

/*
 * Replaces the sentence; one that does not fit is cut. Returns error unchanged, so that a failing
 * function can end with `return problem_set(problem, -EINVAL, "...")`.
 */
__attribute__((format(printf, 3, 4))) int problem_set(struct problem *problem, int error,
						      const char *format, ...);
