/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/io_devices.h"

#include "container/cgroup/file.h"

#include <stdio.h>
#include <string.h>

void cgroup_io_devices_free(struct cgroup_io_devices *devices)
{
	free(devices->devices);
	*devices = (struct cgroup_io_devices){ 0 };
}

/* The device's place, made if it is new; NULL when out of memory. */
static struct cgroup_io_statistics *find(struct cgroup_io_devices *devices, unsigned major,
					 unsigned minor)
{
	struct cgroup_io_device *more;

	for (size_t i = 0; i < devices->count; i++) {
		if (devices->devices[i].major == major && devices->devices[i].minor == minor)
			return &devices->devices[i].io;
	}
	more = reallocarray(devices->devices, devices->count + 1, sizeof(*more));
	if (!more)
		return NULL;
	devices->devices = more;
	more[devices->count] = (struct cgroup_io_device){ .major = major, .minor = minor };
	return &more[devices->count++].io;
}

static int add_line_v1(struct cgroup_io_devices *devices, const char *line, bool bytes)
{
	struct cgroup_io_statistics *io;
	unsigned major, minor;
	char word[16];
	unsigned long long number;

	if (sscanf(line, "%u:%u %15s %llu", &major, &minor, word, &number) != 4)
		return 0;
	if (strcmp(word, "Read") != 0 && strcmp(word, "Write") != 0)
		return 0;
	io = find(devices, major, minor);
	if (!io)
		return -ENOMEM;
	if (word[0] == 'R')
		*(bytes ? &io->read_bytes : &io->reads) = number;
	else
		*(bytes ? &io->written_bytes : &io->writes) = number;
	return 0;
}

/* The number after a word in the line, or 0. */
static uint64_t number_after(const char *line, const char *word)
{
	const char *end = strchrnul(line, '\n');
	const char *at = strstr(line, word);
	uint64_t number;

	if (!at || at > end || cgroup_text_number(at + strlen(word), &number) < 0)
		return 0;
	return number;
}

static int add_line_v2(struct cgroup_io_devices *devices, const char *line)
{
	struct cgroup_io_statistics *io;
	unsigned major, minor;
	int length = 0;

	if (sscanf(line, "%u:%u%n", &major, &minor, &length) != 2 || line[length] != ' ')
		return 0;
	io = find(devices, major, minor);
	if (!io)
		return -ENOMEM;
	io->read_bytes = number_after(line, " rbytes=");
	io->written_bytes = number_after(line, " wbytes=");
	io->reads = number_after(line, " rios=");
	io->writes = number_after(line, " wios=");
	return 0;
}

/* The start of the line after this one; NULL at the end. */
static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

int cgroup_io_devices_add_v1(struct cgroup_io_devices *devices, const char *text, bool bytes)
{
	int result = 0;

	for (; text && *text && result == 0; text = next_line(text))
		result = add_line_v1(devices, text, bytes);
	return result;
}

int cgroup_io_devices_add_v2(struct cgroup_io_devices *devices, const char *text)
{
	int result = 0;

	for (; text && *text && result == 0; text = next_line(text))
		result = add_line_v2(devices, text);
	return result;
}

/* A recursive count, where the kernel has it. */
static int add_file_v1(struct cgroup_io_devices *devices, int directory, bool bytes)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result = cgroup_file_read(directory,
				      bytes ? "blkio.throttle.io_service_bytes_recursive"
					    : "blkio.throttle.io_serviced_recursive",
				      &text);

	if (result == -ENOENT)
		result = cgroup_file_read(directory,
					  bytes ? "blkio.throttle.io_service_bytes"
						: "blkio.throttle.io_serviced",
					  &text);
	if (result == 0)
		result = cgroup_io_devices_add_v1(devices, buffer_string(&text), bytes);
	return result;
}

int cgroup_read_io_devices(const struct cgroup *group, struct cgroup_io_devices *ret_devices)
{
	const struct cgroup_place *place = cgroup_place(group, CGROUP_BLKIO);
	cleanup_io_devices struct cgroup_io_devices devices = { 0 };
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int result;

	if (!place)
		return -ENOENT;
	if (place->hierarchy->v2) {
		result = cgroup_file_read(place->directory, "io.stat", &text);
		if (result == 0)
			result = cgroup_io_devices_add_v2(&devices, buffer_string(&text));
	} else {
		result = add_file_v1(&devices, place->directory, true);
		if (result == 0)
			result = add_file_v1(&devices, place->directory, false);
	}
	if (result < 0)
		return result;
	*ret_devices = devices;
	devices = (struct cgroup_io_devices){ 0 };
	return 0;
}
