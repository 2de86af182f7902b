/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking what honest programs write. */
#include "unit/tar_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct tar_fixture fixture;

static void set_up(void)
{
	fixture = tar_fixture_make();
}

static void tear_down(void)
{
	tar_fixture_remove(&fixture);
}

TestSuite(apply, .init = set_up, .fini = tear_down, .timeout = 300);

static struct stat status_of(const char *path)
{
	return scratch_stat(&fixture.scratch, path);
}

static bool exists(const char *path)
{
	return scratch_exists(&fixture.scratch, path);
}

static void check_content(const char *path, const char *content)
{
	char text[256] = "", absolute[512];
	FILE *file;

	(void)snprintf(absolute, sizeof(absolute), "%s/%s", fixture.scratch.path, path);
	file = fopen(absolute, "re");
	cr_assert(file);
	(void)!fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	cr_assert_str_eq(text, content);
}

static void check_applies(void)
{
	int error = tar_fixture_apply(&fixture);

	cr_assert_eq(error, 0, "%s", fixture.problem.text);
}

/* -- what is kept -- */

Test(apply, file)
{
	put(&fixture, .name = "file", .mode = 0640, .content = "content");
	check_applies();
	check_content("root/file", "content");
	cr_assert_eq(status_of("root/file").st_mode, S_IFREG | 0640);
	cr_assert_eq(status_of("root/file").st_mtime, 1000000000);
	cr_assert_eq(fixture.result.archive.entries, 1);
	cr_assert_eq(fixture.result.archive.tar_bytes, 2048);
	cr_assert_eq(fixture.result.data_bytes, 7);
	cr_assert_str_eq(fixture.warning.text, "");
}

Test(apply, digest_of_an_empty_layer)
{
	check_applies();
	/* As everybody knows it, from 1024 zeros. */
	cr_assert_str_eq(fixture.result.archive.diff_id,
			 "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
	cr_assert_str_eq(fixture.result.archive.digest, fixture.result.archive.diff_id);
}

Test(apply, directory_has_its_attributes_in_the_end)
{
	put(&fixture, .name = "dir/", .type = '5', .mode = 0555, .mtime = 5);
	put(&fixture, .name = "dir/file");
	check_applies();
	cr_assert_eq(status_of("root/dir").st_mode, S_IFDIR | 0555);
	cr_assert_eq(status_of("root/dir").st_mtime, 5);
}

Test(apply, missing_directories_are_made)
{
	put(&fixture, .name = "a/b/file", .mtime = 7);
	check_applies();
	cr_assert_eq(status_of("root/a").st_mode, S_IFDIR | 0755);
	cr_assert_eq(status_of("root/a/b").st_mtime, 7);
}

Test(apply, directory_named_after_its_content)
{
	put(&fixture, .name = "a/file");
	put(&fixture, .name = "a", .type = '5', .mode = 0711);
	check_applies();
	cr_assert_eq(status_of("root/a").st_mode, S_IFDIR | 0711);
	cr_assert(exists("root/a/file"));
}

Test(apply, root_takes_attributes)
{
	put(&fixture, .name = "./", .type = '5', .mode = 0711, .mtime = 9);
	put(&fixture, .name = "./file");
	check_applies();
	cr_assert_eq(status_of("root").st_mode, S_IFDIR | 0711);
	cr_assert_eq(status_of("root").st_mtime, 9);
}

Test(apply, nanoseconds)
{
	const char *time = "1234567890.123456789";

	tar_put_pax(&fixture.tar, "mtime", time, strlen(time));
	put(&fixture, .name = "file");
	check_applies();
	cr_assert_eq(status_of("root/file").st_mtim.tv_sec, 1234567890);
	cr_assert_eq(status_of("root/file").st_mtim.tv_nsec, 123456789);
}

Test(apply, hard_links)
{
	put(&fixture, .name = "a", .content = "content");
	put(&fixture, .name = "dir/b", .type = '1', .link = "a");
	put(&fixture, .name = "c", .type = '1', .link = "./dir/b");
	check_applies();
	cr_assert_eq(status_of("root/c").st_nlink, 3);
	cr_assert_eq(status_of("root/c").st_ino, status_of("root/a").st_ino);
}

Test(apply, hard_link_to_a_symbolic_link)
{
	put(&fixture, .name = "link", .type = '2', .link = "../outside");
	put(&fixture, .name = "hard", .type = '1', .link = "link");
	check_applies();
	cr_assert(S_ISLNK(status_of("root/hard").st_mode));
	cr_assert_eq(status_of("root/hard").st_ino, status_of("root/link").st_ino);
}

Test(apply, hard_link_to_itself)
{
	put(&fixture, .name = "a", .content = "content");
	put(&fixture, .name = "a", .type = '1', .link = "a");
	check_applies();
	check_content("root/a", "content");
}

Test(apply, special_files)
{
	need_root(&fixture.scratch);
	put(&fixture, .name = "fifo", .type = '6');
	put(&fixture, .name = "null", .type = '3', .major = 1, .minor = 3);
	put(&fixture, .name = "disk", .type = '4', .major = 8, .minor = 300);
	check_applies();
	cr_assert(S_ISFIFO(status_of("root/fifo").st_mode));
	cr_assert_eq(status_of("root/null").st_rdev, makedev(1, 3));
	cr_assert(S_ISBLK(status_of("root/disk").st_mode));
	cr_assert_eq(status_of("root/disk").st_rdev, makedev(8, 300));
}

Test(apply, owner_and_setuid)
{
	need_root(&fixture.scratch);
	put(&fixture, .name = "file", .mode = 06755, .uid = 123, .gid = 456);
	put(&fixture, .name = "link", .type = '2', .link = "x", .uid = 7);
	put(&fixture, .name = "dir", .type = '5', .mode = 02755, .gid = 8);
	check_applies();
	cr_assert_eq(status_of("root/file").st_uid, 123);
	cr_assert_eq(status_of("root/file").st_gid, 456);
	cr_assert_eq(status_of("root/file").st_mode & 07777, 06755);
	cr_assert_eq(status_of("root/link").st_uid, 7);
	cr_assert_eq(status_of("root/dir").st_mode & 07777, 02755);
}

Test(apply, attributes)
{
	put(&fixture, .name = "read-only", .mode = 0400);
	tar_put_pax(&fixture.tar, "SCHILY.xattr.user.a", "one\0two", 7);
	put(&fixture, .name = "file", .mode = 0444);
	tar_put_pax(&fixture.tar, "SCHILY.xattr.user.b", "", 0);
	put(&fixture, .name = "dir", .type = '5', .mode = 0555);
	check_applies();
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir", "user.b", ""));
	cr_assert_eq(status_of("root/file").st_mode & 07777, 0444);
	cr_assert_eq(fixture.result.left_out, 0, "%s", fixture.warning.text);
}

Test(apply, names_are_bytes)
{
	/* Decomposed, not UTF-8, and UTF-16 dressed up as UTF-8: libarchive has an opinion on each. */
	static const char *const names[] = { "e\xcc\x81", "\xc3\xa9", "a\xff",
					     "\xed\xa0\xbd\xed\xb8\x80" };
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tar_put_pax(&fixture.tar, "path", names[i], strlen(names[i]));
		put(&fixture, .name = "short");
	}
	check_applies();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "root/%s", names[i]);
		cr_assert(exists(path), "%zu", i);
	}
	cr_assert_not(exists("root/short"));
}

