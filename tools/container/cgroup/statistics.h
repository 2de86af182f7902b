/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container has used, uses, and may use. */
#pragma once

#include "container/cgroup/cgroup.h"

/* A value that nothing here counts. */
#define CGROUP_UNKNOWN (UINT64_MAX - 1)

/*
 * Bytes, nanoseconds and numbers. Each may be CGROUP_UNKNOWN. Limits are CGROUP_NO_LIMIT (cgroup_file.h) where
 * there is none; those of memory are the smallest of the group and all above.
 */
struct cgroup_statistics {
	struct cgroup_cpu_statistics {
		uint64_t total, user, system; /* time used since the start */
		uint64_t throttled;	      /* time waited as the quota was used up */
	} cpu;
	struct cgroup_memory_statistics {
		uint64_t used, limit; /* the page cache is in it */
		uint64_t used_with_swap, limit_with_swap;
		uint64_t cache, shared, mapped, dirty, writeback;
		uint64_t anonymous, inactive_anonymous, active_anonymous;
		uint64_t inactive_file, active_file, unevictable;
		uint64_t slab_reclaimable, slab_unreclaimable;
		uint64_t oom_kills; /* processes killed as it ran out */
	} memory;
	uint64_t pids, pids_limit;
	struct cgroup_io_statistics {
		uint64_t read_bytes, written_bytes, reads, writes;
	} io;
};

/* Never fails. */
void cgroup_read_statistics(const struct cgroup *group, struct cgroup_statistics *ret_statistics);
/* Parts of it. */
void cgroup_read_cpu(const struct cgroup *group, struct cgroup_cpu_statistics *ret_cpu);
void cgroup_read_memory(const struct cgroup *group, struct cgroup_memory_statistics *ret_memory);
void cgroup_read_io(const struct cgroup *group, struct cgroup_io_statistics *ret_io);

/* How many processes of the group the kernel killed as memory ran out. 0 or -errno. */
int cgroup_oom_kills(const struct cgroup *group, uint64_t *ret_count);
