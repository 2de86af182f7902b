/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/container_devices.h"

#include "container/root/device_spec.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define RULE "device-cgroup-rule="

static bool has_rules(const struct container_config *config)
{
	for (size_t i = 0; i < config->limits.count; i++)
		if (strncmp(config->limits.strings[i], RULE, strlen(RULE)) == 0)
			return true;
	return false;
}

bool container_devices_are_asked(const struct container_config *config)
{
	struct device_spec spec;

	for (size_t i = 0; i < config->devices.count; i++)
		if (device_spec_read(config->devices.strings[i], &spec) == 0 &&
		    spec.access != DEVICE_ALL)
			return true;
	return has_rules(config);
}

static int allow(const struct stat *status, unsigned access, struct container_limits *limits)
{
	const struct device_rule rule = {
		.allow = true,
		.type = S_ISBLK(status->st_mode) ? 'b' : 'c',
		.major = major(status->st_rdev),
		.minor = minor(status->st_rdev),
		.access = access,
	};

	if (!S_ISBLK(status->st_mode) && !S_ISCHR(status->st_mode))
		return 0;
	return limits_add_device_rule(limits, &rule);
}

/* What is not there is missed when it is mounted. */
static int add_devices(const struct container_config *config, struct container_limits *limits)
{
	struct device_spec spec;
	struct stat status;
	int error = 0;

	for (size_t i = 0; !error && i < config->devices.count; i++)
		if (device_spec_read(config->devices.strings[i], &spec) == 0 &&
		    stat(spec.host, &status) == 0)
			error = allow(&status, spec.access, limits);
	return error;
}

/* Who mounts a device, or a directory of /dev, means it: see volume_mounts.c. */
static int add_mounts(const struct container_config *config, struct container_limits *limits)
{
	static const struct device_rule all = { true, 'a', LIMIT_NONE, LIMIT_NONE, DEVICE_ALL };
	int error = 0;

	for (size_t i = 0; !error && i < config->mounts.count; i++) {
		const struct container_mount *mount = config_mount(config, i);
		struct stat status;

		if (strcmp(mount->type, "bind") != 0 || stat(mount->source, &status) < 0)
			continue;
		if (S_ISDIR(status.st_mode) &&
		    (strcmp(mount->source, "/dev") == 0 || strncmp(mount->source, "/dev/", 5) == 0))
			error = limits_add_device_rule(limits, &all);
		else
			error = allow(&status, DEVICE_ALL, limits);
	}
	return error;
}

int container_devices_add(const struct container_config *config, struct container_limits *limits,
			  struct problem *problem)
{
	struct device_rule *asked = limits->device_rules;
	size_t count = limits->device_rule_count;
	int error;

	if (config->privileged ||
	    (config->uid_map.count > 0 && !container_devices_are_asked(config)))
		return 0;
	limits->device_rules = NULL;
	limits->device_rule_count = 0;
	error = limits_add_default_devices(limits);
	if (!error)
		error = add_devices(config, limits);
	if (!error)
		error = add_mounts(config, limits);
	for (size_t i = 0; !error && i < count; i++)
		error = limits_add_device_rule(limits, &asked[i]);
	free(asked);
	return error ? problem_set(problem, error, "out of memory") : 0;
}
