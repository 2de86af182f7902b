/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/event/noted.h"

#include "base/cleanup.h"
#include "container/event/reader.h"
#include "container/process/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- noting -- */

static struct noted_event *noted_at(const struct container_state *state, size_t i)
{
	return (struct noted_event *)state->noted.items + i;
}

static int add_attribute(struct noted_event *noted, const struct event_attribute *attribute)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = buffer_append_format(&text, "%s=%s", attribute->name, attribute->value);

	return error ? error : string_list_add(&noted->attributes, buffer_string(&text));
}

static int fill(struct noted_event *noted, int64_t number, const char *action,
		const struct event_attribute *more)
{
	char boot_id[BOOT_ID_SIZE] = "";
	int error = state_set_text(&noted->action, action);

	(void)process_boot_id(boot_id);
	if (!error)
		error = state_set_text(&noted->boot_id, boot_id);
	noted->number = number;
	for (; !error && more && more->name; more++)
		error = add_attribute(noted, more);
	return error;
}

void event_note(struct container *container, const char *action, const struct event_attribute *more)
{
	struct container_state *state = &container->state;
	struct noted_event *noted = field_list_add(&state->noted, sizeof(*noted));

	if (noted && fill(noted, state->event_count + 1, action, more) == 0) {
		state->event_count++;
	} else if (noted) {
		fields_free(&noted_event_table, noted);
		state->noted.count--;
	}
}

void event_note_death(struct container *container)
{
	struct container_state *state = &container->state;
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, state->exit_code);
	if (state->oom_killed)
		event_note(container, "oom", NULL);
	event_note(container, "die", EVENT_ATTRIBUTES({ "exitCode", text }));
	if (state->tells_stop)
		event_note(container, "stop", NULL);
	state->tells_stop = false;
}

/* -- telling -- */

static void forget(struct container *container)
{
	struct container_state *state = &container->state;

	for (size_t i = 0; i < state->noted.count; i++)
		fields_free(&noted_event_table, noted_at(state, i));
	state->noted.count = 0;
	(void)container_note_state(container, NULL);
}

void event_tell_noted(struct container *container)
{
	const struct container_state *state = &container->state;

	if (state->noted.count == 0)
		return;
	for (size_t i = 0; i < state->noted.count; i++)
		event_of_noted(container, noted_at(state, i));
	forget(container);
}

/* -- what is doubtful -- */

struct search {
	const char *id;
	int64_t number; /* the highest that was told */
};

/* An event_function. */
static int look(void *context, json_object *event)
{
	struct search *search = context;
	json_object *id = NULL, *number = NULL;

	if (json_object_object_get_ex(event, "id", &id) &&
	    json_object_object_get_ex(event, EVENT_NUMBER, &number) &&
	    strcmp(json_object_get_string(id), search->id) == 0 &&
	    json_object_get_int64(number) > search->number)
		search->number = json_object_get_int64(number);
	return 0;
}

/* The number of the last event that was told of the container; 0: none. They are told in their order. */
static int64_t last_told(const struct container *container)
{
	struct search search = { .id = container->id };
	struct event_reader reader = EVENT_READER_INIT;

	if (event_reader_open(container->place, true, &reader) == 0)
		(void)event_reader_read(&reader, look, &search);
	event_reader_close(&reader);
	return search.number;
}

/* Whether the change was made that the event is about. Most are one with the note. */
static bool has_happened(const struct container *container, const struct noted_event *noted,
			 bool shown)
{
	const char *name = container->config.name;

	if (strcmp(noted->action, "destroy") == 0)
		return !shown;
	/* One that was never shown is not missed. */
	if (strcmp(noted->action, "create") == 0)
		return shown;
	if (strcmp(noted->action, "rename") != 0)
		return true;
	for (size_t i = 0; name && i < noted->attributes.count; i++) {
		const char *attribute = noted->attributes.strings[i];

		if (strncmp(attribute, "name=", 5) == 0)
			return strcmp(attribute + 5, name) == 0;
	}
	return false;
}

void event_tell_doubtful(struct container *container, bool shown)
{
	struct container_state *state = &container->state;
	char boot_id[BOOT_ID_SIZE] = "";
	int64_t told;

	if (state->noted.count == 0)
		return;
	(void)container_reload_config(container, NULL);
	(void)process_boot_id(boot_id);
	told = last_told(container);
	for (size_t i = 0; i < state->noted.count; i++) {
		const struct noted_event *noted = noted_at(state, i);

		/* The file of events goes with the machine's run, and nobody waits any more. */
		if (noted->action && noted->boot_id && strcmp(noted->boot_id, boot_id) == 0 &&
		    noted->number > told && has_happened(container, noted, shown))
			event_of_noted(container, noted);
	}
	forget(container);
}
