/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of cgroup.h: limits, one controller after the other, and what to say when one cannot be had. */
#include "base/cleanup.h"
#include "container/cgroup/cgroup.h"
#include "container/cgroup/devices.h"
#include "container/cgroup/file.h"
#include "container/cgroup/version.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool wants_cpu(const struct container_limits *limits)
{
	return limits->cpu_shares != LIMIT_UNSET || limits->cpu_period != LIMIT_UNSET ||
	       limits->cpu_quota != LIMIT_UNSET;
}

static bool wants_cpuset(const struct container_limits *limits)
{
	return limits->cpuset_cpus || limits->cpuset_mems;
}

static bool wants_memory(const struct container_limits *limits)
{
	return limits->memory != LIMIT_UNSET || limits->memory_swap != LIMIT_UNSET ||
	       limits->memory_reservation != LIMIT_UNSET;
}

static bool wants_pids(const struct container_limits *limits)
{
	return limits->pids != LIMIT_UNSET;
}

static bool wants_blkio(const struct container_limits *limits)
{
	return limits->blkio_weight != LIMIT_UNSET || limits->throttle_count > 0;
}

static bool wants_devices(const struct container_limits *limits)
{
	return limits->device_rules != NULL;
}

/* -- the two controllers that take the same in both versions -- */

static int apply_cpuset(int directory, const struct container_limits *limits)
{
	int result = 0;

	if (limits->cpuset_cpus)
		result = cgroup_file_write(directory, "cpuset.cpus", limits->cpuset_cpus);
	if (limits->cpuset_mems && result == 0)
		result = cgroup_file_write(directory, "cpuset.mems", limits->cpuset_mems);
	return result;
}

static int apply_pids(int directory, const struct container_limits *limits)
{
	if (limits->pids == LIMIT_NONE)
		return cgroup_file_write(directory, "pids.max", "max");
	return cgroup_file_write_format(directory, "pids.max", "%lld", (long long)limits->pids);
}

/* -- what to say -- */

/*
 * In a user namespace everybody's id may be 0; who is root of the machine, or of the container that cowrun runs in, owns
 * its /proc.
 */
static bool is_root(void)
{
	struct stat status;

	return geteuid() == 0 && stat("/proc", &status) == 0 && status.st_uid == 0;
}

static int no_controller(const char *what, const char *flags, struct problem *problem)
{
	if (is_root())
		return problem_set(
			problem, -EOPNOTSUPP,
			"cannot limit %s (%s): this machine, or the container cowrun runs in, "
			"has no such cgroup controller that can be written to; leave the limit "
			"out, or go on without it by --cgroup-ignore",
			what, flags);
	return problem_set(
		problem, -EOPNOTSUPP,
		"cannot limit %s (%s): no such cgroup controller is delegated to you; where "
		"cgroup v2 is in use, start cowrun with 'systemd-run --user --scope "
		"--property=Delegate=yes', or go on without limits by --cgroup-ignore",
		what, flags);
}

static void explain_cpu(const struct cgroup_place *place, const struct container_limits *limits,
			int error, struct problem *problem)
{
	(void)place;
	(void)limits;
	if (error == -EINVAL)
		(void)problem_set(
			problem, error,
			"cannot limit the processor time: the kernel refuses this period and "
			"quota; the group above may allow less");
}

