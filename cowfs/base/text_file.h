/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files that the kernel makes up, in /proc and /sys: by fixed paths, never by names from a layer. */
#pragma once

#include "base/buffer.h"

/* Appends the whole file, of at most 16 MiB. 0 or -errno. */
int text_file_read(const char *path, struct buffer *text);
/* The same of one that is open, from where it stands. */
int text_file_read_from(int fd, struct buffer *text);
