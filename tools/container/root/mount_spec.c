/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/mount_spec.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "container/record/container.h"
#include "container/record/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TMPFS_DEFAULT "mode=1777"

/* -- parts -- */

/*
 * The destination as an absolute path without "." and double slashes. ".." is refused: what it means depends on
 * the container's links.
 */
static int set_destination(struct container_mount *mount, const char *path, struct problem *problem)
{
	cleanup_buffer struct buffer clean = BUFFER_INIT;
	int error = 0;

	if (path[0] != '/')
		return problem_set(problem, -EINVAL,
				   "the destination %s in the container must be an absolute path",
				   path[0] ? path : "\"\"");
	for (const char *at = path; !error && *at;) {
		size_t length = strcspn(at += strspn(at, "/"), "/");

		if (length == 2 && strncmp(at, "..", 2) == 0)
			return problem_set(problem, -EINVAL,
					   "the destination %s may not contain ..", path);
		if (length > 0 && !(length == 1 && *at == '.'))
			error = buffer_append_format(&clean, "/%.*s", (int)length, at);
		at += length;
	}
	if (error)
		return error;
	if (clean.length == 0)
		return problem_set(problem, -EINVAL,
				   "nothing can be mounted on / of the container");
	if (strncmp(clean.data, "/proc", 5) == 0 && (clean.data[5] == '/' || !clean.data[5]))
		return problem_set(problem, -EINVAL,
				   "nothing can be mounted on %s: /proc belongs to the kernel",
				   path);
	return state_set_text(&mount->destination, clean.data);
}

/* A bind of an absolute path, or a volume. */
static int set_source(struct container_mount *mount, const char *source, struct problem *problem)
{
	cleanup_free char *absolute = NULL;

	if (!strchr(source, '/') && strcmp(source, ".") != 0 && strcmp(source, "..") != 0) {
		if (!container_name_is_valid(source))
			return problem_set(problem, -EINVAL,
					   "%s cannot be a volume's name; a path has a slash",
					   source[0] ? source : "\"\"");
		return state_set_text(&mount->source, source);
	}
	absolute = realpath(source, NULL);
	if (!absolute)
		return problem_set(problem, -errno, "cannot mount %s: %s", source, strerror(errno));
	return state_set_text(&mount->source, absolute);
}

static int bind_option(const char *option, struct container_mount *mount, struct problem *warning,
		       struct problem *problem)
{
	if (strcmp(option, "ro") == 0 || strcmp(option, "readonly") == 0)
		mount->read_only = true;
	else if (strcmp(option, "rw") == 0)
		mount->read_only = false;
	else if (strcmp(option, "rbind") == 0)
		mount->recursive = true;
	else if (strcmp(option, "bind") == 0)
		mount->recursive = false;
	else if (strcmp(option, "z") == 0 || strcmp(option, "Z") == 0)
		(void)problem_set(warning, 0, "option %s has no effect: there is no SELinux here",
				  option);
	else if (strcmp(option, "private") != 0 && strcmp(option, "rprivate") != 0)
		return problem_set(problem, -EINVAL,
				   "%s is no option of a mount: ro, rw, rbind, bind",
				   option[0] ? option : "\"\"");
	return 0;
}

static int bind_options(char *options, struct container_mount *mount, struct problem *warning,
			struct problem *problem)
{
	char *option;
	int error = 0;

	while (!error && (option = strsep(&options, ",")))
		error = bind_option(option, mount, warning, problem);
	return error;
}

/* -- -v -- */

int mount_spec_volume(const char *text, struct container_mount *mount, struct problem *warning,
		      struct problem *problem)
{
	cleanup_free char *copy = strdup(text);
	char *rest = copy, *source, *destination, *options;
	int error;

	if (!copy)
		return -ENOMEM;
	source = strsep(&rest, ":");
	destination = strsep(&rest, ":");
	options = strsep(&rest, ":");
	if (!destination || rest)
		return problem_set(problem, -EINVAL,
				   "-v %s: it must be SOURCE:DESTINATION[:OPTIONS]", text);
	mount->recursive = true;
	error = set_source(mount, source, problem);
	if (!error)
		error = state_set_text(&mount->type,
				       source && strchr(mount->source, '/') ? "bind" : "volume");
	if (!error)
		error = set_destination(mount, destination, problem);
	return error || !options ? error : bind_options(options, mount, warning, problem);
}

/* -- --tmpfs -- */

