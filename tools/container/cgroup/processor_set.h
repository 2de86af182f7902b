/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Some of the machine's processors, by the kernel's numbers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* More than any kernel is built for (CONFIG_NR_CPUS). */
#define PROCESSORS_MAX 8192

struct processor_set {
	uint64_t bits[PROCESSORS_MAX / 64];
};

/*
 * From the kernel's list format, "0-2,7", with or without a newline; "" is the empty set.
 * 0, or -EINVAL for anything else, a number too great among it.
 */
int processor_set_parse(const char *list, struct processor_set *ret_set);

void processor_set_add(struct processor_set *set, unsigned processor);
/* False too for what is no processor's number. */
bool processor_set_has(const struct processor_set *set, uint64_t processor);
unsigned processor_set_count(const struct processor_set *set);
/* The first `count` of them, or all if they are fewer. */
struct processor_set processor_set_first(const struct processor_set *set, unsigned count);
