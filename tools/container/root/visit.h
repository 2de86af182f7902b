/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's files, as its processes see them, for a process of ours outside.
 *
 * All that is given is a descriptor of its root, to be used by in_root.h and base/confined.h. Nothing of the
 * container is run, loaded or looked up by a path of ours, so nothing in it can lead out or take over
 * (CVE-2018-15664, CVE-2019-14271): the visitor stays in the mount namespace of the host.
 */
#pragma once

#include "container/record/container.h"

/* What is done there; root is an O_PATH descriptor. 0 or -errno with a problem. */
typedef int container_visit_function(int root, void *context, struct problem *problem);

/*
 * Calls the function with the root of a container: that of its first process if it runs, volumes and other mounts
 * included. Otherwise its union is mounted where nobody else sees it, with its volumes, and is complete on the disk when
 * this returns; the lock must be held then, so that nobody starts it.
 *
 * To be called in a process that does nothing else: it may become root of the container's user namespace, and the
 * function may be called in a child of it. The result of the function, or -errno with a problem.
 */
int container_visit(struct container *container, container_visit_function *function, void *context,
		    struct problem *problem);
