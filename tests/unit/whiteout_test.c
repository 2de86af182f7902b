/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/whiteout.h"
#include "unit/layer_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct layer_fixture fixture;

static void set_up(void)
{
	fixture = fixture_make();
	scratch_file(&fixture.scratch, "root/file", "content");
	scratch_dir(&fixture.scratch, "root/dir");
	scratch_file(&fixture.scratch, "root/dir/inside", "content");
}

static void tear_down(void)
{
	fixture_remove(&fixture);
}

TestSuite(whiteout, .init = set_up, .fini = tear_down, .timeout = 300);

static int put(const char *name, enum whiteout_target target, enum whiteout_form *form)
{
	return whiteout_put(fixture.layer, fixture.root, name, target, fixture.work, "trash", form);
}

static bool is_device(const char *path)
{
	struct stat status = scratch_stat(&fixture.scratch, path);

	return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

static bool exists(const char *path)
{
	return scratch_exists(&fixture.scratch, path);
}

static void check_nothing_changed(void)
{
	cr_assert(exists("root/file"));
	cr_assert(exists("root/dir/inside"));
	cr_assert_not(exists("root/.wh.file"));
	cr_assert_not(exists("root/.wh.dir"));
	cr_assert_not(exists("work/trash"));
}

/* -- names -- */

Test(whiteout, reserved_names)
{
	cr_assert(whiteout_name_is_reserved(".wh."));
	cr_assert(whiteout_name_is_reserved(".wh.x"));
	cr_assert(whiteout_name_is_reserved(STATE_DIRECTORY));
	cr_assert_not(whiteout_name_is_reserved(".wh"));
	cr_assert_not(whiteout_name_is_reserved(".what"));
	cr_assert_not(whiteout_name_is_reserved(""));
}

Test(whiteout, prefixed_names)
{
	char name[NAME_MAX + 1], prefixed[NAME_MAX + 1];

	cr_assert_eq(whiteout_prefixed_name("x", prefixed), 0);
	cr_assert_str_eq(prefixed, ".wh.x");
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	cr_assert_eq(whiteout_prefixed_name(name, prefixed), -ENAMETOOLONG);
	name[252] = '\0';
	cr_assert_eq(whiteout_prefixed_name(name, prefixed), -ENAMETOOLONG);
	name[251] = '\0';
	cr_assert_eq(whiteout_prefixed_name(name, prefixed), 0);
	cr_assert_eq(strlen(prefixed), NAME_MAX);
}

/* -- putting -- */

Test(whiteout, aufs_of_an_absent_name)
{
	enum whiteout_form form = WHITEOUT_FORM_NONE;

	fixture_open(&fixture, true, WHITEOUT_AUFS);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(put("gone", TARGET_ABSENT, &form), 0);
		cr_assert_eq(form, WHITEOUT_FORM_PREFIX);
	}
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/.wh.gone").st_mode, S_IFREG);
}

Test(whiteout, aufs_of_a_file)
{
	enum whiteout_form form;

	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(put("file", TARGET_FILE, &form), 0);
	cr_assert(exists("root/.wh.file"));
	cr_assert_not(exists("root/file"));
	cr_assert_not(exists("work/trash"));
}

Test(whiteout, aufs_of_a_directory)
{
	enum whiteout_form form;

	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), 0);
	cr_assert(exists("root/.wh.dir"));
	cr_assert_not(exists("root/dir"));
	cr_assert(exists("work/trash/inside"));
}

Test(whiteout, overlay_of_an_absent_name)
{
	enum whiteout_form form = WHITEOUT_FORM_NONE;

	need_root(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(put("gone", TARGET_ABSENT, &form), 0);
		cr_assert_eq(form, WHITEOUT_FORM_NODE);
	}
	cr_assert(is_device("root/gone"));
	cr_assert_eq(put("file", TARGET_ABSENT, &form), -EEXIST);
	check_nothing_changed();
}

