/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs commit: what the topmost layer changes, as an OCI layer. */
#include "cli/archive_file.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/say.h"

#include <string.h>

static const char usage[] =
	"Usage: cowfs commit [OPTIONS] [-o FILE] STACK\n"
	"       cowfs commit [OPTIONS] [-o FILE] --layers LAYER[:LAYER...] [--upper UPPER]\n"
	"\n"
	"Writes the upper layer, or else the topmost one, as an OCI layer: a tar that makes of the layers\n"
	"below what the union shows. STACK is a mountpoint, or LAYER[:LAYER...], the first topmost. A layer\n"
	"alone is written as it stands. The same content gives the same bytes.\n"
	"\n"
	"  -o, --output FILE      instead of standard output\n"
	"      --compress=none|gzip|zstd  (as FILE ends: .tar, .tar.gz or .tgz, .tar.zst or .tzst; else none)\n"
	"      --source-date-epoch SECONDS  no time is later (environment: SOURCE_DATE_EPOCH)\n"
	"      --exclude PATH     leave it out, with what is below it; can be given several times\n"
	"      --fill-holes       write holes in files as zeros, for engines that know no sparse files\n"
	"      --json             tell digests and sizes, for programs; with -o\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER      a writable layer above them\n"
	"      --options OPTION[,OPTION...]  as for cowfs mount -o: workdir=, uidmapping= and kin\n"
	"      --help, --version\n";

/* Where the layers come from, and whether there is anything to write. */
static int find_layers(struct archive_options *options, int argc, char **argv)
{
	struct stack_argument *stack = &options->stack;
	int status = STATUS_OK;

	if (argc - optind != (stack_argument_is_missing(stack) ? 1 : 0)) {
		say("give a mountpoint, or LAYER[:LAYER...]; see cowfs commit --help");
		return STATUS_USAGE;
	}
	if (stack_argument_is_missing(stack))
		status = stack_argument_find(stack, argv[optind]);
	if (status != STATUS_OK || !stack->is_mount)
		return status;
	if (strcmp(stack->path, "/") != 0) {
		say("%s is in a union; give its mountpoint", argv[optind]);
		return STATUS_FAILED;
	}
	if (!stack->options.upper) {
		say("the union on %s has no upper layer, so nothing can have changed",
		    argv[optind]);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static int make_archive(struct archive_options *options, const char *operand)
{
	int status = stack_argument_open(&options->stack, &options->commit.layers);

	if (status != STATUS_OK)
		return status;
	status = stack_argument_open_below(&options->stack, &options->commit.below);
	if (status == STATUS_OK)
		status = archive_make_file(options, operand);
	union_close(options->commit.below);
	union_close(options->commit.layers);
	return status;
}

static int commit(struct archive_options *options, int argc, char **argv)
{
	int status = archive_options_complete(options);

	if (status == STATUS_OK && options->as_json && !options->output) {
		say("--json needs -o: standard output is for the archive");
		return STATUS_USAGE;
	}
	if (status == STATUS_OK)
		status = find_layers(options, argc, argv);
	return status == STATUS_OK ? make_archive(options, argv[optind]) : status;
}

int command_commit(int argc, char **argv)
{
	static const struct option table[] = {
		{ "compress", required_argument, NULL, ARCHIVE_COMPRESS },
		{ "exclude", required_argument, NULL, ARCHIVE_EXCLUDE },
		{ "fill-holes", no_argument, NULL, ARCHIVE_FILL_HOLES },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, ARCHIVE_JSON },
		{ "layers", required_argument, NULL, ARCHIVE_LAYERS },
		{ "options", required_argument, NULL, ARCHIVE_OPTIONS },
		{ "output", required_argument, NULL, 'o' },
		{ "source-date-epoch", required_argument, NULL, ARCHIVE_EPOCH },
		{ "upper", required_argument, NULL, ARCHIVE_UPPER },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct archive_options options = { 0 };
	int status = archive_options_parse(&options, argc, argv, ":ho:", table, usage, NULL, NULL);

	interrupt_catch();
	if (status == STATUS_OK)
		status = commit(&options, argc, argv);
	archive_options_free(&options);
	interrupt_obey();
	return status == ARCHIVE_DONE ? STATUS_OK : status;
}
