/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A union mounted by the program cowfs. */
#include "side.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

struct mount_side {
	struct side side;
	struct side *system;
	const struct mount_options *options;
	int root;
	pthread_t dropper;
	atomic_bool mounted;
};

static struct mount_side *of_side(struct side *side)
{
	return (struct mount_side *)side;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "2", 1) < 0)
		give_up("/proc/sys/vm/drop_caches: %s", strerror(errno));
	(void)close(fd);
}

static void *keep_dropping(void *context)
{
	struct mount_side *side = context;

	while (side->mounted) {
		drop_caches();
		(void)usleep(500);
	}
	return NULL;
}

static void run_mount(const struct mount_options *options)
{
	const char *const arguments[] = { options->program,
					  "mount",
					  "-o",
					  options->options ? options->options : "rw",
					  options->lowers,
					  options->upper,
					  options->mountpoint,
					  NULL };
	pid_t child = fork();
	int status;

	if (child == 0) {
		execv(options->program, (char *const *)arguments);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		give_up("fork: %s", strerror(errno));
	if (status != 0)
		give_up("%s mount ended with status %#x", options->program, status);
}

static bool lacks_tmpfile(int root)
{
	int fd = openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EOPNOTSUPP;
	(void)close(fd);
	return false;
}

static void mount_union(struct mount_side *side)
{
	run_mount(side->options);
	side->root = open(side->options->mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (side->root < 0)
		give_up("%s: %s", side->options->mountpoint, strerror(errno));
	side_system_move(side->system, side->root);
	side->side.lacks_tmpfile = lacks_tmpfile(side->root);
	side->mounted = true;
	if (side->options->drop_caches &&
	    pthread_create(&side->dropper, NULL, keep_dropping, side) != 0)
		give_up("pthread_create failed");
}

static void unmount_union(struct mount_side *side)
{
	side->mounted = false;
	if (side->options->drop_caches)
		(void)pthread_join(side->dropper, NULL);
	(void)close(side->root);
	if (umount2(side->options->mountpoint, 0) < 0)
		give_up("umount %s: %s", side->options->mountpoint, strerror(errno));
}

static void apply(struct side *any, const struct operation *operation, struct outcome *outcome)
{
	of_side(any)->system->apply(of_side(any)->system, operation, outcome);
}

static void take_snapshot(struct side *any, struct snapshot *snapshot)
{
	of_side(any)->system->snapshot(of_side(any)->system, snapshot);
}

static void forget(struct side *any, uint64_t seed)
{
	(void)any;
	(void)seed;
	drop_caches();
}

static void reopen(struct side *any)
{
	struct mount_side *side = of_side(any);

	side->system->reopen(side->system);
	unmount_union(side);
	mount_union(side);
}

static void close_side(struct side *any)
{
	struct mount_side *side = of_side(any);

	side->system->close(side->system);
	unmount_union(side);
	free(side);
}

struct side *side_mount_open(const struct mount_options *options)
{
	struct mount_side *side = must_reallocate(NULL, sizeof(*side));

	/* Listings are read through the system side, which calls its own functions. */
	*side = (struct mount_side){
		.side = { .name = "mount",
			  .apply = apply,
			  .snapshot = take_snapshot,
			  .forget = forget,
			  .reopen = reopen,
			  .close = close_side },
		.system = side_system_open(SYSTEM_MOUNT, -1),
		.options = options,
	};
	mount_union(side);
	return &side->side;
}
