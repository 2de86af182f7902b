/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flock(2) and fcntl(2) locks held while the file is copied up. */
#include "check.h"

#include <sys/file.h>
#include <sys/wait.h>

static void copy_up(const char *path)
{
	int fd = check_open(path, O_WRONLY, 0);

	check_write(fd, 0, "UPPER");
	(void)close(fd);
}

/* Runs in a process of its own, which has no locks; its answer is the exit status. */
static int in_another_process(int (*function)(const char *path), const char *path)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (child == 0)
		_exit(function(path));
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int can_flock(const char *path)
{
	int fd = check_open(path, O_RDWR, 0);

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	CHECK(errno == EWOULDBLOCK);
	return 0;
}

static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static int can_lock(const char *path)
{
	struct flock lock = whole_file(F_WRLCK);
	int fd = check_open(path, O_RDWR, 0);

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 1;
	CHECK(errno == EAGAIN || errno == EACCES);
	return 0;
}

static void hold_flock(char **arguments)
{
	int reader = check_open(arguments[0], O_RDONLY, 0);

	CHECK(flock(reader, LOCK_EX) == 0);
	CHECK(!in_another_process(can_flock, arguments[0]));
	copy_up(arguments[0]);
	CHECK(!in_another_process(can_flock, arguments[0]));
	drop_caches("3");
	CHECK(!in_another_process(can_flock, arguments[0]));
	CHECK(flock(reader, LOCK_UN) == 0);
	CHECK(in_another_process(can_flock, arguments[0]));
}

static void hold_posix_lock(char **arguments)
{
	struct flock lock = whole_file(F_RDLCK), unlock = whole_file(F_UNLCK);
	int reader = check_open(arguments[0], O_RDONLY, 0), writer;

	CHECK(fcntl(reader, F_SETLK, &lock) == 0);
	CHECK(!in_another_process(can_lock, arguments[0]));
	/* Closing any descriptor of the file would release the lock: POSIX wants it so. */
	writer = check_open(arguments[0], O_WRONLY, 0);
	check_write(writer, 0, "UPPER");
	CHECK(!in_another_process(can_lock, arguments[0]));
	drop_caches("3");
	CHECK(!in_another_process(can_lock, arguments[0]));
	CHECK(fcntl(reader, F_SETLK, &unlock) == 0);
	CHECK(in_another_process(can_lock, arguments[0]));
}

static void hold_open_file_lock(char **arguments)
{
	struct flock lock = whole_file(F_WRLCK);
	int fd = check_open(arguments[0], O_RDWR, 0);

	CHECK(fcntl(fd, F_OFD_SETLK, &lock) == 0);
	copy_up(arguments[0]);
	CHECK(!in_another_process(can_lock, arguments[0]));
	(void)close(fd);
	CHECK(in_another_process(can_lock, arguments[0]));
}

/* FILE is a running program. */
static void is_running(char **arguments)
{
	CHECK_ERROR(ETXTBSY, open(arguments[0], O_WRONLY));
	CHECK_ERROR(ETXTBSY, open(arguments[0], O_RDWR));
}

/* FILE is a program: while it is open for writing it cannot run. */
static int can_run(const char *path)
{
	execl(path, path, (char *)NULL);
	return errno == ETXTBSY ? 0 : 2;
}

static void is_written(char **arguments)
{
	int fd = check_open(arguments[0], O_RDWR, 0);

	CHECK(in_another_process(can_run, arguments[0]) == 0);
	(void)close(fd);
}

static const struct check_command commands[] = {
	{ "hold_flock", 1, hold_flock },
	{ "hold_posix_lock", 1, hold_posix_lock },
	{ "hold_open_file_lock", 1, hold_open_file_lock },
	{ "is_running", 1, is_running },
	{ "is_written", 1, is_written },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
