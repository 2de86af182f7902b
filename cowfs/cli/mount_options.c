/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/mount_options.h"

#include "cli/mount_option_table.h"
#include "cli/option_text.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_HELP = 256, OPTION_VERSION };

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "foreground", no_argument, NULL, 'f' },
	{ "debug", no_argument, NULL, 'd' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "options", required_argument, NULL, 'o' },
	{ 0 },
};

static int unknown_argument(char *const *argv, const char *before, struct problem *problem)
{
	/* getopt moves on behind a long option, and stays in a group of short ones. */
	if (optopt >= ' ' && optopt < 127 && (before[0] != '-' || before[1] != '-'))
		return problem_set(problem, -EINVAL, "-%c is unknown; see --help", optopt);
	return problem_set(problem, -EINVAL, "%s is unknown; see --help",
			   optind > 0 ? argv[optind - 1] : before);
}

/* mount(8) gives -f a meaning of its own, and adds some that only it needs. */
static int read_helper_switch(int letter, struct mount_options *options)
{
	switch (letter) {
	case 'f':
		options->fake = true;
		return 1;
	case 'n': /* no mtab */
	case 's': /* sloppy: unknown options never were an error */
	case 't':
	case 'N':
		return 1;
	default:
		return 0;
	}
}

static int read_switch(enum mount_form form, int letter, struct mount_options *options,
		       struct problem *problem)
{
	if (form == MOUNT_HELPER && read_helper_switch(letter, options))
		return 0;
	switch (letter) {
	case OPTION_HELP:
		options->help = true;
		return 0;
	case OPTION_VERSION:
		options->version = true;
		return 0;
	case 'd':
		options->debug = true;
		return 0;
	case 'f':
		options->foreground = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case 'o':
		return mount_option_table_read(optarg, options, problem);
	case ':':
		return problem_set(problem, -EINVAL, "-%c needs an argument; see --help", optopt);
	default:
		return -ENOENT;
	}
}

static int read_switches(enum mount_form form, int argc, char **argv, struct mount_options *options,
			 struct problem *problem)
{
	/* The colon: complaints are ours to make. */
	const char *letters = form == MOUNT_HELPER ? ":dfvo:nst:N:" : ":dfvo:hV";
	int letter, result;

	optind = 0; /* from the start, whatever was parsed before */
	for (;;) {
		const char *before = optind > 0 && optind < argc ? argv[optind] : "";

		letter = getopt_long(argc, argv, letters, long_options, NULL);
		if (letter == -1)
			return 0;
		if (letter == 'h')
			letter = OPTION_HELP;
		if (letter == 'V')
			letter = OPTION_VERSION;
		result = read_switch(form, letter, options, problem);
		if (result == -ENOENT)
			return unknown_argument(argv, before, problem);
		if (result < 0)
			return result;
	}
}

static int copy_operand(const char *operand, char **place)
{
	free(*place);
	*place = strdup(operand);
	return *place ? 0 : -ENOMEM;
}

/* Where the options name the layers: [SOURCE] MOUNTPOINT. */
static int read_mountpoint(int count, char *const *operands, struct mount_options *options,
			   struct problem *problem)
{
	int result = 0;

	if (count < 1)
		return problem_set(problem, -EINVAL, "a mountpoint is missing; see --help");
	if (count > 2)
		return problem_set(problem, -EINVAL, "one operand too many: %s", operands[2]);
	if (count == 2)
		result = copy_operand(operands[0], &options->source);
	if (result == 0)
		result = copy_operand(operands[count - 1], &options->mountpoint);
	return result;
}

/* LOWER[:LOWER...] [UPPER] MOUNTPOINT. */
static int read_layers(int count, char *const *operands, struct mount_options *options,
		       struct problem *problem)
{
	int result;

	if (count < 2)
		return problem_set(problem, -EINVAL,
				   "give LOWER[:LOWER...], UPPER if it is to be writable, and "
				   "MOUNTPOINT; see --help");
	if (count > 3)
		return problem_set(problem, -EINVAL, "one operand too many: %s", operands[3]);
	if (count == 3 && options->upper)
		return problem_set(problem, -EINVAL,
				   "the upper layer is given twice, by upperdir= and as %s",
				   operands[1]);
	result = option_text_split(operands[0], ':', LOWER_SPECIALS, &options->lowers);
	if (result == 0 && count == 3)
		result = copy_operand(operands[1], &options->upper);
	if (result == 0)
		result = copy_operand(operands[count - 1], &options->mountpoint);
	return result;
}

static int read_operands(enum mount_form form, int count, char *const *operands,
			 struct mount_options *options, struct problem *problem)
{
	if (form != MOUNT_COMMAND || options->lowers.count > 0 || options->remount)
		return read_mountpoint(count, operands, options, problem);
	return read_layers(count, operands, options, problem);
}

/* What can be said without a look at the disk. */
static int check(struct mount_options *options, struct problem *problem)
{
	if (options->lowers.count == 0 && !options->remount)
		return problem_set(problem, -EINVAL,
				   "no lower layer is given: lowerdir=DIRECTORY[:DIRECTORY...]");
	for (size_t i = 0; i < options->lowers.count; i++) {
		if (!options->lowers.strings[i][0])
			return problem_set(problem, -EINVAL,
					   "lower layer %zu of %zu has an empty name; a colon in "
					   "a name is written \\:",
					   i + 1, options->lowers.count);
	}
	if (options->upper && !options->upper[0])
		return problem_set(problem, -EINVAL, "the upper layer has an empty name");
	if (options->workdir && !options->workdir[0])
		return problem_set(problem, -EINVAL, "the work directory has an empty name");
	if (!options->mountpoint[0])
		return problem_set(problem, -EINVAL, "the mountpoint has an empty name");
	if (options->io == IO_PASSTHROUGH && options->writeback)
		return problem_set(problem, -EINVAL,
				   "io=passthrough and writeback=1 exclude each other: choose one");
	if (options->io == IO_PASSTHROUGH && options->changing)
		return problem_set(problem, -EINVAL,
				   "io=passthrough and timeout= exclude each other: nothing would "
				   "look whether an open file has changed");
	if (options->workdir && !options->upper)
		return string_list_add(&options->warnings,
				       "option workdir has no effect without an upper layer");
	return 0;
}

int mount_options_parse(enum mount_form form, int argc, char **argv,
			struct mount_options *ret_options, struct problem *problem)
{
	bool by_engine = form == MOUNT_PROGRAM || form == MOUNT_FUSE_OVERLAYFS;
	struct mount_options options = {
		/* Engines stack what they made: a layer that explains itself to anybody. */
		.redirect = by_engine ? REDIRECT_COPY : REDIRECT_DEFAULT,
		.follow = true,
	};
	int result = read_switches(form, argc, argv, &options, problem);

	if (result == 0 && !options.help && !options.version)
		result = read_operands(form, argc - optind, argv + optind, &options, problem);
	if (result == 0 && !options.help && !options.version)
		result = check(&options, problem);
	if (result == -ENOMEM)
		(void)problem_set(problem, result, "out of memory");
	if (result < 0)
		mount_options_free(&options);
	else
		*ret_options = options;
	return result;
}

void mount_options_free(struct mount_options *options)
{
	string_list_free(&options->lowers);
	string_list_free(&options->kernel_options);
	string_list_free(&options->warnings);
	string_list_free(&options->debug_globs);
	free(options->upper);
	free(options->workdir);
	free(options->mountpoint);
	free(options->source);
	free(options->fsname);
	ownership_free(&options->ownership);
	*options = (struct mount_options){ 0 };
}
