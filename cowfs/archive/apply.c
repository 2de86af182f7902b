/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/apply.h"

#include "archive/apply_entry.h"
#include "archive/tar_reader.h"
#include "base/cleanup.h"

#include <archive_entry.h>
#include <string.h>

struct applying {
	struct tar_reader *reader;
	struct target target;
	struct layer_apply_result result;
};

/* What went wrong with one entry, as a sentence that names the archive and it. */
static int blame(const struct apply_source *source, struct archive_entry *entry, int error,
		 const struct problem *reason, struct problem *problem)
{
	const char *path = archive_entry_pathname(entry);

	return problem_set(problem, error, "\"%s\": cannot unpack \"%s\": %s", source->name,
			   path ? path : "", reason->text[0] ? reason->text : strerror(-error));
}

static int apply_entries(const struct apply_source *source, struct applying *applying,
			 struct problem *problem)
{
	struct archive_entry *entry;
	int result;

	while ((result = tar_reader_next(applying->reader, &entry, problem)) > 0) {
		struct entry_context context = {
			.target = &applying->target,
			.reader = applying->reader,
			.entry = entry,
			.result = &applying->result,
			.reader_problem = problem,
		};

		result = apply_entry(&context);
		if (result < 0)
			return context.reader_failed
				       ? result
				       : blame(source, entry, result, &context.reason, problem);
	}
	return result;
}

static int apply_all(const struct apply_source *source, struct applying *applying,
		     struct problem *problem)
{
	struct problem reason = { "" };
	int error = apply_entries(source, applying, problem);

	if (error)
		return error;
	error = target_finish_directories(&applying->target, &reason);
	if (error)
		return problem_set(problem, error, "\"%s\": cannot unpack %s", source->name,
				   reason.text);
	return tar_reader_finish(applying->reader, &applying->result.archive, problem);
}

int layer_apply(const struct apply_source *source, const struct layer_apply_options *options,
		struct layer_apply_result *ret_result, struct problem *problem,
		struct problem *warning)
{
	const struct tar_reader_options reader_options = {
		.bytes_max = options->bytes_max,
		.entries_max = options->entries_max,
		.progress = options->progress,
	};
	struct applying applying = { 0 };
	int error = target_open(&applying.target, options, problem, warning);

	if (error)
		return error;
	error = tar_reader_open(source, &reader_options, &applying.reader, problem);
	if (!error)
		error = apply_all(source, &applying, problem);
	applying.result.left_out = applying.target.left_out;
	tar_reader_close(applying.reader);
	target_close(&applying.target);
	if (!error)
		*ret_result = applying.result;
	return error;
}
