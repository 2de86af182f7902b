/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/monitor/lock.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/pidfd.h>

#define LOCK_NAME "monitor.lock"

static const struct flock whole_file = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

int monitor_lock_take(int container_directory)
{
	cleanup_fd int fd = confined_open(container_directory, LOCK_NAME, O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		return fd;
	return fcntl(fd, F_SETLK, &whole_file) < 0 ? -errno : steal_fd(&fd);
}

/* Its number, or -ESRCH. */
static pid_t holder_of(int fd)
{
	struct flock lock = whole_file;

	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type != F_UNLCK && lock.l_pid > 0 ? lock.l_pid : -ESRCH;
}

int monitor_lock_holder(int container_directory)
{
	cleanup_fd int fd = confined_open_regular(container_directory, LOCK_NAME, O_RDONLY);
	cleanup_fd int pidfd = -1;
	pid_t pid;

	if (fd < 0)
		return fd == -ENOENT || fd == -ESTALE ? -ESRCH : fd;
	pid = holder_of(fd);
	if (pid < 0)
		return pid;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return -errno;
	/* One that still has it now is the one that was opened, and not a later one of that number. */
	return holder_of(fd) == pid ? steal_fd(&pidfd) : -ESRCH;
}
