/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/rlimits.h"

#include "container/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

struct limit {
	int resource;
	struct rlimit values;
};

static int read_resource(const char *name, size_t length, int *ret_resource)
{
	static const struct {
		const char *name;
		int resource;
	} resources[] = {
		{ "as", RLIMIT_AS },
		{ "core", RLIMIT_CORE },
		{ "cpu", RLIMIT_CPU },
		{ "data", RLIMIT_DATA },
		{ "fsize", RLIMIT_FSIZE },
		{ "locks", RLIMIT_LOCKS },
		{ "memlock", RLIMIT_MEMLOCK },
		{ "msgqueue", RLIMIT_MSGQUEUE },
		{ "nice", RLIMIT_NICE },
		{ "nofile", RLIMIT_NOFILE },
		{ "nproc", RLIMIT_NPROC },
		{ "rss", RLIMIT_RSS },
		{ "rtprio", RLIMIT_RTPRIO },
		{ "rttime", RLIMIT_RTTIME },
		{ "sigpending", RLIMIT_SIGPENDING },
		{ "stack", RLIMIT_STACK },
	};

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		if (strlen(resources[i].name) == length &&
		    strncmp(resources[i].name, name, length) == 0) {
			*ret_resource = resources[i].resource;
			return 0;
		}
	return -EINVAL;
}

static int read_value(const char *text, rlim_t *ret_value)
{
	uint64_t value;

	if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0) {
		*ret_value = RLIM_INFINITY;
		return 0;
	}
	if (number_read_u64(text, &value) < 0)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

static int read_limit(const char *text, struct limit *limit, struct problem *problem)
{
	const char *equals = strchr(text, '=');
	const char *colon = equals ? strchr(equals, ':') : NULL;
	char soft[32];

	if (!equals || read_resource(text, (size_t)(equals - text), &limit->resource) < 0)
		return problem_set(problem, -EINVAL,
				   "%s: a limit is NAME=SOFT[:HARD], as nofile=1024:2048", text);
	(void)snprintf(soft, sizeof(soft), "%.*s", colon ? (int)(colon - equals - 1) : 31,
		       equals + 1);
	if (read_value(soft, &limit->values.rlim_cur) < 0 ||
	    read_value(colon ? colon + 1 : equals + 1, &limit->values.rlim_max) < 0)
		return problem_set(problem, -EINVAL, "%s: the limits must be numbers or unlimited",
				   text);
	if (limit->values.rlim_cur > limit->values.rlim_max)
		return problem_set(problem, -EINVAL, "%s: the soft limit is above the hard one",
				   text);
	return 0;
}

int rlimits_check(const char *text, struct problem *problem)
{
	struct limit limit;

	return read_limit(text, &limit, problem);
}

int rlimits_set(const struct string_list *limits, struct problem *problem)
{
	for (size_t i = 0; i < limits->count; i++) {
		struct limit limit;
		int error = read_limit(limits->strings[i], &limit, problem);

		if (error)
			return error;
		if (setrlimit((__rlimit_resource_t)limit.resource, &limit.values) < 0)
			return problem_set(problem, -errno, "cannot set the limit %s: %s%s",
					   limits->strings[i], strerror(errno),
					   errno == EPERM
						   ? "; it is above the hard limit of who starts "
						     "the container, choose a smaller one"
						   : "");
	}
	return 0;
}
