/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of seccomp.h: profiles in JSON. OCI's form is in config-linux.md, "Seccomp"; docker's adds archMap, and to each rule
 * includes, excludes and comment. A file comes from anywhere, so every number and name is looked at.
 */
#include "base/json.h"
#include "base/buffer.h"
#include "container/seccomp/names.h"
#include "container/seccomp/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX (4 << 20)
#define RULES_MAX 8192
#define ERROR_MAX 4095 /* the kernel's MAX_ERRNO */

/* A profile that owns everything its rules point to. */
struct owned_profile {
	struct seccomp_profile profile; /* first, so that one is the other */
	struct seccomp_rule *rules;
	char *architectures, *listener_path, *listener_metadata;
};

void seccomp_profile_free(struct seccomp_profile *profile)
{
	struct owned_profile *owned = (struct owned_profile *)profile;

	if (!owned)
		return;
	for (size_t i = 0; i < owned->profile.rule_count; i++) {
		free((char *)owned->rules[i].names);
		free((char *)owned->rules[i].architectures);
		free((char *)owned->rules[i].not_architectures);
	}
	free(owned->rules);
	free(owned->architectures);
	free(owned->listener_path);
	free(owned->listener_metadata);
	free(owned);
}

/* -- values -- */

static int wrong(struct problem *problem, const char *what)
{
	return problem_set(problem, -EINVAL, "the seccomp profile is not well-formed: %s", what);
}

/* A member of a type; NULL with 0 when it is missing or null. */
static int member(json_object *object, const char *key, json_type type, json_object **ret_member,
		  struct problem *problem)
{
	json_object *found = NULL;

	*ret_member = NULL;
	if (!json_object_object_get_ex(object, key, &found) || !found)
		return 0;
	if (!json_object_is_type(found, type))
		return problem_set(
			problem, -EINVAL,
			"the seccomp profile is not well-formed: \"%s\" should be %s %s", key,
			type == json_type_int || type == json_type_array || type == json_type_object
				? "an"
				: "a",
			json_type_to_name(type));
	*ret_member = found;
	return 0;
}

struct word {
	const char *name;
	unsigned value;
};

static int find_word(const struct word *words, json_object *string, const char *what,
		     unsigned *ret_value, struct problem *problem)
{
	const char *name = json_object_get_string(string);

	for (; words->name; words++) {
		if (strcmp(words->name, name) == 0) {
			*ret_value = words->value;
			return 0;
		}
	}
	return problem_set(problem, -EINVAL,
			   "the seccomp profile has %s \"%.64s\", which is unknown", what, name);
}

static int read_action(json_object *string, enum seccomp_action *ret_action,
		       struct problem *problem)
{
	static const struct word actions[] = {
		{ "SCMP_ACT_ALLOW", SECCOMP_ALLOW },
		{ "SCMP_ACT_ERRNO", SECCOMP_ERRNO },
		{ "SCMP_ACT_KILL", SECCOMP_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", SECCOMP_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", SECCOMP_TRAP },
		{ "SCMP_ACT_TRACE", SECCOMP_TRACE },
		{ "SCMP_ACT_LOG", SECCOMP_LOG },
		{ "SCMP_ACT_NOTIFY", SECCOMP_NOTIFY },
		{ NULL, 0 },
	};
	unsigned action = SECCOMP_KILL_PROCESS;
	int result = find_word(actions, string, "the action", &action, problem);

	if (result == 0)
		*ret_action = (enum seccomp_action)action;
	return result;
}

/* The number of an error beside an action; EPERM when there is none. */
static int read_error(json_object *object, const char *key, unsigned *ret_error,
		      struct problem *problem)
{
	json_object *number = NULL;
	int result = member(object, key, json_type_int, &number, problem);
	int64_t error = number ? json_object_get_int64(number) : EPERM;

	if (result == 0 && (error < 0 || error > ERROR_MAX))
		result = wrong(problem, "an error number is not between 0 and 4095");
	if (result == 0)
		*ret_error = (unsigned)error;
	return result;
}

/* Names are words of a list, so one with a space in it would be several. */
static bool is_word(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_") == strlen(name);
}

/* An array of names as a list of words, "" for an empty one; NULL when the member is missing. */
static int read_names(json_object *object, const char *key, char **ret_names,
		      struct problem *problem)
{
	cleanup_buffer struct buffer names = BUFFER_INIT;
	json_object *array = NULL;
	int result = member(object, key, json_type_array, &array, problem);