Test(whiteout, overlay_of_a_file)
{
	enum whiteout_form form;

	need_root(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(put("file", TARGET_FILE, &form), 0);
	cr_assert(is_device("root/file"));
	cr_assert_not(exists("work/trash"));
}

Test(whiteout, overlay_of_a_directory)
{
	enum whiteout_form form;

	need_root(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), 0);
	cr_assert(is_device("root/dir"));
	cr_assert(exists("work/trash/inside"));
}

Test(whiteout, a_name_too_long_for_the_prefix_takes_the_node)
{
	enum whiteout_form form;
	char name[256], path[300];

	need_root(&fixture.scratch);
	memset(name, 'n', 255);
	name[255] = '\0';
	(void)snprintf(path, sizeof(path), "root/%s", name);
	scratch_file(&fixture.scratch, path, "content");
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(put(name, TARGET_FILE, &form), 0);
	cr_assert_eq(form, WHITEOUT_FORM_NODE);
	cr_assert(is_device(path));
	name[252] = '\0';
	cr_assert_eq(put(name, TARGET_ABSENT, &form), 0);
	cr_assert_eq(form, WHITEOUT_FORM_NODE);
	name[251] = '\0';
	cr_assert_eq(put(name, TARGET_ABSENT, &form), 0);
	cr_assert_eq(form, WHITEOUT_FORM_PREFIX);
}

/* As for an ordinary user before Linux 5.8, or where a security module is strict. */
static void forbid_devices(void)
{
	deny_call_with(SYS_mknodat, 2, S_IFMT, S_IFCHR, EPERM);
}

Test(whiteout, an_attribute_where_devices_are_forbidden)
{
	struct attributes attributes;
	enum whiteout_form form;
	unsigned forms;

	become_ordinary(&fixture.scratch);
	forbid_devices();
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	if (fixture.layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		skip_test(&fixture.scratch, "no attributes here");
	cr_assert_eq(put("gone", TARGET_ABSENT, &form), 0);
	cr_assert_eq(put("gone", TARGET_ABSENT, &form), 0);
	cr_assert_eq(put("file", TARGET_FILE, &form), 0);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), 0);
	cr_assert_eq(form, WHITEOUT_FORM_NODE);
	cr_assert(scratch_xattr_is(&fixture.scratch, "root", "user.overlay.opaque", "x"));
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir", "user.overlay.whiteout", "y"));
	cr_assert(exists("work/trash/inside"));
	cr_assert_eq(layer_dir_probe(fixture.layer->root, "file", &attributes, &forms), -ENOENT);
	cr_assert_eq(forms, WHITEOUT_FORM_NODE);
	cr_assert_eq(layer_dir_is_opaque(fixture.layer->root), 0);
}

Test(whiteout, the_prefix_where_no_node_is_to_be_had)
{
	enum whiteout_form form;

	forbid_devices();
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	/* In an opaque directory nobody would look for the attribute. */
	cr_assert_eq(whiteout_make_opaque(fixture.layer, fixture.root), 0);
	if (!exists("root/" WHITEOUT_OPAQUE)) {
		cr_assert_eq(put("gone", TARGET_ABSENT, &form), 0);
		cr_assert_eq(form, WHITEOUT_FORM_PREFIX);
		cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), 0);
		cr_assert_eq(form, WHITEOUT_FORM_PREFIX);
		cr_assert(exists("root/.wh.dir"));
	}
}

Test(whiteout, the_prefix_where_nothing_can_be_exchanged)
{
	enum whiteout_form form;

	need_root(&fixture.scratch);
	deny_call(SYS_renameat2, EINVAL);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(put("file", TARGET_FILE, &form), 0);
	cr_assert_eq(form, WHITEOUT_FORM_NODE);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), 0);
	cr_assert_eq(form, WHITEOUT_FORM_PREFIX);
	cr_assert(exists("root/.wh.dir"));
	cr_assert(exists("work/trash/inside"));
}

