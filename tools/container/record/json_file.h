/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A JSON object in a small file, replaced as a whole or not at all. */
#pragma once

#include "base/json.h"

#include <stdbool.h>

/* Larger ones are not ours. */
#define JSON_FILE_MAX (4 * 1024 * 1024)

/* 0; -ENOENT; -EINVAL when it is no JSON object; -EFBIG; or another -errno. */
int json_file_read(int directory, const char *name, json_object **ret_object);

/*
 * Writes under a name of its own and renames. One writer at a time. durable: what was written is on the
 * disk before it takes the place of what was there.
 */
int json_file_write(int directory, const char *name, json_object *object, bool durable);
