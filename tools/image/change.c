/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/change.h"

#include "base/buffer.h"
#include "oci/config.h"
#include "oci/json_build.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define WHITE_SPACE " \t\r\n"

/* What an instruction's argument does to the member "config". 0, -EINVAL or -ENOMEM. */
typedef int change_function(json_object *config, const char *argument);

/* -- forms of arguments -- */

/* ["a", "b"], or NULL when it is something else. The caller puts it. */
static json_object *parse_exec_form(const char *argument)
{
	CLEANUP(json_put) json_object *array = NULL;

	if (argument[0] != '[')
		return NULL;
	array = json_tokener_parse(argument);
	if (!json_object_is_type(array, json_type_array))
		return NULL;
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_string))
			return NULL;
	return steal_pointer(&array);
}

/* A command in exec form, or one for a shell. */
static int put_command(json_object *config, const char *key, const char *argument)
{
	json_object *array = parse_exec_form(argument);

	if (array)
		return json_add(config, key, array);
	array = json_add_array(config, key);
	if (!array || json_append_string(array, "/bin/sh") < 0 ||
	    json_append_string(array, "-c") < 0)
		return -ENOMEM;
	return json_append_string(array, argument);
}

/* The object that the member is, made if need be. */
static json_object *have_object(json_object *config, const char *key)
{
	json_object *object = NULL;

	if (json_object_object_get_ex(config, key, &object) &&
	    json_object_is_type(object, json_type_object))
		return object;
	return json_add_object(config, key);
}

/* Each word, or each string of an exec form, becomes a key with an empty object. */
static int put_keys(json_object *config, const char *key, const struct string_list *words)
{
	json_object *object = have_object(config, key);
	int error = object ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < words->count; i++)
		error = json_add_object(object, words->strings[i]) ? 0 : -ENOMEM;
	return error;
}

/* NAME=VALUE words, or one NAME and a VALUE that goes on to the end. */
static int split_pairs(const char *argument, struct string_list *words)
{
	int error = change_split_words(argument, words);
	size_t name = strcspn(argument, WHITE_SPACE);

	if (error)
		return error;
	if (words->count > 0 && !strchr(words->strings[0], '=')) {
		const char *value = argument + name + strspn(argument + name, WHITE_SPACE);

		string_list_free(words);
		if (!*value)
			return -EINVAL;
		return string_list_add_format(words, "%.*s=%s", (int)name, argument, value);
	}
	for (size_t i = 0; i < words->count; i++)
		if (!strchr(words->strings[i], '=') || words->strings[i][0] == '=')
			return -EINVAL;
	return words->count > 0 ? 0 : -EINVAL;
}

/* -- instructions -- */

static int change_command(json_object *config, const char *argument)
{
	return put_command(config, "Cmd", argument);
}

static int change_entrypoint(json_object *config, const char *argument)
{
	return put_command(config, "Entrypoint", argument);
}

/* Takes the place of a variable of that name. */
static int set_variable(json_object *array, const char *variable)
{
	size_t name = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		const char *other = json_object_get_string(json_object_array_get_idx(array, i));

		if (other && strncmp(other, variable, name) == 0) {
			json_object *value = json_object_new_string(variable);

			if (!value || json_object_array_put_idx(array, i, value) < 0)
				return -ENOMEM;
			return 0;
		}
	}
	return json_append_string(array, variable);
}

static int change_environment(json_object *config, const char *argument)
{
	struct string_list words = STRING_LIST_INIT;
	json_object *array = NULL;
	int error = split_pairs(argument, &words);

	if (!json_object_object_get_ex(config, "Env", &array) ||
	    !json_object_is_type(array, json_type_array))
		array = json_add_array(config, "Env");
	if (!error && !array)
		error = -ENOMEM;
	for (size_t i = 0; !error && i < words.count; i++)
		error = set_variable(array, words.strings[i]);
	string_list_free(&words);
	return error;
}

static int change_label(json_object *config, const char *argument)
{
	struct string_list words = STRING_LIST_INIT;
	json_object *labels = have_object(config, "Labels");
	int error = split_pairs(argument, &words);

	if (!error && !labels)
		error = -ENOMEM;
	for (size_t i = 0; !error && i < words.count; i++) {
		char *equals = strchr(words.strings[i], '=');

		*equals = '\0';
		error = json_add_string(labels, words.strings[i], equals + 1);
	}
	string_list_free(&words);
	return error;
}

/* PORT[-PORT][/tcp|udp|sctp]; without a protocol it is TCP. */
static int add_port(const char *word, struct string_list *ports)
{
	size_t number = strspn(word, "0123456789");
	const char *rest = word + number;

	if (number == 0 || number > 5)
		return -EINVAL;
	if (*rest == '-') {
		number = strspn(rest + 1, "0123456789");
		if (number == 0 || number > 5)
			return -EINVAL;
		rest += 1 + number;
	}
	if (*rest == '\0')
		return string_list_add_format(ports, "%s/tcp", word);
	if (strcmp(rest, "/tcp") != 0 && strcmp(rest, "/udp") != 0 && strcmp(rest, "/sctp") != 0)
		return -EINVAL;
	return string_list_add(ports, word);
}

