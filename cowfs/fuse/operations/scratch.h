/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory in which a worker thread puts an answer together, kept for its next request. */
#pragma once

#include <stddef.h>

/*
 * At least size bytes, aligned to a page, belonging to the calling thread until it asks again or
 * ends. NULL when memory is short.
 */
void *scratch(size_t size);
