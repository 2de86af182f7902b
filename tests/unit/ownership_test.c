/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/ownership.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct id_map parse(const char *text)
{
	struct problem problem;
	struct id_map map = { 0 };

	cr_assert_eq(id_map_parse(text, &map, &problem), 0, "%s", text);
	return map;
}

Test(id_map, reads_the_engines_form)
{
	struct id_map map = parse(":0:1000:1:1:100000:65536");

	cr_assert_eq(map.count, 2);
	cr_assert_eq(map.ranges[1].disk, 1);
	cr_assert_eq(map.ranges[1].shown, 100000);
	cr_assert_eq(map.ranges[1].count, 65536);
	id_map_free(&map);
	cr_assert_null(map.ranges);
	map = parse("5:6:7");
	cr_assert_eq(map.count, 1);
	id_map_free(&map);
}

Test(id_map, writes_what_it_reads)
{
	static const char *const texts[] = { "0:1000:1", "0:1000:1:1:100000:65536" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup_buffer struct buffer text = BUFFER_INIT;
		struct id_map map = parse(texts[i]);

		cr_assert_eq(id_map_format(&map, &text), 0);
		cr_assert_str_eq(buffer_string(&text), texts[i]);
		id_map_free(&map);
		buffer_clear(&text);
		cr_assert_eq(id_map_format(&map, &text), 0);
		cr_assert_str_eq(buffer_string(&text), "");
	}
}

Test(id_map, refuses_what_is_no_map)
{
	static const char *const bad[] = {
		"",
		":",
		"0",
		"0:0",
		"0:0:",
		"0:0:1:",
		"::0:0:1",
		"0:0:1::0",
		"0:0:1:5",
		"0:0:1:5:5",
		"a:0:1",
		"0:b:1",
		"0:0:c",
		"-1:0:1",
		"+1:0:1",
		" 0:0:1",
		"0:0:1 ",
		"0,0,1",
		"4294967296:0:1",
		"0:4294967296:1",
		"0:0:4294967296",
		"99999999999999999999:0:1",
		"0:0:0",
		"4294967295:0:1",
		"0:4294967295:1",
		"1:0:4294967295",
		"0:1:4294967295",
		"4294967294:0:2",
		"0:0:10:9:20:1",
		"0:0:10:20:9:1",
		"5:5:5:0:0:6",
		"0:0:1:0:1:1",
	};
	struct id_map map = { .count = 99 };
	struct problem problem;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		problem.text[0] = '\0';
		cr_assert_eq(id_map_parse(bad[i], &map, &problem), -EINVAL, "%s", bad[i]);
		cr_assert_str_neq(problem.text, "");
	}
	cr_assert_eq(id_map_parse("x", &map, NULL), -EINVAL);
	cr_assert_eq(map.count, 99);
}

Test(id_map, has_a_limit)
{
	char text[16 * (ID_MAP_RANGES_MAX + 1)] = "", *end = text;
	struct problem problem;
	struct id_map map;

	for (int i = 0; i < ID_MAP_RANGES_MAX; i++)
		end += sprintf(end, ":%d:%d:1", i, i);
	map = parse(text);
	cr_assert_eq(map.count, ID_MAP_RANGES_MAX);
	id_map_free(&map);
	(void)sprintf(end, ":%d:%d:1", ID_MAP_RANGES_MAX, ID_MAP_RANGES_MAX);
	cr_assert_eq(id_map_parse(text, &map, &problem), -EINVAL);
}

Test(id_map, without_ranges_changes_nothing)
{
	const struct id_map map = { 0 };
	uint32_t disk;

	cr_assert_eq(id_map_to_shown(&map, 4294967295U), 4294967295U);
	cr_assert_eq(id_map_to_disk(&map, 4294967294U, &disk), 0);
	cr_assert_eq(disk, 4294967294U);
}

Test(id_map, works_at_both_ends)
{
	struct id_map map = parse("0:1000:1:4294967290:10:5");
	uint32_t disk = 42;

	cr_assert_eq(id_map_to_shown(&map, 0), 1000);
	cr_assert_eq(id_map_to_shown(&map, 1), OVERFLOW_ID);
	cr_assert_eq(id_map_to_shown(&map, 4294967289U), OVERFLOW_ID);
	cr_assert_eq(id_map_to_shown(&map, 4294967290U), 10);
	cr_assert_eq(id_map_to_shown(&map, 4294967294U), 14);
	cr_assert_eq(id_map_to_shown(&map, 4294967295U), OVERFLOW_ID);
	cr_assert_eq(id_map_to_disk(&map, 15, &disk), -EOVERFLOW);
	cr_assert_eq(id_map_to_disk(&map, 9, &disk), -EOVERFLOW);
	cr_assert_eq(id_map_to_disk(&map, 0, &disk), -EOVERFLOW);
	cr_assert_eq(disk, 42);
	cr_assert_eq(id_map_to_disk(&map, 14, &disk), 0);
	cr_assert_eq(disk, 4294967294U);
	id_map_free(&map);
	map = parse("0:0:4294967295");
	cr_assert_eq(id_map_to_shown(&map, 4294967294U), 4294967294U);
	cr_assert_eq(id_map_to_shown(&map, 4294967295U), OVERFLOW_ID);
	id_map_free(&map);
}

