/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of image.h: which operands mean one. */
#include "cli/explore/image.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "cli/mount_option_table.h"
#include "cli/option_text.h"
#include "cli/stack_argument.h"
#include "oci/tree_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

/* Web sites have a manifest.json, too, but that is an object. */
static bool is_list(int directory, const char *name)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	return tree_file_read(directory, name, &text) == 0 &&
	       buffer_string(&text)[strspn(buffer_string(&text), " \t\r\n")] == '[';
}

static bool holds_image(const char *path)
{
	cleanup_fd int directory = confined_open_root(path);

	if (directory < 0)
		return false;
	if (faccessat(directory, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	    faccessat(directory, "index.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	return is_list(directory, "manifest.json");
}

static bool is_mountpoint(const char *path)
{
	struct stack_argument stack = { 0 };
	bool found = stack_argument_find_mount(&stack, path, NULL) == 0 && stack.path &&
		     strcmp(stack.path, "/") == 0;

	stack_argument_free(&stack);
	return found;
}

char *explore_image_path(const char *operand)
{
	struct string_list parts = STRING_LIST_INIT;
	char *path = NULL;

	/* Archives are often named after a tag, and no layer is a file. */
	if (is_file(operand))
		return strdup(operand);
	if (option_text_split(operand, ':', LOWER_SPECIALS, &parts) == 0 && parts.count == 1 &&
	    (is_file(parts.strings[0]) ||
	     (holds_image(parts.strings[0]) && !is_mountpoint(parts.strings[0]))))
		path = strdup(parts.strings[0]);
	string_list_free(&parts);
	return path;
}
