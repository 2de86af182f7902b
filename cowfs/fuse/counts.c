/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/counts.h"

static const char *const names[MESSAGE_KINDS] = {
#define MESSAGE_NAME(kind, name) [MESSAGE_##kind] = name,
	MESSAGES(MESSAGE_NAME)
#undef MESSAGE_NAME
};

const char *message_name(enum message message)
{
	return names[message];
}

uint64_t counts_get(const struct counts *counts, enum message message)
{
	return atomic_load_explicit(&counts->of[message], memory_order_relaxed);
}

uint64_t counts_total(const struct counts *counts)
{
	uint64_t total = 0;

	for (int message = 0; message < MESSAGE_KINDS; message++)
		total += counts_get(counts, (enum message)message);
	return total;
}
