/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun network: networks of the machine, that containers are plugged into. */
#include "container/network/record.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "cowrun/command.h"
#include "cowrun/inspection.h"
#include "cowrun/prune/confirm.h"
#include "cowrun/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun network create [--subnet SUBNET] [--gateway ADDRESS] [--internal] NAME\n"
	"       cowrun network ls [-q] [--format FORMAT]\n"
	"       cowrun network inspect NAME...\n"
	"       cowrun network rm NAME...\n"
	"       cowrun network prune [-f]\n"
	"\n"
	"Networks are for root: run --net NAME plugs a container into one. Containers of one network reach\n"
	"each other by their names.\n"
	"\n"
	"  create   make a network\n"
	"  ls       list them\n"
	"  inspect  what is known of them, as JSON\n"
	"  rm       remove networks that no container has\n"
	"  prune    all of these, after a question\n"
	"\n"
	"      --subnet SUBNET      its addresses, as 10.90.0.0/24 (some that nobody has)\n"
	"      --gateway ADDRESS    the machine's own of these (the first)\n"
	"      --internal           it leads to no other network\n"
	"  -q, --quiet              only names\n"
	"  -f, --force              do not ask\n"
	"      --format FORMAT      a line for each: text with {{.Name}}, {{.Subnet}}; or json\n";

struct network_options {
	struct network_record record;
	bool quiet, force;
	char *format;
};

#define OPTION(member) offsetof(struct network_options, member)

static const struct option_rule create_rules[] = {
	{ 0, "gateway", OPTION_TEXT, OPTION(record.gateway), NULL },
	{ 0, "internal", OPTION_SWITCH, OPTION(record.internal), NULL },
	{ 0, "subnet", OPTION_TEXT, OPTION(record.subnet), NULL },
};
static const struct option_rule list_rules[] = {
	{ 0, "format", OPTION_TEXT, OPTION(format), NULL },
	{ 'q', "quiet", OPTION_SWITCH, OPTION(quiet), NULL },
};
static const struct option_rule prune_rules[] = {
	{ 'f', "force", OPTION_SWITCH, OPTION(force), NULL },
};

static const struct option_table create_table = OPTION_TABLE(create_rules, false);
static const struct option_table list_table = OPTION_TABLE(list_rules, false);
static const struct option_table prune_table = OPTION_TABLE(prune_rules, false);
static const struct option_table no_options = { .rules = NULL };

static void options_free(struct network_options *options)
{
	network_record_free(&options->record);
	free(options->format);
}

/* A sub-command, once its line is read. 0 or -errno with a problem. */
typedef int network_function(const struct place *place, struct network_options *options, int count,
			     char **names, struct problem *problem);

/* Reads a line with that many names, at least and at most (-1: any number). */
static int run(const struct option_table *table, int least, int most, network_function *function,
	       int argc, char **argv)
{
	struct network_options options = { .quiet = false };
	struct place place;
	struct problem problem = { .text = "" };
	int count, status;

	if (!command_read(table, usage, argc, argv, &options, &count, &status)) {
		options_free(&options);
		return status;
	}
	if (count < least || (most >= 0 && count > most)) {
		status = command_misused(usage);
	} else if (!command_open_place(&place)) {
		status = STATUS_FAILED;
	} else {
		status = STATUS_OK;
		if (function(&place, &options, count, argv + 1, &problem) < 0)
			status = problem.text[0] ? command_failed(&problem) : STATUS_FAILED;
		place_close(&place);
	}
	options_free(&options);
	return command_flush(status);
}

/* -- looking -- */

/* NULL when there is no memory. */
static json_object *view(const struct network_record *record)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();

	if (!object || json_add_string(object, "Name", record->name) < 0 ||
	    json_add_string(object, "Driver", "bridge") < 0 ||
	    json_add_string(object, "Created", record->created ? record->created : "") < 0 ||
	    json_add_string(object, "Subnet", record->subnet) < 0 ||
	    json_add_string(object, "Gateway", record->gateway) < 0 ||
	    json_add_string(object, "Interface", record->interface) < 0 ||
	    json_add(object, "Internal", json_object_new_boolean(record->internal)) < 0)
		return NULL;
	return steal_pointer(&object);
}

static int read_view(const struct place *place, const char *name, json_object **ret_view,
		     struct problem *problem)
{
	cleanup_network_record struct network_record record = { 0 };
	int error = network_record_read(place, name, &record, problem);

