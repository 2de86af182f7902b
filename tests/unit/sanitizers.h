/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What unit tests say to the sanitizers they are built with, if any. */
#pragma once

/*
 * This process is not searched for leaks when it ends. For tests that take from themselves the system calls that the
 * search needs: it would wait for ever.
 */
void leak_check_turn_off(void);