Test(whiteout, what_was_seen_stays_when_it_cannot_be_removed)
{
	enum whiteout_form form;

	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	deny_call(SYS_unlinkat, EIO);
	cr_assert_eq(put("file", TARGET_FILE, &form), -EIO);
	cr_assert(exists("root/file"));
	deny_call(SYS_renameat2, EIO);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), -EIO);
	cr_assert(exists("root/dir/inside"));
}

Test(whiteout, a_failed_move_takes_its_whiteout_back)
{
	enum whiteout_form form;

	scratch_dir(&fixture.scratch, "work/trash");
	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), -EEXIST);
	cr_assert_eq(unlinkat(fixture.work, "trash", AT_REMOVEDIR), 0);
	check_nothing_changed();
	cr_assert_eq(put("absent", TARGET_FILE, &form), -ENOENT);
	cr_assert_not(exists("root/.wh.absent"));
}

Test(whiteout, a_failed_exchange_leaves_nothing_in_work)
{
	enum whiteout_form form;

	need_root(&fixture.scratch);
	deny_call(SYS_renameat2, EIO);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(put("dir", TARGET_DIRECTORY, &form), -EIO);
	check_nothing_changed();
	/* A directory is never replaced as if it were a file. */
	cr_assert_eq(put("dir", TARGET_FILE, &form), -EISDIR);
	check_nothing_changed();
}

/* -- publishing -- */

static int publish(const char *name, unsigned forms)
{
	return whiteout_publish(fixture.work, "new", fixture.root, name, forms);
}

Test(whiteout, publishes_in_a_free_place)
{
	scratch_file(&fixture.scratch, "work/new", "");
	cr_assert_eq(publish("file", 0), -EEXIST);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/file").st_size, 7);
	cr_assert_eq(publish("name", 0), 0);
	cr_assert(exists("root/name"));
	cr_assert_not(exists("work/new"));
}

Test(whiteout, publishes_without_rename_flags)
{
	deny_call(SYS_renameat2, EINVAL);
	scratch_file(&fixture.scratch, "work/new", "");
	cr_assert_eq(publish("file", 0), -EEXIST);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/file").st_size, 7);
	cr_assert_eq(publish("name", 0), 0);
	cr_assert(exists("root/name"));
}

Test(whiteout, publishes_over_a_prefix)
{
	scratch_dir(&fixture.scratch, "work/new");
	scratch_file(&fixture.scratch, "root/.wh.name", "");
	cr_assert_eq(publish("name", WHITEOUT_FORM_PREFIX), 0);
	cr_assert(exists("root/name"));
	cr_assert_not(exists("root/.wh.name"));
	/* One that is gone already does not matter. */
	scratch_file(&fixture.scratch, "work/new", "");
	cr_assert_eq(publish("name2", WHITEOUT_FORM_PREFIX), 0);
	/* On failure it stays. */
	scratch_file(&fixture.scratch, "root/.wh.file", "");
	cr_assert_eq(publish("file", WHITEOUT_FORM_PREFIX), -ENOENT);
	cr_assert(exists("root/.wh.file"));
}

static void check_publish_over_node(bool directory)
{
	need_root(&fixture.scratch);
	scratch_node(&fixture.scratch, "root/name", S_IFCHR, 0);
	scratch_file(&fixture.scratch, "root/.wh.name", "");
	if (directory)
		scratch_dir(&fixture.scratch, "work/new");
	else
		scratch_file(&fixture.scratch, "work/new", "");
	cr_assert_eq(publish("name", WHITEOUT_FORM_NODE | WHITEOUT_FORM_PREFIX), 0);
	cr_assert_eq(S_ISDIR(scratch_stat(&fixture.scratch, "root/name").st_mode), directory);
	cr_assert_not(exists("root/.wh.name"));
	cr_assert_not(exists("work/new"));
}

Test(whiteout, publishes_a_file_over_a_node)
{
	check_publish_over_node(false);
}

Test(whiteout, publishes_a_directory_over_a_node)
{
	check_publish_over_node(true);
}

