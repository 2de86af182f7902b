/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be relied on depends on the file system that a layer lies on. */
#pragma once

#include <stdbool.h>

/*
 * True when, after a crash, a change to a directory is never found without all changes to names
 * that were made before it, whoever synced what: file systems with a journal for them, and btrfs, whose
 * exception are directories synced by fsync(2). Others, and those that cannot be asked, are
 * said not to. fd may be O_PATH.
 */
bool file_system_keeps_order(int fd);
