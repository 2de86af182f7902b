/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/layer_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

struct layer_fixture fixture_make(void)
{
	struct layer_fixture fixture = { .scratch = scratch_make() };

	scratch_dir(&fixture.scratch, "root");
	scratch_dir(&fixture.scratch, "work");
	fixture.root = scratch_open(&fixture.scratch, "root");
	fixture.work = scratch_open(&fixture.scratch, "work");
	cr_assert_eq(fd_cache_create(8, &fixture.fds), 0);
	return fixture;
}

void fixture_open(struct layer_fixture *fixture, bool writable, enum whiteout_dialect dialect)
{
	const struct layer_options options = {
		.writable = writable,
		.dialect = dialect,
		.ownership = &fixture->ownership,
		.fds = fixture->fds,
	};
	struct problem problem = { "" };
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/root", fixture->scratch.path);
	cr_assert_eq(layer_open(path, &options, &fixture->layer, &problem), 0, "%s", problem.text);
}

void fixture_remove(struct layer_fixture *fixture)
{
	layer_close(fixture->layer);
	cr_assert_eq(fd_cache_count(fixture->fds), 0);
	fd_cache_destroy(fixture->fds);
	(void)close(fixture->root);
	(void)close(fixture->work);
	scratch_remove(&fixture->scratch);
}

struct layer_dir *fixture_child(struct layer_fixture *fixture, const char *name)
{
	struct layer_dir *dir = layer_dir_new(fixture->layer->root, name);

	cr_assert_not_null(dir);
	return dir;
}