static struct attributes setuid_file(uid_t uid, gid_t gid)
{
	return (struct attributes){ .mode = S_IFREG | 06755, .uid = uid, .gid = gid };
}

/* CVE-2023-0386: copied up, it would be setuid for whoever has the overflow id. */
Test(ownership, an_unmapped_owner_loses_setuid)
{
	struct ownership ownership = { .users = parse("0:100:10"), .groups = parse("0:200:10") };
	struct attributes mapped = setuid_file(3, 4);
	struct attributes no_user = setuid_file(11, 4), no_group = setuid_file(3, 11);

	ownership_show(&ownership, &mapped);
	cr_assert_eq(mapped.uid, 103);
	cr_assert_eq(mapped.gid, 204);
	cr_assert_eq(mapped.mode, S_IFREG | 06755);
	ownership_show(&ownership, &no_user);
	cr_assert_eq(no_user.uid, OVERFLOW_ID);
	cr_assert_eq(no_user.mode, S_IFREG | 0755);
	ownership_show(&ownership, &no_group);
	cr_assert_eq(no_group.gid, OVERFLOW_ID);
	cr_assert_eq(no_group.mode, S_IFREG | 0755);
	ownership_free(&ownership);
}

Test(ownership, goes_back_to_disk)
{
	struct ownership ownership = { .users = parse("0:100:10"), .groups = parse("0:200:10") };
	uid_t uid = 105;
	gid_t gid = 300;

	cr_assert_eq(ownership_to_disk(&ownership, &uid, &gid), -EOVERFLOW);
	cr_assert_eq(uid, 105);
	gid = 209;
	cr_assert_eq(ownership_to_disk(&ownership, &uid, &gid), 0);
	cr_assert_eq(uid, 5);
	cr_assert_eq(gid, 9);
	uid = (uid_t)-1;
	gid = (gid_t)-1;
	cr_assert_eq(ownership_to_disk(&ownership, &uid, &gid), 0);
	cr_assert_eq(uid, (uid_t)-1);
	cr_assert_eq(gid, (gid_t)-1);
	ownership_free(&ownership);
}

Test(ownership, a_squash_comes_before_a_map)
{
	struct ownership ownership = {
		.users = parse("0:100:10"),
		.squash_users = true,
		.squashed_uid = 7,
		.squash_groups = true,
		.squashed_gid = 8,
	};
	struct attributes attributes = setuid_file(5000, 1);
	uid_t uid = 1;
	gid_t gid = (gid_t)-1;

	ownership_show(&ownership, &attributes);
	cr_assert_eq(attributes.uid, 7);
	cr_assert_eq(attributes.gid, 8);
	cr_assert_eq(attributes.mode, S_IFREG | 06755);
	cr_assert_eq(ownership_to_disk(&ownership, &uid, &gid), 0);
	cr_assert_eq(uid, 7);
	cr_assert_eq(gid, (gid_t)-1);
	ownership_free(&ownership);
}

Test(ownership, knows_when_it_changes_nothing)
{
	struct ownership ownership = { 0 };

	cr_assert(ownership_is_identity(&ownership));
	ownership.squash_groups = true;
	cr_assert_not(ownership_is_identity(&ownership));
	ownership = (struct ownership){ .xattr_permissions = XATTR_PERMISSIONS_USER };
	cr_assert_not(ownership_is_identity(&ownership));
	ownership = (struct ownership){ .groups = parse("0:0:1") };
	cr_assert_not(ownership_is_identity(&ownership));
	ownership_free(&ownership);
}

Test(ownership, who_is_not_in_the_map)
{
	struct id_map map, small, none = { 0 };

	cr_assert_eq(id_map_parse("0:100000:65536", &map, NULL), 0);
	cr_assert_eq(id_map_parse("0:100000:10", &small, NULL), 0);
	cr_assert_eq(id_map_known(&map, 100007), 100007);
	cr_assert_eq(id_map_known(&map, 0), 165534);
	/* Or whoever makes it could not: podman does, with --userns=auto. */
	cr_assert_eq(id_map_known(&small, 0), 100009);
	cr_assert_eq(id_map_known(&none, 0), 0);
	id_map_free(&map);
	id_map_free(&small);
}
