/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ORDINARY_ID 12345

struct scratch scratch_make(void)
{
	const char *parent = getenv("TMPDIR");
	struct scratch scratch;

	(void)snprintf(scratch.path, sizeof(scratch.path), "%s/cowfs-unit-XXXXXX",
		       parent && *parent ? parent : "/tmp");
	cr_assert(mkdtemp(scratch.path), "%s: %s", scratch.path, strerror(errno));
	scratch.fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(scratch.fd, 0);
	(void)umask(022);
	return scratch;
}

/* The absolute path, for the calls that know no descriptors. */
static const char *absolute(const struct scratch *scratch, const char *path, char text[1024])
{
	(void)snprintf(text, 1024, "%s/%s", scratch->path, path);
	return text;
}

/*
 * Removes one entry of the directory itself; one that is a directory and not empty first gives its
 * own entries to the scratch directory. Whether anything was achieved.
 */
static bool remove_entry(const struct scratch *scratch, const char *name)
{
	static unsigned long counter;
	char path[1024], moved[64];
	const struct dirent *dirent;
	bool achieved = false;
	DIR *stream;
	int fd;

	/* By path, since tests make unlinkat(2) fail. */
	absolute(scratch, name, path);
	if (remove(path) == 0)
		return true;
	fd = openat(scratch->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	stream = fd >= 0 ? fdopendir(fd) : NULL;
	while (stream && (dirent = readdir(stream))) {
		if (strcmp(dirent->d_name, ".") == 0 || strcmp(dirent->d_name, "..") == 0)
			continue;
		(void)snprintf(moved, sizeof(moved), "scratch-remove-%lu", counter++);
		if (renameat(fd, dirent->d_name, scratch->fd, moved) == 0)
			achieved = true;
	}
	if (stream)
		(void)closedir(stream);
	return remove(path) == 0 || achieved;
}

/* Flattens the tree as it goes, since a very deep one outgrows paths, descriptors and the stack. */
void scratch_remove(struct scratch *scratch)
{
	const struct dirent *dirent;
	DIR *stream;
	bool again = true;

	while (again && (stream = opendir(scratch->path))) {
		again = false;
		while ((dirent = readdir(stream))) {
			if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0 &&
			    remove_entry(scratch, dirent->d_name))
				again = true;
		}
		(void)closedir(stream);
	}
	(void)rmdir(scratch->path);
	(void)close(scratch->fd);
	scratch->fd = -1;
}

void scratch_dir(const struct scratch *scratch, const char *path)
{
	cr_assert_eq(mkdirat(scratch->fd, path, 0755), 0, "%s: %s", path, strerror(errno));
}

void scratch_file(const struct scratch *scratch, const char *path, const char *content)
{
	int fd = openat(scratch->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	(void)close(fd);
}

void scratch_symlink(const struct scratch *scratch, const char *path, const char *target)
{
	cr_assert_eq(symlinkat(target, scratch->fd, path), 0, "%s: %s", path, strerror(errno));
}

void scratch_node(const struct scratch *scratch, const char *path, mode_t mode, dev_t device)
{
	cr_assert_eq(mknodat(scratch->fd, path, mode, device), 0, "%s: %s", path, strerror(errno));
}

void scratch_xattr(const struct scratch *scratch, const char *path, const char *name,
		   const char *value)
{
	char text[1024];

	cr_assert_eq(lsetxattr(absolute(scratch, path, text), name, value, strlen(value), 0), 0,
		     "%s of %s: %s", name, path, strerror(errno));
}

bool scratch_exists(const struct scratch *scratch, const char *path)
{
	struct stat status;

	return fstatat(scratch->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

struct stat scratch_stat(const struct scratch *scratch, const char *path)
{
	struct stat status = { 0 };

	cr_assert_eq(fstatat(scratch->fd, path, &status, AT_SYMLINK_NOFOLLOW), 0, "%s: %s", path,
		     strerror(errno));
	return status;
}

bool scratch_xattr_is(const struct scratch *scratch, const char *path, const char *name,
		      const char *value)
{
	char text[1024], found[256];
	ssize_t length = lgetxattr(absolute(scratch, path, text), name, found, sizeof(found));

	return length == (ssize_t)strlen(value) && memcmp(found, value, strlen(value)) == 0;
}

int scratch_open(const struct scratch *scratch, const char *path)
{
	int fd = openat(scratch->fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	return fd;
}

size_t count_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	size_t count = 0;

	cr_assert(stream);
	while (readdir(stream))
		count++;
	(void)closedir(stream);
	return count - 3; /* ".", ".." and the stream's own */
}

void skip_test(struct scratch *scratch, const char *reason)
{
	scratch_remove(scratch);
	cr_skip_test("%s", reason);
}

void need_root(struct scratch *scratch)
{
	if (geteuid() != 0)
		skip_test(scratch, "only root can do this");
}

static int chown_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return lchown(path, ORDINARY_ID, ORDINARY_ID);
}

void become_ordinary(const struct scratch *scratch)
{
	if (geteuid() != 0)
		return;
	cr_assert_eq(nftw(scratch->path, chown_one, 16, FTW_PHYS), 0);
	cr_assert_eq(setresgid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID), 0);
	cr_assert_eq(setresuid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID), 0);
}

void deny_call(int number, int error)
{
	deny_call_with(number, 0, 0, 0, error);
}

void deny_call_with(int number, unsigned argument, unsigned mask, unsigned value, int error)
{
	/* The low half of an argument, on the little-endian machines that tests run on. */
	const unsigned offset =
		(unsigned)(offsetof(struct seccomp_data, args) + argument * sizeof(__u64));
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0, "%s",
		     strerror(errno));
}
