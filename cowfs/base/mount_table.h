/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted where, from /proc/self/mountinfo (proc_pid_mountinfo(5)). */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* One mount; strings are parts of the line it was read from, with their escapes resolved. */
struct mount_entry {
	uint64_t id;
	const char *mountpoint, *options; /* of the mount itself: rw,nosuid,relatime */
	const char *type, *source, *super_options;
};

/* Called for each mount, in the order of the table; true ends the reading. */
typedef bool mount_table_function(void *context, const struct mount_entry *entry);

/* 1 when the function ended it, 0 at the end, or -errno. */
int mount_table_read(mount_table_function *function, void *context);

/* Whether the mount that the descriptor is on maps ids (mount_setattr(2), MOUNT_ATTR_IDMAP). False also when that cannot be told. */
bool mount_maps_ids(int fd);

/* Takes one line, which is changed, apart. False for what is none. */
bool mount_table_parse(char *line, struct mount_entry *ret_entry);
