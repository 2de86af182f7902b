/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs diff: what the topmost layer adds, changes and deletes. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/diff_content.h"
#include "cli/entry_text.h"
#include "cli/look.h"
#include "cli/say.h"
#include "union/look/difference.h"
#include "union/look/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowfs diff [OPTIONS] STACK [PATH...]\n"
	"       cowfs diff [OPTIONS] --layers LAYER[:LAYER...] [--upper UPPER] [PATH...]\n"
	"\n"
	"Shows what the upper layer, or else the topmost one, makes of the layers below it: A is added,\n"
	"C changed, D deleted, with all that is in it. A directory is changed, too, when it is in the\n"
	"layer only for what is in it. STACK is a mounted union, a path in one, or LAYER[:LAYER...].\n"
	"\n"
	"  -u, --unified      with the changes in text files, as diff -u shows them\n"
	"      --content      look into what changed: T is touched, its content as it was\n"
	"      --stat         with how many bytes are more or less, and a summary\n"
	"      --json         as JSON, for programs: an object for each name\n"
	"  -0, --null         names raw, each line ended by a zero byte\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --no-color\n"
	"      --help, --version\n";

enum { OPTION_CONTENT = LOOK_OTHER, OPTION_STAT };

struct total {
	uint64_t names;
	int64_t bytes;
};

struct diff {
	struct look look;
	bool content, stat, unified;
	struct union_fs *below; /* NULL: the topmost layer is the only one */
	struct difference difference;
	const char *root; /* where the walk began, "" for the root */
	struct total added, changed, touched, deleted;
	bool begun; /* JSON: an object was printed */
	int status;
};

static bool take(void *context, int letter, const char *value)
{
	struct diff *diff = context;

	(void)value;
	if (letter == OPTION_CONTENT)
		diff->content = true;
	else if (letter == OPTION_STAT)
		diff->stat = true;
	else
		diff->unified = true;
	return true;
}

/* -- one name -- */

struct finding {
	const char *path; /* in the union */
	const struct difference_item *item;
	bool touched;
	int64_t bytes; /* more, or less, than before; with --stat */
};

static struct total *total_of(struct diff *diff, const struct finding *finding)
{
	switch (finding->item->kind) {
	case DIFFERENCE_ADDED:
		return &diff->added;
	case DIFFERENCE_DELETED:
		return &diff->deleted;
	default:
		return finding->touched ? &diff->touched : &diff->changed;
	}
}

static char letter_of(const struct finding *finding)
{
	if (finding->touched)
		return 'T';
	return finding->item->kind == DIFFERENCE_ADDED	   ? 'A'
	       : finding->item->kind == DIFFERENCE_DELETED ? 'D'
							   : 'C';
}

static enum look_color color_of(const struct finding *finding)
{
	if (finding->touched)
		return COLOR_DIM;
	return finding->item->kind == DIFFERENCE_ADDED	   ? COLOR_ADDED
	       : finding->item->kind == DIFFERENCE_DELETED ? COLOR_DELETED
							   : COLOR_CHANGED;
}

static uint64_t bytes_of(const struct union_entry *entry)
{
	return entry->inode && S_ISREG(entry->attributes.mode) ? entry->attributes.size : 0;
}

/* Names in a directory count for themselves, but those of a deleted one are not told. */
static int measure(const struct diff *diff, struct finding *finding)
{
	const struct difference_item *item = finding->item;
	bool loses_directory = item->without.inode && S_ISDIR(item->without.attributes.mode) &&
			       !(item->with.inode && S_ISDIR(item->with.attributes.mode));
	uint64_t before = bytes_of(&item->without);
	int error = loses_directory ? diff_total_bytes(diff->below, &item->without, &before) : 0;

	finding->bytes = (int64_t)(bytes_of(&item->with) - before);
	return error;
}

static int examine(const struct diff *diff, struct finding *finding)
{
	int error = 0;

	if (diff->content && finding->item->kind == DIFFERENCE_CHANGED)
		error = diff_is_touched(&diff->difference, finding->item, &finding->touched);
	if (!error && diff->stat)
		error = measure(diff, finding);
	return error;
}

