/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that a file holds, by its descriptor: system calls that were interrupted, or did only a part, go on. */
#pragma once

#include "base/buffer.h"

#include <sys/types.h>

/* read(2): how many bytes there were, 0 at the end, or -errno. */
ssize_t file_read_piece(int fd, void *bytes, size_t size);
/* Appends a whole small file; -EFBIG when it makes content larger than maximum. 0 or -errno. */
int file_read_all(int fd, size_t maximum, struct buffer *content);
/* 0 or -errno. */
int file_write_all(int fd, const void *bytes, size_t length);
