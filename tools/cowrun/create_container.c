/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of create_options.h: from what was asked for to a container. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "cli/option_text.h"
#include "cli/say.h"
#include "container/cgroup/limits_text.h"
#include "container/launch/id_maps.h"
#include "container/launch/id_ranges.h"
#include "container/process/privileges.h"
#include "container/root/volumes.h"
#include "cowrun/command.h"
#include "cowrun/create_ids.h"
#include "cowrun/create_image.h"
#include "cowrun/create_namespaces.h"
#include "cowrun/create_options.h"
#include "cowrun/create_ports.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define STOP_SECONDS 10

int create_options_init(struct create_options *options)
{
	struct container_config *config = &options->config;

	*options = (struct create_options){ .config.stop_timeout = STOP_SECONDS };
	if (state_set_text(&config->pid, "private") < 0 ||
	    state_set_text(&config->ipc, "private") < 0 ||
	    state_set_text(&config->uts, "private") < 0 ||
	    state_set_text(&config->cgroups, "private") < 0 ||
	    state_set_text(&config->restart, "no") < 0)
		return -ENOMEM;
	return 0;
}

void create_options_free(struct create_options *options)
{
	config_free(&options->config);
	free(options->entrypoint);
	free(options->root_directory);
	free(options->layers);
	free(options->upper);
	free(options->id_file);
	free(options->pid_file);
	free(options->detach_keys);
}

/* -- layers -- */

/* A directory that a person named, as a path that stays true. */
static int add_layer(const char *path, struct string_list *lowers, struct problem *problem)
{
	cleanup_free char *absolute = realpath(path, NULL);
	cleanup_fd int fd = absolute ? confined_open_root(absolute) : -errno;

	if (fd < 0)
		return problem_set(problem, fd, "layer %s: %s", path[0] ? path : "\"\"",
				   strerror(-fd));
	return string_list_add(lowers, absolute);
}

static int add_layers(const char *text, struct string_list *lowers, struct problem *problem)
{
	struct string_list paths = STRING_LIST_INIT;
	int error = option_text_split(text, ':', ":\\", &paths);

	for (size_t i = 0; !error && i < paths.count; i++)
		error = add_layer(paths.strings[i], lowers, problem);
	string_list_free(&paths);
	return error;
}

static int set_upper(const char *path, struct container_config *config, struct problem *problem)
{
	cleanup_free char *absolute = realpath(path, NULL);
	cleanup_fd int fd = absolute ? confined_open_root(absolute) : -errno;

	if (fd < 0)
		return problem_set(problem, fd, "--upper %s: %s", path, strerror(-fd));
	return state_set_text(&config->upper, absolute);
}

/* Of --rootfs or --layers. */
static int set_layers(struct create_options *options, struct problem *problem)
{
	struct container_config *config = &options->config;
	int error;

	if (options->root_directory && options->layers)
		return problem_set(problem, -EINVAL, "--rootfs and --layers exclude each other");
	error = options->layers ? add_layers(options->layers, &config->lowers, problem)
				: add_layer(options->root_directory, &config->lowers, problem);
	return error;
}

/* -- the rest -- */

static int set_arguments(struct create_options *options, int count, char **operands,
			 struct problem *problem)
{
	struct string_list *arguments = &options->config.arguments;
	int error = 0;

	if (options->entrypoint && options->entrypoint[0])
		error = string_list_add(arguments, options->entrypoint);
	for (int i = 0; !error && i < count; i++)
		error = string_list_add(arguments, operands[i]);
	if (!error && arguments->count == 0)
		return problem_set(problem, -EINVAL, "say which command is to run in it");
	return error;
}

