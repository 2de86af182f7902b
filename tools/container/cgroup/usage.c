/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/usage.h"

#include "base/cleanup.h"
#include "container/cgroup/container_group.h"
#include "container/namespaces/mode.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#define NANOSECONDS 1000000000
#define NETWORK_FILE_MAX 65536

/* -- the network -- */

int usage_parse_network(const char *text, uint64_t *ret_received, uint64_t *ret_sent)
{
	uint64_t received_all = 0, sent_all = 0;

	/* Two lines of titles, then "NAME: RECEIVED seven-more SENT ...". */
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		const char *colon;
		uint64_t received, sent;

		line += *line == '\n';
		colon = line + strcspn(line, ":\n");
		if (*colon != ':')
			continue;
		if (sscanf(colon + 1, "%" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &received,
			   &sent) != 2)
			return -EBADMSG;
		line += strspn(line, " ");
		if (strncmp(line, "lo:", 3) == 0)
			continue;
		received_all += received;
		sent_all += sent;
	}
	*ret_received = received_all;
	*ret_sent = sent_all;
	return 0;
}

static void read_network(const struct container *container, struct container_usage *usage)
{
	static char text[NETWORK_FILE_MAX];
	char path[48];
	size_t length;
	FILE *file;

	usage->received = usage->sent = CGROUP_UNKNOWN;
	if (!namespace_mode_is_own(container->config.network))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)container->state.pid);
	file = fopen(path, "re");
	if (!file)
		return;
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void)fclose(file);
	(void)usage_parse_network(text, &usage->received, &usage->sent);
}

/* -- the group -- */

static void nothing_known(struct cgroup_statistics *statistics)
{
	static const struct cgroup none;

	cgroup_read_statistics(&none, statistics);
}

static void bound_memory(struct cgroup_memory_statistics *memory)
{
	struct sysinfo machine;
	uint64_t all;

	if (sysinfo(&machine) < 0)
		return;
	all = (uint64_t)machine.totalram * machine.mem_unit;
	if (memory->limit == CGROUP_UNKNOWN || memory->limit > all)
		memory->limit = all;
}

int container_usage_read(const struct container *container, struct container_usage *ret_usage,
			 struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	struct container_usage usage = { .running = state_is_live(&container->state) };
	struct timespec now;
	int error = container_group_open(usage.running ? container->state.cgroup : NULL, &group,
					 problem);

	if (error)
		return error;
	if (group.cgroup)
		cgroup_read_statistics(group.cgroup, &usage.group);
	else
		nothing_known(&usage.group);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	usage.time = (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
	bound_memory(&usage.group.memory);
	read_network(container, &usage);
	*ret_usage = usage;
	return 0;
}

uint64_t container_usage_memory(const struct container_usage *usage)
{
	const struct cgroup_memory_statistics *memory = &usage->group.memory;

	if (memory->used == CGROUP_UNKNOWN || memory->inactive_file == CGROUP_UNKNOWN ||
	    memory->inactive_file > memory->used)
		return memory->used;
	return memory->used - memory->inactive_file;
}
