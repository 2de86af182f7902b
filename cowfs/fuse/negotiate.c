/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/negotiate.h"

#include "base/cleanup.h"
#include "fuse/operations/killpriv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WRITE (1024U * 1024U)
#define MAX_BACKGROUND 64U

/* Zero for a libfuse that does not know it: killpriv.c helps out. */
#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2
#define KILLPRIV_V2 FUSE_CAP_HANDLE_KILLPRIV_V2
#else
#define KILLPRIV_V2 0
#endif

enum wish {
	NEVER,
	ALWAYS,
	STABLE,	  /* only when nobody but us changes the tree */
	CHANGING, /* only when somebody does */
	WRITEBACK,
	ACL,
	URING,
	PASSTHROUGH,
	GIVEN, /* nothing to ask for: what the kernel offers is in effect */
};

/* Sorted by name. NEVER matters for what libfuse switches on by itself. */
static const struct feature {
	const char *name;
	uint64_t flag;
	enum wish wish;
} features[] = {
	/* The kernel would not drop cached pages that a direct write of io_submit(2) has made stale (xfstests generic/451). */
	{ "async_dio", FUSE_CAP_ASYNC_DIO, NEVER },
	{ "async_read", FUSE_CAP_ASYNC_READ, ALWAYS },
	/* Without it truncation arrives as SETATTR, so that opens need no message. */
	{ "atomic_o_trunc", FUSE_CAP_ATOMIC_O_TRUNC, NEVER },
	{ "auto_inval_data", FUSE_CAP_AUTO_INVAL_DATA, CHANGING },
	{ "cache_symlinks", FUSE_CAP_CACHE_SYMLINKS, STABLE },
	{ "dont_mask", FUSE_CAP_DONT_MASK, ALWAYS },
	{ "explicit_inval_data", FUSE_CAP_EXPLICIT_INVAL_DATA, STABLE },
	{ "flock_locks", FUSE_CAP_FLOCK_LOCKS, NEVER },
	/* The first version lets the kernel forget setgid without group execution and capabilities. */
	{ "handle_killpriv", FUSE_CAP_HANDLE_KILLPRIV, NEVER },
	{ "handle_killpriv_v2", KILLPRIV_V2, ALWAYS },
	{ "ioctl_dir", FUSE_CAP_IOCTL_DIR, ALWAYS },
	{ "no_open_support", FUSE_CAP_NO_OPEN_SUPPORT, GIVEN },
	{ "no_opendir_support", FUSE_CAP_NO_OPENDIR_SUPPORT, GIVEN },
#ifdef FUSE_CAP_OVER_IO_URING
	{ "over_io_uring", FUSE_CAP_OVER_IO_URING, URING },
#endif
	{ "parallel_dirops", FUSE_CAP_PARALLEL_DIROPS, ALWAYS },
#ifdef HAVE_FUSE_PASSTHROUGH_OPEN
	{ "passthrough", FUSE_CAP_PASSTHROUGH, PASSTHROUGH },
#endif
	{ "posix_acl", FUSE_CAP_POSIX_ACL, ACL },
	{ "posix_locks", FUSE_CAP_POSIX_LOCKS, NEVER },
	{ "readdirplus", FUSE_CAP_READDIRPLUS, ALWAYS },
	/* The automatic choice falls back on one LOOKUP for each name of a walk. */
	{ "readdirplus_auto", FUSE_CAP_READDIRPLUS_AUTO, NEVER },
	{ "splice_move", FUSE_CAP_SPLICE_MOVE, NEVER },
	{ "splice_read", FUSE_CAP_SPLICE_READ, NEVER },
	{ "splice_write", FUSE_CAP_SPLICE_WRITE, NEVER },
	/*
	 * With it the kernel owns sizes and times, would not see another's changes, and at every
	 * close, also of files only read, forgets st_blocks: the next stat costs a message.
	 */
	{ "writeback_cache", FUSE_CAP_WRITEBACK_CACHE, WRITEBACK },
};

#define FEATURE_COUNT (sizeof(features) / sizeof(features[0]))
_Static_assert(FEATURE_COUNT <= FEATURES_MAX, "struct negotiated has room for every feature");

