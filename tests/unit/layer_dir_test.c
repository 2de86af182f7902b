/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/layer_dir.h"
#include "unit/layer_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct layer_fixture fixture;

static void set_up(void)
{
	fixture = fixture_make();
	scratch_dir(&fixture.scratch, "root/a");
	scratch_dir(&fixture.scratch, "root/a/b");
	scratch_dir(&fixture.scratch, "root/a/b/c");
	scratch_file(&fixture.scratch, "root/a/b/c/file", "x");
	scratch_file(&fixture.scratch, "root/file", "x");
	fixture_open(&fixture, true, WHITEOUT_AUFS);
}

static void tear_down(void)
{
	fixture_remove(&fixture);
}

TestSuite(layer_dir, .init = set_up, .fini = tear_down, .timeout = 300);

/* The inode number of what dir opens, or -errno. */
static int64_t opened_inode(struct layer_dir *dir)
{
	struct cached_fd *cached;
	struct stat status;
	int error = layer_dir_open(dir, &cached);

	if (error)
		return error;
	cr_assert_eq(fstat(cached->fd, &status), 0);
	fd_cache_release(fixture.fds, cached);
	return (int64_t)status.st_ino;
}

static int64_t inode_of(const char *path)
{
	return (int64_t)scratch_stat(&fixture.scratch, path).st_ino;
}

static struct layer_dir *child(struct layer_dir *parent, const char *name)
{
	struct layer_dir *dir = layer_dir_new(parent, name);

	cr_assert_not_null(dir);
	return dir;
}

static void check_path(struct layer_dir *dir, const char *expected)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	cr_assert_eq(buffer_append_string(&path, ">"), 0);
	cr_assert_eq(layer_dir_path(dir, &path), 0);
	cr_assert_str_eq(buffer_string(&path) + 1, expected);
	cr_assert_eq(path.length, strlen(expected) + 1);
}

Test(layer_dir, the_root_is_always_open)
{
	size_t before = fd_cache_count(fixture.fds);

	cr_assert_eq(opened_inode(fixture.layer->root), inode_of("root"));
	fd_cache_trim(fixture.fds);
	cr_assert_eq(opened_inode(fixture.layer->root), inode_of("root"));
	cr_assert_eq(fd_cache_count(fixture.fds), before);
	check_path(fixture.layer->root, "/");
}

Test(layer_dir, opens_through_its_ancestors)
{
	struct layer_dir *a = child(fixture.layer->root, "a"), *b = child(a, "b"),
			 *c = child(b, "c");

	/* A child keeps its ancestors. */
	a = layer_dir_unref(a);
	layer_dir_unref(b);
	cr_assert_null(a);
	check_path(c, "/a/b/c");
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(opened_inode(c), inode_of("root/a/b/c"));
		fd_cache_trim(fixture.fds);
	}
	layer_dir_unref(c);
	layer_dir_unref(NULL);
	cr_assert_eq(fd_cache_count(fixture.fds), 1);
}

Test(layer_dir, refuses_what_is_no_directory)
{
	static const char *const bad[] = { "file", "link", "fifo" };
	struct layer_dir *dir;
	int64_t error;

	scratch_symlink(&fixture.scratch, "root/link", "a");
	scratch_node(&fixture.scratch, "root/fifo", S_IFIFO | 0644, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		dir = child(fixture.layer->root, bad[i]);
		error = opened_inode(dir);
		cr_assert(error == -ENOTDIR || error == -ELOOP);
		layer_dir_unref(dir);
	}
	dir = child(fixture.layer->root, "absent");
	cr_assert_eq(opened_inode(dir), -ENOENT);
	layer_dir_unref(dir);
	dir = child(fixture.layer->root, "..");
	cr_assert_eq(opened_inode(dir), -EINVAL);
	layer_dir_unref(dir);
	dir = child(fixture.layer->root, "a/b");
	cr_assert_eq(opened_inode(dir), -EINVAL);
	layer_dir_unref(dir);
}

/* CVE-2018-15664 and kin: a directory swapped for a link while we work. */
Test(layer_dir, does_not_follow_a_directory_swapped_for_a_link)
{
	struct layer_dir *a = child(fixture.layer->root, "a"), *b = child(a, "b");
	int64_t error;

	cr_assert_eq(opened_inode(b), inode_of("root/a/b"));
	fd_cache_trim(fixture.fds);
	cr_assert_eq(renameat(fixture.root, "a", fixture.work, "a"), 0);
	scratch_symlink(&fixture.scratch, "root/a", "../work/a");
	error = opened_inode(b);
	cr_assert(error == -ELOOP || error == -ENOTDIR);
	layer_dir_unref(b);
	layer_dir_unref(a);
}

Test(layer_dir, a_move_takes_descendants_along)
{
	struct layer_dir *a = child(fixture.layer->root, "a"), *b = child(a, "b"),
			 *c = child(b, "c");
	int64_t inode = opened_inode(c);

	cr_assert_eq(renameat(fixture.root, "a/b", fixture.root, "moved"), 0);
	cr_assert_eq(layer_dir_move(b, fixture.layer->root, "moved"), 0);
	layer_dir_unref(a);
	check_path(c, "/moved/c");
	cr_assert_eq(opened_inode(c), inode);
	fd_cache_trim(fixture.fds);
	cr_assert_eq(opened_inode(c), inode);
	/* Within its parent. */
	cr_assert_eq(renameat(fixture.root, "moved", fixture.root, "again"), 0);
	cr_assert_eq(layer_dir_move(b, fixture.layer->root, "again"), 0);
	fd_cache_trim(fixture.fds);
	cr_assert_eq(opened_inode(c), inode);
	layer_dir_unref(b);
	layer_dir_unref(c);
	cr_assert_eq(fixture.layer->root->references, 1);
}

