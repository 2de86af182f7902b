/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs convert: the whiteouts of a layer in the other dialect. */
#include "layer/convert.h"

#include "cli/archive_options.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/say.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char usage[] =
	"Usage: cowfs convert --to=aufs|overlay LAYER\n"
	"       cowfs convert --to=aufs|overlay [OPTIONS] LAYER COPY\n"
	"\n"
	"Rewrites the whiteouts of a layer: as .wh. files, which AUFS and OCI images have, or as the kernel's\n"
	"overlayfs has them. In place, name by name, so that it can be interrupted and begun again; no union may\n"
	"be mounted on the layer. Or into a copy, which appears when it is complete.\n"
	"\n"
	"      --to=aufs|overlay  which dialect\n"
	"      --owners=disk|attribute|mine  in the copy, as of cowfs apply\n"
	"      --options OPTION[,OPTION...]  how the layer to be copied is read, as for cowfs mount -o\n"
	"      --help, --version\n";

static int show(void *context, uint64_t directories)
{
	struct archive_progress_line *line = context;

	progress_show(&line->progress, "%" PRIu64 " directories", directories);
	return interrupt_came() ? -EINTR : 0;
}

static int convert_in_place(const struct archive_options *options, const char *layer)
{
	struct archive_progress_line line = { 0 };
	const struct layer_convert_options convert = {
		.path = layer,
		.dialect = options->dialect,
		.show = show,
		.context = &line,
	};
	struct layer_convert_result result;
	struct problem problem = { "" };
	int error = layer_convert(&convert, &result, &problem);

	progress_end(&line.progress);
	if (error && !interrupt_came())
		say("%s", problem.text);
	if (error)
		return STATUS_FAILED;
	if (result.left > 0)
		say("%" PRIu64
		    " could not be rewritten, as their names are too long or the file system "
		    "lacks the means; cowfs reads them in either form",
		    result.left);
	return STATUS_OK;
}

static int copy(struct archive_options *options, const char *layer, const char *path)
{
	int status;

	if (string_list_add(&options->stack.options.lowers, layer) < 0) {
		say("out of memory");
		return STATUS_FAILED;
	}
	options->output = path;
	status = stack_argument_open(&options->stack, &options->commit.layers);
	if (status == STATUS_OK)
		status = archive_make_directory(options, NULL);
	union_close(options->commit.layers);
	return status;
}

/* Its layers may be anywhere; and which of them is meant? */
static int refuse_mount(const char *layer)
{
	struct stack_argument mount = { 0 };
	struct problem problem = { "" };
	bool is_mount = stack_argument_find_mount(&mount, layer, &problem) == 0 &&
			strcmp(mount.path, "/") == 0;

	stack_argument_free(&mount);
	if (!is_mount)
		return STATUS_OK;
	say("%s is a mounted union; unmount it, and give one of its layers", layer);
	return STATUS_FAILED;
}

static int convert(struct archive_options *options, int argc, char **argv)
{
	int count = argc - optind, status;

	if (count < 1 || count > 2 || !options->has_dialect) {
		say("%s; see cowfs convert --help",
		    options->has_dialect ? "give a layer, and perhaps a name for the copy"
					 : "say which dialect with --to=");
		return STATUS_USAGE;
	}
	if (count == 1 && (options->has_owners || options->has_options)) {
		say("--owners and --options are for a copy; in place nothing but whiteouts changes");
		return STATUS_USAGE;
	}
	status = refuse_mount(argv[optind]);
	if (status != STATUS_OK)
		return status;
	return count == 1 ? convert_in_place(options, argv[optind])
			  : copy(options, argv[optind], argv[optind + 1]);
}

int command_convert(int argc, char **argv)
{
	static const struct option table[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "options", required_argument, NULL, ARCHIVE_OPTIONS },
		{ "owners", required_argument, NULL, ARCHIVE_OWNERS },
		{ "to", required_argument, NULL, ARCHIVE_DIALECT },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct archive_options options = { 0 };
	int status = archive_options_parse(&options, argc, argv, ":h", table, usage, NULL, NULL);

	interrupt_catch();
	if (status == STATUS_OK)
		status = convert(&options, argc, argv);
	archive_options_free(&options);
	interrupt_obey();
	return status == ARCHIVE_DONE ? STATUS_OK : status;
}
