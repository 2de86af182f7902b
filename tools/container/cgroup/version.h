/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How each version of cgroups takes the limits of one controller; for cgroup_apply.c, which chooses
 * the version. Only limits that are set are written. 0 or the kernel's -errno.
 */
#pragma once

#include "container/cgroup/limits.h"

int cgroup_v1_apply_cpu(int directory, const struct container_limits *limits);
int cgroup_v1_apply_memory(int directory, const struct container_limits *limits);
int cgroup_v1_apply_blkio(int directory, const struct container_limits *limits);

int cgroup_v2_apply_cpu(int directory, const struct container_limits *limits);
int cgroup_v2_apply_memory(int directory, const struct container_limits *limits);
int cgroup_v2_apply_blkio(int directory, const struct container_limits *limits);
