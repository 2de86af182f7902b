/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inotify(7) on files and directories of a union. */
#include "check.h"

#include <poll.h>
#include <sys/inotify.h>

/* Reads events until one has this mask and name (NULL: none); fails after five seconds. */
static void expect(int watcher, uint32_t mask, const char *name)
{
	_Alignas(struct inotify_event) char data[4096];
	struct pollfd ready = { .fd = watcher, .events = POLLIN };

	for (;;) {
		ssize_t got;

		if (poll(&ready, 1, 5000) != 1) {
			(void)fprintf(stderr, "no event %#x about %s\n", mask, name ? name : "it");
			exit(1);
		}
		got = read(watcher, data, sizeof(data));
		CHECK(got > 0);
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *event = (struct inotify_event *)(data + at);

			at += (ssize_t)(sizeof(*event) + event->len);
			if ((event->mask & mask) == mask &&
			    (!name || (event->len > 0 && strcmp(event->name, name) == 0)))
				return;
		}
	}
}

/* DIRECTORY holds a file "file". */
static void directory(char **arguments)
{
	int watcher = inotify_init1(IN_CLOEXEC);
	int fd;

	CHECK(watcher >= 0 && inotify_add_watch(watcher, arguments[0], IN_ALL_EVENTS) >= 0);
	CHECK(chdir(arguments[0]) == 0);
	(void)close(check_open("new", O_WRONLY | O_CREAT, 0644));
	expect(watcher, IN_CREATE, "new");
	CHECK(chmod("file", 0600) == 0);
	expect(watcher, IN_ATTRIB, "file");
	fd = check_open("file", O_WRONLY, 0);
	check_write(fd, 0, "changed");
	expect(watcher, IN_MODIFY, "file");
	(void)close(fd);
	expect(watcher, IN_CLOSE_WRITE, "file");
	CHECK(rename("file", "renamed") == 0);
	expect(watcher, IN_MOVED_TO, "renamed");
	CHECK(mkdir("sub", 0755) == 0);
	expect(watcher, IN_CREATE | IN_ISDIR, "sub");
	CHECK(rmdir("sub") == 0);
	expect(watcher, IN_DELETE | IN_ISDIR, "sub");
	CHECK(unlink("renamed") == 0);
	expect(watcher, IN_DELETE, "renamed");
}

/* A watch put on a lower file goes on after its copy-up, and through whatever the kernel forgets. */
static void file(char **arguments)
{
	int watcher = inotify_init1(IN_CLOEXEC);
	int fd;

	CHECK(watcher >= 0 && inotify_add_watch(watcher, arguments[0], IN_ALL_EVENTS) >= 0);
	drop_caches("2");
	fd = check_open(arguments[0], O_WRONLY, 0);
	check_write(fd, 0, "changed");
	expect(watcher, IN_MODIFY, NULL);
	check_write(fd, 0, "again");
	expect(watcher, IN_MODIFY, NULL);
	(void)close(fd);
	CHECK(unlink(arguments[0]) == 0);
	expect(watcher, IN_DELETE_SELF, NULL);
}

static const struct check_command commands[] = {
	{ "directory", 1, directory },
	{ "file", 1, file },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
