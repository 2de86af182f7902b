/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals as people write them: TERM, SIGTERM, 15, RTMIN+3. */
#pragma once

#include "base/problem.h"

/* The number, or -EINVAL with a problem. */
int signal_number(const char *text, struct problem *problem);
