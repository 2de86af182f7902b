/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/statistics.h"

#include "container/cgroup/file.h"
#include "container/cgroup/tree.h"

#include <errno.h>
#include <string.h>

#define NANOSECONDS_PER_MICROSECOND 1000
/* Version 1 says LONG_MAX in whole pages for no limit; nobody has so much. */
#define V1_NO_LIMIT (UINT64_C(1) << 62)

static uint64_t read_number(const struct cgroup_place *place, const char *name)
{
	uint64_t number;

	return cgroup_file_read_number(place->directory, name, &number) < 0 ? CGROUP_UNKNOWN
									    : number;
}

static uint64_t key(const struct buffer *text, const char *name)
{
	uint64_t number;

	return cgroup_text_key(buffer_string(text), name, &number) < 0 ? CGROUP_UNKNOWN : number;
}

/* Does not multiply what stands for something else. */
static uint64_t scaled(uint64_t number, uint64_t factor)
{
	return number >= CGROUP_UNKNOWN / factor ? CGROUP_UNKNOWN : number * factor;
}

static bool is_known(uint64_t number)
{
	return number < CGROUP_UNKNOWN;
}

/* -- processor time -- */

static void read_cpu_v2(const struct cgroup_place *place, struct cgroup_cpu_statistics *cpu)
{
	const uint64_t factor = NANOSECONDS_PER_MICROSECOND;
	cleanup_buffer struct buffer text = BUFFER_INIT;

	(void)cgroup_file_read(place->directory, "cpu.stat", &text);
	cpu->total = scaled(key(&text, "usage_usec"), factor);
	cpu->user = scaled(key(&text, "user_usec"), factor);
	cpu->system = scaled(key(&text, "system_usec"), factor);
	cpu->throttled = scaled(key(&text, "throttled_usec"), factor);
}

void cgroup_read_cpu(const struct cgroup *group, struct cgroup_cpu_statistics *ret_cpu)
{
	const struct cgroup_place *usage = cgroup_place(group, CGROUP_CPUACCT);
	const struct cgroup_place *time = cgroup_place(group, CGROUP_CPU);
	uint64_t throttled;

	memset(ret_cpu, 0, sizeof(*ret_cpu));
	ret_cpu->total = ret_cpu->user = ret_cpu->system = ret_cpu->throttled = CGROUP_UNKNOWN;
	if (usage && usage->hierarchy->v2) {
		read_cpu_v2(usage, ret_cpu);
	} else if (usage) {
		ret_cpu->total = read_number(usage, "cpuacct.usage");
		ret_cpu->user = read_number(usage, "cpuacct.usage_user");
		ret_cpu->system = read_number(usage, "cpuacct.usage_sys");
	}
	if (time && !time->hierarchy->v2 &&
	    cgroup_file_read_key(time->directory, "cpu.stat", "throttled_time", &throttled) == 0)
		ret_cpu->throttled = throttled;
}

/* -- memory -- */

static void read_memory_v1(const struct cgroup_place *place,
			   struct cgroup_memory_statistics *memory)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	(void)cgroup_file_read(place->directory, "memory.stat", &text);
	memory->used = read_number(place, "memory.usage_in_bytes");
	memory->used_with_swap = read_number(place, "memory.memsw.usage_in_bytes");
	memory->limit = key(&text, "hierarchical_memory_limit");
	memory->limit_with_swap = key(&text, "hierarchical_memsw_limit");
	if (is_known(memory->limit) && memory->limit >= V1_NO_LIMIT)
		memory->limit = CGROUP_NO_LIMIT;
	if (is_known(memory->limit_with_swap) && memory->limit_with_swap >= V1_NO_LIMIT)
		memory->limit_with_swap = CGROUP_NO_LIMIT;
	memory->cache = key(&text, "total_cache");
	memory->shared = key(&text, "total_shmem");
	memory->mapped = key(&text, "total_mapped_file");
	memory->dirty = key(&text, "total_dirty");
	memory->writeback = key(&text, "total_writeback");
	memory->anonymous = key(&text, "total_rss");
	memory->inactive_anonymous = key(&text, "total_inactive_anon");
	memory->active_anonymous = key(&text, "total_active_anon");
	memory->inactive_file = key(&text, "total_inactive_file");
	memory->active_file = key(&text, "total_active_file");
	memory->unevictable = key(&text, "total_unevictable");
}

/* The sum of two files' numbers, as version 2 counts swap by itself. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	if (a == CGROUP_NO_LIMIT || b == CGROUP_NO_LIMIT)
		return CGROUP_NO_LIMIT;
	return is_known(a) && is_known(b) && a < CGROUP_UNKNOWN - b ? a + b : CGROUP_UNKNOWN;
}

/* The smallest value of a limit's file on the way from the top to the group. */
static uint64_t smallest_limit(const struct cgroup_place *place, const char *name)
{
	cleanup_free char *path = strdup(place->path);
	uint64_t smallest = read_number(place, name);
	char *last;

	while (path && (last = strrchr(path, '/'))) {
		cleanup_fd int directory = -1;
		uint64_t limit;

		*last = '\0';
		directory = cgroup_tree_open(place->hierarchy->root, path);
		if (directory >= 0 && cgroup_file_read_number(directory, name, &limit) == 0 &&
		    limit < smallest)
			smallest = limit;
	}
	return smallest;
}

