/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/stats_view.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>

#define UNKNOWN "--"

/* -- numbers for people -- */

void stats_text_memory(uint64_t bytes, char text[STATS_TEXT_SIZE])
{
	if (bytes == CGROUP_UNKNOWN)
		(void)snprintf(text, STATS_TEXT_SIZE, UNKNOWN);
	else
		size_text_binary(bytes, text);
}

void stats_text_traffic(uint64_t bytes, char text[STATS_TEXT_SIZE])
{
	if (bytes == CGROUP_UNKNOWN)
		(void)snprintf(text, STATS_TEXT_SIZE, UNKNOWN);
	else
		size_text(bytes, text);
}

/* -- the parts of a line -- */

/* In hundredths of one processor's time. */
static void write_processor(const struct container_usage *before, const struct container_usage *now,
			    char text[STATS_TEXT_SIZE])
{
	uint64_t first = before->group.cpu.total, last = now->group.cpu.total;
	double part = 0;

	if (last == CGROUP_UNKNOWN && now->running) {
		(void)snprintf(text, STATS_TEXT_SIZE, UNKNOWN);
		return;
	}
	/* It may have been started anew in between. */
	if (first != CGROUP_UNKNOWN && last != CGROUP_UNKNOWN && last >= first &&
	    now->time > before->time)
		part = 100 * (double)(last - first) / (double)(now->time - before->time);
	(void)snprintf(text, STATS_TEXT_SIZE, "%.2f%%", part);
}

static void write_memory_part(const struct container_usage *now, char text[STATS_TEXT_SIZE])
{
	uint64_t used = container_usage_memory(now), limit = now->group.memory.limit;

	if (used == CGROUP_UNKNOWN || limit == 0)
		(void)snprintf(text, STATS_TEXT_SIZE, now->running ? UNKNOWN : "0.00%%");
	else
		(void)snprintf(text, STATS_TEXT_SIZE, "%.2f%%", 100 * (double)used / (double)limit);
}

static void write_pair(uint64_t first, uint64_t second,
		       void write(uint64_t, char text[STATS_TEXT_SIZE]),
		       char text[2 * STATS_TEXT_SIZE + 3])
{
	char one[STATS_TEXT_SIZE], other[STATS_TEXT_SIZE];

	write(first, one);
	write(second, other);
	(void)snprintf(text, 2 * STATS_TEXT_SIZE + 3, "%s / %s", one, other);
}

/* What does not run uses nothing. */
static uint64_t known(const struct container_usage *usage, uint64_t number)
{
	return number == CGROUP_UNKNOWN && !usage->running ? 0 : number;
}

static void add(json_object *object, const char *name, const char *text, bool *failed)
{
	json_object *value = json_object_new_string(text);

	if (!object || !value || json_object_object_add(object, name, value) < 0) {
		json_put(value);
		*failed = true;
	}
}

static void add_traffic(json_object *object, const char *name, uint64_t in, uint64_t out,
			const struct container_usage *now, bool *failed)
{
	char text[2 * STATS_TEXT_SIZE + 3];

	write_pair(known(now, in), known(now, out), stats_text_traffic, text);
	add(object, name, text, failed);
}

static void add_memory(json_object *object, const struct container_usage *now, bool *failed)
{
	char pair[2 * STATS_TEXT_SIZE + 3], part[STATS_TEXT_SIZE];

	write_pair(known(now, container_usage_memory(now)),
		   now->running ? now->group.memory.limit : 0, stats_text_memory, pair);
	add(object, "MemUsage", pair, failed);
	write_memory_part(now, part);
	add(object, "MemPerc", part, failed);
}

json_object *stats_view_line(const struct container *container, const char *name,
			     const struct container_usage *before,
			     const struct container_usage *now)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	char text[STATS_TEXT_SIZE];
	bool failed = false;

	(void)snprintf(text, sizeof(text), "%.*s", CONTAINER_SHORT_ID_LENGTH, container->id);
	add(object, "ID", text, &failed);
	add(object, "Name", container->config.name, &failed);
	add(object, "Container", name, &failed);
	write_processor(before, now, text);
	add(object, "CPUPerc", text, &failed);
	add_memory(object, now, &failed);
	add_traffic(object, "NetIO", now->received, now->sent, now, &failed);
	add_traffic(object, "BlockIO", now->group.io.read_bytes, now->group.io.written_bytes, now,
		    &failed);
	if (known(now, now->group.pids) == CGROUP_UNKNOWN)
		(void)snprintf(text, sizeof(text), UNKNOWN);
	else
		(void)snprintf(text, sizeof(text), "%" PRIu64, known(now, now->group.pids));
	add(object, "PIDs", text, &failed);
	return failed ? NULL : steal_pointer(&object);
}
