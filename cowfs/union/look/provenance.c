/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/look/provenance.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "union/change/redirect.h"
#include "union/copy_up/origin.h"
#include "union/fs.h"

#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP_FUNCTION(struct provenance *, provenance_free);

static void place_release(struct provenance_place *place)
{
	layer_dir_unref(place->dir);
	free(place->path);
	free(place->redirect);
	free(place->hider_path);
}

void provenance_free(struct provenance *provenance)
{
	if (!provenance)
		return;
	for (size_t i = 0; i < provenance->count; i++)
		place_release(&provenance->places[i]);
	free(provenance->places);
	free(provenance->real_path);
	free(provenance->origin_path);
	free(provenance);
}

/* -- gathering the places of a name -- */

/* Takes over what the place holds, also on failure. */
static int insert_place(struct provenance *provenance, size_t index, struct provenance_place *place)
{
	struct provenance_place *grown = reallocarray(provenance->places, provenance->count + 1,
						      sizeof(*provenance->places));

	if (!grown) {
		place_release(place);
		return -ENOMEM;
	}
	provenance->places = grown;
	memmove(&grown[index + 1], &grown[index], (provenance->count - index) * sizeof(*grown));
	grown[index] = *place;
	provenance->count++;
	return 0;
}

/* DIRECTORY/NAME, without a second slash after that of the root. NULL: no memory. */
static char *join(const char *directory, const char *name)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	if (buffer_append_format(&path, "%s/%s", directory[1] ? directory : "", name) < 0)
		return NULL;
	return steal_pointer(&path.data);
}

static char *place_path(const char *directory, const char *name,
			const struct provenance_place *place)
{
	char prefixed[NAME_MAX + 1];

	if (place->exists || (place->whiteout & WHITEOUT_FORM_NODE) ||
	    whiteout_prefixed_name(name, prefixed) < 0)
		return join(directory, name);
	return join(directory, prefixed);
}

/* What a directory says of itself, beside its attributes. */
static int read_directory_marks(struct provenance_place *place)
{
	int result = layer_dir_is_opaque(place->dir);

	/* Another file system mounted in a layer shows nothing. */
	if (result == -EXDEV)
		return 0;
	if (result < 0)
		return result;
	place->opaque = result > 0;
	return place->dir->layer->has_state ? redirect_read(place->dir, &place->redirect) : 0;
}

/* True when the directory is gone, replaced, or not part of the layer: then it holds nothing. */
static bool means_nothing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EXDEV;
}

static int probe_place(const struct provenance_place *parent, const char *name,
		       struct provenance_place *place)
{
	int result = layer_dir_probe(parent->dir, name, &place->attributes, &place->whiteout);

	if (result < 0 && !means_nothing(result))
		return result;
	place->exists = result == 0;
	if (!place->exists && !place->whiteout)
		return 0;
	place->path = place_path(parent->path, name, place);
	if (!place->path)
		return -ENOMEM;
	if (!place->exists || !S_ISDIR(place->attributes.mode))
		return 0;
	place->dir = layer_dir_new(parent->dir, name);
	return place->dir ? read_directory_marks(place) : -ENOMEM;
}

/* What hides a directory hides what is in it. */
static int inherit_hiding(struct provenance_place *place, const struct provenance_place *parent)
{
	place->hiding = parent->hiding;
	place->hider = parent->hider;
	if (!parent->hider_path)
		return 0;
	place->hider_path = strdup(parent->hider_path);
	return place->hider_path ? 0 : -ENOMEM;
}

static int gather_place(struct provenance *provenance, const struct provenance_place *parent,
			const char *name)
{
	struct provenance_place place = { .layer = parent->layer };
	int error = probe_place(parent, name, &place);

	if (!error)
		error = inherit_hiding(&place, parent);
	if (error || !place.path) {
		place_release(&place);
		return error;
	}
	return insert_place(provenance, provenance->count, &place);
}

/* -- what hides what -- */

static int hide(struct provenance_place *place, const struct provenance_place *hider,
		enum provenance_hiding hiding)
{
	place->hiding = hiding;
	place->hider = hider->layer;
	place->hider_path = strdup(hider->path);
	return place->hider_path ? 0 : -ENOMEM;
}

static int stat_directory(struct layer_dir *dir, struct attributes *ret_attributes)
{
	struct cached_fd *fd;
	int error = layer_dir_open(dir, &fd);

	if (error)
		return error;
	error = layer_stat(dir->layer, fd->fd, NULL, ret_attributes);
	fd_cache_release(dir->layer->fds, fd);
	return error;
}

