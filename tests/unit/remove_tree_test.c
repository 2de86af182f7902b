/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confined.h"
#include "base/remove_tree.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
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

TestSuite(remove_tree, .init = set_up, .fini = tear_down);

Test(remove_tree, takes_everything)
{
	scratch_dir(&scratch, "tree");
	scratch_dir(&scratch, "tree/a");
	scratch_dir(&scratch, "tree/a/b");
	scratch_dir(&scratch, "tree/a/b/c");
	scratch_file(&scratch, "tree/a/b/c/file", "x");
	scratch_file(&scratch, "tree/a/b/file", "x");
	scratch_node(&scratch, "tree/fifo", S_IFIFO | 0600, 0);
	scratch_file(&scratch, "beside", "x");
	cr_assert_eq(remove_tree(scratch.fd, "tree"), 0);
	cr_assert_not(scratch_exists(&scratch, "tree"));
	cr_assert(scratch_exists(&scratch, "beside"));
}

Test(remove_tree, takes_a_file_or_nothing)
{
	scratch_file(&scratch, "file", "x");
	cr_assert_eq(remove_tree(scratch.fd, "file"), 0);
	cr_assert_not(scratch_exists(&scratch, "file"));
	cr_assert_eq(remove_tree(scratch.fd, "file"), 0);
	cr_assert_eq(remove_tree(scratch.fd, ".."), -EINVAL);
	cr_assert_eq(remove_tree(scratch.fd, "a/b"), -EINVAL);
}

Test(remove_tree, follows_no_link)
{
	scratch_dir(&scratch, "outside");
	scratch_file(&scratch, "outside/precious", "x");
	scratch_dir(&scratch, "tree");
	scratch_dir(&scratch, "tree/a");
	scratch_symlink(&scratch, "tree/a/link", "../../outside");
	scratch_symlink(&scratch, "tree/link", "../outside");
	cr_assert_eq(remove_tree(scratch.fd, "tree"), 0);
	cr_assert(scratch_exists(&scratch, "outside/precious"));
	scratch_symlink(&scratch, "link", "outside");
	cr_assert_eq(remove_tree(scratch.fd, "link"), 0);
	cr_assert(scratch_exists(&scratch, "outside/precious"));
}

Test(remove_tree, takes_names_like_its_own)
{
	scratch_dir(&scratch, "tree");
	scratch_dir(&scratch, "tree/.removed-0");
	scratch_dir(&scratch, "tree/.removed-0/.removed-0");
	scratch_dir(&scratch, "tree/.removed-0/.removed-0/.removed-1");
	scratch_file(&scratch, "tree/.removed-0/.removed-0/.removed-1/f", "x");
	cr_assert_eq(remove_tree(scratch.fd, "tree"), 0);
	cr_assert_not(scratch_exists(&scratch, "tree"));
}

Test(remove_tree, takes_what_its_owner_locked)
{
	become_ordinary(&scratch);
	scratch_dir(&scratch, "tree");
	scratch_dir(&scratch, "tree/a");
	scratch_dir(&scratch, "tree/a/b");
	scratch_file(&scratch, "tree/a/b/file", "x");
	cr_assert_eq(fchmodat(scratch.fd, "tree/a/b", 0, 0), 0);
	cr_assert_eq(fchmodat(scratch.fd, "tree/a", 0, 0), 0);
	cr_assert_eq(remove_tree(scratch.fd, "tree"), 0);
	cr_assert_not(scratch_exists(&scratch, "tree"));
}

Test(remove_tree, goes_as_deep_as_it_must)
{
	int fd = dup(scratch.fd);

	for (int i = 0; i < 3000; i++) {
		int next;

		cr_assert_eq(mkdirat(fd, "d", 0700), 0);
		next = confined_open(fd, "d", O_PATH | O_DIRECTORY, 0);
		cr_assert_geq(next, 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
	cr_assert_eq(remove_tree(scratch.fd, "d"), 0);
	cr_assert_not(scratch_exists(&scratch, "d"));
}

Test(remove_tree, enters_no_mount)
{
	char path[300], outside[300];

	need_root(&scratch);
	scratch_dir(&scratch, "outside");
	scratch_file(&scratch, "outside/precious", "x");
	scratch_dir(&scratch, "tree");
	scratch_dir(&scratch, "tree/a");
	scratch_dir(&scratch, "tree/a/mnt");
	scratch_file(&scratch, "tree/a/file", "x");
	(void)snprintf(path, sizeof(path), "%s/tree/a/mnt", scratch.path);
	(void)snprintf(outside, sizeof(outside), "%s/outside", scratch.path);
	cr_assert_eq(mount(outside, path, NULL, MS_BIND, NULL), 0);
	cr_expect_lt(remove_tree(scratch.fd, "tree"), 0);
	cr_expect(scratch_exists(&scratch, "outside/precious"));
	cr_expect(scratch_exists(&scratch, "tree"));
	cr_assert_eq(umount2(path, MNT_DETACH), 0);
}
