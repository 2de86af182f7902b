/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file_system.h"

#include "base/cleanup.h"

#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The kernel's name of a block device, such as "sda1". */
static bool block_device_name(dev_t device, char name[NAME_MAX + 1])
{
	char path[64], target[PATH_MAX];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = 0;
	return snprintf(name, NAME_MAX + 1, "%s", basename(target)) <= NAME_MAX;
}

/* ext2, ext3 and ext4 share a number; only with a journal there is a "data=" among the options. */
static bool has_ext4_journal(dev_t device)
{
	char name[NAME_MAX + 1], path[NAME_MAX + 32], line[256];
	FILE *options CLEANUP(fclose) = NULL;
	bool found = false;

	if (!block_device_name(device, name))
		return false;
	(void)snprintf(path, sizeof(path), "/proc/fs/ext4/%s/options", name);
	options = fopen(path, "re");
	while (options && !found && fgets(line, sizeof(line), options))
		found = strncmp(line, "data=", 5) == 0;
	return found;
}

bool file_system_keeps_order(int fd)
{
	struct statfs statfs;
	struct stat stat;

	if (fstatfs(fd, &statfs) < 0 || fstat(fd, &stat) < 0)
		return false;
	switch ((unsigned long)statfs.f_type) {
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
		return true;
	case EXT4_SUPER_MAGIC:
		return has_ext4_journal(stat.st_dev);
	default:
		return false;
	}
}
