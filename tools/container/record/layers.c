/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/layers.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* See container/root/init_layer.h. */
const char *const container_own_files[] = { "etc/hostname", "etc/hosts", "etc/resolv.conf", NULL };

void container_layers_free(struct container_layers *layers)
{
	free(steal_pointer(&layers->upper));
	string_list_free(&layers->lowers);
}

static char *path_of(const struct container *container, const char *name)
{
	char *path = NULL;
	int length =
		asprintf(&path, "%s/containers/%s/%s", container->place->data, container->id, name);

	return length < 0 ? NULL : path;
}

char *container_upper_path(const struct container *container)
{
	return container->config.upper ? strdup(container->config.upper)
				       : path_of(container, "upper");
}

char *container_init_layer_path(const struct container *container)
{
	return path_of(container, "init");
}

static int find(const struct container *container, struct container_layers *layers)
{
	const struct container_config *config = &container->config;
	cleanup_free char *init_layer = container_init_layer_path(container);
	int error;

	layers->upper = container_upper_path(container);
	if (!layers->upper || !init_layer)
		return -ENOMEM;
	error = string_list_add(&layers->lowers, init_layer);
	for (size_t i = 0; !error && i < config->lowers.count; i++)
		error = string_list_add(&layers->lowers, config->lowers.strings[i]);
	return error;
}

int container_layers_find(const struct container *container, struct container_layers *ret_layers,
			  struct problem *problem)
{
	struct container_layers layers = { 0 };
	int error = find(container, &layers);

	if (error) {
		container_layers_free(&layers);
		return problem_set(problem, error, "out of memory");
	}
	*ret_layers = layers;
	return 0;
}
