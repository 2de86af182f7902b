/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/mount_option_table.h"

#include "base/cleanup.h"
#include "cli/option_text.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define THREADS_MAX 1024U
#define TIMEOUT_DIGITS_MAX 9

struct known_option;
typedef int set_function(const struct known_option *option, const struct option_text *text,
			 struct mount_options *options, struct problem *problem);

enum takes { NO_VALUE, A_VALUE, MAYBE_VALUE };

struct known_option {
	const char *name;
	enum takes takes;
	set_function *set;
	size_t offset; /* of the member set, for those that set one */
};

static void *member(struct mount_options *options, const struct known_option *option)
{
	return (char *)options + option->offset;
}

static int malformed(const struct option_text *text, const char *expected, struct problem *problem)
{
	return problem_set(problem, -EINVAL, "option %s=%s: expected %s", text->name, text->value,
			   expected);
}

/* -- how a value is read -- */

static int read_unsigned(const char *text, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > UINT32_MAX)
			return -EINVAL;
	}
	*ret_number = (uint32_t)number;
	return 0;
}

/* DIGITS[.DIGITS]: no sign, exponent, infinity or locale, all of which strtod(3) takes. */
static int read_seconds(const char *text, double *ret_seconds)
{
	size_t whole = strspn(text, "0123456789");
	size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	double seconds = 0, weight = 1;

	if (whole > TIMEOUT_DIGITS_MAX || whole + fraction == 0 ||
	    text[whole + (text[whole] == '.' ? 1 + fraction : 0)])
		return -EINVAL;
	for (size_t i = 0; i < whole; i++)
		seconds = seconds * 10 + (text[i] - '0');
	for (size_t i = 0; i < fraction; i++)
		seconds += (text[whole + 1 + i] - '0') * (weight /= 10);
	*ret_seconds = seconds;
	return 0;
}

static int replace(char **place, char *string)
{
	if (!string)
		return -ENOMEM;
	free(*place);
	*place = string;
	return 0;
}

/* -- what an option does -- */

static int set_true(const struct known_option *option, const struct option_text *text,
		    struct mount_options *options, struct problem *problem)
{
	(void)text;
	(void)problem;
	*(bool *)member(options, option) = true;
	return 0;
}

static int set_false(const struct known_option *option, const struct option_text *text,
		     struct mount_options *options, struct problem *problem)
{
	(void)text;
	(void)problem;
	*(bool *)member(options, option) = false;
	return 0;
}

static int set_path(const struct known_option *option, const struct option_text *text,
		    struct mount_options *options, struct problem *problem)
{
	(void)problem;
	return replace(member(options, option), option_text_unescape(text->value, PATH_SPECIALS));
}

static int set_lowers(const struct known_option *option, const struct option_text *text,
		      struct mount_options *options, struct problem *problem)
{
	(void)option;
	(void)problem;
	string_list_free(&options->lowers);
	return option_text_split(text->value, ':', PATH_SPECIALS, &options->lowers);
}

static int set_whiteout(const struct known_option *option, const struct option_text *text,
			struct mount_options *options, struct problem *problem)
{
	(void)option;
	if (strcmp(text->value, "aufs") == 0)
		options->dialect = WHITEOUT_AUFS;
	else if (strcmp(text->value, "overlay") == 0)
		options->dialect = WHITEOUT_OVERLAY;
	else
		return malformed(text, "aufs or overlay", problem);
	return 0;
}

static int set_redirect(const struct known_option *option, const struct option_text *text,
			struct mount_options *options, struct problem *problem)
{
	(void)option;
	if (strcmp(text->value, "on") == 0)
		options->redirect = REDIRECT_ON;
	else if (strcmp(text->value, "copy") == 0)
		options->redirect = REDIRECT_COPY;
	else
		return malformed(text, "on or copy", problem);
	return 0;
}

static int set_fsync(const struct known_option *option, const struct option_text *text,
		     struct mount_options *options, struct problem *problem)
{
	(void)option;
	if (strcmp(text->value, "0") != 0 && strcmp(text->value, "1") != 0)
		return malformed(text, "0 or 1", problem);
	options->volatile_upper = text->value[0] == '0';
	return 0;
}