/* Fills in a directory that a redirect leads to; takes over the reference to it, also on failure. */
static int make_redirected(struct layer_dir *dir, struct provenance_place *ret_place)
{
	struct provenance_place place = {
		.layer = dir->layer->index,
		.exists = true,
		.redirected = true,
		.dir = dir,
	};
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int error = layer_dir_path(dir, &path);

	if (!error)
		error = stat_directory(dir, &place.attributes);
	if (error) {
		place_release(&place);
		return error;
	}
	place.path = steal_pointer(&path.data);
	*ret_place = place;
	return 0;
}

/* Enters the directories that the moved one at index shows, each before the namesakes in layers below. */
static int insert_redirected(struct union_fs *fs, struct provenance *provenance, size_t index)
{
	const struct provenance_place *moved = &provenance->places[index++];
	struct layer_parts parts = { 0 };
	int error = redirect_resolve(fs, moved->layer, moved->redirect, &parts);

	for (uint16_t i = 0; i < parts.count && !error; i++) {
		struct provenance_place place;

		error = make_redirected(layer_dir_ref(parts.dirs[i]), &place);
		while (!error && index < provenance->count &&
		       provenance->places[index].layer < place.layer)
			index++;
		if (!error)
			error = insert_place(provenance, index, &place);
	}
	layer_parts_free(&parts);
	return error;
}

/* How a place that is seen hides those below; SEEN when they merge with it. */
static enum provenance_hiding hides_below(const struct provenance_place *place)
{
	if (place->exists && !S_ISDIR(place->attributes.mode))
		return PROVENANCE_COVERED;
	if (place->opaque)
		return PROVENANCE_OPAQUE;
	if (place->redirect)
		return PROVENANCE_REDIRECTED;
	return place->whiteout ? PROVENANCE_WHITED_OUT : PROVENANCE_SEEN;
}

/* Decides for each place, from the top, whether it is seen, and which is shown. */
static int settle(struct union_fs *fs, struct provenance *provenance)
{
	enum provenance_hiding hiding = PROVENANCE_SEEN;
	size_t hider = 0, shown = SIZE_MAX;
	int error = 0;

	for (size_t i = 0; i < provenance->count && !error; i++) {
		struct provenance_place *place = &provenance->places[i];

		if (place->hiding != PROVENANCE_SEEN)
			continue;
		if (hiding != PROVENANCE_SEEN &&
		    !(hiding == PROVENANCE_REDIRECTED && place->redirected)) {
			error = hide(place, &provenance->places[hider], hiding);
			continue;
		}
		/* What is no directory ends the merge, and is no part of it. */
		if (shown != SIZE_MAX && place->exists && !S_ISDIR(place->attributes.mode)) {
			hider = shown;
			hiding = PROVENANCE_COVERED;
			error = hide(place, &provenance->places[hider], hiding);
			continue;
		}
		if (place->exists && shown == SIZE_MAX)
			shown = i;
		if (hiding == PROVENANCE_SEEN && hides_below(place) != PROVENANCE_SEEN) {
			hiding = hides_below(place);
			hider = i;
		}
		if (hiding == PROVENANCE_REDIRECTED && hider == i)
			error = insert_redirected(fs, provenance, i);
	}
	provenance->shown = shown == SIZE_MAX ? NULL : &provenance->places[shown];
	return error;
}

/* -- where the shown file is, and where it is from -- */

static const char *real_path_of(const struct layer *layer)
{
	return layer->real_path ? layer->real_path : layer->path;
}

/* NULL: no memory. */
static char *real_path(const struct union_fs *fs, unsigned layer, const char *path)
{
	const char *root = real_path_of(fs_layer(fs, layer));
	cleanup_buffer struct buffer whole = BUFFER_INIT;

	if (buffer_append_format(&whole, "%s%s", strcmp(root, "/") == 0 ? "" : root,
				 path[1] || !root[1] ? path : "") < 0)
		return NULL;
	return steal_pointer(&whole.data);
}

/* The directory that has the name of a place, as a descriptor. */
static int open_parent(const struct provenance *directory, const struct provenance_place *place,
		       struct cached_fd **ret_fd)
{
	for (size_t i = 0; i < directory->count; i++)
		if (directory->places[i].layer == place->layer && directory->places[i].dir &&
		    directory->places[i].hiding == PROVENANCE_SEEN)
			return layer_dir_open(directory->places[i].dir, ret_fd);
	return -ENOENT;
}

/* The copy of a file with several names that takes the place of the shown one, if there is one. */
static int find_copy(struct union_fs *fs, struct provenance *provenance,
		     const struct origin *origin)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	char name[HARD_LINK_NAME_MAX];
	struct layer *layer = NULL;
	struct hard_link *link;

	hard_links_lock(fs);
	link = hard_links_find(fs, origin->layer, origin->inode);
	if (link && link->layer && link->layer->index < provenance->layer)
		layer = link->layer;
	hard_links_unlock(fs);
	if (!layer)
		return 0;
	(void)hard_link_location(fs, link, layer, name);
	if (layer->index == 0 && fs->work.path)
		(void)buffer_append_format(&path, "%s/index/%s", fs->work.path, name);
	else
		(void)buffer_append_format(&path, "%s/%s/index/%s", real_path_of(layer),
					   STATE_DIRECTORY, name);
	if (!path.data)
		return -ENOMEM;
	free(provenance->real_path);
	provenance->real_path = steal_pointer(&path.data);
	provenance->layer = layer->index;
	provenance->by_index = true;
	return 0;
}