/* -- printing -- */

static int add_entry(json_object *object, const char *key, struct union_fs *fs, const char *path,
		     const struct union_entry *entry)
{
	return entry->inode ? json_add(object, key, entry_json(fs, path, entry)) : 0;
}

static json_object *describe(const struct diff *diff, const struct finding *finding)
{
	static const char *const kinds[] = {
		[DIFFERENCE_ADDED] = "added",
		[DIFFERENCE_CHANGED] = "changed",
		[DIFFERENCE_DELETED] = "deleted",
	};
	CLEANUP(json_put) json_object *object = json_object_new_object();
	const char *kind = finding->touched ? "touched" : kinds[finding->item->kind];
	int result = object ? json_add_string(object, "kind", kind) : -ENOMEM;

	if (result == 0)
		result = json_add_string(object, "path", finding->path);
	if (result == 0 && diff->stat)
		result = json_add(object, "bytes", json_object_new_int64(finding->bytes));
	if (result == 0)
		result = add_entry(object, "new", diff->look.fs, finding->path,
				   &finding->item->with);
	if (result == 0)
		result = add_entry(object, "old", diff->below, finding->path,
				   &finding->item->without);
	return result < 0 ? NULL : steal_pointer(&object);
}

static void print_line(const struct diff *diff, const struct finding *finding)
{
	look_print_color(&diff->look, color_of(finding));
	(void)printf("%c ", letter_of(finding));
	if (diff->stat)
		(void)printf("%+12" PRId64 " ", finding->bytes);
	if (diff->look.ends_with_zero)
		(void)fwrite(finding->path, 1, strlen(finding->path) + 1, stdout);
	else
		look_print_name(&diff->look, COLOR_NONE, finding->path);
	look_print_color(&diff->look, COLOR_NONE);
	if (!diff->look.ends_with_zero)
		(void)putchar('\n');
}

static int print(struct diff *diff, const struct finding *finding)
{
	if (diff->look.as_json) {
		(void)fputs(diff->begun ? "," : "", stdout);
		diff->begun = true;
		return look_print_json(describe(diff, finding)) == STATUS_OK ? 0 : -ENOMEM;
	}
	print_line(diff, finding);
	return diff->unified ? diff_run_unified(&diff->difference, finding->item, finding->path)
			     : 0;
}

static void print_total(const char *what, const struct total *total)
{
	(void)printf("%" PRIu64 " %s (%+" PRId64 " bytes)", total->names, what, total->bytes);
}

static void print_totals(const struct diff *diff)
{
	print_total("added", &diff->added);
	(void)fputs(", ", stdout);
	print_total("changed", &diff->changed);
	(void)fputs(", ", stdout);
	if (diff->content) {
		print_total("touched", &diff->touched);
		(void)fputs(", ", stdout);
	}
	print_total("deleted", &diff->deleted);
	(void)putchar('\n');
}

/* -- walking -- */

static int fail(struct diff *diff, const char *path, int error)
{
	if (error == -ENOEXEC)
		say("there is no diff(1) for --unified; package diffutils has it");
	else
		say("%s: %s", path, strerror(-error));
	diff->status = STATUS_FAILED;
	return error == -ENOMEM || error == -ENOEXEC ? error : 0;
}

static int tell(struct diff *diff, const char *path, const struct difference_item *item)
{
	struct finding finding = { .path = path, .item = item };
	struct total *total;
	int error;

	if (item->kind == DIFFERENCE_SAME)
		return 0;
	error = examine(diff, &finding);
	if (!error)
		error = print(diff, &finding);
	total = total_of(diff, &finding);
	total->names++;
	total->bytes += finding.bytes;
	return error ? fail(diff, path, error) : 0;
}

static int visit(void *context, const struct difference_visit *visit)
{
	struct diff *diff = context;
	cleanup_buffer struct buffer path = BUFFER_INIT;

	if (visit->item->kind == DIFFERENCE_SAME)
		return 0;
	if (buffer_append_format(&path, "%s%s", diff->root, visit->path) < 0)
		return -ENOMEM;
	return tell(diff, buffer_string(&path), visit->item);
}

