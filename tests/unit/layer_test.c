/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/layer.h"
#include "layer/override_stat.h"
#include "unit/layer_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct layer_fixture fixture;

static void set_up(void)
{
	fixture = fixture_make();
	scratch_file(&fixture.scratch, "root/file", "content");
	scratch_dir(&fixture.scratch, "root/dir");
	scratch_symlink(&fixture.scratch, "root/link", "file");
}

static void tear_down(void)
{
	fixture_remove(&fixture);
}

TestSuite(layer, .init = set_up, .fini = tear_down, .timeout = 300);

/* -- opening -- */

static int try_open(const char *name, bool writable, struct problem *problem)
{
	const struct layer_options options = {
		.writable = writable,
		.ownership = &fixture.ownership,
		.fds = fixture.fds,
	};
	struct layer *layer;
	char path[512];
	int error;

	(void)snprintf(path, sizeof(path), "%s/%s", fixture.scratch.path, name);
	error = layer_open(path, &options, &layer, problem);
	if (!error)
		layer_close(layer);
	return error;
}

Test(layer, says_why_it_cannot_be_opened)
{
	struct problem problem = { "" };
	size_t before = count_descriptors();

	cr_assert_eq(try_open("absent", false, &problem), -ENOENT);
	cr_assert_not_null(strstr(problem.text, "absent"));
	cr_assert_eq(try_open("root/file", false, &problem), -ENOTDIR);
	cr_assert_eq(try_open("absent", true, NULL), -ENOENT);
	cr_assert_eq(count_descriptors(), before);
}

Test(layer, an_upper_must_be_writable)
{
	struct problem problem = { "" };

	become_ordinary(&fixture.scratch);
	cr_assert_eq(fchmodat(fixture.scratch.fd, "root", 0555, 0), 0);
	cr_assert_eq(try_open("root", true, &problem), -EACCES);
	cr_assert_not_null(strstr(problem.text, "written"));
	cr_assert_eq(try_open("root", false, &problem), 0);
	cr_assert_eq(fchmodat(fixture.scratch.fd, "root", 0755, 0), 0);
}

Test(layer, leaves_no_trace)
{
	struct stat before = scratch_stat(&fixture.scratch, "root");

	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root").st_mtim.tv_nsec,
		     before.st_mtim.tv_nsec);
	layer_close(fixture.layer);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_not(scratch_exists(&fixture.scratch, "root/.wh..wh.cowfs-probe"));
}

Test(layer, probes_without_unnamed_files)
{
	/* O_TMPFILE in an openat2(2) cannot be seen by the filter, in an openat(2) it can. */
	deny_call(SYS_openat2, ENOSYS);
	deny_call_with(SYS_openat, 2, O_TMPFILE, O_TMPFILE, EOPNOTSUPP);
	scratch_file(&fixture.scratch, "root/.wh..wh.cowfs-probe", "left by a crash");
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_not(scratch_exists(&fixture.scratch, "root/.wh..wh.cowfs-probe"));
}

Test(layer, has_the_same_identity_at_every_opening)
{
	uint64_t id;

	fixture_open(&fixture, false, WHITEOUT_AUFS);
	id = fixture.layer->id;
	cr_assert_eq(fixture.layer->root_inode, scratch_stat(&fixture.scratch, "root").st_ino);
	cr_assert_eq(fixture.layer->device, scratch_stat(&fixture.scratch, "root").st_dev);
	layer_close(fixture.layer);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(fixture.layer->id, id);
}

Test(layer, sees_its_state_only_in_a_directory)
{
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_not(fixture.layer->has_state);
	layer_close(fixture.layer);
	scratch_symlink(&fixture.scratch, "root/" STATE_DIRECTORY, "dir");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_not(fixture.layer->has_state);
	layer_close(fixture.layer);
	cr_assert_eq(unlinkat(fixture.root, STATE_DIRECTORY, 0), 0);
	scratch_dir(&fixture.scratch, "root/" STATE_DIRECTORY);
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert(fixture.layer->has_state);
}

