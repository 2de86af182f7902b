/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The question before something is deleted that nobody named. */
#pragma once

#include <stdbool.h>

/*
 * Asks on standard output, and reads the answer from standard input, whatever that is, as docker does. True for y or
 * yes; otherwise says that nothing is removed.
 */
bool confirm(const char *warning);
