/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of system calls and architectures, for seccomp_*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * libseccomp's number of a call for the native architecture, negative for calls that only others have.
 * Knows also what came after the installed libseccomp was made. False for no known name.
 */
bool seccomp_call_number(const char *name, int *ret_number);
/* The kernel's number on an architecture (SCMP_ARCH_...); negative when it has none. */
int seccomp_call_number_on(uint32_t architecture, const char *name);

/* "SCMP_ARCH_X86_64" to its token; 0 for none. */
uint32_t seccomp_architecture(const char *name);
/* Whether a name is that of this machine's architecture. */
bool seccomp_is_native(const char *name);
/* This machine, in Go's word, as in "amd64". */
const char *seccomp_native_word(void);
/* Which architectures the programs of this machine may have besides its own; ends with 0. */
const uint32_t *seccomp_foreign_architectures(void);
