/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun system prune. */
#include "base/buffer.h"
#include "cowrun/prune/prune.h"

#include <errno.h>

static const char usage[] =
	"Usage: cowrun system prune [OPTIONS]\n"
	"\n"
	"Removes all containers that do not run, and then all images that have no name and that no container\n"
	"uses.\n"
	"\n"
	"  -a, --all               images that have a name, too\n"
	"      --filter CONDITION  only those: until=TIME (made before), label=KEY[=VALUE], label!=KEY[=VALUE]\n"
	"  -f, --force             do not ask\n"
	"      --volumes           volumes that no container mounts, too; not with --filter: they have no labels\n";

static const struct option_rule rules[] = {
	{ 'a', "all", OPTION_SWITCH, offsetof(struct prune_options, all), NULL },
	{ 0, "filter", OPTION_CALL, 0, prune_read_filter },
	{ 'f', "force", OPTION_SWITCH, offsetof(struct prune_options, force), NULL },
	{ 0, "volumes", OPTION_SWITCH, offsetof(struct prune_options, volumes), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int describe(const struct prune_options *options, struct buffer *text)
{
	int error = buffer_append_format(
		text, "WARNING! This will remove:\n  - all stopped containers\n%s  - %s\n",
		options->volumes ? "  - all volumes not used by at least one container\n" : "",
		options->all ? "all images without at least one container associated to them"
			     : "all dangling images");

	if (!error && options->filter.texts.count > 0)
		error = buffer_append_string(text,
					     "\n  Items to be pruned will be filtered with:\n");
	for (size_t i = 0; !error && i < options->filter.texts.count; i++)
		error = buffer_append_format(text, "  - %s\n", options->filter.texts.strings[i]);
	return error;
}

static int prune(const struct prune_options *options)
{
	static prune_function *const functions[] = { prune_containers, prune_images,
						     prune_volumes };
	cleanup_buffer struct buffer warning = BUFFER_INIT;

	if (options->volumes && options->filter.texts.count > 0) {
		say("system prune: --volumes and --filter exclude each other: volumes have no time and "
		    "no labels");
		return STATUS_USAGE;
	}
	if (describe(options, &warning) < 0) {
		say("out of memory");
		return STATUS_FAILED;
	}
	return prune_run(options, buffer_string(&warning), functions, options->volumes ? 3 : 2);
}

int command_system_prune(int argc, char **argv)
{
	struct prune_options options = { .filter = PRUNE_FILTER_INIT };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count > 0 ? command_misused(usage) : prune(&options);
	prune_filter_free(&options.filter);
	return status;
}
