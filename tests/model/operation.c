/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws operations and prints them. */
#include "operation.h"

#include "support.h"
#include "tree.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* How often each is drawn, in parts of the sum. */
static const struct {
	const char *name;
	unsigned weight;
} kinds[OPERATION_COUNT] = {
	[OPERATION_MAKE] = { "make", 22 },
	[OPERATION_TMPFILE] = { "tmpfile", 2 },
	[OPERATION_LINK] = { "link", 9 },
	[OPERATION_UNLINK] = { "unlink", 12 },
	[OPERATION_RMDIR] = { "rmdir", 6 },
	[OPERATION_RENAME] = { "rename", 24 },
	[OPERATION_CHMOD] = { "chmod", 7 },
	[OPERATION_CHOWN] = { "chown", 6 },
	[OPERATION_UTIMENS] = { "utimens", 7 },
	[OPERATION_TRUNCATE] = { "truncate", 5 },
	[OPERATION_WRITE] = { "write", 12 },
	[OPERATION_READ] = { "read", 4 },
	[OPERATION_FALLOCATE] = { "fallocate", 3 },
	[OPERATION_COPY_RANGE] = { "copy_range", 3 },
	[OPERATION_FSYNC] = { "fsync", 1 },
	[OPERATION_SET_XATTR] = { "set_xattr", 8 },
	[OPERATION_REMOVE_XATTR] = { "remove_xattr", 4 },
	[OPERATION_GET_XATTR] = { "get_xattr", 3 },
	[OPERATION_SET_FLAGS] = { "set_flags", 1 },
	[OPERATION_STAT] = { "stat", 6 },
	[OPERATION_READLINK] = { "readlink", 2 },
	[OPERATION_LIST] = { "list", 5 },
	[OPERATION_LIST_CHANGING] = { "list_changing", 3 },
	[OPERATION_HOLD] = { "hold", 10 },
	[OPERATION_RELEASE] = { "release", 2 },
	[OPERATION_HELD_STAT] = { "held_stat", 6 },
	[OPERATION_HELD_READ] = { "held_read", 5 },
	[OPERATION_HELD_WRITE] = { "held_write", 5 },
	[OPERATION_HELD_TRUNCATE] = { "held_truncate", 2 },
	[OPERATION_HELD_CHMOD] = { "held_chmod", 2 },
	[OPERATION_HELD_SET_XATTR] = { "held_set_xattr", 2 },
	[OPERATION_HELD_LINK] = { "held_link", 2 },
	[OPERATION_HELD_MAKE] = { "held_make", 2 },
	[OPERATION_FORGET] = { "forget", 6 },
	[OPERATION_REOPEN] = { "reopen", 3 },
	[OPERATION_CHECK] = { "check", 5 },
};

const char *operation_name(enum operation_kind kind)
{
	return kinds[kind].name;
}

static enum operation_kind draw_kind(struct random *random)
{
	unsigned sum = 0, drawn;

	for (unsigned i = 0; i < OPERATION_COUNT; i++)
		sum += kinds[i].weight;
	drawn = random_below(random, sum);
	for (unsigned i = 0; i < OPERATION_COUNT; i++) {
		if (drawn < kinds[i].weight)
			return (enum operation_kind)i;
		drawn -= kinds[i].weight;
	}
	return OPERATION_CHECK;
}

/* Something that is there, of a type if there is any (0: of any). "" is the root. */
static const char *draw_present(struct random *random, const struct paths *paths, mode_t type)
{
	for (unsigned tries = 0; paths->count > 0 && tries < 12; tries++) {
		unsigned at = random_below(random, (unsigned)paths->count);

		if (type == 0 || paths->types[at] == type)
			return paths->names[at];
	}
	return "";
}

/* A name in some directory, there or not. */
static void draw_any(struct random *random, const struct paths *paths, char *path)
{
	const char *directory =
		random_percent(random, 25) ? "" : draw_present(random, paths, S_IFDIR);
	const char *name = tree_names[random_below(random, tree_name_count)];

	/* Now and then below something that is no directory, or not there. */
	if (random_percent(random, 3))
		directory = draw_present(random, paths, 0);
	if (random_percent(random, 2))
		directory = "absent";
	(void)snprintf(path, OPERATION_PATH_SIZE, "%s%s%s%s", directory, *directory ? "/" : "",
		       random_percent(random, 3) ? ".wh." : "",
		       random_percent(random, 97) ? name : "other");
	/* A reserved name that is too long as well would be refused for its length. */
	if (strlen(strrchr(path, '/') ? strrchr(path, '/') + 1 : path) > 255)
		path[strlen(path) - 10] = '\0';
}

/* A directory that holds nothing, if a few tries find one; else path stays. */
static void draw_leaf(struct random *random, const struct paths *paths, char *path)
{
	for (unsigned tries = 0; paths->count > 0 && tries < 20; tries++) {
		unsigned at = random_below(random, (unsigned)paths->count);

		if (!S_ISDIR(paths->types[at]))
			continue;
		(void)snprintf(path, OPERATION_PATH_SIZE, "%s", paths->names[at]);
		/* What it holds comes right after it. */
		if (at + 1 == paths->count ||
		    strncmp(paths->names[at + 1], path, strlen(path)) != 0)
			break;
	}
}

