/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mounted union says of itself. */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"

#include <sys/types.h>

/*
 * Reads the JSON text of the union mounted on mountpoint. 0 or -errno with a problem: -ENOTCONN
 * when the daemon behind the mount is gone, -EINVAL when no union of ours is mounted there.
 */
int status_read(const char *mountpoint, struct buffer *json, struct problem *problem);

/* The process that serves it, or 0 when the text does not tell, or it is not of our namespace. */
pid_t status_daemon(const char *json);
