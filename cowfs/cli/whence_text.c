/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/whence_text.h"

#include "base/cleanup.h"
#include "cli/name_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The absolute path of one in a layer. Owned by the caller; NULL: no memory. */
static char *real_path(const struct union_fs *fs, unsigned index, const char *path)
{
	cleanup_buffer struct buffer whole = BUFFER_INIT;
	struct union_layer layer;

	union_get_layer(fs, index, &layer);
	if (buffer_append_format(&whole, "%s%s", layer.path[1] ? layer.path : "",
				 path[1] || !layer.path[1] ? path : "") < 0)
		return NULL;
	return steal_pointer(&whole.data);
}

/* -- for people -- */

/* "sha256:" and twelve digits are enough to know one layer from the others. */
#define ID_LENGTH 19

/* The same as people know it, of a layer that has an id. */
static char *path_for_people(const struct look *look, unsigned index, const char *path)
{
	const struct string_list *ids = look->layer_ids;
	cleanup_buffer struct buffer whole = BUFFER_INIT;

	if (!ids || index < look->first_with_id || index - look->first_with_id >= ids->count)
		return real_path(look->fs, index, path);
	if (buffer_append_format(&whole, "%.*s:%s", ID_LENGTH,
				 ids->strings[index - look->first_with_id], path) < 0)
		return NULL;
	return steal_pointer(&whole.data);
}

/* Longer paths push what comes after them aside. */
#define PATH_WIDTH_MAX 60

/* How many columns a path takes, as far as bytes can tell. */
static int width_of(const char *path)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int width = 0;

	if (!path || name_text_append(&text, path) < 0)
		return 0;
	for (size_t i = 0; i < text.length; i++)
		width += (text.data[i] & 0xc0) != 0x80;
	return width;
}

static int widest(const struct look *look, const struct provenance *provenance)
{
	int most = 0;

	for (size_t i = 0; i < provenance->count; i++) {
		const struct provenance_place *place = &provenance->places[i];
		cleanup_free char *real = path_for_people(look, place->layer, place->path);
		int width = width_of(real);

		if (width > most && width <= PATH_WIDTH_MAX)
			most = width;
	}
	return most;
}

static void print_path(const struct look *look, enum look_color color, const char *path, int width)
{
	look_print_name(look, color, path ? path : "");
	(void)fprintf(look->out, "%*s  ", width > width_of(path) ? width - width_of(path) : 0, "");
}

static void print_headline(const struct look *look, const char *path,
			   const struct provenance *provenance)
{
	look_print_name(look, COLOR_NONE, path);
	if (!provenance->shown) {
		(void)fputs(": deleted\n", look->out);
		return;
	}
	(void)fprintf(look->out, ": %s, from layer %u",
		      look_type_name(provenance->shown->attributes.mode), provenance->layer);
	if (provenance->copied_up) {
		(void)fprintf(look->out, ", copied up from layer %u", provenance->origin_layer);
		if (!provenance->origin_path)
			(void)fprintf(look->out, ", where it was number %ju and had another name",
				      (uintmax_t)provenance->origin_inode);
	}
	(void)fputc('\n', look->out);
}

/* Names what hides it only when it is not in another line: when it hides a directory above. */
static void print_hider(const struct look *look, const char *how,
			const struct provenance *provenance, const struct provenance_place *place)
{
	cleanup_free char *path = NULL;

	(void)fprintf(look->out, "%s layer %u", how, place->hider);
	for (size_t i = 0; i < provenance->count; i++)
		if (provenance->places[i].layer == place->hider &&
		    strcmp(provenance->places[i].path, place->hider_path) == 0)
			return;
	path = path_for_people(look, place->hider, place->hider_path);
	(void)fputs(": ", look->out);
	look_print_name(look, COLOR_NONE, path ? path : "");
}

static void print_hiding(const struct look *look, const struct provenance *provenance,
			 const struct provenance_place *place)
{
	switch (place->hiding) {
	case PROVENANCE_SEEN:
		if (place == provenance->shown)
			(void)fputs("shown", look->out);
		else
			(void)fputs(place->exists ? "merged" : "hides what is below", look->out);
		break;
	case PROVENANCE_COVERED:
		print_hider(look, "covered by", provenance, place);
		break;
	case PROVENANCE_WHITED_OUT:
		print_hider(look, "hidden by a whiteout in", provenance, place);
		break;
	case PROVENANCE_OPAQUE:
		print_hider(look, "hidden by an opaque directory in", provenance, place);
		break;
	case PROVENANCE_REDIRECTED:
		print_hider(look, "hidden by a directory moved to its place in", provenance, place);
		break;
	}
}

static void print_marks(const struct look *look, const struct provenance_place *place)
{
	if (!place->exists)
		(void)fputs("whiteout, ", look->out);
	else if (place->whiteout)
		(void)fputs("beside a whiteout, ", look->out);
	if (place->opaque)
		(void)fputs("opaque, ", look->out);
	if (place->redirect) {
		(void)fputs("moved here from ", look->out);
		look_print_name(look, COLOR_NONE, place->redirect);
		(void)fputs(", ", look->out);
	}
	if (place->redirected)
		(void)fputs("found where it was moved from, ", look->out);
}

static enum look_color color_of(const struct provenance *provenance,
				const struct provenance_place *place)
{
	if (!place->exists)
		return COLOR_DELETED;
	if (place == provenance->shown)
		return COLOR_ADDED;
	return place->hiding == PROVENANCE_SEEN ? COLOR_NONE : COLOR_DIM;
}

