/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/archive_file.h"

#include "cli/output.h"
#include "cli/say.h"

static int write_file(const struct archive_options *options, int fd,
		      struct layer_commit_result *result)
{
	struct archive_progress_line line = { .what = "written" };
	struct problem problem = { "" }, warning = { "" };
	struct layer_commit_options commit = options->commit;
	int error;

	commit.progress = archive_progress(&line);
	error = layer_commit(&commit, fd, result, &problem, &warning);
	progress_end(&line.progress);
	return archive_say(error, &problem, &warning, error ? 0 : result->left_out);
}

int archive_make_file(const struct archive_options *options, const char *operand)
{
	cleanup_output struct output output = OUTPUT_INIT;
	struct string_list sources = STRING_LIST_INIT;
	struct layer_commit_result result;
	int status = archive_options_sources(options, operand, &sources);

	if (status == STATUS_OK)
		status = output_begin_file(&output, options->output, &sources);
	string_list_free(&sources);
	if (status == STATUS_OK)
		status = write_file(options, output.fd, &result);
	if (status == STATUS_OK)
		status = output_finish(&output);
	if (status == STATUS_OK && options->as_json)
		status = archive_print_summary(&result.archive);
	return status;
}
