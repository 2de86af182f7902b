/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/target.h"

#include "base/cleanup.h"
#include "base/confined.h"

#include <stdarg.h>
#include <string.h>

#define TARGET_DESCRIPTORS 64
#define ACL_DEFAULT "system.posix_acl_default"

/* 0, or -ENOTEMPTY, or -errno. */
static int check_empty(const struct layer *layer)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(layer->root_fd, NULL, &stream);

	if (error)
		return error;
	while (errno = 0, (dirent = readdir(stream))) {
		if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0)
			return -ENOTEMPTY;
	}
	return -errno;
}

static int prepare(struct target *target, struct problem *problem)
{
	const char *path = target->options->target;
	int error;

	if (target->options->changeset || target->options->plain_files)
		return 0;
	error = check_empty(target->layer);
	if (error == -ENOTEMPTY)
		return problem_set(
			problem, error,
			"\"%s\": is not empty; a layer is unpacked into a directory of its own",
			path);
	if (error)
		return problem_set(problem, error, "\"%s\": %s", path, strerror(-error));
	/* It may have inherited one; what is unpacked must not. */
	(void)confined_removexattr(target->layer->root_fd, NULL, ACL_DEFAULT);
	return 0;
}

int target_open(struct target *target, const struct layer_apply_options *options,
		struct problem *problem, struct problem *warning)
{
	struct layer_options layer_options = {
		/* Otherwise it is tried whether it can be a layer's directory. */
		.writable = !options->plain_files,
		.dialect = options->dialect,
		.ownership = &target->ownership,
	};
	int error;

	*target = (struct target){ .options = options, .warning = warning };
	if (options->ownership)
		target->ownership = *options->ownership;
	error = fd_cache_create(TARGET_DESCRIPTORS, &target->fds);
	if (error)
		return problem_set(problem, error, "%s", strerror(-error));
	layer_options.fds = target->fds;
	error = layer_open(options->target, &layer_options, &target->layer, problem);
	if (!error)
		error = prepare(target, problem);
	if (error)
		target_close(target);
	return error;
}

void target_close(struct target *target)
{
	for (size_t i = 0; i < target->directory_count; i++) {
		layer_dir_unref(target->directories[i].dir);
		free(target->directories[i].acls[0].value);
		free(target->directories[i].acls[1].value);
	}
	free(target->directories);
	number_set_free(&target->made);
	buffer_free(&target->latest_path);
	layer_dir_unref(target->latest);
	layer_close(target->layer);
	fd_cache_destroy(target->fds);
	*target = (struct target){ 0 };
}

void target_leave_out(struct target *target, const char *format, ...)
{
	char text[sizeof(target->warning->text)];
	va_list arguments;

	if (target->left_out++ > 0 || !target->warning)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)problem_set(target->warning, 0, "%s", text);
}
