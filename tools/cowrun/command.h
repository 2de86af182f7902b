/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sub-commands. Each gets its own name as argv[0] and returns an exit status. */
#pragma once

#include "cli/say.h"
#include "container/record/container.h"
#include "cowrun/options.h"

/*
 * Beside those of cli/say.h, as docker and podman have them: a command that runs a process returns
 * what the process returned, or one of these.
 */
enum {
	STATUS_RUNTIME_FAILED = 125, /* the container could not be made */
	STATUS_NOT_EXECUTABLE = 126, /* the command in it cannot be executed */
	STATUS_NOT_FOUND = 127,	     /* there is no such command in it */
	STATUS_SIGNAL = 128,	     /* plus the number of the signal that ended it */
};

/* The text of cowrun --help. */
void help_cowrun(void);

/* What --root says for all commands; NULL: nothing. */
void command_set_root(const char *root);
/* It, or NULL. */
const char *command_root(void);

/*
 * Reads the options and operands of a command. Says what is wrong with them, or prints the usage if that
 * was asked for; then false, with the exit status in *ret_status. usage begins with "Usage: ".
 */
bool command_read(const struct option_table *table, const char *usage, int argc, char **argv,
		  void *options, int *ret_operands, int *ret_status);

/* Says that the operands are not as the usage has them. Returns STATUS_USAGE. */
int command_misused(const char *usage);

/* Opens the place where all is kept. False, having said why. */
bool command_open_place(struct place *place);

/* What is done with each container of a list. 0, or -errno with a problem. */
typedef int container_function(struct container *container, void *context, struct problem *problem);

/*
 * Does something with each container named, and prints the name of each with which it went well. With the others says
 * why not. The exit status.
 */
int command_for_each(int count, char **names, container_function *function, void *context);

/* A command of a command, such as ls of volume. */
struct sub_command {
	const char *name;
	int (*run)(int argc, char **argv);
};

/*
 * Runs the one that argv[1] names, which gets that as its argv[0]; or prints the usage if that is asked for, or says that there
 * is no such command. The exit status.
 */
int command_run_sub(const struct sub_command *commands, size_t count, const char *usage, int argc,
		    char **argv);

/* Says the problem. Returns STATUS_FAILED. */
int command_failed(const struct problem *problem);

/* Writes out what was printed. The status, or STATUS_FAILED having said that it could not be written. */
int command_flush(int status);

int command_attach(int argc, char **argv);
int command_commit(int argc, char **argv);
int command_container(int argc, char **argv);
int command_container_prune(int argc, char **argv);
int command_cp(int argc, char **argv);
int command_create(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_events(int argc, char **argv);
int command_exec(int argc, char **argv);
int command_history(int argc, char **argv);
int command_image(int argc, char **argv);
int command_image_prune(int argc, char **argv);
int command_images(int argc, char **argv);
int command_import(int argc, char **argv);
int command_info(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_kill(int argc, char **argv);
int command_load(int argc, char **argv);
int command_logs(int argc, char **argv);
int command_network(int argc, char **argv);
int command_pause(int argc, char **argv);
int command_port(int argc, char **argv);
int command_ps(int argc, char **argv);
int command_rename(int argc, char **argv);
int command_restart(int argc, char **argv);
int command_rm(int argc, char **argv);
int command_rmi(int argc, char **argv);
int command_run(int argc, char **argv);
int command_save(int argc, char **argv);
int command_start(int argc, char **argv);
int command_stats(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_system(int argc, char **argv);
int command_system_df(int argc, char **argv);
int command_system_prune(int argc, char **argv);
int command_tag(int argc, char **argv);
int command_top(int argc, char **argv);
int command_unpack(int argc, char **argv);
int command_unpause(int argc, char **argv);
int command_update(int argc, char **argv);
int command_version(int argc, char **argv);
int command_volume(int argc, char **argv);
int command_volume_prune(int argc, char **argv);
int command_wait(int argc, char **argv);
