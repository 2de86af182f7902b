/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs cat: what a file of a stack holds, without a mount. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/look.h"
#include "cli/say.h"
#include "union/look/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE 131072

static const char usage[] =
	"Usage: cowfs cat [OPTIONS] STACK [PATH...]\n"
	"       cowfs cat [OPTIONS] --layers LAYER[:LAYER...] PATH...\n"
	"\n"
	"Prints files of a union without mounting it. STACK is LAYER[:LAYER...], a mounted union, or a\n"
	"file in one; PATH is one in it, and symbolic links are followed within it.\n"
	"\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --help, --version\n";

static int write_whole(const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

/* 0; -errno of reading; 1, having said why, when it cannot be written. */
static int print(struct union_fs *fs, struct inode *inode)
{
	cleanup_free char *piece = malloc(PIECE);
	uint64_t offset = 0;
	ssize_t length = piece ? 1 : -ENOMEM;

	while (length > 0) {
		int error;

		length = union_read(fs, inode, piece, PIECE, offset);
		error = length > 0 ? write_whole(piece, (size_t)length) : 0;
		if (error) {
			say("cannot write: %s", strerror(-error));
			return 1;
		}
		if (length > 0)
			offset += (uint64_t)length;
	}
	return (int)length;
}

static int print_path(struct look *look, const char *operand)
{
	cleanup_free char *path = look_path(look, operand);
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_entry entry;
	int result = path ? resolve_path(look->fs, path, true, &entry, &found) : -ENOMEM;

	if (result == 0) {
		if (S_ISREG(entry.attributes.mode))
			result = print(look->fs, entry.inode);
		else
			result = S_ISDIR(entry.attributes.mode) ? -EISDIR : -EINVAL;
		union_forget(look->fs, entry.inode, 1);
	}
	if (result == -EINVAL)
		say("%s: it is not a regular file", look_name(look, operand));
	else if (result < 0)
		say("%s: %s", look_name(look, operand), strerror(-result));
	return result == 0 ? STATUS_OK : STATUS_FAILED;
}

int command_cat(int argc, char **argv)
{
	static const struct option options[] = {
		LOOK_STACK_OPTIONS,
		{ 0 },
	};
	struct look look = { 0 };
	int status = look_parse(&look, argc, argv, ":ho:", options, usage, NULL, NULL);
	int result = STATUS_OK;

	if (status == STATUS_OK)
		status = look_open(&look, argc, argv);
	if (status == STATUS_OK && optind == argc)
		result = print_path(&look, NULL);
	for (; status == STATUS_OK && optind < argc; optind++)
		if (print_path(&look, argv[optind]) != STATUS_OK)
			result = STATUS_FAILED;
	look_close(&look);
	return status == LOOK_DONE ? STATUS_OK : status == STATUS_OK ? result : status;
}
