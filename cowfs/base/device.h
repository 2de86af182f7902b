/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening /dev/fuse and /dev/null: the only things that are opened by a fixed path. */
#pragma once

/* open(2) with O_CLOEXEC added. A descriptor, or -errno; -ENODEV too when path is no device. */
int device_open(const char *path, int flags);