/* Of those that the file system knows; the others are the same for all. */
static int tmpfs_option(const char *option, struct buffer *options, struct container_mount *mount,
			struct problem *problem)
{
	static const char *const known[] = { "size=", "mode=", "uid=", "gid=", "nr_inodes=" };
	static const char *const usual[] = { "rw",   "nosuid",	"nodev",    "noexec",
					     "exec", "noatime", "relatime", "rprivate" };

	if (strcmp(option, "ro") == 0) {
		mount->read_only = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(option, known[i], strlen(known[i])) == 0 && option[strlen(known[i])])
			return buffer_append_format(options, "%s%s", options->length ? "," : "",
						    option);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (strcmp(option, usual[i]) == 0)
			return 0;
	return problem_set(problem, -EINVAL,
			   "%s is no option of a tmpfs: size=, mode=, uid=, gid=, ro",
			   option[0] ? option : "\"\"");
}

int mount_spec_tmpfs(const char *text, struct container_mount *mount, struct problem *problem)
{
	cleanup_buffer struct buffer options = BUFFER_INIT;
	cleanup_free char *copy = strdup(text);
	char *rest = copy, *option;
	int error;

	if (!copy)
		return -ENOMEM;
	error = set_destination(mount, strsep(&rest, ":"), problem);
	while (!error && (option = strsep(&rest, ",")))
		error = tmpfs_option(option, &options, mount, problem);
	if (!error && !strstr(buffer_string(&options), "mode="))
		error = buffer_append_format(&options, "%s" TMPFS_DEFAULT,
					     options.length ? "," : "");
	if (!error)
		error = state_set_text(&mount->options, buffer_string(&options));
	return error ? error : state_set_text(&mount->type, "tmpfs");
}

/* -- --mount -- */

/* What was said, before it is known for which type. */
struct words {
	const char *type, *source, *destination;
	struct buffer tmpfs;
};

static int mount_word(char *word, struct words *words, struct container_mount *mount,
		      struct problem *warning, struct problem *problem)
{
	char *value = strchr(word, '=');

	if (!value)
		return bind_option(word, mount, warning, problem);
	*value++ = '\0';
	if (strcmp(word, "type") == 0)
		words->type = value;
	else if (strcmp(word, "source") == 0 || strcmp(word, "src") == 0)
		words->source = value;
	else if (strcmp(word, "destination") == 0 || strcmp(word, "dst") == 0 ||
		 strcmp(word, "target") == 0)
		words->destination = value;
	else if (strcmp(word, "readonly") == 0 || strcmp(word, "ro") == 0)
		mount->read_only = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	else if (strcmp(word, "tmpfs-size") == 0 || strcmp(word, "tmpfs-mode") == 0)
		return buffer_append_format(&words->tmpfs, "%s%s=%s",
					    words->tmpfs.length ? "," : ":", word + 6, value);
	else
		return problem_set(problem, -EINVAL, "--mount does not know %s=", word);
	return 0;
}

static int apply_words(const struct words *words, struct container_mount *mount,
		       struct problem *problem)
{
	const char *type = words->type ? words->type : "volume";
	cleanup_buffer struct buffer tmpfs = BUFFER_INIT;
	int error;

	if (!words->destination)
		return problem_set(problem, -EINVAL, "--mount needs destination=");
	if (strcmp(type, "tmpfs") == 0) {
		error = buffer_append_format(&tmpfs, "%s%s", words->destination,
					     buffer_string(&words->tmpfs));
		return error ? error : mount_spec_tmpfs(buffer_string(&tmpfs), mount, problem);
	}
	if (strcmp(type, "bind") != 0 && strcmp(type, "volume") != 0)
		return problem_set(problem, -EINVAL,
				   "--mount type=%s: bind, volume and tmpfs are known", type);
	if (!words->source)
		return problem_set(problem, -EINVAL, "--mount type=%s needs source=", type);
	if ((strcmp(type, "bind") == 0) != (strchr(words->source, '/') != NULL))
		return problem_set(
			problem, -EINVAL,
			"--mount type=%s,source=%s: a bind has a path with a slash, a volume "
			"a name without",
			type, words->source);
	mount->recursive = true;
	error = set_source(mount, words->source, problem);
	if (!error)
		error = state_set_text(&mount->type, type);
	return error ? error : set_destination(mount, words->destination, problem);
}

int mount_spec_mount(const char *text, struct container_mount *mount, struct problem *warning,
		     struct problem *problem)
{
	cleanup_free char *copy = strdup(text);
	struct words words = { .tmpfs = BUFFER_INIT };
	char *rest = copy, *word;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (word = strsep(&rest, ",")))
		error = mount_word(word, &words, mount, warning, problem);
	if (!error)
		error = apply_words(&words, mount, problem);
	buffer_free(&words.tmpfs);
	return error;
}
