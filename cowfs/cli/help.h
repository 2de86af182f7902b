/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of --help and --version. */
#pragma once

#include "cli/mount_options.h"

void help_cowfs(void);
void help_mount(enum mount_form form);
void help_stat(void);
void help_umount(void);

/* "cowfs VERSION". */
void version_cowfs(void);
/* Under the name fuse-overlayfs the line that engines look for comes first. */
void version_mount(enum mount_form form);
