/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs check: what a crash or another program has left in a layer. */
#include "union/check/check.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/name_text.h"
#include "cli/say.h"
#include "cli/stack_argument.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowfs check [OPTIONS] LAYER\n"
	"\n"
	"Looks for what a crash or another program can leave in a layer: whiteouts of nothing, whiteouts\n"
	"beside what they hide, unfinished work, redirects, origins and hard links that lead nowhere, and\n"
	"markers that nobody reads. LAYER is an upper layer that is not mounted, or any other.\n"
	"\n"
	"  -r, --repair           repair what is sure: a union shows the same before and after\n"
	"  -l, --lower LOWER[:LOWER...]  the layers below it, the topmost first. Without them, what only\n"
	"                         they can tell is not looked for\n"
	"      --workdir DIRECTORY  where the layer's state is, if it was mounted with workdir=\n"
	"      --json             as JSON, for programs\n"
	"      --help, --version\n"
	"\n"
	"Exit status, as of fsck(8), the sum of: 0 nothing was found, 1 something was repaired, 4 something was\n"
	"left as it is; or else 8 it could not be looked at, 16 the arguments make no sense.\n";

enum {
	STATUS_REPAIRED = 1,
	STATUS_LEFT = 4,
	STATUS_CANNOT_CHECK = 8,
	STATUS_CHECK_USAGE = 16,
};

struct checking {
	const char *layer, *workdir;
	struct stack_argument stack; /* its lower layers only */
	bool repair, as_json;
	size_t counts[CHECK_LEFT + 1];
	json_object *findings; /* with as_json */
	bool no_memory;
};

/* -- findings -- */

static const char *const state_names[] = {
	[CHECK_REPAIRABLE] = "repairable",
	[CHECK_REPAIRED] = "repaired",
	[CHECK_LEFT] = "left",
};

static int add_member(json_object *object, const char *key, const char *value)
{
	json_object *string = value ? json_object_new_string(value) : NULL;

	if (value && !string)
		return -ENOMEM;
	return json_object_object_add(object, key, string) < 0 ? -ENOMEM : 0;
}

static int add_finding(json_object *findings, const struct check_finding *finding)
{
	json_object *object = json_object_new_object();

	if (!object || json_object_array_add(findings, object) < 0) {
		json_object_put(object);
		return -ENOMEM;
	}
	if (add_member(object, "kind", check_kind_name(finding->kind)) < 0 ||
	    add_member(object, "path", finding->path) < 0 ||
	    add_member(object, "text", check_kind_text(finding->kind)) < 0 ||
	    add_member(object, "state", state_names[finding->state]) < 0)
		return -ENOMEM;
	return finding->why ? add_member(object, "why", finding->why) : 0;
}

static int print_finding(const struct check_finding *finding)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	if (name_text_append(&path, finding->path) < 0)
		return -ENOMEM;
	(void)printf("%s: %s", buffer_string(&path), check_kind_text(finding->kind));
	switch (finding->state) {
	case CHECK_REPAIRABLE:
		(void)printf(" (can be repaired)\n");
		break;
	case CHECK_REPAIRED:
		(void)printf(" (repaired)\n");
		break;
	case CHECK_LEFT:
		(void)printf(" (left: %s)\n", finding->why);
		break;
	}
	return 0;
}

static void take_finding(void *context, const struct check_finding *finding)
{
	struct checking *checking = context;

	checking->counts[finding->state]++;
	if ((checking->as_json ? add_finding(checking->findings, finding)
			       : print_finding(finding)) < 0)
		checking->no_memory = true;
}

/* -- the end -- */

static int print_json(struct checking *checking)
{
	CLEANUP(json_put) json_object *report = json_object_new_object();

	if (!report || add_member(report, "layer", checking->layer) < 0)
		return -ENOMEM;
	for (size_t i = 0; i <= CHECK_LEFT; i++)
		if (json_object_object_add(report, state_names[i],
					   json_object_new_uint64(checking->counts[i])) < 0)
			return -ENOMEM;
	if (json_object_object_add(report, "findings", json_object_get(checking->findings)) < 0)
		return -ENOMEM;
	return name_text_print_json(report, stdout);
}

static void print_summary(const struct checking *checking)
{
	const size_t *counts = checking->counts;

	if (counts[CHECK_REPAIRABLE] + counts[CHECK_REPAIRED] + counts[CHECK_LEFT] == 0)
		(void)printf("nothing is wrong\n");
	else if (checking->repair)
		(void)printf("%zu repaired, %zu left\n", counts[CHECK_REPAIRED],
			     counts[CHECK_LEFT]);
	else
		(void)printf("%zu can be repaired, with --repair; %zu cannot\n",
			     counts[CHECK_REPAIRABLE], counts[CHECK_LEFT]);
}