static bool is_offered(const struct fuse_conn_info *connection, uint64_t flag)
{
#ifdef HAVE_STRUCT_FUSE_CONN_INFO_CAPABLE_EXT
	return connection->capable_ext & flag;
#else
	return connection->capable & flag;
#endif
}

static void set_wanted(struct fuse_conn_info *connection, uint64_t flag, bool wanted)
{
#ifdef HAVE_FUSE_SET_FEATURE_FLAG
	if (wanted)
		(void)fuse_set_feature_flag(connection, flag);
	else
		fuse_unset_feature_flag(connection, flag);
#else
	if (wanted)
		connection->want |= (unsigned)flag;
	else
		connection->want &= ~(unsigned)flag;
#endif
}

static bool is_wished(const struct negotiation *wanted, enum wish wish)
{
	switch (wish) {
	case NEVER:
		return false;
	case ALWAYS:
	case GIVEN:
		return true;
	case STABLE:
		return !wanted->changing;
	case CHANGING:
		return wanted->changing;
	case WRITEBACK:
		return wanted->writeback && !wanted->changing;
	case ACL:
		return wanted->posix_acl;
	case URING:
		return wanted->io_uring;
	case PASSTHROUGH:
		return wanted->passthrough;
	}
	return false;
}

static bool is_agreed(const struct negotiation *wanted, const struct fuse_conn_info *connection,
		      const struct feature *feature)
{
	if (feature->flag == 0)
		return killpriv_accept();
	return is_offered(connection, feature->flag) && is_wished(wanted, feature->wish);
}

static bool is_in_effect(const struct negotiated *negotiated, const char *name)
{
	for (size_t i = 0; i < negotiated->feature_count; i++) {
		if (strcmp(negotiated->features[i], name) == 0)
			return true;
	}
	return false;
}

void negotiate(const struct negotiation *wanted, struct fuse_conn_info *connection,
	       struct negotiated *ret_negotiated)
{
	struct negotiated result = { 0 };

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		const struct feature *feature = &features[i];
		bool on = is_agreed(wanted, connection, feature);

		if (feature->wish != GIVEN)
			set_wanted(connection, feature->flag, on);
		if (on)
			result.features[result.feature_count++] = feature->name;
	}
	connection->max_write = MAX_WRITE;
	connection->max_background = MAX_BACKGROUND;
	connection->congestion_threshold = MAX_BACKGROUND * 3 / 4;
	connection->time_gran = 1;

	result.protocol_major = connection->proto_major;
	result.protocol_minor = connection->proto_minor;
	result.max_write = connection->max_write;
	result.max_readahead = connection->max_readahead;
	result.max_background = connection->max_background;
	/*
	 * An open without a message keeps the page cache and the cached directory; where others
	 * change the tree, each open must be the moment to look again.
	 */
	result.passthrough = is_in_effect(&result, "passthrough");
	result.no_open = !wanted->changing && !result.passthrough &&
			 is_in_effect(&result, "no_open_support");
	result.no_opendir = !wanted->changing && is_in_effect(&result, "no_opendir_support");
	result.dont_mask = is_in_effect(&result, "dont_mask");
	result.kill_privileges = is_in_effect(&result, "handle_killpriv_v2");
	result.io_uring = is_in_effect(&result, "over_io_uring");
	*ret_negotiated = result;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

int negotiated_describe(const struct negotiated *negotiated, struct buffer *text)
{
	char lines[FEATURES_MAX + 4][48];
	size_t count = 0;

	for (size_t i = 0; i < negotiated->feature_count; i++)
		(void)snprintf(lines[count++], sizeof(lines[0]), "%s", negotiated->features[i]);
	(void)snprintf(lines[count++], sizeof(lines[0]), "max_background %u",
		       negotiated->max_background);
	(void)snprintf(lines[count++], sizeof(lines[0]), "max_readahead %u",
		       negotiated->max_readahead);
	(void)snprintf(lines[count++], sizeof(lines[0]), "max_write %u", negotiated->max_write);
	(void)snprintf(lines[count++], sizeof(lines[0]), "protocol %u.%u",
		       negotiated->protocol_major, negotiated->protocol_minor);
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < count; i++) {
		int result = buffer_append_format(text, "%s\n", lines[i]);

		if (result < 0)
			return result;
	}
	return 0;
}
