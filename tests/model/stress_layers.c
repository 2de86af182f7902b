/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lower layers for the stress test, small and with something of everything. */
#include "stress.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LONG_50 "llllllllllllllllllllllllllllllllllllllllllllllllll"

/* The last leaves no room for a `.wh.` before it. */
const char *const stress_names[STRESS_NAMES] = {
	"a", "b", "c", "d", "e", "f", "g", "h", "i", "j" LONG_50 LONG_50 LONG_50 LONG_50 LONG_50,
};

struct layer_writer {
	struct random random;
	int root;
	/* Names of regular files in the root, for hard links. */
	const char *linkable[STRESS_NAMES];
	unsigned linkable_count;
};

static void must(int result, const char *what)
{
	if (result < 0)
		give_up("%s: %s", what, strerror(errno));
}

static void write_file(struct layer_writer *writer, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	unsigned count = random_below(&writer->random, RECORDS_MAX + 1);
	uint64_t words[RECORD_WORDS];
	struct stat status;

	must(fd, "create");
	must(fstat(fd, &status), "stat");
	for (unsigned i = 0; i < count; i++) {
		record_fill(words, status.st_ino, 1);
		if (pwrite(fd, words, sizeof(words), (off_t)(i * RECORD_SIZE)) < 0)
			give_up("write: %s", strerror(errno));
	}
	if (random_percent(&writer->random, 30))
		must(fsetxattr(fd, "user.u", name, strlen(name), 0), "setxattr");
	(void)close(fd);
	if (directory == writer->root)
		writer->linkable[writer->linkable_count++] = name;
}

static void write_directory(struct layer_writer *writer, int parent, const char *name,
			    unsigned depth);

static void write_prefix(int directory, const char *name)
{
	char whiteout[NAME_MAX + 1];

	if (whiteout_prefixed_name(name, whiteout) == 0)
		must(mknodat(directory, whiteout, S_IFREG | 0644, 0), "whiteout");
	else
		must(mknodat(directory, name, S_IFCHR, 0), "whiteout");
}

static void write_name(struct layer_writer *writer, int directory, const char *name, unsigned depth)
{
	struct random *random = &writer->random;
	unsigned kind = random_below(random, 100);

	if (kind < 20)
		return;
	if (kind < 50 && depth < 3)
		write_directory(writer, directory, name, depth + 1);
	else if (kind < 75)
		write_file(writer, directory, name);
	else if (kind < 88 && writer->linkable_count > 0)
		must(linkat(writer->root,
			    writer->linkable[random_below(random, writer->linkable_count)],
			    directory, name, 0),
		     "link");
	else if (kind < 91)
		must(symlinkat("a/b", directory, name), "symlink");
	else if (kind < 94)
		must(mknodat(directory, name, S_IFIFO | 0600, 0), "mknod");
	else
		write_prefix(directory, name);
}

static void write_names(struct layer_writer *writer, int directory, unsigned depth)
{
	unsigned count = depth == 0 ? STRESS_NAMES : 4;

	for (unsigned i = 0; i < count; i++)
		write_name(writer, directory, stress_names[i], depth);
	if (depth > 0 && random_percent(&writer->random, 10))
		must(mknodat(directory, ".wh..wh..opq", S_IFREG | 0644, 0), "opaque");
}

static void write_directory(struct layer_writer *writer, int parent, const char *name,
			    unsigned depth)
{
	int fd;

	must(mkdirat(parent, name, 0755), "mkdir");
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	must(fd, "open");
	write_names(writer, fd, depth);
	(void)close(fd);
}

void stress_write_layer(uint64_t seed, unsigned index, int directory)
{
	struct layer_writer writer = { .random = { seed * STRESS_LOWERS + index },
				       .root = directory };

	write_names(&writer, directory, 0);
}