static void read_memory_v2(const struct cgroup_place *place,
			   struct cgroup_memory_statistics *memory)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	(void)cgroup_file_read(place->directory, "memory.stat", &text);
	memory->used = read_number(place, "memory.current");
	memory->used_with_swap = sum(memory->used, read_number(place, "memory.swap.current"));
	memory->limit = smallest_limit(place, "memory.max");
	memory->limit_with_swap = sum(memory->limit, smallest_limit(place, "memory.swap.max"));
	memory->cache = key(&text, "file");
	memory->shared = key(&text, "shmem");
	memory->mapped = key(&text, "file_mapped");
	memory->dirty = key(&text, "file_dirty");
	memory->writeback = key(&text, "file_writeback");
	memory->anonymous = key(&text, "anon");
	memory->inactive_anonymous = key(&text, "inactive_anon");
	memory->active_anonymous = key(&text, "active_anon");
	memory->inactive_file = key(&text, "inactive_file");
	memory->active_file = key(&text, "active_file");
	memory->unevictable = key(&text, "unevictable");
	memory->slab_reclaimable = key(&text, "slab_reclaimable");
	memory->slab_unreclaimable = key(&text, "slab_unreclaimable");
}

void cgroup_read_memory(const struct cgroup *group, struct cgroup_memory_statistics *ret_memory)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_MEMORY);

	*ret_memory = (struct cgroup_memory_statistics){
		.used = CGROUP_UNKNOWN,
		.limit = CGROUP_UNKNOWN,
		.used_with_swap = CGROUP_UNKNOWN,
		.limit_with_swap = CGROUP_UNKNOWN,
		.cache = CGROUP_UNKNOWN,
		.shared = CGROUP_UNKNOWN,
		.mapped = CGROUP_UNKNOWN,
		.dirty = CGROUP_UNKNOWN,
		.writeback = CGROUP_UNKNOWN,
		.anonymous = CGROUP_UNKNOWN,
		.inactive_anonymous = CGROUP_UNKNOWN,
		.active_anonymous = CGROUP_UNKNOWN,
		.inactive_file = CGROUP_UNKNOWN,
		.active_file = CGROUP_UNKNOWN,
		.unevictable = CGROUP_UNKNOWN,
		.slab_reclaimable = CGROUP_UNKNOWN,
		.slab_unreclaimable = CGROUP_UNKNOWN,
		.oom_kills = CGROUP_UNKNOWN,
	};
	if (place && place->hierarchy->v2)
		read_memory_v2(place, ret_memory);
	else if (place)
		read_memory_v1(place, ret_memory);
	(void)cgroup_oom_kills(group, &ret_memory->oom_kills);
}

int cgroup_oom_kills(const struct cgroup *group, uint64_t *ret_count)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_MEMORY);

	if (!place)
		return -ENOENT;
	return cgroup_file_read_key(place->directory,
				    place->hierarchy->v2 ? "memory.events" : "memory.oom_control",
				    "oom_kill", ret_count);
}

/* -- block I/O -- */

/* The sum over all devices of the numbers after a word; separator stands between the two. */
static uint64_t sum_of(const struct buffer *text, const char *word, char separator)
{
	const char *at = buffer_string(text);
	size_t length = strlen(word);
	uint64_t total = 0, number;

	while ((at = strstr(at, word))) {
		if (at > text->data && (at[-1] == ' ') && at[length] == separator &&
		    cgroup_text_number(at + length + 1, &number) == 0 && is_known(number))
			total += number;
		at += length;
	}
	return total;
}

static int read_first(const struct cgroup_place *place, const char *const names[],
		      struct buffer *text)
{
	int result = -ENOENT;

	for (size_t i = 0; names[i] && result < 0; i++)
		result = cgroup_file_read(place->directory, names[i], text);
	return result;
}

static void read_io_v1(const struct cgroup_place *place, struct cgroup_io_statistics *io)
{
	static const char *const bytes[] = { "blkio.throttle.io_service_bytes_recursive",
					     "blkio.throttle.io_service_bytes", NULL };
	static const char *const operations[] = { "blkio.throttle.io_serviced_recursive",
						  "blkio.throttle.io_serviced", NULL };
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (read_first(place, bytes, &text) == 0) {
		io->read_bytes = sum_of(&text, "Read", ' ');
		io->written_bytes = sum_of(&text, "Write", ' ');
	}
	if (read_first(place, operations, &text) == 0) {
		io->reads = sum_of(&text, "Read", ' ');
		io->writes = sum_of(&text, "Write", ' ');
	}
}

static void read_io_v2(const struct cgroup_place *place, struct cgroup_io_statistics *io)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (cgroup_file_read(place->directory, "io.stat", &text) < 0)
		return;
	io->read_bytes = sum_of(&text, "rbytes", '=');
	io->written_bytes = sum_of(&text, "wbytes", '=');
	io->reads = sum_of(&text, "rios", '=');
	io->writes = sum_of(&text, "wios", '=');
}

void cgroup_read_io(const struct cgroup *group, struct cgroup_io_statistics *ret_io)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_BLKIO);

	*ret_io = (struct cgroup_io_statistics){
		.read_bytes = CGROUP_UNKNOWN,
		.written_bytes = CGROUP_UNKNOWN,
		.reads = CGROUP_UNKNOWN,
		.writes = CGROUP_UNKNOWN,
	};
	if (place && place->hierarchy->v2)
		read_io_v2(place, ret_io);
	else if (place)
		read_io_v1(place, ret_io);
}

void cgroup_read_statistics(const struct cgroup *group, struct cgroup_statistics *ret_statistics)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_PIDS);

	cgroup_read_cpu(group, &ret_statistics->cpu);
	cgroup_read_memory(group, &ret_statistics->memory);
	cgroup_read_io(group, &ret_statistics->io);
	ret_statistics->pids = place ? read_number(place, "pids.current") : CGROUP_UNKNOWN;
	ret_statistics->pids_limit = place ? read_number(place, "pids.max") : CGROUP_UNKNOWN;
}
