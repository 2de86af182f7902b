/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/union_fixture.h"

#include "union/look/resolve.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

void union_fixture_make(struct union_fixture *fixture)
{
	static const char *const names[] = { "upper", "a", "b", "work" };

	*fixture = (struct union_fixture){ .scratch = scratch_make() };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		scratch_dir(&fixture->scratch, names[i]);
		(void)snprintf(fixture->paths[i], sizeof(fixture->paths[i]), "%s/%s",
			       fixture->scratch.path, names[i]);
	}
	fixture->lowers[0] = fixture->paths[1];
	fixture->lowers[1] = fixture->paths[2];
	fixture->options = (struct union_options){
		.lowers = fixture->lowers,
		.lower_count = 2,
		.upper = fixture->paths[0],
	};
}

static void close_union(struct union_fixture *fixture)
{
	union_close(fixture->fs);
	fixture->fs = NULL;
}

void union_fixture_remove(struct union_fixture *fixture)
{
	close_union(fixture);
	scratch_remove(&fixture->scratch);
}

static void open_union(struct union_fixture *fixture, bool only_look)
{
	struct problem problem = { "" };

	close_union(fixture);
	fixture->options.only_look = only_look;
	cr_assert_eq(union_open(&fixture->options, &fixture->fs, &problem, &problem), 0, "%s",
		     problem.text);
}

void union_fixture_write(struct union_fixture *fixture)
{
	open_union(fixture, false);
}

void union_fixture_look(struct union_fixture *fixture)
{
	open_union(fixture, true);
}

struct union_entry union_fixture_find(struct union_fixture *fixture, const char *path)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_entry entry;
	int error = resolve_path(fixture->fs, path, false, &entry, &found);

	cr_assert_eq(error, 0, "%s: %s", path, strerror(-error));
	return entry;
}

void union_fixture_append(struct union_fixture *fixture, const char *path, const char *text)
{
	struct union_entry entry = union_fixture_find(fixture, path);

	cr_assert_eq(union_write(fixture->fs, entry.inode, text, strlen(text),
				 entry.attributes.size, false),
		     (ssize_t)strlen(text));
	union_forget(fixture->fs, entry.inode, 1);
}

void union_fixture_rename(struct union_fixture *fixture, const char *from, const char *to)
{
	struct inode *root = union_root(fixture->fs);

	cr_assert_eq(union_rename(fixture->fs, root, from, root, to, 0), 0, "%s", from);
}

void union_fixture_unlink(struct union_fixture *fixture, const char *name)
{
	cr_assert_eq(union_unlink(fixture->fs, union_root(fixture->fs), name), 0, "%s", name);
}
