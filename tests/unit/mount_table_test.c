/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mount_table.h"

#include <criterion/criterion.h>
#include <string.h>

static bool parse(const char *text, char line[512], struct mount_entry *entry)
{
	(void)strncpy(line, text, 511);
	line[511] = '\0';
	return mount_table_parse(line, entry);
}

Test(mount_table, a_line)
{
	struct mount_entry entry;
	char line[512];

	cr_assert(parse(
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
		line, &entry));
	cr_assert_eq(entry.id, 36);
	cr_assert_str_eq(entry.mountpoint, "/mnt2");
	cr_assert_str_eq(entry.options, "rw,noatime");
	cr_assert_str_eq(entry.type, "ext3");
	cr_assert_str_eq(entry.source, "/dev/root");
	cr_assert_str_eq(entry.super_options, "rw,errors=continue");
}

Test(mount_table, any_number_of_optional_fields)
{
	struct mount_entry entry;
	char line[512];

	cr_assert(parse("1 2 0:5 / /a rw - tmpfs none rw", line, &entry));
	cr_assert_str_eq(entry.type, "tmpfs");
	cr_assert(parse("1 2 0:5 / /a rw shared:1 master:2 unbindable - tmpfs none rw", line,
			&entry));
	cr_assert_str_eq(entry.type, "tmpfs");
}

Test(mount_table, escapes)
{
	struct mount_entry entry;
	char line[512];

	cr_assert(parse("1 2 0:5 / /a\\040b\\011\\012\\134040\\8 rw - fuse.x s\\040 rw", line,
			&entry));
	cr_assert_str_eq(entry.mountpoint, "/a b\t\n\\040\\8");
	cr_assert_str_eq(entry.source, "s ");
	/* An empty source. */
	cr_assert(parse("1 2 0:5 / /a rw - fuse.x  rw", line, &entry));
	cr_assert_str_eq(entry.source, "");
}

Test(mount_table, what_is_no_line)
{
	struct mount_entry entry;
	char line[512];

	cr_assert_not(parse("", line, &entry));
	cr_assert_not(parse("1 2 0:5 / /a rw", line, &entry));
	cr_assert_not(parse("1 2 0:5 / /a rw - ext4", line, &entry));
	cr_assert_not(parse("1 2 0:5 / /a\\04 rw - ext4 x\\", line, &entry));
}

static bool is_root(void *context, const struct mount_entry *entry)
{
	(void)context;
	return strcmp(entry->mountpoint, "/") == 0;
}

static bool is_nothing(void *context, const struct mount_entry *entry)
{
	(void)entry;
	++*(int *)context;
	return false;
}

Test(mount_table, the_real_one)
{
	int count = 0;

	cr_assert_eq(mount_table_read(is_root, NULL), 1);
	cr_assert_eq(mount_table_read(is_nothing, &count), 0);
	cr_assert_gt(count, 0);
}
