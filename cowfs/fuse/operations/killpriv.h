/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FUSE_HANDLE_KILLPRIV_V2, also with a libfuse that does not know it (before 3.17) or does not pass on what
 * the kernel says (before 3.18).
 *
 * With this feature of the protocol (7.33) the kernel leaves it to us to clear setuid, setgid and
 * capabilities, and says with each write and truncation whether they must go. Without it, it asks
 * for security.capability before each write(2) and for the attributes before each chown(2): a
 * quarter of the messages when an archive is unpacked. So with an older libfuse the answer to INIT
 * is completed on its way to the kernel if need be, and the flags that get lost are read from the
 * message itself. That works because a thread answers a message before it reads the next one; one that
 * answers what another has read looks at it first.
 */
#pragma once

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stddef.h>

/* Puts itself between libfuse and the device of a session just mounted, if needed. 0 or -errno. */
int killpriv_attach(struct fuse_session *fuse);

/* The calling thread is going to answer this message, which another thread has read. */
void killpriv_look_at(const void *message, size_t size);

/* While INIT is being answered: accepts the feature where libfuse cannot. True if it was offered. */
bool killpriv_accept(void);

/* Whether the message being answered wants privileges cleared. */
bool killpriv_in_write(const struct fuse_file_info *file);
bool killpriv_in_setattr(int to_set);
