/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun stats: what containers use, again and again. */
#include "base/cleanup.h"
#include "cowrun/command.h"
#include "cowrun/stats_view.h"
#include "cowrun/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usage[] =
	"Usage: cowrun stats [OPTIONS] [CONTAINER...]\n"
	"\n"
	"Shows every second what containers use, of those named or of all that run, until it is interrupted or\n"
	"none of those named runs.\n"
	"\n"
	"  -a, --all            those that do not run, too\n"
	"      --no-stream      once, over the next second\n"
	"      --no-trunc       whole ids\n"
	"      --format FORMAT  a line for each: text with {{.Name}}, {{.CPUPerc}}...; or json\n";

struct stats_options {
	bool all, once, whole;
	char *format;
};

static const struct option_rule rules[] = {
	{ 'a', "all", OPTION_SWITCH, offsetof(struct stats_options, all), NULL },
	{ 0, "format", OPTION_TEXT, offsetof(struct stats_options, format), NULL },
	{ 0, "no-stream", OPTION_SWITCH, offsetof(struct stats_options, once), NULL },
	{ 0, "no-trunc", OPTION_SWITCH, offsetof(struct stats_options, whole), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

/* The containers at one moment. */
struct sample {
	struct measured {
		struct container container;
		struct container_usage usage;
		char *name; /* as it was asked for; owned */
	} * containers;
	size_t count;
};

#define SAMPLE_INIT ((struct sample){ 0 })

static void sample_free(struct sample *sample)
{
	for (size_t i = 0; i < sample->count; i++) {
		container_close(&sample->containers[i].container);
		free(sample->containers[i].name);
	}
	free(sample->containers);
	*sample = SAMPLE_INIT;
}

/* -- measuring -- */

static int measure(const struct place *place, const char *name, struct measured *ret_measured,
		   struct problem *problem)
{
	struct measured measured = { .container = CONTAINER_INIT, .name = strdup(name) };
	int error = measured.name ? container_find(place, name, &measured.container, problem)
				  : problem_set(problem, -ENOMEM, "out of memory");

	if (!error)
		error = container_refresh(&measured.container, problem);
	if (!error)
		error = container_usage_read(&measured.container, &measured.usage, problem);
	if (error) {
		container_close(&measured.container);
		free(measured.name);
		return error;
	}
	*ret_measured = measured;
	return 0;
}

/* The containers named; or all there are, of which one may just have been removed. */
static int take_sample(const struct place *place, const struct string_list *names,
		       const struct stats_options *options, struct sample *ret_sample,
		       struct problem *problem)
{
	struct string_list ids = STRING_LIST_INIT;
	const struct string_list *wanted = names->count ? names : &ids;
	struct sample sample = SAMPLE_INIT;
	int error = names->count ? 0 : container_list(place, &ids, problem);

	sample.containers = calloc(wanted->count + 1, sizeof(*sample.containers));
	if (!error && !sample.containers)
		error = problem_set(problem, -ENOMEM, "out of memory");
	for (size_t i = 0; !error && i < wanted->count; i++) {
		struct measured *measured = &sample.containers[sample.count];

		error = measure(place, wanted->strings[i], measured, problem);
		if (!error && (names->count || options->all || measured->usage.running)) {
			sample.count++;
		} else if (!error) {
			container_close(&measured->container);
			free(measured->name);
		} else if ((error == -ENOENT || error == -EBADMSG) && !names->count) {
			/* One that is damaged does not hide the others. */
			if (error == -EBADMSG)
				say("%s", problem->text);
			error = 0;
		}
	}
	string_list_free(&ids);
	if (error)
		sample_free(&sample);
	else
		*ret_sample = sample;
	return error;
}

/* -- showing -- */

static const struct container_usage *usage_in(const struct sample *sample, const char *id)
{
	for (size_t i = 0; i < sample->count; i++)
		if (strcmp(sample->containers[i].container.id, id) == 0)
			return &sample->containers[i].usage;
	return NULL;
}

static json_object *view(const struct sample *before, const struct sample *now, bool whole)
{
	CLEANUP(json_put) json_object *lines = json_object_new_array();

	for (size_t i = 0; lines && i < now->count; i++) {
		const struct measured *measured = &now->containers[i];
		const char *id = measured->container.id;
		const struct container_usage *former = usage_in(before, id);
		json_object *line =
			stats_view_line(&measured->container, measured->name,
					former ? former : &measured->usage, &measured->usage);

		if (whole && line)
			(void)json_object_object_add(line, "ID", json_object_new_string(id));
		if (!line || json_object_array_add(lines, line) < 0) {
			json_put(line);
			return NULL;
		}
	}
	return steal_pointer(&lines);
}

static int show(const struct sample *before, const struct sample *now,
		const struct stats_options *options, struct problem *problem)
{
	static const struct table_column columns[] = {
		{ "CONTAINER ID", "ID", 0 },   { "NAME", "Name", 0 },
		{ "CPU %", "CPUPerc", 0 },     { "MEM USAGE / LIMIT", "MemUsage", 0 },
		{ "MEM %", "MemPerc", 0 },     { "NET I/O", "NetIO", 0 },
		{ "BLOCK I/O", "BlockIO", 0 }, { "PIDS", "PIDs", 0 },
	};
	CLEANUP(json_put) json_object *lines = view(before, now, options->whole);

	if (!lines)
		return problem_set(problem, -ENOMEM, "out of memory");
	/* Over what was there. */
	if (!options->once && !options->format && isatty(STDOUT_FILENO))
		(void)fputs("\033[H\033[J", stdout);
	return table_print(lines, columns, sizeof(columns) / sizeof(columns[0]), options->format,
			   problem);
}

static bool runs_none(const struct sample *sample)
{
	for (size_t i = 0; i < sample->count; i++)
		if (sample->containers[i].usage.running)
			return false;
	return true;
}

static void wait_a_second(void)
{
	struct timespec left = { .tv_sec = 1 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* -- both -- */

static int watch(const struct place *place, const struct string_list *names,
		 const struct stats_options *options, struct problem *problem)
{
	struct sample before = SAMPLE_INIT, now = SAMPLE_INIT;
	bool over = false;
	int error = take_sample(place, names, options, &before, problem);

	while (!error && !over) {
		wait_a_second();
		error = take_sample(place, names, options, &now, problem);
		if (!error)
			error = show(&before, &now, options, problem);
		if (!error && fflush(stdout) != 0)
			error = problem_set(problem, -errno, "cannot write: %s", strerror(errno));
		over = options->once || (names->count && runs_none(&now));
		sample_free(&before);
		before = now;
		now = SAMPLE_INIT;
	}
	sample_free(&before);
	return error;
}

int command_stats(int argc, char **argv)
{
	struct stats_options options = { 0 };
	struct string_list names = STRING_LIST_INIT;
	struct problem problem = { .text = "out of memory" };
	struct place place;
	int count, status, error = 0;

	if (command_read(&table, usage, argc, argv, &options, &count, &status)) {
		for (int i = 0; !error && i < count; i++)
			error = string_list_add(&names, argv[1 + i]);
		status = STATUS_FAILED;
		if (!error && command_open_place(&place)) {
			error = watch(&place, &names, &options, &problem);
			place_close(&place);
			status = STATUS_OK;
		}
		if (error)
			status = command_failed(&problem);
	}
	string_list_free(&names);
	free(options.format);
	return status;
}
