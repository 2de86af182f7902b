/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzzer is: one function that libFuzzer calls with every input it makes up, and that replay.c
 * calls with every input that is kept. A fault of ours ends the process; any other result is 0.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold whatever the input. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)
