/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/stack_argument.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/mount_option_table.h"
#include "cli/option_text.h"
#include "cli/say.h"
#include "cli/status.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int out_of_memory(void)
{
	say("out of memory");
	return STATUS_FAILED;
}

/* -- from the command line -- */

static int check_names(const struct string_list *layers)
{
	for (size_t i = 0; i < layers->count; i++) {
		if (!layers->strings[i][0]) {
			say("layer %zu of %zu has an empty name; a colon in a name is written \\:",
			    i + 1, layers->count);
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

int stack_argument_set_layers(struct stack_argument *stack, const char *text)
{
	struct string_list *lowers = &stack->options.lowers;

	string_list_free(lowers);
	if (option_text_split(text, ':', LOWER_SPECIALS, lowers) < 0)
		return out_of_memory();
	return check_names(lowers);
}

int stack_argument_set_upper(struct stack_argument *stack, const char *path)
{
	if (!path[0]) {
		say("the upper layer has an empty name");
		return STATUS_USAGE;
	}
	free(stack->options.upper);
	stack->options.upper = strdup(path);
	return stack->options.upper ? STATUS_OK : out_of_memory();
}

/* Others say how to write, or what to tell the kernel. */
static bool is_about_reading(const char *name)
{
	static const char *const names[] = {
		"lowerdir",	"upperdir",	  "workdir",	       "uidmapping",
		"gidmapping",	"squash_to_root", "squash_to_uid",     "squash_to_gid",
		"static_nlink", "noxattr",	  "xattr_permissions",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int check_options(const char *text, struct problem *problem)
{
	struct option_text option;
	int result;

	while ((result = option_text_next(&text, &option, problem)) > 0) {
		if (!is_about_reading(option.name))
			result = problem_set(problem, -EINVAL,
					     "option %s does not say how layers are read",
					     option.name);
		option_text_free(&option);
		if (result < 0)
			break;
	}
	return result;
}

int stack_argument_set_options(struct stack_argument *stack, const char *text)
{
	struct problem problem;
	int result = check_options(text, &problem);

	if (result == 0)
		result = mount_option_table_read(text, &stack->options, &problem);
	if (result == -ENOMEM)
		return out_of_memory();
	if (result < 0) {
		say("%s", problem.text);
		return STATUS_USAGE;
	}
	return check_names(&stack->options.lowers);
}

/* -- what a daemon tells -- */

static int garbled(struct problem *problem)
{
	return problem_set(problem, -EPROTO,
			   "the union's answer lacks something; is it another version of cowfs?");
}

static const char *member_string(json_object *object, const char *key)
{
	json_object *member;

	if (!json_object_object_get_ex(object, key, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	return json_object_get_string(member);
}

static uint64_t member_number(json_object *object, const char *key)
{
	json_object *member;

	return json_object_object_get_ex(object, key, &member) ? json_object_get_uint64(member) : 0;
}

static bool same_mount_namespace(json_object *report)
{
	struct stat stat_buffer;

	return stat("/proc/self/ns/mnt", &stat_buffer) < 0 ||
	       stat_buffer.st_ino == member_number(report, "mount_namespace");
}

/* The daemon's paths may lead elsewhere from here. */
static int check_layer(json_object *report, json_object *layer, const char *path,
		       struct problem *problem)
{
	const char *hint =
		same_mount_namespace(report)
			? "it has been moved or covered since it was mounted"
			: "the daemon lives in another mount namespace; look from there, "
			  "with nsenter --mount --target PID";
	struct stat stat_buffer;

	if (stat(path, &stat_buffer) < 0)
		return problem_set(problem, -errno, "layer \"%s\" of the mounted union: %s; %s",
				   path, strerror(errno), hint);
	if (stat_buffer.st_dev != member_number(layer, "device") ||
	    stat_buffer.st_ino != member_number(layer, "inode"))
		return problem_set(
			problem, -ESTALE,
			"layer \"%s\" of the mounted union is another directory here; %s", path,
			hint);
	return 0;
}

static int copy_string(const char *string, char **place)
{
	free(*place);
	*place = strdup(string);
	return *place ? 0 : -ENOMEM;
}

static int adopt_layer(struct stack_argument *stack, json_object *report, json_object *layer,
		       struct problem *problem)
{
	const char *path = member_string(layer, "path"), *role = member_string(layer, "role");
	const char *attributes = member_string(layer, "attributes");
	int result;

	if (!path || !role || !attributes)
		return garbled(problem);
	result = check_layer(report, layer, path, problem);
	if (result < 0)
		return result;
	if (strcmp(role, "upper") != 0)
		return string_list_add(&stack->options.lowers, path);
	stack->needs_privilege = strcmp(attributes, "trusted") == 0;
	return copy_string(path, &stack->options.upper);
}

static int adopt_layers(struct stack_argument *stack, json_object *report, struct problem *problem)
{
	json_object *layers;
	int result = 0;

	if (!json_object_object_get_ex(report, "stack", &layers) ||
	    !json_object_is_type(layers, json_type_array))
		return garbled(problem);
	for (size_t i = 0; i < json_object_array_length(layers) && result == 0; i++)
		result = adopt_layer(stack, report, json_object_array_get_idx(layers, i), problem);
	return result;
}

static int adopt_report(struct stack_argument *stack, json_object *report, struct problem *problem)
{
	const char *options = member_string(report, "options");
	const char *workdir = member_string(report, "workdir");
	const char *path = member_string(report, "path");
	int result;

	if (!options || !path)
		return garbled(problem);
	result = mount_option_table_read(options, &stack->options, problem);
	if (result == 0)
		result = adopt_layers(stack, report, problem);
	if (result == 0 && workdir)
		result = copy_string(workdir, &stack->options.workdir);
	if (result == 0)
		result = copy_string(path, &stack->path);
	stack->is_mount = true;
	return result;
}

/* -- finding a mount -- */

/* Asks the daemon behind a directory. -ENOTTY when there is none of ours. */
static int ask(struct stack_argument *stack, const char *directory, const char *called,
	       struct problem *problem)
{
	CLEANUP(json_put) json_object *report = NULL;
	int result = status_read_stack(directory, called, &report, problem);

	return result < 0 ? result : adopt_report(stack, report, problem);
}

/* The same for what comes after the first length bytes of path, whatever is there. */
static int ask_before(struct stack_argument *stack, const char *path, size_t length,
		      struct problem *problem)
{
	cleanup_free char *directory = length ? strndup(path, length) : strdup(".");
	cleanup_buffer struct buffer whole = BUFFER_INIT;
	int result = directory ? ask(stack, directory, path, problem) : -ENOMEM;

	if (result < 0)
		return result;
	result = buffer_append_format(&whole, "%s/%s", stack->path[1] ? stack->path : "",
				      path + length);
	return result < 0 ? result : copy_string(buffer_string(&whole), &stack->path);
}

/* For what is no directory, or is not there, as perhaps what it is in: the nearest directory is asked. */
static int ask_above(struct stack_argument *stack, const char *path, struct problem *problem)
{
	size_t length = strlen(path);
	int result;

	do {
		while (length > 0 && path[length - 1] == '/')
			length--;
		while (length > 0 && path[length - 1] != '/')
			length--;
		result = ask_before(stack, path, length, problem);
	} while ((result == -ENOENT || result == -ENOTDIR) && length > 0);
	return result;
}

int stack_argument_find_mount(struct stack_argument *stack, const char *path,
			      struct problem *problem)
{
	struct stat stat_buffer;
	int result;

	if (lstat(path, &stat_buffer) == 0 && S_ISDIR(stat_buffer.st_mode))
		result = ask(stack, path, path, problem);
	else
		result = ask_above(stack, path, problem);
	return result == -ENOMEM ? problem_set(problem, result, "out of memory") : result;
}

/* The same for a path that may be a symbolic link from elsewhere into a union. */
static int find_mount_through_link(struct stack_argument *stack, const char *path,
				   struct problem *problem)
{
	int result = stack_argument_find_mount(stack, path, problem);
	cleanup_free char *real = result == -ENOTTY ? realpath(path, NULL) : NULL;

	return real ? stack_argument_find_mount(stack, real, problem) : result;
}

int stack_argument_find(struct stack_argument *stack, const char *text)
{
	struct string_list *lowers = &stack->options.lowers;
	cleanup_free char *path = NULL;
	struct problem problem;
	int status = stack_argument_set_layers(stack, text), result;

	if (status != STATUS_OK || lowers->count > 1 || stack->options.upper)
		return status;
	path = strdup(lowers->strings[0]);
	string_list_free(lowers);
	result = path ? find_mount_through_link(stack, path, &problem) : -ENOMEM;
	if (result == 0)
		return STATUS_OK;
	if (result == -ENOTTY)
		return stack_argument_set_layers(stack, text);
	if (!path)
		return out_of_memory();
	say("%s", problem.text);
	return STATUS_FAILED;
}

/* -- opening -- */

/* Each layer keeps a descriptor open, and there may be more than a shell allows. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void warn_of_missing_privilege(const struct stack_argument *stack, const struct union_fs *fs)
{
	struct union_layer layer;

	union_get_layer(fs, 0, &layer);
	if (stack->needs_privilege && layer.xattr_namespace != XATTR_NAMESPACE_TRUSTED)
		say("only root can read the attributes of layer \"%s\": renamed directories and inode "
		    "numbers may be told wrongly",
		    layer.path);
}

int stack_argument_open_from(const struct stack_argument *stack, unsigned first,
			     struct union_fs **ret_fs, struct problem *problem)
{
	const struct mount_options *options = &stack->options;
	const char *upper = first == 0 ? options->upper : NULL;
	size_t skipped = options->upper && first > 0 ? first - 1 : first;
	struct union_options union_options = {
		.upper = upper,
		.workdir = upper ? options->workdir : NULL,
		.dialect = options->dialect,
		.redirect = options->redirect,
		.ownership = options->ownership,
		.no_xattr = options->no_xattr,
		.static_nlink = options->static_nlink,
		.read_only = true,
		.only_look = true,
	};
	struct problem warning = { .text = "" };

	if (skipped >= options->lowers.count) {
		*ret_fs = NULL;
		return 0;
	}
	union_options.lowers = (const char *const *)options->lowers.strings + skipped;
	union_options.lower_count = options->lowers.count - skipped;
	allow_descriptors();
	return union_open(&union_options, ret_fs, problem, &warning);
}

int stack_argument_open(const struct stack_argument *stack, struct union_fs **ret_fs)
{
	struct problem problem = { .text = "" };

	if (stack_argument_open_from(stack, 0, ret_fs, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	warn_of_missing_privilege(stack, *ret_fs);
	return STATUS_OK;
}

int stack_argument_open_below(const struct stack_argument *stack, struct union_fs **ret_fs)
{
	struct problem problem = { .text = "" };

	if (stack_argument_open_from(stack, 1, ret_fs, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

void stack_argument_free(struct stack_argument *stack)
{
	mount_options_free(&stack->options);
	free(stack->path);
	*stack = (struct stack_argument){ 0 };
}
