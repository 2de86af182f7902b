/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/namespaces/mode.h"

#include <sched.h>
#include <string.h>

#define CONTAINER "container:"

const char *namespace_mode_container(const char *mode)
{
	size_t length = sizeof(CONTAINER) - 1;

	return mode && strncmp(mode, CONTAINER, length) == 0 ? mode + length : NULL;
}

bool namespace_mode_is_own(const char *mode)
{
	return !mode || (strcmp(mode, "host") != 0 && !namespace_mode_container(mode));
}

bool namespace_mode_is_inner(const struct container_config *config)
{
	return config->inner_uid_map.count > 0;
}

bool namespace_mode_has_own_users(const struct container_config *config)
{
	return config->uid_map.count > 0 || namespace_mode_is_inner(config);
}

bool namespace_mode_has_own_cgroups(const struct container_config *config)
{
	return !config->cgroups || strcmp(config->cgroups, "host") != 0;
}

bool namespace_mode_has_own_time(const struct container_config *config)
{
	return config->time && strcmp(config->time, "private") == 0;
}

uint64_t namespace_mode_flags(const struct container_config *config)
{
	uint64_t flags = CLONE_NEWNS;

	if (namespace_mode_is_own(config->pid))
		flags |= CLONE_NEWPID;
	if (namespace_mode_is_own(config->ipc))
		flags |= CLONE_NEWIPC;
	if (namespace_mode_is_own(config->uts))
		flags |= CLONE_NEWUTS;
	if (namespace_mode_is_own(config->network))
		flags |= CLONE_NEWNET;
	if (namespace_mode_is_inner(config) && !namespace_mode_container(config->users))
		flags |= CLONE_NEWUSER;
	return flags;
}
