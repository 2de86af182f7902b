/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The union of a container: where its parts lie, and mounting it. */
#pragma once

#include "container/record/container.h"

/* Paths, owned. */
struct container_union {
	char *mountpoint;
	char *volumes; /* the directory of all named volumes */
	char *init_layer, *upper;
};

/* 0 or -ENOMEM; to be freed in either case. */
int container_union_name(const struct container *container, struct container_union *ret_union);
void container_union_free(struct container_union *container_union);

/*
 * Writes the init layer and mounts, in the mount namespace of the caller; the container's run directory must be open.
 * *ret_daemon is a child of the caller (union_mount.h). 0 or -errno with a problem.
 *
 * for_inner: for processes in the container's inner user namespace, if it has one (config.h), where an owner's
 * number is to be that on the disk. Otherwise for those in the caller's. meanwhile: see union_mount.h.
 */
int container_union_mount(const struct container *container,
			  const struct container_union *container_union, bool for_inner,
			  void (*meanwhile)(void *context), void *context, pid_t *ret_daemon,
			  struct problem *problem);