static int set_switch(const struct known_option *option, const struct option_text *text,
		      struct mount_options *options, struct problem *problem)
{
	if (strcmp(text->value, "0") != 0 && strcmp(text->value, "1") != 0)
		return malformed(text, "0 or 1", problem);
	*(bool *)member(options, option) = text->value[0] == '1';
	return 0;
}

static int set_io(const struct known_option *option, const struct option_text *text,
		  struct mount_options *options, struct problem *problem)
{
	static const char *const modes[] = {
		[IO_CACHED] = "cached",
		[IO_PASSTHROUGH] = "passthrough",
		[IO_AUTO] = "auto",
	};

	(void)option;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(text->value, modes[i]) == 0) {
			options->io = (enum io_mode)i;
			return 0;
		}
	}
	return malformed(text, "cached, passthrough or auto", problem);
}

static int set_timeout(const struct known_option *option, const struct option_text *text,
		       struct mount_options *options, struct problem *problem)
{
	(void)option;
	if (read_seconds(text->value, &options->timeout) < 0)
		return malformed(text, "seconds, as in 0 or 1.5", problem);
	options->changing = true;
	return 0;
}

static int set_map(const struct known_option *option, const struct option_text *text,
		   struct mount_options *options, struct problem *problem)
{
	struct id_map *map = member(options, option);
	struct id_map read;
	int result = id_map_parse(text->value, &read, problem);

	if (result < 0)
		return result;
	id_map_free(map);
	*map = read;
	return 0;
}

static int set_squash_to_root(const struct known_option *option, const struct option_text *text,
			      struct mount_options *options, struct problem *problem)
{
	struct ownership *ownership = &options->ownership;

	(void)option;
	(void)text;
	(void)problem;
	ownership->squash_users = ownership->squash_groups = true;
	ownership->squashed_uid = 0;
	ownership->squashed_gid = 0;
	return 0;
}

/* The largest id is none: it means "leave as it is" to chown(2). */
static int read_id(const struct option_text *text, uint32_t *ret_id, struct problem *problem)
{
	uint32_t id;

	if (read_unsigned(text->value, &id) < 0 || id == UINT32_MAX)
		return malformed(text, "a number from 0 to 4294967294", problem);
	*ret_id = id;
	return 0;
}

static int set_squash_uid(const struct known_option *option, const struct option_text *text,
			  struct mount_options *options, struct problem *problem)
{
	(void)option;
	options->ownership.squash_users = true;
	return read_id(text, &options->ownership.squashed_uid, problem);
}

static int set_squash_gid(const struct known_option *option, const struct option_text *text,
			  struct mount_options *options, struct problem *problem)
{
	(void)option;
	options->ownership.squash_groups = true;
	return read_id(text, &options->ownership.squashed_gid, problem);
}

static int set_xattr_permissions(const struct known_option *option, const struct option_text *text,
				 struct mount_options *options, struct problem *problem)
{
	uint32_t number;

	(void)option;
	if (read_unsigned(text->value, &number) < 0 || number > XATTR_PERMISSIONS_USER)
		return malformed(text, "0, 1 or 2", problem);
	options->ownership.xattr_permissions = (enum xattr_permissions)number;
	return 0;
}

/* Inode numbers are always unique across layers and stable, as overlayfs has them with xino=on. */
static int set_xino(const struct known_option *option, const struct option_text *text,
		    struct mount_options *options, struct problem *problem)
{
	(void)option;
	if (strcmp(text->value, "off") == 0)
		return string_list_add(&options->warnings,
				       "option xino=off has no effect: inode numbers are "
				       "always stable");
	if (strcmp(text->value, "on") != 0 && strcmp(text->value, "auto") != 0)
		return malformed(text, "on, off or auto", problem);
	return 0;
}

static int set_threads(const struct known_option *option, const struct option_text *text,
		       struct mount_options *options, struct problem *problem)
{
	uint32_t number;

	/* Two are needed: one may wait for what another writes back. */
	if (read_unsigned(text->value, &number) < 0 || number < 2 || number > THREADS_MAX)
		return malformed(text, "a number from 2 to 1024", problem);
	*(unsigned *)member(options, option) = number;
	return 0;
}

static int set_fsname(const struct known_option *option, const struct option_text *text,
		      struct mount_options *options, struct problem *problem)
{
	(void)option;
	if (!text->value[0])
		return malformed(text, "a name", problem);
	return replace(&options->fsname, text->quoted ? strdup(text->value)
						      : option_text_unescape(text->value, ",\\"));
}

