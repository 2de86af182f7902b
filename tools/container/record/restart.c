/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/restart.h"

#include "container/number.h"

#include <errno.h>
#include <string.h>

#define ON_FAILURE "on-failure"
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS 60000

/* How often after a failure; 0: for ever. */
static int read_times(const char *policy, uint32_t *ret_times)
{
	const char *behind = policy + strlen(ON_FAILURE);

	*ret_times = 0;
	if (!*behind)
		return 0;
	return *behind == ':' ? number_read_u32(behind + 1, ret_times) : -EINVAL;
}

/* Nothing starts containers when the machine does, so both are the same: not after cowrun stop. */
static bool is_for_ever(const char *policy)
{
	return strcmp(policy, "always") == 0 || strcmp(policy, "unless-stopped") == 0;
}

int restart_check(const char *policy, struct problem *problem)
{
	uint32_t times;

	if (strcmp(policy, "no") == 0 || is_for_ever(policy))
		return 0;
	if (strncmp(policy, ON_FAILURE, strlen(ON_FAILURE)) == 0 && read_times(policy, &times) == 0)
		return 0;
	return problem_set(
		problem, -EINVAL,
		"--restart %s: no, always, unless-stopped and on-failure[:TIMES] are known",
		policy);
}

bool restart_is_due(const char *policy, int64_t exit_code, int64_t restart_count)
{
	uint32_t times;

	if (!policy || strcmp(policy, "no") == 0)
		return false;
	if (is_for_ever(policy))
		return true;
	return exit_code != 0 && read_times(policy, &times) == 0 &&
	       (times == 0 || restart_count < times);
}

int restart_pause(int64_t restart_count)
{
	int pause = FIRST_PAUSE_MS;

	while (restart_count-- > 0 && pause < LAST_PAUSE_MS)
		pause *= 2;
	return pause < LAST_PAUSE_MS ? pause : LAST_PAUSE_MS;
}