static int unreadable(void *context, const char *path, int error)
{
	struct diff *diff = context;

	say("%s%s: %s", diff->root, path, strerror(-error));
	diff->status = STATUS_FAILED;
	return 0;
}

/* What a union has at the path, perhaps nothing. 0 or -errno. */
static int find_in(struct union_fs *fs, const char *path, struct union_entry *entry)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;
	int error = fs ? resolve_path(fs, path, false, entry, &found) : 0;

	return error == -ENOENT || error == -ENOTDIR ? 0 : error;
}

static int find(const struct diff *diff, const char *path, struct difference_item *item)
{
	int error = find_in(diff->look.fs, path, &item->with);

	if (!error)
		error = find_in(diff->below, path, &item->without);
	if (!error && !item->with.inode && !item->without.inode)
		error = -ENOENT;
	if (!error)
		item->kind =
			difference_of(&diff->difference, item->with.inode, item->without.inode);
	return error;
}

static void forget(const struct diff *diff, const struct difference_item *item)
{
	if (item->with.inode)
		union_forget(diff->look.fs, item->with.inode, 1);
	if (item->without.inode)
		union_forget(diff->below, item->without.inode, 1);
}

static int walk(struct diff *diff, const char *path)
{
	const struct difference_visitor visitor = { visit, unreadable, diff };
	struct difference_item item = { 0 };
	int error = find(diff, path, &item);

	diff->root = path[1] ? path : "";
	/* The root is nobody's addition. */
	if (!error && path[1])
		error = tell(diff, path, &item);
	if (!error && difference_goes_on(&diff->difference, &item))
		error = difference_walk(&diff->difference, item.with.inode, item.without.inode,
					&visitor);
	forget(diff, &item);
	return error;
}

static void show(struct diff *diff, const char *operand)
{
	cleanup_free char *path = look_path(&diff->look, operand);
	cleanup_buffer struct buffer found = BUFFER_INIT;
	int error = path ? resolve_missing(diff->look.fs, path, &found) : -ENOMEM;

	if (!error)
		error = walk(diff, buffer_string(&found));
	if (error && diff->status == STATUS_OK)
		say("%s: %s", look_name(&diff->look, operand), strerror(-error));
	if (error)
		diff->status = STATUS_FAILED;
}

static int show_all(struct diff *diff, int count, char *const *operands)
{
	if (stack_argument_open_below(&diff->look.stack, &diff->below) != STATUS_OK)
		return STATUS_FAILED;
	difference_init(&diff->difference, diff->look.fs, diff->below);
	if (diff->look.as_json)
		(void)putchar('[');
	for (int i = 0; i < (count ? count : 1); i++)
		show(diff, count ? operands[i] : NULL);
	if (diff->look.as_json)
		(void)puts("]");
	else if (diff->stat && !diff->look.ends_with_zero)
		print_totals(diff);
	return look_finish(diff->status);
}

int command_diff(int argc, char **argv)
{
	static const struct option options[] = {
		LOOK_OPTIONS,
		{ "content", no_argument, NULL, OPTION_CONTENT },
		{ "stat", no_argument, NULL, OPTION_STAT },
		{ "unified", no_argument, NULL, 'u' },
		{ 0 },
	};
	struct diff diff = { 0 };
	int status = look_parse(&diff.look, argc, argv, ":0ho:u", options, usage, take, &diff);

	if (status == STATUS_OK && diff.unified &&
	    (diff.look.as_json || diff.look.ends_with_zero)) {
		say("--unified is for people: it goes with neither --json nor -0");
		status = STATUS_USAGE;
	}
	if (status == STATUS_OK)
		status = look_open(&diff.look, argc, argv);
	if (status == STATUS_OK)
		status = show_all(&diff, argc - optind, argv + optind);
	union_close(diff.below);
	look_close(&diff.look);
	return status == LOOK_DONE ? STATUS_OK : status;
}
