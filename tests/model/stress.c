/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stress test: rounds of stress.h, each in a process and on layers of its own, speaking TAP.
 *
 * After the threads have ended, the tree must be as good as one that nobody fought over, and the same after
 * the union was opened anew. Then the upper becomes a lower under a new one, and all begins again.
 */
#include "stress.h"

#include "scene.h"
#include "side_union.h"
#include "snapshot.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] = "Usage: stress [OPTION...]\n"
			    "Threads do random things to one small union, all at once.\n"
			    "  --seed=N        the first seed [1]; each round takes the next one\n"
			    "  --rounds=N      how many rounds [20]\n"
			    "  --threads=N     how many threads [4]\n"
			    "  --operations=N  of each thread in a round [2000]\n"
			    "  --timeout=S     seconds that a round may take [120]\n"
			    "  --directory=D   where to work [$TMPDIR, else /tmp]\n"
			    "  --keep          leave the directories of a failing round\n";

struct arguments {
	uint64_t seed;
	size_t rounds, operations;
	unsigned threads, timeout;
	const char *directory;
	bool keep;
};

/* -- one round -- */

#define LAYERS_MAX (STRESS_LOWERS + 1)

struct round {
	struct stress stress;
	struct scene scene;
	struct union_options options;
	char paths[LAYERS_MAX + 1][SCENE_PATH_MAX]; /* two uppers, then the lowers */
	const char *lowers[LAYERS_MAX];
	int fds[LAYERS_MAX + 1];
	struct snapshot untouched[LAYERS_MAX + 1];
};

static void choose_options(struct round *round)
{
	struct random random = { round->stress.seed ^ 0x737472657373 };

	round->options = (struct union_options){
		.dialect = random_percent(&random, 40) ? WHITEOUT_OVERLAY : WHITEOUT_AUFS,
		.redirect = random_percent(&random, 40) ? REDIRECT_COPY : REDIRECT_ON,
		.volatile_upper = random_percent(&random, 90),
		.listing_bytes = random_percent(&random, 75) ? 3000 : 0,
		.descriptors = random_percent(&random, 75) ? 5 : 0,
	};
	if (random_percent(&random, 20))
		round->options.ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
	round->options.changing = random_percent(&random, 40);
}

static void make_layers(struct round *round)
{
	char name[16];

	for (unsigned i = 0; i <= LAYERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "layer%u", i);
		round->fds[i] = scene_directory(&round->scene, name, round->paths[i]);
		if (i >= 2)
			stress_write_layer(round->stress.seed, i - 2, round->fds[i]);
		if (i >= 2)
			snapshot_take(&round->untouched[i], round->fds[i]);
	}
}

static void open_union(struct round *round)
{
	struct problem problem = { "" }, warning = { "" };
	int error = union_open(&round->options, &round->stress.fs, &problem, &warning);

	if (error)
		give_up("union_open: %s", problem.text);
}

static void take_tree(struct round *round, struct snapshot *snapshot)
{
	struct union_side side = { .fs = round->stress.fs };

	union_side_snapshot(&side.side, snapshot);
}

/* Names that others of the same file were found under. */
static void check_links(struct round *round, const struct snapshot *tree,
			const struct snapshot_entry *entry)
{
	unsigned names = 0;

	for (size_t i = 0; i < tree->count; i++)
		names += tree->entries[i].inode == entry->inode;
	if (names > 1 && S_ISDIR(entry->mode))
		stress_complain(&round->stress, "directory %s has another's number", entry->path);
	/* Names in the lower layers that cannot be seen count as well. */
	if (!S_ISDIR(entry->mode) && names > entry->links)
		stress_complain(&round->stress, "%s, inode %ju: %u names, but %u links",
				entry->path, (uintmax_t)entry->inode, names, entry->links);
}

static void check_tree(struct round *round, const struct snapshot *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct snapshot_entry *entry = &tree->entries[i];
		uint64_t words[RECORD_WORDS * RECORDS_MAX];

		check_links(round, tree, entry);
		if (!S_ISREG(entry->mode))
			continue;
		if (entry->size % RECORD_SIZE != 0 || entry->size > sizeof(words)) {
			stress_complain(&round->stress, "%s: %ju bytes", entry->path,
					(uintmax_t)entry->size);
			continue;
		}
		memcpy(words, entry->data, entry->size);
		if (!record_check(words, entry->size, entry->inode, true))
			stress_complain(&round->stress, "%s: content of nobody's writing",
					entry->path);
	}
}