static void explain_cpuset(const struct cgroup_place *place, const struct container_limits *limits,
			   int error, struct problem *problem)
{
	cleanup_buffer struct buffer cpus = BUFFER_INIT, mems = BUFFER_INIT;
	const bool v2 = place->hierarchy->v2;
	int root = place->hierarchy->root;

	if (error != -EINVAL && error != -ERANGE && error != -EACCES && error != -ENOSPC)
		return;
	(void)cgroup_file_read(root, v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus", &cpus);
	(void)cgroup_file_read(root, v2 ? "cpuset.mems.effective" : "cpuset.effective_mems", &mems);
	(void)problem_set(problem, error,
			  "cannot keep the container to the processors %s and memory nodes %s: "
			  "there are the processors %.*s and memory nodes %.*s",
			  limits->cpuset_cpus ? limits->cpuset_cpus : "as they are",
			  limits->cpuset_mems ? limits->cpuset_mems : "as they are",
			  (int)strcspn(buffer_string(&cpus), "\n"), buffer_string(&cpus),
			  (int)strcspn(buffer_string(&mems), "\n"), buffer_string(&mems));
}

static void explain_memory(const struct cgroup_place *place, const struct container_limits *limits,
			   int error, struct problem *problem)
{
	(void)place;
	if (error == -EBUSY)
		(void)problem_set(
			problem, error,
			"cannot limit the memory to %lld bytes: the container uses more, and "
			"it cannot be freed; stop some of its processes first",
			(long long)limits->memory);
	else if (error == -EINVAL)
		(void)problem_set(
			problem, error,
			"cannot set the memory limit: it would exceed the limit of memory and swap "
			"together; give --memory-swap too");
	else if (error == -ENOENT)
		(void)problem_set(problem, error,
				  "cannot limit swap: this kernel does not count it; boot it with "
				  "swapaccount=1, or give --memory-swap=-1");
}

static void explain_blkio(const struct cgroup_place *place, const struct container_limits *limits,
			  int error, struct problem *problem)
{
	(void)place;
	if (error == -ENOENT && limits->blkio_weight != LIMIT_UNSET)
		(void)problem_set(
			problem, error,
			"cannot weigh block I/O: this kernel has no scheduler that can; load "
			"bfq ('modprobe bfq') and choose it for the device in "
			"/sys/block/DEVICE/queue/scheduler");
	else if (error == -ENOENT)
		(void)problem_set(problem, error,
				  "cannot limit block I/O: this kernel cannot throttle "
				  "(CONFIG_BLK_DEV_THROTTLING)");
	else if (error == -ENODEV || error == -ENXIO)
		(void)problem_set(
			problem, error,
			"cannot limit block I/O: one of the devices is not there, or is a "
			"partition; name the whole disk");
}

static void explain_devices(const struct cgroup_place *place, const struct container_limits *limits,
			    int error, struct problem *problem)
{
	(void)limits;
	if (place->hierarchy->v2 && (error == -EPERM || error == -EACCES))
		(void)problem_set(
			problem, error,
			"cannot keep the container from devices: the kernel lets only root attach "
			"the program that does it (CAP_BPF)");
}

/* -- all of them -- */

typedef int apply_function(int directory, const struct container_limits *limits);

static const struct resource {
	enum cgroup_controller controller;
	const char *what, *flags;
	bool (*wants)(const struct container_limits *limits);
	apply_function *v1, *v2;
	void (*explain)(const struct cgroup_place *place, const struct container_limits *limits,
			int error, struct problem *problem); /* sets nothing if it knows no more */
} resources[] = {
	{ CGROUP_CPU, "processor time", "--cpus, --cpu-period, --cpu-quota, --cpu-shares",
	  wants_cpu, cgroup_v1_apply_cpu, cgroup_v2_apply_cpu, explain_cpu },
	{ CGROUP_CPUSET, "which processors are used", "--cpuset-cpus, --cpuset-mems", wants_cpuset,
	  apply_cpuset, apply_cpuset, explain_cpuset },
	{ CGROUP_MEMORY, "memory", "--memory, --memory-swap, --memory-reservation", wants_memory,
	  cgroup_v1_apply_memory, cgroup_v2_apply_memory, explain_memory },
	{ CGROUP_PIDS, "the number of processes", "--pids-limit", wants_pids, apply_pids,
	  apply_pids, NULL },
	{ CGROUP_BLKIO, "block I/O", "--blkio-weight, --device-read-bps and kin", wants_blkio,
	  cgroup_v1_apply_blkio, cgroup_v2_apply_blkio, explain_blkio },
	{ CGROUP_DEVICES, "the use of devices", "--device", wants_devices, cgroup_v1_apply_devices,
	  cgroup_v2_apply_devices, explain_devices },
};

static int apply_failed(const struct resource *resource, const struct cgroup_place *place,
			const struct container_limits *limits, int error, struct problem *problem)
{
	struct problem explained = { "" };

	if (resource->explain)
		resource->explain(place, limits, error, &explained);
	if (explained.text[0])
		return problem_set(problem, error, "%s", explained.text);
	return problem_set(problem, error, "cannot limit %s (%s) in %s/%s: %s", resource->what,
			   resource->flags, place->hierarchy->mountpoint, place->path,
			   strerror(-error));
}

static int apply(const struct resource *resource, const struct cgroup *group,
		 const struct container_limits *limits, struct problem *problem)
{
	const struct cgroup_place *place = cgroup_place(group, resource->controller);
	int result;

	if (!resource->wants(limits))
		return 0;
	if (!place)
		return no_controller(resource->what, resource->flags, problem);
	result = (place->hierarchy->v2 ? resource->v2 : resource->v1)(place->directory, limits);
	return result < 0 ? apply_failed(resource, place, limits, result, problem) : 0;
}

int cgroup_apply(const struct cgroup *group, const struct container_limits *limits,
		 struct problem *problem)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]) && result == 0; i++)
		result = apply(&resources[i], group, limits, problem);
	return result;
}

int cgroup_apply_possible(const struct cgroup *group, const struct container_limits *limits,
			  struct problem *missing)
{
	cleanup_buffer struct buffer sentences = BUFFER_INIT;
	int count = 0;

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		struct problem problem = { "" };

		if (apply(&resources[i], group, limits, &problem) == 0)
			continue;
		count++;
		(void)buffer_append_format(&sentences, "%s%s", count > 1 ? "; " : "", problem.text);
	}
	return problem_set(missing, count, "%s", buffer_string(&sentences));
}
