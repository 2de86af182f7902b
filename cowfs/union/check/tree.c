/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of checking.h: the names in the layer, and what they stand above. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "base/string_list.h"
#include "union/change/redirect.h"
#include "union/check/checking.h"
#include "union/fs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_NAME WHITEOUT_META_PREFIX "cowfs-probe"
/* How unionfs and the first AUFS said that a directory is opaque. */
#define OLD_OPAQUE_NAME "__dir_opaque"

/* A directory of the layer, and those that it would merge with. */
struct place {
	struct layer_dir *dir; /* with a reference */
	struct layer_parts below;
	bool is_adrift; /* in a redirect that leads nowhere here: what it stands above is not known */
};

struct walk {
	struct check *check;
	struct place *stack; /* still to be read */
	size_t count;
};

/* What is being read. */
struct reading {
	struct walk *walk;
	struct place *place;
	int fd;
	unsigned markers; /* WHITEOUT_MARKER_ bits */
	bool opaque;
};

static void place_free(struct place *place)
{
	layer_dir_unref(place->dir);
	layer_parts_free(&place->below);
}

/* Takes the place over, also on failure. */
static int push(struct walk *walk, struct place *place)
{
	struct place *grown = check_grow(walk->stack, walk->count, sizeof(*walk->stack));

	if (!grown || !place->dir) {
		walk->stack = grown ? grown : walk->stack;
		place_free(place);
		return -ENOMEM;
	}
	walk->stack = grown;
	walk->stack[walk->count++] = *place;
	return 0;
}

/* -- whiteouts -- */

/* Whether the layers below show the name in this place; also when that cannot be told. */
static bool is_shown_below(const struct layer_parts *below, const char *name)
{
	struct attributes attributes;
	unsigned whiteout = 0;

	for (unsigned i = 0; i < below->count; i++) {
		int error = layer_dir_probe(below->dirs[i], name, &attributes, &whiteout);

		if (error != -ENOENT)
			return true;
		if (whiteout)
			return false;
	}
	return false;
}

/* A whiteout of `hidden`, called name, which is not beside that. */
static int judge_whiteout(const struct reading *reading, const char *name, const char *hidden)
{
	struct check *check = reading->walk->check;
	struct finding *finding;

	if (!reading->opaque && (!check->has_lowers || reading->place->is_adrift ||
				 is_shown_below(&reading->place->below, hidden)))
		return 0;
	finding =
		check_add(check, CHECK_WHITEOUT_OF_NOTHING, PLACE_TREE, reading->place->dir, name);
	if (!finding)
		return -ENOMEM;
	finding->relies_on_lowers = !reading->opaque;
	return 0;
}

/* 1 when something that can be seen is called so. */
static int stands_beside(const struct reading *reading, const char *name)
{
	struct attributes attributes;
	int error = layer_stat_raw(reading->fd, name, &attributes);

	if (error)
		return error == -ENOENT ? 0 : error;
	return !whiteout_is_node(reading->fd, name, &attributes);
}

static int visit_whiteout(const struct reading *reading, const char *name)
{
	const char *hidden = name + strlen(WHITEOUT_PREFIX);
	struct check *check = reading->walk->check;
	struct layer_dir *dir = reading->place->dir;
	int beside;

	if (!confined_name_is_valid(hidden))
		return check_add(check, CHECK_WHITEOUT_INVALID, PLACE_TREE, dir, name) ? 0
										       : -ENOMEM;
	if (strcmp(hidden, OLD_OPAQUE_NAME) == 0)
		return check_add_left(check, CHECK_OPAQUE_UNREAD, PLACE_TREE, dir, name,
				      "unionfs wrote such markers, but it may be the whiteout of a "
				      "file of that name");
	beside = stands_beside(reading, hidden);
	if (beside < 0)
		return beside;
	if (!beside)
		return judge_whiteout(reading, name, hidden);
	return check_add(check, CHECK_WHITEOUT_BESIDE_NAME, PLACE_TREE, dir, name) ? 0 : -ENOMEM;
}

/* A name that begins as those that AUFS reserved. */
static int visit_reserved(const struct reading *reading, const char *name)
{
	struct check *check = reading->walk->check;
	struct layer_dir *dir = reading->place->dir;
	bool is_root = dir->parent == NULL;

	if (strcmp(name, WHITEOUT_OPAQUE) == 0 || (is_root && strcmp(name, STATE_DIRECTORY) == 0))
		return 0;
	if (is_root && strcmp(name, PROBE_NAME) == 0)
		return check_add(check, CHECK_PROBE, PLACE_TREE, dir, name) ? 0 : -ENOMEM;
	return check_add_left(check, CHECK_MARKER_UNKNOWN, PLACE_TREE, dir, name,
			      "another program may want it");
}

/* -- directories below -- */

static bool is_path(const char *text)
{
	cleanup_free char *copy = strdup(text);
	char *rest = copy, *name;
	bool good = true;

	while (good && (name = strsep(&rest, "/")))
		good = !*name || confined_name_is_valid(name);
	return copy && good;
}

/*
 * What the child is redirected to: 1, with what the layers below have there. 0 when it is not, or only by what makes no
 * sense, which is told here or as an attribute.
 */
