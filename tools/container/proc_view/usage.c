/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/proc_view/usage.h"

#include "base/text_file.h"
#include "container/cgroup/processors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define NANOSECONDS INT64_C(1000000000)
/* Who asks in a loop does not make us count in a loop. */
#define COUNT_AGE NANOSECONDS

static int64_t between(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * NANOSECONDS + (to->tv_nsec - from->tv_nsec);
}

static struct timespec now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_BOOTTIME, &time);
	return time;
}

void proc_view_source_begin(struct proc_view_source *source, const struct cgroup *group)
{
	*source = (struct proc_view_source){ .group = group, .started = now() };
	source->sampled = source->started;
	if (group)
		cgroup_read_cpu(group, &source->cpu_before);
}

/* -- the load -- */

static void count_threads(struct proc_view_source *source, const struct timespec *time)
{
	if (source->counted.tv_sec != 0 && between(&source->counted, time) < COUNT_AGE)
		return;
	source->counted = *time;
	(void)load_average_count(source->group, &source->load.threads, &source->load.running);
}

int proc_view_source_sample(struct proc_view_source *source)
{
	const int64_t period = LOAD_PERIOD_SECONDS * NANOSECONDS;
	const struct timespec time = now();
	int64_t passed = between(&source->sampled, &time);

	if (!source->group)
		return -1;
	if (passed >= period) {
		count_threads(source, &time);
		load_average_add(&source->load, source->load.running, (unsigned)(passed / period));
		source->sampled.tv_sec += passed / period * LOAD_PERIOD_SECONDS;
		passed %= period;
	}
	return (int)((period - passed) / (NANOSECONDS / 1000)) + 1;
}

/* -- the machine -- */

static int read_online(struct processor_set *ret_set)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = text_file_read("/sys/devices/system/cpu/online", &text);

	if (result == 0)
		result = processor_set_parse(buffer_string(&text), ret_set);
	if (result == 0 && processor_set_count(ret_set) == 0)
		result = -ENODATA;
	return result;
}

/* -- the group -- */

static uint64_t since(uint64_t value, uint64_t before)
{
	return value < CGROUP_UNKNOWN && before < value ? value - before
	       : value < CGROUP_UNKNOWN			? 0
							: value;
}

static void read_cpu(const struct proc_view_source *source, struct cgroup_cpu_statistics *ret_cpu)
{
	const struct cgroup_cpu_statistics *before = &source->cpu_before;

	cgroup_read_cpu(source->group, ret_cpu);
	ret_cpu->total = since(ret_cpu->total, before->total);
	ret_cpu->user = since(ret_cpu->user, before->user);
	ret_cpu->system = since(ret_cpu->system, before->system);
}

static void read_group(struct proc_view_source *source, const struct timespec *time,
		       struct proc_view_usage *usage)
{
	struct processor_set allowed;

	if (cgroup_processors(source->group, &allowed) == 0 && processor_set_count(&allowed) > 0)
		usage->processors = allowed;
	usage->processors =
		processor_set_first(&usage->processors, cgroup_processor_quota(source->group));
	cgroup_read_memory(source->group, &usage->memory);
	read_cpu(source, &usage->cpu);
	usage->io_known = cgroup_read_io_devices(source->group, &usage->io) == 0;
	count_threads(source, time);
	memcpy(usage->load, source->load.load, sizeof(usage->load));
	usage->threads = source->load.threads;
	usage->running = source->load.running;
	usage->load_known = true;
}

int proc_view_usage_read(struct proc_view_source *source, struct proc_view_usage *ret_usage)
{
	const struct timespec time = now();
	struct proc_view_usage usage = {
		.age = (uint64_t)between(&source->started, &time),
		.cpu = { CGROUP_UNKNOWN, CGROUP_UNKNOWN, CGROUP_UNKNOWN, CGROUP_UNKNOWN },
		.memory = {
			.used = CGROUP_UNKNOWN,
			.limit = CGROUP_NO_LIMIT,
			.used_with_swap = CGROUP_UNKNOWN,
			.limit_with_swap = CGROUP_NO_LIMIT,
		},
	};
	int result = read_online(&usage.processors);

	if (result < 0)
		return result;
	if (source->group)
		read_group(source, &time, &usage);
	*ret_usage = usage;
	return 0;
}

void proc_view_usage_free(struct proc_view_usage *usage)
{
	cgroup_io_devices_free(&usage->io);
}
