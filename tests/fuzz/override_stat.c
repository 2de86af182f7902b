/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of an override_stat attribute, which any layer may carry. */
#include "layer/override_stat.h"
#include "fuzz.h"

#include <string.h>

static void check_apply(const struct override_stat *override, mode_t type)
{
	struct attributes attributes = { .mode = type | 0644, .rdev = 259, .size = 1 };

	override_stat_apply(override, &attributes);
	REQUIRE((attributes.mode & 07777) == override->mode);
	REQUIRE(S_ISDIR(attributes.mode) == S_ISDIR(type));
	REQUIRE(S_ISLNK(attributes.mode) == S_ISLNK(type));
	REQUIRE(!attributes_are_whiteout(&attributes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct override_stat override, again;
	char text[OVERRIDE_STAT_MAX];
	size_t length;

	if (override_stat_parse((const char *)data, size, &override) != 0)
		return 0;
	length = override_stat_format(&override, text, sizeof(text));
	REQUIRE(length < sizeof(text) && length == strlen(text));
	REQUIRE(override_stat_parse(text, length, &again) == 0);
	REQUIRE(again.uid == override.uid && again.gid == override.gid);
	REQUIRE(again.mode == override.mode && again.type == override.type);
	REQUIRE(again.rdev == override.rdev);
	check_apply(&override, S_IFREG);
	check_apply(&override, S_IFDIR);
	check_apply(&override, S_IFLNK);
	check_apply(&override, S_IFCHR);
	return 0;
}
