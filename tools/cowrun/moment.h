/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moments, as people type them and as records have them. */
#pragma once

#include <stdint.h>

/*
 * Reads a moment, as nanoseconds since 1970: RFC 3339 (2024-05-06T07:08:09.5Z, also with +02:00); without a zone it is
 * local, without a time it is midnight; a number of seconds since 1970, with a fraction perhaps; or how long ago, as 10m
 * or 1h30m (ms, s, m, h, d). 0 or -EINVAL, for which there is half a sentence.
 */
#define MOMENT_FORMS                                                                               \
	"it must be a time as 2024-05-06T07:08:09Z, seconds since 1970, or how long ago, as 10m"

int moment_read(const char *text, int64_t *ret_nanoseconds);
