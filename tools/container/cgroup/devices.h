/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices a group may use: a list in version 1 (cgroup-v1/devices.rst), a BPF program in version
 * 2 (cgroup-v2.rst, "Device controller"). Rules as in limits.h. All return 0 or -errno.
 */
#pragma once

#include "container/cgroup/limits.h"

#include <linux/bpf.h>

/* Replaces the group's list. */
int cgroup_v1_apply_devices(int directory, const struct container_limits *limits);

/*
 * Attaches a program that stands for the rules, beside none: a group gets its rules once. Needs
 * CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, in the first user namespace.
 */
int cgroup_v2_apply_devices(int directory, const struct container_limits *limits);

/* The program: *ret_program is to be freed. -E2BIG for more rules than anybody has. */
int cgroup_device_program(const struct container_limits *limits, struct bpf_insn **ret_program,
			  size_t *ret_count);
