/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that may follow -o, one by one. */
#pragma once

#include "cli/mount_options.h"

/*
 * Reads one text of options into *options. 0, -EINVAL with a problem, or -ENOMEM; on failure what
 * was read stays in *options. Paths may be empty still.
 */
int mount_option_table_read(const char *text, struct mount_options *options,
			    struct problem *problem);

/* "SPECIAL" characters that a backslash takes literally, in paths after -o and in LOWER. */
#define PATH_SPECIALS ":,\\"
#define LOWER_SPECIALS ":\\"
