/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/prune/prune.h"

#include "cowrun/human_text.h"
#include "cowrun/prune/confirm.h"

#include <stdio.h>

int prune_read_filter(const char *value, void *options, struct problem *problem)
{
	struct prune_options *prune = options;

	return prune_filter_add(&prune->filter, value, problem);
}

int prune_run(const struct prune_options *options, const char *warning,
	      prune_function *const *functions, size_t count)
{
	struct place place;
	char text[HUMAN_TEXT_SIZE];
	uint64_t reclaimed = 0;
	int status = STATUS_OK;

	if (!options->force && !confirm(warning))
		return STATUS_FAILED;
	if (!command_open_place(&place))
		return STATUS_FAILED;
	for (size_t i = 0; i < count; i++)
		if (!functions[i](&place, options, &reclaimed))
			status = STATUS_FAILED;
	place_close(&place);
	size_text(reclaimed, text);
	(void)printf("Total reclaimed space: %s\n", text);
	return command_flush(status);
}
