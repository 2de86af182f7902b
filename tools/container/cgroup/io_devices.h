/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a group has read and written, device by device. */
#pragma once

#include "container/cgroup/statistics.h"

struct cgroup_io_device {
	unsigned major, minor;
	struct cgroup_io_statistics io;
};

struct cgroup_io_devices {
	struct cgroup_io_device *devices; /* owned */
	size_t count;
};

#define cleanup_io_devices __attribute__((cleanup(cgroup_io_devices_free)))

void cgroup_io_devices_free(struct cgroup_io_devices *devices);

/* 0 or -errno; -ENOENT when nothing counts that. */
int cgroup_read_io_devices(const struct cgroup *group, struct cgroup_io_devices *ret_devices);

/*
 * The same from the kernel's texts. Version 1's are of one kind each, with lines "MAJOR:MINOR Read NUMBER";
 * version 2's has lines "MAJOR:MINOR rbytes=NUMBER ...". What is neither is passed over. They add to
 * what is in devices already. 0 or -ENOMEM.
 */
int cgroup_io_devices_add_v1(struct cgroup_io_devices *devices, const char *text, bool bytes);
int cgroup_io_devices_add_v2(struct cgroup_io_devices *devices, const char *text);
