/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls confined to one directory and one name.
 *
 * Layers are hostile input: while we work in them, somebody may swap a directory for a symbolic
 * link. So nothing in cowfs hands a path to the kernel: an object is always named by a descriptor
 * of its parent directory and ONE name in it, and the last component is never followed. This is the
 * only file that opens things; everything is close-on-exec.
 *
 * A name is one component: not empty, not "." or "..", without a slash; anything else answers
 * -EINVAL, or -ENAMETOOLONG when only its length is wrong. All functions return 0 (or a descriptor, or a length) or -errno. No locking is needed.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/* True when name is one path component as described above (and at most NAME_MAX bytes). */
bool confined_name_is_valid(const char *name);

/*
 * Opens a directory that a PERSON named, following symbolic links and "..": a layer's root, a
 * work directory. Returns an O_PATH descriptor or -errno. Never use it on names from a layer.
 */
int confined_open_root(const char *path);

/*
 * Opens a file that a PERSON named, for reading; a FIFO is waited for, a terminal does not become ours. Returns a
 * descriptor or -errno: -EISDIR for a directory.
 */
int confined_open_input(const char *path);

/* The same for writing, of a device or a FIFO: nothing is made or cut. */
int confined_open_output(const char *path);

/*
 * openat2(2) of one name below directory with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV and O_CLOEXEC | O_NOFOLLOW added; where the kernel has no
 * openat2, openat(2) with O_NOFOLLOW, which on one component is confined as well. Flags other than
 * O_PATH get O_NONBLOCK too, so that a FIFO put in a file's place cannot hang us.
 * Returns a descriptor or -errno.
 */
int confined_open(int directory, const char *name, int flags, mode_t mode);

/*
 * The same for what is there already, and what is mounted there is entered: for trees that are no layers, where a
 * mount is part of what people see.
 */
int confined_open_across(int directory, const char *name, int flags);

/*
 * Opens a file for reading or writing its data: -ESTALE when name is anything but a regular file,
 * which is looked at before it is opened, since opening a device may already do something.
 */
int confined_open_regular(int directory, const char *name, int flags);

/* An unnamed file in directory (O_TMPFILE), to be linked later. Returns a descriptor or -errno. */
int confined_open_unnamed(int directory, int flags, mode_t mode);

/*
 * A new descriptor with other flags for what an (O_PATH) descriptor refers to; O_DIRECTORY, when it
 * is one, spares a walk through /proc. What is only read keeps its access time, and with O_NOATIME what is written, too,
 * where the process has the right to that.
 */
int confined_reopen(int fd, int flags);

/*
 * A stream that reads the directory `name` in directory from its start; NULL: what the (O_PATH)
 * descriptor itself refers to. 0 or -errno; ended with closedir(3).
 */
int confined_open_stream(int directory, const char *name, DIR **ret_stream);

/* linkat(2) of what fd refers to, which may have no name, as name in directory. */
int confined_link_fd(int fd, int directory, const char *name);

/*
 * Permissions, owner and times of one name, never following it; a NULL name means the object that
 * the descriptor itself refers to, which may be an O_PATH one. The permissions of a symbolic link
 * cannot be set: -EOPNOTSUPP. Ids and times as in chown(2) and utimensat(2).
 */
int confined_chmod(int directory, const char *name, mode_t mode);
int confined_chown(int directory, const char *name, uid_t uid, gid_t gid);
int confined_set_times(int directory, const char *name, const struct timespec times[2]);

/*
 * Extended attributes of one name, never following it: getxattrat(2) and kin where the kernel has
 * them (6.13), an O_PATH descriptor and its /proc/self/fd link elsewhere. A NULL name means
 * the object that the descriptor itself refers to, which may be an O_PATH one. Results as in
 * getxattr(2): a length, -ENODATA, -ERANGE, -ENOTSUP; size 0 asks for the length.
 */
ssize_t confined_getxattr(int directory, const char *name, const char *attribute, void *value,
			  size_t size);
ssize_t confined_listxattr(int directory, const char *name, char *list, size_t size);
int confined_setxattr(int directory, const char *name, const char *attribute, const void *value,
		      size_t size, int flags);
int confined_removexattr(int directory, const char *name, const char *attribute);
