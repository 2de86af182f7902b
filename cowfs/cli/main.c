/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs: which command is meant, by the name of the program or its first argument. */
#include "base/device.h"
#include "cli/archive_program.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/say.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int run_mount(int argc, char **argv)
{
	return command_mount(MOUNT_COMMAND, argc, argv);
}

static int run_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	help_cowfs();
	return STATUS_OK;
}

static int run_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	version_cowfs();
	return STATUS_OK;
}

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "cat", command_cat },	      { "check", command_check },   { "diff", command_diff },
	{ "layers", command_layers }, { "ls", command_ls },	    { "mount", run_mount },
	{ "report", command_report }, { "stat", command_stat },	    { "tree", command_tree },
	{ "umount", command_umount }, { "whence", command_whence }, { "help", run_help },
	{ "--help", run_help },	      { "-h", run_help },	    { "version", run_version },
	{ "--version", run_version }, { "-V", run_version },
};

/* Other names under which the program is installed. */
static const struct program {
	const char *name;
	enum mount_form form;
} programs[] = {
	{ "fuse-overlayfs", MOUNT_FUSE_OVERLAYFS },
	{ "mount.cowfs", MOUNT_HELPER },
	{ "mount.fuse.cowfs", MOUNT_HELPER },
};

/* Engines and mount.fuse3(8) give no command: [SOURCE] MOUNTPOINT -o OPTIONS, in any order. */
static bool has_options(int argc, char *const *argv)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-o", 2) == 0)
			return true;
	}
	return false;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Whoever started us may have closed these; then a descriptor of ours would get a number that is
 * given away when the daemon lets go of the terminal.
 */
static void occupy_standard_descriptors(void)
{
	int fd;

	do
		fd = device_open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	const char *program = argc > 0 ? base_name(argv[0]) : "cowfs";

	occupy_standard_descriptors();
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(programs[i].name, program) == 0)
			return command_mount(programs[i].form, argc, argv);
	}
	if (argc < 2) {
		say("a command is missing; see cowfs --help");
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (archive_program_has(argv[1]))
		return archive_program_become(argv);
	if (has_options(argc, argv))
		return command_mount(MOUNT_PROGRAM, argc, argv);
	say("%s is no command; see cowfs --help", argv[1]);
	return STATUS_USAGE;
}
