/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a container is. Written only under its lock (container.h), mostly by its monitor. */
#pragma once

#include "container/record/fields.h"

#include <stdbool.h>
#include <stdint.h>

enum container_status {
	CONTAINER_CREATED, /* never started */
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING, /* its process has ended, the monitor will start it again */
	CONTAINER_EXITED,
};

/* See event/noted.h. */
struct noted_event {
	int64_t number;
	char *action;
	char *boot_id;
	struct string_list attributes; /* KEY=VALUE */
};

struct container_state {
	char *status; /* by the name that status_name() gives */
	char *boot_id;
	int64_t pid, pid_start; /* PID 1 of the container, when there is one; see process.h */
	int64_t monitor, monitor_start;
	char *cgroup;	  /* its control group, as cgroup_describe() has it; NULL: there is none */
	bool has_network; /* the machine has something for it, see network_sweep() */
	/* of its network, while it runs: what is published, see network/port.h, and where it is */
	struct string_list ports;
	char *address, *gateway; /* NULL: not known */
	int64_t exit_code;
	bool oom_killed;
	bool stopped_by_person; /* so that no restart policy starts it again */
	int64_t restart_count;
	char *error; /* why it could not be started, or what else went wrong; NULL: nothing */
	char *started_at, *finished_at; /* RFC 3339, or NULL */
	bool tells_stop;		/* that it ends is told as a stop as well */
	struct field_list noted;	/* struct noted_event: what is still to be told */
	int64_t event_count;		/* the number of the last one noted */
};

extern const struct field_table container_state_table, noted_event_table;

void state_free(struct container_state *state);

const char *status_name(enum container_status status);
enum container_status state_status(const struct container_state *state);
/* 0 or -ENOMEM. */
int state_set_status(struct container_state *state, enum container_status status);
/* Replaces an owned text, which may be one of the members above. text may be NULL. 0 or -ENOMEM. */
int state_set_text(char **place, const char *text);

/* Running, paused or about to be started again: it has a monitor. */
bool state_is_live(const struct container_state *state);

#define TIME_TEXT_SIZE 40
/* The time as docker writes it: 2024-05-06T07:08:09.123456789Z. */
void time_text_now(char text[TIME_TEXT_SIZE]);