static int set_origin(const struct union_fs *fs, struct provenance *provenance,
		      const struct origin *origin)
{
	const struct provenance_place *shown = provenance->shown;

	if (origin->layer->index == provenance->layer)
		return 0;
	provenance->copied_up = true;
	provenance->origin_layer = origin->layer->index;
	provenance->origin_inode = origin->inode;
	for (size_t i = (size_t)(shown - provenance->places); i < provenance->count; i++) {
		const struct provenance_place *place = &provenance->places[i];

		if (!place->exists || place->layer != origin->layer->index ||
		    place->attributes.inode != origin->inode)
			continue;
		provenance->origin_path = real_path(fs, place->layer, place->path);
		return provenance->origin_path ? 0 : -ENOMEM;
	}
	return 0;
}

/* A directory's origin tells only whose number it shows. */
static int trace(struct union_fs *fs, struct provenance *provenance,
		 const struct provenance *directory)
{
	const struct provenance_place *shown = provenance->shown;
	struct cached_fd *fd;
	struct origin origin;
	int error;

	if (!shown)
		return 0;
	provenance->layer = shown->layer;
	provenance->real_path = real_path(fs, shown->layer, shown->path);
	if (!provenance->real_path)
		return -ENOMEM;
	if (!directory)
		return 0;
	error = open_parent(directory, shown, &fd);
	if (error)
		return error;
	origin = origin_of(fs, fs_layer(fs, shown->layer), fd->fd, strrchr(shown->path, '/') + 1,
			   &shown->attributes);
	fd_cache_release(fs->fds, fd);
	if (!S_ISDIR(shown->attributes.mode) && shown->attributes.links > 1)
		error = find_copy(fs, provenance, &origin);
	return error ? error : set_origin(fs, provenance, &origin);
}

/* -- steps -- */

static int gather_root(struct union_fs *fs, struct provenance *provenance)
{
	int error = 0;

	for (unsigned i = 0; i < fs->layer_count && !error; i++) {
		struct layer *layer = fs_layer(fs, i);
		struct provenance_place place = {
			.layer = i,
			.path = strdup("/"),
			.exists = true,
			.dir = layer_dir_ref(layer->root),
		};
		int opaque = layer_dir_is_opaque(layer->root);

		place.opaque = opaque > 0;
		error = !place.path ? -ENOMEM : opaque < 0 ? opaque : 0;
		if (!error)
			error = layer_stat(layer, layer->root_fd, NULL, &place.attributes);
		if (error)
			place_release(&place);
		else
			error = insert_place(provenance, i, &place);
	}
	return error;
}

int provenance_of_root(struct union_fs *fs, struct provenance **ret_provenance)
{
	CLEANUP(provenance_free) struct provenance *provenance = calloc(1, sizeof(*provenance));
	int error = provenance ? gather_root(fs, provenance) : -ENOMEM;

	if (!error)
		error = settle(fs, provenance);
	if (!error)
		error = trace(fs, provenance, NULL);
	if (!error)
		*ret_provenance = steal_pointer(&provenance);
	return error;
}

int provenance_step(struct union_fs *fs, const struct provenance *directory, const char *name,
		    struct provenance **ret_provenance)
{
	CLEANUP(provenance_free) struct provenance *provenance = calloc(1, sizeof(*provenance));
	int error = provenance ? 0 : -ENOMEM;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (!confined_name_is_valid(name) || whiteout_name_is_reserved(name))
		return -EINVAL;
	for (size_t i = 0; i < directory->count && !error; i++)
		if (directory->places[i].dir)
			error = gather_place(provenance, &directory->places[i], name);
	if (!error)
		error = settle(fs, provenance);
	if (!error)
		error = trace(fs, provenance, directory);
	if (!error)
		*ret_provenance = steal_pointer(&provenance);
	return error;
}

int provenance_of_path(struct union_fs *fs, const char *path, struct provenance **ret_provenance)
{
	CLEANUP(provenance_free) struct provenance *provenance = NULL;
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *name;
	int error = copy ? provenance_of_root(fs, &provenance) : -ENOMEM;

	while (!error && (name = strsep(&rest, "/"))) {
		struct provenance *next;

		if (!*name)
			continue;
		error = provenance_step(fs, provenance, name, &next);
		if (error)
			break;
		provenance_free(provenance);
		provenance = next;
	}
	if (!error)
		*ret_provenance = steal_pointer(&provenance);
	return error;
}
