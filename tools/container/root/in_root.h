/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of a container, followed as the container would: symbolic links and ".." stay below its root,
 * and magic links of /proc are none. All by openat2(2) with RESOLVE_IN_ROOT, which the kernel must have (5.6);
 * a path is resolved once, and then only its descriptor is used (CVE-2021-30465).
 *
 * root is a descriptor of the container's root directory. Results are descriptors or -errno.
 */
#pragma once

#include <sys/types.h>

/* As open(2); O_CLOEXEC and, unless it is O_PATH, O_NONBLOCK and O_NOCTTY are added. */
int in_root_open(int root, const char *path, int flags, mode_t mode);

/*
 * An O_PATH descriptor of a directory below the root of this process, who may be among others that have put anything there:
 * -ENODEV unless it is on a file system of this type, as statfs(2) has them.
 */
int in_root_open_mount(const char *path, long type);

/* An O_PATH descriptor of the directory, made with all that lead to it if it is missing. */
int in_root_make_directory(int root, const char *path);

/* An O_PATH descriptor of a file to mount on, made empty if there is nothing under that name. */
int in_root_make_file(int root, const char *path);

/*
 * Opens the directory that holds the path's last component, itself not looked at, and tells where that begins.
 * -EINVAL when there is none, as in "/" or "a/..".
 */
int in_root_open_parent(int root, const char *path, const char **ret_name);

/*
 * Reads a regular file whole. The content is the caller's to free and followed by a zero. -EFBIG when it has
 * more than limit bytes; -ESTALE when it is no regular file. Its length otherwise.
 */
ssize_t in_root_read(int root, const char *path, size_t limit, char **ret_content);
