/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for when a container was created. It does not change afterwards, but for the name.
 *
 * All texts have been checked when they are in here; where a text has a form, the module that reads it is
 * named.
 */
#pragma once

#include "container/record/fields.h"

#include <stdbool.h>
#include <stdint.h>

/* One thing to be mounted; see mount_spec.h. */
struct container_mount {
	char *type;	   /* "bind", "volume" or "tmpfs" */
	char *source;	   /* of a bind: an absolute path; of a volume: its name */
	char *destination; /* in the container, absolute */
	char *options;	   /* of a tmpfs: for the kernel, "size=...,mode=..." */
	bool read_only;
	bool recursive; /* a bind with what is mounted below it */
};

struct container_config {
	char *id;
	char *name;
	char *created; /* RFC 3339 */

	/* the process */
	struct string_list arguments; /* the program and its arguments */
	struct string_list environment;
	char *working_directory; /* NULL: / */
	char *user;		 /* NULL: root; see user.h */
	char *hostname;
	bool terminal;
	bool open_stdin;
	bool init;

	/* its root */
	char *image; /* as it was named; NULL: none */
	char *image_id;
	struct string_list lowers; /* absolute paths, the topmost first */
	char *upper;		   /* an absolute path; NULL: a directory of the container */
	bool read_only;
	struct field_list mounts;   /* struct container_mount */
	struct string_list devices; /* see device_spec.h */

	/* namespaces, see namespaces/mode.h */
	char *network;		 /* also what network/kind.h knows */
	bool network_is_default; /* nobody has said which */
	char *pid, *ipc, *uts;
	char *cgroups; /* "host" or "private"; NULL: private */
	char *time;    /* the same; NULL: host */
	char *users; /* also "keep-id"; of "container:ID" all these are copies; NULL: as there are maps */
	struct string_list uid_map,
		gid_map; /* INSIDE:OUTSIDE:COUNT; none: the caller's namespace */
	bool single_id;	 /* only the caller's own id is known inside */
	/* of a user namespace within that one, in which the container's processes are; none: there is none */
	struct string_list inner_uid_map, inner_gid_map;

	char *proc; /* whose numbers /proc shows: "host" or "limits"; NULL: the limits' if there are any */

	/* what it may do; see privileges.h */
	bool privileged;
	bool no_new_privileges;
	struct string_list capabilities_add, capabilities_drop; /* names */
	bool seccomp_unconfined;
	char *seccomp_profile;	    /* JSON; NULL: our own */
	struct string_list ulimits; /* see rlimits.h */
	struct string_list sysctls; /* NAME=VALUE */
	int64_t oom_score_adj;

	/* what it may use */
	struct string_list limits; /* NAME=VALUE, see limits_text.h */
	bool cgroup_ignore;	   /* goes on without those that cannot be had */

	/* the network */
	struct string_list ports;	 /* see network/port.h */
	int64_t net_rate;		 /* bits a second that it may send; 0: no limit */
	char *address;			 /* in a network of the machine; NULL: one that is free */
	struct string_list extra_hosts;	 /* NAME:ADDRESS */
	struct string_list name_servers; /* none: the host's */

	/* its life */
	char *restart;	      /* see restart.h */
	char *stop_signal;    /* see signal_name.h */
	int64_t stop_timeout; /* seconds */
	bool remove;	      /* when it has ended */
	bool detached;
	struct string_list labels, annotations; /* KEY=VALUE */
};

extern const struct field_table container_config_table;

void config_free(struct container_config *config);

/* struct container_mount number i. */
struct container_mount *config_mount(const struct container_config *config, size_t i);
/* One more, zeroed; NULL when there is no memory. */
struct container_mount *config_add_mount(struct container_config *config);
