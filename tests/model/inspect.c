/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the layer tools are made of, tried on generated layers of every dialect: `inspect [FIRST-SEED [RUNS]]`.
 * Each run is a process of its own, so that one that gives up, or crashes, is one line of TAP.
 */
#include "inspect.h"
#include "support.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 100

static void write_layers(struct inspection *inspection, struct scene *scene)
{
	const struct stack *stack = inspection->stack;

	for (unsigned i = 0; i < stack->layer_count; i++) {
		char name[16];
		int directory;

		(void)snprintf(name, sizeof(name), "%u", i);
		directory = scene_directory(scene, name, inspection->paths[i]);
		write_layer(&stack->layers[i], directory);
		(void)close(directory);
	}
}

/* The layers from `first` on. */
static struct union_fs *open_layers(const struct inspection *inspection, unsigned first)
{
	const char *layers[STACK_LAYERS_MAX];
	struct union_options options = {
		.lowers = layers + 1,
		.lower_count = inspection->stack->layer_count - 1,
		.only_look = true,
	};
	struct problem problem;
	struct union_fs *fs;

	for (unsigned i = 0; i < inspection->stack->layer_count; i++)
		layers[i] = inspection->paths[i];
	if (first == 0)
		options.upper = layers[0];
	if (union_open(&options, &fs, &problem, &problem) < 0)
		give_up("%s", problem.text);
	return fs;
}

static void run(uint64_t seed, struct scene *scene)
{
	struct stack *stack = stack_generate(seed, &(struct omissions){ 0 });
	struct inspection inspection = { .stack = stack };
	struct union_fs *below;

	write_layers(&inspection, scene);
	inspection.fs = open_layers(&inspection, 0);
	below = open_layers(&inspection, 1);
	inspect_provenance(&inspection);
	inspect_difference(&inspection, below);
	union_close(below);
	union_close(inspection.fs);
	stack_free(stack);
}

/* True when all was well. */
static bool try_run(uint64_t seed, const char *parent)
{
	struct scene scene;
	int status;
	pid_t child;

	scene_make(&scene, parent);
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		run(seed, &scene);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		give_up("cannot run");
	scene_remove(&scene);
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
