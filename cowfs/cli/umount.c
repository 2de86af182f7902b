/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs umount: unmounts, and waits until the upper layer is free for others. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/say.h"
#include "cli/status.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The daemon has nothing left to write by now; it only gives back what it holds. */
#define PATIENCE_MS 10000

/* fusermount3 is what may unmount for an ordinary user; it says itself what is wrong. */
static int fusermount(const char *mountpoint, bool lazy)
{
	const char *arguments[] = { "fusermount3", lazy ? "-uz" : "-u", "--", mountpoint, NULL };
	pid_t pid;
	int status;
	int error = posix_spawnp(&pid, arguments[0], NULL, NULL, (char **)(uintptr_t)arguments,
				 environ);

	if (error) {
		say("an ordinary user needs fusermount3 (package fuse3) to unmount: %s",
		    strerror(error));
		return STATUS_FAILED;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return STATUS_FAILED;
	}
	return status == 0 ? STATUS_OK : STATUS_FAILED;
}

static int unmount(const char *mountpoint, bool lazy)
{
	if (umount2(mountpoint, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0)
		return STATUS_OK;
	switch (errno) {
	case EPERM:
		return fusermount(mountpoint, lazy);
	case EBUSY:
		say("%s is in use: see 'fuser -vm %s', or unmount with --lazy", mountpoint,
		    mountpoint);
		return STATUS_FAILED;
	case EINVAL:
		say("%s is not a mountpoint", mountpoint);
		return STATUS_FAILED;
	default:
		say("cannot unmount %s: %s", mountpoint, strerror(errno));
		return STATUS_FAILED;
	}
}

static void wait_for_end(int pidfd, pid_t pid)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int result;

	do {
		result = poll(&ended, 1, PATIENCE_MS);
	} while (result < 0 && errno == EINTR);
	if (result == 0)
		say("unmounted, but its daemon, process %d, has not ended yet", (int)pid);
}

static int umount_and_wait(const char *mountpoint, bool lazy)
{
	CLEANUP(json_put) json_object *answer = NULL;
	cleanup_fd int pidfd = -1;
	struct problem problem;
	pid_t pid = 0;
	int result = status_read(mountpoint, &answer, &problem);
	int status;

	/* A mount without a daemon has to go as well; nobody is to be waited for. */
	if (result < 0 && result != -ENOTCONN && result != -EACCES && result != -EPERM) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	if (result == 0)
		pid = status_daemon(answer);
	/* Before the unmount: afterwards the number could be another's. */
	if (pid > 0 && !lazy)
		pidfd = pidfd_open(pid, 0);
	status = unmount(mountpoint, lazy);
	if (status == STATUS_OK && pidfd >= 0)
		wait_for_end(pidfd, pid);
	return status;
}

int command_umount(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "lazy", no_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	cleanup_free char *mountpoint = NULL;
	bool lazy = false;
	int letter;

	while ((letter = getopt_long(argc, argv, ":hl", options, NULL)) != -1) {
		switch (letter) {
		case 'h':
			help_umount();
			return STATUS_OK;
		case 'l':
			lazy = true;
			break;
		case 'V':
			version_cowfs();
			return STATUS_OK;
		default:
			say("%s is unknown; see cowfs umount --help", argv[optind - 1]);
			return STATUS_USAGE;
		}
	}
	if (argc - optind != 1) {
		say("give one mountpoint; see cowfs umount --help");
		return STATUS_USAGE;
	}
	mountpoint = realpath(argv[optind], NULL);
	return umount_and_wait(mountpoint ? mountpoint : argv[optind], lazy);
}
