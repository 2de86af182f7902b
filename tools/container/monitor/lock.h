/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process is the monitor of a container, as the kernel knows it: who holds a lock (fcntl(2), F_SETLK) on a file of the
 * container's directory. The state says it too, with all else, but what is written down can be damaged.
 *
 * The lock is the process's own: none that it forks has it, and it ends with the process.
 */
#pragma once

/* For a monitor. A descriptor to be kept as long as it lives, or -errno; -EAGAIN when there is another. */
int monitor_lock_take(int container_directory);

/* A pidfd of the monitor that has it; -ESRCH when there is none. */
int monitor_lock_holder(int container_directory);
