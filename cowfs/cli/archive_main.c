/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs-archive: the commands of cowfs that cowfs itself leaves to this program (archive_program.h). */
#include "cli/command.h"
#include "cli/say.h"

#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "apply", command_apply },	{ "commit", command_commit },
	{ "convert", command_convert }, { "explore", command_explore },
	{ "squash", command_squash },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	say("cowfs starts this program by itself; see cowfs --help");
	return STATUS_USAGE;
}