	if (result < 0 || !array)
		return result;
	result = buffer_append_string(&names, "");
	for (size_t i = 0; i < json_object_array_length(array) && result == 0; i++) {
		json_object *name = json_object_array_get_idx(array, i);

		if (!json_object_is_type(name, json_type_string) ||
		    !is_word(json_object_get_string(name)))
			return wrong(problem, "a list of names has something else in it");
		result = buffer_append_format(&names, "%s%s", i > 0 ? " " : "",
					      json_object_get_string(name));
	}
	if (result < 0)
		return problem_set(problem, result, "out of memory");
	*ret_names = steal_pointer(&names.data);
	return 0;
}

/* -- one rule -- */

static int read_condition(json_object *object, struct seccomp_condition *condition,
			  struct problem *problem)
{
	static const struct word operators[] = {
		{ "SCMP_CMP_NE", SECCOMP_NOT_EQUAL },		{ "SCMP_CMP_LT", SECCOMP_LESS },
		{ "SCMP_CMP_LE", SECCOMP_LESS_OR_EQUAL },	{ "SCMP_CMP_EQ", SECCOMP_EQUAL },
		{ "SCMP_CMP_GE", SECCOMP_GREATER_OR_EQUAL },	{ "SCMP_CMP_GT", SECCOMP_GREATER },
		{ "SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQUAL }, { NULL, 0 },
	};
	json_object *index = NULL, *op = NULL, *value = NULL, *value_two = NULL;
	unsigned operator= SECCOMP_EQUAL;
	int result;

	if (!json_object_is_type(object, json_type_object))
		return wrong(problem, "something in \"args\" is no object");
	result = member(object, "index", json_type_int, &index, problem);
	if (result == 0)
		result = member(object, "value", json_type_int, &value, problem);
	if (result == 0)
		result = member(object, "valueTwo", json_type_int, &value_two, problem);
	if (result == 0)
		result = member(object, "op", json_type_string, &op, problem);
	if (result < 0)
		return result;
	if (!index || !value || !op)
		return wrong(problem, "something in \"args\" lacks index, value or op");
	result = find_word(operators, op, "the operator", &operator, problem);
	if (result < 0)
		return result;
	if (json_object_get_int64(index) < 0 ||
	    json_object_get_int64(index) >= SECCOMP_CONDITIONS_MAX)
		return wrong(problem, "an index in \"args\" is not between 0 and 5");
	*condition = (struct seccomp_condition){
		.argument = (unsigned)json_object_get_int64(index),
		.op = (enum seccomp_operator) operator,
		.value = json_object_get_uint64(value),
		.value_two = value_two ? json_object_get_uint64(value_two) : 0,
	};
	return 0;
}

static int read_conditions(json_object *object, struct seccomp_rule *rule, struct problem *problem)
{
	json_object *array = NULL;
	int result = member(object, "args", json_type_array, &array, problem);
	size_t count = array ? json_object_array_length(array) : 0;

	if (result < 0)
		return result;
	if (count > SECCOMP_CONDITIONS_MAX)
		return wrong(problem, "a rule has more than six \"args\"");
	for (size_t i = 0; i < count && result == 0; i++)
		result = read_condition(json_object_array_get_idx(array, i), &rule->conditions[i],
					problem);
	if (result == 0)
		rule->condition_count = count;
	return result;
}

static int read_capabilities(json_object *object, capability_set *ret_set, struct problem *problem)
{
	json_object *array = NULL;
	int result = member(object, "caps", json_type_array, &array, problem);
	capability_set set = 0;

	for (size_t i = 0; result == 0 && array && i < json_object_array_length(array); i++) {
		json_object *name = json_object_array_get_idx(array, i);
		int number = json_object_is_type(name, json_type_string)
				     ? capability_number(json_object_get_string(name))
				     : -ENOENT;

		if (number < 0)
			return wrong(problem, "\"caps\" has something that is no capability");
		set |= (capability_set)1 << number;
	}
	if (result == 0)
		*ret_set = set;
	return result;
}

/* "4.8" */
static int read_kernel(json_object *object, struct seccomp_rule *rule, struct problem *problem)
{
	json_object *string = NULL;
	int result = member(object, "minKernel", json_type_string, &string, problem);
	char rest;

	if (result < 0 || !string)
		return result;
	if (sscanf(json_object_get_string(string), "%4u.%4u%c", &rule->kernel_major,
		   &rule->kernel_minor, &rest) != 2)
		return wrong(problem, "a \"minKernel\" is no version such as 4.8");
	return 0;
}

/* docker's conditions on the container and the machine */
static int read_filters(json_object *object, struct seccomp_rule *rule, struct problem *problem)
{
	json_object *includes = NULL, *excludes = NULL;
	int result = member(object, "includes", json_type_object, &includes, problem);

	if (result == 0)
		result = member(object, "excludes", json_type_object, &excludes, problem);
	if (result == 0 && includes) {
		result = read_capabilities(includes, &rule->with, problem);
		if (result == 0)
			result = read_names(includes, "arches", (char **)&rule->architectures,
					    problem);
		if (result == 0)
			result = read_kernel(includes, rule, problem);
	}
	if (result == 0 && excludes) {
		if (json_object_object_get(excludes, "minKernel"))
			return wrong(problem, "\"minKernel\" is known only in \"includes\"");
		result = read_capabilities(excludes, &rule->without, problem);
		if (result == 0)
			result = read_names(excludes, "arches", (char **)&rule->not_architectures,
					    problem);
	}
	return result;
}

/* "names", or docker's older "name" */
static int read_rule_names(json_object *object, struct seccomp_rule *rule, struct problem *problem)
{
	json_object *name = NULL;
	int result = read_names(object, "names", (char **)&rule->names, problem);

	if (result < 0 || rule->names)
		return result;
	result = member(object, "name", json_type_string, &name, problem);
	if (result < 0)
		return result;
	if (!name || !is_word(json_object_get_string(name)))
		return wrong(problem, "a rule has no \"names\"");
	rule->names = strdup(json_object_get_string(name));
	return rule->names ? 0 : problem_set(problem, -ENOMEM, "out of memory");
}

/* What it owns is freed with the profile, also when it fails half-way. */
static int read_rule(json_object *object, struct seccomp_rule *rule, struct problem *problem)
{
	json_object *action = NULL;
	int result;

	if (!json_object_is_type(object, json_type_object))
		return wrong(problem, "a rule is no object");
	result = read_rule_names(object, rule, problem);
	if (result == 0)
		result = member(object, "action", json_type_string, &action, problem);
	if (result == 0 && !action)
		result = wrong(problem, "a rule has no \"action\"");
	if (result == 0)
		result = read_action(action, &rule->action, problem);
	if (result == 0)
		result = read_error(object, "errnoRet", &rule->error, problem);
	if (result == 0)
		result = read_conditions(object, rule, problem);
	return result < 0 ? result : read_filters(object, rule, problem);
}

/* -- the profile -- */

static int read_rules(json_object *json, struct owned_profile *owned, struct problem *problem)
{
	json_object *array = NULL;
	int result = member(json, "syscalls", json_type_array, &array, problem);
	size_t count = array ? json_object_array_length(array) : 0;

	if (result < 0 || count == 0)
		return result;
	if (count > RULES_MAX)
		return wrong(problem, "there are more rules than anybody needs");
	owned->rules = calloc(count, sizeof(*owned->rules));
	if (!owned->rules)
		return problem_set(problem, -ENOMEM, "out of memory");
	owned->profile.rules = owned->rules;
	for (size_t i = 0; i < count && result == 0; i++) {
		owned->profile.rule_count = i + 1;
		result = read_rule(json_object_array_get_idx(array, i), &owned->rules[i], problem);
	}
	return result;
}

static int check_architectures(const char *names, struct problem *problem)
{
	cleanup_free char *copy = strdup(names);
	char *rest = copy, *name;

	while (copy && (name = strsep(&rest, " "))) {
		if (*name && seccomp_architecture(name) == 0)
			return problem_set(
				problem, -EINVAL,
				"the seccomp profile has the architecture \"%.64s\", which is "
				"unknown",
				name);
	}
	return copy ? 0 : problem_set(problem, -ENOMEM, "out of memory");
}

/* One entry of archMap: when its architecture is ours, it and its subArchitectures. */
static int read_map_entry(json_object *entry, struct owned_profile *owned, struct problem *problem)
{
	cleanup_free char *foreign = NULL;
	json_object *name = NULL;
	int result;

	if (!json_object_is_type(entry, json_type_object))
		return wrong(problem, "an entry of \"archMap\" is no object");
	result = member(entry, "architecture", json_type_string, &name, problem);
	if (result == 0)
		result = read_names(entry, "subArchitectures", &foreign, problem);
	if (result < 0 || !name || !seccomp_is_native(json_object_get_string(name)))
		return result;
	free(owned->architectures);
	owned->architectures = foreign ? steal_pointer(&foreign) : strdup("");
	return owned->architectures ? 0 : problem_set(problem, -ENOMEM, "out of memory");
}

static int read_architectures(json_object *json, struct owned_profile *owned,
			      struct problem *problem)
{
	json_object *map = NULL;
	int result = read_names(json, "architectures", &owned->architectures, problem);

