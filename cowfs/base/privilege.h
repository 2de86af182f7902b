/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process, or thread, may do, beyond what its user may. See capabilities(7) and user_namespaces(7). */
#pragma once

#include <stdbool.h>

/* True with CAP_SYS_ADMIN in the user namespace of this process. */
bool privilege_is_admin(void);
/* True with CAP_SYS_ADMIN in that of the machine, which some things ask for wherever they happen. */
bool privilege_is_admin_of_machine(void);

/*
 * True when the user namespace of this process knows one id only, as that of an ordinary user without subordinate ids: no
 * file can be given to anybody else.
 */
bool privilege_knows_one_id(void);

/*
 * Takes CAP_FSETID, which keeps setuid and setgid over changes, from this thread. True when it had it, and must be given it
 * back by privilege_take_fsetid().
 */
bool privilege_drop_fsetid(void);
void privilege_take_fsetid(void);
