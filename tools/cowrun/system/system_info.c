/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/system/system_info.h"

#include "base/cleanup.h"
#include "container/process/own_programs.h"
#include "cowrun/container_set.h"
#include "image/store.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define INFO(json_name, kind, member)                                                              \
	{                                                                                          \
		.name = (json_name), .type = (kind),                                               \
		.offset = offsetof(struct system_info, member)                                     \
	}

static const struct field info_fields[] = {
	INFO("Containers", FIELD_NUMBER, containers),
	INFO("ContainersRunning", FIELD_NUMBER, running),
	INFO("ContainersPaused", FIELD_NUMBER, paused),
	INFO("ContainersStopped", FIELD_NUMBER, stopped),
	INFO("Images", FIELD_NUMBER, images),
	INFO("ServerVersion", FIELD_STRING, version),
	INFO("DockerRootDir", FIELD_STRING, data_directory),
	INFO("RunDir", FIELD_STRING, run_directory),
	INFO("CgroupDriver", FIELD_STRING, cgroup_driver),
	INFO("CgroupVersion", FIELD_STRING, cgroup_version),
	INFO("CgroupControllers", FIELD_STRINGS, controllers),
	INFO("MemoryLimit", FIELD_BOOL, memory),
	INFO("CpuCfsQuota", FIELD_BOOL, cpu_quota),
	INFO("CpuCfsPeriod", FIELD_BOOL, cpu_period),
	INFO("CPUShares", FIELD_BOOL, cpu_shares),
	INFO("CPUSet", FIELD_BOOL, cpuset),
	INFO("PidsLimit", FIELD_BOOL, pids),
	INFO("SecurityOptions", FIELD_STRINGS, security),
	INFO("UidMap", FIELD_STRINGS, uid_map),
	INFO("GidMap", FIELD_STRINGS, gid_map),
	INFO("KernelVersion", FIELD_STRING, kernel),
	INFO("OperatingSystem", FIELD_STRING, system),
	INFO("OSType", FIELD_STRING, system_type),
	INFO("Architecture", FIELD_STRING, architecture),
	INFO("NCPU", FIELD_NUMBER, processors),
	INFO("MemTotal", FIELD_NUMBER, memory_total),
	INFO("Name", FIELD_STRING, host_name),
	INFO("Warnings", FIELD_STRINGS, warnings),
	/* Part of DriverStatus. */
	INFO("Passthrough", FIELD_STRING, passthrough),
	INFO("IoUring", FIELD_STRING, io_uring),
	INFO("LibfuseVersion", FIELD_STRING, libfuse),
};

static const struct field_table info_table = FIELD_TABLE(info_fields, struct system_info);

void system_info_free(struct system_info *info)
{
	fields_free(&info_table, info);
}

/* -- what there is -- */

static int add_containers(struct system_info *info, const struct place *place,
			  struct problem *problem)
{
	cleanup_container_set struct container_set set = CONTAINER_SET_INIT;
	int error = container_set_read(place, &set, problem);

	for (size_t i = 0; !error && i < set.damaged.count; i++)
		if (string_list_add(&info->warnings, set.damaged.strings[i]) < 0)
			error = problem_set(problem, -ENOMEM, "out of memory");
	for (size_t i = 0; i < set.count; i++) {
		const struct container_state *state = &set.containers[i].state;

		if (!state_is_live(state))
			info->stopped++;
		else if (state_status(state) == CONTAINER_PAUSED)
			info->paused++;
		else
			info->running++;
	}
	info->containers = (int64_t)(set.count + set.damaged.count);
	return error;
}

/* An image_function: lists each id once. */
static int note_image(void *context, const struct image *image, struct problem *problem)
{
	struct string_list *ids = context;

	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->strings[i], image->id.hex) == 0)
			return 0;
	return string_list_add(ids, image->id.hex) < 0
		       ? problem_set(problem, -ENOMEM, "out of memory")
		       : 0;
}

/* A store that cannot be read is what a person wants to hear of here. */
static int add_images(struct system_info *info, const struct place *place)
{
	cleanup_image_store struct image_store store = IMAGE_STORE_INIT;
	struct string_list ids = STRING_LIST_INIT;
	struct problem reason;
	int error = image_store_open(place, &store, &reason);

	if (!error)
		error = image_store_list(&store, note_image, &ids, &reason);
	info->images = (int64_t)ids.count;
	string_list_free(&ids);
	return error ? string_list_add(&info->warnings, reason.text) : 0;
}

static int add_programs(struct system_info *info)
{
	struct problem reason;

	return own_programs_find(&reason) < 0 ? string_list_add(&info->warnings, reason.text) : 0;
}

int system_info_read(const struct place *place, struct system_info *ret_info,
		     struct problem *problem)
{
	cleanup_system_info struct system_info info = SYSTEM_INFO_INIT;
	int error = add_containers(&info, place, problem);

	if (error)
		return error;
	error = add_images(&info, place);
	if (!error)
		error = state_set_text(&info.version, PACKAGE_VERSION);
	if (!error)
		error = state_set_text(&info.data_directory, place->data);
	if (!error)
		error = state_set_text(&info.run_directory, place->run);
	if (!error)
		error = add_programs(&info);
	if (!error)
		error = system_info_add_fuse(&info);
	if (!error)
		error = system_info_add_security(&info, place->rootless);
	if (!error)
		error = system_info_add_cgroups(&info, place->rootless);
	if (!error)
		error = system_info_add_machine(&info);
	if (error)
		return problem_set(problem, error, "out of memory");
	*ret_info = info;
	info = SYSTEM_INFO_INIT;
	return 0;
}

/* -- as JSON -- */

static int add_pair(json_object *pairs, const char *name, const char *value)
{
	json_object *pair = json_object_new_array();
	int error = json_append(pairs, pair);

	if (!error)
		error = json_append(pair, json_object_new_string(name));
	return error ? error : json_append(pair, json_object_new_string(value));
}

/* docker's are pairs, not members. */
static int add_driver(json_object *object, const struct system_info *info)
{
	json_object *pairs = json_object_new_array();
	int error = json_add(object, "DriverStatus", pairs);

	if (!error)
		error = add_pair(pairs, "Version", info->version);
	if (!error)
		error = add_pair(pairs, "libfuse", info->libfuse);
	if (!error)
		error = add_pair(pairs, "Passthrough", info->passthrough);
	if (!error)
		error = add_pair(pairs, "io_uring", info->io_uring);
	if (!error)
		error = json_add_string(object, "Driver", "cowfs");
	return error ? error : json_add_string(object, "LoggingDriver", "json-file");
}

json_object *system_info_view(const struct system_info *info)
{
	CLEANUP(json_put) json_object *object = NULL;
	int error = fields_to_json(&info_table, info, &object);

	if (!error)
		error = add_driver(object, info);
	return error ? NULL : steal_pointer(&object);
}
