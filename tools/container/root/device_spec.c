/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/device_spec.h"

#include "container/cgroup/limits.h"

#include <errno.h>
#include <string.h>

/* The text up to a colon or its end, which *text moves behind. */
static int take_path(const char **text, char path[PATH_MAX])
{
	size_t length = strcspn(*text, ":");

	if (**text != '/' || length >= PATH_MAX)
		return -EINVAL;
	memcpy(path, *text, length);
	path[length] = '\0';
	*text += length + ((*text)[length] == ':');
	return 0;
}

static int read_access(const char *text, unsigned *ret_access)
{
	static const char letters[] = "rwm";
	unsigned access = 0;

	for (; *text; text++) {
		const char *letter = strchr(letters, *text);
		unsigned bit = letter ? 1U << (letter - letters) : 0;

		if (!bit || (access & bit))
			return -EINVAL;
		access |= bit;
	}
	*ret_access = access;
	return 0;
}

int device_spec_read(const char *text, struct device_spec *ret_spec)
{
	struct device_spec spec = { .access = DEVICE_ALL };
	int error;

	if (text[0] && text[strlen(text) - 1] == ':')
		return -EINVAL;
	error = take_path(&text, spec.host);
	if (!error && *text == '/')
		error = take_path(&text, spec.inside);
	else
		memcpy(spec.inside, spec.host, sizeof(spec.inside));
	if (!error && *text)
		error = read_access(text, &spec.access);
	if (error)
		return error;
	*ret_spec = spec;
	return 0;
}