static void print_place(const struct look *look, const struct provenance *provenance,
			const struct provenance_place *place, int width)
{
	cleanup_free char *real = path_for_people(look, place->layer, place->path);

	(void)fprintf(look->out, "%4u  ", place->layer);
	print_path(look, color_of(provenance, place), real, width);
	print_marks(look, place);
	if (provenance->by_index && place == provenance->shown)
		(void)fputs("has the name", look->out);
	else
		print_hiding(look, provenance, place);
	(void)fputc('\n', look->out);
}

void whence_print(const struct look *look, const char *path, const struct provenance *provenance)
{
	int width = widest(look, provenance);

	print_headline(look, path, provenance);
	if (provenance->by_index) {
		(void)fprintf(look->out, "%4u  ", provenance->layer);
		print_path(look, COLOR_ADDED, provenance->real_path, width);
		(void)fputs("shown, copied up through another hard link of it\n", look->out);
	}
	for (size_t i = 0; i < provenance->count; i++)
		print_place(look, provenance, &provenance->places[i], width);
}

/* -- for programs -- */

static int add_string(json_object *object, const char *key, const char *string)
{
	return json_add(object, key, string ? json_object_new_string(string) : NULL);
}

static int add_real_path(json_object *object, const char *key, const struct union_fs *fs,
			 unsigned layer, const char *path)
{
	cleanup_free char *real = real_path(fs, layer, path);

	return add_string(object, key, real);
}

static int add_whiteouts(json_object *object, unsigned forms)
{
	CLEANUP(json_put) json_object *array = json_object_new_array();
	int result = array ? 0 : -ENOMEM;

	if (result == 0 && (forms & WHITEOUT_FORM_PREFIX))
		result = json_append(array, json_object_new_string("prefix"));
	if (result == 0 && (forms & WHITEOUT_FORM_NODE))
		result = json_append(array, json_object_new_string("node"));
	return result < 0 ? result : json_add(object, "whiteout", steal_pointer(&array));
}

static int add_hider(json_object *object, const struct union_fs *fs,
		     const struct provenance_place *place)
{
	static const char *const reasons[] = {
		[PROVENANCE_COVERED] = "covered",
		[PROVENANCE_WHITED_OUT] = "whiteout",
		[PROVENANCE_OPAQUE] = "opaque",
		[PROVENANCE_REDIRECTED] = "redirect",
	};
	CLEANUP(json_put) json_object *hider = NULL;
	int result;

	if (place->hiding == PROVENANCE_SEEN)
		return 0;
	hider = json_object_new_object();
	result = hider ? add_string(hider, "how", reasons[place->hiding]) : -ENOMEM;
	if (result == 0)
		result = json_add_number(hider, "layer", place->hider);
	if (result == 0)
		result = add_real_path(hider, "path", fs, place->hider, place->hider_path);
	return result < 0 ? result : json_add(object, "hidden_by", steal_pointer(&hider));
}

static json_object *describe_place(const struct union_fs *fs, const struct provenance_place *place)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	int result = object ? json_add_number(object, "layer", place->layer) : -ENOMEM;

	if (result == 0)
		result = add_real_path(object, "path", fs, place->layer, place->path);
	if (result == 0 && place->exists)
		result = add_string(object, "type", look_type_name(place->attributes.mode));
	if (result == 0 && place->whiteout)
		result = add_whiteouts(object, place->whiteout);
	if (result == 0 && place->opaque)
		result = json_add(object, "opaque", json_object_new_boolean(true));
	if (result == 0 && place->redirect)
		result = add_string(object, "redirect", place->redirect);
	if (result == 0 && place->redirected)
		result = json_add(object, "redirected", json_object_new_boolean(true));
	if (result == 0)
		result = add_hider(object, fs, place);
	return result < 0 ? NULL : steal_pointer(&object);
}

static int add_origin(json_object *object, const struct provenance *provenance)
{
	CLEANUP(json_put) json_object *origin = NULL;
	int result;

	if (!provenance->copied_up)
		return 0;
	origin = json_object_new_object();
	result = origin ? json_add_number(origin, "layer", provenance->origin_layer) : -ENOMEM;
	if (result == 0)
		result = json_add_number(origin, "inode", provenance->origin_inode);
	if (result == 0 && provenance->origin_path)
		result = add_string(origin, "path", provenance->origin_path);
	return result < 0 ? result : json_add(object, "origin", steal_pointer(&origin));
}

static int describe_shown(json_object *object, const struct provenance *provenance)
{
	int result = add_string(object, "type", look_type_name(provenance->shown->attributes.mode));

	if (result == 0)
		result = json_add_number(object, "layer", provenance->layer);
	if (result == 0)
		result = add_string(object, "real_path", provenance->real_path);
	if (result == 0 && provenance->by_index)
		result = json_add(object, "by_index", json_object_new_boolean(true));
	return result < 0 ? result : add_origin(object, provenance);
}

static int add_places(json_object *object, const struct union_fs *fs,
		      const struct provenance *provenance)
{
	CLEANUP(json_put) json_object *array = json_object_new_array();
	int result = array ? 0 : -ENOMEM;

	for (size_t i = 0; i < provenance->count && result == 0; i++)
		result = json_append(array, describe_place(fs, &provenance->places[i]));
	return result < 0 ? result : json_add(object, "places", steal_pointer(&array));
}

json_object *whence_json(const struct union_fs *fs, const char *path,
			 const struct provenance *provenance)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	int result = object ? add_string(object, "path", path) : -ENOMEM;

	if (result == 0)
		result = json_add(object, "visible",
				  json_object_new_boolean(provenance->shown != NULL));
	if (result == 0 && provenance->shown)
		result = describe_shown(object, provenance);
	if (result == 0)
		result = add_places(object, fs, provenance);
	return result < 0 ? NULL : steal_pointer(&object);
}
