/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is agreed with the kernel in the INIT message: features, limits, and which opens it need
 * not tell us about.
 */
#pragma once

#include "base/buffer.h"

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stddef.h>

#define FEATURES_MAX 40

struct negotiated {
	const char *features[FEATURES_MAX]; /* names of those in effect, sorted */
	size_t feature_count;
	unsigned protocol_major, protocol_minor;
	unsigned max_write, max_readahead, max_background; /* bytes, bytes, requests */
	bool no_open, no_opendir;			   /* ENOSYS ends these messages for good */
	bool dont_mask;					   /* the umask comes with the request */
	bool kill_privileges; /* clearing setuid at a write is left to us */
	bool io_uring;	      /* messages come over it */
	bool passthrough;     /* open files may have others behind them */
};

struct negotiation {
	bool writeback;	  /* the kernel may hold written data back */
	bool changing;	  /* layers change underneath: the kernel asks again */
	bool posix_acl;	  /* the kernel enforces and caches POSIX ACLs */
	bool io_uring;	  /* messages come over io_uring */
	bool passthrough; /* open files are to have those of the layers behind them */
};

void negotiate(const struct negotiation *wanted, struct fuse_conn_info *connection,
	       struct negotiated *ret_negotiated);

/* Appends "NAME" and "LIMIT NUMBER" lines, sorted. 0 or -ENOMEM. */
int negotiated_describe(const struct negotiated *negotiated, struct buffer *text);
