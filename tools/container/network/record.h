/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks of the machine: each a bridge that containers are plugged into, kept as data/networks/NAME.json (place.h). The one
 * named "bridge" is always there: it is made when it is first used.
 *
 * Functions return 0 or -errno with a problem.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/record/place.h"

#include <stdbool.h>

struct network_record {
	char *name;
	char *created;		/* RFC 3339 */
	char *subnet, *gateway; /* see subnet.h */
	char *interface;	/* the bridge's */
	bool internal;		/* leads to no other network */
};

void network_record_free(struct network_record *record);

#define cleanup_network_record __attribute__((cleanup(network_record_free)))

/* What is not a name of --net's own, and may be that of a network. */
bool network_name_is_valid(const char *name);

/*
 * A lock on all of them, by a descriptor of their directory, which is made if need be: whoever changes one, or what the
 * machine has for it, holds it.
 */
int network_records_lock(const struct place *place, struct problem *problem);

/* -ENOENT when there is none. */
int network_record_read(const struct place *place, const char *name,
			struct network_record *ret_record, struct problem *problem);

/*
 * Makes one of what is asked for: a name, and perhaps a subnet and a gateway. The rest is chosen, so that it is in nobody's way.
 * -EEXIST when there is one of this name.
 */
int network_record_create(const struct place *place, struct network_record *record,
			  struct problem *problem);

/* The names, sorted. */
int network_records_list(const struct place *place, struct string_list *names,
			 struct problem *problem);

/* Removes one, and what the machine has for it; -EBUSY when a container has it, -EINVAL for "bridge". */
int network_record_remove(const struct place *place, const char *name, struct problem *problem);
