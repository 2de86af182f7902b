/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs of ours that belong to cowrun: cowfs, cowrun-archive which has some of its commands, and cowrun-init which is
 * PID 1 with --init.
 */
#pragma once

#include "base/problem.h"

/*
 * Finds them beside this program, where it was built or installed, and leaves their paths in the variables
 * COWFS, COWRUN_ARCHIVE and COWRUN_INIT for those that come after; paths that are there already are kept. To be called before this
 * program runs from a copy. 0, or -ENOENT with a problem.
 */
int own_programs_find(struct problem *problem);

/* The path that was found. */
const char *own_program_cowfs(void);
const char *own_program_archive(void);
const char *own_program_init(void);
