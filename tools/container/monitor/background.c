/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/monitor/background.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_MAX 16

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void background_close(const int *kept, size_t count)
{
	int sorted[KEPT_MAX];
	unsigned first = STDERR_FILENO + 1;

	if (count > KEPT_MAX)
		return;
	memcpy(sorted, kept, count * sizeof(*kept));
	qsort(sorted, count, sizeof(*sorted), compare_fds);
	for (size_t i = 0; i < count; i++) {
		if (sorted[i] < (int)first)
			continue;
		if (sorted[i] > (int)first)
			(void)close_range(first, (unsigned)sorted[i] - 1, 0);
		first = (unsigned)sorted[i] + 1;
	}
	(void)close_range(first, ~0U, 0);
}

void background_become(void)
{
	static const int ignored[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU
	};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)umask(022);
	(void)!chdir("/");
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		(void)close(null);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
}
