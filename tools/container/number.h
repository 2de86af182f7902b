/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in texts, as wholes: no sign, no blanks, nothing behind them, no overflow. */
#pragma once

#include <stdint.h>

/* 0, or -EINVAL and nothing written. */
int number_read_u64(const char *text, uint64_t *ret_number);
int number_read_u32(const char *text, uint32_t *ret_number);
/* With a sign, perhaps, and not less than minimum nor more than maximum. */
int number_read_in(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_number);
