/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POSIX ACLs in the form the kernel keeps in extended attributes (linux/posix_acl_xattr.h):
 * a header with the version, 2, then entries of tag, permissions and id, all little-endian.
 * Values that are not of this form are left alone.
 */
#pragma once

#include "layer/ownership.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
/* The kernel takes no attribute that is longer (XATTR_SIZE_MAX). */
#define ACL_MAX 65536

bool acl_is_acl(const char *attribute);

/* Maps the ids in an ACL, in place: to ids as shown, or to ids on disk. */
void acl_translate(void *value, size_t size, const struct ownership *ownership, bool to_shown);

/*
 * What a new object with this mode inherits from its directory's default ACL, as acl(5) says under
 * "object creation": turns the default ACL in value into the object's access ACL, in place, and takes from
 * *mode what the ACL does not grant. True when the access ACL says more than the mode and
 * has to be stored.
 */
bool acl_inherit(void *value, size_t size, mode_t *mode);
