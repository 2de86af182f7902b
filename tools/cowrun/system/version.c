/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun version: what this program is, and what it is made of. */
#include "base/cleanup.h"
#include "cowrun/command.h"
#include "cowrun/template.h"
#include "oci/config.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const char usage[] =
	"Usage: cowrun version [-f FORMAT]\n"
	"\n"
	"Shows the versions of cowrun, of cowfs, which comes with it, and of what they need. There is no server: what\n"
	"docker says of one is said of this program.\n"
	"\n"
	"  -f, --format FORMAT  instead: text with {{.Client.Version}}; or json\n";

struct version_options {
	char *format;
};

static const struct option_rule rules[] = {
	{ 'f', "format", OPTION_TEXT, offsetof(struct version_options, format), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static const char text[] = "cowrun {{.Client.Version}}\n"
			   "cowfs {{.Server.Version}}\n"
			   "libfuse {{.Server.LibfuseVersion}}\n"
			   "Linux {{.Server.KernelVersion}} {{.Server.Os}}/{{.Server.Arch}}";

static int add_program(json_object *object, const char *name)
{
	json_object *program = json_object_new_object();
	struct utsname names = { 0 };
	int error = json_add(object, name, program);

	(void)uname(&names);
	if (!error)
		error = json_add_string(program, "Version", PACKAGE_VERSION);
	if (!error)
		error = json_add_string(program, "LibfuseVersion", fuse_pkgversion());
	if (!error)
		error = json_add_string(program, "KernelVersion", names.release);
	if (!error)
		error = json_add_string(program, "Os", "linux");
	return error ? error : json_add_string(program, "Arch", image_architecture());
}

static int show(const char *format)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	cleanup_buffer struct buffer filled = BUFFER_INIT;
	struct problem problem;
	int error = object ? add_program(object, "Client") : -ENOMEM;

	if (!error)
		error = add_program(object, "Server");
	if (error)
		error = problem_set(&problem, error, "out of memory");
	else
		error = template_fill(!format			    ? text
				      : strcmp(format, "json") == 0 ? "{{json .}}"
								    : format,
				      object, &filled, &problem);
	if (error)
		return command_failed(&problem);
	(void)puts(buffer_string(&filled));
	return command_flush(STATUS_OK);
}

int command_version(int argc, char **argv)
{
	struct version_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage) : show(options.format);
	free(options.format);
	return status;
}
