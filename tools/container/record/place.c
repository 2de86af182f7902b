/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/place.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

/* An absolute path from parts that follow each other as they are. */
static char *join(const char *first, const char *second)
{
	struct buffer path = BUFFER_INIT;

	if (buffer_append_string(&path, first) < 0 || buffer_append_string(&path, second) < 0) {
		buffer_free(&path);
		return NULL;
	}
	return path.data;
}

/* The value of a variable that is to be an absolute path, or NULL. */
static const char *directory_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static char *default_data(bool rootless)
{
	const char *home;
	const struct passwd *user;

	if (!rootless)
		return strdup("/var/lib/cowrun");
	if (directory_variable("XDG_DATA_HOME"))
		return join(directory_variable("XDG_DATA_HOME"), "/cowrun");
	home = directory_variable("HOME");
	if (!home) {
		user = getpwuid(geteuid());
		home = user ? user->pw_dir : "/";
	}
	return join(home, "/.local/share/cowrun");
}

static char *default_run(bool rootless, const char *data)
{
	if (!rootless)
		return strdup("/run/cowrun");
	if (directory_variable("XDG_RUNTIME_DIR"))
		return join(directory_variable("XDG_RUNTIME_DIR"), "/cowrun");
	return join(data, "/run");
}

/* The path as given, made absolute. */
static char *absolute(const char *path)
{
	cleanup_free char *here = NULL;
	cleanup_free char *slash = NULL;

	if (path[0] == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	slash = here ? join(here, "/") : NULL;
	return slash ? join(slash, path) : NULL;
}

/* mkdir -p for a path that a person named. */
static int make_directories(const char *path)
{
	cleanup_free char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = copy + 1; slash;) {
		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -errno;
		if (slash)
			*slash++ = '/';
	}
	return 0;
}

static int open_top(const char *path, int *ret_fd, struct problem *problem)
{
	int error = make_directories(path);
	int fd = error ? error : confined_open_root(path);

	if (fd < 0)
		return problem_set(problem, fd, "%s: %s; choose another directory with --root",
				   path, strerror(-fd));
	*ret_fd = fd;
	return 0;
}

static int open_below(const struct place *place, const char *name, int *ret_fd,
		      struct problem *problem)
{
	int fd;

	if (mkdirat(place->data_fd, name, 0700) < 0 && errno != EEXIST)
		return problem_set(problem, -errno, "%s/%s: %s", place->data, name,
				   strerror(errno));
	fd = confined_open(place->data_fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return problem_set(problem, fd, "%s/%s: %s", place->data, name, strerror(-fd));
	*ret_fd = fd;
	return 0;
}

static int open_all(struct place *place, struct problem *problem)
{
	int error = open_top(place->data, &place->data_fd, problem);

	if (!error)
		error = open_top(place->run, &place->run_fd, problem);
	if (!error)
		error = open_below(place, "containers", &place->containers_fd, problem);
	if (!error)
		error = open_below(place, "names", &place->names_fd, problem);
	return error;
}

int place_open(const char *root, struct place *ret_place, struct problem *problem)
{
	struct place place = {
		.data_fd = -1,
		.run_fd = -1,
		.containers_fd = -1,
		.names_fd = -1,
		.rootless = geteuid() != 0,
	};
	int error;

	place.data = root ? absolute(root) : default_data(place.rootless);
	if (place.data)
		place.run =
			root ? join(place.data, "/run") : default_run(place.rootless, place.data);
	if (place.data && place.run)
		error = open_all(&place, problem);
	else
		error = problem_set(problem, -ENOMEM, "out of memory");
	if (error) {
		place_close(&place);
		return error;
	}
	*ret_place = place;
	return 0;
}

void place_close(struct place *place)
{
	int *fds[] = { &place->data_fd, &place->run_fd, &place->containers_fd, &place->names_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0)
			(void)close(steal_fd(fds[i]));
	free(steal_pointer(&place->data));
	free(steal_pointer(&place->run));
}

int place_read(int directory, const char *name, char *text, int size)
{
	cleanup_fd int fd = confined_open_regular(directory, name, O_RDONLY);
	int length = 0;

	if (fd < 0)
		return fd;
	while (length < size) {
		ssize_t got = read(fd, text + length, (size_t)(size - length));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) {
			text[length] = '\0';
			return length;
		}
		length += (int)got;
	}
	return -EFBIG;
}
