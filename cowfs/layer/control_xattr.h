/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extended attributes that carry a layer's own bookkeeping: ours and every peer's.
 * They are neither visible nor settable through a union.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The namespace our own attributes live in: trusted. with the privilege for it, user. without. */
enum xattr_namespace {
	XATTR_NAMESPACE_NONE, /* the file system takes neither */
	XATTR_NAMESPACE_USER,
	XATTR_NAMESPACE_TRUSTED,
};

/* Our attributes; each is a suffix of the namespace, as in trusted.cowfs.origin. */
#define CONTROL_ORIGIN "cowfs.origin" /* where a copied-up file came from: LAYER-ID:INODE, hex */
#define CONTROL_REDIRECT "cowfs.redirect" /* of a moved directory: where the lowers have it */
#define CONTROL_LINKS "cowfs.links"	  /* of a hard link kept in the index, see hard_links.h */

/* Writes NAMESPACE.suffix; buffer of CONTROL_XATTR_MAX bytes. */
#define CONTROL_XATTR_MAX 64
const char *control_xattr_name(enum xattr_namespace name_space, const char *suffix,
			       char buffer[CONTROL_XATTR_MAX]);

/* True for {trusted,user}.overlay.*, user.fuseoverlayfs.*, {trusted,user}.cowfs.*, override_stat. */
bool control_xattr_is_hidden(const char *name);

/* Removes the hidden names from a listxattr(2) list in place; the new length. */
size_t control_xattr_filter_list(char *list, size_t length);
