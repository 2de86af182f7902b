/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capabilities of the processes in a container, see capabilities(7): their names, docker's
 * default choice, and giving them to the calling process by the system calls themselves.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set: bits 1 << CAP_..., see linux/capability.h. */
typedef uint64_t capability_set;

/* The five sets of OCI's process.capabilities. */
struct capabilities {
	capability_set bounding;
	capability_set effective;
	capability_set permitted;
	/* Empty unless somebody asks: files' inheritable sets would give them back (CVE-2022-29162). */
	capability_set inheritable;
	capability_set ambient;
};

/*
 * The number that a name stands for: "CAP_CHOWN", "chown", in any case. -ENOENT for none that we
 * know; the kernel may know fewer, see capabilities_known().
 */
int capability_number(const char *name);
/* "CAP_CHOWN"; NULL for numbers without a name. */
const char *capability_name(int number);

/* What docker and podman give a container. */
capability_set capabilities_default(void);
/* All that this kernel knows. */
capability_set capabilities_known(void);
/*
 * Those in the calling process' bounding set: no more can be given to a container that stays in our
 * user namespace. In a new one all that are known can be had.
 */
capability_set capabilities_available(void);

/*
 * The default, or all that are available when privileged, with those of `drop` taken away and those
 * of `add` added. "ALL" in drop begins with none, in add with all. Ends with NULL each; NULL for
 * none. 0 or -EINVAL with a problem: a name that is none, that is in both lists, or of one that is
 * not available.
 */
int capabilities_choose(capability_set available, bool privileged, const char *const add[],
			const char *const drop[], capability_set *ret_set, struct problem *problem);

/*
 * Takes away from the bounding set of the calling process what is not in it. Needs CAP_SETPCAP, so it
 * comes before a change of user ids. 0 or -errno with a problem.
 */
int capabilities_limit_bounding(capability_set bounding, struct problem *problem);

/*
 * Gives the calling process the other four sets. After a change of user ids, and before it
 * prctl(PR_SET_KEEPCAPS, 1). 0 or -errno with a problem: -EPERM when the process has not itself
 * what is to be permitted.
 */
int capabilities_set(const struct capabilities *capabilities, struct problem *problem);

/* What the calling process has. 0 or -errno. */
int capabilities_get(struct capabilities *ret_capabilities);
