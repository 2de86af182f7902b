/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ancestors.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

int ancestors_visit(int fd, ancestor_function *function, void *context)
{
	cleanup_fd int current = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here, above;

	if (current < 0 || fstat(current, &here) < 0)
		return -errno;
	for (;;) {
		int parent, result = function(context, here.st_dev, here.st_ino);

		if (result)
			return result;
		parent = openat(current, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0)
			return -errno;
		(void)close(current);
		current = parent;
		if (fstat(current, &above) < 0)
			return -errno;
		/* Only the root is its own parent. */
		if (above.st_dev == here.st_dev && above.st_ino == here.st_ino)
			return 0;
		here = above;
	}
}
