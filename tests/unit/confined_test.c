/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confined.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct scratch scratch;

static void set_up(void)
{
	scratch = scratch_make();
	scratch_dir(&scratch, "dir");
	scratch_file(&scratch, "file", "content");
	scratch_symlink(&scratch, "link", "file");
	scratch_symlink(&scratch, "link-to-dir", "dir");
	scratch_symlink(&scratch, "outside", "/proc"); /* nothing there can be harmed */
	scratch_node(&scratch, "fifo", S_IFIFO | 0644, 0);
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(confined, .init = set_up, .fini = tear_down, .timeout = 300);

static void long_name(char name[257], size_t length)
{
	memset(name, 'n', length);
	name[length] = '\0';
}

Test(confined, names)
{
	char name[257];

	cr_assert(confined_name_is_valid("a"));
	cr_assert(confined_name_is_valid("..."));
	cr_assert(confined_name_is_valid(".wh.x"));
	cr_assert(confined_name_is_valid("\n\xff"));
	cr_assert_not(confined_name_is_valid(""));
	cr_assert_not(confined_name_is_valid("."));
	cr_assert_not(confined_name_is_valid(".."));
	cr_assert_not(confined_name_is_valid("a/b"));
	cr_assert_not(confined_name_is_valid("/"));
	cr_assert_not(confined_name_is_valid("a/"));
	long_name(name, 255);
	cr_assert(confined_name_is_valid(name));
	long_name(name, 256);
	cr_assert_not(confined_name_is_valid(name));
}

Test(confined, every_call_refuses_bad_names)
{
	static const char *const bad[] = { "", ".", "..", "dir/x", "/etc" };
	const struct timespec times[2] = { 0 };
	char too_long[257], value[4];
	int fd = scratch.fd;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(confined_open(fd, bad[i], O_RDONLY, 0), -EINVAL);
		cr_assert_eq(confined_open_regular(fd, bad[i], O_RDONLY), -EINVAL);
		cr_assert_eq(confined_link_fd(fd, fd, bad[i]), -EINVAL);
		cr_assert_eq(confined_chmod(fd, bad[i], 0), -EINVAL);
		cr_assert_eq(confined_chown(fd, bad[i], 0, 0), -EINVAL);
		cr_assert_eq(confined_set_times(fd, bad[i], times), -EINVAL);
		cr_assert_eq(confined_getxattr(fd, bad[i], "user.x", value, 4), -EINVAL);
		cr_assert_eq(confined_listxattr(fd, bad[i], value, 4), -EINVAL);
		cr_assert_eq(confined_setxattr(fd, bad[i], "user.x", "", 0, 0), -EINVAL);
		cr_assert_eq(confined_removexattr(fd, bad[i], "user.x"), -EINVAL);
	}
	long_name(too_long, 256);
	cr_assert_eq(confined_open(fd, too_long, O_RDONLY, 0), -ENAMETOOLONG);
	cr_assert_eq(confined_open(fd, NULL, O_RDONLY, 0), -EINVAL);
}

Test(confined, opens_a_root_through_links)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/link-to-dir/../dir", scratch.path);
	fd = confined_open_root(path);
	cr_assert_geq(fd, 0);
	cr_assert(fcntl(fd, F_GETFL) & O_PATH);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s/file", scratch.path);
	cr_assert_eq(confined_open_root(path), -ENOTDIR);
	cr_assert_eq(confined_open_root("/no/such/thing"), -ENOENT);
}

