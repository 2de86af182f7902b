/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs commit: what the topmost layer changes, as an OCI layer. */
#include "base/cleanup.h"
#include "cli/archive_options.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/output.h"
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

static int write_layer(const struct archive_options *options, struct output *output,
		       struct layer_commit_result *result)
{
	struct archive_progress_line line = { .what = "written" };
	struct problem problem = { "" }, warning = { "" };
	struct layer_commit_options commit = options->commit;
	int error, status;

	commit.progress = archive_progress(&line);
	status = stack_argument_open(&options->stack, &commit.layers);
	if (status != STATUS_OK)
		return status;
	status = stack_argument_open_below(&options->stack, &commit.below);
	if (status == STATUS_OK) {
		error = layer_commit(&commit, output->fd, result, &problem, &warning);
		progress_end(&line.progress);
		status = archive_say(error, &problem, &warning, error ? 0 : result->left_out);
	}
	union_close(commit.below);
	union_close(commit.layers);
	return status;
}

static int make_archive(const struct archive_options *options, const char *operand)
{
	cleanup_output struct output output = OUTPUT_INIT;
	struct string_list sources = STRING_LIST_INIT;
	struct layer_commit_result result;
	int status = archive_options_sources(options, operand, &sources);

	if (status == STATUS_OK)
		status = output_begin_file(&output, options->output, &sources);
	string_list_free(&sources);
	if (status == STATUS_OK)
		status = write_layer(options, &output, &result);
	if (status == STATUS_OK)
		status = output_finish(&output);
	if (status == STATUS_OK && options->as_json)
		status = archive_print_summary(&result.archive);
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
