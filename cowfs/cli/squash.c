/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs squash: several layers become one. */
#include "cli/archive_file.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/say.h"

#include <string.h>

static const char usage[] =
	"Usage: cowfs squash [OPTIONS] -o DIRECTORY|FILE STACK\n"
	"       cowfs squash [OPTIONS] -o DIRECTORY|FILE --layers LAYER[:LAYER...] [--upper UPPER]\n"
	"\n"
	"Makes one layer of several: a directory, or an OCI layer if FILE ends in .tar, .tar.gz, .tgz, .tar.zst\n"
	"or .tzst, or with --compress. Above any other layer it shows what those would. STACK is a mountpoint,\n"
	"or LAYER[:LAYER...], the first topmost.\n"
	"\n"
	"  -o, --output DIRECTORY|FILE  there must be no such directory, or an empty one\n"
	"      --flatten          nothing is below: leave out what only hides\n"
	"      --dialect=aufs|overlay  how whiteouts are written to a directory (aufs)\n"
	"      --owners=disk|attribute|mine  in a directory, as of cowfs apply\n"
	"      --compress=, --source-date-epoch, --exclude, --fill-holes, --json  as of cowfs commit\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER      a writable layer above them\n"
	"      --options OPTION[,OPTION...]  as for cowfs mount -o: workdir=, uidmapping= and kin\n"
	"      --help, --version\n";

enum { OPTION_FLATTEN = ARCHIVE_OTHER };

static int take(void *context, int letter, const char *value)
{
	struct archive_options *options = context;

	(void)value;
	options->commit.flatten = letter == OPTION_FLATTEN;
	return STATUS_OK;
}

static bool makes_archive(const struct archive_options *options)
{
	return options->has_compression || archive_name_is_archive(options->output);
}

/* No option is ignored. */
static int check_options(const struct archive_options *options)
{
	bool is_archive = makes_archive(options);

	if (options->as_json && !is_archive)
		say("--json tells of an archive; a directory has no digest");
	else if (is_archive && (options->has_dialect || options->has_owners))
		say("--dialect and --owners are for a directory; an archive has one form of whiteouts, "
		    "and all owners");
	else
		return STATUS_OK;
	return STATUS_USAGE;
}

static int squash(struct archive_options *options, const char *operand)
{
	int status = stack_argument_open(&options->stack, &options->commit.layers);
	if (status == STATUS_OK)
		status = makes_archive(options) ? archive_make_file(options, operand)
						: archive_make_directory(options, operand);
	union_close(options->commit.layers);
	return status;
}

static int find_and_squash(struct archive_options *options, int argc, char **argv)
{
	struct stack_argument *stack = &options->stack;
	bool is_missing = stack_argument_is_missing(stack);
	int status;

	if (argc - optind != (is_missing ? 1 : 0)) {
		say("give LAYER[:LAYER...]; see cowfs squash --help");
		return STATUS_USAGE;
	}
	if (!options->output) {
		say("say with -o what the layer is to be called; see cowfs squash --help");
		return STATUS_USAGE;
	}
	status = check_options(options);
	if (status == STATUS_OK)
		status = archive_options_complete(options);
	if (status == STATUS_OK && is_missing)
		status = stack_argument_find(stack, argv[optind]);
	if (status == STATUS_OK && stack->is_mount && strcmp(stack->path, "/") != 0) {
		say("%s is in a union; give its mountpoint", argv[optind]);
		return STATUS_FAILED;
	}
	return status == STATUS_OK ? squash(options, argv[optind]) : status;
}

int command_squash(int argc, char **argv)
{
	static const struct option table[] = {
		{ "compress", required_argument, NULL, ARCHIVE_COMPRESS },
		{ "dialect", required_argument, NULL, ARCHIVE_DIALECT },
		{ "exclude", required_argument, NULL, ARCHIVE_EXCLUDE },
		{ "fill-holes", no_argument, NULL, ARCHIVE_FILL_HOLES },
		{ "flatten", no_argument, NULL, OPTION_FLATTEN },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, ARCHIVE_JSON },
		{ "layers", required_argument, NULL, ARCHIVE_LAYERS },
		{ "options", required_argument, NULL, ARCHIVE_OPTIONS },
		{ "output", required_argument, NULL, 'o' },
		{ "owners", required_argument, NULL, ARCHIVE_OWNERS },
		{ "source-date-epoch", required_argument, NULL, ARCHIVE_EPOCH },
		{ "upper", required_argument, NULL, ARCHIVE_UPPER },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct archive_options options = { 0 };
	int status =
		archive_options_parse(&options, argc, argv, ":ho:", table, usage, take, &options);

	interrupt_catch();
	if (status == STATUS_OK)
		status = find_and_squash(&options, argc, argv);
	archive_options_free(&options);
	interrupt_obey();
	return status == ARCHIVE_DONE ? STATUS_OK : status;
}
