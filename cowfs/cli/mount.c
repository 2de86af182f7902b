/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs mount, in all of its forms: from the arguments to the end of the mount. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/help.h"
#include "cli/remount.h"
#include "cli/say.h"
#include "cli/trace.h"
#include "fuse/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Seconds after which changes of another mount are seen, unless the user says. */
#define LOOKING_TIMEOUT 1.0

struct mount {
	enum mount_form form;
	struct mount_options options;
	char *mountpoint; /* absolute */
	bool passthrough; /* what the option io has come to */
	struct union_fs *fs;
	struct daemon *daemon;
};

/* The mountpoint as an absolute path: the daemon will be in "/". 0 or -errno with a problem. */
static int find_mountpoint(struct mount *mount, struct problem *problem)
{
	const char *name = mount->options.mountpoint;
	struct statfs statfs_buffer;
	struct stat stat_buffer;

	mount->mountpoint = realpath(name, NULL);
	/* Only statfs(2) asks a daemon; what stat(2) says may have outlived it. */
	if (!mount->mountpoint || stat(mount->mountpoint, &stat_buffer) < 0 ||
	    statfs(mount->mountpoint, &statfs_buffer) < 0) {
		if (errno == ENOTCONN)
			return problem_set(problem, -errno,
					   "mountpoint %s: a mount whose daemon is gone is still "
					   "there; unmount it first",
					   name);
		return problem_set(problem, -errno, "mountpoint %s: %s", name, strerror(errno));
	}
	if (!S_ISDIR(stat_buffer.st_mode))
		return problem_set(problem, -ENOTDIR, "mountpoint %s: it is not a directory", name);
	return 0;
}

/* The process as the work wants it; what fails here is not missed before it is needed. */
static void prepare_process(void)
{
	struct rlimit limit;

	/* Modes come with each request. */
	(void)umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool cannot_be_written(const struct mount_options *options)
{
	return options->read_only || !options->upper;
}

/* Where all of it is passed by and pages are shared; elsewhere each open would cost a message for little. */
static bool passthrough_pays(const struct mount_options *options)
{
	return cannot_be_written(options) && !options->writeback && !options->changing;
}

/* Before the layers are opened, as that is done differently. */
static void decide_passthrough(struct mount *mount)
{
	const struct mount_options *options = &mount->options;
	struct problem problem;

	if (options->io == IO_CACHED || (options->io == IO_AUTO && !passthrough_pays(options)))
		return;
	mount->passthrough = session_check_passthrough(&problem) == 0;
	if (!mount->passthrough && options->io == IO_PASSTHROUGH)
		say("%s", problem.text);
}

static int try_to_open_union(struct mount *mount, bool only_look, struct problem *problem)
{
	const struct mount_options *options = &mount->options;
	const struct union_options union_options = {
		.lowers = (const char *const *)options->lowers.strings,
		.lower_count = options->lowers.count,
		.upper = options->upper,
		.workdir = options->upper ? options->workdir : NULL,
		.mountpoint = mount->mountpoint,
		.dialect = options->dialect,
		.redirect = options->redirect,
		.ownership = options->ownership,
		.volatile_upper = options->volatile_upper,
		.read_only = options->read_only,
		.no_xattr = options->no_xattr,
		.only_look = only_look,
		.changing = options->changing,
		.static_nlink = options->static_nlink,
		.no_atime = options->no_atime,
		.own_mounts = mount->passthrough && cannot_be_written(options),
	};
	struct problem warning = { .text = "" };
	int result = union_open(&union_options, &mount->fs, problem, &warning);

	if (result == 0 && warning.text[0])
		say("%s", warning.text);
	return result;
}

/*
 * An upper that another mount has can be looked at beside it, as containerd does to find what a running container has
 * changed. So it is one that somebody else changes, with all that this means.
 */
static void look_beside_a_mount(struct mount *mount)
{
	struct mount_options *options = &mount->options;

	say("upper directory \"%s\": in use by another mount; what that one changes is seen here later",
	    options->upper);
	if (!options->changing)
		options->timeout = LOOKING_TIMEOUT;
	options->changing = true;
	if (mount->passthrough && options->io == IO_PASSTHROUGH)
		say("io=passthrough is not for layers that others change; the mode is cached");
	mount->passthrough = false;
}

static int open_union(struct mount *mount, struct problem *problem)
{
	int result = try_to_open_union(mount, false, problem);

	if (result != -EBUSY || !mount->options.read_only)
		return result;
	look_beside_a_mount(mount);
	return try_to_open_union(mount, true, problem);
}

/* As mount(8) does: without SELinux the kernel knows no labels, and would refuse the mount. */
static bool is_label_for_nobody(const char *option)
{
	static const char *const labels[] = { "context=", "fscontext=", "defcontext=",
					      "rootcontext=" };

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strncmp(option, labels[i], strlen(labels[i])) == 0)
			return access("/sys/fs/selinux", F_OK) != 0;
	return false;
}

