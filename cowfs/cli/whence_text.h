/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Provenance in words. */
#pragma once

#include "cli/look.h"
#include "union/look/provenance.h"

/* Prints what is told of a path in the union: a line for it, and one for each place. */
void whence_print(const struct look *look, const char *path, const struct provenance *provenance);

/* The same as an object. NULL: no memory. */
json_object *whence_json(const struct union_fs *fs, const char *path,
			 const struct provenance *provenance);
