/* SPDX-License-Identifier: GPL-2.0-or-later */
/* id_mapped_mount SOURCE TARGET NAMESPACE: binds a directory with its ids mapped as in a user namespace, a file of /proc. */
#include "check.h"

#include <linux/mount.h>
#include <sys/syscall.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

int main(int argc, char **argv)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };
	int tree;

	CHECK(argc == 4);
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[1], OPEN_TREE_CLONE | O_CLOEXEC);
	CHECK(tree >= 0);
	attributes.userns_fd = (__u64)check_open(argv[3], O_RDONLY, 0);
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) <
	    0)
		return 2; /* this file system, or kernel, cannot */
	CHECK(syscall(SYS_move_mount, tree, "", AT_FDCWD, argv[2], MOVE_MOUNT_F_EMPTY_PATH) == 0);
	return 0;
}
