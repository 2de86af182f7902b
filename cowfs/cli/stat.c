/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs stat: what a mounted union has done and holds. */
#include "base/cleanup.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/name_text.h"
#include "cli/say.h"
#include "cli/status.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void print_line(int indentation, const char *name, const char *value)
{
	(void)printf("%*s%-*s %s\n", indentation, "", 20 - indentation, name, value);
}

static void print_value(const char *name, json_object *value);

/* A message that never came says nothing. */
static void print_members(const char *name, json_object *object)
{
	struct json_object_iterator next = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	(void)printf("%s\n", name);
	for (; !json_object_iter_equal(&next, &end); json_object_iter_next(&next)) {
		const char *key = json_object_iter_peek_name(&next);
		json_object *member = json_object_iter_peek_value(&next);

		if (json_object_is_type(member, json_type_object) ||
		    json_object_is_type(member, json_type_array))
			print_value(key, member);
		else if (!json_object_is_type(member, json_type_int) ||
			 json_object_get_int64(member) != 0)
			print_line(2, key, json_object_get_string(member));
	}
}

/* A layer as AUFS showed its branches. */
static void print_layer(const char *name, json_object *layer)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	json_object *path, *role;
	bool upper = json_object_object_get_ex(layer, "role", &role) &&
		     strcmp(json_object_get_string(role), "upper") == 0;

	if (json_object_object_get_ex(layer, "path", &path) &&
	    name_text_append(&text, json_object_get_string(path)) == 0 &&
	    buffer_append_string(&text, upper ? "=rw" : "=ro+wh") == 0)
		print_line(0, name, buffer_string(&text));
}

static void print_array(const char *name, json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		json_object *element = json_object_array_get_idx(array, i);

		if (json_object_is_type(element, json_type_object))
			print_layer(i == 0 ? name : "", element);
		else
			print_line(2, i == 0 ? name : "", json_object_get_string(element));
	}
}

static void print_value(const char *name, json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		print_members(name, value);
		break;
	case json_type_array:
		print_array(name, value);
		break;
	default:
		print_line(0, name, json_object_get_string(value));
		break;
	}
}

static void print_status(json_object *status)
{
	struct json_object_iterator next = json_object_iter_begin(status);
	struct json_object_iterator end = json_object_iter_end(status);

	for (; !json_object_iter_equal(&next, &end); json_object_iter_next(&next))
		print_value(json_object_iter_peek_name(&next), json_object_iter_peek_value(&next));
}

/* The numbers, and beside them the layers. */
static int read_all(const char *mountpoint, json_object **ret_status, struct problem *problem)
{
	CLEANUP(json_put) json_object *status = NULL, *stack = NULL;
	int result = status_read(mountpoint, &status, problem);

	if (result == 0)
		result = status_read_stack(mountpoint, mountpoint, &stack, problem);
	if (result < 0)
		return result;
	json_object_object_foreach(
		stack, key,
		member) if (json_object_object_add(status, key, json_object_get(member)) <
			    0) return problem_set(problem, -ENOMEM, "out of memory");
	*ret_status = steal_pointer(&status);
	return 0;
}

static int show(const char *mountpoint, bool as_json)
{
	CLEANUP(json_put) json_object *status = NULL;
	struct problem problem;

	if (read_all(mountpoint, &status, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	if (as_json)
		(void)name_text_print_json(status, stdout);
	else
		print_status(status);
	if (fflush(stdout) != 0) {
		say("cannot write: %s", strerror(errno));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int command_stat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	bool as_json = false;
	int letter;

	while ((letter = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (letter) {
		case 'h':
			help_stat();
			return STATUS_OK;
		case 'j':
			as_json = true;
			break;
		case 'V':
			version_cowfs();
			return STATUS_OK;
		default:
			say("%s is unknown; see cowfs stat --help", argv[optind - 1]);
			return STATUS_USAGE;
		}
	}
	if (argc - optind != 1) {
		say("give one mountpoint; see cowfs stat --help");
		return STATUS_USAGE;
	}
	return show(argv[optind], as_json);
}
