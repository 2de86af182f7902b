/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/privileges.h"

#include "base/confined.h"
#include "container/seccomp/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_NAME "filters"

/* -- what was asked for -- */

static int choose(const struct container_config *config, capability_set *ret_set,
		  struct problem *problem)
{
	/* Root of a new user namespace has all of them there. */
	capability_set available =
		config->uid_map.count > 0 ? capabilities_known() : capabilities_available();

	return capabilities_choose(available, config->privileged,
				   (const char *const *)config->capabilities_add.strings,
				   (const char *const *)config->capabilities_drop.strings, ret_set,
				   problem);
}

static int make_filter(const struct container_config *config, int cache,
		       capability_set capabilities, struct seccomp_program *ret_filter,
		       struct problem *problem)
{
	CLEANUP(seccomp_profile_free) struct seccomp_profile *own = NULL;
	const char *text = config->seccomp_profile;
	int error = 0;

	if (text)
		error = seccomp_profile_parse(text, strlen(text), &own, problem);
	return error ? error
		     : seccomp_program_get(cache, own ? own : seccomp_profile_default(),
					   capabilities, ret_filter, problem);
}

int privileges_open_cache(int run_directory)
{
	int fd;

	if (mkdirat(run_directory, CACHE_NAME, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = confined_open(run_directory, CACHE_NAME, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? -1 : fd;
}

int privileges_prepare(const struct container_config *config, int cache,
		       struct privileges *ret_privileges, struct problem *problem)
{
	struct privileges privileges = {
		.filtered = !config->privileged && !config->seccomp_unconfined,
	};
	int error = choose(config, &privileges.capabilities, problem);

	if (!error && privileges.filtered)
		error = make_filter(config, cache, privileges.capabilities, &privileges.filter,
				    problem);
	if (!error)
		*ret_privileges = privileges;
	return error;
}

int privileges_check(const struct container_config *config, struct problem *problem)
{
	capability_set capabilities;
	struct seccomp_program filter;
	int error = choose(config, &capabilities, problem);

	/* Our own profile is right. */
	if (error || !config->seccomp_profile)
		return error;
	error = make_filter(config, -1, capabilities, &filter, problem);
	if (!error)
		seccomp_program_free(&filter);
	return error;
}

void privileges_free(struct privileges *privileges)
{
	if (privileges->filtered)
		seccomp_program_free(&privileges->filter);
	privileges->filtered = false;
}

/* -- putting it on -- */

static int load(const struct privileges *privileges, struct problem *problem)
{
	int error = privileges->filtered ? seccomp_program_load(&privileges->filter, NULL) : 0;

	return error ? problem_set(problem, error, "cannot filter system calls: %s",
				   strerror(-error))
		     : 0;
}

/* What the kernel means. */
static const char *unknown_ids(int number)
{
	return number == EINVAL ? "; the container does not have these ids" : "";
}

static int become(const struct container_config *config, const struct user *user,
		  struct problem *problem)
{
	/* With one id only, groups cannot be set and are none. */
	if (!config->single_id && setgroups(user->group_count, user->groups) < 0)
		return problem_set(problem, -errno, "cannot set the groups: %s%s", strerror(errno),
				   unknown_ids(errno));
	if (setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return problem_set(problem, -errno, "cannot become user %u, group %u: %s%s",
				   user->uid, user->gid, strerror(errno), unknown_ids(errno));
	return 0;
}

int privileges_take(const struct privileges *privileges, const struct container_config *config,
		    const struct user *user, struct problem *problem)
{
	/* Of others than root, exec would take them anyway. */
	const capability_set held = user->uid == 0 ? privileges->capabilities : 0;
	const struct capabilities sets = {
		.bounding = privileges->capabilities,
		.effective = held,
		.permitted = held,
	};
	int error = capabilities_limit_bounding(privileges->capabilities, problem);

	if (!error && !config->no_new_privileges)
		error = load(privileges, problem);
	if (!error && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		error = problem_set(problem, -errno, "cannot keep capabilities: %s",
				    strerror(errno));
	if (!error)
		error = become(config, user, problem);
	if (!error)
		error = capabilities_set(&sets, problem);
	return error;
}

int privileges_complete(const struct privileges *privileges, const struct container_config *config,
			struct problem *problem)
{
	if (!config->no_new_privileges)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return problem_set(problem, -errno, "cannot give up new privileges: %s",
				   strerror(errno));
	return load(privileges, problem);
}
