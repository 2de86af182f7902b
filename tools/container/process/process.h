/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that outlives the one that notes it down.
 *
 * Its number alone may be another's tomorrow. With the time of its start, in ticks since the machine's, and the
 * machine's boot it is the process's own; whoever acts on it does so through a pidfd that was checked after
 * it was opened.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BOOT_ID_SIZE 40

/* The start of a process, or -errno; -ESRCH when there is none. */
int64_t process_start_time(pid_t pid);

/* A pidfd of the process that has this number and started then, be it a zombie; -ESRCH when it is gone. */
int process_open(int64_t pid, int64_t start_time);

/* 0, or -errno as kill(2). */
int process_signal(int pidfd, int number);

/* Waits until it has ended. 0; -ETIMEDOUT after so many milliseconds (-1: never). */
int process_wait_end(int pidfd, int milliseconds);

/* Whether it has ended, perhaps not waited for. */
bool process_has_ended(int pidfd);

/*
 * For a process just forked: the kernel sends it the signal when the parent ends, even by SIGKILL (prctl(2),
 * PR_SET_PDEATHSIG). A change of ids or of capabilities makes the kernel forget it, so that it must be said again after.
 * 0; -ESRCH when the parent has ended already.
 */
int process_end_with_parent(pid_t parent, int signal);

/*
 * Opens pidfds of the children of a process, at most so many, and returns how many. The process may not be ours; where the
 * kernel does not tell (CONFIG_PROC_CHILDREN), there are none.
 */
size_t process_open_children(int pidfd, int *children, size_t max);

/* What distinguishes this run of the machine from others. 0 or -errno. */
int process_boot_id(char boot_id[BOOT_ID_SIZE]);
