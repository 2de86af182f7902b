/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun info: what there is, and what this user can do here. */
#include "base/cleanup.h"
#include "cli/say.h"
#include "cowrun/command.h"
#include "cowrun/human_text.h"
#include "cowrun/system/system_info.h"
#include "cowrun/template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun info [-f FORMAT]\n"
	"\n"
	"Shows how many containers and images there are, where they are kept, what the machine gives this user's\n"
	"containers, and, as warnings, what it does not, with what helps.\n"
	"\n"
	"  -f, --format FORMAT  instead: text with {{.Driver}} or {{json .Warnings}}; or json\n";

struct info_options {
	char *format;
};

static const struct option_rule rules[] = {
	{ 'f', "format", OPTION_TEXT, offsetof(struct info_options, format), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static const char head[] = "Containers: {{.Containers}}\n"
			   " Running: {{.ContainersRunning}}\n"
			   " Paused: {{.ContainersPaused}}\n"
			   " Stopped: {{.ContainersStopped}}\n"
			   "Images: {{.Images}}\n"
			   "Storage Driver: {{.Driver}}\n"
			   " Version: {{.ServerVersion}}\n"
			   " libfuse: {{.LibfuseVersion}}\n"
			   " Passthrough: {{.Passthrough}}\n"
			   " io_uring: {{.IoUring}}\n"
			   "Logging Driver: {{.LoggingDriver}}\n"
			   "Cgroup Driver: {{.CgroupDriver}}\n"
			   "Cgroup Version: {{.CgroupVersion}}\n"
			   "Cgroup Controllers:";

static const char foot[] = "Kernel Version: {{.KernelVersion}}\n"
			   "Operating System: {{.OperatingSystem}}\n"
			   "OSType: {{.OSType}}\n"
			   "Architecture: {{.Architecture}}\n"
			   "CPUs: {{.NCPU}}\n";

static const char places[] = "Name: {{.Name}}\n"
			     "Root Dir: {{.DockerRootDir}}\n"
			     "Run Dir: {{.RunDir}}\n";

static int print_template(const char *text, json_object *object, struct problem *problem)
{
	cleanup_buffer struct buffer filled = BUFFER_INIT;
	int error = template_fill(text, object, &filled, problem);

	if (!error)
		(void)fputs(buffer_string(&filled), stdout);
	return error;
}

static void print_words(const char *title, const struct string_list *list)
{
	(void)fputs(title, stdout);
	for (size_t i = 0; i < list->count; i++)
		(void)printf(" %s", list->strings[i]);
	(void)putchar('\n');
}

/* name=seccomp,profile=builtin as docker shows it. */
static void print_security(const struct system_info *info)
{
	(void)puts("Security Options:");
	for (size_t i = 0; i < info->security.count; i++) {
		const char *name = strchr(info->security.strings[i], '=') + 1;
		const char *profile = strstr(name, ",profile=");

		(void)printf(" %.*s\n", (int)strcspn(name, ","), name);
		if (profile)
			(void)printf("  Profile: %s\n", profile + strlen(",profile="));
	}
	if (info->uid_map.count == 0)
		return;
	print_words("User Ids:", &info->uid_map);
	print_words("Group Ids:", &info->gid_map);
}

static int print_text(const struct system_info *info, json_object *object, struct problem *problem)
{
	char memory[HUMAN_TEXT_SIZE];
	int error = print_template(head, object, problem);

	if (error)
		return error;
	print_words("", &info->controllers);
	print_security(info);
	error = print_template(foot, object, problem);
	size_text_binary((uint64_t)info->memory_total, memory);
	(void)printf("Total Memory: %s\n", memory);
	if (!error)
		error = print_template(places, object, problem);
	/* In the order in which they are read, also through one pipe. */
	(void)fflush(stdout);
	for (size_t i = 0; i < info->warnings.count; i++)
		say("WARNING: %s", info->warnings.strings[i]);
	return error;
}

static int print(const struct system_info *info, const char *format, struct problem *problem)
{
	CLEANUP(json_put) json_object *object = system_info_view(info);
	int error;

	if (!object)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (!format)
		return print_text(info, object, problem);
	error = print_template(strcmp(format, "json") == 0 ? "{{json .}}" : format, object,
			       problem);
	if (!error)
		(void)putchar('\n');
	return error;
}

static int show(const char *format)
{
	cleanup_system_info struct system_info info = SYSTEM_INFO_INIT;
	struct place place;
	struct problem problem;
	int error;

	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = system_info_read(&place, &info, &problem);
	if (!error)
		error = print(&info, format, &problem);
	place_close(&place);
	return error ? command_failed(&problem) : command_flush(STATUS_OK);
}

int command_info(int argc, char **argv)
{
	struct info_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage) : show(options.format);
	free(options.format);
	return status;
}
