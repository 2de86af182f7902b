/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main() of a fuzzer where there is no libFuzzer: it feeds it the files it is given, or those of
 * its corpus, and speaks TAP. A fault ends it before its plan is printed, so the test fails.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX (1U << 20)

static bool replay(const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = malloc(INPUT_MAX), *exact = NULL;
	size_t size = 0;

	if (file && data) {
		size = fread(data, 1, INPUT_MAX, file);
		/* Of just its size, so that a sanitizer sees a read beyond its end. */
		exact = malloc(size ? size : 1);
	}
	if (exact) {
		memcpy(exact, data, size);
		(void)LLVMFuzzerTestOneInput(exact, size);
	}
	free(data);
	free(exact);
	if (file)
		(void)fclose(file);
	return exact != NULL;
}

static void report(bool worked, unsigned number, const char *path)
{
	printf("%sok %u - %s\n", worked ? "" : "not ", number, path);
	(void)fflush(stdout);
}

static int replay_directory(const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *dirent;
	unsigned count = 0;
	char file[4096 + 256 + 1];

	if (!stream) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		return 1;
	}
	while ((dirent = readdir(stream))) {
		if (dirent->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, dirent->d_name);
		report(replay(file), ++count, dirent->d_name);
	}
	(void)closedir(stream);
	printf("1..%u\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	const char *source = getenv("abs_top_srcdir"), *name = strrchr(argv[0], '/');
	char corpus[4096];

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			report(replay(argv[i]), (unsigned)i, argv[i]);
		printf("1..%d\n", argc - 1);
		return 0;
	}
	(void)snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", source ? source : ".",
		       name ? name + 1 : argv[0]);
	return replay_directory(corpus);
}
