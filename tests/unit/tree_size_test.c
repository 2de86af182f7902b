/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confined.h"
#include "base/tree_size.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct scratch scratch;

static void set_up(void)
{
	scratch = scratch_make();
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(tree_size, .init = set_up, .fini = tear_down);

static uint64_t size_of(const char *name)
{
	uint64_t bytes = 0;

	cr_assert_eq(tree_size(scratch.fd, name, &bytes), 0);
	return bytes;
}

Test(tree_size, counts_files_in_all_depths)
{
	scratch_dir(&scratch, "tree");
	scratch_dir(&scratch, "tree/a");
	scratch_dir(&scratch, "tree/a/b");
	scratch_dir(&scratch, "tree/c");
	scratch_file(&scratch, "tree/one", "1");
	scratch_file(&scratch, "tree/a/b/two", "22");
	scratch_file(&scratch, "tree/a/four", "4444");
	scratch_file(&scratch, "tree/c/eight", "88888888");
	scratch_node(&scratch, "tree/fifo", S_IFIFO | 0600, 0);
	cr_assert_eq(size_of("tree"), 15);
	cr_assert_eq(size_of("tree"), 15);
}

Test(tree_size, counts_a_file_of_several_names_once)
{
	scratch_dir(&scratch, "tree");
	scratch_file(&scratch, "tree/a", "four");
	cr_assert_eq(linkat(scratch.fd, "tree/a", scratch.fd, "tree/b", 0), 0);
	cr_assert_eq(size_of("tree"), 4);
}

Test(tree_size, follows_no_link)
{
	scratch_dir(&scratch, "outside");
	scratch_file(&scratch, "outside/file", "x");
	scratch_dir(&scratch, "tree");
	scratch_symlink(&scratch, "tree/link", "../outside");
	cr_assert_eq(size_of("tree"), 0);
	cr_assert_eq(size_of("outside"), 1);
}

Test(tree_size, knows_files_and_nothing)
{
	uint64_t bytes = 7;

	scratch_file(&scratch, "file", "four");
	cr_assert_eq(size_of("file"), 4);
	cr_assert_eq(tree_size(scratch.fd, "absent", &bytes), -ENOENT);
	cr_assert_eq(tree_size(scratch.fd, "..", &bytes), -EINVAL);
	cr_assert_eq(tree_size(scratch.fd, "a/b", &bytes), -EINVAL);
	cr_assert_eq(bytes, 7);
}

/* Deeper than paths can be, and than there are descriptors. */
Test(tree_size, goes_deep)
{
	size_t before = count_descriptors();
	int fd = dup(scratch.fd);

	for (int i = 0; i < 3000; i++) {
		int deeper;

		cr_assert_eq(mkdirat(fd, "deeper", 0700), 0);
		deeper = confined_open(fd, "deeper", O_PATH | O_DIRECTORY, 0);
		cr_assert_geq(deeper, 0);
		(void)close(fd);
		fd = deeper;
	}
	(void)close(confined_open(fd, "file", O_WRONLY | O_CREAT, 0600));
	(void)close(fd);
	scratch_file(&scratch, "deeper/file", "four");
	cr_assert_eq(size_of("deeper"), 4);
	cr_assert_eq(count_descriptors(), before);
}
