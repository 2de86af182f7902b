/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun run: a container from its making to, unless it is detached, its end. */
#include "base/cleanup.h"
#include "cli/say.h"
#include "container/record/removal.h"
#include "cowrun/attach_client.h"
#include "cowrun/command.h"
#include "cowrun/create_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun run [OPTIONS] IMAGE [COMMAND [ARGUMENT...]]\n"
	"       cowrun run [OPTIONS] --rootfs DIRECTORY|--layers L1[:L2...] COMMAND [ARGUMENT...]\n"
	"\n"
	"Makes a container and starts it. Ends as it ends, with its exit status; 125: it could not be\n"
	"started; 126: its command cannot be executed; 127: there is no such command.\n"
	"\n"
	"  -d, --detach                 print its id and leave it alone\n"
	"      --detach-keys KEYS       what to type to leave it running (ctrl-p,ctrl-q)\n"
	"      --pidfile FILE           write the number of its first process there\n"
	"\n";

static int show_usage(void)
{
	(void)fputs(usage, stdout);
	(void)fputs(create_options_usage, stdout);
	return command_flush(STATUS_OK);
}

static int write_pid_file(const char *path, struct container *container, struct problem *problem)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int error = container_refresh(container, problem);

	if (error)
		return error;
	if (fd < 0 || dprintf(fd, "%d", (int)container->state.pid) < 0)
		return problem_set(problem, -errno, "--pidfile %s: %s", path, strerror(errno));
	return 0;
}

/* Of --rm: by then its monitor has removed it, unless that failed before it took over. */
static void remove_unstarted(struct container *container)
{
	if (!container->config.remove || container_lock(container, NULL) < 0)
		return;
	if (!state_is_live(&container->state))
		(void)container_remove(container, NULL);
	container_unlock(container);
}

static int run_container(struct create_options *options, struct container *container)
{
	const struct attach_start start = {
		.attach = !container->config.detached,
		.input = container->config.open_stdin,
		.detach_keys = options->detach_keys,
	};
	struct attach_session session;
	struct problem problem = { .text = "" };
	int status = attach_start(container, &start, &session, &problem);

	if (status) {
		say("%s", problem.text);
		remove_unstarted(container);
		return status;
	}
	if (options->pid_file && write_pid_file(options->pid_file, container, &problem) < 0)
		say("%s", problem.text);
	if (!start.attach) {
		(void)puts(container->id);
		return command_flush(STATUS_OK);
	}
	return attach_serve(&session);
}

static int run(struct create_options *options, int count, char **operands)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct place place;
	int status;

	if (!command_open_place(&place))
		return STATUS_RUNTIME_FAILED;
	status = create_options_make(options, &place, count, operands, &container);
	if (status == STATUS_OK)
		status = run_container(options, &container);
	place_close(&place);
	return status;
}

int command_run(int argc, char **argv)
{
	struct create_options options;
	int count, status = STATUS_RUNTIME_FAILED;

	if (options_ask_for_help(&create_option_table, argc, argv))
		return show_usage();
	if (create_options_init(&options) == 0 &&
	    command_read(&create_option_table, usage, argc, argv, &options, &count, &status))
		status = run(&options, count, argv + 1);
	else if (status == STATUS_USAGE)
		/* 2 may be what the command in the container returns. */
		status = STATUS_RUNTIME_FAILED;
	create_options_free(&options);
	return status;
}
