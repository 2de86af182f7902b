/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files as they stand, with all that is below them, as a tar: nothing in them is a layer's.
 *
 * Whoever owns the files may change them meanwhile: each is opened once, from the descriptor of its directory by one
 * name, and no symbolic link is followed. What is mounted in a directory belongs to it, except the file systems in which
 * the kernel shows itself (proc, sys and their like): these are written as empty directories.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct tree_pack_options {
	/* What is written: an O_PATH descriptor, and its name in the archive. An empty name: what is in the directory. */
	int fd;
	const char *name;
	/*
	 * For somebody who is not to get what its owners could do: no setuid, setgid, devices, nor attributes other
	 * than `user.*`.
	 */
	bool harmless;
};

struct tree_pack_result {
	uint64_t left_out; /* sockets, devices, and what disappeared meanwhile */
};

/*
 * Writes the archive to the descriptor. 0 or -errno with a problem; what was written is then worth nothing. The first thing that was
 * left out is told in warning, which stays empty otherwise.
 */
int tree_pack(const struct tree_pack_options *options, int to, struct tree_pack_result *ret_result,
	      struct problem *problem, struct problem *warning);
