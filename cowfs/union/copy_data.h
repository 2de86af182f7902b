/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying one file's content and attributes to another, for copy-up. */
#pragma once

#include "layer/layer.h"

#include <stdint.h>

/*
 * Copies the first length bytes: by reflink where the file system can, else extent by extent,
 * inside the kernel where it can, leaving holes holes. to is empty. 0 or -errno.
 */
int copy_data(int from, int to, uint64_t length);

/*
 * Copies the extended attributes that can be seen of `from_name` in from (NULL: of what from
 * refers to) to the object to refers to (which may be O_PATH). Those that the target cannot
 * take for want of privilege or support are left out; privileged false leaves out
 * security.capability. 0 or -errno.
 */
int copy_xattrs(int from, const char *from_name, int to, const char *to_name, bool privileged);
