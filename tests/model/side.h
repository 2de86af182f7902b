/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of the two trees that every operation is applied to: the plain directory, or a union behind
 * its API or behind a mount.
 */
#pragma once

#include "operation.h"
#include "snapshot.h"

#include <stdint.h>
#include <string.h>

/* What one operation gave: 0 or more, or -errno, and the bytes it told. */
struct outcome {
	long result;
	char *data; /* owned */
	size_t size;
};
void outcome_clear(struct outcome *outcome);
/* Appends a line to what an operation told. */
__attribute__((format(printf, 2, 3))) void outcome_tell(struct outcome *outcome, const char *format,
							...);
void outcome_append(struct outcome *outcome, const void *data, size_t size);

/* Names read from a directory, in the order they came. */
struct page {
	char *names[64];
	unsigned char types[64]; /* DT_REG and kin */
	size_t count;		 /* 0: the end */
};
void page_clear(struct page *page);

struct side {
	const char *name;   /* for reports */
	bool lacks_tmpfile; /* a FUSE library before 3.17 knows no O_TMPFILE */
	bool lists_loosely; /* tmpfs shows what stays twice or not at all while other names come and go */
	void (*apply)(struct side *side, const struct operation *operation,
		      struct outcome *outcome);
	void (*snapshot)(struct side *side, struct snapshot *snapshot);
	/* Reading a directory in pages of at most `names`, one directory at a time. 0 or -errno. */
	int (*list_open)(struct side *side, const char *path);
	int (*list_next)(struct side *side, size_t names, struct page *page);
	void (*list_close)(struct side *side);
	/* Gives back, or makes the kernel give back, what is not needed; seed says what. */
	void (*forget)(struct side *side, uint64_t seed);
	/* Closes and opens again; held slots are emptied. */
	void (*reopen)(struct side *side);
	void (*close)(struct side *side);
};

enum system_role {
	SYSTEM_PLAIN_BESIDE_API, /* stands in for what the kernel would do before the union is asked */
	SYSTEM_PLAIN_BESIDE_MOUNT, /* everything as the caller, so permissions are compared, too */
	SYSTEM_MOUNT,
};

/* A directory, worked on with ordinary system calls. root is borrowed. */
struct side *side_system_open(enum system_role role, int root);
/* Works on another directory from now on; nothing may be held. */
void side_system_move(struct side *side, int root);

struct union_options;
/* options is borrowed; it must live until the side is closed. */
struct side *side_union_open(const struct union_options *options, bool keep_references);

struct mount_options {
	const char *program, *lowers, *upper, *mountpoint;
	const char *options; /* for -o, or NULL */
	bool drop_caches; /* while it is mounted, a thread empties the kernel's caches over and over */
};
/* A union mounted by the program cowfs; options is borrowed. */
struct side *side_mount_open(const struct mount_options *options);

/* common.c: what is done alike on every side. */
void side_list(struct side *side, const struct operation *operation, struct outcome *outcome);
void side_list_changing(struct side *side, const struct operation *operation,
			struct outcome *outcome);

/* The last component of a path. */
static inline const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static inline bool name_is_reserved(const char *name)
{
	return strncmp(name, ".wh.", 4) == 0;
}

static inline bool attribute_is_acl(const char *attribute)
{
	return strncmp(attribute, "system.posix_acl_", 17) == 0;
}

/* One that carries a layer's bookkeeping, which a union neither shows nor lets be set. */
static inline bool attribute_is_hidden(const char *attribute)
{
	return strstr(attribute, ".overlay.") || strstr(attribute, "fuseoverlayfs") ||
	       strstr(attribute, ".cowfs.") || strstr(attribute, "override_stat");
}

/* The value that setting an attribute gives it, in a buffer of 64 bytes; its length. */
size_t operation_attribute_value(const struct operation *operation, void *value);
/* stat as text: what both sides must agree on, whatever the numbers of inodes. */
void outcome_tell_stat(struct outcome *outcome, const struct snapshot_entry *entry);
