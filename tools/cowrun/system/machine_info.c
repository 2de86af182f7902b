/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of system_info.h: the machine. */
#include "cowrun/system/system_info.h"

#include "base/buffer.h"
#include "base/text_file.h"

#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PRETTY_NAME "PRETTY_NAME="

/*
 * The value of PRETTY_NAME of os-release(5), without its quotes; NULL when there is none. What stands behind a backslash
 * is the character itself.
 */
static char *pretty_name(char *text)
{
	for (char *line; (line = strsep(&text, "\n"));) {
		char *from = line + strlen(PRETTY_NAME), *to = from, *name = from, quote = '\0';

		if (strncmp(line, PRETTY_NAME, strlen(PRETTY_NAME)) != 0)
			continue;
		if (*from == '"' || *from == '\'')
			quote = *from++;
		for (; *from && *from != quote; from++) {
			if (*from == '\\' && from[1])
				from++;
			*to++ = *from;
		}
		*to = '\0';
		return name;
	}
	return NULL;
}

static int add_system_name(struct system_info *info)
{
	static const char *const files[] = { "/etc/os-release", "/usr/lib/os-release" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_buffer struct buffer text = BUFFER_INIT;
		const char *name;

		if (text_file_read(files[i], &text) < 0 || !text.data)
			continue;
		name = pretty_name(text.data);
		if (name)
			return state_set_text(&info->system, name);
	}
	return state_set_text(&info->system, "Linux");
}

int system_info_add_machine(struct system_info *info)
{
	struct utsname names = { 0 };
	struct sysinfo memory = { 0 };
	int error = add_system_name(info);

	(void)uname(&names);
	(void)sysinfo(&memory);
	info->processors = sysconf(_SC_NPROCESSORS_ONLN);
	info->memory_total = (int64_t)(memory.totalram * memory.mem_unit);
	if (!error)
		error = state_set_text(&info->kernel, names.release);
	if (!error)
		error = state_set_text(&info->architecture, names.machine);
	if (!error)
		error = state_set_text(&info->host_name, names.nodename);
	return error ? error : state_set_text(&info->system_type, "linux");
}
