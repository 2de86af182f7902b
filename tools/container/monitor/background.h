/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process of ours that stays in the background lets go of. */
#pragma once

#include <stddef.h>

/* Closes every descriptor above the standard streams but those (-1: none). At most sixteen. */
void background_close(const int *kept, size_t count);

/*
 * Leads a session of its own, in /, with nothing at its standard streams, and takes no notice of the signals that
 * a terminal sends to all.
 */
void background_become(void);
