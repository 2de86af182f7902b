/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Greedy shrinking: leave out a run of operations, or a node of the layers, and see whether it
 * still fails. Halves first, then smaller and smaller runs.
 */
#include "run.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shrinking {
	const struct run_options *options;
	struct record *record;
	struct omissions omissions;
	char failure[sizeof(((struct record *)NULL)->failure)];
};

/* In the same way: leaving things out may well uncover another failure. */
static bool still_fails(struct shrinking *shrinking)
{
	return !run(shrinking->options, shrinking->record, true, &shrinking->omissions, true) &&
	       strcmp(shrinking->failure, shrinking->record->failure) == 0;
}

/* Sets flags[from..to), and takes back those it set when that made the failure go away. */
static bool try_without(struct shrinking *shrinking, bool *flags, size_t from, size_t to)
{
	bool *before = must_reallocate(NULL, to - from), changed = false;

	memcpy(before, flags + from, to - from);
	for (size_t i = from; i < to; i++) {
		changed |= !flags[i];
		flags[i] = true;
	}
	if (changed && !still_fails(shrinking)) {
		memcpy(flags + from, before, to - from);
		changed = false;
	}
	free(before);
	return changed;
}

/* Leaves out as many of count as possible. */
static void shrink_flags(struct shrinking *shrinking, bool *flags, size_t count)
{
	for (size_t length = count / 2 + 1; length > 0;) {
		bool progress = false;

		for (size_t end = count; end > 0; end = end > length ? end - length : 0)
			progress |=
				try_without(shrinking, flags, end > length ? end - length : 0, end);
		if (length > 1)
			length /= 2;
		else if (!progress)
			length = 0;
	}
}

static void print_numbers(const char *option, const bool *flags, bool wanted, size_t count)
{
	const char *separator = "";

	printf(" %s=", option);
	for (size_t i = 0; i < count; i++) {
		if (flags[i] != wanted)
			continue;
		printf("%s%zu", separator, i);
		separator = ",";
	}
}

static void print_result(const struct shrinking *shrinking)
{
	const struct record *record = shrinking->record;

	printf("# the least that fails:\n");
	for (size_t i = 0; i < record->count; i++) {
		if (record->skipped[i])
			continue;
		printf("# %5zu ", i);
		operation_print(stdout, &record->operations[i]);
	}
	printf("# again: --seed=%ju --operations=%zu", (uintmax_t)shrinking->options->seed,
	       shrinking->options->operations);
	print_numbers("--only", record->skipped, false, record->count);
	print_numbers("--without-nodes", shrinking->omissions.nodes, true,
		      shrinking->omissions.count);
	printf("\n");
}

void shrink(const struct run_options *options, struct record *record)
{
	struct stack *stack = stack_generate(options->seed, &(struct omissions){ 0 });
	bool *nodes = calloc(stack->node_count, 1);
	struct shrinking shrinking = { options, record, { nodes, stack->node_count }, "" };

	if (!nodes)
		give_up("no memory");
	memcpy(shrinking.failure, record->failure, sizeof(shrinking.failure));
	memset(record->skipped, 0, record->count);
	if (!still_fails(&shrinking)) {
		printf("# the same operations did not fail again: not shrunk\n");
	} else {
		shrink_flags(&shrinking, record->skipped, record->count);
		shrink_flags(&shrinking, nodes, stack->node_count);
		shrink_flags(&shrinking, record->skipped, record->count);
		print_result(&shrinking);
		(void)run(options, record, true, &shrinking.omissions, false);
	}
	stack_free(stack);
	free(nodes);
}
