/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/view.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cowrun/view_limits.h"
#include "cowrun/view_network.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Adds a member. Every json-c call that fails has failed for want of memory, and shows in *failed, so that
 * an object is put together first and judged at its end.
 */
static void add(json_object *object, const char *name, json_object *value, bool *failed)
{
	if (!object || json_object_object_add(object, name, value) < 0) {
		json_put(value);
		*failed = true;
	}
}

static void add_text(json_object *object, const char *name, const char *text, bool *failed)
{
	add(object, name, json_object_new_string(text ? text : ""), failed);
}

static void add_number(json_object *object, const char *name, int64_t number, bool *failed)
{
	add(object, name, json_object_new_int64(number), failed);
}

static void add_bool(json_object *object, const char *name, bool value, bool *failed)
{
	add(object, name, json_object_new_boolean(value), failed);
}

static json_object *strings(const struct string_list *list, size_t from, bool *failed)
{
	json_object *array = json_object_new_array();

	for (size_t i = from; array && i < list->count; i++) {
		json_object *string = json_object_new_string(list->strings[i]);

		if (!string || json_object_array_add(array, string) < 0) {
			json_put(string);
			*failed = true;
		}
	}
	return array;
}

/* KEY=VALUE texts as an object. */
static json_object *pairs(const struct string_list *list, bool *failed)
{
	json_object *object = json_object_new_object();

	for (size_t i = 0; i < list->count; i++) {
		cleanup_free char *key = strdup(list->strings[i]);
		char *value = key ? strchr(key, '=') : NULL;

		if (!key) {
			*failed = true;
			break;
		}
		if (value)
			*value++ = '\0';
		add_text(object, key, value, failed);
	}
	return object;
}

/* -- docker inspect -- */

static json_object *view_state(const struct container_state *state, bool *failed)
{
	enum container_status status = state_status(state);
	json_object *object = json_object_new_object();

	add_text(object, "Status", state->status, failed);
	add_bool(object, "Running", status == CONTAINER_RUNNING || status == CONTAINER_PAUSED,
		 failed);
	add_bool(object, "Paused", status == CONTAINER_PAUSED, failed);
	add_bool(object, "Restarting", status == CONTAINER_RESTARTING, failed);
	add_bool(object, "OOMKilled", state->oom_killed, failed);
	add_bool(object, "Dead", false, failed);
	add_number(object, "Pid", state->pid, failed);
	add_number(object, "ExitCode", state->exit_code, failed);
	add_text(object, "Error", state->error, failed);
	add_text(object, "StartedAt",
		 state->started_at ? state->started_at : "0001-01-01T00:00:00Z", failed);
	add_text(object, "FinishedAt",
		 state->finished_at ? state->finished_at : "0001-01-01T00:00:00Z", failed);
	return object;
}

static json_object *view_mount(const struct container *container,
			       const struct container_mount *mount, bool *failed)
{
	json_object *object = json_object_new_object();
	cleanup_free char *volume = NULL;

	add_text(object, "Type", mount->type, failed);
	if (strcmp(mount->type, "volume") == 0) {
		if (asprintf(&volume, "%s/volumes/%s", container->place->data, mount->source) < 0) {
			volume = NULL;
			*failed = true;
		}
		add_text(object, "Name", mount->source, failed);
	}
	add_text(object, "Source", volume ? volume : mount->source, failed);
	add_text(object, "Destination", mount->destination, failed);
	add_text(object, "Mode", mount->read_only ? "ro" : "", failed);
	add_bool(object, "RW", !mount->read_only, failed);
	add_text(object, "Propagation", strcmp(mount->type, "tmpfs") == 0 ? "" : "rprivate",
		 failed);
	return object;
}

static json_object *view_mounts(const struct container *container, bool *failed)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < container->config.mounts.count; i++) {
		json_object *mount =
			view_mount(container, config_mount(&container->config, i), failed);

		if (json_object_array_add(array, mount) < 0) {
			json_put(mount);
			*failed = true;
		}
	}
	return array;
}

