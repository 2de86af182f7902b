/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's mounts as descriptors: a mount is made detached, seen by nobody, and then attached to a
 * directory that is held open. No path is resolved twice, so nothing can be swapped in between.
 *
 * attributes are MOUNT_ATTR_ bits. Functions return 0, a descriptor, or -errno. The calls are those of
 * Linux 5.12.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>

/* An option of a file system; a NULL value makes it a flag. A NULL name ends a list of them. */
struct mount_option {
	const char *name;
	const char *value;
};

/* A new mount of a file system of its own, as proc or tmpfs. options may be NULL. */
int mount_call_new(const char *type, const struct mount_option *options, unsigned attributes);

/* A copy of what is mounted where fd refers to, with what is mounted below when recursive. */
int mount_call_clone(int fd, bool recursive);

/* Puts a detached mount over what target refers to. */
int mount_call_attach(int mount, int target);

/* Sets and clears attributes of a mount, and of those below it when recursive. */
int mount_call_change(int mount, uint64_t set, uint64_t clear, bool recursive);
