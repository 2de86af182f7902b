/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads directories with the system call itself: in small pieces, while they change. */
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

struct names {
	char **names;
	size_t count, capacity;
};

static void add_name(struct names *names, const char *name)
{
	if (names->count == names->capacity) {
		names->capacity = names->capacity * 2 + 256;
		names->names = realloc(names->names, names->capacity * sizeof(char *));
		CHECK(names->names);
	}
	names->names[names->count++] = strdup(name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names, read from a descriptor in pieces of size bytes. */
static void read_names(int fd, size_t size, struct names *names)
{
	_Alignas(struct dirent64) char data[65536];
	ssize_t got;

	CHECK(size <= sizeof(data));
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	while ((got = getdents64(fd, data, size)) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const struct dirent64 *)(data + at);

			at += entry->d_reclen;
			add_name(names, entry->d_name);
		}
	}
	CHECK(got == 0);
	qsort(names->names, names->count, sizeof(char *), compare_names);
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct names){ 0 };
}

/* readdir and stat tell the same numbers and types. */
static void agree(char **arguments)
{
	DIR *stream = opendir(arguments[0]);
	struct dirent *entry;
	struct stat status;

	CHECK(stream);
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, "..") == 0)
			continue;
		CHECK(fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0);
		CHECK(status.st_ino == entry->d_ino);
		CHECK(IFTODT(status.st_mode) == entry->d_type);
	}
	CHECK(closedir(stream) == 0);
}

static void dots(char **arguments)
{
	DIR *stream = opendir(arguments[0]);
	struct stat here, above;
	struct dirent *entry;
	unsigned seen = 0;

	CHECK(stream);
	CHECK(fstatat(dirfd(stream), ".", &here, 0) == 0);
	CHECK(fstatat(dirfd(stream), "..", &above, 0) == 0);
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0)
			CHECK(++seen && entry->d_ino == here.st_ino);
		if (strcmp(entry->d_name, "..") == 0)
			CHECK(++seen && entry->d_ino == above.st_ino);
	}
	CHECK(seen == 2);
	CHECK(closedir(stream) == 0);
}

/* -- while it changes -- */

struct churn {
	int directory;
	unsigned number;
	atomic_bool ended;
};

/* Makes and removes its own files, and renames them, as fast as it can. */
static void *churn(void *context)
{
	struct churn *churn = context;
	char name[64], other[64];

	for (unsigned i = 0; !churn->ended; i = (i + 1) % 200) {
		int fd;

		(void)snprintf(name, sizeof(name), "coming-%u-%u", churn->number, i);
		(void)snprintf(other, sizeof(other), "renamed-%u-%u", churn->number, i);
		(void)unlinkat(churn->directory, other, 0);
		fd = openat(churn->directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		CHECK(fd >= 0);
		(void)close(fd);
		if (i % 2)
			CHECK(renameat(churn->directory, name, churn->directory, other) == 0);
		if (i % 3 == 0)
			(void)unlinkat(churn->directory, name, 0);
	}
	return NULL;
}

/* Those that were there from the start, and stay, are seen exactly once; no name comes twice. */
static void check_listing(const struct names *staying, const struct names *seen)
{
	size_t found = 0;

	for (size_t i = 1; i < seen->count; i++)
		if (strcmp(seen->names[i - 1], seen->names[i]) == 0) {
			(void)fprintf(stderr, "%s came twice\n", seen->names[i]);
			exit(1);
		}
	for (size_t i = 0; i < staying->count; i++) {
		if (bsearch(&staying->names[i], seen->names, seen->count, sizeof(char *),
			    compare_names))
			found++;
		else
			(void)fprintf(stderr, "%s was left out\n", staying->names[i]);
	}
	CHECK(found == staying->count);
}

/* DIRECTORY ROUNDS: reads it over and over while two threads change it. */
static void changing(char **arguments)
{
	int fd = check_open(arguments[0], O_RDONLY | O_DIRECTORY, 0);
	struct churn churns[2] = { { .directory = fd, .number = 0 },
				   { .directory = fd, .number = 1 } };
	struct names staying = { 0 }, seen = { 0 };
	pthread_t threads[2];

	read_names(fd, 4096, &staying);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&threads[i], NULL, churn, &churns[i]) == 0);
	for (int round = 0; round < atoi(arguments[1]); round++) {
		int reader = check_open(arguments[0], O_RDONLY | O_DIRECTORY, 0);

		read_names(reader, round % 2 ? 512 : 8192, &seen);
		check_listing(&staying, &seen);
		free_names(&seen);
		(void)close(reader);
	}
	for (int i = 0; i < 2; i++) {
		churns[i].ended = true;
		CHECK(pthread_join(threads[i], NULL) == 0);
	}
	free_names(&staying);
}

/* A position kept from before is good after the directory has changed, and after the kernel forgot. */
static void positions(char **arguments)
{
	DIR *stream = opendir(arguments[0]);
	struct dirent *entry;
	char name[256];
	long position;

	CHECK(stream);
	for (int i = 0; i < 10; i++)
		CHECK(readdir(stream));
	position = telldir(stream);
	entry = readdir(stream);
	CHECK(entry);
	(void)snprintf(name, sizeof(name), "%s", entry->d_name);
	(void)close(openat(dirfd(stream), "one-more", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	drop_caches("3");
	while (readdir(stream))
		;
	seekdir(stream, position);
	entry = readdir(stream);
	CHECK(entry &&
	      (strcmp(entry->d_name, name) == 0 || strcmp(entry->d_name, "one-more") == 0));
	rewinddir(stream);
	CHECK(readdir(stream));
	CHECK(closedir(stream) == 0);
}

/* Deletes each name as soon as it is read, as rm -r does; nothing may be left. */
static void delete_while_reading(char **arguments)
{
	DIR *stream = opendir(arguments[0]);
	struct dirent *entry;

	CHECK(stream);
	while ((entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.')
			CHECK(unlinkat(dirfd(stream), entry->d_name, 0) == 0);
	CHECK(closedir(stream) == 0);
	CHECK(rmdir(arguments[0]) == 0);
}

static const struct check_command commands[] = {
	{ "agree", 1, agree },
	{ "dots", 1, dots },
	{ "changing", 2, changing },
	{ "positions", 1, positions },
	{ "delete_while_reading", 1, delete_while_reading },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
