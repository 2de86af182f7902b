/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mounted union says of itself. */
#pragma once

#include "base/json.h"
#include "base/problem.h"

#include <sys/types.h>

/*
 * What the union mounted on mountpoint counts and holds, see STAT_ATTRIBUTE; an object that the caller puts. 0 or
 * -errno with a problem: -ENOTCONN when the daemon behind the mount is gone, -EINVAL when no union of ours is
 * mounted there.
 */
int status_read(const char *mountpoint, json_object **ret_status, struct problem *problem);

/*
 * What layers the union has that a directory is in, see STACK_IOCTL; an object that the caller puts. What programs have
 * written there is in the layers then. Sentences call it `called`. 0 or -errno with a problem: -ENOTTY when it is in no union of ours,
 * -ENOTCONN when the daemon is gone.
 */
int status_read_stack(const char *directory, const char *called, json_object **ret_stack,
		      struct problem *problem);

/* The process that serves it, or 0 when the status does not tell, or it is not of our namespace. */
pid_t status_daemon(json_object *status);
