/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs tree: all that a stack shows, without a mount. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/entry_text.h"
#include "cli/look.h"
#include "cli/say.h"
#include "union/look/difference.h"
#include "union/look/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowfs tree [OPTIONS] STACK [PATH]\n"
	"       cowfs tree [OPTIONS] --layers LAYER[:LAYER...] [PATH]\n"
	"\n"
	"Shows a union as a tree, without mounting it; before each name the number of the layer that it\n"
	"comes from, 0 being the topmost. STACK is a mounted union, a path in one, or LAYER[:LAYER...];\n"
	"PATH is one in it.\n"
	"\n"
	"  -L, --depth N      no deeper than N names\n"
	"      --json         as JSON, for programs: one object for each name\n"
	"  -0, --null         only the paths, each ended by a zero byte\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --no-color\n"
	"      --help, --version\n";

/* What a tree is drawn with. */
struct strokes {
	const char *branch, *last, *trunk, *nothing;
};

struct tree {
	struct look look;
	size_t depth_max; /* 0: no limit */
	const struct strokes *strokes;
	const char *root;     /* path of where the walk begins, "" for the root */
	struct buffer trunks; /* for each level above: a byte, 1 where more is to come */
	bool begun;	      /* JSON: an object was printed */
	uint64_t directories, others;
	int status;
};

static bool take(void *context, int letter, const char *value)
{
	struct tree *tree = context;
	char *end;
	unsigned long depth;

	(void)letter;
	errno = 0;
	depth = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || depth == 0) {
		say("--depth wants a number of 1 or more, not %s", value);
		return false;
	}
	tree->depth_max = depth;
	return true;
}

/* -- printing -- */

static void draw(struct tree *tree, const struct difference_visit *visit)
{
	look_print_color(&tree->look, COLOR_DIM);
	for (size_t i = 0; i < visit->depth; i++)
		(void)fputs(tree->trunks.data[i] ? tree->strokes->trunk : tree->strokes->nothing,
			    stdout);
	(void)fputs(visit->is_last ? tree->strokes->last : tree->strokes->branch, stdout);
	look_print_color(&tree->look, COLOR_NONE);
}

static int print_line(struct tree *tree, const struct difference_visit *visit)
{
	const struct union_entry *entry = &visit->item->with;
	const char more = !visit->is_last;
	struct union_source source;
	int result;

	tree->trunks.length = visit->depth;
	result = buffer_append(&tree->trunks, &more, 1);
	if (result < 0)
		return result;
	union_get_source(entry->inode, &source);
	look_print_color(&tree->look, COLOR_DIM);
	(void)printf("%4u ", source.layer);
	draw(tree, visit);
	look_print_name(&tree->look, look_color_of(entry->attributes.mode), visit->item->name);
	entry_print_target(&tree->look, entry);
	(void)putchar('\n');
	return 0;
}

/* One at a time, for there may be millions. */
static int print_object(struct tree *tree, const char *path, const struct union_entry *entry)
{
	json_object *object = entry_json(tree->look.fs, path, entry);

	(void)fputs(tree->begun ? "," : "", stdout);
	tree->begun = true;
	return look_print_json(object) == STATUS_OK ? 0 : -ENOMEM;
}

static int print(struct tree *tree, const struct difference_visit *visit)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int result;

	if (!tree->look.as_json && !tree->look.ends_with_zero)
		return print_line(tree, visit);
	result = buffer_append_format(&path, "%s%s", tree->root, visit->path);
	if (result == 0 && tree->look.ends_with_zero)
		(void)fwrite(path.data, 1, path.length + 1, stdout);
	else if (result == 0)
		result = print_object(tree, buffer_string(&path), &visit->item->with);
	return result;
}

/* -- walking -- */

static int visit(void *context, const struct difference_visit *visit)
{
	struct tree *tree = context;
	int result = print(tree, visit);

	if (S_ISDIR(visit->item->with.attributes.mode))
		tree->directories++;
	else
		tree->others++;
	return result == 0 && visit->depth + 1 == tree->depth_max ? 1 : result;
}

static int unreadable(void *context, const char *path, int error)
{
	struct tree *tree = context;

	say("%s%s: %s", tree->root, path, strerror(-error));
	tree->status = STATUS_FAILED;
	return 0;
}

static int walk(struct tree *tree, const struct union_entry *entry)
{
	const struct difference all = { .with = tree->look.fs };
	const struct difference_visitor visitor = { visit, unreadable, tree };
	int result;

	if (tree->look.as_json)
		(void)putchar('[');
	else if (!tree->look.ends_with_zero) {
		(void)fputs("     ", stdout);
		look_print_name(&tree->look, COLOR_DIRECTORY, tree->root[0] ? tree->root : "/");
		(void)putchar('\n');
	}
	result = difference_walk(&all, entry->inode, NULL, &visitor);
	if (tree->look.as_json)
		(void)puts("]");
	else if (!tree->look.ends_with_zero)
		(void)printf("\n%" PRIu64 " directories, %" PRIu64 " other names\n",
			     tree->directories, tree->others);
	return result;
}

static void choose_strokes(struct tree *tree)
{
	static const struct strokes plain = { "|-- ", "`-- ", "|   ", "    " };
	static const struct strokes lines = { "├── ", "└── ", "│   ", "    " };

	(void)setlocale(LC_CTYPE, "");
	tree->strokes = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &lines : &plain;
}

static int show(struct tree *tree, const char *operand)
{
	cleanup_free char *path = look_path(&tree->look, operand);
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_entry entry;
	int result = path ? resolve_path(tree->look.fs, path, true, &entry, &found) : -ENOMEM;

	if (result == 0) {
		tree->root = found.length > 1 ? buffer_string(&found) : "";
		result = S_ISDIR(entry.attributes.mode) ? walk(tree, &entry) : -ENOTDIR;
		union_forget(tree->look.fs, entry.inode, 1);
	}
	if (result < 0) {
		say("%s: %s", look_name(&tree->look, operand), strerror(-result));
		tree->status = STATUS_FAILED;
	}
	buffer_free(&tree->trunks);
	return look_finish(tree->status);
}

int command_tree(int argc, char **argv)
{
	static const struct option options[] = {
		LOOK_OPTIONS,
		{ "depth", required_argument, NULL, 'L' },
		{ 0 },
	};
	struct tree tree = { 0 };
	int status = look_parse(&tree.look, argc, argv, ":0hL:o:", options, usage, take, &tree);

	if (status == STATUS_OK)
		status = look_open(&tree.look, argc, argv);
	if (status == STATUS_OK && argc - optind > 1) {
		say("one operand too many: %s; see cowfs tree --help", argv[optind + 1]);
		status = STATUS_USAGE;
	}
	choose_strokes(&tree);
	if (status == STATUS_OK)
		status = show(&tree, argv[optind]);
	look_close(&tree.look);
	return status == LOOK_DONE ? STATUS_OK : status;
}
