/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layers through archives and back: `archive [FIRST-SEED [RUNS]]`.
 *
 * Each run generates layers of every dialect and lets random operations change the upper one through a union. Then
 * whatever is written to an archive and unpacked again must show the same tree: each layer as it stands, several as one,
 * and the upper as what it changes, in both dialects; and the latter must give the same bytes when it is written once more.
 * Layers whose whiteouts are rewritten in place must show the same tree as well.
 * Each run is a process of its own, so that one that gives up, or crashes, is one line of TAP.
 */
#include "archive/apply.h"
#include "archive/commit.h"
#include "layer/convert.h"
#include "scene.h"
#include "side.h"
#include "support.h"
#include "tree.h"

#include "union/union.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 60
#define OPERATIONS 60

struct world {
	struct scene scene;
	struct stack *stack;
	char paths[STACK_LAYERS_MAX][SCENE_PATH_MAX]; /* of the layers, 0 is the upper */
	unsigned copies;			      /* directories made for what was unpacked */
	uint64_t seed;
};

/* Paths of layers, the topmost first. */
struct layers {
	const char *paths[STACK_LAYERS_MAX];
	size_t count;
};

/* `top`, if any, above the world's layers from `first` on. */
static struct layers layers_of(const struct world *world, const char *top, unsigned first)
{
	struct layers layers = { .count = 0 };

	if (top)
		layers.paths[layers.count++] = top;
	for (unsigned i = first; i < world->stack->layer_count; i++)
		layers.paths[layers.count++] = world->paths[i];
	return layers;
}

/* -- making layers -- */

static void write_layers(struct world *world)
{
	for (unsigned i = 0; i < world->stack->layer_count; i++) {
		char name[16];
		int directory;

		(void)snprintf(name, sizeof(name), "%u", i);
		directory = scene_directory(&world->scene, name, world->paths[i]);
		write_layer(&world->stack->layers[i], directory);
		(void)close(directory);
	}
}

static void operate(struct side *plain, int plain_root, struct side *seen, uint64_t seed)
{
	struct random random = { seed ^ 0x61726368697665U };
	struct paths paths = { 0 };
	struct operation operation;

	for (unsigned i = 0; i < OPERATIONS; i++) {
		struct outcome outcomes[2] = { 0 };

		paths_list(&paths, plain_root);
		operation_draw(&random, &paths, &operation);
		if (operation.kind >= OPERATION_FORGET)
			continue;
		plain->apply(plain, &operation, &outcomes[0]);
		seen->apply(seen, &operation, &outcomes[1]);
		outcome_clear(&outcomes[0]);
		outcome_clear(&outcomes[1]);
	}
	paths_clear(&paths);
}

/* Whether all went as it should is for the model test to say. */
static void change_upper(struct world *world)
{
	const struct layers lowers = layers_of(world, NULL, 1);
	const struct union_options options = {
		.lowers = lowers.paths,
		.lower_count = lowers.count,
		.upper = world->paths[0],
		.dialect = world->seed % 3 == 0 ? WHITEOUT_OVERLAY : WHITEOUT_AUFS,
		.redirect = world->seed % 4 == 0 ? REDIRECT_COPY : REDIRECT_ON,
		.volatile_upper = true,
	};
	char path[SCENE_PATH_MAX];
	int plain_root = scene_directory(&world->scene, "plain", path);
	int hidden = scene_directory(&world->scene, "hidden", path);
	struct side *plain, *seen;

	write_merged(world->stack, plain_root, hidden);
	plain = side_system_open(SYSTEM_PLAIN_BESIDE_API, plain_root);
	seen = side_union_open(&options, false);
	operate(plain, plain_root, seen, world->seed);
	plain->close(plain);
	seen->close(seen);
	(void)close(hidden);
	(void)close(plain_root);
}

/* -- comparing -- */

