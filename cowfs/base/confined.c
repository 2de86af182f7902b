/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confined.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Newer than some C libraries; these numbers are the same on every architecture. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif

#define RESOLVE_CONFINED                                                                           \
	(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)
#define OPEN_RETRIES 16

bool confined_name_is_valid(const char *name)
{
	return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       !strchr(name, '/') && strlen(name) <= NAME_MAX;
}

/* NULL passes: it stands for the descriptor's own object. */
static int check_name(const char *name)
{
	if (!name || confined_name_is_valid(name))
		return 0;
	return strlen(name) > NAME_MAX && !strchr(name, '/') ? -ENAMETOOLONG : -EINVAL;
}

static int result(long returned)
{
	return returned < 0 ? -errno : (int)returned;
}

/* -- opening -- */

int confined_open_root(const char *path)
{
	return result(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int confined_open_input(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) ? -EISDIR : steal_fd(&fd);
}

int confined_open_output(const char *path)
{
	return result(open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
}

/* name is one component or ".". */
static int open_resolved(int directory, const char *name, int flags, mode_t mode, unsigned resolve)
{
	static atomic_bool no_openat2;
	struct open_how how = { .resolve = resolve };
	long fd;

	flags |= O_CLOEXEC | O_NOFOLLOW | O_LARGEFILE;
	if (!(flags & O_PATH))
		flags |= O_NONBLOCK | O_NOCTTY;
	how.flags = (unsigned)flags;
	/* O_TMPFILE contains O_DIRECTORY, so all of its bits count. openat2(2) refuses a stray mode. */
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		how.mode = mode & 07777;
	for (int tries = 0; !no_openat2; tries++) {
		fd = syscall(SYS_openat2, directory, name, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno == ENOSYS)
			no_openat2 = true;
		else if (errno != EINTR && (errno != EAGAIN || tries >= OPEN_RETRIES))
			return -errno;
	}
	do {
		fd = openat(directory, name, flags, mode);
	} while (fd < 0 && errno == EINTR);
	return result(fd);
}

static int open_beneath(int directory, const char *name, int flags, mode_t mode)
{
	return open_resolved(directory, name, flags, mode, RESOLVE_CONFINED);
}

int confined_open_across(int directory, const char *name, int flags)
{
	int error = name ? check_name(name) : -EINVAL;

	return error ? error
		     : open_resolved(directory, name, flags, 0,
				     RESOLVE_CONFINED & ~RESOLVE_NO_XDEV);
}

int confined_open(int directory, const char *name, int flags, mode_t mode)
{
	int error = name ? check_name(name) : -EINVAL;

	return error ? error : open_beneath(directory, name, flags, mode);
}

int confined_open_regular(int directory, const char *name, int flags)
{
	cleanup_fd int path = confined_open(directory, name, O_PATH, 0);
	struct stat status;

	if (path < 0)
		return path;
	if (fstat(path, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ESTALE;
	return confined_reopen(path, flags & ~(O_CREAT | O_EXCL));
}

int confined_open_unnamed(int directory, int flags, mode_t mode)
{
	return open_beneath(directory, ".", flags | O_TMPFILE, mode);
}

#define FD_LINK_MAX 32

/* The only paths that cowfs makes up: the kernel's own links to our descriptors. */
static const char *fd_link(int fd, char text[FD_LINK_MAX])
{
	(void)snprintf(text, FD_LINK_MAX, "/proc/self/fd/%d", fd);
	return text;
}

static int reopen(int fd, int flags)
{
	char link[FD_LINK_MAX];
	int opened;

	if (flags & O_DIRECTORY)
		return open_beneath(fd, ".", flags, 0);
	flags |= O_CLOEXEC | O_LARGEFILE;
	if (!(flags & O_PATH))
		flags |= O_NONBLOCK | O_NOCTTY;
	/* The link must be followed, so no O_NOFOLLOW; what it leads to is never itself followed. */
	do {
		opened = open(fd_link(fd, link), flags & ~O_NOFOLLOW);
	} while (opened < 0 && errno == EINTR);
	return result(opened);
}

int confined_reopen(int fd, int flags)
{
	int opened = -EPERM;

	/* Only the owner of a file, or whoever has the privilege, may keep its access time still. */
	if ((flags & (O_ACCMODE | O_PATH)) == O_RDONLY || (flags & O_NOATIME))
		opened = reopen(fd, flags | O_NOATIME);
	return opened == -EPERM ? reopen(fd, flags & ~O_NOATIME) : opened;
}

int confined_open_stream(int directory, const char *name, DIR **ret_stream)
{
	const int flags = O_RDONLY | O_DIRECTORY;
	int error, fd = name ? confined_open(directory, name, flags, 0)
			     : confined_reopen(directory, flags);
	DIR *stream;

	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream) {
		error = -errno;
		(void)close(fd);
		return error;
	}
	*ret_stream = stream;
	return 0;
}

int confined_link_fd(int fd, int directory, const char *name)
{
	char link[FD_LINK_MAX];
	int error = name ? check_name(name) : -EINVAL;

	if (error)
		return error;
	if (linkat(fd, "", directory, name, AT_EMPTY_PATH) == 0)
		return 0;
	/* Without CAP_DAC_READ_SEARCH the kernel pretends that there is nothing to link. */
	if (errno != ENOENT)
		return -errno;
	return result(linkat(AT_FDCWD, fd_link(fd, link), directory, name, AT_SYMLINK_FOLLOW));
}

/* -- permissions, owner, times -- */

/* chmod(2) through the descriptor's link in /proc, as before Linux 6.6. */
static int chmod_by_link(int fd, mode_t mode)
{
	char link[FD_LINK_MAX];
	struct stat status;

	if (fstat(fd, &status) != 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return -EOPNOTSUPP;
	return result(chmod(fd_link(fd, link), mode));
}

int confined_chmod(int directory, const char *name, mode_t mode)
{
	static atomic_bool no_fchmodat2;
	cleanup_fd int fd = -1;
	int error = check_name(name);

	if (error)
		return error;
	if (!no_fchmodat2) {
		if (syscall(SYS_fchmodat2, directory, name ? name : "", mode,
			    name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) == 0)
			return 0;
		if (errno != ENOSYS)
			return -errno;
		no_fchmodat2 = true;
	}
	if (!name)
		return chmod_by_link(directory, mode);
	fd = confined_open(directory, name, O_PATH, 0);
	return fd < 0 ? fd : chmod_by_link(fd, mode);
}

int confined_chown(int directory, const char *name, uid_t uid, gid_t gid)
{
	int error = check_name(name);

	if (error)
		return error;
	return result(fchownat(directory, name ? name : "", uid, gid,
			       name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH));
}

int confined_set_times(int directory, const char *name, const struct timespec times[2])
{
	char link[FD_LINK_MAX];
	int error = check_name(name);

	if (error)
		return error;
	if (name)
		return result(utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW));
	/* utimensat(2) takes AT_EMPTY_PATH since Linux 5.8; the C library refuses "" before. */
	if (utimensat(directory, "", times, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOENT)
		return -errno;
	return result(utimensat(AT_FDCWD, fd_link(directory, link), times, 0));
}

/* -- extended attributes -- */

enum xattr_operation { XATTR_GET, XATTR_LIST, XATTR_SET, XATTR_REMOVE };

/* One of the four calls, to be made by whichever way the kernel offers. */
struct xattr_request {
	enum xattr_operation operation;
	const char *attribute;
	void *output;	   /* of GET and LIST */
	const void *input; /* of SET */
	size_t size;
	int flags; /* of SET */
};

/* struct xattr_args of linux/xattr.h, which older headers lack. */
struct xattr_arguments {
	__attribute__((aligned(8))) uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static ssize_t xattr_at(int directory, const char *name, const struct xattr_request *request)
{
	const unsigned at = AT_SYMLINK_NOFOLLOW;
	const char *attribute = request->attribute;
	struct xattr_arguments arguments = {
		.size = request->size < UINT32_MAX ? (uint32_t)request->size : UINT32_MAX,
	};

	switch (request->operation) {
	case XATTR_GET:
		arguments.value = (uintptr_t)request->output;
		return syscall(SYS_getxattrat, directory, name, at, attribute, &arguments,
			       sizeof(arguments));
	case XATTR_LIST:
		return syscall(SYS_listxattrat, directory, name, at, request->output,
			       request->size);
	case XATTR_SET:
		arguments.value = (uintptr_t)request->input;
		arguments.flags = (uint32_t)request->flags;
		return syscall(SYS_setxattrat, directory, name, at, attribute, &arguments,
			       sizeof(arguments));
	case XATTR_REMOVE:
		return syscall(SYS_removexattrat, directory, name, at, attribute);
	}
	errno = EINVAL;
	return -1;
}

static ssize_t xattr_of_open(int fd, const struct xattr_request *request)
{
	switch (request->operation) {
	case XATTR_GET:
		return fgetxattr(fd, request->attribute, request->output, request->size);
	case XATTR_LIST:
		return flistxattr(fd, request->output, request->size);
	case XATTR_SET:
		return fsetxattr(fd, request->attribute, request->input, request->size,
				 request->flags);
	case XATTR_REMOVE:
		return fremovexattr(fd, request->attribute);
	}
	errno = EINVAL;
	return -1;
}

/* Of what an O_PATH descriptor refers to, which the calls on descriptors answer with EBADF. */
static ssize_t xattr_of_path_fd(int fd, const struct xattr_request *request)
{
	char link[FD_LINK_MAX];

	fd_link(fd, link);
	switch (request->operation) {
	case XATTR_GET:
		return getxattr(link, request->attribute, request->output, request->size);
	case XATTR_LIST:
		return listxattr(link, request->output, request->size);
	case XATTR_SET:
		return setxattr(link, request->attribute, request->input, request->size,
				request->flags);
	case XATTR_REMOVE:
		return removexattr(link, request->attribute);
	}
	errno = EINVAL;
	return -1;
}

static ssize_t xattr_result(ssize_t returned)
{
	return returned < 0 ? -errno : returned;
}

static ssize_t xattr(int directory, const char *name, const struct xattr_request *request)
{
	static atomic_bool no_xattrat;
	cleanup_fd int fd = -1;
	ssize_t returned = check_name(name);

	if (returned < 0)
		return returned;
	if (!name) {
		returned = xattr_of_open(directory, request);
		if (returned < 0 && errno == EBADF)
			returned = xattr_of_path_fd(directory, request);
		return xattr_result(returned);
	}
	if (!no_xattrat) {
		returned = xattr_at(directory, name, request);
		if (returned >= 0 || errno != ENOSYS)
			return xattr_result(returned);
		no_xattrat = true;
	}
	fd = confined_open(directory, name, O_PATH, 0);
	return fd < 0 ? fd : xattr_result(xattr_of_path_fd(fd, request));
}

ssize_t confined_getxattr(int directory, const char *name, const char *attribute, void *value,
			  size_t size)
{
	const struct xattr_request request = {
		.operation = XATTR_GET,
		.attribute = attribute,
		.output = value,
		.size = size,
	};

	return xattr(directory, name, &request);
}

ssize_t confined_listxattr(int directory, const char *name, char *list, size_t size)
{
	const struct xattr_request request = {
		.operation = XATTR_LIST,
		.output = list,
		.size = size,
	};

	return xattr(directory, name, &request);
}

int confined_setxattr(int directory, const char *name, const char *attribute, const void *value,
		      size_t size, int flags)
{
	const struct xattr_request request = {
		.operation = XATTR_SET,
		.attribute = attribute,
		.input = value,
		.size = size,
		.flags = flags,
	};

	return (int)xattr(directory, name, &request);
}

int confined_removexattr(int directory, const char *name, const char *attribute)
{
	const struct xattr_request request = {
		.operation = XATTR_REMOVE,
		.attribute = attribute,
	};

	return (int)xattr(directory, name, &request);
}
