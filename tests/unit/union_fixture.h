/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scratch directory with the layers upper, a and b, as a union to write to or to look at. */
#pragma once

#include "union/union.h"
#include "unit/scratch.h"

struct union_fixture {
	struct scratch scratch; /* upper/, a/ above b/, and work/ */
	struct union_options options;
	const char *lowers[2];
	char paths[4][300];
	struct union_fs *fs; /* NULL when none is open */
};

/* Makes the directories, and opens nothing yet; options may be changed. */
void union_fixture_make(struct union_fixture *fixture);
void union_fixture_remove(struct union_fixture *fixture);

/* Closes what is open, and opens the layers for writing, or to be looked at. */
void union_fixture_write(struct union_fixture *fixture);
void union_fixture_look(struct union_fixture *fixture);

/* The inode at a path, with a reference to be given back; what is not there ends the test. */
struct union_entry union_fixture_find(struct union_fixture *fixture, const char *path);

/* Changes, by path; those of names in the root take a name. */
void union_fixture_append(struct union_fixture *fixture, const char *path, const char *text);
void union_fixture_rename(struct union_fixture *fixture, const char *from, const char *to);
void union_fixture_unlink(struct union_fixture *fixture, const char *name);