/* The same on every kernel: with openat2(2), and on those that have none. */
static void check_opening(void)
{
	int fd = confined_open(scratch.fd, "file", O_RDONLY, 0);
	char content[16];

	cr_assert_geq(fd, 0);
	cr_assert_eq(read(fd, content, sizeof(content)), 7);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close(fd);
	cr_assert_eq(confined_open(scratch.fd, "link", O_RDONLY, 0), -ELOOP);
	cr_assert_eq(confined_open(scratch.fd, "outside", O_RDONLY, 0), -ELOOP);
	/* ENOTDIR comes from the O_DIRECTORY that a link is not. */
	fd = confined_open(scratch.fd, "link-to-dir", O_PATH | O_DIRECTORY, 0);
	cr_assert(fd == -ELOOP || fd == -ENOTDIR);
	cr_assert_eq(confined_open(scratch.fd, "file", O_PATH | O_DIRECTORY, 0), -ENOTDIR);
	cr_assert_eq(confined_open(scratch.fd, "absent", O_RDONLY, 0), -ENOENT);
	fd = confined_open(scratch.fd, "link", O_PATH, 0);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	fd = confined_open(scratch.fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0640);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_assert_eq(scratch_stat(&scratch, "new").st_mode & 07777, 0640);
	cr_assert_eq(confined_open(scratch.fd, "link", O_WRONLY | O_CREAT | O_EXCL, 0), -EEXIST);
	fd = confined_open_unnamed(scratch.fd, O_RDWR, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
}

Test(confined, opens_one_name_and_follows_nothing)
{
	check_opening();
}

Test(confined, opens_without_openat2)
{
	deny_call(SYS_openat2, ENOSYS);
	check_opening();
}

Test(confined, does_not_hang_on_a_fifo)
{
	int fd = confined_open(scratch.fd, "fifo", O_RDONLY, 0);

	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_assert_eq(confined_open(scratch.fd, "fifo", O_WRONLY, 0), -ENXIO);
}

Test(confined, regular_files_only)
{
	int fd = confined_open_regular(scratch.fd, "file", O_RDWR);
	char content[16];

	cr_assert_geq(fd, 0);
	cr_assert_eq(read(fd, content, sizeof(content)), 7);
	cr_assert_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close(fd);
	cr_assert_eq(confined_open_regular(scratch.fd, "fifo", O_RDONLY), -ESTALE);
	cr_assert_eq(confined_open_regular(scratch.fd, "dir", O_RDONLY), -ESTALE);
	cr_assert_eq(confined_open_regular(scratch.fd, "link", O_RDONLY), -ESTALE);
	cr_assert_eq(confined_open_regular(scratch.fd, "absent", O_RDONLY | O_CREAT), -ENOENT);
	cr_assert_not(scratch_exists(&scratch, "absent"));
}

Test(confined, reopens_with_other_flags)
{
	int path = scratch_open(&scratch, "file"), dir = scratch_open(&scratch, "dir");
	int link = scratch_open(&scratch, "link"), fd;

	fd = confined_reopen(path, O_WRONLY | O_APPEND);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "+", 1), 1);
	(void)close(fd);
	cr_assert_eq(scratch_stat(&scratch, "file").st_size, 8);
	fd = confined_reopen(dir, O_RDONLY | O_DIRECTORY);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_assert_eq(confined_reopen(path, O_RDONLY | O_DIRECTORY), -ENOTDIR);
	cr_assert_eq(confined_reopen(link, O_RDONLY), -ELOOP);
	cr_assert_lt(confined_reopen(-1, O_RDONLY), 0);
	(void)close(path);
	(void)close(dir);
	(void)close(link);
}

Test(confined, does_not_cross_mounts)
{
	char path[512];
	int root;

	need_root(&scratch);
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		skip_test(&scratch, "no mount namespace to be had");
	(void)snprintf(path, sizeof(path), "%s/dir", scratch.path);
	cr_assert_eq(mount("/", path, NULL, MS_BIND, NULL), 0);
	/* The earlier descriptor belongs to the namespace without the mount. */
	root = confined_open_root(scratch.path);
	cr_assert_eq(confined_open(root, "dir", O_PATH | O_DIRECTORY, 0), -EXDEV);
	(void)close(root);
	cr_assert_eq(umount2(path, MNT_DETACH), 0);
}

