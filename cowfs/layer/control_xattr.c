/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/control_xattr.h"
#include "layer/override_stat.h"

#include <stdio.h>
#include <string.h>

const char *control_xattr_name(enum xattr_namespace name_space, const char *suffix,
			       char buffer[CONTROL_XATTR_MAX])
{
	const char *prefix = name_space == XATTR_NAMESPACE_TRUSTED ? "trusted" : "user";

	(void)snprintf(buffer, CONTROL_XATTR_MAX, "%s.%s", prefix, suffix);
	return buffer;
}

bool control_xattr_is_hidden(const char *name)
{
	static const char *const prefixes[] = {
		"trusted.overlay.",	   "user.overlay.",  "user.fuseoverlayfs.",
		"security.fuseoverlayfs.", "trusted.cowfs.", "user.cowfs.",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return strcmp(name, OVERRIDE_STAT_USER) == 0;
}

size_t control_xattr_filter_list(char *list, size_t length)
{
	size_t kept = 0, size;

	for (size_t at = 0; at < length; at += size) {
		size = strnlen(list + at, length - at) + 1;
		/* A kernel's list ends with a zero; a name cut short is not one. */
		if (size > length - at)
			break;
		if (control_xattr_is_hidden(list + at))
			continue;
		memmove(list + kept, list + at, size);
		kept += size;
	}
	return kept;
}
