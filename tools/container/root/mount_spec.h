/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people write after -v, --mount and --tmpfs. */
#pragma once

#include "base/problem.h"
#include "container/record/config.h"

/*
 * Each reads one text into mount, which is zeroed and stays the caller's to free with what is in it.
 * 0, -ENOMEM, or -EINVAL with a problem. A warning is filled in for what is accepted without effect.
 */

/* [SOURCE:]DESTINATION[:OPTION,...]; a source with a slash is a path, made absolute, else the name of a volume. */
int mount_spec_volume(const char *text, struct container_mount *mount, struct problem *warning,
		      struct problem *problem);
/* type=bind|volume|tmpfs,source=...,destination=...[,readonly...] */
int mount_spec_mount(const char *text, struct container_mount *mount, struct problem *warning,
		     struct problem *problem);
/* DESTINATION[:OPTION,...] */
int mount_spec_tmpfs(const char *text, struct container_mount *mount, struct problem *problem);
