/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events that are told once, also when who changes a container is killed at any moment.
 *
 * The event is noted in the container's state, which is written with the change or, if the change is a rename, before it. Then it is told, and
 * then the note is taken out. A note that is still there when somebody has got the lock is doubtful: its author was killed, perhaps before the
 * change, perhaps after telling. Whether the change was made can be seen. Whether it was told, too: such events have a number,
 * and a container never uses one twice.
 *
 * So told are: create, start, die, oom, stop, restart, pause, unpause, rename, destroy. Other events, of what is no change of a container's
 * state, are lost with who should have told them.
 */
#pragma once

#include "container/event/event.h"

/*
 * Notes an event in the state, which the caller writes. The lock must be held. more is as for event_of_container(), of values
 * without a NULL. Never fails for the caller.
 */
void event_note(struct container *container, const char *action,
		const struct event_attribute *more);
/* That it has ended, as event_of_death(); and by a person's order, if that is so. */
void event_note_death(struct container *container);

/* Tells what the state that was just written has noted, and writes it without the notes. The lock must be held. */
void event_tell_noted(struct container *container);

/*
 * The same for what somebody else has noted and may have told. shown: the container stands under its id. Reads the configuration
 * again if need be. The lock must be held.
 */
void event_tell_doubtful(struct container *container, bool shown);
