/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of attribute names, as a network or FUSE file system under a layer might answer it. */
#include "fuzz.h"
#include "layer/control_xattr.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *list = malloc(size ? size : 1);
	size_t length;

	REQUIRE(list != NULL);
	memcpy(list, data, size);
	length = control_xattr_filter_list(list, size);
	REQUIRE(length <= size);
	REQUIRE(length == 0 || list[length - 1] == '\0');
	for (size_t at = 0; at < length; at += strlen(list + at) + 1)
		REQUIRE(!control_xattr_is_hidden(list + at));
	REQUIRE(control_xattr_filter_list(list, length) == length);
	free(list);
	return 0;
}
