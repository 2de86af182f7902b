/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command in a control group, with a /proc of that group's over the machine's: what the runtime does, without a
 * container around it.
 *
 *     proc_view [LIMIT=VALUE...] [rootless=1] -- COMMAND [ARGUMENT...]
 *
 * Limits are the runtime's flags. With rootless the view is started in a user namespace. The command finds the number of
 * the process that serves in $PROC_VIEW_PID. The current directory gets an empty directory "view". Afterwards it is made
 * sure that the process has ended by itself. The exit status is the command's.
 */
#include "container/proc_view/proc_view.h"
#include "check.h"
#include "container/cgroup/cgroup.h"
#include "container/cgroup/limits_text.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static void or_fail(int result, const struct problem *problem)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "proc_view: %s\n", problem->text);
	exit(125);
}

struct options {
	struct container_limits limits;
	bool rootless;
};

static void read_option(struct options *options, char *option)
{
	struct problem problem = { "" };
	char *value = strchr(option, '=');

	CHECK(value);
	*value++ = '\0';
	if (strcmp(option, "rootless") == 0)
		options->rootless = true;
	else
		or_fail(limits_set(&options->limits, option, value, &problem), &problem);
}

static void write_file(const char *path, const char *text)
{
	int fd = check_open(path, O_WRONLY, 0);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
}

static void enter_namespaces(bool rootless)
{
	CHECK(unshare(CLONE_NEWNS | (rootless ? CLONE_NEWUSER : 0)) == 0);
	if (rootless) {
		write_file("/proc/self/setgroups", "deny");
		write_file("/proc/self/uid_map", "0 0 1");
		write_file("/proc/self/gid_map", "0 0 1");
	}
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0);
}

/* In a copy of the mount namespace. */
static void bind_files(void)
{
	char source[64], target[64];

	for (const struct proc_view_target *at = proc_view_targets(); at->name; at++) {
		(void)snprintf(source, sizeof(source), "view/%s", at->name);
		(void)snprintf(target, sizeof(target), "/%s", at->target);
		CHECK(mount(source, target, NULL, MS_BIND, NULL) == 0);
	}
	CHECK(umount2("view", MNT_DETACH) == 0);
}

/* Returns when it has the files bound, so that the directory can go. */
static pid_t start_command(const struct cgroup *group, char **command)
{
	struct problem problem = { "" };
	char byte = 0;
	pid_t child;
	int go[2], ready[2];

	CHECK(pipe2(go, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(read(go[0], &byte, 1) == 1);
		CHECK(unshare(CLONE_NEWNS) == 0);
		bind_files();
		CHECK(write(ready[1], &byte, 1) == 1);
		(void)execvp(command[0], command);
		(void)fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	or_fail(cgroup_add(group, child, &problem), &problem);
	CHECK(write(go[1], &byte, 1) == 1);
	(void)close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	return child;
}

static struct proc_view start_view(const struct cgroup *group)
{
	struct proc_view view = PROC_VIEW_INIT;
	struct problem problem = { "" };
	int directory;

	CHECK(mkdir("view", 0755) == 0 || errno == EEXIST);
	directory = check_open("view", O_PATH | O_DIRECTORY, 0);
	or_fail(proc_view_start(group, directory, &view, &problem), &problem);
	(void)close(directory);
	return view;
}

static int run(const struct cgroup *group, const struct options *options, char **command)
{
	struct proc_view view;
	struct pollfd ended;
	char pid[16];
	int status;
	pid_t child;

	enter_namespaces(options->rootless);
	view = start_view(group);
	ended = (struct pollfd){ .fd = view.pidfd, .events = POLLIN };
	(void)snprintf(pid, sizeof(pid), "%d", view.pid);
	CHECK(setenv("PROC_VIEW_PID", pid, 1) == 0);
	child = start_command(group, command);
	CHECK(umount2("view", MNT_DETACH) == 0);
	CHECK(waitpid(child, &status, 0) == child);
	/* The last user is gone, so is the file system. */
	CHECK(poll(&ended, 1, 5000) == 1);
	proc_view_stop(&view);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct options options = { .limits = LIMITS_INIT };
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	CLEANUP(cgroup_free) struct cgroup *group = NULL;
	struct problem problem = { "" };
	char id[32];
	int status;

	for (argc--, argv++; argc > 0 && strcmp(*argv, "--") != 0; argc--, argv++)
		read_option(&options, *argv);
	CHECK(argc > 1);
	(void)snprintf(id, sizeof(id), "proc-view-%d", getpid());
	limits_complete(&options.limits);
	or_fail(cgroup_layout_read(&layout, &problem), &problem);
	or_fail(cgroup_create(layout, id, NULL, &group, &problem), &problem);
	or_fail(cgroup_apply(group, &options.limits, &problem), &problem);
	status = run(group, &options, argv + 1);
	or_fail(cgroup_remove(group, &problem), &problem);
	limits_free(&options.limits);
	return status;
}
