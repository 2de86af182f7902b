/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libarchive's entries, with scope-bound release. */
#pragma once

#include "base/cleanup.h"

#include <archive.h>
#include <archive_entry.h>

DEFINE_CLEANUP_FUNCTION(struct archive_entry *, archive_entry_free);
