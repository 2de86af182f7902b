/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An id map from a command line. */
#include "fuzz.h"
#include "layer/ownership.h"

#include <string.h>

/* Ids at and beside the ends of every range go there and back. */
static void check_id(const struct id_map *map, uint32_t disk)
{
	uint32_t shown = id_map_to_shown(map, disk), back;

	if (shown == OVERFLOW_ID)
		return;
	REQUIRE(id_map_to_disk(map, shown, &back) == 0);
	REQUIRE(back == disk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct problem problem = { "" };
	struct id_map map;

	REQUIRE(text != NULL);
	if (id_map_parse(text, &map, &problem) != 0) {
		REQUIRE(problem.text[0] != '\0');
		free(text);
		return 0;
	}
	REQUIRE(map.count > 0 && map.count <= ID_MAP_RANGES_MAX);
	for (size_t i = 0; i < map.count; i++) {
		const struct id_range *range = &map.ranges[i];

		REQUIRE(range->count > 0);
		REQUIRE(id_map_to_shown(&map, range->disk) == range->shown);
		for (uint32_t near = 0; near < 3; near++) {
			check_id(&map, range->disk + near - 1);
			check_id(&map, range->disk + range->count + near - 1);
		}
	}
	id_map_free(&map);
	free(text);
	return 0;
}
