/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/container_layers.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* See container/init_layer.h. */
const char *const container_own_files[] = { "etc/hostname", "etc/hosts", "etc/resolv.conf", NULL };

void container_layers_free(struct container_layers *layers)
{
	free(steal_pointer(&layers->upper));
	string_list_free(&layers->lowers);
}

static int find(const struct container *container, struct container_layers *layers)
{
	const struct container_config *config = &container->config;
	const char *data = container->place->data;
	int error = 0;

	if (config->upper)
		layers->upper = strdup(config->upper);
	else if (asprintf(&layers->upper, "%s/containers/%s/upper", data, container->id) < 0)
		layers->upper = NULL;
	if (!layers->upper)
		return -ENOMEM;
	error = string_list_add_format(&layers->lowers, "%s/containers/%s/init", data,
				       container->id);
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