static void check_linking(void)
{
	int fd = confined_open_unnamed(scratch.fd, O_RDWR, 0600), path;

	cr_assert_geq(fd, 0);
	cr_assert_eq(confined_link_fd(fd, scratch.fd, "linked"), 0);
	cr_assert_eq(scratch_stat(&scratch, "linked").st_nlink, 1);
	cr_assert_eq(confined_link_fd(fd, scratch.fd, "linked"), -EEXIST);
	(void)close(fd);
	/* A symbolic link itself, not what it leads to. */
	path = scratch_open(&scratch, "link");
	cr_assert_eq(confined_link_fd(path, scratch.fd, "link2"), 0);
	cr_assert(S_ISLNK(scratch_stat(&scratch, "link2").st_mode));
	(void)close(path);
}

Test(confined, links_what_has_no_name)
{
	check_linking();
}

Test(confined, links_without_privilege)
{
	become_ordinary(&scratch);
	check_linking();
}

static void check_permissions(void)
{
	int file = scratch_open(&scratch, "file"), dir = scratch_open(&scratch, "dir");
	int link = scratch_open(&scratch, "link");

	cr_assert_eq(confined_chmod(scratch.fd, "file", 0604), 0);
	cr_assert_eq(scratch_stat(&scratch, "file").st_mode & 07777, 0604);
	cr_assert_eq(confined_chmod(file, NULL, 0640), 0);
	cr_assert_eq(scratch_stat(&scratch, "file").st_mode & 07777, 0640);
	cr_assert_eq(confined_chmod(dir, NULL, 01700), 0);
	cr_assert_eq(scratch_stat(&scratch, "dir").st_mode & 07777, 01700);
	cr_assert_eq(confined_chmod(scratch.fd, "link", 0777), -EOPNOTSUPP);
	cr_assert_eq(confined_chmod(link, NULL, 0777), -EOPNOTSUPP);
	cr_assert_eq(confined_chmod(scratch.fd, "absent", 0777), -ENOENT);
	cr_assert_eq(scratch_stat(&scratch, "file").st_mode & 07777, 0640);
	(void)close(file);
	(void)close(dir);
	(void)close(link);
}

Test(confined, permissions_follow_nothing)
{
	check_permissions();
}

Test(confined, permissions_without_fchmodat2)
{
	deny_call(452, ENOSYS);
	check_permissions();
}

Test(confined, owners_follow_nothing)
{
	int link;

	need_root(&scratch);
	link = scratch_open(&scratch, "link");
	cr_assert_eq(confined_chown(scratch.fd, "link", 7, 8), 0);
	cr_assert_eq(scratch_stat(&scratch, "link").st_uid, 7);
	cr_assert_eq(confined_chown(link, NULL, 9, (gid_t)-1), 0);
	cr_assert_eq(scratch_stat(&scratch, "link").st_uid, 9);
	cr_assert_eq(scratch_stat(&scratch, "link").st_gid, 8);
	cr_assert_eq(scratch_stat(&scratch, "file").st_uid, 0);
	(void)close(link);
}

Test(confined, times_follow_nothing)
{
	const struct timespec times[2] = { { 1, 2 }, { 3, 4 } };
	int link = scratch_open(&scratch, "link"), file = scratch_open(&scratch, "file");

	cr_assert_eq(confined_set_times(scratch.fd, "link", times), 0);
	cr_assert_eq(scratch_stat(&scratch, "link").st_mtim.tv_nsec, 4);
	cr_assert_neq(scratch_stat(&scratch, "file").st_mtim.tv_sec, 3);
	cr_assert_eq(confined_set_times(file, NULL, times), 0);
	cr_assert_eq(scratch_stat(&scratch, "file").st_atim.tv_nsec, 2);
	cr_assert_eq(confined_set_times(link, NULL, (struct timespec[2]){ { 5, 6 }, { 7, 8 } }), 0);
	cr_assert_eq(scratch_stat(&scratch, "link").st_mtim.tv_sec, 7);
	cr_assert_eq(scratch_stat(&scratch, "file").st_mtim.tv_sec, 3);
	(void)close(link);
	(void)close(file);
}

