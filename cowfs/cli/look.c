/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/look.h"

#include "cli/help.h"
#include "cli/name_text.h"
#include "cli/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -- options -- */

static int unknown_option(char **argv)
{
	/* Of a group of short ones only the letter is wrong. */
	if (optopt > ' ' && optopt < 127)
		say("-%c is unknown; see cowfs %s --help", optopt, argv[0]);
	else
		say("%s is unknown; see cowfs %s --help", argv[optind - 1], argv[0]);
	return STATUS_USAGE;
}

static int missing_value(char **argv)
{
	say("%s needs a value; see cowfs %s --help", argv[optind - 1], argv[0]);
	return STATUS_USAGE;
}

/* One of LOOK_OPTIONS; STATUS_USAGE + 1 for others. */
static int take_common(struct look *look, int letter, const char *usage)
{
	switch (letter) {
	case 'h':
		(void)fputs(usage, stdout);
		return LOOK_DONE;
	case 'V':
		version_cowfs();
		return LOOK_DONE;
	case LOOK_JSON:
		look->as_json = true;
		return STATUS_OK;
	case LOOK_NO_COLOR:
		look->no_color = true;
		return STATUS_OK;
	case '0':
		look->ends_with_zero = true;
		return STATUS_OK;
	case LOOK_LAYERS:
		return stack_argument_set_layers(&look->stack, optarg);
	case LOOK_UPPER:
		return stack_argument_set_upper(&look->stack, optarg);
	case 'o':
		return stack_argument_set_options(&look->stack, optarg);
	default:
		return STATUS_USAGE + 1;
	}
}

int look_parse(struct look *look, int argc, char **argv, const char *letters,
	       const struct option *options, const char *usage,
	       bool (*take)(void *context, int letter, const char *value), void *context)
{
	int letter, status = STATUS_OK;

	while (status == STATUS_OK &&
	       (letter = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (letter == '?')
			return unknown_option(argv);
		if (letter == ':')
			return missing_value(argv);
		status = take_common(look, letter, usage);
		if (status > STATUS_USAGE)
			status = take(context, letter, optarg) ? STATUS_OK : STATUS_USAGE;
	}
	if (status == STATUS_OK && look->as_json && look->ends_with_zero) {
		say("--json and -0 exclude each other; see cowfs %s --help", argv[0]);
		return STATUS_USAGE;
	}
	return status;
}

/* -- layers -- */

void look_decide_color(struct look *look)
{
	const char *terminal = getenv("TERM"), *refused = getenv("NO_COLOR");

	look->out = stdout;
	look->color = !look->no_color && !look->as_json && !look->ends_with_zero &&
		      isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0 &&
		      !(refused && *refused);
}

int look_find(struct look *look, int argc, char **argv)
{
	if (!stack_argument_is_missing(&look->stack))
		return STATUS_OK;
	if (optind >= argc) {
		say("give a mounted union, or LAYER[:LAYER...]; see cowfs %s --help", argv[0]);
		return STATUS_USAGE;
	}
	look->name = argv[optind++];
	return stack_argument_find(&look->stack, look->name);
}

int look_open(struct look *look, int argc, char **argv)
{
	int status = look_find(look, argc, argv);

	if (status != STATUS_OK)
		return status;
	look_decide_color(look);
	return stack_argument_open(&look->stack, &look->fs);
}

void look_close(struct look *look)
{
	union_close(look->fs);
	look->fs = NULL;
	stack_argument_free(&look->stack);
}

char *look_path(const struct look *look, const char *operand)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	const char *stack = look->stack.path ? look->stack.path : "/";

	if (buffer_append_format(&path, "%s%s%s", stack, operand ? "/" : "",
				 operand ? operand : "") < 0)
		return NULL;
	return steal_pointer(&path.data);
}

const char *look_name(const struct look *look, const char *operand)
{
	if (operand)
		return operand;
	return look->name ? look->name : "/";
}

/* -- output -- */

void look_print_color(const struct look *look, enum look_color color)
{
	static const char *const sequences[] = {
		[COLOR_NONE] = "\033[0m",	[COLOR_ADDED] = "\033[32m",
		[COLOR_CHANGED] = "\033[33m",	[COLOR_DELETED] = "\033[31m",
		[COLOR_DIM] = "\033[2m",	[COLOR_DIRECTORY] = "\033[1;34m",
		[COLOR_LINK] = "\033[36m",	[COLOR_SPECIAL] = "\033[35m",
		[COLOR_PROGRAM] = "\033[1;32m",
	};

	if (look->color)
		(void)fputs(sequences[color], look->out);
}

void look_print_name(const struct look *look, enum look_color color, const char *name)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (name_text_append(&text, name) < 0) {
		say("out of memory");
		return;
	}
	if (color != COLOR_NONE)
		look_print_color(look, color);
	(void)fputs(buffer_string(&text), look->out);
	if (color != COLOR_NONE)
		look_print_color(look, COLOR_NONE);
}

enum look_color look_color_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return COLOR_DIRECTORY;
	case S_IFLNK:
		return COLOR_LINK;
	case S_IFREG:
		return mode & 0111 ? COLOR_PROGRAM : COLOR_NONE;
	default:
		return COLOR_SPECIAL;
	}
}

void look_print_size(uint64_t bytes, int width)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)printf("%*" PRIu64 "    ", width - 4, bytes);
		return;
	}
	size /= 1024;
	while (size >= 1023.95) {
		size /= 1024;
		unit++;
	}
	(void)printf("%*.1f %s", width - 4, size, units[unit]);
}

const char *look_type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFBLK:
		return "block device";
	case S_IFCHR:
		return "character device";
	default:
		return "unknown";
	}
}

int look_print_json(json_object *object)
{
	CLEANUP(json_put) json_object *owned = object;

	if (!owned || name_text_print_json(owned, stdout) == -ENOMEM) {
		say("out of memory");
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int look_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	say("cannot write: %s", strerror(errno));
	return STATUS_FAILED;
}
