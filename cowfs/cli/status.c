/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/json.h"
#include "fuse/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Where attributes are switched off. The answer is followed by a zero byte. */
static int read_by_ioctl(const char *mountpoint, struct buffer *json)
{
	cleanup_fd int root = confined_open_root(mountpoint);
	cleanup_fd int fd = root < 0 ? root : confined_reopen(root, O_RDONLY | O_DIRECTORY);
	char text[STAT_IOCTL_SIZE] = { 0 };

	if (fd < 0)
		return fd;
	if (ioctl(fd, STAT_IOCTL, text) < 0)
		return errno == ENOTTY ? -EINVAL : -errno;
	return buffer_append(json, text, strnlen(text, sizeof(text)));
}

static int read_status(const char *mountpoint, struct buffer *json)
{
	ssize_t length;
	int result = buffer_reserve(json, STAT_SIZE_MAX);

	if (result < 0)
		return result;
	length = getxattr(mountpoint, STAT_ATTRIBUTE, json->data, STAT_SIZE_MAX);
	if (length >= 0) {
		json->length = (size_t)length;
		json->data[length] = '\0';
		return 0;
	}
	if (errno == ENOTSUP)
		return read_by_ioctl(mountpoint, json);
	return errno == ENODATA ? -EINVAL : -errno;
}

int status_read(const char *mountpoint, struct buffer *json, struct problem *problem)
{
	int result = read_status(mountpoint, json);

	switch (result) {
	case 0:
		return 0;
	case -EINVAL:
		return problem_set(problem, result, "%s is not where a cowfs union is mounted",
				   mountpoint);
	case -ENOTCONN:
		return problem_set(problem, result, "%s: the daemon behind this mount is gone",
				   mountpoint);
	default:
		return problem_set(problem, result, "%s: %s", mountpoint, strerror(-result));
	}
}

static uint64_t own_pid_namespace(void)
{
	struct stat stat_buffer;

	return stat("/proc/self/ns/pid", &stat_buffer) < 0 ? 0 : stat_buffer.st_ino;
}

pid_t status_daemon(const char *json)
{
	CLEANUP(json_put) json_object *status = json_tokener_parse(json);
	json_object *pid, *namespace;

	if (!json_object_object_get_ex(status, "pid", &pid) ||
	    !json_object_object_get_ex(status, "pid_namespace", &namespace))
		return 0;
	if (json_object_get_uint64(namespace) != own_pid_namespace())
		return 0;
	return (pid_t)json_object_get_int(pid);
}
