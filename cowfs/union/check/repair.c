/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of checking.h: repairing. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "union/check/checking.h"
#include "union/directory/directory.h"
#include "union/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Undoes what a repair did to the times of the directory that fd refers to. */
static void restore_times(int fd, const struct attributes *before)
{
	struct timespec times[2] = { before->atime, before->mtime };

	(void)utimensat(fd, "", times, AT_EMPTY_PATH);
}

static int result(int returned)
{
	return returned < 0 ? -errno : 0;
}

/* -- in the tree; fd is that of the finding's directory -- */

/* Whatever has data or entries in it is nobody's litter: that stays. */
static int remove_litter(int fd, const char *name)
{
	struct attributes attributes;
	int error = layer_stat_raw(fd, name, &attributes);

	if (error)
		return error;
	if (S_ISREG(attributes.mode) && attributes.size)
		return -ENOTEMPTY;
	return result(unlinkat(fd, name, S_ISDIR(attributes.mode) ? AT_REMOVEDIR : 0));
}

/* True when the name, of a directory, follows a redirect, so that what is below its own name does not matter. */
static bool has_redirect(const struct layer *layer, int directory, const char *name)
{
	char path[2];
	ssize_t length =
		layer_get_control(layer, directory, name, CONTROL_REDIRECT, path, sizeof(path));

	return layer->has_state && (length > 0 || length == -ERANGE);
}

/* A directory beside its whiteout shows only its own: so it must go on without. */
static int repair_whiteout_beside(const struct layer *layer, int fd, const char *name)
{
	const char *hidden = name + strlen(WHITEOUT_PREFIX);
	cleanup_fd int child = -1;
	struct attributes before, object;
	int error = layer_stat_raw(fd, hidden, &object);

	if (error)
		return error;
	if (S_ISDIR(object.mode) && !has_redirect(layer, fd, hidden)) {
		child = confined_open(fd, hidden, O_PATH | O_DIRECTORY, 0);
		error = child < 0 ? child : layer_stat_raw(child, NULL, &before);
		if (!error)
			error = whiteout_make_opaque(layer, child);
		if (error)
			return error;
		restore_times(child, &before);
	}
	return remove_litter(fd, name);
}

/* Both in trusted. and in user., as whoever reads it may look in either. */
static int remove_control(int fd, const char *name, const char *suffix)
{
	static const enum xattr_namespace namespaces[] = {
		XATTR_NAMESPACE_TRUSTED,
		XATTR_NAMESPACE_USER,
	};
	char attribute[CONTROL_XATTR_MAX];

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		int error =
			confined_removexattr(fd, name[0] ? name : NULL,
					     control_xattr_name(namespaces[i], suffix, attribute));

		if (error && error != -ENODATA && error != -ENOTSUP && error != -EPERM)
			return error;
		if (error == -EPERM &&
		    confined_getxattr(fd, name[0] ? name : NULL, attribute, NULL, 0) >= 0)
			return error;
	}
	return 0;
}

/* One that is followed to nowhere cuts off the lower layers, and must go on doing so. */
static int repair_redirect(const struct layer *layer, int fd, const char *name)
{
	int error = name[0] ? 0 : whiteout_make_opaque(layer, fd);

	return error ? error : remove_control(fd, name, CONTROL_REDIRECT);
}

static int repair_in(const struct finding *finding, int fd)
{
	const struct layer *layer = finding->dir->layer;

	switch (finding->kind) {
	case CHECK_WHITEOUT_BESIDE_NAME:
		return repair_whiteout_beside(layer, fd, finding->name);
	case CHECK_REDIRECT_INVALID:
		return repair_redirect(layer, fd, finding->name);
	case CHECK_ORIGIN_INVALID:
		return remove_control(fd, finding->name, CONTROL_ORIGIN);
	default:
		return remove_litter(fd, finding->name);
	}
}

