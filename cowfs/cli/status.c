/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "fuse/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int open_directory(const char *path)
{
	cleanup_fd int fd = confined_open_root(path);

	return fd < 0 ? fd : confined_reopen(fd, O_RDONLY | O_DIRECTORY);
}

/* Where attributes are switched off. The answer is followed by a zero byte. */
static int read_by_ioctl(const char *mountpoint, struct buffer *json)
{
	cleanup_fd int fd = open_directory(mountpoint);
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

static int parse(const struct buffer *text, json_object **ret_object)
{
	json_object *object = json_tokener_parse(buffer_string(text));

	if (!json_object_is_type(object, json_type_object)) {
		json_put(object);
		return -EPROTO;
	}
	*ret_object = object;
	return 0;
}

static int explain(const char *path, int error, struct problem *problem)
{
	switch (error) {
	case -EINVAL:
		return problem_set(problem, error, "%s is not where a cowfs union is mounted",
				   path);
	case -ENOTTY:
		return problem_set(problem, error, "%s is not in a mounted cowfs union", path);
	case -ENOTCONN:
		return problem_set(problem, error, "%s: the daemon behind this mount is gone",
				   path);
	case -EPROTO:
		return problem_set(problem, error,
				   "%s: the union's answer cannot be understood; is it another "
				   "version of cowfs?",
				   path);
	default:
		return problem_set(problem, error, "%s: %s", path, strerror(-error));
	}
}

int status_read(const char *mountpoint, json_object **ret_status, struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = read_status(mountpoint, &text);

	if (result == 0)
		result = parse(&text, ret_status);
	return result < 0 ? explain(mountpoint, result, problem) : 0;
}

/* What others answer to a request that they do not know. */
static bool means_unknown(int error)
{
	return error == ENOTTY || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

static int read_page(int fd, struct stack_page *page)
{
	if (ioctl(fd, STACK_IOCTL, page) < 0)
		return means_unknown(errno) ? -ENOTTY : -errno;
	return page->size <= sizeof(page->text) ? 0 : -ENOTTY;
}

static int read_pages(int directory, struct buffer *text)
{
	cleanup_free struct stack_page *page = calloc(1, sizeof(*page));
	int result = page ? 0 : -ENOMEM;

	while (result == 0) {
		page->offset = text->length;
		result = read_page(directory, page);
		if (result == 0 && page->size == 0)
			break;
		if (result == 0)
			result = buffer_append(text, page->text, page->size);
	}
	return result;
}

int status_read_stack(const char *directory, const char *called, json_object **ret_stack,
		      struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_fd int fd = open_directory(directory);
	int result = fd < 0 ? fd : read_pages(fd, &text);

	if (result == 0)
		result = parse(&text, ret_stack);
	if (result < 0)
		return explain(called, result, problem);
	/* What was written through mappings, or is held back, reaches the daemon by this. */
	(void)syncfs(fd);
	return 0;
}

static uint64_t own_pid_namespace(void)
{
	struct stat stat_buffer;

	return stat("/proc/self/ns/pid", &stat_buffer) < 0 ? 0 : stat_buffer.st_ino;
}

pid_t status_daemon(json_object *status)
{
	json_object *pid, *namespace;

	if (!json_object_object_get_ex(status, "pid", &pid) ||
	    !json_object_object_get_ex(status, "pid_namespace", &namespace))
		return 0;
	if (json_object_get_uint64(namespace) != own_pid_namespace())
		return 0;
	return (pid_t)json_object_get_int(pid);
}
