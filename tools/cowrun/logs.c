/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun logs: what a container has printed. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "container/number.h"
#include "container/process/process.h"
#include "container/record/log.h"
#include "cowrun/command.h"
#include "cowrun/moment.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

static const char usage[] =
	"Usage: cowrun logs [OPTIONS] CONTAINER\n"
	"\n"
	"Prints what a container has printed, its standard error on ours.\n"
	"\n"
	"  -f, --follow      and goes on until the container ends\n"
	"  -n, --tail COUNT  only the last lines; or all\n"
	"      --since TIME  only what came since: 2024-05-06T07:08:09Z, or how long ago, as 10m\n"
	"  -t, --timestamps  with the time of each line\n";

struct logs_options {
	bool follow, timestamps, has_tail;
	uint64_t tail;
	char since[TIME_TEXT_SIZE]; /* RFC 3339; empty: from the start */
};

/* -- options -- */

static int read_tail(const char *value, void *data, struct problem *problem)
{
	struct logs_options *options = data;

	if (strcmp(value, "all") == 0)
		return 0;
	options->has_tail = true;
	return number_read_u64(value, &options->tail) == 0
		       ? 0
		       : problem_set(problem, -EINVAL,
				     "--tail %s: it must be a number of lines, or all", value);
}

static int read_since(const char *value, void *data, struct problem *problem)
{
	struct logs_options *options = data;
	struct tm parts = { 0 };
	int64_t nanoseconds;
	time_t moment;

	if (moment_read(value, &nanoseconds) < 0)
		return problem_set(problem, -EINVAL, "--since %s: " MOMENT_FORMS, value);
	moment = (time_t)(nanoseconds / 1000000000);
	(void)gmtime_r(&moment, &parts);
	(void)strftime(options->since, sizeof(options->since), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return 0;
}

static const struct option_rule rules[] = {
	{ 'f', "follow", OPTION_SWITCH, offsetof(struct logs_options, follow), NULL },
	{ 0, "since", OPTION_CALL, 0, read_since },
	{ 'n', "tail", OPTION_CALL, 0, read_tail },
	{ 't', "timestamps", OPTION_SWITCH, offsetof(struct logs_options, timestamps), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

/* -- printing -- */

/* Up to the seconds, in which all times are written alike; then what follows, with or without a fraction. */
static bool is_before(const char *time, const char *since)
{
	int order = strncmp(time, since, strlen("2024-05-06T07:08:09"));

	return order < 0;
}

static int print_entry(void *context, const struct log_entry *entry)
{
	const struct logs_options *options = context;
	FILE *stream = entry->stream == LOG_STDERR ? stderr : stdout;

	if (options->since[0] && is_before(entry->time, options->since))
		return 0;
	if (options->timestamps)
		(void)fprintf(stream, "%s ", entry->time);
	(void)fwrite(entry->text, 1, entry->length, stream);
	return ferror(stream) ? -EPIPE : 0;
}

static int print_from(int fd, uint64_t *offset, struct logs_options *options)
{
	int error = log_read(fd, offset, print_entry, options);

	return fflush(stdout) != 0 ? -errno : error;
}

/* Waits for more, until the monitor has ended. */
static int follow(struct container *container, int fd, uint64_t *offset,
		  struct logs_options *options)
{
	cleanup_fd int monitor = container_open_monitor(container);
	cleanup_fd int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[32], ignored[4096];
	struct pollfd watched[] = { { .fd = monitor, .events = POLLIN },
				    { .fd = changes, .events = POLLIN } };
	bool ended = monitor < 0;
	int error = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (changes < 0 || inotify_add_watch(changes, path, IN_MODIFY) < 0)
		return -errno;
	while (!error) {
		/* Once more after its end: it may have written in between. */
		error = print_from(fd, offset, options);
		if (error || ended)
			break;
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			return -errno;
		(void)!read(changes, ignored, sizeof(ignored));
		ended = watched[0].revents != 0;
	}
	return error;
}

static int show(struct container *container, struct logs_options *options)
{
	cleanup_fd int fd = confined_open_regular(container->fd, "log", O_RDONLY);
	uint64_t offset = 0;
	int error = 0;

	/* It has never been started. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (options->has_tail)
		error = log_find_tail(fd, options->tail, &offset);
	if (error)
		return error;
	return options->follow ? follow(container, fd, &offset, options)
			       : print_from(fd, &offset, options);
}

int command_logs(int argc, char **argv)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct logs_options options = { 0 };
	struct place place;
	struct problem problem;
	int count, status, error;

	if (!command_read(&table, usage, argc, argv, &options, &count, &status))
		return status;
	if (count != 1)
		return command_misused(usage);
	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = container_find(&place, argv[1], &container, &problem);
	if (!error) {
		error = show(&container, &options);
		if (error)
			(void)problem_set(&problem, error, "container %s: cannot show its log: %s",
					  argv[1], strerror(-error));
	}
	place_close(&place);
	return error ? command_failed(&problem) : command_flush(STATUS_OK);
}
