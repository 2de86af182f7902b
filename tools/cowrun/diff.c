/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun diff: what was changed in a container. */
#include "container/record/layers.h"
#include "cowrun/image_session.h"
#include "image/owners.h"
#include "union/look/difference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun diff CONTAINER\n"
	"\n"
	"Shows what was changed in a container, one name a line: A, it was added; C, it was\n"
	"changed, or something in it was; D, it was deleted.\n";

static const struct option_table table = { .rules = NULL };

DEFINE_CLEANUP_FUNCTION(struct union_fs *, union_close);

static bool is_own_file(const char *path)
{
	for (size_t i = 0; i < CONTAINER_OWN_FILES; i++)
		if (strcmp(path + 1, container_own_files[i]) == 0)
			return true;
	return false;
}

static void print_line(char kind, const char *path)
{
	(void)printf("%c ", kind);
	/* A file may be called anything, a line feed included. */
	for (const char *c = path; *c; c++)
		(void)putchar((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c);
	(void)putchar('\n');
}

/* Of struct difference_visitor. */
static int visit(void *context, const struct difference_visit *visit)
{
	static const char letters[] = {
		[DIFFERENCE_ADDED] = 'A',
		[DIFFERENCE_CHANGED] = 'C',
		[DIFFERENCE_DELETED] = 'D',
	};
	enum difference_kind kind = visit->item->kind;

	(void)context;
	if (kind != DIFFERENCE_SAME && !is_own_file(visit->path))
		print_line(letters[kind], visit->path);
	return 0;
}

static int unreadable(void *context, const char *path, int error)
{
	return problem_set(context, error, "%s cannot be read: %s", path, strerror(-error));
}

static int compare(struct union_fs *with, struct union_fs *without, struct problem *problem)
{
	const struct difference_visitor visitor = {
		.visit = visit,
		.unreadable = unreadable,
		.context = problem,
	};
	struct difference difference;
	int error;

	problem->text[0] = '\0';
	difference_init(&difference, with, without);
	error = difference_walk(&difference, union_root(with), union_root(without), &visitor);
	if (error && problem->text[0] == '\0')
		(void)problem_set(problem, error, "the layers cannot be read: %s",
				  strerror(-error));
	return error;
}

/* What is compared where the owners of files are known. */
struct comparison {
	const struct container_layers *layers;
	struct ownership ownership;
};

static int open_union(const struct comparison *comparison, bool with_upper,
		      struct union_fs **ret_fs, struct problem *problem)
{
	const struct container_layers *layers = comparison->layers;
	const struct union_options options = {
		.upper = with_upper ? layers->upper : NULL,
		.lowers = (const char *const *)layers->lowers.strings,
		.lower_count = layers->lowers.count,
		.ownership = comparison->ownership,
		.only_look = true,
	};
	struct problem warning = { .text = "" };

	return union_open(&options, ret_fs, problem, &warning);
}

/* An id_maps_function. */
static int show(void *context, struct problem *problem)
{
	const struct comparison *comparison = context;
	CLEANUP(union_close) struct union_fs *with = NULL;
	CLEANUP(union_close) struct union_fs *without = NULL;
	int error = open_union(comparison, true, &with, problem);

	if (!error)
		error = open_union(comparison, false, &without, problem);
	if (!error)
		error = compare(with, without, problem);
	/* It may be another process whose words these are. */
	if (!error && fflush(stdout) != 0)
		error = problem_set(problem, -errno, "cannot write: %s", strerror(errno));
	return error;
}

static int diff(const char *name)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct container_layers layers = { 0 };
	struct comparison comparison = { .layers = &layers };
	struct image_session session;
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	comparison.ownership = owners_of_layers(&session.store);
	error = container_find(&session.place, name, &container, &session.problem);
	if (!error)
		error = container_layers_find(&container, &layers, &session.problem);
	if (!error)
		error = owners_run(&session.store, show, &comparison, sizeof(comparison),
				   &session.problem);
	container_layers_free(&layers);
	return image_session_close(&session, error);
}

int command_diff(int argc, char **argv)
{
	int count, status;

	if (command_read(&table, usage, argc, argv, NULL, &count, &status))
		status = count == 1 ? diff(argv[1]) : command_misused(usage);
	return status;
}
