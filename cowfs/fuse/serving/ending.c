/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/serving/ending.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "fuse/operations/operations.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 20
/* So long without a message is quiet; so long we wait for quiet. */
#define QUIET_MS 200
#define PATIENCE_MS 5000
/* Makes a thread of the loop look whether the session is over. */
#define WAKE_SIGNAL SIGUSR1

struct ending {
	struct session *session;
	pthread_t loop_thread, thread;
	_Atomic bool loop_over;
};

static sigset_t end_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	return set;
}

void ending_block_signals(void)
{
	sigset_t set = end_signals();

	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void ending_unblock_signals(void)
{
	sigset_t set = end_signals();

	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

uint64_t ending_mount_id(const char *path)
{
	struct statx statx_buffer;

	/* Without a sync: the file system behind the mount may be us, not yet or no longer serving. */
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID,
		  &statx_buffer) < 0 ||
	    !(statx_buffer.stx_mask & STATX_MNT_ID))
		return 0;
	return statx_buffer.stx_mnt_id;
}

bool ending_is_over(const struct session *session)
{
	struct pollfd device = { .fd = fuse_session_fd(session->fuse) };

	return poll(&device, 1, 0) == 1 && (device.revents & POLLERR);
}

/* Once it is unmounted, its number may be that of the next mount in the same place. */
static bool is_ours(const struct session *session)
{
	return session->mount_id != 0 && !ending_is_over(session) &&
	       ending_mount_id(session->mountpoint) == session->mount_id;
}

static int fusermount(const char *mountpoint)
{
	char *const arguments[] = {
		(char *)"fusermount3",
		(char *)"-u",
		(char *)"-z",
		(char *)"-q",
		(char *)"--",
		(char *)(uintptr_t)mountpoint,
		NULL,
	};
	pid_t pid;
	int status;
	int error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);

	if (error)
		return -error;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status == 0 ? 0 : -EPERM;
}

int ending_detach(const struct session *session)
{
	if (!is_ours(session))
		return -EINVAL;
	if (umount2(session->mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	return errno == EPERM ? fusermount(session->mountpoint) : -errno;
}

/* Has the kernel write back what it holds. */
static void sync_mount(const struct session *session)
{
	cleanup_fd int root = -1, fd = -1;

	if (session->options.read_only || !is_ours(session))
		return;
	root = confined_open_root(session->mountpoint);
	if (root >= 0)
		fd = confined_reopen(root, O_RDONLY | O_DIRECTORY);
	if (fd >= 0)
		(void)syncfs(fd);
}

static void sleep_tick(void)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };

	(void)nanosleep(&tick, NULL);
}

/* Lets the last users finish. The session is over at once when there is none. */
static void wait_for_quiet(const struct ending *ending)
{
	const struct session *session = ending->session;
	uint64_t seen = counts_total(&session->counts);
	int quiet = 0;

	for (int waited = 0; waited < PATIENCE_MS && quiet < QUIET_MS; waited += TICK_MS) {
		uint64_t now;

		/* Not fuse_session_exited(): libfuse resets it when the loop ends. */
		if (ending->loop_over)
			return;
		sleep_tick();
		now = counts_total(&session->counts);
		quiet = now == seen ? quiet + TICK_MS : 0;
		seen = now;
	}
}

static void *watch(void *data)
{
	struct ending *ending = data;
	sigset_t set = end_signals();
	int number;

	(void)sigwait(&set, &number);
	if (ending->loop_over)
		return NULL;
	sync_mount(ending->session);
	(void)ending_detach(ending->session);
	wait_for_quiet(ending);
	fuse_session_exit(ending->session->fuse);
	/* The loop's thread may miss a signal just before it goes to sleep: repeat. */
	while (!ending->loop_over) {
		ending_interrupt(ending->loop_thread);
		sleep_tick();
	}
	return NULL;
}

static void do_nothing(int number)
{
	(void)number;
}

int ending_watch(struct session *session, struct ending **ret_ending)
{
	struct sigaction wake = { .sa_handler = do_nothing }; /* interrupts: no SA_RESTART */
	struct ending *ending = calloc(1, sizeof(*ending));
	int error;

	if (!ending)
		return -ENOMEM;
	ending->session = session;
	ending->loop_thread = pthread_self();
	(void)sigemptyset(&wake.sa_mask);
	(void)sigaction(WAKE_SIGNAL, &wake, NULL);
	error = pthread_create(&ending->thread, NULL, watch, ending);
	if (error) {
		free(ending);
		return -error;
	}
	*ret_ending = ending;
	return 0;
}

void ending_interrupt(pthread_t thread)
{
	(void)pthread_kill(thread, WAKE_SIGNAL);
}

void ending_unwatch(struct ending *ending)
{
	if (!ending)
		return;
	ending->loop_over = true;
	(void)pthread_kill(ending->thread, SIGHUP);
	(void)pthread_join(ending->thread, NULL);
	free(ending);
}