static void draw_path(struct random *random, const struct paths *paths, mode_t type, char *path)
{
	const char *present = draw_present(random, paths, type);

	if (*present && random_percent(random, 85))
		(void)snprintf(path, OPERATION_PATH_SIZE, "%s", present);
	else
		draw_any(random, paths, path);
}

static mode_t draw_permissions(struct random *random)
{
	static const mode_t permissions[] = { 0644, 0755,  0600,  0777,	 0,	0444, 0555,
					      0111, 02755, 04755, 06711, 01777, 02770 };

	return permissions[random_below(random, sizeof(permissions) / sizeof(permissions[0]))];
}

static mode_t draw_type(struct random *random)
{
	static const mode_t types[] = { S_IFREG,  S_IFREG, S_IFREG, S_IFREG, S_IFDIR,
					S_IFDIR,  S_IFDIR, S_IFDIR, S_IFLNK, S_IFIFO,
					S_IFSOCK, S_IFCHR, S_IFBLK };

	return types[random_below(random, sizeof(types) / sizeof(types[0]))];
}

static struct timespec draw_time(struct random *random)
{
	return (struct timespec){ 1 + (time_t)random_below(random, 1000000000),
				  (long)random_below(random, 1000000000) };
}

static void draw_xattr(struct random *random, struct operation *operation)
{
	static const char *const names[] = {
		"user.u",
		"user.v",
		"user.u",
		"user.v",
		"trusted.t",
		"trusted.w",
		"system.posix_acl_access",
		"system.posix_acl_default",
		"trusted.overlay.opaque",
		"user.overlay.whiteout",
		"user.fuseoverlayfs.opaque",
		"trusted.cowfs.origin",
		"user.containers.override_stat",
	};
	static const unsigned flags[] = { 0, 0, 0, XATTR_CREATE, XATTR_REPLACE };

	operation->attribute = names[random_below(random, sizeof(names) / sizeof(names[0]))];
	operation->flags = flags[random_below(random, sizeof(flags) / sizeof(flags[0]))];
	operation->length = random_below(random, 60);
}

static void draw_range(struct random *random, struct operation *operation)
{
	operation->offset = random_below(random, random_percent(random, 15) ? 150000 : 6000);
	operation->length = 1 + random_below(random, random_percent(random, 15) ? 30000 : 3000);
	operation->other_offset = random_below(random, 6000);
	if (random_percent(random, 20))
		operation->offset = 0;
}

/* True when one is the other or below it. */
static bool are_nested(const char *a, const char *b)
{
	size_t length = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
	const char *longer = strlen(a) < strlen(b) ? b : a;

	return strncmp(a, b, length) == 0 && (longer[length] == '/' || longer[length] == '\0');
}

static void draw_rename(struct random *random, const struct paths *paths,
			struct operation *operation)
{
	static const unsigned flags[] = {
		0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE, RENAME_WHITEOUT
	};

	operation->flags = flags[random_below(random, sizeof(flags) / sizeof(flags[0]))];
	/* Directories are what is hard about it. */
	draw_path(random, paths, random_percent(random, 60) ? S_IFDIR : 0, operation->path);
	if (operation->flags == RENAME_EXCHANGE || random_percent(random, 30))
		draw_path(random, paths, 0, operation->other);
	else
		draw_any(random, paths, operation->other);
	/* The kernel refuses these without asking the file system. */
	if (are_nested(operation->path, operation->other))
		operation->kind = OPERATION_CHECK;
}

static void draw_fallocate(struct random *random, struct operation *operation)
{
	static const unsigned modes[] = { 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
					  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE };

	operation->flags = modes[random_below(random, sizeof(modes) / sizeof(modes[0]))];
}

static void draw_target(struct random *random, struct operation *operation)
{
	(void)snprintf(operation->other, OPERATION_PATH_SIZE, "../%s",
		       tree_names[random_below(random, tree_name_count)]);
}

static bool wants_regular(enum operation_kind kind)
{
	switch (kind) {
	case OPERATION_TRUNCATE:
	case OPERATION_WRITE:
	case OPERATION_READ:
	case OPERATION_FALLOCATE:
	case OPERATION_COPY_RANGE:
	case OPERATION_FSYNC:
		return true;
	default:
		return false;
	}
}

static bool may_be_root(enum operation_kind kind)
{
	switch (kind) {
	case OPERATION_CHMOD:
	case OPERATION_CHOWN:
	case OPERATION_UTIMENS:
	case OPERATION_SET_XATTR:
	case OPERATION_REMOVE_XATTR:
	case OPERATION_GET_XATTR:
	case OPERATION_STAT:
		return true;
	default:
		return false;
	}
}

static void draw_paths(struct random *random, const struct paths *paths,
		       struct operation *operation)
{
	mode_t type = wants_regular(operation->kind) ? S_IFREG : 0;