/* A flag for the kernel. */
static int pass_flag(const struct known_option *option, const struct option_text *text,
		     struct mount_options *options, struct problem *problem)
{
	(void)text;
	(void)problem;
	return string_list_add(&options->kernel_options, option->name);
}

/* FUSE leaves access times to the daemon; the kernel shows the flag. */
static int set_no_atime(const struct known_option *option, const struct option_text *text,
			struct mount_options *options, struct problem *problem)
{
	options->no_atime = true;
	return pass_flag(option, text, options, problem);
}

/* A security label: the kernel wants the quotes back, and without them no comma. */
static int pass_label(const struct known_option *option, const struct option_text *text,
		      struct mount_options *options, struct problem *problem)
{
	const char *quote = text->quoted ? "\"" : "";

	if (!text->value[0] || strpbrk(text->value, "\\\"") ||
	    (!text->quoted && strchr(text->value, ',')))
		return malformed(text, "a label, in double quotes when it has a comma", problem);
	return string_list_add_format(&options->kernel_options, "%s=%s%s%s", option->name, quote,
				      text->value, quote);
}

/* The value is a glob(7) of paths, which may be given several times. */
static int set_debug(const struct known_option *option, const struct option_text *text,
		     struct mount_options *options, struct problem *problem)
{
	cleanup_free char *glob = NULL;

	(void)option;
	options->debug = true;
	if (!text->value)
		return 0;
	if (text->value[0] != '/' && text->value[0] != '*')
		return malformed(text, "a pattern of paths in the union, as in /etc/*", problem);
	glob = option_text_unescape(text->value, ",");
	return glob ? string_list_add(&options->debug_globs, glob) : -ENOMEM;
}

static int ignore(const struct known_option *option, const struct option_text *text,
		  struct mount_options *options, struct problem *problem)
{
	(void)option;
	(void)text;
	(void)options;
	(void)problem;
	return 0;
}

#define MEMBER(name) offsetof(struct mount_options, name)