Test(layer, chooses_the_attribute_namespace_by_privilege)
{
	need_root(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(fixture.layer->xattr_namespace, XATTR_NAMESPACE_TRUSTED);
	layer_close(fixture.layer);
	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(fixture.layer->xattr_namespace, XATTR_NAMESPACE_USER);
	layer_close(fixture.layer);
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_eq(fixture.layer->xattr_namespace, XATTR_NAMESPACE_USER);
}

static void without_xattrs(void)
{
	for (int number = SYS_setxattr; number <= SYS_fremovexattr; number++)
		deny_call(number, ENOTSUP);
	for (int number = 463; number <= 466; number++)
		deny_call(number, ENOTSUP);
}

Test(layer, does_without_attributes)
{
	char value[8];

	without_xattrs();
	for (int writable = 0; writable <= 1; writable++) {
		fixture_open(&fixture, writable, WHITEOUT_AUFS);
		cr_assert_eq(fixture.layer->xattr_namespace, XATTR_NAMESPACE_NONE);
		cr_assert_eq(layer_get_control(fixture.layer, fixture.root, "file", CONTROL_ORIGIN,
					       value, sizeof(value)),
			     -ENODATA);
		cr_assert_eq(
			layer_set_control(fixture.layer, fixture.root, "file", CONTROL_ORIGIN, "x"),
			-ENOTSUP);
		cr_assert_eq(
			layer_remove_control(fixture.layer, fixture.root, "file", CONTROL_ORIGIN),
			0);
		if (!writable)
			layer_close(fixture.layer);
	}
}

/* -- our own attributes -- */

static ssize_t get(const char *name, char *value, size_t size)
{
	return layer_get_control(fixture.layer, fixture.root, name, CONTROL_ORIGIN, value, size);
}

Test(layer, keeps_control_attributes)
{
	char value[16];
	int dir = scratch_open(&fixture.scratch, "root/dir");

	fixture_open(&fixture, true, WHITEOUT_AUFS);
	if (fixture.layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		skip_test(&fixture.scratch, "no attributes here");
	cr_assert_eq(get("file", value, sizeof(value)), -ENODATA);
	cr_assert_eq(layer_set_control(fixture.layer, fixture.root, "file", CONTROL_ORIGIN, "1:2"),
		     0);
	cr_assert_eq(get("file", value, sizeof(value)), 3);
	cr_assert_str_eq(value, "1:2");
	cr_assert_eq(get("file", value, 4), 3);
	cr_assert_eq(get("file", value, 3), -ERANGE);
	cr_assert_eq(get("file", value, 1), -ERANGE);
	cr_assert_eq(get("file", value, 0), -ERANGE);
	cr_assert_eq(layer_set_control(fixture.layer, dir, NULL, CONTROL_ORIGIN, "3"), 0);
	cr_assert_eq(layer_get_control(fixture.layer, dir, NULL, CONTROL_ORIGIN, value, 16), 1);
	cr_assert_eq(get("dir", value, sizeof(value)), 1);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(
			layer_remove_control(fixture.layer, fixture.root, "file", CONTROL_ORIGIN),
			0);
	cr_assert_eq(get("file", value, sizeof(value)), -ENODATA);
	cr_assert_eq(get("absent", value, sizeof(value)), -ENOENT);
	cr_assert_eq(get("../root", value, sizeof(value)), -EINVAL);
	(void)close(dir);
}

Test(layer, ignores_a_control_attribute_with_a_zero_byte)
{
	char path[512], value[16];

	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	if (fixture.layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		skip_test(&fixture.scratch, "no attributes here");
	(void)snprintf(path, sizeof(path), "%s/root/file", fixture.scratch.path);
	cr_assert_eq(setxattr(path, "user.cowfs.origin", "a\0b", 3, 0), 0);
	cr_assert_eq(get("file", value, sizeof(value)), -ENODATA);
}

Test(layer, tells_where_user_attributes_cannot_be)
{
	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(layer_set_control(fixture.layer, fixture.root, "link", CONTROL_ORIGIN, "x"),
		     -ENOTSUP);
	cr_assert_eq(layer_remove_control(fixture.layer, fixture.root, "link", CONTROL_ORIGIN), 0);
}

Test(layer, a_privileged_reader_understands_an_unprivileged_writer)
{
	char value[16];

	need_root(&fixture.scratch);
	scratch_xattr(&fixture.scratch, "root/file", "user.cowfs.origin", "5");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_eq(get("file", value, sizeof(value)), 1);
	cr_assert_str_eq(value, "5");
	/* An upper is ours: what a process in the container of long ago put there does not count. */
	layer_close(fixture.layer);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(get("file", value, sizeof(value)), -ENODATA);
}

/* -- attributes -- */

Test(layer, stat_does_not_follow)
{
	struct attributes attributes;

	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "link", &attributes), 0);
	cr_assert(S_ISLNK(attributes.mode));
	cr_assert_eq(attributes.size, 4);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "file", &attributes), 0);
	cr_assert_eq(attributes.size, 7);
	cr_assert_eq(attributes.links, 1);
	cr_assert_eq(attributes.inode, scratch_stat(&fixture.scratch, "root/file").st_ino);
	cr_assert_eq(attributes.device, fixture.layer->device);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, NULL, &attributes), 0);
	cr_assert_eq(attributes.inode, fixture.layer->root_inode);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "absent", &attributes), -ENOENT);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "..", &attributes), -EINVAL);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "", &attributes), -EINVAL);
}

