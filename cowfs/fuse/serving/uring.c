/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/uring.h"

#include <errno.h>

#ifdef HAVE_FUSE_CAP_OVER_IO_URING

#include "base/cleanup.h"

#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Asked before libfuse does, whose failure would be a line in its log and no reason. */
int uring_check(struct problem *problem)
{
	struct io_uring_params params = { 0 };
	cleanup_fd int ring = (int)syscall(SYS_io_uring_setup, 1, &params);

	if (ring >= 0)
		return 0;
	return problem_set(problem, -errno,
			   "io_uring is not used: this process may not make a ring: %s. See "
			   "/proc/sys/kernel/io_uring_disabled and, in a container, its filter of "
			   "system calls",
			   strerror(errno));
}

#else

int uring_check(struct problem *problem)
{
	return problem_set(problem, -ENOTSUP,
			   "io_uring is not used: cowfs was built with a libfuse older than 3.18");
}

#endif

int uring_not_offered(struct problem *problem)
{
	return problem_set(
		problem, -ENOTSUP,
		"io_uring is not used: the kernel does not offer it. On Linux 6.14 or newer let "
		"root do 'echo Y >/sys/module/fuse/parameters/enable_uring', then mount again");
}
