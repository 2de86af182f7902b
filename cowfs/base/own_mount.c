/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/own_mount.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

int own_mount_take(int directory)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
		.attr_clr = MOUNT_ATTR__ATIME,
		.propagation = MS_PRIVATE,
	};
	cleanup_fd int tree =
		open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0)
		return -errno;
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
		return -errno;
	return dup3(tree, directory, O_CLOEXEC) < 0 ? -errno : 0;
}