Test(apply, longest_name)
{
	char name[NAME_MAX + 1], path[300];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	(void)snprintf(path, sizeof(path), "root/%s", name);
	put(&fixture, .name = name);
	check_applies();
	cr_assert(exists(path));
}

Test(apply, deeper_than_any_path)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	for (int i = 0; i < 3000; i++)
		cr_assert_eq(buffer_append_string(&path, "dir/"), 0);
	cr_assert_eq(buffer_append_string(&path, "file"), 0);
	put(&fixture, .name = path.data, .content = "x");
	check_applies();
	cr_assert_eq(fixture.result.data_bytes, 1);
}

/* -- what stands there already -- */

Test(apply, later_entries_replace_earlier_ones)
{
	put(&fixture, .name = "a", .content = "first");
	put(&fixture, .name = "a", .content = "2nd");
	put(&fixture, .name = "dir/file");
	put(&fixture, .name = "dir", .content = "a file now");
	put(&fixture, .name = "b", .type = '2', .link = "../outside");
	put(&fixture, .name = "b", .content = "no link");
	put(&fixture, .name = "c");
	put(&fixture, .name = "c", .type = '5');
	put(&fixture, .name = "d", .content = "before");
	put(&fixture, .name = "d", .type = '1', .link = "a");
	check_applies();
	check_content("root/a", "2nd");
	check_content("root/dir", "a file now");
	check_content("root/b", "no link");
	cr_assert(S_ISREG(status_of("root/b").st_mode));
	cr_assert(S_ISDIR(status_of("root/c").st_mode));
	check_content("root/d", "2nd");
}

Test(apply, replaced_links_leave_each_other_alone)
{
	put(&fixture, .name = "a", .content = "first");
	put(&fixture, .name = "b", .type = '1', .link = "a");
	put(&fixture, .name = "a", .content = "second");
	check_applies();
	check_content("root/b", "first");
}