Test(whiteout, publishes_a_directory_over_a_node_without_exchange)
{
	deny_call(SYS_renameat2, EINVAL);
	check_publish_over_node(true);
}

Test(whiteout, publishes_over_an_attribute_whiteout)
{
	scratch_file(&fixture.scratch, "root/name", "");
	scratch_xattr(&fixture.scratch, "root/name", "user.overlay.whiteout", "");
	scratch_xattr(&fixture.scratch, "root", "user.overlay.opaque", "x");
	scratch_dir(&fixture.scratch, "work/new");
	cr_assert_eq(publish("name", WHITEOUT_FORM_NODE), 0);
	cr_assert(S_ISDIR(scratch_stat(&fixture.scratch, "root/name").st_mode));
	cr_assert_not(exists("work/new"));
}

Test(whiteout, publishes_over_nothing_else)
{
	scratch_file(&fixture.scratch, "work/new", "");
	cr_assert_eq(publish("file", WHITEOUT_FORM_NODE), -EEXIST);
	cr_assert_eq(publish("dir", WHITEOUT_FORM_NODE), -EEXIST);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/file").st_size, 7);
	/* A node that has vanished leaves its place free. */
	cr_assert_eq(publish("name", WHITEOUT_FORM_NODE), 0);
	cr_assert(exists("root/name"));
}

/* -- opaque directories -- */

Test(whiteout, makes_opaque_by_a_file)
{
	int dir = scratch_open(&fixture.scratch, "root/dir");

	fixture_open(&fixture, true, WHITEOUT_AUFS);
	cr_assert_eq(whiteout_make_opaque(fixture.layer, dir), 0);
	cr_assert_eq(whiteout_make_opaque(fixture.layer, dir), 0);
	cr_assert_eq(scratch_stat(&fixture.scratch, "root/dir/" WHITEOUT_OPAQUE).st_mode, S_IFREG);
	(void)close(dir);
}

Test(whiteout, makes_opaque_by_an_attribute)
{
	int dir = scratch_open(&fixture.scratch, "root/dir");

	become_ordinary(&fixture.scratch);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(whiteout_make_opaque(fixture.layer, dir), 0);
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/dir", "user.overlay.opaque", "y"));
	cr_assert_not(exists("root/dir/" WHITEOUT_OPAQUE));
	(void)close(dir);
}

Test(whiteout, makes_opaque_by_a_file_where_attributes_cannot_be)
{
	int dir = scratch_open(&fixture.scratch, "root/dir");

	for (int number = SYS_setxattr; number <= SYS_fsetxattr; number++)
		deny_call(number, ENOTSUP);
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	cr_assert_eq(whiteout_make_opaque(fixture.layer, dir), 0);
	cr_assert(exists("root/dir/" WHITEOUT_OPAQUE));
	(void)close(dir);
}

/* One attribute cannot say "opaque" and "has whiteouts with an attribute" at once. */
Test(whiteout, opaque_over_attribute_whiteouts)
{
	int dir;

	need_root(&fixture.scratch);
	scratch_dir(&fixture.scratch, "root/d");
	scratch_xattr(&fixture.scratch, "root/d", "trusted.overlay.opaque", "x");
	scratch_file(&fixture.scratch, "root/d/gone", "");
	scratch_xattr(&fixture.scratch, "root/d/gone", "trusted.overlay.whiteout", "y");
	scratch_file(&fixture.scratch, "root/d/seen", "");
	fixture_open(&fixture, true, WHITEOUT_OVERLAY);
	dir = scratch_open(&fixture.scratch, "root/d");
	cr_assert_eq(whiteout_make_opaque(fixture.layer, dir), 0);
	cr_assert(scratch_xattr_is(&fixture.scratch, "root/d", "trusted.overlay.opaque", "y"));
	cr_assert_not(exists("root/d/gone"));
	cr_assert(exists("root/d/seen"));
	cr_assert_not(exists("root/d/" WHITEOUT_OPAQUE));
	(void)close(dir);
}
