/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a union wrote itself: redirects, origins, the index. tests/model/inspect has the whiteouts of every dialect. */
#include "union/look/provenance.h"

#include "unit/union_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct union_fixture fixture;
static struct provenance *told;

static void set_up(void)
{
	union_fixture_make(&fixture);
	scratch_file(&fixture.scratch, "a/file", "above");
	scratch_file(&fixture.scratch, "b/file", "below");
	scratch_dir(&fixture.scratch, "b/dir");
	scratch_file(&fixture.scratch, "b/dir/inside", "inside");
	scratch_file(&fixture.scratch, "b/one", "linked");
	cr_assert_eq(linkat(fixture.scratch.fd, "b/one", fixture.scratch.fd, "b/two", 0), 0);
	told = NULL;
}

static void tear_down(void)
{
	provenance_free(told);
	union_fixture_remove(&fixture);
}

TestSuite(provenance, .init = set_up, .fini = tear_down, .timeout = 300);

static void tell(const char *path)
{
	provenance_free(told);
	told = NULL;
	cr_assert_eq(provenance_of_path(fixture.fs, path, &told), 0, "%s", path);
}

/* Path is below the scratch directory. */
static void check_real(const char *real, const char *path)
{
	char expected[600];

	(void)snprintf(expected, sizeof(expected), "%s/%s", fixture.scratch.path, path);
	cr_assert_str_eq(real, expected);
}

static void check_place(size_t index, unsigned layer, const char *path,
			enum provenance_hiding hiding)
{
	cr_assert_lt(index, told->count);
	cr_assert_eq(told->places[index].layer, layer);
	cr_assert_str_eq(told->places[index].path, path);
	cr_assert_eq(told->places[index].hiding, hiding);
}

Test(provenance, of_what_is_in_lower_layers)
{
	union_fixture_look(&fixture);
	tell("/file");
	cr_assert_eq(told->count, 2);
	check_place(0, 1, "/file", PROVENANCE_SEEN);
	check_place(1, 2, "/file", PROVENANCE_COVERED);
	cr_assert_eq(told->places[1].hider, 1);
	cr_assert_str_eq(told->places[1].hider_path, "/file");
	cr_assert_eq(told->shown, &told->places[0]);
	check_real(told->real_path, "a/file");
	cr_assert_not(told->copied_up);
}

Test(provenance, of_what_is_not_there)
{
	union_fixture_look(&fixture);
	tell("/absent/below");
	cr_assert_eq(told->count, 0);
	cr_assert_null(told->shown);
	cr_assert_eq(provenance_of_path(fixture.fs, "/dir/../file", &told), -EINVAL);
	cr_assert_eq(provenance_of_path(fixture.fs, "/.wh.file", &told), -EINVAL);
}

Test(provenance, of_the_root)
{
	union_fixture_look(&fixture);
	tell("/");
	cr_assert_eq(told->count, 3);
	check_real(told->real_path, "upper");
}

/* The same while somebody else writes, and from that union itself. */
Test(provenance, of_a_copy)
{
	struct union_fs *writing = NULL;

	union_fixture_write(&fixture);
	union_fixture_append(&fixture, "file", "!");
	for (int i = 0; i < 2; i++) {
		tell("/file");
		cr_assert_eq(told->count, 3);
		check_real(told->real_path, "upper/file");
		cr_assert(told->copied_up);
		cr_assert_eq(told->origin_layer, 1);
		check_real(told->origin_path, "a/file");
		if (i > 0)
			break;
		writing = fixture.fs;
		fixture.fs = NULL;
		union_fixture_look(&fixture);
	}
	union_close(writing);
}