static json_object *view_config(const struct container_config *config, bool *failed)
{
	json_object *object = json_object_new_object();

	add_text(object, "Hostname", config->hostname, failed);
	add_text(object, "User", config->user, failed);
	add_bool(object, "Tty", config->terminal, failed);
	add_bool(object, "OpenStdin", config->open_stdin, failed);
	add(object, "Env", strings(&config->environment, 0, failed), failed);
	add(object, "Cmd", strings(&config->arguments, 0, failed), failed);
	add_text(object, "Image", config->image, failed);
	add_text(object, "WorkingDir", config->working_directory, failed);
	add(object, "Labels", pairs(&config->labels, failed), failed);
	add(object, "Annotations", pairs(&config->annotations, failed), failed);
	add_text(object, "StopSignal", config->stop_signal, failed);
	add_number(object, "StopTimeout", config->stop_timeout, failed);
	return object;
}

static json_object *view_restart(const char *policy, bool *failed)
{
	json_object *object = json_object_new_object();
	const char *colon = policy ? strchr(policy, ':') : NULL;
	char name[32];

	(void)snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - policy) : 31,
		       policy ? policy : "no");
	add_text(object, "Name", name, failed);
	add_number(object, "MaximumRetryCount", colon ? strtol(colon + 1, NULL, 10) : 0, failed);
	return object;
}

static json_object *view_host_config(const struct container_config *config, bool *failed)
{
	json_object *object = json_object_new_object();

	add_text(object, "NetworkMode", config->network, failed);
	add_text(object, "IpcMode", config->ipc, failed);
	add_text(object, "PidMode", config->pid, failed);
	add_text(object, "UTSMode", config->uts, failed);
	add_text(object, "CgroupnsMode", config->cgroups ? config->cgroups : "private", failed);
	add_text(object, "UsernsMode", config->users, failed);
	add(object, "RestartPolicy", view_restart(config->restart, failed), failed);
	add_bool(object, "AutoRemove", config->remove, failed);
	add_bool(object, "ReadonlyRootfs", config->read_only, failed);
	add_bool(object, "Privileged", config->privileged, failed);
	add(object, "CapAdd", strings(&config->capabilities_add, 0, failed), failed);
	add(object, "CapDrop", strings(&config->capabilities_drop, 0, failed), failed);
	add_bool(object, "Init", config->init, failed);
	add_number(object, "OomScoreAdj", config->oom_score_adj, failed);
	add(object, "Dns", strings(&config->name_servers, 0, failed), failed);
	add(object, "ExtraHosts", strings(&config->extra_hosts, 0, failed), failed);
	add(object, "Devices", strings(&config->devices, 0, failed), failed);
	add(object, "Sysctls", pairs(&config->sysctls, failed), failed);
	add(object, "Ulimits", strings(&config->ulimits, 0, failed), failed);
	if (view_port_bindings(config, object) < 0 || view_limits(config, object) < 0)
		*failed = true;
	return object;
}

/* The layers below the container's own. */
static json_object *view_driver(const struct container *container, bool *failed)
{
	const struct container_config *config = &container->config;
	json_object *object = json_object_new_object();
	json_object *data = json_object_new_object();
	cleanup_free char *upper = NULL;

	if (!config->upper &&
	    asprintf(&upper, "%s/containers/%s/upper", container->place->data, container->id) < 0) {
		upper = NULL;
		*failed = true;
	}
	add_text(data, "UpperDir", config->upper ? config->upper : upper, failed);
	add(data, "LowerDirs", strings(&config->lowers, 0, failed), failed);
	add_text(object, "Name", "cowfs", failed);
	add(object, "Data", data, failed);
	return object;
}

json_object *view_inspect(const struct container *container)
{
	const struct container_config *config = &container->config;
	json_object *object = json_object_new_object();
	cleanup_free char *log = NULL;
	bool failed = false;

	if (asprintf(&log, "%s/containers/%s/log", container->place->data, container->id) < 0) {
		log = NULL;
		failed = true;
	}
	add_text(object, "Id", container->id, &failed);
	add_text(object, "Created", config->created, &failed);
	add_text(object, "Path", config->arguments.count ? config->arguments.strings[0] : "",
		 &failed);
	add(object, "Args", strings(&config->arguments, 1, &failed), &failed);
	add(object, "State", view_state(&container->state, &failed), &failed);
	add_text(object, "Image", config->image_id, &failed);
	add_text(object, "LogPath", log, &failed);
	add_text(object, "Name", config->name, &failed);
	add_number(object, "RestartCount", container->state.restart_count, &failed);
	add_text(object, "Driver", "cowfs", &failed);
	add(object, "HostConfig", view_host_config(config, &failed), &failed);
	add(object, "GraphDriver", view_driver(container, &failed), &failed);
	add(object, "Mounts", view_mounts(container, &failed), &failed);
	if (view_network(container, object) < 0)
		failed = true;
	add(object, "Config", view_config(config, &failed), &failed);
	if (failed) {
		json_put(object);
		return NULL;
	}
	return object;
}

