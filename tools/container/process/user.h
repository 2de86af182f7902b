/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who the process is: NAME|UID[:GROUP|GID], looked up in the container's own /etc/passwd and /etc/group.
 * Those are hostile input: only regular files are read, up to a size, and a number is one only as a whole
 * (CVE-2026-30892).
 */
#pragma once

#include "base/problem.h"

#include <stddef.h>
#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* further ones; owned */
	size_t group_count;
	char *home; /* owned; "/" when nobody knows */
};

/*
 * root is a descriptor of the container's root. text NULL is root. 0, or -errno with a problem; -ENOENT for a
 * name that the container does not know.
 */
int user_find(int root, const char *text, struct user *ret_user, struct problem *problem);
void user_free(struct user *user);
