/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of a mount: a digit for the form, then one argument a line. */
#include "cli/mount_options.h"
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#define ARGUMENTS_MAX 64
#define FORMS 4

/* What the rest of the program relies on. */
static void check(const struct mount_options *options)
{
	REQUIRE(options->lowers.count > 0);
	for (size_t i = 0; i < options->lowers.count; i++)
		REQUIRE(options->lowers.strings[i][0] != '\0');
	REQUIRE(options->lowers.strings[options->lowers.count] == NULL);
	REQUIRE(options->mountpoint && options->mountpoint[0]);
	REQUIRE(!options->upper || options->upper[0]);
	REQUIRE(options->timeout >= 0 && options->timeout < 1e9);
	REQUIRE(!options->fsname || options->fsname[0]);
	/* One option each: no comma of ours outside of quotes. */
	for (size_t i = 0; i < options->kernel_options.count; i++) {
		const char *option = options->kernel_options.strings[i];
		const char *quote = strchr(option, '"');

		REQUIRE(strcspn(option, ",") >= strcspn(option, "\""));
		if (quote)
			REQUIRE(strcspn(quote + 1, "\"") == strlen(quote) - 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text;
	char *argv[ARGUMENTS_MAX + 1] = { 0 };
	struct problem problem = { "" };
	struct mount_options options;
	enum mount_form form = MOUNT_COMMAND;
	int argc = 0, result;

	REQUIRE(text != NULL);
	if (*rest)
		form = (enum mount_form)((unsigned char)*rest++ % FORMS);
	argv[argc++] = text + strlen(text);
	while (rest && argc < ARGUMENTS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	result = mount_options_parse(form, argc, argv, &options, &problem);
	if (result == 0) {
		if (!options.help && !options.version)
			check(&options);
		mount_options_free(&options);
	} else {
		REQUIRE(result == -EINVAL);
		REQUIRE(problem.text[0] != '\0');
	}
	free(text);
	return 0;
}