static int follow_redirect(const struct reading *reading, struct place *child)
{
	struct check *check = reading->walk->check;
	struct layer_dir *dir = child->dir;
	cleanup_free char *path = NULL;
	int error;

	if (!dir->layer->has_state)
		return 0;
	error = redirect_read(dir, &path);
	if (error || !path)
		return error;
	if (!is_path(path))
		return check_add(check, CHECK_REDIRECT_INVALID, PLACE_TREE, dir, "") ? 1 : -ENOMEM;
	error = redirect_resolve(check->fs, 0, path, &child->below);
	if (error || !check->has_lowers || child->below.count)
		return error ? error : 1;
	child->is_adrift = true;
	error = check_add_left(check, CHECK_REDIRECT_DANGLING, PLACE_TREE, dir, "",
			       "what belongs there is not in the lower layers given");
	return error ? error : 1;
}

static int find_below(const struct reading *reading, const char *name, struct place *child)
{
	char prefixed[NAME_MAX + 1];
	struct attributes attributes;
	int result = follow_redirect(reading, child);

	if (result)
		return result < 0 ? result : 0;
	/* A whiteout beside a directory cuts off what it would merge with. */
	if (reading->opaque || (whiteout_prefixed_name(name, prefixed) == 0 &&
				layer_stat_raw(reading->fd, prefixed, &attributes) == 0))
		return 0;
	child->is_adrift = reading->place->is_adrift;
	return redirect_step(reading->walk->check->fs, &reading->place->below, name, &child->below);
}

static int visit_directory(const struct reading *reading, const char *name)
{
	struct place child = { .dir = layer_dir_new(reading->place->dir, name) };
	int error = child.dir ? find_below(reading, name, &child) : -ENOMEM;

	if (error == -ENOMEM) {
		place_free(&child);
		return error;
	}
	/* Other errors will come again when it is read. */
	return push(reading->walk, &child);
}

/* -- reading -- */

static int visit(const struct reading *reading, const char *name)
{
	struct check *check = reading->walk->check;
	struct check_object object = {
		.dir = reading->place->dir,
		.fd = reading->fd,
		.name = name,
		.markers = reading->markers,
	};
	int error;

	if (strncmp(name, WHITEOUT_META_PREFIX, strlen(WHITEOUT_META_PREFIX)) == 0)
		return visit_reserved(reading, name);
	if (whiteout_name_is_reserved(name))
		return visit_whiteout(reading, name);
	error = layer_stat_raw(reading->fd, name, &object.attributes);
	if (error)
		return error;
	if (whiteout_is_node(reading->fd, name, &object.attributes))
		return judge_whiteout(reading, name, name);
	error = check_object(check, &object);
	if (!error && S_ISDIR(object.attributes.mode))
		error = visit_directory(reading, name);
	return error;
}

static int visit_all(const struct reading *reading, const struct string_list *names)
{
	int error = 0;

	for (size_t i = 0; i < names->count; i++) {
		error = visit(reading, names->strings[i]);
		if (error == -ENOMEM)
			return error;
		if (error)
			error = check_add_left(reading->walk->check, CHECK_UNREADABLE, PLACE_TREE,
					       reading->place->dir, names->strings[i],
					       strerror(-error));
		if (error)
			return error;
	}
	return 0;
}

/* All names at once, for some of them may be taken for findings and others be asked for meanwhile. */
static int read_names(int fd, struct string_list *names)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *dirent;
	int error = confined_open_stream(fd, NULL, &stream);

	while (!error && (errno = 0, dirent = readdir(stream)))
		if (confined_name_is_valid(dirent->d_name))
			error = string_list_add(names, dirent->d_name);
	return error ? error : -errno;
}

static int read_opened(struct walk *walk, struct place *place, int fd)
{
	struct string_list names = STRING_LIST_INIT;
	struct reading reading = {
		.walk = walk,
		.place = place,
		.fd = fd,
		.markers = whiteout_read_markers(fd),
	};
	struct attributes marker;
	int error = read_names(fd, &names);

	reading.opaque = (reading.markers & WHITEOUT_MARKER_OPAQUE) ||
			 layer_stat_raw(fd, WHITEOUT_OPAQUE, &marker) == 0;
	if (reading.opaque)
		layer_parts_free(&place->below);
	if (!error)
		error = visit_all(&reading, &names);
	string_list_free(&names);
	return error;
}

static int read_place(struct walk *walk, struct place *place)
{
	struct fd_cache *fds = walk->check->fs->fds;
	struct cached_fd *fd;
	int error = layer_dir_open(place->dir, &fd);

	if (!error) {
		error = read_opened(walk, place, fd->fd);
		fd_cache_release(fds, fd);
	}
	/* Another file system that is mounted there is not part of the layer. */
	if (!error || error == -ENOMEM || error == -EXDEV)
		return error == -EXDEV ? 0 : error;
	return check_add_left(walk->check, CHECK_UNREADABLE, PLACE_TREE, place->dir, "",
			      strerror(-error));
}

static int visit_root(struct walk *walk)
{
	struct check *check = walk->check;
	struct layer *layer = check->fs->layers[0];
	struct check_object object = { .dir = layer->root, .fd = layer->root_fd, .name = "" };
	struct place place = { .dir = layer_dir_ref(layer->root) };
	int error = layer_stat_raw(layer->root_fd, NULL, &object.attributes);

	if (!error)
		error = check_object(check, &object);
	if (!error)
		error = redirect_resolve(check->fs, 0, "/", &place.below);
	if (error) {
		place_free(&place);
		return error;
	}
	return push(walk, &place);
}

int check_read_tree(struct check *check)
{
	struct walk walk = { .check = check };
	int error = visit_root(&walk);

	while (!error && walk.count) {
		struct place place = walk.stack[--walk.count];

		error = read_place(&walk, &place);
		place_free(&place);
	}
	while (walk.count)
		place_free(&walk.stack[--walk.count]);
	free(walk.stack);
	return error;
}