	if (result == 0)
		result = member(json, "archMap", json_type_array, &map, problem);
	for (size_t i = 0; result == 0 && map && i < json_object_array_length(map); i++)
		result = read_map_entry(json_object_array_get_idx(map, i), owned, problem);
	if (result == 0 && owned->architectures)
		result = check_architectures(owned->architectures, problem);
	if (result < 0)
		return result;
	owned->profile.architectures = owned->architectures ? owned->architectures : "";
	return 0;
}

static int read_flags(json_object *json, struct owned_profile *owned, struct problem *problem)
{
	static const struct word flags[] = {
		/* A container's first process has one thread when it loads the filter. */
		{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
		{ NULL, 0 },
	};
	json_object *array = NULL;
	int result = member(json, "flags", json_type_array, &array, problem);

	for (size_t i = 0; result == 0 && array && i < json_object_array_length(array); i++) {
		json_object *name = json_object_array_get_idx(array, i);
		unsigned flag = 0;

		if (!json_object_is_type(name, json_type_string))
			return wrong(problem, "a flag is no string");
		result = find_word(flags, name, "the flag", &flag, problem);
		owned->profile.flags |= flag;
	}
	return result;
}

static int read_string(json_object *json, const char *key, char **ret_string,
		       struct problem *problem)
{
	json_object *string = NULL;
	int result = member(json, key, json_type_string, &string, problem);

	if (result < 0 || !string)
		return result;
	*ret_string = strdup(json_object_get_string(string));
	return *ret_string ? 0 : problem_set(problem, -ENOMEM, "out of memory");
}

int seccomp_profile_from_json(json_object *json, struct seccomp_profile **ret_profile,
			      struct problem *problem)
{
	struct owned_profile *owned = calloc(1, sizeof(*owned));
	CLEANUP(seccomp_profile_free) struct seccomp_profile *profile = &owned->profile;
	json_object *action = NULL;
	int result;

	if (!owned)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (!json_object_is_type(json, json_type_object))
		return wrong(problem, "it is no object");
	result = member(json, "defaultAction", json_type_string, &action, problem);
	if (result == 0 && !action)
		result = wrong(problem, "it has no \"defaultAction\"");
	if (result == 0)
		result = read_action(action, &profile->default_action, problem);
	if (result == 0)
		result = read_error(json, "defaultErrnoRet", &profile->default_error, problem);
	if (result == 0)
		result = read_architectures(json, owned, problem);
	if (result == 0)
		result = read_flags(json, owned, problem);
	if (result == 0)
		result = read_string(json, "listenerPath", &owned->listener_path, problem);
	if (result == 0)
		result = read_string(json, "listenerMetadata", &owned->listener_metadata, problem);
	if (result == 0)
		result = read_rules(json, owned, problem);
	if (result < 0)
		return result;
	profile->listener_path = owned->listener_path;
	profile->listener_metadata = owned->listener_metadata;
	*ret_profile = steal_pointer(&profile);
	return 0;
}

int seccomp_profile_parse(const char *text, size_t length, struct seccomp_profile **ret_profile,
			  struct problem *problem)
{
	CLEANUP(json_put) json_object *json = NULL;
	struct json_tokener *tokener;
	enum json_tokener_error error;

	if (length > TEXT_MAX)
		return problem_set(problem, -EFBIG, "the seccomp profile is longer than %d bytes",
				   TEXT_MAX);
	tokener = json_tokener_new();
	if (!tokener)
		return problem_set(problem, -ENOMEM, "out of memory");
	json = json_tokener_parse_ex(tokener, text, (int)length);
	error = json ? json_tokener_success : json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (!json)
		return problem_set(problem, -EINVAL, "the seccomp profile is no JSON: %s",
				   json_tokener_error_desc(error));
	return seccomp_profile_from_json(json, ret_profile, problem);
}