	if (error)
		return error;
	*ret_view = view(&record);
	return *ret_view ? 0 : problem_set(problem, -ENOMEM, "out of memory");
}

static int list(const struct place *place, struct network_options *options, int count, char **names,
		struct problem *problem)
{
	static const struct table_column columns[] = {
		{ "NAME", "Name", 0 },
		{ "DRIVER", "Driver", 0 },
		{ "SUBNET", "Subnet", 0 },
		{ "INTERFACE", "Interface", 0 },
	};
	CLEANUP(json_put) json_object *lines = json_object_new_array();
	struct string_list all = STRING_LIST_INIT;
	int error = lines ? network_records_list(place, &all, problem)
			  : problem_set(problem, -ENOMEM, "out of memory");

	(void)count;
	(void)names;
	for (size_t i = 0; !error && i < all.count; i++) {
		json_object *line = NULL;

		if (options->quiet) {
			(void)puts(all.strings[i]);
			continue;
		}
		error = read_view(place, all.strings[i], &line, problem);
		if (!error && json_append(lines, line) < 0)
			error = problem_set(problem, -ENOMEM, "out of memory");
	}
	if (!error && !options->quiet)
		error = table_print(lines, columns, 4, options->format, problem);
	string_list_free(&all);
	return error;
}

static int inspect(const struct place *place, struct network_options *options, int count,
		   char **names, struct problem *problem)
{
	struct inspection inspection = inspection_begin(NULL);
	int result = 0;

	(void)options;
	for (int i = 0; i < count; i++) {
		json_object *object = NULL;
		int error = read_view(place, names[i], &object, problem);

		if (!error)
			error = inspection_add(&inspection, object, problem);
		if (error) {
			(void)command_failed(problem);
			problem->text[0] = '\0';
			result = error;
		}
	}
	inspection_end(&inspection);
	return result;
}

/* -- changing -- */

static int create(const struct place *place, struct network_options *options, int count,
		  char **names, struct problem *problem)
{
	int error;

	(void)count;
	if (place->rootless)
		return problem_set(problem, -EPERM,
				   "networks of the machine are for root; an ordinary user's "
				   "containers have --net pasta and --net slirp4netns");
	options->record.name = strdup(names[0]);
	error = options->record.name ? network_record_create(place, &options->record, problem)
				     : problem_set(problem, -ENOMEM, "out of memory");
	if (!error)
		(void)puts(names[0]);
	return error;
}

static int remove_named(const struct place *place, struct network_options *options, int count,
			char **names, struct problem *problem)
{
	int result = 0;

	(void)options;
	for (int i = 0; i < count; i++) {
		int error = network_record_remove(place, names[i], problem);

		if (!error) {
			(void)puts(names[i]);
			continue;
		}
		(void)command_failed(problem);
		problem->text[0] = '\0';
		result = error;
	}
	return result;
}

static int prune(const struct place *place, struct network_options *options, int count,
		 char **names, struct problem *problem)
{
	struct string_list all = STRING_LIST_INIT;
	int error;

	(void)count;
	(void)names;
	if (!options->force &&
	    !confirm("WARNING! This will remove all networks not used by at least one container."))
		return 0;
	error = network_records_list(place, &all, problem);
	for (size_t i = 0; !error && i < all.count; i++) {
		if (strcmp(all.strings[i], "bridge") == 0)
			continue;
		error = network_record_remove(place, all.strings[i], problem);
		if (!error)
			(void)puts(all.strings[i]);
		else if (error == -EBUSY || error == -ENOENT)
			error = 0;
	}
	string_list_free(&all);
	return error;
}

static int run_create(int argc, char **argv)
{
	return run(&create_table, 1, 1, create, argc, argv);
}

static int run_inspect(int argc, char **argv)
{
	return run(&no_options, 1, -1, inspect, argc, argv);
}

static int run_list(int argc, char **argv)
{
	return run(&list_table, 0, 0, list, argc, argv);
}

static int run_prune(int argc, char **argv)
{
	return run(&prune_table, 0, 0, prune, argc, argv);
}

static int run_remove(int argc, char **argv)
{
	return run(&no_options, 1, -1, remove_named, argc, argv);
}

static const struct sub_command commands[] = {
	{ "create", run_create }, { "inspect", run_inspect }, { "list", run_list },
	{ "ls", run_list },	  { "prune", run_prune },     { "rm", run_remove },
};

int command_network(int argc, char **argv)
{
	return command_run_sub(commands, sizeof(commands) / sizeof(*commands), usage, argc, argv);
}
