/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory, worked on with ordinary system calls. */
#include "side_system.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct system_side *of_side(struct side *side)
{
	return (struct system_side *)side;
}

int system_find(const struct system_side *side, const char *path, struct place *place)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	char directory[OPERATION_PATH_SIZE];
	const char *name = last_name(path);

	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(name - path), path);
	place->name = *name ? name : ".";
	place->directory = (int)syscall(SYS_openat2, side->root, *directory ? directory : ".", &how,
					sizeof(how));
	return place->directory < 0 ? -errno : 0;
}

int system_stat(const struct place *place, struct stat *status)
{
	return error_of(fstatat(place->directory, place->name, status, AT_SYMLINK_NOFOLLOW));
}

/* -- the rules of a union that a plain directory does not have -- */

/* 0, or what a union answers when place is to get a new object. */
int system_may_make(const struct system_side *side, const struct place *place, mode_t mode,
		    dev_t rdev)
{
	struct stat status;

	if (side->role == SYSTEM_MOUNT)
		return 0;
	if (fstatat(place->directory, place->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if (!name_is_reserved(place->name) && !(S_ISCHR(mode) && rdev == 0))
		return 0;
	/* Whoever may not write there is told that first. */
	return faccessat(place->directory, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno : -EPERM;
}

/* -- on whose behalf -- */

static void become_caller(const struct system_side *side, const struct operation *operation)
{
	umask(operation->umask);
	(void)setfsgid(operation->gid);
	/* Beside the API nothing checks permission, so root does everything and gives it away after. */
	if (side->role != SYSTEM_PLAIN_BESIDE_API)
		(void)setfsuid(operation->uid);
}

static void become_root(void)
{
	int saved = errno;

	(void)setfsuid(0);
	(void)setfsgid(0);
	umask(0);
	errno = saved;
}

/* The owner a caller without privilege would have given it; a chown clears mode bits. */
int system_give_away(const struct system_side *side, const struct operation *operation,
		     const struct place *place)
{
	struct stat before;

	if (side->role != SYSTEM_PLAIN_BESIDE_API || operation->uid == 0)
		return 0;
	if (fstatat(place->directory, place->name, &before, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchownat(place->directory, place->name, operation->uid, (gid_t)-1,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(before.st_mode) || !(before.st_mode & (S_ISUID | S_ISGID)))
		return 0;
	return error_of(fchmodat(place->directory, place->name, before.st_mode & 07777, 0));
}

/* -- the side -- */

/* Those whose caller matters beside the API as well: the owner of what they make. */
static bool has_caller(const struct system_side *side, const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_MAKE:
	case OPERATION_TMPFILE:
	case OPERATION_HELD_MAKE:
		return true;
	case OPERATION_CHOWN:
		/* Else hardly one would be allowed. */
		return false;
	default:
		return side->role != SYSTEM_PLAIN_BESIDE_API && operation->kind < OPERATION_HOLD;
	}
}

static int apply_at_path(struct system_side *side, const struct operation *operation,
			 struct outcome *outcome)
{
	struct place place;
	int result = system_find(side, operation->path, &place);

	if (result < 0) {
		/* What was held there is let go even so. */
		if (operation->kind == OPERATION_HOLD)
			system_release(side, operation->slot);
		return result;
	}
	result = system_apply(side, &place, operation, outcome);
	(void)close(place.directory);
	return result;
}

static void apply(struct side *any, const struct operation *operation, struct outcome *outcome)
{
	struct system_side *side = of_side(any);

	if (has_caller(side, operation))
		become_caller(side, operation);
	if (operation->kind == OPERATION_RELEASE)
		system_release(side, operation->slot);
	else if (operation->kind == OPERATION_LIST)
		side_list(any, operation, outcome);
	else if (operation->kind == OPERATION_LIST_CHANGING)
		side_list_changing(any, operation, outcome);
	else if (operation->kind <= OPERATION_HOLD)
		outcome->result = apply_at_path(side, operation, outcome);
	else
		outcome->result = system_apply_held(side, operation, outcome);
	become_root();
}

static void take_snapshot(struct side *any, struct snapshot *snapshot)
{
	snapshot_take(snapshot, of_side(any)->root);
}

static int list_open(struct side *any, const char *path)
{
	struct system_side *side = of_side(any);
	struct place place;
	int result = system_find(side, path, &place);

	if (result < 0)
		return result;
	side->listed = openat(place.directory, place.name,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	result = side->listed < 0 ? -errno : 0;
	(void)close(place.directory);
	return result;
}

/* A page is what fits so many names; the kernel wants room for at least one long one. */
static int list_next(struct side *any, size_t names, struct page *page)
{
	_Alignas(struct dirent64) char data[4096];
	size_t size = 280 + (names - 1) * 32;
	ssize_t got =
		getdents64(of_side(any)->listed, data, size < sizeof(data) ? size : sizeof(data));

	if (got < 0)
		return -errno;
	for (ssize_t at = 0; at < got;) {
		const struct dirent64 *entry = (const struct dirent64 *)(data + at);

		at += entry->d_reclen;
		page->types[page->count] = entry->d_type;
		page->names[page->count++] = strdup(entry->d_name);
	}
	return 0;
}

static void list_close(struct side *any)
{
	(void)close(of_side(any)->listed);
}

static void forget(struct side *any, uint64_t seed)
{
	(void)any;
	(void)seed;
}

static void reopen(struct side *any)
{
	for (unsigned slot = 0; slot < OPERATION_SLOTS; slot++)
		system_release(of_side(any), slot);
}

static void close_side(struct side *any)
{
	reopen(any);
	free(any);
}

void side_system_move(struct side *any, int root)
{
	of_side(any)->root = root;
}

struct side *side_system_open(enum system_role role, int root)
{
	struct system_side *side = must_reallocate(NULL, sizeof(*side));

	*side = (struct system_side){
		.side = { .name = role == SYSTEM_MOUNT ? "mount" : "plain directory",
			  .lists_loosely = role != SYSTEM_MOUNT,
			  .apply = apply,
			  .snapshot = take_snapshot,
			  .list_open = list_open,
			  .list_next = list_next,
			  .list_close = list_close,
			  .forget = forget,
			  .reopen = reopen,
			  .close = close_side },
		.role = role,
		.root = root,
		.listed = -1,
	};
	for (unsigned slot = 0; slot < OPERATION_SLOTS; slot++)
		side->held[slot] = -1;
	return &side->side;
}
