/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/left_behind.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who makes processes faster than they are found is left alone in the end. */
#define PASSES_MAX 1000

uint64_t left_behind_mark(pid_t pid)
{
	char path[64] = "/proc/self/ns/mnt";
	struct stat status;

	if (pid)
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &status) == 0 ? status.st_ino : 0;
}

static bool kill_one(pid_t pid, uint64_t mark)
{
	cleanup_fd int pidfd = -1;

	if (left_behind_mark(pid) != mark)
		return false;
	/* Whose number it is may have changed: it is looked at again once it is held. */
	pidfd = pidfd_open(pid, 0);
	return pidfd >= 0 && left_behind_mark(pid) == mark &&
	       pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0;
}

static bool kill_pass(uint64_t mark)
{
	CLEANUP(closedir) DIR *processes = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (processes && (entry = readdir(processes))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && kill_one(pid, mark))
			found = true;
	}
	return found;
}

/* Whatever went wrong: neither the caller nor the machine is what a container has left. */
static bool is_others(uint64_t mark)
{
	return mark == left_behind_mark(0) || mark == left_behind_mark(1);
}

void left_behind_kill(uint64_t mark)
{
	if (!mark || is_others(mark))
		return;
	for (int i = 0; i < PASSES_MAX && kill_pass(mark); i++)
		(void)usleep(1000);
}
