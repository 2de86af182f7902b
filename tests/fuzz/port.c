/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port to be published, from a command line, and the ports that an image exposes. */
#include "container/network/port.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What was understood is told in one form, which is understood as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char told[PORT_TEXT_SIZE], again[PORT_TEXT_SIZE];
	struct problem problem = { "" };
	struct port_mapping mapping;

	REQUIRE(text != NULL);
	if (port_mapping_read(text, &mapping, &problem) != 0) {
		REQUIRE(problem.text[0] != '\0');
		free(text);
		return 0;
	}
	REQUIRE(mapping.count > 0 && mapping.container > 0);
	REQUIRE((uint32_t)mapping.container + mapping.count - 1 <= UINT16_MAX);
	REQUIRE((uint32_t)mapping.host + mapping.count - 1 <= UINT16_MAX || mapping.host == 0);
	port_mapping_text(&mapping, told);
	REQUIRE(port_mapping_read(told, &mapping, &problem) == 0);
	port_mapping_text(&mapping, again);
	REQUIRE(strcmp(told, again) == 0);
	free(text);
	return 0;
}