Test(apply, a_link_over_a_directory_is_not_gone_through)
{
	put(&fixture, .name = "dir", .type = '5', .mode = 0700);
	put(&fixture, .name = "dir/file");
	put(&fixture, .name = "dir", .type = '2', .link = "other");
	put(&fixture, .name = "other", .type = '5', .mode = 0711);
	put(&fixture, .name = "dir/file", .content = "through the link");
	check_applies();
	check_content("root/other/file", "through the link");
	cr_assert_eq(status_of("root/other").st_mode & 07777, 0711);
}

Test(apply, parents_may_be_links)
{
	put(&fixture, .name = "lib", .type = '2', .link = "usr/lib");
	put(&fixture, .name = "lib/made", .content = "in usr/lib");
	put(&fixture, .name = "usr/bin", .type = '2', .link = "/bin");
	put(&fixture, .name = "usr/bin/sh", .content = "in bin");
	put(&fixture, .name = "up", .type = '2', .link = "usr/../../../../lib/./");
	put(&fixture, .name = "up/there", .content = "in usr/lib, too");
	check_applies();
	check_content("root/usr/lib/made", "in usr/lib");
	check_content("root/bin/sh", "in bin");
	check_content("root/usr/lib/there", "in usr/lib, too");
}

/* -- whiteouts -- */

Test(apply, whiteouts_for_aufs)
{
	put(&fixture, .name = "dir/.wh.gone");
	put(&fixture, .name = "opaque/.wh..wh..opq");
	put(&fixture, .name = "opaque/file");
	check_applies();
	cr_assert(exists("root/dir/.wh.gone"));
	cr_assert(exists("root/opaque/.wh..wh..opq"));
	cr_assert(exists("root/opaque/file"));
}

Test(apply, whiteouts_for_overlay)
{
	need_root(&fixture.scratch);
	fixture.options.dialect = WHITEOUT_OVERLAY;
	put(&fixture, .name = "dir/.wh.gone");
	put(&fixture, .name = "opaque/.wh..wh..opq");
	check_applies();
	cr_assert(S_ISCHR(status_of("root/dir/gone").st_mode));
	cr_assert_eq(status_of("root/dir/gone").st_rdev, 0);
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/opaque", "trusted.overlay.opaque", "y"));
}

Test(apply, device_of_no_number_is_a_whiteout)
{
	put(&fixture, .name = "gone", .type = '3');
	check_applies();
	cr_assert(exists("root/.wh.gone"));
	cr_assert_not(exists("root/gone"));
}

/* A whiteout is about the layers below, whatever the order. */
static void check_whiteouts_beside_names(void)
{
	put(&fixture, .name = "a");
	put(&fixture, .name = ".wh.a");
	put(&fixture, .name = ".wh.b");
	put(&fixture, .name = "b");
	put(&fixture, .name = "c/file");
	put(&fixture, .name = ".wh.c");
	put(&fixture, .name = ".wh.d");
	put(&fixture, .name = "d/file");
	check_applies();
	cr_assert(S_ISREG(status_of("root/a").st_mode));
	cr_assert(S_ISREG(status_of("root/b").st_mode));
	cr_assert(exists("root/c/file"));
	cr_assert(exists("root/d/file"));
	cr_assert_not(exists("root/.wh.b"));
}

Test(apply, whiteouts_beside_names_for_aufs)
{
	check_whiteouts_beside_names();
	cr_assert(exists("root/c/.wh..wh..opq"));
	cr_assert(exists("root/d/.wh..wh..opq"));
}

Test(apply, whiteouts_beside_names_for_overlay)
{
	need_root(&fixture.scratch);
	fixture.options.dialect = WHITEOUT_OVERLAY;
	check_whiteouts_beside_names();
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/c", "trusted.overlay.opaque", "y"));
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/d", "trusted.overlay.opaque", "y"));
}

Test(apply, whiteout_of_the_longest_name)
{
	char name[NAME_MAX + 1], member[300], path[300];

	need_root(&fixture.scratch);
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	(void)snprintf(member, sizeof(member), ".wh.%s", name);
	(void)snprintf(path, sizeof(path), "root/%s", name);
	put(&fixture, .name = member);
	check_applies();
	cr_assert(S_ISCHR(status_of(path).st_mode));
}

Test(apply, reserved_names_are_skipped)
{
	put(&fixture, .name = ".wh..wh.cowfs/", .type = '5');
	put(&fixture, .name = ".wh..wh.cowfs/index/1-2");
	put(&fixture, .name = "dir/.wh..wh.plnk/1.2");
	put(&fixture, .name = ".wh..wh.aufs");
	check_applies();
	cr_assert_not(exists("root/.wh..wh.cowfs"));
	cr_assert_not(exists("root/dir"));
	cr_assert_eq(fixture.result.skipped, 4);
}

/* -- a changeset -- */