/* -- docker ps -- */

/* "3 minutes": how long ago that was. */
static void describe_age(const char *moment, char *text, size_t size)
{
	static const struct {
		long seconds;
		const char *name;
	} units[] = {
		{ 604800, "week" }, { 86400, "day" }, { 3600, "hour" },
		{ 60, "minute" },   { 1, "second" },
	};
	struct tm parts = { 0 };
	long seconds = 0;

	if (moment && strptime(moment, "%Y-%m-%dT%H:%M:%S", &parts))
		seconds = (long)difftime(time(NULL), timegm(&parts));
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		long count = seconds / units[i].seconds;

		/* Two of a unit at least, so that little is lost by rounding. */
		if (count < 2 && units[i].seconds > 1)
			continue;
		(void)snprintf(text, size, "%ld %s%s", count, units[i].name, count == 1 ? "" : "s");
		return;
	}
}

static void describe_status(const struct container_state *state, char *text, size_t size)
{
	char age[32] = "";

	switch (state_status(state)) {
	case CONTAINER_CREATED:
		(void)snprintf(text, size, "Created");
		break;
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		describe_age(state->started_at, age, sizeof(age));
		(void)snprintf(text, size, "Up %s%s", age,
			       state_status(state) == CONTAINER_PAUSED ? " (Paused)" : "");
		break;
	case CONTAINER_RESTARTING:
		describe_age(state->finished_at, age, sizeof(age));
		(void)snprintf(text, size, "Restarting (%d) %s ago", (int)state->exit_code, age);
		break;
	case CONTAINER_EXITED:
		describe_age(state->finished_at, age, sizeof(age));
		(void)snprintf(text, size, "Exited (%d) %s ago", (int)state->exit_code, age);
		break;
	}
}

/* Words with a comma between them. */
static void add_list(json_object *object, const char *name, const struct string_list *list,
		     bool *failed)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < list->count; i++)
		if (buffer_append_format(&text, "%s%s", i ? "," : "", list->strings[i]) < 0)
			*failed = true;
	add_text(object, name, buffer_string(&text), failed);
}

static void add_command(json_object *object, const struct container_config *config, bool *failed)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < config->arguments.count; i++)
		if (buffer_append_format(&text, "%s%s", i ? " " : "",
					 config->arguments.strings[i]) < 0)
			*failed = true;
	add_text(object, "Command", buffer_string(&text), failed);
}

static void add_mount_names(json_object *object, const struct container_config *config,
			    bool *failed)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct container_mount *mount = config_mount(config, i);

		if (mount->source &&
		    buffer_append_format(&text, "%s%s", text.length ? "," : "", mount->source) < 0)
			*failed = true;
	}
	add_text(object, "Mounts", buffer_string(&text), failed);
}

json_object *view_line(const struct container *container)
{
	const struct container_config *config = &container->config;
	json_object *object = json_object_new_object();
	char text[96], age[32] = "";
	bool failed = false;

	(void)snprintf(text, sizeof(text), "%.*s", CONTAINER_SHORT_ID_LENGTH, container->id);
	add_text(object, "ID", text, &failed);
	add_text(object, "Names", config->name, &failed);
	add_text(object, "Image", config->image, &failed);
	add_command(object, config, &failed);
	add_text(object, "CreatedAt", config->created, &failed);
	describe_age(config->created, age, sizeof(age));
	(void)snprintf(text, sizeof(text), "%s ago", age);
	add_text(object, "RunningFor", text, &failed);
	describe_status(&container->state, text, sizeof(text));
	add_text(object, "Status", text, &failed);
	add_text(object, "State", container->state.status, &failed);
	add_list(object, "Labels", &config->labels, &failed);
	add_text(object, "Networks", config->network, &failed);
	if (view_ports(container, object) < 0)
		failed = true;
	add_mount_names(object, config, &failed);
	if (failed) {
		json_put(object);
		return NULL;
	}
	return object;
}
