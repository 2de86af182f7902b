/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/config.h"

#include <stddef.h>

#define MEMBER(kind, structure, member)                                                            \
	{                                                                                          \
		.name = #member, .type = (kind), .offset = offsetof(structure, member)             \
	}
#define MOUNT(kind, member) MEMBER(kind, struct container_mount, member)
#define CONFIG(kind, member) MEMBER(kind, struct container_config, member)

static const struct field mount_fields[] = {
	MOUNT(FIELD_STRING, type),	  MOUNT(FIELD_STRING, source),
	MOUNT(FIELD_STRING, destination), MOUNT(FIELD_STRING, options),
	MOUNT(FIELD_BOOL, read_only),	  MOUNT(FIELD_BOOL, recursive),
};

static const struct field_table mount_table = FIELD_TABLE(mount_fields, struct container_mount);

static const struct field config_fields[] = {
	CONFIG(FIELD_STRING, id),
	CONFIG(FIELD_STRING, name),
	CONFIG(FIELD_STRING, created),
	CONFIG(FIELD_STRINGS, arguments),
	CONFIG(FIELD_STRINGS, environment),
	CONFIG(FIELD_STRING, working_directory),
	CONFIG(FIELD_STRING, user),
	CONFIG(FIELD_STRING, hostname),
	CONFIG(FIELD_BOOL, terminal),
	CONFIG(FIELD_BOOL, open_stdin),
	CONFIG(FIELD_BOOL, init),
	CONFIG(FIELD_STRING, image),
	CONFIG(FIELD_STRING, image_id),
	CONFIG(FIELD_STRINGS, lowers),
	CONFIG(FIELD_STRING, upper),
	CONFIG(FIELD_BOOL, read_only),
	{ .name = "mounts",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct container_config, mounts),
	  .element = &mount_table },
	CONFIG(FIELD_STRINGS, devices),
	CONFIG(FIELD_STRING, network),
	CONFIG(FIELD_BOOL, network_is_default),
	CONFIG(FIELD_STRING, pid),
	CONFIG(FIELD_STRING, ipc),
	CONFIG(FIELD_STRING, uts),
	CONFIG(FIELD_STRING, cgroups),
	CONFIG(FIELD_STRING, time),
	CONFIG(FIELD_STRING, users),
	CONFIG(FIELD_STRINGS, uid_map),
	CONFIG(FIELD_STRINGS, gid_map),
	CONFIG(FIELD_BOOL, single_id),
	CONFIG(FIELD_STRINGS, inner_uid_map),
	CONFIG(FIELD_STRINGS, inner_gid_map),
	CONFIG(FIELD_STRING, proc),
	CONFIG(FIELD_BOOL, privileged),
	CONFIG(FIELD_BOOL, no_new_privileges),
	CONFIG(FIELD_STRINGS, capabilities_add),
	CONFIG(FIELD_STRINGS, capabilities_drop),
	CONFIG(FIELD_BOOL, seccomp_unconfined),
	CONFIG(FIELD_STRING, seccomp_profile),
	CONFIG(FIELD_STRINGS, ulimits),
	CONFIG(FIELD_STRINGS, sysctls),
	CONFIG(FIELD_NUMBER, oom_score_adj),
	CONFIG(FIELD_STRINGS, limits),
	CONFIG(FIELD_BOOL, cgroup_ignore),
	CONFIG(FIELD_STRINGS, ports),
	CONFIG(FIELD_NUMBER, net_rate),
	CONFIG(FIELD_STRING, address),
	CONFIG(FIELD_STRINGS, extra_hosts),
	CONFIG(FIELD_STRINGS, name_servers),
	CONFIG(FIELD_STRING, restart),
	CONFIG(FIELD_STRING, stop_signal),
	CONFIG(FIELD_NUMBER, stop_timeout),
	CONFIG(FIELD_BOOL, remove),
	CONFIG(FIELD_BOOL, detached),
	CONFIG(FIELD_STRINGS, labels),
	CONFIG(FIELD_STRINGS, annotations),
};

const struct field_table container_config_table =
	FIELD_TABLE(config_fields, struct container_config);

void config_free(struct container_config *config)
{
	fields_free(&container_config_table, config);
}

struct container_mount *config_mount(const struct container_config *config, size_t i)
{
	return (struct container_mount *)config->mounts.items + i;
}

struct container_mount *config_add_mount(struct container_config *config)
{
	return field_list_add(&config->mounts, sizeof(struct container_mount));
}