/* The union forgets all when the threads have, and only the root is left. */
static void check_references(struct round *round)
{
	struct union_counts counts;

	union_count(round->stress.fs, &counts);
	if (counts.inodes != 1)
		stress_complain(&round->stress, "%ju inodes are still known",
				(uintmax_t)counts.inodes);
	if (counts.descriptors > 2 * counts.layers + 4U)
		stress_complain(&round->stress, "%ju descriptors are still open",
				(uintmax_t)counts.descriptors);
}

/* Nothing is left half made. */
static void check_work(struct round *round, const char *upper)
{
	char path[SCENE_PATH_MAX + 64];
	const struct dirent *entry;
	DIR *stream;

	(void)snprintf(path, sizeof(path), "%s/" STATE_DIRECTORY "/work", upper);
	stream = opendir(path);
	if (!stream)
		give_up("%s: %s", path, strerror(errno));
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			stress_complain(&round->stress, "work/ still holds %s", entry->d_name);
	(void)closedir(stream);
}

static void check_lowers(struct round *round, unsigned first)
{
	struct snapshot now = { 0 };

	for (unsigned i = first; i <= LAYERS_MAX; i++) {
		snapshot_take(&now, round->fds[i]);
		if (!snapshot_is_unchanged(&round->untouched[i], &now, stdout))
			stress_complain(&round->stress, "lower layer %u changed", i);
	}
	snapshot_clear(&now);
}

/* Each regular file once, whatever the number of its names. */
static void gather_files(struct round *round, const struct snapshot *tree)
{
	struct stress *stress = &round->stress;

	stress->files = must_reallocate(NULL, (tree->count + 1) * sizeof(char *));
	stress->file_count = 0;
	for (size_t i = 0; i < tree->count; i++) {
		bool seen = !S_ISREG(tree->entries[i].mode);

		for (size_t j = 0; !seen && j < i; j++)
			seen = tree->entries[j].inode == tree->entries[i].inode;
		if (!seen)
			stress->files[stress->file_count++] = tree->entries[i].path;
	}
}

static void write_together(struct round *round)
{
	struct stress *stress = &round->stress;
	struct snapshot tree = { 0 };
	struct union_counts counts;

	take_tree(round, &tree);
	check_tree(round, &tree);
	gather_files(round, &tree);
	stress_run(stress);
	union_count(stress->fs, &counts);
	if (counts.copied_up_files != stress->file_count)
		stress_complain(stress, "%ju files were copied up, of %zu",
				(uintmax_t)counts.copied_up_files, stress->file_count);
	free(stress->files);
	stress->files = NULL;
	snapshot_clear(&tree);
}

static void compare(struct round *round, const struct snapshot *before, const char *what)
{
	struct snapshot now = { 0 };

	take_tree(round, &now);
	/* The root is the upper's, be that an old or a new one. */
	now.entries[0].mtime = before->entries[0].mtime;
	if (!snapshot_is_unchanged(before, &now, stdout))
		stress_complain(&round->stress, "the tree is another %s", what);
	snapshot_clear(&now);
}

/* With the upper number `upper` and all layers below it; leaves the tree in `tree`. */
static void run_phase(struct round *round, unsigned upper, bool together, struct snapshot *tree)
{
	round->options.upper = round->paths[upper];
	round->options.lower_count = 0;
	for (unsigned i = upper == 0 ? 1 : 2; i <= LAYERS_MAX; i++)
		round->lowers[round->options.lower_count++] = round->paths[i];
	round->options.lowers = round->lowers;
	open_union(round);
	if (tree->count)
		compare(round, tree, "under a new upper");
	if (together)
		write_together(round);
	stress_run(&round->stress);
	check_references(round);
	take_tree(round, tree);
	check_tree(round, tree);
	check_references(round);
	union_close(round->stress.fs);
	check_work(round, round->options.upper);
	check_lowers(round, upper + 1);
	if (round->stress.failures)
		return;
	open_union(round);
	compare(round, tree, "after it was opened again");
	union_close(round->stress.fs);
}

