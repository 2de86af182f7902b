/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/follower.h"

#include "base/text_file.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The scheduler moves a thread now and then; asking where it is costs a fifth of a message. */
#define LOOK_EVERY 16
/* Of the fields in /proc/PID/stat, counted from 1. The second, a name in parentheses, may hold anything. */
#define FIELD_AFTER_NAME 3
#define FIELD_PROCESSOR 39

int follower_init(struct follower *follower)
{
	*follower = (struct follower){ .processor = -1 };
	return sched_getaffinity(0, sizeof(follower->allowed), &follower->allowed) < 0 ? -errno : 0;
}

int follower_become(struct follower *follower)
{
	const struct sched_param parameters = { 0 };

	follower->thread = gettid();
	follower->released = false;
	follower->caller = 0;
	/* SCHED_IDLE would take its reads of the disk with it. */
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, IOPRIO_BE_NORM)) < 0 ||
	    sched_setscheduler(0, SCHED_IDLE, &parameters) < 0)
		return -errno;
	return 0;
}

int follower_parse_processor(const char *stat_text)
{
	const char *field = strrchr(stat_text, ')');
	char *end;
	long processor;

	for (int number = FIELD_AFTER_NAME - 1; number < FIELD_PROCESSOR && field; number++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -EINVAL;
	processor = strtol(field, &end, 10);
	if (end == field || processor < 0 || processor >= CPU_SETSIZE)
		return -EINVAL;
	return (int)processor;
}

static int processor_of(pid_t thread)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char path[sizeof("/proc//stat") + 3 * sizeof(thread)];
	int result;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)thread);
	result = text_file_read(path, &text);
	return result < 0 ? result : follower_parse_processor(buffer_string(&text));
}

static int bind_to(struct follower *follower, int processor)
{
	cpu_set_t set;

	if (!CPU_ISSET((unsigned)processor, &follower->allowed))
		return -EPERM;
	CPU_ZERO(&set);
	CPU_SET((unsigned)processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	follower->processor = processor;
	return 0;
}

bool follower_follow(struct follower *follower, pid_t caller)
{
	int processor;

	if (caller == follower->caller && ++follower->unseen < LOOK_EVERY)
		return true;
	follower->caller = caller;
	follower->unseen = 0;
	processor = processor_of(caller);
	/* It has ended, and its files are being closed. */
	if (processor == -ENOENT || processor == -ESRCH)
		return true;
	return processor >= 0 &&
	       (processor == follower->processor || bind_to(follower, processor) == 0);
}

void follower_release(struct follower *follower)
{
	const struct sched_param parameters = { 0 };
	pid_t thread = follower->thread;

	if (thread == 0)
		return;
	follower->processor = -1;
	follower->released = true;
	(void)sched_setaffinity(thread, sizeof(follower->allowed), &follower->allowed);
	/* An ordinary user may not: RLIMIT_NICE, sched(7). */
	(void)sched_setscheduler(thread, SCHED_OTHER, &parameters);
}
