/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/process.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MILLISECONDS_PER_SECOND 1000

/* A small file of /proc. Its length, or -errno. */
static int read_proc(const char *path, char *text, size_t size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	return (int)length;
}

int64_t process_start_time(pid_t pid)
{
	char path[48], text[1024];
	int64_t start;
	int length;
	const char *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	length = read_proc(path, text, sizeof(text));
	if (length < 0)
		return length == -ENOENT ? -ESRCH : length;
	/* The program's name may hold anything; what follows its last bracket are numbers, from the third field on. */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	if (!at || sscanf(at, "%" SCNd64, &start) != 1)
		return -EINVAL;
	return start;
}

int process_open(int64_t pid, int64_t start_time)
{
	cleanup_fd int pidfd = -1;

	if (pid <= 0 || pid > INT32_MAX)
		return -ESRCH;
	pidfd = pidfd_open((pid_t)pid, 0);
	if (pidfd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	if (process_start_time((pid_t)pid) != start_time)
		return -ESRCH;
	return steal_fd(&pidfd);
}

int process_signal(int pidfd, int number)
{
	return pidfd_send_signal(pidfd, number, NULL, 0) < 0 ? -errno : 0;
}

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * MILLISECONDS_PER_SECOND + time.tv_nsec / 1000000;
}

int process_wait_end(int pidfd, int milliseconds)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int64_t deadline = now() + milliseconds;

	for (;;) {
		int64_t left = milliseconds < 0 ? -1 : deadline - now();
		int ready = poll(&end, 1, milliseconds < 0 ? -1 : left < 0 ? 0 : (int)left);

		if (ready > 0)
			return 0;
		if (ready == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

bool process_has_ended(int pidfd)
{
	return process_wait_end(pidfd, 0) == 0;
}

int process_end_with_parent(pid_t parent, int signal)
{
	if (prctl(PR_SET_PDEATHSIG, signal) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

/* The number of a process that has not been waited for yet, or -errno. */
static pid_t number_of(int pidfd)
{
	char path[48], text[1024];
	const char *line;
	int length, number;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	length = read_proc(path, text, sizeof(text));
	if (length < 0)
		return length;
	line = strstr(text, "\nPid:");
	return line && sscanf(line, "\nPid: %d", &number) == 1 && number > 0 ? number : -ESRCH;
}

size_t process_open_children(int pidfd, int *children, size_t max)
{
	char path[64], text[1024], *rest = text, *word;
	pid_t pid = number_of(pidfd);
	size_t count = 0;

	if (pid < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (read_proc(path, text, sizeof(text)) < 0)
		return 0;
	while (count < max && (word = strsep(&rest, " "))) {
		int child = *word ? pidfd_open((pid_t)strtol(word, NULL, 10), 0) : -1;

		if (child >= 0)
			children[count++] = child;
	}
	/* None of these numbers was used anew if their parent, who would have to wait for them, is still there. */
	if (process_has_ended(pidfd))
		while (count > 0)
			(void)close(children[--count]);
	return count;
}

int process_boot_id(char boot_id[BOOT_ID_SIZE])
{
	int length = read_proc("/proc/sys/kernel/random/boot_id", boot_id, BOOT_ID_SIZE);

	if (length < 0)
		return length;
	boot_id[strcspn(boot_id, "\n")] = '\0';
	return 0;
}
