/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ownership and mode kept in an extended attribute, in the format containers/storage and
 * fuse-overlayfs share: `UID:GID:MODE[:TYPE]`, decimal ids, octal mode, TYPE one of file, dir,
 * symlink, pipe, socket, block-MAJOR-MINOR, char-MAJOR-MINOR.
 */
#pragma once

#include "layer/attributes.h"

#include <stddef.h>

#define OVERRIDE_STAT_USER "user.containers.override_stat"
#define OVERRIDE_STAT_PRIVILEGED "security.fuseoverlayfs.override_stat"

struct override_stat {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* permission bits only */
	mode_t type; /* S_IFREG and kin, or 0 when the three-field form left it out */
	dev_t rdev;  /* of devices */
};

/*
 * length bytes without a terminating zero. 0 or -EINVAL for anything but the format above, and for
 * the device char-0-0, which would be a whiteout. Type bits in MODE are passed over.
 */
int override_stat_parse(const char *text, size_t length, struct override_stat *ret_override);
/*
 * Writes the four-field form (three without a type) with a terminating zero, cut to size; the length
 * of the whole without it. size >= OVERRIDE_STAT_MAX always does.
 */
#define OVERRIDE_STAT_MAX 96
size_t override_stat_format(const struct override_stat *override, char *text, size_t size);
/*
 * Lets the override take the place of what the disk says. It changes the type only where a regular
 * file stands in for a device, a FIFO or a socket.
 */
void override_stat_apply(const struct override_stat *override, struct attributes *attributes);
