/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whoever works on a union can be killed at any moment. What that leaves in the upper must be what check.h finds, all of it
 * must be repairable, and the repair must not change what the union shows.
 *
 * Rounds with processes and layers of their own, speaking TAP. The threads of the stress test do the work; a round kills
 * them several times, so that what one of them left is there for the next.
 */
#include "scene.h"
#include "side_union.h"
#include "snapshot.h"
#include "stress.h"
#include "support.h"

#include "union/check/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS 4

static const char usage[] = "Usage: killed [OPTION...]\n"
			    "Kills threads that change a union, and checks and repairs the upper.\n"
			    "  --seed=N    the first seed [1]; each round takes the next one\n"
			    "  --rounds=N  how many rounds [12]\n";

struct round {
	struct stress stress;
	struct random random;
	struct scene scene;
	struct union_options options;
	char paths[STRESS_LOWERS + 1][SCENE_PATH_MAX]; /* the upper first */
	const char *lowers[STRESS_LOWERS];
	size_t found; /* by all checks */
};

static void choose_options(struct round *round)
{
	struct random *random = &round->random;

	round->options = (struct union_options){
		.upper = round->paths[0],
		.lowers = round->lowers,
		.lower_count = STRESS_LOWERS,
		.dialect = random_percent(random, 40) ? WHITEOUT_OVERLAY : WHITEOUT_AUFS,
		.redirect = random_percent(random, 30) ? REDIRECT_COPY : REDIRECT_ON,
		.volatile_upper = random_percent(random, 30),
		.listing_bytes = random_percent(random, 50) ? 3000 : 0,
		.descriptors = random_percent(random, 50) ? 5 : 0,
	};
}

static void make_layers(struct round *round)
{
	char name[16];

	for (unsigned i = 0; i <= STRESS_LOWERS; i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "layer%u", i);
		fd = scene_directory(&round->scene, name, round->paths[i]);
		if (i) {
			stress_write_layer(round->stress.seed, i - 1, fd);
			round->lowers[i - 1] = round->paths[i];
		}
		(void)close(fd);
	}
}

static struct union_fs *open_union(const struct union_options *options)
{
	struct problem problem = { "" }, warning = { "" };
	struct union_fs *fs;

	if (union_open(options, &fs, &problem, &warning) < 0)
		give_up("union_open: %s", problem.text);
	return fs;
}

static void wait_milliseconds(unsigned milliseconds)
{
	const struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	(void)nanosleep(&time, NULL);
}

static void work_and_be_killed(struct round *round)
{
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0) {
		round->stress.fs = open_union(&round->options);
		round->stress.threads = 3;
		round->stress.operations = SIZE_MAX;
		round->stress.quiet_registry = true;
		round->stress.seed = random_next(&round->random);
		stress_run(&round->stress);
		_exit(0);
	}
	wait_milliseconds(3 + random_below(&round->random, 120));
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	(void)random_next(&round->random); /* as the child did */
}

/* -- looking at what is left -- */

static void take_tree(const struct union_options *options, struct snapshot *snapshot)
{
	struct union_side side = { .fs = open_union(options) };

	union_side_snapshot(&side.side, snapshot);
	union_close(side.fs);
}

static void compare(struct round *round, const struct union_options *options,
		    const struct snapshot *before, const char *what)
{
	struct snapshot now = { 0 };

	take_tree(options, &now);
	if (!snapshot_is_unchanged(before, &now, stdout))
		stress_complain(&round->stress, "the tree is another %s", what);
	snapshot_clear(&now);
}

struct checking {
	struct round *round;
	enum check_state expected;
	bool nothing_expected;
};

static void take_finding(void *context, const struct check_finding *finding)
{
	struct checking *checking = context;

	checking->round->found++;
	if (checking->nothing_expected || finding->state != checking->expected)
		stress_complain(&checking->round->stress, "%s %s: %s (state %d, %s)",
				check_kind_name(finding->kind), finding->path,
				check_kind_text(finding->kind), finding->state,
				finding->why ? finding->why : "-");
}

static void check(struct round *round, bool repair, bool nothing_expected)
{
	const struct check_options options = {
		.layer = round->paths[0],
		.lowers = round->lowers,
		.lower_count = STRESS_LOWERS,
		.repair = repair,
	};
	struct checking checking = {
		.round = round,
		.expected = repair ? CHECK_REPAIRED : CHECK_REPAIRABLE,
		.nothing_expected = nothing_expected,
	};
	struct problem problem = { "" };

	if (check_layer(&options, take_finding, &checking, &problem) < 0)
		give_up("check: %s", problem.text);
}

/*
 * A link that was to be renamed into the tree counts as one of its file until a mount throws it away. Who only looks sees it
 * in the number of links, and it is no fault that this changes.
 */
static void drop_second_links(const struct round *round)
{
	char path[SCENE_PATH_MAX + 64];
	const struct dirent *entry;
	struct stat status;
	DIR *stream;

	(void)snprintf(path, sizeof(path), "%s/" STATE_DIRECTORY "/work", round->paths[0]);
	stream = opendir(path);
	while (stream && (entry = readdir(stream)))
		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISDIR(status.st_mode) && status.st_nlink > 1)
			(void)unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream)
		(void)closedir(stream);
}

static void look_and_repair(struct round *round)
{
	struct union_options looking = round->options;
	struct snapshot before = { 0 };

	looking.only_look = true;
	drop_second_links(round);
	take_tree(&looking, &before);
	check(round, false, false);
	compare(round, &looking, &before, "after a look at it");
	check(round, true, false);
	check(round, false, true);
	compare(round, &looking, &before, "after the repair");
	compare(round, &round->options, &before, "when it is mounted");
	snapshot_clear(&before);
}

/* -- rounds -- */

static bool run_round(struct round *round)
{
	umask(0);
	make_layers(round);
	choose_options(round);
	for (unsigned i = 0; i < KILLS && !round->stress.failures; i++) {
		work_and_be_killed(round);
		look_and_repair(round);
	}
	printf("# seed %ju: %zu findings\n", (uintmax_t)round->stress.seed, round->found);
	return round->stress.failures == 0;
}

static bool run_apart(uint64_t seed)
{
	struct round *round = must_reallocate(NULL, sizeof(*round));
	const char *directory = getenv("TMPDIR");
	int status = 0;
	pid_t child;
	bool good;

	*round = (struct round){ .stress.seed = seed, .random = { seed } };
	scene_make(&round->scene, directory ? directory : "/tmp");
	(void)fflush(stdout);
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0) {
		(void)alarm(120);
		good = run_round(round);
		free(round);
		exit(good ? 0 : 1);
	}
	(void)waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("# ended by %s\n", strsignal(WTERMSIG(status)));
	scene_remove(&round->scene);
	free(round);
	return status == 0;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end != '\0') {
		(void)fprintf(stderr, "killed: a number is wanted; see --help\n");
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	uint64_t seed = 1, rounds = 12;
	bool failed = false;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 's')
			seed = number(optarg);
		else if (option == 'r')
			rounds = number(optarg);
		else {
			(void)fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (getuid() != 0) {
		printf("1..0 # SKIP only root may make layers with whiteouts of every kind\n");
		return 0;
	}
	printf("1..%ju\n", (uintmax_t)rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		bool good = run_apart(seed + i);

		failed = failed || !good;
		printf("%sok %ju - --seed=%ju\n", good ? "" : "not ", (uintmax_t)i + 1,
		       (uintmax_t)(seed + i));
	}
	return failed;
}
