/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast a container may send: a token bucket filter, tbf(8), on its interface. */
#pragma once

#include "base/problem.h"

#include <stdint.h>

#define RATE_MIN 8000
#define RATE_MAX 1000000000000

/* Bits a second: "10mbit", "500kbit", "1gbit", "64000"; also 10m, 500k, 1g. 0, or -EINVAL with a problem. */
int rate_read(const char *text, int64_t *ret_bits, struct problem *problem);

/* Sets it for the interfaces in the namespace other than the loopback. 0 or -errno with a problem. */
int rate_limit(int namespace, int64_t bits, struct problem *problem);
