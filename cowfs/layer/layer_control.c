/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of layer.h: our own extended attributes. */
#include "base/confined.h"
#include "layer/layer.h"

#include <errno.h>
#include <string.h>

ssize_t layer_get_control(const struct layer *layer, int directory, const char *name,
			  const char *suffix, char *value, size_t size)
{
	enum xattr_namespace name_space = layer->xattr_namespace;
	char attribute[CONTROL_XATTR_MAX];
	ssize_t length;

	if (name_space == XATTR_NAMESPACE_NONE)
		return -ENODATA;
	/* With no room but for the zero, the kernel would take it for a question for the length. */
	if (size < 2)
		return -ERANGE;
	length = confined_getxattr(directory, name,
				   control_xattr_name(name_space, suffix, attribute), value,
				   size - 1);
	if (length == -ENODATA && name_space == XATTR_NAMESPACE_TRUSTED && !layer->writable)
		length = confined_getxattr(
			directory, name,
			control_xattr_name(XATTR_NAMESPACE_USER, suffix, attribute), value,
			size - 1);
	if (length == -ENOTSUP || (length >= 0 && memchr(value, '\0', (size_t)length)))
		return -ENODATA;
	if (length >= 0)
		value[length] = '\0';
	return length;
}

int layer_set_control(const struct layer *layer, int directory, const char *name,
		      const char *suffix, const char *value)
{
	char attribute[CONTROL_XATTR_MAX];
	int error;

	if (layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		return -ENOTSUP;
	control_xattr_name(layer->xattr_namespace, suffix, attribute);
	error = confined_setxattr(directory, name, attribute, value, strlen(value), 0);
	/* How the kernel says that only files and directories take user. attributes. */
	if (error == -EPERM && layer->xattr_namespace == XATTR_NAMESPACE_USER)
		return -ENOTSUP;
	return error;
}

int layer_remove_control(const struct layer *layer, int directory, const char *name,
			 const char *suffix)
{
	char attribute[CONTROL_XATTR_MAX];
	int error;

	if (layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		return 0;
	control_xattr_name(layer->xattr_namespace, suffix, attribute);
	error = confined_removexattr(directory, name, attribute);
	if (error == -EPERM && layer->xattr_namespace == XATTR_NAMESPACE_USER)
		return 0;
	return error == -ENODATA || error == -ENOTSUP ? 0 : error;
}