/* By name, by an O_PATH descriptor and by one that is open for reading. */
static void check_xattrs(void)
{
	int path = scratch_open(&scratch, "file"), dir = scratch_open(&scratch, "dir");
	char value[32], list[256];

	if (confined_setxattr(scratch.fd, "file", "user.a", "one", 3, 0) == -ENOTSUP)
		skip_test(&scratch, "no attributes here");
	cr_assert_eq(confined_setxattr(path, NULL, "user.b", "two", 3, XATTR_CREATE), 0);
	cr_assert_eq(confined_setxattr(path, NULL, "user.b", "2", 1, XATTR_CREATE), -EEXIST);
	cr_assert_eq(confined_setxattr(dir, NULL, "user.c", "", 0, 0), 0);
	cr_assert_eq(confined_getxattr(scratch.fd, "file", "user.b", value, sizeof(value)), 3);
	cr_assert_eq(memcmp(value, "two", 3), 0);
	cr_assert_eq(confined_getxattr(path, NULL, "user.a", value, sizeof(value)), 3);
	cr_assert_eq(confined_getxattr(path, NULL, "user.a", NULL, 0), 3);
	cr_assert_eq(confined_getxattr(path, NULL, "user.a", value, 2), -ERANGE);
	cr_assert_eq(confined_getxattr(scratch.fd, "dir", "user.c", value, sizeof(value)), 0);
	cr_assert_eq(confined_getxattr(scratch.fd, "file", "user.z", value, 1), -ENODATA);
	cr_assert_eq(confined_getxattr(scratch.fd, "absent", "user.a", value, 1), -ENOENT);
	cr_assert_geq(confined_listxattr(scratch.fd, "file", list, sizeof(list)), 14);
	cr_assert_geq(confined_listxattr(path, NULL, list, sizeof(list)), 14);
	cr_assert_geq(confined_listxattr(scratch.fd, "file", NULL, 0), 14);
	cr_assert_eq(confined_removexattr(scratch.fd, "file", "user.a"), 0);
	cr_assert_eq(confined_removexattr(scratch.fd, "file", "user.a"), -ENODATA);
	cr_assert_eq(confined_removexattr(path, NULL, "user.b"), 0);
	/* A link is not followed: it has none, and takes none. */
	cr_assert_eq(confined_setxattr(scratch.fd, "link", "user.d", "", 0, 0), -EPERM);
	cr_assert_eq(confined_setxattr(scratch.fd, "outside", "user.d", "", 0, 0), -EPERM);
	cr_assert_eq(confined_getxattr(scratch.fd, "file", "user.d", NULL, 0), -ENODATA);
	cr_assert_eq(confined_setxattr(scratch.fd, "fifo", "user.d", "", 0, 0), -EPERM);
	(void)close(path);
	(void)close(dir);
	path = confined_open(scratch.fd, "file", O_RDONLY, 0);
	cr_assert_eq(confined_setxattr(path, NULL, "user.e", "e", 1, 0), 0);
	cr_assert_eq(confined_getxattr(path, NULL, "user.e", value, 1), 1);
	(void)close(path);
}

Test(confined, attributes_follow_nothing)
{
	check_xattrs();
}

Test(confined, attributes_without_xattrat)
{
	for (int number = 463; number <= 466; number++)
		deny_call(number, ENOSYS);
	check_xattrs();
}

Test(confined, attributes_of_a_link_itself)
{
	int link;
	char value[8];

	need_root(&scratch);
	link = scratch_open(&scratch, "link");
	if (confined_setxattr(link, NULL, "trusted.x", "y", 1, 0) != 0)
		skip_test(&scratch, "no trusted attributes here");
	cr_assert_eq(confined_getxattr(scratch.fd, "link", "trusted.x", value, 8), 1);
	cr_assert_eq(confined_getxattr(scratch.fd, "file", "trusted.x", value, 8), -ENODATA);
	(void)close(link);
}

Test(confined, leaves_no_descriptor_behind)
{
	size_t before = count_descriptors();

	check_opening();
	check_permissions();
	check_xattrs();
	cr_assert_eq(count_descriptors(), before);
}
