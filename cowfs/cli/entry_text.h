/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a union, in words: a line as ls(1) prints it, and an object. */
#pragma once

#include "cli/look.h"

/* How wide the columns of such lines are; widened by each entry that is to stand below the others. Begins as zeros. */
struct entry_columns {
	int layer, links, uid, gid, size;
};

void entry_columns_widen(struct entry_columns *columns, const struct union_entry *entry);

/* Prints layer, mode, links, owner, group, size or device, and time, each followed by a space. */
void entry_print_columns(const struct entry_columns *columns, const struct union_entry *entry);
/* Prints " -> TARGET" of a symbolic link; nothing of anything else. */
void entry_print_target(const struct look *look, const struct union_entry *entry);

/* The entry, which is called path, as an object of the caller's. NULL: no memory. */
json_object *entry_json(struct union_fs *fs, const char *path, const struct union_entry *entry);
