/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of target.h: from names in the archive to places on the disk. */
#include "archive/target.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/remove_tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* As many symbolic links as the kernel follows on one path. */
#define LINKS_MAX 40

/* -- what a name says by itself -- */

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0;
}

/* As a name that means nothing but itself. 0 or -EBADMSG with a problem. */
static int take_plain(const char *last, struct place *place, struct problem *problem)
{
	if (strlen(last) > NAME_MAX)
		return problem_set(problem, -EBADMSG, "its name is too long");
	place->kind = PLACE_NAME;
	memcpy(place->name, last, strlen(last) + 1);
	return 0;
}

/* What the last component means in a layer. 0 or -EBADMSG with a problem. */
static int judge_last(const char *last, struct place *place, struct problem *problem)
{
	const char *name = last;

	if (strcmp(last, WHITEOUT_OPAQUE) == 0) {
		place->kind = PLACE_OPAQUE;
		return 0;
	}
	if (strncmp(last, WHITEOUT_META_PREFIX, strlen(WHITEOUT_META_PREFIX)) == 0) {
		place->kind = PLACE_RESERVED;
		return 0;
	}
	place->kind = PLACE_NAME;
	if (whiteout_name_is_reserved(last)) {
		place->kind = PLACE_WHITEOUT;
		name += strlen(WHITEOUT_PREFIX);
	}
	if (strlen(name) > NAME_MAX)
		return problem_set(problem, -EBADMSG, "its name is too long");
	if (!confined_name_is_valid(name))
		return problem_set(problem, -EBADMSG, "a whiteout of no name that there can be");
	memcpy(place->name, name, strlen(name) + 1);
	return 0;
}

/* Whether something may be below a component: 0, 1 when all there is reserved, or -EBADMSG. */
static int judge_parent(const struct target *target, const char *name, struct problem *problem)
{
	if (!target->options->plain_files &&
	    strncmp(name, WHITEOUT_META_PREFIX, strlen(WHITEOUT_META_PREFIX)) == 0)
		return 1;
	if (!target->options->plain_files && whiteout_name_is_reserved(name))
		return problem_set(problem, -EBADMSG, "it is below a whiteout");
	if (strlen(name) > NAME_MAX)
		return problem_set(problem, -EBADMSG, "its name is too long");
	return 0;
}

/*
 * Takes path apart: the components but the last go to parents, each with a slash after it; the kind and the name
 * to the place. 0 or -errno, -EBADMSG with a problem.
 */
static int take_apart(const struct target *target, const char *path, struct buffer *parents,
		      struct place *place, struct problem *problem)
{
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *name, *last = NULL;
	int result = copy ? 0 : -ENOMEM;

	while (result == 0 && (name = strsep(&rest, "/"))) {
		if (!*name || is_dot(name))
			continue;
		if (strcmp(name, "..") == 0)
			return problem_set(problem, -EBADMSG, "its name has \"..\" in it");
		if (last) {
			result = judge_parent(target, last, problem);
			if (result == 0)
				result = buffer_append_format(parents, "%s/", last);
		}
		last = name;
	}
	if (result < 0)
		return result;
	place->kind = result > 0 ? PLACE_RESERVED : PLACE_ROOT;
	if (result > 0 || !last)
		return 0;
	return target->options->plain_files ? take_plain(last, place, problem)
					    : judge_last(last, place, problem);
}

/* -- going there -- */

struct walk {
	struct target *target;
	struct layer_dir *dir; /* a reference */
	char *rest;	       /* components to go; owned */
	unsigned links;	       /* followed */
	bool make;
	struct problem *problem;
};

static void enter(struct walk *walk, struct layer_dir *dir)
{
	layer_dir_unref(walk->dir);
	walk->dir = dir;
}

static int make_implied(struct walk *walk, struct place *place)
{
	struct layer_dir *dir = NULL;
	uint64_t inode = 0;
	bool made = false;
	int error = place_make_directory(walk->target, place, &dir, &inode, &made);

	if (error)
		return error;
	if (made)
		error = target_note_implied(walk->target, dir, inode);
	enter(walk, dir);
	return error;
}

/* What the link says comes before the rest. */
static int follow(struct walk *walk, int directory, const char *name, const char *rest)
{
	char link[PATH_MAX];
	ssize_t length = readlinkat(directory, name, link, sizeof(link) - 1);
	char *joined = NULL;

	if (length < 0)
		return -errno;
	link[length] = '\0';
	if (++walk->links > LINKS_MAX)
		return problem_set(walk->problem, -EBADMSG,
				   "its directory is reached by too many symbolic links");
	if (link[0] == '/')
		enter(walk, layer_dir_ref(walk->target->layer->root));
	if (asprintf(&joined, "%s/%s", link, rest) < 0)
		return -ENOMEM;
	free(walk->rest);
	walk->rest = joined;
	return 0;
}

