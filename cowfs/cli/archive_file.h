/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An OCI layer as a file: what commit and squash end with. */
#pragma once

#include "cli/archive_options.h"

/*
 * Writes options->commit.layers to options->output or standard output, and prints a
 * summary if --json was given. For operand see archive_options_sources(). A status (say.h), having said what is wrong.
 */
int archive_make_file(const struct archive_options *options, const char *operand);