#define DEPTH 3000

Test(layer_dir, very_deep_trees)
{
	struct layer_dir *dir = layer_dir_ref(fixture.layer->root), *parent;
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int fd = fcntl(fixture.root, F_DUPFD_CLOEXEC, 0), next;

	for (int i = 0; i < DEPTH; i++) {
		cr_assert_eq(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_PATH);
		(void)close(fd);
		fd = next;
		parent = dir;
		dir = child(parent, "d");
		layer_dir_unref(parent);
	}
	(void)close(fd);
	cr_assert_gt(opened_inode(dir), 0);
	cr_assert_leq(fd_cache_count(fixture.fds), 9);
	cr_assert_eq(layer_dir_path(dir, &path), 0);
	cr_assert_eq(path.length, 2 * DEPTH);
	layer_dir_unref(dir);
}

Test(layer_dir, makes_room_when_descriptors_run_out)
{
	struct layer_dir *a = child(fixture.layer->root, "a"), *b = child(a, "b"),
			 *c = child(b, "c");
	struct rlimit limit, none;

	cr_assert_gt(opened_inode(a), 0);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	/* Up to the one that would be opened next. */
	none.rlim_cur = (rlim_t)fcntl(fixture.root, F_DUPFD_CLOEXEC, 0);
	(void)close((int)none.rlim_cur);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_assert_eq(dup(fixture.root), -1);
	cr_assert_eq(opened_inode(b), -EMFILE, "the one that is in use cannot be closed");
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_gt(opened_inode(b), 0);
	none.rlim_cur = (rlim_t)fcntl(fixture.root, F_DUPFD_CLOEXEC, 0);
	(void)close((int)none.rlim_cur);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_assert_gt(opened_inode(c), 0, "the one of a is given back");
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	layer_dir_unref(c);
	layer_dir_unref(b);
	layer_dir_unref(a);
}

Test(layer_dir, renames_and_records_or_neither)
{
	struct layer_dir *root = fixture.layer->root, *a = child(root, "a"), *b = child(a, "b");
	const struct layer_dir_place place = { b, root, "moved" };

	cr_assert_eq(layer_dir_rename(fixture.layer, fixture.root, "a/absent", fixture.root,
				      "moved", 0, &place, 1),
		     -ENOENT);
	check_path(b, "/a/b");
	cr_assert_eq(layer_dir_rename(fixture.layer, fixture.root, "a/b", fixture.root, "moved", 0,
				      &place, 1),
		     0);
	check_path(b, "/moved");
	cr_assert_eq(opened_inode(b), inode_of("root/moved"));
	cr_assert_eq(layer_dir_rename(fixture.layer, fixture.root, "file", fixture.root, "file2", 0,
				      NULL, 0),
		     0);
	cr_assert(scratch_exists(&fixture.scratch, "root/file2"));
	cr_assert_eq(layer_dir_rename(fixture.layer, fixture.root, "x", fixture.root, "y", 0,
				      &place, LAYER_DIR_PLACES + 1),
		     -EINVAL);
	layer_dir_unref(a);
	layer_dir_unref(b);
	cr_assert_eq(root->references, 1);
}

/* -- moves against lookups -- */

#define THREADS 3

struct contest {
	struct layer_dir *leaf;
	int64_t inode;
	bool over;
};

/* A fault unless the leaf is found, and is always the same one. */
static void *keep_opening(void *argument)
{
	struct contest *contest = argument;

	while (!__atomic_load_n(&contest->over, __ATOMIC_RELAXED)) {
		cleanup_buffer struct buffer path = BUFFER_INIT;
		struct cached_fd *cached;
		struct stat status;

		if (layer_dir_open(contest->leaf, &cached) != 0)
			return argument;
		if (fstat(cached->fd, &status) != 0 || (int64_t)status.st_ino != contest->inode)
			return argument;
		fd_cache_release(fixture.fds, cached);
		if (layer_dir_path(contest->leaf, &path) != 0)
			return argument;
		(void)fd_cache_trim(fixture.fds);
	}
	return NULL;
}

Test(layer_dir, exchanges_while_others_look)
{
	struct layer_dir *root = fixture.layer->root, *a = child(root, "a"), *b = child(a, "b");
	struct layer_dir *other = child(root, "other"), *c = child(b, "c");
	struct contest contest = { .leaf = c, .inode = inode_of("root/a/b/c") };
	pthread_t threads[THREADS];
	void *failed;

	/* What a thread would find that walked by the old name. */
	scratch_dir(&fixture.scratch, "root/other");
	scratch_dir(&fixture.scratch, "root/other/c");
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, keep_opening, &contest), 0);
	for (int i = 0; i < 600; i++) {
		bool away = i % 2 == 0;
		const struct layer_dir_place places[] = {
			{ b, away ? root : a, away ? "other" : "b" },
			{ other, away ? a : root, away ? "b" : "other" },
		};

		cr_assert_eq(layer_dir_rename(fixture.layer, fixture.root, "a/b", fixture.root,
					      "other", RENAME_EXCHANGE, places, 2),
			     0);
	}
	__atomic_store_n(&contest.over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_join(threads[i], &failed), 0);
		cr_assert_null(failed);
	}
	check_path(c, "/a/b/c");
	layer_dir_unref(c);
	layer_dir_unref(b);
	layer_dir_unref(other);
	layer_dir_unref(a);
}
