/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying one file's content and attributes to another, for copy-up. */
#pragma once

#include "layer/layer.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * Copies the first length bytes of from, whose size and blocks are those of source: by reflink unless
 * *cannot_clone, which becomes true where the file systems have none, else extent by extent, inside the
 * kernel where it can, leaving holes holes. to is empty. 0 or -errno.
 */
int copy_data(int from, int to, const struct attributes *source, uint64_t length,
	      atomic_bool *cannot_clone);

/*
 * Copies the extended attributes that can be seen of `from_name` in from (NULL: of what from
 * refers to) to the object to refers to (which may be O_PATH). Those that the target cannot
 * take for want of privilege or support are left out; privileged false leaves out
 * security.capability. 0 or -errno.
 */
int copy_xattrs(int from, const char *from_name, int to, const char *to_name, bool privileged);
