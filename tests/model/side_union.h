/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the union's side share. */
#pragma once

#include "side.h"

#include "union/union.h"

struct union_side {
	struct side side;
	const struct union_options *options;
	struct union_fs *fs;
	/*
	 * References, as the kernel holds them for what it has cached: given back after each operation,
	 * or (keep) only when told to forget.
	 */
	struct inode **references;
	size_t reference_count, reference_capacity;
	bool keep;
	struct inode *held[OPERATION_SLOTS]; /* one reference each, or NULL */
	struct inode *listed;
	uint64_t cookie;
	struct outcome complaints; /* what the union contradicted itself in */
};

/* A directory of the union and a name in it; without a name the directory itself. */
struct union_place {
	struct inode *directory;
	const char *name;
};

int union_side_place(struct union_side *side, const char *path, struct union_place *place);
/* Looks the name up; the reference is kept with the others. */
int union_side_find(struct union_side *side, const struct union_place *place,
		    struct union_entry *entry);
/* Keeps a reference until it is given back with the others. */
void union_side_keep(struct union_side *side, struct inode *inode);
/* Complains when the attributes told with an entry are not those that getattr tells. */
void union_side_verify(struct union_side *side, const char *name, const struct union_entry *entry);
void union_side_release(struct union_side *side, unsigned slot);

/* union_apply.c */
long union_side_apply(struct union_side *side, const struct operation *operation,
		      struct outcome *outcome);
/* union_snapshot.c */
void union_side_snapshot(struct side *side, struct snapshot *snapshot);