	switch (operation->kind) {
	case OPERATION_MAKE:
		draw_any(random, paths, operation->path);
		if (S_ISLNK(operation->mode))
			draw_target(random, operation);
		break;
	case OPERATION_TMPFILE:
	case OPERATION_HELD_LINK:
		draw_any(random, paths, operation->path);
		break;
	case OPERATION_LINK:
		draw_path(random, paths, random_percent(random, 50) ? S_IFREG : 0, operation->path);
		draw_any(random, paths, operation->other);
		break;
	case OPERATION_RENAME:
		draw_rename(random, paths, operation);
		break;
	case OPERATION_RMDIR:
		draw_path(random, paths, S_IFDIR, operation->path);
		if (random_percent(random, 60))
			draw_leaf(random, paths, operation->path);
		break;
	case OPERATION_HOLD:
		draw_path(random, paths, random_percent(random, 60) ? S_IFREG : 0, operation->path);
		break;
	case OPERATION_LIST:
	case OPERATION_LIST_CHANGING:
		draw_path(random, paths, random_percent(random, 90) ? S_IFDIR : 0, operation->path);
		break;
	case OPERATION_HELD_MAKE:
		(void)snprintf(operation->path, OPERATION_PATH_SIZE, "%s",
			       tree_names[random_below(random, tree_name_count)]);
		if (S_ISLNK(operation->mode))
			draw_target(random, operation);
		break;
	case OPERATION_READLINK:
		draw_path(random, paths, S_IFLNK, operation->path);
		break;
	case OPERATION_COPY_RANGE:
		draw_path(random, paths, S_IFREG, operation->other);
		draw_path(random, paths, S_IFREG, operation->path);
		break;
	default:
		draw_path(random, paths, type, operation->path);
		if (may_be_root(operation->kind) && random_percent(random, 3))
			*operation->path = '\0';
	}
}

void operation_draw(struct random *random, const struct paths *paths, struct operation *operation)
{
	*operation = (struct operation){ .kind = draw_kind(random) };
	operation->content = random_next(random);
	operation->mode = draw_type(random) | draw_permissions(random);
	operation->uid = random_percent(random, 40) ? random_below(random, 5) * 1000 : 0;
	operation->gid = random_percent(random, 40) ? random_below(random, 5) * 1000 : 0;
	operation->umask = random_percent(random, 70) ? 022 : random_below(random, 2) ? 0 : 077;
	operation->rdev = makedev(random_below(random, 3), random_below(random, 3));
	operation->mtime = draw_time(random);
	operation->slot = random_below(random, OPERATION_SLOTS);
	operation->kill_privileges = random_percent(random, 30);
	draw_range(random, operation);
	switch (operation->kind) {
	case OPERATION_SET_XATTR:
	case OPERATION_REMOVE_XATTR:
	case OPERATION_GET_XATTR:
	case OPERATION_HELD_SET_XATTR:
		draw_xattr(random, operation);
		break;
	case OPERATION_FALLOCATE:
		draw_fallocate(random, operation);
		break;
	case OPERATION_LIST:
	case OPERATION_LIST_CHANGING:
		operation->length = 1 + random_below(random, 6);
		break;
	default:
		break;
	}
	draw_paths(random, paths, operation);
	/* Which of two reasons refuses a reserved name to somebody without permission is the kernel's. */
	if (strstr(operation->path, ".wh.") || strstr(operation->other, ".wh."))
		operation->uid = 0;
}

void operation_print(FILE *stream, const struct operation *operation)
{
	fprintf(stream, "%s ", operation_name(operation->kind));
	print_name(stream, operation->path);
	switch (operation->kind) {
	case OPERATION_LINK:
	case OPERATION_COPY_RANGE:
		(void)fputc(' ', stream);
		print_name(stream, operation->other);
		break;
	case OPERATION_RENAME:
		(void)fputc(' ', stream);
		print_name(stream, operation->other);
		fprintf(stream, " flags %u", operation->flags);
		break;
	case OPERATION_SET_XATTR:
	case OPERATION_REMOVE_XATTR:
	case OPERATION_GET_XATTR:
	case OPERATION_HELD_SET_XATTR:
		fprintf(stream, " %s flags %u length %u", operation->attribute, operation->flags,
			operation->length);
		break;
	case OPERATION_MAKE:
	case OPERATION_TMPFILE:
	case OPERATION_CHMOD:
	case OPERATION_HELD_CHMOD:
	case OPERATION_HELD_MAKE:
		fprintf(stream, " mode %o umask %o", operation->mode, operation->umask);
		if (*operation->other != '\0') {
			fprintf(stream, " -> ");
			print_name(stream, operation->other);
		}
		break;
	case OPERATION_UTIMENS:
		fprintf(stream, " %jd.%09ld", (intmax_t)operation->mtime.tv_sec,
			operation->mtime.tv_nsec);
		break;
	default:
		fprintf(stream, " offset %" PRIu64 " length %u flags %u", operation->offset,
			operation->length, operation->flags);
	}
	fprintf(stream, " uid %u gid %u slot %u%s\n", operation->uid, operation->gid,
		operation->slot, operation->kill_privileges ? " kill" : "");
}
