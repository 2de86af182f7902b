/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/proc_view/load_average.h"

#include "base/confined.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PROCESSES_MAX 4096
#define STAT_SIZE 256

void load_average_add(struct load_average *average, unsigned running, unsigned periods)
{
	/* e to the power of -5/60, -5/300 and -5/900. */
	static const double decay[] = { 0.9200444146, 0.9834714538, 0.9944598480 };
	/* After an hour nothing is left of what was before. */
	const unsigned most = 3600 / LOAD_PERIOD_SECONDS;

	for (periods = periods < most ? periods : most; periods > 0; periods--) {
		for (size_t i = 0; i < 3; i++)
			average->load[i] =
				average->load[i] * decay[i] + (double)running * (1 - decay[i]);
	}
}

char load_average_state(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end[2] : '\0';
}

static bool is_running(int tasks, const char *thread)
{
	cleanup_fd int directory = confined_open(tasks, thread, O_PATH | O_DIRECTORY, 0);
	cleanup_fd int fd = directory < 0 ? -1 : confined_open(directory, "stat", O_RDONLY, 0);
	char text[STAT_SIZE];
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char state;

	if (length < 0)
		return false;
	text[length] = '\0';
	state = load_average_state(text);
	return state == 'R' || state == 'D';
}

static void count_process(pid_t pid, unsigned *threads, unsigned *running)
{
	CLEANUP(closedir) DIR *stream = NULL;
	cleanup_fd int tasks = -1;
	const struct dirent *entry;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tasks < 0 || confined_open_stream(tasks, NULL, &stream) < 0)
		return;
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] == '.')
			continue;
		++*threads;
		*running += is_running(tasks, entry->d_name);
	}
}

int load_average_count(const struct cgroup *group, unsigned *ret_threads, unsigned *ret_running)
{
	cleanup_free pid_t *pids = NULL;
	unsigned threads = 0, running = 0;
	size_t count;
	int result = cgroup_list(group, &pids, &count);

	if (result < 0)
		return result;
	for (size_t i = 0; i < count && i < PROCESSES_MAX; i++)
		count_process(pids[i], &threads, &running);
	*ret_threads = threads;
	*ret_running = running;
	return 0;
}