Test(layer, stat_maps_owners)
{
	struct attributes attributes;

	need_root(&fixture.scratch);
	cr_assert_eq(id_map_parse("0:500:1", &fixture.ownership.users, NULL), 0);
	cr_assert_eq(fchownat(fixture.root, "file", 0, 9, 0), 0);
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "file", &attributes), 0);
	cr_assert_eq(attributes.uid, 500);
	cr_assert_eq(attributes.gid, 9);
	cr_assert_eq(layer_stat_raw(fixture.root, "file", &attributes), 0);
	cr_assert_eq(attributes.uid, 0);
	ownership_free(&fixture.ownership);
}

Test(layer, stat_applies_overrides_then_the_map)
{
	struct attributes attributes;

	fixture.ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
	cr_assert_eq(id_map_parse("7:500:1", &fixture.ownership.users, NULL), 0);
	scratch_xattr(&fixture.scratch, "root/file", OVERRIDE_STAT_USER, "7:8:0600:char-1-3");
	scratch_xattr(&fixture.scratch, "root/dir", OVERRIDE_STAT_USER, "garbage");
	fixture_open(&fixture, false, WHITEOUT_AUFS);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "file", &attributes), 0);
	cr_assert_eq(attributes.uid, 500);
	cr_assert_eq(attributes.gid, 8);
	cr_assert_eq(attributes.mode, S_IFCHR | 0600);
	cr_assert_eq(attributes.rdev, makedev(1, 3));
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "dir", &attributes), 0);
	cr_assert_eq(attributes.mode, S_IFDIR | 0755);
	ownership_free(&fixture.ownership);
}

Test(layer, sets_owner_and_mode_on_disk)
{
	struct stat status;

	need_root(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", 5, 6,
					      S_IFREG | 06711, 0),
		     0);
	status = scratch_stat(&fixture.scratch, "root/file");
	cr_assert_eq(status.st_uid, 5);
	cr_assert_eq(status.st_gid, 6);
	cr_assert_eq(status.st_mode, S_IFREG | 06711);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "link", 5, 6,
					      S_IFLNK | 0777, 0),
		     0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/link").st_uid, 5);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, NULL, 1, 2,
					      S_IFDIR | 02775, 0),
		     0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root").st_mode, S_IFDIR | 02775);
}

Test(layer, an_ordinary_user_cannot_give_files_away)
{
	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", 1, 1,
					      S_IFREG | 0600, 0),
		     -EPERM);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", getuid(),
					      getgid(), S_IFREG | 0640, 0),
		     0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/file").st_mode, S_IFREG | 0640);
	/* Where owners are squashed, who has it on disk does not matter. */
	fixture.ownership.squash_users = fixture.ownership.squash_groups = true;
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", 1, 1,
					      S_IFREG | 0600, 0),
		     0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/file").st_mode, S_IFREG | 0600);
}

Test(layer, refuses_an_owner_without_a_map)
{
	cr_assert_eq(id_map_parse("0:500:1", &fixture.ownership.users, NULL), 0);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", 0, 0,
					      S_IFREG | 0600, 0),
		     -EOVERFLOW);
	ownership_free(&fixture.ownership);
}

Test(layer, sets_owner_and_mode_in_an_override)
{
	struct attributes attributes;

	become_ordinary(&fixture.scratch);
	fixture.ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(fchmodat(fixture.root, "file", 0, 0), 0);
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", 0, 1,
					      S_IFREG | 04000, 0),
		     0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/file").st_mode, S_IFREG | 0600);
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/file", OVERRIDE_STAT_USER,
				   "0:1:4000:file"));
	cr_assert_eq(
		layer_set_owner_and_mode(fixture.layer, fixture.root, "dir", 2, 3, S_IFDIR | 0, 0),
		0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/dir").st_mode, S_IFDIR | 0755);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "dir", &attributes), 0);
	cr_assert_eq(attributes.mode, S_IFDIR);
	cr_assert_eq(attributes.uid, 2);
	/* A regular file that stands for a device. */
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "file", 0, 0,
					      S_IFBLK | 0660, makedev(8, 1)),
		     0);
	cr_assert_eq(layer_stat(fixture.layer, fixture.root, "file", &attributes), 0);
	cr_assert_eq(attributes.mode, S_IFBLK | 0660);
	cr_assert_eq(attributes.rdev, makedev(8, 1));
	cr_assert_eq(layer_set_owner_and_mode(fixture.layer, fixture.root, "link", 0, 0,
					      S_IFLNK | 0777, 0),
		     0);
}
