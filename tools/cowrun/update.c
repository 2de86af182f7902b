/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun update: other limits and another restart policy for containers, also while they run. */
#include "container/cgroup/container_group.h"
#include "container/cgroup/limits_text.h"
#include "container/event/event.h"
#include "container/record/restart.h"
#include "cowrun/command.h"
#include "cowrun/limit_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun update OPTIONS CONTAINER...\n"
	"\n"
	"Changes what containers may use, at once and for their next starts, and whether they are started again\n"
	"when they have ended; prints their names. What is not given stays; -1 lifts --memory, --memory-swap,\n"
	"--pids-limit and --cpu-quota.\n"
	"\n" LIMIT_OPTIONS_USAGE
	"      --restart POLICY         start it again when it has ended: no, always,\n"
	"                               unless-stopped, on-failure[:TIMES]\n";

struct update_options {
	struct string_list limits;
	char *restart; /* NULL: as it was */
};

/* An option_function. */
static int check_restart(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return restart_check(value, problem);
}

static const struct option_rule rules[] = {
	LIMIT_OPTIONS(offsetof(struct update_options, limits)),
	{ 0, "restart", OPTION_TEXT, offsetof(struct update_options, restart), check_restart },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int apply(const struct container_group *group, const struct string_list *texts,
		 struct problem *problem)
{
	static const struct cgroup none;
	cleanup_limits struct container_limits limits = LIMITS_INIT;
	int error = limits_read(texts, &limits, problem);

	/* Those stay as they are: they came with others, which are not among the texts. */
	free(limits.device_rules);
	limits.device_rules = NULL;
	limits.device_rule_count = 0;
	return error ? error
		     : cgroup_apply(group->cgroup ? group->cgroup : &none, &limits, problem);
}

/* All of them, or as before. */
static int apply_to_running(const struct container *container, const struct string_list *texts,
			    struct problem *problem)
{
	cleanup_container_group struct container_group group = CONTAINER_GROUP_INIT;
	int error = container_group_open(container->state.cgroup, &group, problem);

	if (error)
		return error;
	error = apply(&group, texts, problem);
	if (error)
		(void)apply(&group, &container->config.limits, NULL);
	return error;
}

/* Its monitor reads it when the container ends. */
static int change_restart(struct container *container, const char *policy, struct problem *problem)
{
	if (!policy)
		return 0;
	if (container->config.remove && strcmp(policy, "no") != 0)
		return problem_set(
			problem, -EINVAL,
			"it is removed when it has ended (--rm), so it cannot be started "
			"again");
	return state_set_text(&container->config.restart, policy) < 0
		       ? problem_set(problem, -ENOMEM, "out of memory")
		       : 0;
}

static int change(struct container *container, const struct string_list *changes,
		  struct problem *problem)
{
	cleanup_limits struct container_limits checked = LIMITS_INIT;
	struct string_list texts = STRING_LIST_INIT, former = container->config.limits;
	int error = limits_change(&former, changes, &texts);

	if (error)
		return problem_set(problem, error, "out of memory");
	error = limits_read(&texts, &checked, problem);
	if (!error && changes->count > 0 && state_is_live(&container->state))
		error = apply_to_running(container, &texts, problem);
	if (!error) {
		container->config.limits = texts;
		texts = former;
		error = container_save_config(container, problem);
	}
	string_list_free(&texts);
	return error;
}

static int update(struct container *container, void *context, struct problem *problem)
{
	const struct update_options *options = context;
	struct problem reason = { .text = "" };
	int error = container_lock(container, problem);

	if (error)
		return error;
	error = container_reload_config(container, &reason);
	if (!error)
		error = change_restart(container, options->restart, &reason);
	if (!error)
		error = change(container, &options->limits, &reason);
	if (!error)
		event_of_container(container, "update", NULL);
	container_unlock(container);
	return error ? problem_set(problem, error, "container %s: %s", container->config.name,
				   reason.text)
		     : 0;
}

int command_update(int argc, char **argv)
{
	struct update_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 0 || (options.limits.count == 0 && !options.restart)
				 ? command_misused(usage)
				 : command_for_each(count, argv + 1, update, &options);
	string_list_free(&options.limits);
	free(options.restart);
	return status;
}
