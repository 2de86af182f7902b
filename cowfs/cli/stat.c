/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs stat: what a mounted union has done and holds. */
#include "base/cleanup.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/help.h"
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

static void print_array(const char *name, json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		print_line(2, i == 0 ? name : "",
			   json_object_get_string(json_object_array_get_idx(array, i)));
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

static int print_status(const char *json)
{
	CLEANUP(json_put) json_object *status = json_tokener_parse(json);
	struct json_object_iterator next, end;

	if (!json_object_is_type(status, json_type_object)) {
		say("the union's answer cannot be understood; is it another version of cowfs?");
		return STATUS_FAILED;
	}
	next = json_object_iter_begin(status);
	end = json_object_iter_end(status);
	for (; !json_object_iter_equal(&next, &end); json_object_iter_next(&next))
		print_value(json_object_iter_peek_name(&next), json_object_iter_peek_value(&next));
	return STATUS_OK;
}

static int show(const char *mountpoint, bool as_json)
{
	cleanup_buffer struct buffer json = BUFFER_INIT;
	struct problem problem;
	int status = STATUS_OK;

	if (status_read(mountpoint, &json, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	if (as_json)
		(void)puts(buffer_string(&json));
	else
		status = print_status(buffer_string(&json));
	if (fflush(stdout) != 0) {
		say("cannot write: %s", strerror(errno));
		return STATUS_FAILED;
	}
	return status;
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
