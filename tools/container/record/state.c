/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/record/state.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOTED(kind, member)                                                                        \
	{                                                                                          \
		.name = #member, .type = (kind), .offset = offsetof(struct noted_event, member)    \
	}

static const struct field noted_fields[] = {
	NOTED(FIELD_NUMBER, number),
	NOTED(FIELD_STRING, action),
	NOTED(FIELD_STRING, boot_id),
	NOTED(FIELD_STRINGS, attributes),
};

const struct field_table noted_event_table = FIELD_TABLE(noted_fields, struct noted_event);

#define STATE(kind, member)                                                                        \
	{                                                                                          \
		.name = #member, .type = (kind),                                                   \
		.offset = offsetof(struct container_state, member)                                 \
	}

static const struct field state_fields[] = {
	STATE(FIELD_STRING, status),
	STATE(FIELD_STRING, boot_id),
	STATE(FIELD_NUMBER, pid),
	STATE(FIELD_NUMBER, pid_start),
	STATE(FIELD_NUMBER, monitor),
	STATE(FIELD_NUMBER, monitor_start),
	STATE(FIELD_STRING, cgroup),
	STATE(FIELD_NUMBER, exit_code),
	STATE(FIELD_BOOL, oom_killed),
	STATE(FIELD_BOOL, stopped_by_person),
	STATE(FIELD_NUMBER, restart_count),
	STATE(FIELD_STRING, error),
	STATE(FIELD_STRING, started_at),
	STATE(FIELD_STRING, finished_at),
	STATE(FIELD_STRINGS, ports),
	STATE(FIELD_STRING, address),
	STATE(FIELD_STRING, gateway),
	STATE(FIELD_BOOL, has_network),
	STATE(FIELD_BOOL, tells_stop),
	STATE(FIELD_NUMBER, event_count),
	{
		.name = "noted",
		.type = FIELD_LIST,
		.offset = offsetof(struct container_state, noted),
		.element = &noted_event_table,
	},
};

const struct field_table container_state_table = FIELD_TABLE(state_fields, struct container_state);

static const char *const status_names[] = {
	[CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
	[CONTAINER_PAUSED] = "paused",	 [CONTAINER_RESTARTING] = "restarting",
	[CONTAINER_EXITED] = "exited",
};

void state_free(struct container_state *state)
{
	fields_free(&container_state_table, state);
}

const char *status_name(enum container_status status)
{
	return status_names[status];
}

enum container_status state_status(const struct container_state *state)
{
	for (size_t i = 0; state->status && i < sizeof(status_names) / sizeof(*status_names); i++)
		if (strcmp(status_names[i], state->status) == 0)
			return (enum container_status)i;
	return CONTAINER_CREATED;
}

int state_set_text(char **place, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

int state_set_status(struct container_state *state, enum container_status status)
{
	return state_set_text(&state->status, status_names[status]);
}

bool state_is_live(const struct container_state *state)
{
	enum container_status status = state_status(state);

	return status == CONTAINER_RUNNING || status == CONTAINER_PAUSED ||
	       status == CONTAINER_RESTARTING;
}

void time_text_now(char text[TIME_TEXT_SIZE])
{
	struct timespec time;
	struct tm parts;
	size_t length;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	(void)gmtime_r(&time.tv_sec, &parts);
	length = strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text + length, TIME_TEXT_SIZE - length, ".%09ldZ", time.tv_nsec);
}