static size_t count_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	size_t count = 0;

	if (!stream)
		give_up("/proc/self/fd: %s", strerror(errno));
	while (readdir(stream))
		count++;
	(void)closedir(stream);
	return count;
}

static bool run_round(const struct arguments *arguments, struct round *round)
{
	struct snapshot tree = { 0 };
	size_t descriptors;

	umask(0);
	choose_options(round);
	make_layers(round);
	descriptors = count_descriptors();
	round->stress.operations = arguments->operations;
	round->stress.threads = arguments->threads;
	/* The lowers share their device, so files show the numbers that their records name. */
	round->stress.quiet_registry = round->stress.seed % 2;
	run_phase(round, 1, round->stress.seed % 4 < 2, &tree);
	if (!round->stress.failures) {
		snapshot_take(&round->untouched[1], round->fds[1]);
		run_phase(round, 0, round->stress.seed % 4 < 1, &tree);
	}
	if (!round->stress.failures && count_descriptors() != descriptors)
		stress_complain(&round->stress, "descriptors are left open");
	for (unsigned i = 0; i <= LAYERS_MAX; i++) {
		snapshot_clear(&round->untouched[i]);
		(void)close(round->fds[i]);
	}
	snapshot_clear(&tree);
	printf("# seed %ju: %u stale answers\n", (uintmax_t)round->stress.seed,
	       round->stress.stale);
	return round->stress.failures == 0;
}

/* -- from outside -- */

static bool run_apart(const struct arguments *arguments, uint64_t seed)
{
	struct round *round = must_reallocate(NULL, sizeof(*round));
	int status = 0;
	pid_t child;
	bool good;

	*round = (struct round){ .stress.seed = seed };
	scene_make(&round->scene, arguments->directory);
	(void)fflush(stdout);
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0) {
		(void)alarm(arguments->timeout);
		good = run_round(arguments, round);
		free(round);
		exit(good ? 0 : 1);
	}
	(void)waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("# ended by signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	if (status != 0 && arguments->keep)
		printf("# left in %s\n", round->scene.path);
	else
		scene_remove(&round->scene);
	free(round);
	return status == 0;
}

static void refuse(const char *what)
{
	(void)fprintf(stderr, "stress: %s; see --help\n", what);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end != '\0')
		refuse("a number is wanted");
	return value;
}

static void take_option(struct arguments *arguments, int option)
{
	switch (option) {
	case 's':
		arguments->seed = number(optarg);
		break;
	case 'r':
		arguments->rounds = number(optarg);
		break;
	case 't':
		arguments->threads = (unsigned)number(optarg);
		break;
	case 'o':
		arguments->operations = number(optarg);
		break;
	case 'T':
		arguments->timeout = (unsigned)number(optarg);
		break;
	case 'd':
		arguments->directory = optarg;
		break;
	case 'k':
		arguments->keep = true;
		break;
	case 'h':
		(void)fputs(usage, stdout);
		exit(0);
	default:
		refuse("wrong option");
	}
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "threads", required_argument, NULL, 't' },
		{ "operations", required_argument, NULL, 'o' },
		{ "timeout", required_argument, NULL, 'T' },
		{ "directory", required_argument, NULL, 'd' },
		{ "keep", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct arguments arguments = { .seed = 1,
				       .rounds = 20,
				       .operations = 2000,
				       .threads = 4,
				       .timeout = 120,
				       .directory = getenv("TMPDIR") };
	unsigned failed = 0;
	int option;

	if (!arguments.directory)
		arguments.directory = "/tmp";
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(&arguments, option);
	if (arguments.threads == 0 || arguments.threads > THREADS_MAX)
		refuse("between 1 and 64 threads");
	if (getuid() != 0) {
		printf("1..0 # SKIP only root may make layers with whiteouts of every kind\n");
		return 0;
	}
	printf("1..%zu\n", arguments.rounds);
	for (size_t i = 0; i < arguments.rounds; i++) {
		bool good = run_apart(&arguments, arguments.seed + i);

		failed += !good;
		printf("%sok %zu - --seed=%ju --threads=%u --operations=%zu\n", good ? "" : "not ",
		       i + 1, (uintmax_t)(arguments.seed + i), arguments.threads,
		       arguments.operations);
	}
	return failed > 0;
}
