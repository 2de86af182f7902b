/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that were made before. To make the default one takes libseccomp some 17 ms, as it is for three
 * architectures; to read it again takes less than one.
 *
 * A file holds all that its program was made from: the rules, the capabilities, the versions of the kernel and of libseccomp. It is
 * used only when these are the same byte for byte, when it belongs to us and nobody else can write to it, and when
 * its sum is right. Any other is replaced. There are at most 64 of them.
 */
#pragma once

#include "container/seccomp/seccomp.h"

/*
 * seccomp_program_make(), or the same from the cache in a directory of ours; that this cannot be read or written
 * is no error. directory -1: without a cache.
 */
int seccomp_program_get(int directory, const struct seccomp_profile *profile,
			capability_set capabilities, struct seccomp_program *ret_program,
			struct problem *problem);
