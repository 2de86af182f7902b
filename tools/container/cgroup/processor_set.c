/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/processor_set.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define BITS 64

void processor_set_add(struct processor_set *set, unsigned processor)
{
	set->bits[processor / BITS] |= UINT64_C(1) << processor % BITS;
}

bool processor_set_has(const struct processor_set *set, uint64_t processor)
{
	return processor < PROCESSORS_MAX &&
	       (set->bits[processor / BITS] >> processor % BITS & 1) != 0;
}

unsigned processor_set_count(const struct processor_set *set)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PROCESSORS_MAX / BITS; i++)
		count += (unsigned)__builtin_popcountll(set->bits[i]);
	return count;
}

struct processor_set processor_set_first(const struct processor_set *set, unsigned count)
{
	struct processor_set first = { 0 };

	for (unsigned i = 0; i < PROCESSORS_MAX && count > 0; i++) {
		if (processor_set_has(set, i)) {
			processor_set_add(&first, i);
			count--;
		}
	}
	return first;
}

/* Moves *at behind a number. */
static bool read_number(const char **at, unsigned *ret_number)
{
	char *end = NULL;
	unsigned long number;

	if (!isdigit((unsigned char)**at))
		return false;
	number = strtoul(*at, &end, 10);
	if (number >= PROCESSORS_MAX)
		return false;
	*at = end;
	*ret_number = (unsigned)number;
	return true;
}

int processor_set_parse(const char *list, struct processor_set *ret_set)
{
	struct processor_set set = { 0 };
	unsigned first, last;

	while (*list && *list != '\n') {
		if (!read_number(&list, &first))
			return -EINVAL;
		last = first;
		if (*list == '-') {
			list++;
			if (!read_number(&list, &last) || last < first)
				return -EINVAL;
		}
		for (unsigned i = first; i <= last; i++)
			processor_set_add(&set, i);
		if (*list == ',' && isdigit((unsigned char)list[1]))
			list++;
		else if (*list && *list != '\n')
			return -EINVAL;
	}
	*ret_set = set;
	return 0;
}
