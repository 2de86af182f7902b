/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `cowfs mount -d` shows: a line a request. */
#pragma once

#include "fuse/session.h"

/*
 * Prints the request on standard error, if one of its paths matches one of the globs in context, a struct string_list, or
 * there are none. A * matches slashes too. To be called from any thread.
 */
void trace_print(void *context, const struct session_trace *trace);
