/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whiteouts: how a layer says that a name of the layers below is gone.
 *
 * Read in every dialect at once: `.wh.NAME` beside the name (AUFS, OCI image layers), and in the
 * name's own place a character device 0:0 or an empty file with an overlay.whiteout attribute
 * (kernel overlayfs). A directory is opaque, hiding all of its namesakes below, with
 * `.wh..wh..opq` in it or an overlay.opaque or fuseoverlayfs.opaque attribute.
 *
 * Crash safety rests on one property of the prefix form: a name and its `.wh.NAME` may stand side
 * by side, and then the name is seen. So a deletion first puts the whiteout, then removes; a creation
 * first puts the name, then removes the whiteout. The node form takes the name's place by one rename.
 *
 * Functions work on the upper layer, return 0 or -errno, and want the caller to hold whatever
 * lock keeps the name still. Directories are (O_PATH) descriptors.
 */
#pragma once

#include "layer/attributes.h"

#include <limits.h>
#include <stdbool.h>

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_META_PREFIX ".wh..wh." /* reserved by AUFS; never entries of a tree */
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define STATE_DIRECTORY ".wh..wh.cowfs" /* our own state in an upper */

enum whiteout_dialect {
	WHITEOUT_AUFS, /* .wh.NAME and .wh..wh..opq: an upper that is an OCI layer as it stands */
	WHITEOUT_OVERLAY, /* device nodes and attributes, for the kernel's overlayfs */
};

/* Where the whiteouts of one name are, as bits: both forms may be there. */
enum whiteout_form {
	WHITEOUT_FORM_NONE = 0,
	WHITEOUT_FORM_PREFIX = 1, /* a file .wh.NAME */
	WHITEOUT_FORM_NODE = 2,	  /* in the name's own place */
};

/* True for names that start with .wh., which nobody may create or see through a union. */
bool whiteout_name_is_reserved(const char *name);

/* Writes `.wh.NAME`. 0, or -ENAMETOOLONG when that is longer than NAME_MAX. */
int whiteout_prefixed_name(const char *name, char prefixed[NAME_MAX + 1]);

/* What a directory says of itself by its attributes, as bits. */
enum {
	WHITEOUT_MARKER_OPAQUE = 1,
	WHITEOUT_MARKER_ATTRIBUTES = 2, /* whiteouts that are files with an attribute count in it */
};

/*
 * The markers of the directory that fd refers to. A hostile layer may put anything into the
 * attributes, and then they say nothing: there are no errors. One system call when there are none.
 */
unsigned whiteout_read_markers(int fd);

/*
 * True when what stands under name, whose attributes on disk are given, is a whiteout in node form:
 * a device 0:0, or an empty file with an overlay.whiteout attribute in a directory that says it
 * holds such. Only empty files cost system calls.
 */
bool whiteout_is_node(int directory, const char *name, const struct attributes *attributes);

/* What stands in the place that a whiteout is to take. */
enum whiteout_target { TARGET_ABSENT, TARGET_FILE, TARGET_DIRECTORY };

struct layer;

/*
 * Makes name in directory a whiteout. A file there is unlinked; a directory, with all that is in
 * it, is moved to work under the name trash, for the caller to delete. trash must be free; a file
 * may be made and removed under it in any case. *ret_form tells which form it took: the dialect's, or
 * the other when `.wh.NAME` would be longer than NAME_MAX or the file system has no such nodes.
 * On failure what could be seen can still be seen, whole.
 */
int whiteout_put(const struct layer *layer, int directory, const char *name,
		 enum whiteout_target target, int work, const char *trash,
		 enum whiteout_form *ret_form);

/*
 * Makes the object `temporary` in work appear as name in directory, over the whiteouts that forms
 * says are there. Anything else in the name's place answers -EEXIST. A whiteout that is then left
 * behind because it cannot be removed is no failure: the name is seen beside it.
 */
int whiteout_publish(int work, const char *temporary, int directory, const char *name,
		     unsigned forms);

/*
 * Makes the directory that fd refers to opaque in the layer's dialect, or with a file where
 * the file system keeps no attributes.
 */
int whiteout_make_opaque(const struct layer *layer, int fd);
