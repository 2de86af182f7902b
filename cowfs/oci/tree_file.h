/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in a tree that strangers made, named by paths that strangers wrote: image layouts and
 * unpacked archives.
 */
#pragma once

#include "base/buffer.h"

/*
 * Opens a regular file below top for reading. The path is relative; .. in it is worked out on the text
 * and may not lead out. The file may be a symbolic link to another one in the tree, as older
 * archives of docker have it; directories may not. A descriptor or -errno; -EINVAL for a path that
 * leads out, -ESTALE for what is no regular file.
 */
int tree_file_open(int top, const char *path);

/* Reads a whole document; -EFBIG above JSON_DOCUMENT_MAX. 0 or -errno. */
int tree_file_read(int top, const char *path, struct buffer *content);