/* name is a component of a link's target, or of the archive's name; rest comes after it. */
static int step_down(struct walk *walk, int directory, const char *name, const char *rest)
{
	struct attributes attributes;
	struct layer_dir *child;
	int error = layer_stat_raw(directory, name, &attributes);

	if (!error && target_has_whiteout(walk->target, directory, name, &attributes))
		error = -ENOENT;
	if (error)
		return error;
	if (S_ISLNK(attributes.mode))
		return follow(walk, directory, name, rest);
	if (!S_ISDIR(attributes.mode))
		return problem_set(walk->problem, -EBADMSG,
				   "\"%s\", which it is to be in, is not a directory", name);
	child = layer_dir_new(walk->dir, name);
	if (!child)
		return -ENOMEM;
	enter(walk, child);
	(void)memmove(walk->rest, rest, strlen(rest) + 1);
	return 0;
}

static int step_in(struct walk *walk, const char *name, const char *rest)
{
	struct place place = { .dir = walk->dir };
	int error;

	if (strlen(name) > NAME_MAX ||
	    (whiteout_name_is_reserved(name) && !walk->target->options->plain_files))
		return problem_set(walk->problem, -EBADMSG,
				   "a symbolic link leads it to a name that there cannot be");
	error = layer_dir_open(walk->dir, &place.fd);
	if (error)
		return error;
	error = step_down(walk, place.fd->fd, name, rest);
	if (error == -ENOENT && walk->make) {
		memcpy(place.name, name, strlen(name) + 1);
		error = make_implied(walk, &place);
		if (!error)
			(void)memmove(walk->rest, rest, strlen(rest) + 1);
	}
	fd_cache_release(walk->target->fds, place.fd);
	return error;
}

/* One component: ".." is of a link, and stays at the root as it does at the kernel's. */
static int step(struct walk *walk)
{
	cleanup_free char *name = NULL;
	const char *start = walk->rest + strspn(walk->rest, "/"), *rest;
	size_t length = strcspn(start, "/");

	rest = start + length;
	name = strndup(start, length);
	if (!name)
		return -ENOMEM;
	if (strcmp(name, "..") != 0 && *name && !is_dot(name))
		return step_in(walk, name, rest);
	if (strcmp(name, "..") == 0 && walk->dir->parent)
		enter(walk, layer_dir_ref(walk->dir->parent));
	(void)memmove(walk->rest, rest, strlen(rest) + 1);
	return 0;
}

/* The directory that parents lead to, as a reference. */
static int go(struct target *target, const char *parents, bool make, struct layer_dir **ret_dir,
	      struct problem *problem)
{
	struct walk walk = {
		.target = target,
		.dir = layer_dir_ref(target->layer->root),
		.rest = strdup(parents),
		.make = make,
		.problem = problem,
	};
	int error = walk.rest ? 0 : -ENOMEM;

	while (!error && *walk.rest)
		error = step(&walk);
	free(walk.rest);
	if (error)
		layer_dir_unref(walk.dir);
	else
		*ret_dir = walk.dir;
	return error;
}

/* The same, remembered for the next name. */
static int go_again(struct target *target, const char *parents, bool make,
		    struct layer_dir **ret_dir, struct problem *problem)
{
	struct layer_dir *dir;
	int error;

	if (target->latest && strcmp(parents, buffer_string(&target->latest_path)) == 0) {
		*ret_dir = layer_dir_ref(target->latest);
		return 0;
	}
	error = go(target, parents, make, &dir, problem);
	if (error)
		return error;
	target_forget_latest(target);
	buffer_clear(&target->latest_path);
	if (buffer_append_string(&target->latest_path, parents) == 0)
		target->latest = layer_dir_ref(dir);
	*ret_dir = dir;
	return 0;
}

int place_find(struct target *target, const char *path, bool make, struct place *ret_place,
	       struct problem *problem)
{
	cleanup_buffer struct buffer parents = BUFFER_INIT;
	struct place place = { 0 };
	int error = take_apart(target, path, &parents, &place, problem);

	if (!error && place.kind != PLACE_RESERVED)
		error = go_again(target, buffer_string(&parents), make, &place.dir, problem);
	if (!error && place.dir)
		error = layer_dir_open(place.dir, &place.fd);
	if (error)
		place_release(target, &place);
	else
		*ret_place = place;
	return error;
}