/* What an archive cannot keep is made equal: sockets, and how many names a file has elsewhere. */
static void simplify(struct snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->count; i++) {
		struct snapshot_entry *entry = &snapshot->entries[i];

		if (S_ISSOCK(entry->mode)) {
			free(entry->path);
			free(entry->xattrs);
			continue;
		}
		entry->links = 1;
		snapshot->entries[count++] = *entry;
	}
	snapshot->count = count;
}

static void take_snapshot(const struct layers *layers, struct snapshot *snapshot)
{
	const struct union_options options = { .lowers = layers->paths,
					       .lower_count = layers->count };
	struct side *side = side_union_open(&options, false);

	side->snapshot(side, snapshot);
	side->close(side);
	simplify(snapshot);
}

static void must_show_the_same(const struct layers *expected, const struct layers *actual,
			       const char *what)
{
	/* Nothing is so recent that its time could not be known. */
	const struct comparison comparison = { .start.tv_sec = INT64_C(1) << 40, .report = stdout };
	struct snapshot snapshots[2] = { 0 };

	take_snapshot(expected, &snapshots[0]);
	take_snapshot(actual, &snapshots[1]);
	if (!snapshot_compare(&snapshots[0], &snapshots[1], &comparison))
		give_up("%s shows something else", what);
	snapshot_clear(&snapshots[0]);
	snapshot_clear(&snapshots[1]);
}

/* -- through archives -- */

static struct union_fs *open_layers(const struct layers *layers)
{
	const struct union_options options = {
		.lowers = layers->paths,
		.lower_count = layers->count,
		.only_look = true,
	};
	struct problem problem = { "" };
	struct union_fs *fs;

	if (union_open(&options, &fs, &problem, &problem) < 0)
		give_up("union_open: %s", problem.text);
	return fs;
}

/* A file in memory with the archive; below may be NULL. -1: refused, for the layers below are needed. */
static int commit(const struct layers *layers, const struct layers *below, bool flatten,
		  struct layer_commit_result *result)
{
	struct layer_commit_options options = {
		.layers = open_layers(layers),
		.below = below ? open_layers(below) : NULL,
		.flatten = flatten,
	};
	struct problem problem = { "" }, warning = { "" };
	int fd = memfd_create("archive", MFD_CLOEXEC), error;

