/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an archive: unpacking them touches nothing outside of the target, and what could be unpacked can be written
 * and unpacked again, to the same bytes.
 */
#include "archive/apply.h"
#include "archive/commit.h"
#include "base/remove_tree.h"
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX (8U << 20)
#define ENTRIES_MAX 10000
#define PATH_SIZE 64

struct playground {
	char path[PATH_SIZE]; /* with outside, a file, and what is unpacked beside it */
	int fd;
	struct stat before; /* of outside */
};

struct input {
	const uint8_t *data;
	size_t size, at;
};

static ssize_t read_input(void *context, void *buffer, size_t size)
{
	struct input *input = context;
	size_t left = input->size - input->at;

	size = size < left ? size : left;
	if (size)
		memcpy(buffer, input->data + input->at, size);
	input->at += size;
	return (ssize_t)size;
}

static struct playground make_playground(void)
{
	struct playground playground = { .path = "/tmp/cowfs-fuzz-XXXXXX" };
	int fd;

	REQUIRE(mkdtemp(playground.path));
	playground.fd = open(playground.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(playground.fd, "outside", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0 && write(fd, "untouched", 9) == 9);
	(void)close(fd);
	REQUIRE(fstatat(playground.fd, "outside", &playground.before, 0) == 0);
	return playground;
}

static void remove_playground(struct playground *playground)
{
	REQUIRE(remove_tree(playground->fd, "first") == 0);
	REQUIRE(remove_tree(playground->fd, "second") == 0);
	REQUIRE(unlinkat(playground->fd, "outside", 0) == 0);
	(void)close(playground->fd);
	/* Nothing else was made in it. */
	REQUIRE(rmdir(playground->path) == 0);
}

static void check_outside(const struct playground *playground)
{
	struct stat now;

	REQUIRE(fstatat(playground->fd, "outside", &now, AT_SYMLINK_NOFOLLOW) == 0);
	REQUIRE(memcmp(&now, &playground->before, sizeof(now)) == 0);
}

static int apply(const struct playground *playground, const struct apply_source *source,
		 const char *name, bool variant)
{
	char path[PATH_SIZE + 16];
	const struct ownership ownership = {
		.squash_users = geteuid() != 0,
		.squash_groups = geteuid() != 0,
		.squashed_uid = geteuid(),
		.squashed_gid = getegid(),
	};
	const struct layer_apply_options options = {
		.target = path,
		.dialect = variant ? WHITEOUT_OVERLAY : WHITEOUT_AUFS,
		.ownership = &ownership,
		.bytes_max = BYTES_MAX,
		.entries_max = ENTRIES_MAX,
	};
	struct problem problem = { "" }, warning = { "" };
	struct layer_apply_result result;
	int error;

	(void)snprintf(path, sizeof(path), "%s/%s", playground->path, name);
	REQUIRE(mkdir(path, 0700) == 0);
	error = layer_apply(source, &options, &result, &problem, &warning);
	REQUIRE((error != 0) == (problem.text[0] != '\0'));
	check_outside(playground);
	return error;
}

static int commit(const struct playground *playground, const char *name,
		  struct layer_commit_result *result)
{
	char path[PATH_SIZE + 16];
	const char *lower = path;
	const struct union_options union_options = {
		.lowers = &lower,
		.lower_count = 1,
		.only_look = true,
	};
	struct layer_commit_options options = { 0 };
	struct problem problem = { "" }, warning = { "" };
	int error, fd = memfd_create("archive", MFD_CLOEXEC);

	(void)snprintf(path, sizeof(path), "%s/%s", playground->path, name);
	REQUIRE(fd >= 0);
	REQUIRE(union_open(&union_options, &options.layers, &problem, &warning) == 0);
	error = layer_commit(&options, fd, result, &problem, &warning);
	union_close(options.layers);
	/* The one name that no tar can hold. */
	REQUIRE(error == 0 || error == -EILSEQ);
	if (error)
		(void)close(fd);
	return error ? -1 : fd;
}

static void write_and_read_again(const struct playground *playground, bool variant)
{
	struct layer_commit_result first, second;
	struct apply_source source = { .name = "again" };

	source.fd = commit(playground, "first", &first);
	if (source.fd < 0)
		return;
	REQUIRE(lseek(source.fd, 0, SEEK_SET) == 0);
	REQUIRE(apply(playground, &source, "second", !variant) == 0);
	(void)close(source.fd);
	source.fd = commit(playground, "second", &second);
	REQUIRE(strcmp(first.archive.digest, second.archive.digest) == 0);
	(void)close(source.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .data = data, .size = size };
	const struct apply_source source = { .read = read_input,
					     .context = &input,
					     .name = "fuzz" };
	struct playground playground = make_playground();
	bool variant = size / 512 % 2;

	if (apply(&playground, &source, "first", variant) == 0)
		write_and_read_again(&playground, variant);
	remove_playground(&playground);
	return 0;
}
