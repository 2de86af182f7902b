/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many messages of each kind the kernel has sent: what cowfs is measured by. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/* Kind, and the name it is shown under. */
#define MESSAGES(X)                                                                                \
	X(COPY_FILE_RANGE, "copy_file_range")                                                      \
	X(FALLOCATE, "fallocate")                                                                  \
	X(FORGET, "forget")                                                                        \
	X(FSYNC, "fsync")                                                                          \
	X(FSYNCDIR, "fsyncdir")                                                                    \
	X(GETATTR, "getattr")                                                                      \
	X(GETXATTR, "getxattr")                                                                    \
	X(IOCTL, "ioctl")                                                                          \
	X(LINK, "link")                                                                            \
	X(LISTXATTR, "listxattr")                                                                  \
	X(LOOKUP, "lookup")                                                                        \
	X(LSEEK, "lseek")                                                                          \
	X(MKDIR, "mkdir")                                                                          \
	X(MKNOD, "mknod")                                                                          \
	X(OPEN, "open")                                                                            \
	X(OPENDIR, "opendir")                                                                      \
	X(READ, "read")                                                                            \
	X(READDIR, "readdir")                                                                      \
	X(READDIRPLUS, "readdirplus")                                                              \
	X(READLINK, "readlink")                                                                    \
	X(RELEASE, "release")                                                                      \
	X(RELEASEDIR, "releasedir")                                                                \
	X(REMOVEXATTR, "removexattr")                                                              \
	X(RENAME, "rename")                                                                        \
	X(RMDIR, "rmdir")                                                                          \
	X(SETATTR, "setattr")                                                                      \
	X(SETXATTR, "setxattr")                                                                    \
	X(STATFS, "statfs")                                                                        \
	X(STATX, "statx")                                                                          \
	X(SYMLINK, "symlink")                                                                      \
	X(TMPFILE, "tmpfile")                                                                      \
	X(UNLINK, "unlink")                                                                        \
	X(WRITE, "write")

enum message {
#define MESSAGE_ENUM(kind, name) MESSAGE_##kind,
	MESSAGES(MESSAGE_ENUM)
#undef MESSAGE_ENUM
		MESSAGE_KINDS,
};

struct counts {
	_Atomic uint64_t of[MESSAGE_KINDS];
};

static inline void counts_add(struct counts *counts, enum message message)
{
	(void)atomic_fetch_add_explicit(&counts->of[message], 1, memory_order_relaxed);
}

const char *message_name(enum message message);
uint64_t counts_get(const struct counts *counts, enum message message);
uint64_t counts_total(const struct counts *counts);