void target_forget_latest(struct target *target)
{
	target->latest = layer_dir_unref(target->latest);
}

void place_release(struct target *target, struct place *place)
{
	if (place->fd)
		fd_cache_release(target->fds, place->fd);
	layer_dir_unref(place->dir);
	*place = (struct place){ 0 };
}

/* -- making room -- */

/* Removes a whiteout in prefix form of a name that is now made. */
static int remove_prefix(struct target *target, const struct place *place, bool *hid)
{
	char prefixed[NAME_MAX + 1];

	if (!target->has_whiteouts || whiteout_prefixed_name(place->name, prefixed) != 0)
		return 0;
	if (unlinkat(place->fd->fd, prefixed, 0) == 0)
		*hid = true;
	else if (errno != ENOENT)
		return -errno;
	return 0;
}

bool target_has_whiteout(const struct target *target, int directory, const char *name,
			 const struct attributes *attributes)
{
	return !target->options->plain_files && whiteout_is_node(directory, name, attributes);
}

int place_clear(struct target *target, const struct place *place, bool *ret_hid)
{
	struct attributes attributes;
	bool hid = false;
	int error = remove_prefix(target, place, &hid);

	if (!error)
		error = layer_stat_raw(place->fd->fd, place->name, &attributes);
	if (!error && target_has_whiteout(target, place->fd->fd, place->name, &attributes))
		hid = true;
	if (!error && target->options->plain_files && S_ISDIR(attributes.mode))
		return -EISDIR;
	target_forget_latest(target);
	if (!error)
		error = remove_tree(place->fd->fd, place->name);
	if (error && error != -ENOENT)
		return error;
	*ret_hid = hid;
	return 0;
}

static int note_made(struct target *target, uint64_t inode)
{
	int result = number_set_add(&target->made, inode);

	return result < 0 ? result : 0;
}

int place_note_made(struct target *target, const struct place *place)
{
	struct attributes attributes;
	int error;

	if (!target->options->changeset)
		return 0;
	error = layer_stat_raw(place->fd->fd, place->name, &attributes);
	return error ? error : note_made(target, attributes.inode);
}

/* True when a directory is there that can stay. */
static bool is_directory(const struct place *place)
{
	struct attributes attributes;

	return layer_stat_raw(place->fd->fd, place->name, &attributes) == 0 &&
	       S_ISDIR(attributes.mode);
}

static int make_directory(struct target *target, const struct place *place, bool *ret_made,
			  bool *ret_hid)
{
	int error = mkdirat(place->fd->fd, place->name, 0700) < 0 ? -errno : 0;

	*ret_hid = false;
	*ret_made = true;
	if (!error)
		return remove_prefix(target, place, ret_hid);
	if (error != -EEXIST)
		return error;
	if (is_directory(place)) {
		*ret_made = false;
		return 0;
	}
	if (target->options->plain_files)
		return -ENOTDIR;
	error = place_clear(target, place, ret_hid);
	if (!error && mkdirat(place->fd->fd, place->name, 0700) < 0)
		error = -errno;
	return error;
}

/* What a new directory must know of what was in its place. *ret_inode is which one it is. */
static int settle_directory(struct target *target, int fd, bool hid, bool made, uint64_t *ret_inode)
{
	struct attributes attributes;
	int error = 0;

	/* A directory merges with what is below it: the whiteout said that there is nothing. */
	if (hid && !target->options->changeset)
		error = whiteout_make_opaque(target->layer, fd);
	if (error)
		return error;
	error = layer_stat_raw(fd, NULL, &attributes);
	if (error)
		return error;
	*ret_inode = attributes.inode;
	return target->options->changeset && made ? note_made(target, attributes.inode) : 0;
}

int place_make_directory(struct target *target, const struct place *place,
			 struct layer_dir **ret_dir, uint64_t *ret_inode, bool *ret_made)
{
	struct layer_dir *dir;
	struct cached_fd *fd;
	bool hid;
	int error = make_directory(target, place, ret_made, &hid);

	if (error)
		return error;
	dir = layer_dir_new(place->dir, place->name);
	error = dir ? layer_dir_open(dir, &fd) : -ENOMEM;
	if (!error) {
		error = settle_directory(target, fd->fd, hid, *ret_made, ret_inode);
		fd_cache_release(target->fds, fd);
	}
	if (error)
		layer_dir_unref(dir);
	else
		*ret_dir = dir;
	return error;
}
