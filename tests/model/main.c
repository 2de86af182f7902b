/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model test: a union must behave as a plain directory does.
 *
 * Without options a few hundred short runs, each from a seed of its own, speaking TAP.
 */
#include "run.h"
#include "support.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char usage[] =
	"Usage: model [OPTION...]\n"
	"Applies random operations to a union and to a plain directory, and compares.\n"
	"  --seed=N           the first seed [1]; each run takes the next one\n"
	"  --runs=N           how many runs [200]\n"
	"  --operations=N     operations in each [60]\n"
	"  --dialect=D        whiteouts of the upper: aufs or overlay [drawn]\n"
	"  --redirect=R       on or copy [drawn]\n"
	"  --mounted          through a mount made with the program in $COWFS\n"
	"  --mount-options=O  more options for it\n"
	"  --drop-caches      with a thread beside it that empties the kernel's caches\n"
	"  --directory=D      where to work [$TMPDIR, else /tmp]\n"
	"  --second=D         where some of the lower layers go [/dev/shm]; '' for none\n"
	"  --timeout=S        seconds that a run may take [60]\n"
	"  --shrink           leave out what a failing run needs not to fail\n"
	"  --keep             leave the directories of a failing run\n"
	"  --only=N,N...      of the operations drawn do these only, as --shrink prints it\n"
	"  --without-nodes=N,N...  leave these out of the layers, likewise\n";

struct arguments {
	struct run_options run;
	size_t runs;
	bool mounted, shrink;
	const char *only, *without_nodes;
};

enum {
	OPTION_SEED = 256,
	OPTION_RUNS,
	OPTION_OPERATIONS,
	OPTION_DIALECT,
	OPTION_REDIRECT,
	OPTION_MOUNTED,
	OPTION_MOUNT_OPTIONS,
	OPTION_DROP_CACHES,
	OPTION_DIRECTORY,
	OPTION_SECOND,
	OPTION_TIMEOUT,
	OPTION_SHRINK,
	OPTION_KEEP,
	OPTION_ONLY,
	OPTION_WITHOUT_NODES,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "runs", required_argument, NULL, OPTION_RUNS },
	{ "operations", required_argument, NULL, OPTION_OPERATIONS },
	{ "dialect", required_argument, NULL, OPTION_DIALECT },
	{ "redirect", required_argument, NULL, OPTION_REDIRECT },
	{ "mounted", no_argument, NULL, OPTION_MOUNTED },
	{ "mount-options", required_argument, NULL, OPTION_MOUNT_OPTIONS },
	{ "drop-caches", no_argument, NULL, OPTION_DROP_CACHES },
	{ "directory", required_argument, NULL, OPTION_DIRECTORY },
	{ "second", required_argument, NULL, OPTION_SECOND },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "shrink", no_argument, NULL, OPTION_SHRINK },
	{ "keep", no_argument, NULL, OPTION_KEEP },
	{ "only", required_argument, NULL, OPTION_ONLY },
	{ "without-nodes", required_argument, NULL, OPTION_WITHOUT_NODES },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

__attribute__((noreturn)) static void refuse(const char *what)
{
	(void)fprintf(stderr, "model: %s; see --help\n", what);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		refuse("a number is wanted");
	return value;
}

static enum choice one_of(const char *text, const char *first, const char *second)
{
	if (strcmp(text, first) == 0)
		return CHOICE_FIRST;
	if (strcmp(text, second) != 0)
		refuse(text);
	return CHOICE_SECOND;
}

static void take_option(struct arguments *arguments, int option)
{
	struct run_options *run = &arguments->run;

	switch (option) {
	case OPTION_SEED:
		run->seed = number(optarg);
		break;
	case OPTION_RUNS:
		arguments->runs = number(optarg);
		break;
	case OPTION_OPERATIONS:
		run->operations = number(optarg);
		break;
	case OPTION_DIALECT:
		run->dialect = one_of(optarg, "aufs", "overlay");
		break;
	case OPTION_REDIRECT:
		run->redirect = one_of(optarg, "on", "copy");
		break;
	case OPTION_MOUNTED:
		arguments->mounted = true;
		break;
	case OPTION_MOUNT_OPTIONS:
		run->mount_options = optarg;
		break;
	case OPTION_DROP_CACHES:
		run->drop_caches = true;
		break;
	case OPTION_DIRECTORY:
		run->directory = optarg;
		break;
	case OPTION_SECOND:
		run->second_directory = *optarg ? optarg : NULL;
		break;
	case OPTION_TIMEOUT:
		run->timeout = (unsigned)number(optarg);
		break;
	case OPTION_SHRINK:
		arguments->shrink = true;
		break;
	case OPTION_KEEP:
		run->keep = true;
		break;
	case OPTION_ONLY:
		arguments->only = optarg;
		break;
	case OPTION_WITHOUT_NODES:
		arguments->without_nodes = optarg;
		break;
	case OPTION_HELP:
		(void)fputs(usage, stdout);
		exit(0);
	default:
		refuse("wrong option");
	}
}

