/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of proc_view_text.h: processors and their time. */
#include "container/proc_view/lines.h"
#include "container/proc_view/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define NANOSECONDS UINT64_C(1000000000)
/* USER_HZ, which programs may rely on. */
#define TICKS_PER_SECOND 100
#define NANOSECONDS_PER_TICK (NANOSECONDS / TICKS_PER_SECOND)

static bool is_known(uint64_t number)
{
	return number < CGROUP_UNKNOWN;
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Of all its processors. */
static uint64_t time_there_was(const struct proc_view_usage *usage, uint64_t age)
{
	uint64_t total;

	if (__builtin_mul_overflow(age, processor_set_count(&usage->processors), &total))
		return UINT64_MAX;
	return total;
}

/* -- cpuinfo -- */

/* True for "processor : N", which begins what is said of one. */
static bool begins_processor(const struct line *line, uint64_t *ret_number)
{
	const char *at = line->start + strlen("processor");

	if (!line_begins(line, "processor"))
		return false;
	at += strspn(at, " \t");
	if (*at != ':')
		return false;
	at += strspn(at, ": \t");
	return isdigit((unsigned char)*at) && sscanf(at, "%" SCNu64, ret_number) == 1;
}

int proc_view_cpuinfo(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	bool shown = true;
	unsigned number = 0;
	struct line line;
	int result = 0;

	while (result == 0 && next_line(&host, &line)) {
		uint64_t on_host;

		if (begins_processor(&line, &on_host)) {
			shown = processor_set_has(&usage->processors, on_host);
			if (shown)
				result = buffer_append_format(text, "processor\t: %u\n", number++);
		} else if (shown) {
			result = buffer_append(text, line.start, line.length);
		}
		/* What follows the last one is of the machine. */
		if (line.start[0] == '\n')
			shown = true;
	}
	return result;
}

/* -- stat -- */

/* user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice; in ticks. */
#define FIELDS 10
enum { USER = 0, SYSTEM = 2, IDLE = 3 };

struct times {
	uint64_t ticks[FIELDS];
};

static bool read_times(const struct line *line, uint64_t *ret_number, struct times *ret_times)
{
	uint64_t *t = ret_times->ticks;

	*ret_times = (struct times){ 0 };
	/* Old kernels have fewer fields. */
	return sscanf(line->start,
		      "cpu%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		      " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		      ret_number, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7], &t[8],
		      &t[9]) >= 5;
}

/* The i-th of n parts of a number, which together are all of it. */
static uint64_t part(uint64_t number, unsigned i, unsigned n)
{
	return number / n + (i < number % n);
}

static struct times time_of_processor(const struct proc_view_usage *usage, unsigned i, unsigned n)
{
	uint64_t there_was = time_there_was(usage, usage->age / NANOSECONDS_PER_TICK);
	uint64_t used = usage->cpu.total / NANOSECONDS_PER_TICK;
	uint64_t system =
		is_known(usage->cpu.system) ? usage->cpu.system / NANOSECONDS_PER_TICK : 0;

	system = system < used ? system : used;
	return (struct times){
		.ticks = {
			[USER] = part(used - system, i, n),
			[SYSTEM] = part(system, i, n),
			[IDLE] = part(difference(there_was, used), i, n),
		},
	};
}

static int append_times(struct buffer *text, const char *name, const struct times *times)
{
	int result = buffer_append_string(text, name);

	for (size_t i = 0; i < FIELDS && result == 0; i++)
		result = buffer_append_format(text, " %" PRIu64, times->ticks[i]);
	return result == 0 ? buffer_append(text, "\n", 1) : result;
}

static int append_processor(struct buffer *text, unsigned number, const struct times *times,
			    struct times *total)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "cpu%u", number);
	for (size_t i = 0; i < FIELDS; i++)
		total->ticks[i] += times->ticks[i];
	return append_times(text, name, times);
}

/* The lines of the processors that it sees. */
static int append_processors(struct buffer *text, const char *host,
			     const struct proc_view_usage *usage, struct times *total)
{
	unsigned number = 0, count = processor_set_count(&usage->processors);
	struct times times;
	struct line line;
	int result = 0;

	if (is_known(usage->cpu.total)) {
		for (; number < count && result == 0; number++) {
			times = time_of_processor(usage, number, count);
			result = append_processor(text, number, &times, total);
		}
		return result;
	}
	while (result == 0 && next_line(&host, &line)) {
		uint64_t on_host;

		if (read_times(&line, &on_host, &times) &&
		    processor_set_has(&usage->processors, on_host))
			result = append_processor(text, number++, &times, total);
	}
	return result;
}

int proc_view_stat(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	cleanup_buffer struct buffer processors = BUFFER_INIT;
	struct times total = { 0 };
	struct line line;
	int result = append_processors(&processors, host, usage, &total);

	if (result == 0)
		result = append_times(text, "cpu ", &total);
	if (result == 0)
		result = buffer_append_string(text, buffer_string(&processors));
	while (result == 0 && next_line(&host, &line)) {
		if (line_begins(&line, "cpu"))
			continue;
		if (usage->load_known && line_begins(&line, "procs_running "))
			result = buffer_append_format(text, "procs_running %u\n", usage->running);
		else
			result = buffer_append(text, line.start, line.length);
	}
	return result;
}

/* -- small ones -- */

static int append_seconds(struct buffer *text, uint64_t nanoseconds, const char *after)
{
	return buffer_append_format(text, "%" PRIu64 ".%02" PRIu64 "%s", nanoseconds / NANOSECONDS,
				    nanoseconds % NANOSECONDS / (NANOSECONDS / 100), after);
}

int proc_view_uptime(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	uint64_t used = is_known(usage->cpu.total) ? usage->cpu.total : 0;
	int result = append_seconds(text, usage->age, " ");

	(void)host;
	if (result == 0)
		result = append_seconds(text, difference(time_there_was(usage, usage->age), used),
					"\n");
	return result;
}

int proc_view_loadavg(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	if (!usage->load_known)
		return buffer_append_string(text, host);
	return buffer_append_format(text, "%.2f %.2f %.2f %u/%u 0\n", usage->load[0],
				    usage->load[1], usage->load[2], usage->running, usage->threads);
}

int proc_view_online(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	unsigned count = processor_set_count(&usage->processors);

	(void)host;
	if (count < 2)
		return buffer_append_string(text, "0\n");
	return buffer_append_format(text, "0-%u\n", count - 1);
}
