/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs apply: an archive becomes a layer, or changes a tree. */
#include "archive/apply.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "cli/archive_options.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/say.h"

#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: cowfs apply [OPTIONS] FILE DIRECTORY\n"
	"       cowfs apply [OPTIONS] --onto FILE DIRECTORY\n"
	"\n"
	"Unpacks an OCI layer, a tar or one compressed by gzip, zstd, bzip2 or xz, into a new layer, which appears\n"
	"as DIRECTORY when it is complete. FILE is - for standard input. Nothing in the archive leads out\n"
	"of DIRECTORY.\n"
	"\n"
	"      --dialect=aufs|overlay  how whiteouts are written (aufs)\n"
	"      --owners=disk|attribute|mine  owners as the archive has them; the same, kept in an attribute for\n"
	"                         cowfs mount -o xattr_permissions=2; or all is yours\n"
	"                         (disk for root, attribute for others)\n"
	"      --onto             change the tree that DIRECTORY is: whiteouts delete, and none are written\n"
	"      --json             tell digests and sizes, for programs\n"
	"      --help, --version\n";

enum { OPTION_ONTO = ARCHIVE_OTHER };

struct applying {
	struct archive_options options;
	bool onto;
};

static int take(void *context, int letter, const char *value)
{
	struct applying *applying = context;

	(void)value;
	applying->onto = letter == OPTION_ONTO;
	return STATUS_OK;
}

static int open_source(const char *path, struct apply_source *source)
{
	bool is_standard = strcmp(path, "-") == 0;

	if (is_standard && isatty(STDIN_FILENO)) {
		say("an archive cannot be typed on a terminal; name a file");
		return STATUS_USAGE;
	}
	source->name = is_standard ? "standard input" : path;
	source->fd = is_standard ? STDIN_FILENO : confined_open_input(path);
	if (source->fd < 0) {
		say("%s: %s", source->name, strerror(-source->fd));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static int unpack(const struct applying *applying, const struct apply_source *source,
		  const char *target, struct layer_apply_result *result)
{
	struct archive_progress_line line = { .what = "read" };
	struct problem problem = { "" }, warning = { "" };
	const struct layer_apply_options options = {
		.target = target,
		.dialect = applying->options.dialect,
		.ownership = &applying->options.ownership,
		.changeset = applying->onto,
		.progress = archive_progress(&line),
	};
	int error = layer_apply(source, &options, result, &problem, &warning);

	progress_end(&line.progress);
	return archive_say(error, &problem, &warning, error ? 0 : result->left_out);
}

static int unpack_aside(const struct applying *applying, const struct apply_source *source,
			const char *path, struct layer_apply_result *result)
{
	cleanup_output struct output output = OUTPUT_INIT;
	int status = output_begin_directory(&output, path, NULL);

	if (status == STATUS_OK)
		status = unpack(applying, source, buffer_string(&output.temporary_path), result);
	return status == STATUS_OK ? output_finish(&output) : status;
}

static int apply(struct applying *applying, int argc, char **argv)
{
	struct apply_source source = { .fd = -1 };
	struct layer_apply_result result;
	const char *path;
	int status;

	if (argc - optind != 2) {
		say("give an archive and a directory; see cowfs apply --help");
		return STATUS_USAGE;
	}
	if (applying->onto && applying->options.has_dialect) {
		say("--dialect is for a layer; --onto writes no whiteouts");
		return STATUS_USAGE;
	}
	path = argv[optind + 1];
	archive_options_choose_owners(&applying->options);
	status = open_source(argv[optind], &source);
	if (status == STATUS_OK)
		status = applying->onto ? unpack(applying, &source, path, &result)
					: unpack_aside(applying, &source, path, &result);
	if (source.fd >= 0)
		(void)close(source.fd);
	if (status == STATUS_OK && applying->options.as_json)
		status = archive_print_summary(&result.archive);
	return status;
}

int command_apply(int argc, char **argv)
{
	static const struct option table[] = {
		{ "dialect", required_argument, NULL, ARCHIVE_DIALECT },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, ARCHIVE_JSON },
		{ "onto", no_argument, NULL, OPTION_ONTO },
		{ "owners", required_argument, NULL, ARCHIVE_OWNERS },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct applying applying = { 0 };
	int status = archive_options_parse(&applying.options, argc, argv, ":h", table, usage, take,
					   &applying);

	interrupt_catch();
	if (status == STATUS_OK)
		status = apply(&applying, argc, argv);
	archive_options_free(&applying.options);
	interrupt_obey();
	return status == ARCHIVE_DONE ? STATUS_OK : status;
}
