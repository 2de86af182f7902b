/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of proc_view_text.h: disks. */
#include "container/proc_view/lines.h"
#include "container/proc_view/text.h"

#include <inttypes.h>
#include <stdio.h>

/* Of proc_diskstats, whatever the device has. */
#define SECTOR 512
#define NAME_SIZE 64

static const struct cgroup_io_statistics *find(const struct cgroup_io_devices *io, unsigned major,
					       unsigned minor)
{
	for (size_t i = 0; i < io->count; i++) {
		if (io->devices[i].major == major && io->devices[i].minor == minor)
			return &io->devices[i].io;
	}
	return NULL;
}

static int append_device(struct buffer *text, unsigned major, unsigned minor, const char *name,
			 const struct cgroup_io_statistics *io)
{
	/* Operations, merged ones, sectors and milliseconds of reading, then of writing; then what was under way. */
	return buffer_append_format(
		text, "%4u %7u %s %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64 " 0 0 0 0\n",
		major, minor, name, io->reads, io->read_bytes / SECTOR, io->writes,
		io->written_bytes / SECTOR);
}

int proc_view_diskstats(const char *host, const struct proc_view_usage *usage, struct buffer *text)
{
	struct line line;
	int result = 0;

	if (!usage->io_known)
		return buffer_append_string(text, host);
	while (result == 0 && next_line(&host, &line)) {
		const struct cgroup_io_statistics *io;
		unsigned major, minor;
		char name[NAME_SIZE];

		if (sscanf(line.start, "%u %u %63s", &major, &minor, name) != 3)
			continue;
		io = find(&usage->io, major, minor);
		if (io && (io->reads > 0 || io->writes > 0))
			result = append_device(text, major, minor, name, io);
	}
	return result;
}
