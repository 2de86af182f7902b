/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copy-up of directories, of which only what they are themselves is copied. */
#pragma once

#include "union/inode.h"

/* Gives dir, and what leads to it, an upper part. Locking and result as for copy_up(). */
int copy_up_directory(struct union_fs *fs, struct inode *dir);
