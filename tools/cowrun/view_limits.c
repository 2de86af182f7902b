/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/view_limits.h"

#include "base/cleanup.h"
#include "container/cgroup/limits_text.h"

#include <errno.h>
#include <string.h>

/* In a period of 100000 microseconds, which --cpus has. */
#define NANO_CPUS_PER_QUOTA 10000

/* The value of a text that has this name; NULL when it has another. */
static const char *value_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	return strncmp(text, name, length) == 0 && text[length] == '=' ? text + length + 1 : NULL;
}

/* The last one of that name; NULL when there is none. */
static const char *find(const struct container_config *config, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < config->limits.count; i++) {
		const char *value = value_of(config->limits.strings[i], name);

		found = value ? value : found;
	}
	return found;
}

/* -- numbers -- */

static int add_numbers(const struct container_config *config, json_object *object)
{
	cleanup_limits struct container_limits limits = LIMITS_INIT;
	const struct limit {
		const char *name;
		int64_t value;
	} * limit;
	bool has_cpus;
	int error = 0;

	/* What could be read once may not be now, when a device is gone: then as much as could be. */
	for (size_t i = 0; i < config->limits.count; i++)
		(void)limits_set_text(&limits, config->limits.strings[i], NULL);
	limits_complete(&limits);
	has_cpus = find(config, "cpus") && limits.cpu_quota > 0;
	limit = (const struct limit[]){
		{ "Memory", limits.memory },
		{ "MemorySwap", limits.memory_swap },
		{ "MemoryReservation", limits.memory_reservation },
		{ "NanoCpus", has_cpus ? limits.cpu_quota * NANO_CPUS_PER_QUOTA : 0 },
		{ "CpuPeriod", has_cpus ? 0 : limits.cpu_period },
		{ "CpuQuota", has_cpus ? 0 : limits.cpu_quota },
		{ "CpuShares", limits.cpu_shares },
		{ "PidsLimit", limits.pids },
		{ "BlkioWeight", limits.blkio_weight },
		{ NULL, 0 },
	};
	for (; limit->name && !error; limit++)
		error = json_add(
			object, limit->name,
			json_object_new_int64(limit->value == LIMIT_UNSET ? 0 : limit->value));
	return error;
}

/* -- devices -- */

/* "/dev/sda:1mb" as {"Path": ..., "Rate": ...}. */
static json_object *view_rate(const char *value)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	const char *colon = strrchr(value, ':');
	int64_t rate = 0;

	if (!object || !colon)
		return NULL;
	(void)size_parse(colon + 1, &rate);
	if (json_add(object, "Path", json_object_new_string_len(value, (int)(colon - value))) < 0 ||
	    json_add(object, "Rate", json_object_new_int64(rate)) < 0)
		return NULL;
	return steal_pointer(&object);
}

static int add_rates(const struct container_config *config, const char *flag, const char *name,
		     json_object *object)
{
	CLEANUP(json_put) json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < config->limits.count; i++) {
		const char *value = value_of(config->limits.strings[i], flag);
		json_object *rate = value ? view_rate(value) : NULL;

		if (value && (!rate || json_object_array_add(array, rate) < 0)) {
			json_put(rate);
			return -ENOMEM;
		}
	}
	return json_add(object, name, steal_pointer(&array));
}

static int add_all_rates(const struct container_config *config, json_object *object)
{
	static const struct {
		const char *flag, *name;
	} rates[] = {
		{ "device-read-bps", "BlkioDeviceReadBps" },
		{ "device-write-bps", "BlkioDeviceWriteBps" },
		{ "device-read-iops", "BlkioDeviceReadIOps" },
		{ "device-write-iops", "BlkioDeviceWriteIOps" },
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(rates) / sizeof(rates[0]); i++)
		error = add_rates(config, rates[i].flag, rates[i].name, object);
	return error;
}

/* -- all -- */

int view_limits(const struct container_config *config, json_object *object)
{
	const char *cpus = find(config, "cpuset-cpus"), *mems = find(config, "cpuset-mems");
	int error = add_numbers(config, object);

	if (!error)
		error = json_add_string(object, "CpusetCpus", cpus ? cpus : "");
	if (!error)
		error = json_add_string(object, "CpusetMems", mems ? mems : "");
	return error ? error : add_all_rates(config, object);
}