/* Root's mounts have setuid and devices and are open to all, as any mount(8) of root. */
static int add_kernel_options(const struct mount *mount, struct string_list *list)
{
	const struct mount_options *options = &mount->options;
	int result = 0;

	if (geteuid() == 0) {
		result = string_list_add(list, "suid");
		if (result == 0)
			result = string_list_add(list, "dev");
	}
	for (size_t i = 0; i < options->kernel_options.count && result == 0; i++)
		if (!is_label_for_nobody(options->kernel_options.strings[i]))
			result = string_list_add(list, options->kernel_options.strings[i]);
	if (result == 0 && (options->read_only || !options->upper))
		result = string_list_add(list, "ro");
	return result;
}

static void tell_what_was_agreed(const struct session *session)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (session_describe(session, &text) == 0)
		(void)fputs(buffer_string(&text), stdout);
	(void)fflush(stdout);
}

static void ready(struct session *session, void *context)
{
	struct mount *mount = context;

	for (enum session_warning which = 0; which < SESSION_WARNINGS; which++)
		if (session_warning(session, which)[0])
			say("%s", session_warning(session, which));
	if (mount->options.verbose)
		tell_what_was_agreed(session);
	daemon_ready(mount->daemon);
}

/* Another name is kept apart in the mount table; mount(8) finds a mount again by its source. */
static const char *fsname_of(const struct mount *mount)
{
	const struct mount_options *options = &mount->options;

	if (options->fsname)
		return options->fsname;
	if (mount->form != MOUNT_FUSE_OVERLAYFS && options->source && options->source[0])
		return options->source;
	return mount->form == MOUNT_FUSE_OVERLAYFS ? "fuse-overlayfs" : "cowfs";
}

static int create_session(struct mount *mount, const struct string_list *kernel_options,
			  struct session **ret_session, struct problem *problem)
{
	const struct mount_options *options = &mount->options;
	const struct session_options session_options = {
		.fsname = fsname_of(mount),
		.subtype = mount->form == MOUNT_FUSE_OVERLAYFS ? "fuse-overlayfs" : "cowfs",
		.mount_options = (const char *const *)kernel_options->strings,
		.allow_other = options->allow_other || geteuid() == 0,
		.read_only = cannot_be_written(options),
		.no_acl = options->no_acl,
		.no_xattr = options->no_xattr,
		.never_sync = options->volatile_upper,
		.debug = options->debug,
		.trace = options->debug ? trace_print : NULL,
		.trace_context = &mount->options.debug_globs,
		.writeback = options->writeback,
		.changing = options->changing,
		.timeout = options->timeout,
		.threads = options->threads,
		.idle_threads = options->idle_threads,
		.no_follow = !options->follow,
		.clone_fd = options->clone_fd,
		.passthrough = mount->passthrough,
		.passthrough_or_not = options->io == IO_AUTO,
		.io_uring = options->io_uring,
		.ready = ready,
		.context = mount,
	};

	return session_create(mount->fs, &session_options, ret_session, problem);
}

static int serve(struct mount *mount)
{
	struct string_list kernel_options = STRING_LIST_INIT;
	struct session *session = NULL;
	struct problem problem = { .text = "out of memory" };
	int result = add_kernel_options(mount, &kernel_options);

	if (result == 0)
		result = create_session(mount, &kernel_options, &session, &problem);
	if (result == 0)
		result = session_mount(session, mount->mountpoint, &problem);
	if (result < 0) {
		say("%s", problem.text);
	} else {
		result = session_run(session);
		if (result < 0)
			say("the connection with the kernel failed: %s", strerror(-result));
	}
	session_destroy(session);
	string_list_free(&kernel_options);
	return result < 0 ? STATUS_FAILED : STATUS_OK;
}

static int work(struct daemon *daemon, void *context)
{
	struct mount *mount = context;
	struct problem problem;
	int status;

	mount->daemon = daemon;
	prepare_process();
	decide_passthrough(mount);
	if (open_union(mount, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	status = serve(mount);
	union_close(mount->fs);
	return status;
}

static int run(struct mount *mount)
{
	const struct mount_options *options = &mount->options;
	struct problem problem;

	/* A remount repeats what the mount table shows, which is not all from us. */
	for (size_t i = 0; i < options->warnings.count && !options->remount; i++)
		say("%s", options->warnings.strings[i]);
	if (options->help) {
		help_mount(mount->form);
		return STATUS_OK;
	}
	if (options->version) {
		version_mount(mount->form);
		return STATUS_OK;
	}
	if (find_mountpoint(mount, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	if (options->fake)
		return STATUS_OK;
	if (options->remount)
		return remount(mount->mountpoint, options);
	return daemon_run(options->foreground || options->debug, work, mount);
}

int command_mount(enum mount_form form, int argc, char **argv)
{
	struct mount mount = { .form = form };
	struct problem problem;
	int status;

	if (mount_options_parse(form, argc, argv, &mount.options, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_USAGE;
	}
	status = run(&mount);
	free(mount.mountpoint);
	mount_options_free(&mount.options);
	return status;
}
