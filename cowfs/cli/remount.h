/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount -o remount: other flags for a union that is mounted. */
#pragma once

#include "cli/mount_options.h"

/*
 * Gives the union mounted on mountpoint the flags of the options (ro or rw, nosuid, nodev, noexec, sync, dirsync, noatime and
 * their opposites) and leaves it those of which nothing is said; the daemon and its options stay. The exit status, after saying what
 * went wrong.
 */
int remount(const char *mountpoint, const struct mount_options *options);
