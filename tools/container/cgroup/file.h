/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files by which the kernel shows and takes a control group's values: one short text each.
 *
 * directory is the group's (O_PATH) descriptor, name one file in it. 0 or -errno; -ENOENT when this
 * kernel, or this group, has no such file.
 */
#pragma once

#include "base/buffer.h"

#include <stdint.h>

/* What "max" and numbers beyond all sense stand for. */
#define CGROUP_NO_LIMIT UINT64_MAX

/* One write(2), as the kernel wants it; it may wait until memory is reclaimed. */
int cgroup_file_write(int directory, const char *name, const char *text);
__attribute__((format(printf, 3, 4))) int cgroup_file_write_format(int directory, const char *name,
								   const char *format, ...);

/* Replaces the content of text; 16 MiB at most, -EFBIG beyond. */
int cgroup_file_read(int directory, const char *name, struct buffer *text);

/* A file that holds one number, or "max". -EBADMSG when it holds anything else. */
int cgroup_file_read_number(int directory, const char *name, uint64_t *ret_number);

/*
 * The number after a key of a file with lines "KEY NUMBER". -ENODATA when the key is missing.
 */
int cgroup_file_read_key(int directory, const char *name, const char *key, uint64_t *ret_number);

/* The same in a text that was read. */
int cgroup_text_key(const char *text, const char *key, uint64_t *ret_number);

/* A decimal number, or "max", that ends at white space or at the end of text. */
int cgroup_text_number(const char *text, uint64_t *ret_number);
