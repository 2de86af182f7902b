/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun events: what happens, as it happens. */
#include "base/cleanup.h"
#include "container/event/reader.h"
#include "cowrun/command.h"
#include "cowrun/container_set.h"
#include "cowrun/events/filter.h"
#include "cowrun/moment.h"
#include "cowrun/template.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

static const char usage[] =
	"Usage: cowrun events [OPTIONS]\n"
	"\n"
	"Shows what happens to containers, images and volumes, from now on, until it is interrupted.\n"
	"\n"
	"  -f, --filter CONDITION  only those: type=container|image|volume, event=NAME, container=NAME|ID,\n"
	"                          image=NAME|ID, volume=NAME, label=KEY[=VALUE]\n"
	"      --format FORMAT     a line for each: text with {{.Type}}, {{.Action}}, {{.Actor.ID}}...; or json\n"
	"      --since TIME        also what has happened since then: 2024-05-06T07:08:09Z, or how long ago, as 10m\n"
	"      --until TIME        until then\n";

struct events_options {
	char *format;
	bool has_since, has_until;
	int64_t since, until; /* nanoseconds since 1970 */
	struct event_filter filter;
};

/* -- options -- */

static int read_filter(const char *value, void *data, struct problem *problem)
{
	struct events_options *options = data;

	return event_filter_add(&options->filter, value, problem);
}

static int read_since(const char *value, void *data, struct problem *problem)
{
	struct events_options *options = data;

	options->has_since = true;
	return moment_read(value, &options->since) < 0
		       ? problem_set(problem, -EINVAL, "--since %s: " MOMENT_FORMS, value)
		       : 0;
}

static int read_until(const char *value, void *data, struct problem *problem)
{
	struct events_options *options = data;

	options->has_until = true;
	return moment_read(value, &options->until) < 0
		       ? problem_set(problem, -EINVAL, "--until %s: " MOMENT_FORMS, value)
		       : 0;
}

static const struct option_rule rules[] = {
	{ 'f', "filter", OPTION_CALL, 0, read_filter },
	{ 0, "format", OPTION_TEXT, offsetof(struct events_options, format), NULL },
	{ 0, "since", OPTION_CALL, 0, read_since },
	{ 0, "until", OPTION_CALL, 0, read_until },
};

static const struct option_table table = OPTION_TABLE(rules, false);

/* -- printing -- */

struct printing {
	const struct events_options *options;
	bool over; /* what comes is later than wanted */
	struct problem *problem;
};

static int64_t moment_of(json_object *event)
{
	return json_object_get_int64(json_object_object_get(event, "timeNano"));
}

/* Local time, with as many digits always. */
static void print_time(int64_t moment)
{
	time_t seconds = (time_t)(moment / SECOND);
	struct tm parts = { 0 };
	char text[40], zone[8];

	(void)localtime_r(&seconds, &parts);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)strftime(zone, sizeof(zone), "%z", &parts);
	(void)printf("%s.%09d%.3s:%s ", text, (int)(moment % SECOND), zone, zone + 3);
}

/* Names and labels may hold anything, control sequences of a terminal included. */
static void print_plain(const char *text)
{
	for (; *text; text++)
		(void)putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names, as docker has them. */
static int print_attributes(json_object *attributes)
{
	size_t count = (size_t)json_object_object_length(attributes), i = 0;
	cleanup_free const char **keys = calloc(count + 1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	json_object_object_foreach(attributes, key, value)
	{
		(void)value;
		keys[i++] = key;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (i = 0; i < count; i++) {
		(void)fputs(i ? ", " : " (", stdout);
		print_plain(keys[i]);
		(void)putchar('=');
		print_plain(json_object_get_string(json_object_object_get(attributes, keys[i])));
	}
	(void)puts(count ? ")" : "");
	return 0;
}

static int print_text(json_object *event)
{
	json_object *actor = json_object_object_get(event, "Actor");

	print_time(moment_of(event));
	(void)printf("%s ", json_object_get_string(json_object_object_get(event, "Type")));
	print_plain(json_object_get_string(json_object_object_get(event, "Action")));
	(void)printf(" %s", json_object_get_string(json_object_object_get(actor, "ID")));
	return print_attributes(json_object_object_get(actor, "Attributes"));
}

static int print_formatted(json_object *event, const char *format, struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = template_fill(strcmp(format, "json") == 0 ? "{{json .}}" : format, event, &text,
				  problem);

	if (!error)
		(void)puts(buffer_string(&text));
	return error;
}

/* An event_function. */
static int print(void *context, json_object *event)
{
	struct printing *printing = context;
	const struct events_options *options = printing->options;
	int64_t moment = moment_of(event);

	if (options->has_until && moment > options->until) {
		printing->over = true;
		return 0;
	}
	if ((options->has_since && moment < options->since) ||
	    !event_filter_matches(&options->filter, event))
		return 0;
	if (options->format)
		return print_formatted(event, options->format, printing->problem);
	return print_text(event) < 0 ? problem_set(printing->problem, -ENOMEM, "out of memory") : 0;
}

/* -- both -- */

/* How many milliseconds are left until the end; 0: none; -1: it has none. */
static int time_left(const struct events_options *options)
{
	struct timespec now;
	int64_t left;

	if (!options->has_until)
		return -1;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	left = options->until - (now.tv_sec * SECOND + now.tv_nsec);
	if (left <= 0)
		return 0;
	left = left / 1000000 + 1;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static int follow(struct event_reader *reader, const struct events_options *options,
		  struct problem *problem)
{
	struct printing printing = { .options = options, .problem = problem };
	int error = 0, left = -1;

	while (!error && !printing.over && left != 0) {
		/* Before the reading, so that nothing is missed that came before the end. */
		left = time_left(options);
		problem->text[0] = '\0';
		error = event_reader_read(reader, print, &printing);
		if (!error && fflush(stdout) != 0)
			error = -errno;
		if (!error && !printing.over && left != 0)
			error = event_reader_wait(reader, left);
	}
	if (error && !problem->text[0])
		(void)problem_set(problem, error, "cannot show events: %s", strerror(-error));
	return error;
}

static int show(const struct events_options *options)
{
	cleanup_container_set struct container_set set = CONTAINER_SET_INIT;
	struct event_reader reader = EVENT_READER_INIT;
	struct problem problem;
	struct place place;
	int error;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = event_reader_open(&place, options->has_since, &reader);
	/* What nobody has noticed yet is told now. */
	(void)container_set_read(&place, &set, NULL);
	if (error)
		(void)problem_set(&problem, error, "cannot read the events of %s: %s", place.run,
				  strerror(-error));
	else
		error = follow(&reader, options, &problem);
	event_reader_close(&reader);
	place_close(&place);
	return error ? command_failed(&problem) : command_flush(STATUS_OK);
}

int command_events(int argc, char **argv)
{
	struct events_options options = { .filter = EVENT_FILTER_INIT };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage) : show(&options);
	event_filter_free(&options.filter);
	free(options.format);
	return status;
}