/* Sets flags[N] for each N of a list "N,N,...". */
static void set_flags(bool *flags, size_t count, const char *list, bool value)
{
	while (*list != '\0') {
		char *end;
		size_t at = strtoul(list, &end, 10);

		if (end == list || at >= count)
			refuse("a list of numbers is wanted");
		flags[at] = value;
		list = *end == ',' ? end + 1 : end;
	}
}

/* A failure that was shrunk before: drawn again in full, then only what is left of it. */
static bool run_again(const struct arguments *arguments, struct record *record)
{
	struct stack *stack = stack_generate(arguments->run.seed, &(struct omissions){ 0 });
	bool *nodes = calloc(stack->node_count, 1);
	bool good;

	(void)run(&arguments->run, record, false, &(struct omissions){ 0 }, true);
	if (arguments->only)
		memset(record->skipped, true, record->count);
	if (arguments->only)
		set_flags(record->skipped, record->count, arguments->only, false);
	if (arguments->without_nodes)
		set_flags(nodes, stack->node_count, arguments->without_nodes, true);
	good = run(&arguments->run, record, true, &(struct omissions){ nodes, stack->node_count },
		   false);
	free(nodes);
	stack_free(stack);
	return good;
}

static bool run_one(const struct arguments *arguments)
{
	struct record *record = record_create(arguments->run.operations);
	bool good;

	if (arguments->only || arguments->without_nodes)
		good = run_again(arguments, record);
	else
		good = run(&arguments->run, record, false, &(struct omissions){ 0 }, false);
	if (!good && arguments->shrink)
		shrink(&arguments->run, record);
	record_free(record);
	return good;
}

/* One line of TAP for so many runs, or for the one that failed. */
#define RUNS_A_LINE 25

static int run_all(struct arguments *arguments)
{
	size_t lines = 0, first = arguments->run.seed, failures = 0;

	for (size_t i = 0; i < arguments->runs; i++, arguments->run.seed++) {
		bool good = run_one(arguments), last = i + 1 == arguments->runs;

		if (!good) {
			printf("not ok %zu - --seed=%ju --operations=%zu%s\n", ++lines,
			       (uintmax_t)arguments->run.seed, arguments->run.operations,
			       arguments->mounted ? " --mounted" : "");
			failures++;
			first = arguments->run.seed + 1;
		} else if (last || (i + 1) % RUNS_A_LINE == 0) {
			printf("ok %zu - seeds %zu to %ju\n", ++lines, first,
			       (uintmax_t)arguments->run.seed);
			first = arguments->run.seed + 1;
		}
		(void)fflush(stdout);
	}
	printf("1..%zu\n", lines);
	return failures > 0;
}

static void check_arguments(struct arguments *arguments)
{
	struct stat status;

	if (arguments->run.operations == 0 || arguments->runs == 0)
		refuse("at least one run and one operation");
	if (!arguments->mounted)
		return;
	arguments->run.program = getenv("COWFS");
	if (!arguments->run.program || access(arguments->run.program, X_OK) != 0)
		refuse("COWFS must be the path of the program to mount with");
	if (stat("/dev/fuse", &status) != 0) {
		printf("1..0 # SKIP there is no /dev/fuse here\n");
		exit(0);
	}
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.run = { .seed = 1,
			 .operations = 60,
			 .dialect = CHOICE_RANDOM,
			 .redirect = CHOICE_RANDOM,
			 .directory = getenv("TMPDIR"),
			 .second_directory = "/dev/shm",
			 .timeout = 60 },
		.runs = 200,
	};
	int option;

	if (!arguments.run.directory)
		arguments.run.directory = "/tmp";
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(&arguments, option);
	if (optind < argc)
		refuse("no operands are wanted");
	check_arguments(&arguments);
	if (getuid() != 0) {
		printf("1..0 # SKIP only root may make layers with devices and owners\n");
		return 0;
	}
	return run_all(&arguments);
}
