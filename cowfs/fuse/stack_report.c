/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "fuse/operations/operations.h"

#include <errno.h>

/* -- the options, as cowfs mount takes them after -o -- */

static int add_option(struct buffer *text, const char *option)
{
	return buffer_append_format(text, "%s%s", text->length ? "," : "", option);
}

static int add_map(struct buffer *text, const char *name, const struct id_map *map)
{
	int result = map->count ? add_option(text, name) : 0;

	return result < 0 ? result : id_map_format(map, text);
}

static int add_id(struct buffer *text, const char *name, bool wanted, uint32_t id)
{
	int result = wanted ? add_option(text, name) : 0;

	return result < 0 || !wanted ? result : buffer_append_format(text, "%u", id);
}

static int add_ownership(struct buffer *text, const struct ownership *ownership)
{
	int result = add_map(text, "uidmapping=", &ownership->users);

	if (result == 0)
		result = add_map(text, "gidmapping=", &ownership->groups);
	if (result == 0)
		result = add_id(text, "squash_to_uid=", ownership->squash_users,
				ownership->squashed_uid);
	if (result == 0)
		result = add_id(text, "squash_to_gid=", ownership->squash_groups,
				ownership->squashed_gid);
	if (result == 0)
		result = add_id(text, "xattr_permissions=",
				ownership->xattr_permissions != XATTR_PERMISSIONS_OFF,
				ownership->xattr_permissions);
	return result;
}

static const char *dialect_name(enum whiteout_dialect dialect)
{
	return dialect == WHITEOUT_OVERLAY ? "overlay" : "aufs";
}

static int describe_options(const struct union_options *options, struct buffer *text)
{
	int result = buffer_append_format(text, "whiteout=%s,redirect=%s",
					  dialect_name(options->dialect),
					  options->redirect == REDIRECT_COPY ? "copy" : "on");

	if (result == 0 && options->read_only)
		result = add_option(text, "ro");
	if (result == 0 && options->volatile_upper)
		result = add_option(text, "volatile");
	if (result == 0 && options->no_xattr)
		result = add_option(text, "noxattr");
	if (result == 0 && options->static_nlink)
		result = add_option(text, "static_nlink");
	return result < 0 ? result : add_ownership(text, &options->ownership);
}

/* -- the layers -- */

static const char *name_space_name(enum xattr_namespace name_space)
{
	switch (name_space) {
	case XATTR_NAMESPACE_TRUSTED:
		return "trusted";
	case XATTR_NAMESPACE_USER:
		return "user";
	default:
		return "none";
	}
}

static int describe_layer(const struct union_layer *layer, json_object *object)
{
	int result = json_add_string(object, "path", layer->path);

	if (result == 0)
		result = json_add(object, "role",
				  json_object_new_string(layer->is_upper ? "upper" : "lower"));
	if (result == 0)
		result = json_add_number(object, "device", layer->device);
	if (result == 0)
		result = json_add_number(object, "inode", layer->inode);
	if (result == 0)
		result = json_add(object, "attributes",
				  json_object_new_string(name_space_name(layer->xattr_namespace)));
	if (result == 0 && layer->is_upper)
		result = json_add(object, "dialect",
				  json_object_new_string(dialect_name(layer->dialect)));
	return result;
}

static int add_layers(json_object *report, const struct union_fs *fs)
{
	CLEANUP(json_put) json_object *stack = json_object_new_array();
	int result = stack ? 0 : -ENOMEM;

	for (unsigned i = 0; i < union_layer_count(fs) && result == 0; i++) {
		CLEANUP(json_put) json_object *object = json_object_new_object();
		struct union_layer layer;

		union_get_layer(fs, i, &layer);
		result = object ? describe_layer(&layer, object) : -ENOMEM;
		if (result == 0)
			result = json_append(stack, steal_pointer(&object));
	}
	return result < 0 ? result : json_add(report, "stack", steal_pointer(&stack));
}

/* Whose paths these are. */
static uint64_t mount_namespace(void)
{
	struct stat stat_buffer;

	return stat("/proc/self/ns/mnt", &stat_buffer) < 0 ? 0 : stat_buffer.st_ino;
}

static int add_options(json_object *report, const struct union_fs *fs)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct union_options options;
	int result;

	union_get_options(fs, &options);
	result = describe_options(&options, &text);
	if (result == 0 && options.workdir)
		result = json_add_string(report, "workdir", options.workdir);
	if (result == 0)
		result = json_add_string(report, "options", buffer_string(&text));
	return result;
}

static int add_path(json_object *report, struct union_fs *fs, struct inode *inode)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int result = union_path(fs, inode, &path);

	return result < 0 ? result : json_add_string(report, "path", buffer_string(&path));
}

int stack_report(const struct session *session, struct inode *inode, struct buffer *text)
{
	CLEANUP(json_put) json_object *report = json_object_new_object();
	const char *string;
	int result = report ? 0 : -ENOMEM;

	if (result == 0)
		result = add_path(report, session->fs, inode);
	if (result == 0)
		result = json_add_number(report, "mount_namespace", mount_namespace());
	if (result == 0)
		result = add_options(report, session->fs);
	if (result == 0)
		result = add_layers(report, session->fs);
	if (result < 0)
		return result;
	string = json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);
	return string ? buffer_append_string(text, string) : -ENOMEM;
}
