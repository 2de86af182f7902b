/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a check (check.h): what was seen in the layer, and what is wrong with it. */
#pragma once

#include "layer/layer_dir.h"
#include "union/check/check.h"

#include <stdint.h>

struct union_fs;

/* Where something is that was found. */
enum check_place {
	PLACE_TREE, /* in a directory of the layer */
	PLACE_STATE,
	PLACE_WORK,
	PLACE_INDEX,
	PLACE_UNSYNCED,
	PLACES,
};

struct finding {
	enum check_kind kind;
	enum check_state state;
	enum check_place place;
	struct layer_dir *dir; /* of PLACE_TREE; with a reference */
	char *name;	       /* owned; "" is the directory itself */
	const char *why;
	bool relies_on_lowers; /* it would be none with other lower layers */
	uint32_t links;	       /* of INDEX_WITHOUT_COUNTS: of the file in its lower layer */
};

/* A file or directory of the layer that says which lower one it is a copy of. */
struct claim {
	uint64_t layer_id, inode; /* of that */
	uint64_t own_inode;
	bool is_directory;
	uint32_t
		links_found; /* of the lower file, by reading the lower layers; 0: it was not found */
	struct layer_dir *dir; /* with a reference */
	char *name;	       /* owned */
};

/* What the hard-link index knows of one lower file (change/hard_links.h). */
struct index_record {
	uint64_t layer_id, inode;
	bool has_copy, has_counts, counts_make_sense;
	struct attributes copy;
	int32_t gone;
	uint32_t lower_links;
	uint32_t links_found; /* likewise */
};

/* A name in the state that is about a file of the layer by its number. */
struct numbered {
	uint64_t inode;
	char *name; /* owned */
	bool seen;
};

struct numbered_list {
	struct numbered *items;
	size_t count;
};

struct check {
	struct union_fs *fs; /* layers[0] is the one to be checked */
	bool has_lowers;
	struct finding *findings;
	size_t finding_count;
	struct claim *claims;
	size_t claim_count;
	struct index_record *records;
	size_t record_count;
	struct numbered_list origins; /* index/INODE.origin */
	struct numbered_list marks;   /* unsynced/INODE */
};

/* -- check.c -- */

/* A finding in a directory of the layer, or (dir NULL) in a place of the state. Returned for more to be said of it; NULL: no memory. */
struct finding *check_add(struct check *check, enum check_kind kind, enum check_place place,
			  struct layer_dir *dir, const char *name);
/* One that is left alone, for this reason, which stays. */
int check_add_left(struct check *check, enum check_kind kind, enum check_place place,
		   struct layer_dir *dir, const char *name, const char *why);

/* A descriptor of a place of the state, borrowed; -1 where there is none. */
int check_place_fd(const struct check *check, enum check_place place);

/* Makes room for one more of count elements of this size; the array, which may have moved, or NULL. */
void *check_grow(void *array, size_t count, size_t size);

/* -- what is looked at; 0 or -errno -- */

/* state.c: reads the state. Before the tree. */
int check_read_state(struct check *check);
/* state.c: an object with these attributes is there. */
void check_see_object(struct check *check, const struct attributes *attributes);
/* state.c: what the index knows of a lower file, or NULL. */
struct index_record *check_find_record(const struct check *check, uint64_t layer_id,
				       uint64_t inode);
/* tree.c: reads the layer itself. */
int check_read_tree(struct check *check);
/* links.c: judges what both said of hard links and origins, after both. */
int check_judge_links(struct check *check);
/* state.c: judges what is about files that should have been seen in the tree. */
int check_judge_numbers(struct check *check);

/* object.c: an object of the tree with these attributes was seen; name "" is the directory itself. */
struct check_object {
	struct layer_dir *dir;
	int fd; /* of dir */
	const char *name;
	unsigned markers; /* WHITEOUT_MARKER_ bits of dir */
	struct attributes attributes;
};
int check_object(struct check *check, const struct check_object *object);

/* repair.c: repairs what is REPAIRABLE, and says how that went. */
int check_repair(struct check *check, struct problem *problem);
