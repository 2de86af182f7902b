/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resource limits of a process: NAME=SOFT[:HARD], as in --ulimit nofile=1024:2048; -1 or unlimited is no limit. */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

/* 0 or -EINVAL with a problem. */
int rlimits_check(const char *text, struct problem *problem);
/* Sets those of this process. 0 or -errno with a problem. */
int rlimits_set(const struct string_list *limits, struct problem *problem);
