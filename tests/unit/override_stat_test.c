/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/override_stat.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

static int parse(const char *text, struct override_stat *override)
{
	return override_stat_parse(text, strlen(text), override);
}

Test(override_stat, reads_what_engines_write)
{
	struct override_stat override;

	cr_assert_eq(parse("1000:100:0755:dir", &override), 0);
	cr_assert_eq(override.uid, 1000);
	cr_assert_eq(override.gid, 100);
	cr_assert_eq(override.mode, 0755);
	cr_assert_eq(override.type, S_IFDIR);
	cr_assert_eq(parse("0:0:4755:file", &override), 0);
	cr_assert_eq(override.mode, 04755);
	cr_assert_eq(override.type, S_IFREG);
	cr_assert_eq(parse("0:0:0644", &override), 0);
	cr_assert_eq(override.type, 0);
	cr_assert_eq(parse("0:0:100644", &override), 0);
	cr_assert_eq(override.mode, 0644);
	cr_assert_eq(parse("0:0:0600:block-8-1", &override), 0);
	cr_assert_eq(override.type, S_IFBLK);
	cr_assert_eq(override.rdev, makedev(8, 1));
	cr_assert_eq(parse("4294967294:4294967294:0:char-4294967295-4294967295", &override), 0);
	cr_assert_eq(override.uid, 4294967294);
}

Test(override_stat, refuses_garbage_and_leaves_the_output)
{
	static const char *const garbage[] = {
		"",
		":",
		"::",
		"0",
		"0:0",
		"0:0:",
		"0:0:8",
		"0:0:0755:",
		"0:0:0755:dirx",
		"0:0:0755:x",
		"0:0:0755:dir:",
		" 0:0:0755",
		"+1:0:0755",
		"-1:0:0755",
		"0x1:0:0755",
		"1:0:0755 ",
		"4294967295:0:0755",
		"0:4294967296:0755",
		"99999999999999999999:0:0755",
		"0:0:0200000",
		"0:0:0644:char",
		"0:0:0644:char-1",
		"0:0:0644:char-1-",
		"0:0:0644:char-1-2-3",
		"0:0:0644:char--1-2",
		"0:0:0644:char-4294967296-1",
		"0:0:0644:char-0-0",
		"0:0:0644:file-1-2",
		"0:0:0644\n",
	};
	struct override_stat override = { .uid = 77 };

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		cr_assert_eq(parse(garbage[i], &override), -EINVAL, "%s", garbage[i]);
	cr_assert_eq(override_stat_parse("0:0:0644\0:dir", 13, &override), -EINVAL);
	cr_assert_eq(override.uid, 77);
}

Test(override_stat, reads_no_further_than_told)
{
	struct override_stat override;

	cr_assert_eq(override_stat_parse("1:2:0644:dirx", 12, &override), 0);
	cr_assert_eq(override.type, S_IFDIR);
	cr_assert_eq(override_stat_parse("1:2:0644", 7, &override), 0);
	cr_assert_eq(override.mode, 064);
	cr_assert_eq(override_stat_parse(NULL, 0, &override), -EINVAL);
}

Test(override_stat, round_trip)
{
	static const mode_t types[] = { S_IFREG,  S_IFDIR, S_IFLNK, S_IFIFO,
					S_IFSOCK, S_IFBLK, S_IFCHR, 0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct override_stat before = {
			.uid = 4294967294, .gid = 1, .mode = 07777, .type = types[i],
		}, after;
		char text[OVERRIDE_STAT_MAX];
		size_t length;

		if (S_ISBLK(types[i]) || S_ISCHR(types[i]))
			before.rdev = makedev(4095, 1048575);
		length = override_stat_format(&before, text, sizeof(text));
		cr_assert_eq(length, strlen(text));
		cr_assert_lt(length, sizeof(text));
		cr_assert_eq(override_stat_parse(text, length, &after), 0, "%s", text);
		cr_assert_eq(after.uid, before.uid);
		cr_assert_eq(after.gid, before.gid);
		cr_assert_eq(after.mode, before.mode);
		cr_assert_eq(after.type, before.type);
		cr_assert_eq(after.rdev, before.rdev);
	}
}

Test(override_stat, writes_the_engines_form)
{
	const struct override_stat override = { .uid = 1, .gid = 2, .mode = 0644, .type = S_IFREG };
	char text[OVERRIDE_STAT_MAX], small[4];

	override_stat_format(&override, text, sizeof(text));
	cr_assert_str_eq(text, "1:2:0644:file");
	cr_assert_eq(override_stat_format(&override, small, sizeof(small)), strlen(text));
	cr_assert_str_eq(small, "1:2");
}

Test(override_stat, a_file_may_stand_for_a_device)
{
	const struct override_stat device = { 5, 6, 0600, S_IFCHR, makedev(1, 3) };
	struct attributes file = { .mode = S_IFREG | 0644, .size = 9, .links = 1 };

	override_stat_apply(&device, &file);
	cr_assert_eq(file.mode, S_IFCHR | 0600);
	cr_assert_eq(file.rdev, makedev(1, 3));
	cr_assert_eq(file.size, 0);
	cr_assert_eq(file.uid, 5);
	cr_assert_eq(file.gid, 6);
}

Test(override_stat, nothing_becomes_or_stops_being_a_directory)
{
	const struct override_stat dir = { 0, 0, 0700, S_IFDIR, 0 };
	const struct override_stat link = { 0, 0, 0700, S_IFLNK, 0 };
	const struct override_stat file = { 0, 0, 0700, S_IFREG, 0 };
	const struct override_stat fifo = { 0, 0, 0700, S_IFIFO, 0 };
	struct attributes attributes = { .mode = S_IFREG | 0644 };

	override_stat_apply(&dir, &attributes);
	cr_assert_eq(attributes.mode, S_IFREG | 0700);
	override_stat_apply(&link, &attributes);
	cr_assert_eq(attributes.mode, S_IFREG | 0700);
	attributes.mode = S_IFDIR | 0755;
	override_stat_apply(&file, &attributes);
	cr_assert_eq(attributes.mode, S_IFDIR | 0700);
	override_stat_apply(&fifo, &attributes);
	cr_assert_eq(attributes.mode, S_IFDIR | 0700);
}
