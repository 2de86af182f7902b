/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of commands, which are gone in the end. */
#include "cli/temporary.h"

#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct scratch scratch;
static struct problem problem;

static void set_up(void)
{
	scratch = scratch_make();
	cr_assert_eq(setenv("TMPDIR", scratch.path, 1), 0);
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(temporary, .init = set_up, .fini = tear_down, .timeout = 300);

Test(temporary, private_and_gone_in_the_end)
{
	struct temporary temporary = TEMPORARY_INIT;
	char name[48], *path = NULL;

	cr_assert_eq(temporary_begin(&temporary, &problem), 0, "%s", problem.text);
	memcpy(name, temporary.name, sizeof(name));
	cr_assert_eq(scratch_stat(&scratch, name).st_mode, S_IFDIR | 0700);
	cr_assert_eq(temporary_make_directory(&temporary, "inside", &path, &problem), 0);
	cr_assert_eq(strncmp(path, scratch.path, strlen(scratch.path)), 0);
	free(path);
	cr_assert_eq(temporary_make_directory(&temporary, "inside", &path, &problem), -EEXIST);
	temporary_end(&temporary);
	cr_assert_not(scratch_exists(&scratch, name));
	temporary_end(&temporary);
}

static void note_name(char name[48], const struct temporary *temporary)
{
	memcpy(name, temporary->name, 48);
}

/* What a command that was killed has left goes with the next start; of those that live nothing does. */
Test(temporary, those_left_behind_are_deleted)
{
	static const char *const others[] = { "cowfs-0123456789abcde", "cowfs-0123456789abcdeg",
					      "cowfs-0123456789abcdef0", "other-0123456789abcdef" };
	struct temporary living = TEMPORARY_INIT, killed = TEMPORARY_INIT, next = TEMPORARY_INIT;
	char living_name[48], killed_name[48];
	char *path = NULL;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		scratch_dir(&scratch, others[i]);
	scratch_dir(&scratch, "cowfs-00000000000000aa");
	scratch_file(&scratch, "cowfs-00000000000000bb", "a file");
	scratch_symlink(&scratch, "cowfs-00000000000000cc", "cowfs-00000000000000aa");
	cr_assert_eq(temporary_begin(&living, &problem), 0);
	note_name(living_name, &living);
	cr_assert_eq(temporary_begin(&killed, &problem), 0);
	note_name(killed_name, &killed);
	cr_assert_eq(temporary_make_directory(&killed, "inside", &path, &problem), 0);
	free(path);
	(void)close(killed.fd);
	cr_assert_eq(temporary_begin(&next, &problem), 0);
	cr_expect_not(scratch_exists(&scratch, killed_name));
	cr_expect(scratch_exists(&scratch, living_name));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect(scratch_exists(&scratch, others[i]), "%s is gone", others[i]);
	cr_expect(scratch_exists(&scratch, "cowfs-00000000000000aa"));
	cr_expect(scratch_exists(&scratch, "cowfs-00000000000000bb"));
	cr_expect(scratch_exists(&scratch, "cowfs-00000000000000cc"));
	temporary_end(&next);
	temporary_end(&living);
	cr_expect_not(scratch_exists(&scratch, living_name));
}

Test(temporary, nowhere)
{
	struct temporary temporary = TEMPORARY_INIT;

	cr_assert_eq(setenv("TMPDIR", "/absent/directory", 1), 0);
	cr_assert_eq(temporary_begin(&temporary, &problem), -ENOENT);
	cr_assert_not_null(strstr(problem.text, "/absent/directory"));
	temporary_end(&temporary);
}