/* The root, and what runs in it: of directories, or of the image that the first operand names. */
static int set_root(struct create_options *options, struct create_image *image,
		    const struct place *place, int count, char **operands, struct problem *problem)
{
	struct container_config *config = &options->config;
	int error;

	if (options->root_directory || options->layers) {
		error = set_layers(options, problem);
		if (!error)
			error = set_arguments(options, count, operands, problem);
	} else if (count == 0) {
		return problem_set(problem, -EINVAL,
				   "say what its root is: an IMAGE, --rootfs DIRECTORY or --layers "
				   "L1[:L2...]");
	} else {
		error = create_image_use(image, place, operands[0], options, problem);
		if (!error)
			error = create_image_arguments(image, options->entrypoint, count - 1,
						       operands + 1, &config->arguments, problem);
	}
	if (!error && options->upper)
		error = set_upper(options->upper, config, problem);
	if (!error && !config->stop_signal)
		error = state_set_text(&config->stop_signal, "TERM");
	return error;
}

static int check(const struct create_options *options, struct problem *problem)
{
	const struct container_config *config = &options->config;
	cleanup_limits struct container_limits limits = LIMITS_INIT;

	if (config->remove && strcmp(config->restart, "no") != 0)
		return problem_set(problem, -EINVAL, "--rm and --restart exclude each other");
	return limits_read(&config->limits, &limits, problem);
}

/* The file must be new: it may be a container's that still runs. */
static int write_id_file(const char *path, const char *id, struct problem *problem)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, id, strlen(id)) < 0)
		return problem_set(problem, -errno, "--cidfile %s: %s", path, strerror(errno));
	return 0;
}

static int remove_again(struct container *container)
{
	if (container_lock(container, NULL) == 0 && container_hide(container, NULL) == 0)
		(void)container_delete(container->place, container->id, NULL);
	container_close(container);
	return STATUS_RUNTIME_FAILED;
}

/* Once the container is on record, nobody prunes them. One that cannot be made is missed by the start. */
static void make_volumes(const struct place *place, const struct container_config *config)
{
	/* They are for the root of the container; an ordinary user is, who has made it. */
	uid_t uid = place->rootless ? geteuid() : id_maps_outside(&config->inner_uid_map, 0);
	gid_t gid = place->rootless ? getegid() : id_maps_outside(&config->inner_gid_map, 0);

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct container_mount *mount = config_mount(config, i);

		if (strcmp(mount->type, "volume") == 0 &&
		    volumes_create(place, mount->source, NULL) == 0)
			(void)volumes_give(place, mount->source, uid, gid, NULL);
	}
}

int create_options_make(struct create_options *options, const struct place *place, int count,
			char **operands, struct container *ret_container)
{
	struct problem problem = { .text = "out of memory" };
	struct container container = CONTAINER_INIT;
	/* In use until the container is on record. */
	cleanup_create_image struct create_image image = CREATE_IMAGE_INIT;
	cleanup_fd int ids = -1;
	int error = check(options, &problem);

	if (!error)
		error = create_namespaces_resolve(place, &options->config, &problem);
	if (!error)
		error = set_root(options, &image, place, count, operands, &problem);
	if (!error && options->publish_all)
		error = create_ports_add_exposed(&image.image.config.exposed_ports,
						 &options->config, &problem);
	if (!error)
		error = create_ports_check(place->rootless, options, &problem);
	if (!error && !place->rootless && options->config.users &&
	    strcmp(options->config.users, "host") != 0) {
		ids = id_ranges_lock(place, &problem);
		error = ids < 0 ? ids : 0;
	}
	if (!error)
		error = create_ids_set(place, &options->config, &problem);
	if (!error)
		error = privileges_check(&options->config, &problem);
	if (!error)
		error = container_create(place, &options->config, &container, &problem);
	if (error) {
		say("%s", problem.text);
		return STATUS_RUNTIME_FAILED;
	}
	if (options->warning.text[0])
		say("%s", options->warning.text);
	if (options->id_file && write_id_file(options->id_file, container.id, &problem) < 0) {
		say("%s", problem.text);
		return remove_again(&container);
	}
	make_volumes(place, &container.config);
	*ret_container = container;
	return STATUS_OK;
}
