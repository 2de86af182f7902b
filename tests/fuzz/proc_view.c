/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of /proc, as kernels to come may write them; the first bytes say what the container may use. */
#include "container/proc_view/files.h"
#include "fuzz.h"

#include <string.h>

#define HEAD 8

static uint64_t amount(uint8_t byte)
{
	return byte == 0 ? CGROUP_UNKNOWN : byte == 255 ? UINT64_MAX : (uint64_t)byte << (byte / 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_view_usage usage = { .io_known = size > HEAD && (data[7] & 1) };
	char *text;

	if (size < HEAD || !(text = strndup((const char *)data + HEAD, size - HEAD)))
		return 0;
	processor_set_add(&usage.processors, data[0]);
	processor_set_add(&usage.processors, data[1] % 4);
	usage.memory.limit = amount(data[2]);
	usage.memory.limit_with_swap = amount(data[3]);
	usage.memory.used = usage.memory.used_with_swap = usage.memory.cache = amount(data[4]);
	usage.cpu.total = amount(data[5]);
	usage.cpu.system = amount(data[6]);
	usage.age = amount(data[7]);
	REQUIRE(cgroup_io_devices_add_v1(&usage.io, text, true) == 0);
	REQUIRE(cgroup_io_devices_add_v2(&usage.io, text) == 0);
	for (size_t i = 0; i < PROC_VIEW_FILES; i++) {
		cleanup_buffer struct buffer out = BUFFER_INIT;

		REQUIRE(proc_view_files[i].text(text, &usage, &out) == 0);
		/* A line of ours for one of the machine's, each of bounded length. */
		REQUIRE(out.length < 64 * strlen(text) + 1024);
	}
	cgroup_io_devices_free(&usage.io);
	free(text);
	return 0;
}