Test(apply, changeset)
{
	fixture.options.changeset = true;
	scratch_file(&fixture.scratch, "root/old", "old");
	scratch_file(&fixture.scratch, "root/gone", "old");
	scratch_dir(&fixture.scratch, "root/dir");
	scratch_file(&fixture.scratch, "root/dir/old", "old");
	scratch_dir(&fixture.scratch, "root/dir/sub");
	scratch_file(&fixture.scratch, "root/dir/sub/old", "old");
	scratch_dir(&fixture.scratch, "root/tree");
	scratch_file(&fixture.scratch, "root/tree/old", "old");
	put(&fixture, .name = "dir/new");
	put(&fixture, .name = "dir/sub", .type = '5', .mode = 0700);
	put(&fixture, .name = "dir/sub/new");
	put(&fixture, .name = "dir/.wh..wh..opq");
	put(&fixture, .name = ".wh.gone");
	put(&fixture, .name = ".wh.tree");
	put(&fixture, .name = ".wh.never");
	put(&fixture, .name = "new", .content = "new");
	put(&fixture, .name = ".wh.new");
	check_applies();
	check_content("root/old", "old");
	check_content("root/new", "new");
	cr_assert(exists("root/dir/new"));
	cr_assert(exists("root/dir/sub/new"));
	cr_assert_not(exists("root/dir/old"));
	cr_assert_not(exists("root/dir/sub/old"));
	cr_assert_not(exists("root/dir/.wh..wh..opq"));
	cr_assert_not(exists("root/gone"));
	cr_assert_not(exists("root/.wh.gone"));
	cr_assert_not(exists("root/tree"));
	cr_assert_eq(status_of("root/dir/sub").st_mode & 07777, 0700);
}

/* -- owners -- */

Test(apply, owners_in_attributes)
{
	const struct ownership ownership = { .xattr_permissions = XATTR_PERMISSIONS_USER };

	become_ordinary(&fixture.scratch);
	fixture.options.ownership = &ownership;
	put(&fixture, .name = "dir", .type = '5', .mode = 0555, .uid = 1, .gid = 2);
	put(&fixture, .name = "dir/file", .mode = 04755, .uid = 3, .gid = 4);
	put(&fixture, .name = "dir/null", .type = '3', .mode = 0666, .major = 1, .minor = 3);
	put(&fixture, .name = "dir/fifo", .type = '6', .mode = 0600);
	put(&fixture, .name = "dir/link", .type = '2', .link = "file", .uid = 5);
	check_applies();
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir", "user.containers.override_stat",
				   "1:2:0555:dir"));
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir/file",
				   "user.containers.override_stat", "3:4:4755:file"));
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir/null",
				   "user.containers.override_stat", "0:0:0666:char-1-3"));
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir/fifo",
				   "user.containers.override_stat", "0:0:0600:pipe"));
	cr_assert(S_ISLNK(status_of("root/dir/link").st_mode));
}

Test(apply, one_owner_for_all)
{
	const struct ownership ownership = {
		.squash_users = true,
		.squash_groups = true,
		.squashed_uid = getuid(),
		.squashed_gid = getgid(),
	};

	fixture.options.ownership = &ownership;
	put(&fixture, .name = "other", .mode = 06755, .uid = 77, .gid = 78);
	put(&fixture, .name = "own", .mode = 06755, .uid = getuid(), .gid = getgid());
	put(&fixture, .name = "dir", .type = '5', .mode = 02755, .gid = 78);
	check_applies();
	cr_assert_eq(status_of("root/other").st_mode & 07777, 0755, "runs as nobody else");
	cr_assert_eq(status_of("root/own").st_mode & 07777, 06755);
	cr_assert_eq(status_of("root/dir").st_mode & 07777, 02755);
}

Test(apply, ordinary_users_leave_devices_out)
{
	const struct ownership ownership = { .squash_users = true, .squash_groups = true };

	become_ordinary(&fixture.scratch);
	fixture.options.ownership = &ownership;
	put(&fixture, .name = "null", .type = '3', .major = 1, .minor = 3);
	tar_put_pax(&fixture.tar, "SCHILY.xattr.trusted.a", "x", 1);
	put(&fixture, .name = "file");
	check_applies();
	cr_assert_not(exists("root/null"));
	cr_assert(exists("root/file"));
	cr_assert_eq(fixture.result.left_out, 2);
	cr_assert(strstr(fixture.warning.text, "null"));
}

Test(apply, ordinary_users_cannot_give_away)
{
	become_ordinary(&fixture.scratch);
	if (getuid() == 0)
		skip_test(&fixture.scratch, "needs another user");
	put(&fixture, .name = "file", .uid = 77);
	cr_assert_eq(tar_fixture_apply(&fixture), -EPERM);
	cr_assert(strstr(fixture.problem.text, "its owner 77:0"), "%s", fixture.problem.text);
}
