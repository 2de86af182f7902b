/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/namespaces/time.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L

/* A line of timens_offsets that takes from a clock what it shows; the nanoseconds must not be negative. */
static size_t write_offset(char *text, size_t size, const char *name, clockid_t clock)
{
	struct timespec now = { 0 };
	bool borrow;

	(void)clock_gettime(clock, &now);
	borrow = now.tv_nsec > 0;
	return (size_t)snprintf(text, size, "%s %lld %ld\n", name,
				-(long long)now.tv_sec - (borrow ? 1 : 0),
				borrow ? SECOND - now.tv_nsec : 0);
}

int time_namespace_make(struct problem *problem)
{
	char text[160];
	size_t length = write_offset(text, sizeof(text), "monotonic", CLOCK_MONOTONIC);
	cleanup_fd int offsets = -1;
	int error = 0;

	length += write_offset(text + length, sizeof(text) - length, "boottime", CLOCK_BOOTTIME);
	if (unshare(CLONE_NEWTIME) < 0) {
		error = -errno;
	} else {
		offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
		if (offsets < 0 || write(offsets, text, length) < 0)
			error = -errno;
	}
	return error ? problem_set(problem, error, "cannot make a time namespace: %s%s",
				   strerror(-error),
				   error == -EINVAL ? "; the kernel may have none" : "")
		     : 0;
}
