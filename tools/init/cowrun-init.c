/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cowrun-init PROGRAM [ARGUMENT...]: PID 1 of a container made with --init.
 *
 * Runs the program, passes on to it every signal that can be passed on, waits for whatever processes
 * the container leaves to PID 1, and ends as the program ended. Linked statically, since the
 * container's libraries are not ours.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_STARTED = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };

static int complain(const char *what)
{
	(void)fprintf(stderr, "cowrun-init: %s: %s\n", what, strerror(errno));
	return errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

/* A program that is in the foreground of the terminal gets what is typed there. */
static _Noreturn void run(char **arguments, const sigset_t *mask)
{
	(void)setpgid(0, 0);
	if (isatty(STDIN_FILENO)) {
		(void)signal(SIGTTOU, SIG_IGN);
		(void)tcsetpgrp(STDIN_FILENO, getpid());
		(void)signal(SIGTTOU, SIG_DFL);
	}
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)execvp(arguments[0], arguments);
	_exit(complain(arguments[0]));
}

/* Waits for all that have ended. The exit status once the program is among them, else -1. */
static int reap(pid_t program)
{
	int result = -1, status;
	pid_t ended;

	while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
		if (ended == program)
			result = WIFEXITED(status) ? WEXITSTATUS(status)
						   : BY_SIGNAL + WTERMSIG(status);
	return result;
}

int main(int argc, char **argv)
{
	sigset_t all, former;
	pid_t program;
	int result = -1;

	if (argc < 2) {
		(void)fputs("Usage: cowrun-init PROGRAM [ARGUMENT...]\n", stderr);
		return NOT_STARTED;
	}
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &former);
	program = fork();
	if (program < 0) {
		(void)complain("cannot start a process");
		return NOT_STARTED;
	}
	if (program == 0)
		run(argv + 1, &former);
	while (result < 0) {
		int number = sigwaitinfo(&all, NULL);

		if (number == SIGCHLD)
			result = reap(program);
		else if (number > 0 && number != SIGTTIN && number != SIGTTOU)
			(void)kill(program, number);
	}
	return result;
}
