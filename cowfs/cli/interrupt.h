/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals that ask a command to end, for one that has something to tidy up first. */
#pragma once

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP are only noted, unless they are ignored; system calls return EINTR. A file that
 * grows too large is an error like others.
 */
void interrupt_catch(void);
bool interrupt_came(void);
/* A descriptor that can be read from once one came, to be waited for beside others; -1 before interrupt_catch(). */
int interrupt_descriptor(void);
/* Ends the process by the signal, if one came. */
void interrupt_obey(void);
