/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/device.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int device_open(const char *path, int flags)
{
	cleanup_fd int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	struct stat stat;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISCHR(stat.st_mode))
		return -ENODEV;
	return steal_fd(&fd);
}
