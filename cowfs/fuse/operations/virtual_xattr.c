/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "fuse/operations/operations.h"
#include "union/look/provenance.h"

#include <errno.h>
#include <string.h>

#define PREFIX "user.cowfs."

DEFINE_CLEANUP_FUNCTION(struct provenance *, provenance_free);

typedef int value_function(const struct session *session, const struct provenance *provenance,
			   struct buffer *value);

static int layer(const struct session *session, const struct provenance *provenance,
		 struct buffer *value)
{
	(void)session;
	return buffer_append_format(value, "%u", provenance->layer);
}

static int layer_path(const struct session *session, const struct provenance *provenance,
		      struct buffer *value)
{
	struct union_layer described;

	union_get_layer(session->fs, provenance->layer, &described);
	return buffer_append_string(value, described.path);
}

static int path(const struct session *session, const struct provenance *provenance,
		struct buffer *value)
{
	(void)session;
	return buffer_append_string(value, provenance->real_path);
}

static int copied_from(const struct session *session, const struct provenance *provenance,
		       struct buffer *value)
{
	(void)session;
	return provenance->origin_path ? buffer_append_string(value, provenance->origin_path)
				       : -ENODATA;
}

static const struct attribute {
	const char *name;
	value_function *value;
} attributes[] = {
	{ PREFIX "layer", layer },
	{ PREFIX "layer_path", layer_path },
	{ PREFIX "path", path },
	{ PREFIX "copied_from", copied_from },
};

static const struct attribute *find(const char *name)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (strcmp(attributes[i].name, name) == 0)
			return &attributes[i];
	return NULL;
}

bool virtual_xattr_may_be(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

int virtual_xattr_get(const struct session *session, struct inode *inode, const char *name,
		      struct buffer *value)
{
	CLEANUP(provenance_free) struct provenance *provenance = NULL;
	cleanup_buffer struct buffer place = BUFFER_INIT;
	const struct attribute *attribute = find(name);
	int result;

	if (!attribute)
		return -ENODATA;
	result = union_path(session->fs, inode, &place);
	if (result == 0)
		result = provenance_of_path(session->fs, buffer_string(&place), &provenance);
	/* Its name has just gone, or it never had one. */
	if (result == -ENOENT || (result == 0 && !provenance->shown))
		return -ENODATA;
	return result < 0 ? result : attribute->value(session, provenance, value);
}
