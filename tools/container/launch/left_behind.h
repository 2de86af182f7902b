/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that a container leaves behind: in a pid namespace that is not its own they do not end with its first one,
 * and an ordinary user may have no control group to find them in. They are known by their mount namespace, which is the container's alone.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The mount namespace of a process, 0 being this one; 0 when it cannot be told. It is a number of 32 bits. */
uint64_t left_behind_mark(pid_t pid);

/* Kills all that are in that mount namespace, and what these make meanwhile. Nothing for 0. Not for one that has no processes any more: its number may be another's then. */
void left_behind_kill(uint64_t mark);
