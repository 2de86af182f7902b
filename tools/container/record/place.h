/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the runtime keeps what it knows.
 *
 *	        root                ordinary users
 *	data    /var/lib/cowrun     $XDG_DATA_HOME/cowrun, else ~/.local/share/cowrun
 *	run     /run/cowrun         $XDG_RUNTIME_DIR/cowrun, else run/ in data
 *
 * data has containers/ (a directory each, named by its id), names/ (symbolic links from a name to an id)
 * and what the image store keeps; run has a directory for each container that has been
 * started since the machine was, with its socket and its mountpoint, and events.log (event/event.h). Only their owner may
 * enter.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>

struct place {
	char *data, *run; /* absolute paths; owned */
	int data_fd, run_fd, containers_fd, names_fd;
	bool rootless; /* not root of the machine */
};

/*
 * Finds the directories and makes those that are missing. A root that is not NULL takes the place of data,
 * and run is in it. 0, or -errno with a problem.
 */
int place_open(const char *root, struct place *ret_place, struct problem *problem);
void place_close(struct place *place);

/*
 * Reads the small text file of that name, at most size - 1 bytes, and ends it with a zero. Only of regular
 * files. Its length, or -errno; -EFBIG when it is longer.
 */
int place_read(int directory, const char *name, char *text, int size);