static int change_expose(json_object *config, const char *argument)
{
	struct string_list words = STRING_LIST_INIT, ports = STRING_LIST_INIT;
	int error = change_split_words(argument, &words);

	for (size_t i = 0; !error && i < words.count; i++)
		error = add_port(words.strings[i], &ports);
	if (!error)
		error = put_keys(config, "ExposedPorts", &ports);
	string_list_free(&words);
	string_list_free(&ports);
	return error;
}

static int change_on_build(json_object *config, const char *argument)
{
	json_object *array = NULL;

	if (!json_object_object_get_ex(config, "OnBuild", &array) ||
	    !json_object_is_type(array, json_type_array))
		array = json_add_array(config, "OnBuild");
	return array ? json_append_string(array, argument) : -ENOMEM;
}

static int change_stop_signal(json_object *config, const char *argument)
{
	if (strpbrk(argument, WHITE_SPACE))
		return -EINVAL;
	return json_add_string(config, "StopSignal", argument);
}

static int change_user(json_object *config, const char *argument)
{
	if (strpbrk(argument, WHITE_SPACE))
		return -EINVAL;
	return json_add_string(config, "User", argument);
}

static int change_volume(json_object *config, const char *argument)
{
	struct string_list paths = STRING_LIST_INIT;
	CLEANUP(json_put) json_object *array = parse_exec_form(argument);
	int error = array ? 0 : change_split_words(argument, &paths);

	for (size_t i = 0; array && !error && i < json_object_array_length(array); i++)
		error = string_list_add(
			&paths, json_object_get_string(json_object_array_get_idx(array, i)));
	for (size_t i = 0; !error && i < paths.count; i++)
		if (paths.strings[i][0] != '/')
			error = -EINVAL;
	if (!error)
		error = put_keys(config, "Volumes", &paths);
	string_list_free(&paths);
	return error;
}

/* A relative one begins where the former one ended. */
static int change_working_directory(json_object *config, const char *argument)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	json_object *former = NULL;
	const char *base;

	if (argument[0] == '/')
		return json_add_string(config, "WorkingDir", argument);
	(void)json_object_object_get_ex(config, "WorkingDir", &former);
	base = json_object_is_type(former, json_type_string) ? json_object_get_string(former) : "";
	if (buffer_append_format(&path, "%s%s%s", base,
				 *base && base[strlen(base) - 1] == '/' ? "" : "/", argument) < 0)
		return -ENOMEM;
	return json_add_string(config, "WorkingDir", buffer_string(&path));
}

static const struct instruction {
	const char *name;
	change_function *apply;
	const char *form;
} instructions[] = {
	{ "CMD", change_command, "CMD [\"PROGRAM\",\"ARGUMENT\"]" },
	{ "ENTRYPOINT", change_entrypoint, "ENTRYPOINT [\"PROGRAM\",\"ARGUMENT\"]" },
	{ "ENV", change_environment, "ENV NAME=VALUE" },
	{ "EXPOSE", change_expose, "EXPOSE PORT/tcp" },
	{ "LABEL", change_label, "LABEL KEY=VALUE" },
	{ "ONBUILD", change_on_build, "ONBUILD INSTRUCTION" },
	{ "STOPSIGNAL", change_stop_signal, "STOPSIGNAL SIGNAL" },
	{ "USER", change_user, "USER NAME[:GROUP]" },
	{ "VOLUME", change_volume, "VOLUME /DIRECTORY" },
	{ "WORKDIR", change_working_directory, "WORKDIR /DIRECTORY" },
};

int change_apply(json_object *document, const char *instruction, struct problem *problem)
{
	const char *text = instruction + strspn(instruction, WHITE_SPACE);
	size_t name = strcspn(text, "=" WHITE_SPACE);
	const char *argument = text + name;
	json_object *config = image_config_of(document);
	int error = -EINVAL;

	argument += *argument == '=' ? 1 : strspn(argument, WHITE_SPACE);
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		const struct instruction *known = &instructions[i];

		if (strlen(known->name) != name || strncasecmp(known->name, text, name) != 0)
			continue;
		if (*argument)
			error = config ? known->apply(config, argument) : -ENOMEM;
		if (error == -ENOMEM)
			return problem_set(problem, error, "out of memory");
		if (error)
			return problem_set(problem, error, "the change \"%.200s\" is not as in %s",
					   instruction, known->form);
		return 0;
	}
	return problem_set(
		problem, error,
		"the change \"%.200s\" begins with none of CMD, ENTRYPOINT, ENV, EXPOSE, "
		"LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR",
		instruction);
}

int change_apply_all(json_object *document, const struct string_list *list, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; !error && i < list->count; i++)
		error = change_apply(document, list->strings[i], problem);
	return error;
}
