/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs stat: what a mounted union has done and holds. */
#include "base/cleanup.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/name_text.h"
#include "cli/say.h"
#include "cli/status.h"
#include "cli/status_text.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

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
		status_text_print(status);
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