Test(provenance, of_a_copy_that_was_moved)
{
	union_fixture_write(&fixture);
	union_fixture_rename(&fixture, "file", "moved");
	union_fixture_look(&fixture);
	tell("/moved");
	cr_assert(told->copied_up);
	cr_assert_eq(told->origin_layer, 1);
	cr_assert_eq(told->origin_inode, scratch_stat(&fixture.scratch, "a/file").st_ino);
	cr_assert_null(told->origin_path);
	tell("/file");
	cr_assert_null(told->shown);
	check_place(0, 0, "/.wh.file", PROVENANCE_SEEN);
	check_place(1, 1, "/file", PROVENANCE_WHITED_OUT);
	check_place(2, 2, "/file", PROVENANCE_WHITED_OUT);
	cr_assert_str_eq(told->places[2].hider_path, "/.wh.file");
}

Test(provenance, through_a_redirect)
{
	struct union_entry moved;

	scratch_dir(&fixture.scratch, "a/moved");
	scratch_file(&fixture.scratch, "a/moved/inside", "no part of it");
	scratch_dir(&fixture.scratch, "a/moved/deep");
	union_fixture_write(&fixture);
	moved = union_fixture_find(&fixture, "moved");
	cr_assert_eq(union_unlink(fixture.fs, moved.inode, "inside"), 0);
	cr_assert_eq(union_rmdir(fixture.fs, moved.inode, "deep"), 0);
	union_forget(fixture.fs, moved.inode, 1);
	cr_assert_eq(union_rmdir(fixture.fs, union_root(fixture.fs), "moved"), 0);
	union_fixture_rename(&fixture, "dir", "moved");
	union_fixture_look(&fixture);
	tell("/moved");
	cr_assert_eq(told->count, 3);
	check_place(0, 0, "/moved", PROVENANCE_SEEN);
	cr_assert_str_eq(told->places[0].redirect, "/dir");
	check_place(1, 1, "/moved", PROVENANCE_REDIRECTED);
	check_place(2, 2, "/dir", PROVENANCE_SEEN);
	cr_assert(told->places[2].redirected);
	tell("/moved/inside");
	check_place(0, 1, "/moved/inside", PROVENANCE_REDIRECTED);
	cr_assert_str_eq(told->places[0].hider_path, "/moved");
	check_place(1, 2, "/dir/inside", PROVENANCE_SEEN);
	check_real(told->real_path, "b/dir/inside");
	tell("/moved/deep");
	cr_assert_null(told->shown);
	tell("/dir/inside");
	cr_assert_null(told->shown);
}

static void check_linked(const char *index)
{
	char name[64], path[128];
	struct provenance *other;

	union_fixture_look(&fixture);
	tell("/two");
	cr_assert_eq(told->layer, 0);
	cr_assert(told->by_index);
	cr_assert_eq(told->count, 1);
	check_place(0, 2, "/two", PROVENANCE_SEEN);
	cr_assert(told->copied_up);
	cr_assert_eq(told->origin_layer, 2);
	check_real(told->origin_path, "b/two");
	(void)snprintf(name, sizeof(name), "%s", strrchr(told->real_path, '/') + 1);
	(void)snprintf(path, sizeof(path), "%s/%s", index, name);
	check_real(told->real_path, path);
	cr_assert_eq(scratch_stat(&fixture.scratch, path).st_ino,
		     scratch_stat(&fixture.scratch, "upper/one").st_ino);
	cr_assert_eq(provenance_of_path(fixture.fs, "/one", &other), 0);
	check_real(other->real_path, "upper/one");
	check_real(other->origin_path, "b/one");
	provenance_free(other);
}

Test(provenance, through_the_index)
{
	union_fixture_write(&fixture);
	union_fixture_append(&fixture, "one", "!");
	check_linked("upper/.wh..wh.cowfs/index");
}

Test(provenance, with_the_index_elsewhere)
{
	fixture.options.workdir = fixture.paths[3];
	fixture.options.redirect = REDIRECT_COPY;
	union_fixture_write(&fixture);
	union_fixture_append(&fixture, "one", "!");
	union_fixture_append(&fixture, "file", "!");
	check_linked("work/index");
	cr_assert_not(scratch_exists(&fixture.scratch, "upper/.wh..wh.cowfs"));
	tell("/file");
	check_real(told->origin_path, "a/file");
}
