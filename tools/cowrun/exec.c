/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun exec: a further process in a container that runs. */
#include "base/cleanup.h"
#include "container/launch/join.h"
#include "container/process/environment.h"
#include "cowrun/attach_client.h"
#include "cowrun/command.h"
#include "cowrun/detach_keys.h"
#include "cowrun/environment_option.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const char usage[] =
	"Usage: cowrun exec [OPTIONS] CONTAINER COMMAND [ARGUMENT...]\n"
	"\n"
	"Runs a command in a container that runs, and ends as it ends.\n"
	"\n"
	"  -d, --detach             do not wait for it\n"
	"      --detach-keys KEYS   what to type to leave it running (ctrl-p,ctrl-q)\n"
	"  -e, --env NAME[=VALUE]   a variable; without a value, ours\n"
	"      --env-file FILE      variables, one a line\n"
	"  -i, --interactive        pass our standard input on\n"
	"  -t, --tty                with a terminal\n"
	"  -u, --user USER[:GROUP]  who runs it (as the container)\n"
	"  -w, --workdir DIRECTORY  where it starts (as the container)\n";

struct exec_options {
	struct string_list environment;
	bool detached, input, terminal;
	char *detach_keys, *user, *working_directory;
};

static int add_environment(const char *value, void *data, struct problem *problem)
{
	return environment_option_add(value, &((struct exec_options *)data)->environment, problem);
}

static int read_environment(const char *value, void *data, struct problem *problem)
{
	return environment_option_read(value, &((struct exec_options *)data)->environment, problem);
}

static int check_keys(const char *value, void *data, struct problem *problem)
{
	(void)data;
	return detach_keys_check(value, problem);
}

static const struct option_rule rules[] = {
	{ 'd', "detach", OPTION_SWITCH, offsetof(struct exec_options, detached), NULL },
	{ 0, "detach-keys", OPTION_TEXT, offsetof(struct exec_options, detach_keys), check_keys },
	{ 'e', "env", OPTION_CALL, 0, add_environment },
	{ 0, "env-file", OPTION_CALL, 0, read_environment },
	{ 'i', "interactive", OPTION_SWITCH, offsetof(struct exec_options, input), NULL },
	{ 't', "tty", OPTION_SWITCH, offsetof(struct exec_options, terminal), NULL },
	{ 'u', "user", OPTION_TEXT, offsetof(struct exec_options, user), NULL },
	{ 'w', "workdir", OPTION_TEXT, offsetof(struct exec_options, working_directory), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, true);

static int find_running(const struct place *place, const char *name, struct container *container,
			struct problem *problem)
{
	int error = container_find(place, name, container, problem);

	if (!error)
		error = container_refresh(container, problem);
	if (error)
		return error;
	if (state_status(&container->state) == CONTAINER_PAUSED)
		return problem_set(problem, -EBUSY, "container %s is paused; unpause it first",
				   name);
	if (state_status(&container->state) != CONTAINER_RUNNING)
		return problem_set(problem, -ESRCH, "container %s is not running", name);
	return 0;
}

/* The container's variables, and above them those of the options. */
static int make_lists(const struct container_config *config, const struct exec_options *options,
		      int count, char **operands, struct join *join)
{
	int error = 0;

	for (int i = 0; !error && i < count; i++)
		error = string_list_add(&join->arguments, operands[i]);
	for (size_t i = 0; !error && i < config->environment.count; i++)
		error = string_list_add(&join->environment, config->environment.strings[i]);
	for (size_t i = 0; !error && i < options->environment.count; i++)
		error = environment_set(&join->environment, options->environment.strings[i]);
	return error;
}

static int run(const struct container *container, const struct exec_options *options, int count,
	       char **operands, struct problem *problem)
{
	const struct container_config *config = &container->config;
	cleanup_fd int ours = -1, theirs = -1;
	struct join join = {
		.container = container,
		.working_directory = options->working_directory ? options->working_directory
								: config->working_directory,
		.user = options->user ? options->user : config->user,
		.terminal = options->terminal,
		.input = options->input && !options->detached,
		.size = attach_window_size(),
		.client = -1,
	};
	struct attach_session session = {
		.input = join.input,
		.terminal = join.terminal,
		.detach_keys = options->detach_keys,
	};
	int ends[2], status = 0;

	if (!options->detached) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
			return problem_set(problem, STATUS_RUNTIME_FAILED,
					   "cannot make a socket: %s", strerror(errno));
		ours = ends[0];
		join.client = theirs = ends[1];
	}
	if (make_lists(config, options, count, operands, &join) < 0)
		status = problem_set(problem, STATUS_RUNTIME_FAILED, "out of memory");
	if (!status)
		status = join_spawn(&join, problem);
	string_list_free(&join.arguments);
	string_list_free(&join.environment);
	if (status || options->detached)
		return status;
	(void)close(steal_fd(&theirs));
	session.socket = steal_fd(&ours);
	return attach_serve(&session);
}

static int execute(const struct exec_options *options, int count, char **operands)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct problem problem = { .text = "" };
	struct place place;
	int status = STATUS_RUNTIME_FAILED;

	if (!command_open_place(&place))
		return STATUS_RUNTIME_FAILED;
	if (find_running(&place, operands[0], &container, &problem) == 0)
		status = run(&container, options, count - 1, operands + 1, &problem);
	place_close(&place);
	if (problem.text[0])
		(void)command_failed(&problem);
	return status;
}

int command_exec(int argc, char **argv)
{
	struct exec_options options = { 0 };
	int count, status;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		/* 2 may be what the command in the container returns. */
		status = status == STATUS_USAGE ? STATUS_RUNTIME_FAILED : status;
	else if (count < 2) {
		(void)command_misused(usage);
		status = STATUS_RUNTIME_FAILED;
	} else {
		status = execute(&options, count, argv + 1);
	}
	string_list_free(&options.environment);
	free(options.detach_keys);
	free(options.user);
	free(options.working_directory);
	return status;
}