static int finish(struct checking *checking)
{
	const size_t *counts = checking->counts;
	int error = checking->as_json ? print_json(checking) : 0;

	if (!checking->as_json)
		print_summary(checking);
	if (error || checking->no_memory || fflush(stdout) != 0 || ferror(stdout)) {
		say("%s", error == -ENOMEM || checking->no_memory ? "out of memory"
								  : "cannot write the answer");
		return STATUS_CANNOT_CHECK;
	}
	return (counts[CHECK_REPAIRED] ? STATUS_REPAIRED : 0) |
	       (counts[CHECK_REPAIRABLE] + counts[CHECK_LEFT] ? STATUS_LEFT : 0);
}

/* -- the beginning -- */

/* Whoever checks a mount means its upper layer, which only its daemon may touch. */
static int refuse_mount(const char *layer)
{
	struct stack_argument mount = { 0 };
	struct problem problem = { .text = "" };
	/* A layer may well lie in another union. */
	bool is_mount = stack_argument_find_mount(&mount, layer, &problem) == 0 &&
			strcmp(mount.path, "/") == 0;

	if (is_mount)
		say("%s is in a mounted union; unmount it, then check its upper layer%s%s", layer,
		    mount.options.upper ? " " : "",
		    mount.options.upper ? mount.options.upper : ", if it has one");
	stack_argument_free(&mount);
	return is_mount ? STATUS_CANNOT_CHECK : STATUS_OK;
}

static int check(struct checking *checking)
{
	const struct string_list *lowers = &checking->stack.options.lowers;
	const struct check_options options = {
		.layer = checking->layer,
		.workdir = checking->workdir,
		.lowers = (const char *const *)lowers->strings,
		.lower_count = lowers->count,
		.repair = checking->repair,
	};
	struct problem problem = { .text = "" };
	int status = refuse_mount(checking->layer);

	if (status != STATUS_OK)
		return status;
	if (checking->as_json) {
		checking->findings = json_object_new_array();
		if (!checking->findings) {
			say("out of memory");
			return STATUS_CANNOT_CHECK;
		}
	}
	if (check_layer(&options, take_finding, checking, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_CANNOT_CHECK;
	}
	return finish(checking);
}

/* A status; STATUS_OK to go on with the next. *ret_done: it was a question that is answered. */
static int take_option(struct checking *checking, int letter, char *const *argv, bool *ret_done)
{
	switch (letter) {
	case 'h':
		(void)fputs(usage, stdout);
		*ret_done = true;
		return STATUS_OK;
	case 'V':
		version_cowfs();
		*ret_done = true;
		return STATUS_OK;
	case 'j':
		checking->as_json = true;
		return STATUS_OK;
	case 'l':
		return stack_argument_set_layers(&checking->stack, optarg) == STATUS_OK
			       ? STATUS_OK
			       : STATUS_CHECK_USAGE;
	case 'r':
		checking->repair = true;
		return STATUS_OK;
	case 'w':
		checking->workdir = optarg;
		return STATUS_OK;
	case ':':
		say("%s wants an argument; see cowfs check --help", argv[optind - 1]);
		return STATUS_CHECK_USAGE;
	default:
		say("%s is unknown; see cowfs check --help", argv[optind - 1]);
		return STATUS_CHECK_USAGE;
	}
}

static int parse_and_check(struct checking *checking, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "lower", required_argument, NULL, 'l' },
		{ "repair", no_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'V' },
		{ "workdir", required_argument, NULL, 'w' },
		{ 0 },
	};
	bool done = false;
	int letter, status;

	while ((letter = getopt_long(argc, argv, ":hl:r", options, NULL)) != -1) {
		status = take_option(checking, letter, argv, &done);
		if (done || status != STATUS_OK)
			return status;
	}
	if (argc - optind != 1) {
		say("give one layer; see cowfs check --help");
		return STATUS_CHECK_USAGE;
	}
	checking->layer = argv[optind];
	return check(checking);
}

int command_check(int argc, char **argv)
{
	struct checking checking = { 0 };
	int status = parse_and_check(&checking, argc, argv);

	stack_argument_free(&checking.stack);
	json_object_put(checking.findings);
	return status;
}
