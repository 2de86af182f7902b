/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container's root: a union mounted by a cowfs of its own. */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <sys/types.h>

struct union_layers {
	const char *init;		  /* the topmost lower layer; NULL: none */
	const struct string_list *lowers; /* below it, the topmost first */
	const char *upper;
	bool single_id; /* all files are root's; their modes are in attributes */
	/* called while cowfs starts, for what takes as long; NULL: nothing */
	void (*meanwhile)(void *context);
	void *context;
	/* how owners on the disk are shown, DISK:SHOWN:COUNT each; NULL or empty: as they are */
	const struct string_list *uid_map, *gid_map;
};

/*
 * Starts cowfs as a child of the caller's, in a session of its own, and returns when the union is mounted
 * on mountpoint in the caller's mount namespace. It ends when the union is mounted nowhere any more, and
 * then the upper layer is complete. 0 or -errno with a problem.
 */
int union_mount_start(const struct union_layers *layers, const char *mountpoint, pid_t *ret_daemon,
		      struct problem *problem);
