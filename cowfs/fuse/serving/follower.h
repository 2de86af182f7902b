/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that stays on the processor of whoever it serves.
 *
 * A caller sleeps until it is answered. Where both are on one processor that is two switches between threads; where they are
 * on two, each message wakes a sleeping processor twice, which takes several times as long, most of all in a virtual machine.
 * The kernel's scheduler wakes a thread on an idle processor when there is one, so it takes two things to keep them
 * together. The follower binds itself to the processor on which its caller was last seen. And it is of the policy
 * SCHED_IDLE: a processor that runs nothing else counts as idle (sched_idle_cpu() in kernel/sched/fair.c), so that the caller,
 * when it is woken, stays.
 *
 * What that costs: the follower gets next to nothing of a processor that others keep busy. So somebody must watch it
 * (serving.c), and it should do nothing long.
 */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

struct follower {
	_Atomic pid_t thread;  /* of ours; 0: none yet */
	cpu_set_t allowed;     /* processors that this program was given */
	pid_t caller;	       /* followed */
	_Atomic int processor; /* bound to it; -1: to none */
	_Atomic bool released; /* and must become the follower again */
	unsigned unseen;       /* messages since the caller was last looked for */
};

/* Of a thread that is yet to begin, and may run where the calling one may. 0 or -errno. */
int follower_init(struct follower *follower);

/* Makes the calling thread the follower, bound to no processor; once more when it was released. 0 or -errno. */
int follower_become(struct follower *follower);

/*
 * The next message is from this thread: goes where that is, or was a few messages ago. By the follower alone.
 * False when that is nowhere we can know of, or may go.
 */
bool follower_follow(struct follower *follower, pid_t caller);

/* Lets it run on any processor, so that it gets done what it has begun; by whoever watches. */
void follower_release(struct follower *follower);

/*
 * The processor that the text of /proc/PID/stat names, proc_pid_stat(5): where the thread last ran. -EINVAL for
 * another text.
 */
int follower_parse_processor(const char *stat_text);
