/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of checking.h: what the attributes of one object say. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "union/change/redirect.h"
#include "union/check/checking.h"
#include "union/copy_up/origin.h"
#include "union/fs.h"

#include <stdlib.h>
#include <string.h>

/* The attributes of a file all together are at most as long, linux/limits.h. */
#define LIST_MAX 65536
#define VALUE_MAX 4096

static const char *name_or_self(const struct check_object *object)
{
	return object->name[0] ? object->name : NULL;
}

/* The value, followed by a zero byte that is not counted; -errno, also for one that is too long. */
static ssize_t read_value(const struct check_object *object, const char *attribute,
			  char value[VALUE_MAX])
{
	ssize_t length = confined_getxattr(object->fd, name_or_self(object), attribute, value,
					   VALUE_MAX - 1);

	if (length >= 0)
		value[length] = '\0';
	return length;
}

static int add(struct check *check, const struct check_object *object, enum check_kind kind)
{
	return check_add(check, kind, PLACE_TREE, object->dir, object->name) ? 0 : -ENOMEM;
}

static int add_left(struct check *check, const struct check_object *object, enum check_kind kind,
		    const char *why)
{
	return check_add_left(check, kind, PLACE_TREE, object->dir, object->name, why);
}

/* -- ours -- */

static int add_claim(struct check *check, const struct check_object *object, uint64_t layer_id,
		     uint64_t inode)
{
	struct claim *grown = check_grow(check->claims, check->claim_count, sizeof(*grown));
	char *name = strdup(object->name);

	check->claims = grown ? grown : check->claims;
	if (!grown || !name) {
		free(name);
		return -ENOMEM;
	}
	check->claims[check->claim_count++] = (struct claim){
		.layer_id = layer_id,
		.inode = inode,
		.own_inode = object->attributes.inode,
		.is_directory = S_ISDIR(object->attributes.mode),
		.dir = layer_dir_ref(object->dir),
		.name = name,
	};
	return 0;
}

static int check_origin(struct check *check, const struct check_object *object,
			const char *attribute)
{
	char value[VALUE_MAX];
	uint64_t layer_id, inode;
	ssize_t length = read_value(object, attribute, value);

	if (length < 0 && length != -ERANGE)
		return 0;
	if (length < 0 || length >= ORIGIN_RECORD_MAX || strlen(value) != (size_t)length ||
	    !origin_scan(value, &layer_id, &inode))
		return add(check, object, CHECK_ORIGIN_INVALID);
	return add_claim(check, object, layer_id, inode);
}

/* What makes sense in a directory is followed by who reads the tree. */
static int check_redirect(struct check *check, const struct check_object *object,
			  const char *attribute)
{
	char value[VALUE_MAX];
	ssize_t length = read_value(object, attribute, value);

	if (!S_ISDIR(object->attributes.mode) || length == 0 || length == -ERANGE ||
	    length > REDIRECT_MAX || (length > 0 && strlen(value) != (size_t)length))
		return add(check, object, CHECK_REDIRECT_INVALID);
	if (!object->dir->layer->has_state)
		return add_left(check, object, CHECK_REDIRECT_UNREAD,
				"the state directory, which would make it count, may have been "
				"left out of a copy");
	return 0;
}

/* -- those of others -- */

static int check_opaque(struct check *check, const struct check_object *object,
			const char *attribute, bool kernel)
{
	char value[VALUE_MAX];
	ssize_t length = read_value(object, attribute, value);

	if (length == 1 && (value[0] == 'y' || (kernel && value[0] == 'x')) &&
	    S_ISDIR(object->attributes.mode))
		return 0;
	return add_left(check, object, CHECK_OPAQUE_UNREAD,
			"whoever wrote it may have meant something by it");
}

/* Those that count were taken for whiteouts and not for objects. */
static int check_whiteout(struct check *check, const struct check_object *object)
{
	return add_left(check, object, CHECK_WHITEOUT_UNREAD,
			object->attributes.size ? "there is data in it"
						: "its directory does not say that it holds such");
}

/* The name without trusted. or user. */
static const char *without_namespace(const char *attribute)
{
	static const char *const namespaces[] = { "trusted.", "user." };

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (strncmp(attribute, namespaces[i], strlen(namespaces[i])) == 0)
			return attribute + strlen(namespaces[i]);
	return "";
}

static int check_attribute(struct check *check, const struct check_object *object,
			   const char *attribute)
{
	const char *name = without_namespace(attribute);

	if (strcmp(name, CONTROL_ORIGIN) == 0)
		return check_origin(check, object, attribute);
	if (strcmp(name, CONTROL_REDIRECT) == 0)
		return check_redirect(check, object, attribute);
	if (strcmp(name, "overlay.opaque") == 0)
		return check_opaque(check, object, attribute, true);
	if (strcmp(name, "fuseoverlayfs.opaque") == 0)
		return check_opaque(check, object, attribute, false);
	if (strcmp(name, "overlay.whiteout") == 0)
		return check_whiteout(check, object);
	if (strcmp(name, "overlay.redirect") == 0)
		return add_left(check, object, CHECK_FOREIGN_REDIRECT,
				"only the kernel's overlayfs shows what belongs there");
	if (strcmp(name, "overlay.metacopy") == 0)
		return add_left(check, object, CHECK_FOREIGN_METACOPY,
				"only the kernel's overlayfs shows its data");
	return 0;
}

/* -- all of them -- */

int check_object(struct check *check, const struct check_object *object)
{
	cleanup_free char *list = NULL;
	ssize_t length = confined_listxattr(object->fd, name_or_self(object), NULL, 0);
	int error = 0;

	check_see_object(check, &object->attributes);
	if (length <= 0)
		return length == 0 || length == -ENOTSUP ? 0 : (int)length;
	list = malloc(LIST_MAX + 1);
	if (!list)
		return -ENOMEM;
	length = confined_listxattr(object->fd, name_or_self(object), list, LIST_MAX);
	if (length < 0)
		return (int)length;
	list[length] = '\0';
	for (const char *at = list; !error && at < list + length; at += strlen(at) + 1)
		error = check_attribute(check, object, at);
	return error;
}
