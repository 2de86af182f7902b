/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What files of the stress test hold, and what it says. */
#include "stress.h"

#include <stdarg.h>
#include <stdio.h>

void record_fill(uint64_t *words, uint64_t number, uint32_t serial)
{
	for (size_t i = 0; i < RECORD_WORDS; i++)
		words[i] = record_word(number, serial);
}

bool record_check(const uint64_t *words, size_t size, uint64_t number, bool quiescent)
{
	for (size_t i = 0; i < size / sizeof(*words); i++) {
		if (words[i] != 0 && words[i] >> 32 != (number & UINT32_MAX))
			return false;
		if (quiescent && words[i] != words[i - i % RECORD_WORDS])
			return false;
	}
	return true;
}

void stress_complain(struct stress *stress, const char *format, ...)
{
	va_list arguments;

	if (stress->failures++ > 5)
		return;
	va_start(arguments, format);
	flockfile(stdout);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	funlockfile(stdout);
	va_end(arguments);
}
