/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/options.h"

#include "base/cleanup.h"
#include "base/string_list.h"
#include "container/number.h"
#include "container/record/state.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Where the reading is. */
struct reading {
	const struct option_table *table;
	int argc, at;
	char **argv;
	void *options;
	struct problem *problem;
};

static const struct option_rule *find_name(const struct option_table *table, const char *name,
					   size_t length)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rules[i].name && strlen(table->rules[i].name) == length &&
		    strncmp(table->rules[i].name, name, length) == 0)
			return &table->rules[i];
	return NULL;
}

static const struct option_rule *find_letter(const struct option_table *table, char letter)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rules[i].letter == letter && letter)
			return &table->rules[i];
	return NULL;
}

static int read_switch(const struct reading *reading, const struct option_rule *rule,
		       const char *value, bool *member)
{
	if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*member = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*member = false;
	else
		return problem_set(reading->problem, -EINVAL, "--%s=%s: it can be true or false",
				   rule->name, value);
	return 0;
}

/* With its name, to be kept in a list for several options. */
static int keep_named(const struct reading *reading, const struct option_rule *rule,
		      const char *value, struct string_list *member)
{
	cleanup_free char *text = NULL;
	int error;

	if (asprintf(&text, "%s=%s", rule->name, value) < 0) {
		text = NULL;
		return problem_set(reading->problem, -ENOMEM, "out of memory");
	}
	error = rule->read ? rule->read(text, reading->options, reading->problem) : 0;
	if (!error && string_list_add(member, text) < 0)
		error = problem_set(reading->problem, -ENOMEM, "out of memory");
	return error;
}

/* Keeps a value; a switch's may be NULL. */
static int keep(const struct reading *reading, const struct option_rule *rule, const char *value)
{
	void *member = (char *)reading->options + rule->offset;
	int error = 0;

	if (rule->kind == OPTION_NAMED)
		return keep_named(reading, rule, value, member);
	if (rule->kind != OPTION_SWITCH && rule->read)
		error = rule->read(value, reading->options, reading->problem);
	if (error)
		return error;
	switch (rule->kind) {
	case OPTION_SWITCH:
		return read_switch(reading, rule, value, member);
	case OPTION_TEXT:
		error = state_set_text(member, value);
		break;
	case OPTION_LIST:
		error = string_list_add(member, value);
		break;
	case OPTION_NUMBER:
		if (number_read_in(value, INT32_MIN, INT32_MAX, member) < 0)
			return problem_set(reading->problem, -EINVAL,
					   "--%s %s: it must be a number", rule->name, value);
		break;
	case OPTION_NAMED:
	case OPTION_CALL:
		break;
	}
	return error ? problem_set(reading->problem, error, "out of memory") : 0;
}

/* The argument behind, which is the value of the option. */
static int keep_next(struct reading *reading, const struct option_rule *rule, const char *written)
{
	if (reading->at >= reading->argc)
		return problem_set(reading->problem, -EINVAL, "%s needs a value", written);
	return keep(reading, rule, reading->argv[reading->at++]);
}

static int unknown(const struct reading *reading, const char *written)
{
	return problem_set(reading->problem, -EINVAL, "%s is an unknown option; see --help",
			   written);
}

static int read_long(struct reading *reading, const char *argument)
{
	size_t length = strcspn(argument + 2, "=");
	const struct option_rule *rule = find_name(reading->table, argument + 2, length);
	const char *value = argument[2 + length] ? argument + 2 + length + 1 : NULL;

	if (!rule)
		return unknown(reading, argument);
	if (value || rule->kind == OPTION_SWITCH)
		return keep(reading, rule, value);
	return keep_next(reading, rule, argument);
}

static int read_letters(struct reading *reading, const char *argument)
{
	for (const char *letter = argument + 1; *letter; letter++) {
		const struct option_rule *rule = find_letter(reading->table, *letter);
		char written[3] = { '-', *letter, '\0' };
		int error;

		if (!rule)
			return unknown(reading, letter == argument + 1 ? argument : written);
		if (rule->kind != OPTION_SWITCH) {
			if (letter[1])
				return keep(reading, rule, letter + 1 + (letter[1] == '='));
			return keep_next(reading, rule, written);
		}
		if (letter[1] == '=')
			return keep(reading, rule, letter + 2);
		error = keep(reading, rule, NULL);
		if (error)
			return error;
	}
	return 0;
}

int options_read(const struct option_table *table, int argc, char **argv, void *options,
		 int *ret_operands, struct problem *problem)
{
	struct reading reading = {
		.table = table,
		.argc = argc,
		.argv = argv,
		.at = 1,
		.options = options,
		.problem = problem,
	};
	bool ended = false;
	int operands = 0, error = 0;

	while (!error && reading.at < argc) {
		char *argument = argv[reading.at++];

		if (!ended && strcmp(argument, "--") == 0) {
			ended = true;
		} else if (ended || argument[0] != '-' || !argument[1]) {
			argv[1 + operands++] = argument;
			ended = ended || table->operands_end_options;
		} else if (argument[1] == '-') {
			error = read_long(&reading, argument);
		} else {
			error = read_letters(&reading, argument);
		}
	}
	if (!error)
		*ret_operands = operands;
	return error;
}

bool options_ask_for_help(const struct option_table *table, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return true;
		if (strcmp(argv[i], "--") == 0 ||
		    (table->operands_end_options && argv[i][0] != '-'))
			return false;
	}
	return false;
}