static int repair_in_tree(const struct check *check, const struct finding *finding)
{
	struct attributes before;
	struct cached_fd *fd;
	int error = layer_dir_open(finding->dir, &fd);

	if (error)
		return error;
	error = layer_stat_raw(fd->fd, NULL, &before);
	if (!error)
		error = repair_in(finding, fd->fd);
	if (!error)
		restore_times(fd->fd, &before);
	fd_cache_release(check->fs->fds, fd);
	return error;
}

/* -- in the state -- */

static int repair_counts(const struct finding *finding, int index)
{
	char name[HARD_LINK_NAME_MAX], text[32];
	uint64_t layer_id, inode;
	bool is_counts;

	if (!hard_link_scan_name(finding->name, &layer_id, &inode, &is_counts))
		return -EINVAL;
	hard_link_format_name(name, layer_id, inode, true);
	(void)snprintf(text, sizeof(text), "0:%u", finding->links);
	if (unlinkat(index, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return result(symlinkat(text, index, name));
}

/* The copy first: counts alone do no harm. */
static int repair_copy(const struct finding *finding, int index)
{
	char name[HARD_LINK_NAME_MAX];
	uint64_t layer_id, inode;
	bool is_counts;
	int error = result(unlinkat(index, finding->name, 0));

	if (error || !hard_link_scan_name(finding->name, &layer_id, &inode, &is_counts))
		return error;
	hard_link_format_name(name, layer_id, inode, true);
	return unlinkat(index, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* What all of a kind were repaired together: whether this one is gone. */
static int is_gone(int directory, const char *name)
{
	struct attributes attributes;
	int error = layer_stat_raw(directory, name, &attributes);

	return error == -ENOENT ? 0 : error ? error : -EBUSY;
}

static int repair_in_state(const struct check *check, const struct finding *finding)
{
	int fd = check_place_fd(check, finding->place);

	switch (finding->kind) {
	case CHECK_INDEX_WITHOUT_NAMES:
		return repair_copy(finding, fd);
	case CHECK_INDEX_WITHOUT_COUNTS:
		return repair_counts(finding, fd);
	case CHECK_WORK_LEFT:
	case CHECK_UNSYNCED_COPY:
		return is_gone(fd, finding->name);
	default:
		return result(unlinkat(fd, finding->name, 0));
	}
}

/* -- all of it -- */

static bool has(const struct check *check, enum check_kind kind)
{
	for (size_t i = 0; i < check->finding_count; i++)
		if (check->findings[i].kind == kind && check->findings[i].state == CHECK_REPAIRABLE)
			return true;
	return false;
}

static const char *explain(const struct finding *finding, int error)
{
	if (finding->kind == CHECK_UNSYNCED_COPY)
		return "what it is a copy of is not in the lower layers given";
	return error == -ENOTEMPTY ? "there is something in it" : strerror(-error);
}

int check_repair(struct check *check, struct problem *problem)
{
	bool changed = false;
	int error;

	if (has(check, CHECK_WORK_LEFT))
		work_empty(&check->fs->work);
	if (has(check, CHECK_UNSYNCED_COPY)) {
		error = unsynced_recover(check->fs, true, problem, NULL);
		if (error)
			return error;
	}
	for (size_t i = 0; i < check->finding_count; i++) {
		struct finding *finding = &check->findings[i];

		if (finding->state != CHECK_REPAIRABLE)
			continue;
		error = finding->place == PLACE_TREE ? repair_in_tree(check, finding)
						     : repair_in_state(check, finding);
		finding->state = error ? CHECK_LEFT : CHECK_REPAIRED;
		finding->why = error ? explain(finding, error) : NULL;
		changed = changed || !error;
	}
	if (changed && check->fs->work.upper_lock_fd >= 0 &&
	    syncfs(check->fs->work.upper_lock_fd) < 0)
		return problem_set(problem, -errno, "%s: what was changed is not on disk: %s",
				   check->fs->layers[0]->path, strerror(errno));
	return 0;
}
