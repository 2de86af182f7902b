/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of proc_view_text.h: memory and swap. */
#include "container/cgroup/file.h"
#include "container/proc_view/lines.h"
#include "container/proc_view/text.h"

#include <inttypes.h>
#include <stdio.h>

#define KILOBYTE 1024

static bool is_known(uint64_t number)
{
	return number < CGROUP_UNKNOWN;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What is not counted is none. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	uint64_t total;

	a = is_known(a) ? a : 0;
	b = is_known(b) ? b : 0;
	return __builtin_add_overflow(a, b, &total) ? CGROUP_UNKNOWN - 1 : total;
}

/* -- swap -- */

struct swap {
	bool limited; /* the rest is set only then */
	uint64_t total, used;
};

/* host_total: bytes of the machine's swap. */
static struct swap find_swap(const struct cgroup_memory_statistics *memory, uint64_t host_total)
{
	struct swap swap = { 0 };
	uint64_t allowed;

	if (!is_known(memory->limit) || !is_known(memory->limit_with_swap))
		return swap;
	allowed = difference(memory->limit_with_swap, memory->limit);
	if (allowed >= host_total && host_total > 0)
		return swap;
	swap.limited = true;
	swap.total = smaller(allowed, host_total);
	if (is_known(memory->used) && is_known(memory->used_with_swap))
		swap.used = smaller(difference(memory->used_with_swap, memory->used), swap.total);
	return swap;
}

/* The sum of the sizes, in bytes. */
static uint64_t size_of_areas(const char *host)
{
	uint64_t total = 0;
	struct line line;

	while (next_line(&host, &line)) {
		uint64_t size;

		if (sscanf(line.start, "%*s %*s %" SCNu64, &size) == 1 && size < UINT64_MAX >> 20)
			total = sum(total, size * KILOBYTE);
	}
	return total;
}

int proc_view_swaps(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	const struct swap swap = find_swap(&usage->memory, size_of_areas(host));
	struct line header;
	int result;

	if (!swap.limited || !next_line(&host, &header))
		return buffer_append_string(text, host);
	result = buffer_append(text, header.start, header.length);
	if (result == 0 && swap.total > 0)
		result = buffer_append_format(text,
					      "%-40svirtual\t\t%" PRIu64 "\t\t%" PRIu64 "\t\t0\n",
					      "none", swap.total / KILOBYTE, swap.used / KILOBYTE);
	return result;
}

/* -- meminfo -- */

#define VALUES_MAX 32

/* Lines whose number is not the machine's, in bytes. */
struct values {
	struct {
		const char *name;
		uint64_t bytes;
	} list[VALUES_MAX];
	size_t count;
};

static void add(struct values *values, const char *name, uint64_t bytes)
{
	values->list[values->count].name = name;
	values->list[values->count++].bytes = is_known(bytes) ? bytes : 0;
}

/* Bytes; 0 when the text does not have it. */
static uint64_t value_of(const char *host, const char *name)
{
	size_t length = strlen(name);
	struct line line;

	while (next_line(&host, &line)) {
		uint64_t kilobytes;

		if (line_begins(&line, name) && line.start[length] == ':' &&
		    sscanf(line.start + length + 1, "%" SCNu64, &kilobytes) == 1)
			return kilobytes < UINT64_MAX >> 20 ? kilobytes * KILOBYTE : 0;
	}
	return 0;
}

static void add_swap(struct values *values, const char *host,
		     const struct cgroup_memory_statistics *memory)
{
	const struct swap swap = find_swap(memory, value_of(host, "SwapTotal"));

	if (!swap.limited)
		return;
	add(values, "SwapTotal", swap.total);
	add(values, "SwapFree", swap.total - swap.used);
	add(values, "SwapCached", 0);
}

static void add_memory(struct values *values, const struct cgroup_memory_statistics *memory)
{
	uint64_t used = is_known(memory->used) ? memory->used : 0;
	uint64_t free = difference(memory->limit, used);
	uint64_t reclaimable =
		sum(sum(memory->active_file, memory->inactive_file), memory->slab_reclaimable);

	add(values, "MemTotal", memory->limit);
	add(values, "MemFree", free);
	add(values, "MemAvailable", smaller(sum(free, reclaimable), memory->limit));
	/* Blocks of file systems themselves; the cache counts them in. */
	add(values, "Buffers", 0);
	add(values, "Cached", memory->cache);
	add(values, "Active", sum(memory->active_anonymous, memory->active_file));
	add(values, "Inactive", sum(memory->inactive_anonymous, memory->inactive_file));
	add(values, "Active(anon)", memory->active_anonymous);
	add(values, "Inactive(anon)", memory->inactive_anonymous);
	add(values, "Active(file)", memory->active_file);
	add(values, "Inactive(file)", memory->inactive_file);
	add(values, "Unevictable", memory->unevictable);
	add(values, "Dirty", memory->dirty);
	add(values, "Writeback", memory->writeback);
	add(values, "AnonPages", memory->anonymous);
	add(values, "Mapped", memory->mapped);
	add(values, "Shmem", memory->shared);
	add(values, "KReclaimable", memory->slab_reclaimable);
	add(values, "Slab", sum(memory->slab_reclaimable, memory->slab_unreclaimable));
	add(values, "SReclaimable", memory->slab_reclaimable);
	add(values, "SUnreclaim", memory->slab_unreclaimable);
}

/* Whether the line is one of them, and which. */
static bool find_value(const struct values *values, const struct line *line, size_t *ret_index)
{
	for (size_t i = 0; i < values->count; i++) {
		if (line_begins(line, values->list[i].name) &&
		    line->start[strlen(values->list[i].name)] == ':') {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static int append_value(struct buffer *text, const char *name, uint64_t bytes)
{
	/* The colon belongs to the name. */
	int width = 15 - (int)strlen(name);

	return buffer_append_format(text, "%s:%*s%8" PRIu64 " kB\n", name, width > 0 ? width : 0,
				    "", bytes / KILOBYTE);
}

int proc_view_meminfo(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	struct values values = { 0 };
	struct line line;
	int result = 0;

	add_swap(&values, host, &usage->memory);
	if (usage->memory.limit < value_of(host, "MemTotal"))
		add_memory(&values, &usage->memory);
	while (result == 0 && next_line(&host, &line)) {
		size_t i;

		result = find_value(&values, &line, &i)
				 ? append_value(text, values.list[i].name, values.list[i].bytes)
				 : buffer_append(text, line.start, line.length);
	}
	return result;
}
