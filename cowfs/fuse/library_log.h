/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libfuse has to say. It reports failures only by writing to its log, so the last message
 * is kept as the reason for a sentence of ours.
 */
#pragma once

#include <stdbool.h>

/* Takes over libfuse's log; with show, everything goes to stderr as well. */
void library_log_take(bool show);

/* The last complaint, without a newline, or "" when there was none; valid until the next one. */
const char *library_log_last(void);
