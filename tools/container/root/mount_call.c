/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/mount_call.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>

int mount_call_new(const char *type, const struct mount_option *options, unsigned attributes)
{
	cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (context < 0)
		return -errno;
	/* Only for show, in the table of mounts. */
	(void)fsconfig(context, FSCONFIG_SET_STRING, "source", type, 0);
	for (; options && options->name; options++) {
		unsigned command = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (fsconfig(context, command, options->name, options->value, 0) < 0)
			return -errno;
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(context, FSMOUNT_CLOEXEC, attributes);
	return mount < 0 ? -errno : mount;
}

int mount_call_clone(int fd, bool recursive)
{
	int mount = open_tree(fd, "",
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				      (recursive ? AT_RECURSIVE : 0U));

	return mount < 0 ? -errno : mount;
}

int mount_call_attach(int mount, int target)
{
	return move_mount(mount, "", target, "",
			  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

int mount_call_change(int mount, uint64_t set, uint64_t clear, bool recursive)
{
	struct mount_attr attributes = { .attr_set = set, .attr_clr = clear };

	return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U),
			     &attributes, sizeof(attributes)) < 0
		       ? -errno
		       : 0;
}