static const struct known_option known_options[] = {
	{ "lowerdir", A_VALUE, set_lowers, 0 },
	{ "upperdir", A_VALUE, set_path, MEMBER(upper) },
	{ "workdir", A_VALUE, set_path, MEMBER(workdir) },
	{ "whiteout", A_VALUE, set_whiteout, 0 },
	{ "redirect", A_VALUE, set_redirect, 0 },
	{ "volatile", NO_VALUE, set_true, MEMBER(volatile_upper) },
	{ "fsync", A_VALUE, set_fsync, 0 },
	{ "writeback", A_VALUE, set_switch, MEMBER(writeback) },
	{ "io", A_VALUE, set_io, 0 },
	{ "timeout", A_VALUE, set_timeout, 0 },
	{ "uidmapping", A_VALUE, set_map, MEMBER(ownership.users) },
	{ "gidmapping", A_VALUE, set_map, MEMBER(ownership.groups) },
	{ "squash_to_root", NO_VALUE, set_squash_to_root, 0 },
	{ "squash_to_uid", A_VALUE, set_squash_uid, 0 },
	{ "squash_to_gid", A_VALUE, set_squash_gid, 0 },
	{ "xattr_permissions", A_VALUE, set_xattr_permissions, 0 },
	{ "noacl", NO_VALUE, set_true, MEMBER(no_acl) },
	{ "noxattr", NO_VALUE, set_true, MEMBER(no_xattr) },
	{ "static_nlink", NO_VALUE, set_true, MEMBER(static_nlink) },
	{ "xino", A_VALUE, set_xino, 0 },
	{ "ro", NO_VALUE, set_true, MEMBER(read_only) },
	{ "rw", NO_VALUE, set_false, MEMBER(read_only) },
	{ "allow_other", NO_VALUE, set_true, MEMBER(allow_other) },
	{ "fsname", A_VALUE, set_fsname, 0 },
	{ "follow", A_VALUE, set_switch, MEMBER(follow) },
	{ "clone_fd", NO_VALUE, set_true, MEMBER(clone_fd) },
	{ "max_threads", A_VALUE, set_threads, MEMBER(threads) },
	{ "max_idle_threads", A_VALUE, set_threads, MEMBER(idle_threads) },
	{ "io_uring", NO_VALUE, set_true, MEMBER(io_uring) },
	{ "debug", MAYBE_VALUE, set_debug, 0 },
	{ "remount", NO_VALUE, set_true, MEMBER(remount) },

	{ "suid", NO_VALUE, pass_flag, 0 },
	{ "nosuid", NO_VALUE, pass_flag, 0 },
	{ "dev", NO_VALUE, pass_flag, 0 },
	{ "nodev", NO_VALUE, pass_flag, 0 },
	{ "exec", NO_VALUE, pass_flag, 0 },
	{ "noexec", NO_VALUE, pass_flag, 0 },
	{ "async", NO_VALUE, pass_flag, 0 },
	{ "sync", NO_VALUE, pass_flag, 0 },
	{ "dirsync", NO_VALUE, pass_flag, 0 },
	{ "noatime", NO_VALUE, set_no_atime, 0 },
	{ "context", A_VALUE, pass_label, 0 },
	{ "fscontext", A_VALUE, pass_label, 0 },
	{ "defcontext", A_VALUE, pass_label, 0 },
	{ "rootcontext", A_VALUE, pass_label, 0 },

	/* True of every union of ours. */
	{ "default_permissions", NO_VALUE, ignore, 0 },
	{ "private", NO_VALUE, ignore, 0 },
	{ "subtype", A_VALUE, ignore, 0 },
	{ "userxattr", NO_VALUE, ignore, 0 },
	/* For mount(8) and fstab(5). When access times change is up to the upper's file system. */
	{ "_netdev", NO_VALUE, ignore, 0 },
	{ "atime", NO_VALUE, ignore, 0 },
	{ "auto", NO_VALUE, ignore, 0 },
	{ "comment", MAYBE_VALUE, ignore, 0 },
	{ "defaults", NO_VALUE, ignore, 0 },
	{ "diratime", NO_VALUE, ignore, 0 },
	{ "group", NO_VALUE, ignore, 0 },
	{ "lazytime", NO_VALUE, ignore, 0 },
	{ "noauto", NO_VALUE, ignore, 0 },
	{ "nodiratime", NO_VALUE, ignore, 0 },
	{ "nofail", NO_VALUE, ignore, 0 },
	{ "nolazytime", NO_VALUE, ignore, 0 },
	{ "norelatime", NO_VALUE, ignore, 0 },
	{ "nostrictatime", NO_VALUE, ignore, 0 },
	{ "nouser", NO_VALUE, ignore, 0 },
	{ "owner", NO_VALUE, ignore, 0 },
	{ "relatime", NO_VALUE, ignore, 0 },
	{ "silent", NO_VALUE, ignore, 0 },
	{ "loud", NO_VALUE, ignore, 0 },
	{ "strictatime", NO_VALUE, ignore, 0 },
	{ "symfollow", NO_VALUE, ignore, 0 },
	{ "user", MAYBE_VALUE, ignore, 0 },
	{ "users", NO_VALUE, ignore, 0 },
};

static const struct known_option *find(const char *name)
{
	for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++) {
		if (strcmp(known_options[i].name, name) == 0)
			return &known_options[i];
	}
	return NULL;
}

static int apply(const struct option_text *text, struct mount_options *options,
		 struct problem *problem)
{
	const struct known_option *option = find(text->name);

	if (!option) {
		/* Notes that tools leave for each other in fstab. */
		if (strncmp(text->name, "x-", 2) == 0 || strncmp(text->name, "X-", 2) == 0)
			return 0;
		return string_list_add_format(&options->warnings,
					      "option %s is unknown and has no effect", text->name);
	}
	if (option->takes == A_VALUE && !text->value)
		return problem_set(problem, -EINVAL, "option %s needs a value", text->name);
	if (option->takes == NO_VALUE && text->value)
		return problem_set(problem, -EINVAL, "option %s takes no value", text->name);
	return option->set(option, text, options, problem);
}

int mount_option_table_read(const char *text, struct mount_options *options,
			    struct problem *problem)
{
	struct option_text option;
	int result;

	while ((result = option_text_next(&text, &option, problem)) > 0) {
		result = apply(&option, options, problem);
		option_text_free(&option);
		if (result < 0)
			return result;
	}
	return result;
}
