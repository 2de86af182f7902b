/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/processors.h"

#include "container/cgroup/file.h"
#include "container/cgroup/tree.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* -- for how much of the time -- */

/* 0 or -errno; *ret_quota is CGROUP_NO_LIMIT where there is none. */
static int read_quota_v2(int directory, uint64_t *ret_quota, uint64_t *ret_period)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(directory, "cpu.max", &text);
	const char *period = strchr(buffer_string(&text), ' ');

	if (result == 0)
		result = cgroup_text_number(buffer_string(&text), ret_quota);
	if (result < 0)
		return result;
	return period ? cgroup_text_number(period + 1, ret_period) : -EBADMSG;
}

static int read_quota_v1(int directory, uint64_t *ret_quota, uint64_t *ret_period)
{
	/* Without one it says -1, which is no number. */
	if (cgroup_file_read_number(directory, "cpu.cfs_quota_us", ret_quota) < 0)
		*ret_quota = CGROUP_NO_LIMIT;
	return cgroup_file_read_number(directory, "cpu.cfs_period_us", ret_period);
}

static unsigned processors_of(const struct cgroup_place *place, int directory)
{
	uint64_t quota = CGROUP_NO_LIMIT, period = 0, whole;
	int result = place->hierarchy->v2 ? read_quota_v2(directory, &quota, &period)
					  : read_quota_v1(directory, &quota, &period);

	if (result < 0 || quota == CGROUP_NO_LIMIT || period == 0)
		return UINT_MAX;
	whole = quota / period + (quota % period != 0);
	if (whole == 0)
		return 1;
	return whole < UINT_MAX ? (unsigned)whole : UINT_MAX;
}

unsigned cgroup_processor_quota(const struct cgroup *group)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_CPU);
	cleanup_free char *path = place ? strdup(place->path) : NULL;
	unsigned smallest = place ? processors_of(place, place->directory) : UINT_MAX;
	char *last;

	while (path && (last = strrchr(path, '/'))) {
		cleanup_fd int directory = -1;
		unsigned above;

		*last = '\0';
		directory = cgroup_tree_open(place->hierarchy->root, path);
		above = directory < 0 ? UINT_MAX : processors_of(place, directory);
		if (above < smallest)
			smallest = above;
	}
	return smallest;
}

/* -- which -- */

int cgroup_processors(const struct cgroup *group, struct processor_set *ret_set)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_CPUSET);
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result;

	if (!place)
		return -ENOENT;
	if (place->hierarchy->v2) {
		result = cgroup_file_read(place->directory, "cpuset.cpus.effective", &text);
	} else {
		result = cgroup_file_read(place->directory, "cpuset.effective_cpus", &text);
		if (result == -ENOENT)
			result = cgroup_file_read(place->directory, "cpuset.cpus", &text);
	}
	return result < 0 ? result : processor_set_parse(buffer_string(&text), ret_set);
}