	error = layer_commit(&options, fd, result, &problem, &warning);
	union_close(options.layers);
	union_close(options.below);
	if (error && (error != -EXDEV || below))
		give_up("layer_commit: %s", problem.text);
	if (!error && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void apply(struct world *world, int fd, enum whiteout_dialect dialect,
		  char path[SCENE_PATH_MAX])
{
	const struct apply_source source = { .fd = fd, .name = "archive" };
	const struct layer_apply_options options = { .target = path, .dialect = dialect };
	struct problem problem = { "" }, warning = { "" };
	struct layer_apply_result result;
	char name[16];

	(void)snprintf(name, sizeof(name), "copy%u", world->copies++);
	(void)close(scene_directory(&world->scene, name, path));
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    layer_apply(&source, &options, &result, &problem, &warning) < 0)
		give_up("layer_apply: %s", problem.text);
	if (*warning.text)
		give_up("layer_apply warns: %s", warning.text);
}

/* The upper as what it changes; and once more. */
static void check_difference(struct world *world, enum whiteout_dialect dialect)
{
	const struct layers all = layers_of(world, NULL, 0), below = layers_of(world, NULL, 1);
	struct layer_commit_result first, second;
	char path[SCENE_PATH_MAX];
	struct layers copied;
	int fd = commit(&all, &below, false, &first);

	apply(world, fd, dialect, path);
	(void)close(fd);
	copied = layers_of(world, path, 1);
	must_show_the_same(&all, &copied, "the upper, written as what it changes,");
	(void)close(commit(&copied, &below, false, &second));
	if (strcmp(first.archive.digest, second.archive.digest) != 0)
		give_up("written again, the archive has other bytes");
}

/* The topmost `count` layers as one, with nothing known below; and all of them as a tree. */
static void check_squash(struct world *world, unsigned count, enum whiteout_dialect dialect,
			 bool flatten)
{
	const struct layers all = layers_of(world, NULL, 0);
	struct layers top = all, copied;
	struct layer_commit_result result;
	char path[SCENE_PATH_MAX];
	int fd;

	top.count = count;
	fd = commit(&top, NULL, flatten, &result);
	if (fd < 0)
		return;
	apply(world, fd, dialect, path);
	(void)close(fd);
	copied = layers_of(world, path, count);
	must_show_the_same(&all, &copied, flatten ? "the tree" : "several layers, written as one,");
}

/* A layer as it stands, above those below it: what is above would not know it again. */
static void check_layer(struct world *world, unsigned index, enum whiteout_dialect dialect)
{
	const struct layers all = layers_of(world, NULL, index);
	const struct layers one = { .paths = { world->paths[index] }, .count = 1 };
	struct layer_commit_result result;
	char path[SCENE_PATH_MAX];
	struct layers copied;
	int fd = commit(&one, NULL, false, &result);

	if (fd < 0)
		give_up("a layer that never was an upper is refused");
	apply(world, fd, dialect, path);
	(void)close(fd);
	copied = layers_of(world, path, index + 1);
	must_show_the_same(&all, &copied, "a layer, written as it stands,");
}

/* Every layer, rewritten in place, in a dialect of its own. */
static void check_convert(struct world *world)
{
	const struct layers all = layers_of(world, NULL, 0);
	const struct comparison comparison = { .start.tv_sec = INT64_C(1) << 40, .report = stdout };
	struct snapshot before = { 0 }, after = { 0 };

	take_snapshot(&all, &before);
	for (unsigned i = 0; i < world->stack->layer_count; i++) {
		const struct layer_convert_options options = {
			.path = world->paths[i],
			.dialect = world->seed >> i & 1 ? WHITEOUT_AUFS : WHITEOUT_OVERLAY,
		};
		struct layer_convert_result result;
		struct problem problem = { "" };

		if (layer_convert(&options, &result, &problem) < 0)
			give_up("layer_convert: %s", problem.text);
	}
	take_snapshot(&all, &after);
	if (!snapshot_compare(&before, &after, &comparison))
		give_up("converted, the layers show something else");
	snapshot_clear(&before);
	snapshot_clear(&after);
}

static void run(struct world *world)
{
	enum whiteout_dialect dialect = world->seed % 2 ? WHITEOUT_AUFS : WHITEOUT_OVERLAY;
	unsigned count;

	if (setgroups(0, NULL) < 0)
		give_up("setgroups");
	(void)umask(0);
	world->stack = stack_generate(world->seed, &(struct omissions){ 0 });
	count = world->stack->layer_count;
	write_layers(world);
	change_upper(world);
	check_difference(world, WHITEOUT_AUFS);
	check_difference(world, WHITEOUT_OVERLAY);
	check_squash(world, 1 + (unsigned)(world->seed / 2 % count), dialect, false);
	check_squash(world, count, dialect, true);
	check_layer(world, 1 + (unsigned)(world->seed / 2 % (count - 1)), dialect);
	check_convert(world);
	stack_free(world->stack);
}

/* True when all was well. */
static bool try_run(uint64_t seed, const char *parent)
{
	struct world world = { .seed = seed };
	int status;
	pid_t child;

	scene_make(&world.scene, parent);
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		run(&world);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		give_up("cannot run");
	scene_remove(&world.scene);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t runs = argc > 2 ? strtoull(argv[2], NULL, 10) : RUNS;
	const char *parent = getenv("TMPDIR");
	bool all_well = true;

	if (geteuid() != 0) {
		printf("1..0 # SKIP only root may write the layers\n");
		return 0;
	}
	printf("1..%ju\n", (uintmax_t)runs);
	for (uint64_t i = 0; i < runs; i++) {
		bool well = try_run(first + i, parent ? parent : "/tmp");

		printf("%s %ju - seed %ju\n", well ? "ok" : "not ok", (uintmax_t)(i + 1),
		       (uintmax_t)(first + i));
		all_well &= well;
	}
	return all_well ? 0 : 1;
}
