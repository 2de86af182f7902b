/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cgroup hierarchy of plain files in a scratch directory, as nothing of ours can tell from the
 * kernel's: what is written to a file stays there as it was written.
 */
#pragma once

#include "container/cgroup/cgroup.h"
#include "unit/scratch.h"

#include <stdbool.h>

struct cgroup_fixture {
	struct scratch scratch;
	struct cgroup_layout *layout;
};

/* Version 2 in "v2" of the scratch directory, where the given group is our own. */
struct cgroup_fixture cgroup_fixture_make(const char *own);
void cgroup_fixture_remove(struct cgroup_fixture *fixture);

/* A group with the files that every group has, and controllers to pass on; path is from the scratch directory. */
void cgroup_fixture_group(const struct cgroup_fixture *fixture, const char *path);
/* Whether the file has this content. */
bool cgroup_fixture_is(const struct cgroup_fixture *fixture, const char *path, const char *content);
