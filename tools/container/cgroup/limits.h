/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container may use of the machine, in the terms of the OCI runtime specification
 * (config-linux.md, "Control groups"), which are those of cgroup v1 and of docker's flags.
 *
 * A number is LIMIT_UNSET when nobody asked for anything: the kernel's own default then stays. Where
 * it makes sense, LIMIT_NONE asks for no limit. Strings and arrays are owned by the struct.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMIT_UNSET INT64_MIN
#define LIMIT_NONE ((int64_t)-1)

enum throttle_kind {
	THROTTLE_READ_BYTES,
	THROTTLE_WRITE_BYTES,
	THROTTLE_READ_OPERATIONS,
	THROTTLE_WRITE_OPERATIONS,
};

/* How much a block device may do for the container in a second; 0: as much as it can. */
struct throttle {
	enum throttle_kind kind;
	unsigned major, minor;
	uint64_t rate;
};

enum device_access { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MAKE = 4, DEVICE_ALL = 7 };

/* The last rule that fits a device decides; without any that fits, it is refused. */
struct device_rule {
	bool allow;
	char type;	      /* 'b', 'c', or 'a' for both */
	int64_t major, minor; /* LIMIT_NONE: any */
	unsigned access;      /* of enum device_access */
};

struct container_limits {
	int64_t cpu_shares; /* 2 to 262144; what is usual is 1024 */
	int64_t cpu_period; /* microseconds */
	int64_t cpu_quota;  /* microseconds of processor time in each period, or LIMIT_NONE */
	char *cpuset_cpus;  /* "0-2,7", or NULL */
	char *cpuset_mems;
	int64_t memory;	     /* bytes, or LIMIT_NONE, as the next two */
	int64_t memory_swap; /* of memory and swap together */
	int64_t memory_reservation;
	int64_t pids;	      /* or LIMIT_NONE */
	int64_t blkio_weight; /* 10 to 1000 */
	struct throttle *throttles;
	size_t throttle_count;
	/* NULL: devices are left to what the file system and the user namespace allow. */
	struct device_rule *device_rules;
	size_t device_rule_count;
};

#define LIMITS_INIT                                                                                \
	((struct container_limits){                                                                \
		.cpu_shares = LIMIT_UNSET,                                                         \
		.cpu_period = LIMIT_UNSET,                                                         \
		.cpu_quota = LIMIT_UNSET,                                                          \
		.memory = LIMIT_UNSET,                                                             \
		.memory_swap = LIMIT_UNSET,                                                        \
		.memory_reservation = LIMIT_UNSET,                                                 \
		.pids = LIMIT_UNSET,                                                               \
		.blkio_weight = LIMIT_UNSET,                                                       \
	})
#define cleanup_limits __attribute__((cleanup(limits_free)))

/* Leaves LIMITS_INIT. */
void limits_free(struct container_limits *limits);

/* True when nothing but device rules is asked for. */
bool limits_are_unset(const struct container_limits *limits);

/* Appends one. 0 or -ENOMEM. */
int limits_add_throttle(struct container_limits *limits, const struct throttle *throttle);
int limits_add_device_rule(struct container_limits *limits, const struct device_rule *rule);

/*
 * Appends docker's rules: nothing but null, zero, full, random, urandom, tty, console, ptmx and
 * pseudo-terminals can be used; nodes of any device can be made, to keep archives whole.
 */
int limits_add_default_devices(struct container_limits *limits);

/*
 * Completes what a person gave, as docker does: memory without memory_swap allows as much swap
 * again.
 */
void limits_complete(struct container_limits *limits);

/* Whether each is in its range and all fit together. 0 or -EINVAL with a problem. */
int limits_check(const struct container_limits *limits, struct problem *problem);

/* Takes over from changes all that is set there. 0 or -ENOMEM, and then limits are as before. */
int limits_merge(struct container_limits *limits, const struct container_limits *changes);

/* "0-2,7": ranges of numbers, nothing else. */
bool limits_list_is_valid(const char *list);
