/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/session.h"

#include "base/cleanup.h"
#include "base/device.h"
#include "fuse/library_log.h"
#include "fuse/operations/killpriv.h"
#include "fuse/operations/operations.h"
#include "fuse/serving/ending.h"
#include "fuse/serving/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* "Effectively infinite": nobody but us changes the tree. */
#define TIMEOUT_FOREVER (365.0 * 24 * 60 * 60)

/*
 * Idle threads wait in turn for the next message, so that each is a stranger to its processor's
 * caches: more of them than can run make every message slower. Some more than processors, for
 * those that wait for the disk.
 */
#define THREADS_DEFAULT_MIN 4U
#define THREADS_DEFAULT_MAX 16U

static unsigned default_threads(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = processors > 0 ? 2U * (unsigned)processors : 0;

	if (threads < THREADS_DEFAULT_MIN)
		return THREADS_DEFAULT_MIN;
	return threads < THREADS_DEFAULT_MAX ? threads : THREADS_DEFAULT_MAX;
}

/* Adds "-o NAME" or "-o NAME=VALUE" as ONE option, whatever characters it holds (CVE-2018-10906). */
static int add_option(struct fuse_args *args, const char *name, const char *value)
{
	cleanup_buffer struct buffer option = BUFFER_INIT;
	cleanup_free char *escaped = NULL;
	int result = buffer_append_string(&option, name);

	if (result == 0 && value)
		result = buffer_append_format(&option, "=%s", value);
	if (result < 0)
		return result;
	if (fuse_opt_add_opt_escaped(&escaped, buffer_string(&option)) < 0 ||
	    fuse_opt_add_arg(args, "-o") < 0 || fuse_opt_add_arg(args, escaped) < 0)
		return -ENOMEM;
	return 0;
}

static int add_arguments(struct fuse_args *args, const struct session_options *options)
{
	int result = fuse_opt_add_arg(args, "cowfs") < 0 ? -ENOMEM : 0;

	/* The kernel checks permissions, always. */
	if (result == 0)
		result = add_option(args, "default_permissions", NULL);
	if (result == 0 && options->allow_other)
		result = add_option(args, "allow_other", NULL);
	if (result == 0)
		result = add_option(args, "fsname", options->fsname);
	if (result == 0)
		result = add_option(args, "subtype", options->subtype);
	if (result == 0 && options->io_uring)
		result = add_option(args, "io_uring", NULL);
	for (size_t i = 0; options->mount_options && options->mount_options[i] && result == 0; i++)
		result = add_option(args, options->mount_options[i], NULL);
	return result;
}

static int create_fuse_session(struct session *session, struct problem *problem)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int result = add_arguments(&args, &session->options);

	if (result == 0) {
		session->fuse = fuse_session_new(&args, &session_operations,
						 sizeof(session_operations), session);
		if (!session->fuse)
			result = -EINVAL;
	}
	fuse_opt_free_args(&args);
	if (result == -EINVAL)
		return problem_set(problem, result, "libfuse refuses the mount options: %s",
				   library_log_last());
	if (result < 0)
		return problem_set(problem, result, "cannot prepare the session: %s",
				   strerror(-result));
	return 0;
}

/* Makes the kernel ask again for what it cannot know to have changed. It need not know the inode. */
static void forget_stale(void *context, struct inode *inode, enum union_stale what)
{
	struct session *session = context;
	/* A negative offset leaves the cached listing, or data, alone. */
	off_t offset = what == STALE_LISTING ? 0 : -1;

	if (session->fuse)
		(void)fuse_lowlevel_notify_inval_inode(session->fuse, node_of(session, inode),
						       offset, 0);
}

int session_create(struct union_fs *fs, const struct session_options *options,
		   struct session **ret_session, struct problem *problem)
{
	struct session *session = calloc(1, sizeof(*session));
	int result;

