/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container as a thing on disk: data/containers/ID/ with
 *
 *	config.json	what was asked for (config.h)
 *	state.json	how it is (state.h)
 *	upper/, init/	the writable layer and the one below it; the latter is made anew at every start
 *	log		what it printed, see log.h
 *
 * A directory appears under its id complete, by one rename, and goes by one rename; others, with a dot in
 * their names, are being made or deleted by somebody who holds a lock (flock(2)) on them, or were when
 * that one died. Whoever changes a container's files holds the lock on its directory.
 */
#pragma once

#include "container/record/config.h"
#include "container/record/place.h"
#include "container/record/state.h"

#define CONTAINER_ID_LENGTH 64
#define CONTAINER_SHORT_ID_LENGTH 12

struct container {
	const struct place *place;
	char id[CONTAINER_ID_LENGTH + 1];
	int fd;	    /* its directory, readable */
	int run_fd; /* its directory in run; -1 before container_open_run() */
	bool locked;
	bool damaged; /* one of its records cannot be read: config has no more than a name then, and state may be empty */
	struct container_config config;
	struct container_state state;
};

/* Closes and frees all, and gives the lock back. */
void container_close(struct container *container);

#define cleanup_container __attribute__((cleanup(container_close)))
#define CONTAINER_INIT ((struct container){ .fd = -1, .run_fd = -1 })

/*
 * Makes a container of config, whose id and creation time are set here, and a name too when it has none.
 * config moves into it, also on failure. -EEXIST when the name is taken. The lock is held then, so that nobody who
 * removes what does not run comes between this and a start. 0 or -errno with a problem.
 */
int container_create(const struct place *place, struct container_config *config,
		     struct container *ret_container, struct problem *problem);

/*
 * Finds one by its name, its id, or the beginning of its id, and reads it. -ENOENT when there is none,
 * -EINVAL when several begin so, -EBADMSG when its records are damaged.
 */
int container_find(const struct place *place, const char *name, struct container *ret_container,
		   struct problem *problem);
/* The same for one that cannot be read, to remove it. */
int container_find_damaged(const struct place *place, const char *name,
			   struct container *ret_container, struct problem *problem);
/* The one with this id. */
int container_open(const struct place *place, const char *id, struct container *ret_container,
		   struct problem *problem);
/* The ids of all containers, in no order. */
int container_list(const struct place *place, struct string_list *ids, struct problem *problem);

/* Takes the lock, waiting for it, and reads the state again. -ENOENT when it was removed meanwhile. */
int container_lock(struct container *container, struct problem *problem);
void container_unlock(struct container *container);

/*
 * Reads the state again. A container whose monitor is gone is none that runs: what is left of it is
 * killed, and that is what the state then says. Events that were noted and not told are told (event/noted.h).
 */
int container_refresh(struct container *container, struct problem *problem);

/* Reads the state as it is written, whoever lives. 0 or -errno. */
int container_read_state(struct container *container);

/* Writes the state; the lock must be held, by this process or by one that waits for it. */
int container_save_state(struct container *container, struct problem *problem);

/* The same for what does not outlive the machine's run: the disk is not waited for. */
int container_note_state(struct container *container, struct problem *problem);

/* Writes the configuration, which is rarely changed; the lock must be held. */
int container_save_config(struct container *container, struct problem *problem);
/* Reads it again: somebody may have changed it. */
int container_reload_config(struct container *container, struct problem *problem);

/* Makes the directory in run, if need be, and opens it. */
int container_open_run(struct container *container, struct problem *problem);

/* Gives it another name. The lock must be held. */
int container_rename(struct container *container, const char *name, struct problem *problem);

/*
 * Ends and removes what a monitor that was killed has left of its control group. The lock must be held. 0 or
 * -errno with a problem.
 */
int container_sweep(struct container *container, struct problem *problem);

/*
 * Takes the container, its name and its directory in run out of sight. The lock must be held, by this process or by
 * one that waits for it, and stays held until container_delete() is done.
 */
int container_hide(struct container *container, struct problem *problem);
/* Tells of containers that were hidden by who was killed before he told so himself. */
void container_tell_of_hidden(const struct place *place);
/*
 * Deletes the container of this id, which was hidden, and what others left unfinished when they died. Must
 * run where the owners of the files are known, see id_maps.h. 0 or -errno with a problem.
 */
int container_delete(const struct place *place, const char *id, struct problem *problem);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, as docker has it. */
bool container_name_is_valid(const char *name);

/* A pidfd of PID 1, or of the monitor; -ESRCH when it is gone. */
int container_open_pid(const struct container *container);
int container_open_monitor(const struct container *container);
