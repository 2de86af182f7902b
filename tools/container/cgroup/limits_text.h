/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits as people type them: docker's flags. */
#pragma once

#include "base/string_list.h"
#include "container/cgroup/limits.h"

/*
 * Sets what a flag is about: name is the flag without its dashes ("memory", "cpus", "device-read-bps" ...),
 * value its argument. 0, or -EINVAL with a problem, or -ENOENT without one for a name that is no limit's.
 */
int limits_set(struct container_limits *limits, const char *name, const char *value,
	       struct problem *problem);

/* The same for "NAME=VALUE"; a name that is no limit's is -EINVAL here, too. */
int limits_set_text(struct container_limits *limits, const char *text, struct problem *problem);

/*
 * The limits that a list of such texts asks for, completed and checked. Devices are looked up now.
 * 0 or -errno with a problem.
 */
int limits_read(const struct string_list *texts, struct container_limits *ret_limits,
		struct problem *problem);

/*
 * The texts with the changes in place of what these replace; changes to 0 change nothing, as docker has it. A
 * limit of a device replaces the one of that device. 0 or -ENOMEM.
 */
int limits_change(const struct string_list *texts, const struct string_list *changes,
		  struct string_list *ret_texts);

/*
 * The i-th name that limits_set() knows, for a command's table of options; NULL beyond the last.
 */
const char *limits_flag(size_t i);

/*
 * "64m", "1.5g", "4096", "10KiB": bytes, with units of 1024. 0 or -EINVAL: no number, a negative one, or too
 * great.
 */
int size_parse(const char *text, int64_t *ret_size);