	if (!session || workers_init(&session->workers) < 0) {
		free(session);
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	session->fs = fs;
	session->options = *options;
	session->timeout = options->changing ? options->timeout : TIMEOUT_FOREVER;
	(void)clock_gettime(CLOCK_MONOTONIC, &session->started);
	library_log_take(options->debug);
	if (options->io_uring && uring_check(&session->warnings[WARNING_IO_URING]) < 0)
		session->options.io_uring = false;
	union_observe(fs, forget_stale, session);
	result = options->passthrough ? passthrough_create(&session->passthrough) : 0;
	if (result < 0)
		(void)problem_set(problem, result, "out of memory");
	else
		result = create_fuse_session(session, problem);
	if (result < 0) {
		session_destroy(session);
		return result;
	}
	*ret_session = session;
	return 0;
}

/*
 * fuse_session_unmount() works by path alone, and might unmount what somebody has mounted there
 * since; except that after the kernel has let go of us it only gives memory back.
 */
static void unmount_fuse_session(struct session *session)
{
	if (ending_is_over(session))
		fuse_session_unmount(session->fuse);
}

void session_destroy(struct session *session)
{
	if (!session)
		return;
	if (session->mountpoint) {
		(void)ending_detach(session);
		unmount_fuse_session(session);
	}
	if (session->fuse)
		fuse_session_destroy(session->fuse);
	workers_destroy(&session->workers);
	passthrough_destroy(session->passthrough);
	free(session->mountpoint);
	free(session);
}

/* libfuse's own complaint would not say what to do. */
static int check_device(struct problem *problem)
{
	cleanup_fd int fd = device_open("/dev/fuse", O_RDWR);

	if (fd >= 0)
		return 0;
	switch (-fd) {
	case ENOENT:
		return problem_set(problem, -ENOENT,
				   "/dev/fuse does not exist. In a container, pass it on "
				   "(--device /dev/fuse); elsewhere, make it with "
				   "'mknod -m 666 /dev/fuse c 10 229'");
	case ENODEV:
	case ENXIO:
		return problem_set(problem, -ENODEV,
				   "/dev/fuse has no driver. Load it with 'modprobe fuse'");
	case EACCES:
	case EPERM:
		return problem_set(problem, fd,
				   "/dev/fuse: %s. Let root do 'chmod 666 /dev/fuse' or add you "
				   "to the group that owns it; an ordinary user needs fusermount3 "
				   "(package fuse3) too",
				   strerror(-fd));
	default:
		return problem_set(problem, fd, "/dev/fuse: %s", strerror(-fd));
	}
}

static int mount_failed(const char *mountpoint, struct problem *problem)
{
	const char *reason = library_log_last();

	if (geteuid() != 0)
		return problem_set(problem, -EPERM,
				   "cannot mount on %s%s%s. An ordinary user needs fusermount3 "
				   "(package fuse3) and a mountpoint of their own",
				   mountpoint, reason[0] ? ": " : "", reason);
	return problem_set(problem, -EPERM, "cannot mount on %s: %s", mountpoint,
			   reason[0] ? reason : "not permitted");
}

int session_mount(struct session *session, const char *mountpoint, struct problem *problem)
{
	int result = check_device(problem);

	if (result < 0)
		return result;
	session->mountpoint = strdup(mountpoint);
	if (!session->mountpoint)
		return problem_set(problem, -ENOMEM, "out of memory");
	/* A signal between the mount and the first answer would leave a dead mount behind. */
	ending_block_signals();
	if (fuse_session_mount(session->fuse, mountpoint) < 0) {
		ending_unblock_signals();
		free(steal_pointer(&session->mountpoint));
		return mount_failed(mountpoint, problem);
	}
	session->mount_id = ending_mount_id(mountpoint);
	result = killpriv_attach(session->fuse);
	if (result < 0)
		return problem_set(problem, result, "cannot listen to the kernel: %s",
				   strerror(-result));
	return 0;
}

static int run_loop_of_library(struct session *session, unsigned threads)
{
	const struct session_options *options = &session->options;
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int result;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_clone_fd(config, options->clone_fd);
	fuse_loop_cfg_set_max_threads(config, threads);
	fuse_loop_cfg_set_idle_threads(config,
				       options->idle_threads ? options->idle_threads : threads);
	result = fuse_session_loop_mt(session->fuse, config);
	fuse_loop_cfg_destroy(config);
	return result;
}

/* What only libfuse can do is left to libfuse. */
static int serve(struct session *session)
{
	const struct session_options *options = &session->options;
	unsigned threads = options->threads ? options->threads : default_threads();

	if (options->no_follow || options->clone_fd || options->idle_threads || options->io_uring)
		return run_loop_of_library(session, threads);
	return serving_run(session, threads);
}

struct session *session_running;

int session_check_passthrough(struct problem *problem)
{
	return passthrough_check(problem);
}

int session_run(struct session *session)
{
	struct ending *ending = NULL;
	int result = seeker_create(session, &session->seeker);

	session_running = session;
	union_begin_settling(session->fs);
	if (result == 0)
		result = ending_watch(session, &ending);
	if (result == 0)
		result = serve(session);
	ending_unwatch(ending);
	seeker_destroy(session->seeker);
	session->seeker = NULL;
	session_running = NULL;
	return result;
}

const char *session_warning(const struct session *session, enum session_warning which)
{
	return session->warnings[which].text;
}

int session_describe(const struct session *session, struct buffer *text)
{
	return negotiated_describe(&session->negotiated, text);
}
