/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/history.h"

#include <string.h>

#define BLANKS " \t\r\n"
#define SHELL "/bin/sh -c "
#define NO_COMMAND "#(nop)"
#define BUILDKIT "# buildkit"

const struct image_history *history_of_layer(const struct image_config *config, size_t layer)
{
	const struct image_history *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < config->history_count; i++) {
		if (config->history[i].empty_layer)
			continue;
		if (count++ == layer)
			found = &config->history[i];
	}
	return count == config->diff_id_count ? found : NULL;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

/* "|2 a=1 b=2 /bin/sh -c make": arguments of the build come first. */
static const char *skip_arguments(const char *text)
{
	const char *shell = text[0] == '|' ? strstr(text, SHELL) : NULL;

	return shell ? shell : text;
}

/* Docker's first builder wrote all through a shell; those of the second write "RUN" themselves. */
static const char *skip_shell(const char *text, const char **ret_verb)
{
	bool says_run = begins_with(text, "RUN ");
	const char *command = skip_arguments(says_run ? skip_blanks(text + strlen("RUN ")) : text);

	*ret_verb = "";
	if (!begins_with(command, SHELL))
		return text;
	command = skip_blanks(command + strlen(SHELL));
	if (begins_with(command, NO_COMMAND))
		return skip_blanks(command + strlen(NO_COMMAND));
	*ret_verb = "RUN ";
	return command;
}

static size_t length_without_end(const char *text)
{
	size_t length = strlen(text), end = strlen(BUILDKIT);

	if (length >= end && strcmp(text + length - end, BUILDKIT) == 0)
		length -= end;
	while (length > 0 && strchr(BLANKS, text[length - 1]))
		length--;
	return length;
}

int history_append_text(const char *created_by, struct buffer *text)
{
	const char *verb, *step = skip_shell(skip_blanks(created_by), &verb);
	const char *end = step + length_without_end(step);
	int error = buffer_append_string(text, verb);

	while (!error && step < end) {
		size_t word = strcspn(step, BLANKS);

		if (step + word > end)
			word = (size_t)(end - step);
		error = buffer_append(text, step, word);
		step = skip_blanks(step + word);
		if (!error && step < end)
			error = buffer_append(text, " ", 1);
	}
	return error;
}
