/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/container_union.h"

#include "container/record/layers.h"
#include "container/root/init_layer.h"
#include "container/root/union_mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int container_union_name(const struct container *container, struct container_union *ret_union)
{
	const struct place *place = container->place;

	if (asprintf(&ret_union->mountpoint, "%s/%s/root", place->run, container->id) < 0)
		ret_union->mountpoint = NULL;
	if (asprintf(&ret_union->volumes, "%s/volumes", place->data) < 0)
		ret_union->volumes = NULL;
	ret_union->init_layer = container_init_layer_path(container);
	ret_union->upper = container_upper_path(container);
	return ret_union->mountpoint && ret_union->volumes && ret_union->init_layer &&
			       ret_union->upper
		       ? 0
		       : -ENOMEM;
}

void container_union_free(struct container_union *container_union)
{
	free(container_union->mountpoint);
	free(container_union->volumes);
	free(container_union->init_layer);
	free(container_union->upper);
}

int container_union_mount(const struct container *container,
			  const struct container_union *container_union, bool for_inner,
			  void (*meanwhile)(void *context), void *context, pid_t *ret_daemon,
			  struct problem *problem)
{
	const struct union_layers layers = {
		.init = container_union->init_layer,
		.lowers = &container->config.lowers,
		.upper = container_union->upper,
		.single_id = container->config.single_id,
		.meanwhile = meanwhile,
		.context = context,
		/* What INSIDE:OUTSIDE is to a process is DISK:SHOWN to a file. */
		.uid_map = for_inner ? &container->config.inner_uid_map : NULL,
		.gid_map = for_inner ? &container->config.inner_gid_map : NULL,
	};
	int error = init_layer_write(container->fd, &container->config, problem);

	if (!error && mkdirat(container->run_fd, "root", 0700) < 0 && errno != EEXIST)
		error = problem_set(problem, -errno, "%s: %s", container_union->mountpoint,
				    strerror(errno));
	return error ? error
		     : union_mount_start(&layers, container_union->mountpoint, ret_daemon, problem);
}
